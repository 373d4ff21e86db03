"""The text of spans as Arrow arrays, without Python per row."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.layout.block import Block, Ints, Mask

MAX_OFFSET: Final = 2**31 - 1  # the largest offset of an Arrow binary array


def texts_of(block: Block, starts: Ints, ends: Ints, nothing: Mask | None = None) -> pa.Array:
    r"""Return these spans of a block as a ``pa.StringArray`` of the same length; see `Lines.texts`."""
    absent: Mask | None = starts < 0
    if absent is not None and absent.any():
        # An absent span takes the place of the end before it, so that the offsets stay ascending.
        before = np.maximum.accumulate(np.where(absent, 0, ends))
        starts, ends = np.where(absent, before, starts), np.where(absent, before, ends)
    else:
        absent = None
    if nothing is not None and nothing.any():
        absent = nothing if absent is None else absent | nothing
    if absent is not None and absent.all():
        return pa.nulls(len(starts), pa.string())
    gathered = _gather(block, starts, ends, absent)
    if block.ascii:
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
    size = len(block.data)
    if size > MAX_OFFSET or (starts > ends).any() or ends.max() > size:  # Arrow would copy what lies beside its buffers
        return _one_by_one(block, starts, ends, absent)
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
    there = None if absent is None else pa.py_buffer(np.packbits(~absent, bitorder="little"))
    every_other = pa.py_buffer(np.arange(0, 2 * count, 2, dtype=np.int32))
    return pc.take(whole, pa.Array.from_buffers(pa.int32(), count, [there, every_other]), boundscheck=False)


def _one_by_one(block: Block, starts: Ints, ends: Ints, absent: Mask | None) -> pa.Array:
    """Give spans whose offsets do not ascend: they overlap, or one ends before it begins, which is empty."""
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
