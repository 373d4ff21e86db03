"""Lines around a place, straight from the source: as evidence opens in its context.

A plain file is read from where the line stands. Compressed files, members of archives and rotated sets are unpacked
from their beginning up to the place, as there is no other way into them; what was read around it is kept for a while,
so that more of its neighbourhood costs nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from afterlog.errors import InputError
from afterlog.evidence import Place
from afterlog.source import Source, open_chunks
from afterlog.sources.compression import codec_of
from afterlog.statement import visible

MOST_LINES: Final = 400  # to either side
_SIDE: Final = 256 << 10  # bytes read to either side of a place
_KEPT: Final = 16
_LONGEST: Final = 4_000  # characters of a line that are shown
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")  # of UTF-16 and UTF-8: offsets count what follows


@dataclass(frozen=True, slots=True)
class _Window:
    """Bytes of a source around a place; ``begin`` is the offset of the first."""

    begin: int
    data: bytes
    whole_end: bool  # nothing comes after them


class Around:
    """Reads the sources of a case by place.

    Args:
        find_sources: finds the sources again; called once, when the first line is asked for.
        clean: makes a line fit to be shown, masking its secrets.

    """

    def __init__(self, find_sources: Callable[[], Sequence[Source]], clean: Callable[[str], str]) -> None:
        self._find = find_sources
        self._clean = clean
        self._sources: dict[str, Source] | None = None
        self._kept: OrderedDict[Place, _Window] = OrderedDict()
        self._lock = threading.Lock()

    def lines(self, place: Place, before: int, after: int, expected: str | None = None) -> dict[str, Any]:
        """Give the lines around a place.

        Args:
            place: source, line from 1, offset in the decompressed source.
            before: how many lines before it, at most `MOST_LINES`.
            after: how many behind it, at most `MOST_LINES`.
            expected: the SHA-256 of the line when it was cited, None where that is not known.

        Raises:
            InputError: the source is not there any more, cannot be read, or has become shorter.

        """
        window = self._window(place)
        at = place.offset - window.begin
        if not 0 <= at < len(window.data):
            raise InputError(f"{place.source}:{place.line}: the line is not there any more; ingest the logs again.")
        above = window.data[:at].split(b"\n")[:-1]
        above = above[1:] if window.begin else above  # the first is cut, unless it is the source's first
        below = window.data[at:].split(b"\n")
        more_below = not window.whole_end
        below = below[:-1] if more_below and len(below) > 1 else below
        if below[-1] == b"" and len(below) > 1:
            below = below[:-1]
        above_shown = above[max(len(above) - min(before, MOST_LINES), 0) :]
        below_shown = below[: min(after, MOST_LINES) + 1]
        first = place.line - len(above_shown)
        shown = [self._line(first + n, raw, place.line) for n, raw in enumerate([*above_shown, *below_shown])]
        same = expected is None or hashlib.sha256(below[0].removesuffix(b"\r")).hexdigest() == expected
        return {
            "source": place.source,
            "line": place.line,
            "lines": shown,
            "more_above": len(above_shown) < len(above) and before < MOST_LINES,
            "more_below": len(below_shown) < len(below) and after < MOST_LINES,
            "unchanged": same,
        }

    def _line(self, number: int, raw: bytes, cited: int) -> dict[str, Any]:
        text = visible(self._clean(raw.removesuffix(b"\r")[: 4 * _LONGEST].decode("utf-8", "backslashreplace")))
        cut = len(text) > _LONGEST or len(raw) > 4 * _LONGEST
        return {"number": number, "text": text[:_LONGEST] + ("…" if cut else ""), "cited": number == cited}

    def _window(self, place: Place) -> _Window:
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
            if self._sources is None:
                self._sources = {source.path: source for source in self._find()}
            source = self._sources.get(place.source)
        if source is None:
            raise InputError(
                f"{place.source}: the logs that this case was made from are not there any more; only quotes are left."
            )
        window = _read(source, place.offset)
        with self._lock:
            self._kept[place] = window
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return window


def _read(source: Source, offset: int) -> _Window:
    """Read the bytes around an offset.

    Raises:
        InputError: the source cannot be read, or is damaged before the offset.

    """
    begin, until = max(offset - _SIDE, 0), offset + _SIDE
    if _is_plain(source):
        try:
            with source.file.open("rb") as file:
                file.seek(begin)
                data = file.read(until - begin)
                return _Window(begin, data, not file.read(1))
        except OSError as error:
            raise InputError(f"{source.path}: {error.strerror or error}") from None
    pieces: list[bytes] = []
    passed = 0
    whole = True
    try:
        for chunk in open_chunks(source):
            low, high = max(begin - passed, 0), until - passed
            if low < len(chunk) and high > 0:
                pieces.append(chunk[low:high])
            passed += len(chunk)
            if passed > until:
                whole = False
                break
    except InputError:
        if passed <= offset:
            raise
    return _Window(begin, b"".join(pieces), whole)


def _is_plain(source: Source) -> bool:
    """Tell whether offsets of the source are offsets of a file that can be read from anywhere."""
    if source.members or source.pieces or source.repository or source.address:
        return False
    try:
        with source.file.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise InputError(f"{source.path}: {error.strerror or error}") from None
    return not codec_of(head) and not head.startswith(_MARKS)
