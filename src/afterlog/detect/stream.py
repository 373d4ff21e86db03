"""What goes in: one signal's requests as arrays, in time order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Times: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.integer]

SECOND = 1_000_000
PIECE = 1 << 18  # events that are looked at at once


@dataclass(frozen=True, slots=True)
class Stream:
    """One signal's requests as events: times and failure flags, as read from logs.

    All arrays have shape (n,). ``time_us`` is UTC microseconds, ascending, ties allowed; ``client``,
    ``signature`` (method, route, agent) and ``host`` are codes, -1 where unknown; ``client_error`` marks 4xx.
    ``resolution_us`` is the step of the stamps. ``[start_us, end_us)`` is what the sources cover, ``gaps`` are
    intervals known to be missing, ``rotation_us`` the instants at which a source file ends or begins. ``route`` are
    codes of groups of paths, None where they don't matter. Evidence is divided by ``strictness``: 2 asks for twice as
    much as 1.
    """

    time_us: Times
    failed: Flags
    client: Codes
    signature: Codes
    client_error: Flags
    host: Codes
    resolution_us: int
    start_us: int
    end_us: int
    gaps: tuple[tuple[int, int], ...] = ()
    rotation_us: tuple[int, ...] = ()
    route: Codes | None = None
    strictness: float = 1.0

    def take(self, which: Flags | Counts | slice) -> Stream:
        """Return the stream with only the events selected by a mask, indices or a slice."""
        return replace(
            self,
            time_us=self.time_us[which],
            failed=self.failed[which],
            client=self.client[which],
            signature=self.signature[which],
            client_error=self.client_error[which],
            host=self.host[which],
            route=None if self.route is None else self.route[which],
        )


def prepare(stream: Stream) -> Stream:
    """Return the stream cut to its window, in time order, with coarse stamps spread by line order.

    Events that share a stamp of step r are placed at (rank + 1/2) r / count after it, which keeps the order of the
    lines and is unbiased for stamps that were truncated.
    """
    time = np.asarray(stream.time_us, dtype=np.int64)
    if time.size and (time[0] < stream.start_us or time[-1] >= stream.end_us or np.any(time[1:] < time[:-1])):
        order = np.argsort(time, kind="stable")
        kept = order[(time[order] >= stream.start_us) & (time[order] < stream.end_us)]
        stream = stream.take(kept)
        time = np.asarray(stream.time_us, dtype=np.int64)
    return replace(stream, time_us=spread(time, stream.resolution_us))


def spread(time: Times, resolution_us: int) -> Times:
    """Return times (n,) with each run of equal stamps spread evenly over the step that follows it."""
    if resolution_us <= 1 or time.size == 0:
        return time
    edges = np.concatenate(([0], np.flatnonzero(time[1:] != time[:-1]) + 1, [time.size]))
    cuts = np.append(np.unique(np.searchsorted(edges, np.arange(0, time.size, PIECE))), edges.size - 1)
    spread_out: Times = np.empty_like(time)
    for begin, end in pairwise(cuts.tolist()):
        first, count = edges[begin:end], np.diff(edges[begin : end + 1])
        inside = slice(int(edges[begin]), int(edges[end]))
        rank = np.arange(inside.start, inside.stop) - np.repeat(first, count)
        spread_out[inside] = time[inside] + (2 * rank + 1) * resolution_us // np.repeat(2 * count, count)
    return spread_out


def pieces(events: int) -> Iterator[slice]:
    """Cut so many events into slices that are looked at one after another: what that takes of memory is bounded."""
    return (slice(begin, begin + PIECE) for begin in range(0, events, PIECE))


def look_up(table: NDArray[Any], codes: Codes) -> NDArray[Any]:
    """Return the table's entry for each code, (n,); piece by piece, as numpy widens what it indexes with."""
    found = np.empty(codes.size, table.dtype)
    for piece in pieces(codes.size):
        found[piece] = table[codes[piece]]
    return found


def present(codes: Codes) -> list[int]:
    """Return the different codes, ascending: much faster than sorting, as codes are small."""
    used = np.zeros(int(codes.max(initial=-1)) + 2, bool)
    for piece in pieces(codes.size):
        used[codes[piece]] = True  # −1 is the last
    return [*([-1] if used[-1] else []), *np.flatnonzero(used[:-1]).tolist()]
