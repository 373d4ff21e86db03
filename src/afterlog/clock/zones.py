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


def parse_moment(text: str, zone: tzinfo) -> int:
    """Read a time a person typed: ISO 8601, or whatever dateutil understands; UTC microseconds.

    Raises:
        InputError: it is not a time.

    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        from dateutil import parser as dateutil_parser  # noqa: PLC0415  the last resort: it guesses

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
