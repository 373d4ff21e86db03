"""Salt: the log of a minion, a master or ``salt-call``, in its default form.

A job is one run, named by its jid (which is the time it was sent, UTC, in digits). What a person or the scheduler asked
for, each state that was completed, and the job's end are changes; the pid joins the lines of one job. ``salt-call``
writes no jid: there the pid and its first line's time name the run.

Traps: no zone; a state's line of success is worded like its line of failure, only the level differs; a diff or a
dictionary of changes stands below the line; "Completed state" doesn't say how it ended (the line above it does); the
job's end holds the whole return as Python's repr, which is looked through and never evaluated; functions that only ask
(``test.ping``, ``grains.get``) are no changes; a pid comes again.

https://docs.saltproject.io/en/latest/ref/configuration/logging/index.html
https://github.com/saltstack/salt/blob/v3007.1/salt/state.py
https://github.com/saltstack/salt/blob/v3007.1/salt/minion.py
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_TEXT: Final = 65_536
MAX_MESSAGE: Final = 4_000
MAX_PROCESSES: Final = 5_000
DAY_US: Final = 86_400_000_000

_STAMPED: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \[(?P<logger>[^\]:]{1,200}?) *(?::(?P<at>\d+) *)?\]"
    rb"\[(?P<level>[A-Z]{1,10}) *\](?:\[(?P<pid>\d{1,10})\])?(?P<extra>(?:\[[^\]]{0,100}\])*) (?P<text>.*)",
    re.DOTALL,
)
_ASKED: Final = re.compile(
    r"User (?P<actor>\S+) (?:Executing|Published) command (?P<fun>[\w.]+) with jid (?P<jid>\d{14,24})"
)
_SCHEDULED: Final = re.compile(r"Running scheduled job: (?P<fun>\S+)(?: with jid (?P<jid>\d{14,24}))?")
_STARTED: Final = re.compile(r"Starting a new job (?P<jid>\d{14,24}) with PID (?P<pid>\d+)")
_FINISHED: Final = re.compile(r"Job (?P<jid>\d{14,24}) execution finished, return_data: (?P<told>.*)", re.DOTALL)
_RETURNED: Final = re.compile(r"Got return from (?P<minion>\S+) for job (?P<jid>\d{14,24})")
_EXECUTING: Final = re.compile(r"Executing state (?P<fun>[\w.]+) for (?:state )?\[(?P<name>.*)\]", re.DOTALL)
_COMPLETED: Final = re.compile(
    r"Completed state \[(?P<name>.*)\] at time [\d:.]+(?: \(?duration_in_ms=(?P<ms>[\d.]+)\)?)?", re.DOTALL
)
_ASKS: Final = re.compile(
    r"__|test\.(?!exception)|grains\.(?!set|append|remove|del)|pillar\.|status\.|sys\.|mine\.|saltutil\.(?!refresh_modules$)"
    r"|.*\.(?:get\w*|list\w*|show\w*|version\w*|status|info\w*|items?|ls|find\w*|exists|available|is_\w+|has_\w+)$"
)
_MADE_BY: Final = "salt"
_LEVELS: Final = {"TRACE": 1, "DEBUG": 5, "PROFILE": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}


@dataclass(slots=True)
class _Process:
    """What a process is at: its job, and the state it is in."""

    run: str
    last_us: int
    fun: str = ""
    state: str = ""
    outcome: Outcome = Outcome.UNCHANGED
    problem: str = ""


def _claims(_path: str, head: list[bytes]) -> float:
    stamped = [
        at for at, line in enumerate(head) if (found := _STAMPED.match(line)) and found["logger"].startswith(b"salt")
    ]
    return (len(head) - stamped[0]) / len(head) if stamped else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each stamped line; the lines below it are its continuation."""
    jobs: OrderedDict[str, str] = OrderedDict()  # jid → function
    processes: OrderedDict[str, _Process] = OrderedDict()
    before = False
    for line in lines:
        found = _STAMPED.match(line.text[:MAX_TEXT])
        stamp = read_stamp("python", found["time"]) if found else None
        if found is None or stamp is None:
            if not before and line.text.strip():
                yield Reject(
                    line,
                    "before the first stamped line: «2022-11-10 11:05:02,292 [salt.minion :1][INFO ]» was expected",
                )
            continue
        before = True
        parts = {name: (found[name] or b"").decode("utf-8", "replace") for name in ("logger", "level", "pid", "text")}
        yield Record(line, stamp, _columns(parts, stamp, jobs, processes))


