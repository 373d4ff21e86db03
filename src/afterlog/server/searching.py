"""Full-text search over the events, page by page, in the order of time, however many there are.

Event files are not in one order of time; their row groups say between which times they lie. A search goes through the
groups in the order of their first time and keeps what it found until no group that is still to come can hold anything
earlier. A page ends when it is full, or when its time is up: then it says how far it came, and the next one goes on
from there. Groups outside the window asked for are never read, and the long columns of a group only where it has hits.
"""

from __future__ import annotations

import heapq
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.case import Case
from afterlog.errors import InputError

PAGE: Final = 100
_PATIENCE_S: Final = 1.0  # of one page
_TEXTS: Final = ("message", "path", "method", "client", "target", "actor", "action", "request_id", "upstream")
_SHOWN: Final = (
    "time", "time_basis", "source", "line", "offset", "parser", "host", "service", "kind", "severity", "message",
    "client", "method", "path", "status", "duration", "upstream", "request_id", "action", "target", "outcome", "actor",
)  # fmt: skip
_WORD: Final = re.compile(r'(-?)(?:"([^"]*)"?|/((?:[^/\\]|\\.)*)/|(\S+))')

Key = tuple[int, str, int]
"""Where an event stands in the order: time in UTC microseconds, source, line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty means all. Times in UTC microseconds, ``[since_us, until_us)``.

    ``words`` must all occur, in any of the text columns, whatever their case; ``"two words"`` as they stand, ``-word``
    must not occur, ``/pattern/`` is a regular expression (RE2).
    """

    words: str = ""
    since_us: int | None = None
    until_us: int | None = None
    hosts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    source: str = ""
    failed: bool = False  # answered with 5xx, logged as an error, or ended as failed


@dataclass(frozen=True, slots=True)
class Found:
    """A page of events as rows, where the next page begins (None where there is none), and how far it came."""

    rows: list[dict[str, Any]]
    after: Key | None
    reached_us: int | None  # everything before this moment was looked at
    looked_at: int  # events


@dataclass(frozen=True, slots=True, order=True)
class _Group:
    """A row group and the times between which its events lie."""

    low: int
    high: int
    file: str
    number: int
    rows: int


class Events:
    """The events of a case, ready to be searched."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._groups: list[_Group] | None = None
        self._stamp: tuple[int, ...] = ()

    def search(
        self, wanted: Wanted, after: Key | None = None, most: int = PAGE, patience_s: float = _PATIENCE_S
    ) -> Found:
        """Find the next page of events.

        Args:
            wanted: what to look for.
            after: where the page before ended.
            most: rows of a page.
            patience_s: seconds after which the page ends where it is; it always gets on a little.

        Raises:
            InputError: a pattern cannot be read.

        """
        tests = list(_tests(wanted.words))
        begin = max((t for t in (wanted.since_us, after[0] if after else None) if t is not None), default=None)
        groups = [
            group
            for group in self._all_groups()
            if (begin is None or group.high >= begin) and (wanted.until_us is None or group.low < wanted.until_us)
        ]
        give_up = time.monotonic() + patience_s
        held: list[tuple[Key, int, dict[str, Any]]] = []
        rows: list[dict[str, Any]] = []
        looked_at = 0
        end: Key | None = None
        for number, group in enumerate(groups):
            while held and held[0][0][0] < group.low and len(rows) < most:
                end, _, row = heapq.heappop(held)
                rows.append(row)
            if len(rows) == most:
                return Found(rows, end, end[0] if end else None, looked_at)
            came_on = begin is None or group.low > begin
            if number and came_on and time.monotonic() > give_up:
                # nothing before this group's first time is left: what is held begins at it, and is found again
                return Found(rows, (group.low, "", 0), group.low, looked_at)
            for key, row in self._hits(group, wanted, tests, after, most - len(rows) + 1):
                heapq.heappush(held, (key, len(held) + looked_at, row))
            looked_at += group.rows
            held = _smallest(held, most - len(rows) + 1)
        while held and len(rows) < most:
            end, _, row = heapq.heappop(held)
            rows.append(row)
        return Found(rows, end if held else None, end[0] if held and end else None, looked_at)

    def count(self) -> int:
        """Give the number of all events."""
        return sum(group.rows for group in self._all_groups())

    def _all_groups(self) -> list[_Group]:
        """Read the footers of the event files; anew where an ingest wrote other files."""
        files = sorted((self._case.folder / "events").glob("*.parquet"))
        stamp = tuple(file.stat().st_mtime_ns for file in files)
        if self._groups is None or stamp != self._stamp:
            self._groups = sorted(group for file in files for group in _groups_of(file))
            self._stamp = stamp
        return self._groups

    def _hits(
        self, group: _Group, wanted: Wanted, tests: Sequence[_Test], after: Key | None, most: int
    ) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Find what fits in one row group: the first ``most`` in time, and what is of the same time as the last."""
        file = pq.ParquetFile(group.file)
        first = ["time", "source", "line", "kind", "host", "service"]
        first += ["status", "severity", "outcome"] if wanted.failed else []
        table = file.read_row_group(group.number, columns=first)
        mask = _fits(table, wanted, after)
        if not mask.any():
            return
        if tests:
            texts = file.read_row_group(group.number, columns=list(_TEXTS))
            mask = _told(texts, tests, mask)
        places = np.flatnonzero(mask)
        if not len(places):
            return
        if len(places) > most:
            stamps = _stamps(table)[places]
            places = places[stamps <= np.partition(stamps, most - 1)[most - 1]]
        rest = [name for name in _SHOWN if name not in table.column_names]
        chosen = table.select(first[:6]).take(places)
        more = file.read_row_group(group.number, columns=rest).take(places)
        plain = chosen.set_column(0, "time", pa.array(_stamps(chosen)))
        for one, other in zip(plain.to_pylist(), more.to_pylist(), strict=True):
            row = {**one, **other}
            yield (row["time"], row["source"], row["line"]), row


