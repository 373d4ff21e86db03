"""The combined access log, read for its times and statuses alone, as fast as its bytes can be looked at.

This is no second format: it decides the ordinary line (exactly six quotes, no backslash, ``- -`` or any other two
words before the time), and gives all others to the layouts of the parser. What it takes, the layout
``combined`` takes, with the same time and status; a test holds them together.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np

from afterlog.layout.block import Block, Ints, Mask, Octets
from afterlog.layout.fields import CLASSES
from afterlog.layout.scan import run_end
from afterlog.layout.times import TIME_FORMS
from afterlog.layout.words import first_mark, mask_of, non_digits

_CLF: Final = TIME_FORMS["clf"]
_STAMP: Final = 26  # bytes of a time such as 10/Oct/2000:13:55:36 -0700
_DASHES: Final = np.uint64(int.from_bytes(b" - - [", "little"))
_DASHES_MASK: Final = np.uint64(mask_of([True] * 6))
_WORDS: Final = re.compile(rb"[0-9A-Za-z._:%-]++ [^ \t\n]++ [^ \t\n]++ ")
_QUOTES: Final = 6
_SECOND_TENS: Final = 18  # where in a time the tens of the second stand
_HUNDREDS: Final = np.array([100, 10, 1])
_MINUTE_BYTES: Final = np.array(
    [mask_of([i not in (17, 18, 19) and i < _STAMP for i in range(word, word + 8)]) for word in range(0, 32, 8)],
    np.uint64,
)


class Ordinary(NamedTuple):
    """What was found of a block: UTC minutes since 1970 and statuses of ordinary lines, and the spans of all others."""

    minutes: Ints
    status: Ints
    begins: Ints
    ends: Ints


def read_ordinary(data: bytes) -> Ordinary:
    """Read the times and statuses of a block's ordinary lines; lines end with a line feed."""
    block = Block(data)
    octets = block.octets
    quotes = np.flatnonzero(octets[: len(data)] == ord('"'))
    ends = _line_ends(octets, len(data), quotes)
    begins = np.empty_like(ends)
    begins[:1] = 0
    begins[1:] = ends[:-1] + 1
    rows, marks = _six(quotes, begins, ends)
    ok = _fits(block, begins[rows], ends[rows], marks)
    if b"\\" in data:
        slashes = np.flatnonzero(octets[: len(data)] == ord("\\"))
        ok &= slashes.searchsorted(begins[rows]) == slashes.searchsorted(ends[rows])
    stamp = marks[:, 0] - 2 - _STAMP
    ok &= octets[np.maximum(stamp, 0) + _SECOND_TENS] <= ord("5")  # a leap second is for the layouts
    if not ok.all():
        rows, marks, stamp = rows[ok], marks[ok], stamp[ok]
    minutes, exists = _minutes(block, stamp)
    if not exists.all():
        rows, marks, minutes = rows[exists], marks[exists], minutes[exists]
    digits = octets[marks[:, 1:2] + np.arange(2, 5)].astype(np.int64) - ord("0")
    left = np.ones(len(ends), bool)
    left[rows] = False
    return Ordinary(minutes, digits @ _HUNDREDS, begins[left], ends[left])


def _minutes(block: Block, stamp: Ints) -> tuple[Ints, Mask]:
    """Give the UTC minute of each time, read only where it changes from the line before, and whether it exists."""
    words = block.window(stamp)
    differs = (words[1:] ^ words[:-1]) & _MINUTE_BYTES
    fresh = np.flatnonzero(np.concatenate((np.ones(min(len(stamp), 1), bool), differs.any(axis=1))))
    times, exists = _CLF.read(block, stamp[fresh], stamp[fresh] + _STAMP)
    count = np.diff(np.append(fresh, len(stamp)))
    minutes = (times.wall_us // 1_000_000 - times.offset_s) // 60
    return np.repeat(minutes, count), np.repeat(exists, count)


def _line_ends(octets: Octets, size: int, quotes: Ints) -> Ints:
    """Find where lines end; where each ends with a quote, these tell it without another pass."""
    feeds = octets[:size] == ord("\n")
    behind = quotes + 1
    ends = behind[octets[behind] == ord("\n")]
    if len(ends) != np.count_nonzero(feeds):
        ends = np.flatnonzero(feeds)
    return np.append(ends, size) if size and octets[size - 1] != ord("\n") else ends


def _six(quotes: Ints, begins: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Give the lines with exactly six quotes, and where these stand, shape (n, 6)."""
    if len(quotes) == _QUOTES * len(ends):
        marks = quotes.reshape(-1, _QUOTES)
        if bool((marks[:, 0] >= begins).all() and (marks[:, -1] < ends).all()):
            return np.arange(len(ends)), marks
    first = quotes.searchsorted(begins)
    count = np.append(first[1:], len(quotes)) - first
    rows = np.flatnonzero(count == _QUOTES)
    return rows, quotes[first[rows][:, None] + np.arange(_QUOTES)]


def _fits(block: Block, begins: Ints, ends: Ints, marks: Ints) -> Mask:
    """Tell which lines are ``word word word [time] "…" ddd d "…" "…"``, blanks and all."""
    octets, words = block.octets, block.words
    opened = marks[:, 0]
    bracket = opened - 3 - _STAMP
    ok: Mask = bracket - begins >= len("c - - ") - 1
    here = np.where(ok, bracket, 64)
    ok &= (octets[here] == ord("[")) & (octets[opened - 2] == ord("]")) & (octets[opened - 1] == ord(" "))
    ok &= _three_words(block, begins, here)
    closed = marks[:, 1]
    ok &= octets[closed + 1] == ord(" ")
    number = words[closed + 2]
    ok &= (first_mark(non_digits(number)) == 3) & (octets[closed + 5] == ord(" "))
    size = closed + 6
    after = marks[:, 2] - 1
    digits = first_mark(non_digits(words[size]))
    ok &= ((size + digits == after) & (digits > 0) & (digits < 8)) | ((octets[size] == ord("-")) & (after == size + 1))
    ok &= octets[np.maximum(after, 0)] == ord(" ")
    ok &= (marks[:, 4] == marks[:, 3] + 2) & (octets[marks[:, 3] + 1] == ord(" "))
    ok &= marks[:, 5] + 1 == ends
    stamp = np.where(ok, here + 1, 0)
    ok &= _CLF.pieces[0].fits(block, stamp, stamp + _STAMP) if not isinstance(_CLF.pieces[0], str) else False
    return ok


def _three_words(block: Block, begins: Ints, bracket: Ints) -> Mask:
    """Tell where the text before the bracket is a client and two words; two dashes are seen at once."""
    dashes = np.maximum(bracket - 5, begins)
    client = run_end(block, begins, dashes, CLASSES["ip"])
    ok: Mask = ((block.words[dashes] & _DASHES_MASK) == _DASHES) & (client == dashes) & (client > begins)
    for row in np.flatnonzero(~ok).tolist():
        ok[row] = _WORDS.fullmatch(block.data, int(begins[row]), int(bracket[row])) is not None
    return ok