def _columns(
    parts: dict[str, str], stamp: Stamp, jobs: OrderedDict[str, str], processes: OrderedDict[str, _Process]
) -> dict[str, Any]:
    text = parts["text"]
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _LEVELS.get(parts["level"], 9),
        "message": text[:MAX_MESSAGE],
        "logger": parts["logger"],
        "process": parts["pid"],
    }
    if (asked := _ASKED.match(text) or _SCHEDULED.match(text)) and asked["jid"]:
        _remember(jobs, asked["jid"], asked["fun"])
        actor = asked.groupdict().get("actor") or "salt scheduler"
        return columns | _change(asked["jid"], asked["fun"], asked["fun"], Outcome.STARTED) | {"actor": actor}
    if started := _STARTED.match(text):
        known = _Process(started["jid"], stamp.wall_us, jobs.get(started["jid"], ""))
        _remember(processes, started["pid"], known)
        return columns
    if returned := _RETURNED.match(text):
        return columns | {"jid": returned["jid"], "minion": returned["minion"]}
    if finished := _FINISHED.match(text):
        return columns | _ended(finished, jobs.get(finished["jid"], ""))
    return columns | _within(parts, stamp, processes)


def _remember(where: OrderedDict[str, Any], key: str, value: Any) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > MAX_PROCESSES:
        where.popitem(last=False)


def _change(run: str, fun: str, target: str, outcome: Outcome) -> dict[str, Any]:
    """Give a job's columns; a function that only asks is told as a log line."""
    if not fun or _ASKS.match(fun):
        return {"jid": run, "function": fun}
    return {"kind": Kind.CHANGE, "action": "job", "target": target, "outcome": outcome, "actor": _MADE_BY, "run": run}


def _ended(found: re.Match[str], fun: str) -> dict[str, Any]:
    """Tell how a job ended from what it returned, without evaluating it."""
    told = found["told"].strip()
    if "_|-" in told[:2_000]:
        failed, done = told.count("'result': False"), told.count("'changes': {") - told.count("'changes': {}")
        outcome = Outcome.CHANGED if done else Outcome.UNCHANGED
        if failed:
            outcome = Outcome.PARTLY if done > failed else Outcome.FAILED
        counts = {"states": str(told.count("'result': ")), "failed": str(failed), "changed": str(done)}
    else:
        refused = (
            told.startswith(("False", '["', "['", "ERROR", "Passed invalid", "'", "The following"))
            and "True" not in told[:8]
        )
        outcome = (
            Outcome.FAILED
            if refused and (told == "False" or fun.startswith("state.") or "ERROR" in told[:20])
            else Outcome.CHANGED
        )
        counts = {"returned": told[:500]}
    columns = _change(found["jid"], fun, fun, outcome)
    if columns.get("outcome") == Outcome.FAILED:
        columns["severity"] = 17
    return columns | counts | {"message": f"Job {found['jid']} execution finished: {told[:300]}"}


def _within(parts: dict[str, str], stamp: Stamp, processes: OrderedDict[str, _Process]) -> dict[str, Any]:
    """Read a line of a process that applies states."""
    if parts["logger"] != "salt.state":
        return {}
    known = processes.get(parts["pid"])
    if known is None or abs(stamp.wall_us - known.last_us) > DAY_US:
        known = _Process(f"salt-call {parts['pid']}@{stamp.wall_us // 1_000}", stamp.wall_us)
        _remember(processes, parts["pid"], known)
    known.last_us = stamp.wall_us
    text = parts["text"]
    if executing := _EXECUTING.match(text):
        known.state, known.outcome, known.problem = (
            f"{executing['fun']} {executing['name']}"[:500],
            Outcome.UNCHANGED,
            "",
        )
    elif completed := _COMPLETED.match(text):
        return _completed(known, completed)
    elif known.state and parts["level"] in ("ERROR", "CRITICAL"):
        known.outcome = Outcome.FAILED
        known.problem = known.problem or text[:500]
    elif known.state and text.startswith(("File changed:", "{'", "Made the following", "The following")):
        known.outcome = Outcome.CHANGED if known.outcome == Outcome.UNCHANGED else known.outcome
    return {}


