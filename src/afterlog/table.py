"""From a parsed block to rows of the merged timeline, in the columns of `afterlog.event.SCHEMA`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.clock import Clock, bases
from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA, Kind
from afterlog.parser import Batch, Column
from afterlog.parsing import Parsed
from afterlog.source import Source

_NOWHERE = frozenset({"localhost", "-", ""})


def to_table(parsed: Parsed, source: Source, clock: Clock) -> pa.Table:
    """Give the events of one parsed block, in line order.

    Raises:
        ParserError: a parser gave a column of the wrong length.

    """
    batch = parsed.batch
    if batch is None:
        return SCHEMA.empty_table()
    count = len(batch.rows)
    for name, column in batch.columns.items():
        if len(column) != count:
            raise ParserError(f"{source.path}: a parser gave {len(column)} values of {name!r} for {count} events")
    resolved = clock.resolve(batch.times)
    names = pa.array([str(basis) for basis in bases()])
    columns: dict[str, Column] = {name: column for name, column in batch.columns.items() if name in COLUMNS}
    columns |= {
        "time": pa.array(resolved.utc_us).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
        "time_basis": names.take(pa.array(resolved.basis)),
        "source": pa.repeat(pa.scalar(source.path), count),
        "line": pa.array(parsed.line),
        "offset": pa.array(parsed.offset),
        "parser": batch.parser,
        "host": _host(batch.columns.get("host"), source.host, count),
        "service": _filled(batch.columns.get("service"), source.service, count),
        "fields": _fields({name: column for name, column in batch.columns.items() if name not in COLUMNS}, count),
    }
    if "run" in columns:
        changes = pc.equal(columns["kind"], str(Kind.CHANGE))
        columns["run"] = pc.if_else(changes, columns["run"], pa.scalar(None, pa.string()))
    arrays = [_cast(columns.get(field.name), field, count) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _cast(column: Column | None, field: pa.Field, count: int) -> Column:
    if column is None:
        return pa.nulls(count, field.type)
    return column if column.type == field.type else column.cast(field.type, safe=False)


def _filled(column: Column | None, default: str | None, count: int) -> Column:
    fallback = pa.scalar(default, pa.string())
    if column is None:
        return pa.repeat(fallback, count) if default is not None else pa.nulls(count, pa.string())
    return pc.fill_null(column, fallback) if default is not None else column


def _host(column: Column | None, known: str | None, count: int) -> Column:
    """Prefer the host a line names, except where it is the path's host under a longer or empty name."""
    if column is None:
        return _filled(None, known, count)
    coded = column.dictionary_encode()
    names = [_same_host(name, known) for name in coded.dictionary.to_pylist()]
    return _filled(pa.array(names, pa.string()).take(coded.indices), known, count)


def _same_host(name: str | None, known: str | None) -> str | None:
    if name is None or name in _NOWHERE:
        return known
    if known is not None and name.partition(".")[0] == known.partition(".")[0]:
        return known
    return name


def _fields(columns: Mapping[str, Column], count: int) -> Column:
    """Interleave the remaining columns into one map per row, absent values left out."""
    kind = SCHEMA.field("fields").type
    names = sorted(columns)
    if not names:
        return pa.nulls(count, kind)
    valid = np.stack([np.asarray(columns[name].is_valid()) for name in names], axis=1)  # (count, k)
    offsets = np.concatenate(([0], np.cumsum(valid.sum(axis=1)))).astype(np.int32)
    row, which = np.nonzero(valid)
    values = pa.concat_arrays([columns[name].cast(pa.string()) for name in names]).take(pa.array(which * count + row))
    keys = pa.array(names).take(pa.array(which))
    return pa.MapArray.from_arrays(pa.array(offsets), keys, values)


def sorted_by_time(table: pa.Table) -> pa.Table:
    """Order rows by time; rows of one time keep their order."""
    time = table.column("time").to_numpy()
    if len(time) < 2 or bool((time[1:] >= time[:-1]).all()):
        return table
    return table.take(pa.array(np.argsort(time, kind="stable")))


def batch_hosts(batch: Batch | None) -> list[str]:
    """Give the distinct hosts a batch names."""
    if batch is None or "host" not in batch.columns:
        return []
    return [name for name in pc.unique(batch.columns["host"]).to_pylist() if name]
