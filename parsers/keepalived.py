"""Keepalived: which machine holds a virtual address, and which servers behind it are in use.

A state entered is a change: ``MASTER`` took the address over, ``FAULT`` gave it up. So is a server taken out of or put into a pool.

Traps: every instance tells its own state, so that a failover stands in the logs of two machines; ``BACKUP`` at start-up is no
failover; a check that fails is told once per change; the name of the program ends in what the child does (``Keepalived_vrrp``).

https://www.keepalived.org/manpage.html
https://github.com/acassen/keepalived/blob/master/keepalived/vrrp/vrrp.c (the states)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_CHANGED: Final = {"kind": Kind.CHANGE, "outcome": Outcome.CHANGED}
_ACTIONS: Final = {"MASTER": "promote", "BACKUP": "demote", "FAULT": "demote", "INIT": "stop"}
_STATE: Final = re.compile(
    r"(?:VRRP_(?:Instance|Group)|VRRP_Group)?\((?P<target>[^)]{1,100})\) Entering (?P<state>MASTER|BACKUP|FAULT|INIT) STATE.*"
)
_SAYINGS: Final[tuple[tuple[re.Pattern[str], dict[str, Any]], ...]] = (
    (re.compile(r"(?:VRRP_Script|Track script) ?\((?P<check>[^)]+)\) (?:failed|timed out).*"), {"severity": 13}),
    (re.compile(r"Removing service (?P<target>\S+) (?:from|to) VS (?P<pool>\S+).*"), _CHANGED | {"action": "server-down", "severity": 13}),
    (re.compile(r"Adding service (?P<target>\S+) to VS (?P<pool>\S+).*"), _CHANGED | {"action": "server-up"}),
    (re.compile(r"Starting Keepalived v.*"), _CHANGED | {"action": "start", "target": "keepalived"}),
    (re.compile(r"Stopped Keepalived v.*"), _CHANGED | {"action": "stop", "target": "keepalived"}),
    (re.compile(r"(?:Reloading|Got SIGHUP, reloading).*"), _CHANGED | {"action": "reload", "target": "keepalived"}),
    (re.compile(r".*(?:permanent error|exited with|WARNING|(?<!no )error|ERROR|cannot|can't|unable to|doesn't exist).*"), {"severity": 13}),
)  # fmt: skip


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    if "severity" in outer and "severity" in columns:
        columns["severity"] = pc.coalesce(columns["severity"], outer["severity"])
    return columns | ({"run": None} if "run" in outer else {})  # its processes live long: they are no run of anything


def _told(text: str) -> dict[str, Any]:
    if state := _STATE.fullmatch(text):
        severity = {"severity": 17} if state["state"] == "FAULT" else {}
        action = _ACTIONS[state["state"]]
        return {key: str(value) for key, value in _CHANGED.items()} | {"action": action} | state.groupdict() | severity
    for pattern, meaning in _SAYINGS:
        if found := pattern.fullmatch(text):
            said = {key: value if isinstance(value, int) else str(value) for key, value in meaning.items()}
            return {"kind": str(Kind.LOG)} | said | found.groupdict()
    return {"kind": str(Kind.LOG)}


_RUN: Final = "keepalived 2.2.7 on a pair of virtual interfaces"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin, program="Keepalived_vrrp")


SAMPLES: Final = (
    _sample(b"(VI_1) Entering MASTER STATE", {"kind": "change", "action": "promote", "target": "VI_1", "state": "MASTER", "outcome": "changed"}),
    _sample(b"(VI_1) Entering FAULT STATE", {"action": "demote", "target": "VI_1", "severity": 17}),
    _sample(b"VRRP_Script(chk) failed (exited with status 1)", {"kind": "log", "severity": 13, "check": "chk"}),
    _sample(b"(VI_1) Receive advertisement timeout", {"kind": "log", "action": None, "severity": None}),
    _sample(b"Stopped Keepalived v2.2.7 (01/16,2022)", {"kind": "change", "action": "stop", "target": "keepalived"}),
    _sample(b"pid 1577 exited with permanent error CONFIG. Terminating", {"kind": "log", "severity": 13}),
    _sample(
        b"Removing service [192.168.100.3]:tcp:80 from VS [192.168.100.10]:tcp:80",
        {"kind": "change", "action": "server-down", "target": "[192.168.100.3]:tcp:80", "pool": "[192.168.100.10]:tcp:80", "severity": 13},
        "composed after: keepalived's source, check/ipwrapper.c",
    ),
    _sample(b"(VI\x00\xff\x1b[31m) Entering MASTER STATE", {"action": "promote", "target": "VI\x00\\xff\x1b[31m"}, "hostile: NUL, bad UTF-8 and an escape in a name"),
    _sample(b"(" * 100_000 + b") Entering MASTER STATE", {"kind": "log"}, "hostile: brackets only"),
)  # fmt: skip

PARSER = LineParser(
    name="keepalived",
    title="Keepalived",
    url="https://www.keepalived.org/manpage.html",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("Keepalived*", "keepalived*"),
    meaning=_meaning,
)
