"""From the wall times of one source to UTC, in the order of its lines, with a mark of how sure each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

import numpy as np

from afterlog.clock.placing import positions
from afterlog.clock.zones import zone_of
from afterlog.event import TimeBasis
from afterlog.layout import OFFSET_PLACED, OFFSET_UNKNOWN, Times

_QUARTER_US: Final = 900_000_000  # every offset change known to the zone database falls on a quarter of an hour
_HALF_YEAR_US: Final = 183 * 86_400_000_000
_DAY_US: Final = 86_400_000_000
_BASES: Final = tuple(TimeBasis)
_CODE: Final = {basis: code for code, basis in enumerate(_BASES)}


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
    steps: tuple[tuple[int, float], ...] = ()  # (the host's own UTC time just after a step, seconds stepped forward)
    placed_start_us: int | None = None  # UTC at which output without times began, where the file's name tells it
    placed_end_us: int = 0  # UTC at which it ended at the latest
    placed_why: str = ""


class Resolved(NamedTuple):
    """UTC microseconds and the basis of each, as codes into ``bases()``; arrays of shape (n,)."""

    utc_us: np.ndarray
    basis: np.ndarray


def bases() -> tuple[TimeBasis, ...]:
    """Give the meaning of the codes in `Resolved`."""
    return _BASES


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
        self._passed = [False] * len(settings.steps)
        self._placed_end: int | None = None

    def resolve(self, times: Times) -> Resolved:
        """Give UTC and its basis for the next times of the source."""
        placed = np.broadcast_to(times.offset_s == OFFSET_PLACED, times.wall_us.shape)
        if not placed.any():
            return self._printed(times)
        utc, basis = np.zeros(len(placed), np.int64), np.full(len(placed), _CODE[TimeBasis.PLACED], np.int8)
        utc[placed] = self._placed(times.wall_us[placed])
        if not placed.all():
            left = ~placed
            has_year = np.broadcast_to(np.asarray(times.has_year), placed.shape)[left]
            utc[left], basis[left] = self._printed(
                Times(times.wall_us[left], times.offset_s[left], has_year, times.resolution_us)
            )
        return Resolved(utc, basis)

    def _placed(self, wall: np.ndarray) -> np.ndarray:
        """Place records without a time; the first of them that are given tell how long the output lasted."""
        start = self._settings.placed_start_us if self._placed_end is None else None
        end = self._settings.placed_end_us if self._placed_end is None else self._placed_end
        if start is not None:
            end = start - int(np.minimum(wall, 0).min())
        self._placed_end = end
        return positions(wall, end)

    def _printed(self, times: Times) -> Resolved:
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
        if self._settings.steps:
            late = self._before_steps_us(utc)
            utc, basis = utc + late, np.where(late != 0, np.maximum(basis, _CODE[TimeBasis.OFFSET_CORRECTED]), basis)
        if self._settings.offsets_s:
            utc = utc - self._ahead_us(utc)
            basis = np.maximum(basis, _CODE[TimeBasis.OFFSET_CORRECTED]).astype(np.int8)
        return Resolved(utc, basis)

    def _before_steps_us(self, own: np.ndarray) -> np.ndarray:
        """Give what the clock was later stepped by, microseconds, for the times written before each step.

        A step back makes own times come twice; there the order of the lines tells on which side one lies.
        """
        late = np.zeros(len(own), np.int64)
        for number, (at_us, forward_s) in enumerate(self._settings.steps):
            by_us = round(forward_s * 1_000_000)
            if by_us > 0:
                before = own < at_us - by_us // 2
            else:
                fallen = np.maximum.accumulate(own) - own > -by_us // 2
                after = np.maximum.accumulate(fallen & (own >= at_us - 1_000_000)) | self._passed[number]
                before = (own < at_us) | (~after & (own < at_us - by_us))
                self._passed[number] = bool(after[-1]) if len(after) else self._passed[number]
            late += np.where(before, by_us, 0)
        return late

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
