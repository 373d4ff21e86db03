"""Skew: how far one host's clock is off another's, from records of the same happenings in both.

Pure functions over arrays. Two sets of times, each with a key that says which happenings may be the same one
(method, path and client of a request; an identifier): for the true offset, the differences of equal keys pile up
in one place, for any other they scatter. The pile is found on a one-second grid, then measured by its median and
its median absolute deviation. A clock that drifts or is stepped gives piles that move: the offset is then measured
again in windows of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

SECOND: Final = 1_000_000
LEAST_ANCHORS: Final = 3
MOST_SCATTER_S: Final = 5.0
_PAIRS_PER_KEY: Final = 4_096
_PAIRS: Final = 4_000_000
_NEAR_S: Final = 3
_WINDOWS: Final = (8, 24, 96)


@dataclass(frozen=True, slots=True)
class Skew:
    """A measured offset.

    ``offset_s``: seconds to subtract from the host's times. ``anchors``: pairs it rests on; ``mad_s``: their median
    absolute deviation. ``at_us`` and ``offsets_s`` (equal length) follow a clock that moved, on the host's own
    times; they hold one value where it did not.
    """

    offset_s: float
    anchors: int
    mad_s: float
    at_us: tuple[int, ...]
    offsets_s: tuple[float, ...]
    slack_s: float = 0.0

    @property
    def doubt_s(self) -> float:
        """Give how far a time that was corrected by this may still be off, seconds."""
        return max(self.mad_s, self.slack_s)

    @property
    def usable(self) -> bool:
        """Tell whether there are enough anchors and little enough scatter to correct a clock by it."""
        return self.anchors >= LEAST_ANCHORS and self.mad_s <= MOST_SCATTER_S


def measure_skew(own: Times, own_keys: NDArray[np.int64], other: Times, other_keys: NDArray[np.int64]) -> Skew | None:
    """Measure the offset of ``own`` against ``other``.

    Args:
        own: times of the host in question, microseconds, any order, shape (n,).
        own_keys: what each is about, shape (n,).
        other: times of the reference, shape (m,).
        other_keys: the same keys for these, shape (m,).

    Returns:
        The offset ``own − other``, or None where no key is common to both or no difference stands out.

    """
    when, differences = _differences(own, own_keys, other, other_keys)
    if not len(differences):
        return None
    steady = _windowed(when, differences, 1)
    for windows in _WINDOWS:
        moving = _windowed(when, differences, windows)
        if moving is not None and _moves(moving) and (steady is None or moving.anchors > steady.anchors / 2):
            return moving
    return steady


def measure_matched(
    own: Times, own_keys: NDArray[np.int64], other: Times, other_keys: NDArray[np.int64]
) -> Skew | None:
    """Measure the offset of ``own`` against ``other`` where equal keys are surely the same happening.

    Shapes as for `measure_skew`; of several times with one key the first counts. Few or scattered anchors are
    measured, too: `Skew.usable` tells. None where no key is common to both.
    """
    own, own_keys = _firsts(own, own_keys)
    other, other_keys = _firsts(other, other_keys)
    common, mine, theirs = np.intersect1d(own_keys, other_keys, assume_unique=True, return_indices=True)
    if not len(common):
        return None
    own, other = own[mine], other[theirs]
    piled = measure_skew(own, common, other, common)
    if piled is not None and piled.anchors > len(common) / 2:
        return piled
    differences = own - other
    offset = float(np.median(differences))
    scatter = float(np.median(np.abs(differences - offset)))
    at = (int(np.median(own)),)
    return Skew(offset / SECOND, len(common), scatter / SECOND, at, (offset / SECOND,))


def step_s(times: Times) -> float:
    """Give the step of stamps in seconds, 0 where it is fine; they were cut off, and lie half of it early."""
    return 0.0 if (times % SECOND).any() else 1.0


def _firsts(times: Times, keys: NDArray[np.int64]) -> tuple[Times, NDArray[np.int64]]:
    """Keep the first time of each key."""
    order = np.lexsort((times, keys))
    names, first = np.unique(keys[order], return_index=True)
    return times[order][first], names


def _moves(skew: Skew) -> bool:
    """Tell whether offsets differ by more than a second and than their scatter lets expect."""
    spread = max(skew.offsets_s) - min(skew.offsets_s)
    return len(skew.offsets_s) >= LEAST_ANCHORS and spread > max(1.0, 3 * skew.mad_s)


def _windowed(when: Times, differences: Times, windows: int) -> Skew | None:
    """Find the pile of each window of time; None where fewer than half of the windows show one."""
    edges = np.linspace(int(when.min()), int(when.max()) + 1, windows + 1)
    middles: list[int] = []
    offsets: list[float] = []
    residuals: list[Times] = []
    filled = 0
    for low, high in pairwise(edges):
        inside = (when >= low) & (when < high)
        if not inside.any():
            continue
        filled += 1
        peak = _pile(differences[inside])
        if peak is None:
            continue
        at, close = _nearest(when[inside], differences[inside], peak)
        near = np.abs(close - peak) <= _NEAR_S * SECOND
        offset = float(np.median(close[near]))
        middles.append(int(np.median(at[near])))
        offsets.append(offset)
        residuals.append(np.abs(close[near] - offset))
    if not offsets or len(offsets) < filled / 2:
        return None
    scatter = float(np.median(np.concatenate(residuals)))
    seconds = tuple(offset / SECOND for offset in offsets)
    anchors = sum(len(residual) for residual in residuals)
    return Skew(float(np.median(offsets)) / SECOND, anchors, scatter / SECOND, tuple(middles), seconds)


def _differences(
    own: Times, own_keys: NDArray[np.int64], other: Times, other_keys: NDArray[np.int64]
) -> tuple[Times, Times]:
    """Give all differences own − other of equal keys, with the own time of each; too common keys are left out."""
    own_order = np.lexsort((own, own_keys))
    other_order = np.lexsort((other, other_keys))
    own, own_keys = own[own_order], own_keys[own_order]
    other, other_keys = other[other_order], other_keys[other_order]
    common = np.intersect1d(own_keys, other_keys)
    begin, end = np.searchsorted(own_keys, common), np.searchsorted(own_keys, common, side="right")
    first, last = np.searchsorted(other_keys, common), np.searchsorted(other_keys, common, side="right")
    pairs = (end - begin) * (last - first)
    when: list[Times] = []
    found: list[Times] = []
    total = 0
    for index in np.argsort(pairs, kind="stable"):  # rare keys first: each of their pairs tells most
        if pairs[index] > _PAIRS_PER_KEY or total > _PAIRS:
            break
        mine, theirs = own[begin[index] : end[index]], other[first[index] : last[index]]
        when.append(np.repeat(mine, len(theirs)))
        found.append((mine[:, None] - theirs[None, :]).ravel())
        total += int(pairs[index])
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(when), np.concatenate(found)


def _pile(differences: Times) -> int | None:
    """Find where differences pile up: the fullest two-second bin, if it stands out of the rest."""
    bins = np.floor_divide(differences, SECOND)
    values, counts = np.unique(bins, return_counts=True)
    joined = counts + np.where(np.append(np.diff(values) == 1, False), np.append(counts[1:], 0), 0)
    best = int(np.argmax(joined))
    others = np.delete(joined, [i for i in (best - 1, best, best + 1) if 0 <= i < len(joined)])
    background = float(np.max(others)) if len(others) else 0.0
    if joined[best] < LEAST_ANCHORS or joined[best] < 2.0 * background + 1:
        return None
    inside = differences[(bins >= values[best]) & (bins <= values[best] + 1)]
    return int(np.median(inside))


def _nearest(when: Times, differences: Times, peak: int) -> tuple[Times, Times]:
    """Keep one difference, the nearest to the pile, of each own time."""
    order = np.lexsort((np.abs(differences - peak), when))
    when, differences = when[order], differences[order]
    first = np.append(True, when[1:] != when[:-1])
    return when[first], differences[first]
