"""A git repository as text: what its objects tell, in the shape of ``git log -p --pretty=fuller``.

The directory is untrusted. No git command runs; configuration, hooks, attributes and filters are never read;
objects come only from regular files within the directory, never through a symbolic link, never from the
repositories that ``objects/info/alternates`` names. One object, one diff and the whole history are bounded.
The text is deterministic: newest commit first, over all refs; then the moves of refs (reflog).
"""

from __future__ import annotations

import heapq
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from afterlog.errors import InputError

if TYPE_CHECKING:
    from dulwich.objects import Commit, ShaFile

MAX_OBJECT: Final = 64 << 20  # bytes of one object, unpacked
MAX_PACK: Final = 4 << 30  # bytes of one pack
MAX_DIFFED: Final = 1 << 19  # bytes of one file that is compared line by line
MAX_CHANGES: Final = 2_000  # files of one commit
MAX_REFS: Final = 20_000
MAX_REFLOG: Final = 1 << 20  # bytes read of one reflog
_SHA: Final = re.compile(rb"[0-9a-f]{40}")
_REFLOG: Final = re.compile(rb"[0-9a-f]{40} [0-9a-f]{40} [^\t\n]*<[^>\t\n]*> \d{1,11} [+-]\d{4}\t(?P<said>[^\n]*)")


def is_repository(path: Path) -> bool:
    """Tell whether a directory is a bare repository, a ``.git``, or a work tree that holds its ``.git``."""
    return _git_directory(path) is not None


def render_log(path: Path, *, max_commits: int = 20_000, max_diff_bytes: int = 65_536) -> Iterator[bytes]:
    """Yield the history as text, a commit at a time.

    A commit whose diff passes ``max_diff_bytes`` ends with a line ``… cut``; after ``max_commits`` a last
    line says so. Merges show no diff, as with git. Raises InputError where the directory is no repository, or
    none of the commits that its refs name can be read; a damaged object further down costs only itself.
    """
    root = _git_directory(path)
    if root is None:
        raise InputError(
            f"{path}: no git repository: HEAD, objects and refs were expected; "
            "give the bare repository or the work tree"
        )
    _refuse_links(root)
    tips = _tips(root)
    with closing(_open(root)) as store:
        count = 0
        for commit in _walk(store, tips):
            if count == max_commits:
                yield b"\n    \xe2\x80\xa6 cut: more than %d commits\n" % max_commits
                break
            count += 1
            yield _commit_text(commit) + _diff_text(store, commit, max_diff_bytes) + b"\n"
        if tips and not count:
            borrowed = root / "objects" / "info" / "alternates"
            why = (
                f"its objects lie in another repository, named in {borrowed}, which is not followed; "
                "collect that one too"
                if borrowed.exists()
                else "its objects are missing or damaged; collect the directory again, with objects/"
            )
            raise InputError(f"{root}: none of the commits its refs name can be read: {why}")
    yield from _reflogs(root)


def _git_directory(path: Path) -> Path | None:
    for root in (path, path / ".git"):
        try:
            named = (root / "refs").is_dir() or (root / "packed-refs").is_file()
            whole = named and (root / "HEAD").is_file() and (root / "objects").is_dir()
            if whole and (root == path or not root.is_symlink()):
                return root
        except OSError:  # not ours to read
            continue
    return None


def _refuse_links(root: Path) -> None:
    """Raise InputError if object directories or packs are links, which lead anywhere, or no regular files."""
    objects = root / "objects"
    loose = [objects / f"{number:02x}" for number in range(256)]
    for directory in (objects, objects / "pack", objects / "info", root / "refs", root / "logs", *loose):
        if directory.is_symlink():
            raise InputError(
                f"{directory}: a symbolic link, which is not followed; collect the repository itself (cp -rL)"
            )
    packs = objects / "pack"
    try:
        found = {file: file.lstat() for file in sorted(packs.iterdir())} if packs.is_dir() else {}
    except OSError as error:
        raise InputError(f"{packs}: {error.strerror}; make it readable or collect the repository again") from error
    for file, about in found.items():
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_PACK:
            raise InputError(f"{file}: not a regular file of at most {MAX_PACK >> 30} GB; collect the repository again")


def _open(root: Path) -> Any:
    """Open the objects of the repository, and nothing else of it."""
    from dulwich.object_store import DiskObjectStore  # noqa: PLC0415 - heavy, and rarely needed
    from dulwich.objects import sha_to_hex  # noqa: PLC0415

    class Objects(DiskObjectStore):
        """Loose objects from regular files only, of bounded size; no alternates."""

        @property
        def alternates(self) -> list[Any]:
            return []

        def _get_loose_object(self, sha: Any) -> ShaFile | None:
            name = (sha_to_hex(sha) if len(sha) == 20 else sha).decode("ascii", "replace")
            if not _SHA.fullmatch(name.encode()):
                return None
            return _loose(root / "objects" / name[:2] / name[2:])

        def contains_loose(self, sha: Any) -> bool:
            return self._get_loose_object(sha) is not None

    return Objects(os.fspath(root / "objects"))


