"""Opening: the decompressed bytes of any source, whether file, piece, member of an archive, or far away."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from afterlog.errors import InputError
from afterlog.sources import journals, remote
from afterlog.sources.archives import Cursor
from afterlog.sources.cleaning import UTF8_MARK, without_mark
from afterlog.sources.compression import codec_of, decompressed
from afterlog.sources.framing import unframed
from afterlog.sources.model import HEAD_BYTES, Source
from afterlog.sources.records import records_apart


def open_chunks(source: Source) -> Iterator[bytes]:
    """Give the decompressed bytes of a source in pieces; UTF-16 becomes UTF-8.

    A binary journal is given as the JSON lines that journalctl prints, and octet-counted syslog as lines.

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
        yield from records_apart(unframed(without_mark(_text(source))))


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


def _text(source: Source) -> Iterator[bytes]:
    """Give the bytes of a source; those of a binary journal as the lines that journalctl makes of them."""
    chunks = _raw(source)
    first = next(chunks, b"")
    program = journals.journalctl() if first.startswith(journals.MAGIC) else None
    if program is None:
        yield first
        yield from chunks
    elif _begin_of_file(source).startswith(journals.MAGIC):
        chunks.close()
        yield from journals.journal_lines(program, source.file)
    else:
        yield from journals.spooled_lines(program, chain([first], chunks))


def _begin_of_file(source: Source) -> bytes:
    """Give the first bytes of a file of its own, as they lie there."""
    if source.members or source.address:
        return b""
    with source.file.open("rb") as raw:
        return raw.read(8)


def _raw(source: Source) -> Generator[bytes, None, None]:
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


_SPOT_BYTES: Final = 8 << 10
_SPOTS: Final = 3


def read_spots(source: Source, head: bytes, begin: int) -> bytes:
    """Give whole lines from a few places behind ``begin``, evenly spread; none where they cannot be got at cheaply.

    ``head`` is what was read already, decompressed; a plain file is looked at further in than that.
    """
    if source.members or source.pieces or source.repository or source.address or source.size <= len(head):
        return b"".join(_spots(len(head), begin, lambda at: head[at : at + _SPOT_BYTES]))
    try:
        with source.file.open("rb") as raw:
            if not raw.read(64).removeprefix(UTF8_MARK).startswith(head[:32]):
                return b""  # compressed, or UTF-16

            def read(at: int) -> bytes:
                raw.seek(at)
                return raw.read(_SPOT_BYTES)

            return b"".join(_spots(source.size, begin, read))
    except OSError:
        return b""


def _spots(size: int, begin: int, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Give the whole lines around each place, with the newline that ends the last."""
    for spot in range(_SPOTS if size > begin + _SPOT_BYTES else 0):
        data = read(begin + (size - begin - _SPOT_BYTES) * (spot + 1) // _SPOTS)
        yield data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1]
