"""Matching: the lines of a block through layouts and envelopes into one batch of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA
from afterlog.parser import Batch, Column, Layout, LineParser, Lines, Match, Times, columns_of
from afterlog.registry import Registry

_FEW_LINES: Final = 12  # so many are read faster by the regex, which gives the same answer
_FEW_RUNS: Final = 400  # joining parts by so many slices is faster than gathering row by row


@dataclass(frozen=True, slots=True)
class Part:
    """The events that one parser found in a block: indices of their lines, ascending, and their columns."""

    rows: np.ndarray
    times: Times | None
    columns: Mapping[str, Column]
    parser: str


def match_block(parser: LineParser, lines: Lines, registry: Registry) -> Batch | None:
    """Give the events of the lines of one block, in the order of the lines; None where there are none."""
    return _join(lines, _match(parser, lines, {}, registry))


def match_layout(layout: Layout, lines: Lines) -> Match:
    """Match by the execution that is faster for so many lines."""
    return layout.match_regex(lines) if len(lines) <= _FEW_LINES else layout.match(lines)


def _match(parser: LineParser, lines: Lines, outer: Mapping[str, Column], registry: Registry) -> list[Part]:
    """Match lines with the parser's layouts in turn; each layout is given what the ones before left."""
    left = np.arange(len(lines))
    parts: list[Part] = []
    for layout in parser.layouts:
        if not len(left):
            break
        match = match_layout(layout, lines if len(left) == len(lines) else lines.select(left))
        if not len(match.rows):
            continue
        rows = left[match.rows]
        parts += _read_match(parser, match, rows, _taken(outer, rows), registry)
        left = np.delete(left, match.rows)
    return parts


def _taken(columns: Mapping[str, Column], rows: np.ndarray) -> dict[str, Column]:
    if not columns or len(rows) == len(next(iter(columns.values()))):
        return dict(columns)
    index = pa.array(rows)
    return {name: column.take(index) for name, column in columns.items()}


def _read_match(
    parser: LineParser, match: Match, rows: np.ndarray, outer: Mapping[str, Column], registry: Registry
) -> list[Part]:
    columns: dict[str, Column] = {**outer, **columns_of(match)}
    if parser.meaning is not None:
        columns |= {name: _column(name, values) for name, values in parser.meaning(match, outer).items()}
    if "kind" not in columns:
        columns["kind"] = pa.repeat(pa.scalar(str(parser.kind)), len(rows))
    part = Part(rows, match.time() if "time" in match else None, columns, parser.name)
    return _open_envelope(part, match, registry) if parser.envelope else [part]


def _column(name: str, values: Any) -> Column:
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(SCHEMA.field(name).type if name in COLUMNS else pa.string())


def _open_envelope(envelope: Part, match: Match, registry: Registry) -> list[Part]:
    """Hand each program's messages to its own parser; what none reads stays a log message."""
    programs = envelope.columns["program"].dictionary_encode()
    codes = np.asarray(pc.fill_null(programs.indices, -1))
    kept = {name: column for name, column in envelope.columns.items() if name != "program"}
    columns = kept | {"service": envelope.columns["program"], "run": _run_of(envelope.columns)}
    readers: dict[str, list[int]] = {}
    for code, program in enumerate(programs.dictionary.to_pylist()):
        inner = registry.for_program(program or "")
        if inner is not None:
            readers.setdefault(inner.name, []).append(code)
    messages = match.inner("message")
    plain = np.ones(len(envelope.rows), bool)
    parts: list[Part] = []
    for name, wanted in sorted(readers.items()):
        mine = np.flatnonzero(np.isin(codes, wanted))
        outer = _taken(columns | {"program": envelope.columns["program"]}, mine)
        for part in _match(cast("LineParser", registry[name]), messages.select(mine), outer, registry):
            here = mine[part.rows]
            plain[here] = False
            times = part.times if part.times is not None else times_at(envelope.times, here)
            parts.append(Part(envelope.rows[here], times, part.columns, part.parser))
    rest = np.flatnonzero(plain)
    if len(rest):
        times = times_at(envelope.times, rest)
        parts.append(Part(envelope.rows[rest], times, _taken(columns, rest), envelope.parser))
    return parts


