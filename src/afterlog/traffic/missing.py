"""What logs miss without anything having stopped: files between two rotations, hours that a clock skipped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from afterlog.case import Ledger
from afterlog.event import TimeBasis
from afterlog.source import Source, open_chunks
from afterlog.traffic.requests import Requests, Times

Interval = tuple[int, int]

_SECOND_US: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND_US
_SHORTEST_US: Final = 20 * _SECOND_US
_USUAL_US: Final = 300 * _SECOND_US  # a file that begins within this of the end of the last one follows it
_MOST_DAYS: Final = 800


def has_gaps(time: Times) -> bool:
    """Tell whether ascending times, (n,), have a gap too long to be chance, were they spread evenly: worth a look."""
    if len(time) < 2:
        return False
    longest, span = int(np.diff(time).max()), max(int(time[-1] - time[0]), 1)
    return longest >= _SHORTEST_US and longest * len(time) > span * (math.log(len(time)) + 3)


def skipped_hours(ledgers: Sequence[Ledger], start_us: int, end_us: int) -> tuple[Interval, ...]:
    """Give the hours that some zone's clocks skipped in a window, where a source's zone is not known but assumed.

    Its times are then those of a wall clock read as UTC: where that clock went forward, an hour is missing. Sources
    that print an offset, or whose zone is known, miss none.
    """
    if not any(ledger.zone_basis == str(TimeBasis.ZONE_ASSUMED) for ledger in ledgers):
        return ()
    first, last = start_us // _DAY_US - 1, end_us // _DAY_US + 1
    if last - first > _MOST_DAYS:
        return ()
    return tuple(sorted({gap for name in sorted(available_timezones()) for gap in _skipped(name, first, last)}))


@cache
def _skipped(name: str, first_day: int, last_day: int) -> tuple[Interval, ...]:
    """Give the intervals of one zone's wall clock that did not exist, as if the wall clock were UTC."""
    zone = ZoneInfo(name)
    days = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(first_day, last_day + 1)]
    found = []
    for one, next_one in pairwise(days):
        before, after = (moment.astimezone(zone).utcoffset() or timedelta() for moment in (one, next_one))
        if after > before:
            low, high = one, next_one
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
            at = round(high.timestamp()) * _SECOND_US
            found.append((at + _micros(before), at + _micros(after)))
    return tuple(found)


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def rotations(requests: Requests, sources: Sequence[Source]) -> tuple[int, ...]:
    """Give the instants at which a piece of a rotated log ended and the next began, where these differ: in pairs.

    Between them a piece may be missing. Where other pieces show at what time of day this log is rotated, and just one
    such time lies in between, the log was rotated while nothing came: that is no missing piece.
    """
    joints = [joint for source in sources if source.pieces for joint in _joints(requests, source)]
    usual = [a % _DAY_US for a, b in joints if b - a < _USUAL_US]
    wide = [joint for joint in joints if joint[1] - joint[0] >= _SHORTEST_US and not _one_inside(joint, usual)]
    return tuple(sorted({instant for joint in wide for instant in joint}))


def _joints(requests: Requests, source: Source) -> Iterator[Interval]:
    """Give the times of the last request of each piece and of the first of the next."""
    paths = requests.names.source
    rows = np.flatnonzero(requests.source == paths.index(source.path)) if source.path in paths else np.empty(0, int)
    time, offset, end = requests.time[rows], requests.offset[rows], 0
    for piece in source.pieces[:-1]:
        end += _length(piece)
        before, after = time[offset < end], time[offset >= end]
        if len(before) and len(after):
            yield int(before.max()), int(after.min())


def _length(piece: Source) -> int:
    """Give the bytes of a piece, decompressed."""
    with piece.file.open("rb") as file:
        plain = b"\n" in file.read(4096) and not piece.members
    return piece.size if plain and piece.file.suffix not in _PACKED else sum(map(len, open_chunks(piece)))


_PACKED: Final = {".gz", ".bz2", ".xz", ".zst"}


def _one_inside(joint: Interval, usual: Sequence[int]) -> bool:
    """Tell whether just one usual time of rotation, known from two others or more, lies well inside an interval."""
    if len(usual) < 2:
        return False
    at = float(np.median(usual))
    if sum(abs(time - at) <= _USUAL_US for time in usual) < 2:
        return False
    low, high = joint[0] + _USUAL_US / 5, joint[1] - _USUAL_US / 5
    return math.floor((high - at) / _DAY_US) - math.ceil((low - at) / _DAY_US) == 0
