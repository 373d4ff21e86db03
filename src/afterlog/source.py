"""Sources: one log as collected, found by walking directories and read as blocks of whole lines.

Nothing here trusts a name: compression is told by the first bytes, links are not followed out of the
directory given, and a file that is no log is named as such with the reason.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import zstandard

from afterlog.errors import InputError
from afterlog.repository import is_repository, render_log

BLOCK_BYTES: Final = 2 << 20
HEAD_BYTES: Final = 256 << 10
_CHUNK: Final = 1 << 20

_CODECS: Final = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_MAGIC: Final = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"PK\x03\x04", "a zip archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"LPKSHHRH", "a binary systemd journal"),
    (b"DIRC", "a git index"),
    (b"PACK", "a git pack"),
    (b"\xfftOc", "a git pack index"),
    (b"Request: EIPP", "a package list written by apt, not a log"),
    (b"Request: EDSP", "a package list written by apt, not a log"),
)
_ROOT_DIRS: Final = frozenset("var srv etc home opt usr root tmp log logs run mnt data proc sys".split())
_SERVICE_DIRS: Final = frozenset(
    "apache apache2 httpd nginx haproxy mysql mariadb postgresql redis rabbitmq puppet puppetlabs ansible apt "
    "journal syslog tomcat caddy traefik envoy kafka mongodb docker containers pods php git salt chef".split()
)


class Place(NamedTuple):
    """What a path tells about where a log was written."""

    host: str | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """One log as collected. ``path`` is relative to the directory given and uses ``/``; sizes are bytes."""

    path: str
    file: Path
    host: str | None
    service: str | None
    size: int
    mtime_us: int
    repository: bool = False


@dataclass(frozen=True, slots=True)
class NotRead:
    """A file that is not read, with the reason a person will see."""

    path: str
    status: str  # "not-a-log" or "unreadable"
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a source: the unit of parsing. ``line`` counts from 1, ``offset`` in bytes from 0."""

    data: bytes
    line: int
    offset: int


def walk(roots: list[Path]) -> Iterator[Source | NotRead]:
    """Find every file below the roots, in the order of their paths; a git repository counts as one source.

    A root may be a file. Paths are relative to their root; where two roots hold the same relative path, the
    root's own name is put before it.

    Raises:
        InputError: a root is not there.

    """
    for root in roots:
        if not root.exists():
            raise InputError(f"{root}: no such file or directory. Give the directory that holds the collected logs.")
    found = [item for root in roots for item in _walk_root(root)]
    seen: dict[str, int] = {}
    for path, _root, _file in found:
        seen[path] = seen.get(path, 0) + 1
    named = [(f"{root.name}/{path}" if seen[path] > 1 else path, root, file) for path, root, file in found]
    for path, root, file in sorted(named, key=lambda item: item[0]):
        yield from _look_at(path, root, file)


def _walk_root(root: Path) -> Iterator[tuple[str, Path, Path]]:
    if not root.is_dir() or is_repository(root):
        yield root.name, root, root
        return
    for folder, directories, files in os.walk(root, followlinks=False):
        here = Path(folder)
        for name in sorted(directories):
            if is_repository(here / name):
                yield (here / name).relative_to(root).as_posix(), root, here / name
        directories.sort()
        for name in sorted(files):
            yield (here / name).relative_to(root).as_posix(), root, here / name


