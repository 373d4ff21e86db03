"""Rates: requests and failures per minute straight from the files, without making a case.

Only times and statuses are read. Access logs take the short way (`afterlog.intake.combined`); every other format is
read by its parser's layouts. A failure is a status of 500 or more.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from afterlog.errors import AfterlogError, InputError
from afterlog.intake.combined import read_ordinary
from afterlog.memory import keep_freed_memory
from afterlog.source import Block, Source, blocks, open_chunks, read_head, walk

if TYPE_CHECKING:
    import pandas as pd

    from afterlog.intake.looking import Known
    from afterlog.intake.options import Options

MINUTE_US: Final = 60_000_000
FAILED: Final = 500
_BLOCK: Final = 1 << 20
_ORDINARY_SHARE: Final = 0.9
_HELD: Final = 256

Counts = tuple[np.ndarray, np.ndarray, np.ndarray]
"""UTC minutes since 1970, ascending; records and failures in each: int64, shapes (n,)."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Records and failures per minute. ``minute_us`` is each minute's begin in UTC microseconds; shapes (n,).

    ``lines`` counts all lines read, ``unread`` those that gave no time or that no parser knows; ``notes`` name
    the sources that could not be counted, with the reason.
    """

    minute_us: np.ndarray
    total: np.ndarray
    failed: np.ndarray
    lines: int
    unread: int
    notes: tuple[tuple[str, str], ...]

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Give each minute as RFC 3339, with its records and failures."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        for minute, total, failed in zip(
            self.minute_us.tolist(), self.total.tolist(), self.failed.tolist(), strict=True
        ):
            yield (epoch + timedelta(microseconds=minute)).strftime("%Y-%m-%dT%H:%MZ"), total, failed

    def lines_of_text(self) -> Iterator[str]:
        """Give a table as text: minute, records, failures, failed share in per cent."""
        yield f"{'minute (UTC)':<17} {'total':>9} {'failed':>9} {'failed %':>9}"
        for minute, total, failed in self.rows():
            yield f"{minute:<17} {total:>9} {failed:>9} {100 * failed / total:>9.2f}"

    def as_json(self) -> dict[str, Any]:
        """Give the document of ``rates --json``."""
        rates = [{"minute": minute, "total": total, "failed": failed} for minute, total, failed in self.rows()]
        notes = [{"path": path, "reason": reason} for path, reason in self.notes]
        return {"rates": rates, "lines": self.lines, "unread": self.unread, "not_counted": notes}

    def frame(self) -> pd.DataFrame:
        """Give a pandas frame indexed by UTC minute with the columns total and failed."""
        import pandas as pd  # noqa: PLC0415

        index = pd.DatetimeIndex(self.minute_us.astype("datetime64[us]"), tz="UTC", name="minute")
        return pd.DataFrame({"total": self.total, "failed": self.failed}, index=index)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one block gave."""

    counts: Counts
    lines: int
    unread: int
    odd: bytes = b""  # lines of it that were not counted yet


def rates(logs: Sequence[Path | str], options: Options | None = None) -> Rates:
    """Count records and failures per minute in logs of any format that has a time.

    Times without a zone are taken in ``options.tz``, else as `afterlog.ingest` would take them.

    Raises:
        InputError: a path is not there, or nothing at all could be counted.

    """
    keep_freed_memory()
    notes: list[tuple[str, str]] = []
    counted: list[_Counted] = []
    ordinary: list[Source] = []
    others: list[Source] = []
    for item in walk([str(log) for log in logs]):
        if options is not None and not _wanted(item.path, options):
            continue
        if not isinstance(item, Source):
            notes.append((item.path, item.reason))
        elif _is_ordinary(item):
            ordinary.append(item)
            counted.append(_count(item, _count_access, notes))
        else:
            others.append(item)
    counted += [_count(source, how, notes) for source, how in _by_parsers(others, ordinary, options, notes)]
    if not any(len(one.counts[0]) for one in counted):
        told = "; ".join(f"{path}: {reason}" for path, reason in notes[:3])
        raise InputError(f"{', '.join(map(str, logs))}: nothing here has times that could be counted. {told}".rstrip())
    minute, total, failed = _merged([one.counts for one in counted])
    lines, unread = sum(one.lines for one in counted), sum(one.unread for one in counted)
    return Rates(minute * MINUTE_US, total, failed, lines, unread, tuple(notes))


def _wanted(path: str, options: Options) -> bool:
    from afterlog.intake.options import chosen  # noqa: PLC0415

    return chosen(path, options)


def _is_ordinary(source: Source) -> bool:
    """Tell from its beginning whether a source is a combined access log."""
    if source.repository:
        return False
    try:
        head = read_head(source, 64 << 10)
    except AfterlogError:
        return False
    found = read_ordinary(head[: head.rfind(b"\n") + 1])
    return len(found.minutes) > _ORDINARY_SHARE * (len(found.minutes) + len(found.begins))


def _count(source: Source, how: Callable[[Block], _Counted], notes: list[tuple[str, str]]) -> _Counted:
    """Count a source block by block; what is damaged is counted up to the damage.

    Threads would not help: the steps are too short to let go of the interpreter's lock.
    """
    done: list[_Counted] = []
    try:
        for block in blocks(open_chunks(source), _BLOCK):
            done.append(how(block))
            if len(done) > _HELD:
                done = [_together(done)]
    except InputError as error:
        notes.append((source.path, str(error)))
    return _together(done)


