"""Zones by name, fixed offsets, and moments as people write and read them."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from afterlog.errors import InputError


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


def to_us(moment: datetime) -> int:
    """Give UTC microseconds of an aware datetime."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def parse_moment(text: str, zone: tzinfo, day_us: int | None = None) -> int:
    """Read a time a person typed: ISO 8601, or whatever dateutil understands; UTC microseconds.

    A time without a date is of the day of ``day_us``; where none is given it is refused: today is no evidence.

    Raises:
        InputError: it is not a time, or names no day.

    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = _guessed(text, zone, day_us)
    return to_us(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _guessed(text: str, zone: tzinfo, day_us: int | None) -> datetime:
    """Read an odd time with dateutil; what it would fill in from today shows in two different todays."""
    from dateutil import parser as dateutil_parser  # noqa: PLC0415  the last resort: it guesses

    days = [datetime(1999, 3, 4, tzinfo=zone), datetime(2001, 6, 7, tzinfo=zone)]
    if day_us is not None:
        days = [
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=day_us))
            .astimezone(zone)
            .replace(hour=0, minute=0, second=0, microsecond=0)
        ]
    try:
        read = [dateutil_parser.parse(text, default=day.replace(tzinfo=None)) for day in days]
    except (ValueError, OverflowError):
        read = []
    if not read:
        raise InputError(f"{text!r} is not a time: write it like 2022-11-10T11:15 or 2022-11-10T11:15:00+05:30.")
    if read[0] != read[-1]:
        raise InputError(f"{text!r} does not say of which day: write it like 2022-11-10T11:15.")
    return read[0]


def rfc3339(time_us: int) -> str:
    """Write UTC microseconds as RFC 3339, with a fraction only where there is one."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(time_us))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"
