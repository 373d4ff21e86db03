"""JSON documents that are one list of records, as cloud audit logs come: told apart into lines.

Such a document is a single line of any length. The comma between two records becomes a line ending, and nothing else
changes: every byte stays where it was, so that offsets are those of the file.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema
https://cloud.google.com/sdk/gcloud/reference/logging/read
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_OPENING: Final = re.compile(
    rb'\s*(?:\{\s*"[Rr]ecords"\s*:\s*\[|\[\s*\{\s*"'
    rb'|\{\s*"apiVersion"\s*:\s*"v1"\s*,\s*(?:"kind"\s*:\s*"\w*List"\s*,\s*)?"items"\s*:\s*\[)'
)
_OPENING_BYTES: Final = 128
_STRUCTURE: Final = re.compile(rb'["{}\[\],]')
_IN_TEXT: Final = re.compile(rb'\\.|"', re.DOTALL)
_ENDS_LINE: Final = re.compile(rb",[ \t]*\r?\n")
_HELD: Final = 32  # bytes at the end of a chunk that are looked at with the next one


def records_apart(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give the same number of bytes, each record on a line of its own; what is no such document passes as it is."""
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= _OPENING_BYTES:
            break
    opening = _OPENING.match(first[:_OPENING_BYTES])
    if opening is None:
        yield first
        yield from chunks
        return
    within = 1 if opening[0].lstrip().startswith(b"[") else 2  # brackets open between two records
    depth, in_text, held = 0, False, b""
    for piece in _with_end(first, chunks):
        data = bytearray(held + (piece or b""))
        limit = len(data) if piece is None else max(len(data) - _HELD, 0)
        at, depth, in_text = _cut(data, limit, depth, within, in_text=in_text)
        yield bytes(data[:at])
        held = bytes(data[at:])


def _with_end(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    yield first
    yield from chunks
    yield None


def _cut(data: bytearray, limit: int, depth: int, within: int, *, in_text: bool) -> tuple[int, int, bool]:
    """Cut between records, ``within`` so many brackets, up to a limit; give where it stopped, and the state there."""
    at = 0
    while at < limit:
        found = (_IN_TEXT if in_text else _STRUCTURE).search(data, at)
        if found is None or found.start() >= limit:
            return max(limit, at), depth, in_text
        byte, at = found[0], found.end()
        if byte == b'"':
            in_text = not in_text
        elif byte in {b"{", b"["}:
            depth += 1
        elif byte in {b"}", b"]"}:
            depth -= 1
        elif byte == b"," and depth == within and not _ENDS_LINE.match(data, found.start()):
            data[found.start()] = ord("\n")
    return at, depth, in_text
