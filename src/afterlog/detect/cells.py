"""Events packed into cells: only as many as something can change in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from afterlog.detect.stream import PIECE, SECOND, Counts, Flags, Floats, Times

MOST_CELLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Cells:
    """Runs of consecutive events: cell c holds events ``[first[c], first[c + 1])``.

    ``first`` has shape (n + 1,), ``requests`` and ``failed`` (n,); ``width_us`` is the bin they were made from.
    """

    first: Counts
    requests: Floats
    failed: Floats
    width_us: int

    @property
    def size(self) -> int:
        """The number of cells."""
        return int(self.requests.size)


def pack(time: Times, failed: Flags, start_us: int, width_us: int = SECOND, *, merge: bool = True) -> Cells:
    """Return the events (n,) in bins of ``width_us``; the width doubles while more than 2^20 cells remain.

    Empty bins are dropped, and neighbours without a failure, or with nothing else, are merged if ``merge``. Both are
    exact for a segmentation whose switches cost the same everywhere: inside such a run the log-likelihood of every
    level is proportional to the requests, so a switch inside it never beats one at its edge.
    """
    while True:
        cells = _pack_once(time, failed, start_us, width_us, merge=merge)
        if cells.size <= MOST_CELLS:
            return cells
        width_us *= 2


def _pack_once(time: Times, failed: Flags, start_us: int, width_us: int, *, merge: bool) -> Cells:
    if time.size == 0:
        return Cells(np.zeros(1, dtype=np.int64), np.zeros(0), np.zeros(0), width_us)
    first = _firsts(time, start_us, width_us)
    requests = np.diff(np.append(first, time.size))
    failures = np.diff(np.searchsorted(np.flatnonzero(failed), np.append(first, time.size)))
    if merge:
        kind = np.where(failures == 0, 0, np.where(failures == requests, 1, 2))
        keep = np.concatenate(([True], (kind[1:] != kind[:-1]) | (kind[1:] == 2)))
        group = np.flatnonzero(keep)
        first = first[group]
        requests = np.add.reduceat(requests, group)
        failures = np.add.reduceat(failures, group)
    edges = np.append(first, time.size).astype(np.int64)
    return Cells(edges, requests.astype(np.float64), failures.astype(np.float64), width_us)


def _firsts(time: Times, start_us: int, width_us: int) -> Counts:
    """Return the first event of each bin that has any; bins are looked for where they are fewer than events."""
    begin, end = ((int(at) - start_us) // width_us for at in (time[0], time[-1]))
    if end - begin < time.size // 8:
        edges = np.searchsorted(time, start_us + np.arange(begin, end + 2) * width_us)
        return edges[:-1][edges[1:] > edges[:-1]]
    starts: list[Counts] = []
    before = None
    for at in range(0, time.size, PIECE):
        index = (time[at : at + PIECE] - start_us) // width_us
        if before != index[0]:
            starts.append(np.array([at]))
        starts.append(np.flatnonzero(index[1:] != index[:-1]) + at + 1)
        before = index[-1]
    return np.concatenate(starts)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive events ``[first, last)`` decoded as one level; 0 is the baseline."""

    first: int
    last: int
    level: int


def runs_of(cells: Cells, path: np.ndarray) -> list[Run]:
    """Return the maximal runs of one state in a path (n,) over the cells."""
    if path.size == 0:
        return []
    edges = np.concatenate(([0], np.flatnonzero(path[1:] != path[:-1]) + 1, [path.size]))
    return [Run(int(cells.first[a]), int(cells.first[b]), int(path[a])) for a, b in pairwise(edges)]
