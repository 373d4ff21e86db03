"""HAProxy's messages: HTTP and TCP log lines, and what it says about its servers and proxies.

It lives inside syslog, and in containers on the standard output (``log stdout format raw`` and ``short``). A log line is written when the session ends, so the envelope's stamp is the end and the
accept date inside, which has the year and milliseconds but no zone, is the beginning: that one is the event's time.

Trap by trap: ``-1`` stands for a timer never reached and for a status never sent; ``<NOSRV>`` for no server;
``<BADREQ>`` for a request that could not be read; ``+`` before a number for a session logged before its end
(option logasap) and before the retries for a redispatch; ``~`` behind the frontend for TLS. Captured headers stand
in one or two pairs of braces before the request: with one pair nothing tells whether they are the request's or the
answer's. Lines are cut at 1,024 bytes (``log … len``), and so a long request lacks its closing quote. The
termination state tells who ended the session: ``S…`` the server, ``C…`` the client, ``P…`` the proxy.

A server that goes up or down is a change; a server put into maintenance or drained by a person has its own action.
Severities are those with which HAProxy itself sends these messages.

https://docs.haproxy.org/2.6/configuration.html#8.2
https://github.com/haproxy/haproxy/blob/v2.6.0/src/server.c (srv_append_status, srv_update_status)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, of_priority

_FROM: Final = "{client:ip}:{_:d} [{time:clf-ms}] "
_ROUTE: Final = "{frontend:word} {service}/{upstream:word} "
_COUNTS: Final = "{_:d}/{_:d}/{_:d}/{_:d}/{retries:d} {_:d}/{backend_queue:d}"
_TIMERS: Final = "{request_ms:d}/{queue_ms:d}/{connect_ms:d}/{response_ms:d}/{duration:ms} "
_ANSWER: Final = (
    "{status:d} {bytes:d} {_:word} {_:word} {termination:word} " + _COUNTS + ' {captured}"{request:request}"'
)
_HTTP: Final = _FROM + _ROUTE + _TIMERS + "{status:d} {bytes:d} {_:word} {_:word} {termination:word} " + _COUNTS
_TCP: Final = _FROM + _ROUTE + "{queue_ms:d}/{connect_ms:d}/{duration:ms} {bytes:d} {termination:word} " + _COUNTS
_CLF: Final = (
    '{client:ip} - - [{time:clf}] "{request:request}" {status:d} {bytes:d} "" "" {_:d} {_:d} "{frontend}" '
    '"{service}" "{upstream}" {request_ms:d} {queue_ms:d} {connect_ms:d} {response_ms:d} {duration:ms} '
    "{termination:word} {_:d} {_:d} {_:d} {_:d} {retries:d} {_:d} {backend_queue:d} {captured:rest}"
)

_NOTHING: Final = pa.scalar(None, pa.string())
_CHANGE: Final = {"kind": Kind.CHANGE, "outcome": Outcome.CHANGED}
_LOG: Final = {"kind": Kind.LOG}
_SERVER: Final = r"(?:Backup )?[Ss]erver (?P<target>(?P<service>[^/ ]+)/(?P<upstream>\S+)) "

# What HAProxy says of itself: the words, and what they mean beside the names they hold.
_SAYINGS: Final[tuple[tuple[re.Pattern[str], dict[str, Any]], ...]] = (
    (re.compile(_SERVER + r"is going DOWN for maintenance"), _CHANGE | {"action": "server-maintenance", "severity": 19}),
    (re.compile(_SERVER + r"enters drain state"), _CHANGE | {"action": "server-drain", "severity": 10}),
    (
        re.compile(_SERVER + r"is (?:going )?DOWN\b(?:, reason: (?P<reason>[^,.]+))?"),
        _CHANGE | {"action": "server-down", "severity": 19},
    ),
    (
        re.compile(_SERVER + r"is UP\b(?:(?:/READY)? \((?P<left>leaving [^)]*)\)|, reason: (?P<reason>[^,.]+))?"),
        _CHANGE | {"action": "server-up", "severity": 10},
    ),
    (re.compile(r"(?:[Bb]ackend|[Pp]roxy|[Ll]isten) (?P<service>\S+) has no server available!"), _LOG | {"severity": 21}),
    (re.compile(r"Proxy (?P<service>\S+) started\."), _LOG | {"severity": 10}),
    (re.compile(r"(?:Proxy (?P<service>\S+) stopped \(|(?:Paused|Resumed|Stopping) )"), _LOG | {"severity": 13}),
    (re.compile(r"Health check for " + _SERVER + r"failed"), _LOG | {"severity": 13}),
    (re.compile(r"Connect from (?P<client>[0-9A-Fa-f.:]+):[0-9]+ to \S+ \((?P<service>[^/]+)/"), _LOG),
)  # fmt: skip
_TOLD: Final = {
    "kind": pa.string(), "severity": pa.int8(), "action": pa.string(), "target": pa.string(), "outcome": pa.string(),
    "service": pa.string(), "upstream": pa.string(), "client": pa.string(), "reason": pa.string(),
}  # fmt: skip


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    if "message" in match:
        return _of_message(match, outer)
    frontend = match.text("frontend")
    columns = {
        "kind": pa.repeat(str(Kind.REQUEST), len(match)),
        "message": pa.nulls(len(match), pa.string()),
        "protocol": pa.nulls(len(match), pa.string()),
        "frontend": pc.if_else(pc.ends_with(frontend, "~"), pc.utf8_rtrim(frontend, "~"), frontend),
        "upstream": _without(match.text("upstream"), "<NOSRV>", "<STATS>"),
    }
    if "status" in match:
        values, there = match.int("status")
        columns["status"] = pa.array(values, pa.int64(), mask=~(there & (values >= 100) & (values <= 599)))
        columns["path"] = _without(match.text("path"), "<BADREQ>")
    if "pri" in match:
        columns |= of_priority(match)
    if "captured" in match:
        columns["captured"] = _without(pc.utf8_trim(match.text("captured"), " "), "", '"" ""')
    return columns


def _without(column: Column, *words: str) -> Column:
    return pc.if_else(pc.is_in(column, pa.array(words)), _NOTHING, column)


def _of_message(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    said = match.text("message").dictionary_encode()
    told = [_told(text) for text in said.dictionary.to_pylist()]
    columns = {name: pa.array([one.get(name) for one in told], kind).take(said.indices) for name, kind in _TOLD.items()}
    if "client" in match:
        columns["client"] = match.text("client")
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _told(text: str) -> dict[str, Any]:
    for pattern, meaning in _SAYINGS:
        if found := pattern.match(text):
            names = found.groupdict()
            return meaning | {"reason": names.pop("left", None)} | {k: v for k, v in names.items() if v is not None}
    return {"kind": Kind.LOG}


_RECORDING: Final = "recording misspelt-file-name, lb-01/var/log/haproxy.log"
_RUN: Final = "HAProxy 2.6.12 on loopback, three backends started and stopped"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN) -> Sample:
    return Sample(text, expect, origin, program="haproxy")


SAMPLES: Final = (
    _sample(
        b'100.72.140.170:58869 [10/Nov/2022:10:29:58.388] fe_blog bk_blog/web-03 0/0/3/22/25 200 1788 - - ---- 2/2/0/0/0 0/0 "GET /post/42 HTTP/1.1"',
        {
            "time": "2022-11-10T10:29:58.388",
            "kind": "request",
            "client": "100.72.140.170",
            "service": "bk_blog",
            "upstream": "web-03",
            "method": "GET",
            "path": "/post/42",
            "status": 200,
            "bytes": 1788,
            "duration": 0.025,
            "frontend": "fe_blog",
            "termination": "----",
            "connect_ms": "3",
            "captured": None,
        },
        _RECORDING,
    ),
    _sample(
        b'127.0.0.1:34788 [22/Nov/2026:11:02:16.553] fe_blog bk_blog/web-01 0/0/0/-1/1001 504 198 - - sH-- 1/1/0/0/0 0/0 "GET /slow HTTP/1.1"',
        {"status": 504, "termination": "sH--", "response_ms": "-1", "duration": 1.001},
    ),
    _sample(
        b'127.0.0.1:35210 [22/Nov/2026:11:02:17.562] fe_asap bk_blog/web-02 0/0/0/0/+0 200 +15264 - - ---- 1/1/1/1/0 0/0 "GET /big HTTP/1.1"',
        {"bytes": 15264, "duration": 0.0, "path": "/big"},
    ),
    _sample(
        b'127.0.0.1:36438 [22/Nov/2026:11:02:17.588] fe_tls~ bk_blog/web-01 0/0/0/1/1 200 126 - - ---- 1/1/0/0/0 0/0 {127.0.0.1:18443|we#22ird #7Bag#7Cent#7D} {text/html} "GET /b HTTP/1.1"',
        {
            "frontend": "fe_tls",
            "path": "/b",
            "captured": "{127.0.0.1:18443|we#22ird #7Bag#7Cent#7D} {text/html}",
        },
    ),
    _sample(
        b'10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
        {
            "time": "2009-02-06T12:14:14.655",
            "service": "static",
            "upstream": "srv1",
            "status": 200,
            "duration": 0.109,
            "captured": "{1wt.eu} {}",
        },
        "https://docs.haproxy.org/2.6/configuration.html#8.2.3",
    ),
    _sample(
        b'127.0.0.1:51280 [22/Nov/2026:11:02:17.606] fe_none bk_none/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
        {"service": "bk_none", "upstream": None, "status": 503, "termination": "SC--"},
    ),
    _sample(
        b'127.0.0.1:34816 [22/Nov/2026:11:02:20.630] fe_blog fe_blog/<NOSRV> -1/-1/-1/-1/3000 408 0 - - cR-- 1/1/0/0/0 0/0 "<BADREQ>"',
        {"method": None, "path": None, "status": 408, "duration": 3.0, "termination": "cR--"},
    ),
    _sample(
        b'127.0.0.1:34816 [22/Nov/2026:11:02:20.630] fe_blog fe_blog/<NOSRV> -1/-1/-1/-1/10 -1 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"',
        {"status": None, "termination": "CR--"},
        "the line above with the status of a client that closed first, documented in section 8.5 (CR)",
    ),
    _sample(
        b'127.0.0.1:59640 [22/Nov/2026:11:02:17.598] fe_https~ bk_blog/web-02 0/0/0/1/1 200 126 - - ---- 1/1/0/0/0 0/0 "GET /c HTTP/1.1" 0/0000000000000000/0/0/0 -/TLSv1.3/TLS_AES_256_GCM_SHA384',
        {"path": "/c", "tls": "0/0000000000000000/0/0/0 -/TLSv1.3/TLS_AES_256_GCM_SHA384"},
    ),
    _sample(
        b'127.0.0.1:34790 [22/Nov/2026:11:02:17.568] fe_blog bk_blog/web-01 0/0/0/0/0 414 533 - - ---- 1/1/0/0/0 0/0 "GET /'
        + b"a" * 880,
        {"method": "GET", "path": "/" + "a" * 880, "status": 414},
        "a line cut at HAProxy's default of 1,024 bytes, as its documentation of `log … len` says",
    ),
    _sample(
        b'-:47642 [22/Jun/2021:12:02:55.202] www-https~ app/app-node2 app.domain.com 1/0/1/15/2606 200 325791 - - ---- 1/1/0/0/0 0/0 "GET /static/files/3rsdfas3.js HTTP/1.1"',
        {
            "client": None,
            "vhost": "app.domain.com",
            "service": "app",
            "upstream": "app-node2",
            "status": 200,
            "bytes": 325791,
            "duration": 2.606,
            "path": "/static/files/3rsdfas3.js",
        },
        "repository elastic/beats, filebeat/module/haproxy/log/test/haproxy.log",
    ),
    _sample(
        b"127.0.0.1:39126 [22/Nov/2026:11:02:27.148] tcp_dead tcp_dead/t1 1/-1/2000 0 CC 1/1/0/0/2 0/0",
        {
            "time": "2026-11-22T11:02:27.148",
            "kind": "request",
            "service": "tcp_dead",
            "upstream": "t1",
            "duration": 2.0,
            "bytes": 0,
            "termination": "CC",
            "retries": "2",
            "connect_ms": "-1",
        },
    ),
    _sample(
        b'127.0.0.1 - - [22/Nov/2026:11:02:17 +0000] "GET /clf HTTP/1.1" 200 126 "" "" 47250 619 "fe_clf" "bk_blog" "web-01" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 "" "" ',
        {
            "time": "2026-11-22T11:02:17+00:00",
            "service": "bk_blog",
            "upstream": "web-01",
            "path": "/clf",
            "status": 200,
        },
    ),
    _sample(
        b"127.0.0.1:36442 [22/Nov/2026:11:02:18.625] fe_tls/1: SSL handshake failure",
        {
            "time": "2026-11-22T11:02:18.625",
            "kind": "log",
            "client": "127.0.0.1",
            "frontend": "fe_tls",
            "message": "SSL handshake failure",
        },
    ),
    _sample(
        b"95.216.197.33:56224 [25/Feb/2019:16:20:10.111] prod_http_in/sktst2: SSL handshake failure",
        {"kind": "log", "client": "95.216.197.33", "frontend": "prod_http_in", "message": "SSL handshake failure"},
        "repository tstack/lnav, test/logfile_haproxy.0: a bind line with a name",
    ),
    _sample(
        b'Server bk_blog/web-02 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 1 active and 1 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
        {
            "kind": "change",
            "action": "server-down",
            "target": "bk_blog/web-02",
            "service": "bk_blog",
            "upstream": "web-02",
            "outcome": "changed",
            "severity": 19,
            "reason": "Layer4 connection problem",
        },
    ),
    _sample(
        b'Backup Server bk_blog/web-03 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
        {"action": "server-down", "target": "bk_blog/web-03"},
    ),
    _sample(
        b"Server bk_blog/web-01 is UP, reason: Layer7 check passed, code: 200, check duration: 0ms. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
        {
            "kind": "change",
            "action": "server-up",
            "target": "bk_blog/web-01",
            "severity": 10,
            "reason": "Layer7 check passed",
        },
    ),
    _sample(
        b"Server bk_blog/web-01 is going DOWN for maintenance. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
        {"kind": "change", "action": "server-maintenance", "target": "bk_blog/web-01"},
    ),
    _sample(
        b"Server bk_blog/web-01 is UP/READY (leaving forced maintenance).",
        {"kind": "change", "action": "server-up", "reason": "leaving forced maintenance"},
    ),
    _sample(
        b"Server bk_blog/web-01 enters drain state. 0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.",
        {"kind": "change", "action": "server-drain"},
    ),
    _sample(b"backend bk_blog has no server available!", {"kind": "log", "severity": 21, "service": "bk_blog"}),
    _sample(
        b"Proxy bk_blog stopped (cumulated conns: FE: 0, BE: 13).",
        {"kind": "log", "severity": 13, "service": "bk_blog"},
    ),
    _sample(
        b"Proxy fe_blog started.",
        {"kind": "log", "service": "fe_blog"},
        "HAProxy 1.8 and before, src/proxy.c",
    ),
    _sample(
        b"Connect from 127.0.0.1:51126 to 127.0.0.1:18092 (deflog/HTTP)",
        {"kind": "log", "client": "127.0.0.1", "service": "deflog"},
    ),
    _sample(
        b'2001:db8::7:34790 [22/Nov/2026:11:02:17.568] fe_blog bk_blog/web-01 0/0/0/0/0 200 126 - - ---- 1/1/0/0/0 0/0 "GET /\x00\xff\x1b[31m[10/Nov/2022:10:29:58.388] HTTP/1.1"',
        {
            "time": "2026-11-22T11:02:17.568",
            "client": "2001:db8::7",
            "path": "/\x00\\xff\x1b[31m[10/Nov/2022:10:29:58.388]",
        },
        "hostile: NUL, a byte that is no UTF-8, a terminal escape and a date in the path",
    ),
    _sample(
        b'127.0.0.1:34788 [22/Nov/2026:11:02:16.553] fe_blog bk_blog/web-01 0/0/0/1/1 200 198 - - ---- 1/1/0/0/0 0/0 "GET /'
        + b"a" * 1_000_000
        + b' HTTP/1.1"',
        {"status": 200, "path": "/" + "a" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    _sample(
        b"Server x\x1b[2J\x00 is DOWN Server bk_blog/web-01 is DOWN, reason: no",
        {"kind": "log", "action": None},
        "hostile: words that only look like a server's state",
    ),
)

_STDOUT_RUN: Final = "HAProxy 2.6.12 on loopback, log stdout format "
STDOUT_SAMPLES: Final = (
    Sample(
        b'127.0.0.1:36332 [01/Dec/2026:11:35:25.782] fe_web bk_web/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"',
        {
            "time": "2026-12-01T11:35:25.782",
            "kind": "request",
            "client": "127.0.0.1",
            "service": "bk_web",
            "upstream": None,
            "status": 503,
            "path": "/x",
            "termination": "SC--",
        },
        _STDOUT_RUN + "raw",
    ),
    Sample(
        b'<6>127.0.0.1:34502 [01/Dec/2026:11:35:32.813] fe_web bk_web/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"',
        {"time": "2026-12-01T11:35:32.813", "status": 503, "severity": 9},
        _STDOUT_RUN + "short",
    ),
    Sample(
        b"127.0.0.1:57538 [01/Dec/2026:11:37:31.372] fe_web bk_web/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0",
        {"time": "2026-12-01T11:37:31.372", "kind": "request", "status": None, "termination": "SC"},
        _STDOUT_RUN + "raw, mode tcp",
    ),
    Sample(
        b"<6>127.0.0.1:57544 [01/Dec/2026:11:37:35.387] fe_web bk_web/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0",
        {"time": "2026-12-01T11:37:35.387", "kind": "request", "severity": 9},
        _STDOUT_RUN + "short, mode tcp",
    ),
    Sample(b"backend bk_web has no server available!", None, _STDOUT_RUN + "raw: it prints no time"),
)

_WHOLE: Final = _HTTP + ' {captured}"{request:request}"'

PARSER = (
    LineParser(
        name="haproxy",
        title="HAProxy log",
        url="https://docs.haproxy.org/2.6/configuration.html#8.2",
        samples=SAMPLES,
        layouts=(
            Layout(_WHOLE, name="HTTP"),
            Layout(_TCP, name="TCP"),
            Layout(_WHOLE + " {tls:rest}", name="HTTPS"),
            Layout(_HTTP + ' {captured}"{method:word} {path:rest}', name="HTTP, cut short"),
            Layout(_FROM + _ROUTE + "{vhost:word} " + _TIMERS + _ANSWER, name="HTTP, with the host asked for"),
            Layout(_CLF, name="HTTP as CLF"),
            Layout(_FROM + "{frontend}/{_:word}: {message:rest}", name="connection error"),
            Layout("{message:rest}", name="message"),
        ),
        kind=Kind.LOG,
        inside=("haproxy",),
        meaning=_meaning,
    ),
    LineParser(
        name="haproxy-stdout",
        title="HAProxy on the standard output",
        url="https://docs.haproxy.org/2.6/configuration.html#3.1-log",
        samples=STDOUT_SAMPLES,
        layouts=(
            Layout(_WHOLE, name="HTTP"),
            Layout(_TCP, name="TCP"),
            Layout("<{pri:d}>" + _WHOLE, name="HTTP, short"),
            Layout("<{pri:d}>" + _TCP, name="TCP, short"),
        ),
        kind=Kind.REQUEST,
        meaning=_meaning,
    ),
)
