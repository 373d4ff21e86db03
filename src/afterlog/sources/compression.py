"""Decompression, told by the first bytes and never by the name; damage is an error that keeps what came before."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, Final, cast

from afterlog.errors import InputError

CHUNK: Final = 1 << 20
_CODECS: Final = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_RATIO: Final = 400  # no log is compressed further than this over so many bytes; a bomb is
_RATIO_FROM: Final = 256 << 20


def codec_of(head: bytes) -> str:
    """Name the compression of a file that begins with these bytes; empty for none."""
    return next((name for magic, name in _CODECS if head.startswith(magic)), "")


def decompressed(raw: io.BufferedIOBase, codec: str) -> Iterator[bytes]:
    """Give the content of a file in pieces of at most `CHUNK` bytes.

    Raises:
        InputError: the data is damaged, ends early, or expands beyond all measure.

    """
    stream = open_codec(raw, codec)
    given = 0
    try:
        while chunk := stream.read1(CHUNK):
            given += len(chunk)
            yield chunk
            if codec and given > _RATIO_FROM and given > _RATIO * raw.tell():
                raise InputError(
                    f"expands to more than {_RATIO} times its size; only its first {given:,} bytes were read"
                )
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
        if not codec:
            raise
        raise InputError(_damage(codec, error, given)) from None


def open_codec(raw: io.BufferedIOBase, codec: str) -> Any:
    """Give a readable stream of the content, with ``read`` and ``read1``."""
    if codec == "zstd":
        return io.BufferedReader(cast("io.RawIOBase", _Zstd(raw)), CHUNK)
    if not codec:
        return raw
    if codec == "gzip":
        return gzip.GzipFile(fileobj=raw)
    return bz2.BZ2File(raw) if codec == "bzip2" else lzma.LZMAFile(cast("Any", raw))


class _Zstd(io.RawIOBase):
    """Frames of zstd, one behind the other; an unfinished last frame is an EOFError."""

    def __init__(self, raw: io.BufferedIOBase) -> None:
        import zstandard  # noqa: PLC0415  rarely needed, and slow to load

        self._new = zstandard.ZstdDecompressor().decompressobj
        self._error = zstandard.ZstdError
        self._raw = raw
        self._state = self._new()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._ready:
            data = b""
            if self._state.eof:
                data, self._state = self._state.unused_data, self._new()
            data = data or self._raw.read(64 << 10)
            if not data:
                self._check_end()
                return 0
            try:
                self._ready = self._state.decompress(data)
            except self._error as error:
                raise OSError(str(error)) from None
            self._begun = True
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self._begun = not self._state.eof
        return count

    _begun = False

    def _check_end(self) -> None:
        if self._begun:
            raise EOFError


def _damage(codec: str, error: Exception, given: int) -> str:
    what = "ends early (truncated)" if isinstance(error, EOFError) else f"is damaged ({error})"
    return f"the {codec} data {what}; the {given:,} bytes before it were read. Collect it again if you can."


def packed_us(head: bytes) -> int | None:
    """Give the time that a gzip header names, UTC microseconds; None where it names none (RFC 1952, 2.3.1)."""
    if not head.startswith(b"\x1f\x8b") or len(head) < 8:
        return None
    return int.from_bytes(head[4:8], "little") * 1_000_000 or None
