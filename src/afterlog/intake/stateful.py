"""Formats with state: a parser's generator over the lines of a whole source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa

from afterlog.event import COLUMNS, SCHEMA, Kind
from afterlog.intake.matching import Part, joined_parts, open_envelope
from afterlog.parsed import REJECT_TEXT, Parsed, Refused
from afterlog.parser import Batch, Column, Line, Lines, Record, RecordParser, Reject, Times
from afterlog.registry import Registry
from afterlog.source import Block
from afterlog.sources.cleaning import cleaned

_RECORDS_PER_BATCH: Final = 20_000


def parse_records(parser: RecordParser, blocks: Iterable[Block], registry: Registry) -> Iterator[Parsed]:
    """Run the parser's generator over all lines; what is neither record nor reject continues the record before."""
    count = 0
    left = iter(blocks)

    def lines() -> Iterator[Line]:
        nonlocal count
        for block in left:
            raw = Lines.of(block.data)
            text = Lines.of(cleaned(block.data, block.cleaning)) if block.cleaning else raw
            for row in range(len(raw)):
                count += 1
                yield Line(block.line + row, block.offset + int(raw.starts[row]), text.bytes(row))

    told = parser.records(lines())
    accounted = 0
    while True:
        group = list(islice(told, _RECORDS_PER_BATCH))
        done = len(group) < _RECORDS_PER_BATCH
        if done:
            for _ in lines():  # a parser may stop early: the rest is still counted
                pass
        total = count if done else max((item.line.number for item in group), default=count)
        yield _records_parsed(parser, group, total - accounted, registry)
        accounted = total
        if done:
            return


def _records_parsed(parser: RecordParser, group: list[Record | Reject], lines: int, registry: Registry) -> Parsed:
    records = sorted((item for item in group if isinstance(item, Record)), key=lambda r: r.line.number)
    refused = tuple(
        Refused(item.line.number, item.line.offset, item.reason, item.line.text[:REJECT_TEXT])
        for item in group
        if isinstance(item, Reject)
    )
    batch = _batch_of(parser, records, registry) if records else None
    rows = batch.rows if batch is not None else np.empty(0, np.int64)
    number = np.array([record.line.number for record in records], np.int64)[rows]
    offset = np.array([record.line.offset for record in records], np.int64)[rows]
    return Parsed(batch, number, offset, lines, lines - len(rows) - len(refused), refused)


def _batch_of(parser: RecordParser, records: list[Record], registry: Registry) -> Batch | None:
    """Give the records as a batch; one whose message an inner parser joined to another is no row of its own."""
    names = sorted({name for record in records for name in record.columns} | {"kind"})
    columns: dict[str, Column] = {}
    for name in names:
        values = [record.columns.get(name, str(Kind.LOG) if name == "kind" else None) for record in records]
        kind = SCHEMA.field(name).type if name in COLUMNS else pa.string()
        try:
            columns[name] = pa.array([_plain(value, kind) for value in values], kind)
        except (pa.ArrowException, OverflowError):  # a name out of the log that is one of an event's columns
            columns[f"{name}_"] = pa.array([_plain(value, pa.string()) for value in values], pa.string())
    times = Times(
        np.array([record.time.wall_us for record in records], np.int64),
        np.array([record.time.offset_s for record in records], np.int32),
        np.array([record.time.has_year for record in records], bool),
        max(record.time.resolution_us for record in records),
    )
    rows = np.arange(len(records))
    if parser.envelope and "message" in columns:
        envelope = Part(rows, times, columns, parser.name)
        return joined_parts(Lines.of(b""), open_envelope(envelope, Lines.of_texts(columns["message"]), registry))
    return Batch(Lines.of(b""), rows, times, columns, pa.repeat(pa.scalar(parser.name), len(records)))


def _plain(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_string(kind):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode()
