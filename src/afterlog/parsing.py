"""Parsing: from blocks of lines to events, continuations and rejects; every line is accounted for.

A declared format is read in two steps: `record_blocks` cuts the blocks so that no record runs over an edge, in
order, and `parse_block` reads one of them, in any order and on any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from afterlog.matching import match_block, match_layout
from afterlog.parser import Batch, LineParser, Lines, Parser, RecordParser
from afterlog.registry import Registry
from afterlog.source import Block
from afterlog.sources.blocks import newlines
from afterlog.sources.cleaning import cleaned

_HELD_BYTES: Final = 8 << 20  # a record longer than this is cut: its later lines become rejects' neighbours, not memory
_TAIL_BYTES: Final = 64 << 10
REJECT_TEXT: Final = 1_000  # bytes kept of a rejected line


@dataclass(frozen=True, slots=True)
class Refused:
    """A rejected line: its number from 1, its offset, why, and the beginning of its text."""

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
    cut: int = 0  # bytes of overlong lines that were not read


def parse(parser: Parser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    """Read all blocks of a source with one parser."""
    if isinstance(parser, RecordParser):
        from afterlog.stateful import parse_records  # noqa: PLC0415  it imports this module

        yield from parse_records(parser, blocks)
    elif isinstance(parser, LineParser):
        for block in record_blocks(parser, blocks):
            yield parse_block(parser, block, registry)


def record_blocks(parser: LineParser, blocks: Iterable[Block]) -> Iterator[Block]:
    """Cut blocks where records begin, so that a continuation line stands in the block of its record."""
    if not parser.continues:
        yield from blocks
        return
    held: Block | None = None
    for block in blocks:
        whole = block if held is None else _glued(held, block)
        cut = 0 if whole.cut else _last_record(parser, whole)
        if whole.cut:  # offsets behind an overlong line are not those of its bytes here
            yield whole
            held = None
            continue
        held = Block(whole.data[cut:], whole.line + newlines(whole.data[:cut]), whole.offset + cut, whole.cleaning)
        if cut:
            yield Block(whole.data[:cut], whole.line, whole.offset, whole.cleaning)
        if len(held.data) > _HELD_BYTES:
            yield held
            held = None
    if held is not None and held.data:
        yield held


def _glued(held: Block, block: Block) -> Block:
    return Block(held.data + block.data, held.line, held.offset, held.cleaning | block.cleaning, block.cut)


def _last_record(parser: LineParser, block: Block) -> int:
    """Give the byte at which the last record of a block begins; all of it where none does."""
    end = len(block.data)
    size = _TAIL_BYTES
    while True:
        begin = block.data.rfind(b"\n", 0, end - size) + 1 if size < end else 0
        tail = block.data[begin:]
        raw, lines = _lines_of(Block(tail, 0, 0, block.cleaning))
        found = [int(match.rows[-1]) for layout in parser.layouts if len((match := layout.match(lines)).rows)]
        if found:
            return begin + int(raw[max(found)])
        if begin == 0:
            return end
        size *= 8


def _lines_of(block: Block) -> tuple[np.ndarray, Lines]:
    """Give the bytes at which the lines of a block begin, and their text."""
    lines = Lines.of(block.data)
    if not block.cleaning:
        return lines.starts, lines
    return lines.starts, Lines.of(cleaned(block.data, block.cleaning))


def parse_block(parser: LineParser, block: Block, registry: Registry) -> Parsed:
    """Read one block whose records are whole."""
    starts, lines = _lines_of(block)
    batch = match_block(parser, lines, registry)
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
        starts[rows] + block.offset,
        len(lines),
        int(continued.sum()),
        tuple(_refused(lines, starts, int(row), block, reason) for row in rejected),
        block.cut,
    )


def _refused(lines: Lines, starts: np.ndarray, row: int, block: Block, reason: str) -> Refused:
    begin = int(lines.starts[row])
    text = lines.data[begin : min(int(lines.ends[row]), begin + REJECT_TEXT)]
    return Refused(row + block.line, int(starts[row]) + block.offset, reason, text)


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


__all__ = ["Parsed", "Refused", "match_layout", "parse", "parse_block", "record_blocks"]
