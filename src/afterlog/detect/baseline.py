"""The healthy failure rate, its natural drift and the clumping of its failures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from afterlog.detect.cells import Cells, pack, runs_of
from afterlog.detect.result import Baseline
from afterlog.detect.stream import SECOND, Counts, Flags, Floats, Times, pieces
from afterlog.detect.viterbi import decode

_GRID = 1e-4 * 1.7 ** np.arange(18)
_IMPLAUSIBLE = 0.1  # a service with more failures than this for most of the time had better times
NARROWEST_ZONE = 1.5
_FEW = 20_000
_MOST_CLUMPING = 300.0


@dataclass(frozen=True, slots=True)
class Healthy:
    """The parts of a stream that set its baseline: event ranges ``[first, last)``, each of shape (m,)."""

    first: Counts
    last: Counts
    rate: float
    requests: int
    failures: int
    known: bool  # False: no healthy period in the stream, the rate is assumed


def find_healthy(time: Times, failed: Flags, start_us: int, end_us: int, *, prior: float = 1 / 200) -> Healthy:
    """Return the healthy segments and their pooled failure rate.

    Bins of 60 s (300 s below 0.2 requests/s) are segmented on a geometric grid of rates with penalty 2 ln N + 3; the
    35 % quantile q of the segments' rates, weighted by time, is what the service does when left alone; segments up to
    2 q + 0.003 are pooled; below 20,000 requests 200 at the rate ``prior`` are added. If q is implausible for a
    baseline, the lowest quantile with enough time is taken instead.
    """
    seconds = max((end_us - start_us) / SECOND, 1.0)
    width = 60 if time.size / seconds >= 0.2 else 300
    cells = pack(time, failed, start_us, width * SECOND)
    if cells.size == 0:
        none = np.zeros(0, dtype=np.int64)
        return Healthy(none, none, prior, 0, 0, known=False)
    grid = _GRID[_GRID < 1]
    likelihood = _grid_likelihood(cells, np.append(grid, 0.99))
    runs = runs_of(cells, decode(likelihood, 2 * math.log(cells.size) + 3))
    first = np.array([r.first for r in runs])
    last = np.array([r.last for r in runs])
    requests = last - first
    bad = np.flatnonzero(failed)
    failures = np.searchsorted(bad, last) - np.searchsorted(bad, first)
    starts = np.append(time[first], end_us)
    weight = np.diff(starts).astype(np.float64)
    return _pool(first, last, requests, failures, weight, prior)


def _grid_likelihood(cells: Cells, grid: Floats) -> Floats:
    log_p = np.log(grid)[:, None]
    log_q = np.log1p(-grid)[:, None]
    likelihood: Floats = cells.failed * log_p + (cells.requests - cells.failed) * log_q
    return likelihood


def _pool(first: Counts, last: Counts, requests: Counts, failures: Counts, weight: Floats, prior: float) -> Healthy:
    rates = failures / requests
    q = _typical(rates, weight)
    chosen = rates <= 2 * q + 0.003
    n, k = int(requests[chosen].sum()), int(failures[chosen].sum())
    if q > 0.3:
        return Healthy(first[:0], last[:0], 0.01, 0, 0, known=False)
    rate = (k + 200 * prior) / (n + 200) if n < _FEW else max(k, 1) / n
    return Healthy(first[chosen], last[chosen], rate, n, k, known=True)


def _typical(rates: Floats, weight: Floats) -> float:
    """Return the 35 % quantile of the rates weighted by time, lower where that is no plausible baseline."""
    order = np.argsort(rates, kind="stable")
    share = np.cumsum(weight[order]) / max(float(weight.sum()), 1.0)
    q = float(rates[order][min(int(np.searchsorted(share, 0.35)), rates.size - 1)])
    if q <= _IMPLAUSIBLE:
        return q
    for quantile in (0.2, 0.1, 0.05, 0.02):
        lower = float(rates[order][min(int(np.searchsorted(share, quantile)), rates.size - 1)])
        if lower < q / 4:
            return lower
    return q


def measure(time: Times, failed: Flags, healthy: Healthy, excluded: list[tuple[int, int]]) -> Baseline:
    """Return rate, drift and clumping outside the event ranges ``excluded``.

    Drift is (q50 - q10) / 1.2816 of the log rates of blocks, minus their sampling variance: the lower half only, so
    that outages do not inflate it. Clumping is the largest Pearson dispersion at 1 s and 10 s, clipped to 1...300.
    """
    when, fail = time, failed
    if excluded:
        inside = np.ones(time.size, dtype=bool)
        for first, last in excluded:
            inside[first:last] = False
        when, fail = time[inside], failed[inside]
    sd = 0.0
    clumping = 1.0
    if fail.size and healthy.failures:
        clumping = _clumping(when, fail)
        sd = _drift(when, fail, clumping)
    zone = min(max(math.exp(3 * sd), NARROWEST_ZONE), 8.0)
    return Baseline(healthy.rate, sd, zone, clumping, healthy.requests, healthy.failures)


def _blocks(when: Times, fail: Flags, least_failures: float) -> tuple[Floats, Floats, Callable[[Times], Counts]]:
    """Return requests and failures per block of equal time, (b,), and what gives the block of a time."""
    begin, span = int(when[0]), int(when[-1] - when[0]) + 1
    wanted = np.count_nonzero(fail) / least_failures
    count = int(max(1, min(wanted, span / (1800 * SECOND), 2000)))

    def block_of(some: Times) -> Counts:
        which = ((some - begin).astype(np.float64) * (count / span)).astype(np.int64)
        return np.minimum(which, count - 1)

    requests, failures = np.zeros(count), np.zeros(count)
    for piece in pieces(when.size):
        which = block_of(when[piece])
        requests += np.bincount(which, minlength=count)
        failures += np.bincount(which[fail[piece]], minlength=count)
    return requests, failures, block_of


def _drift(when: Times, fail: Flags, clumping: float) -> float:
    requests, failures, _ = _blocks(when, fail, 25.0)
    busy = requests > 0
    if np.count_nonzero(busy) < 6:
        return 0.0
    logs = np.log((failures[busy] + 0.5) / requests[busy])
    low, middle = np.quantile(logs, (0.1, 0.5))
    spread = float(middle - low) / 1.2816
    sampling = clumping / float(np.median(failures[busy]) + 0.5)
    return math.sqrt(max(spread * spread - sampling, 0.0))


def _clumping(when: Times, fail: Flags) -> float:
    """Return the largest dispersion of failures at 1 s, 10 s and 60 s, clipped to 1...300.

    Squared residuals are summed and divided by the summed variances: like Pearson's mean of ratios, but rare failures
    in nearly empty bins cannot dominate it. At 60 s successive differences keep slow drift out.
    """
    requests, failures, block_of = _blocks(when, fail, 25.0)
    rate = np.clip(failures / np.maximum(requests, 1), 1e-12, 1 - 1e-9)
    worst = 1.0
    for seconds in (1, 10, 60):
        cells = pack(when, fail, 0, seconds * SECOND, merge=False)
        p = rate[block_of(when[cells.first[:-1]])]
        expected = cells.requests * p
        variance = expected * (1 - p)
        usable = variance > 0
        if np.count_nonzero(usable) < 10:
            continue
        residual = (cells.failed - expected)[usable]
        if seconds == 60:
            residual = np.diff(residual) / math.sqrt(2)
        ratio = float(np.square(residual).mean() / variance[usable].mean())
        worst = max(worst, ratio)
    return min(worst, _MOST_CLUMPING)
