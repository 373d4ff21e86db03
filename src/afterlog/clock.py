"""Clocks: from the wall time a line prints to UTC, with a mark of how sure that is.

A printed offset always wins. A time without a zone takes what a person said (``--tz``), else an offset found
in other sources of its host, else one on which all sources of the case agree, else the given default, marked
as assumed. An offset of zero is no evidence: programs print UTC wherever they run. A time without a year takes
it from dated lines near it: of its host, of the case, and only then from the file's own modification time. New
Year inside a file moves the year on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from dateutil import parser as dateutil_parser

from afterlog.errors import InputError
from afterlog.event import TimeBasis
from afterlog.layout import OFFSET_UNKNOWN, Times

_QUARTER_US: Final = 900_000_000  # every offset change known to the zone database falls on a quarter of an hour
_HALF_YEAR_US: Final = 183 * 86_400_000_000
_DAY_US: Final = 86_400_000_000
_BASES: Final = tuple(TimeBasis)
_CODE: Final = {basis: code for code, basis in enumerate(_BASES)}


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first lines of a source tell about its clock; wall times in microseconds, [first, last]."""

    path: str
    host: str | None
    offsets: Mapping[int, int]  # seconds east of UTC → lines that print it
    dated: tuple[int, int] | None  # wall times that carry a year
    yearless_first: int | None  # wall time of the first line without a year, in the year 2000
    zoneless: bool
    mtime_us: int


@dataclass(frozen=True, slots=True)
class SourceClock:
    """How one source's wall times become UTC: zone and year, each with what it rests on."""

    zone: str = "UTC"
    zone_basis: TimeBasis = TimeBasis.ZONE_ASSUMED
    zone_why: str = ""
    year: int | None = None
    year_why: str = ""
    offset_at_us: tuple[int, ...] = ()  # the host's own UTC times at which its clock's offset was measured
    offsets_s: tuple[float, ...] = ()  # seconds its clock was ahead at these times; empty where it is right
    offset_why: str = ""


class Resolved(NamedTuple):
    """UTC microseconds and the basis of each, as codes into ``bases()``; arrays of shape (n,)."""

    utc_us: np.ndarray
    basis: np.ndarray


def bases() -> tuple[TimeBasis, ...]:
    """Give the meaning of the codes in `Resolved`."""
    return _BASES


def zone_of(name: str) -> tzinfo:
    """Give the zone of an IANA name (``Asia/Kolkata``) or a fixed offset (``UTC+05:30``, ``+0530``, ``Z``).

    Raises:
        InputError: no such zone.

    """
    fixed = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", name)
    if fixed:
        minutes = int(fixed[2]) * 60 + int(fixed[3] or 0)
        return timezone(timedelta(minutes=-minutes if fixed[1] == "-" else minutes), name)
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"unknown time zone {name!r}: give an IANA name such as Asia/Kolkata or Europe/Berlin, "
            "or an offset such as UTC+05:30."
        ) from None


def offset_name(offset_s: int) -> str:
    """Name a fixed offset: 19800 → ``UTC+05:30``."""
    if offset_s == 0:
        return "UTC"
    sign = "-" if offset_s < 0 else "+"
    return f"UTC{sign}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"


def machine_zone() -> str:
    """Name the zone this machine is set to; a guess of last resort, always marked as assumed."""
    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        link = Path("/etc/localtime")
        name = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    try:
        zone_of(name or "UTC")
    except InputError:
        return "UTC"
    return name or "UTC"


def resolve_clocks(surveys: Iterable[Survey], stated: str | None, default: str) -> dict[str, SourceClock]:
    """Decide zone and year of every source from what all sources together tell.

    ``stated`` is the zone a person gave for lines that print none; ``default`` is assumed where nothing tells.
    """
    every = list(surveys)
    clocks = {survey.path: _zone_clock(survey, every, stated, default) for survey in every}
    return {survey.path: _with_year(clocks[survey.path], survey, every) for survey in every}


