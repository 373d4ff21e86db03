"""Zone abbreviations as postmortems use them, and whether each exists on a date.

Offsets and seasons come from the IANA database (https://www.iana.org/time-zones) through zoneinfo and tzdata.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What it may mean: offsets in minutes east, the usual one first; the zones that use it in season."""

    offsets: tuple[int, ...]
    seasonal: tuple[str, ...] = ()
    always: tuple[str, ...] = ()  # places where it holds all year: an honest reading out of season
    instead: str = ""


_NEW_YORK, _CHICAGO, _DENVER, _LOS_ANGELES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)

ABBREVIATIONS: Final[dict[str, Abbreviation]] = {
    "UTC": Abbreviation((0,)),
    "GMT": Abbreviation((0,)),
    "Z": Abbreviation((0,)),
    "PST": Abbreviation((-480,), (_LOS_ANGELES,), (), "PDT"),
    "PDT": Abbreviation((-420,), (_LOS_ANGELES,), (), "PST"),
    "MST": Abbreviation((-420,), (_DENVER,), ("America/Phoenix",), "MDT"),
    "MDT": Abbreviation((-360,), (_DENVER,), (), "MST"),
    "CST": Abbreviation((-360, 480, -300), (_CHICAGO,), ("America/Costa_Rica", "Asia/Shanghai"), "CDT"),
    "CDT": Abbreviation((-300, -240), (_CHICAGO,), (), "CST"),
    "EST": Abbreviation((-300,), (_NEW_YORK,), ("America/Panama",), "EDT"),
    "EDT": Abbreviation((-240,), (_NEW_YORK,), (), "EST"),
    "AKST": Abbreviation((-540,), ("America/Anchorage",), (), "AKDT"),
    "AKDT": Abbreviation((-480,), ("America/Anchorage",), (), "AKST"),
    "CET": Abbreviation((60,), ("Europe/Berlin",), ("Africa/Algiers",), "CEST"),
    "CEST": Abbreviation((120,), ("Europe/Berlin",), (), "CET"),
    "EET": Abbreviation((120,), ("Europe/Helsinki",), ("Africa/Tripoli",), "EEST"),
    "EEST": Abbreviation((180,), ("Europe/Helsinki",), (), "EET"),
    "WET": Abbreviation((0,), ("Europe/Lisbon",), ("Africa/Casablanca",), "WEST"),
    "WEST": Abbreviation((60,), ("Europe/Lisbon",), (), "WET"),
    "BST": Abbreviation((60, 360), ("Europe/London",), ("Asia/Dhaka",), "GMT"),
    "IST": Abbreviation((330, 60, 120)),
    "AEST": Abbreviation((600,)),
    "AEDT": Abbreviation((660,), ("Australia/Sydney",), (), "AEST"),
    "ACST": Abbreviation((570,)),
    "AWST": Abbreviation((480,)),
    "NZST": Abbreviation((720,), ("Pacific/Auckland",), (), "NZDT"),
    "NZDT": Abbreviation((780,), ("Pacific/Auckland",), (), "NZST"),
    "JST": Abbreviation((540,)),
    "KST": Abbreviation((540,)),
    "SGT": Abbreviation((480,)),
    "HKT": Abbreviation((480,)),
    "PHT": Abbreviation((480,)),
    "MYT": Abbreviation((480,)),
    "WIB": Abbreviation((420,)),
    "ICT": Abbreviation((420,)),
    "PKT": Abbreviation((300,)),
    "NPT": Abbreviation((345,)),
    "GST": Abbreviation((240,)),
    "MSK": Abbreviation((180,)),
    "TRT": Abbreviation((180,)),
    "WAT": Abbreviation((60,)),
    "CAT": Abbreviation((120,)),
    "EAT": Abbreviation((180,)),
    "SAST": Abbreviation((120,)),
    "BRT": Abbreviation((-180,)),
    "ART": Abbreviation((-180,)),
    "COT": Abbreviation((-300,)),
    "HST": Abbreviation((-600,)),
    "ET": Abbreviation((-300, -240)),
    "CT": Abbreviation((-360, -300)),
    "MT": Abbreviation((-420, -360)),
    "PT": Abbreviation((-480, -420)),
}
_GENERIC: Final = {"ET": _NEW_YORK, "CT": _CHICAGO, "MT": _DENVER, "PT": _LOS_ANGELES}

ZONE: Final = "(?:" + "|".join(sorted(ABBREVIATIONS, key=len, reverse=True)) + "|utc|gmt)"
_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):?(\d{2})?$")


def offset_of(text: str) -> int | None:
    """Read the minutes east of a printed offset: ``UTC+2``, ``+05:30``; None where there is none."""
    found = _OFFSET.search(text)
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes


def name_of(text: str) -> str:
    """Give the abbreviation in upper case, without an offset behind it."""
    return re.sub(r"[+-].*$", "", text.strip("() ")).strip().upper()


def offsets_on(zone: str, day: date | None) -> tuple[int, ...]:
    """Give the offsets that a zone's text may mean, minutes east; empty where it is not known."""
    printed = offset_of(zone)
    if printed is not None:
        return (printed,)
    name = name_of(zone)
    if name in _GENERIC and day:
        return (_at(_GENERIC[name], day)[1],)
    known = ABBREVIATIONS.get(name)
    return known.offsets if known else ()


def out_of_season(name: str, day: date) -> str:
    """Tell whether an abbreviation exists on a day: ``""`` it does, ``maybe`` only in rare places, ``never``."""
    known = ABBREVIATIONS.get(name)
    if known is None or not known.seasonal:
        return ""
    around = [day + timedelta(days=shift) for shift in (-1, 0, 1)]
    if any(_at(zone, one)[0] == name for zone in known.seasonal for one in around):
        return ""
    return "maybe" if known.always else "never"


@cache
def _at(zone: str, day: date) -> tuple[str, int]:
    there = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).astimezone(ZoneInfo(zone))
    offset = there.utcoffset() or timedelta()
    return there.tzname() or "", int(offset.total_seconds()) // 60
