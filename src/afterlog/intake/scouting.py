"""Scouting: which blocks of a source lie outside the span asked for, told from their first and last lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from afterlog.clock import Clock, SourceClock
from afterlog.intake.options import Span
from afterlog.parser import Times
from afterlog.source import Block

_PEEKED_LINES: Final = 20
MARGIN_US: Final = 3_600_000_000  # how far a log may be out of order before skipping by time could lose an event


class Scout:
    """Tells from the first and last lines of a block whether all of it lies outside the span."""

    def __init__(self, read: Callable[..., tuple[int, Times] | None], settings: SourceClock, span: Span) -> None:
        self._read = read
        self.settings = settings
        self._clock = Clock(settings)
        self._span = span
        self._latest: int | None = None
        self._sorted = True
        self._been_before = False  # whether a block was seen that is not late
        self.past = False  # whether the span lies behind, in a source whose times only rose so far

    def outside(self, block: Block) -> Times | None:
        """Give some times of a block that holds nothing of the span (with an hour's margin); None of any other."""
        data = block.data
        head = data[: _edge(data, _PEEKED_LINES)]
        tail = data[_edge_from_end(data, _PEEKED_LINES) :]
        found = [self._read(head, cleaning=block.cleaning), self._read(tail, cleaning=block.cleaning)]
        times = [one[1] for one in found if one is not None]
        if len(times) < 2:
            return None
        walls = Times(
            np.concatenate([one.wall_us for one in times]),
            np.concatenate([one.offset_s for one in times]),
            np.concatenate([np.broadcast_to(np.asarray(one.has_year), one.wall_us.shape) for one in times]),
            1,
        )
        utc = self._clock.resolve(walls).utc_us
        early = self._span.since is not None and int(utc.max()) < self._span.since - MARGIN_US
        late = self._span.until is not None and int(utc.min()) > self._span.until + MARGIN_US
        if self._latest is not None and int(utc.min()) < self._latest - MARGIN_US:
            self._sorted = False
        self._latest = max(int(utc.max()), self._latest or int(utc.max()))
        self._been_before = self._been_before or not late
        self.past = late and self._sorted and self._been_before
        return walls if early or late else None


def _edge(data: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if not at:
            return len(data)
    return at


def _edge_from_end(data: bytes, lines: int) -> int:
    at = len(data) - 1
    for _ in range(lines):
        at = data.rfind(b"\n", 0, at)
        if at < 0:
            return 0
    return at + 1
