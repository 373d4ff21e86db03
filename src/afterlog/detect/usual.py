"""What a count of events does when left alone: its rate, how it drifts, and whether events come in clumps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from afterlog.detect.result import Baseline
from afterlog.detect.stream import SECOND, Counts, Floats, Times
from afterlog.detect.viterbi import decode

_MINUTE_US = 60 * SECOND
_STEP = 1.7  # from one rate that is tried to the next
_QUANTILE = (
    0.5  # of the time: no requests tell whether a lull or a burst is the exception, so that the longer one is not
)
_ZONE = (2.0, 8.0)
_MOST_CLUMPING = 8.0


def bins(time: Times, weight: Counts, start: int, end: int, width: int) -> tuple[Times, Floats]:
    """Return the edges (m + 1,) and counts (m,) of busy bins and of the empty stretches between them."""
    index, inverse = np.unique((time - start) // width, return_inverse=True)
    lines = np.bincount(inverse, weights=weight)
    left = start + index * width
    right = np.minimum(left + width, end)
    edges = np.unique(np.concatenate(([start], left, right, [end])))
    counts = np.zeros(edges.size - 1)
    counts[np.searchsorted(edges, left)] = lines
    return edges, counts


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Stretches of constant rate, (s,) each: left and right edges, events."""

    left: Times
    right: Times
    events: Floats

    @property
    def seconds(self) -> Floats:
        length: Floats = (self.right - self.left) / SECOND
        return length

    def take(self, keep: np.ndarray) -> _Stretches:
        """Return some of the stretches."""
        return _Stretches(self.left[keep], self.right[keep], self.events[keep])


def usual(time: Times, weight: Counts, start_us: int, end_us: int) -> Baseline:
    """Return the usual rate per second of events ``weight`` (n,) at ascending times (n,), its zone and clumping.

    Minutes are segmented on a geometric grid of Poisson rates at 2 ln N + 3 nats per switch, as `find_healthy` does
    with failure rates. The median of the stretches' rates, weighted by time, tells what is calm: stretches up to twice
    that rate, and 3 events an hour, are pooled. Clumping is measured inside calm stretches only, so that an
    outage, of which most busy minutes of a quiet log may be part, does not pass for the log's usual unevenness.
    """
    found = _stretches(time, weight, start_us, end_us)
    rates = found.events / found.seconds
    order = np.argsort(rates, kind="stable")
    share = np.cumsum(found.seconds[order]) / found.seconds.sum()
    typical = float(rates[order][min(int(np.searchsorted(share, _QUANTILE)), rates.size - 1)])
    calm = found.take(rates <= 2 * typical + 3 / 3600)
    # half an event in the window is the least that can be told from none
    least = 0.5 * SECOND / (end_us - start_us)
    rate = max(float(calm.events.sum() / calm.seconds.sum()), least)
    sd = _drift(rates, found, typical)
    zone = min(max(math.exp(3 * sd), _ZONE[0]), _ZONE[1])
    return Baseline(rate, sd, zone, _clumping(time, weight, calm, rate), 0, int(weight.sum()))


def _stretches(time: Times, weight: Counts, start: int, end: int) -> _Stretches:
    edges, events = bins(time, weight, start, end, _MINUTE_US)
    seconds = np.diff(edges) / SECOND
    lowest = 0.5 * SECOND / (end - start)
    highest = float((events / seconds).max()) * _STEP
    steps = min(math.ceil(math.log(max(highest / lowest, 1.0), _STEP)), 100)
    grid = lowest * _STEP ** np.arange(steps + 1)
    likelihood = events * np.log(grid)[:, None] - grid[:, None] * seconds
    path = decode(likelihood, 2 * math.log(max((end - start) / _MINUTE_US, 2.0)) + 3)
    first = np.concatenate(([0], np.flatnonzero(path[1:] != path[:-1]) + 1))
    stops = np.append(first[1:], path.size)
    return _Stretches(edges[first], edges[stops], np.add.reduceat(events, first))


def _drift(rates: Floats, found: _Stretches, typical: float) -> float:
    """Return the deviation of the logs of the calmer stretches' rates from the typical one, weighted by time.

    Only rates below the typical one count: those above may be an outage.
    """
    lower = (rates < typical) & (found.events >= 10)
    if not typical or not np.any(lower):
        return 0.0
    logs = np.square(np.log(rates[lower] / typical))
    return math.sqrt(float(np.average(logs, weights=found.seconds[lower])))


def _clumping(time: Times, weight: Counts, calm: _Stretches, rate: float) -> float:
    """Return the dispersion of bins of about one due event within the calm stretches, clipped to 1...8."""
    width = int(min(max(1 / rate, 1), 600) * SECOND)
    squares = expected = 0.0
    for left, right, events in zip(calm.left.tolist(), calm.right.tolist(), calm.events.tolist(), strict=True):
        if right - left < 2 * width:
            continue
        a, b = (int(i) for i in np.searchsorted(time, (left, right)))
        _, inverse = np.unique((time[a:b] - left) // width, return_inverse=True)
        counts = np.bincount(inverse, weights=weight[a:b])
        number = (right - left) / width
        mean = events / number
        squares += float(np.square(counts - mean).sum()) + (number - counts.size) * mean * mean
        expected += events
    return float(min(max(squares / expected, 1.0), _MOST_CLUMPING)) if expected else 1.0
