"""The counts behind the chart: requests and failures of every service and host in the bins of any window.

``signals.parquet`` holds them per second. Each series is kept as its seconds in order and the running sums over them,
so that the count of a bin is a difference of two sums, found by bisection: a window costs the same whatever it spans
(a few thousand bisections), it is exact for every width of bin, and a month without requests takes no memory. A
pyramid of bins would answer no faster, and only for its own widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from afterlog.case import Case

MOST_BINS: Final = 2_000
MOST_LANES: Final = 24
_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
_COUNTS: Final = ("requests", "failed", "client_errors")

Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Series:
    """The counts of one service, or of one of its hosts.

    ``seconds`` since 1970 UTC, ascending, (n,); ``sums`` the running sums of requests, failures and client errors
    before each of them and behind the last, (3, n + 1); ``bad`` the seconds in which something failed.
    """

    service: str
    host: str | None  # None for the service as a whole
    seconds: Numbers
    sums: Numbers
    bad: Numbers

    @property
    def total(self) -> int:
        """Give the number of requests."""
        return int(self.sums[0, -1])

    def binned(self, edges: Numbers) -> Numbers:
        """Count between the edges, seconds: (3, len(edges) - 1)."""
        counted: Numbers = np.diff(self.sums[:, np.searchsorted(self.seconds, edges)], axis=1)
        return counted


class Counts:
    """All series of a case, the worst services first."""

    def __init__(self, series: list[Series]) -> None:
        self.services = [one for one in series if one.host is None]
        self.services.sort(key=lambda one: (-int(one.sums[1, -1]), -one.total, one.service))
        self._hosts = [one for one in series if one.host is not None]

    @classmethod
    def of(cls, case: Case) -> Counts:
        """Read the counts that the last analysis kept in a case; empty where there are none."""
        file = case.folder / "signals.parquet"  # not by way of afterlog.traffic.signals, which loads the detector
        if not file.is_file():
            return cls([])
        table = pq.read_table(file, columns=["time", "service", "host", *_COUNTS])
        services, service = _coded(table.column("service"))
        hosts, host = _coded(table.column("host"))
        whole = table.column("time").cast(pa.timestamp("s", "UTC"))  # Parquet knows no seconds, and gives milliseconds
        seconds = whole.cast(pa.int64()).to_numpy()
        counts = [table.column(name).to_numpy() for name in _COUNTS]
        found = []
        for code, name in enumerate(services):
            mine = _rows(service == code)
            found.append(_series(str(name), None, seconds[mine], [column[mine] for column in counts]))
            answered = host[mine]
            for place, other in enumerate(hosts):
                rows = _rows(answered == place)
                if other is not None and len(answered[rows]):
                    own = [column[mine][rows] for column in counts]
                    found.append(_series(str(name), other, seconds[mine][rows], own))
        return cls(found)

    def span(self) -> tuple[int, int] | None:
        """Give the first second and the one behind the last; None where nothing was counted."""
        ends = [(int(one.seconds[0]), int(one.seconds[-1]) + 1) for one in self.services if len(one.seconds)]
        return (min(a for a, _ in ends), max(b for _, b in ends)) if ends else None

    def hosts_of(self, service: str) -> list[Series]:
        """Give the hosts that answered for a service, by name."""
        return sorted((one for one in self._hosts if one.service == service), key=lambda one: str(one.host))

    def window(self, service: str, begin: float, end: float, bins: int) -> dict[str, Any]:
        """Give a service's counts in even bins that cover a window, and where its failures are.

        Args:
            service: its name; another name than one of `services` has no requests.
            begin: seconds since 1970 UTC.
            end: seconds, behind ``begin``.
            bins: how many at most, 1 to `MOST_BINS`; their width is a round number of seconds.

        """
        edges, step = even_edges(begin, end, bins)
        mine = next((one for one in self.services if one.service == service), None)
        counted = mine.binned(edges) if mine else np.zeros((3, len(edges) - 1), np.int64)
        answer = {name: row.tolist() for name, row in zip(_COUNTS, counted, strict=True)}
        return {"start": int(edges[0]), "step": step, "service": service, **answer}

    def lanes(self, service: str, begin: float, end: float, bins: int) -> dict[str, Any]:
        """Give one row for every service and for every host of one of them, in even bins."""
        edges, step = even_edges(begin, end, bins)
        chosen = [*self.services[:MOST_LANES], *self.hosts_of(service)][: 2 * MOST_LANES]
        rows = []
        for one in chosen:
            requests, failed, refused = one.binned(edges)
            told = {"requests": requests.tolist(), "failed": failed.tolist(), "client_errors": refused.tolist()}
            rows.append({"service": one.service, "host": one.host, **told})
        return {"start": int(edges[0]), "step": step, "lanes": rows}

    def failing_seconds(self, service: str, begin: float, end: float, most: int = MOST_BINS) -> list[int]:
        """Give the seconds in a window in which something failed: the first and last of each of ``most`` parts."""
        mine = next((one for one in self.services if one.service == service), None)
        if mine is None:
            return []
        low, high = np.searchsorted(mine.bad, [np.floor(begin), np.ceil(end)])
        inside = mine.bad[low:high]
        if len(inside) > most:
            edges = np.linspace(begin, end, most // 2 + 1)
            place = np.searchsorted(inside, edges)
            first, last = place[:-1][np.diff(place) > 0], place[1:][np.diff(place) > 0] - 1
            inside = inside[np.unique(np.concatenate([first, last]))]
        found: list[int] = inside.tolist()
        return found


def even_edges(begin: float, end: float, bins: int) -> tuple[Numbers, int]:
    """Give the edges of even bins that cover a window, and their width in seconds, a round number.

    Edges are multiples of the width, so that a bin stays the same bin while the window moves.
    """
    most = min(max(bins, 1), MOST_BINS)
    widest = _STEPS[-1]
    step = next((s for s in _STEPS if (end - begin) / s + 1 <= most), 0)
    step = step or int(np.ceil((end - begin) / max(most - 1, 1) / widest)) * widest
    first, last = int(begin // step), max(int(-(-end // step)), int(begin // step) + 1)
    edges: Numbers = np.arange(first, last + 1, dtype=np.int64) * step
    return edges, step


def _rows(chosen: NDArray[np.bool_]) -> slice | Numbers:
    """Name the rows that are chosen; as a slice, which copies nothing, where they follow each other."""
    rows = np.flatnonzero(chosen)
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) and rows[-1] - rows[0] + 1 == len(rows) else rows


def _series(service: str, host: str | None, seconds: Numbers, counts: Sequence[NDArray[np.int32]]) -> Series:
    """Order the counts of one series; those of one second become one."""
    if len(seconds) and (seconds[1:] < seconds[:-1]).any():
        order = np.argsort(seconds, kind="stable")
        seconds, counts = seconds[order], [column[order] for column in counts]
    begins = np.flatnonzero(np.diff(seconds, prepend=seconds[:1] - 1)) if len(seconds) else np.zeros(0, np.int64)
    if len(begins) < len(seconds):
        counts = [np.add.reduceat(column, begins, dtype=np.int64) for column in counts]
        seconds = seconds[begins]
    sums = np.zeros((3, len(seconds) + 1), np.int64)
    for row, column in zip(sums, counts, strict=True):
        np.cumsum(column, out=row[1:])
    return Series(service, host, seconds, sums, seconds[np.diff(sums[1]) > 0])


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], NDArray[np.int32]]:
    """Give the different values of a column, and the number of each row's value."""
    if not len(column):
        return [], np.zeros(0, np.int32)
    whole = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    whole = whole.unify_dictionaries().chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return whole.dictionary.to_pylist(), whole.indices.to_numpy().astype(np.int32)
