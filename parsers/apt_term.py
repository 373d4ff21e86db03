r"""APT's terminal log: /var/log/apt/term.log, what dpkg and the packages' scripts printed, block by block.

Traps: progress is drawn with carriage returns on one line, so only what stands behind the last one counts; two
blanks between date and time; no zone; what scripts print is anybody's text; dpkg's errors run over two lines.

https://manpages.debian.org/bookworm/apt/apt.conf.5.en.html (Dir::Log::Terminal)
https://salsa.debian.org/apt-team/apt/-/blob/main/apt-pkg/deb/dpkgpm.cc (pkgDPkgPM::OpenLog)
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, read_stamp

NAMED: Final = 20  # packages named in one event
_BOUND: Final = re.compile(rb"Log (started|ended): (\d{4}-\d\d-\d\d {1,2}\d\d:\d\d:\d\d)\s*\Z")
_STEP: Final = re.compile(
    r"(?P<step>Unpacking|Removing|Purging configuration files for|Setting up) (?P<name>[^\s()]{1,200}) "
    r"\((?P<new>[^\s()]{1,200})\)(?: over \((?P<old>[^\s()]{1,200})\))? \.\.\."
)
_DOWNGRADE: Final = re.compile(r"dpkg: warning: downgrading (\S{1,200}) from \S+ to \S+")
_ERROR: Final = re.compile(r"dpkg: (?:error|unrecoverable fatal error)\b|dpkg: dependency problems prevent ")
_RESTART: Final = re.compile(r"\s*(?:/etc/needrestart/restart\.d/|systemctl restart |service \S+ restart)")
_ESCAPE: Final = re.compile(rb"\x1b(?:\[[0-9;?]{0,20}[ -/]?[@-~]|[()][A-Z0-9]|[=>78])|[\x00-\x08\x0e-\x1f\x7f]")


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    if not lines or not (bounds := [at for at, line in enumerate(lines) if _BOUND.match(line)]):
        return 0.0
    return (len(lines) - bounds[0]) / len(lines)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each block, on its first line."""
    block = _Block()
    for line in lines:
        found = _BOUND.match(line.text[:80]) if line.text.startswith(b"Log ") else None
        if found and found[1] == b"started":
            yield from block.event()
            block = _Block(line, found[2])
        elif found:
            block.end = found[2].decode()
        elif block.start is None:
            if line.text.strip():
                yield Reject(line, "outside a block: «Log started:» was expected")
        else:
            block.add(_shown(line.text))
    yield from block.event()


def _shown(text: bytes) -> str:
    """Return what a terminal shows in the end: behind the last carriage return, without escapes; at most 1000 characters."""
    last = text.rstrip()[-4096:].rpartition(b"\r")[2]
    return _ESCAPE.sub(b"", last)[:1000].decode("utf-8", "replace")


class _Block:
    """What one run printed, gathered."""

    def __init__(self, start: Line | None = None, date: bytes = b"") -> None:
        self.start = start
        self.date = date
        self.end = ""
        self.steps: dict[str, str] = {}  # package: what was done to it
        self.downgraded: set[str] = set()
        self.count = 0
        self.errors: list[str] = []
        self.restarts: list[str] = []
        self.in_error = False

    def add(self, text: str) -> None:
        if _ERROR.match(text):
            self.in_error = True
        elif not text.startswith(" ") or not text.strip():
            self.in_error = False
        if self.in_error and sum(map(len, self.errors)) < 1000:
            self.errors.append(text.strip())
        if (found := _DOWNGRADE.match(text)) and len(self.downgraded) < 10_000:
            self.downgraded.add(found[1])
        if _RESTART.match(text) and len(self.restarts) < NAMED:
            self.restarts.append(text.strip())
        if found := _STEP.match(text):
            self._step(found)

    def _step(self, found: re.Match[str]) -> None:
        name = found["name"].partition(":")[0]
        if found["step"] == "Setting up":
            action = "configure"
        elif found["step"] == "Unpacking":
            old = found["old"]
            action = "install" if not old else "reinstall" if old == found["new"] else "upgrade"
            action = "downgrade" if name in self.downgraded else action
        else:
            action = "remove" if found["step"] == "Removing" else "purge"
        known = self.steps.get(name)
        self.count += known is None
        if (known is None and len(self.steps) < NAMED) or known == "configure" or action == "purge":
            self.steps[name] = action

    def event(self) -> Iterator[Record | Reject]:
        if self.start is None:
            return
        stamp = read_stamp("apt", self.date) or read_stamp("iso", self.date)
        if stamp is None:
            yield Reject(self.start, "Log started: a time such as 2022-11-10  10:42:15 was expected")
        else:
            yield Record(self.start, stamp, self._columns())

    def _columns(self) -> dict[str, Any]:
        more = [f"and {self.count - NAMED} more"] if self.count > NAMED else []
        action = "+".join(dict.fromkeys(self.steps.values())) or "run"
        target = ", ".join([*self.steps, *more]) or "packages"
        error = " ".join(self.errors)[:1000]
        done = Outcome.CHANGED if self.end else Outcome.UNKNOWN
        columns = {
            "kind": Kind.CHANGE,
            "action": action,
            "target": target,
            "outcome": Outcome.FAILED if error else done,
            "run": f"apt {self.date.decode()}",
            "message": error or f"{action} {target}",
            "package_count": str(self.count),
            "error": error,
            "restarts": "; ".join(self.restarts),
            "end": self.end,
        }
        return {name: value for name, value in columns.items() if value != ""}