@dataclass(frozen=True, slots=True)
class _Test:
    """One word of a search."""

    text: str
    pattern: bool
    absent: bool


def _tests(words: str) -> Iterator[_Test]:
    for found in _WORD.finditer(words):
        absent, quoted, pattern, word = found.groups()
        text = next((part for part in (quoted, pattern, word) if part), "")
        if text:
            yield _Test(text, bool(pattern), bool(absent))


def _fits(table: pa.Table, wanted: Wanted, after: Key | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which rows lie in the window, behind the page before, and satisfy the filters."""
    stamps = _stamps(table)
    mask = np.ones(len(stamps), bool)
    if wanted.since_us is not None:
        mask &= stamps >= wanted.since_us
    if wanted.until_us is not None:
        mask &= stamps < wanted.until_us
    for name, values in (("host", wanted.hosts), ("service", wanted.services), ("kind", wanted.kinds)):
        if values:
            mask &= _flags(pc.is_in(table.column(name), pa.array(values)))
    if wanted.source:
        mask &= _flags(pc.equal(table.column("source"), wanted.source))
    if wanted.failed:
        bad = pc.or_kleene(
            pc.greater_equal(table.column("status"), 500), pc.greater_equal(table.column("severity"), 17)
        )
        mask &= _flags(pc.or_kleene(bad, pc.equal(table.column("outcome"), "failed")))
    if after is not None:
        moment, source, line = after
        mask &= stamps >= moment
        tied = np.flatnonzero(mask & (stamps == moment))
        rows = table.select(["source", "line"]).take(tied).to_pylist() if len(tied) else []
        for place, row in zip(tied, rows, strict=True):
            mask[place] = (row["source"], row["line"]) > (source, line)
    return mask


def _stamps(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    stamps: np.ndarray[Any, np.dtype[np.int64]] = table.column("time").cast(pa.int64()).to_numpy()
    return stamps


def _told(
    texts: pa.Table, tests: Sequence[_Test], mask: np.ndarray[Any, np.dtype[np.bool_]]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell in which of the rows every word occurs."""
    for test in tests:
        search = pc.match_substring_regex if test.pattern else pc.match_substring
        there = np.zeros(len(mask), bool)
        for name in _TEXTS:
            column = texts.column(name)
            if column.null_count == len(column):
                continue
            try:
                there |= _flags(search(column, test.text, ignore_case=True))
            except pa.ArrowInvalid as error:
                raise InputError(f"/{test.text}/: {error}") from None
        mask = mask & (~there if test.absent else there)
        if not mask.any():
            break
    return mask


def _flags(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    flags: np.ndarray[Any, np.dtype[np.bool_]] = pc.fill_null(column, False).to_numpy().astype(bool)
    return flags


def _smallest(held: list[tuple[Key, int, dict[str, Any]]], most: int) -> list[tuple[Key, int, dict[str, Any]]]:
    """Keep what can still come onto this page, as a heap."""
    if len(held) <= 4 * most:
        return held
    return heapq.nsmallest(most, held)


def _groups_of(file: Path) -> Iterator[_Group]:
    footer = pq.ParquetFile(file).metadata
    place = footer.schema.to_arrow_schema().get_field_index("time")
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        told = group.column(place).statistics
        if group.num_rows:
            low, high = (int(value.timestamp()) * 1_000_000 + value.microsecond for value in (told.min, told.max))
            yield _Group(low, high, str(file), number, group.num_rows)
