"""Dates carried on: a time takes the date printed beside it, else the last one printed, past midnight the next day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from afterlog.check.clocks import Clock
from afterlog.check.dates import DateRead, settle
from afterlog.check.lines import FRONT, HEADING, LOG, Line
from afterlog.check.milestones import milestone_of
from afterlog.check.model import Dated, Moment
from afterlog.check.placing import Placed
from afterlog.check.saidzones import zone_beside, zone_said
from afterlog.check.words import ACTIONS

_APART: Final = re.compile(
    r"\b(?:last[_ ]?(?:updated|reviewed|modified|edited)|updated|reviewed|review[_ ]in"
    r"|published|posted|written|created|authored|author|due|deadline|version"
    r"|meeting|post-?mortem (?:date|held|on)|date of (?:the )?(?:post-?mortem|report|review)"
    r"|report(?:ed)? date|copyright|modified|follow[- ]?up|target|eta|review date)\b",
    re.IGNORECASE,
)
_FRONT_DATE: Final = re.compile(
    (
        r"^\s*\"?(?:date|start\w*|incident[_-]?date|when|begin\w*|occurred\w*"
        r"|incident[_-]?start\w*|title|created\w*)\"?\s*[:=]"
    ),
    re.IGNORECASE,
)
_STOP: Final = re.compile(r"(?<=[a-z)\]\"”])[.!?]\s+(?=[A-Z])")
_NEAR: Final = 300
_NO_DAY: Final = date(1, 1, 2)
_BACK: Final = timedelta(hours=6)


@dataclass(slots=True)
class _Series:
    """Where a timeline stands: the last row, and how many dates had been printed then."""

    number: int
    last: datetime | None = None
    printed: int = 0
    meridiem: str = ""
    shifted: bool = False


@dataclass(slots=True)
class Carrier:
    """Walks down the document and gives every clock its date."""

    incident_of: tuple[int, ...]
    day_first: bool
    day: date | None = None
    year: int | None = None
    printed: int = 0
    dated: list[Dated] = field(default_factory=list)
    series: dict[tuple[int, int, int], _Series] = field(default_factory=dict)
    zones: dict[int, str] = field(default_factory=dict)
    zone_lines: dict[str, int] = field(default_factory=dict)

    def walk(self, placed: Sequence[Placed], rows: dict[int, int]) -> Iterator[Moment]:
        """Yield the moments in the order of the document; ``dated`` holds the dates afterwards."""
        incident = 0
        for one in placed:
            now = self.incident_of[one.line.number - 1]
            if now != incident:
                incident = now
                self.day = self.day if now == 0 else None
            zone = zone_said(one.line)
            if zone:
                self.zones[one.line.section if one.line.kind != HEADING else one.line.number] = zone
                self.zone_lines.setdefault(zone, one.line.number)
            values = self._dates(one, rows.get(one.line.number))
            yield from self._moments(one, values, rows.get(one.line.number))

    # --- dates ----------------------------------------------------------------------------------------------

    def _dates(self, one: Placed, row: int | None) -> list[date | None]:
        line = one.line
        near = self.day
        chosen = settle(one.dates, near, day_first=self.day_first)
        values: list[date | None] = []
        for read, (month, day) in zip(one.dates, chosen, strict=True):
            value = replace(read, month=month, day=day).on(_year_near(read, month, self.day, self.year))
            values.append(value)
            self.dated.append(Dated(line.number, read, value, line.area, self.incident_of[line.number - 1]))
        own = [_beside(one, one.clocks[row])] if row is not None else one.dates
        usable = [
            value
            for value, read in zip(values, one.dates, strict=True)
            if value and value.year > 1 and any(read is each for each in own)
        ]
        if not usable or not _carries(line):
            return values
        sides = any(clock.side for clock in one.clocks)
        self.day = usable[0] if sides or line.kind == HEADING else usable[-1]
        self.year = self.day.year
        self.printed += 1
        return values

    # --- moments --------------------------------------------------------------------------------------------

    def _moments(self, one: Placed, values: list[date | None], row: int | None) -> Iterator[Moment]:
        before: datetime | None = None
        for index, clock in enumerate(one.clocks):
            is_row = row is not None and (index == row or (index == row + 1 and clock.side == 2))
            if not (clock.sure or is_row or (clock.fault and clock.meridiem)) or (
                clock.fault and not is_row and not clock.sure
            ):
                continue
            explicit = _beside(one, clock)
            value = values[one.dates.index(explicit)] if explicit in one.dates else None
            whole = self._at(one, clock, value, before, is_row)
            moment = self._moment(one, clock, explicit, whole, is_row)
            before = moment.when if clock.side == 1 else None
            yield moment

    def _at(
        self, one: Placed, clock: Clock, value: date | None, before: datetime | None, is_row: bool
    ) -> tuple[datetime, Clock, int]:
        series = self._series(one) if is_row and clock.side != 2 else None
        if series:
            clock = _inherit(clock, series)
        day = value or self.day
        when = _on(day or _NO_DAY, clock)
        if before is not None and value is None:
            when = _on(before.date(), clock)
            return (
                (when + timedelta(days=1) if when < before else when),
                clock,
                self._series(one).number if is_row else 0,
            )
        if series is None:
            return when, clock, 0
        if series.last is not None and value is None:
            if series.printed == self.printed or day is None:
                when = _carried(series.last, clock)
            elif when < series.last and series.last - when > _BACK:
                when = when if day != series.last.date() else _carried(series.last, clock)
        series.last, series.printed = when, self.printed
        series.meridiem = clock.meridiem or series.meridiem
        return when, clock, series.number

    def _series(self, one: Placed) -> _Series:
        key = (one.line.section, one.line.parent_line, self.incident_of[one.line.number - 1])
        if one.line.kind == LOG:
            key = (one.line.block, -1, key[2])
        return self.series.setdefault(key, _Series(len(self.series) + 1))

    def _moment(
        self, one: Placed, clock: Clock, explicit: DateRead | None, whole: tuple[datetime, Clock, int], is_row: bool
    ) -> Moment:
        when, read, number = whole
        line = one.line
        text = one.text if is_row else _sentence(line.text, clock)
        zone = (
            clock.zone
            or zone_beside(one, clock)
            or next((self.zones[at] for at, _words in reversed(line.headings) if at in self.zones), "")
            or self.zones.get(0, "")
        )
        return Moment(
            line.number,
            read,
            when,
            when.year > 1,
            explicit,
            is_row,
            text,
            milestone_of(text),
            self.incident_of[line.number - 1],
            number,
            line.area,
            zone,
        )


def day_first(placed: Sequence[Placed]) -> bool:
    """Tell a document's habit: 13/5 can only be day first, 5/13 only month first; dots are day first anyway."""
    votes = 0
    for one in placed:
        for read in one.dates:
            numbers = re.match(r"(\d{1,2})[-/](\d{1,2})[-/]\d{2,4}$", read.raw)
            if numbers:
                votes += (int(numbers[1]) > 12) - (int(numbers[2]) > 12)
    return votes > 0


