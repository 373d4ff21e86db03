"""The findings that can be decided about: their ids, and what each one was, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from afterlog.case import Case
from afterlog.clock import to_us, zone_of
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


def abouts(folder: Path) -> dict[str, str]:
    """Give the change or outage that each entry of the timeline tells of, by the entry's id."""
    told = _findings(folder)
    entries = (*told.get("entries", ()), *told.get("entries_set_aside", ()))
    return {entry["id"]: entry["about"] for entry in entries if entry.get("about")}


def span_of(folder: Path, identity: str) -> tuple[int, int] | None:
    """Give the times that a finding has now, first and last, UTC microseconds; None where it is not known."""
    told = _findings(folder)
    for outage in (*told.get("outages", ()), *told.get("rejected", ())):
        if outage["id"] == identity:
            return _us(outage["start"]), _us(outage["end"] or outage["start_high"] or outage["start"])
    for ranked in (*told.get("causes", ()), *told.get("alibis", ()), *told.get("attempts", ())):
        change = ranked.get("change")
        if change and change["id"] == identity:
            return _us(change["start"]), _us(change["end"])
    for entry in (*told.get("entries", ()), *told.get("entries_set_aside", ())):
        if identity in (entry["id"], entry.get("about")):
            return _us(entry["time"]), _us(entry["until"])
    return None


def day_of(folder: Path, identity: str = "") -> int | None:
    """Give a moment (UTC microseconds) of the day that a time without a date is of.

    That of the finding, else of the first outage; None where it began on one day and ended on another.
    """
    span = span_of(folder, identity) if identity else None
    if span is None:
        outages = [outage for outage in _findings(folder).get("outages", ()) if outage["class"] != "blip"]
        span = span_of(folder, min(outages, key=lambda outage: outage["start"])["id"]) if outages else None
    if span is None:
        return None
    zone = zone_of(Case(folder).settings().display_zone)
    days = {(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).astimezone(zone).date() for us in span}
    return span[0] if len(days) == 1 else None


def _us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


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
