"""DNF's logs (``dnf.log``, ``dnf.rpm.log``) and YUM's (``yum.log``): which packages were put in, replaced, taken out.

::

    2026-11-22T14:04:40+0000 DDEBUG Command: dnf -y upgrade blog-theme       dnf.log
    2026-11-22T14:04:40+0000 DEBUG Upgraded: blog-theme-1.1-1.noarch
    2026-11-22T14:04:40+0000 SUBDEBUG Upgrade: blog-theme-1.1-1.noarch       dnf.rpm.log
    2026-11-22T14:04:40+0000 SUBDEBUG Upgraded: blog-theme-1.0-1.noarch
    Feb 28 00:08:57 Erased: httpd-2.4.6-17.el7.x86_64                        yum.log

Traps: ``Upgraded`` is the new package in dnf.log and the old one in dnf.rpm.log; both files tell of one run; yum.log has neither
year nor zone; a table and a traceback stand under lines of dnf.log; a run that only looked (``makecache``) logs as much as
one that installed.

https://dnf.readthedocs.io/en/latest/command_ref.html
https://github.com/rpm-software-management/dnf/blob/master/dnf/logging.py
https://github.com/rpm-software-management/yum/blob/master/yum/rpmtrans.py (the yum.log lines)
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Kind,
    Layout,
    Line,
    LineParser,
    Match,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    each_unique,
    read_stamp,
)

_LINE: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d{4})) "
    rb"(?P<level>CRITICAL|ERROR|WARNING|INFO|DEBUG|DDEBUG|SUBDEBUG|TRACE|ALL) (?P<said>.*)",
    re.DOTALL,
)
_BEGUN: Final = b"--- logging initialized ---"
_DONE: Final = {
    "Installed": "install", "Install": "install", "Dep-Install": "install", "Upgrade": "upgrade", "Upgraded": "upgrade",
    "Update": "upgrade", "Updated": "upgrade", "Reinstall": "reinstall", "Reinstalled": "reinstall",
    "Downgrade": "downgrade", "Downgraded": "downgrade", "Erase": "remove", "Erased": "remove", "Removed": "remove",
    "Obsoleted": "remove",
}  # fmt: skip
_REPLACED: Final = frozenset({"Upgraded", "Reinstalled", "Downgraded", "Obsoleted"})  # in dnf.rpm.log: the old package
_ACT: Final = re.compile(r"(?P<word>[A-Z][A-Za-z-]{4,11}): (?P<package>\S{1,300})\s*")
_NAMED: Final = re.compile(
    r"(?:\d+:)?(?P<name>.+?)-(?P<version>(?:\d+:)?[^-\s]*\d[^-\s]*-[^-\s]*\d[^-\s]*)"
)  # erased ones have none
_SEVERITIES: Final = {"CRITICAL": 18, "ERROR": 17, "WARNING": 13, "INFO": 9, "DEBUG": 5, "DDEBUG": 5, "SUBDEBUG": 5}


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    begun = any(line.rstrip().endswith(_BEGUN) for line in lines)
    own = sum(bool(_LINE.match(line)) for line in lines)
    told = sum(bool((found := _LINE.match(line)) and _act(found["said"].decode("ascii", "replace"))) for line in lines)
    if not lines or not (begun or told):
        return 0.0
    return 1.0 if begun and own else own / len(lines)


def _act(said: str) -> tuple[str, str, str] | None:
    """Give the word, the name and the version of a line that tells what became of a package."""
    found = _ACT.fullmatch(said)
    if found is None or found["word"] not in _DONE:
        return None
    named = _NAMED.fullmatch(found["package"])
    return found["word"], *((named["name"], named["version"]) if named else (found["package"], ""))


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each dated line; what stands under it without a time belongs to it."""
    run = ""
    open_: tuple[Line, Any, dict[str, Any]] | None = None
    for line in lines:
        found = _LINE.match(line.text)
        stamp = read_stamp("iso", found["time"]) if found else None
        if found is None or stamp is None:
            text = line.text[:2000].decode("utf-8", "backslashreplace").rstrip()
            if open_ is not None and len(open_[2]["message"]) < 4000:
                open_[2]["message"] = f"{open_[2]['message']}\n{text}".rstrip()
            elif open_ is None and text:
                yield Reject(line, "a line of DNF's log with its time was expected")
            continue
        if open_ is not None:
            yield Record(*open_)
        if found["said"].rstrip() == _BEGUN:
            run = f"dnf {found['time'].decode()}"
        open_ = (
            line,
            stamp,
            _columns(found["level"].decode(), found["said"][:8000].decode("utf-8", "backslashreplace"), run),
        )
    if open_ is not None:
        yield Record(*open_)


