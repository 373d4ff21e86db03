"""Sources: one log as collected, found by walking directories and read as blocks of whole lines.

Nothing here trusts a name: compression and archives are told by the first bytes, links are not followed out of
the directory given, and a file that is no log is named as such with the reason. The parts stand in
`afterlog.sources`; this is their door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from afterlog.errors import InputError
from afterlog.sources.blocks import BLOCK_BYTES, blocks
from afterlog.sources.kinds import why_no_log
from afterlog.sources.model import HEAD_BYTES, Block, NotRead, Source
from afterlog.sources.opening import open_chunks, read_head, read_spots
from afterlog.sources.places import Place, place_of
from afterlog.sources.remote import is_address
from afterlog.sources.walking import walk

__all__ = [
    "BLOCK_BYTES", "HEAD_BYTES", "Block", "NotRead", "Place", "Source", "blocks", "open_chunks", "piece_at", "place_of",
    "read_head", "read_spots", "reopen", "walk", "why_no_log",
]  # fmt: skip


def reopen(inputs: Sequence[str]) -> list[Source]:
    """Find the sources of a case again, for evidence; inputs that are gone are left out."""
    there = [name if is_address(name) else Path(name) for name in inputs if is_address(name) or Path(name).exists()]
    return [item for item in walk(there) if isinstance(item, Source)]


def piece_at(source: Source, offset: int) -> tuple[Source, int]:
    """Give the piece of a rotated set in which a byte of the set lies, and the byte's offset there.

    Raises:
        InputError: the set has become shorter.

    """
    if not source.pieces:
        return source, offset
    begin = 0
    for piece in source.pieces:
        length = sum(len(chunk) for chunk in open_chunks(replace(source, pieces=(piece,))))
        if offset < begin + length:
            return piece, offset - begin
        begin += length
    raise InputError(f"{source.path}: has become shorter than {offset:,} bytes; ingest the logs again.")
