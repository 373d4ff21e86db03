r"""Node's text logs: log4js, winston's usual printf formats, and PM2's own log.

::

    [2022-11-10T10:29:58.123] [ERROR] default - …        log4js
    2022-11-10T10:29:58.123Z [error]: …, … error: …       winston
    2022-11-10T10:29:58: PM2 log: App [web:0] online      PM2, also what applications print under --time

PM2's processes that start, stop, exit or restart are changes. pino, bunyan and winston's JSON are read as JSON lines. Traps:
log4js and PM2 print no zone; under ``--time`` PM2 stamps each line of a stack trace, which is one message all the same; PM2 prints ``exited with code [0]`` for every stop, and a code that is not 0, or SIGKILL, is a crash.

https://log4js-node.github.io/log4js-node/layouts.html
https://github.com/winstonjs/winston#formats
https://pm2.keymetrics.io/docs/usage/log-management/
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    UNNAMED,
    Column,
    Kind,
    Layout,
    LineParser,
    Match,
    Outcome,
    Sample,
    each_unique,
    severity_of,
    status_of,
    told_by,
)

MAX_JOINED: Final = 65_536
_CHANGE: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.CHANGED)}
_FAILED: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.FAILED)}
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r"PM2\s+log: App (?:name:|\[)(?P<target>[^\]:\s]+)\S* online", _CHANGE | {"action": "start"}),
        (
            r"PM2\s+log: App (?:name:|\[)(?P<target>[^\]:\s]+)\S* starting in .*",
            _CHANGE | {"action": "start", "outcome": str(Outcome.STARTED)},
        ),
        (r"PM2\s+log: App \[(?P<target>[^\]:\s]+)\S* exited with code \[0\].*", _CHANGE | {"action": "stop"}),
        (
            r"PM2\s+log: App \[(?P<target>[^\]:\s]+)\S* exited with code \[\d+\].*",
            _FAILED | {"action": "crash", "severity": 17},
        ),
        (
            r"PM2\s+log: Stopping app:(?P<target>\S+) id:\d+",
            _CHANGE | {"action": "stop", "outcome": str(Outcome.STARTED)},
        ),
        (
            r"PM2\s+log: \[PM2\]\[WORKER\] Process (?P<target>\S+) restarted because it exceeds --max-memory-restart.*",
            _FAILED | {"action": "oom", "severity": 17},
        ),
        (r"PM2\s+log: .*(?:reload|restart).*", _CHANGE | {"action": "restart", "target": "pm2"}),
        (r"PM2\s+error: Process (?P<target>\S+) .*memory.*", _FAILED | {"action": "oom", "severity": 17}),
    )
)


def _morgan(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    size = match.text("size")
    digits = pc.if_else(pc.match_substring_regex(size, "^[0-9]{1,15}$"), size, None)
    columns: dict[str, Any] = {"status": status_of(match), "size": None, "bytes": digits.cast(pa.int64())}
    if "client" in match:
        columns["client"] = pc.replace_substring(match.text("client"), "::ffff:", "")
    return columns


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "level" not in match:
        message = match.text("message")
        told = pc.starts_with(message, "PM2 ")
        changes = each_unique(pc.if_else(told, message, ""), _told) if pc.any(told).as_py() else {}
        return changes | _whole(message)
    severity = severity_of(match.text("level"))
    return {"severity": severity, "level": None, "refused": np.asarray(severity.is_null())}


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


def _whole(message: Column) -> dict[str, Any]:
    """Put what is indented, the frames of a stack trace, behind the message above."""
    indented = np.asarray(pc.match_substring_regex(message, r"^(?:[ \t]|\}$)"))
    indented[:1] = False
    if not indented.any():
        return {}
    texts = message.to_pylist()
    head = 0
    for row, more in enumerate(indented.tolist()):
        if not more:
            head = row
        elif len(texts[head]) < MAX_JOINED:
            texts[head] += "\n" + texts[row]
    return {"message": pa.array(texts, pa.string()), "joined": indented}


_RUN: Final = "log4js 6 on Node of this machine, colours taken out"
_WINSTON: Final = "winston 3.19 on Node 20, format.printf as in its README"
_PM2: Final = "PM2 7.0.4 on Node 20"
_TRACE: Final = "\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)"

SAMPLES: Final = (
    Sample(
        b"[2026-11-22T12:10:12.036] [ERROR] default - boom\n    at Object.<anonymous> (/app/x.js:1:7)",
        {"time": "2026-11-22T12:10:12.036", "severity": 17, "logger": "default", "message": "boom\n    at Object.<anonymous> (/app/x.js:1:7)"},
        _RUN,
    ),
    Sample(
        b"2026-11-22T13:59:21.030Z [error]: Error: connect ECONNREFUSED 127.0.0.1:5999" + _TRACE.encode(),
        {"time": "2026-11-22T13:59:21.03+00:00", "severity": 17, "message": "Error: connect ECONNREFUSED 127.0.0.1:5999" + _TRACE},
        _WINSTON + ", with brackets",
    ),
    Sample(
        b"2026-11-22T13:59:21.031Z warn: slow",
        {"time": "2026-11-22T13:59:21.031+00:00", "severity": 13, "message": "slow"},
        _WINSTON,
    ),
    Sample(
        b"2026-11-22T13:59:21.030Z [right meow!] info: What time is the testing at?",
        {"logger": "right meow!", "severity": 9, "message": "What time is the testing at?"},
        _WINSTON + ", with a label",
    ),
    Sample(b"[2026-11-22T12:10:12.036] [INFO] default - x\x00\xff\x1b[31m [2026-11-22T12:10:12.036] [FATAL] a - b", {"severity": 9},
           "hostile: NUL, bad UTF-8, an escape and another line inside a message"),
    Sample(b"[2026-11-31T12:10:12.036] [ERROR] default - boom", None, "hostile: no such day"),
)  # fmt: skip

PM2_SAMPLES: Final = (
    Sample(
        b"2026-11-22T13:59:24: PM2 log: App [web:0] online",
        {"time": "2026-11-22T13:59:24", "kind": "change", "action": "start", "target": "web", "outcome": "changed"},
        _PM2,
    ),
    Sample(
        b"2026-11-22T13:59:28: PM2 log: App [crashy:1] exited with code [1] via signal [SIGINT]",
        {"kind": "change", "action": "crash", "outcome": "failed", "severity": 17, "target": "crashy"},
        _PM2 + ", an exception that nothing catches",
    ),
    Sample(
        b"2026-11-22T13:59:55: PM2 log: [PM2][WORKER] Process 2 restarted because it exceeds --max-memory-restart value (current_memory=52080640 max_memory_limit=1048576 [octets])",
        {"kind": "change", "action": "oom", "outcome": "failed", "severity": 17, "target": "2"},
        _PM2,
    ),
    Sample(
        b"2026-11-22T13:59:27: Error: boom\n2026-11-22T13:59:27:     at Timeout._onTimeout (/app/app.js:3:31)\n2026-11-22T13:59:27:     at listOnTimeout (node:internal/timers:581:17)\n2026-11-22T13:59:28: TypeError: Cannot read properties of null (reading 'x')",
        {"kind": "log", "message": "Error: boom\n    at Timeout._onTimeout (/app/app.js:3:31)\n    at listOnTimeout (node:internal/timers:581:17)"},
        _PM2 + ", --time; a directory shortened",
    ),
    Sample(b"2022-11-31T10:29:58: x", None, "hostile: no such day"),
)  # fmt: skip

_MORGAN: Final = "Express 4 with morgan on loopback, "
MORGAN_SAMPLES: Final = (
    Sample(b"GET /x?a=1 503 1.985 ms - 2", {"method": "GET", "path": "/x?a=1", "status": 503, "duration": 0.001985, "bytes": 2}, _MORGAN + "format dev, without its colours"),
    Sample(b"GET /x?a=1 503 2 - 1.985 ms", {"method": "GET", "status": 503, "duration": 0.001985, "bytes": 2}, _MORGAN + "format tiny"),
    Sample(
        b"::ffff:127.0.0.1 - GET /x?a=1 HTTP/1.1 503 2 - 1.985 ms",
        {"client": "127.0.0.1", "method": "GET", "path": "/x?a=1", "status": 503, "duration": 0.001985},
        _MORGAN + "format short",
    ),
    Sample(b"GET /x - - ms - -", {"status": None, "duration": None, "bytes": None}, "morgan, index.js: a request whose answer never began"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="node",
        title="Node log (log4js, winston)",
        url="https://log4js-node.github.io/log4js-node/layouts.html",
        samples=SAMPLES,
        layouts=(
            Layout("[{time:iso}] [{level:level}] {logger} - {message:rest}", name="log4js"),
            Layout("{time:iso} [{level:level}]: {message:rest}", name="winston, brackets"),
            Layout("{time:iso} {level:level}: {message:rest}", name="winston"),
            Layout("{time:iso} [{logger}] {level:level}: {message:rest}", name="winston, label"),
        ),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="morgan",
        title="Morgan's short formats (Express), in a container",
        url="https://github.com/expressjs/morgan#predefined-formats",
        samples=MORGAN_SAMPLES,
        layouts=(
            Layout("{method:level} {path:word} {status:d} {duration:ms} ms - {size:word}", name="dev"),
            Layout("{method:level} {path:word} {status:d} {size:word} - {duration:ms} ms", name="tiny"),
            Layout(
                "{client:ip} {user:word} {method:level} {path:word} HTTP/{_:word} {status:d} {size:word} - {duration:ms} ms",
                name="short",
            ),
        ),
        kind=Kind.REQUEST,
        inside=(UNNAMED,),
        meaning=_morgan,
    ),
    LineParser(
        name="pm2",
        title="PM2 log",
        url="https://pm2.keymetrics.io/docs/usage/log-management/",
        samples=PM2_SAMPLES,
        layouts=(Layout("{time:iso}: {message:rest}"),),
        continues=True,
        meaning=_meaning,
    ),
)