def _zone_clock(survey: Survey, every: list[Survey], stated: str | None, default: str) -> SourceClock:
    if stated is not None:
        return SourceClock(stated, TimeBasis.ZONE_STATED, "stated by a person")
    for scope, others in (
        ("other lines of this source", [survey]),
        (f"host {survey.host}", [s for s in every if s.host == survey.host and survey.host]),
        ("all sources that print one", every),
    ):
        found = {offset: s.path for s in others for offset in s.offsets if offset}
        if len(found) == 1:
            offset, path = next(iter(found.items()))
            return SourceClock(offset_name(offset), TimeBasis.ZONE_INFERRED, f"from {scope}, e.g. {path}")
        if found:
            return SourceClock(
                default,
                TimeBasis.ZONE_ASSUMED,
                f"{scope}: several offsets, e.g. {_listed(found)}; state it with --tz",
            )
    return SourceClock(
        default,
        TimeBasis.ZONE_ASSUMED,
        "nothing tells it (UTC stamps say nothing of local time); state it with --tz",
    )


def _listed(found: Mapping[int, str]) -> str:
    return ", ".join(f"{offset_name(offset)} in {found[offset]}" for offset in sorted(found)[:3])


def _with_year(clock: SourceClock, survey: Survey, every: list[Survey]) -> SourceClock:
    first = survey.yearless_first
    if first is None:
        return clock
    for scope, others in (
        ("this source", [survey]),
        (f"host {survey.host}", [s for s in every if s.host == survey.host and survey.host]),
        ("the case", every),
    ):
        dated = [s for s in others if s.dated]
        if dated:
            low = min(s.dated[0] for s in dated if s.dated)
            high = max(s.dated[1] for s in dated if s.dated)
            year = min(_years_near(low), key=lambda y: _distance(in_year(first, y), low, high))
            return replace(clock, year=year, year_why=f"dated lines of {scope}, e.g. {dated[0].path}")
    year = max(
        (y for y in _years_near(survey.mtime_us) if in_year(first, y) <= survey.mtime_us + _DAY_US),
        default=1970,
    )
    return replace(clock, year=year, year_why="the file's modification time")


def _years_near(wall_us: int) -> range:
    year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_us)).year
    return range(year - 1, year + 2)


def _distance(wall_us: int, low: int, high: int) -> int:
    return max(low - wall_us, wall_us - high, 0)


def in_year(wall_us: int, year: int) -> int:
    """Move one wall time of the year 2000 into another year; 29 February of a common year becomes 1 March."""
    return int(_in_years(np.array([wall_us]), np.array([year]))[0])


