r"""Values of ``key=value`` pairs out of a match: found by where the keys stand in the block, all rows at once.

A key stands at the beginning of the pairs or behind a blank, and outside quoted values; the first of a row counts. A
value ends at a blank or a quote; a quoted one at the next quote that no backslash escapes, and its quotes are undone.
Rows with backslashes, or a quote without its partner, are read by regex (`value_by_regex`), which gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.layout import Lines
from afterlog.layout.block import Block, Ints
from afterlog.layout.scan import ByteClass, literal_at, run_end

__all__ = ["Pairs", "value_by_regex"]

Span: TypeAlias = tuple[Ints, Ints]
_BARE: Final = ByteClass(bytes(set(range(256)) - set(b' "')))
_ENDING: Final = 2  # bytes before an equals sign that the keys of a block are told apart by


class Pairs:
    """The pairs of the rows of a match: spans in one block, one or more to a row, read one behind the other.

    ``texts`` are the pairs of each row as text, for the rows that are read by regex.
    """

    def __init__(self, lines: Lines, spans: Sequence[Span], texts: pa.Array) -> None:
        self._lines = lines
        self._block = lines.block
        self._spans = spans
        self._texts = texts
        self._quotes = self._block.positions(b'"')
        self._before = [self._quotes.searchsorted(starts) for starts, _ in spans]
        self._equals, self._endings = _by_ending(self._block)
        odd = np.zeros(len(texts), np.bool_)
        escapes = self._block.positions(b"\\")
        for (starts, ends), before in zip(spans, self._before, strict=True):
            odd |= (self._quotes.searchsorted(ends) - before) & 1 == 1
            odd |= escapes.searchsorted(ends) > escapes.searchsorted(starts)
        self._odd = odd if odd.any() else None

    def value(self, keys: Iterable[str]) -> pa.Array | None:
        """Give the value of the first of these keys that a row has, null where it has none; None where no row has."""
        count = len(self._texts)
        begin, end = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
        keys = tuple(keys)
        for key in keys:
            where = self._standing(key)
            for span, before in zip(self._spans, self._before, strict=True) if len(where) and count else ():
                rows, starts, ends = self._found(key, where, span, before)
                fresh = begin[rows] < 0
                begin[rows[fresh]], end[rows[fresh]] = starts[fresh], ends[fresh]
        told = self._lines.texts(begin, end) if (begin >= 0).any() else None
        if self._odd is None:
            return told
        odd = pa.array(self._odd)
        surely = value_by_regex(self._texts.filter(odd), keys)
        if surely is None and told is None:
            return None
        told = pa.nulls(count, pa.string()) if told is None else told
        surely = pa.nulls(int(self._odd.sum()), pa.string()) if surely is None else surely
        return pc.replace_with_mask(told, odd, surely)

    def _standing(self, key: str) -> Ints:
        """Give the equals signs of the block before which a key stands, ascending; a longer key may end so."""
        text = key.encode()
        if len(text) < _ENDING:
            where = np.sort(self._equals)
        else:
            code = int.from_bytes(text[-_ENDING:], "big")
            where = self._equals[self._endings.searchsorted(code) : self._endings.searchsorted(code, side="right")]
        where = where[where >= len(text)]
        return where[literal_at(self._block, where - len(text), where, text)]

    def _found(self, key: str, where: Ints, span: Span, before: Ints) -> tuple[Ints, Ints, Ints]:
        """Give the rows that have a key in these spans, and where its value begins and ends."""
        starts, ends = span
        begin = where - len(key.encode())
        row = starts.searchsorted(begin, side="right") - 1
        near = np.flatnonzero((row >= 0) & (where < ends[row]))
        where, begin, row = where[near], begin[near], row[near]
        ok = (begin == starts[row]) | (self._block.octets[np.maximum(begin - 1, 0)] == ord(" "))
        ok &= (self._quotes.searchsorted(begin) - before[row]) & 1 == 0
        kept = np.flatnonzero(ok)
        kept = kept[np.diff(row[kept], prepend=-1) > 0]
        value, row = where[kept] + 1, row[kept]
        limits = ends[row]
        quoted = np.flatnonzero((self._block.octets[value] == ord('"')) & (value < limits))
        stop = run_end(self._block, value, limits, _BARE)
        partner = self._quotes.searchsorted(value[quoted]) + 1
        there = np.append(self._quotes, len(self._block.data))[np.minimum(partner, len(self._quotes))]
        value[quoted] += 1
        stop[quoted] = np.minimum(there, limits[quoted])  # a quote without a partner reaches to the end of its row
        return row, value, stop


def _by_ending(block: Block) -> tuple[Ints, np.ndarray[Any, Any]]:
    """Give the equals signs sorted by the two bytes before them, then by place; and these bytes as numbers."""
    where = block.positions(b"=")
    where = where[where > 0]
    endings = block.octets[np.maximum(where - 2, 0)].astype(np.uint16) << np.uint16(8) | block.octets[where - 1]
    order = np.argsort(endings, kind="stable")  # of 16 bits: a radix sort
    return where[order], endings[order]


def value_by_regex(texts: pa.Array, keys: Iterable[str]) -> pa.Array | None:
    """Give the same as `Pairs.value`, by regex: the reference, and the way of rows with escapes."""
    bare = pc.replace_substring_regex(texts, r'"(?:[^"\\]|\\.)*"', '""')
    told: pa.Array | None = None
    for key in keys:
        found = pc.extract_regex(bare, rf'(?:^| ){re.escape(key)}=(?P<value>""|[^ "]*)')
        text = pc.struct_field(found, "value")
        if text.null_count == len(text):
            continue
        quoted = pc.fill_null(pc.equal(text, '""'), False)
        if pc.any(quoted).as_py():
            inside = _quoted(texts.filter(quoted), key)
            text = pc.replace_with_mask(text, quoted, pc.replace_substring(inside, '\\"', '"'))
        told = text if told is None else pc.coalesce(told, text)
        if told.null_count == 0:
            break
    return told


def _quoted(pairs: pa.Array, key: str) -> pa.Array:
    """Take a quoted value; where what looks like its key stands more than once, the first outside of quotes."""
    value = rf'{re.escape(key)}="(?P<value>(?:[^"\\]|\\.)*)"'
    found = pc.struct_field(pc.extract_regex(pairs, rf"(?:^| ){value}"), "value")
    twice = pc.greater(pc.count_substring(pairs, f'{key}="'), 1)
    if not pc.any(twice).as_py():
        return found
    first = rf'^(?:(?:"(?:[^"\\]|\\.)*"|[^"])*? )?{value}'
    surely = pc.struct_field(pc.extract_regex(pairs.filter(twice), first), "value")
    return pc.replace_with_mask(found, twice, surely)
