"""Requests as arrays: many rows in little memory, names as codes that follow the alphabet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.case import Case
from afterlog.event import Kind
from afterlog.evidence import Place

Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Times = NDArray[np.int64]

_CODED: Final = ("source", "host", "service", "client", "method", "path", "upstream")


@dataclass(frozen=True, slots=True)
class Names:
    """What the codes stand for; −1 stands for nothing."""

    source: tuple[str, ...]
    host: tuple[str, ...]
    service: tuple[str, ...]
    client: tuple[str, ...]
    method: tuple[str, ...]
    path: tuple[str, ...]
    upstream: tuple[str, ...]
    server: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in the order of time, source and line; arrays of shape (n,), names by code (−1 for none)."""

    time: Times  # UTC microseconds
    line: Times
    offset: Times
    status: NDArray[np.int16]  # 0 where none was logged
    source: Codes
    host: Codes  # the machine that logged it
    service: Codes
    client: Codes
    method: Codes
    path: Codes
    upstream: Codes  # the server behind the proxy that answered
    server: Codes  # the upstream where a proxy names one, else the host
    names: Names

    def __len__(self) -> int:
        return len(self.time)

    @property
    def failed(self) -> Flags:
        """Tell which requests failed: status 500 and above."""
        return self.status >= 500

    @property
    def client_error(self) -> Flags:
        """Tell which requests were refused: status 400 to 499."""
        return (self.status >= 400) & (self.status < 500)

    def take(self, which: Flags) -> Requests:
        """Give some of the requests."""
        return Requests(
            self.time[which], self.line[which], self.offset[which], self.status[which], self.source[which],
            self.host[which], self.service[which], self.client[which], self.method[which], self.path[which],
            self.upstream[which], self.server[which], self.names,
        )  # fmt: skip

    def within(self, start_us: int, end_us: int) -> slice:
        """Give the rows from one moment to another, both included."""
        return slice(int(np.searchsorted(self.time, start_us)), int(np.searchsorted(self.time, end_us, side="right")))

    def place(self, row: int) -> Place:
        """Give the line of one request."""
        return Place(self.names.source[self.source[row]], int(self.line[row]), int(self.offset[row]))


def distinct(codes: Codes) -> int:
    """Count the distinct names among codes."""
    return len(np.unique(codes[codes >= 0]))


def read_requests(case: Case) -> Requests:
    """Read every request of a case."""
    columns = ["time", "line", "offset", "status", *_CODED]
    table = case.coded_events(columns, _CODED, pc.field("kind") == str(Kind.REQUEST))
    time = table.column("time").cast(pa.int64()).to_numpy()
    line = table.column("line").to_numpy()
    coded = {column: _coded(table.column(column)) for column in _CODED}
    order = np.lexsort((line, coded["source"][0], time))
    status = pc.fill_null(table.column("status"), 0).to_numpy()
    coded["server"] = _servers(coded["upstream"], coded["host"])
    offset = table.column("offset").to_numpy()
    codes = {column: pair[0][order] for column, pair in coded.items()}
    names = Names(**{column: pair[1] for column, pair in coded.items()})
    return Requests(time[order], line[order], offset[order], status[order], names=names, **codes)


def _servers(
    upstream: tuple[Codes, tuple[str, ...]], host: tuple[Codes, tuple[str, ...]]
) -> tuple[Codes, tuple[str, ...]]:
    own = np.where(host[0] >= 0, host[0] + len(upstream[1]), -1)
    return _renumbered(np.where(upstream[0] >= 0, upstream[0], own), (*upstream[1], *host[1]))


def _coded(column: pa.ChunkedArray) -> tuple[Codes, tuple[str, ...]]:
    """Give the codes of a dictionary column, −1 for null, numbered in the alphabetical order of their names."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of no chunks
        return np.empty(0, np.int32), ()
    array = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    raw = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return _renumbered(raw, tuple(array.dictionary.to_pylist()))


def _renumbered(codes: Codes, names: tuple[str, ...]) -> tuple[Codes, tuple[str, ...]]:
    """Renumber codes so that equal names have one code and codes follow the alphabet: the same logs, the same codes."""
    ordered = sorted(set(names))
    place = {name: number for number, name in enumerate(ordered)}
    numbers = np.array([*(place[name] for name in names), -1], np.int32)
    return numbers[codes], tuple(ordered)
