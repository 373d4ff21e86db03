"""The methods that textbooks give, to compare with: each turns a stream into intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from afterlog.detect import Stream
from afterlog.detect.stream import SECOND
from afterlog.detect.viterbi import decode
from benchmarks.outages.score import Interval


def _minutes(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Return requests and failures per minute, float64 (m,)."""
    count = (stream.end_us - stream.start_us) // (60 * SECOND) + 1
    which = (stream.time_us - stream.start_us) // (60 * SECOND)
    n = np.bincount(which, minlength=count).astype(np.float64)
    k = np.bincount(which[stream.failed], minlength=count).astype(np.float64)
    return n, k


def _intervals(stream: Stream, on: np.ndarray) -> list[Interval]:
    padded = np.concatenate(([False], on, [False])).astype(np.int8)
    change = np.flatnonzero(np.diff(padded))
    out = []
    for a, b in zip(change[::2], change[1::2], strict=True):
        start, end = (stream.start_us + int(i) * 60 * SECOND for i in (a, b))
        out.append((start, start - 30 * SECOND, start + 30 * SECOND, end, end - 30 * SECOND, end + 30 * SECOND))
    return out


def threshold(stream: Stream) -> list[Interval]:
    """Return minutes over 5 % until under 2 %, by three minutes in a row."""
    n, k = _minutes(stream)
    rate = np.where(n > 0, k / np.maximum(n, 1), 0.0)
    on = np.zeros(rate.size, dtype=bool)
    state, above, below = False, 0, 0
    for i, r in enumerate(rate):
        above = above + 1 if r > 0.05 else 0
        below = below + 1 if r < 0.02 else 0
        state = (state or above >= 3) and below < 3
        on[i] = state
    return _intervals(stream, on)


def burn_rate(stream: Stream) -> list[Interval]:
    """Return where a budget of 99.9 % burns 14.4 times too fast over 1 h and 5 min (SRE workbook, chapter 5)."""
    n, k = _minutes(stream)

    def over(minutes: int) -> np.ndarray:
        kernel = np.ones(minutes)
        requests, failures = (np.convolve(x, kernel)[: x.size] for x in (n, k))
        burning: np.ndarray = failures > 14.4 * 0.001 * np.maximum(requests, 1)
        return burning

    return _intervals(stream, over(60) & over(5))


def two_states(stream: Stream) -> list[Interval]:
    """Return the second state of a two-state binomial chain per minute: the overall rate's tenth, and ten times it."""
    n, k = _minutes(stream)
    overall = min(max(float(k.sum() / max(n.sum(), 1)), 1e-4), 0.3)
    rates = np.array([[overall / 3], [min(overall * 10, 0.9)]])
    return _intervals(stream, decode(k * np.log(rates) + (n - k) * np.log1p(-rates), 8.0) == 1)


METHODS: dict[str, Callable[[Stream], list[Interval]]] = {
    "threshold with hysteresis": threshold,
    "multi-window burn rate": burn_rate,
    "two-state chain": two_states,
}
