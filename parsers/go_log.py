r"""Go's logs: the standard library, glog and klog, zap's console, and gin's requests.

::

    2022/11/10 10:29:58 …, 2022/11/10 10:29:58.123456 main.go:23: …         package log
    E1110 10:29:58.123456    1 server.go:12] …                              klog (Kubernetes), glog
    I20221110 10:29:58.123456 1234 server.cc:12] …                          newer glog
    2022-11-10T10:29:58.123Z<tab>INFO<tab>app/main.go:12<tab>…              zap, development encoder
    [GIN] 2022/11/10 - 10:29:58 | 200 |  1.2ms |  192.0.2.7 | GET  "/x"     gin

A panic's goroutines below a message are its continuation. Traps: klog prints no year (its envelope, CRI or syslog, has
one); package log prints no level, so a word at the beginning is taken for one; no zone except zap's.

https://pkg.go.dev/log#pkg-constants
https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#klog
https://pkg.go.dev/go.uber.org/zap/zapcore#NewConsoleEncoder
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Match,
    Sample,
    Times,
    each_unique,
    severity_of,
    stamped,
)

_GLOG: Final = Form("YYYYmmdd HH:MM:SSF", "20221110 10:29:58.123456")
_GIN: Final = Form("YYYY/mm/dd - HH:MM:SS", "2022/11/10 - 10:29:58")
_LETTERS: Final = {ord("I"): 9, ord("W"): 13, ord("E"): 17, ord("F"): 21}
_WORD: Final = r"^(?:\[?\w+\]?\S* \S+\.go:\d+: )?\[?(?P<level>(?i:trace|debug|info|notice|warn|warning|error|err|fatal|panic|critical))(?:\]|:)"
_UNITS: Final = {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "micros" not in match:
        return _of_message(match)
    micros, there = match.int("micros")
    starts, ends = match.span("micros")
    digits = np.clip(ends - starts, 1, 6)
    times = match.time()
    wall = times.wall_us + micros * 10 ** (6 - digits)
    whole = ~there | (ends - starts > 6)
    return _of_message(match) | {
        "time": Times(np.where(whole, times.wall_us, wall), times.offset_s, times.has_year, 1),
        "micros": None,
    }


def _of_message(match: Match) -> dict[str, Any]:
    words = pc.struct_field(pc.extract_regex(match.text("message"), _WORD), "level")
    return {"severity": severity_of(words)}


def _klog(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = stamped(match, _GLOG, field="date", until="clock") if "date" in match else {}
    letters = match.lines.block.octets[match.lines.starts[match.rows]]
    severity = np.zeros(len(match), np.int8)
    for letter, number in _LETTERS.items():
        severity[letters == letter] = number
    return columns | {"severity": pa.array(severity)}


def _zap(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    severity = severity_of(pc.replace_substring(match.text("level"), "DPANIC", "FATAL"))
    return {"severity": severity, "level": None, "refused": np.asarray(severity.is_null())}


def _gin(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    return stamped(match, _GIN) | each_unique(match.text("took"), _took) | {"took": None}


def _took(text: str) -> dict[str, float]:
    pieces = re.findall(r"([\d.]+)(ns|µs|μs|us|ms|s|m|h)", text.strip())
    try:
        return {"duration": sum(float(number) * _UNITS[unit] for number, unit in pieces)} if pieces else {}
    except ValueError:
        return {}


_RUN: Final = "composed after: Go 1.19, package log on this machine"
_K8S: Final = "composed after: Kubernetes documentation, System Logs"
_HOSTILE: Final = "hostile: NUL, bad UTF-8, an escape and another line inside a message"

SAMPLES: Final = (
    Sample(
        b"2009/11/10 23:00:00 listen tcp :80: bind: permission denied",
        {"time": "2009-11-10T23:00:00", "kind": "log", "severity": None, "message": "listen tcp :80: bind: permission denied"},
        "composed after: documentation of package log: flags Ldate and Ltime",
    ),
    Sample(
        b"2009/11/10 23:00:00 http: panic serving 127.0.0.1:47676: boom\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/lib/go/src/net/http/server.go:1850 +0xbf",
        {"message": "http: panic serving 127.0.0.1:47676: boom\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/lib/go/src/net/http/server.go:1850 +0xbf"},
        "composed after: source of net/http, server.go",
    ),
    Sample(
        b"2009/01/23 01:23:23.123123 /a/b/c/d.go:23: message",
        {"time": "2009-01-23T01:23:23.123123", "message": "/a/b/c/d.go:23: message"},
        "composed after: documentation of package log: flag Lmicroseconds",
    ),
    Sample(b"2009/01/23 01:23:23 ERROR: disk full", {"severity": 17}, "composed after: documentation of package log, a prefix as level"),
    Sample(b"2009/01/23 01:23:23 [WARN] retrying", {"severity": 13}, "composed after: documentation of hashicorp/logutils"),
    Sample(b"2009/01/23 01:23:23 x \x00\xff\x1b[31m 2009/01/24 00:00:00 [error] 1#1: x", {"severity": None}, _HOSTILE),
    Sample(b"2009/01/23 01:23:23 " + b"x" * 1_000_000, {"kind": "log"}, "hostile: a line of 1 MB"),
    Sample(b"2009/02/30 01:23:23 x", None, "hostile: no such day"),
)  # fmt: skip

KLOG_SAMPLES: Final = (
    Sample(
        b"I1025 00:15:15.525108       1 httplog.go:79] GET /api/v1/namespaces/kube-system/pods/metrics-server-v0.3.1-57c75779f-9p8wg: (1.512ms) 200 [pod_nanny/v0.0.0 (linux/amd64) kubernetes/$Format 10.56.1.19:51756]",
        {"time": "2000-10-25T00:15:15.525108", "severity": 9, "pid": "1", "caller": "httplog.go:79"},
        _K8S,
    ),
    Sample(
        b'E1025 00:15:15.525108    4242 controller.go:114] "Failed to update pod status" err="timeout"\ngoroutine 1 [running]:',
        {"severity": 17, "message": '"Failed to update pod status" err="timeout"\ngoroutine 1 [running]:'},
        _K8S + ", structured",
    ),
    Sample(b"W1025 00:15:15.525108       1 reflector.go:12] watch closed", {"severity": 13}, _K8S),
    Sample(b"F1025 00:15:15.525108       1 main.go:12] exiting", {"severity": 21}, _K8S),
    Sample(
        b"I20221110 10:29:58.123456 12345 server.cc:12] started",
        {"time": "2022-11-10T10:29:58.123456", "severity": 9, "caller": "server.cc:12"},
        "composed after: documentation of glog, log line prefix format",
    ),
    Sample(b"W20221110 10:29:58.123456 12345 server.cc:12] slow", {"severity": 13}, "composed after: documentation of glog"),
    Sample(b"E20221110 10:29:58.123456 12345 server.cc:12] failed", {"severity": 17}, "composed after: documentation of glog"),
    Sample(b"F20221110 10:29:58.123456 12345 server.cc:12] dead", {"severity": 21}, "composed after: documentation of glog"),
    Sample(b"E1025 00:15:15.525108 1 a.go:1] \x00\xff\x1b[31m F1025 00:15:15.525108 1 b.go:1] x", {"severity": 17}, _HOSTILE),
    Sample(b"E1325 00:15:15.525108 1 a.go:1] x", None, "hostile: no such month"),
)  # fmt: skip

ZAP_SAMPLES: Final = (
    Sample(
        b'2022-11-10T10:29:58.123Z\tERROR\tapp/main.go:12\tFailed to fetch URL\t{"url": "http://example.com"}\nmain.main\n\t/app/main.go:12',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 17, "caller": "app/main.go:12",
         "message": 'Failed to fetch URL\t{"url": "http://example.com"}\nmain.main\n\t/app/main.go:12'},
        "composed after: documentation of zap, NewDevelopmentEncoderConfig",
    ),
    Sample(b"2022-11-10T10:29:58.123+0530\tINFO\tready", {"time": "2022-11-10T10:29:58.123+05:30", "severity": 9, "message": "ready"},
           "composed after: documentation of zap, console encoder without caller"),
    Sample(b"2022-11-10T10:29:58.123Z\tINFO\tx\x00\xff\x1b[31m\t2022-11-10T10:29:58.123Z\tERROR\ty", {"severity": 9}, _HOSTILE),
    Sample(b"2022-11-31T10:29:58.123Z\tINFO\tx", None, "hostile: no such day"),
)  # fmt: skip

GIN_SAMPLES: Final = (
    Sample(
        b'[GIN] 2022/11/10 - 10:29:58 | 200 |      1.234ms |       192.0.2.7 | GET      "/ping"',
        {"time": "2022-11-10T10:29:58", "kind": "request", "status": 200, "client": "192.0.2.7", "method": "GET", "path": "/ping", "duration": 0.001234},
        "composed after: source of gin, logger.go",
    ),
    Sample(b'[GIN] 2022/11/10 - 10:29:58 | 502 |     1.5s |       2001:db8::7 | POST     "/a\x00\xff\x1b[31m?b"', {"status": 502, "duration": 1.5, "client": "2001:db8::7"},
           "hostile: NUL, bad UTF-8 and an escape in a path"),
    Sample(b'[GIN] 2022/11/31 - 10:29:58 | 200 | 1.2ms | 192.0.2.7 | GET "/"', None, "hostile: no such day"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="go-log",
        title="Go standard log",
        url="https://pkg.go.dev/log",
        samples=SAMPLES,
        layouts=(
            Layout("{time:nginx-error} {message:rest}", name="seconds"),
            Layout("{time:nginx-error}.{micros:d} {message:rest}", name="microseconds"),
        ),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="klog",
        title="Klog and glog (Kubernetes components)",
        url="https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#klog",
        samples=KLOG_SAMPLES,
        layouts=tuple(
            Layout(letter + when + "{~}{pid:d} {caller}] {message:rest}")
            for when in ("{time:klog}", "{date:word} {clock:word}")
            for letter in "IWEF"
        ),
        continues=True,
        meaning=_klog,
    ),
    LineParser(
        name="zap-console",
        title="Zap console log",
        url="https://pkg.go.dev/go.uber.org/zap",
        samples=ZAP_SAMPLES,
        layouts=(
            Layout("{time:iso}\t{level:level}\t{caller}\t{message:rest}", name="with caller"),
            Layout("{time:iso}\t{level:level}\t{message:rest}", name="without caller"),
        ),
        continues=True,
        meaning=_zap,
    ),
    LineParser(
        name="gin",
        title="Gin request log",
        url="https://pkg.go.dev/github.com/gin-gonic/gin#Logger",
        samples=GIN_SAMPLES,
        layouts=(Layout('[GIN] {time} | {status:d} |{~}{took} |{~}{client:ip} | {method:word}{~}"{path}"'),),
        kind=Kind.REQUEST,
        meaning=_gin,
    ),
)
