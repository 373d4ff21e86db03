"""What stands between a source's bytes and its text: byte order marks, UTF-16, Latin-1, terminal colours.

UTF-16 and a leading mark are dealt with where the bytes are opened, so that offsets count UTF-8 bytes. Latin-1
and colours are cleaned line by line where they are parsed, so that offsets count the bytes as they lie there.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

LATIN1: Final = "latin-1"
COLOURS: Final = "colours"
_ESCAPE: Final = re.compile(rb"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\n\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]")
UTF8_MARK: Final = codecs.BOM_UTF8
_HIGH: Final = re.compile(rb"[\x80-\xff]+")


def without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn UTF-16 with a mark into UTF-8 and drop the mark of UTF-8; other bytes pass as they are."""
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= len(UTF8_MARK):
            break
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")("backslashreplace")
        yield decoder.decode(first).encode("utf-8", "backslashreplace")
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "backslashreplace")
        yield decoder.decode(b"", final=True).encode("utf-8", "backslashreplace")
        return
    yield first.removeprefix(UTF8_MARK)
    yield from chunks


def cleaning_of(head: bytes) -> frozenset[str]:
    """Tell from the first bytes which cleaning the lines need: half of them coloured, or Latin-1 letters."""
    if head.startswith(b"__CURSOR="):  # journald's export counts the bytes of its values
        return frozenset()
    found = set()
    lines = head.split(b"\n")
    if sum(1 for line in lines if b"\x1b[" in line) * 2 > len([line for line in lines if line]):
        found.add(COLOURS)
    if _is_latin1(head):
        found.add(LATIN1)
    return frozenset(found)


def _is_latin1(head: bytes) -> bool:
    """Tell whether the bytes above 127 are letters of Latin-1 and nowhere UTF-8."""
    runs = _HIGH.findall(head)
    if not runs:
        return False
    letters = all(byte >= 0xA0 for run in runs for byte in run)
    return letters and not any(_is_utf8(run) for run in runs)


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True


def cleaned(data: bytes, cleaning: frozenset[str]) -> bytes:
    """Give the text of whole lines as UTF-8 without colours; the number of lines stays the same."""
    if COLOURS in cleaning:
        data = _ESCAPE.sub(b"", data)
    if LATIN1 in cleaning:
        data = data.decode("latin-1").encode()
    return data
