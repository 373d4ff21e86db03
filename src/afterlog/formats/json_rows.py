"""JSON lines as columns: whole blocks by Arrow, what Arrow refuses by the standard library, never an exception.

Nested objects become dotted names (``http.request.method``), lists of texts are joined by commas, other lists stay
JSON text. The types of a block's keys are learned from a few of its lines. A line that is no JSON object is simply
not ``valid``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from afterlog.layout import Lines

_LEARNED: Final = 64  # lines that the types are learned from
_FEW: Final = 64  # so many lines are not worth another try by Arrow
_TRIES: Final = 24  # failed tries by Arrow per block, before the rest goes to the standard library
_MAX_BRACKETS: Final = 256  # Arrow's parser recurses without a limit: what nests, or may nest, deeper is kept from it
_MAX_DEPTH: Final = 5
_MAX_NAMES: Final = 300  # columns of a block; those with the fewest values beyond are kept together as JSON text
_MAX_TEXT: Final = 65_536


@dataclass(frozen=True, slots=True)
class JsonRows:
    """The objects of n lines: columns of n values by dotted name, and which lines were objects, shape (n,)."""

    columns: Mapping[str, pa.Array]
    valid: np.ndarray

    def first(self, *names: str) -> pa.Array | None:
        """Give the first of these columns that exists."""
        return next((self.columns[name] for name in names if name in self.columns), None)


def read_json_rows(lines: Lines) -> JsonRows:
    """Read each line as one JSON object."""
    easy = _brackets(lines) <= _MAX_BRACKETS
    tables: list[tuple[np.ndarray, dict[str, pa.Array]]] = []
    if easy.any():
        rows = np.flatnonzero(easy)
        schema = _learned([lines.bytes(row) for row in rows[:: max(1, len(rows) // _LEARNED)].tolist()])
        _by_arrow(lines, rows, schema, tables, [_TRIES])
    hard = np.flatnonzero(~easy)
    if len(hard):
        tables.append(_by_library(lines, hard))
    valid = np.zeros(len(lines), bool)
    for rows, _ in tables:
        valid[rows] = True
    return JsonRows(_few(_together(tables, len(lines))), valid)


def whole_numbers(column: pa.Array) -> pa.Array:
    """Give numbers, also those written as text, as integers; null where there is none."""
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        good = pc.and_(pc.is_finite(column), pc.less(pc.abs(column), 1e15))
        return pc.if_else(good, column, None).cast(pa.int64(), safe=False)
    if pa.types.is_string(kind):
        return pc.if_else(pc.match_substring_regex(column, "^[0-9]{1,15}$"), column, None).cast(pa.int64())
    return pa.nulls(len(column), pa.int64())


def statuses(column: pa.Array) -> pa.Array:
    """Give HTTP statuses, 100 to 599; null for any other value."""
    whole = whole_numbers(column)
    return pc.if_else(pc.and_(pc.greater_equal(whole, 100), pc.less_equal(whole, 599)), whole, None)


def _brackets(lines: Lines) -> np.ndarray:
    """Count what opens an object or a list, in each line."""
    count = np.zeros(len(lines), np.int64)
    for bracket in (b"{", b"["):
        where = lines.block.positions(bracket)
        count += where.searchsorted(lines.ends) - where.searchsorted(lines.starts)
    return count


def _learned(texts: list[bytes]) -> pa.Schema:
    """Learn the types of the keys, so that Arrow neither takes texts for times nor fails on mixed numbers."""
    kinds: dict[str, Any] = {}
    for text in texts[: 2 * _LEARNED]:
        told = _loaded(text)
        if told is not None:
            _note(kinds, told, 0)
    return pa.schema([(name, kind) for name, kind in _typed(kinds).items()])


def _note(kinds: dict[str, Any], told: Mapping[str, Any], depth: int) -> None:
    for name, value in told.items():
        if not name.isascii() and _readable(name) != name:
            continue
        if isinstance(value, dict) and depth < _MAX_DEPTH and value:
            inner = kinds.setdefault(name, {})
            if isinstance(inner, dict):
                _note(inner, value, depth + 1)
        elif value is not None and not isinstance(value, (dict, list)):
            before = kinds.get(name)
            if not isinstance(before, dict):
                kinds[name] = float if before in {int, float} and type(value) is float else before or type(value)


def _typed(kinds: Mapping[str, Any]) -> dict[str, pa.DataType]:
    simple = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return {
        name: pa.struct(list(_typed(kind).items())) if isinstance(kind, dict) else simple[kind]
        for name, kind in kinds.items()
        if kind
    }


def _by_arrow(
    lines: Lines,
    rows: np.ndarray,
    schema: pa.Schema,
    tables: list[tuple[np.ndarray, dict[str, pa.Array]]],
    tries: list[int],
) -> None:
    """Read these lines by Arrow; where it fails, by halves, and the last few by the library."""
    data = _as_text(lines, rows)
    if tries[0] > 0 and len(rows) > _FEW // 8:
        try:
            data.decode()
            table = pj.read_json(
                io.BytesIO(data),
                pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
                pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
            )
        except (pa.ArrowException, UnicodeDecodeError, OverflowError):
            tries[0] -= 1
        else:
            if table.num_rows == len(rows):
                tables.append((rows, _flat(table)))
                return
            tries[0] -= 1
    if len(rows) <= _FEW or tries[0] <= 0:
        tables.append(_by_library(lines, rows))
        return
    middle = len(rows) // 2
    _by_arrow(lines, rows[:middle], schema, tables, tries)
    _by_arrow(lines, rows[middle:], schema, tables, tries)


def _as_text(lines: Lines, rows: np.ndarray) -> bytes:
    """Give these lines with a newline between them: a slice of the buffer, where they stand so in it."""
    begin, end = lines.starts[rows], lines.ends[rows]
    if (begin[1:] == end[:-1] + 1).all():
        return lines.data[int(begin[0]) : int(end[-1])]
    return b"\n".join(map(lines.bytes, rows.tolist()))


def _flat(table: pa.Table) -> dict[str, pa.Array]:
    for _ in range(_MAX_DEPTH):
        if not any(pa.types.is_struct(kind) and kind.num_fields for kind in table.schema.types):
            break
        table = table.flatten()
    columns: dict[str, pa.Array] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count < len(column):
            columns[name] = _simple(column.combine_chunks())
    return columns


def _simple(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    kind = column.type
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return pc.binary_join(column, ", ")
    if pa.types.is_nested(kind):
        texts = [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_temporal(kind):
        return column.cast(pa.string())
    return column


def _by_library(lines: Lines, rows: np.ndarray) -> tuple[np.ndarray, dict[str, pa.Array]]:
    told = [(row, found) for row in rows.tolist() if (found := _loaded(lines.bytes(row))) is not None]
    flat = [_dotted(found) for _, found in told]
    names = {name for one in flat for name in one}
    columns = {name: _array([one.get(name) for one in flat]) for name in names}
    return np.array([row for row, _ in told], np.int64), columns


def _loaded(text: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(text.decode("utf-8", "surrogateescape"), strict=False)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _dotted(told: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    todo = [("", told, 0)]
    while todo:
        prefix, values, depth = todo.pop()
        for key, value in values.items():
            name = prefix + _readable(key)
            if isinstance(value, dict) and value and depth < _MAX_DEPTH:
                todo.append((name + ".", value, depth + 1))
            elif value is not None:
                flat[name] = _plain(value)
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    if isinstance(value, (dict, list)):
        try:
            value = json.dumps(value)[:_MAX_TEXT]
        except (RecursionError, ValueError):
            value = "(nested too deeply)"
    if isinstance(value, str):
        return _readable(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return str(value)
    return value


def _readable(text: str) -> str:
    r"""Write bytes that are not UTF-8 as ``\xNN``, and lone surrogates as ``\uNNNN``."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def _array(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        values, kinds = [None if value is None else float(value) for value in values], {float}
    if len(kinds) > 1:
        values = [None if value is None else _text(value) for value in values]
    return pa.array(values)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _together(tables: list[tuple[np.ndarray, dict[str, pa.Array]]], count: int) -> dict[str, pa.Array]:
    if len(tables) == 1 and len(tables[0][0]) == count:
        return tables[0][1]
    order = np.full(count, -1, np.int64)
    at = 0
    for rows, _ in tables:
        order[rows] = np.arange(at, at + len(rows))
        at += len(rows)
    index = pa.array(order, mask=order < 0)
    names = dict.fromkeys(name for _, columns in tables for name in columns)
    return {name: _stacked([(columns.get(name), len(rows)) for rows, columns in tables]).take(index) for name in names}


def _stacked(pieces: list[tuple[pa.Array | None, int]]) -> pa.Array:
    kinds = {piece.type for piece, _ in pieces if piece is not None}
    numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds)
    kind = kinds.pop() if len(kinds) == 1 else pa.float64() if numbers else pa.string()
    return pa.concat_arrays(
        [pa.nulls(size, kind) if piece is None else piece.cast(kind, safe=False) for piece, size in pieces]
    )


def _few(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Keep a block whose every line has keys of its own from becoming thousands of columns."""
    if len(columns) <= _MAX_NAMES:
        return columns
    fullest = sorted(columns, key=lambda name: (columns[name].null_count, name))
    kept = {name: columns[name] for name in fullest[:_MAX_NAMES]}
    rest: dict[int, dict[str, Any]] = {}
    for name in fullest[_MAX_NAMES:]:
        column = columns[name]
        for row in np.flatnonzero(np.asarray(pc.is_valid(column))).tolist():
            rest.setdefault(row, {})[name] = column[row].as_py()
    size = len(next(iter(columns.values())))
    more = [json.dumps(rest[row], default=str) if row in rest else None for row in range(size)]
    return kept | {"more": pa.array(more, pa.string())}
