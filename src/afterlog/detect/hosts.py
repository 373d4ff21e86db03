"""Which hosts an excursion belongs to, and hosts whose clock was wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from afterlog.detect.phases import evidence
from afterlog.detect.result import Baseline
from afterlog.detect.stream import SECOND, Codes, Flags, Floats, Times, present

_NATS = 3.0
MOST_HOSTS = 64
_SHIFTED_NATS = 8.0
_FREE_NATS = 4.0
_LEAST_EVENTS = 10
_LEAST_RATE, _MOST_RATE = 0.005, 0.95  # what one stray request may say, and no more
_MOST_OFFSETS = 50_000


def known_hosts(host: Codes) -> list[int]:
    """Return the codes of the hosts in the stream, ascending, without the unknown."""
    return [code for code in present(host) if code >= 0]


def failing_hosts(host: Codes, failed: Flags, baseline: Baseline) -> tuple[int, ...]:
    """Return the hosts that fail while all others are healthy, () if that is not so, for an excursion's events (n,).

    A host fails if its own rate beats the baseline's zone by more than 3 nats; the others are healthy if the baseline's
    zone beats half the failing hosts' rate by more than 3 nats for them together.
    """
    hosts = known_hosts(host)
    if len(hosts) < 2 or len(hosts) > MOST_HOSTS:
        return ()
    null = min(baseline.zone * baseline.rate, 0.9)
    known = host >= 0
    asked, lost = (np.bincount(host[which], minlength=hosts[-1] + 1) for which in (known, known & failed))
    counts = {h: (int(lost[h]), int(asked[h])) for h in hosts}
    bad = [
        h for h, (k, n) in counts.items() if k / n > null and evidence(k, n, k / n, null) > _NATS * baseline.clumping
    ]
    rest = [h for h in hosts if h not in bad]
    if not bad or not rest:
        return ()
    k_bad, n_bad = (sum(counts[h][i] for h in bad) for i in (0, 1))
    k, n = (sum(counts[h][i] for h in rest) for i in (0, 1))
    half = max(k_bad / n_bad / 2, 2 * null)
    healthy = -evidence(k, n, min(half, 0.98), null) / baseline.clumping
    return tuple(bad) if healthy > _NATS else ()


@dataclass(frozen=True, slots=True)
class _Score:
    """Log-likelihood ratios of failing against healthy, cumulated over events (n,) in the order of time: (n + 1,)."""

    time: Times
    total: Floats

    @classmethod
    def of(cls, time: Times, failed: Flags, rates: tuple[float, float]) -> _Score:
        """Return the score of events for a failing and a healthy rate."""
        p1, p0 = rates
        gain = np.where(failed, math.log(p1 / p0), math.log((1 - p1) / (1 - p0)))
        return cls(time, np.concatenate(([0.0], np.cumsum(gain))))

    def between(self, start: Floats | float, end: Floats | float) -> Floats:
        """Return the score of the events within intervals."""
        first, last = np.searchsorted(self.time, start), np.searchsorted(self.time, end)
        score: Floats = np.asarray(self.total[last] - self.total[first])
        return score

    def best(self) -> tuple[float, float, float]:
        """Return the interval with the highest score, in time, and its score; its ends lie between events."""
        lowest = np.minimum.accumulate(self.total)
        last = int(np.argmax(self.total - lowest))
        first = int(np.argmin(self.total[: last + 1]))
        return self._edge(first), self._edge(last), float(self.total[last] - self.total[first])

    def _edge(self, event: int) -> float:
        low, high = max(event - 1, 0), min(event, self.time.size - 1)
        return (int(self.time[low]) + int(self.time[high])) / 2


def clock_offsets(
    time: Times, failed: Flags, host: Codes, window: tuple[int, int], inside: tuple[int, int], baseline: Baseline
) -> dict[int, int]:
    """Return the hosts whose failures are those of the others shifted in time, with the shift in microseconds.

    ``window`` is where failures may lie, ``inside`` the excursion, both in time. The others' failing interval, moved by
    an offset, is scored on a host's own requests by log-likelihood ratios. A shift counts if it beats none by more than
    8 nats, half of them because the host was healthy while the others failed and half because it failed while they did
    not, and if an interval with two free ends beats it by less than 4: start *and* end are off alike. Fewer than half
    of the hosts that fail can be off. Evidence is divided by the clumping.
    """
    a, b = (int(i) for i in np.searchsorted(time, window))
    time, failed, host = time[a:b], failed[a:b], host[a:b]
    during = failed[slice(*np.searchsorted(time, inside))]
    usual = max(baseline.rate, _LEAST_RATE)
    raised = min(float(np.count_nonzero(during)) / max(during.size, 1), _MOST_RATE)
    if raised < 3 * usual:
        return {}
    rates, out, failing = (raised, usual), {}, 0
    nats = _SHIFTED_NATS * baseline.clumping
    for h in known_hosts(host):
        mine = host == h
        own = _Score.of(time[mine], failed[mine], rates)
        if own.total.size < _LEAST_EVENTS:
            continue
        start, end, _ = _Score.of(time[~mine], failed[~mine], rates).best()
        *_, free = own.best()
        failing += free > nats
        offset, fit = _offset(own, (start, end), (window[0] - start, window[1] - end))
        overlap = max(start, start + offset), min(end, end + offset)
        common = float(own.between(*overlap)) if overlap[0] < overlap[1] else 0.0
        gained, lost = fit - common, float(own.between(start, end)) - common
        shifted = gained > nats / 2 and -lost > nats / 2 and fit > nats
        if shifted and free - fit < _FREE_NATS * baseline.clumping and abs(offset) > 2 * SECOND:
            out[h] = offset
    return out if 2 * len(out) < failing else {}


def _offset(own: _Score, others: tuple[float, float], reach: tuple[float, float]) -> tuple[int, float]:
    """Return the posterior median of the offset at which a host's own score of the others' interval is high, and it."""
    thin = -(-own.time.size // _MOST_OFFSETS)
    stops = np.concatenate([own.time[::thin] - edge for edge in others])
    stops = np.unique(np.concatenate((stops[(stops > reach[0]) & (stops < reach[1])], reach)))
    middle = (stops[1:] + stops[:-1]) / 2
    fit = own.between(others[0] + middle, others[1] + middle)
    weight = np.cumsum(np.exp(fit - fit.max()) * np.diff(stops))
    median = float(np.interp(0.5 * weight[-1], np.concatenate(([0.0], weight)), stops))
    return round(median), float(fit.max())
