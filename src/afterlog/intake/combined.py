"""The combined access log, read for its times and statuses alone, as fast as its bytes can be looked at.

This is no second format: it decides the ordinary line (exactly six quotes, no backslash, ``- -`` or any other two
words before the time), and gives all others to the layouts of the parser. What it takes, the layout
``combined`` takes, with the same time and status; a test holds them together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np

from afterlog.layout.block import Block, Ints, Mask, Words
from afterlog.layout.times import TIME_FORMS
from afterlog.layout.words import HIGHS, ZEROS, first_mark, mask_of, non_digits, over_nine, spread
from afterlog.sources.blocks import newlines

if TYPE_CHECKING:
    from afterlog.layout.stamp import Stamp

_CLF: Final = TIME_FORMS["clf"]
_FIT: Final = cast("Stamp", _CLF.pieces[0])  # all of this form is of fixed width
_STAMP: Final = 26  # bytes of a time such as 10/Oct/2000:13:55:36 -0700
_WORDS: Final = re.compile(rb"[0-9A-Za-z._:%-]++ [^ \t\n]++ [^ \t\n]++ ")
_QUOTES: Final = 6
_SECOND_TENS: Final = 18  # where in a time the tens of the second stand


def _text(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _bytes_of(mask: bytes) -> np.uint64:
    """Select the bytes of a word that are not blank here."""
    return np.uint64(mask_of([octet != ord(" ") for octet in mask]))


_DASHES: Final = _text(b" - - [")
_DASHES_MASK: Final = _bytes_of(b"xxxxxx")
_CLOSING: Final = _text(b"] ")
_CLOSING_MASK: Final = _bytes_of(b"xx")
_STATUS: Final = _text(b" 000 ")
_STATUS_TEXT: Final = _bytes_of(b"x   x")
_STATUS_DIGITS: Final = _bytes_of(b" xxx ")
_STAMP_WORDS: Final = tuple(_bytes_of(b"x" * min(_STAMP - word, 8)) for word in range(0, _STAMP, 8))
_MINUTE_WORDS: Final = tuple(
    np.uint64(mask_of([i not in (17, 18, 19) and i < _STAMP for i in range(word, word + 8)]))
    for word in range(0, _STAMP, 8)
)
_LOWS: Final = ~HIGHS
_DOT: Final = spread(ord("."))
_ADDRESS: Final = 15  # bytes of the longest IPv4 address
_KEPT: Final = np.array(
    [[mask_of([i < size for i in range(word, word + 8)]) for word in (0, 8)] for size in range(_ADDRESS + 1)],
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
    quotes = np.flatnonzero(block.octets[: len(data)] == ord('"'))
    begins, ends, rows, marks = _six(block, quotes)
    whole = len(rows) == len(ends)
    first, last = (begins, ends) if whole else (begins[rows], ends[rows])
    ok, status = _fits(block, first, last, marks)
    if b"\\" in data:
        slashes = np.flatnonzero(block.octets[: len(data)] == ord("\\"))
        ok &= slashes.searchsorted(first) == slashes.searchsorted(last)
    minutes, exists = _minutes(block, np.where(ok, marks[:, 0] - 2 - _STAMP, 0))
    ok &= exists
    if ok.all() and whole:
        return Ordinary(minutes, status, ends[:0], ends[:0])
    left = np.ones(len(ends), bool)
    left[rows[ok]] = False
    return Ordinary(minutes[ok], status[ok], begins[left], ends[left])


def _six(block: Block, quotes: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Give where lines begin and end, which have exactly six quotes, and where these stand, shape (n, 6)."""
    octets, size = block.octets, len(block.data)
    marks = quotes[: len(quotes) - len(quotes) % _QUOTES].reshape(-1, _QUOTES)
    ends = marks[:, -1] + 1
    if len(ends) == newlines(block.data) and (octets[ends] == ord("\n")).all() and octets[size - 1] == ord("\n"):
        return _begins(ends), ends, np.arange(len(ends)), marks  # each line ends with the last of its six
    ends = np.flatnonzero(octets[:size] == ord("\n"))
    ends = np.append(ends, size) if size and octets[size - 1] != ord("\n") else ends
    begins = _begins(ends)
    first = quotes.searchsorted(begins)
    count = np.append(first[1:], len(quotes)) - first
    rows = np.flatnonzero(count == _QUOTES)
    return begins, ends, rows, quotes[first[rows][:, None] + np.arange(_QUOTES)]


