r"""What ``git log`` prints, in its usual shapes, and git's reflog: who changed what, and when it arrived.

Read are medium, full, fuller and raw; every ``--date`` but the relative ones; with decorations, ``--stat``,
``--name-status``, ``--name-only``, ``--numstat``, ``--raw`` or ``-p``. A commit's time is its CommitDate where one is
printed, else its author's. A line of the reflog (``.git/logs/HEAD``; in a log rendered by afterlog behind
``reflog <ref>: ``) tells a push, pull, checkout or reset: the moment at which a commit arrived somewhere.

Traps: the author's date is not the date of the push, and survives rebasing; messages are indented by four blanks,
so what they quote is no header; ``--stat`` shortens paths (``.../b.php``) and writes renames ``{a => b}/c``; paths
with odd bytes are quoted; anybody may write any name and any date into a commit.

https://git-scm.com/docs/git-log
https://git-scm.com/docs/pretty-formats
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Any, Final

from afterlog.parser import (
    OFFSET_UNKNOWN,
    Kind,
    Line,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    Stamp,
    read_stamp,
)

NAMED: Final = 20  # files named in the target
MAX_FILES: Final = 1_000  # files kept of one commit
MAX_DIFF: Final = 4_096  # characters kept of the added and of the removed lines
MAX_BODY: Final = 1_000

_COMMIT: Final = re.compile(
    rb"commit (?:[<>=^-] ?)?(?P<sha>[0-9a-f]{7,64})(?: \(from [0-9a-f]+\))?(?: \((?P<refs>.{1,2000})\))?\s*\Z"
)
_HEADER: Final = re.compile(
    rb"(Author|Date|AuthorDate|Commit|CommitDate|Merge|author|committer|Reflog message): *(.*)\Z", re.DOTALL
)
_RAW: Final = re.compile(rb"(author|committer) (.*<[^<>]*>) (-?\d{1,12} [+-]\d{4})\s*\Z", re.DOTALL)
_PERSON: Final = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*\Z", re.DOTALL)
_REFLOG: Final = re.compile(
    rb"(?:reflog (?P<ref>\S{1,500}): )?(?P<old>[0-9a-f]{40}|[0-9a-f]{64}) (?P<new>[0-9a-f]{40}|[0-9a-f]{64}) "
    rb"(?P<who>[^\t]{0,500}?<[^<>\t]{0,300}>) (?P<when>\d{1,11} [+-]\d{4})(?:\t(?P<said>.*))?\Z",
    re.DOTALL,
)
_DIFF: Final = re.compile(rb"diff --(?:git|cc|combined) (.*)\Z", re.DOTALL)
_STAT: Final = re.compile(rb" (\S.{0,2000}?) +\| +(?:Bin\b|Unmerged|\d+ ?[+-]*\s*\Z)")
_NUMSTAT: Final = re.compile(rb"(?:\d+|-)\t(?:\d+|-)\t(.+)\Z", re.DOTALL)
_STATUS: Final = re.compile(rb"(?::{1,9}[0-7]{6} .{1,600}? )?[ACDMRTUXB]{1,9}\d{0,3}\t(.+)\Z", re.DOTALL)
_RENAMED: Final = re.compile(r"\{([^{}]*) => ([^{}]*)\}")
_EPOCH: Final = re.compile(r"(-?\d{1,11})(?: ([+-])(\d\d)(\d\d))?\Z")
_CTIME: Final = re.compile(r"(\w{3} \w{3} [ \d]?\d \d\d:\d\d:\d\d \d{4})(?: ([+-]\d\d)(\d\d))?\Z")
_ESCAPE: Final = re.compile(rb"\x1b\[[0-9;?]{0,20}[ -/]?[@-~]")


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [_ESCAPE.sub(b"", line[:4096]).rstrip(b"\r\n") for line in head]
    if any(_REFLOG.match(line) for line in lines[:1]):
        return sum(1 for line in lines if _REFLOG.match(line)) / len(lines)
    first = next((at for at, line in enumerate(lines) if _COMMIT.match(line)), None)
    if first is None:
        return 0.0
    author = any(re.match(rb"(?:Author: |author ).*<.*>", line) for line in lines[first + 1 : first + 12])
    return (len(lines) - first) / len(lines) if author else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each commit, on its first line."""
    commit: _Commit | None = None
    for line in lines:
        text = line.text if b"\x1b" not in line.text[:4096] else _ESCAPE.sub(b"", line.text[:65_536])
        if found := _COMMIT.match(text):
            if commit:
                yield commit.event()
            commit = _Commit(line, found["sha"].decode(), _text(found["refs"] or b""))
        elif found := _REFLOG.match(text[:4096]):
            if commit:
                yield commit.event()
            commit = None
            yield _reflog(line, found)
        elif commit:
            commit.add(text)
        elif text.strip():
            yield Reject(line, "before the first commit: «commit <sha>» was expected")
    if commit:
        yield commit.event()


