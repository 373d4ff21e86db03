"""What OpenSSH's server says: who came in, who failed to, who left.

A login is a change: an account acts from then on. Everything else is a log message, with account and client address
where the line tells them; failures are warnings.

Traps: the account of a failed login is whatever the client sent, also ``x from 192.0.2.1 port``, so the last
``from … port …`` counts; newer versions log as ``sshd-session`` and ``sshd-auth``; older ones print no port behind
``Invalid user``; session lines come from PAM and name no address.

https://man.openbsd.org/sshd_config#LogLevel
https://github.com/openssh/openssh-portable/blob/master/auth.c (auth_log), packet.c (sshpkt_vfatal)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_AT: Final = r"(?P<client>[^\s]+) port (?P<port>[0-9]+)"
_ACCEPTED: Final = re.compile(
    rf"Accepted (?P<auth_method>\S+) for (?P<actor>.*) from {_AT}(?: ssh2)?(?:: (?P<key>.*))?", re.DOTALL
)
_WARN: Final = 13

# Whole lines, the most telling first; what they tell is logged at the severity beside them.
_SAYINGS: Final[tuple[tuple[re.Pattern[str], int | None], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), severity)
    for pattern, severity in (
        (
            rf"(?:Failed|Postponed) (?P<auth_method>\S+) for (?:invalid user )?(?P<actor>.*) from {_AT}(?: ssh2.*)?",
            _WARN,
        ),
        (r"(?:Invalid|Illegal) user (?P<actor>.*) from (?P<client>\S+)(?: port (?P<port>[0-9]+))?", _WARN),
        (
            rf"Connection (?:closed|reset) by (?:authenticating|invalid) user (?P<actor>.*) {_AT}(?: \[preauth\])?",
            _WARN,
        ),
        (rf"Disconnected from (?:authenticating|invalid) user (?P<actor>.*) {_AT}(?: \[preauth\])?", _WARN),
        (rf"Disconnected from user (?P<actor>.*) {_AT}", None),
        (rf"(?:Disconnected from|Connection (?:closed|reset) by|Connection from) {_AT}(?: .*)?", None),
        (rf"Received disconnect from {_AT}:(?P<reason>.*)", None),
        (r"Received disconnect from (?P<client>[^\s:]+|[0-9a-fA-F:]+): (?P<reason>\d+: .*)", None),
        (
            r"error: Received disconnect from (?P<client>[^\s:]+|[0-9a-fA-F:]+)(?: port (?P<port>[0-9]+))?: ?(?P<reason>\d+: .*)",
            17,
        ),
        (r"Connection (?:closed|reset) by (?P<client>[^\s]+)(?: \[preauth\])?", None),
        (r"pam_unix\(sshd:session\): session (?:opened|closed) for user (?P<actor>[^\s(]+).*", None),
        (
            r"pam_unix\(sshd:auth\): authentication failure; .* rhost=(?P<client>\S+)(?: +user=(?P<actor>\S+))?\s*",
            _WARN,
        ),
        (r"error: PAM: Authentication failure for (?:illegal user )?(?P<actor>.*) from (?P<client>\S+)", 17),
        (
            rf"error: maximum authentication attempts exceeded for (?:invalid user )?(?P<actor>.*) from {_AT}.*",
            17,
        ),
        (r"User (?P<actor>.*) (?:from (?P<client>\S+) )?not allowed because .*", _WARN),
        (r"error: .*", 17),
        (r"fatal: .*", 18),
    )
)


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _told(text: str) -> dict[str, Any]:
    if found := _ACCEPTED.fullmatch(text):
        return found.groupdict() | {"kind": Kind.CHANGE, "action": "login", "outcome": Outcome.CHANGED}
    for pattern, severity in _SAYINGS:
        if found := pattern.fullmatch(text):
            return found.groupdict() | {"kind": Kind.LOG, "severity": severity}
    return {"kind": Kind.LOG}


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/auth.log"
_RUN: Final = "OpenSSH 9.2p1 on loopback"
_LOGHUB: Final = "public log of the LogHub collection, OpenSSH"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin, program="sshd")


SAMPLES: Final = (
    _sample(
        b"Accepted publickey for deploy from 10.20.0.2 port 44941 ssh2: ED25519 SHA256:8Vb+cC010EVJPbsLMa9iit76PFR+Wne5a1s4/gifVlw",
        {
            "kind": "change",
            "action": "login",
            "outcome": "changed",
            "actor": "deploy",
            "client": "10.20.0.2",
            "port": "44941",
            "auth_method": "publickey",
            "key": "ED25519 SHA256:8Vb+cC010EVJPbsLMa9iit76PFR+Wne5a1s4/gifVlw",
        },
        _RECORDING,
    ),
    _sample(
        b"Accepted keyboard-interactive/pam for intern from 127.0.0.1 port 59634 ssh2",
        {"action": "login", "actor": "intern", "auth_method": "keyboard-interactive/pam", "key": None},
    ),
    _sample(
        b"Failed password for intern from 127.0.0.1 port 49866 ssh2",
        {
            "kind": "log",
            "severity": 13,
            "actor": "intern",
            "client": "127.0.0.1",
            "port": "49866",
            "action": None,
        },
    ),
    _sample(
        b"Failed password for invalid user nosuch from 127.0.0.1 port 43082 ssh2",
        {"kind": "log", "severity": 13, "actor": "nosuch", "client": "127.0.0.1"},
    ),
    _sample(
        b"Invalid user nosuch from 127.0.0.1 port 43082",
        {"kind": "log", "severity": 13, "actor": "nosuch", "client": "127.0.0.1"},
    ),
    _sample(
        b"Connection closed by authenticating user intern 127.0.0.1 port 33500 [preauth]",
        {"kind": "log", "severity": 13, "actor": "intern", "client": "127.0.0.1"},
    ),
    _sample(
        b"Disconnected from user deploy 10.20.0.2 port 51539",
        {"kind": "log", "actor": "deploy", "client": "10.20.0.2", "severity": None},
        _RECORDING,
    ),
    _sample(
        b"Received disconnect from 10.20.0.2 port 51539:11: disconnected by user",
        {"kind": "log", "client": "10.20.0.2", "reason": "11: disconnected by user"},
        _RECORDING,
    ),
    _sample(
        b"Received disconnect from 183.62.140.253: 11: Bye Bye [preauth]",
        {"kind": "log", "client": "183.62.140.253", "reason": "11: Bye Bye [preauth]", "severity": None},
        _LOGHUB,
    ),
    _sample(
        b"error: Received disconnect from 103.99.0.122: 14: No more user authentication methods available. [preauth]",
        {
            "kind": "log",
            "severity": 17,
            "client": "103.99.0.122",
            "reason": "14: No more user authentication methods available. [preauth]",
        },
        _LOGHUB,
    ),
    _sample(
        b"Failed password for invalid user guest from 103.99.0.122 port 52172 ssh2",
        {"severity": 13, "actor": "guest", "client": "103.99.0.122", "port": "52172"},
        _LOGHUB,
    ),
    _sample(
        b"Connection closed by 173.234.31.186 [preauth]",
        {"kind": "log", "client": "173.234.31.186", "severity": None},
        _LOGHUB,
    ),
    _sample(
        b"pam_unix(sshd:session): session opened for user deploy(uid=1101) by (uid=0)",
        {"kind": "log", "actor": "deploy", "client": None},
        _RECORDING,
    ),
    _sample(
        b"pam_unix(sshd:session): session closed for user deploy",
        {"kind": "log", "actor": "deploy"},
        _RECORDING,
    ),
    _sample(
        b"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=127.0.0.1  user=intern",
        {"kind": "log", "severity": 13, "actor": "intern", "client": "127.0.0.1"},
    ),
    _sample(
        b'error: kex_exchange_identification: client sent invalid protocol identifier "GET / HTTP/1.0"',
        {"kind": "log", "severity": 17},
    ),
    _sample(b"Server listening on 127.0.0.1 port 12022.", {"kind": "log", "severity": None, "client": None}),
    _sample(
        b"pam_env(sshd:session): deprecated reading of user environment enabled",
        {"kind": "log", "actor": None},
        _RECORDING,
    ),
    _sample(
        b"Invalid user ev[il] from 1.2.3.4 port from 127.0.0.1 port 33516",
        {"actor": "ev[il] from 1.2.3.4 port", "client": "127.0.0.1", "port": "33516"},
        _RUN + "; brackets and another address in the account",
    ),
    _sample(
        b"Connection closed by invalid user ev[il] from 1.2.3.4 port 127.0.0.1 port 33516 [preauth]",
        {"actor": "ev[il] from 1.2.3.4 port", "client": "127.0.0.1"},
        _RUN + "; brackets and another address in the account",
    ),
    _sample(
        b"Invalid user \x00\xff\x1b[31m Accepted password for root from 6.6.6.6 port 1 ssh2 Nov 10 10:29:58 from 127.0.0.1 port 5",
        {"kind": "log", "client": "127.0.0.1", "port": "5", "action": None},
        "hostile: an account with NUL, a byte that is no UTF-8, an escape, a date and the words of a login",
    ),
    _sample(
        b"Failed password for invalid user " + b"a from b " * 100_000 + b"from 127.0.0.1 port 5 ssh2",
        {"kind": "log", "client": "127.0.0.1"},
        "hostile: a line of 1 MB that repeats the separator",
    ),
)

PARSER = LineParser(
    name="sshd",
    title="OpenSSH server",
    url="https://man.openbsd.org/sshd",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("sshd", "sshd-session", "sshd-auth"),
    meaning=_meaning,
)
