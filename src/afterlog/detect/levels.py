"""Which level of failures each moment is at: a composite null and a geometric grid above it."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.cells import Cells, Run, pack, runs_of
from afterlog.detect.result import Baseline
from afterlog.detect.stream import Flags, Floats, Times
from afterlog.detect.viterbi import decode

_HIGHEST = 0.98


def levels_above(baseline: Baseline) -> Floats:
    """Return the failure rates (k,) of the raised states, geometric x 1.6 from clearly above the baseline to 0.98."""
    p0 = baseline.rate
    lowest = min(max(3 * p0, 1.5 * baseline.zone * p0, p0 + 0.012), _HIGHEST)
    count = int(math.floor(math.log(_HIGHEST / lowest) / math.log(1.6) + 1e-9))
    grid = lowest * 1.6 ** np.arange(count + 1)
    return np.append(grid[grid < _HIGHEST / 1.05], _HIGHEST)


def likelihoods(cells: Cells, baseline: Baseline, levels: Floats) -> Floats:
    """Return quasi log-likelihoods (1 + k, n), divided by the clumping.

    Row 0 is the null: each cell's rate is free within [p0 / 2, zone p0], which grants drift. The others are the levels.
    """
    n, k = cells.requests, cells.failed
    out = np.empty((levels.size + 1, n.size))
    high = min(baseline.zone * baseline.rate, 0.9)
    p = np.clip(k / np.maximum(n, 1), min(baseline.rate / 2, high), high)
    out[0] = k * np.log(p) + (n - k) * np.log1p(-p)
    for row, level in enumerate(levels, start=1):
        np.multiply(k, math.log(level) - math.log1p(-level), out=out[row])
        out[row] += n * math.log1p(-level)
    out /= baseline.clumping
    return out


def raised_runs(time: Times, failed: Flags, start_us: int, baseline: Baseline) -> list[Run]:
    """Return the runs of events above the baseline, each with its level's number from 1, in time order.

    Each switch of level costs ln(N) / 2 + 3.5 nats, N the number of cells before merging or of events if fewer.
    """
    cells = pack(time, failed, start_us)
    if cells.size == 0 or not np.any(cells.failed):
        return []
    seconds = (int(time[-1]) - int(time[0])) // cells.width_us + 1
    effective = min(time.size, seconds)
    levels = levels_above(baseline)
    path = decode(likelihoods(cells, baseline, levels), switch_cost(effective))
    return [run for run in runs_of(cells, path) if run.level > 0]


def switch_cost(effective: int) -> float:
    """Return the price of one switch among ``effective`` cells, in nats."""
    return 0.5 * math.log(max(effective, 2)) + 3.5