_DAY_OF: Final = np.arange(np.datetime64("2000-01-01"), np.datetime64("2001-01-01"))
_MONTH_OF: Final = (_DAY_OF.astype("datetime64[M]") - np.datetime64("2000-01", "M")).astype(np.int64)
_DAY_IN_MONTH: Final = (_DAY_OF - _DAY_OF.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
_YEAR_2000_US: Final = 946_684_800_000_000


def _in_years(wall_us: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Move wall times of the year 2000 into the years given; shapes (n,)."""
    day, rest = np.divmod(wall_us - _YEAR_2000_US, _DAY_US)
    day = np.clip(day, 0, 365)
    month = ((year - 1970) * 12 + _MONTH_OF[day]).astype("datetime64[M]")
    days = month.astype("datetime64[D]").astype(np.int64) + _DAY_IN_MONTH[day]
    return days * _DAY_US + rest


class Clock:
    """Turns the times of one source into UTC, in the order of its lines; it remembers the year and the fold."""

    def __init__(self, settings: SourceClock) -> None:
        self._settings = settings
        self._zone = zone_of(settings.zone)
        self._year = settings.year
        self._last_yearless: int | None = None
        self._last_wall: int | None = None
        self._fold_after: int | None = None

    def resolve(self, times: Times) -> Resolved:
        """Give UTC and its basis for the next times of the source."""
        count = len(times.wall_us)
        wall = times.wall_us.astype(np.int64, copy=True)
        has_year = np.broadcast_to(np.asarray(times.has_year), (count,))
        basis = np.zeros(count, np.int8)
        if not has_year.all():
            wall[~has_year] = self._dated(wall[~has_year])
            basis[~has_year] = _CODE[TimeBasis.YEAR_INFERRED]
        utc = wall - times.offset_s.astype(np.int64) * 1_000_000
        zoneless = times.offset_s == OFFSET_UNKNOWN
        if zoneless.any():
            utc[zoneless] = wall[zoneless] - self._offsets(wall[zoneless]) * 1_000_000
            basis[zoneless] = np.maximum(basis[zoneless], _CODE[self._settings.zone_basis])
        if self._settings.offsets_s:
            utc = utc - self._ahead_us(utc)
            basis = np.maximum(basis, _CODE[TimeBasis.OFFSET_CORRECTED]).astype(np.int8)
        return Resolved(utc, basis)

    def _ahead_us(self, utc: np.ndarray) -> np.ndarray:
        """Give how far the clock was ahead at these of its times, microseconds: linear between measurements."""
        at = np.array(self._settings.offset_at_us, np.float64)
        ahead = np.array(self._settings.offsets_s, np.float64) * 1e6
        return np.rint(np.interp(utc.astype(np.float64), at, ahead)).astype(np.int64)

    def _dated(self, wall: np.ndarray) -> np.ndarray:
        """Give year-less wall times their year; a step of over half a year back is New Year."""
        before = wall[0] if self._last_yearless is None else self._last_yearless
        steps = np.diff(wall, prepend=before)
        turns = np.cumsum((steps < -_HALF_YEAR_US).astype(np.int64) - (steps > _HALF_YEAR_US))
        self._last_yearless = int(wall[-1])
        years = turns + (self._year if self._year is not None else 1970)
        self._year = int(years[-1])
        return _in_years(wall, years)

    def _offsets(self, wall: np.ndarray) -> np.ndarray:
        """Give the seconds east of UTC at zone-less wall times; the repeated hour is told by line order."""
        if isinstance(self._zone, timezone):
            fixed = self._zone.utcoffset(None)
            return np.full(len(wall), int(fixed.total_seconds()), np.int64)
        quarters, index = np.unique(wall // _QUARTER_US, return_inverse=True)
        early = np.array([self._offset_at(int(q), 0) for q in quarters], np.int64)
        late = np.array([self._offset_at(int(q), 1) for q in quarters], np.int64)
        offsets = early[index]
        repeated = (early > late)[index]
        if repeated.any():
            second = repeated & self._after_the_turn(wall, repeated)
            offsets[second] = late[index][second]
        self._last_wall = int(wall[-1])
        return offsets

    def _after_the_turn(self, wall: np.ndarray, repeated: np.ndarray) -> np.ndarray:
        """Tell which times of the repeated hour come after the clock was set back (seen as a step back)."""
        before = wall[0] if self._last_wall is None else self._last_wall
        highest = np.maximum.accumulate(np.concatenate(([before], wall)))[:-1]
        stepped = repeated & (highest - wall > 30 * 60 * 1_000_000)
        if self._fold_after is not None and abs(int(wall[0]) - self._fold_after) < _DAY_US // 8:
            stepped[0] = True
        turned = np.maximum.accumulate(stepped)
        if turned.any():
            self._fold_after = int(wall[int(np.argmax(turned))])
        return turned

    def _offset_at(self, quarter: int, fold: int) -> int:
        naive = datetime(1970, 1, 1) + timedelta(microseconds=quarter * _QUARTER_US)  # noqa: DTZ001  a wall time has no zone
        offset = naive.replace(tzinfo=self._zone, fold=fold).utcoffset()
        return int(offset.total_seconds()) if offset else 0


def to_us(moment: datetime) -> int:
    """Give UTC microseconds of an aware datetime."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def parse_moment(text: str, zone: tzinfo) -> int:
    """Read a time a person typed: ISO 8601, or whatever dateutil understands; UTC microseconds.

    Raises:
        InputError: it is not a time.

    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            moment = dateutil_parser.parse(text)
        except (ValueError, OverflowError):
            raise InputError(
                f"{text!r} is not a time: write it like 2022-11-10T11:15 or 2022-11-10T11:15:00+05:30."
            ) from None
    return to_us(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def rfc3339(time_us: int) -> str:
    """Write UTC microseconds as RFC 3339, with a fraction only where there is one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(time_us))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"
