"""What sudo says: which account ran which command as whom, or was refused.

``account : [reason ;] [TTY=… ;] PWD=… ; USER=… [; GROUP=…] [; ENV=…] ; COMMAND=…``. A reason means that nothing ran.

Traps: the command is the rest of the line, blanks and semicolons included; without a terminal there is no ``TTY=``
(Ansible, cron); ``(command continued)`` lines carry on a command too long for one; the account is padded to eight
columns. Ansible's become runs ``/bin/sh -c 'echo BECOME-SUCCESS-… ; …'`` and gets its own action, for what it
changes is told by the module's own line. ``COMMAND=list`` is ``sudo -l``. Nothing in the line is quoted: a
directory named ``x ; COMMAND=y`` cannot be told from a command; the first ``COMMAND=`` counts.

https://www.sudo.ws/docs/man/sudoers.man/#LOG_FORMAT
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_SAID: Final = re.compile(r"\s*(?P<actor>\S[^:]*?) : (?P<rest>.*)", re.DOTALL)
_PART: Final = re.compile(r"(?P<key>HOST|TTY|CWD|PWD|CHROOT|USER|GROUP|TSID|ENV)=(?P<value>.*)", re.DOTALL)
_FIELD_OF: Final = {
    "TTY": "tty",
    "PWD": "pwd",
    "CWD": "pwd",
    "USER": "runas",
    "GROUP": "runas_group",
    "ENV": "env",
}
_AUTHENTICATION: Final = re.compile(r"pam_\w+\(sudo[^)]*:auth\): (?:authentication failure|conversation failed)")
_WARN: Final = 13


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _told(text: str) -> dict[str, Any]:
    found = _SAID.fullmatch(text)
    head, marked, command = found["rest"].partition("COMMAND=") if found else ("", "", "")
    reasons: list[str] = []
    told: dict[str, Any] = {}
    for part in head.split(" ; "):
        if known := _PART.fullmatch(part):
            if known["key"] in _FIELD_OF:
                told.setdefault(_FIELD_OF[known["key"]], known["value"])
        elif part.strip():
            reasons.append(part.strip())
    if found is None or "runas" not in told:
        return {"kind": Kind.LOG, "severity": _WARN if _AUTHENTICATION.match(text) else None}
    return told | {
        "kind": Kind.CHANGE,
        "severity": _WARN if reasons else None,
        "action": "become" if "BECOME-SUCCESS-" in command else "command",
        "target": command if marked else None,
        "outcome": Outcome.FAILED if reasons else Outcome.STARTED,
        "actor": found["actor"],
        "reason": "; ".join(reasons) or None,
    }


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/auth.log"
_RUN: Final = "sudo 1.9.13p3"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin, program="sudo")


SAMPLES: Final = (
    _sample(
        b"  devops : TTY=pts/0 ; PWD=/home/devops ; USER=root ; COMMAND=/usr/bin/tail -n 100 /var/log/apache2/error.log",
        {
            "kind": "change",
            "action": "command",
            "target": "/usr/bin/tail -n 100 /var/log/apache2/error.log",
            "actor": "devops",
            "outcome": "started",
            "pwd": "/home/devops",
            "runas": "root",
            "tty": "pts/0",
        },
        _RECORDING,
    ),
    _sample(
        b"  deploy : PWD=/home/deploy ; USER=root ; COMMAND=/bin/sh -c 'echo BECOME-SUCCESS-zszuqqabbxvifftzmxtjytufodlkrwdr ; /usr/bin/python3'",
        {
            "kind": "change",
            "action": "become",
            "actor": "deploy",
            "target": "/bin/sh -c 'echo BECOME-SUCCESS-zszuqqabbxvifftzmxtjytufodlkrwdr ; /usr/bin/python3'",
            "outcome": "started",
            "tty": None,
        },
        _RECORDING,
    ),
    _sample(
        b"pam_unix(sudo:session): session opened for user root(uid=0) by (uid=1101)",
        {"kind": "log", "action": None, "severity": None},
        _RECORDING,
    ),
    _sample(
        b"  devops : PWD=/home/devops ; USER=www-data ; GROUP=www-data ; COMMAND=/usr/bin/id",
        {"target": "/usr/bin/id", "runas": "www-data", "runas_group": "www-data"},
    ),
    _sample(
        b"  devops : PWD=/home/devops ; USER=root ; ENV=FOO=bar LD_X=1 ; COMMAND=/bin/true",
        {"target": "/bin/true", "env": "FOO=bar LD_X=1"},
    ),
    _sample(
        b"  intern : command not allowed ; PWD=/home/intern ; USER=root ; COMMAND=/bin/cat /etc/shadow",
        {
            "kind": "change",
            "action": "command",
            "target": "/bin/cat /etc/shadow",
            "outcome": "failed",
            "actor": "intern",
            "reason": "command not allowed",
            "severity": 13,
        },
    ),
    _sample(
        b"  intern : 1 incorrect password attempt ; PWD=/home/intern ; USER=root ; COMMAND=/bin/ls",
        {"outcome": "failed", "reason": "1 incorrect password attempt", "target": "/bin/ls"},
    ),
    _sample(
        b"stranger : user NOT in sudoers ; PWD=/home/stranger ; USER=root ; COMMAND=/usr/bin/ls",
        {"actor": "stranger", "outcome": "failed", "reason": "user NOT in sudoers"},
    ),
    _sample(
        b"  devops : unknown user nobodyx ; PWD=/home/devops ; USER=nobodyx ; ",
        {
            "kind": "change",
            "outcome": "failed",
            "target": None,
            "runas": "nobodyx",
            "reason": "unknown user nobodyx",
        },
    ),
    _sample(
        b"pam_unix(sudo:auth): authentication failure; logname= uid=1002 euid=0 tty= ruser=intern rhost=  user=intern",
        {"kind": "log", "severity": 13},
    ),
    _sample(b"  devops : (command continued) xxxxxxxx", {"kind": "log", "action": None}, _RUN + ", shortened"),
    _sample(
        b"  devops : PWD=/home/devops ; USER=root ; COMMAND=/bin/echo a#011b#033[31mred#012new\xff",
        {"target": "/bin/echo a#011b#033[31mred#012new\\xff", "actor": "devops"},
        _RUN + "; a tab, a terminal escape, a newline and a byte that is no UTF-8 in the command",
    ),
    _sample(
        b"  ev[il \x00\x1b : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo Nov 10 10:29:58 ; COMMAND=/bin/false",
        {"actor": "ev[il \x00\x1b", "target": "/bin/echo Nov 10 10:29:58 ; COMMAND=/bin/false"},
        "hostile: bracket, blank, NUL and escape in the account; a date and a second command inside the command",
    ),
    _sample(
        b"  devops : PWD=/ ; USER=root ; COMMAND=/bin/echo " + b"x" * 1_000_000,
        {"target": "/bin/echo " + "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    _sample(b" : " * 100_000, {"kind": "log"}, "hostile: separators only"),
)

PARSER = LineParser(
    name="sudo",
    title="sudo",
    url="https://www.sudo.ws/docs/man/sudoers.man/#LOG_FORMAT",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("sudo",),
    meaning=_meaning,
)
