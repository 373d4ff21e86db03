"""Rows: the few events that anchors are made of, read without reading all of a case."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.event import Kind


def changes_with(parts: Sequence[Path], actions: Collection[str], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Give the changes with one of these actions, row group by row group; ``time`` as int64 microseconds.

    Row groups without a change are passed over. Columns that a file lacks are null.
    """
    wanted = pa.array(sorted(actions), pa.string())
    for part in parts:
        file = pq.ParquetFile(part)
        for index in range(file.num_row_groups):
            kinds = ends_of(file.metadata, index, "kind")
            if kinds is not None and not kinds[0] <= str(Kind.CHANGE) <= kinds[1]:
                continue
            chosen = pc.is_in(file.read_row_group(index, columns=["action"]).column("action"), wanted)
            if pc.any(chosen).as_py():
                yield taken(file, index, columns, chosen)


def taken(file: pq.ParquetFile, index: int, columns: Sequence[str], chosen: pa.ChunkedArray) -> pa.Table:
    """Give the chosen rows of a row group; ``time`` as int64 microseconds, columns that the file lacks null."""
    there = [name for name in columns if name in file.schema_arrow.names]
    table = file.read_row_group(index, columns=there).filter(chosen)
    arrays = [
        table.column(name) if name in there else pa.chunked_array([pa.nulls(len(table), pa.string())])
        for name in columns
    ]
    result = pa.Table.from_arrays(arrays, names=list(columns))
    return result.set_column(columns.index("time"), "time", result.column("time").cast(pa.int64()))


def ends_of(metadata: pq.FileMetaData, index: int, column: str) -> tuple[str, str] | None:
    """Give the first and last value of a text column in a row group, by its statistics; None where it has none."""
    told = metadata.row_group(index).column(metadata.schema.names.index(column)).statistics
    return (told.min, told.max) if told is not None and told.has_min_max else None


def source_of(part: Path) -> str:
    """Give the source of a part: all rows of a part are of one; "" where the part is empty."""
    told = pq.ParquetFile(part).metadata
    ends = ends_of(told, 0, "source") if told.num_row_groups else None
    return ends[0] if ends is not None else ""


def short(name: str) -> str:
    """Give a host's name without its domain, in small letters; an address stays whole."""
    return name if name.replace(".", "").isdecimal() or ":" in name else name.partition(".")[0].lower()