@dataclass(slots=True)
class _Commit:
    """The lines of one commit, gathered."""

    line: Line
    sha: str
    refs: str
    headers: dict[str, str] = field(default_factory=dict)
    message: list[str] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    stat: dict[str, None] = field(default_factory=dict)
    count: int = 0
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    room: dict[bytes, int] = field(default_factory=lambda: {b"+": MAX_DIFF, b"-": MAX_DIFF})
    part: str = "header"
    columns_of_diff: int = 1

    def add(self, text: bytes) -> None:
        """Take one line; which part of the commit it stands in says how it is read."""
        if found := _DIFF.match(text):
            self.part = "diff header"
            self.columns_of_diff = 1 if text.startswith(b"diff --git") else 2
            self._file(_diff_path(text, found[1]), self.files)
        elif self.part == "diff header":
            self.part = "diff" if text.startswith(b"@@") else self.part
        elif self.part == "diff":
            self._changed(text)
        elif self.part == "header":
            self._header(text)
        elif text.startswith(b"    ") or not text.strip():
            self._said(text)
        else:
            self._listed(text)

    def _header(self, text: bytes) -> None:
        if not text.strip():
            self.part = "message"
        elif found := _RAW.match(text):
            self.headers.setdefault("Author" if found[1] == b"author" else "Commit", _text(found[2]))
            self.headers.setdefault("AuthorDate" if found[1] == b"author" else "CommitDate", _text(found[3]))
        elif found := _HEADER.match(text):
            self.headers.setdefault(found[1].decode(), _text(found[2]))

    def _said(self, text: bytes) -> None:
        if len(self.message) < 200 and sum(map(len, self.message[:20])) < 4 * MAX_BODY:
            self.message.append(_text(text[4:]))

    def _listed(self, text: bytes) -> None:
        if found := _STAT.match(text[:4096]):
            self._file(_path(found[1].strip(), renamed=True), self.stat)
        elif found := _NUMSTAT.match(text) or _STATUS.match(text):
            self._file(_path(found[1].rpartition(b"\t")[2], renamed=True), self.files)
        elif not text.startswith((b" ", b"---", b"Notes")):
            self._file(_path(text), self.files)

    def _file(self, name: str, files: dict[str, None]) -> None:
        if name and name not in files:
            if len(files) < MAX_FILES:
                files[name] = None
            else:
                self.count += 1

    def _changed(self, text: bytes) -> None:
        marks, body = text[: self.columns_of_diff], text[self.columns_of_diff :]
        mark = b"+" if b"+" in marks else b"-"
        if mark in marks and self.room[mark] > 0:
            (self.added if mark == b"+" else self.removed).append(_text(body[:MAX_DIFF]))
            self.room[mark] -= len(body) + 1

    def event(self) -> Record | Reject:
        """Return the commit as an event; refused where no time can be read."""
        told = self.headers
        author_date = told.get("AuthorDate") or told.get("Date", "")
        date = told.get("CommitDate") or author_date
        stamp = _date(date)
        if stamp is None:
            return Reject(
                self.line,
                f"commit without a time that can be read: {date[:60]!r}" if date else "commit without a date",
            )
        return Record(self.line, stamp, {k: v for k, v in self._columns(author_date).items() if v not in {"", None}})

    def _columns(self, author_date: str) -> dict[str, Any]:
        name, email = _person(self.headers.get("Author", ""))
        files = list(self.files or self.stat)
        total = len(files) + self.count
        subject, _, body = "\n".join(self.message).strip().partition("\n")
        return {
            "kind": Kind.CHANGE,
            "action": "commit",
            "target": ", ".join(files[:NAMED]) + (f" and {total - NAMED} more" if total > NAMED else ""),
            "outcome": Outcome.CHANGED,
            "actor": name or email,
            "run": self.sha,
            "message": subject[:MAX_BODY] or "(no message)",
            "body": body.strip()[:MAX_BODY],
            "author_email": email,
            "author_date": author_date,
            "committer": self.headers.get("Commit", ""),
            "merge": self.headers.get("Merge", ""),
            "refs": self.refs,
            "files": "\n".join(files)[:MAX_DIFF],
            "file_count": str(total) if total else "",
            "added": "\n".join(self.added)[:MAX_DIFF],
            "removed": "\n".join(self.removed)[:MAX_DIFF],
        }


