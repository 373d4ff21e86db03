"""What a layout found in a block: spans, read as text, numbers and times on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from afterlog.errors import LayoutError
from afterlog.layout.block import Ints, Mask
from afterlog.layout.fields import DASH_IS_ABSENT, DURATION_EXPONENT
from afterlog.layout.lines import Lines
from afterlog.layout.times import Times
from afterlog.layout.values import integers, part_spans, seconds

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Match:
    """The lines of a block that a layout matched.

    ``rows`` (int64, ascending) are their indices in ``lines``; every array below is aligned with them.
    """

    lines: Lines
    rows: Ints
    types: dict[str, str]
    spans: dict[str, tuple[Ints, Ints]]
    times: dict[str, Times]
    _texts: dict[str, pa.Array] = field(default_factory=dict, repr=False, compare=False)  # those gathered so far

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.spans

    def span(self, name: str) -> tuple[Ints, Ints]:
        """Return starts and ends (int64, offsets into ``lines.data``) of a field; -1 where it is absent."""
        try:
            return self.spans[name]
        except KeyError:
            known = ", ".join(self.spans)
            raise LayoutError(f"the layout has no field {name!r}; it has: {known}") from None

    def text(self, name: str) -> pa.Array:
        """Return a field as ``pa.StringArray``, null where it is absent."""
        known = self._texts.get(name)
        if known is None:
            known = self._texts[name] = self.lines.texts(*self.span(name))
        return known

    def given(self, name: str) -> pa.Array:
        """Return a field as text, null also where a lone ``-`` or nothing at all stands in its place."""
        starts, ends = self.span(name)
        width = ends - starts
        nothing = (width == 1) & (self.lines.block.octets[starts] == ord("-")) | (width == 0)
        return self.lines.texts(starts, ends, nothing)

    def inner(self, name: str) -> Lines:
        """Return a field as lines, for what stands inside an envelope; empty where it is absent."""
        starts, ends = self.span(name)
        return self.lines.spans(np.maximum(starts, 0), np.maximum(ends, 0))

    def int(self, name: str) -> tuple[Ints, Mask]:
        """Return a field of type ``d``: values (int64, 0 where absent) and which are there."""
        starts, ends = self.span(name)
        self._must_be(name, {"d"})
        return integers(self.lines.block, starts, ends)

    def float(self, name: str) -> tuple[NDArray[np.float64], Mask]:
        """Return a duration in seconds (float64, NaN where absent) and which are there."""
        starts, ends = self.span(name)
        self._must_be(name, set(DURATION_EXPONENT))
        return seconds(self.lines.block, starts, ends, DURATION_EXPONENT[self.types[name]])

    def time(self, name: str = "time") -> Times:
        """Return a field of one of the TIME_FORMS."""
        self.span(name)
        if name not in self.times:
            raise LayoutError(f"field {name!r} is of type {self.types[name]!r}, not a time")
        return self.times[name]

    def _must_be(self, name: str, types: set[str]) -> None:
        if self.types[name] not in types:
            wanted = " or ".join(sorted(types))
            raise LayoutError(f"field {name!r} is of type {self.types[name]!r}, wanted {wanted}")


def field_spans(lines: Lines, name: str, type_: str, starts: Ints, ends: Ints) -> dict[str, Any]:
    """Return the spans a field gives by name: its own, with what counts as absent, and those of its parts."""
    if type_ in DASH_IS_ABSENT:
        absent = (ends - starts == 1) & (lines.block.octets[starts] == ord("-"))
        if type_ in DURATION_EXPONENT:
            absent = lines.block.octets[starts] == ord("-")
        if absent.any():
            starts, ends = np.where(absent, -1, starts), np.where(absent, -1, ends)
    spans = {name: (starts, ends)}
    return spans | part_spans(lines.block, type_, starts, ends)
