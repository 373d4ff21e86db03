"""Bursts that come again and again are what a log does: a nightly job, a task each hour, a visitor's five errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from afterlog.detect.result import Excursion
from afterlog.detect.stream import SECOND, Counts, Times

_DAY_US = 86_400 * SECOND
_LATE_US = 1_800 * SECOND  # by which a daily task may begin earlier or later
_LIKE = 0.5  # of a burst's lines, at least, in one like it
_OTHERS = 4
_SPREAD = 0.5  # of the log's time, from the first of them to the last: closer together they may be one trouble


def out_of_the_ordinary(
    found: Sequence[Excursion], time: Times, weight: Counts, window: tuple[int, int]
) -> tuple[Excursion, ...]:
    """Return the bursts without those that four others like them, or the same hour of all other days, show as usual."""
    total = np.concatenate(([0], np.cumsum(weight)))
    return tuple(one for one in found if not _has_likes(one, found, window) and not _daily(one, time, total, window))


def _has_likes(one: Excursion, found: Sequence[Excursion], window: tuple[int, int]) -> bool:
    begun = [other.start.time_us for other in found if other.failed >= _LIKE * one.failed]
    return len(begun) > _OTHERS and max(begun) - min(begun) >= _SPREAD * (window[1] - window[0])


def _daily(one: Excursion, time: Times, total: Counts, window: tuple[int, int]) -> bool:
    """Tell whether every other day that the log covers has half as many lines at that time of the day."""
    start, end = one.start.time_us - _LATE_US, one.end.time_us + _LATE_US
    before = (start - window[0]) // _DAY_US
    after = (window[1] - end) // _DAY_US
    days = [day for day in range(-before, after + 1) if day]
    if not days or end - start >= _DAY_US:
        return False
    shift = np.array(days) * _DAY_US
    lines = total[np.searchsorted(time, end + shift)] - total[np.searchsorted(time, start + shift)]
    return bool((lines >= _LIKE * one.failed).all())
