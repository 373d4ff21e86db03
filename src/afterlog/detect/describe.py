"""A candidate becomes an excursion: boundaries at event resolution, phases, level, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from afterlog.detect.ends import Ends, Signal, find_ends
from afterlog.detect.group import BLIP_US, Candidate
from afterlog.detect.phases import measured, split
from afterlog.detect.result import Excursion, Instant, Level, Phase
from afterlog.detect.special import divergence
from afterlog.detect.stream import SECOND

_OUTAGE_RATE = 0.3


def cuts_of(signal: Signal, candidate: Candidate) -> list[int]:
    """Return the event indices between which the candidate's phases lie, its first and last included."""
    inside = slice(candidate.first, candidate.last)
    inner = split(signal.time[inside], signal.failed[inside], signal.baseline.clumping)
    return [*(candidate.first + c for c in inner), candidate.last]


def describe(signal: Signal, candidate: Candidate, room: tuple[int, int], ends: Ends | None = None) -> Excursion:
    """Return the excursion of a candidate; ``ends`` replaces its own boundaries, searched inside ``room``."""
    cuts = cuts_of(signal, candidate)
    ends = _ordered(ends or find_ends(signal, cuts, room))
    start, end = ends.start.instant, ends.end.instant
    a, b = (int(i) for i in np.searchsorted(signal.time, (start.time_us, end.time_us)))
    n, k = b - a, int(np.count_nonzero(signal.failed[a:b]))
    phases = _phases(signal, cuts, (a, b), (start.time_us, end.time_us))
    rate, base = (k / n if n else 0.0), signal.baseline
    return Excursion(
        kind=signal.kind,
        level=_level(max(rate, _main_rate(phases)), ends),
        start=start,
        end=end,
        open_start=ends.start.is_open,
        open_end=ends.end.is_open,
        baseline_rate=base.rate,
        failure_rate=rate,
        requests=n,
        failed=k,
        phases=phases,
        hosts=(),
        single="",
        culprit=-1,
        detectability=n * divergence(rate, base.rate),
        notes=_notes(signal, n, k, ends, len(phases)),
    )


def _ordered(ends: Ends) -> Ends:
    """Return the ends with the end at least a microsecond after the start."""
    least = ends.start.instant.time_us + 1
    end = ends.end.instant
    if end.time_us >= least:
        return ends
    return replace(ends, end=replace(ends.end, instant=Instant(least, min(end.low_us, least), max(end.high_us, least))))


def _notes(signal: Signal, requests: int, failed: int, ends: Ends, levels: int) -> tuple[str, ...]:
    base = signal.baseline
    notes = [f"{failed} of {requests} requests failed against a baseline of {base.rate:.4%}"]
    if levels > 1:
        notes.append(f"{levels} levels of failure inside")
    if base.clumping > 1.05:
        notes.append(f"evidence divided by {base.clumping:.1f} because failures come in clumps")
    if ends.start.ramp_us:
        notes.append(f"rose over about {ends.start.ramp_us / SECOND:.0f} s")
    if ends.end.ramp_us:
        notes.append(f"fell over about {ends.end.ramp_us / SECOND:.0f} s")
    return tuple(notes)


def _main_rate(phases: tuple[Phase, ...]) -> float:
    """Return the highest rate that held for at least a third of the excursion, or 0."""
    length = sum(p.end_us - p.start_us for p in phases)
    rates = [p.failed / p.requests for p in phases if p.requests and 3 * (p.end_us - p.start_us) >= length]
    return max(rates, default=0.0)


def _level(rate: float, ends: Ends) -> Level:
    length = ends.end.instant.time_us - ends.start.instant.time_us
    if length < BLIP_US and not (ends.start.is_open or ends.end.is_open):
        return "blip"
    return "outage" if rate >= _OUTAGE_RATE else "degraded"


def _phases(signal: Signal, cuts: list[int], events: tuple[int, int], edges: tuple[int, int]) -> tuple[Phase, ...]:
    a, b = events
    if a == b:
        return (Phase(edges[0], edges[1], 0, 0),)
    inner = [c - a for c in cuts[1:-1] if a < c < b]
    return measured(signal.time[a:b], signal.failed[a:b], [0, *inner], edges, signal.baseline.clumping)