PARSER = RecordParser(
    name="apt-term",
    title="APT terminal log (apt/term.log)",
    url="https://manpages.debian.org/bookworm/apt/apt.conf.5.en.html",
    claims=_claims,
    marks=(b"Log ",),
    records=_records,
    samples=(
        Sample(
            (
                b"Log started: 2022-11-10  10:42:15\n"
                b"(Reading database ... \r(Reading database ... 5%\r(Reading database ... 10%\r(Reading database ... 15%\r(Reading database ... 20%\r(Reading database ... 25%\r(Reading database ... 30%\r(Reading database ... 35%\r(Reading database ... 40%\r(Reading database ... 45%\r(Reading database ... 50%\r(Reading database ... 55%\r(Reading database ... 60%\r(Reading database ... 65%\r(Reading database ... 70%\r(Reading database ... 75%\r(Reading database ... 80%\r(Reading database ... 85%\r(Reading database ... 90%\r(Reading database ... 95%\r(Reading database ... 100%\r(Reading database ... 142265 files and directories currently installed.)\r\n"
                b"Preparing to unpack .../less_590-2.1~deb12u2_amd64.deb ...\r\n"
                b"Unpacking less (590-2.1~deb12u2) over (590-2.1~deb12u2) ...\r\n"
                b"Setting up less (590-2.1~deb12u2) ...\r\n"
                b"Processing triggers for man-db (2.11.2-2) ...\r\n"
                b"Log ended: 2022-11-10  10:42:17\n"
            ),
            {
                "time": "2022-11-10T10:42:15",
                "kind": "change",
                "action": "reinstall",
                "target": "less",
                "outcome": "changed",
                "run": "apt 2022-11-10  10:42:15",
                "message": "reinstall less",
                "package_count": "1",
                "end": "2022-11-10  10:42:17",
            },
            "recording misspelt-file-name, web-02/var/log/apt/term.log",
        ),
        Sample(
            (
                b"Log started: 2026-11-22  11:01:10\n"
                b"Selecting previously unselected package blog-cache.\r\n"
                b"(Reading database ... \r(Reading database ... 50%\r(Reading database ... 100%\r(Reading database ... 7 files and directories currently installed.)\r\n"
                b"Preparing to unpack .../w/pk/blog-cache_2.0_all.deb ...\r\n"
                b"Unpacking blog-cache (2.0) ...\r\n"
                b"dpkg: warning: downgrading blog-theme from 1.1 to 1.0\r\n"
                b"Preparing to unpack .../w/pk/blog-theme_1.0_all.deb ...\r\n"
                b"Unpacking blog-theme (1.0) over (1.1) ...\r\n"
                b"Setting up blog-theme (1.0) ...\r\n"
                b"\r\n"
                b"Configuration file '/etc/blog-theme.conf' (actually '/srv/chroot/etc/blog-theme.conf')\r\n"
                b" ==> Modified (by you or by a script) since installation.\r\n"
                b" ==> Package distributor has shipped an updated version.\r\n"
                b" ==> Using current old file as you requested.\r\n"
                b"Setting up blog-cache (2.0) ...\r\n"
                b"cache: cannot connect\r\n"
                b"dpkg: error processing package blog-cache (--configure):\r\n"
                b" installed blog-cache package post-installation script subprocess returned error exit status 3\r\n"
                b"Errors were encountered while processing:\r\n"
                b" blog-cache\r\n"
                b"Log ended: 2026-11-22  11:01:10\n"
            ),
            {
                "time": "2026-11-22T11:01:10",
                "kind": "change",
                "action": "install+downgrade",
                "target": "blog-cache, blog-theme",
                "outcome": "failed",
                "error": "dpkg: error processing package blog-cache (--configure): installed blog-cache package post-installation script subprocess returned error exit status 3",
            },
            "apt 2.6.1 on Debian 12, with packages made for the purpose",
        ),
    ),
)
