"""The layout itself: one declaration, two executions that give the same answer."""

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import Any, Final

import numpy as np

from afterlog.layout.block import Ints
from afterlog.layout.explanation import explain
from afterlog.layout.fields import PARTS
from afterlog.layout.kernel import Spans, run_kernel
from afterlog.layout.lines import Lines
from afterlog.layout.match import Match, field_spans
from afterlog.layout.pattern import Field, Slot, parse
from afterlog.layout.regex import compile_regex
from afterlog.layout.times import TIME_FORMS, Times
from afterlog.layout.words import all_true

_NONE: Final = np.empty(0, np.int64)


class Layout:
    """The format of a line, declared once; see ``afterlog.layout`` for the language.

    Raises LayoutError, with the position, for a pattern that cannot be compiled. A layout holds no state of a
    match: threads may share it, and it can be pickled.
    """

    def __init__(self, pattern: str, *, name: str = "") -> None:
        self.pattern = pattern
        self.name = name
        self._parts = parse(pattern)
        self._slots = tuple(part for part in self._parts if isinstance(part, Slot))
        self.fields = tuple(Field(slot.name, slot.type) for slot in self._slots if slot.name != "_")

    def __repr__(self) -> str:
        return f"Layout({self.pattern!r}" + (f", name={self.name!r})" if self.name else ")")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.pattern, self.name)

    @cached_property
    def _regex(self) -> re.Pattern[bytes]:
        return compile_regex(self._parts)

    def match(self, lines: Lines) -> Match:
        """Find the lines of this layout: by the kernel, and by the regex where the kernel has a doubt."""
        found, doubts = run_kernel(self._parts, lines)
        if len(doubts):
            found = _merged(found, self._search(lines, doubts))
        return self._checked(lines, found)

    def match_regex(self, lines: Lines) -> Match:
        """Find the same lines by the regex alone, one by one: the reference."""
        return self._checked(lines, self._search(lines, np.arange(len(lines))))

    def fitting(self, data: bytes, spans: Iterable[tuple[int, int, int]]) -> list[int]:
        """Give the rows, of (row, begin, end) in ``data``, whose text fits by the regex, whether or not times exist."""
        match = self._regex.match
        return [row for row, begin, end in spans if match(data, begin, end)]

    def explain(self, line: bytes) -> str:
        """Where matching a line stopped and what was expected there."""
        lines = Lines(line, np.array([0]), np.array([len(line)]))
        found = self._search(lines, np.arange(1))
        if not len(found.rows):
            return explain(self._parts, line)
        for index, slot in enumerate(self._slots):
            if slot.type in TIME_FORMS:
                begin, end = found.starts[index], found.ends[index]
                if not TIME_FORMS[slot.type].read(lines.block, begin, end)[1].all():
                    stamp = line[int(begin[0]) : int(end[0])].decode(errors="backslashreplace")
                    return f"the form fits, but the time {stamp!r} in {{{slot.name}:{slot.type}}} does not exist"
        return "the line matches"

    @cached_property
    def _types(self) -> dict[str, str]:
        types = {kept.name: kept.type for kept in self.fields}
        return types | {name: kind for kept in self.fields for name, kind in PARTS.get(kept.type, {}).items()}

    def _search(self, lines: Lines, rows: Ints) -> Spans:
        match, data = self._regex.match, lines.data
        begins, ends = lines.starts[rows].tolist(), lines.ends[rows].tolist()
        found = [match(data, begin, end) for begin, end in zip(begins, ends, strict=True)]
        hits = [index for index, one in enumerate(found) if one is not None]
        count = len(self._slots)
        if not hits:
            return Spans(_NONE, [_NONE] * count, [_NONE] * count)
        flat = chain.from_iterable(chain.from_iterable(one.regs for one in found if one is not None))
        table = np.fromiter(flat, np.int64, len(hits) * (count + 1) * 2).reshape(len(hits), count + 1, 2)
        groups = range(1, count + 1)
        return Spans(
            rows[hits],
            [np.ascontiguousarray(table[:, group, 0]) for group in groups],
            [np.ascontiguousarray(table[:, group, 1]) for group in groups],
        )

    def _nothing(self, lines: Lines) -> Match:
        forms = {slot.name: TIME_FORMS[slot.type] for slot in self._slots if slot.type in TIME_FORMS}
        times = {name: Times(_NONE, _NONE.astype(np.int32), form.has_year, 1) for name, form in forms.items()}
        return Match(lines, _NONE, self._types, dict.fromkeys(self._types, (_NONE, _NONE)), times)

    def _checked(self, lines: Lines, found: Spans) -> Match:
        """Without the lines whose time does not exist."""
        if not len(found.rows):
            return self._nothing(lines)
        times: dict[int, Times] = {}
        exists = all_true(len(found.rows))
        for index, slot in enumerate(self._slots):
            if slot.type in TIME_FORMS:
                form = TIME_FORMS[slot.type]
                times[index], ok = form.read(lines.block, found.starts[index], found.ends[index])
                exists &= ok
        if not exists.all():
            return self._checked(lines, _taken(found, np.flatnonzero(exists)))
        spans: dict[str, tuple[Ints, Ints]] = {}
        for index, slot in enumerate(self._slots):
            if slot.name != "_":
                spans |= field_spans(lines, slot.name, slot.type, found.starts[index], found.ends[index])
        named = {self._slots[index].name: read for index, read in times.items()}
        return Match(lines, found.rows, self._types, spans, named)


def _rebuild(pattern: str, name: str) -> Layout:
    return Layout(pattern, name=name)


def _taken(spans: Spans, index: Ints) -> Spans:
    return Spans(spans.rows[index], [a[index] for a in spans.starts], [a[index] for a in spans.ends])


def _merged(one: Spans, other: Spans) -> Spans:
    if not len(other.rows):
        return one
    both = Spans(
        np.concatenate([one.rows, other.rows]),
        [np.concatenate(pair) for pair in zip(one.starts, other.starts, strict=True)],
        [np.concatenate(pair) for pair in zip(one.ends, other.ends, strict=True)],
    )
    return _taken(both, np.argsort(both.rows, kind="stable"))
