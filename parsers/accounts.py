"""Accounts: what useradd, usermod, passwd and their kin say in syslog, who became whom with su, and what doas ran.

An account or a group that was added, changed or removed is a change with its name as target. doas tells a command as sudo does.

Traps: adding to a group is told again for the shadow group; groupadd tells one group three times; a refused su is no change.

https://github.com/shadow-maint/shadow
https://man.openbsd.org/doas.1
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_WARN: Final = 13
_SAYINGS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"new (?P<what>user|group): name=(?P<target>[^,]{1,100})(?:,.*)?",
        r"(?P<what>delete user) '(?P<target>[^']{1,100})'\s*",
        r"(?P<what>group) '(?P<target>[^']{1,100})' removed\s*",
        r"(?P<what>removed group) '(?P<target>[^']{1,100})' owned by .*",
        r"(?P<what>add) '(?P<target>[^']{1,100})' to group '(?P<group>[^']{1,100})'\s*",
        r"(?P<what>delete) '(?P<target>[^']{1,100})' from group '(?P<group>[^']{1,100})'\s*",
        r"(?P<what>change user)(?: name)? '(?P<target>[^']{1,100})' .*",
        r"(?P<what>(?:un)?lock user) '(?P<target>[^']{1,100})' password\s*",
        r"user (?P<target>\S{1,100}) (?P<what>added|removed) by (?P<actor>\S{1,100}) (?:to|from) group (?P<group>\S{1,100})",
        r"pam_unix\((?:passwd|chpasswd)[^)]*\): (?P<what>password changed) for (?P<target>\S{1,100})",
    )
)
_SU: Final = re.compile(r"\(to (?P<target>[^)]{1,100})\) (?P<actor>\S{1,100}) on (?P<tty>\S+)")
_NO_SU: Final = re.compile(r"FAILED SU \(to (?P<target>[^)]{1,100})\) (?P<actor>\S{1,100}) on (?P<tty>\S+)")
_RAN: Final = re.compile(
    r"(?P<actor>\S{1,100}) ran command (?P<target>.+) as (?P<runas>\S{1,100}) from (?P<pwd>/.*)", re.DOTALL
)
_REFUSED: Final = re.compile(r"command not permitted for (?P<actor>[^:]{1,100}): (?P<target>.+)", re.DOTALL)


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    return _over(each_unique(match.text("message"), _told), outer)


def _doas(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    return _over(each_unique(match.text("message"), _asked), outer)


def _over(columns: dict[str, Column], outer: Mapping[str, Column]) -> dict[str, Column]:
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _told(text: str) -> dict[str, Any]:
    for pattern in _SAYINGS:
        if found := pattern.fullmatch(text):
            done = {"kind": Kind.CHANGE, "action": "account", "outcome": Outcome.CHANGED}
            return done | found.groupdict()
    if found := _SU.fullmatch(text):
        return {"kind": Kind.CHANGE, "action": "become", "outcome": Outcome.CHANGED, **found.groupdict()}
    if found := _NO_SU.fullmatch(text):
        return {"kind": Kind.LOG, "severity": _WARN, "actor": found["actor"]}
    return {"kind": Kind.LOG}


def _asked(text: str) -> dict[str, Any]:
    if found := _RAN.fullmatch(text):
        return {"kind": Kind.CHANGE, "action": "command", "outcome": Outcome.STARTED, **found.groupdict()}
    if found := _REFUSED.fullmatch(text):
        refused = {"kind": Kind.CHANGE, "action": "command", "outcome": Outcome.FAILED, "severity": _WARN}
        return refused | found.groupdict()
    return {"kind": Kind.LOG}


_RUN: Final = "shadow 4.13 on Debian 12, run for the purpose"
_DOAS: Final = "opendoas 6.8.2 on Debian 12, run for the purpose"


def _sample(text: bytes, program: str, expect: dict[str, object], origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin, program=program)


PARSER = (
    LineParser(
        name="accounts",
        title="Accounts and groups (useradd, passwd, su)",
        url="https://github.com/shadow-maint/shadow",
        layouts=(Layout("{message:rest}"),),
        inside=(
            "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "passwd", "chpasswd", "gpasswd", "chage", "su",
        ),
        meaning=_meaning,
        samples=(
            _sample(
                b"new user: name=bob, UID=1000, GID=100, home=/home/bob, shell=/bin/bash, from=none",
                "useradd",
                {"kind": "change", "action": "account", "target": "bob", "outcome": "changed", "what": "user"},
            ),
            _sample(
                b"new group: name=docker, GID=1000",
                "groupadd",
                {"action": "account", "target": "docker", "what": "group"},
            ),
            _sample(
                b"add 'bob' to group 'sudo'",
                "usermod",
                {"action": "account", "target": "bob", "group": "sudo", "what": "add"},
            ),
            _sample(b"add 'bob' to shadow group 'sudo'", "usermod", {"kind": "log"}),
            _sample(
                b"change user 'bob' shell from '/bin/bash' to '/bin/sh'",
                "usermod",
                {"action": "account", "target": "bob", "outcome": "changed"},
            ),
            _sample(b"delete user 'bobby'", "userdel", {"action": "account", "target": "bobby", "what": "delete user"}),
            _sample(b"group 'docker' removed", "groupdel", {"action": "account", "target": "docker"}),
            _sample(b"(to nobody) root on none", "su", {"action": "become", "target": "nobody", "actor": "root"}),
            _sample(
                b"pam_unix(su:session): session opened for user nobody(uid=65534) by (uid=0)", "su", {"kind": "log"}
            ),
            _sample(
                b"new user: name=x\x00\xff\x1b[31m, UID=1000",
                "useradd",
                {"kind": "change"},
                "hostile: NUL, bad UTF-8 and an escape in a name",
            ),
        ),
    ),
    LineParser(
        name="doas",
        title="doas",
        url="https://man.openbsd.org/doas.1",
        layouts=(Layout("{message:rest}"),),
        inside=("doas",),
        meaning=_doas,
        samples=(
            _sample(
                b"root ran command /bin/true a b as nobody from /root",
                "doas",
                {
                    "kind": "change",
                    "action": "command",
                    "target": "/bin/true a b",
                    "actor": "root",
                    "runas": "nobody",
                    "pwd": "/root",
                    "outcome": "started",
                },
                _DOAS,
            ),
            _sample(
                b"command not permitted for nobody: id",
                "doas",
                {"action": "command", "target": "id", "actor": "nobody", "outcome": "failed", "severity": 13},
                _DOAS,
            ),
            _sample(b"pam_unix(doas:session): session closed for user nobody", "doas", {"kind": "log"}, _DOAS),
        ),
    ),
)  # fmt: skip
