"""Values that several formats write alike: durations with units, HTTP statuses, and what programs say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.event import Kind
from afterlog.layout import Match

__all__ = ["asked_in", "seconds_of", "status_of", "told_by"]

_UNITS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "m": 60.0, "h": 3600.0, "": 1.0,
}  # fmt: skip
_TOOK: Final = re.compile(r"([0-9]*\.?[0-9]+) ?(ns|us|µs|μs|ms|sec|s|m|h|)(?![a-z])")
_LONGEST: Final = 40  # characters of a duration


def seconds_of(text: str, unit_s: float | None = None) -> float | None:
    """Read a duration such as ``1m2.5s`` or ``12.3 ms``, in seconds; None where there is none.

    A number alone counts ``unit_s`` seconds; without one it is no duration.
    """
    pieces = _TOOK.findall(text) if len(text) <= _LONGEST else []
    if not pieces:
        return None
    if len(pieces) == 1 and not pieces[0][1]:
        return None if unit_s is None else float(pieces[0][0]) * unit_s
    return sum(float(number) * _UNITS[unit] for number, unit in pieces)


_REQUEST_LINE: Final = r"^(?P<method>[A-Z]{3,12}) (?P<path>\S+)(?: HTTP/[0-9.]+)?$"


def asked_in(line: pa.Array, method: pa.Array | None, path: pa.Array | None) -> tuple[pa.Array, pa.Array]:
    """Complete methods and paths by the first lines of requests, ``GET /x HTTP/1.1``; what is known already stays."""
    parts = pc.extract_regex(line, _REQUEST_LINE)
    told = pc.struct_field(parts, "method"), pc.struct_field(parts, "path")
    return (
        told[0] if method is None else pc.coalesce(method, told[0]),
        told[1] if path is None else pc.coalesce(path, told[1]),
    )


def status_of(match: Match) -> pa.Array:
    """Give the HTTP statuses of a match's field ``status``; null where it is none, as servers log 0 or 999."""
    values, there = match.int("status")
    return pa.array(values, pa.int64(), mask=~(there & (values >= 100) & (values <= 599)))


def told_by(text: str, sayings: Iterable[tuple[re.Pattern[str], Mapping[str, Any]]]) -> dict[str, Any]:
    """Give what a message means: that of the first pattern that all of it matches, with the pattern's groups.

    For ``each_unique``, over what a program says of its own starts, stops and failures; any other message is a log.
    """
    for pattern, meaning in sayings:
        found = pattern.fullmatch(text)
        if found:
            return {**meaning, **found.groupdict()}
    return {"kind": str(Kind.LOG)}
