r"""logfmt of any dialect: ``key=value`` pairs, one of them the time.

As logrus (``time="…" level=error msg="…"``), slog's TextHandler (``time=… level=ERROR msg=…``), go-kit with Prometheus and Loki
(``ts=… caller=… level=…``, also with the level first), log15 and Grafana (``t=… lvl=…``), ArgoCD, InfluxDB and Traefik write it.

What the usual keys tell becomes columns; all pairs are kept as they stand in ``pairs``. A line with a status and a method or
path is a request. Traps: quoted values hold escaped quotes and blanks; the same key may stand twice (the first counts);
the time may stand last, or nowhere (lograge, logrus in a container): then the envelope around the line has it.

https://brandur.org/logfmt
https://pkg.go.dev/github.com/sirupsen/logrus#TextFormatter
https://pkg.go.dev/log/slog#TextHandler
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
    Pairs,
    Sample,
    asked_in,
    each_unique,
    seconds_of,
    severity_of,
)

# Columns and fields, and the keys that tell them, the surest first.
_KEYS: Final = {
    "message": ("msg", "message", "event"),
    "level": ("level", "lvl", "severity"),
    "status": ("status", "status_code", "statusCode", "code", "grpc.code"),
    "method": ("method", "http.method"),
    "path": ("path", "uri", "url", "request_uri"),
    "client": ("remote_addr", "client_ip", "remote", "client", "ip", "fwd"),
    "request": ("request",),
    "took": ("duration", "elapsed", "took", "latency", "service"),
    "took_s": ("request_time",),
    "took_ms": ("time_ms", "duration_ms", "elapsed_ms", "latency_ms"),
    "bytes": ("bytes", "size", "res_bytes"),
    "request_id": ("request_id", "requestId", "req_id"),
    "error": ("err", "error"),
    "caller": ("caller", "source"),
    "logger": ("logger", "component", "module"),
}
# Fields at the beginning of a line, and what stands before them there: Grafana's logger; and what begins lines without a time.
_HEADS: Final = {"named": "logger=", "leveled": "level=", "asked": "method=", "said": "msg=", "placed": "at="}
_SERVICE: Final = ("app", "application", "service")


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    text = match.text("pairs")
    spans = [match.span("pairs")]
    if "first" in match:
        text = pc.binary_join_element_wise(match.text("first"), text, " ")
        spans.insert(0, match.span("first"))
    for name, key in _HEADS.items():
        if name in match:
            begin, end = match.span(name)
            text = pc.binary_join_element_wise(pc.binary_join_element_wise(key, match.text(name), ""), text, " ")
            spans.insert(0, (begin - len(key), end))
    columns: dict[str, Any] = {"first": None, **dict.fromkeys(_HEADS), "pairs": text}
    pairs = Pairs(match.lines, spans, text)
    for name, keys in _KEYS.items():
        told = pairs.value(keys)
        if told is not None:
            columns[name] = told
    line = columns.pop("request", None)
    if line is not None and "status" in columns:
        columns["method"], columns["path"] = asked_in(line, columns.get("method"), columns.get("path"))
    level = columns.pop("level", None)
    if level is not None:
        columns["severity"] = severity_of(level)
    if "message" not in columns:
        columns["message"] = text
    return columns | _request(columns, rails=pairs.value(("controller",)) is not None)


def _request(columns: Mapping[str, Any], *, rails: bool) -> dict[str, Any]:
    """Read the numbers of requests; without a status the keys mean what they will. Rails counts milliseconds."""
    status = columns.get("status")
    request: dict[str, Any] = dict.fromkeys(("status", "bytes", "took", "took_ms", "took_s"))
    if status is None or ("method" not in columns and "path" not in columns):
        drop = {name: None for name in ("method", "path") if name in columns}
        return request | drop
    whole = pc.if_else(pc.match_substring_regex(status, "^[1-5][0-9]{2}$"), status, None).cast(pa.int16())
    request |= {"status": whole, "kind": pc.if_else(pc.is_valid(whole), str(Kind.REQUEST), str(Kind.LOG))}
    if columns.get("bytes") is not None:
        sized = pc.match_substring_regex(columns["bytes"], "^[0-9]{1,15}$")
        request["bytes"] = pc.if_else(sized, columns["bytes"], None).cast(pa.int64())
    if columns.get("took_ms") is not None:
        request |= each_unique(columns["took_ms"], _milliseconds)
    if columns.get("took_s") is not None:
        request |= each_unique(columns["took_s"], lambda text: {"duration": seconds_of(text, 1.0)})
    if columns.get("took") is not None:
        bare = 1e-3 if rails else None  # of others nobody knows the unit
        took = each_unique(columns["took"], lambda text: {"duration": seconds_of(text, bare)})
        request |= {name: pc.coalesce(told, request.get(name, told)) for name, told in took.items()}
    if columns.get("client") is not None:
        request |= each_unique(
            columns["client"], lambda text: {"client": re.sub(r"(?<=[0-9\]]):\d+$", "", text).strip("[]")}
        )
    return request


def _milliseconds(text: str) -> dict[str, float]:
    return {"duration": float(text) * 1e-3} if re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text) else {}


_GO: Final = "Go 1.19 on this machine, "
_PYTHON: Final = "structlog's LogfmtRenderer on this machine"

SAMPLES: Final = (
    Sample(
        b'time="2026-11-22T14:05:45Z" level=warning msg="The group\'s number increased tremendously!" number=122 omg=true',
        {"time": "2026-11-22T14:05:45+00:00", "severity": 13, "message": "The group's number increased tremendously!", "kind": "log"},
        _GO + "logrus 1.9, the example of its README",
    ),
    Sample(
        b'time="2026-11-22T14:05:45Z" level=error msg="say \\"no\\"" app=shop error="dial tcp 127.0.0.1:5999: connect: connection refused"',
        {"severity": 17, "message": 'say "no"', "error": "dial tcp 127.0.0.1:5999: connect: connection refused"},
        _GO + "logrus 1.9",
    ),
    Sample(
        b"time=2022-11-08T15:28:26.000-05:00 level=INFO msg=hello count=3",
        {"time": "2022-11-08T15:28:26-05:00", "severity": 9, "message": "hello"},
        "documentation of log/slog, TextHandler",
    ),
    Sample(
        b'ts=2026-11-22T14:13:54.623Z caller=main.go:469 level=error msg="Error loading config (--config.file=bad.yml)" file=/tmp/ts/misc/bad.yml err="parsing YAML file bad.yml: yaml: unmarshal errors:\\n  line 1: field bad not found in type config.plain"',
        {"time": "2026-11-22T14:13:54.623+00:00", "severity": 17, "caller": "main.go:469", "message": "Error loading config (--config.file=bad.yml)"},
        "Prometheus 2.42 (Debian) on loopback, a wrong configuration",
    ),
    Sample(
        b'level=error ts=2026-11-22T14:05:45.122692314Z caller=main.go:112 msg="fetch failed" err="dial tcp 127.0.0.1:5999: connect: connection refused"',
        {"time": "2026-11-22T14:05:45.122692+00:00", "severity": 17, "caller": "main.go:112", "error": "dial tcp 127.0.0.1:5999: connect: connection refused"},
        _GO + "go-kit/log, as Loki and Prometheus before 2.29 use it",
    ),
    Sample(
        b'level=info time="2019-10-15T22:32:25+02:00" func=errorformatter_tester.trySampleText msg="USER MSG" file="sample_text.go:21" BOOL=true INT=42 STR=str',
        {"time": "2019-10-15T22:32:25+02:00", "severity": 9, "message": "USER MSG"},
        "README of a public logrus formatter, keys in another order",
    ),
    Sample(
        b'logger=http.server t=2023-04-22T13:15:36.598575746Z level=info msg="Successful Login" User=admin@localhost',
        {"time": "2023-04-22T13:15:36.598575+00:00", "severity": 9, "message": "Successful Login", "logger": "http.server"},
        "log of Grafana 9 quoted in a public repository",
    ),
    Sample(
        b'logger=context userId=1 orgId=1 uname=admin t=2023-07-27T19:17:55.410852107Z level=error msg="Request Completed" method=GET path=/api/datasources/uid/d794eba3-bf8a-46c8-816c-789a1d374ab4/resources/labels status=500 remote_addr=172.17.0.1 time_ms=4006 duration=4.006774549s size=51 referer=http://localhost:3000/connections/datasources/edit/d794eba3',
        {"time": "2023-07-27T19:17:55.410852+00:00", "kind": "request", "severity": 17, "status": 500, "method": "GET", "logger": "context",
         "path": "/api/datasources/uid/d794eba3-bf8a-46c8-816c-789a1d374ab4/resources/labels", "client": "172.17.0.1",
         "duration": 4.006774549, "bytes": 51},
        "log of Grafana 10 quoted in a public repository; the end cut off",
    ),
    Sample(
        b't=2019-12-05T13:46:47+0100 lvl=info msg="Request Completed" logger=context userId=0 orgId=0 uname= method=GET path=/api/login/ping status=401 remote_addr=10.255.0.3 time_ms=0 size=26 referer="https://grafana.xxx.xxx/d/JC2PMwUmk/general-v?orgId=1&refresh=5s"',
        {"time": "2019-12-05T13:46:47+01:00", "kind": "request", "status": 401, "client": "10.255.0.3", "duration": 0.0, "severity": 9},
        "Grafana 6, github.com/grafana/grafana/issues/20096",
    ),
    Sample(
        b't=2026-11-22T14:05:45+0000 lvl=eror msg="Failed to save" module=store err="disk full"',
        {"time": "2026-11-22T14:05:45+00:00", "severity": 17, "logger": "store", "error": "disk full"},
        _GO + "log15 (Debian)",
    ),
    Sample(
        b'ts=1795358275.6452162 level=info event="order placed" order_id=7',
        {"time": "2026-11-22T14:37:55.645216+00:00", "severity": 9, "message": "order placed"},
        _PYTHON + ", seconds since 1970",
    ),
    Sample(b'timestamp=2026-11-22T14:37:55.645423Z level=error event="payment failed" reason="connection refused"', {"time": "2026-11-22T14:37:55.645423+00:00", "severity": 17, "message": "payment failed"}, _PYTHON),
    Sample(b'timestamp="2026-11-22 14:37:55" level=error event="payment failed" reason="connection refused"', {"time": "2026-11-22T14:37:55", "severity": 17}, _PYTHON + ", a format with a blank"),
    Sample(
        b"method=GET path=/jobs/833552.json format=json controller=JobsController action=show status=200 duration=58.33 view=40.43 db=15.26 time=2013-08-05T10:00:00Z",
        {"time": "2013-08-05T10:00:00+00:00", "kind": "request", "status": 200, "path": "/jobs/833552.json", "duration": 0.05833},
        "README of roidrage/lograge, its time added as the README shows",
    ),
    Sample(
        b'level=error msg="fetch failed" err="connection refused" time=2026-11-22T14:05:45Z',
        {"time": "2026-11-22T14:05:45+00:00", "severity": 17, "message": "fetch failed"},
        "made for this test: a logger that sorts its keys",
    ),
    Sample(b'msg="fetch failed" level=error time=2026-11-22T14:05:45Z', {"severity": 17, "message": "fetch failed"}, "the same, another order"),
    Sample(b'at=error msg="fetch failed" time=2026-11-22T14:05:45Z', {"message": "fetch failed"}, "the same, as l2met writes"),
    Sample(
        b'time_local="05/Jan/2023:10:00:00 +0000" client=203.0.113.9 method=GET request="GET /x HTTP/1.1" request_length=80 status=502 bytes_sent=157 body_bytes_sent=0 referer= user_agent="curl" upstream_addr=10.0.0.1:80 upstream_status=502 request_time=0.012',
        {"time": "2023-01-05T10:00:00+00:00", "kind": "request", "status": 502, "client": "203.0.113.9", "method": "GET", "path": "/x", "duration": 0.012},
        "log_format of a widely copied nginx configuration, a line of it made for this test",
    ),
    Sample(
        b'time="2022-11-10T10:29:58Z" level=info msg="x\x00\xff\x1b[31m level=fatal time=\\"2022-11-11T00:00:00Z\\" msg=y"',
        {"severity": 9, "time": "2022-11-10T10:29:58+00:00"},
        "hostile: NUL, bad UTF-8, an escape and other pairs inside a value",
    ),
    Sample(b'time="2022-11-10T10:29:58Z" level=info msg="' + b"x" * 1_000_000 + b'"', {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b'time="2022-11-31T10:29:58Z" level=info msg=x', None, "hostile: no such day"),
)  # fmt: skip


_UNTIMED: Final = tuple(f"{key}{{{name}:word}} " for name, key in _HEADS.items() if name != "named")


def _layouts() -> tuple[Layout, ...]:
    plain = ('time="{time:iso}" ', "time={time:iso} ", "ts={time:iso} ", "t={time:iso} ", "ts={time:epoch} ")
    named = ("logger={named} t={time:iso} ",)  # Grafana's, with the user between the two
    later = ('{first:word} time="{time:iso}" ', "{first:word} ts={time:iso} ", "{first:word} t={time:iso} ")
    more = ('timestamp="{time:iso}" ', "timestamp={time:iso} ", 'time_local="{time:clf}" ')
    last = tuple(Layout(head + "{pairs} time={time:iso}") for head in _UNTIMED)
    return (*(Layout(head + "{pairs:rest}") for head in plain + later + named + more), *last)


def _terminal(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Part the message from the pairs behind it, which begin at a column of their own."""
    severity = severity_of(match.text("level"))
    parts = pc.extract_regex(match.text("message"), r"^(?P<said>(?s:.*?)) +(?P<pairs>[\w.-]+=(?s:.*))$")
    said = pc.coalesce(pc.struct_field(parts, "said"), match.text("message"))
    known = np.asarray(pc.is_valid(severity))
    return {
        "message": pc.utf8_rtrim(said, " "),
        "pairs": pc.struct_field(parts, "pairs"),
        "severity": severity,
        "level": None,
        "refused": ~known,
    }