def _completed(known: _Process, found: re.Match[str]) -> dict[str, Any]:
    state = known.state if known.state.endswith(found["name"][:400]) else found["name"][:500]
    columns: dict[str, Any] = {
        "kind": Kind.CHANGE,
        "action": "state",
        "target": state,
        "outcome": known.outcome,
        "actor": _MADE_BY,
        "run": known.run,
        "message": f"{state}: {known.outcome}" + (f": {known.problem}" if known.problem else ""),
        "milliseconds": found["ms"] or "",
    }
    if known.problem:
        columns["severity"] = 17
    known.state = ""
    return columns


_RUN: Final = "Salt 3008 minion on Debian 12, run for the purpose (info level)"


def _sample(text: bytes, expect: dict[str, object], origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin)


PARSER = RecordParser(
    name="salt",
    title="Salt minion, master and salt-call log",
    url="https://docs.saltproject.io/en/latest/ref/configuration/logging/index.html",
    claims=_claims,
    marks=(b"[salt",),
    records=_records,
    samples=(
        _sample(
            b"2026-11-22 14:02:32,298 [salt.minion      :2454][INFO    ][15881] User root Executing command state.apply with jid 20261122140232290896\n",
            {
                "time": "2026-11-22T14:02:32.298",
                "kind": "change",
                "action": "job",
                "target": "state.apply",
                "outcome": "started",
                "actor": "root",
                "run": "20261122140232290896",
                "severity": 9,
            },
        ),
        Sample(
            b"2016-02-24 23:20:14,779 [salt.state       ][INFO    ][32008] Completed state [release_old_luns_state] at time 23:20:14.778916\n",
            {"time": "2016-02-24T23:20:14.779", "kind": "change", "action": "state", "severity": 9, "process": "32008"},
            "saltstack/salt issue 24689: before 2017.7 no line number; the lines that tell how it ended are missing here",
        ),
        Sample(
            b"2015-03-06 17:27:04,327 [salt.minion                                 ][WARNING ] TypeError encountered executing state.highstate: 'bool' object is not iterable. See debug log for more info.\n",
            {"time": "2015-03-06T17:27:04.327", "kind": "log", "severity": 13, "logger": "salt.minion"},
            "saltstack/salt issue 21377: no process either; cut",
        ),
        _sample(
            b"2026-11-22 14:02:03,923 [salt.minion      :2454][INFO    ][15881] User root Executing command test.ping with jid 20261122140203915489\n",
            {"kind": "log", "action": None, "function": "test.ping", "jid": "20261122140203915489"},
        ),
        _sample(
            b"2026-11-22 14:02:03,490 [salt.state       :2556][INFO    ][16475] Completed state [/tmp/chg/salt/x] at time 14:02:03.490659 (duration_in_ms=3.084)\n",
            {"kind": "change", "action": "state", "outcome": "unchanged", "milliseconds": "3.084"},
            _RUN + "; the lines before it, which tell how it ended, are missing here",
        ),
        _sample(
            b"2026-11-22 14:01:10,648 [salt.state       :313 ][ERROR   ][15036] Unable to manage file: Source file salt://nosuch.conf not found in saltenv 'base'\n",
            {
                "kind": "log",
                "severity": 17,
                "message": "Unable to manage file: Source file salt://nosuch.conf not found in saltenv 'base'",
            },
            "salt-call 3008 --local, run for the purpose",
        ),
        _sample(
            (
                b"2026-11-22 14:02:32,530 [salt.state       :311 ][INFO    ][16906] File changed:\n"
                b"--- \n"
                b"+++ \n"
                b"@@ -1 +1 @@\n"
                b"-size=64m\n"
                b"+size=65m\n"
            ),
            {"kind": "log", "message": "File changed:", "logger": "salt.state", "process": "16906"},
        ),
        _sample(
            b"2026-11-22 14:02:57,898 [salt.utils.parsers:1080][WARNING ][15881] Minion received a SIGTERM. Exiting.\n",
            {"kind": "log", "severity": 13, "message": "Minion received a SIGTERM. Exiting."},
        ),
    ),
)
