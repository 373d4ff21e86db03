"""Opening: the decompressed bytes of any source, whether file, piece, member of an archive, or far away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from afterlog.errors import InputError
from afterlog.sources import remote
from afterlog.sources.archives import Cursor
from afterlog.sources.cleaning import without_mark
from afterlog.sources.compression import codec_of, decompressed
from afterlog.sources.model import HEAD_BYTES, Source


def open_chunks(source: Source) -> Iterator[bytes]:
    """Give the decompressed bytes of a source in pieces; UTF-16 becomes UTF-8.

    Between two pieces of a rotated set a missing line ending is added, so that no line runs into the next piece.

    Raises:
        InputError: the source cannot be opened, or its compressed data is damaged or ends early; everything
            before the damage has been given.

    """
    if source.pieces:
        yield from _joined(source.pieces)
    elif source.repository:
        from afterlog.repository import render_log  # noqa: PLC0415  loads dulwich

        yield from render_log(source.file)
    else:
        yield from without_mark(_raw(source))


def _joined(pieces: tuple[Source, ...]) -> Iterator[bytes]:
    """Give pieces one behind the other; damage in one is told when all the others have been given."""
    failure: str = ""
    last = b"\n"
    for piece in pieces:
        try:
            begun = False
            for chunk in open_chunks(piece):
                bare = chunk if begun else chunk.lstrip(b"\x00")
                begun = begun or bool(bare)
                if bare:
                    yield bare
                    last = bare[-1:]
            if last != b"\n":
                yield b"\n"
                last = b"\n"
        except InputError as error:
            failure = failure or f"{piece.path}: {error}"
            if last != b"\n":
                yield b"\n"
                last = b"\n"
    if failure:
        raise InputError(failure)


def _raw(source: Source) -> Iterator[bytes]:
    try:
        if source.members:
            with _cursor(source.file).member(source.members) as stream:
                yield from decompressed(stream, codec_of(stream.peek(8)[:8]))
        elif source.address:
            with remote.opened(source.address) as stream:
                yield from decompressed(stream, codec_of(stream.peek(8)[:8]))
        else:
            with source.file.open("rb") as raw:
                codec = codec_of(raw.read(8))
                raw.seek(0)
                yield from decompressed(raw, codec)
    except PermissionError:
        raise InputError(
            "permission denied; run as a user who may read it, or copy it with its permissions changed"
        ) from None
    except OSError as error:
        raise InputError(str(error.strerror or error)) from None


@lru_cache(maxsize=8)
def _cursor(file: Path) -> Cursor:
    def open_raw() -> Any:
        return io.BufferedReader(io.FileIO(file))

    return Cursor(open_raw)


def read_head(source: Source, size: int = HEAD_BYTES) -> bytes:
    """Give up to ``size`` decompressed bytes from the beginning; damage after the first bytes is no error here."""
    pieces: list[bytes] = []
    held = 0
    try:
        for chunk in open_chunks(source):
            pieces.append(chunk)
            held += len(chunk)
            if held >= size:
                break
    except InputError:
        if not pieces:
            raise
    return b"".join(pieces)[:size]