def _loose(file: Path) -> ShaFile | None:
    """One loose object; None if it is absent, no regular file, damaged, or larger than MAX_OBJECT."""
    from dulwich.objects import ShaFile, object_class  # noqa: PLC0415

    try:
        if not stat.S_ISREG(file.lstat().st_mode) or file.stat().st_size > MAX_OBJECT:
            return None
        content = zlib.decompressobj().decompress(file.read_bytes(), MAX_OBJECT)
    except (OSError, zlib.error):
        return None
    header, nul, body = content.partition(b"\x00")
    kind, _, size = header[:40].partition(b" ")
    known = object_class(kind) if nul else None
    if known is None or not size.isdigit() or int(size) != len(body):
        return None
    return ShaFile.from_raw_string(known.type_num, body)


def _read(store: Any, sha: bytes) -> Any:
    """Return an object; None if it is missing, damaged or hostile."""
    try:
        return store[sha]
    except Exception:  # noqa: BLE001 - a damaged pack raises nearly anything; the object is then missing
        return None


def _tips(root: Path) -> list[bytes]:
    """Return what the refs name, without reading through links or out of the directory."""
    tips: dict[bytes, None] = {}
    texts = [_head_of(root / "HEAD", 4096)]
    for directory, below, files in os.walk(root / "refs", followlinks=False):
        below.sort()
        texts += [_head_of(Path(directory) / name, 4096) for name in sorted(files)[:MAX_REFS]]
        if len(texts) > MAX_REFS:
            break
    for text in texts:
        if (found := _SHA.match(text)) and len(text.strip()) == 40:
            tips[found[0]] = None
    packed = _head_of(root / "packed-refs", 16 << 20).splitlines()[:MAX_REFS]
    for line in packed:
        if found := re.match(rb"\^?([0-9a-f]{40})(?![0-9a-f])", line):
            tips[found[1]] = None
    if not tips and any(re.match(rb"[0-9a-f]{64}", text) for text in [*texts, *packed]):
        raise InputError(
            f"{root}: its objects have SHA-256 names, which are not read; collect the output of git log -p"
        )
    return list(tips)


