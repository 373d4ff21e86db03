"""Clock times as people write them, with range and zone: ``11:05 Am``, ``1: 55 PM``, ``11.50``, ``6PM``, ``0233``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from afterlog.check.zones import ZONE

_MERIDIEM: Final = r"(?:\s?(?P<mer>[AaPp])\.?\s?[Mm]\b\.?)"
_ZONE: Final = (
    rf"(?:\s?\(?\s?(?P<zone>(?:\b(?:UTC|GMT|utc)\s?[+-]\s?\d{{1,2}}(?::?\d{{2}})?|\b{ZONE}\b)"
    r"|(?<=[\d\s])\+\d{2}:?\d{2}(?![\d:-])|(?<=:\d\d:\d\d)-\d{2}:?\d{2}(?![\d:-])"
    r"|(?<=[Tt]\d\d:\d\d)-\d{2}:?\d{2}(?![\d:-])|(?<=\d)Z\b))"
)
_FORMS: Final = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        # 11:05, 11:05:09.123, 1: 55 PM, 2022-11-10T11:15:00Z
        (
            rf"(?:(?<=\d[Tt_])|(?<![\w:./$#=&?]))(?P<h>\d{{1,2}})(?::(?P<m>\d{{2}})"
            rf"|\s?:\s(?P<m2>\d{{2}})(?=\s?[AaPp]\.?[Mm]))"
            rf"(?!\d|%|:\d(?!\d)|:[A-Za-z]"
            rf"|\.\d{{1,3}}\.)(?::(?P<s>\d{{2}})(?![\d:])(?:[.,]\d+)?)?\s?{_MERIDIEM}?{_ZONE}?"
        ),
        # 11.50am, 11.50 after a date or at the start of an entry
        rf"(?<![\w:./$#-])(?P<h>\d{{1,2}})\.(?P<m>[0-5]\d)(?![\d%:]|\.\d)(?:hrs?\b)?\s?{_MERIDIEM}?{_ZONE}?",
        # 6PM, 9 a.m.
        rf"(?<![\w:./$#-])(?P<h>\d{{1,2}}){_MERIDIEM}{_ZONE}?",
        # 0233 UTC, 1430Z, 1430 hrs
        (
            rf"(?<![\w:./$#,-])(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?P<hrs>\s?hrs\b|\s?h\b|(?=\s?Z\b"
            rf"|\s(?:{ZONE})\b)){_ZONE}?"
        ),
        # from 0233 to 0239
        r"(?<=from\ )(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?=\s(?:to|until|-|–)\s(?:[01]\d|2[0-3])[0-5]\d\b)",
        r"(?<=\d\d\d\d\ to\ )(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)\b(?!-)",
    )
)
_LOOSE: Final = re.compile(
    r"(?:~|≈|\bca\.?|\bcirca|\babout|\baround|\bapprox\w*\.?|\broughly|\bnearly|\bjust "
    r"(?:before|after)|\bshortly (?:before|after)"
    r"|\bbefore|\bafter|\bby)\s*\(?\s*$",
    re.IGNORECASE,
)
_CUE: Final = re.compile(
    (
        r"(?:\bat|\bfrom|\bto|\buntil|\btill|\bbetween|\band|\bby|\baround|\bsince|\babout"
        r"|\bbefore|\bafter|~|@|–|-|→)\s*$"
    ),
    re.IGNORECASE,
)
_RANGE: Final = re.compile(
    (
        r"^[\s,)]*(?:-+|–|—|→|->|~|to|until|till|through|thru|and ended at|and ending at|and "
        r"lasted until)\s*(?:about|around|approximately|approx\.?|~|ca\.?)?\s*$"
    ),
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\b(?:between|start(?:ed|ing)?(?: time)?(?: at)?)\b[^.;]*$", re.IGNORECASE)
_AND: Final = re.compile(
    (
        r"^[\s,)]*(?:and|to)(?: (?:ended|ending|ends|finished|resolved|ended up)(?: at| "
        r"around)?)?\s*$"
    ),
    re.IGNORECASE,
)
_OFFSET_BEFORE: Final = re.compile(r"(?:UTC|GMT|Z)\s?[+-]$|\d\s?\+$")


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time in a line, columns [start, end). ``fault`` says why no clock shows it.

    ``side`` is 1 for the first time of a range, 2 for the second, 0 outside of one. ``sure`` is False where
    only its surroundings can tell whether it is a time (11.50, 3:16).
    """

    hour: int
    minute: int
    second: int | None
    start: int
    end: int
    raw: str
    meridiem: str = ""  # a, p
    zone: str = ""
    loose: bool = False
    fault: str = ""
    side: int = 0
    sure: bool = True

    @property
    def seconds(self) -> int:
        """Seconds after midnight."""
        return self.hour * 3600 + self.minute * 60 + (self.second or 0)


