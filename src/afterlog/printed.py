"""What commands print of a case without its analysis: aligned text that survives a copy into a chat, and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from afterlog.case import Ledger
from afterlog.clock import rfc3339, zone_of
from afterlog.clock.naming import clock_ids
from afterlog.statement import visible

_NOT_WHOLE: Final = ("partly-read", "unreadable")


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align columns; numbers to the right. What comes from logs is made visible and inert."""
    cells = [[visible(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row] for row in rows]
    numeric = [
        bool(cells) and all(row[i].replace(",", "").isdigit() or not row[i] for row in cells) for i in range(len(head))
    ]
    width = [max(len(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    lines = [
        [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(line, width, numeric, strict=True)]
        for line in [list(head), *cells]
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def local(time_us: int, zone: str) -> str:
    """Write a moment in a zone: ``2022-11-10 11:15:00 +05:30``."""
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).astimezone(zone_of(zone))
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def sources_json(ledgers: Sequence[Ledger]) -> dict[str, Any]:
    """Give the document of ``sources --json``."""
    return {"sources": [_ledger_json(ledger) for ledger in ledgers]}


def _ledger_json(ledger: Ledger) -> dict[str, Any]:
    names = (
        "path", "parser", "inside", "host", "service", "zone", "zone_basis", "zone_why", "year", "year_why",
        "clock_offset_s", "clock_why", "status", "reason", "bytes", "lines", "events", "continuations", "rejects",
        "duplicates",
    )  # fmt: skip
    told = {name: getattr(ledger, name) for name in names}
    ids = clock_ids(ledger)
    told |= {"clock_id": ids.get("offset"), "zone_id": ids.get("zone"), "year_id": ids.get("year")}
    told["first"] = None if ledger.first is None else rfc3339(ledger.first)
    told["last"] = None if ledger.last is None else rfc3339(ledger.last)
    told["gaps"] = [{"start": rfc3339(start), "end": rfc3339(end)} for start, end in ledger.gaps]
    return told


def source_table(ledgers: Sequence[Ledger], *, every: bool) -> str:
    """Give the ledger of all sources, and how well they were understood together."""
    shown = [ledger for ledger in ledgers if every or ledger.status != "not-a-log"]
    rows = [
        (
            ledger.path,
            "›".join([ledger.parser or ledger.status, *(["/".join(sorted(ledger.inside))] if ledger.inside else [])]),
            ledger.host or "",
            f"{ledger.zone} ({ledger.zone_basis})" if ledger.zone else "",
            ledger.lines, ledger.events, ledger.continuations, ledger.rejects, ledger.duplicates,
        )
        for ledger in shown
    ]  # fmt: skip
    head = (
        "SOURCE",
        "READ BY",
        "HOST",
        "ZONE (HOW KNOWN)",
        "LINES",
        "EVENTS",
        "CONTINUED",
        "REJECTS",
        "COPIES",
    )
    return "\n".join([aligned(head, rows), "", understood(ledgers), *_clocks_told(ledgers)])


def _clocks_told(ledgers: Sequence[Ledger]) -> list[str]:
    """Say of each host whose clock is not simply right what is known of it, and the id by which to reject that."""
    told = {(x.host or x.path, x.clock_why): clock_ids(x).get("offset") for x in ledgers if x.clock_why}
    return [
        visible(f"Clock of {owner}: {why}") + (f" ({identity})" if identity else "")
        for (owner, why), identity in sorted(told.items())
    ]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def understood(ledgers: Sequence[Ledger]) -> str:
    """Say in two sentences how well everything was understood."""
    read = [ledger for ledger in ledgers if ledger.status in ("read", "partly-read")]
    lines, rejects = sum(ledger.lines for ledger in read), sum(ledger.rejects for ledger in read)
    others = [ledger for ledger in ledgers if ledger.status in ("not-a-log", "unreadable")]
    bad = sum(ledger.status == "unreadable" for ledger in others)
    events = sum(ledger.events for ledger in read)
    told = f"{_many(len(read), 'source')}, {_many(lines, 'line')}, {_many(events, 'event')}; "
    told += f"{_many(rejects, 'line')} rejected"
    told += f" ({rejects / lines:.2%})." if lines and rejects else "."
    if others:
        told += (
            f" {_many(len(others), 'file')} {'is no log' if len(others) == 1 else 'are no logs'}"
            + (f", {bad:,} of them unreadable" if bad else "")
            + " (afterlog sources CASE --all)."
        )
    assumed = sum(ledger.zone_basis == "zone-assumed" for ledger in read)
    told += "".join(f"\n{x.path}: {x.status}: {x.reason}" for x in ledgers if x.status in _NOT_WHOLE)
    if assumed:
        zone = read_zone(read)
        told += (
            f"\n{_many(assumed, 'source')} print no zone and nothing tells it: {zone} was assumed; state it with --tz."
        )
    return told


def read_zone(ledgers: Sequence[Ledger]) -> str:
    """Name the assumed zone."""
    return next((ledger.zone or "UTC" for ledger in ledgers if ledger.zone_basis == "zone-assumed"), "UTC")


def visible_lines(told: str) -> str:
    """Make text with log content inert, line by line."""
    return "\n".join(visible(line) for line in told.split("\n"))
