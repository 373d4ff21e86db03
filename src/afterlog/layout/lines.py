"""Lines of one buffer, as spans; their text as an Arrow array without Python per row (see `texts`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from afterlog.layout.block import Block, Ints, Mask

if TYPE_CHECKING:
    import pyarrow as pa

Raw: TypeAlias = bytes  # inside Lines the name ``bytes`` is a method


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, or parts of lines, of one buffer: line i is ``data[starts[i]:ends[i]]``.

    The spans may lie anywhere in the buffer and need not be in order; ``starts`` and ``ends`` have the same
    length and hold byte offsets. Lines made from other lines share what was computed about the buffer.
    """

    data: Raw
    starts: Ints
    ends: Ints
    block: Block = field(default=None, repr=False, compare=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.block is None:
            object.__setattr__(self, "block", Block(self.data))
            object.__setattr__(self, "starts", np.asarray(self.starts, np.int64))
            object.__setattr__(self, "ends", np.asarray(self.ends, np.int64))

    @classmethod
    def of(cls, data: Raw) -> Self:
        r"""Split at ``\n``, without a ``\r`` before it; the last line may lack its newline."""
        block = Block(data)
        newlines = block.positions(b"\n")
        ends = newlines
        if len(data) > (int(newlines[-1]) + 1 if len(newlines) else 0):
            ends = np.append(newlines, len(data))
        starts = np.empty_like(ends)
        starts[:1] = 0
        starts[1:] = ends[:-1] + 1
        if b"\r" in data:
            ends = ends - ((ends > starts) & (block.octets[np.maximum(ends - 1, 0)] == ord("\r")))
        return cls(data, starts, ends, block)

    @classmethod
    def of_texts(cls, column: pa.Array) -> Self:
        """Take each text of an Arrow string array as one line; a null as an empty one."""
        texts = column.fill_null("")
        offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4).astype(np.int64)
        data = texts.buffers()[2]
        return cls(data.to_pybytes() if data is not None else b"", offsets[:-1], offsets[1:])

    def select(self, rows: np.ndarray[Any, Any]) -> Lines:
        """Return the lines with these indices (or where this mask is true), in the order given."""
        return Lines(self.data, self.starts[rows], self.ends[rows], self.block)

    def spans(self, starts: Ints, ends: Ints) -> Lines:
        """Other spans of the same buffer, as lines."""
        return Lines(self.data, starts, ends, self.block)

    def __len__(self) -> int:
        return len(self.starts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Lines, (self.data, self.starts, self.ends)

    def bytes(self, i: int) -> Raw:
        """One line as it stands in the buffer."""
        return self.data[int(self.starts[i]) : int(self.ends[i])]

    def texts(self, starts: Ints | None = None, ends: Ints | None = None, nothing: Mask | None = None) -> pa.Array:
        r"""Return the lines, or these spans of the buffer, as a ``pa.StringArray`` of the same length.

        A span with a negative start is null, as is one marked as ``nothing``; an empty one is ``""``. Bytes that
        are not UTF-8 are written as ``\xNN``, only in the rows that have them.
        """
        from afterlog.layout.texts import texts_of  # noqa: PLC0415  loads Arrow, which who only counts does without

        starts, ends = self.starts if starts is None else starts, self.ends if ends is None else ends
        return texts_of(self.block, starts, ends, nothing)