def find_clocks(text: str) -> list[Clock]:
    """Find the clock times in a line, left to right, without overlap, ranges joined."""
    found: list[Clock] = []
    if not any(sign.isdigit() for sign in text):
        return found
    for index, form in enumerate(_FORMS):
        for match in form.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            clock = _read(match, text, dotted=index == 1)
            if clock:
                found.append(clock)
    found.sort(key=lambda clock: clock.start)
    return list(_ranged(found, text))


def _read(match: re.Match[str], text: str, *, dotted: bool) -> Clock | None:
    parts = match.groupdict()
    before = text[: match.start()]
    if _OFFSET_BEFORE.search(before[-6:]):
        return None  # the offset of a zone, UTC-05:00
    hour, minute = int(parts["h"]), int(parts.get("m") or parts.get("m2") or 0)
    second = int(parts["s"]) if parts.get("s") else None
    meridiem = (parts.get("mer") or "").lower()
    zone = (parts.get("zone") or "").strip()
    sure = bool(meridiem or zone or parts.get("hrs")) or (not dotted and (len(parts["h"]) == 2 or second is not None))
    if not sure and not dotted and _CUE.search(before):
        sure = True
    fault = _fault(hour, minute, second, meridiem)
    if fault and not (meridiem or zone):
        if dotted or hour > 29 or minute > 99:
            return None
        sure = False
    if dotted and fault:
        return None
    if meridiem and hour <= 12:
        hour = hour % 12 + (12 if meridiem == "p" else 0)
    end = match.start() + len(match[0].rstrip(" ("))
    loose = _LOOSE.search(before[-24:]) is not None
    return Clock(hour, minute, second, match.start(), end, match[0].strip(" ("), meridiem, zone, loose, fault, 0, sure)


def _fault(hour: int, minute: int, second: int | None, meridiem: str) -> str:
    if minute > 59 or (second or 0) > 60:
        return "an hour has sixty minutes"
    if hour > 24 or (hour == 24 and minute):
        return "a day has twenty-four hours"
    if meridiem == "a" and hour > 12:
        return f"{hour} o'clock is never in the morning"
    if meridiem == "p" and hour == 0:
        return "0 o'clock is never in the afternoon"
    if meridiem == "p" and hour > 12:
        return "the 24-hour clock takes no PM"
    return ""


def _ranged(found: list[Clock], text: str) -> Iterator[Clock]:
    """Mark the two sides of ``a – b``, ``from a to b``, ``between a and b``.

    The first side takes a lone PM or zone of the second.
    """
    index = 0
    while index < len(found):
        clock = found[index]
        after = found[index + 1] if index + 1 < len(found) else None
        if after is None or not _joins(clock, after, text):
            yield clock
            index += 1
            continue
        if after.meridiem and not clock.meridiem and clock.hour <= 12 and not clock.fault:
            clock = _halved(clock, after)
        if after.zone and not clock.zone:
            clock = replace(clock, zone=after.zone)
        yield replace(clock, side=1, sure=clock.sure or after.sure)
        yield replace(after, side=2, sure=clock.sure or after.sure)
        index += 2


def _halved(clock: Clock, after: Clock) -> Clock:
    """Read ``2:00 - 4:30 PM``: the half of the day that keeps the order."""
    options = [clock.hour % 12, clock.hour % 12 + 12]
    fit = [hour for hour in options if (hour, clock.minute) <= (after.hour, after.minute)]
    return replace(clock, hour=fit[-1]) if fit else clock


def _joins(clock: Clock, after: Clock, text: str) -> bool:
    gap = text[clock.end : after.start]
    if len(gap) > 60:
        return False
    gap = re.sub(
        (
            r"\([^)]*\)|\bon\b|\bthe\b|\bat\b|(?:\b\d{4}[-/]\d{1,2}[-/]\d{1,2}T?)"
            r"|\b(?:[A-Z][a-z]+day,?)|\b[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?,?"
            r"|\b\d{1,2}(?:st|nd|rd|th)? (?:of )?[A-Z][a-z]{2,8}(?: \d{4})?,?|\bthe (?:next"
            r"|following|same) (?:day|morning)|[),]"
        ),
        " ",
        gap,
    )
    gap = re.sub(rf"^\s*\(?{ZONE}\)?", "", gap)
    if _RANGE.match(gap.strip() and f" {gap.strip()} "):
        return True
    return _BETWEEN.search(text[: clock.start]) is not None and _AND.match(f" {gap.strip()} ") is not None
