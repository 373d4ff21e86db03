"""Fail2ban: which addresses it found, banned and let go; its own log file and syslog.

A ban is a log message with its client, not a change: there are thousands. Starting, stopping and reloading are changes, for they
empty and fill the firewall's lists.

Traps: ``Found`` prints the time of the line it read, which is not its own; a server behind a proxy may ban the proxy, and be down for all
behind it; "already banned" is no ban; no zone.

https://github.com/fail2ban/fail2ban/wiki
https://github.com/fail2ban/fail2ban/blob/master/fail2ban/server/actions.py
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_ABOUT: Final = re.compile(
    r"\[(?P<jail>[\w.-]{1,100})\] (?P<verb>Ban|Unban|Found|Restore Ban|Increase Ban|Ignore) (?P<client>[0-9A-Fa-f.:]+)(?:[ ,/].*)?"
)
_SAYINGS: Final = (
    (re.compile(r"Starting Fail2ban v(?P<version>\S+)"), "start"),
    (re.compile(r"Exiting Fail2ban"), "stop"),
    (re.compile(r"Reload (?:finished|jail).*"), "reload"),
)
_LEVEL: Final = re.compile(r"(?P<level>CRITICAL|ERROR|WARNING|NOTICE|INFO|DEBUG) +(?P<said>.*)", re.DOTALL)
_SEVERITIES: Final = {"CRITICAL": 18, "ERROR": 17, "WARNING": 13, "NOTICE": 10, "INFO": 9, "DEBUG": 5}


def _own(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    return {**each_unique(match.text("message"), _told), "service": ["fail2ban"] * len(match)}


def _inside(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = each_unique(match.text("message"), _said)
    if "severity" in outer and "severity" in columns:
        columns["severity"] = pc.coalesce(columns["severity"], outer["severity"])
    return columns | ({"run": None} if "run" in outer else {})


def _said(text: str) -> dict[str, Any]:
    found = _LEVEL.fullmatch(text)
    if found is None:
        return dict(_told(text))
    return _told(found["said"]) | {"severity": _SEVERITIES[found["level"]], "message": found["said"]}


def _told(text: str) -> dict[str, str]:
    told = {"kind": str(Kind.LOG)}
    if about := _ABOUT.fullmatch(text):
        return told | about.groupdict()
    for pattern, action in _SAYINGS:
        if found := pattern.fullmatch(text):
            changed = {
                "kind": str(Kind.CHANGE),
                "action": action,
                "target": "fail2ban",
                "outcome": str(Outcome.CHANGED),
            }
            return changed | found.groupdict()
    return told


_RUN: Final = "Fail2ban 1.0.2 on loopback"

SAMPLES: Final = (
    Sample(
        b"2026-11-22 14:17:16,449 fail2ban.actions        [795]: NOTICE  [sshd] Ban 192.0.2.7",
        {"time": "2026-11-22T14:17:16.449", "kind": "log", "severity": 10, "client": "192.0.2.7", "jail": "sshd", "verb": "Ban", "component": "actions", "pid": "795"},
        _RUN,
    ),
    Sample(b"2026-11-22 14:17:15,049 fail2ban.filter         [795]: INFO    [sshd] Found 192.0.2.7 - 2026-11-22 14:14:25", {"verb": "Found", "client": "192.0.2.7"}, _RUN),
    Sample(b"2026-11-22 14:17:14,983 fail2ban.server         [795]: INFO    Starting Fail2ban v1.0.2", {"kind": "change", "action": "start", "target": "fail2ban", "version": "1.0.2"}, _RUN),
    Sample(b"2026-11-22 14:17:15,030 fail2ban.filter         [795]: INFO      maxLines: 1", {"kind": "log", "message": "maxLines: 1"}, _RUN),
    Sample(b"2026-11-22 14:17:16,449 fail2ban.actions        [795]: NOTICE  [x\x00\xff\x1b[31m] Ban 192.0.2.7", {"kind": "log", "client": None}, "hostile: NUL, bad UTF-8 and an escape in a jail's name"),
    Sample(b"2026-11-31 14:17:16,449 fail2ban.actions        [795]: NOTICE  [sshd] Ban 192.0.2.7", None, "hostile: no such day"),
)  # fmt: skip

SYSLOG_SAMPLES: Final = (
    Sample(
        b"NOTICE [sshd] Unban 192.0.2.9",
        {"kind": "log", "client": "192.0.2.9", "severity": 10, "jail": "sshd", "verb": "Unban", "message": "[sshd] Unban 192.0.2.9"},
        _RUN + ", logtarget SYSLOG",
        program="fail2ban.actions",
    ),
    Sample(b"INFO Exiting Fail2ban", {"kind": "change", "action": "stop", "severity": 9}, _RUN + ", logtarget SYSLOG", program="fail2ban.server"),
    Sample(b"NOTICE [x\x00\xff\x1b[31m] Ban y", {"kind": "log", "client": None}, "hostile: NUL, bad UTF-8 and an escape in a jail's name", program="fail2ban.actions"),
)  # fmt: skip

_URL: Final = "https://github.com/fail2ban/fail2ban/wiki"
PARSER = (
    LineParser(
        name="fail2ban",
        title="Fail2ban, its own log file",
        url=_URL,
        samples=SAMPLES,
        layouts=(Layout("{time:python} fail2ban.{component:word}{~}[{pid:d}]: {level:level}{~}{message:rest}"),),
        continues=True,
        meaning=_own,
    ),
    LineParser(
        name="fail2ban-syslog",
        title="Fail2ban in syslog",
        url=_URL,
        samples=SYSLOG_SAMPLES,
        layouts=(Layout("{message:rest}"),),
        inside=("fail2ban*",),
        meaning=_inside,
    ),
)