def _head_of(file: Path, size: int) -> bytes:
    """Return the first bytes of a regular file; nothing of anything else."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return b""
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError:
        return b""


def _walk(store: Any, tips: list[bytes]) -> Iterator[Commit]:
    """Yield commits, newest first; parents that are not there (shallow, damaged) end their line."""
    seen: set[bytes] = set()
    waiting: list[tuple[int, bytes, Commit]] = []

    def meet(sha: bytes) -> None:
        for _tag in range(10):  # a tag may name a tag
            if sha in seen:
                return
            seen.add(sha)
            found = _read(store, sha)
            if getattr(found, "type_name", b"") != b"tag":
                break
            sha = found.object[1]
        if getattr(found, "type_name", b"") == b"commit":
            try:  # dulwich parses on access
                _ = (found.tree, found.parents, _commit_text(found))
            except Exception:  # noqa: BLE001 - a damaged commit is a missing one
                return
            heapq.heappush(waiting, (-int(found.commit_time), sha, found))

    for tip in tips:
        meet(tip)
    while waiting:
        _, _, commit = heapq.heappop(waiting)
        yield commit
        for parent in commit.parents:
            meet(parent)


def _commit_text(commit: Commit) -> bytes:
    lines = [b"commit " + commit.id]
    if len(commit.parents) > 1:
        lines.append(b"Merge: " + b" ".join(parent[:7] for parent in commit.parents))
    lines += [
        b"Author:     " + _one_line(commit.author),
        b"AuthorDate: " + _date(commit.author_time, commit.author_timezone),
        b"Commit:     " + _one_line(commit.committer),
        b"CommitDate: " + _date(commit.commit_time, commit.commit_timezone),
        b"",
    ]
    lines += [b"    " + line.rstrip(b"\r") for line in commit.message[:16_384].rstrip().split(b"\n")]
    return b"\n".join(lines) + b"\n"


def _one_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ").replace(b"\r", b" ")


def _date(seconds: int, zone: int) -> bytes:
    """As ``git log --date=iso``; a time that no calendar has stays a number."""
    try:
        wall = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds + zone)
    except OverflowError:
        return b"%d" % seconds
    sign = b"-" if zone < 0 else b"+"
    hours, minutes = divmod(abs(zone) // 60, 60)
    return f"{wall:%Y-%m-%d %H:%M:%S} ".encode() + sign + b"%02d%02d" % (hours, minutes)


def _diff_text(store: Any, commit: Commit, limit: int) -> bytes:
    """Return what a commit changed against its only parent: at most ``limit`` bytes, then a line … cut."""
    if len(commit.parents) > 1:
        return b""
    parent = _read(store, commit.parents[0]) if commit.parents else None
    if commit.parents and parent is None:
        return b"\n    \xe2\x80\xa6 cut: the parent is not in this repository\n"
    pieces, size = [b"\n"], 0
    try:
        for piece in _changes(store, parent.tree if parent else None, commit.tree):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                text = b"".join(pieces)[: limit + 1]
                return text[: text.rfind(b"\n") + 1] + b"\n    \xe2\x80\xa6 cut: the diff is longer\n"
    except Exception as error:  # noqa: BLE001 - damaged trees raise nearly anything; the commit itself stands
        pieces.append(f"\n    … cut: its files cannot be read ({type(error).__name__})\n".encode())
    return b"".join(pieces)


def _changes(store: Any, old_tree: Any, new_tree: Any) -> Iterator[bytes]:
    from dulwich.diff_tree import tree_changes  # noqa: PLC0415

    for number, change in enumerate(tree_changes(store, old_tree, new_tree)):
        if number == MAX_CHANGES:
            yield b"\n    \xe2\x80\xa6 cut: more than %d files\n" % MAX_CHANGES
            return
        yield from _file_diff(store, change.old, change.new)


def _file_diff(store: Any, old: Any, new: Any) -> Iterator[bytes]:
    from dulwich.patch import unified_diff  # noqa: PLC0415

    there, was = bool(new and new.sha), bool(old and old.sha)
    name = new.path if there else old.path
    left, right = _quoted(b"a/" + name), _quoted(b"b/" + name)
    yield b"diff --git " + left + b" " + right + b"\n"
    if not was:
        yield b"new file mode %06o\n" % new.mode
    elif not there:
        yield b"deleted file mode %06o\n" % old.mode
    elif old.mode != new.mode:
        yield b"old mode %06o\nnew mode %06o\n" % (old.mode, new.mode)
    before, after = _content(store, old), _content(store, new)
    if before is None or after is None:
        yield b"Files " + left + b" and " + right + b" differ, not compared\n"
        return
    if b"\x00" in before[:8000] or b"\x00" in after[:8000]:
        yield b"Binary files " + left + b" and " + right + b" differ\n"
        return
    old_name, new_name = left if was else b"/dev/null", right if there else b"/dev/null"
    for line in unified_diff(_lines(before), _lines(after), fromfile=old_name, tofile=new_name):
        yield line if line.endswith(b"\n") else line + b"\n"


def _lines(content: bytes) -> list[bytes]:
    """Lines with their endings; a carriage return ends none."""
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", content)


def _content(store: Any, entry: Any) -> bytes | None:
    """Return the bytes of a file; None if they are not there, are no file's, or too many to compare."""
    if entry is None or entry.sha is None:
        return b""
    if entry.mode is None or stat.S_IFMT(entry.mode) not in {stat.S_IFREG, stat.S_IFLNK}:
        return None
    blob = _read(store, entry.sha)
    if getattr(blob, "type_name", b"") != b"blob" or blob.raw_length() > MAX_DIFFED:
        return None
    return bytes(blob.data)


def _quoted(name: bytes) -> bytes:
    """Return a path as git prints it: quoted when it holds anything odd, such as a line break."""
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in name):
        return name
    return b'"' + b"".join(bytes([b]) if 32 <= b < 127 and b not in b'"\\' else b"\\%03o" % b for b in name) + b'"'


def _reflogs(root: Path) -> Iterator[bytes]:
    """Yield moves of refs by push, pull, checkout or reset, oldest first; commits are told already."""
    moves: dict[bytes, str] = {}
    for directory, below, files in os.walk(root / "logs", followlinks=False):
        below.sort()
        for name in sorted(files):
            file = Path(directory) / name
            ref = file.relative_to(root / "logs").as_posix()
            for line in _head_of(file, MAX_REFLOG).splitlines():
                found = _REFLOG.fullmatch(line)
                if found and not found["said"].startswith(b"commit") and len(moves) < MAX_REFS:
                    moves[line] = ref if moves.get(line, "HEAD") == "HEAD" else moves[line]
    for line, ref in moves.items():
        yield (
            b"reflog " + _quoted(ref.encode("utf-8", "surrogateescape")).replace(b" ", b"\\040") + b": " + line + b"\n"
        )
