"""Dates as people write them: ISO, ``November 10th, 2022``, ``15Sep94``, ``Thursday 3. February 2020``, ``5/26/21``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH: Final = (
    r"(?P<mon>J(?:an(?:uary)?|ANUARY|AN|une?|UNE?|uly?|ULY?)|F(?:eb(?:ruary)?|EB(?:RUARY)?)"
    r"|M(?:ar(?:ch)?|AR(?:CH)?|ay|AY)"
    r"|A(?:pr(?:il)?|PR(?:IL)?|ug(?:ust)?|UG(?:UST)?)|S(?:ept?(?:ember)?|EPT?(?:EMBER)?)"
    r"|O(?:ct(?:ober)?|CT(?:OBER)?)"
    r"|N(?:ov(?:ember)?|OV(?:EMBER)?)|D(?:ec(?:ember)?|EC(?:EMBER)?))(?![A-Za-z])\.?"
)
_YEARS: Final = (1900, 2199)  # nobody writes a postmortem of another time; arithmetic on dates stays in range
_YEAR: Final = r"(?P<year>(?:19|20)\d{2}|'?\d{2}(?=\b)(?!\s?[:.]|\d))"
_LONG_YEAR: Final = r"(?P<year>(?:19|20)\d{2})(?![\d:])"
_WEEKDAY: Final = (
    r"(?P<wd>\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|mon|tues|wednes|thurs|fri|satur"
    r"|sun)day\b|(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?))"
    r",?[\s|(]*(?:the\s+)?$"
)
_FORMS: Final = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        # 2022-11-10, 2022/11/10; five digits are a slip worth reading
        r"(?<![\w.:-])(?P<year>\d{4,5})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d)(?!(?P=sep)\d)",
        # November 10th, 2022
        (
            rf"(?<![\w-]){_MONTH}[\s-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.%]\d|\d)(?:(?:,"
            rf"|\s+of)?[\s-]+{_LONG_YEAR})?"
        ),
        # 10th of November 2022, 3. February 2020, 10/Nov/2022, 15Sep94
        rf"(?<![\w:.-])(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?[\s/-]*{_MONTH}(?:,?[\s/-]*{_YEAR})?",
        # 5/26/21, 04-12-2022, 25.11.2023
        (
            r"(?<![\w:/.-])(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}"
            r"|\d{2})(?![\w/:-]|\.\d)"
        ),
    )
)
_WEEKDAY_BEFORE: Final = re.compile(_WEEKDAY)
_WEEKDAY_AFTER: Final = re.compile(r"^[\s,|(]*(?P<wd>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b")


@dataclass(frozen=True, slots=True)
class DateRead:
    """A date in a line, columns [start, end); ``year`` None where none is printed.

    ``other`` is the second reading of 04/12/2022, (month, day). ``fault`` says why no calendar has it.
    """

    year: int | None
    month: int
    day: int
    start: int
    end: int
    raw: str
    weekday: int | None = None
    weekday_raw: str = ""
    other: tuple[int, int] | None = None
    fault: str = ""

    def on(self, year: int | None) -> date | None:
        """Give the date, with the year that was carried where none is printed; none far from our own time."""
        try:
            found = date(self.year or year or 0, self.month, self.day)
        except ValueError:
            return None
        return found if _YEARS[0] <= found.year <= _YEARS[1] else None


def find_dates(text: str) -> list[DateRead]:
    """Find the dates in a line, left to right, without overlap."""
    found: list[DateRead] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            one = _read(match, text)
            if one:
                found.append(one)
    return sorted(found, key=lambda one: one.start)


def _read(match: re.Match[str], text: str) -> DateRead | None:
    parts = match.groupdict()
    other: tuple[int, int] | None = None
    year = _year(parts.get("year"))
    if parts.get("a"):
        first, second = int(parts["a"]), int(parts["b"])
        if max(first, second) > 31 or min(first, second) > 12 or not min(first, second):
            return None
        month, day = (first, second) if first <= 12 else (second, first)
        other = (second, first) if max(first, second) <= 12 and first != second else None
        if parts["sep"] == "." and len(parts["year"]) == 2:
            return None  # 10.0.12 is a version
        if parts["sep"] == "." and other:
            month, day, other = second, first, (first, second)
    elif parts.get("mon"):
        month, day = _MONTHS.index(parts["mon"][:3].lower()) + 1, int(parts["d"])
    else:
        month, day = int(parts["m"]), int(parts["d"])
    fault = _fault(parts.get("year") or "", year, month, day)
    if parts.get("sep") == "." and len(match[0]) != 10:
        return None  # 2022.11.3 is a version
    if fault and (parts.get("sep") in ("/", ".") or not 1 <= month <= 12 or not 1 <= day <= 39):
        return None  # a path, a version or an arithmetic expression rather than a date
    weekday, raw = _weekday(text, match.start(), match.end())
    return DateRead(year, month, day, match.start(), match.end(), match[0], weekday, raw, other, fault)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    digits = text.strip("'")
    if len(digits) == 5:
        return int(digits[1:])
    value = int(digits)
    if len(digits) == 2:
        return 2000 + value if value < 70 else 1900 + value
    return value


def _fault(printed: str, year: int | None, month: int, day: int) -> str:
    if len(printed) == 5:
        return f"a year of five digits, {printed}"
    if not (1 <= month <= 12 and day >= 1):
        return "no such month or day"
    try:
        date(year or 2000, month, day)
    except ValueError:
        return f"that month has no day {day}" + (f" in {year}" if year else "")
    return ""


def _weekday(text: str, start: int, end: int) -> tuple[int | None, str]:
    found = _WEEKDAY_BEFORE.search(text[max(0, start - 16) : start]) or _WEEKDAY_AFTER.match(text[end : end + 14])
    if not found:
        return None, ""
    return _DAYS.index(found["wd"][:3].lower()), found["wd"]


def settle(dates: Iterable[DateRead], near: date | None, *, day_first: bool) -> list[tuple[int, int]]:
    """Choose (month, day) of each date: the reading near a known date, else the document's habit."""
    chosen = []
    for one in dates:
        best = (one.month, one.day)
        if one.other:
            best = one.other if day_first else best
            if near and one.year:
                best = min((best, one.other, (one.month, one.day)), key=lambda md: _far(one.year, md, near))
        chosen.append(best)
    return chosen


def _far(year: int | None, month_day: tuple[int, int], near: date) -> int:
    try:
        return abs((date(year or near.year, *month_day) - near).days)
    except ValueError:
        return 10**6
