"""What is measured on all events of a case, once: the ground on which findings are concluded.

It takes a while on a large case, so `remembered` keeps it there; concluding (`afterlog.analysis`) takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from afterlog.case import Case, Ledger
from afterlog.changes import Change, History, find_changes
from afterlog.errorlines import find_bursts
from afterlog.evidence import Quotes
from afterlog.impact import Impact, measure_impact
from afterlog.messages import Message, Window, find_messages
from afterlog.outages import Outage, find_outages, revised
from afterlog.resolution import Recovery, find_recoveries
from afterlog.review import Review
from afterlog.review.model import REJECTED
from afterlog.stated import outages_stated
from afterlog.traffic.requests import Rules
from afterlog.traffic.signals import Signal, count_table, read_signals
from afterlog.traffic.views import Views
from afterlog.weaker import Weaker, find_weaker

_DIFF_WINDOW = 400  # lines below a commit in which a changed line of its diff is looked for

Traffic = Callable[[], tuple[Signal, ...]]
"""The requests of each service, read from the case when they are first asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What all events together say. Dictionaries are by the id of the outage.

    ``rejected`` are outages that a person rejected, or merged into others.
    """

    outages: tuple[Outage, ...]
    rejected: tuple[Outage, ...]
    impacts: dict[str, Impact]
    recoveries: dict[str, tuple[Recovery, ...]]
    messages: dict[str, tuple[Message, ...]]
    history: History
    weaker: tuple[Weaker, ...]
    views: Views


def read_traffic(case: Case, rules: Rules) -> Traffic:
    """Give the requests as the outages were counted in: without health checks and scanners; read when asked for."""

    @cache
    def read() -> tuple[Signal, ...]:
        signals, _views = read_signals(case, rules)
        return tuple(find_outages(signals)[1])

    return read


def measure(
    case: Case, stated: Sequence[str], rules: Rules, review: Review, ledgers: Sequence[Ledger], quotes: Quotes
) -> tuple[Measured, Traffic]:
    """Read all events: the outages (where people stated none), what was done, and what it all did to users."""
    signals, views = read_signals(case, rules)
    bursts = find_bursts(case)
    found, signals = find_outages(signals, bursts)
    weaker = find_weaker(signals, found, bursts)
    if stated:
        found = outages_stated(stated, case.settings().display_zone, signals, ledgers)
    outages, rejected = corrected(found, signals, review)
    real = real_ones(outages)
    history = _with_line_places(find_changes(case), quotes)
    case.write_table("signals", count_table(signals))
    measured = Measured(
        outages=tuple(outages),
        rejected=tuple(rejected),
        impacts={outage.id: impact for outage in real if (impact := measure_impact(outage, signals))},
        recoveries={o.id: find_recoveries(o, signals) for o in real if o.kind != "stated"},
        messages=find_messages(case, [_window(outage, signals) for outage in real]),
        history=history,
        weaker=tuple(weaker),
        views=views,
    )
    kept = tuple(signals)
    return measured, lambda: kept


def real_ones(outages: Sequence[Outage]) -> list[Outage]:
    """Give the outages that a postmortem is about: neither blips nor one client's errors."""
    return [outage for outage in outages if outage.level != "blip" and not outage.single]


def corrected(found: Sequence[Outage], signals: Sequence[Signal], review: Review) -> tuple[list[Outage], list[Outage]]:
    """Apply what a person decided about outages: gives those that stay, in order of time, and those set aside."""
    by_id = {outage.id: outage for outage in found}
    stay, aside = [], []
    for outage in found:
        decision = review.of(outage.id)
        if decision.verdict == REJECTED or review.merged(outage.id, by_id):
            aside.append(outage)
            continue
        taken = [by_id[name] for name in review.absorbed(outage.id) if name in by_id]
        start, end = decision.start_us, decision.end_us
        if taken:
            start = min(o.first_us for o in (outage, *taken)) if start is None else start
            end = max(o.last_us for o in (outage, *taken)) if end is None else end
        if (outage.last_us if end is None else end) < (outage.first_us if start is None else start):
            start = end = None  # edited by hand into what cannot be: as inferred
        moved = outage if start is None and end is None else revised(outage, start, end, signals)
        if taken:
            level = "outage" if any(o.level == "outage" for o in (outage, *taken)) else outage.level
            moved = replace(
                moved, level=level, hosts=tuple(sorted({*moved.hosts, *(h for o in taken for h in o.hosts)}))
            )
        stay.append(moved)
    return sorted(stay, key=lambda outage: (outage.start.time_us, outage.service)), aside


def _window(outage: Outage, signals: Sequence[Signal]) -> Window:
    """Tell what the counting of messages has to know of an outage."""
    own = next((signal.requests for signal in signals if signal.service == outage.service), None)
    start, end = outage.start, outage.end.high_us
    if own is None:
        return Window(outage.id, start.time_us, start.low_us, end)
    bad = own.client_error if outage.kind == "client-errors" else own.failed
    return Window(outage.id, start.time_us, start.low_us, end, own.time[bad])


def _with_line_places(history: History, quotes: Quotes) -> History:
    """Let each changed line of a diff point at the very line that shows it, below its commit."""

    def placed(lines: tuple[Any, ...], mark: str) -> tuple[Any, ...]:
        return tuple((line, quotes.below(place, f"{mark}{line}", _DIFF_WINDOW) or place) for line, place in lines)

    def told(change: Change) -> Change:
        if not (change.content or change.removed):
            return change
        return replace(change, content=placed(change.content, "+"), removed=placed(change.removed, "-"))

    return History(tuple(map(told, history.changes)), history.looks)
