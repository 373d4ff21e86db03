r"""Squid: its native access log, and cache.log.

::

    1795357048.386      0 127.0.0.1 TCP_MISS/503 3428 GET http://127.0.0.1:9/x - HIER_DIRECT/127.0.0.1 text/html
    2022/11/22 14:17:28| Squid Cache (Version 5.7): Terminated abnormally.

The combined form is read as an Apache access log. Traps: the second number is milliseconds, and of a tunnel its whole life; ``NONE/000``
and ``TCP_MISS_ABORTED`` are clients that went away; the address behind ``HIER_…/`` is the server that answered, ``-`` none; times are
since 1970 in the access log, local in cache.log.

https://wiki.squid-cache.org/Features/LogFormat
https://wiki.squid-cache.org/SquidFaq/SquidLogs
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_NOTHING: Final = pa.scalar(None, pa.string())
_SAYINGS: Final = (
    (re.compile(r"Starting Squid Cache version .*"), "start", Outcome.CHANGED, 9),
    (re.compile(r"Reconfiguring Squid Cache .*"), "reload", Outcome.CHANGED, 9),
    (re.compile(r"Squid Cache \(Version [^)]*\): Exiting normally\."), "stop", Outcome.CHANGED, 9),
    (re.compile(r"Squid Cache \(Version [^)]*\): Terminated abnormally\."), "crash", Outcome.FAILED, 17),
)
_LEVEL: Final = re.compile(r"\s*(FATAL|ERROR|WARNING|SECURITY ALERT)\b.*", re.DOTALL)
_SEVERITIES: Final = {"FATAL": 21, "ERROR": 17, "WARNING": 13, "SECURITY ALERT": 13}


def _access(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    result = match.text("result")
    status = pc.struct_field(pc.extract_regex(result, r"/(?P<status>[1-5][0-9]{2})$"), "status")
    known = pc.match_substring_regex(result, r"^[A-Z_]+/[0-9]{3}$")
    route = match.text("route")
    peer = pc.struct_field(pc.extract_regex(route, r"/(?P<peer>[^-].*)$"), "peer")
    return {
        "status": status.cast(pa.int16()),
        "refused": ~known.to_numpy(zero_copy_only=False),
        "upstream": peer,
        "user": _given(match.text("user")),
        "type": _given(match.text("type")),
    }


def _given(column: Column) -> Column:
    return pc.if_else(pc.equal(column, "-"), _NOTHING, column)


def _cache(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    told = each_unique(match.text("message"), _told)
    return {**told, "service": ["squid"] * len(match)}


def _told(text: str) -> dict[str, Any]:
    for pattern, action, outcome, severity in _SAYINGS:
        if pattern.fullmatch(text.strip()):
            return {
                "kind": str(Kind.CHANGE),
                "action": action,
                "target": "squid",
                "outcome": str(outcome),
                "severity": severity,
            }
    level = _LEVEL.fullmatch(text)
    return {"kind": str(Kind.LOG), "severity": _SEVERITIES[level[1]] if level else None}


_RUN: Final = "Squid 5.7 on loopback"

SAMPLES: Final = (
    Sample(
        b"1795357048.386      0 127.0.0.1 TCP_MISS/503 3428 GET http://127.0.0.1:9/x - HIER_DIRECT/127.0.0.1 text/html",
        {"time": "2026-11-22T14:17:28.386+00:00", "kind": "request", "status": 503, "client": "127.0.0.1", "method": "GET", "path": "http://127.0.0.1:9/x",
         "bytes": 3428, "duration": 0.0, "upstream": "127.0.0.1", "result": "TCP_MISS/503", "user": None},
        _RUN,
    ),
    Sample(
        b"1795357048.380      0 127.0.0.1 TCP_DENIED/403 3407 GET http://bad.example/ - HIER_NONE/- text/html",
        {"status": 403, "upstream": None},
        _RUN,
    ),
    Sample(b"1795357048.398      1 127.0.0.1 TCP_TUNNEL/200 462 CONNECT 127.0.0.1:13180 - HIER_DIRECT/127.0.0.1 -", {"method": "CONNECT", "type": None, "duration": 0.001}, _RUN),
    Sample(
        b"1795357048.398      1 2001:db8::7 NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -",
        {"status": None, "client": "2001:db8::7"},
        "composed after: Squid's wiki, SquidLogs",
    ),
    Sample(b"1795357048.398      1 127.0.0.1 TCP_MISS/200 4 GET http://x/\x00\xff\x1b[31m - HIER_DIRECT/127.0.0.1 -", {"status": 200}, "hostile: NUL, bad UTF-8 and an escape in a path"),
    Sample(b"1795357048.398      1 127.0.0.1 tcp/200 4 GET http://x/ - HIER_DIRECT/127.0.0.1 -", None, "a line of another program of the same shape"),
)  # fmt: skip

CACHE_SAMPLES: Final = (
    Sample(
        b"2026/11/22 14:17:28| Squid Cache (Version 5.7): Terminated abnormally.\nCPU Usage: 0.028 seconds = 0.023 user + 0.005 sys\n",
        {"time": "2026-11-22T14:17:28", "kind": "change", "action": "crash", "target": "squid", "severity": 17},
        _RUN,
    ),
    Sample(b"2026/11/22 14:17:24| Starting Squid Cache version 5.7 for x86_64-pc-linux-gnu...", {"kind": "change", "action": "start", "service": "squid"}, _RUN),
    Sample(
        b"2022/11/10 10:29:58 kid1| Reconfiguring Squid Cache (version 5.7)...",
        {"time": "2022-11-10T10:29:58", "action": "reload", "process": "kid1"},
        "composed after: Squid's wiki, SMP processes' lines in cache.log",
    ),
    Sample(b"2026/11/22 14:17:28| FATAL: x\x00\xff\x1b[31m 2026/11/22 14:17:28| Starting Squid Cache version 1", {"kind": "log", "severity": 21}, "hostile: NUL, bad UTF-8, an escape and another line inside a message"),
    Sample(b"2026/11/31 14:17:28| x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="squid",
        title="Squid access log",
        url="https://wiki.squid-cache.org/Features/LogFormat",
        samples=SAMPLES,
        layouts=(
            Layout(
                "{time:epoch}{~}{duration:ms} {client:ip} {result:word} {bytes:d} {method:word} {path:word} {user:word} {route:word} {type:word}"
            ),
        ),
        kind=Kind.REQUEST,
        meaning=_access,
    ),
    LineParser(
        name="squid-cache",
        title="Squid's cache.log",
        url="https://wiki.squid-cache.org/SquidFaq/SquidLogs",
        samples=CACHE_SAMPLES,
        layouts=(
            Layout("{time:nginx-error}| {message:rest}", name="cache.log"),
            Layout("{time:nginx-error} {process:word}| {message:rest}", name="cache.log of several processes"),
        ),
        continues=True,
        meaning=_cache,
    ),
)
