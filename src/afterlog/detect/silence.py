"""Intervals without any request where many were due."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from afterlog.detect.result import Excursion, Instant, Phase
from afterlog.detect.stream import SECOND, Counts, Floats, Stream, Times, pieces

_NEIGHBOURS = (15, 50, 150)
_EARLY, _MIDDLE, _LATE = 0.051, math.log(2), 3.0  # quantiles of a unit exponential: 5, 50, 95 %
_NATS = 6.0  # over ln(bins): at most one false silence in e^6 streams, were arrivals independent
_SHORTEST_US = 20 * SECOND
_DAY_US = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class _Gap:
    """Nothing between two instants; ``before`` and ``after`` are requests per microsecond there (0: no side)."""

    low_us: int
    high_us: int
    before: float
    after: float

    @property
    def rate(self) -> float:
        return min(r for r in (self.before, self.after) if r > 0)


def find_silences(stream: Stream) -> list[Excursion]:
    """Return the silences of a stream.

    A gap of length L >= 20 s counts if L lambda / F >= ln(bins) + 6, lambda the lower of the rates before and after, F
    the dispersion of the counts and bins the number of inter-arrivals in the window. Where both ends are rotation
    instants a file is missing; where most of it lies in a known gap (an hour that a clock skipped) nothing is; where
    other days are silent at that time it is the custom: none of these is reported.
    """
    time = stream.time_us
    if time.size < 2 * _NEIGHBOURS[0]:
        return []
    out = []
    for gap in _gaps(stream):
        due = (gap.high_us - gap.low_us) * gap.rate
        bins = max((stream.end_us - stream.start_us) * gap.rate, 2.0)
        need = math.log(bins) + _NATS
        if (
            gap.high_us - gap.low_us < _SHORTEST_US
            or due < need
            or due / _dispersion(time, gap) < need
            or _is_explained(stream, gap, need)
        ):
            continue
        out.append(_report(gap, due, stream.resolution_us))
    return out


def _gaps(stream: Stream) -> list[_Gap]:
    """Return the gaps of 20 s and more that are long against the rates around them, and those at the window's edges."""
    time = stream.time_us
    wide = np.concatenate([
        np.flatnonzero(np.diff(time[piece.start : piece.stop + 1]) >= _SHORTEST_US) + piece.start
        for piece in pieces(time.size)
    ])  # fmt: skip
    length = time[wide + 1] - time[wide]
    before = _local_rates(time, wide, -1)
    after = _local_rates(time, wide + 1, 1)
    enough = length * np.minimum(before, after) > math.log(time.size) + 3
    out = [
        _Gap(int(time[i]), int(time[i + 1]), float(b), float(a))
        for i, b, a in zip(wide[enough], before[enough], after[enough], strict=True)
    ]
    first, last = np.array([0]), np.array([time.size - 1])
    opening = _Gap(stream.start_us, int(time[0]), 0.0, float(_local_rates(time, first, 1)[0]))
    closing = _Gap(int(time[-1]), stream.end_us, float(_local_rates(time, last, -1)[0]), 0.0)
    return [opening, *out, closing]


def _local_rates(time: Times, at: Counts, step: int) -> Floats:
    """Return the lowest rate over 15, 50 and 150 events from events ``at`` (m,) on, or back, per microsecond.

    0 where fewer than 15 are there.
    """
    rates = np.full(at.size, np.inf)
    for m in _NEIGHBOURS:
        far = np.clip(at + step * m, 0, time.size - 1)
        events = np.abs(far - at)
        span = np.maximum(np.abs(time[far] - time[at]), 1)
        rates = np.where(events >= _NEIGHBOURS[0], np.minimum(rates, events / span), rates)
    return np.where(np.isinf(rates), 0.0, rates)


def _dispersion(time: Times, gap: _Gap) -> float:
    """Return the variance of counts over their mean around a gap, from successive differences; at least 1.

    The larger of bins of 10 and of 40 due requests, 60 bins on each side, each less its standard error.
    """
    worst = 1.0
    for due in (10, 40):
        width = max(int(due / gap.rate), 1)
        squares, total, bins = 0.0, 0.0, 0
        for low, high in ((gap.low_us - 60 * width, gap.low_us), (gap.high_us, gap.high_us + 60 * width)):
            a, b = max(low, int(time[0])), min(high, int(time[-1]) + 1)
            count = (b - a) // width
            if count < 3:
                continue
            counts = np.diff(np.searchsorted(time, a + width * np.arange(count + 1))).astype(np.float64)
            squares += float(np.square(np.diff(counts)).sum()) / 2
            total += float(counts.mean()) * (count - 1)
            bins += count - 1
        if total > 0:
            worst = max(worst, squares / total * (1 - math.sqrt(3 / bins)))
    return min(worst, 20.0)


def _is_explained(stream: Stream, gap: _Gap, need: float) -> bool:
    length = gap.high_us - gap.low_us
    slack = 2 * SECOND + int(6 / gap.rate)
    known = sum(max(min(b, gap.high_us) - max(a, gap.low_us), 0) for a, b in stream.gaps)
    if known > length / 2:
        return True
    ends = [any(abs(r - edge) <= slack for r in stream.rotation_us) for edge in (gap.low_us, gap.high_us)]
    if all(ends):
        return True
    return _is_customary(stream, gap, need)


def _is_customary(stream: Stream, gap: _Gap, need: float) -> bool:
    """Tell whether other days had fewer requests at the same time of day than a silence must miss."""
    counts = []
    for days in (-7, -2, -1, 1, 2, 7):
        a, b = gap.low_us + days * _DAY_US, gap.high_us + days * _DAY_US
        if a >= stream.start_us and b <= stream.end_us:
            counts.append(int(np.diff(np.searchsorted(stream.time_us, (a, b)))[0]))
    return bool(counts) and float(np.median(counts)) < need


def _report(gap: _Gap, due: float, resolution_us: int) -> Excursion:
    # a lone event of a coarse stamp may have come half a step earlier or later; many, spread over a step in whose
    # middle they ended, a whole one
    margin = resolution_us // 2 if resolution_us > 1 else 0
    start = _edge(gap.low_us, gap.before, 1, margin)
    end = _edge(gap.high_us, gap.after, -1, margin)
    # the two intervals must not cross
    middle = (gap.low_us + gap.high_us) // 2
    start = Instant(min(start.time_us, middle), start.low_us, min(start.high_us, gap.high_us))
    end = Instant(max(end.time_us, middle), max(end.low_us, gap.low_us), end.high_us)
    note = f"silence: {due:.0f} requests were due and none came"
    return Excursion(
        kind="silence",
        level="outage",
        start=start,
        end=end,
        open_start=gap.before == 0,
        open_end=gap.after == 0,
        baseline_rate=gap.rate * SECOND,
        failure_rate=1.0,
        requests=0,
        failed=0,
        phases=(Phase(start.time_us, end.time_us, 0, 0),),
        hosts=(),
        single="",
        culprit=-1,
        detectability=due,
        notes=(note,),
    )


def _edge(time_us: int, rate: float, sign: int, margin: int) -> Instant:
    """Return where a silence began (sign 1) after the last event, or ended (sign -1) before the next."""
    if rate <= 0:
        return Instant(time_us, time_us, time_us)
    near, middle, far = (time_us + sign * round(q / rate) for q in (_EARLY, _MIDDLE, _LATE))
    toward = margin * 2 if rate * margin > 1 else margin
    low, high = min(near, far), max(near, far)
    return Instant(middle, low - toward, high + margin) if sign > 0 else Instant(middle, low - margin, high + toward)
