"""From calendar fields to seconds, for whole arrays; and whether such a date and time exists."""

import numpy as np

from afterlog.layout.block import Ints, Mask
from afterlog.layout.words import all_true

YEAR_UNKNOWN = 2000  # a leap year, so that 29 February exists
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0], np.int64)
_BEFORE = np.concatenate([[0, 0], np.cumsum(_LENGTHS[1:13]), [0, 0]])  # days of the year before month 1..12
_YEARS = np.arange(10_000, dtype=np.int64)
_DAYS_BEFORE_YEAR = 365 * (_YEARS - 1970) + (_YEARS - 1) // 4 - (_YEARS - 1) // 100 + (_YEARS - 1) // 400 - 477
_LEAP = (_YEARS % 4 == 0) & ((_YEARS % 100 != 0) | (_YEARS % 400 == 0))


def wall_seconds(fields: dict[str, Ints], count: int) -> tuple[Ints, Mask, Mask]:
    """Seconds since 1970-01-01T00:00 of the clock as printed, which are leap seconds, and which times exist.

    ``fields`` maps the letters of a time template (Y m d H M S) to arrays of shape (count,). A leap second
    gives the second before it. Times that do not exist give some number.
    """
    year = fields.get("Y", np.full(count, YEAR_UNKNOWN, np.int64))
    month, day, hour = np.minimum(fields["m"], 13), fields["d"], fields["H"]
    minute, second = fields["M"], fields["S"]
    exists = all_true(count)
    leap_year = _LEAP[year]
    exists &= (year > 0) & (month > 0) & (day > 0)
    exists &= day <= _LENGTHS[month] + (leap_year & (month == 2))
    exists &= (hour < 24) & (minute < 60) & (second <= 60)
    days = _DAYS_BEFORE_YEAR[year] + _BEFORE[month] + (leap_year & (month > 2)) + day - 1
    leap: Mask = second == 60
    return days * 86_400 + hour * 3600 + minute * 60 + second - leap, leap, exists