def _run_of(columns: Mapping[str, Column]) -> Column:
    """Name a program's run by its process: ``puppet-user[5580]``."""
    if "pid" not in columns:
        return pa.nulls(len(columns["program"]), pa.string())
    pid = columns["pid"].cast(pa.string())
    return pc.binary_join_element_wise(columns["program"], "[", pid, "]", "", null_handling="emit_null")


def times_at(times: Times | None, rows: np.ndarray) -> Times:
    """Give some of the times, by index."""
    if times is None:
        raise ParserError("a parser inside an envelope without times must read its own")
    year = times.has_year if isinstance(times.has_year, bool) else times.has_year[rows]
    return Times(times.wall_us[rows], times.offset_s[rows], year, times.resolution_us)


# --- joining the parts of a block ---------------------------------------------------------------------------


def _join(lines: Lines, parts: list[Part]) -> Batch | None:
    """Put the parts of a block into one batch, in the order of the lines."""
    if not parts:
        return None
    if len(parts) == 1:
        part = parts[0]
        return Batch(lines, part.rows, _timed(part), part.columns, _named(part))
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    names = sorted({name for part in parts for name in part.columns})
    reorder = _Reordering(order)
    columns = {name: reorder.applied(_stacked(name, parts)) for name in names}
    parser = reorder.applied(pa.concat_arrays([_named(part) for part in parts]))
    rows = np.concatenate([part.rows for part in parts])[order]
    return Batch(lines, rows, _joined_times([_timed(part) for part in parts], order), columns, parser)


class _Reordering:
    """Brings stacked columns into an order; long runs are moved whole."""

    def __init__(self, order: np.ndarray) -> None:
        breaks = np.flatnonzero(np.diff(order) != 1) + 1
        self._runs: list[tuple[int, int]] | None = None
        self._index: pa.Array | None = None
        if len(breaks) < _FEW_RUNS:
            edges = [0, *breaks.tolist(), len(order)]
            self._runs = [(int(order[begin]), end - begin) for begin, end in zip(edges, edges[1:], strict=False)]
        else:
            self._index = pa.array(order)

    def applied(self, column: Column) -> Column:
        """Give the column in the order."""
        if column.null_count == len(column):
            return column
        if self._runs is not None:
            return pa.concat_arrays([column.slice(begin, length) for begin, length in self._runs])
        return column.take(self._index)


def _timed(part: Part) -> Times:
    if part.times is None:
        raise ParserError(f"parser {part.parser!r}: no layout of it has a {{time:…}} field")
    return part.times


def _named(part: Part) -> Column:
    return pa.repeat(pa.scalar(part.parser), len(part.rows))


def _stacked(name: str, parts: list[Part]) -> Column:
    pieces = [part.columns.get(name) for part in parts]
    kinds = {piece.type for piece in pieces if piece is not None}
    known = kinds.pop() if len(kinds) == 1 else pa.string()
    kind = SCHEMA.field(name).type if name in COLUMNS else known
    return pa.concat_arrays([
        pa.nulls(len(part.rows), kind) if piece is None else piece.cast(kind)
        for piece, part in zip(pieces, parts, strict=True)
    ])


def _joined_times(pieces: list[Times], order: np.ndarray) -> Times:
    years = np.concatenate([np.broadcast_to(np.asarray(t.has_year), t.wall_us.shape) for t in pieces])[order]
    return Times(
        np.concatenate([t.wall_us for t in pieces])[order],
        np.concatenate([t.offset_s for t in pieces])[order],
        years,
        max(t.resolution_us for t in pieces),
    )
