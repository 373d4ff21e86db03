"""Archives read in place: tar and zip, compressed and nested. Nothing of them ever becomes a path on the disk.

A member is addressed by its position, because names may repeat and may say anything. Compressed tar archives
can only be read from the front: reading members in their order costs one pass, see `Cursor`.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, cast

from afterlog.errors import InputError
from afterlog.sources.compression import CHUNK, codec_of, open_codec
from afterlog.sources.kinds import is_tar, is_zip

_IN_MEMORY: Final = 8 << 20
_DAMAGE: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    zlib.error,
    RuntimeError,
    NotImplementedError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may claim before it is called a bomb; sizes in bytes."""

    members: int = 100_000
    depth: int = 4
    member_bytes: int = 1 << 40
    nested_bytes: int = 4 << 30  # of a zip within another archive, which must be kept to be read


BOUNDS: Final = Bounds()


@dataclass(frozen=True, slots=True)
class Member:
    """A file within an archive: its position in each archive around it, its name there, size, time in seconds."""

    members: tuple[int, ...]
    name: str
    size: int
    mtime_s: float
    problem: str = ""


class _Stream(io.RawIOBase):
    """A stream that is only read forward and knows its place; archives within archives are read through it."""

    def __init__(self, raw: Any, keep: object = None) -> None:
        self._raw = raw
        self._keep = keep  # what must stay open while this is read

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        data = self._raw.read(len(target))
        target[: len(data)] = data
        return len(data)


class _Patient:
    """A stream that gives all that comes before damage, and raises only then."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._failure: Exception | None = None

    def read(self, size: int) -> bytes:
        if self._failure is not None:
            raise self._failure
        held: list[bytes] = []
        try:
            while size > 0 and (data := self._stream.read1(size)):
                held.append(data)
                size -= len(data)
        except _DAMAGE as error:
            self._failure = error
            if not held:
                raise
        return b"".join(held)


def is_archive(raw: Any) -> bool:
    """Tell whether a file, open at its beginning, is an archive, maybe a compressed one."""
    head = raw.read(512)
    if is_zip(head) or is_tar(head):
        return True
    codec = codec_of(head)
    if not codec:
        return False
    raw.seek(0)
    try:
        return is_tar(open_codec(raw, codec).read(512))
    except _DAMAGE:
        return False


def list_members(raw: Any, bounds: Bounds = BOUNDS) -> Iterator[Member]:
    """Tell every file in an archive, also in archives within it, in the order in which they lie there.

    What cannot be read is told as a member with its ``problem``; what comes before damage is told first.
    """
    for count, member in enumerate(_listed(raw, (), "", bounds), 1):
        if count > bounds.members:
            yield Member(member.members, "", 0, 0, f"more than {bounds.members:,} members; the others are not read")
            return
        yield member


def _listed(raw: Any, above: tuple[int, ...], prefix: str, bounds: Bounds) -> Iterator[Member]:
    index = -1
    try:
        for index, name, size, mtime_s, stream in _entries(raw):
            here, path = (*above, index), prefix + _plain_name(name)
            if size > bounds.member_bytes:
                yield Member(here, path, 0, mtime_s, f"says it holds {size:,} bytes; not read")
                continue
            inner = _peeked(stream)
            if not _is_inner_archive(inner):
                yield Member(here, path, size, mtime_s)
            elif len(here) >= bounds.depth:
                yield Member(here, path, 0, mtime_s, f"an archive {len(here)} archives deep; not opened")
            else:
                yield from _listed(inner, here, path + "/", bounds)
    except _DAMAGE as error:
        yield Member(
            (*above, index + 1),
            prefix.rstrip("/"),
            0,
            0,
            f"the archive is damaged: {error or type(error).__name__}; members before the damage are read",
        )


def _plain_name(name: str) -> str:
    """Give a member's name as a path that leads nowhere: without root, drive and ``..``."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return "/".join("".join(c if c.isprintable() else "�" for c in part).rstrip(":") for part in parts) or "unnamed"


