r"""uWSGI: its request lines and the banner of a start.

``[pid: 7|app: 0|req: 1/1] 192.0.2.7 () {28 vars in 287 bytes} [Sun Nov 22 11:48:46 2026] GET /x => generated 2 bytes in 1 msecs
(HTTP/1.1 200) …``. The banner (``*** Starting uWSGI … on […] ***``) is a change: a start. Everything else it says, and what the
application prints, has no time and belongs to the line above, unless ``log-date`` puts one before each of its lines: then a
worker that died is a crash.

Traps: the time is that of the request's beginning, without zone; the unit of the duration is msecs or micros.

https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample

_HEAD: Final = "[pid: {pid:d}|app: {app:word}|req: {_:d}/{_:d}] {client:ip} ({user}) {{{_}}} [{time:ctime}] {method:word} {path} => generated {bytes:d} bytes in "


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    count = len(match)
    if "version" in match:
        told = {"kind": Kind.CHANGE, "action": "start", "target": "uwsgi", "outcome": Outcome.STARTED}
        said = {name: pa.repeat(str(value), count) for name, value in told.items()}
        return said | {"message": pa.repeat("Starting uWSGI", count)}
    if "method" not in match:
        return _of_message(match.text("message"))
    values, there = match.int("status")
    return {
        "status": pa.array(values, pa.int64(), mask=~(there & (values >= 100) & (values <= 599))),
        "kind": pa.repeat(str(Kind.REQUEST), count),
        "protocol": None,
    }


def _of_message(message: Column) -> dict[str, Any]:
    died = pc.match_substring_regex(message, r"^DAMN ! worker \d+ \(pid: \d+\) ")
    killed = pc.starts_with(message, "*** HARAKIRI ON WORKER ")
    told = {"action": "crash", "target": "uwsgi", "outcome": Outcome.FAILED}
    said = {name: pc.if_else(died, str(value), pa.scalar(None, pa.string())) for name, value in told.items()}
    return said | {
        "kind": pc.if_else(died, str(Kind.CHANGE), str(Kind.LOG)),
        "severity": pc.if_else(pc.or_(died, killed), pa.scalar(17, pa.int8()), pa.scalar(None, pa.int8())),
    }


_RUN: Final = "uWSGI 2.0.21 (Debian) on loopback"

SAMPLES: Final = (
    Sample(
        b"[pid: 32742|app: 0|req: 1/1] 127.0.0.1 () {24 vars in 248 bytes} [Sun Nov 22 11:48:46 2026] GET /x => generated 2 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 45 bytes (1 switches on core 0)",
        {"time": "2026-11-22T11:48:46", "kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/x", "status": 200, "bytes": 2, "duration": 0.0, "pid": "32742"},
        _RUN,
    ),
    Sample(
        b"[pid: 1200|app: 0|req: 2/2] 127.0.0.1 () {24 vars in 254 bytes} [Sun Nov 22 14:17:49 2026] GET /boom => generated 0 bytes in 303 micros (HTTP/1.1 500) 0 headers in 0 bytes (0 switches on core 0)",
        {"status": 500, "duration": 0.000303, "path": "/boom"},
        "uWSGI 2.0.31 on loopback, --log-micros",
    ),
    Sample(
        b"*** Starting uWSGI 2.0.21-debian (64bit) on [Sun Nov 22 11:48:43 2026] ***\ncompiled with version: 12.2.0 on 19 May 2023 13:59:29",
        {"time": "2026-11-22T11:48:43", "kind": "change", "action": "start", "target": "uwsgi", "outcome": "started", "version": "2.0.21-debian"},
        _RUN,
    ),
    Sample(
        b"Sun Nov 22 14:17:54 2026 - *** Starting uWSGI 2.0.31 (64bit) on [Sun Nov 22 14:17:54 2026] ***",
        {"time": "2026-11-22T14:17:54", "kind": "change", "action": "start", "version": "2.0.31"},
        "uWSGI 2.0.31 on loopback, --log-date",
    ),
    Sample(
        b"Sun Nov 22 14:17:58 2026 - *** HARAKIRI ON WORKER 1 (pid: 1300, try: 1, graceful: yes) ***",
        {"time": "2026-11-22T14:17:58", "kind": "log", "severity": 17},
        "uWSGI 2.0.31 on loopback, --log-date, a request that takes too long",
    ),
    Sample(
        b"Sun Nov 22 14:17:59 2026 - DAMN ! worker 1 (pid: 1300) died, killed by signal 9 :( trying respawn ...",
        {"kind": "change", "action": "crash", "target": "uwsgi", "outcome": "failed", "severity": 17},
        "uWSGI 2.0.31 on loopback, --log-date, a request that takes too long",
    ),
    Sample(
        b"[pid: 7|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 287 bytes} [Sun Nov 22 11:48:46 2026] GET /\x00\xff\x1b[31m => generated 9 bytes => generated 2 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 44 bytes (1 switches on core 0)",
        {"status": 200},
        "hostile: NUL, bad UTF-8, an escape and half of the line inside a path",
    ),
    Sample(b"[pid: 7|app: 0|req: 1/1] 127.0.0.1 () {28 vars in 287 bytes} [Sun Nov 31 11:48:46 2026] GET / => generated 2 bytes in 0 msecs (HTTP/1.1 200) x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = LineParser(
    name="uwsgi",
    title="uWSGI log",
    url="https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html",
    samples=SAMPLES,
    layouts=(
        Layout(_HEAD + "{duration:ms} msecs ({protocol:word} {status:d}) {more:rest}", name="request"),
        Layout(
            _HEAD + "{duration:us} micros ({protocol:word} {status:d}) {more:rest}", name="request, in microseconds"
        ),
        Layout("*** Starting uWSGI {version:word} ({_}) on [{time:ctime}] ***", name="start"),
        Layout("{time:ctime} - *** Starting uWSGI {version:word} ({_}) on [{_}] ***", name="start, with log-date"),
        Layout("{time:ctime} - {message:rest}", name="log-date"),
    ),
    continues=True,
    meaning=_meaning,
)
