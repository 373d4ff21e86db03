"""What people decided: the draft says which of its statements a person changed, and what the logs alone had said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from afterlog.causes import Ranking
from afterlog.draft.words import capital, title_of
from afterlog.findings import Findings
from afterlog.outages import percent
from afterlog.review import Decision
from afterlog.review.model import NOBODY
from afterlog.statement import Code, Said, Statement, Text, Time, text

_SPOKEN: Final = {"accepted": "confirmed", "rejected": "rejected"}


def choice(ranking: Ranking | None) -> list[Statement]:
    """Say that a person chose the trigger, and what the evidence alone gave it."""
    if ranking is None or ranking.chosen in ("", NOBODY) or not ranking.suspects:
        return []
    first = ranking.suspects[0]
    alone = f"the logs alone gave it {percent(first.confidence)}" if first.terms else "the logs alone had not ranked it"
    words = text("A person chose ", *title_of(first.change, short=True), f" as the trigger; {alone}.")
    return [Statement(words, first.change.places[:1])]


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
