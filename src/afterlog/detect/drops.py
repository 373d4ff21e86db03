"""Weaker signs than failures: a partial drop of traffic, and requests slower than usual."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from afterlog.detect.cells import MOST_CELLS
from afterlog.detect.detect import detect
from afterlog.detect.levels import switch_cost
from afterlog.detect.result import Excursion
from afterlog.detect.stream import SECOND, Flags, Floats, Stream, Times
from afterlog.detect.viterbi import decode

_AROUND = (30, 150)  # least and most bins on each side that tell what is usual: a drop of up to as many is seen
_DUE = 30.0  # requests in a bin
_SHORTEST_US = 60 * SECOND
_HEALTHY = (0.7, 1.5)
_LEVELS = (0.6, 0.4, 0.25, 0.1, 0.02)
_LEAST_BINS = 3
_BLOCKS = 200
_SLOWER = 1.25  # than the usual 95 %
_RAISED = 0.1  # of the requests are slow


@dataclass(frozen=True, slots=True)
class Drop:
    """An interval ``[start_us, end_us)`` with ``ratio`` of the requests usual around it."""

    start_us: int
    end_us: int
    requests: int
    ratio: float


def find_drops(time: Times, start_us: int, end_us: int) -> list[Drop]:
    """Return where fewer than 70 % of the usual requests came, from ascending times (n,) in a window.

    Usual is the median of up to 150 bins on each side, a quarter of the window; bins of a minute or more hold 30
    requests. Counts are Poisson with a dispersion measured from their deviations, decoded on levels of 0.6 to 0.02
    against a null free in 0.7...1.5.
    """
    span = end_us - start_us
    width = max(_SHORTEST_US, int(span * _DUE / max(time.size, 1)), span // MOST_CELLS)
    bins = span // width
    around = min(int(bins) // 4, _AROUND[1])
    if around < _AROUND[0]:
        return []
    counts = np.bincount((time - start_us) // width, minlength=bins)[:bins].astype(np.float64)
    usual = np.maximum(_running_median(counts, around), 1.0)
    dispersion = _dispersion(counts, usual)
    free = np.clip(counts / usual, *_HEALTHY)
    logs = [counts * np.log(f) - f * usual for f in (free, *(np.full(bins, level) for level in _LEVELS))]
    path = decode(np.array(logs) / dispersion, switch_cost(int(bins)))
    found = []
    edges = np.flatnonzero(np.diff(np.concatenate(([0], path > 0, [0])).astype(np.int8)))
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        ratio = float(counts[a:b].sum() / usual[a:b].sum())
        if b - a >= _LEAST_BINS and ratio <= _HEALTHY[0]:
            found.append(Drop(start_us + a * width, start_us + b * width, int(counts[a:b].sum()), ratio))
    return found


def _running_median(counts: Floats, around: int) -> Floats:
    padded = np.pad(counts, around, mode="reflect")
    medians: Floats = np.median(sliding_window_view(padded, 2 * around + 1), axis=1)
    return medians


def _dispersion(counts: Floats, usual: Floats) -> float:
    """Return the variance of counts over their mean, from the median deviation: drops don't raise it. At least 1."""
    scaled = np.abs(counts - usual) / np.sqrt(usual)
    return max(float(np.median(scaled) / 0.6745) ** 2, 1.0)


def find_slowness(stream: Stream, duration: NDArray[np.floating]) -> tuple[float, list[Excursion]]:
    """Return from how many seconds on a request counts as slow, and the excursions of slow requests.

    ``duration`` has shape (n,), NaN where unknown. Slow is 1.25 times the usual 95 % quantile: the median over blocks
    of requests. What fails is left out: it may be fast or slow.
    """
    timed = ~np.isnan(duration) & ~stream.failed & ~stream.client_error
    if np.count_nonzero(timed) < 10 * _BLOCKS:
        return 0.0, []
    took = duration[timed]
    blocks = np.array_split(took, _BLOCKS)
    slow_s = _SLOWER * float(np.median([np.quantile(block, 0.95) for block in blocks]))
    part = stream.take(timed)
    none: Flags = np.zeros(took.size, dtype=bool)
    found = detect(replace(part, failed=took > slow_s, client_error=none, route=None, rotation_us=(), gaps=()))
    slow = [e for e in found.excursions if e.kind == "errors" and not e.single and e.level != "blip"]
    return slow_s, [e for e in slow if e.failure_rate >= _RAISED]