def _look_at(path: str, root: Path, file: Path) -> Iterator[Source | NotRead]:
    try:
        if file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            yield NotRead(path, "unreadable", "a link that leads out of the directory given; not followed")
            return
        status = file.stat()
    except OSError as error:
        yield NotRead(path, "unreadable", f"{error.strerror or error}")
        return
    place = place_of(path, root)
    if stat.S_ISDIR(status.st_mode):
        yield Source(path, file, place.host, place.service, 0, status.st_mtime_ns // 1000, repository=True)
    elif not stat.S_ISREG(status.st_mode):
        yield NotRead(path, "not-a-log", "not a regular file (a socket, pipe or device)")
    else:
        yield Source(path, file, place.host, place.service, status.st_size, status.st_mtime_ns // 1000)


def place_of(path: str, root: Path) -> Place:
    """Tell host and service from a path such as ``web-01/var/log/apache2/access.log``."""
    parts = PurePosixPath(path).parts
    folders = parts[:-1]
    marker = next((i for i, part in enumerate(folders) if part in _ROOT_DIRS), len(folders))
    before = [part for part in folders[:marker] if part not in _SERVICE_DIRS]
    host = before[-1] if before else None
    if host is None and folders and marker == 0 and root.is_dir() and root.name not in _ROOT_DIRS:
        host = root.resolve().name or None
    stem = PurePosixPath(parts[-1]).name.split(".")[0] if parts else ""
    words = [word for word in stem.replace("_", "-").split("-") if word not in ("access", "error", "log", "other", "vhosts", "ssl")]
    folder = folders[-1] if folders and folders[-1] not in _ROOT_DIRS and folders[-1] != host else None
    return Place(host, "-".join(words) or folder)


def open_chunks(source: Source) -> Iterator[bytes]:
    """Give the decompressed bytes of a source in pieces.

    Raises:
        InputError: the source cannot be opened, or its compressed data is damaged or ends early; everything
            before the damage has been given.

    """
    if source.repository:
        yield from render_log(source.file)
        return
    try:
        with source.file.open("rb") as raw:
            head = raw.read(8)
            raw.seek(0)
            codec = next((name for magic, name in _CODECS if head.startswith(magic)), "")
            yield from _decompressed(raw, codec)
    except PermissionError:
        raise InputError("permission denied; run as a user who may read it, or copy it with its permissions changed") from None
    except OSError as error:
        raise InputError(str(error.strerror or error)) from None


def _decompressed(raw: io.BufferedReader, codec: str) -> Iterator[bytes]:
    if codec == "zstd":
        yield from _zstd(raw)
        return
    stream: gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile | io.BufferedReader
    stream = {"gzip": gzip.GzipFile, "bzip2": bz2.BZ2File, "xz": lzma.LZMAFile}[codec](raw) if codec else raw
    given = 0
    try:
        while chunk := stream.read1(_CHUNK):
            given += len(chunk)
            yield chunk
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
        if not codec:
            raise
        raise InputError(_damage(codec, error, given)) from None


def _zstd(raw: io.BufferedReader) -> Iterator[bytes]:
    given = 0
    state = zstandard.ZstdDecompressor().decompressobj()
    try:
        while data := raw.read(4096):
            while data:
                chunk = state.decompress(data)
                given += len(chunk)
                if chunk:
                    yield chunk
                data = state.unused_data if state.eof else b""
                if state.eof and data:
                    state = zstandard.ZstdDecompressor().decompressobj()
    except zstandard.ZstdError as error:
        raise InputError(_damage("zstd", error, given)) from None
    if not state.eof:
        raise InputError(_damage("zstd", EOFError(), given))


def _damage(codec: str, error: Exception, given: int) -> str:
    what = "ends early (truncated)" if isinstance(error, EOFError) else f"is damaged ({error})"
    return f"the {codec} data {what}; the {given:,} bytes before it were read. Collect it again if you can."


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


def why_no_log(head: bytes) -> str | None:
    """Tell why these first bytes cannot be a text log, or None if they can."""
    if not head:
        return "empty"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head[:1] == b"\x78" and _is_git_object(head):
        return "a git object"
    if head[257:262] == b"ustar":
        return "a tar archive"
    odd = sum(head.count(byte) for byte in _CONTROL)
    if odd > len(head) * 0.05 and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary data, not text"
    return None


_CONTROL: Final = [bytes([b]) for b in (*range(7), *range(14, 27), *range(28, 32))]  # without \a…\r and ESC


def _is_git_object(head: bytes) -> bool:
    try:
        return zlib.decompressobj().decompress(head, 16).startswith((b"blob ", b"tree ", b"commit ", b"tag "))
    except zlib.error:
        return False


def blocks(chunks: Iterator[bytes], size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Cut a stream of bytes into blocks of whole lines; a last line without an ending is a line.

    When ``chunks`` raises, the lines before it are given first and the error follows.
    """
    held: list[bytes] = []
    amount = line = offset = 0
    failure: InputError | None = None

    def cut(data: bytes) -> Block:
        nonlocal line, offset
        block = Block(data, line + 1, offset)
        line += data.count(b"\n")
        offset += len(data)
        return block

    try:
        for chunk in chunks:
            held.append(chunk)
            amount += len(chunk)
            if amount >= size and b"\n" in chunk:
                whole, _, rest = b"".join(held).rpartition(b"\n")
                yield cut(whole + b"\n")
                held, amount = [rest], len(rest)
    except InputError as error:
        failure = error
    if data := b"".join(held):
        yield cut(data)
    if failure:
        raise failure
