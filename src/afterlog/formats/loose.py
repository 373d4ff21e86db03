"""Times of no fixed width: numbers that are not padded, ``1/2/2022 3:04:05 PM``, months in any language, ``date(1)``.

They are read line by line, where no form of fixed width fits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Final

import numpy as np

from afterlog.formats.months import MONTH_REGEX, month_of
from afterlog.formats.stamps import fixed_offset
from afterlog.layout import OFFSET_UNKNOWN, Times
from afterlog.layout.block import Block, Ints, Mask

__all__ = ["LOOSE_FORMS", "SYSLOG_LOOSE", "SYSLOG_LOOSE_DATED", "Loose"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  wall clocks have no zone


@dataclass(frozen=True)
class Loose:
    """A form whose numbers are not padded; it is read line by line, and taken only where no other fits as well.

    It does what a `Form` does. The names of the groups are the letters of ``strftime``: Y or y, m or b (a month's name
    in any language), d, H, M and S; ``f`` are the digits of a fraction, ``L`` milliseconds, ``Z`` a zone's name. ``T``
    is a TAI64N label, https://cr.yp.to/libtai/tai64.html, without its leap seconds, as multilog writes it.
    """

    template: str
    pattern: bytes
    sure: bool = False  # says so much that it is as sure as a form of fixed width
    is_epoch: ClassVar[bool] = False

    @cached_property
    def regex(self) -> bytes:
        """Give the form as a bytes regex without groups."""
        return re.sub(rb"\(\?P<\w>", b"(?:", self.pattern)

    @cached_property
    def _compiled(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern + rb"(?![0-9])")

    @property
    def has_year(self) -> bool:
        """Tell whether the form says the year."""
        return any(name in self.pattern for name in (b"<Y>", b"<y>", b"<T>"))

    @property
    def _resolution_us(self) -> int:
        if b"<T>" in self.pattern:
            return 1
        if b"<S>" not in self.pattern:
            return 60_000_000
        return 1 if b"<f>" in self.pattern else 1_000 if b"<L>" in self.pattern else 1_000_000

    def ends(self, block: Block, at: Ints, limits: Ints) -> tuple[Ints, Mask]:
        """Tell where the time at each position ends, and whether there is one."""
        found = [
            self._compiled.match(block.data, begin, end)
            for begin, end in zip(at.tolist(), limits.tolist(), strict=True)
        ]
        fits = np.array([one is not None for one in found], bool)
        return np.where(fits, np.array([one.end() if one else 0 for one in found], np.int64), at), fits

    def read(self, block: Block, starts: Ints, ends: Ints) -> tuple[Times, Mask]:
        """Read the times in these spans, and tell which exist."""
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        told = [self._wall(block.data, begin, end) for begin, end in spans]
        wall = np.array([one[0] if one else 0 for one in told], np.int64)
        offset = np.array([one[1] if one else OFFSET_UNKNOWN for one in told], np.int32)
        exists = np.array([one is not None for one in told], bool)
        return Times(wall, offset, self.has_year, self._resolution_us), exists

    def _wall(self, data: bytes, begin: int, end: int) -> tuple[int, int] | None:
        """Read one time as microseconds of the wall clock and seconds east of UTC."""
        found = self._compiled.match(data, begin, end)
        if found is None:
            return None
        told = {name: value for name, value in found.groupdict().items() if value is not None}
        if "T" in told:
            since_s = int(told["T"][:16], 16) - _TAI64_1970
            return (since_s * 1_000_000 + int(told["T"][16:], 16) // 1000, 0) if 0 <= since_s < _LATEST_S else None
        month = month_of(told["b"]) if "b" in told else int(told["m"])
        year = int(told["Y"]) if "Y" in told else 2000 + int(told.get("y", 0))
        micros = int(told.get("f", b"").ljust(6, b"0")[:6] or 0) + int(told.get("L", 0)) * 1000
        hour, minute, second = int(told["H"]), int(told["M"]), int(told.get("S", 0))
        try:
            moment = datetime(year, month or 0, int(told["d"]), hour, minute, second)  # noqa: DTZ001
        except ValueError:
            return None
        whole = moment - _EPOCH
        zone = fixed_offset(told["Z"].decode()) if "Z" in told else None
        return (whole.days * 86_400 + whole.seconds) * 1_000_000 + micros, OFFSET_UNKNOWN if zone is None else zone


_TAI64_1970: Final = (1 << 62) + 10  # libtai's label of the second in which 1970 began
_LATEST_S: Final = 253_402_300_800
_CLOCK: Final = rb"(?P<H>\d{1,2}):(?P<M>\d\d):(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?"
_MONTH: Final = rb"(?P<b>" + MONTH_REGEX + rb")"
SYSLOG_LOOSE: Final = Loose("bbb d HH:MM:SSF", _MONTH + rb" {1,2}(?P<d>\d{1,2}) " + _CLOCK)
"""What syslog writes where the day is not padded, or the month's name not English."""
SYSLOG_LOOSE_DATED: Final = Loose("bbb d YYYY H:MM:SSF", _MONTH + rb" {1,2}(?P<d>\d{1,2}),? (?P<Y>\d{4}),? " + _CLOCK)
"""The same with the year behind the day."""
LOOSE_FORMS: Final = (
    Loose(
        "aaa bbb ee HH:MM:SS ZZZ YYYY",
        rb"[A-Za-z]{3} "
        + _MONTH
        + rb" {1,2}(?P<d>\d{1,2}) "
        + _CLOCK
        + rb" (?P<Z>[A-Z]{1,5}|[-+]\d\d:?\d\d) (?P<Y>\d{4})",
        sure=True,
    ),
    Loose("@tai64n", rb"@(?P<T>[0-9a-f]{24})", sure=True),
    Loose(
        "m/d/yy H:MM:SS:LLL ZZZ",
        rb"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d\d) (?P<H>\d{1,2}):(?P<M>\d\d):(?P<S>\d\d):(?P<L>\d{3})"
        rb"(?: (?P<Z>[A-Z]{2,5}))?",
        sure=True,
    ),
    Loose("d bbb YYYY H:MM:SSF", rb"(?P<d>\d{1,2})[/ .-]{1,2}" + _MONTH + rb"[/ .-](?P<Y>\d{4})(?:[: ]|, )" + _CLOCK),
    SYSLOG_LOOSE_DATED,
    SYSLOG_LOOSE,
    Loose("bbb-dd-yy HH:MM:SS", rb"(?P<b>[A-Z][a-z]{2})-(?P<d>\d\d)-(?P<y>\d\d) " + _CLOCK),
    Loose("m/d/YYYY H:MM:SSF", rb"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<Y>\d{4})(?: - |-|,? )" + _CLOCK),
    Loose("d/m/YYYY H:MM:SSF", rb"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<Y>\d{4}),? " + _CLOCK),
    Loose("d.m.YYYY H:MM:SSF", rb"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<Y>\d{4}),? " + _CLOCK),
    Loose("YYYY-m-d H:MM:SSF", rb"(?P<Y>\d{4})[-/.:](?P<m>\d{1,2})[-/.:](?P<d>\d{1,2})(?:[ T_-]| - )" + _CLOCK),
    Loose(
        "YYYYmmdd.HHMMSSF",
        rb"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)[._-](?P<H>\d\d):?(?P<M>\d\d):?(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?",
    ),
    Loose(
        "YYYYmmdd-H:M:S:f",
        rb"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)-(?P<H>\d{1,2}):(?P<M>\d{1,2}):(?P<S>\d{1,2}):(?P<L>\d{1,3})",
    ),
    Loose("yymmdd H:MM:SS", rb"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d) {1,2}(?P<H>\d{1,2}):(?P<M>\d\d):(?P<S>\d\d)"),
    Loose("yymmdd HHMMSS", rb"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d) (?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"),
    Loose("yy/mm/dd HH:MM:SSF", rb"(?P<y>\d\d)/(?P<m>\d\d)/(?P<d>\d\d)[ -]" + _CLOCK),
    Loose("mm/dd-HH:MM:SSF", rb"(?P<m>\d\d)/(?P<d>\d\d)-" + _CLOCK),
    Loose("mm.dd HH:MM:SS", rb"(?P<m>\d\d)\.(?P<d>\d\d) (?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"),
    Loose("dd.mm HH:MM:SS", rb"(?P<d>\d\d)\.(?P<m>\d\d) (?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"),
    Loose("mm-dd HH:MM", rb"(?P<m>\d\d)-(?P<d>\d\d) (?P<H>\d\d):(?P<M>\d\d)(?!:)"),
)
