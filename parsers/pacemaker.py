r"""Pacemaker and Corosync: resources moved, nodes lost and fenced; in syslog, and in pacemaker.log.

::

    Nov 06 18:24:18.015 v01 pacemaker-controld  [895] (te_rsc_command) <tab>notice: Initiating start operation srv-haproxy_start_0 locally on v01
    … node01 pacemaker-controld[2596]:  notice: Requesting fencing (reboot) of node oldhanad2        syslog

A node that is lost or fenced, and a start, stop, promotion, demotion or move of a resource, are changes.

Traps: every node tells of what the cluster decides, the one that decides tells most; monitors are operations too and change nothing;
the daemons had other names before Pacemaker 2 (crmd, pengine, stonith-ng, lrmd, attrd, cib); pacemaker.log has no year.

https://clusterlabs.org/projects/pacemaker/doc/2.1/Pacemaker_Administration/html/
https://github.com/ClusterLabs/pacemaker/blob/main/daemons/controld/controld_te_actions.c
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Form, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, stamped

_TIME: Final = Form("bbb ee HH:MM:SSF", "Nov 06 18:24:18.015")
_DAEMONS: Final = (
    "pacemaker-attrd pacemaker-based pacemaker-controld pacemaker-execd pacemaker-fenced pacemaker-schedulerd pacemakerd "
    "pacemaker_remoted crmd pengine stonith-ng lrmd attrd cib stonithd corosync"
).split()
_SEVERITIES: Final = {
    "emerg": 21, "alert": 19, "crit": 18, "error": 17, "warning": 13, "warn": 13, "notice": 10, "info": 9, "debug": 5, "trace": 1,
}  # fmt: skip
_LEVEL: Final = re.compile(
    r"\s*(?:\((?P<function>[\w:]{1,80})\)\s+)?(?P<level>emerg|alert|crit|error|warning|warn|notice|info|debug|trace): +(?P<said>.*)",
    re.DOTALL,
)
_DONE: Final = {
    "start": "start",
    "stop": "stop",
    "promote": "promote",
    "demote": "demote",
    "migrate_to": "move",
    "migrate_from": "move",
}
_SAYINGS: Final[tuple[tuple[re.Pattern[str], str, Outcome], ...]] = (
    (
        re.compile(r"Requesting (?:peer )?fencing \((?P<how>\w+)\) (?:of node |targeting )(?P<target>\S+).*"),
        "fence",
        Outcome.STARTED,
    ),
    (re.compile(r"Peer (?P<target>\S+) was terminated \((?P<how>\w+)\) by .*"), "fence", Outcome.CHANGED),
    (
        re.compile(r"Operation '(?P<how>reboot|off)' .*(?:targeting|for) (?P<target>\S+) .*returned 0 \(OK\).*"),
        "fence",
        Outcome.CHANGED,
    ),
    (re.compile(r"We were allegedly just fenced by \S+ for (?P<target>[^\s!]+)!?"), "fence", Outcome.CHANGED),
    (re.compile(r"Node (?P<target>\S+) (?:is now|state is now) (?:lost|offline).*"), "node-lost", Outcome.FAILED),
    (re.compile(r"Node (?P<target>\S+) state is now member.*"), "node-joined", Outcome.CHANGED),
)
_RESULT: Final = re.compile(
    r"Result of (?P<operation>\w+) operation for (?P<target>\S+) on (?P<node>[^:\s]+): (?P<result>.*)", re.DOTALL
)
_INITIATING: Final = re.compile(
    r"Initiating (?P<operation>\w+) operation (?P<target>\S+?)(?:_(?:start|stop|promote|demote|migrate_to|migrate_from)_\d+) (?:locally )?on (?P<node>\S+).*"
)


def _own(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    time = stamped(match, _TIME, field="month", until="clock")
    known = pc.is_in(match.text("service"), pa.array(_DAEMONS)).to_numpy(zero_copy_only=False)
    return {**each_unique(match.text("message"), _told), **time, "refused": time["refused"] | ~known}


def _inside(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = each_unique(match.text("message"), _told)
    if "severity" in outer and "severity" in columns:
        columns["severity"] = pc.coalesce(columns["severity"], outer["severity"])
    return columns | ({"run": None} if "run" in outer else {})


def _told(text: str) -> dict[str, Any]:
    head = _LEVEL.fullmatch(text)
    said = head["said"] if head else text
    told: dict[str, Any] = {"kind": str(Kind.LOG), "message": said}
    if head:
        told |= {"severity": _SEVERITIES[head["level"]], "function": head["function"]}
    if (operation := _RESULT.fullmatch(said)) and operation["operation"] in _DONE:
        outcome = Outcome.CHANGED if re.match(r"(?:\d+ \()?ok", operation["result"]) else Outcome.FAILED
        worse = {"severity": max(told.get("severity") or 0, 17)} if outcome == Outcome.FAILED else {}
        return (
            told
            | _change(_DONE[operation["operation"]], outcome)
            | {"target": operation["target"], "node": operation["node"]}
            | worse
        )
    if (operation := _INITIATING.fullmatch(said)) and operation["operation"] in _DONE:
        done = _change(_DONE[operation["operation"]], Outcome.STARTED)
        return told | done | {"target": operation["target"], "node": operation["node"]}
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(said):
            return told | _change(action, outcome) | found.groupdict()
    return told


def _change(action: str, outcome: Outcome) -> dict[str, str]:
    return {"kind": str(Kind.CHANGE), "action": action, "outcome": str(outcome)}


_PAGE: Final = "a pacemaker.log in a public repository"
_AZURE: Final = "MicrosoftDocs/SupportArticles-docs, troubleshooting Pacemaker clusters"

SAMPLES: Final = (
    Sample(
        b"Nov 06 18:24:18.015 v01 pacemaker-controld  [895] (te_rsc_command) \tnotice: Initiating start operation srv-haproxy_start_0 locally on v01 | action 12",
        {"time": "2000-11-06T18:24:18.015", "kind": "change", "action": "start", "target": "srv-haproxy", "node": "v01", "outcome": "started", "host": "v01",
         "service": "pacemaker-controld", "severity": 10, "function": "te_rsc_command", "pid": "895"},
        _PAGE,
    ),
    Sample(
        b"Nov 06 18:24:18.011 v01 pacemaker-based     [890] (cib_process_request) \tinfo: Completed cib_modify operation for section status: OK (rc=0, origin=v02/crmd/45, version=0.18.31)",
        {"kind": "log", "severity": 9, "action": None},
        _PAGE,
    ),
    Sample(
        b"Feb 20 03:29:09 node2 pacemaker-controld  [1323] (tengine_stonith_notify)  crit: We were allegedly just fenced by node1 for node1!",
        {"time": "2000-02-20T03:29:09", "kind": "change", "action": "fence", "target": "node1", "severity": 18},
        _AZURE,
    ),
    Sample(b"Feb 20 03:29:09 node2 pacemaker-controld  [1323] (x)  crit: \x00\xff\x1b[31m Node a state is now lost", {"kind": "log", "severity": 18}, "hostile: NUL, bad UTF-8, an escape and another message inside"),
    Sample(b"Feb 31 03:29:09 node2 pacemaker-controld  [1323] (x)  crit: y", None, "hostile: no such day"),
    Sample(b"Feb 20 03:29:09 node2 shop  [1323] (x)  crit: y", None, "a line of another program of the same shape"),
)  # fmt: skip


def _sample(text: bytes, expect: dict[str, object] | None, origin: str) -> Sample:
    return Sample(text, expect, origin, program="pacemaker-controld")


SYSLOG_SAMPLES: Final = (
    _sample(b" notice: Requesting fencing (reboot) of node oldhanad2", {"kind": "change", "action": "fence", "target": "oldhanad2", "how": "reboot", "outcome": "started", "severity": 10},
            "an ha-log.txt in a public repository"),
    _sample(b"notice: Result of monitor operation for RSC_SAP_ERS10 on node01: not running ", {"kind": "log", "severity": 10, "action": None}, _AZURE),
    _sample(b"notice: State transition S_IDLE -> S_POLICY_ENGINE", {"kind": "log", "message": "State transition S_IDLE -> S_POLICY_ENGINE"}, "a journal of an OpenStack controller in a public article"),
    _sample(b"error: Corosync quorum is not configured", {"kind": "log", "severity": 17}, _AZURE),
    _sample(b" error: Result of start operation for vip on n1: 1 (\x00\xff\x1b[31m)", {"action": "start", "target": "vip", "node": "n1", "outcome": "failed", "severity": 17}, "hostile: NUL, bad UTF-8 and an escape in a result"),
)  # fmt: skip

_URL: Final = "https://clusterlabs.org/projects/pacemaker/doc/2.1/Pacemaker_Administration/html/"
PARSER = (
    LineParser(
        name="pacemaker",
        title="Pacemaker's own log (pacemaker.log)",
        url=_URL,
        samples=SAMPLES,
        layouts=(Layout("{month:level}{~}{day:d} {clock:word} {host:host} {service:word}{~}[{pid:d}] {message:rest}"),),
        meaning=_own,
    ),
    LineParser(
        name="pacemaker-syslog",
        title="Pacemaker and Corosync in syslog",
        url=_URL,
        samples=SYSLOG_SAMPLES,
        layouts=(Layout("{message:rest}"),),
        inside=tuple(_DAEMONS),
        meaning=_inside,
    ),
)
