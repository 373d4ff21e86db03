"""Sampling: requests of all sources in a frame of bounded size, chosen so that both sides of a request are in it.

Few requests are all taken. Of many, a share is taken by what they are about: by the path, or by path and client
(where many requests have one path, the client tells them apart). What one source keeps, so does every other. The
requests of small sources are all taken, and of the large ones what asks for the same paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.event import Kind

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("time", "source", "host", "method", "path", "client", "upstream")
_CODED: Final = ("source", "host", "method", "path", "client", "upstream")
_BUDGET: Final = 300_000
"""About so many rows are taken; the frame then holds some 50 MB."""
_SMALL: Final = 20_000  # a source of no more rows is taken whole, as long as all such are under half the budget
_MOST_OF_A_PATH: Final = 5_000  # per source; what is asked for more often tells nothing about clocks (see clock.skew)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio (Knuth, TAOCP 3, 6.4)


def requests_of(parts: Sequence[Path]) -> pd.DataFrame | None:
    """Take requests from the parts of all sources, for the comparison of clocks; None where no proxy is among them.

    The frame has the columns `COLUMNS`, ``time`` as int64 UTC microseconds, texts as categories.
    """
    sources: dict[str, list[pq.ParquetFile]] = {}
    for part in parts:
        file = pq.ParquetFile(part)
        if set(COLUMNS) <= set(file.schema_arrow.names):
            sources.setdefault(part.name.rpartition("-")[0], []).append(file)
    if not any(_may_hold(file.metadata, "upstream") for files in sources.values() for file in files):
        return None
    tables = [table for table in _taken(sources) if len(table)]
    if not tables:
        return None
    table = _coded(pa.concat_tables(tables))
    return table.set_column(0, "time", table.column("time").cast(pa.int64())).to_pandas()


def _taken(sources: Mapping[str, list[pq.ParquetFile]]) -> Iterator[pa.Table]:
    rows = {name: sum(file.metadata.num_rows for file in files) for name, files in sources.items()}
    total = sum(rows.values())
    if total <= _BUDGET:
        yield from (table for files in sources.values() for table in _requests(files))
        return
    small = sorted((name for name in rows if rows[name] <= _SMALL), key=lambda name: (rows[name], name))
    while sum(rows[name] for name in small) > _BUDGET // 2:
        small.pop()
    wanted = np.empty(0, np.uint64)
    for name in small:
        for table in _requests(sources[name]):
            wanted = np.union1d(wanted, _keys(table.column("path")))
            yield table
    thin = np.uint64(-(-2 * total // _BUDGET))  # twice, since a request is taken for either of two reasons
    for name in sorted(set(rows) - set(small)):
        yield from _sampled(sources[name], thin, wanted)


def _may_hold(metadata: pq.FileMetaData, column: str) -> bool:
    """Tell from the statistics whether a column has any value."""
    at = metadata.schema.names.index(column)
    for index in range(metadata.num_row_groups):
        told = metadata.row_group(index).column(at).statistics
        if told is None or not told.has_null_count or told.null_count < metadata.row_group(index).num_rows:
            return True
    return False


def _requests(files: Sequence[pq.ParquetFile]) -> Iterator[pa.Table]:
    """Give the requests of a source, row group by row group."""
    for file in files:
        for index in range(file.num_row_groups):
            table = file.read_row_group(index, columns=[*COLUMNS, "kind"])
            yield table.filter(pc.equal(table.column("kind"), str(Kind.REQUEST))).select(list(COLUMNS))


def _coded(table: pa.Table) -> pa.Table:
    """Write texts as codes of one dictionary a column."""
    kinds = [pa.field(f.name, pa.dictionary(pa.int32(), f.type)) if f.name in _CODED else f for f in table.schema]
    return table.cast(pa.schema(kinds)).unify_dictionaries()


def _sampled(files: Sequence[pq.ParquetFile], thin: np.uint64, wanted: np.ndarray) -> Iterator[pa.Table]:
    """Give one in ``thin`` of a source's paths and of its pairs of path and client, and what asks for a wanted path."""
    seen: dict[int, int] = {}
    for table in _requests(files):
        path = _keys(table.column("path"))
        by_path = (path % thin == 0) | np.isin(path, wanted)
        by_path[by_path] = _not_too_often(path[by_path], seen)
        pair = _spread(path ^ _spread(_keys(table.column("client"))))
        yield table.take(pa.array(np.flatnonzero(by_path | (pair % thin == 0))))


def _not_too_often(path: np.ndarray, seen: dict[int, int]) -> np.ndarray:
    """Tell which of these are among the first `_MOST_OF_A_PATH` of their path; ``seen`` counts over all calls."""
    order = np.argsort(path, kind="stable")
    names, begin, count = np.unique(path[order], return_index=True, return_counts=True)
    before = np.array([seen.get(name, 0) for name in names.tolist()], np.int64)
    nth = np.empty(len(path), np.int64)
    nth[order] = np.arange(len(path)) - np.repeat(begin - before, count)
    seen.update(zip(names.tolist(), (before + count).tolist(), strict=True))
    return nth < _MOST_OF_A_PATH


def _keys(column: pa.ChunkedArray) -> np.ndarray:
    """Give a number for each text, equal for equal texts: of its length, its first and its last eight bytes.

    Texts that differ in the middle alone get one number; they are then taken or left together.
    """
    if not len(column):
        return np.empty(0, np.uint64)
    texts = pa.concat_arrays(column.chunks)
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4).astype(np.int64)
    padded = b"\0" * 8 + (texts.buffers()[2] or pa.py_buffer(b"")).to_pybytes() + b"\0" * 8
    words = np.ndarray((len(padded) - 7,), "<u8", buffer=padded, strides=(1,))
    size = np.diff(offsets)
    beyond = (8 * (8 - np.minimum(size, 8))).astype(np.uint64)  # bits of a word that are another text's
    blank = size == 0
    beyond[blank] = 0
    first = (words[offsets[:-1] + 8] << beyond) >> beyond
    last = (words[offsets[1:]] >> beyond) << beyond
    first[blank] = last[blank] = 0
    return _spread(_spread(_spread(size.astype(np.uint64)) ^ first) ^ last)


def _spread(number: np.ndarray) -> np.ndarray:
    """Mix the bits of each number (Knuth's multiplicative hashing), so that any remainder of it is even."""
    mixed = number * _MIX
    return mixed ^ (mixed >> np.uint64(32))
