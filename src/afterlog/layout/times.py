r"""The forms a time is printed in: one template per form gives its regex, its kernel and its reader.

A template letter stands for one byte: ``YYYY`` year, ``mm`` month, ``bbb`` month name, ``aaa`` weekday name
(not checked against the date), ``dd`` day, ``ee`` day padded with a blank or zero, ``HH MM SS``, ``f`` a
digit of the fraction, ``zzzzz`` ±hhmm, ``t`` a T or a blank. Three letters stand for text of varying length:
``F`` an optional fraction ``[.,]\d{1,9}``, ``Z`` an optional ``Z``, ``±hh``, ``±hhmm`` or ``±hh:mm``, and
``s`` or ``n`` digits that count seconds or milliseconds since 1970. Everything else stands for itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afterlog.layout.block import Block, Ints, Mask, Words
from afterlog.layout.civil import wall_seconds
from afterlog.layout.scan import digits_at, digits_end
from afterlog.layout.stamp import Stamp
from afterlog.layout.words import TENS, all_true
from afterlog.layout.zones import OFFSET_UNKNOWN, ZONE_REGEX, zone_end, zone_seconds

FRACTION_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Times:
    """Times of n lines as printed: no zone applied, no year guessed. All arrays have the shape (n,).

    ``wall_us`` (int64) counts microseconds since 1970-01-01T00:00 on the clock as printed; where no year is
    printed the year is 2000, which has a 29 February. ``offset_s`` (int32) is seconds east of UTC as printed,
    OFFSET_UNKNOWN where none is, 0 for epochs, OFFSET_PLACED where no time is printed at all
    (then ``wall_us`` is its distance from the source's end, 0 or less, or UTC above 0). ``resolution_us`` is the unit
    of the last digit printed in any of the lines. A leap second, ``:60``, is read as 59.999999 of the same minute.
    """

    wall_us: Ints
    offset_s: NDArray[np.int32]
    has_year: bool | Mask
    resolution_us: int


@dataclass(frozen=True)
class Form:
    """One form: its template and an example."""

    template: str
    example: str

    @cached_property
    def pieces(self) -> tuple["Piece", ...]:
        """The stamps of fixed width and the letters of varying width, in order."""
        pieces: list[Piece] = []
        fixed = ""
        for letter in self.template:
            if letter in "FZsn":
                pieces += [Stamp(fixed), letter] if fixed else [letter]
                fixed = ""
            else:
                fixed += letter
        return tuple([*pieces, Stamp(fixed)] if fixed else pieces)

    @property
    def has_year(self) -> bool:
        """Whether the form says the year."""
        return "Y" in self.template or self.is_epoch

    @property
    def is_epoch(self) -> bool:
        """Whether the form counts from 1970, UTC."""
        return self.template[0] in "sn"

    @property
    def has_offset(self) -> bool:
        """Whether the form may print an offset from UTC."""
        return "z" in self.template or "Z" in self.template

    @cached_property
    def regex(self) -> bytes:
        """The form as a bytes regex without groups; whether the time exists is checked afterwards."""
        return b"".join(p.regex if isinstance(p, Stamp) else _VARYING[p] for p in self.pieces)

    def ends(self, block: Block, at: Ints, limits: Ints) -> tuple[Ints, Mask]:
        """Where the time at each position ends, and whether there is one; the kernel's side of ``regex``."""
        ok = all_true(len(at))
        for piece in self.pieces:
            here = np.minimum(at, limits)
            if isinstance(piece, Stamp):
                ok &= piece.fits(block, here, limits)
                at = here + piece.width
            elif piece == "F":
                at = _fraction_end(block, here, limits)
            elif piece == "Z":
                at = zone_end(block, here, limits)
            else:
                at = digits_end(block, here, limits)
                ok &= (at > here) & (at - here <= _EPOCH_DIGITS[piece])
        return np.minimum(at, limits), ok

    def read(self, block: Block, starts: Ints, ends: Ints) -> tuple[Times, Mask]:
        """Return the times written in spans of this form, and whether each exists (30 February does not)."""
        if self.is_epoch:
            return self._read_epoch(block, starts, ends)
        stamps: list[tuple[Stamp, Words]] = []
        ok, at, digits = all_true(len(starts)), starts, 0
        micros: Ints | None = None
        offset: Ints | None = None
        for piece in self.pieces:
            if isinstance(piece, Stamp):
                stamps.append((piece, block.window(at)))
                at = at + piece.width
            elif piece == "F":
                after = _fraction_end(block, at, ends)
                micros, digits = _fraction(block, at, after)
                at = after
            else:
                offset, exists = zone_seconds(block, at, ends)
                ok &= exists
        fields, spread = _read_once(stamps)
        seconds, leap, exists = wall_seconds(fields, len(fields["S"]))
        if not exists.all():
            ok &= spread(exists)
        if "f" in fields:
            digits = self.template.count("f")
            micros = spread(fields["f"] * TENS[6 - digits])
        if "z" in fields:
            offset = spread(fields["z"])
            ok &= offset != OFFSET_UNKNOWN
        wall = spread(seconds * 1_000_000 + np.where(leap, 999_999, 0))
        if micros is not None:
            wall = wall + (np.where(spread(leap), 0, micros) if leap.any() else micros)
        known = np.full(len(starts), OFFSET_UNKNOWN, np.int32) if offset is None else offset.astype(np.int32)
        return Times(wall, known, self.has_year, int(TENS[6 - min(digits, 6)])), ok

    def _read_epoch(self, block: Block, starts: Ints, ends: Ints) -> tuple[Times, Mask]:
        after = digits_end(block, starts, ends)
        number = digits_at(block, starts, after)
        if self.template[0] == "n":
            wall, digits = number * 1000, 3
        else:
            micros, digits = _fraction(block, after, _fraction_end(block, after, ends))
            wall = number * 1_000_000 + micros
        utc = np.zeros(len(starts), np.int32)
        return Times(wall, utc, has_year=True, resolution_us=int(TENS[6 - min(digits, 6)])), all_true(len(starts))


Piece: TypeAlias = Stamp | str


def _read_once(stamps: list[tuple[Stamp, Words]]) -> tuple[dict[str, Ints], Callable[[Any], Any]]:
    """Read the numbers of stamps only where these change from line to line, and give what spreads them over all."""
    fresh = all_true(len(stamps[0][1]))
    fresh[1:] = np.logical_or.reduce([stamp.changes(windows) for stamp, windows in stamps])
    rows = np.flatnonzero(fresh)
    same = len(rows) == len(fresh)
    fields: dict[str, Ints] = {}
    for stamp, windows in stamps:
        fields |= stamp.numbers(windows if same else windows[rows])
    back = slice(None) if same else np.cumsum(fresh) - 1
    return fields, lambda values: values[back]


FRACTION_REGEX = rb"(?>(?:[.,][0-9]{1,9}+(?![0-9]))?)"
_EPOCH_DIGITS = {"s": 11, "n": 14}
_VARYING = {
    "F": FRACTION_REGEX,
    "Z": ZONE_REGEX,
    "s": rb"[0-9]{1,11}(?![0-9])",
    "n": rb"[0-9]{1,14}(?![0-9])",
}


def _fraction_end(block: Block, at: Ints, limits: Ints) -> Ints:
    """One past an optional fraction."""
    mark = block.octets[at]
    begins = ((mark == ord(".")) | (mark == ord(","))) & (at < limits)
    if not begins.any():
        return at
    after = digits_end(block, np.minimum(at + 1, limits), limits)
    fits = begins & (after > at + 1) & (after <= at + 1 + FRACTION_DIGITS)
    return np.where(fits, after, at)


def _fraction(block: Block, at: Ints, ends: Ints) -> tuple[Ints, int]:
    """Microseconds of the fractions in these spans, further digits cut off, and the most digits seen."""
    printed = np.maximum(ends - at - 1, 0)
    if not printed.any():
        return np.zeros(len(at), np.int64), 0
    kept = np.minimum(printed, 6)
    micros = digits_at(block, at + 1, at + 1 + kept) * TENS[6 - kept]
    return np.where(printed > 0, micros, 0), int(printed.max())


TIME_FORMS: dict[str, Form] = {
    "clf": Form("dd/bbb/YYYY:HH:MM:SS zzzzz", "10/Oct/2000:13:55:36 -0700"),
    "clf-ms": Form("dd/bbb/YYYY:HH:MM:SS.fff", "10/Nov/2022:10:29:58.389"),
    "syslog": Form("bbb ee HH:MM:SS", "Nov 10 10:29:58"),
    "apache-error": Form("aaa bbb ee HH:MM:SSF YYYY", "Thu Nov 10 11:14:59.898581 2022"),
    "iso": Form("YYYY-mm-ddtHH:MM:SSFZ", "2022-11-10T10:29:58.123+01:00"),
    "nginx-error": Form("YYYY/mm/dd HH:MM:SS", "2022/11/10 10:29:58"),
    "python": Form("YYYY-mm-dd HH:MM:SS,fff", "2022-11-10 11:05:02,292"),
    "epoch": Form("sF", "1668076198.389"),
    "epoch-ms": Form("n", "1668076198389"),
    "ctime": Form("aaa bbb ee HH:MM:SS YYYY", "Thu Nov 10 11:14:59 2022"),
    "apt": Form("YYYY-mm-dd  HH:MM:SS", "2022-11-10  10:42:15"),
    "klog": Form("mmdd HH:MM:SS.ffffff", "1110 10:29:58.389123"),
}
