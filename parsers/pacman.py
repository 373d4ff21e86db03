"""Pacman's log, ``/var/log/pacman.log``: what was installed, upgraded, downgraded and removed, with the commands.

::

    [2026-12-01T11:59:45+0000] [PACMAN] Running 'pacman -Syu'
    [2026-12-01T11:59:45+0000] [ALPM] upgraded blog-theme (1.0-1 -> 1.1-1)
    [2018-02-18 15:13] [ALPM] removed libxfont (1.5.2-1)                     before 5.2: no seconds, no zone

Traps: before pacman 5.2 minutes of local time; what scripts print stands between; an epoch stands in a version (``1:152.0``).

https://man.archlinux.org/man/pacman.8
https://gitlab.archlinux.org/pacman/pacman/-/blob/master/lib/libalpm/log.c
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, times_of_column

_DONE: Final = {
    "installed": "install", "reinstalled": "reinstall", "upgraded": "upgrade", "downgraded": "downgrade", "removed": "remove",
}  # fmt: skip
_TAGS: Final = ("ALPM", "PACMAN", "ALPM-SCRIPTLET")
_ACT: Final = re.compile(rf"(?P<word>{'|'.join(_DONE)}) (?P<name>\S{{1,300}}) \((?P<from>\S+?)(?: -> (?P<to>\S+))?\)")


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    tag = next(name for name in match.types if name != "time")
    said = match.text(tag)
    columns = {tag: None, "message": said, "service": ["pacman"] * len(match), "logger": [tag.upper()] * len(match)}
    if match.types["time"] == "text":
        times, read = times_of_column(pc.binary_join_element_wise(match.text("time"), ":00", ""))
        columns |= {"time": times, "refused": ~read}
    return columns | each_unique(said, _read if tag == "alpm" else _spoken)


def _read(said: str) -> dict[str, Any]:
    found = _ACT.fullmatch(said.rstrip())
    if found is None:
        return _spoken(said)
    versions = {"from": found["from"], "to": found["to"]} if found["to"] else {"version": found["from"]}
    return {
        "kind": str(Kind.CHANGE),
        "action": _DONE[found["word"]],
        "target": found["name"],
        "outcome": str(Outcome.CHANGED),
    } | versions


def _spoken(said: str) -> dict[str, Any]:
    failed = said.startswith(("error:", "transaction failed"))
    severity = 17 if failed else 13 if said.startswith("warning:") else 9
    told = {"command": said[9:-1]} if said.startswith("Running '") and said.endswith("'") else {}
    return {"kind": str(Kind.LOG), "severity": severity} | told


_RUN: Final = "pacman 6.0.2 on Debian 12 with --root, packages made for the purpose"
_OLD: Final = "osa1/tiny pull request 91: Arch Linux"

PARSER = LineParser(
    name="pacman",
    title="pacman log (pacman.log)",
    url="https://man.archlinux.org/man/pacman.8",
    layouts=tuple(
        Layout(f"[{time}] [{tag}] {{{tag.lower()}:rest}}", name=f"{tag.lower()}{'' if 'iso' in time else '-old'}")
        for time in ("{time:iso}", "{time}")
        for tag in _TAGS
    ),
    continues=True,
    meaning=_meaning,
    samples=(
        Sample(
            b"[2026-12-01T11:59:45+0000] [ALPM] upgraded blog-theme (1.0-1 -> 1.1-1)",
            {
                "time": "2026-12-01T11:59:45+00:00",
                "kind": "change",
                "action": "upgrade",
                "target": "blog-theme",
                "outcome": "changed",
                "from": "1.0-1",
                "to": "1.1-1",
                "service": "pacman",
            },
            _RUN,
        ),
        Sample(
            b"[2026-12-01T11:59:45+0000] [ALPM] reinstalled blog-theme (1.0-1)",
            {"action": "reinstall", "target": "blog-theme", "version": "1.0-1"},
            _RUN,
        ),
        Sample(
            b"[2026-12-01T11:59:45+0000] [PACMAN] Running 'pacman --root root --noconfirm -R blog-cache'",
            {"kind": "log", "severity": 9, "command": "pacman --root root --noconfirm -R blog-cache"},
            _RUN + ", of its options some",
        ),
        Sample(
            b"[2026-06-26T19:30:25+0930] [ALPM-SCRIPTLET] >>    Remember to check for changes in /usr/lib/librewolf/librewolf.cfg.pacnew",
            {"time": "2026-06-26T19:30:25+09:30", "kind": "log", "logger": "ALPM-SCRIPTLET"},
            "manjaro/pamac issue 578",
        ),
        Sample(
            b"[2018-02-18 15:13] [ALPM] removed libxfont (1.5.2-1)",
            {"time": "2018-02-18T15:13:00", "kind": "change", "action": "remove", "target": "libxfont"},
            _OLD,
        ),
        Sample(b"[2018-02-18 15:13] [PACMAN] starting full system upgrade", {"kind": "log"}, _OLD),
        Sample(
            b"[2018-02-18 15:13] [ALPM-SCRIPTLET] x\x00\xff\x1b[31m [ALPM] removed y (1)",
            {"kind": "log"},
            "hostile: NUL, bad UTF-8 and an escape",
        ),
        Sample(b"[2018-02-38 15:13] [ALPM] removed libxfont (1.5.2-1)", None, "hostile: no such day"),
    ),
)