def _reflog(line: Line, found: re.Match[bytes]) -> Record | Reject:
    stamp = _date(_text(found["when"]))
    if stamp is None:
        return Reject(line, "reflog entry without a time that can be read")
    name, email = _person(_text(found["who"]))
    said = _text(found["said"] or b"").strip()[:MAX_BODY]
    ref = _text(found["ref"] or b"")
    columns = {
        "kind": Kind.CHANGE,
        "action": "push" if said.split(" ")[0] == "push" else "ref-update",
        "target": ref or "HEAD",
        "outcome": Outcome.CHANGED,
        "actor": name or email,
        "run": found["new"].decode(),
        "message": said or "ref moved",
        "old": found["old"].decode(),
        "author_email": email,
    }
    return Record(line, stamp, {key: value for key, value in columns.items() if value})


def _text(raw: bytes) -> str:
    return raw[:8192].decode("utf-8", "replace").rstrip("\r\n")


def _person(text: str) -> tuple[str, str]:
    found = _PERSON.match(text[:1000])
    return (found[1], found[2]) if found else (text[:1000].strip(), "")


def _diff_path(text: bytes, names: bytes) -> str:
    """Return the new path of ``a/x b/x``; where nothing was renamed both halves say the same."""
    if not text.startswith(b"diff --git"):
        return _path(names)
    if names.startswith(b'"') or names.endswith(b'"'):
        quoted = re.search(rb'"?b/((?:[^"\\]|\\.)*)"?\Z', names[names.find(b" ") :], re.DOTALL)
        return _path(b'"' + quoted[1] + b'"') if quoted else _path(names)
    half = len(names) // 2
    if names[:2] == b"a/" and names[half : half + 3] == b" b/" and names[2:half] == names[half + 3 :]:
        return _path(names[half + 3 :])
    return _path(names.rpartition(b" b/")[2])


def _path(raw: bytes, *, renamed: bool = False) -> str:
    """Return a path without git's quoting, and of a rename the new one."""
    raw = raw[:4096].strip()
    if raw.startswith(b'"') and raw.endswith(b'"') and len(raw) > 1:
        raw = re.sub(rb"\\([0-7]{3}|.)", _unquoted, raw[1:-1], flags=re.DOTALL)
    name = raw.decode("utf-8", "replace")
    if renamed and " => " in name:
        name = _RENAMED.sub(r"\2", name) if "{" in name else name.rpartition(" => ")[2]
        name = name.replace("//", "/")
    return name


def _unquoted(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}.get(code, code)


def _date(text: str) -> Stamp | None:
    """Read a date as any of ``git log --date=…`` prints it; None for relative and custom ones."""
    text = text.strip()[:80]
    if found := _EPOCH.match(text):
        offset = (1 if found[2] == "+" else -1) * (int(found[3]) * 3600 + int(found[4]) * 60) if found[2] else 0
        return Stamp((int(found[1]) + offset) * 1_000_000, offset, True, 1_000_000)
    if found := _CTIME.match(text):
        stamp = read_stamp("ctime", re.sub(r"(?<=\w{3}) (?=\d )", "  ", found[1]).encode())
        if stamp is None or not found[2]:
            return stamp
        hours, minutes = int(found[2]), int(found[3])
        return stamp._replace(offset_s=hours * 3600 + (-minutes if found[2][0] == "-" else minutes) * 60)
    if re.match(r"\d{4}-\d\d-\d\d\Z", text):
        stamp = read_stamp("iso", f"{text} 00:00:00".encode())
        return stamp._replace(resolution_us=86_400_000_000) if stamp else None
    if re.match(r"\d{4}-\d\d-\d\d", text):
        return read_stamp("iso", re.sub(r" (?=[+-]\d)", "", text).encode("ascii", "replace"))
    return _rfc(text) if re.match(r"\w{3}, \d", text) else None


