"""Reading sources: blocks parsed by several threads, clocks kept in line order, parts written on the way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from afterlog.case import Ledger, write_parquet
from afterlog.clock import Clock, SourceClock
from afterlog.errors import CaseError, InputError
from afterlog.intake.looking import Known
from afterlog.intake.options import Span
from afterlog.intake.parsing import parse, parse_block, record_blocks
from afterlog.intake.scouting import MARGIN_US, Scout
from afterlog.intake.seeking import Beginning, beginning_of, first_times, rest_of
from afterlog.intake.tally import Tally
from afterlog.parsed import Parsed
from afterlog.parser import LineParser, Times
from afterlog.registry import Registry
from afterlog.source import Block, Source, blocks, open_chunks
from afterlog.sources.blocks import newlines
from afterlog.table import to_columns, with_times

LARGE_BYTES: Final = 8 << 20
"""A source of this size is read by all threads together; smaller ones are read side by side."""


Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all (compressed sources count as they lie on disk)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading one source gave: its account, and its files in the folder of parts."""

    ledger: Ledger
    parts: tuple[str, ...]
    rejects: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one block gave, without its times; or, of a block outside the span, some of its times."""

    parsed: Parsed | None
    columns: dict[str, Any]
    lines: int = 0
    peeked: Times | None = None


class Reading:
    """One run over sources; shared by the threads that read them."""

    def __init__(self, parsers: Registry, folder: Path, span: Span, jobs: int, progress: Progress | None) -> None:
        self.total = 0
        self._parsers = parsers
        self._folder = folder
        self._span = span
        self._jobs = jobs
        self._done = 0
        self._progress = progress
        self._lock = threading.Lock()

    def read(self, item: Known, settings: SourceClock, stem: str, pool: ThreadPoolExecutor | None = None) -> Outcome:
        """Read one source into parts and say what became of its lines; with a pool, blocks are read side by side.

        Raises:
            CaseError: a part cannot be written.

        """
        written: deque[Future[object]] = deque()

        def write(table: pa.Table, file: Path) -> None:
            if pool is None:
                _write_part(table, file)
                return
            while written:
                written.popleft().result()
            written.append(pool.submit(_write_part, table, file))

        tally = Tally(self._folder, stem, write, self._span)
        clock = Clock(settings)
        scout: Scout | None = None
        if self._span.bounded and isinstance(item.parser, LineParser):
            scout = Scout(partial(first_times, item.parser, parsers=self._parsers), settings, self._span)
        status, reason = "read", ""
        try:
            for unit in self._units(item, scout, pool):
                _take(unit, tally, clock)
        except InputError as error:
            status, reason = "partly-read", str(error)
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            # a parser's mistake on lines nobody foresaw: this source ends here, the others go on
            status, reason = (
                "partly-read",
                f"{item.parser.name} failed behind line {tally.lines} ({error}); please report it",
            )
        if scout is not None and scout.past and not reason:
            reason = "what comes more than an hour after --until was not read"
        tally.flush()
        for future in written:
            future.result()
        reason = "; ".join(filter(None, (reason, tally.mixture.told(item.parser, tally.lines))))
        status, reason = _judged(tally, status, reason)
        return Outcome(tally.ledger(item, settings, status, reason), tuple(tally.parts), _rejects(tally, item))

    def _units(self, item: Known, scout: Scout | None, pool: ThreadPoolExecutor | None) -> Iterator[_Unit]:
        source = item.source
        if item.all_of_it is not None:
            self._advance(source.size)
            yield from (_Unit(parsed, to_columns(parsed, source)) for parsed in item.all_of_it)
            return
        if not isinstance(item.parser, LineParser):
            parsed_blocks = parse(item.parser, self._counted(item), self._parsers)
            yield from (_Unit(parsed, to_columns(parsed, source)) for parsed in parsed_blocks)
            return
        begin = Beginning()
        if scout is not None and self._span.since is not None:
            before_us = self._span.since - MARGIN_US
            begin = beginning_of(source, item.parser, scout.settings, item.cleaning, self._parsers, before_us)
            yield _Unit(None, {}, begin.lines)
        whole = record_blocks(item.parser, self._counted(item, begin))
        work = self._work(item.parser, source, whole, scout)
        if pool is None:
            yield from (run() for run in work)
            return
        yield from _side_by_side(work, pool, self._jobs + 1)

    def _work(
        self, parser: LineParser, source: Source, whole: Iterator[Block], scout: Scout | None
    ) -> Iterator[Callable[[], _Unit]]:
        """Give what is to be done for each block; a block outside the span is only counted, and all behind it left."""
        for block in whole:
            times = scout.outside(block) if scout is not None else None
            if times is None:
                yield partial(_parsed_unit, parser, source, block, self._parsers)
                continue
            yield partial(_Unit, None, {}, newlines(block.data) + (block.data[-1:] != b"\n"), times)
            if scout is not None and scout.past:
                return

    def _counted(self, item: Known, begin: Beginning = Beginning()) -> Iterator[Block]:  # noqa: B008  frozen
        read = begin.offset
        self._advance(read)
        chunks = rest_of(item.source, begin.offset) if begin.offset else open_chunks(item.source)
        for block in blocks(chunks, cleaning=item.cleaning, line=begin.lines + 1, offset=begin.offset):
            yield block
            here = min(len(block.data), max(item.source.size - read, 0))
            read += here
            self._advance(here)
        self._advance(max(item.source.size - read, 0))

    def _advance(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            if self._progress is not None:
                self._progress(self._done, self.total)

    def passed(self, amount: int) -> None:
        """Count the bytes of a source that need not be read again."""
        self._advance(amount)


def _parsed_unit(parser: LineParser, source: Source, block: Block, parsers: Registry) -> _Unit:
    parsed = parse_block(parser, block, parsers)
    return _Unit(parsed, to_columns(parsed, source))


def _side_by_side(work: Iterator[Callable[[], _Unit]], pool: ThreadPoolExecutor, ahead: int) -> Iterator[_Unit]:
    """Run the work on the pool and give what it gives in order; no more than ``ahead`` pieces are begun early.

    When reading fails, what was begun is given first and the error follows.
    """
    begun: deque[Future[_Unit]] = deque()
    failure: InputError | None = None
    try:
        for run in work:
            begun.append(pool.submit(run))
            if len(begun) > ahead:
                yield begun.popleft().result()
    except InputError as error:
        failure = error
    while begun:
        yield begun.popleft().result()
    if failure is not None:
        raise failure


def _take(unit: _Unit, tally: Tally, clock: Clock) -> None:
    """Give a block its times, in the order of the lines, and count it."""
    if unit.parsed is None:
        if unit.peeked is not None:
            clock.resolve(unit.peeked)
        tally.skip(unit.lines)
        return
    batch = unit.parsed.batch
    if batch is None:
        tally.add(unit.parsed, with_times({}, np.empty(0, np.int64), np.empty(0, np.int8)))
        return
    resolved = clock.resolve(batch.times)
    tally.add(unit.parsed, with_times(unit.columns, resolved.utc_us, resolved.basis))


def _judged(tally: Tally, status: str, reason: str) -> tuple[str, str]:
    if tally.rejected:
        told = f"{tally.rejected:,} of {tally.lines:,} lines could not be read; first: line {tally.rejects[0].line}"
        status, reason = "partly-read", "; ".join(filter(None, (reason, told)))
    if tally.cut:
        reason = "; ".join(filter(None, (reason, f"{tally.cut:,} bytes of overlong lines (over 16 MiB) were left out")))
    return status, reason


def _rejects(tally: Tally, item: Known) -> str:
    try:
        return tally.write_rejects(item.source.path)
    except OSError as error:
        raise _full(tally.folder, error) from None


def _write_part(table: pa.Table, file: Path) -> None:
    try:
        write_parquet(table, file)
    except OSError as error:
        raise _full(file.parent, error) from None


def _full(folder: Path, error: OSError) -> CaseError:
    case = folder.parent.parent
    return CaseError(
        f"{case}: cannot be written ({error.strerror or error}); free space and ingest again, or choose another -o. "
        "What was read so far is kept, and an earlier case there is untouched."
    )
