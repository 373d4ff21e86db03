"""Why it happened: the likeliest trigger told with its evidence, the suspects, and the alibis of the innocent."""

from __future__ import annotations

from typing import Final

from afterlog.causes import Cause, Ranking
from afterlog.changes import Change
from afterlog.draft.model import Argument, Innocent, Suspect
from afterlog.draft.words import between, capital, ends_of, title_of
from afterlog.findings import alibi_of
from afterlog.outages import Outage
from afterlog.statement import Code, Statement, Time, codes, text

_TELLING: Final = frozenset({"taken back", "words", "repair", "order", "first words", "chain"})
_LINES: Final = 3


def cause(outage: Outage, ranking: Ranking | None) -> list[Statement]:
    """Tell the likeliest trigger; nothing where no change explains the outage."""
    if not ranking or not ranking.suspects or ranking.verdict == "no-change-explains-it":
        return []
    first = ranking.suspects[0]
    change = first.change
    if not first.is_change:
        return _sign(first)
    begun = text(*capital(title_of(change)), " began at ", Time(change.start_us), ".")
    said = [Statement(begun, change.places[:1])]
    if change.targets:
        said.append(Statement(text("It changed ", *codes(change.targets), "."), change.places[1:3] or change.places))
    if change.subject and change.tool != "git":
        said.append(Statement(text("Its author described it as ", Code(change.subject), "."), change.places[-1:]))
    telling = [term for term in first.terms if term.name in _TELLING and term.places]
    told = {place for term in telling for place in term.places}
    for line, place in change.content:
        if _told(line, ranking) and place not in told and len(said) < _LINES + 2:
            said.append(Statement(text("It brought the line ", Code(line.strip()), "."), (place,)))
    said += last_stage(outage, change)
    delay = next((term for term in first.terms if term.name == "delay" and term.places), None)
    if delay:
        said.append(Statement(text(*capital(delay.words), "."), delay.places))
    return said + [Statement(text(*capital(term.words), "."), term.places) for term in telling]


def _sign(cause: Cause) -> list[Statement]:
    """Tell what happened by itself, in the words of the programs that complained of it."""
    change = cause.change
    begun = text(*capital(title_of(change)), " was first told of at ", Time(change.start_us), ".")
    telling = [term for term in cause.terms if term.places and term.value > 0]
    told = [Statement(text(*capital(term.words), "."), term.places) for term in telling]
    return [Statement(begun, change.places[:1]), *told]


def last_stage(outage: Outage, change: Change) -> list[Statement]:
    """Tell the last stage of a change that began before the first failure."""
    begun = [part for part in change.parts[1:] if part.start_us <= outage.start.high_us]
    if not begun or outage.open_start:
        return []
    part = begun[-1]
    when = (
        f", {between(part.start_us, outage.first_us)} before the first failure"
        if part.start_us < outage.first_us
        else ""
    )
    words = text("Its stage ", Code(part.name), " began at ", Time(part.start_us), f"{when}.")
    return [Statement(words, (part.place, *ends_of(outage)[:1]))]


def taken_back(cause: Cause) -> list[Statement]:
    """Tell that a later change took back what this one brought."""
    terms = [term for term in cause.terms if term.name == "taken back" and term.places]
    return [Statement(text(*capital(term.words), "."), term.places) for term in terms[:1]]


def _told(line: str, ranking: Ranking) -> bool:
    """Tell whether the terms of the first suspect rest on this line: then it is worth quoting."""
    named = [part.text.lower() for term in ranking.suspects[0].terms for part in term.words if isinstance(part, Code)]
    return any(name and (name in line.lower() or line.strip().lower() == name) for name in named)


def suspect(cause: Cause, rank: int) -> Suspect:
    """Give a row of the table of suspects."""
    arguments = [Argument(term.value, term.words, term.places) for term in cause.terms if abs(term.value) >= 0.05]
    reasons = tuple(argument for argument in arguments if argument.value > 0)
    doubts = tuple(argument for argument in arguments if argument.value < 0)
    return Suspect(rank, title_of(cause.change, short=True), cause.confidence, reasons, doubts, cause.change.places[:2])


def innocent(cause: Cause) -> Innocent:
    """Give a change that is not suspected, and why."""
    return Innocent(capital(title_of(cause.change, short=True)), alibi_of(cause), cause.change.places[:1])