PARSER = (
    LineParser(
        name="logfmt",
        title="Logfmt of any dialect",
        url="https://brandur.org/logfmt",
        samples=SAMPLES,
        layouts=_layouts(),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="logfmt-untimed",
        title="Logfmt without a time, in a container or behind a logger's head",
        url="https://brandur.org/logfmt",
        samples=(
            Sample(
                b'level=error msg="fetch failed" err="connection refused"',
                {"severity": 17, "message": "fetch failed", "kind": "log"},
                _GO + "logrus 1.9, DisableTimestamp",
            ),
            Sample(
                b'msg="fetch failed" level=error',
                {"severity": 17, "message": "fetch failed"},
                "the same, another order",
            ),
            Sample(
                b"method=GET path=/jobs/833552.json format=json controller=JobsController action=show status=200 duration=58.33 view=40.43 db=15.26",
                {"kind": "request", "status": 200, "path": "/jobs/833552.json", "duration": 0.05833},
                "README of roidrage/lograge",
            ),
            Sample(
                b'at=info method=GET path="/posts" host=myapp.herokuapp.com fwd="204.204.204.204" dyno=web.1 connect=1ms service=18ms status=200 bytes=975',
                {"kind": "request", "status": 200, "client": "204.204.204.204", "duration": 0.018},
                "Heroku documentation, logging: router",
            ),
        ),
        layouts=tuple(Layout(head + "{pairs:rest}") for head in _UNTIMED),
        inside=(UNNAMED,),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="logrus-terminal",
        title="Logrus as it writes on a terminal",
        url="https://pkg.go.dev/github.com/sirupsen/logrus#TextFormatter",
        samples=(
            Sample(
                b'DEBU[2018-05-12 15:15:15] A group of walrus emerges from the ocean      callerFile=" E:/gopath/src/logcutting/example.go:22 "',
                {
                    "time": "2018-05-12T15:15:15",
                    "severity": 5,
                    "message": "A group of walrus emerges from the ocean",
                    "pairs": 'callerFile=" E:/gopath/src/logcutting/example.go:22 "',
                },
                "README of a public package for logrus",
            ),
            Sample(
                b"INFO[2018-05-12 15:15:16] ready",
                {"severity": 9, "message": "ready", "pairs": None},
                "the same, without pairs",
            ),
            Sample(b"INFO[0000] A giant walrus appears!", None, "the seconds since it began, which nothing places"),
            Sample(b"NOPE[2018-05-12 15:15:16] x", None, "no level of logrus"),
        ),
        layouts=(Layout("{level:level}[{time:iso}] {message:rest}"),),
        continues=True,
        meaning=_terminal,
    ),
)
