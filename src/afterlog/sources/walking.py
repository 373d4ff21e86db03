"""The walk: from the paths a person gave to sources, in the order of their paths."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePosixPath

from afterlog.errors import InputError
from afterlog.repository import is_repository
from afterlog.sources import remote
from afterlog.sources.archives import is_archive, list_members
from afterlog.sources.model import NotRead, Source
from afterlog.sources.opening import open_chunks, read_head
from afterlog.sources.places import place_of
from afterlog.sources.rotation import Rotated, rotated_sets, turn_of

_LEFTOVER_HEAD = 4096
_WITHIN = "a git repository within an archive: of it only the reflogs are read; unpack it to read its commits"


@dataclass(frozen=True, slots=True)
class _Found:
    """A file below a root, not looked at yet."""

    path: str
    root: Path
    file: Path
    git: bool = False  # one of git's own files


def walk(roots: Sequence[Path | str]) -> Iterator[Source | NotRead]:
    """Find every log below the roots, in the order of their paths.

    A git repository counts as one source, a rotated set as one, and every member of an archive as one. A root
    may be a file or an address (``s3://…``). Paths are relative to their root; where two roots hold the same
    relative path, the root's own name is put before it.

    Raises:
        InputError: a root is not there.

    """
    local = [Path(root) for root in roots if not remote.is_address(root)]
    for root in local:
        if not root.exists():
            raise InputError(f"{root}: no such file or directory. Give the directory that holds the collected logs.")
    found = [item for root in local for item in _walk_root(root)]
    seen: dict[str, int] = {}
    for item in found:
        seen[item.path] = seen.get(item.path, 0) + 1
    named = [replace(item, path=f"{item.root.name}/{item.path}") if seen[item.path] > 1 else item for item in found]
    items = [looked for item in named for looked in _look_at(item)]
    items += [item for root in roots if remote.is_address(root) for item in remote.walk_address(str(root))]
    yield from sorted(_unique(_rotated(items)), key=lambda item: item.path)


def _walk_root(root: Path) -> Iterator[_Found]:
    if not root.is_dir() or is_repository(root):
        yield _Found(root.name, root, root)
        return
    repositories: set[Path] = set()
    for folder, directories, files in os.walk(root, followlinks=False):
        here = Path(folder)
        for name in sorted(directories):
            if (here / name).is_symlink() or is_repository(here / name):
                yield _Found((here / name).relative_to(root).as_posix(), root, here / name)
        directories.sort()
        inner = repositories & {here, *here.parents}
        repositories |= {here / name for name in directories if _holds_objects(here / name)}
        for name in sorted(files):
            yield _Found((here / name).relative_to(root).as_posix(), root, here / name, bool(inner))


def _holds_objects(folder: Path) -> bool:
    """Tell a bare repository or a ``.git``: its files are git's own, its history is one source."""
    return (folder / "objects").is_dir() and (folder / "HEAD").is_file()


def _printable(path: str) -> str:
    """Write out the bytes of a name that are no UTF-8: paths stand in tables and JSON."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _look_at(found: _Found) -> Iterator[Source | NotRead]:
    path, root, file = _printable(found.path), found.root, found.file
    if found.git:
        yield NotRead(path, "not-a-log", "one of git's own files; the repository's history is read as one source")
        return
    try:
        if file.is_symlink() and file != root:
            yield from _look_at_link(found)
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
        yield from _opened(
            Source(path, file, place.host, place.service, status.st_size, status.st_mtime_ns // 1000), root
        )


def _look_at_link(found: _Found) -> Iterator[Source | NotRead]:
    """Tell where a link leads; what it leads to within the directory given is read there, once."""
    try:
        target = found.file.resolve(strict=True)
    except (OSError, RuntimeError):
        yield NotRead(found.path, "unreadable", "a link that leads nowhere, or to itself")
        return
    if target.is_relative_to(found.root.resolve()):
        there = target.relative_to(found.root.resolve()).as_posix()
        yield NotRead(found.path, "not-a-log", f"a link to {there}, which is read there")
    else:
        yield NotRead(found.path, "unreadable", "a link that leads out of the directory given; not followed")


def _opened(source: Source, root: Path) -> Iterator[Source | NotRead]:
    """Give a file as it is, or the members of the archive that it is."""
    try:
        with source.file.open("rb") as raw:
            if not is_archive(raw):
                yield source
                return
            raw.seek(0)
            members = list(list_members(raw))
            repositories = _repositories(member.name for member in members)
            for name in sorted(repositories):
                yield NotRead(f"{source.path}/{name}", "unreadable", _WITHIN)
            for member in members:
                path = f"{source.path}/{member.name}" if member.name else source.path
                inner = next((name for name in repositories if member.name.startswith(f"{name}/")), None)
                if member.problem:
                    yield NotRead(path, "unreadable", member.problem)
                elif inner is not None and not member.name.startswith(f"{inner}/logs/"):
                    yield NotRead(path, "not-a-log", "one of git's own files")
                else:
                    stands = path if inner is None else f"{source.path}/{inner.removesuffix('/.git')}"
                    place = place_of(stands, root)
                    mtime_us = int(member.mtime_s * 1e6)
                    yield replace(
                        source,
                        path=path,
                        host=place.host,
                        service=place.service,
                        size=member.size,
                        mtime_us=mtime_us,
                        members=member.members,
                    )
    except OSError:
        yield source  # opening it again will tell why


def _repositories(names: Iterable[str]) -> frozenset[str]:
    """Give the repositories among the members of an archive: what holds objects and a HEAD."""
    heads, objects = set(), set()
    for name in names:
        folder, _, file = name.rpartition("/")
        if file == "HEAD" and folder:
            heads.add(folder)
        before, found, _ = name.partition("/objects/")
        if found:
            objects.add(before)
    return frozenset(heads & objects)


def _unique(items: Iterable[Source | NotRead]) -> Iterator[Source | NotRead]:
    """Put numbers behind equal paths, as members of an archive may have."""
    seen: dict[str, int] = {}
    for item in items:
        seen[item.path] = seen.get(item.path, 0) + 1
        yield item if seen[item.path] == 1 else replace(item, path=f"{item.path}#{seen[item.path]}")


def _rotated(items: list[Source | NotRead]) -> Iterator[Source | NotRead]:
    """Join rotated sets."""
    logs = [item for item in items if isinstance(item, Source) and not item.repository]
    yield from (item for item in items if isinstance(item, NotRead) or item.repository)

    def folder(source: Source) -> str:
        return str(PurePosixPath(source.path).parent)

    for _, group in groupby(sorted(logs, key=lambda source: (folder(source), source.path)), folder):
        named: dict[str, list[Source]] = {}
        for source in group:
            named.setdefault(PurePosixPath(source.path).name, []).append(source)
        for rotated in rotated_sets(named):
            yield from _joined(rotated, [source for name in rotated.pieces for source in named[name]])


def _joined(rotated: Rotated, pieces: list[Source]) -> Iterator[Source | NotRead]:
    if len(pieces) < 2 or len(rotated.pieces) < 2:
        yield from pieces
        return
    kept, dropped = _without_leftovers(pieces)
    yield from dropped
    if len(kept) < 2:
        yield from kept
        return
    newest = kept[-1]
    path = PurePosixPath(newest.path).with_name(rotated.log).as_posix()
    place = place_of(path, Path("/")) if newest.address else None
    yield replace(
        newest,
        path=path,
        service=place.service if place else _service_of(newest, rotated.log),
        size=sum(piece.size for piece in kept),
        mtime_us=newest.mtime_us,
        members=(),
        pieces=tuple(kept),
    )


def _service_of(newest: Source, log: str) -> str | None:
    return place_of(PurePosixPath(newest.path).with_name(log).as_posix(), Path("/")).service


def _without_leftovers(pieces: list[Source]) -> tuple[list[Source], list[NotRead]]:
    """Leave out a piece that is the beginning of the next one, or the compressed copy of its neighbour."""
    kept: list[Source] = []
    dropped: list[NotRead] = []
    for index, piece in enumerate(pieces):
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        before = kept[-1] if kept else None
        if after is not None and not _same_turn(piece, after) and _begins(after, piece):
            dropped.append(
                NotRead(
                    piece.path,
                    "not-a-log",
                    f"the beginning of {after.path} (left by copytruncate), which is read instead",
                )
            )
        elif before is not None and _same_turn(before, piece) and _begins(before, piece):
            dropped.append(
                NotRead(piece.path, "not-a-log", f"a compressed copy of {before.path}, which is read instead")
            )
        else:
            kept.append(piece)
    return kept, dropped


def _same_turn(one: Source, other: Source) -> bool:
    return turn_of(PurePosixPath(one.path).name).order == turn_of(PurePosixPath(other.path).name).order


def _begins(longer: Source, shorter: Source) -> bool:
    """Tell whether the content of one source is the beginning of another's; damage in the shorter is forgiven."""
    try:
        head = read_head(shorter, _LEFTOVER_HEAD)
        if not head or read_head(longer, len(head)) != head:
            return False
    except InputError:
        return False
    rest = _Reader(longer)
    try:
        return all(rest.read(len(chunk)) == chunk for chunk in open_chunks(shorter))
    except InputError:
        return True


class _Reader:
    """Reads a source by exact amounts."""

    def __init__(self, source: Source) -> None:
        self._chunks: Iterator[bytes] = open_chunks(source)
        self._held = b""

    def read(self, amount: int) -> bytes:
        try:
            while len(self._held) < amount and (chunk := next(self._chunks, b"")):
                self._held += chunk
        except InputError:
            self._chunks = iter(())  # what is damaged ends here
        data, self._held = self._held[:amount], self._held[amount:]
        return data
