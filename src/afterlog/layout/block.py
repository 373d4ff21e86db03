"""One buffer of log text and what is computed from it once: padded octets, views, positions of literals."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]
Octets = NDArray[np.uint8]

PAD = 128  # zero bytes behind the text, so that a read near its end stays inside the array
WINDOW = 32  # widest single read, in bytes
FEW = 256  # below this many rows bytes.find per row is cheaper than a pass over the whole block


class Block:
    """The text of a block, zero-padded, with unaligned views of 8 and 32 bytes at every offset.

    What is computed later (positions of a literal, whether all is ASCII) is kept; two threads that ask at the
    same time compute it twice and store the same answer.
    """

    __slots__ = ("_ascii", "_positions", "data", "octets", "windows", "words")

    def __init__(self, data: bytes) -> None:
        size = len(data)
        octets = np.empty(size + PAD, np.uint8)
        octets[:size] = np.frombuffer(data, np.uint8)
        octets[size:] = 0
        self.data = data
        self.octets: Octets = octets
        self.words: Words = np.ndarray((size + PAD - 7,), "<u8", buffer=octets.data, strides=(1,))
        self.windows = np.ndarray((size + PAD - WINDOW + 1,), f"V{WINDOW}", buffer=octets.data, strides=(1,))
        self._positions: dict[bytes, Ints] = {}
        self._ascii: bool | None = None

    @property
    def ascii(self) -> bool:
        """Whether every byte is below 128."""
        if self._ascii is None:
            self._ascii = self.data.isascii()
        return self._ascii

    def window(self, at: Ints) -> Words:
        """32 bytes from each position, as four little-endian words: shape (n, 4)."""
        return self.windows[at].view("<u8").reshape(len(at), WINDOW // 8)

    def positions(self, text: bytes) -> Ints:
        """Every position of a literal, ascending, overlapping ones included."""
        known = self._positions.get(text)
        if known is None:
            known = self._positions[text] = self._search(text)
        return known

    def _search(self, text: bytes) -> Ints:
        octets = self.octets[: len(self.data)]
        if len(octets) < len(text):
            return np.empty(0, np.int64)
        if len(text) == 1:
            return np.flatnonzero(octets == text[0])
        found = np.flatnonzero((octets[:-1] == text[0]) & (octets[1:] == text[1]))
        for step, octet in enumerate(text[2:], 2):
            found = found[self.octets[found + step] == octet]
        return found[found + len(text) <= len(self.data)]

    def following(self, text: bytes, at: Ints, limits: Ints) -> Ints:
        """Find where a literal stands next at or behind each position; not before the limit if nowhere."""
        size = len(self.data)
        if len(at) <= FEW:
            spans = zip(at.tolist(), limits.tolist(), strict=True)
            found = [self.data.find(text, begin, end) for begin, end in spans]
            return np.array([size if hit < 0 else hit for hit in found], np.int64)
        where = self.positions(text)
        index = where.searchsorted(at)
        return np.append(where, size)[index]