def _together(counted: Sequence[_Counted]) -> _Counted:
    """Add up, with the odd lines counted together: the layouts are made for many lines at once."""
    odd = b"".join(one.odd for one in counted)
    counted = [*counted, _count_odd(odd)] if odd else counted
    counts = _merged([one.counts for one in counted])
    return _Counted(counts, sum(one.lines for one in counted), sum(one.unread for one in counted))


def _count_access(block: Block) -> _Counted:
    """Count a block's ordinary lines the short way, and hand back the others."""
    found = read_ordinary(block.data)
    spans = zip(found.begins.tolist(), found.ends.tolist(), strict=True)
    odd = b"".join(block.data[begin:end] + b"\n" for begin, end in spans)
    return _Counted(_per_minute(found.minutes, found.status), len(found.minutes), 0, odd)


def _count_odd(lines: bytes) -> _Counted:
    """Count lines of access logs by the layouts of their parser; those without an offset are left unread."""
    from afterlog.intake.matching import match_parts  # noqa: PLC0415  loads pyarrow, for lines that most logs have few of
    from afterlog.layout import OFFSET_UNKNOWN, Lines  # noqa: PLC0415
    from afterlog.registry import Registry  # noqa: PLC0415

    parser = importlib.import_module("afterlog.parsers.apache_access").PARSER
    left = Lines.of(lines)
    pieces, read = [], 0
    for part in match_parts(parser, left, {}, Registry(())):
        if part.times is None:
            continue
        sure = part.times.offset_s != OFFSET_UNKNOWN
        minutes = (part.times.wall_us // 1_000_000 - part.times.offset_s) // 60
        status = part.columns.get("status")
        values = np.zeros(len(sure)) if status is None else np.asarray(status.fill_null(0))
        pieces.append(_per_minute(minutes[sure], values[sure]))
        read += int(sure.sum())
    return _Counted(_merged(pieces), len(left), len(left) - read)


def _per_minute(minute: np.ndarray, status: np.ndarray) -> Counts:
    """Count by minute; a minute may come more than once, since lines need not be in order."""
    if not len(minute):
        return minute, minute, minute
    begins = np.concatenate(([0], np.flatnonzero(minute[1:] != minute[:-1]) + 1))
    total = np.diff(np.append(begins, len(minute)))
    return minute[begins], total, np.add.reduceat((status >= FAILED).astype(np.int64), begins)


def _merged(pieces: Iterable[Counts]) -> Counts:
    """Add up counts of equal minutes."""
    pieces = [piece for piece in pieces if len(piece[0])]
    if not pieces:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    minutes, index = np.unique(np.concatenate([piece[0] for piece in pieces]), return_inverse=True)
    sums = [np.zeros(len(minutes), np.int64) for _ in range(2)]
    for one, which in zip(sums, (1, 2), strict=True):
        np.add.at(one, index, np.concatenate([piece[which] for piece in pieces]))
    return minutes, sums[0], sums[1]


# --- other formats ------------------------------------------------------------------------------------------


def _by_parsers(
    sources: Sequence[Source], ordinary: Sequence[Source], options: Options | None, notes: list[tuple[str, str]]
) -> Iterator[tuple[Source, Callable[[Block], _Counted]]]:
    """Choose a parser for each source, and all clocks together, as an ingest does; give how to count each.

    The ``ordinary`` ones are counted already, but their clocks tell of the others'.
    """
    if not sources:
        return
    from afterlog.case import Ledger  # noqa: PLC0415  loads Parquet
    from afterlog.clock import machine_zone, resolve_clocks  # noqa: PLC0415
    from afterlog.intake.looking import look  # noqa: PLC0415
    from afterlog.intake.options import Options, formats_of  # noqa: PLC0415
    from afterlog.plugins import trusted_folders  # noqa: PLC0415
    from afterlog.registry import registry  # noqa: PLC0415

    options = options or Options()
    here = [source.file.parent for source in (*sources, *ordinary) if not source.address]
    parsers = registry(trusted_folders(options.parser_folders, here))
    formats = formats_of(options, parsers)
    known: list[Known] = []
    for source in (*sources, *ordinary):
        seen = look(source, parsers, formats)
        if not isinstance(seen, Ledger):
            known.append(seen)
        elif source not in ordinary:
            notes.append((seen.path, seen.reason))
    clocks = resolve_clocks([item.survey for item in known], options.said(), machine_zone())
    for item in [item for item in known if item.source not in ordinary]:
        yield item.source, _counter(item, clocks[item.source.path], parsers)


def _counter(item: Known, settings: Any, parsers: Any) -> Callable[[Block], _Counted]:
    """Make the function that counts one block of a source."""
    from afterlog.clock import Clock  # noqa: PLC0415
    from afterlog.intake.parsing import parse  # noqa: PLC0415

    def count(block: Block) -> _Counted:
        cleaned = Block(block.data, block.line, block.offset, item.cleaning)
        pieces, lines, unread = [], 0, 0
        clock = Clock(settings)
        for parsed in parse(item.parser, iter((cleaned,)), parsers):
            lines += parsed.lines
            unread += len(parsed.rejects)
            if parsed.batch is None:
                continue
            status = parsed.batch.columns.get("status")
            values = np.zeros(len(parsed.line)) if status is None else np.asarray(status.fill_null(0))
            pieces.append(_per_minute(clock.resolve(parsed.batch.times).utc_us // MINUTE_US, values))
        return _Counted(_merged(pieces), lines, unread)

    return count
