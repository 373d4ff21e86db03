"""Which level of failures each moment is at: a composite null and a geometric grid above it."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.cells import Cells, Run, pack, runs_of
from afterlog.detect.result import Baseline
from afterlog.detect.stream import Flags, Floats, Times
from afterlog.detect.viterbi import decode

_HIGHEST = 0.98
_HOME = 2.0  # nats by which going back to the baseline is cheaper than going to another raised level
_EDGE = 0.6  # of a switch's cost
_DUE = 10.0  # failures: enough to follow a drift by a third


def levels_above(baseline: Baseline) -> Floats:
    """Return the failure rates (k,) of the raised states, geometric x 1.6 from clearly above the baseline to 0.98."""
    p0 = baseline.rate
    lowest = min(max(3 * p0, 1.5 * baseline.zone * p0, p0 + 0.012), _HIGHEST)
    count = math.floor(math.log(_HIGHEST / lowest) / math.log(1.6) + 1e-9)
    grid = lowest * 1.6 ** np.arange(count + 1)
    return np.append(grid[grid < _HIGHEST / 1.05], _HIGHEST)


def likelihoods(cells: Cells, baseline: Baseline, levels: Floats) -> Floats:
    """Return quasi log-likelihoods (1 + k, n), divided by the clumping.

    Row 0 is the null: its rate follows the failures around each cell, within [p0 / 2, zone p0], which grants drift. The
    others are the levels.
    """
    n, k = cells.requests, cells.failed
    out = np.empty((levels.size + 1, n.size))
    p = _drifting(cells, baseline)
    out[0] = k * np.log(p) + (n - k) * np.log1p(-p)
    for row, level in enumerate(levels, start=1):
        np.multiply(k, math.log(level) - math.log1p(-level), out=out[row])
        out[row] += n * math.log1p(-level)
    out /= baseline.clumping
    return out


def _drifting(cells: Cells, baseline: Baseline) -> Floats:
    """Return the null's rate at each cell (n,): that of the requests around it in which ten failures are due."""
    requests = np.concatenate(([0.0], np.cumsum(cells.requests)))
    failed = np.concatenate(([0.0], np.cumsum(cells.failed)))
    middle = (requests[1:] + requests[:-1]) / 2
    half = np.maximum(_DUE / baseline.rate, cells.requests) / 2
    low, high = np.maximum(middle - half, 0.0), np.minimum(middle + half, requests[-1])
    near = np.interp(high, requests, failed) - np.interp(low, requests, failed)
    highest = min(baseline.zone * baseline.rate, 0.9)
    rate: Floats = np.clip(near / np.maximum(high - low, 1.0), min(baseline.rate / 2, highest), highest)
    return rate


def raised_runs(time: Times, failed: Flags, start_us: int, baseline: Baseline) -> list[Run]:
    """Return the runs of events above the baseline, each with its level's number from 1, in time order.

    A switch costs ln(N) / 2 + 3 nats, to the baseline 2 less and to another level 2 more, N the number of cells before
    merging or of events if fewer.
    """
    cells = pack(time, failed, start_us)
    if cells.size == 0 or not np.any(cells.failed):
        return []
    seconds = (int(time[-1]) - int(time[0])) // cells.width_us + 1
    effective = min(time.size, seconds)
    levels = levels_above(baseline)
    cost = switch_cost(effective)
    likelihood = likelihoods(cells, baseline, levels)
    # being raised at an edge of the window is a switch that nobody saw
    likelihood[1:, 0] -= _EDGE * cost
    likelihood[1:, -1] -= _EDGE * cost
    costs = np.full(levels.size + 1, cost + _HOME)
    costs[0] = cost - _HOME
    path = decode(likelihood, costs)
    return [run for run in runs_of(cells, path) if run.level > 0]


def switch_cost(effective: int) -> float:
    """Return the price of one switch among ``effective`` cells, in nats."""
    return 0.5 * math.log(max(effective, 2)) + 3.0
