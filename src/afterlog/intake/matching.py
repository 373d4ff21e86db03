"""Matching: the lines of a block through layouts and envelopes into one batch of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA
from afterlog.intake.within import Within
from afterlog.layout import OFFSET_OF_ENVELOPE, OFFSET_PLACED, OFFSET_UNKNOWN
from afterlog.parser import Batch, Column, Layout, LineParser, Lines, Match, Times, columns_of, severity_in
from afterlog.registry import Registry, looks_like_record

_NO_ROWS: Final = np.empty(0, np.int64)
_INNER_HEAD: Final = 50  # messages of one program in a block that tell which parser reads them
_FORMATS: Final = 2  # so many more formats of one program are looked for in one block
_DEEPEST: Final = 6  # envelopes within each other are opened so deep; further ones can only be an attacker's
_FEW_LINES: Final = 12  # so many are read faster by the regex, which gives the same answer
_QUARTER_S: Final = 900  # offsets from UTC are quarters of an hour
_NEAR_US: Final = 60_000_000  # between what a program prints and what its envelope does
_FARTHEST_S: Final = 14 * 3600
_FEW_RUNS: Final = 400  # joining parts by so many slices is faster than gathering row by row


@dataclass(frozen=True, slots=True)
class Part:
    """The events that one parser found in a block: indices of their lines, ascending, and their columns."""

    rows: np.ndarray
    times: Times | None
    columns: Mapping[str, Column]
    parser: str | Column  # one for all, or one for each
    joined: np.ndarray = field(default_factory=lambda: _NO_ROWS)  # rows that a record here holds already


def match_layout(layout: Layout, lines: Lines) -> Match:
    """Match by the execution that is faster for so many lines."""
    return layout.match_regex(lines) if len(lines) <= _FEW_LINES else layout.match(lines)


def match_parts(
    parser: LineParser, lines: Lines, outer: Mapping[str, Column], registry: Registry, depth: int = 0
) -> list[Part]:
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
        read = _read_match(parser, match, rows, _taken(outer, rows), registry, depth)
        parts += read
        known = np.concatenate([_NO_ROWS, *(part.rows for part in read), *(part.joined for part in read)])
        left = np.delete(left, match.rows) if len(known) == len(rows) else np.setdiff1d(left, known)
    return parts


def _taken(columns: Mapping[str, Column], rows: np.ndarray) -> Mapping[str, Column]:
    if isinstance(columns, Within):
        return columns if len(rows) == len(columns.rows) else columns.at(rows)
    if not columns or len(rows) == len(next(iter(columns.values()))):
        return columns
    index = pa.array(rows)
    return {name: column.take(index) for name, column in columns.items()}


def _read_match(
    parser: LineParser, match: Match, rows: np.ndarray, outer: Mapping[str, Column], registry: Registry, depth: int
) -> list[Part]:
    told = dict(parser.meaning(match, outer)) if parser.meaning is not None else {}
    times = told.pop("time") if "time" in told else match.time() if "time" in match else None
    refused, joined = told.pop("refused", None), told.pop("joined", None)
    own = columns_of(match, told) | {name: _column(name, values) for name, values in told.items() if values is not None}
    if "kind" not in own and "kind" not in outer:
        own["kind"] = pa.repeat(pa.scalar(str(parser.kind)), len(rows))
    columns = _over(outer, own, {"time", *(name for name, values in told.items() if values is None)})
    messages = _messages(match, columns, told) if parser.envelope else None
    part = Part(rows, times, columns, parser.name)
    if refused is not None or joined is not None:
        part, kept = _chosen(part, refused, joined)
        messages = messages.select(kept) if messages is not None else None
    if messages is None or not len(part.rows):
        return [part] if len(part.rows) or len(part.joined) else []
    return open_envelope(part, messages, registry, depth)


def _over(outer: Mapping[str, Column], own: Mapping[str, Column], dropped: set[str]) -> Mapping[str, Column]:
    """Put columns over those of the envelope around them, if there is one."""
    if isinstance(outer, Within):
        return outer.with_own(own, dropped)
    return {name: column for name, column in {**outer, **own}.items() if name not in dropped}


def _chosen(part: Part, refused: np.ndarray | None, joined: np.ndarray | None) -> tuple[Part, np.ndarray]:
    """Leave out the rows that a meaning refused, and those it joined to a record above; and say which are kept."""
    out = np.zeros(len(part.rows), bool) if refused is None else np.asarray(refused, bool)
    more = np.zeros(len(part.rows), bool) if joined is None else np.asarray(joined, bool) & ~out
    kept = np.flatnonzero(~(out | more))
    times = None if part.times is None else times_at(part.times, kept)
    return Part(part.rows[kept], times, _taken(part.columns, kept), part.parser, part.rows[more]), kept


def _messages(match: Match, columns: Mapping[str, Column], told: Mapping[str, Any]) -> Lines:
    """Give what an envelope holds as lines: spans of the block, or the texts that its meaning wrote anew."""
    if "message" not in told:
        return match.inner("message")
    return Lines.of_texts(columns["message"])


def _column(name: str, values: Any) -> Column:
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(SCHEMA.field(name).type if name in COLUMNS else pa.string())


def open_envelope(envelope: Part, messages: Lines, registry: Registry, depth: int = 0) -> list[Part]:
    """Hand each program's messages to the parsers that know them; what none reads stays a log message.

    A program may write in two formats (a server's accesses and its errors, in one container): what the first parser
    leaves is shown to the others.
    """
    named = "program" in envelope.columns
    program = envelope.columns["program"] if named else pa.nulls(len(envelope.rows), pa.string())
    kept = {name: column for name, column in envelope.columns.items() if name != "program"}
    columns = kept | ({"service": program, "run": _run_of(envelope.columns)} if named else {})
    given = {name: column for name, column in columns.items() if name != "kind"} | {"program": program}
    plain = np.ones(len(envelope.rows), bool)
    parts: list[Part] = []
    for name, rows in _readers(program, messages, registry) if depth < _DEEPEST else ():
        reader: LineParser | None = cast("LineParser", registry[name])
        tried: set[str] = set()
        left = rows
        while reader is not None and reader.name not in tried and len(tried) <= _FORMATS:
            tried.add(reader.name)
            for part in _inside(reader, envelope, messages.select(left), Within(given, left), registry, depth):
                here, joined = left[part.rows], left[part.joined]
                plain[here] = plain[joined] = False
                inner = _over(part.columns, {}, {"program"})
                times = _surer(part.times, envelope.times, here)
                parts.append(Part(here, times, inner, part.parser, envelope.rows[joined]))
            left = left[plain[left]]
            reader = registry.inside(messages.select(_some(left))) if len(left) else None
    rest = np.flatnonzero(plain) if envelope.times is not None else _NO_ROWS
    if len(rest) or len(envelope.joined):
        times = times_at(envelope.times, rest)
        plainly = Within(columns, rest, _grade(registry, envelope, messages, rest))
        parts.append(Part(rest, times, plainly, envelope.parser, envelope.joined))
    return [_in_envelope(envelope.rows, columns, parts)] if parts else []


def _in_envelope(rows: np.ndarray, columns: Mapping[str, Column], parts: list[Part]) -> Part:
    """Put the parts of an envelope (their rows are indices into its own) into one, in the order of its lines.

    A column that no part has anew stays as it is.
    """
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    there = np.concatenate([part.rows for part in parts])[order]
    reorder = _Reordering(order)
    kept = None if len(there) == len(rows) else pa.array(there)
    whole: dict[str, Column] = {}
    for name in sorted({name for part in parts for name in part.columns}):
        if all(isinstance(part.columns, Within) and part.columns.borrows(name) for part in parts):
            whole[name] = columns[name] if kept is None else columns[name].take(kept)
        else:
            whole[name] = reorder.applied(_stacked(name, parts))
    times = _joined_times([_timed(part) for part in parts], order)
    parser = reorder.applied(pa.concat_arrays([_named(part) for part in parts]))
    return Part(rows[there], times, whole, parser, np.concatenate([part.joined for part in parts]))


def _of_their_own(messages: Lines) -> np.ndarray:
    """Give the messages that begin with a time or an address: records of the envelope, no end of the one above."""
    begins = (messages.bytes(row)[:40] for row in range(len(messages)))
    return np.flatnonzero([begin[:1].isalnum() and looks_like_record(begin) for begin in begins])


def with_continuations(reader: LineParser, lines: Lines, parts: list[Part], apart: np.ndarray = _NO_ROWS) -> list[Part]:
    """Put lines that the reader does not match into the record above, where its format has such lines.

    Those ``apart`` are no such lines.
    """
    if not reader.continues or not parts:
        return parts
    heads = np.sort(np.concatenate([part.rows for part in parts]))
    known = np.concatenate([heads, *(part.joined for part in parts)])
    loose = np.setdiff1d(np.arange(len(lines)), np.concatenate([known, apart]))
    loose = loose[loose > heads[0]] if len(heads) else _NO_ROWS
    if not len(loose):
        return parts
    owners = heads[np.searchsorted(heads, loose) - 1]
    tails: dict[int, list[str]] = {}
    for owner, text in zip(owners.tolist(), lines.select(loose).texts().to_pylist(), strict=True):
        tails.setdefault(owner, []).append(text)
    return [_longer(part, tails, owners, loose) if "message" in part.columns else part for part in parts]


def _longer(part: Part, tails: Mapping[int, list[str]], owners: np.ndarray, loose: np.ndarray) -> Part:
    grown = np.isin(part.rows, owners)
    if not grown.any():
        return part
    message = part.columns["message"]
    begun = message.filter(pa.array(grown)).to_pylist()
    rows = part.rows[grown].tolist()
    whole = ["\n".join([text or "", *tails[row]]).strip() for row, text in zip(rows, begun, strict=True)]
    longer = pc.replace_with_mask(message, pa.array(grown), pa.array(whole, pa.string()))
    columns = _over(part.columns, {"message": longer}, set())
    joined = np.concatenate([part.joined, loose[np.isin(owners, part.rows)]])
    return Part(part.rows, part.times, columns, part.parser, joined)


def _readers(program: Column, messages: Lines, registry: Registry) -> list[tuple[str, np.ndarray]]:
    """Name the parsers of the messages, with the rows each is given: by the program, else by how they look."""
    programs = program.dictionary_encode(null_encoding="encode")
    codes = np.asarray(programs.indices)
    wanted: dict[str, list[int]] = {}
    for code, name in enumerate(programs.dictionary.to_pylist()):
        inner = registry.for_program(name or "")
        if inner is None:
            inner = registry.inside(messages.select(_some(np.flatnonzero(codes == code))))
        if inner is not None:
            wanted.setdefault(inner.name, []).append(code)
    return [(name, np.flatnonzero(np.isin(codes, mine))) for name, mine in sorted(wanted.items())]


def _surer(inner: Times | None, outer: Times | None, rows: np.ndarray) -> Times:
    """Take a record's own times, but where it has none, or no year and the envelope's have year and offset, those.

    Where they have no offset, the envelope's tell it.
    """
    if inner is None or outer is None:
        return inner if inner is not None else times_at(outer, rows)
    around = times_at(outer, rows)
    inner = _zoned_by(inner, around)
    year = np.broadcast_to(np.asarray(inner.has_year), rows.shape)
    take = (around.offset_s != OFFSET_UNKNOWN) & np.asarray(around.has_year) & ~year
    take |= inner.offset_s == OFFSET_OF_ENVELOPE
    if not take.any():
        return inner
    return Times(
        np.where(take, around.wall_us, inner.wall_us),
        np.where(take, around.offset_s, inner.offset_s).astype(np.int32),
        np.where(take, np.asarray(around.has_year), year),
        max(inner.resolution_us, around.resolution_us),
    )


def _zoned_by(inner: Times, around: Times) -> Times:
    """Give local times the offset by which most of them differ from the exact times around them.

    A session may have begun long before it was logged, so one difference alone proves nothing.
    """
    asked = (inner.offset_s == OFFSET_UNKNOWN) & np.asarray(inner.has_year)
    exact = (
        asked & (around.offset_s != OFFSET_UNKNOWN) & (around.offset_s != OFFSET_PLACED) & np.asarray(around.has_year)
    )
    if not exact.any():
        return inner
    utc_us = around.wall_us[exact] - around.offset_s[exact].astype(np.int64) * 1_000_000
    differs_us = inner.wall_us[exact] - utc_us
    offsets_s = np.rint(differs_us / (_QUARTER_S * 1e6)).astype(np.int64) * _QUARTER_S
    near = (np.abs(differs_us - offsets_s * 1_000_000) <= _NEAR_US) & (np.abs(offsets_s) <= _FARTHEST_S)
    found, counts = np.unique(offsets_s[near], return_counts=True)
    if not len(found) or 2 * counts.max() < len(offsets_s):
        return inner
    offset = np.where(exact, found[counts.argmax()], inner.offset_s).astype(np.int32)
    return Times(inner.wall_us, offset, inner.has_year, inner.resolution_us)


def _grade(registry: Registry, envelope: Part, messages: Lines, rest: np.ndarray) -> dict[str, Column]:
    """Give messages that no parser reads the severity that they begin with, in envelopes that tell none."""
    wrapper = registry[envelope.parser] if isinstance(envelope.parser, str) else None
    if not isinstance(wrapper, LineParser) or not wrapper.graded or not len(rest):
        return {}
    return {"severity": severity_in(messages.select(rest).texts())}


def _inside(
    reader: LineParser, envelope: Part, messages: Lines, around: Within, registry: Registry, depth: int
) -> list[Part]:
    """Read messages of one program by one parser; where the envelope has no time, those that print one themselves."""
    found = match_parts(reader, messages, around, registry, depth + 1)
    if envelope.times is None:
        found = [one for part in found if part.times is not None and len((one := _timed_itself(part, part.times)).rows)]
    apart = _of_their_own(messages) if reader.continues and envelope.times is not None else _NO_ROWS
    return with_continuations(reader, messages, found, apart)


def _timed_itself(part: Part, times: Times) -> Part:
    """Leave out the records that need the time of an envelope which has none."""
    lacking = times.offset_s == OFFSET_OF_ENVELOPE
    return _chosen(part, lacking, None)[0] if lacking.any() else part


def _some(rows: np.ndarray) -> np.ndarray:
    """Choose the rows that are looked at, evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), _INNER_HEAD)).astype(np.int64)]


