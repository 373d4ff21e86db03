"""Supervisor's log, ``supervisord.log``: which of its programs were started, stopped, crashed, or given up.

::

    2026-12-01 11:58:37,404 INFO spawned: 'app' with pid 12189
    2026-12-01 11:58:38,406 INFO success: app entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    2026-12-01 11:58:40,524 WARN exited: app (terminated by SIGKILL; not expected)

A program is there once it is RUNNING; ``spawned`` only begins that. An unexpected exit is a crash, an expected one a stop.

Traps: local time without a zone; before 4.3 an unexpected exit is INFO; a program's own output stands between at level DEBG.

https://supervisord.org/logging.html#activity-log
https://github.com/Supervisor/supervisor/blob/main/supervisor/process.py
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, each_stamped, read_stamp

_LINE: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<level>CRIT|ERRO|WARN|INFO|DEBG|TRAC|BLAT) (?P<said>.*)",
    re.DOTALL,
)
_OWN: Final = re.compile(
    rb"supervisord started with pid \d|spawned: '|exited: \S+ \(|success: \S+ entered RUNNING state|gave up: |stopped: \S+ \("
    rb"|RPC interface 'supervisor' initialized|waiting for \S+ to (?:stop|die)|Set uid to user|Supervisor (?:is )?running as root"
)
_LEVELS: Final = {"CRIT": 18, "ERRO": 17, "WARN": 13, "INFO": 9, "DEBG": 5, "TRAC": 1, "BLAT": 1}
_SAYINGS: Final = tuple(
    (re.compile(pattern), action, outcome)
    for pattern, action, outcome in (
        (r"spawned: '(?P<target>[^']{1,200})' with pid (?P<pid>\d+)", "start", Outcome.STARTED),
        (r"success: (?P<target>\S{1,200}) entered RUNNING state.*", "start", Outcome.CHANGED),
        (r"exited: (?P<target>\S{1,200}) \((?P<reason>[^;)]{1,100}); expected\)", "stop", Outcome.CHANGED),
        (r"exited: (?P<target>\S{1,200}) \((?P<reason>[^;)]{1,100}); not expected\)", "crash", Outcome.FAILED),
        (r"stopped: (?P<target>\S{1,200}) \((?P<reason>[^)]{1,100})\)", "stop", Outcome.CHANGED),
        (r"gave up: (?P<target>\S{1,200}) entered FATAL state.*", "crash", Outcome.FAILED),
        (r"supervisord started with pid (?P<pid>\d+)", "start", Outcome.CHANGED),
    )
)


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    read = [found for line in filled if (found := _LINE.match(line))]
    own = sum(bool(_OWN.match(found["said"])) for found in read)
    return len(read) / len(filled) if own and own * 4 >= len(read) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each stamped line; what a program printed below it belongs to it."""
    return each_stamped(lines, _record, "a line such as 2026-12-01 11:58:37,404 INFO … was expected")


def _record(line: Line) -> Record | None:
    found = _LINE.match(line.text)
    stamp = read_stamp("python", found["time"]) if found else None
    if found is None or stamp is None:
        return None
    said = found["said"][:4_000].decode("utf-8", "backslashreplace").rstrip()
    return Record(line, stamp, _columns(found["level"].decode(), said))


def _columns(level: str, said: str) -> dict[str, Any]:
    columns: dict[str, Any] = {"kind": Kind.LOG, "severity": _LEVELS[level], "message": said, "service": "supervisord"}
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(said):
            told = {name: value for name, value in found.groupdict().items() if value}
            target = told.pop("target", "supervisord")
            return columns | told | {"kind": Kind.CHANGE, "action": action, "target": target, "outcome": outcome}
    return columns


_RUN: Final = "supervisor 4.3.0, run for the purpose"
_ISSUE: Final = "Supervisor/supervisor issue 578"

PARSER = RecordParser(
    name="supervisord",
    title="Supervisor (supervisord.log)",
    url="https://supervisord.org/logging.html#activity-log",
    claims=_claims,
    marks=(
        b"spawned: '",
        b"exited: ",
        b"entered RUNNING",
        b"supervisord started",
        b"RPC interface",
        b"gave up: ",
        b"stopped: ",
        b"waiting for ",
        b"Set uid",
        b"running as root",
    ),
    records=_records,
    samples=(
        Sample(
            b"2026-12-01 11:58:37,404 INFO spawned: 'app' with pid 12189",
            {
                "time": "2026-12-01T11:58:37.404",
                "kind": "change",
                "action": "start",
                "target": "app",
                "outcome": "started",
                "pid": "12189",
                "severity": 9,
                "service": "supervisord",
            },
            _RUN,
        ),
        Sample(
            b"2026-12-01 11:58:38,406 INFO success: app entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
            {"kind": "change", "action": "start", "target": "app", "outcome": "changed"},
            _RUN,
        ),
        Sample(
            b"2026-12-01 11:58:40,524 WARN exited: app (terminated by SIGKILL; not expected)",
            {
                "action": "crash",
                "target": "app",
                "outcome": "failed",
                "severity": 13,
                "reason": "terminated by SIGKILL",
            },
            _RUN,
        ),
        Sample(
            b"2026-12-01 11:58:37,401 WARN stopped: app (terminated by SIGTERM)",
            {"action": "stop", "target": "app", "outcome": "changed", "reason": "terminated by SIGTERM"},
            _RUN,
        ),
        Sample(
            b"2015-02-13 01:32:33,846 INFO gave up: shadowsocks entered FATAL state, too many start retries too quickly",
            {"action": "crash", "target": "shadowsocks", "outcome": "failed", "severity": 9},
            _ISSUE,
        ),
        Sample(
            b"2015-02-13 01:32:25,471 INFO supervisord started with pid 5550",
            {"action": "start", "target": "supervisord", "outcome": "changed", "pid": "5550"},
            _ISSUE,
        ),
        Sample(
            b"2015-02-13 01:32:25,470 CRIT Supervisor running as root (no user in config file)",
            {"kind": "log", "severity": 18, "message": "Supervisor running as root (no user in config file)"},
            _ISSUE,
        ),
        Sample(
            b"2015-02-31 01:32:25,470 INFO spawned: 'x' with pid 1",
            None,
            "hostile: no such day",
        ),
    ),
)
