"""HashiCorp's programs (Consul, Nomad, Vault, Terraform's own log): a level in brackets, the component, then what it says.

::

    2020-07-13T15:58:12.463Z [INFO]  client.alloc_runner.task_runner: Task event: alloc_id=… task=web type=Started msg="…" failed=false

A Nomad task that was started, killed, restarted or ended, a vault that was sealed and unsealed, and a server that became the
leader are changes.

Traps: the level is padded behind its bracket; before 2019 the form was ``2018/01/01 12:00:00 [INFO] raft: …``, which other parsers read;
with ``log_json`` it is JSON lines; an agent that prints to a terminal indents its lines by four blanks.

https://github.com/hashicorp/go-hclog
https://developer.hashicorp.com/nomad/docs/commands/monitor
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_DATE: Final = 10  # characters before the T; other loggers put a blank there
_TASK: Final = re.compile(
    r"Task event: .*?\btask=(?P<target>\"[^\"]{1,200}\"|\S{1,200}) type=(?P<type>\"[^\"]{1,60}\"|\S{1,60})(?P<rest>.*)",
    re.DOTALL,
)
_TASKS: Final = {
    "Started": ("start", Outcome.CHANGED), "Restarting": ("restart", Outcome.STARTED), "Killed": ("stop", Outcome.CHANGED),
    "Not Restarting": ("crash", Outcome.FAILED), "Driver Failure": ("start", Outcome.FAILED),
    "Setup Failure": ("start", Outcome.FAILED), "Signaling": ("reload", Outcome.STARTED),
}  # fmt: skip
_EXIT: Final = re.compile(r"Exit Code: (\d+)")
_SAYINGS: Final = (
    (re.compile(r"vault is unsealed\b.*", re.DOTALL), "start", "vault", Outcome.CHANGED),
    (re.compile(r"(?:vault is sealed|sealed)\b.*", re.DOTALL), "stop", "vault", Outcome.CHANGED),
    (
        re.compile(
            r"(?:entering leader state: leader=.*|cluster leadership acquired|acquired leadership.*)", re.DOTALL
        ),
        "promote",
        "",
        Outcome.CHANGED,
    ),
    (
        re.compile(r"(?:cluster leadership lost|lost leadership.*|leadership lost, stepping down)", re.DOTALL),
        "demote",
        "",
        Outcome.CHANGED,
    ),
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    starts = match.span("time")[0]
    other = match.lines.block.octets[starts + _DATE] != ord("T")
    return each_unique(match.text("message"), _told) | {"refused": other}


def _told(said: str) -> dict[str, Any]:
    if task := _TASK.fullmatch(said):
        name, kind = task["target"].strip('"'), task["type"].strip('"')
        code = _EXIT.search(task["rest"])
        act = _TASKS.get(kind)
        if kind == "Terminated":
            act = ("crash", Outcome.FAILED) if code and code[1] != "0" else ("stop", Outcome.CHANGED)
        if act:
            told = {"kind": str(Kind.CHANGE), "action": act[0], "target": name, "outcome": str(act[1])}
            return told | ({"exit_code": code[1]} if code else {})
    for pattern, action, target, outcome in _SAYINGS:
        if pattern.fullmatch(said):
            told = {"kind": str(Kind.CHANGE), "action": action, "outcome": str(outcome)}
            return told | ({"target": target} if target else {})
    return {"kind": str(Kind.LOG)}


_VAULT: Final = "a Vault server's log in a public repository"
_CONSUL: Final = "a Consul agent's log in a public repository"

PARSER = LineParser(
    name="hclog",
    title="HashiCorp (Consul, Nomad, Vault)",
    url="https://github.com/hashicorp/go-hclog",
    layouts=(
        Layout("{time:iso} [{level:level}]{~}{logger:word}: {message:rest}", name="log"),
        Layout("    {time:iso} [{level:level}]{~}{logger:word}: {message:rest}", name="terminal"),
    ),
    continues=True,
    meaning=_meaning,
    samples=(
        Sample(
            b'2023-11-12T14:35:14.194Z [INFO]  client.alloc_runner.task_runner: Task event: alloc_id=4744f0ea-7616-ab3a-a420-8e25056e3861 task=envtask type="Setup Failure" msg="failed to setup alloc: pre-run hook \\"cpuparts_hook\\" failed: open /sys/fs/cgroup/nomad.slice/share.slice/cpuset.cpus: no such file or directory" failed=true',
            {
                "time": "2023-11-12T14:35:14.194+00:00",
                "kind": "change",
                "action": "start",
                "target": "envtask",
                "outcome": "failed",
                "severity": 9,
                "logger": "client.alloc_runner.task_runner",
            },
            "a Nomad client's log in a public repository",
        ),
        Sample(
            b"2022-04-12T23:05:38.884+0300 [INFO]  core: vault is unsealed",
            {
                "time": "2022-04-12T23:05:38.884+03:00",
                "kind": "change",
                "action": "start",
                "target": "vault",
                "outcome": "changed",
                "logger": "core",
                "message": "vault is unsealed",
            },
            _VAULT,
        ),
        Sample(
            b"    2021-03-01T16:59:46.036+0800 [INFO]  agent.server: cluster leadership acquired",
            {"time": "2021-03-01T16:59:46.036+08:00", "kind": "change", "action": "promote", "outcome": "changed"},
            _CONSUL + ": consul agent -dev",
        ),
        Sample(
            b"2024-11-28T12:37:33.253Z [INFO]  agent.server.raft: election won: term=2 tally=1",
            {"kind": "log", "severity": 9, "logger": "agent.server.raft", "message": "election won: term=2 tally=1"},
            _CONSUL,
        ),
        Sample(
            b"2024-11-38T12:37:33.253Z [INFO]  agent.server: cluster leadership acquired", None, "hostile: no such day"
        ),
    ),
)
