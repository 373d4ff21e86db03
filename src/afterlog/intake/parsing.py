"""Parsing: from blocks of lines to events, continuations and rejects; every line is accounted for.

A declared format is read in two steps: `record_blocks` cuts the blocks so that no record runs over an edge, in
order, and `parse_block` reads one of them, in any order and on any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.intake.astray import REASON, astray
from afterlog.intake.matching import times_at
from afterlog.intake.mixing import match_block
from afterlog.intake.stateful import parse_records
from afterlog.parsed import REJECT_TEXT, Parsed, Refused
from afterlog.parser import Batch, Layout, LearningParser, LineParser, Lines, Parser, RecordParser
from afterlog.registry import HEAD_LINES, Registry
from afterlog.source import Block
from afterlog.sources.blocks import newlines
from afterlog.sources.cleaning import cleaned

_HELD_BYTES: Final = 8 << 20  # a record longer than this is cut: its later lines become rejects' neighbours, not memory
_INDENTS: Final = (b" ", b"\t")
_TAIL_BYTES: Final = 32 << 10
_TAIL_LINES: Final = 12  # so many are tried one by one, from the last; most records are shorter


def parse(parser: Parser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    """Read all blocks of a source with one parser."""
    if isinstance(parser, RecordParser):
        yield from parse_records(parser, blocks, registry)
    elif isinstance(parser, LearningParser):
        yield from _parse_learned(parser, blocks, registry)
    elif isinstance(parser, LineParser):
        for block in record_blocks(parser, blocks):
            yield parse_block(parser, block, registry)


def _parse_learned(parser: LearningParser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    """Learn from the first block; where nothing can be learned, only a line that is a bare time is an event."""
    left = iter(blocks)
    first = next(left, None)
    if first is None:
        return
    learned = parser.learn(first.data.splitlines()[:HEAD_LINES])
    bare = LineParser(parser.name, parser.title, parser.url, parser.samples, layouts=(Layout("{time:iso}"),))
    yield from parse(learned or bare, chain([first], left), registry)


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
        raw, lines = _lines_of(Block(block.data[begin:], 0, 0, block.cleaning))
        for row in range(len(lines) - 1, max(len(lines) - _TAIL_LINES, 0) - 1, -1):
            above = int(lines.starts[max(row - 1, 0)])
            pair = Lines.of(lines.data[above : int(lines.ends[row])])
            if any(_begins_last(parser, layout, pair) for layout in parser.layouts):
                return begin + int(raw[row])
        found = [int(match.rows[-1]) for layout in parser.layouts if len((match := layout.match(lines)).rows)]
        if found:
            return begin + int(raw[max(found)])
        if begin == 0:
            return end
        size *= 8


def _begins_last(parser: LineParser, layout: Layout, lines: Lines) -> bool:
    """Tell whether the last of these lines begins a record: its meaning may refuse it, or join it to the one above."""
    match = layout.match_regex(lines)
    if not len(match.rows) or match.rows[-1] != len(lines) - 1:
        return False
    told = parser.meaning(match, {}) if parser.meaning is not None else {}
    return not any(np.asarray(told[name], bool)[-1] for name in ("refused", "joined") if told.get(name) is not None)


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
    joined = batch.joined if batch else np.empty(0, np.int64)
    taken[rows] = taken[joined] = True
    loose = np.flatnonzero(~taken)
    headings = _headings(parser, lines, loose)
    continued = headings | _continued(parser, lines, rows, loose)
    rejected = loose[~continued]
    if batch is not None and len(rows) and (parser.continues or parser.envelope):
        batch = _lengthened(batch, loose[continued & ~headings & (loose > rows[0])])
    reason = f"not a line of {parser.title}"
    refused = [(int(row), reason) for row in rejected]
    lost = astray(batch.times) if batch is not None else np.empty(0, np.int64)
    if batch is not None and len(lost):
        refused += [(int(row), REASON) for row in rows[lost]]
        batch = _without(batch, lost)
        rows = batch.rows
    return Parsed(
        batch if len(rows) else None,
        rows + block.line,
        starts[rows] + block.offset,
        len(lines),
        int(continued.sum()) + len(joined),
        tuple(_refused(lines, starts, row, block, why) for row, why in sorted(refused)),
        block.cut,
    )


def _without(batch: Batch, lost: np.ndarray) -> Batch:
    """Give a batch without some of its rows."""
    kept = np.delete(np.arange(len(batch.rows)), lost)
    index = pa.array(kept)
    columns = {name: column.take(index) for name, column in batch.columns.items()}
    times = times_at(batch.times, kept)
    return Batch(batch.lines, batch.rows[kept], times, columns, batch.parser.take(index), batch.joined)


def _refused(lines: Lines, starts: np.ndarray, row: int, block: Block, reason: str) -> Refused:
    begin = int(lines.starts[row])
    text = lines.data[begin : min(int(lines.ends[row]), begin + REJECT_TEXT)]
    return Refused(row + block.line, int(starts[row]) + block.offset, reason, text)


def _continued(parser: LineParser, lines: Lines, rows: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Tell which unmatched lines belong to the record above: blank ones, and all where the format continues.

    In an envelope, whose programs may write anything, those that are indented.
    """
    first = int(np.searchsorted(loose, rows[0])) if len(rows) else len(loose)
    above = first if parser.continues else len(loose)
    continued = np.ones(len(loose), bool)
    continued[:above] = [not lines.bytes(int(row)).strip() for row in loose[:above]]
    if parser.envelope and not parser.continues:
        continued[first:] |= np.array([lines.bytes(int(row))[:1] in _INDENTS for row in loose[first:]], bool)
    return continued


def _headings(parser: LineParser, lines: Lines, loose: np.ndarray) -> np.ndarray:
    """Tell which unmatched lines are what the writing tool says of itself."""
    if not parser.headings:
        return np.zeros(len(loose), bool)
    told = re.compile(parser.headings)
    return np.array([told.match(lines.bytes(int(row))) is not None for row in loose], bool)


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
    message = batch.columns["message"]
    begun = pc.fill_null(message.take(pa.array(grown)), "")
    whole = pc.utf8_trim_whitespace(pc.binary_join_element_wise(begun, tails, ""))
    columns = {**batch.columns, "message": pc.replace_with_mask(message, pa.array(last >= 0), whole)}
    return Batch(batch.lines, batch.rows, batch.times, columns, batch.parser)


__all__ = ["Parsed", "Refused", "parse", "parse_block", "record_blocks"]
