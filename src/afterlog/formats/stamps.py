"""Times that no layout reads by itself: a format's own form of stamp, and zones printed by name.

A layout whose field ``time`` is text (``[{time}] {message:rest}``) finds the place; ``stamped`` reads it with the
`Form` that the parser's file declares. ``zoned`` gives times the zone that stands beside them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.layout import OFFSET_UNKNOWN, Lines, Match, Times
from afterlog.layout.block import Block, Ints, Mask
from afterlog.layout.times import Form

__all__ = ["COMMON_FORMS", "Form", "fixed_offset", "in_epoch", "stamped", "times_in", "times_of_column", "zoned"]

# Abbreviations that mean one offset wherever servers print them. BST, CST and IST mean several: they tell nothing.
_ABBREVIATED: Final = {
    "UTC": 0, "GMT": 0, "UCT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "KST": 9, "HKT": 8,
    "SGT": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
COMMON_FORMS: Final = tuple(
    Form(template, template)
    for template in (
        "YYYY-mm-ddtHH:MM:SSFZ",
        "YYYY/mm/dd HH:MM:SSF",
        "YYYY.mm.dd HH:MM:SSF",
        "YYYY-mm-dd-HH.MM.SSF",
        "YYYY-mm-dd_HH:MM:SSF",
        "YYYYmmddtHH:MM:SSF",
        "YYYYmmddtHHMMSS",
        "dd/bbb/YYYY:HH:MM:SS zzzzz",
        "dd/bbb/YYYY:HH:MM:SSF",
        "dd/bbb/YYYY HH:MM:SSF",
        "dd-bbb-YYYY HH:MM:SSF",
        "dd bbb YYYY HH:MM:SSF",
        "dd.mm.YYYY HH:MM:SSF",
        "dd/mm/YYYY HH:MM:SSF",
        "mm/dd/YYYY HH:MM:SSF",
        "dd-mm-YYYY HH:MM:SSF",
        "mm-dd-YYYY HH:MM:SSF",
        "aaa bbb ee HH:MM:SSF YYYY",
        "bbb ee YYYY HH:MM:SSF",
        "bbb ee, YYYY HH:MM:SSF",
        "bbb ee HH:MM:SSF",
        "mm-dd HH:MM:SS.fff",
        "sF",
        "n",
    )
)
"""The forms in which programs of any kind print times: what is tried where a format is not known."""


class TimeForm(Protocol):
    """What reads times of one form: a `Form` of fixed width, or a ``Loose`` one."""

    @property
    def template(self) -> str:
        """Its name."""

    @property
    def has_year(self) -> bool:
        """Whether it says the year."""

    def ends(self, block: Block, at: Ints, limits: Ints) -> tuple[Ints, Mask]:
        """Tell where the time at each position ends, and whether there is one."""

    def read(self, block: Block, starts: Ints, ends: Ints) -> tuple[Times, Mask]:
        """Read the times in these spans, and tell which exist."""


_NUMERIC: Final = re.compile(r"([-+])(\d\d):?(\d\d)?")
_ZONE: Final = re.compile(r" ?(?:[A-Z]{1,5}|[-+]\d\d(?::?\d\d)?|[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+)")
_QUARTER_US: Final = 900_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def stamped(match: Match, *forms: TimeForm, field: str = "time", until: str = "") -> dict[str, Any]:
    """Read a text field as times of one of these forms; behind the time a zone may stand.

    ``until`` names the field in which the time ends, where its blanks make several fields of it; those fields are
    dropped. Returns ``time`` and ``refused`` for a ``meaning`` to hand on: a line is refused where no form fits or
    the time does not exist.
    """
    starts, ends = match.span(field)[0], match.span(until or field)[1]
    times, ok = times_in(match.lines.spans(np.maximum(starts, 0), np.maximum(ends, 0)), *forms)
    names = list(match.types)
    between = names[names.index(field) : names.index(until or field) + 1]
    return {**dict.fromkeys(between), "time": times, "refused": ~ok}


def times_in(texts: Lines, *forms: TimeForm) -> tuple[Times, np.ndarray]:
    """Read whole texts as times of the first form that fits each, with a zone behind it; and which are times."""
    count = len(texts)
    wall, offset, ok = np.zeros(count, np.int64), np.full(count, OFFSET_UNKNOWN, np.int32), np.zeros(count, bool)
    resolution = 1_000_000
    has_year = np.ones(count, bool)
    for form in forms:
        todo = np.flatnonzero(~ok)
        if not len(todo):
            break
        starts, limits = texts.starts[todo], texts.ends[todo]
        ends, fits = form.ends(texts.block, starts, limits)
        good = np.flatnonzero(fits)
        if not len(good):
            continue
        times, exists = form.read(texts.block, starts[good], ends[good])
        known = times.offset_s
        if (ends[good] < limits[good]).any():
            zones = texts.texts(ends[good], limits[good])
            times, named = _behind(times, zones)
            exists = exists & named
            known = times.offset_s
        rows = todo[good][exists]
        wall[rows], offset[rows], ok[rows] = _of_century(times.wall_us[exists], form), known[exists], True
        has_year[rows] = form.has_year
        resolution = min(resolution, times.resolution_us)
    return Times(wall, offset, has_year, resolution), ok


def _of_century(wall_us: np.ndarray, form: TimeForm) -> np.ndarray:
    """Put years of two digits into this century: 2000 years are five times 146,097 days."""
    return wall_us if form.template.count("Y") != 2 else wall_us + 5 * 146_097 * 86_400_000_000


def _behind(times: Times, zones: pa.Array) -> tuple[Times, np.ndarray]:
    """Give times the zones behind them; and where there is none, or one that looks like a zone."""
    coded = zones.dictionary_encode()
    fits = [_looks_like_zone(text) for text in coded.dictionary.to_pylist()]
    return zoned(times, zones), np.array(fits, bool)[np.asarray(coded.indices)]


def _looks_like_zone(text: str) -> bool:
    return text == "" or _ZONE.fullmatch(text) is not None


def zoned(times: Times, zones: pa.Array) -> Times:
    """Give times the zone printed beside them: an offset, an abbreviation with one meaning, or an IANA name.

    A time that has an offset already keeps it; a zone that tells nothing leaves it unknown.
    """
    coded = zones.dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1))
    offset = np.array(times.offset_s, np.int32)
    for code, zone in enumerate(coded.dictionary.to_pylist()):
        rows = np.flatnonzero((codes == code) & (offset == OFFSET_UNKNOWN))
        fixed = fixed_offset(zone.strip())
        if fixed is not None:
            offset[rows] = fixed
        elif "/" in zone and len(rows):
            offset[rows] = _offsets_there(zone.strip(), times.wall_us[rows])
    return Times(times.wall_us, offset, times.has_year, times.resolution_us)


def fixed_offset(zone: str) -> int | None:
    """Give the seconds east of UTC that an offset or an abbreviation with one meaning says; None for any other word."""
    if zone in _ABBREVIATED:
        return _ABBREVIATED[zone] * 3600
    found = _NUMERIC.fullmatch(zone)
    if found is None or int(found[2]) > 23 or int(found[3] or 0) > 59:
        return None
    seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60
    return -seconds if found[1] == "-" else seconds


def _offsets_there(zone: str, wall_us: np.ndarray) -> np.ndarray:
    """Look up the offsets of wall clocks, once per quarter of an hour; in a repeated hour the first counts."""
    quarters, back = np.unique(wall_us // _QUARTER_US, return_inverse=True)
    return np.array([_offset_there(zone, int(quarter)) for quarter in quarters], np.int32)[back]


@cache
def _offset_there(zone: str, quarter: int) -> int:
    try:
        wall = (_EPOCH + timedelta(microseconds=quarter * _QUARTER_US)).replace(tzinfo=ZoneInfo(zone))
        offset = wall.utcoffset()
    except (KeyError, ValueError, OverflowError, OSError):
        return OFFSET_UNKNOWN
    return OFFSET_UNKNOWN if offset is None else int(offset.total_seconds())


def in_epoch(seconds: np.ndarray) -> np.ndarray:
    """Microseconds since 1970 of numbers that count seconds, milli-, micro- or nanoseconds, told by their size."""
    with np.errstate(invalid="ignore"):
        scale = np.select([seconds < 1e11, seconds < 1e14, seconds < 1e17], [1e6, 1e3, 1.0], 1e-3)
        return np.asarray(np.rint(np.nan_to_num(seconds) * scale), np.int64)


_IN_JSON: Final = (
    Form("YYYY-mm-ddtHH:MM:SSFZ", "2022-11-10T10:29:58.123Z"),
    Form("sF", "1668076198.389"),
    Form("dd/bbb/YYYY:HH:MM:SS zzzzz", "10/Nov/2022:10:29:58 +0000"),
    Form("YYYY/mm/dd HH:MM:SSF", "2022/11/10 10:29:58"),
    Form("bbb ee HH:MM:SSF", "Nov 10 10:29:58"),
    Form("aaa bbb ee HH:MM:SS YYYY", "Thu Nov 10 10:29:58 2022"),
)
_NO_EARLIER: Final = 100_000_000  # a smaller number is a count of something else: 1973
_YEAR_3000_US: Final = 32_503_680_000_000_000
_LONG_NUMBERS: Final = 100_000  # so many milli- and nanoseconds written as text are read one by one


def times_of_column(column: pa.Array) -> tuple[Times, np.ndarray]:
    """Read a column of texts or numbers as times, whatever their form; and which of the rows, shape (n,), are times.

    Numbers count seconds, milli-, micro- or nanoseconds since 1970, told by their size.
    """
    count = len(column)
    if pa.types.is_string(column.type):
        return _of_texts(column)
    valid = np.asarray(column.is_valid())
    if pa.types.is_integer(column.type):
        numbers = np.asarray(pc.fill_null(column, 0)).astype(np.int64)
        wall = _of_integers(numbers)
        likely = valid & (numbers > _NO_EARLIER) & (wall < _YEAR_3000_US)
        return Times(wall, np.zeros(count, np.int32), True, 1000), likely
    if pa.types.is_floating(column.type):
        floats = np.asarray(pc.fill_null(column, 0.0)).astype(np.float64)
        wall = in_epoch(floats)
        return Times(wall, np.zeros(count, np.int32), True, 1), valid & (floats > _NO_EARLIER) & (wall < _YEAR_3000_US)
    return Times(np.zeros(count, np.int64), np.zeros(count, np.int32), True, 1), np.zeros(count, bool)


def _of_integers(numbers: np.ndarray) -> np.ndarray:
    """As `in_epoch`, without the rounding of floats."""
    small = np.minimum(numbers, 100_000_000_000)
    return np.select(
        [numbers < 100_000_000_000, numbers < 100_000_000_000_000, numbers < 100_000_000_000_000_000],
        [small * 1_000_000, np.minimum(numbers, 100_000_000_000_000) * 1000, numbers],
        numbers // 1000,
    )


def _of_texts(column: pa.Array) -> tuple[Times, np.ndarray]:
    lines = Lines.of_texts(column)
    times, known = times_in(lines, *_IN_JSON)
    numbers = np.flatnonzero(~known & (lines.ends - lines.starts >= 12))
    for row in numbers[:_LONG_NUMBERS].tolist():  # OpenTelemetry's timeUnixNano
        text = lines.bytes(row)
        if text.isdigit() and len(text) <= 19:
            times.wall_us[row], times.offset_s[row] = _of_integers(np.array([int(text)]))[0], 0
            known[row] = True
    return times, known