def _run_of(columns: Mapping[str, Column]) -> Column:
    """Name a program's run by its process: ``puppet-user[5580]``; else as the envelope names it."""
    if "pid" not in columns:
        return columns.get("run", pa.nulls(len(columns["program"]), pa.string()))
    pid = columns["pid"].cast(pa.string())
    return pc.binary_join_element_wise(columns["program"], "[", pid, "]", "", null_handling="emit_null")


def times_at(times: Times | None, rows: np.ndarray) -> Times:
    """Give some of the times, by index."""
    if times is None:
        raise ParserError("a parser inside an envelope without times must read its own")
    year = times.has_year if isinstance(times.has_year, bool) else times.has_year[rows]
    return Times(times.wall_us[rows], times.offset_s[rows], year, times.resolution_us)


# --- joining the parts of a block ---------------------------------------------------------------------------


def joined_parts(lines: Lines, parts: list[Part]) -> Batch | None:
    """Put the parts of a block into one batch, in the order of the lines."""
    if not parts:
        return None
    if len(parts) == 1:
        part = parts[0]
        return Batch(lines, part.rows, _timed(part), part.columns, _named(part), part.joined)
    joined = np.concatenate([part.joined for part in parts])
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    names = sorted({name for part in parts for name in part.columns})
    reorder = _Reordering(order)
    columns = {name: reorder.applied(_stacked(name, parts)) for name in names}
    parser = reorder.applied(pa.concat_arrays([_named(part) for part in parts]))
    rows = np.concatenate([part.rows for part in parts])[order]
    return Batch(lines, rows, _joined_times([_timed(part) for part in parts], order), columns, parser, joined)


