"""Columns that are read part after part into one array each: numbers, and names as narrow codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.detect.stream import look_up, present

Codes: TypeAlias = NDArray[np.signedinteger]
Coded: TypeAlias = tuple[Codes, Sequence[str]]

_UNMERGED: Final = 1 << 20  # names of new parts that may wait, and repeat those known, before they are put together


class Words(Sequence[str]):
    """Many texts in a quarter of the memory that a tuple of them takes."""

    def __init__(self, array: pa.StringArray) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return Words(self._array[at])
        return self._array[range(len(self))[at]].as_py()

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.StringArray:  # noqa: A002  Arrow's own name
        """Give itself to ``pa.array``."""
        return self._array


class Growing:
    """An array that is filled from its beginning; as narrow as what it holds allows."""

    def __init__(self, most: int) -> None:
        self._room: NDArray[Any] = np.empty(most, np.int8)  # pages that are never written take no memory
        self._used = 0
        self._known = most == 0

    def add(self, numbers: NDArray[Any]) -> None:
        """Append some numbers, widening the array where they need it."""
        if self._used and not self._known:
            self._room = np.full(len(self._room), np.nan, np.float32)
        kind = np.result_type(self._room, numbers) if self._used else numbers.dtype
        self._known = True
        if kind != self._room.dtype:
            wider = np.empty(len(self._room), kind)
            wider[: self._used] = self._room[: self._used]
            self._room = wider
        self._room[self._used : self._used + len(numbers)] = numbers
        self._used += len(numbers)

    def add_none(self, rows: int) -> None:
        """Append so many numbers that are missing: NaN where others are there."""
        if self._known:
            self.add(np.full(rows, np.nan, np.float32))
        else:
            self._used += rows

    def __len__(self) -> int:
        return self._used

    def array(self) -> NDArray[Any]:
        """Give what was added, (n,)."""
        return self._room[: self._used]

    def known(self) -> NDArray[Any] | None:
        """Give the same, None where all are missing."""
        return self.array() if self._known else None


class Coding:
    """Gathers a dictionary column part by part; gives codes in the alphabetical order of the names, −1 for null."""

    def __init__(self, most: int) -> None:
        self._codes = Growing(most)
        self._names: list[pa.Array] = []  # the dictionaries of the parts; the first may be that of many
        self._ends: list[int] = []  # up to which row each of them holds
        self._waiting = 0

    def add(self, column: pa.ChunkedArray) -> None:
        """Take the next rows, as text or as a dictionary."""
        for chunk in column.chunks:
            coded = chunk if isinstance(chunk, pa.DictionaryArray) else chunk.dictionary_encode()
            codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
            self._codes.add(codes.astype(_width(len(coded.dictionary)), copy=False))
            self._names.append(coded.dictionary)
            self._ends.append(len(self._codes))
            self._waiting += len(coded.dictionary)
            if self._waiting > _UNMERGED + len(self._names[0]):
                self._merge()

    def _merge(self) -> None:
        """Put the dictionaries of all parts together to one, the first one's names first."""
        full = [names for names in self._names if len(names)]  # encoding leaves out empty chunks
        joined = pa.chunked_array(full, pa.string()).dictionary_encode()
        names = joined.chunk(0).dictionary if full else pa.array([], pa.string())
        width = _width(len(names))
        self._codes.add(np.empty(0, width))  # wide enough
        codes, mapped = self._codes.array(), iter(joined.chunks)
        begin = 0
        for known, end in zip(self._names, self._ends, strict=True):
            if len(known):
                places = np.append(next(mapped).indices.to_numpy(), -1).astype(width)
                if begin:
                    codes[begin:end] = places[codes[begin:end]]
            begin = end
        self._names, self._ends, self._waiting = [names], [len(codes)], 0

    def finish(self) -> Coded:
        """Give the codes of all rows, (n,), and what they stand for; names that no row has are left out."""
        self._merge()
        codes, every = self._codes.array(), self._names[0]
        used = np.zeros(len(every) + 1, bool)
        used[present(codes)] = True
        names = every.filter(pa.array(used[:-1]))
        order = pc.sort_indices(names)
        place = np.full(len(used), -1, _width(len(names)))
        place[np.flatnonzero(used[:-1])[order.to_numpy()]] = np.arange(len(names))
        return look_up(place, codes), Words(names.take(order))


def _width(names: int) -> np.dtype[np.signedinteger]:
    """Give the narrowest type of codes for so many names and −1."""
    return np.min_scalar_type(-max(names, 1))
