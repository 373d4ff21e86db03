"""The evidence part: what was read of which host, how its times are known, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from afterlog.case import Ledger
from afterlog.draft.model import Coverage

_READ = ("read", "partly-read")


def coverage(ledgers: Sequence[Ledger]) -> tuple[Coverage, ...]:
    """Sum up the sources by host and parser, in alphabetical order."""
    read = sorted((ledger for ledger in ledgers if ledger.status in _READ), key=_group)
    return tuple(_covered(host, parser, list(group)) for (host, parser), group in groupby(read, key=_group))


def _group(ledger: Ledger) -> tuple[str, str]:
    return ledger.host or "", ledger.parser or ""


def _covered(host: str, parser: str, ledgers: list[Ledger]) -> Coverage:
    return Coverage(
        host,
        parser,
        len(ledgers),
        sum(ledger.lines for ledger in ledgers),
        sum(ledger.events for ledger in ledgers),
        sum(ledger.rejects for ledger in ledgers),
        tuple(sorted({f"{ledger.zone} ({ledger.zone_basis})" for ledger in ledgers if ledger.zone})),
        tuple(ledger.path for ledger in ledgers),
    )


def unread(ledgers: Sequence[Ledger]) -> tuple[tuple[str, str, str], ...]:
    """Name the sources that could not be read, or not wholly: path, status and reason."""
    return tuple((x.path, x.status, x.reason) for x in ledgers if x.status in ("unreadable", "partly-read"))
