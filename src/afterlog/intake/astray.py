"""Stamps gone astray: a line among hundreds whose time lies years from those of the lines before and behind it.

A torn write or a forger's hand gives such lines; one of them would stretch a case over centuries. They are refused and
counted, with the reason, and nothing is guessed. Old logs and mixed ones are left alone: only a few lines between long
runs of agreeing ones, in a block that else goes on where it was, are astray.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from afterlog.layout import OFFSET_PLACED
from afterlog.parser import Times

_FAR_US: Final = 400 * 86_400 * 1_000_000
_LEAST: Final = 200  # lines of a block: among fewer nobody knows which of them is astray
_RUN: Final = 3  # lines one behind the other that are astray together
_LONG: Final = 100  # lines beside them, where a block begins or ends with them
_SHARE: Final = 0.01

REASON: Final = "its time lies years from those of the lines around it"


def astray(times: Times) -> np.ndarray:
    """Give the rows, in the order of the lines, whose times are astray; mostly none."""
    nothing = np.empty(0, np.int64)
    wall = times.wall_us
    if len(wall) < _LEAST or not np.all(times.has_year):
        return nothing
    jumps = np.flatnonzero(np.abs(np.diff(wall.astype(np.float64))) > _FAR_US) + 1
    if not len(jumps) or (times.offset_s == OFFSET_PLACED).any():
        return nothing
    begins, ends = np.concatenate(([0], jumps)), np.concatenate((jumps, [len(wall)]))
    lengths = ends - begins
    short = np.flatnonzero(lengths <= _RUN)
    rows = [np.arange(begins[n], ends[n]) for n in short.tolist() if _apart(wall, begins, ends, n)]
    found = np.concatenate([nothing, *rows])
    return found if len(found) <= _SHARE * len(wall) else nothing


def _apart(wall: np.ndarray, begins: np.ndarray, ends: np.ndarray, n: int) -> bool:
    """Tell whether the lines around a short run agree with each other, or a long run lies on its only side."""
    before, behind = n - 1, n + 1
    while before >= 0 and ends[before] - begins[before] <= _RUN:
        before -= 1
    while behind < len(begins) and ends[behind] - begins[behind] <= _RUN:
        behind += 1
    if before < 0 or behind >= len(begins):
        other = behind if before < 0 else before
        return bool(0 <= other < len(begins) and ends[other] - begins[other] >= _LONG)
    return bool(abs(float(wall[ends[before] - 1]) - float(wall[begins[behind]])) <= _FAR_US)