def _rfc(text: str) -> Stamp | None:
    try:
        read = parsedate_tz(text)
        if read is None:
            return None
        wall = datetime(*read[:6], tzinfo=UTC)  # the offset is kept apart
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    offset = OFFSET_UNKNOWN if read[9] is None else read[9]
    return Stamp(int(wall.timestamp()) * 1_000_000, offset, True, 1_000_000)


_RECORDING: Final = "recording misspelt-file-name, ops-01/srv/collect/"

PARSER = RecordParser(
    name="git-log",
    title="git log, and git's reflog",
    url="https://git-scm.com/docs/git-log",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            (
                b"commit d4b5b379ce560d066876a6e7ecbe3b89b783210c\n"
                b"Author: Dev Patel <dev@example.com>\n"
                b"Date:   2022-11-10 10:58:30 +0530\n"
                b"\n"
                b"    blog 2022.11.3: load the locale class from settings, 12 posts a page\n"
                b"\n"
                b" files/blog/REVISION     | 2 +-\n"
                b" files/blog/settings.php | 4 ++--\n"
                b" 2 files changed, 3 insertions(+), 3 deletions(-)\n"
            ),
            {
                "time": "2022-11-10T10:58:30+05:30",
                "kind": "change",
                "action": "commit",
                "run": "d4b5b379ce560d066876a6e7ecbe3b89b783210c",
                "actor": "Dev Patel",
                "author_email": "dev@example.com",
                "outcome": "changed",
                "message": "blog 2022.11.3: load the locale class from settings, 12 posts a page",
                "target": "files/blog/REVISION, files/blog/settings.php",
                "file_count": "2",
            },
            _RECORDING + "git-log.txt",
        ),
        Sample(
            (
                b"commit d4b5b379ce560d066876a6e7ecbe3b89b783210c\n"
                b"Author:     Dev Patel <dev@example.com>\n"
                b"AuthorDate: Thu Nov 10 10:58:30 2022 +0530\n"
                b"Commit:     Dev Patel <dev@example.com>\n"
                b"CommitDate: Thu Nov 10 10:58:30 2022 +0530\n"
                b"\n"
                b"    blog 2022.11.3: load the locale class from settings, 12 posts a page\n"
                b"---\n"
                b" files/blog/REVISION     | 2 +-\n"
                b" files/blog/settings.php | 4 ++--\n"
                b" 2 files changed, 3 insertions(+), 3 deletions(-)\n"
                b"\n"
                b"diff --git a/files/blog/REVISION b/files/blog/REVISION\n"
                b"index eeac3db..df99963 100644\n"
                b"--- a/files/blog/REVISION\n"
                b"+++ b/files/blog/REVISION\n"
                b"@@ -1 +1 @@\n"
                b"-2022.11.2\n"
                b"+2022.11.3\n"
                b"diff --git a/files/blog/settings.php b/files/blog/settings.php\n"
                b"index 98a3833..41c7b70 100644\n"
                b"--- a/files/blog/settings.php\n"
                b"+++ b/files/blog/settings.php\n"
                b"@@ -3,7 +3,7 @@\n"
                b" define('SITE_ROOT', __DIR__);\n"
                b" define('SITE_NAME', 'The Monsoon Notebook');\n"
                b" define('SITE_LANG', 'en_IN');\n"
                b"-define('POSTS_PER_PAGE', 10);\n"
                b"+define('POSTS_PER_PAGE', 12);\n"
                b" require SITE_ROOT . '/includes/functions.php';\n"
                b"-require SITE_ROOT . '/includes/class-locale.php';\n"
                b"+require SITE_ROOT . '/includes/class-locale.phpp';\n"
                b" $locale = new Site_Locale(SITE_LANG);\n"
            ),
            {
                "time": "2022-11-10T10:58:30+05:30",
                "kind": "change",
                "actor": "Dev Patel",
                "target": "files/blog/REVISION, files/blog/settings.php",
                "author_date": "Thu Nov 10 10:58:30 2022 +0530",
                "added": "2022.11.3\ndefine('POSTS_PER_PAGE', 12);\nrequire SITE_ROOT . '/includes/class-locale.phpp';",
                "removed": "2022.11.2\ndefine('POSTS_PER_PAGE', 10);\nrequire SITE_ROOT . '/includes/class-locale.php';",
            },
            "git log --pretty=fuller --stat -p of config.git in the " + _RECORDING,
        ),
        Sample(
            (
                b"commit 3059136b0d6d0e57a4dd158e33a4f07d51e84f04 (HEAD -> main)\n"
                b"Author: Asha Nair <asha@example.com>\n"
                b"Date:   Thu, 10 Nov 2022 13:41:23 +0530\n"
                b"\n"
                b"    blog: correct the required file name (class-locale.php); puppet manifest to fix the hosts\n"
                b"\n"
                b"M\tfiles/blog/settings.php\n"
                b"A\tfiles/puppet/fix-locale.pp\n"
                b"A\tpuppet-fix.yml\n"
            ),
            {
                "time": "2022-11-10T13:41:23+05:30",
                "refs": "HEAD -> main",
                "target": "files/blog/settings.php, files/puppet/fix-locale.pp, puppet-fix.yml",
            },
            "git log -1 --date=rfc --name-status --decorate of config.git in the " + _RECORDING,
        ),
        Sample(
            (
                b"commit 3059136b0d6d0e57a4dd158e33a4f07d51e84f04\n"
                b"tree 23949d0190f5cd36c9a18a354ef5c147c84dd6f1\n"
                b"parent d4b5b379ce560d066876a6e7ecbe3b89b783210c\n"
                b"author Asha Nair <asha@example.com> 1668067883 +0530\n"
                b"committer Asha Nair <asha@example.com> 1668067883 +0530\n"
                b"\n"
                b"    blog: correct the required file name (class-locale.php); puppet manifest to fix the hosts\n"
                b"\n"
                b"1\t1\tfiles/blog/settings.php\n"
                b"6\t0\tfiles/puppet/fix-locale.pp\n"
                b"14\t0\tpuppet-fix.yml\n"
            ),
            {
                "time": "2022-11-10T13:41:23+05:30",
                "actor": "Asha Nair",
                "committer": "Asha Nair <asha@example.com>",
                "file_count": "3",
            },
            "git log -1 --pretty=raw --numstat of config.git in the " + _RECORDING,
        ),
        Sample(
            b"edd3d4594bb0e2979adb5b91ae6b870861f48e4a afc3357d3d0587c7f7c378b12c3987910ab31997 Dev Patel <dev@example.com> 1795346884 +0000\tpush",
            {
                "time": "2026-11-22T11:28:04+00:00",
                "kind": "change",
                "action": "push",
                "run": "afc3357d3d0587c7f7c378b12c3987910ab31997",
                "target": "HEAD",
                "message": "push",
                "actor": "Dev Patel",
            },
            "logs/refs/heads/master of a bare repository after git push, run for the purpose",
        ),
        Sample(
            b"edd3d4594bb0e2979adb5b91ae6b870861f48e4a e7f51b869b1f61c246109aa458e77a1c1898038e Dev Patel <dev@example.com> 1795346838 +0000\tcheckout: moving from master to HEAD~1",
            {
                "time": "2026-11-22T11:27:18+00:00",
                "kind": "change",
                "action": "ref-update",
                "run": "e7f51b869b1f61c246109aa458e77a1c1898038e",
                "target": "HEAD",
                "message": "checkout: moving from master to HEAD~1",
                "actor": "Dev Patel",
            },
            ".git/logs/HEAD after git checkout, run for the purpose",
        ),
    ),
)
