"""Doubts: how much earlier or later than told something may have happened, as its clock is not wholly known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from afterlog.case import Ledger
from afterlog.clock.naming import NOT_APPLIED, STATED, told_ahead


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a clock leaves open: a time of it may be up to ``early_us`` too late or ``late_us`` too early.

    Times of one ``clock`` (a host's, or a source's of no host) are wrong together: their order stands.
    """

    clock: str
    early_us: int
    late_us: int


def doubts_of(ledgers: Iterable[Ledger]) -> dict[str, Doubt]:
    """Give the doubts about the times of sources, by path; of most there are none.

    A clock that was set right may be off by the spread of its anchors. One that seemed wrong and was not set right, for
    want of anchors, may be right or as wrong as it seemed.
    """
    return {ledger.path: doubt for ledger in ledgers if (doubt := _doubt(ledger)) is not None}


def _doubt(ledger: Ledger) -> Doubt | None:
    told = None if ledger.clock_why.startswith(STATED) else told_ahead(ledger.clock_why)
    if told is None:
        return None
    ahead_s, spread_s = told if ledger.clock_why.startswith(NOT_APPLIED) else (0.0, told[1])
    early_s, late_s = max(ahead_s, 0.0) + spread_s, max(-ahead_s, 0.0) + spread_s
    return Doubt(ledger.host or ledger.path, round(early_s * 1e6), round(late_s * 1e6))
