"""Copies: one record that reached two files is one event with two pieces of evidence.

Two cases are told apart. A file may hold the same bytes as another (Puppet's last report is also its newest):
all of it is a copy. And a syslog daemon writes one message to several files of its host (syslog and user.log):
these records are equal in everything but their place; the n-th of them in one file is a copy of the n-th in
the other. Copies are listed in ``copies.parquet`` and leave the merged timeline.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from afterlog.case import COPY_SCHEMA, Case, Ledger, write_parquet
from afterlog.errors import InputError
from afterlog.intake.reading import Outcome
from afterlog.intake.receipts import link, stem_of
from afterlog.source import Source, open_chunks

_CONTENT: Final = (
    "time", "host", "service", "kind", "message", "client", "method", "path", "status", "bytes",
    "action", "target", "actor", "run",
)  # fmt: skip
_SYSLOG: Final = frozenset({"syslog", "syslog-5424"})
_WINDOW_ROWS: Final = 200_000  # about so many records of a host are compared at a time


def assemble(
    outcomes: Sequence[Outcome], sources: Mapping[str, Source], parts: Path, folder: Path, case: Case
) -> list[Ledger]:
    """Put the events of all sources into ``folder``, copies left out; list these in the case.

    Gives the ledgers with the counts of their copies. ``parts`` is where the files of the outcomes lie.
    """
    by_path = {outcome.ledger.path: outcome for outcome in outcomes}
    same = _same_content([outcome.ledger for outcome in outcomes], sources)
    counts: Counter[str] = Counter()
    with case.replacing("copies.parquet") as file, pq.ParquetWriter(file, COPY_SCHEMA, compression="lz4") as listing:
        for group in _hosts([outcome for path, outcome in by_path.items() if path not in same]):
            for copies in _compared(group, parts):
                counts.update(copies.column("source").to_pylist())
                listing.write_table(copies)
    copied = _Copies(case.folder / "copies.parquet")
    for path, outcome in by_path.items():
        if path not in same:
            _put(outcome, parts, folder, copied if counts[path] else None)
    return [_counted(outcome.ledger, same, counts) for outcome in outcomes]


def _counted(ledger: Ledger, same: Mapping[str, str], counts: Mapping[str, int]) -> Ledger:
    if ledger.path in same:
        return replace(
            ledger, duplicates=ledger.events, reason=ledger.reason or f"the same content as {same[ledger.path]}"
        )
    return replace(ledger, duplicates=counts.get(ledger.path, 0))


# --- files of equal content ---------------------------------------------------------------------------------


def _same_content(ledgers: Sequence[Ledger], sources: Mapping[str, Source]) -> dict[str, str]:
    """Map each source whose content equals that of another to that one, the first in the order of paths."""
    by_shape: dict[tuple[object, ...], list[Ledger]] = {}
    for ledger in sorted(ledgers, key=lambda ledger: ledger.path):
        if ledger.events:
            by_shape.setdefault((ledger.parser, ledger.lines, ledger.events, ledger.first, ledger.last), []).append(
                ledger
            )
    copies: dict[str, str] = {}
    for alike in by_shape.values():
        originals: dict[bytes, str] = {}
        for ledger in alike if len(alike) > 1 else ():
            digest = _digest(sources[ledger.path])
            if digest in originals:
                copies[ledger.path] = originals[digest]
            elif digest:
                originals[digest] = ledger.path
    return copies


def _digest(source: Source) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    try:
        for chunk in open_chunks(source):
            digest.update(chunk)
    except InputError:
        return b""  # damaged data is never called equal
    return digest.digest()


# --- records that a syslog daemon wrote twice ---------------------------------------------------------------


def _hosts(outcomes: Sequence[Outcome]) -> Iterator[list[Outcome]]:
    """Give the syslog sources of each host that has several which overlap in time, the largest first."""
    written = [
        outcome for outcome in outcomes if outcome.ledger.parser in _SYSLOG and outcome.ledger.host and outcome.parts
    ]
    written.sort(key=lambda o: (o.ledger.host or "", -o.ledger.events, o.ledger.path))
    for _host, group in groupby(written, key=lambda outcome: outcome.ledger.host):
        members = list(group)
        if len(members) > 1:
            yield members


@dataclass(frozen=True, slots=True)
class _RowGroup:
    """Where some events lie, and the times they span, [low, high] in UTC microseconds."""

    member: int
    file: Path
    index: int
    low: int
    high: int
    rows: int


def _compared(group: Sequence[Outcome], parts: Path) -> Iterator[pa.Table]:
    """Compare the sources of one host in windows of time; give the copies found, window by window.

    Records of different times are never equal, so that windows cut nothing apart.
    """
    found = [
        one
        for member, outcome in enumerate(group)
        for name in outcome.parts
        for one in _row_groups(member, parts / name)
    ]
    paths = [outcome.ledger.path for outcome in group]
    for low, high in _windows(found):
        near = [one for one in found if one.low < high and one.high >= low]
        if len({one.member for one in near}) < 2:
            continue
        copies = _copies_within(near, low, high, paths)
        if copies is not None:
            yield copies


def _row_groups(member: int, file: Path) -> Iterator[_RowGroup]:
    told = pq.ParquetFile(file).metadata
    column = told.schema.names.index("time")
    for index in range(told.num_row_groups):
        group = told.row_group(index)
        span = group.column(column).statistics
        low, high = (pa.scalar(value, pa.timestamp("us", "UTC")).value for value in (span.min, span.max))
        yield _RowGroup(member, file, index, low, high, group.num_rows)


def _windows(groups: Sequence[_RowGroup]) -> Iterator[tuple[int, int]]:
    """Cut time into spans [low, high) that hold about `_WINDOW_ROWS` records, were they spread evenly."""
    edges = sorted({one.low for one in groups} | {one.high + 1 for one in groups})
    begin, held = edges[0], 0.0
    for low, high in pairwise(edges):
        rows = sum(
            one.rows * (high - low) / (one.high + 1 - one.low) for one in groups if one.low < high and one.high >= low
        )
        pieces = max(1, round(rows / _WINDOW_ROWS))
        if held + rows / pieces > _WINDOW_ROWS and begin < low:
            yield begin, low
            begin, held = low, 0.0
        for piece in range(1, pieces):
            cut = low + (high - low) * piece // pieces
            yield begin, cut
            begin = cut
        held += rows / pieces
    yield begin, edges[-1]


def _copies_within(groups: Sequence[_RowGroup], low: int, high: int, paths: Sequence[str]) -> pa.Table | None:
    """List the records of a window that an earlier source holds, too."""
    tables, owners = [], []
    for one in sorted(groups, key=lambda one: (one.member, one.file, one.index)):
        table = pq.ParquetFile(one.file).read_row_group(one.index, columns=[*_CONTENT, "line", "offset"])
        time = table.column("time").cast(pa.int64()).to_numpy()
        inside = np.flatnonzero((time >= low) & (time < high))
        if len(inside):
            tables.append(table.take(pa.array(inside)))
            owners.append(np.full(len(inside), one.member))
    if not tables:
        return None
    table, owner = pa.concat_tables(tables), np.concatenate(owners)
    line = table.column("line").to_numpy()
    content = _codes(table)
    order = np.lexsort((line, owner, content))
    nth = _occurrence(content[order], owner[order])
    key = np.lexsort((owner[order], nth, content[order]))  # equal records of equal turn, the first source first
    by_key = order[key]
    same = (np.diff(content[by_key]) == 0) & (np.diff(nth[key]) == 0)
    if not same.any():
        return None
    first = np.maximum.accumulate(np.where(np.concatenate(([False], same)), 0, np.arange(len(by_key))))
    at = np.flatnonzero(np.concatenate(([False], same)))
    copy, original = by_key[at], by_key[first[at]]
    put = np.lexsort((line[copy], owner[copy]))
    copy, original = copy[put], original[put]
    names = pa.array(list(paths))
    columns = [
        names.take(pa.array(owner[copy])),
        pa.array(line[copy]),
        table.column("offset").take(pa.array(copy)).combine_chunks(),
        names.take(pa.array(owner[original])),
        pa.array(line[original]),
    ]
    return pa.Table.from_arrays(columns, schema=COPY_SCHEMA)


def _codes(table: pa.Table) -> np.ndarray:
    """Give each record the number of its content, shape (n,): equal numbers, equal records."""
    codes = np.zeros(len(table), np.int64)
    for name in _CONTENT:
        column = table.column(name).combine_chunks()
        if column.null_count == len(column):
            continue
        coded = column.dictionary_encode(null_encoding="encode")
        own = np.asarray(coded.combine_chunks().indices if isinstance(coded, pa.ChunkedArray) else coded.indices)
        codes = np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True)[1]
    return codes


def _occurrence(content: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Count, in sorted arrays, how often the same content of the same source stood before; shape (n,)."""
    fresh = np.concatenate(([True], (np.diff(content) != 0) | (np.diff(owner) != 0)))
    begin = np.maximum.accumulate(np.where(fresh, np.arange(len(content)), 0))
    return np.arange(len(content)) - begin


# --- the merged timeline ------------------------------------------------------------------------------------


class _Copies:
    """The listed copies, looked up by source and span of lines."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, path: str, first: int, last: int) -> np.ndarray:
        """Give the lines of a source that are copies, between two lines."""
        where = [("source", "=", path), ("line", ">=", first), ("line", "<=", last)]
        return pq.read_table(self._file, columns=["line"], filters=where).column("line").to_numpy()


def _put(outcome: Outcome, parts: Path, folder: Path, copies: _Copies | None) -> None:
    stem = stem_of(outcome.ledger.path)
    for number, name in enumerate(outcome.parts):
        target = folder / f"{stem}-{number:05d}.parquet"
        if copies is None:
            link(parts / name, target)
            continue
        table = pq.read_table(parts / name)
        line = table.column("line").to_numpy()
        copied = copies.of(outcome.ledger.path, int(line.min()), int(line.max()))
        kept = table.filter(pa.array(~np.isin(line, copied))) if len(copied) else table
        write_parquet(kept, target)
