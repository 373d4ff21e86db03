"""The inventory of an ingest: what was found, what of it the case holds already, and who reads the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from afterlog.case import Ledger
from afterlog.clock import SourceClock
from afterlog.clock.naming import REJECTED
from afterlog.intake.looking import Known, look
from afterlog.intake.options import Formats
from afterlog.intake.receipts import Receipt, Receipts
from afterlog.registry import Registry
from afterlog.source import NotRead, Source

_KEPT_BYTES: Final = 64 << 20
"""So much of small sources is kept from the first look, so that they need not be read again."""


def look_at_all(
    found: list[Source | NotRead], receipts: Receipts, reader: str, parsers: Registry, formats: Formats
) -> list[Known | Ledger | Receipt]:
    """Look at every source, members of an archive in the order in which they lie there."""
    looked: list[Known | Ledger | Receipt] = []
    kept = 0
    for item in sorted(found, key=_storage_order):
        if isinstance(item, NotRead):
            looked.append(Ledger(item.path, item.status, item.reason))
            continue
        receipt = receipts.known(item, reader)
        if receipt is not None:
            looked.append(receipt)
            continue
        seen = look(item, parsers, formats)
        if isinstance(seen, Known) and seen.all_of_it is not None:
            kept += item.size
            seen = seen if kept <= _KEPT_BYTES else replace(seen, all_of_it=None)
        looked.append(seen)
    return looked


def _storage_order(item: Source | NotRead) -> tuple[str, tuple[int, ...]]:
    if isinstance(item, Source) and item.members:
        return str(item.file), item.members
    return (str(item.file) if isinstance(item, Source) else item.path), ()


def look_again(
    held: dict[str, Receipt],
    clocks: dict[str, SourceClock],
    found: list[Source | NotRead],
    parsers: Registry,
    formats: Formats,
) -> list[Known]:
    """Look again at sources that were read before, but under another clock than now decided."""
    stale = {path for path, receipt in held.items() if _decision(receipt.clock) != _decision(clocks[path])}
    again = [look(item, parsers, formats) for item in found if isinstance(item, Source) and item.path in stale]
    return [item for item in again if isinstance(item, Known)]


def _decision(clock: SourceClock | None) -> tuple[object, ...]:
    """Give what of a clock changes the times, and whether it was rejected; its reasons may name other sources now."""
    if clock is None:
        return ()
    rejected = [why.startswith(REJECTED) for why in (clock.zone_why, clock.year_why)]
    return (clock.zone, clock.zone_basis, clock.year, clock.offset_at_us, clock.offsets_s, clock.steps, *rejected)


def lies_within(item: Source | NotRead, folder: Path, roots: Sequence[str]) -> bool:
    """Tell whether a found file belongs to the case itself, made within the directory of the logs."""
    case = folder.resolve()
    local = [Path(root).resolve() for root in roots if "://" not in root]
    inner = {case.relative_to(root).as_posix() for root in local if case.is_relative_to(root)}
    return any(item.path == path or item.path.startswith(f"{path}/") for path in inner)


def nothing_read(roots: Sequence[str], ledgers: Sequence[Ledger]) -> str:
    """Say why there is nothing to go on, and what to do."""
    where = ", ".join(roots)
    if not ledgers:
        return f"{where}: holds no files. Give the directory that holds the collected logs."
    reasons = Counter(ledger.reason for ledger in ledgers)
    told = "; ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in reasons.most_common(3))
    return f"{where}: none of the {len(ledgers)} files is a log that can be read: {told}. See: afterlog parsers list"