def _columns(level: str, said: str, run: str) -> dict[str, Any]:
    columns: dict[str, Any] = {"message": said.rstrip(), "severity": _SEVERITIES.get(level), "service": "dnf"}
    act = _act(said)
    if act is None or (level == "SUBDEBUG" and act[0] in _REPLACED):
        return columns | ({"command": said.partition(": ")[2].strip()} if said.startswith("Command: ") else {})
    return columns | _changed(act) | ({"run": run} if run else {})


def _changed(act: tuple[str, str, str]) -> dict[str, Any]:
    word, name, version = act
    done: dict[str, Any] = {"kind": Kind.CHANGE, "action": _DONE[word], "target": name, "outcome": Outcome.CHANGED}
    return done | ({"version": version} if version else {})


def _yum(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    word = next(word for word in _YUM_WORDS if word.lower() in match)
    package = match.text(word.lower())
    said = pc.binary_join_element_wise(f"{word}:", package, " ")
    told = each_unique(said, _yum_told)
    return {**told, "message": said, word.lower(): None, "service": ["yum"] * len(match)}


def _yum_inside(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    return each_unique(match.text("message"), _yum_told)


def _yum_told(said: str) -> dict[str, Any]:
    act = _act(said)
    return {name: str(value) for name, value in _changed(act).items()} if act else {"kind": str(Kind.LOG)}


_DNF: Final = "dnf 4.14.0 on Debian 12 with --installroot, with packages made for the purpose"
_YUM: Final = "a RHEL 7 yum.log in a public course repository"
_YUM_WORDS: Final = ("Installed", "Updated", "Erased")

DNF_SAMPLES: Final = (
    Sample(
        b"2026-11-22T14:04:40+0000 INFO --- logging initialized ---\n2026-11-22T14:04:40+0000 SUBDEBUG Upgrade: blog-theme-1.1-1.noarch\n",
        {"time": "2026-11-22T14:04:40+00:00", "kind": "log", "message": "--- logging initialized ---", "severity": 9, "service": "dnf"},
        _DNF + ": dnf.rpm.log",
    ),
    Sample(
        b"2026-11-22T14:04:41+0000 SUBDEBUG Erase: blog-cache-1.0-1.noarch",
        {"kind": "change", "action": "remove", "target": "blog-cache", "version": "1.0-1.noarch", "outcome": "changed"},
        _DNF + ": dnf.rpm.log",
    ),
    Sample(
        b"2026-11-22T14:04:40+0000 DEBUG Upgraded: blog-theme-1.1-1.noarch\n",
        {"kind": "change", "action": "upgrade", "target": "blog-theme", "version": "1.1-1.noarch"},
        _DNF + ": dnf.log",
    ),
    Sample(
        b"2026-11-22T14:04:40+0000 CRITICAL Error: \n Problem: conflicting requests\n  - nothing provides /bin/sh needed by blog-bad-1.0-1.noarch\n"
        b"2026-11-22T14:04:40+0000 INFO (try to add '--skip-broken' to skip uninstallable packages)\n"
        b"2026-11-22T14:04:40+0000 INFO --- logging initialized ---\n",
        {"severity": 18, "message": "Error:\n Problem: conflicting requests\n  - nothing provides /bin/sh needed by blog-bad-1.0-1.noarch"},
        _DNF + ": dnf.log",
    ),
    Sample(
        b"2017-08-23T10:47:59Z DDEBUG Command: dnf repolist \n2017-08-23T10:47:59Z INFO --- logging initialized ---\n",
        {"time": "2017-08-23T10:47:59+00:00", "kind": "log", "command": "dnf repolist"},
        "DNF 2.5.1 in a public article, two of its lines in another order",
    ),
    Sample(
        b"2026-11-22T14:04:40+0000 DEBUG Installed: x\x00\xff\x1b[31m Installed: y-1-1.noarch\n2026-11-22T14:04:40+0000 INFO --- logging initialized ---",
        {"kind": "log", "message": "Installed: x\x00\\xff\x1b[31m Installed: y-1-1.noarch"},
        "hostile: NUL, bad UTF-8 and an escape in a name",
    ),
    Sample(b"2026-11-31T14:04:40+0000 DEBUG Installed: blog-cache-1.0-1.noarch", None, "hostile: no such day"),
)  # fmt: skip

YUM_SYSLOG_SAMPLES: Final = (
    Sample(
        b"Updated: 1:openssl-libs-1.0.1e-60.el7.x86_64",
        {"kind": "change", "action": "upgrade", "target": "openssl-libs", "version": "1.0.1e-60.el7.x86_64", "outcome": "changed"},
        "yum's source, rpmtrans.py: it says to syslog what it writes into yum.log",
        program="yum",
    ),
    Sample(b"Erased: redhat-access-insights-batch", {"action": "remove", "target": "redhat-access-insights-batch"}, _YUM, program="yum"),
    Sample(b"Warning: RPMDB altered outside of yum.", {"kind": "log", "action": None}, "yum's source, rpmsack.py", program="yum"),
)  # fmt: skip

YUM_SAMPLES: Final = (
    Sample(
        b"Feb 28 00:08:47 Installed: apr-util-1.5.2-6.el7.x86_64",
        {"time": "2000-02-28T00:08:47", "kind": "change", "action": "install", "target": "apr-util", "version": "1.5.2-6.el7.x86_64", "service": "yum"},
        _YUM,
    ),
    Sample(b"Feb 28 00:08:57 Erased: httpd-2.4.6-17.el7.x86_64", {"action": "remove", "target": "httpd", "outcome": "changed"}, _YUM),
    Sample(
        b"Feb 14 11:01:12 Updated: 1:openssl-libs-1.0.1e-60.el7.x86_64",
        {"action": "upgrade", "target": "openssl-libs", "version": "1.0.1e-60.el7.x86_64"},
        "a test of a public reader of yum.log: the epoch before the name",
    ),
    Sample(b"Feb 28 00:08:57 Installed: x\x00\xff\x1b[31m Erased: y", {"kind": "log"}, "hostile: NUL, bad UTF-8 and an escape in a name"),
    Sample(b"Feb 31 00:08:57 Erased: httpd-2.4.6-17.el7.x86_64", None, "hostile: no such day"),
)  # fmt: skip

PARSER = (
    RecordParser(
        name="dnf",
        title="DNF (dnf.log, dnf.rpm.log)",
        url="https://dnf.readthedocs.io/en/latest/command_ref.html",
        claims=_claims,
        marks=(
            b"logging initialized",
            b"nstall",
            b"Upgrade",
            b"Update",
            b"Downgrade",
            b"Erase",
            b"Removed",
            b"Obsoleted",
        ),
        records=_records,
        samples=DNF_SAMPLES,
    ),
    LineParser(
        name="yum",
        title="YUM (yum.log)",
        url="https://github.com/rpm-software-management/yum",
        samples=YUM_SAMPLES,
        layouts=tuple(Layout(f"{{time:syslog}} {word}: {{{word.lower()}:rest}}", name=word) for word in _YUM_WORDS),
        meaning=_yum,
    ),
    LineParser(
        name="yum-syslog",
        title="YUM in syslog",
        url="https://github.com/rpm-software-management/yum",
        samples=YUM_SYSLOG_SAMPLES,
        layouts=(Layout("{message:rest}"),),
        inside=("yum",),
        meaning=_yum_inside,
    ),
)
