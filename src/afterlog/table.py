"""From a parsed block to rows of the merged timeline, in the columns of `afterlog.event.SCHEMA`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.clock import Clock, bases
from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA, Kind
from afterlog.parsed import Parsed
from afterlog.parser import Batch, Column
from afterlog.source import Source

_NOWHERE = frozenset({"localhost", "-", ""})


FIELD: Final = "field."
"""What a name of ``fields`` begins with where it is a column of its own, as in the files of a case."""


def to_table(parsed: Parsed, source: Source, clock: Clock) -> pa.Table:
    """Give the events of one parsed block, in line order, in the columns of the case's files.

    Raises:
        ParserError: a parser gave a column of the wrong length.

    """
    columns = to_columns(parsed, source)
    if parsed.batch is None:
        return with_times({}, np.empty(0, np.int64), np.empty(0, np.int8))
    resolved = clock.resolve(parsed.batch.times)
    return with_times(columns, resolved.utc_us, resolved.basis)


def to_columns(parsed: Parsed, source: Source) -> dict[str, Column]:
    """Give the columns of one parsed block that need no clock; threads may do this in any order.

    Raises:
        ParserError: a parser gave a column of the wrong length.

    """
    batch = parsed.batch
    if batch is None:
        return {}
    count = len(batch.rows)
    for name, column in batch.columns.items():
        if len(column) != count:
            raise ParserError(f"{source.path}: a parser gave {len(column)} values of {name!r} for {count} events")
    columns: dict[str, Column] = {name: column for name, column in batch.columns.items() if name in COLUMNS}
    columns |= {
        "source": pa.repeat(pa.scalar(source.path), count),
        "line": pa.array(parsed.line),
        "offset": pa.array(parsed.offset),
        "parser": batch.parser,
        "host": _host(batch.columns.get("host"), source.host, count),
        "service": _filled(batch.columns.get("service"), source.service, count),
    }
    if "run" in columns:
        changes = pc.equal(columns["kind"], str(Kind.CHANGE))
        columns["run"] = pc.if_else(changes, columns["run"], pa.scalar(None, pa.string()))
    arrays = {field.name: _cast(columns.get(field.name), field, count) for field in SCHEMA if field.name not in _LATER}
    extra = sorted(name for name, column in batch.columns.items() if name not in COLUMNS and column.null_count < count)
    return arrays | {f"{FIELD}{name}": batch.columns[name] for name in extra}


_LATER: Final = frozenset({"time", "time_basis", "fields"})


def with_times(columns: Mapping[str, Column], utc_us: np.ndarray, basis: np.ndarray) -> pa.Table:
    """Put the times before the other columns; shapes (n,), UTC microseconds and codes into ``bases()``."""
    if not columns:
        return FIXED.empty_table()
    names = pa.array([str(one) for one in bases()])
    same = len(basis) and bool((basis == basis[0]).all())
    told = pa.repeat(names[int(basis[0])], len(basis)) if same else names.take(pa.array(basis))
    times = pa.array(utc_us).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    arrays = [{"time": times, "time_basis": told}.get(field.name, columns.get(field.name)) for field in FIXED]
    extra = [name for name in columns if name.startswith(FIELD)]
    schema = pa.schema([*FIXED, *(pa.field(name, columns[name].type) for name in extra)])
    return pa.Table.from_arrays([*arrays, *(columns[name] for name in extra)], schema=schema)


FIXED: Final = pa.schema([field for field in SCHEMA if field.name != "fields"])
"""The event columns that every file of a case has."""


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Put tables of one source behind each other; a field that is missing in one is null there."""
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            kinds.setdefault(field.name, set()).add(field.type)
    if all(table.schema.equals(tables[0].schema) for table in tables[1:]):
        return pa.concat_tables(tables)
    fields = [field if field.name in COLUMNS else None for field in FIXED]
    extra = [
        pa.field(name, next(iter(found)) if len(found) == 1 else pa.string())
        for name, found in sorted(kinds.items())
        if name.startswith(FIELD)
    ]
    schema = pa.schema([*fields, *extra])
    return pa.concat_tables([_conformed(table, schema) for table in tables])


def _conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    arrays = [
        table.column(field.name).cast(field.type)
        if field.name in table.schema.names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def gathered_fields(table: pa.Table) -> pa.Array:
    """Give the map column ``fields`` out of the columns that hold its values, absent values left out."""
    names = [name for name in table.schema.names if name.startswith(FIELD)]
    plain = {name.removeprefix(FIELD): table.column(name).combine_chunks() for name in names}
    columns = {name: c.chunk(0) if isinstance(c, pa.ChunkedArray) and c.num_chunks else c for name, c in plain.items()}
    return _fields(columns if len(table) else {}, len(table))


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
    if not coded.null_count and len(coded.dictionary) == 1:
        return pa.repeat(pa.scalar(_same_host(coded.dictionary[0].as_py(), known), pa.string()), count)
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
