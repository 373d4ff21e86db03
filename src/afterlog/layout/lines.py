"""Lines of one buffer, as spans; their text as an Arrow array without Python per row."""

from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.layout.block import Block, Ints, Mask

MAX_OFFSET = 2**31 - 1  # the largest offset of an Arrow binary array
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
        carriage = (ends > starts) & (block.octets[np.maximum(ends - 1, 0)] == ord("\r"))
        return cls(data, starts, ends - carriage, block)

    def select(self, rows: np.ndarray[Any, Any]) -> "Lines":
        """Return the lines with these indices (or where this mask is true), in the order given."""
        return Lines(self.data, self.starts[rows], self.ends[rows], self.block)

    def spans(self, starts: Ints, ends: Ints) -> "Lines":
        """Other spans of the same buffer, as lines."""
        return Lines(self.data, starts, ends, self.block)

    def __len__(self) -> int:
        return len(self.starts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Lines, (self.data, self.starts, self.ends)

    def bytes(self, i: int) -> Raw:
        """One line as it stands in the buffer."""
        return self.data[int(self.starts[i]) : int(self.ends[i])]

    def texts(self, starts: Ints | None = None, ends: Ints | None = None) -> pa.Array:
        r"""Return the lines, or these spans of the buffer, as a ``pa.StringArray`` of the same length.

        A span with a negative start is null, an empty one is ``""``. Bytes that are not UTF-8 are written as
        ``\xNN``, only in the rows that have them.
        """
        starts = self.starts if starts is None else starts
        ends = self.ends if ends is None else ends
        absent = starts < 0
        gathered = _gather(self.block, starts, ends, absent if absent.any() else None)
        if self.block.ascii:
            return gathered.view(pa.string())
        try:
            return gathered.cast(pa.string())
        except pa.ArrowInvalid:
            return _readable(gathered).cast(pa.string())


def _gather(block: Block, starts: Ints, ends: Ints, absent: Mask | None) -> pa.Array:
    """Copy spans into a binary array: every other element of one whose offsets are start, end, start, …."""
    count = len(starts)
    if count == 0:
        return pa.array([], pa.binary())
    if len(block.data) > MAX_OFFSET:
        return _one_by_one(block, starts, ends, absent)
    if absent is not None:
        # An absent span takes the place of the end before it, so that the offsets stay ascending.
        before = np.maximum.accumulate(np.where(absent, 0, ends))
        starts, ends = np.where(absent, before, starts), np.where(absent, before, ends)
    if (starts[1:] < ends[:-1]).any():
        order = np.argsort(starts, kind="stable")
        if (starts[order][1:] < ends[order][:-1]).any():
            return _one_by_one(block, starts, ends, absent)
        back = np.empty(count, np.int64)
        back[order] = np.arange(count)
        sorted_absent = None if absent is None else absent[order]
        return _gather(block, starts[order], ends[order], sorted_absent).take(pa.array(back))
    offsets = np.empty(2 * count, np.int32)
    offsets[0::2] = starts
    offsets[1::2] = ends
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block.data)]
    whole = pa.Array.from_buffers(pa.binary(), 2 * count - 1, buffers)
    return whole.take(pa.array(np.arange(0, 2 * count, 2), mask=absent))


def _one_by_one(block: Block, starts: Ints, ends: Ints, absent: Mask | None) -> pa.Array:
    """Overlapping spans have no ascending offsets."""
    texts = [block.data[begin:end] for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return pa.array(texts, pa.binary(), mask=absent)


def _readable(gathered: pa.Array) -> pa.Array:
    r"""Bytes that are not UTF-8 as ``\xNN``."""
    if gathered.offset:
        gathered = pa.concat_arrays([gathered])
    offsets = np.frombuffer(gathered.buffers()[1], np.int32)[: len(gathered) + 1]
    content = np.frombuffer(gathered.buffers()[2], np.uint8)[: offsets[-1]]
    foreign = np.flatnonzero(content >= 128)
    rows = np.unique(offsets.searchsorted(foreign, side="right") - 1)
    mask = np.zeros(len(gathered), np.bool_)
    mask[rows] = True
    fixed = [gathered[row].as_py().decode(errors="backslashreplace").encode() for row in rows.tolist()]
    return pc.replace_with_mask(gathered, pa.array(mask), pa.array(fixed, pa.binary()))
