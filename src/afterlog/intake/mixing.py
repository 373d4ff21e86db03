"""Two formats in one source: what the chosen parser does not read of a block is shown to the others.

So a file that an application and its proxy both write is read by both, and a source whose format changes in the middle
is read to its end. Every block is looked at for itself, so that threads may read blocks in any order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from afterlog.intake.matching import Part, joined_parts, match_parts, with_continuations
from afterlog.parser import Batch, LineParser, Lines
from afterlog.registry import Registry, looks_like_record

_FORMATS: Final = 2  # so many more are looked for in one block
_LOOKED_AT: Final = 400  # of the lines left over, evenly spread
_ENOUGH: Final = 3  # fewer lines that look like another log's are chance,
_SURE: Final = 12  # unless the layout that reads them holds so much literal text
_HEAD: Final = 15  # bytes of a line that tell whether it begins as the records do: a time to the minute
_DIGITS: Final = 6
_KINDS: Final = np.array([48 if chr(n).isdigit() else 97 if chr(n).isalpha() else n or 1 for n in range(128)]
                         + [97] * 128, np.uint8)  # fmt: skip


def match_block(parser: LineParser, lines: Lines, registry: Registry) -> Batch | None:
    """Give the events of the lines of one block, in the order of the lines; None where there are none."""
    parts = match_parts(parser, lines, {}, registry)
    names = {parser.name}
    for _ in range(_FORMATS):
        left = _left(lines, parts)
        other = _other(lines, left, registry)
        if other is None or other.name in names:
            break
        names.add(other.name)
        found = _read_by(other, lines, left, parts, registry)
        if not found:
            break
        parts += found
    if parser.continues:
        parts += _strays(lines, parts, registry)
    return joined_parts(lines, parts)


def _left(lines: Lines, parts: list[Part]) -> np.ndarray:
    """Give the rows that no parser has read yet."""
    free = np.ones(len(lines), bool)
    for part in parts:
        free[part.rows] = free[part.joined] = False
    return np.flatnonzero(free)


def _other(lines: Lines, left: np.ndarray, registry: Registry) -> LineParser | None:
    """Choose a declared parser by those of the lines left over that look like a log's, and not like a stack trace."""
    some = left[np.linspace(0, len(left) - 1, min(len(left), _LOOKED_AT)).astype(np.int64)]
    dated = [int(row) for row in some if looks_like_record(lines.bytes(int(row)))]
    if not dated:
        return None
    shown = lines.select(np.array(dated))
    chosen = registry.choose("", shown, learn=False)
    if not isinstance(chosen, LineParser):
        return None
    if len(dated) < _ENOUGH and registry.claims("", shown, learn=False)[0].literal < _SURE:
        return None
    return chosen


def _read_by(other: LineParser, lines: Lines, left: np.ndarray, parts: list[Part], registry: Registry) -> list[Part]:
    """Read the lines left over with another parser; a line that follows its record and is none belongs to it."""
    found = [_moved(part, left) for part in match_parts(other, lines.select(left), {}, registry)]
    mine = np.concatenate([np.empty(0, np.int64), *(part.rows for part in found)])
    if not len(mine) or not other.continues:
        return found
    heads = np.sort(np.concatenate([mine, *(part.rows for part in parts)]))
    loose = _left(lines, [*parts, *found])
    loose = loose[loose > heads[0]]
    owned = loose[np.isin(heads[np.searchsorted(heads, loose) - 1], mine)]
    rows = np.sort(np.concatenate([mine, owned, *(part.joined for part in found)]))
    within = [_moved(part, rows, back=True) for part in found]
    return [_moved(part, rows) for part in with_continuations(other, lines.select(rows), within)]


def _strays(lines: Lines, parts: list[Part], registry: Registry) -> list[Part]:
    """Read the lines left over that begin as the records do, by what can be learned of them.

    No layout fits them, but they are records all the same, and not the end of the one above.
    """
    left = _left(lines, parts)
    rows = np.concatenate([np.empty(0, np.int64), *(part.rows for part in parts)])
    if not len(left) or not len(rows):
        return []
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _LOOKED_AT)).astype(np.int64)]
    shapes, counts = np.unique(_shapes(lines.select(some)), return_counts=True)
    usual = shapes[(counts >= len(some) / 10) & _has_time(shapes)]
    strays = left[np.isin(_shapes(lines.select(left)), usual)] if len(usual) else left[:0]
    if not len(strays):
        return []
    reader = registry.choose("", lines.select(strays[:_LOOKED_AT]))
    return _read_by(reader, lines, strays, parts, registry) if isinstance(reader, LineParser) else []


def _shapes(lines: Lines) -> np.ndarray:
    """Give the first bytes of each line as digits, letters and the rest, (n,) of bytes of that length."""
    at = lines.starts[:, None] + np.arange(_HEAD)
    octets = np.frombuffer(lines.data, np.uint8)
    head = np.where(at < lines.ends[:, None], octets[np.minimum(at, len(octets) - 1)], 0)
    return _KINDS[head].view(f"S{_HEAD}")[:, 0]


def _has_time(shapes: np.ndarray) -> np.ndarray:
    """Tell which shapes hold so many digits that they are those of a time."""
    return np.array([shape.count(b"0") >= _DIGITS for shape in shapes.tolist()], bool)


def _moved(part: Part, rows: np.ndarray, *, back: bool = False) -> Part:
    """Give a part whose rows are indices into ``rows`` those rows; or the other way round."""
    if back:
        return replace(part, rows=np.searchsorted(rows, part.rows), joined=np.searchsorted(rows, part.joined))
    return replace(part, rows=rows[part.rows], joined=rows[part.joined])
