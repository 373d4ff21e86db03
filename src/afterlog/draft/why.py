"""Why it happened: the likeliest trigger told with its evidence, the suspects, and the alibis of the innocent."""

from __future__ import annotations

from typing import Final

from afterlog.causes import Cause, Ranking
from afterlog.draft.model import Suspect
from afterlog.draft.words import capital, title_of
from afterlog.statement import Code, Statement, Time, codes, text

_TELLING: Final = frozenset({"taken back", "words", "repair", "order"})


def cause(ranking: Ranking | None) -> list[Statement]:
    """Tell the likeliest trigger; nothing where no change explains the outage."""
    if not ranking or not ranking.suspects or ranking.verdict == "no-change-explains-it":
        return []
    change = ranking.suspects[0].change
    said = []
    targets = text(" It changed ", *codes(change.targets), ".") if change.targets else ()
    words = text("At ", Time(change.start_us), " ", *title_of(change), " began.", *targets)
    said.append(Statement(words, change.places[:3] or change.places))
    if change.subject:
        said.append(Statement(text("Its content was described as ", Code(change.subject), "."), change.places[-1:]))
    for line, place in change.content[:6]:
        if not _told(line, ranking):
            continue
        said.append(Statement(text("It brought the line ", Code(line.strip()), "."), (place,)))
    telling = [term for term in ranking.suspects[0].terms if term.name in _TELLING and term.places]
    return said + [Statement(text(*capital(term.words), "."), term.places) for term in telling]


def _told(line: str, ranking: Ranking) -> bool:
    """Tell whether the terms of the first suspect rest on this line: then it is worth quoting."""
    named = [part.text.lower() for term in ranking.suspects[0].terms for part in term.words if isinstance(part, Code)]
    return any(name and (name in line.lower() or line.strip().lower() == name) for name in named)


def suspect(cause: Cause, rank: int) -> Suspect:
    """Give a row of the table of suspects."""
    arguments = tuple((term.value, term.words, term.places) for term in cause.terms if abs(term.value) >= 0.05)
    return Suspect(rank, title_of(cause.change), cause.confidence, arguments, cause.change.places[:2])
