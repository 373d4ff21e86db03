"""Evidence: the very line behind a statement, quoted and hashed so that it can be opened and compared again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

from afterlog.errors import InputError
from afterlog.source import Source, open_chunks

_QUOTE_BYTES: Final = 2_000
_WINDOW: Final = 1 << 20


class Place(NamedTuple):
    """Where a line stands: path of the source, number from 1, bytes before it."""

    source: str
    line: int
    offset: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line: where it stands, what it says (cut at 2,000 bytes), and the SHA-256 of all of it."""

    source: str
    line: int
    offset: int
    quote: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        return {
            "source": self.source,
            "line": self.line,
            "offset": self.offset,
            "quote": self.quote,
            "hash": self.hash,
        }


def evidence_in(document: Any) -> Iterator[Evidence]:
    """Find all evidence in a JSON document, however deep."""
    ahead = [document]
    names = {"source", "line", "offset", "quote", "hash"}
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            if names <= value.keys():
                yield Evidence(value["source"], value["line"], value["offset"], value["quote"], value["hash"])
            else:
                ahead += value.values()
        elif isinstance(value, list):
            ahead += value


class Quotes:
    """Reads lines back from the sources; remembers what it has read."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.path: source for source in sources}
        self._known: dict[Place, Evidence] = {}
        self._below: dict[Place, list[tuple[Place, bytes]]] = {}

    def remember(self, quoted: Iterable[Evidence]) -> None:
        """Take quotes made before, for sources that are not at hand now: a case can be read without its logs."""
        for evidence in quoted:
            if evidence.source not in self._sources:
                self._known[Place(evidence.source, evidence.line, evidence.offset)] = evidence

    def fetch(self, places: Iterable[Place]) -> None:
        """Read many lines, each source once and in order."""
        wanted = sorted({place for place in places if place not in self._known})
        for path, group in groupby(wanted, key=lambda place: place.source):
            self._read(path, list(group))

    def of(self, place: Place) -> Evidence:
        """Give the evidence at a place.

        Raises:
            InputError: the source is gone or has become shorter.

        """
        self.fetch([place])
        if place not in self._known:
            raise InputError(f"{place.source}:{place.line}: the line is not there any more; ingest the logs again.")
        return self._known[place]

    def has(self, place: Place) -> bool:
        """Tell whether the line at a place was read."""
        return place in self._known

    def below(self, place: Place, line: str, within: int) -> Place | None:
        """Find a line equal to ``line`` among the next lines of the same source; None where there is none."""
        source = self._sources.get(place.source)
        if source is None:
            return None
        following = self._following(source, place, within)
        return next((found for found, text in following if text == line.encode("utf-8", "backslashreplace")), None)

    def _following(self, source: Source, place: Place, within: int) -> list[tuple[Place, bytes]]:
        if place not in self._below:
            number, offset = place.line, place.offset
            found: list[tuple[Place, bytes]] = []
            data = b"".join(_bytes_from(source, offset, 1 << 20))
            for text in data.split(b"\n")[:within]:
                found.append((Place(place.source, number, offset), text.removesuffix(b"\r")))
                number, offset = number + 1, offset + len(text) + 1
            self._below[place] = found
        return self._below[place]

    def _read(self, path: str, places: list[Place]) -> None:
        source = self._sources.get(path)
        if source is None:
            return
        waiting = sorted(places, key=lambda place: place.offset)
        for place, text in _lines_at(source, waiting):
            shown = text[:_QUOTE_BYTES].decode("utf-8", "backslashreplace")
            self._known[place] = Evidence(
                place.source, place.line, place.offset, shown, hashlib.sha256(text).hexdigest()
            )


def _bytes_from(source: Source, offset: int, most: int) -> Iterator[bytes]:
    """Give up to ``most`` bytes from an offset of the decompressed source."""
    begin = 0
    try:
        for chunk in open_chunks(source):
            piece = chunk[max(offset - begin, 0) : max(offset + most - begin, 0)]
            begin += len(chunk)
            if piece:
                yield piece
            if begin >= offset + most:
                return
    except InputError:
        return


def _lines_at(source: Source, places: list[Place]) -> Iterator[tuple[Place, bytes]]:
    """Walk once through the source and cut out the lines that begin at the offsets, ascending."""
    held = b""
    begin = 0  # offset of held[0]
    index = 0
    chunks = open_chunks(source)
    ended = False
    while index < len(places):
        place = places[index]
        at = place.offset - begin
        end = held.find(b"\n", at) if 0 <= at < len(held) else -1
        if end < 0 and not ended:
            if at > len(held) or at > _WINDOW:
                cut = min(max(at, 0), len(held))
                begin, held = begin + cut, held[cut:]
            try:
                held += next(chunks)
            except (StopIteration, InputError):
                ended = True
            continue
        if at >= len(held):
            return
        yield place, held[at : end if end >= 0 else len(held)].removesuffix(b"\r")
        index += 1
