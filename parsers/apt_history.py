"""APT's history: /var/log/apt/history.log, a block of lines for every run that changed packages.

Traps: two blanks between date and time; no zone; no ``Requested-By`` where root itself asked; a block without
``End-Date`` was interrupted; a block may hold several kinds of action; in an upgrade the versions are old, new.

https://manpages.debian.org/bookworm/apt/apt-get.8.en.html
https://salsa.debian.org/apt-team/apt/-/blob/main/apt-pkg/deb/dpkgpm.cc (pkgDPkgPM::OpenLog)
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, read_stamp

NAMED: Final = 20  # packages named in one event
_KEY: Final = re.compile(rb"([A-Z][A-Za-z-]{3,15}): ?(.*)\Z", re.DOTALL)
_ACTIONS: Final = frozenset({"Install", "Upgrade", "Remove", "Purge", "Reinstall", "Downgrade"})
_KEYS: Final = _ACTIONS | {"Start-Date", "End-Date", "Commandline", "Requested-By", "Comment", "Error"}
_PACKAGE: Final = re.compile(rb"(?<![^\s,])([^\s,()]{1,200}+) \(([^()]{0,400})\)")


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line.rstrip() for line in head if line.strip()]
    if not any(line.startswith(b"Start-Date: ") for line in lines):
        return 0.0
    known = sum(1 for line in lines if (found := _KEY.match(line)) and found[1].decode() in _KEYS)
    return known / len(lines)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each block, on its Start-Date line."""
    block = _Block()
    for line in lines:
        found = _KEY.match(line.text.rstrip())
        key = found[1].decode() if found else ""
        if key == "Start-Date":
            yield from block.event()
            block = _Block(line)
        elif key not in _KEYS or block.start is None:
            if line.text.strip() and block.start is None:
                yield Reject(line, "outside a block: Start-Date was expected")
        elif found:
            block.add(key, found[2])
    yield from block.event()


class _Block:
    """The lines of one block, gathered."""

    def __init__(self, start: Line | None = None) -> None:
        self.start = start
        self.told: dict[str, str] = {}
        self.actions: list[str] = []
        self.names: list[str] = []
        self.packages: list[str] = []
        self.count = 0

    def add(self, key: str, value: bytes) -> None:
        if key not in _ACTIONS:
            self.told.setdefault(key, value[:2000].decode("utf-8", "replace").strip())
            return
        if key.lower() not in self.actions:
            self.actions.append(key.lower())
        for found in _PACKAGE.finditer(value):
            self.count += 1
            if len(self.names) < NAMED:
                name, versions = (part.decode("utf-8", "replace") for part in found.groups())
                self.names.append(name.partition(":")[0])
                self.packages.append(f"{key.lower()} {name} ({versions})")

    def event(self) -> Iterator[Record | Reject]:
        if self.start is None:
            return
        date = self.start.text.partition(b": ")[2].strip()
        stamp = read_stamp("apt", date)
        if stamp is None:
            yield Reject(self.start, "Start-Date: a time such as 2022-11-10  10:42:15 was expected")
            return
        yield Record(self.start, stamp, self._columns(date.decode("ascii", "replace")))

    def _columns(self, date: str) -> dict[str, Any]:
        more = [f"and {self.count - NAMED} more"] if self.count > NAMED else []
        action, target = "+".join(self.actions) or "run", ", ".join(self.names + more)
        columns = {
            "kind": Kind.CHANGE,
            "action": action,
            "target": target or "packages",
            "actor": self.told.get("Requested-By", "root").partition(" (")[0],
            "outcome": self._outcome(),
            "run": f"apt {date}",
            "message": self.told.get("Commandline") or f"{action} {target}",
            "packages": "; ".join(self.packages + more),
            "package_count": str(self.count),
            "command": self.told.get("Commandline", ""),
            "comment": self.told.get("Comment", ""),
            "error": self.told.get("Error", ""),
            "end": self.told.get("End-Date", ""),
        }
        return {name: value for name, value in columns.items() if value != ""}

    def _outcome(self) -> Outcome:
        if "Error" in self.told:
            return Outcome.FAILED
        return Outcome.CHANGED if "End-Date" in self.told else Outcome.UNKNOWN


PARSER = RecordParser(
    name="apt-history",
    title="APT history (apt/history.log)",
    url="https://manpages.debian.org/bookworm/apt/apt-get.8.en.html",
    claims=_claims,
    marks=(b"Start-Date: ",),
    records=_records,
    samples=(
        Sample(
            (
                b"Start-Date: 2022-11-10  10:42:15\n"
                b"Commandline: apt-get install --reinstall -y less\n"
                b"Requested-By: devops (1102)\n"
                b"Reinstall: less:amd64 (590-2.1~deb12u2)\n"
                b"End-Date: 2022-11-10  10:42:17\n"
            ),
            {
                "time": "2022-11-10T10:42:15",
                "kind": "change",
                "action": "reinstall",
                "target": "less",
                "actor": "devops",
                "outcome": "changed",
                "run": "apt 2022-11-10  10:42:15",
                "message": "apt-get install --reinstall -y less",
                "command": "apt-get install --reinstall -y less",
                "packages": "reinstall less:amd64 (590-2.1~deb12u2)",
                "package_count": "1",
                "end": "2022-11-10  10:42:17",
            },
            "recording misspelt-file-name, web-02/var/log/apt/history.log",
        ),
        Sample(
            (
                b"Start-Date: 2026-11-22  11:01:10\n"
                b"Commandline: apt-get -y -o Dir=/srv/chroot -o Dir::Bin::dpkg=/usr/bin/dpkg -o Dir::State::status=/srv/chroot/var/lib/dpkg/status -o Dir::Etc::main=- -o Dir::Etc::parts=- -o Dir::Etc::sourcelist=/dev/null -o Dpkg::Options::=--root=/srv/chroot -o Dpkg::Options::=--force-script-chrootless -o Dpkg::Options::=--log=/srv/chroot/var/log/dpkg.log -o APT::Sandbox::User=root -o Dpkg::Options::=--force-not-root -o Dpkg::Options::=--force-confold install --allow-downgrades /tmp/w/pk/blog-theme_1.0_all.deb /tmp/w/pk/blog-cache_2.0_all.deb\n"
                b"Install: blog-cache:amd64 (2.0)\n"
                b"Downgrade: blog-theme:amd64 (1.1, 1.0)\n"
                b"Error: Sub-process /usr/bin/dpkg returned an error code (1)\n"
                b"End-Date: 2026-11-22  11:01:10\n"
            ),
            {
                "time": "2026-11-22T11:01:10",
                "kind": "change",
                "action": "install+downgrade",
                "target": "blog-cache, blog-theme",
                "actor": "root",
                "outcome": "failed",
                "packages": "install blog-cache:amd64 (2.0); downgrade blog-theme:amd64 (1.1, 1.0)",
                "error": "Sub-process /usr/bin/dpkg returned an error code (1)",
            },
            "apt 2.6.1 on Debian 12, with packages made for the purpose",
        ),
        Sample(
            b"Start-Date: yesterday\n",
            None,
            "hostile: a block without a time",
        ),
    ),
)