def _begins(ends: Ints) -> Ints:
    begins = np.empty_like(ends)
    begins[:1] = 0
    begins[1:] = ends[:-1] + 1
    return begins


def _fits(block: Block, begins: Ints, ends: Ints, marks: Ints) -> tuple[Mask, Ints]:
    """Tell which lines are ``word word word [ 26 bytes ] "…" ddd d "…" "…"``, blanks and all; and their statuses."""
    octets, words = block.octets, block.words
    opened, closed, third = marks[:, 0], marks[:, 1], marks[:, 2]
    bracket = opened - 3 - _STAMP
    ok: Mask = bracket - begins >= len("c - - ") - 1
    ok &= (words[opened - 2] & _CLOSING_MASK) == _CLOSING  # the second byte before the block is padding of it
    ok &= _three_words(block, begins, np.where(ok, bracket, begins + 64))
    number = words[closed + 1] ^ _STATUS
    wrong = (number & _STATUS_TEXT) | (over_nine(number) & _STATUS_DIGITS)
    ok &= wrong == 0
    size = closed + 6
    after = third - 1
    digits = first_mark(non_digits(words[size]))
    ok &= ((size + digits == after) & (digits > 0) & (digits < 8)) | ((octets[size] == ord("-")) & (after == size + 1))
    ok &= octets[after] == ord(" ")
    between = marks[:, 3]
    ok &= (marks[:, 4] == between + 2) & (octets[between + 1] == ord(" "))
    ok &= marks[:, 5] + 1 == ends
    figures = [(number >> np.uint64(8 * at)) & np.uint64(15) for at in (1, 2, 3)]
    status = figures[0] * np.uint64(100) + figures[1] * np.uint64(10) + figures[2]
    return ok, status.astype(np.int64)


def _three_words(block: Block, begins: Ints, bracket: Ints) -> Mask:
    """Tell where the text before the bracket is a client and two words; an IPv4 address and dashes are seen at once."""
    dashes = np.maximum(bracket - 5, begins)
    size = dashes - begins
    kept = _KEPT[np.minimum(size, _ADDRESS)]
    wrong = _no_address(block.words[begins]) & kept[:, 0] | _no_address(block.words[begins + 8]) & kept[:, 1]
    wrong |= (block.words[dashes] ^ _DASHES) & _DASHES_MASK
    ok: Mask = (wrong == 0) & (size > 0) & (size <= _ADDRESS)
    for row in np.flatnonzero(~ok).tolist():
        begin, end = int(begins[row]), int(bracket[row])
        ok[row] = block.data[end : end + 1] == b"[" and _WORDS.fullmatch(block.data, begin, end) is not None
    return ok


def _no_address(words: Words) -> Words:
    """Mark the bytes that are neither digits nor dots."""
    dots = words ^ _DOT
    return over_nine(words ^ ZEROS) & (((dots & _LOWS) + _LOWS) | dots) & HIGHS


def _minutes(block: Block, stamp: Ints) -> tuple[Ints, Mask]:
    """Give the UTC minute of each time, and whether it is one; read only where it changes from the line before."""
    if not len(stamp):
        return stamp, np.zeros(0, bool)
    words = block.window(stamp)
    fresh = _changes(words, _STAMP_WORDS)
    at = stamp[fresh]
    fits = _FIT.fits(block, at, at + _STAMP)
    fits &= block.octets[at + _SECOND_TENS] <= ord("5")  # a leap second is for the layouts
    good = np.flatnonzero(fits)
    minutes = np.zeros(len(fresh), np.int64)
    if len(good):
        whole = _changes(words[fresh[good]], _MINUTE_WORDS)
        first = at[good[whole]]
        times, exists = _CLF.read(block, first, first + _STAMP)
        minutes[good] = _repeated((times.wall_us // 1_000_000 - times.offset_s) // 60, whole, len(good))
        fits[good] = _repeated(exists, whole, len(good))
    return _repeated(minutes, fresh, len(stamp)), _repeated(fits, fresh, len(stamp))


def _changes(words: Words, masks: tuple[np.uint64, ...]) -> Ints:
    """Give the rows that differ from the row before in the bytes of the masks; the first is one."""
    differs = np.zeros(len(words) - 1, np.uint64)
    for index, mask in enumerate(masks):
        column = words[:, index]
        differs |= (column[1:] ^ column[:-1]) & mask
    return np.append(0, np.flatnonzero(differs) + 1)


def _repeated(values: Any, rows: Ints, count: int) -> Any:
    """Give each row the value of the last of ``rows`` up to it."""
    return np.repeat(values, np.diff(np.append(rows, count)))
