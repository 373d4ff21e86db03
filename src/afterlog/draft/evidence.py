"""The evidence part: what was read of which host, how its times are known, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from afterlog.case import Ledger
from afterlog.draft.model import Coverage
from afterlog.draft.words import span

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
        tuple(sorted({_known_by(ledger) for ledger in ledgers if ledger.zone})),
        tuple(ledger.path for ledger in ledgers),
    )


def _known_by(ledger: Ledger) -> str:
    """Say in which zone a source was read, how that is known, and whether its clock was set right."""
    told = f"{ledger.zone} ({ledger.zone_basis})"
    if not ledger.clock_offset_s:
        return told
    direction = "ahead" if ledger.clock_offset_s > 0 else "behind"
    return f"{told}; its clock was {span(abs(ledger.clock_offset_s))} {direction} and was set right"


def unread(ledgers: Sequence[Ledger]) -> tuple[tuple[str, str, str], ...]:
    """Name the sources that could not be read, or not wholly: path, status and reason."""
    return tuple((x.path, x.status, x.reason) for x in ledgers if x.status in ("unreadable", "partly-read"))
