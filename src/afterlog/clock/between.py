"""Between: a clock measured by moments that must lie within intervals of another clock.

Pure functions over arrays. A controller logs when a task begins and when its result comes back; the machine it works
on logs in between that it was asked to do something. Which belongs to which is not said, but for the true offset of
the two clocks every moment falls into an interval and every interval holds a moment. Both are counted for every
offset there is (the counts change only where a moment meets an end of an interval), and the fullest offset counts,
if it stands out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from afterlog.clock.skew import LEAST_ANCHORS, SECOND, Skew, Times

_MOST: Final = 1_000  # of moments and of intervals, the last ones: logs are collected at one time
_WIDEST_S: Final = 10.0  # offsets that fit equally well and lie further apart tell nothing
_NEAR_S: Final = 5.0
_STANDS_OUT: Final = 0.8  # what fits elsewhere must stay below this share of the best
_LEAST_SHARE: Final = 0.5


def measure_between(moments: Times, begins: Times, ends: Times) -> Skew | None:
    """Measure the offset of the clock of ``moments`` against that of the intervals.

    Args:
        moments: times on the clock in question, microseconds, any order, shape (n,).
        begins: beginnings of the intervals on the clock of reference, shape (m,).
        ends: their ends, not before the beginnings, shape (m,).

    Returns:
        The offset that most moments and intervals agree on. ``anchors`` are the intervals that hold a moment, ``mad_s``
        and ``slack_s`` half the width of the range of offsets for which they do. None where no offset stands out.

    """
    last = np.argsort(ends, kind="stable")[-_MOST:]
    moments, begins, ends = np.sort(moments)[-_MOST:], begins[last], ends[last]
    if not len(moments) or not len(begins):
        return None
    at, fits = _fits(moments, begins, ends)
    best = int(fits.max())
    good = np.flatnonzero(fits == best)
    low, high = float(at[good[0]]), float(at[good[-1] + 1])
    beyond = (at[:-1] > high + _NEAR_S * SECOND) | (at[1:] < low - _NEAR_S * SECOND)
    rival = int(fits[beyond].max()) if beyond.any() else 0
    if high - low > _WIDEST_S * SECOND or rival > _STANDS_OUT * best:
        return None
    offset = (low + high) / 2
    first = np.searchsorted(moments - offset, begins, "left")
    after = np.searchsorted(moments - offset, ends, "right")
    anchors = int(np.count_nonzero(after > first))
    if anchors < min(LEAST_ANCHORS, len(begins)) or anchors < _LEAST_SHARE * min(len(moments), len(begins)):
        return None
    half_s = (high - low) / 2 / SECOND
    return Skew(offset / SECOND, anchors, half_s, (int(np.median(moments)),), (offset / SECOND,), half_s)


def _fits(moments: Times, begins: Times, ends: Times) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Count the moments within an interval and the intervals with a moment, for every offset.

    Gives the offsets at which the count changes, shape (k + 1,), and the counts between each and the next, shape (k,).
    """
    spans = [*_within(moments, begins, ends), *_holding(moments, begins, ends)]
    low, high = (np.concatenate(sides) for sides in zip(*spans, strict=True))
    at, where = np.unique(np.concatenate((low, high)), return_inverse=True)
    steps = np.zeros(len(at), np.int64)
    np.add.at(steps, where, np.repeat(np.array([1, -1]), (len(low), len(high))))
    return at.astype(np.float64), np.cumsum(steps)[:-1]


def _within(moments: Times, begins: Times, ends: Times) -> list[tuple[Times, Times]]:
    """Give the offsets [low, high) for which each moment lies in some interval; those that overlap are one."""
    order = np.argsort(begins, kind="stable")
    begins, ends = begins[order], np.maximum.accumulate(ends[order]) + 1
    apart = np.append(True, begins[1:] > ends[:-1])
    starts = np.flatnonzero(apart)
    begins, ends = begins[starts], ends[np.append(starts[1:], len(apart)) - 1]
    return [((moments[:, None] - ends[None, :]).ravel(), (moments[:, None] - begins[None, :]).ravel())]


def _holding(moments: Times, begins: Times, ends: Times) -> list[tuple[Times, Times]]:
    """Give the offsets [low, high) for which each interval holds some moment."""
    found = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        low, high = moments - (end + 1), moments - begin
        apart = np.append(True, low[1:] > high[:-1])
        starts = np.flatnonzero(apart)
        found.append((low[starts], high[np.append(starts[1:], len(apart)) - 1]))
    return found
