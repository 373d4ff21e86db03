"""Context: the lines around a piece of evidence, read back from its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from afterlog.errors import InputError
from afterlog.evidence import Place
from afterlog.source import Source, open_chunks
from afterlog.statement import visible
from afterlog.writing.redaction import SECRET, Redactor

AROUND: Final = 3
_BEFORE: Final = 6_000
_AFTER: Final = 6_000
_LONGEST: Final = 400
_KEY: Final = re.compile(r"-----(BEGIN|END) [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the report shows it: inert, secrets masked, cut where it is long."""

    number: int
    text: str
    cited: bool


def contexts(sources: Sequence[Source], places: Iterable[Place], redactor: Redactor) -> dict[Place, tuple[Line, ...]]:
    """Read the lines around places, each source once; places whose source is gone are left out."""
    known = {source.path: source for source in sources}
    found: dict[Place, tuple[Line, ...]] = {}
    for path, group in groupby(sorted(places), key=lambda place: place.source):
        if path in known:
            wanted = sorted(group, key=lambda place: place.offset)
            for place, data in zip(wanted, _windows(known[path], wanted), strict=True):
                found[place] = _shown(place, data, redactor)
    return found


def _windows(source: Source, places: Sequence[Place]) -> list[bytes]:
    """Cut out the bytes around each place, in one walk."""
    spans = [(max(place.offset - _BEFORE, 0), place.offset + _AFTER) for place in places]
    pieces: list[list[bytes]] = [[] for _ in places]
    begin = first = 0
    try:
        for chunk in open_chunks(source):
            end = begin + len(chunk)
            while first < len(spans) and spans[first][1] <= begin:
                first += 1
            for index in range(first, len(spans)):
                low, high = spans[index]
                if low >= end:
                    break
                pieces[index].append(chunk[max(low - begin, 0) : max(high - begin, 0)])
            begin = end
            if first == len(spans):
                break
    except InputError:
        pass  # damaged at this point: what came before it is shown
    return [b"".join(piece) for piece in pieces]


def _shown(place: Place, data: bytes, redactor: Redactor) -> tuple[Line, ...]:
    start = max(place.offset - _BEFORE, 0)
    before = data[: place.offset - start].split(b"\n")[:-1]
    before = (before if start == 0 else before[1:])[-AROUND:]
    after = data[place.offset - start :].split(b"\n")
    whole = after[: AROUND + 1] if len(after) > AROUND + 1 else after
    raw = [(place.line - len(before) + index, line) for index, line in enumerate(before)]
    raw += [(place.line + index, line) for index, line in enumerate(whole) if index == 0 or line]
    lines = []
    key = False
    for number, line in raw:
        text = line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
        mark = _KEY.search(text)
        key = mark[1] == "BEGIN" if mark else key
        shown = visible(SECRET if key and not mark else redactor.text(text))
        lines.append(Line(number, shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…", number == place.line))
    return tuple(lines)
