"""Zones that are said once for many times: in a heading, a sentence, a column, a label."""

from __future__ import annotations

import re
from typing import Final

from afterlog.check.clocks import Clock, find_clocks
from afterlog.check.dates import find_dates
from afterlog.check.lines import HEADING, Line
from afterlog.check.placing import Placed
from afterlog.check.words import TIMELINE, area_of
from afterlog.check.zones import ZONE

_NAMED: Final = {
    "coordinated universal": "UTC",
    "greenwich mean": "GMT",
    "indian standard": "IST",
    "japan standard": "JST",
    "japan": "JST",
    "india": "IST",
    "pacific": "PT",
    "eastern": "ET",
    "mountain": "MT",
    "west africa": "WAT",
    "east africa": "EAT",
    "singapore": "SGT",
}
_PLACES: Final = "|".join(rf"(?i:{name})" for name in _NAMED)
_ZONE: Final = (
    rf"(?P<zone>{ZONE}(?:\s?[+-]\d{{1,2}}(?::?\d\d)?)?\b"
    rf"|(?:{_PLACES})(?= (?:[Ss]tandard |[Mm]ean |[Dd]aylight )?[Tt]ime))"
)
_SAID: Final = re.compile(
    r"\b(?:[Tt]imes?|[Tt]imestamps?|[Tt]ime ?[Zz]one|TIMES?)\b[\s:*_(]*"
    rf"(?:(?:are|is|in|given|shown|listed|all|the|below)\b[\s:*_(]*){{0,4}}{_ZONE}"
)
_PLACE: Final = re.compile(rf"\b(?P<zone>{_PLACES}) (?:[Ss]tandard |[Mm]ean )?[Tt]imes?\b")
_BARE: Final = re.compile(rf"\(\s*(?:all )?(?:in )?(?P<zone>{ZONE})\s*\)|,\s+(?P<tail>{ZONE})\s*$")


def zone_said(line: Line) -> str:
    """Give the zone that a line says for the times below it (all times in UTC); empty where it says none."""
    if line.kind not in (HEADING, "prose", "item") or len(line.text) > 400:
        return ""
    found = _SAID.search(line.text) or _PLACE.search(line.text)
    if found and (line.kind == HEADING or not find_dates(line.text)) and not find_clocks(line.text):
        return _NAMED.get(found["zone"].lower(), found["zone"].upper())
    bare = _BARE.search(line.text) if line.kind == HEADING and area_of(line.text) == TIMELINE else None
    return (bare["zone"] or bare["tail"]).upper() if bare else ""


def zone_beside(one: Placed, clock: Clock) -> str:
    """Give the zone that a column's heading or a label gives a clock; empty where none does."""
    label = re.search(
        rf"\(\s?({ZONE}(?:[+-]\d{{1,2}})?)\s?\)[^()\d]{{0,12}}$", one.line.text[max(0, clock.start - 70) : clock.start]
    )
    if label is None and one.dates and one.dates[0].end <= clock.start:
        label = re.search(rf"\(\s?({ZONE}(?:[+-]\d{{1,2}})?)\s?\)[^()\d]{{0,12}}$", one.line.text[: one.dates[0].start])
    if label:
        return label[1]
    for cell in one.line.cells:
        if cell.start <= clock.start < cell.end:
            found = re.search(rf"\b({ZONE}(?:[+-]\d{{1,2}})?)\b", cell.header)
            if found:
                return found[1]
        if re.search(r"\b(?:zone|tz)\b", cell.header, re.IGNORECASE):
            return one.line.text[cell.start : cell.end].strip()
    return ""
