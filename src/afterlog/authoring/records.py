"""What a parser makes of a text, as plain dictionaries: for samples, for explanations, for proposals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from afterlog.intake.matching import match_parts
from afterlog.intake.parsing import parse
from afterlog.layout import OFFSET_UNKNOWN
from afterlog.parsed import Refused
from afterlog.parser import LineParser, Lines, Parser, Times
from afterlog.registry import Registry
from afterlog.source import Block


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a text: its records, in the order of the lines, and the account of all its lines."""

    records: tuple[dict[str, Any], ...]
    lines: int
    continuations: int
    rejects: tuple[Refused, ...]


def made_of(parser: Parser, text: bytes, parsers: Registry, program: str = "") -> Made:
    """Read a text with one parser.

    A record is a dictionary of what is not null, with ``time`` as printed (ISO 8601, an offset only where the line
    has one, year 2000 where it has none), ``parser`` and ``line``, from 1. ``program`` is what an envelope says, for a
    parser that lives inside one; lines that such a parser does not match are what its envelope keeps, and no rejects.
    """
    if isinstance(parser, LineParser) and parser.inside:
        lines = Lines.of(text)
        given = {"program": pa.array([program] * len(lines), pa.string())} if program else {}
        parts = match_parts(parser, lines, given, parsers)
        found = [one for part in parts for one in _records(part.columns, part.times, part.rows + 1, part.parser)]
        joined = sum(len(part.joined) for part in parts)
        return Made(tuple(sorted(found, key=lambda one: one["line"])), len(lines), joined, ())
    records: list[dict[str, Any]] = []
    rejects: list[Refused] = []
    count = continuations = 0
    for parsed in parse(parser, iter([Block(text, 1, 0)]), parsers):
        count += parsed.lines
        continuations += parsed.continuations
        rejects += parsed.rejects
        if parsed.batch is not None:
            batch = parsed.batch
            records += _records({**batch.columns, "parser": batch.parser}, batch.times, parsed.line, parser.name)
    return Made(tuple(records), count, continuations, tuple(rejects))


def _records(columns: Mapping[str, Any], times: Times | None, line: Any, parser: str) -> Iterator[dict[str, Any]]:
    for row in range(len(line)):
        told = {"parser": parser} | {name: column[row].as_py() for name, column in columns.items()}
        if times is not None:
            told["time"] = printed(int(times.wall_us[row]), int(times.offset_s[row]))
        told["line"] = int(line[row])
        yield {name: value for name, value in told.items() if value is not None}


def printed(wall_us: int, offset_s: int) -> str:
    """Write a wall clock as ISO 8601, with its offset from UTC where it is known."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_us)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment.microsecond:06d}" if moment.microsecond else "")
    if offset_s == OFFSET_UNKNOWN:
        return text
    sign = "-" if offset_s < 0 else "+"
    return f"{text}{sign}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"
