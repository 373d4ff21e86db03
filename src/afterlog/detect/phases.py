"""The levels inside an excursion: where they change and what they are."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.boundary import JEFFREYS, change_point
from afterlog.detect.cells import Cells, pack
from afterlog.detect.levels import switch_cost
from afterlog.detect.result import Phase
from afterlog.detect.special import binomial_log_likelihood
from afterlog.detect.stream import SECOND, Flags, Floats, Times
from afterlog.detect.viterbi import decode

_SHORTEST_US = 60 * SECOND
_GRID = np.array(
    [0.001, 0.003, 0.01, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.38, 0.46, 0.54, 0.62, 0.7, 0.78, 0.86, 0.93, 0.98, 0.997]
)
_MOST_PHASES = 40


def split(time: Times, failed: Flags, clumping: float) -> list[int]:
    """Return the event indices at which phases of one excursion begin, 0 first, for its events (n,).

    Cells are segmented on a grid of rates; then neighbours whose difference does not pay a switch (binomial likelihood
    ratio), and phases under 60 s at an edge or with a rate within 1/2 of a neighbour's, are merged.
    """
    if time.size == 0:
        return [0]
    cells = pack(time, failed, int(time[0]))
    path = decode(_likelihood(cells) / clumping, switch_cost(cells.size))
    change = np.flatnonzero(path[1:] != path[:-1]) + 1
    cuts = [0, *(int(i) for i in cells.first[change]), time.size]
    total = np.concatenate(([0], np.cumsum(failed, dtype=np.int64)))
    _merge(cuts, total, time, clumping)
    return cuts[:-1]


def _likelihood(cells: Cells) -> Floats:
    rates = _GRID[:, None]
    out: Floats = cells.failed * np.log(rates) + (cells.requests - cells.failed) * np.log1p(-rates)
    return out


def _merge(cuts: list[int], total: np.ndarray, time: Times, clumping: float) -> None:
    """Remove from ``cuts`` the boundary that is worth least until all are worth keeping."""
    price = switch_cost(time.size)
    while len(cuts) > 2:
        worths = [_worth(cuts, i, total, time) / clumping for i in range(1, len(cuts) - 1)]
        least = int(np.argmin(worths))
        if worths[least] >= price and len(cuts) <= _MOST_PHASES + 1:
            return
        del cuts[least + 1]


def _worth(cuts: list[int], i: int, total: np.ndarray, time: Times) -> float:
    """Return the log-likelihood ratio of the boundary ``cuts[i]``; none if it only makes a short, similar phase."""
    a, b, c = cuts[i - 1], cuts[i], cuts[i + 1]
    left, right = (int(total[b] - total[a]), b - a), (int(total[c] - total[b]), c - b)
    gain = (
        binomial_log_likelihood(*left)
        + binomial_log_likelihood(*right)
        - binomial_log_likelihood(left[0] + right[0], left[1] + right[1])
    )
    similar = abs(left[0] / left[1] - right[0] / right[1]) < 0.5
    last = min(c, time.size - 1)
    lengths = int(time[b] - time[a]), int(time[last] - time[b])
    # a first or last phase lies between the baseline and a neighbour: any short one is a ramp
    at_edge = (i == 1 and lengths[0] < _SHORTEST_US) or (i == len(cuts) - 2 and lengths[1] < _SHORTEST_US)
    return gain * 1e-6 if at_edge or (similar and min(lengths) < _SHORTEST_US) else gain


def measured(time: Times, failed: Flags, cuts: list[int], edges: tuple[int, int], clumping: float) -> tuple[Phase, ...]:
    """Return the phases of an excursion ``[edges)``, boundaries refined to the change point's median."""
    stops = [edges[0]]
    bounds = [*cuts, time.size]
    for i in range(1, len(cuts)):
        low, high = bounds[i - 1], bounds[i + 1]
        low, high = max(low, bounds[i] - 200_000), min(high, bounds[i] + 200_000)
        window = slice(low, high)
        around = (int(time[low]), int(time[high - 1]) + 1)
        stop = change_point(time[window], failed[window], around, (JEFFREYS, JEFFREYS), clumping=clumping).time_us
        stops.append(min(max(stop, stops[-1]), edges[1]))
    stops.append(edges[1])
    index = np.searchsorted(time, stops)
    index[0], index[-1] = 0, time.size
    phases = []
    for i in range(len(stops) - 1):
        n = int(index[i + 1] - index[i])
        phases.append(Phase(stops[i], stops[i + 1], n, int(np.count_nonzero(failed[index[i] : index[i + 1]]))))
    return tuple(phases)


def evidence(failed: int, requests: int, rate: float, null: float) -> float:
    """Return ln of the likelihood ratio of ``rate`` against ``null`` for the counts, in nats."""
    rate, null = (min(max(p, 1e-9), 1 - 1e-9) for p in (rate, null))
    return failed * math.log(rate / null) + (requests - failed) * math.log((1 - rate) / (1 - null))
