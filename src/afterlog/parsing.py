"""Parsing: from blocks of lines, through envelopes, to batches of events; every line is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA, Kind
from afterlog.parser import Batch, Column, Line, LineParser, Lines, Match, Parser, Record, RecordParser, Reject, Times, columns_of
from afterlog.registry import Registry
from afterlog.source import Block

_HELD_BYTES: Final = 8 << 20  # a record longer than this is cut: its later lines become rejects' neighbours, not memory
_RECORDS_PER_BATCH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Refused:
    """Rejected lines of one block: numbers from 1, and why."""

    line: int
    offset: int
    reason: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one block gave. ``lines`` = events + ``continuations`` + rejects."""

    batch: Batch | None
    line: np.ndarray  # number of each event's first line, from 1, shape (n,)
    offset: np.ndarray  # its bytes from the start of the source, shape (n,)
    lines: int
    continuations: int
    rejects: tuple[Refused, ...]


def parse(parser: Parser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    """Read all blocks of a source with one parser."""
    if isinstance(parser, RecordParser):
        yield from _parse_records(parser, blocks)
    elif isinstance(parser, LineParser):
        yield from _parse_lines(parser, blocks, registry)


# --- declared formats ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    rows: np.ndarray
    times: Times | None
    columns: Mapping[str, Column]
    parser: str


def _parse_lines(parser: LineParser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    if not parser.continues:
        for block in blocks:
            yield _parse_block(parser, block, registry)
        return
    held: Block | None = None  # the last record of the block before: its continuation may come in the next
    for block in blocks:
        whole = block if held is None else Block(held.data + block.data, held.line, held.offset)
        cut = _last_record(parser, whole)
        held = Block(whole.data[cut:], whole.line + whole.data.count(b"\n", 0, cut), whole.offset + cut)
        if cut:
            yield _parse_block(parser, Block(whole.data[:cut], whole.line, whole.offset), registry)
        if len(held.data) > _HELD_BYTES:
            yield _parse_block(parser, held, registry)
            held = None
    if held is not None and held.data:
        yield _parse_block(parser, held, registry)


def _last_record(parser: LineParser, block: Block) -> int:
    """Give the byte at which the last record of a block begins; 0 if there is at most one."""
    lines = Lines.of(block.data)
    for last in range(len(lines), 0, -256):
        rows = np.arange(max(last - 256, 0), last)
        tail = lines.select(rows)
        found = [int(match.rows[-1]) for layout in parser.layouts if len((match := layout.match(tail)).rows)]
        if found:
            return int(tail.starts[max(found)])
    return len(block.data)


def _parse_block(parser: LineParser, block: Block, registry: Registry) -> Parsed:
    lines = Lines.of(block.data)
    parts = _match(parser, lines, {}, registry)
    batch = _join(lines, parts)
    rows = batch.rows if batch else np.empty(0, np.int64)
    taken = np.zeros(len(lines), bool)
    taken[rows] = True
    loose = np.flatnonzero(~taken)
    continued = _continued(parser, lines, rows, loose)
    rejected = loose[~continued]
    if parser.continues and batch is not None:
        batch = _lengthened(batch, loose[continued])
    reason = f"not a line of {parser.title}"
    return Parsed(
        batch,
        rows + block.line,
        lines.starts[rows] + block.offset,
        len(lines),
        int(continued.sum()),
        tuple(Refused(int(r) + block.line, int(lines.starts[r]) + block.offset, reason, lines.bytes(int(r))) for r in rejected),
    )


def _continued(parser: LineParser, lines: Lines, rows: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Tell which unmatched lines belong to the record above: blank ones, and all where the format continues."""
    if parser.continues and len(rows):
        return loose > rows[0]
    return np.array([not lines.bytes(int(row)).strip() for row in loose], bool)


def _lengthened(batch: Batch, continued: np.ndarray) -> Batch:
    """Let the message of each record reach to the end of its last continuation line."""
    if not len(continued) or "message" not in batch.columns:
        return batch
    owner = np.searchsorted(batch.rows, continued, side="right") - 1
    last = np.full(len(batch.rows), -1, np.int64)
    np.maximum.at(last, owner, continued)
    grown = np.flatnonzero(last >= 0)
    starts = batch.lines.ends[batch.rows[grown]]
    tails = batch.lines.texts(starts, batch.lines.ends[last[grown]])
    message = batch.columns["message"].to_pylist()
    for row, tail in zip(grown.tolist(), tails.to_pylist(), strict=True):
        message[row] = f"{message[row] or ''}{tail}".rstrip()
    columns = {**batch.columns, "message": pa.array(message, pa.string())}
    return Batch(batch.lines, batch.rows, batch.times, columns, batch.parser)


def _match(parser: LineParser, lines: Lines, outer: Mapping[str, Column], registry: Registry) -> list[_Part]:
    """Match lines with the parser's layouts in turn; each layout is given what the ones before left."""
    left = np.arange(len(lines))
    parts: list[_Part] = []
    for layout in parser.layouts:
        if not len(left):
            break
        match = layout.match(lines if len(left) == len(lines) else lines.select(left))
        if not len(match.rows):
            continue
        rows = left[match.rows]
        parts += _read_match(parser, match, rows, _taken(outer, rows), registry)
        left = np.delete(left, match.rows)
    return parts


def _taken(columns: Mapping[str, Column], rows: np.ndarray) -> dict[str, Column]:
    index = pa.array(rows)
    return {name: column.take(index) for name, column in columns.items()}


def _read_match(
    parser: LineParser, match: Match, rows: np.ndarray, outer: Mapping[str, Column], registry: Registry
) -> list[_Part]:
    columns: dict[str, Column] = {**outer, **columns_of(match)}
    if parser.meaning is not None:
        columns |= {name: _column(name, values) for name, values in parser.meaning(match, outer).items()}
    if "kind" not in columns:
        columns["kind"] = pa.repeat(pa.scalar(str(parser.kind)), len(rows))
    part = _Part(rows, match.time() if "time" in match else None, columns, parser.name)
    return _open_envelope(part, match, registry) if parser.envelope else [part]


def _column(name: str, values: Any) -> Column:
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if name in COLUMNS:
        return array.cast(SCHEMA.field(name).type)
    return array.cast(pa.string())


def _open_envelope(envelope: _Part, match: Match, registry: Registry) -> list[_Part]:
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
    parts: list[_Part] = []
    for name, wanted in sorted(readers.items()):
        mine = np.flatnonzero(np.isin(codes, wanted))
        outer = _taken(columns | {"program": envelope.columns["program"]}, mine)
        for part in _match(cast("LineParser", registry[name]), messages.select(mine), outer, registry):
            here = mine[part.rows]
            plain[here] = False
            times = part.times if part.times is not None else times_at(envelope.times, here)
            parts.append(_Part(envelope.rows[here], times, part.columns, part.parser))
    rest = np.flatnonzero(plain)
    if len(rest):
        parts.append(_Part(envelope.rows[rest], times_at(envelope.times, rest), _taken(columns, rest), envelope.parser))
    return parts


def _run_of(columns: Mapping[str, Column]) -> Column:
    """Name a program's run by its process: ``puppet-user[5580]``."""
    pid = columns["pid"].cast(pa.string()) if "pid" in columns else pa.nulls(len(columns["program"]), pa.string())
    return pc.binary_join_element_wise(columns["program"], "[", pid, "]", "", null_handling="emit_null")


def times_at(times: Times | None, rows: np.ndarray) -> Times:
    """Give some of the times, by index."""
    if times is None:
        raise ParserError("a parser inside an envelope without times must read its own")
    year = times.has_year if isinstance(times.has_year, bool) else times.has_year[rows]
    return Times(times.wall_us[rows], times.offset_s[rows], year, times.resolution_us)


def _join(lines: Lines, parts: list[_Part]) -> Batch | None:
    """Put the parts of a block into one batch, in the order of the lines."""
    if not parts:
        return None
    if len(parts) == 1:
        part = parts[0]
        return Batch(lines, part.rows, _timed(part), part.columns, _named(part))
    order = np.argsort(np.concatenate([part.rows for part in parts]), kind="stable")
    names = sorted({name for part in parts for name in part.columns})
    columns = {name: _stacked(name, parts).take(pa.array(order)) for name in names}
    parser = pa.concat_arrays([_named(part) for part in parts]).take(pa.array(order))
    rows = np.concatenate([part.rows for part in parts])[order]
    return Batch(lines, rows, _joined_times([_timed(part) for part in parts], order), columns, parser)


def _timed(part: _Part) -> Times:
    if part.times is None:
        raise ParserError(f"parser {part.parser!r}: no layout of it has a {{time:…}} field")
    return part.times


def _named(part: _Part) -> Column:
    return pa.repeat(pa.scalar(part.parser), len(part.rows))


def _stacked(name: str, parts: list[_Part]) -> Column:
    kind = SCHEMA.field(name).type if name in COLUMNS else pa.string()
    pieces = [part.columns.get(name) for part in parts]
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


# --- formats with state -------------------------------------------------------------------------------------


def _parse_records(parser: RecordParser, blocks: Iterable[Block]) -> Iterator[Parsed]:
    """Run the parser's generator over all lines; what is neither record nor reject continues the record before."""
    count = 0

    def lines() -> Iterator[Line]:
        nonlocal count
        for block in blocks:
            split = Lines.of(block.data)
            for row in range(len(split)):
                count += 1
                yield Line(block.line + row, block.offset + int(split.starts[row]), split.bytes(row))

    told = parser.records(lines())
    accounted = 0
    while True:
        group = list(islice(told, _RECORDS_PER_BATCH))
        done = len(group) < _RECORDS_PER_BATCH
        if done:
            for _ in lines():  # a parser may stop early: the rest is still counted
                pass
        total = count if done else max((item.line.number for item in group), default=count)
        yield _records_parsed(parser, group, total - accounted)
        accounted = total
        if done:
            return


def _records_parsed(parser: RecordParser, group: list[Record | Reject], lines: int) -> Parsed:
    records = sorted((item for item in group if isinstance(item, Record)), key=lambda r: r.line.number)
    refused = tuple(
        Refused(item.line.number, item.line.offset, item.reason, item.line.text) for item in group if isinstance(item, Reject)
    )
    number = np.array([record.line.number for record in records], np.int64)
    offset = np.array([record.line.offset for record in records], np.int64)
    continuations = lines - len(records) - len(refused)
    return Parsed(_batch_of(parser, records) if records else None, number, offset, lines, continuations, refused)


def _batch_of(parser: RecordParser, records: list[Record]) -> Batch:
    names = sorted({name for record in records for name in record.columns} | {"kind"})
    columns = {}
    for name in names:
        values = [record.columns.get(name, str(Kind.LOG) if name == "kind" else None) for record in records]
        kind = SCHEMA.field(name).type if name in COLUMNS else pa.string()
        columns[name] = pa.array([_plain(value, kind) for value in values], kind)
    times = Times(
        np.array([record.time.wall_us for record in records], np.int64),
        np.array([record.time.offset_s for record in records], np.int32),
        np.array([record.time.has_year for record in records], bool),
        max(record.time.resolution_us for record in records),
    )
    rows = np.arange(len(records))
    return Batch(Lines.of(b""), rows, times, columns, pa.repeat(pa.scalar(parser.name), len(records)))


def _plain(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_string(kind):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode()
