"""Finding and comparing text from many positions at once. Every position is an offset into one block.

No function reads behind ``limits`` (one past the last byte a row may use) for its answer.
"""

import numpy as np

from afterlog.layout.block import Block, Ints, Mask, Words
from afterlog.layout.words import digits_value, first_mark, mask_of, non_digits, spread, zero_bytes

NEAR_WORDS = 4  # how many words are searched row by row before a pass over the whole block pays
CLASS_WORDS = 6  # the same for runs of a byte class


class ByteClass:
    """A set of bytes, e.g. what a word may contain; ``table`` says membership by byte, shape (256,)."""

    __slots__ = ("_foreign", "members", "table")

    def __init__(self, members: bytes) -> None:
        self.members = bytes(sorted(set(members)))
        self.table: Mask = np.zeros(256, np.bool_)
        self.table[list(self.members)] = True
        self._foreign = np.where(self.table, 0, 0x80).astype(np.uint8).tobytes()

    def foreign(self, words: Words) -> Words:
        """Return a mark in the high bit of every byte that is none of the class."""
        # bytes.translate looks bytes up twice as fast as an array indexed by an array does.
        marks: Words = np.frombuffer(words.tobytes().translate(self._foreign), "<u8")
        return marks


def literal_at(block: Block, at: Ints, limits: Ints, text: bytes) -> Mask:
    """Whether the literal stands at each position."""
    ok: Mask = at + len(text) <= limits
    if len(text) == 1:
        ok &= block.octets[at] == text[0]
        return ok
    for begin in range(0, len(text), 8):
        piece = text[begin : begin + 8]
        wanted = np.uint64(int.from_bytes(piece, "little"))
        # A literal longer than the padding may start at the end of the block.
        words = block.words[np.minimum(at + begin, len(block.words) - 1)]
        if len(piece) < 8:
            words = words & np.uint64(mask_of([True] * len(piece)))
        ok &= words == wanted
    return ok


def find_literal(block: Block, at: Ints, limits: Ints, text: bytes) -> Ints:
    """Find where the literal stands first at or behind each position, before its limit; -1 if nowhere."""
    found = np.full(len(at), -1, np.int64)
    needle = spread(text[0])
    todo, here, ends = np.arange(len(at)), at, limits
    for _ in range(NEAR_WORDS):
        offset = first_mark(zero_bytes(block.words[np.minimum(here, ends)] ^ needle))
        hit = offset < 8
        place = here + offset
        whole = place < ends if len(text) == 1 else literal_at(block, np.minimum(place, ends), ends, text)
        good = hit & whole
        found[todo[good]] = place[good]
        # A first byte without the rest of the literal is looked at again from the next byte on.
        ahead = np.where(hit, place + 1, here + 8)
        left = ~good & (ahead + len(text) <= ends)
        if not left.any():
            return found
        todo, here, ends = todo[left], ahead[left], ends[left]
    place = block.following(text, here, ends)
    inside = place + len(text) <= ends
    found[todo[inside]] = place[inside]
    return found


def run_end(block: Block, at: Ints, limits: Ints, members: ByteClass) -> Ints:
    """One past the run of bytes of a class at each position (the position itself if it is empty)."""
    offset = first_mark(members.foreign(block.words[np.minimum(at, limits)]))
    ends: Ints = np.minimum(at + offset, limits)
    todo = np.flatnonzero((offset == 8) & (ends < limits))
    here, limit = at[todo] + 8, limits[todo]
    for _ in range(CLASS_WORDS - 1):
        if not len(todo):
            return ends
        offset = first_mark(members.foreign(block.words[here]))
        ends[todo] = end = np.minimum(here + offset, limit)
        left = (offset == 8) & (end < limit)
        todo, here, limit = todo[left], here[left] + 8, limit[left]
    for row, begin, end in zip(todo.tolist(), here.tolist(), limit.tolist(), strict=True):
        ends[row] = end - len(block.data[begin:end].lstrip(members.members))
    return ends


def digits_end(block: Block, at: Ints, limits: Ints) -> Ints:
    """One past the run of digits at each position, looking at no more than 24 bytes."""
    offset = first_mark(non_digits(block.words[at]))
    ends = at + offset
    todo = np.flatnonzero((offset == 8) & (ends < limits))
    for _ in range(2):
        if not len(todo):
            break
        here = ends[todo]
        offset = first_mark(non_digits(block.words[here]))
        ends[todo] = here + offset
        todo = todo[(offset == 8) & (here + 8 < limits[todo])]
    return np.minimum(ends, limits)


def digits_at(block: Block, at: Ints, ends: Ints) -> Ints:
    """Return the number written by the digits in each span of up to 18 digits; 0 for an empty span."""
    value = digits_value(block.words[at], np.minimum(ends - at, 8))
    todo, here = np.arange(len(at)), at
    for _ in range(2):
        left = np.flatnonzero(ends[todo] > here + 8)
        if not len(left):
            break
        todo, here = todo[left], here[left] + 8
        count = np.minimum(ends[todo] - here, 8)
        value[todo] = value[todo] * 10**count + digits_value(block.words[here], count)
    return value
