"""Eight bytes at a time: finding bytes, runs of digits, and their value, in little-endian 64-bit words.

The first byte of the text is the lowest byte of the word. The tricks are the classic ones, see "Bit Twiddling
Hacks" (zero byte in a word) and Lemire, "Quickly parsing eight digits" (2018).
"""

import numpy as np

from afterlog.layout.block import Ints, Mask, Words

ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
ZEROS = np.uint64(0x3030303030303030)  # b"00000000"
OVER_NINE = np.uint64(0x7676767676767676)  # added to a byte of 10 or more sets its high bit
LOW_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
PAIRS = np.uint64(0x00FF00FF00FF00FF)
QUADS = np.uint64(0x0000FFFF0000FFFF)
ONE = np.uint64(1)
THREE = np.uint64(3)
TENS = np.array([10**k for k in range(19)], np.int64)


def spread(octet: int) -> np.uint64:
    """Return a word of eight times the same byte."""
    return np.uint64(octet * int(ONES))


def zero_bytes(words: Words) -> Words:
    """Return a mark in the high bit of zero bytes; the lowest mark is exact, those above it may be wrong."""
    marks: Words = (words - ONES) & ~words & HIGHS
    return marks


def first_mark(marks: Words) -> Ints:
    """Return the index 0-7 of the lowest marked byte, 8 where there is none."""
    below = (marks - ONE) & ~marks
    index: Ints = (np.bitwise_count(below) >> 3).astype(np.int64)
    return index


def non_digits(words: Words) -> Words:
    """Return a mark on bytes that are no digit; the lowest mark is exact."""
    low = words ^ ZEROS
    marks: Words = ((low + OVER_NINE) | low) & HIGHS
    return marks


def over_nine(low: Words) -> Words:
    """Return a mark on every byte over nine, each exact; after ``text ^ ZEROS`` these are no digits."""
    marks: Words = ((low & ~HIGHS) + OVER_NINE | low) & HIGHS
    return marks


def digits_value(words: Words, count: Ints) -> Ints:
    """Return the number that the first ``count`` (0-8) bytes of each word, all digits, write."""
    room = ((8 - count) << 3).astype(np.uint64)
    shifted = (words & LOW_NIBBLES) << np.minimum(room, np.uint64(63))
    shifted[count == 0] = 0
    value = (shifted * np.uint64(2561)) >> np.uint64(8)
    value = ((value & PAIRS) * np.uint64(6553601)) >> np.uint64(16)
    value = ((value & QUADS) * np.uint64(42949672960001)) >> np.uint64(32)
    return value.astype(np.int64)


def mask_of(selected: list[bool]) -> int:
    """Return the bits of the selected bytes of a word, the first byte lowest."""
    return sum(0xFF << (8 * index) for index, yes in enumerate(selected) if yes)


def all_true(count: int) -> Mask:
    """Return a mask of ``count`` times true."""
    return np.ones(count, np.bool_)
