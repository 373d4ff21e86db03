"""What people decided: the draft says which of its statements a person changed, and what the logs alone had said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from afterlog.causes import Cause, Ranking
from afterlog.draft.words import capital, ends_of, from_to, title_of
from afterlog.findings import Findings
from afterlog.outages import Outage, percent
from afterlog.review import Decision
from afterlog.review.model import NOBODY, REJECTED
from afterlog.statement import Code, Said, Statement, Text, Time, text

_SPOKEN: Final = {"accepted": "confirmed", "rejected": "rejected"}


def choice(ranking: Ranking | None) -> list[Statement]:
    """Say what a person holds for the trigger, and the logs' own answer; nothing where nobody chose."""
    words = chosen_words(ranking)
    if not words or ranking is None:
        return []
    places = [place for cause in (ranking.suspects[0], _likeliest(ranking)) for place in cause.change.places[:1]]
    return [Statement(words, tuple(dict.fromkeys(places)))]


def chosen_words(ranking: Ranking | None) -> Text:
    """Give the sentence about a person's choice of the trigger; nothing where nobody chose, or nothing is suspected."""
    if ranking is None or not ranking.chosen or not ranking.suspects:
        return ()
    likeliest = _likeliest(ranking)
    theirs = text(*title_of(likeliest.change, short=True), f" {percent(likeliest.confidence)}")
    if ranking.chosen == NOBODY:
        return text("A person holds that no change in these logs triggered it; the logs alone gave ", *theirs, ".")
    first = ranking.suspects[0]
    alone = f"the logs alone gave it {percent(first.confidence)}" if first.terms else "the logs alone had not ranked it"
    other = text(" and gave " if not first.terms else " and ", *theirs) if likeliest is not first else ()
    return text("A person chose ", *title_of(first.change, short=True), f" as the trigger; {alone}", *other, ".")


def _likeliest(ranking: Ranking) -> Cause:
    """Give what the logs alone put first."""
    return max(ranking.suspects, key=lambda cause: cause.confidence)


def rejections(findings: Findings) -> list[Statement]:
    """Say which outages a person rejected, and why."""
    return [
        Statement(rejected_words(outage, findings.review.of(outage.id).because), ends_of(outage))
        for outage in findings.rejected
        if findings.review.of(outage.id).verdict == REJECTED and ends_of(outage)
    ]


def rejected_words(outage: Outage, because: str) -> Text:
    """Say that a person rejected an outage."""
    where = text(" of ", Code(outage.service)) if outage.service else ()
    why = text(" (", Said(because), ")") if because else ()
    return text("A person rejected the outage", *where, ", ", *from_to(outage), *why, ".")


def reviewed(findings: Findings) -> tuple[Text, ...]:
    """List what people decided, a line each."""
    subjects = dict(_subjects(findings))
    told = [
        _line(subjects[decision.id], decision, subjects)
        for decision in findings.review.decisions.values()
        if decision.id in subjects and _words(decision, subjects)
    ]
    added = sum(entry.kind == "added" for entry in findings.timeline)
    if added:
        told.append(text(f"{added} {'entries' if added > 1 else 'entry'} of the timeline added by hand."))
    return tuple(told)


def _line(subject: Text, decision: Decision, subjects: dict[str, Text]) -> Text:
    why = text(": ", Said(decision.because)) if decision.because else ()
    return (*capital(subject), ": ", *_words(decision, subjects), *why, ".")


def _words(decision: Decision, subjects: dict[str, Text]) -> Text:
    told: list[Text] = []
    if decision.verdict:
        told.append(text(_SPOKEN[decision.verdict]))
    for name, time_us in (("start", decision.start_us), ("end", decision.end_us)):
        if time_us is not None:
            told.append(text(f"{name} set to ", Time(time_us)))
    if decision.text:
        told.append(text("worded anew"))
    if decision.into in subjects:
        told.append(text("merged into ", *subjects[decision.into]))
    if decision.hidden:
        told.append(text("left out of the timeline"))
    if decision.cause == NOBODY:
        told.append(text("a person holds that no change in these logs triggered it"))
    elif decision.cause:
        told.append(text("trigger chosen by a person"))
    return tuple(part for n, words in enumerate(told) for part in ((", ", *words) if n else words))


def _subjects(findings: Findings) -> Iterator[tuple[str, Text]]:
    for outage in (*findings.outages, *findings.rejected):
        yield outage.id, text("the outage of ", Code(outage.service), " at ", Time(outage.first_us))
    for change in (*findings.history.changes, *findings.set_aside):
        yield change.id, title_of(change, short=True)
    for entry in (*findings.timeline, *findings.hidden):
        yield entry.id, text("the entry at ", Time(entry.time_us), ", “", *entry.text, "”")
