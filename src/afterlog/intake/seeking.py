"""Seeking: where in a large file the span asked for begins, found by halving instead of by reading.

Only a plain file is searched, whose lines print their years and whose times rise wherever it is looked at (a log that
was put together in another order is read from its beginning). What lies before the place is counted, since lines are
cited by their numbers, but it is not parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

import numpy as np

from afterlog.clock import Clock, SourceClock
from afterlog.errors import InputError
from afterlog.intake.parsing import parse_block
from afterlog.layout import OFFSET_PLACED
from afterlog.parser import LineParser, Lines, Times
from afterlog.registry import Registry
from afterlog.source import Block, Source, read_head
from afterlog.sources.blocks import newlines
from afterlog.sources.cleaning import cleaned
from afterlog.sources.compression import CHUNK

SEARCHED_BYTES: Final = 32 << 20
"""A smaller file is read from its beginning."""
_LOOKS: Final = 48  # places, evenly spread, at which the times must rise
_LOOKED_BYTES: Final = 32 << 10
_LOOKED_LINES: Final = 40
_NEAR_BYTES: Final = 2 << 20  # no use to search closer than a block
_COUNTED_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Beginning:
    """A place in a file: bytes before it, and lines before it. A line of a record begins there."""

    offset: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    """A line that a layout matches: where it begins, and the span of the times in the lines there, UTC microseconds."""

    offset: int
    low: int
    high: int


def beginning_of(
    source: Source,
    parser: LineParser,
    settings: SourceClock,
    cleaning: frozenset[str],
    parsers: Registry,
    before_us: int,
) -> Beginning:
    """Find a place before which all lines are older than ``before_us``, UTC microseconds; if unsure, the beginning."""
    if source.size < SEARCHED_BYTES or source.pieces or source.members or source.address or source.repository:
        return Beginning()
    head = read_head(source)
    with source.file.open("rb") as file:
        if not head or file.read(len(head)) != head:
            return Beginning()  # what is read is not what lies on the disk: compressed, UTF-16, frames

        def read(data: bytes) -> tuple[int, Times] | None:
            return first_times(parser, data, cleaning, parsers)

        offset = _Search(file, source.size, settings, read).last_before(before_us)
        return Beginning(offset, _lines_before(file, offset)) if offset else Beginning()


def first_times(
    parser: LineParser, data: bytes, cleaning: frozenset[str], parsers: Registry
) -> tuple[int, Times] | None:
    """Read the times of some lines; with the offset of the first line that has one. None where none has."""
    raw, lines = Lines.of(data), Lines.of(cleaned(data, cleaning))
    first = next((match for layout in parser.layouts if len((match := layout.match_regex(lines)).rows)), None)
    if first is not None and "time" in first.times:
        return int(raw.starts[first.rows[0]]), first.time()
    parsed = parse_block(parser, Block(data, 1, 0, cleaning), parsers)  # the parser reads them itself
    return None if parsed.batch is None else (int(parsed.offset[0]), parsed.batch.times)


def rest_of(source: Source, offset: int) -> Iterator[bytes]:
    """Give the bytes of a plain file behind an offset.

    Raises:
        InputError: it cannot be read.

    """
    try:
        with source.file.open("rb") as file:
            file.seek(offset)
            while data := file.read(CHUNK):
                yield data
    except OSError as error:
        raise InputError(str(error.strerror or error)) from None


def _lines_before(file: BinaryIO, offset: int) -> int:
    file.seek(0)
    count = 0
    while offset > 0:
        data = file.read(min(_COUNTED_BYTES, offset))
        if not data:
            break  # it has become shorter; reading on from there will show it
        count += newlines(data)
        offset -= len(data)
    return count


class _Search:
    """Looks into one file."""

    def __init__(
        self,
        file: BinaryIO,
        size: int,
        settings: SourceClock,
        read: Callable[[bytes], tuple[int, Times] | None],
    ) -> None:
        self._file = file
        self._size = size
        self._settings = settings
        self._read = read

    def last_before(self, before_us: int) -> int:
        """Give the offset of a line with only older ones before it; 0 where the times do not rise or tell nothing."""
        looks = [self._look(self._size * part // _LOOKS) for part in range(_LOOKS)]
        known = [look for look in looks if look is not None]
        if len(known) < _LOOKS // 2 or any(two.low < one.high for one, two in pairwise(known)):
            return 0
        older = [look.offset for look in known if look.high < before_us]
        if not older:
            return 0
        low = older[-1]
        high = next((look.offset for look in known if look.high >= before_us), self._size)
        while high - low > _NEAR_BYTES:
            look = self._look((low + high) // 2)
            if look is None or not low < look.offset < high:
                break
            low, high = (look.offset, high) if look.high < before_us else (low, look.offset)
        return low

    def _look(self, offset: int) -> _Look | None:
        """Read the times of the lines behind an offset; None where no layout reads any, or they print no year."""
        self._file.seek(offset)
        data = self._file.read(_LOOKED_BYTES)
        begin = data.find(b"\n") + 1 if offset else 0
        data = data[begin : data.rfind(b"\n") + 1]
        at = 0
        for _ in range(_LOOKED_LINES):
            at = data.find(b"\n", at) + 1
            if not at:
                break
        told = self._read(data[:at] if at else data)
        if told is None or not np.all(told[1].has_year) or (told[1].offset_s == OFFSET_PLACED).any():
            return None
        utc = Clock(self._settings).resolve(told[1]).utc_us
        return _Look(offset + begin + told[0], int(utc.min()), int(utc.max()))