def _carries(line: Line) -> bool:
    """Tell whether a line's date is one that times below may take."""
    if line.kind == FRONT:
        return _FRONT_DATE.match(line.text) is not None
    return line.kind != LOG and line.area != ACTIONS and not _APART.search(line.text[:60])


def _year_near(read: DateRead, month: int, day: date | None, year: int | None) -> int | None:
    """Carry the year; a January after a December begins the next one."""
    if read.year or day is None:
        return year
    if day.month == 12 and month == 1:
        return day.year + 1
    if day.month == 1 and month == 12:
        return day.year - 1
    return day.year


def _on(day: date, clock: Clock) -> datetime:
    seconds = clock.hour * 3600 + min(clock.minute, 59) * 60 + min(clock.second or 0, 59)
    midnight = datetime.combine(day, time(tzinfo=UTC))
    return midnight + timedelta(seconds=min(seconds, 86_400))


def _carried(last: datetime, clock: Clock) -> datetime:
    when = _on(last.date(), clock)
    if when >= last:
        return when
    late_to_early = last.hour >= 17 and when.hour < 12
    if last - when > _BACK or late_to_early:
        return when + timedelta(days=1)
    return when


def _inherit(clock: Clock, series: _Series) -> Clock:
    """Read ``1:05`` after ``12:50 PM``, or after 12:50 of a clock that never goes past twelve, as the afternoon."""
    if clock.meridiem or series.last is None or not 1 <= clock.hour <= 11 or clock.fault:
        return clock
    minutes = clock.hour * 60 + clock.minute
    last = series.last.hour * 60 + series.last.minute
    unpadded = not clock.raw.startswith("0") and clock.hour < 10
    wraps = (
        series.meridiem == "p" or series.shifted or (unpadded and series.last.hour == 12)
    ) and minutes < last <= minutes + 720
    if not wraps:
        return clock
    series.shifted = True
    return replace(clock, hour=clock.hour + 12)


def _beside(one: Placed, clock: Clock) -> DateRead | None:
    """Find the date that belongs to a clock: the nearest before it, else one close behind, else the line's only one."""
    before = [read for read in one.dates if read.end <= clock.start]
    if clock.side == 2:
        first = max((other.end for other in one.clocks if other.side == 1 and other.end <= clock.start), default=0)
        behind = _behind(one, clock)
        between = [
            read
            for read in before
            if read.start >= first and len(one.line.text[read.end : clock.start].strip(" ,T")) <= 8
        ]
        taken = next((_behind(one, other) for other in one.clocks if other.side == 1 and other.end == first), None)
        return behind or next((read for read in between if read is not taken), None)
    if before and (clock.start - before[-1].end <= 40 or one.line.kind == "table-row" or len(one.dates) == 1):
        return before[-1]
    near = one.dates[0] if len(one.dates) == 1 and one.dates[0].start - clock.end < 80 else None
    return _behind(one, clock) or (near if one.lead is None else None)


def _behind(one: Placed, clock: Clock) -> DateRead | None:
    for read in one.dates:
        gap = one.line.text[clock.end : read.start] if read.start >= clock.end else "x" * 99
        if len(gap) <= 16 and not re.search(r"\d|\b(?:to|until|and)\b|[-–—→]", gap):
            return read
    return None


def _sentence(text: str, clock: Clock) -> str:
    """Cut the sentence around a clock out of its line; of long ones what is near."""
    before, after = text[max(0, clock.start - _NEAR) : clock.start], text[clock.end : clock.end + _NEAR]
    begin = max((found.end() for found in _STOP.finditer(before)), default=0)
    stop = _STOP.search(f"{after} A")
    return " ".join(
        f"{before[begin:]}{text[clock.start : clock.end]}{after[: stop.start() + 1] if stop else after}".split()
    )
