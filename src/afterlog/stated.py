"""Outages that a person states: ``START..END``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from afterlog.case import Ledger
from afterlog.clock import parse_moment, rfc3339, zone_of
from afterlog.detect import Instant
from afterlog.errors import InputError
from afterlog.identity import distinct_ids, stable_id
from afterlog.outages import Outage, stated_outage
from afterlog.traffic.signals import Signal

_MINUTE: Final = 60_000_000


def outages_stated(
    stated: Sequence[str], zone: str, signals: Sequence[Signal], ledgers: Sequence[Ledger]
) -> list[Outage]:
    """Make outages of what a person said.

    Args:
        stated: ``START..END`` each; the end may be empty.
        zone: the zone of times that name none.
        signals: the requests of each service.
        ledgers: the sources, whose first and last times bound what can be said.

    Raises:
        InputError: one cannot be read, or lies outside the logs.

    """
    outages = [_stated(words, zone_of(zone), signals, ledgers) for words in stated]
    ids = distinct_ids([outage.id for outage in outages])
    return [replace(outage, id=identity) for outage, identity in zip(outages, ids, strict=True)]


def _stated(words: str, zone: tzinfo, signals: Sequence[Signal], ledgers: Sequence[Ledger]) -> Outage:
    begin, separator, until = words.partition("..")
    if not separator:
        raise InputError(
            f"--outage {words!r}: write START..END, for example 2022-11-10T11:15..2022-11-10T14:22; "
            "the end may be empty."
        )
    if not begin.strip():
        raise InputError(f"--outage {words!r}: the start is needed; only the end may be empty.")
    first = min((ledger.first for ledger in ledgers if ledger.first is not None), default=0)
    last = max((ledger.last for ledger in ledgers if ledger.last is not None), default=first)
    start = parse_moment(begin, zone)
    end = parse_moment(until, zone, start) if until.strip() else max(last, start)
    if end < start:
        raise InputError(f"--outage {words!r}: it ends before it starts.")
    if last < start or end < first:
        raise InputError(
            f"--outage {words!r}: the logs cover {rfc3339(first)} to {rfc3339(last)}, and nothing of that time."
        )
    return stated_outage(
        stable_id("outage", "stated", start),
        Instant(start, start - _MINUTE, start + _MINUTE),
        Instant(end, end - _MINUTE, end + _MINUTE),
        open_end=not until.strip(),
        signals=signals,
        note=f"stated by a person: {words}",
    )
