"""Zypper's history, ``/var/log/zypp/history``: what libzypp did to packages, repositories and patches, and by which command.

::

    2026-12-01 11:59:44|command|root@vm|'zypper' 'in' 'blog-theme'|
    # 2026-12-01 11:59:44 blog-theme-1.0-1.noarch.rpm installed ok
    # Additional rpm output:
    2026-12-01 11:59:44|install|blog-theme|1.0-1|noarch|root@vm|local|8cee…|

Traps: local time without a zone; the second column is padded (``remove ``); an upgrade is an install, and so is a downgrade; what
failed stands in a comment only; the comment of a package stands above its line, and holds rpm's output over several lines; a
package that came as a dependency names nobody.

https://en.opensuse.org/openSUSE:Libzypp_history
https://github.com/openSUSE/libzypp/blob/master/zypp/HistoryLog.cc
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_WORDS: Final = ("install", "remove ", "command", "radd   ", "rremove")
_FAILED: Final = re.compile(r"(?P<package>\S{1,300}?)(?:\.rpm)? (?P<word>install|remove|upgrade) failed")
_NAMED: Final = re.compile(r"(?P<name>.+)-(?P<version>[^-\s]+-[^-\s]+?)(?:\.(?P<arch>[a-z]\w{1,12}))?")
_REPOSITORY: Final = {"radd": "add repository", "rremove": "remove repository"}


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    word = next((name for name in match.types if name not in ("time", "said")), None)
    if word is None:
        return each_unique(match.text("said"), _comment) | {"said": None}
    told = each_unique(match.text(word), _READERS.get(word, _other))
    return {word: None, "service": ["zypper"] * len(match), **told}


def _comment(said: str) -> dict[str, Any]:
    failed = _FAILED.fullmatch(said.strip())
    if failed is None:
        return {"kind": str(Kind.LOG), "message": said.strip(), "service": "zypper"}
    named = _NAMED.fullmatch(failed["package"])
    return {
        "kind": str(Kind.CHANGE),
        "action": failed["word"],
        "target": named["name"] if named else failed["package"],
        "version": named["version"] if named else "",
        "outcome": str(Outcome.FAILED),
        "severity": 17,
        "message": said.strip(),
        "service": "zypper",
    }


def _installed(said: str) -> dict[str, Any]:
    return _package("install", said)


def _removed(said: str) -> dict[str, Any]:
    return _package("remove", said)


def _package(action: str, said: str) -> dict[str, Any]:
    name, version, arch, by, repository, *_rest = [*said.split("|"), "", "", "", ""]
    told = {"version": version, "arch": arch, "actor": by.partition("@")[0], "repository": repository}
    return {
        "kind": str(Kind.CHANGE),
        "action": action,
        "target": name,
        "outcome": str(Outcome.CHANGED),
        "message": f"{action} {name} {version}".rstrip(),
    } | {key: value for key, value in told.items() if value}


def _command(said: str) -> dict[str, Any]:
    by, _, command = said.partition("|")
    shown = " ".join(part.strip("'") for part in command.rstrip("|").split(" "))
    return {
        "kind": str(Kind.LOG),
        "actor": by.partition("@")[0],
        "command": shown[:2000],
        "message": f"command {shown}"[:2000],
    }


def _added(said: str) -> dict[str, Any]:
    return _repository("radd", said)


def _dropped(said: str) -> dict[str, Any]:
    return _repository("rremove", said)


def _repository(word: str, said: str) -> dict[str, Any]:
    alias, url, *_rest = [*said.split("|"), ""]
    action = _REPOSITORY[word]
    return {
        "kind": str(Kind.CHANGE),
        "action": action,
        "target": alias,
        "outcome": str(Outcome.CHANGED),
        "message": f"{action} {alias} {url}".rstrip(),
    }


def _other(said: str) -> dict[str, Any]:
    return {"kind": str(Kind.LOG), "message": said.rstrip("|")}


_READERS: Final = {"install": _installed, "remove": _removed, "command": _command, "radd": _added, "rremove": _dropped}
_RUN: Final = (
    "zypper 1.14.42 (libzypp 17.25.7) on Debian 12 with --root, packages made for the purpose, a path shortened"
)

PARSER = LineParser(
    name="zypper",
    title="Zypper history",
    url="https://en.opensuse.org/openSUSE:Libzypp_history",
    layouts=(
        *(Layout(f"{{time:iso}}|{word}|{{{word.strip()}:rest}}", name=word.strip()) for word in _WORDS),
        Layout("# {time:iso} {said:rest}", name="comment"),
    ),
    continues=True,
    meaning=_meaning,
    samples=(
        Sample(
            b"2026-12-01 11:59:44|install|blog-cache|1.0-1|noarch|root@vm|local|6997aecb4be3f93ca9d8ac7864764eb7c5405167bcb725686ba1610a40792d47|",
            {
                "time": "2026-12-01T11:59:44",
                "kind": "change",
                "action": "install",
                "target": "blog-cache",
                "version": "1.0-1",
                "outcome": "changed",
                "actor": "root",
                "repository": "local",
                "service": "zypper",
            },
            _RUN,
        ),
        Sample(
            b"2026-02-18 10:32:35|install|virtualbox|7.2.6-1.0.4.2.sr20260202|x86_64||slowroll-update|21d7a2beb188fbe04512014128feebb41cb2ef3b98a82ea0bde8b3be62ec63ab90adb4bbb7592ab9b72b744f165b14fbb7ba0e8731e2d0dd17024fd1bac33f48|",
            {"action": "install", "target": "virtualbox", "version": "7.2.6-1.0.4.2.sr20260202", "actor": None},
            "agama-project/agama issue 3187: openSUSE Slowroll",
        ),
        Sample(
            b"2026-12-01 11:59:45|remove |blog-cache|1.0-1|noarch|root@vm|",
            {"kind": "change", "action": "remove", "target": "blog-cache", "outcome": "changed", "actor": "root"},
            _RUN,
        ),
        Sample(
            b"2024-09-15 12:54:54|command|root@meteor|'zypper' 'dup'|",
            {"kind": "log", "actor": "root", "command": "zypper dup", "message": "command zypper dup"},
            "shundhammer/myrlyn issue 94",
        ),
        Sample(
            b"2026-12-01 11:59:44|radd   |local|dir:/tmp/rpm/repo|",
            {"kind": "change", "action": "add repository", "target": "local", "outcome": "changed"},
            _RUN,
        ),
        Sample(
            b"2026-12-01 11:59:45|rremove|local|",
            {"kind": "change", "action": "remove repository", "target": "local"},
            _RUN,
        ),
        Sample(
            b"# 2026-12-01 11:59:44 blog-cache-1.0-1.noarch.rpm installed ok\n# Additional rpm output:\n# rpm: However assuming you know what you are doing...\n# \n",
            {"time": "2026-12-01T11:59:44", "kind": "log"},
            _RUN,
        ),
        Sample(
            b"# 2026-12-01 12:02:46 blog-bad-1.0-1.noarch.rpm install failed\n# rpm output:\n# error: blog-bad-1.0-1.noarch: install failed\n# \n# Commit was aborted.\n",
            {
                "kind": "change",
                "action": "install",
                "target": "blog-bad",
                "outcome": "failed",
                "severity": 17,
                "version": "1.0-1",
            },
            _RUN,
        ),
        Sample(b"2026-12-41 11:59:45|rremove|local|", None, "hostile: no such day"),
    ),
)
