"""Two outages with a recovery between them that a segmentation of the whole stream is too thrifty to pay for.

A switch of level costs as much inside an outage as on any day of the log. But once there is an outage, that it went
away and came back is nothing rare: a rollback that did not hold, a restart. Looked for only inside candidates, a
healthy interval needs no more evidence than ln n + 4 nats, n the candidate's requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from afterlog.detect.cells import Run
from afterlog.detect.group import JOIN_US, Candidate, patience
from afterlog.detect.levels import switch_cost
from afterlog.detect.result import Baseline
from afterlog.detect.special import binomial_log_likelihood, divergence
from afterlog.detect.stream import Counts, Flags, Floats, Times

_MOST = 5_000  # requests of a candidate: with more, the segmentation itself can pay
_LEAST = 3  # failures on each side
_NATS = 4.0
_OVER_TWO = 5.0  # nats over a staircase's two levels
_UNHEALTHY = 2.0  # nats by which its own rate may explain the recovery better than the baseline


def parted(candidates: list[Candidate], time: Times, failed: Flags, baseline: Baseline) -> list[Candidate]:
    """Return the candidates, those with a recovery of three minutes or more inside as two, each worth an outage."""
    out: list[Candidate] = []
    left = list(reversed(candidates))
    while left:
        one = left.pop()
        cut = _recovery(one, time, failed, baseline)
        if cut is None:
            out.append(one)
        else:
            left += [_piece(one, cut[1], one.last), _piece(one, one.first, cut[0])]
    return out


def _piece(whole: Candidate, first: int, last: int) -> Candidate:
    inside = [r for r in whole.runs if r.first < last and first < r.last]
    return Candidate(first, last, tuple(Run(max(r.first, first), min(r.last, last), r.level) for r in inside))


def _recovery(one: Candidate, time: Times, failed: Flags, baseline: Baseline) -> tuple[int, int] | None:
    """Return the healthy events ``[first, last)`` inside a candidate, with a failure on both sides, or None."""
    n = one.last - one.first
    if not 2 * _LEAST < n <= _MOST:
        return None
    bad = failed[one.first : one.last]
    rate = float(np.mean(bad))
    null = min(baseline.zone * baseline.rate, 0.9)
    if not 2 * null < rate < 1:
        return None
    a, b = _healthiest(bad, rate, null)
    if b <= a or not (a and b < n):
        return None
    length = int(time[one.first + b]) - int(time[one.first + a - 1])
    if length < max(JOIN_US, patience(time, one)):
        return None
    price = (switch_cost(time.size) + 2) * baseline.clumping
    counts = _Counts(np.concatenate(([0], np.cumsum(bad))), null)
    enough = all(counts.worth(*side) > price for side in ((0, a), (b, n)))
    return (one.first + a, one.first + b) if enough and counts.parts(a, b, baseline.clumping) else None


@dataclass(frozen=True, slots=True)
class _Counts:
    """Failures cumulated over a candidate's requests, (n + 1,), and the highest healthy rate."""

    total: Counts
    null: float

    def worth(self, a: int, b: int) -> float:
        """Return the nats by which requests ``[a, b)`` speak against the baseline; none for too few failures."""
        k, n = int(self.total[b] - self.total[a]), b - a
        return n * divergence(k / n, self.null) if k >= _LEAST and k > n * self.null else 0.0

    def parts(self, a: int, b: int, clumping: float) -> bool:
        """Tell whether a recovery ``[a, b)`` explains the whole better than one level does, or a change between two."""
        n = self.total.size - 1
        k = int(self.total[b] - self.total[a])
        healthy = k * math.log(self.null) + (b - a - k) * math.log1p(-self.null)
        if self._free(a, b) - healthy > _UNHEALTHY:
            return False
        three = self._free(0, a) + healthy + self._free(b, n)
        two = max(self._free(0, a) + self._free(a, n), self._free(0, b) + self._free(b, n))
        return three - self._free(0, n) > (math.log(n) + _NATS) * clumping and three - two > _OVER_TWO * clumping

    def _free(self, a: int, b: int) -> float:
        return binomial_log_likelihood(int(self.total[b] - self.total[a]), b - a)


def _healthiest(bad: Flags, rate: float, null: float) -> tuple[int, int]:
    """Return the events ``[a, b)`` that speak most for the baseline against the candidate's rate."""
    gain = np.where(bad, math.log(null / rate), math.log((1 - null) / (1 - rate)))
    total: Floats = np.concatenate(([0.0], np.cumsum(gain)))
    b = int(np.argmax(total - np.minimum.accumulate(total)))
    return int(np.argmin(total[: b + 1])), b
