"""How it ended: what was tried, and what healed which servers, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence

from afterlog.changes import Change
from afterlog.draft.words import capital, listed, lower, title_of
from afterlog.event import Outcome
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.resolution import SEEN, Ending, is_part
from afterlog.statement import Code, Statement, Text, Time, text


def resolution(outage: Outage, endings: Sequence[Ending], findings: Findings) -> list[Statement]:
    """Tell attempts and what ended each phase."""
    said: list[tuple[int, Statement]] = [
        (change.start_us, Statement(_tried(change), change.places[:2]))
        for change in effective(outage, endings, findings, failed=True)
    ]
    for ending in endings:
        why = _why(ending)
        words = text("At ", Time(ending.time_us), " ", *_past(lower(ending.text)), *why, ".")
        places = (*ending.places, *(change.places[0] for change in ending.prepared if change.places))
        said.append((ending.time_us, Statement(words, places)))
    return [statement for _time, statement in sorted(said, key=lambda pair: pair[0])]


def _why(ending: Ending) -> Text:
    if ending.change is None:
        return text("; no change in the logs explains why")
    if ending.over:
        return text(", as ", *title_of(ending.change), " ended")
    return text(", after ", *title_of(ending.change), " at ", Time(ending.change.start_us), *_prepared(ending))


def _prepared(ending: Ending) -> Text:
    """Tell what a restart put into effect."""
    told = [text(*title_of(change, short=True), " of ", Time(change.start_us)) for change in ending.prepared[:2]]
    return text(", which put into effect ", *listed(told)) if told else ()


def effective(outage: Outage, endings: Sequence[Ending], findings: Findings, *, failed: bool = False) -> list[Change]:
    """Give what was done during the outage and did not end it; with ``failed`` also what failed."""
    enders = [ending.change for ending in endings if ending.change]
    unwanted = {str(Outcome.UNCHANGED)} if failed else {str(Outcome.UNCHANGED), str(Outcome.FAILED)}
    return [
        change
        for change in findings.history.changes
        if outage.start.high_us < change.start_us <= outage.end.high_us
        and not change.routine
        and change.tool != "git"
        and change.action not in SEEN
        and not any(change.id == ender.id or is_part(change, ender) for ender in enders)
        and change.outcome not in unwanted
    ]


def _tried(change: Change) -> Text:
    if change.outcome == str(Outcome.FAILED):
        told = text(": ", Code(change.failure)) if change.failure else ()
        return text(
            "At ", Time(change.start_us), " ", *title_of(change, short=True), " failed and changed nothing", *told, "."
        )
    return text(
        "At ", Time(change.start_us), " ", *title_of(change, short=True), " went through; the failures went on."
    )


def _past(words: Text) -> Text:
    """Tell what an ending says in the past tense."""
    swaps = ((" fall ", " fell "), (" answers again", " answered again"), (" answer again", " answered again"))
    told: list[object] = []
    for part in capital(words) if isinstance(words[0], str) and words[0][:1].isupper() else words:
        shown = part
        for now, then in swaps:
            shown = shown.replace(now, then) if isinstance(shown, str) else shown
        told.append(shown)
    return tuple(told)  # type: ignore[arg-type]
