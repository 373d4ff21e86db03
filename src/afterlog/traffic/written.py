"""Until when a machine was writing logs: without holes, from a given moment on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from afterlog.case import Ledger

_HOLE_US: Final = 86_400_000_000
"""A day in which nothing that a machine logs was written is a hole in what was collected, or the machine was off."""


def written_until(ledgers: Sequence[Ledger], host: str | None, from_us: int) -> int:
    """Tell the last moment up to which a machine's logs go on without a hole of a day; at least ``from_us``.

    A lone line of years later (a clock that was wrong once, a log collected some other time) says nothing of the time
    between.
    """
    until = from_us
    for start, end in sorted(span for one in ledgers if one.host == host for span in _spans(one)):
        if start - until <= _HOLE_US:
            until = max(until, end)
    return until


def _spans(ledger: Ledger) -> Iterator[tuple[int, int]]:
    """Give the spans in which a source was written to: what lies between its long gaps."""
    if ledger.first is None or ledger.last is None:
        return
    if ledger.last - ledger.first > _HOLE_US * max(ledger.events, 1):
        yield from ((ledger.first, ledger.first), (ledger.last, ledger.last))
        return
    start = ledger.first
    for low, high in sorted(_holes(ledger.gaps)):
        yield start, low
        start = high
    yield start, ledger.last


def _holes(gaps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return (gap for gap in gaps if gap[1] - gap[0] > _HOLE_US)
