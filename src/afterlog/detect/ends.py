"""Start and end of an excursion: where to look, step or ramp, open or closed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from afterlog.detect.boundary import JEFFREYS, change_point, healthy_prior, widen
from afterlog.detect.levels import switch_cost
from afterlog.detect.phases import evidence
from afterlog.detect.ramp import FALL, RISE, Onset, Priors, onset
from afterlog.detect.result import Baseline, Instant, Kind
from afterlog.detect.special import binomial_log_likelihood, divergence
from afterlog.detect.stream import SECOND, Flags, Times

_CELL_US = 2 * SECOND
_OPEN_NATS = 3.0
_RAMP_WEIGHT = 0.3  # below this posterior weight of a ramp the change is a step


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal's events, (n,) each, and window, with what a description needs."""

    kind: Kind
    time: Times
    failed: Flags
    start_us: int
    end_us: int
    resolution_us: int
    baseline: Baseline

    def reversed(self) -> Signal:
        """Return the signal with time running backwards, so that ends become starts."""
        return replace(
            self, time=-self.time[::-1], failed=self.failed[::-1], start_us=-self.end_us, end_us=-self.start_us
        )


@dataclass(frozen=True, slots=True)
class Boundary:
    """A start or an end; ``ramp_us`` is the length of the ramp it belongs to, 0 for a step."""

    instant: Instant
    is_open: bool
    ramp_us: int


@dataclass(frozen=True, slots=True)
class Ends:
    """Both boundaries of an excursion."""

    start: Boundary
    end: Boundary


def find_ends(signal: Signal, cuts: list[int], room: tuple[int, int]) -> Ends:
    """Return the boundaries of the excursion whose phases are the events between ``cuts`` (first to last).

    ``room`` are the events in which the boundaries may lie: those of no neighbouring excursion.
    """
    start = find_start(signal, cuts, room[0])
    n = signal.time.size
    mirrored = [n - c for c in reversed(cuts)]
    end = find_start(signal.reversed(), mirrored, n - room[1], FALL)
    instant = Instant(-end.instant.time_us, -end.instant.high_us, -end.instant.low_us)
    return Ends(start, Boundary(instant, end.is_open, end.ramp_us))


def find_start(signal: Signal, cuts: list[int], first: int, priors: Priors = RISE) -> Boundary:
    """Return where failing began between event ``first`` and the phase after ``cuts[0]``."""
    at, until = cuts[0], cuts[1]
    left, right = _reach(signal, at, until)
    # the first cell may begin before the change: what settles it is counted from the cell's end
    settled = int(np.searchsorted(signal.time, int(signal.time[at]) + _CELL_US))
    low, high = max(first, at - left), min(until, settled + right)
    edge = _time_before(signal, low)
    if low == 0 and _is_open(signal, at, high):
        return Boundary(Instant(edge, edge, edge), is_open=True, ramp_us=0)
    gradual = _ramp(signal, cuts, first, priors)
    if gradual is not None:
        return Boundary(widen(gradual.instant, signal.resolution_us), is_open=False, ramp_us=gradual.length_us)
    window = slice(low, high)
    edges = (edge, int(signal.time[high - 1]))
    rates = (healthy_prior(signal.baseline.rate), JEFFREYS)
    clumping = signal.baseline.clumping
    step = change_point(signal.time[window], signal.failed[window], edges, rates, clumping=clumping)
    return Boundary(widen(step, signal.resolution_us), is_open=False, ramp_us=0)


def _time_before(signal: Signal, event: int) -> int:
    return signal.start_us if event == 0 else int(signal.time[event - 1])


def _ramp(signal: Signal, cuts: list[int], first: int, priors: Priors) -> Onset | None:
    """Return the onset if it is a ramp: over one phase against a step, over rising ones also against a staircase."""
    at = cuts[0]
    rising = _rising(signal, cuts)
    low = max(first, at - 2 * (rising - at) - 2000)
    # the first part of a ramp lies before the first phase: it must not count as healthy
    clear = max(at - (rising - at) // 2, low)
    rate = _local_rate(signal, low, clear)
    clumping = signal.baseline.clumping
    window = slice(low, rising)
    edges = (_time_before(signal, low), int(signal.time[rising - 1]))
    found = onset(signal.time[window], signal.failed[window], edges, at - low, rate, clumping, priors=priors)
    if found is None or found.ramp_weight < _RAMP_WEIGHT:
        return None
    steps = [c for c in cuts if c <= rising]
    if len(steps) > 3 and found.fit < _staircase(signal, low, steps, rate):
        return None
    return found


def _staircase(signal: Signal, low: int, cuts: list[int], rate: float) -> float:
    """Return the quasi log-likelihood of the phases as steps, each step after the first at the price of a switch."""
    fit = evidence(int(np.count_nonzero(signal.failed[low : cuts[0]])), cuts[0] - low, rate, 0.5)
    fit += (cuts[0] - low) * math.log(0.5)
    for a, b in pairwise(cuts):
        fit += binomial_log_likelihood(int(np.count_nonzero(signal.failed[a:b])), b - a)
    return fit / signal.baseline.clumping - (len(cuts) - 2) * switch_cost(cuts[-1] - low)


def _rising(signal: Signal, cuts: list[int]) -> int:
    """Return the event after the phases that rise one after the other from the first."""
    total = np.concatenate(([0], np.cumsum(signal.failed[cuts[0] : cuts[-1]], dtype=np.int64)))
    rates = [(total[b - cuts[0]] - total[a - cuts[0]]) / (b - a) for a, b in pairwise(cuts)]
    i = 1
    while i < len(rates) and rates[i] > rates[i - 1]:
        i += 1
    return cuts[i]


def _local_rate(signal: Signal, a: int, b: int) -> float:
    prior = healthy_prior(signal.baseline.rate)
    return (int(np.count_nonzero(signal.failed[a:b])) + prior.a) / (b - a + prior.a + prior.b)


def _reach(signal: Signal, a: int, b: int) -> tuple[int, int]:
    """Return how many events before and after settle a boundary.

    The healthy rate is known from everywhere; the first failing events alone set the other, so that a start that is
    not yet complete keeps its first failures: 60 times the inverse divergence, at least 25.
    """
    rate = float(np.count_nonzero(signal.failed[a:b])) / max(b - a, 1)
    p0 = signal.baseline.rate
    nats = max(min(divergence(rate, p0), divergence(p0, rate)) / signal.baseline.clumping, 1e-6)
    return int(min(max(200 / nats, 2000), 300_000)), int(min(max(60 / nats, 25), 300_000))


def _is_open(signal: Signal, at: int, until: int) -> bool:
    """Tell whether the events before the first failing phase hold too little evidence of health, in nats."""
    rate = float(np.count_nonzero(signal.failed[at:until])) / (until - at)
    null = min(signal.baseline.zone * signal.baseline.rate, 0.9)
    healthy = -evidence(int(np.count_nonzero(signal.failed[:at])), at, rate, null) / signal.baseline.clumping
    return healthy < _OPEN_NATS
