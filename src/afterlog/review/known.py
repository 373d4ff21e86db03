"""The findings that can be decided about: their ids, and what each one was, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from afterlog.case import Case
from afterlog.clock import to_us
from afterlog.clock.naming import clock_ids


def known_findings(folder: Path) -> dict[str, str]:
    """Give the title of every finding of a case by its id, as its last analysis told them."""
    told = _findings(folder)
    titles = dict(_titles(told)) | dict(_clocks(folder))
    for entry in (*told.get("entries", ()), *told.get("entries_set_aside", ())):
        if entry.get("about"):
            titles.setdefault(entry["about"], f"{entry['time']} {entry['text']}")
    return titles


def _clocks(folder: Path) -> Iterator[tuple[str, str]]:
    """Name what was inferred of clocks: offsets, zones and years."""
    for ledger in Case(folder).ledgers():
        words = {
            "offset": f"clock: {ledger.clock_why}",
            "zone": f"zone: {ledger.zone} ({ledger.zone_why or 'assumed'})",
            "year": f"year: {ledger.year} ({ledger.year_why})",
        }
        for what, identity in clock_ids(ledger).items():
            yield identity, f"{ledger.host or ledger.path}, {words[what]}"


def day_of(folder: Path) -> int | None:
    """Give a moment (UTC microseconds) of the day that a time without a date is of: that of the first outage."""
    starts = [outage["start"] for outage in _findings(folder).get("outages", ()) if outage["class"] != "blip"]
    return to_us(datetime.fromisoformat(min(starts))) if starts else None


def _findings(folder: Path) -> dict[str, Any]:
    file = folder / "findings.json"
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError:
        return {}


def _titles(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for outage in (*told.get("outages", ()), *told.get("rejected", ())):
        share = f"{outage['failed']:,} of {outage['requests']:,} requests failed" if outage["requests"] else "stated"
        end = outage["end"] or "not over yet"
        yield outage["id"], f"{outage['class']} of {outage['service'] or '?'}, {outage['start']} to {end}, {share}"
    for ranked in (*told.get("causes", ()), *told.get("alibis", ()), *told.get("attempts", ())):
        change = ranked.get("change")
        if change:
            yield change["id"], f"{change['title']}, {change['start']}"
        elif ranked.get("id"):
            yield ranked["id"], ranked["title"]
    for change in told.get("set_aside", ()):
        yield change["id"], f"{change['title']}, {change['start']}"
    entries = (*told.get("entries", ()), *told.get("entries_set_aside", ()))
    for entry in entries:
        yield entry["id"], f"{entry['time']} {entry['text']}"