def _entries(raw: Any) -> Iterator[tuple[int, str, int, float, Any]]:
    """Walk through one archive: position, name, size, time, and the content as a stream valid until the next."""
    peeked = _peeked(raw)
    head = peeked.peek(512)[:512]
    if is_zip(head):
        yield from _zip_entries(raw if _is_file(raw) else peeked)
        return
    codec = codec_of(head)
    content = cast("Any", _Patient(open_codec(peeked, codec)))
    with tarfile.open(fileobj=content, mode="r|", bufsize=CHUNK, errors="surrogateescape") as archive:
        for index, info in enumerate(archive):
            archive.members = []  # type: ignore[attr-defined]  # a list of all would grow without bound
            if info.isfile():
                yield (
                    index,
                    info.name.encode("utf-8", "replace").decode(),
                    info.size,
                    float(info.mtime),
                    archive.extractfile(info),
                )


def _zip_entries(raw: Any) -> Iterator[tuple[int, str, int, float, Any]]:
    with _seekable(raw) as file, zipfile.ZipFile(file) as archive:
        for index, info in enumerate(archive.infolist()):
            if info.is_dir():
                continue
            year, month, day, hour, minute, second = info.date_time
            mtime_s = _epoch(year, month, day) + hour * 3600 + minute * 60 + second
            if info.flag_bits & 1:
                raise RuntimeError(f"{info.filename} is encrypted")
            with archive.open(info) as stream:
                yield index, info.filename, info.file_size, mtime_s, stream


def _epoch(year: int, month: int, day: int) -> float:
    import calendar  # noqa: PLC0415

    return float(calendar.timegm((year, max(month, 1), max(day, 1), 0, 0, 0)))


@contextmanager
def _seekable(raw: Any) -> Iterator[Any]:
    """Give a file that can be sought: itself, or a nameless temporary copy of bounded size."""
    if _is_file(raw):
        raw.seek(0)
        yield raw
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        while data := raw.read(CHUNK):
            copy.write(data)
            if copy.tell() > BOUNDS.nested_bytes:
                raise RuntimeError(
                    f"a zip archive of over {BOUNDS.nested_bytes:,} bytes within another archive; unpack it first"
                )
        copy.seek(0)
        yield copy


def _is_file(raw: Any) -> bool:
    return isinstance(getattr(raw, "raw", None), io.FileIO)


def _peeked(stream: Any, keep: object = None) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader) and keep is None:
        return stream
    return io.BufferedReader(_Stream(stream, keep), CHUNK)


def _is_inner_archive(stream: io.BufferedReader) -> bool:
    head = stream.peek(512)[:512]
    if is_zip(head) or is_tar(head):
        return True
    codec = codec_of(head)
    if not codec:
        return False
    try:
        return is_tar(open_codec(io.BytesIO(stream.peek(CHUNK)), codec).read(512))
    except _DAMAGE:
        return False


class Cursor:
    """Reads the members of one archive; in their order it needs one pass."""

    def __init__(self, open_raw: Any) -> None:
        self._open = open_raw
        self._raw: Any = None
        self._walk: Iterator[tuple[int, str, int, float, Any]] | None = None
        self._next = 0
        self._busy = threading.Lock()

    def close(self) -> None:
        """Let go of the file."""
        self._walk = None
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def __del__(self) -> None:
        self.close()

    @contextmanager
    def member(self, members: tuple[int, ...]) -> Iterator[io.BufferedReader]:
        """Open a member; another thread in the same archive gets a pass of its own.

        Raises:
            InputError: it is not there any more, or what comes before it is damaged.

        """
        if not self._busy.acquire(blocking=False):
            with Cursor(self._open).member(members) as stream:
                yield stream
            return
        try:
            yield self._at(members)
        except _DAMAGE as error:
            self.close()
            raise InputError(f"the archive is damaged: {error or type(error).__name__}") from None
        finally:
            self._busy.release()

    def _at(self, members: tuple[int, ...]) -> io.BufferedReader:
        if self._walk is None or members[0] < self._next:
            self.close()
            self._raw = self._open()
            self._walk, self._next = _entries(self._raw), 0
        for index, _name, _size, _mtime, stream in self._walk:
            self._next = index + 1
            if index == members[0]:
                return _within(_peeked(stream), members[1:])
        self.close()
        raise InputError("the archive has changed: this member is not there any more")


def _within(stream: io.BufferedReader, members: tuple[int, ...]) -> io.BufferedReader:
    for wanted in members:
        entries = _entries(stream)
        found = next((inner for index, _, _, _, inner in entries if index == wanted), None)
        if found is None:
            raise InputError("the archive has changed: this member is not there any more")
        stream = _peeked(found, entries)
    return stream