class _Reordering:
    """Brings stacked columns into an order; long runs are moved whole."""

    def __init__(self, order: np.ndarray) -> None:
        breaks = np.flatnonzero(np.diff(order) != 1) + 1
        self._runs: list[tuple[int, int]] | None = None
        self._index: pa.Array | None = None
        if len(breaks) < _FEW_RUNS:
            edges = [0, *breaks.tolist(), len(order)]
            self._runs = [(int(order[begin]), end - begin) for begin, end in pairwise(edges)]
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
    if not isinstance(part.parser, str):
        return part.parser
    return pa.repeat(pa.scalar(part.parser), len(part.rows))


def _stacked(name: str, parts: list[Part]) -> Column:
    pieces = [part.columns.get(name) for part in parts]
    kinds = {piece.type for piece in pieces if piece is not None}
    known = kinds.pop() if len(kinds) == 1 else pa.string()
    kind = SCHEMA.field(name).type if name in COLUMNS else known
    return pa.concat_arrays(
        [
            pa.nulls(len(part.rows), kind) if piece is None else piece.cast(kind)
            for piece, part in zip(pieces, parts, strict=True)
        ]
    )


def _joined_times(pieces: list[Times], order: np.ndarray) -> Times:
    years = np.concatenate([np.broadcast_to(np.asarray(t.has_year), t.wall_us.shape) for t in pieces])[order]
    return Times(
        np.concatenate([t.wall_us for t in pieces])[order],
        np.concatenate([t.offset_s for t in pieces])[order],
        years,
        max(t.resolution_us for t in pieces),
    )
