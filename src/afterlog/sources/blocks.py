"""A stream of bytes cut into blocks of whole lines, in bounded memory whatever the lines are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from afterlog.errors import InputError
from afterlog.sources.model import Block

BLOCK_BYTES: Final = 2 << 20
LINE_BYTES: Final = 16 << 20
"""Of a longer line only so many bytes are kept; the rest is counted in ``Block.cut``."""


def newlines(data: bytes) -> int:
    r"""Count ``\n``."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


class _Cutter:
    """What is held of the lines not given yet."""

    def __init__(self, cleaning: frozenset[str], line: int, offset: int) -> None:
        self.held: list[bytes] = []
        self.amount = 0
        self.dropped = 0
        self._line = line
        self._offset = offset
        self._cleaning = cleaning
        self._begun = offset > 0
        self.whole = False  # whether a line ends in what is held

    def take(self, chunk: bytes) -> None:
        """Hold a chunk; of a line beyond `LINE_BYTES` only its length."""
        if not self._begun:
            bare = chunk.lstrip(b"\x00")  # a hole left by copytruncate
            self._offset += len(chunk) - len(bare)
            self._begun, chunk = bool(bare), bare
        if self.amount >= LINE_BYTES:  # all that is held is one line
            end = chunk.find(b"\n")
            self.dropped += len(chunk) if end < 0 else end
            chunk = b"" if end < 0 else chunk[end:]
        self.hold(chunk)

    def hold(self, chunk: bytes) -> None:
        """Add to what is held."""
        if chunk:
            self.held.append(chunk)
            self.amount += len(chunk)
            self.whole = self.whole or b"\n" in chunk

    def release(self) -> bytes:
        """Give all that is held, and hold nothing."""
        data = self.held[0] if len(self.held) == 1 else b"".join(self.held)
        self.held, self.amount, self.whole = [], 0, False
        return data

    def cut(self, *, final: bool) -> Block | None:
        """Give the whole lines held; at the end, what is left is a line."""
        data = self.release()
        end = len(data) if final else data.rfind(b"\n") + 1
        rest = data[end:]
        self.hold(rest)
        if not end:
            return None
        data = data[:end] if rest else data
        block = Block(data, self._line, self._offset, self._cleaning, self.dropped)
        self._line += newlines(data)
        self._offset += len(data) + self.dropped
        self.dropped = 0
        return block


def blocks(
    chunks: Iterator[bytes],
    size: int = BLOCK_BYTES,
    cleaning: frozenset[str] = frozenset(),
    line: int = 1,
    offset: int = 0,
) -> Iterator[Block]:
    """Cut a stream of bytes into blocks of whole lines; a last line without an ending is a line.

    ``line`` and ``offset`` are those of the stream's first byte.

    A line over `LINE_BYTES` ends its block, so that the offsets of all lines stay true. When ``chunks`` raises,
    the lines before it are given first and the error follows.
    """
    cutter = _Cutter(cleaning, line, offset)
    failure: InputError | None = None
    try:
        for chunk in chunks:
            long_line = cutter.amount >= LINE_BYTES
            cutter.take(chunk)
            if cutter.amount >= size and cutter.whole:
                if long_line:
                    yield from _around(cutter)
                elif block := cutter.cut(final=False):
                    yield block
    except InputError as error:
        failure = error
    if block := cutter.cut(final=True):
        yield block
    if failure:
        raise failure


def _around(cutter: _Cutter) -> Iterator[Block]:
    """Give an overlong line as a block of its own, then hold what follows it."""
    data = cutter.release()
    first = data.find(b"\n") + 1
    cutter.hold(data[:first])
    if block := cutter.cut(final=False):
        yield block
    cutter.hold(data[first:])
