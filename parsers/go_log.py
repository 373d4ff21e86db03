r"""Go's logs: the standard library, glog and klog, zap's console, capnslog, and gin's requests.

::

    2022/11/10 10:29:58 …, 2022/11/10 10:29:58.123456 main.go:23: …         package log
    E1110 10:29:58.123456    1 server.go:12] …                              klog (Kubernetes), glog
    I20221110 10:29:58.123456 1234 server.cc:12] …                          newer glog
    2022-11-10T10:29:58.123Z<tab>INFO<tab>app/main.go:12<tab>…              zap, development encoder
    2022-11-10 10:29:58.123456 I | etcdmain: …                              capnslog: etcd to 3.4, CoreOS
    [GIN] 2022/11/10 - 10:29:58 | 200 |  1.2ms |  192.0.2.7 | GET  "/x"     gin

A panic's goroutines below a message are its continuation, also of a request that gin recovered from. Traps: klog prints no year (its envelope, CRI or syslog, has
one); package log prints no level, so a word at the beginning is taken for one; no zone except zap's.

https://pkg.go.dev/log#pkg-constants
https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#klog
https://pkg.go.dev/go.uber.org/zap/zapcore#NewConsoleEncoder
https://pkg.go.dev/github.com/coreos/pkg/capnslog#PrettyFormatter
"""

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
    seconds_of,
    severity_of,
    stamped,
    status_of,
)

_GLOG: Final = Form("YYYYmmdd HH:MM:SSF", "20221110 10:29:58.123456")
_GIN: Final = Form("YYYY/mm/dd - HH:MM:SS", "2022/11/10 - 10:29:58")
_LETTERS: Final = {ord("I"): 9, ord("W"): 13, ord("E"): 17, ord("F"): 21}
_CAPNS: Final = {"C": 18, "E": 17, "W": 13, "N": 10, "I": 9, "D": 5, "T": 1}
_RECOVERED: Final = "panic recovered:"
_WORD: Final = r"^(?:(?:\[?\w+\]?\S* )?\S+\.go:\d+: )?\[?(?P<level>(?i:trace|debug|info|notice|warn|warning|error|err|fatal|panic|critical))(?:\]|:)"


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
    if "pid" not in match:  # the first line of a file of glog's
        return {"message": pa.repeat("Log file created", len(match)), "severity": pa.nulls(len(match), pa.int8())}
    columns: dict[str, Any] = stamped(match, _GLOG, field="date", until="clock") if "date" in match else {}
    letters = match.lines.block.octets[match.lines.starts[match.rows]]
    severity = np.zeros(len(match), np.int8)
    for letter, number in _LETTERS.items():
        severity[letters == letter] = number
    return columns | {"severity": pa.array(severity)}


def _zap(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    severity = severity_of(pc.replace_substring(match.text("level"), "DPANIC", "FATAL"))
    return {"severity": severity, "level": None, "refused": np.asarray(severity.is_null())}


def _capns(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    told = each_unique(match.text("letter"), lambda letter: {"severity": _CAPNS.get(letter)})
    severity = told.get("severity", pa.nulls(len(match), pa.int8()))
    return {"severity": severity, "letter": None, "refused": np.asarray(severity.is_null())}


def _gin(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "took" not in match:
        told = {"kind": str(Kind.LOG), "message": _RECOVERED}
        columns: dict[str, Any] = {name: pa.repeat(text, len(match)) for name, text in told.items()}
        return columns | {"severity": pa.repeat(pa.scalar(17, pa.int8()), len(match))}
    said = {
        "took": None,
        "status": status_of(match),
        "message": pa.repeat("", len(match)),
    }  # what the handler says of it stands below
    return stamped(match, _GIN) | each_unique(match.text("took"), lambda text: {"duration": seconds_of(text)}) | said


_GO: Final = "Go 1.19 on this machine, "
_RUN: Final = _GO + "package log"
_KLOG: Final = _GO + "klog 2.80 (Debian)"
_GLOG_RUN: Final = "glog 0.6.0 (Debian), a program that logs"
_ZAP: Final = _GO + "zap 1.19 (Debian), development encoder"
_GIN_RUN: Final = _GO + "gin 1.8 (Debian) on loopback"
_HOSTILE: Final = "hostile: NUL, bad UTF-8, an escape and another line inside a message"
_PANIC: Final = (
    "http: panic serving 127.0.0.1:43764: assignment to entry in nil map\ngoroutine 5 [running]:\nnet/http.(*conn).serve.func1()\n"
    "\t/usr/lib/go-1.19/src/net/http/server.go:1850 +0xbf"
)

SAMPLES: Final = (
    Sample(
        b"2026/11/22 14:05:45 listen tcp 203.0.113.1:80: bind: cannot assign requested address",
        {"time": "2026-11-22T14:05:45", "kind": "log", "severity": None, "message": "listen tcp 203.0.113.1:80: bind: cannot assign requested address"},
        _RUN,
    ),
    Sample(
        b"2026/11/22 14:05:45 " + _PANIC.encode(),
        {"message": _PANIC},
        _GO + "net/http; the goroutine shortened",
    ),
    Sample(
        b"2026/11/22 14:05:45.121248 main.go:48: order 7 failed: dial tcp 127.0.0.1:5999: connect: connection refused",
        {"time": "2026-11-22T14:05:45.121248", "message": "main.go:48: order 7 failed: dial tcp 127.0.0.1:5999: connect: connection refused"},
        _RUN + ", flags Lmicroseconds and Lshortfile",
    ),
    Sample(b"2026/11/22 14:05:45.121256 main.go:51: WARN: retrying", {"severity": 13}, _RUN + ", flag Lmsgprefix"),
    Sample(b"2026/11/22 14:05:45 ERROR: dial tcp 127.0.0.1:5999: connect: connection refused", {"severity": 17}, _RUN + ", a prefix as level"),
    Sample(b"2026/11/22 14:05:45 [WARN] retrying in 2s", {"severity": 13}, _GO + "hashicorp/logutils"),
    Sample(b"2009/01/23 01:23:23 x \x00\xff\x1b[31m 2009/01/24 00:00:00 [error] 1#1: x", {"severity": None}, _HOSTILE),
    Sample(b"2009/01/23 01:23:23 " + b"x" * 1_000_000, {"kind": "log"}, "hostile: a line of 1 MB"),
    Sample(b"2009/02/30 01:23:23 x", None, "hostile: no such day"),
)  # fmt: skip

KLOG_SAMPLES: Final = (
    Sample(
        b"I1025 00:15:15.525108       1 httplog.go:79] GET /api/v1/namespaces/kube-system/pods/metrics-server-v0.3.1-57c75779f-9p8wg: (1.512ms) 200 [pod_nanny/v0.0.0 (linux/amd64) kubernetes/$Format 10.56.1.19:51756]",
        {"time": "2000-10-25T00:15:15.525108", "severity": 9, "pid": "1", "caller": "httplog.go:79"},
        "Kubernetes documentation, System Logs",
    ),
    Sample(
        b'E1122 14:05:45.121577   21059 main.go:71] "Failed to update pod status" err="dial tcp 127.0.0.1:5999: connect: connection refused" pod="kube-system/coredns-1"',
        {"severity": 17, "pid": "21059",
         "message": '"Failed to update pod status" err="dial tcp 127.0.0.1:5999: connect: connection refused" pod="kube-system/coredns-1"'},
        _KLOG + ", structured",
    ),
    Sample(b"E1122 14:05:45.121593   21059 main.go:72] two\nlines", {"severity": 17, "message": "two\nlines"}, _KLOG),
    Sample(b"W1122 14:05:45.121513   21059 main.go:70] watch closed", {"severity": 13}, _KLOG),
    Sample(b"F1122 20:02:16.062473   18265 main.go:6] exiting", {"severity": 21}, _KLOG),
    Sample(
        b"Log file created at: 2026/11/22 14:30:31\nRunning on machine: vm\nRunning duration (h:mm:ss): 0:00:00\nLog line format: [IWEF]yyyymmdd hh:mm:ss.uuuuuu threadid file:line] msg",
        {"time": "2026-11-22T14:30:31", "kind": "log", "severity": None,
         "message": "Log file created\nRunning on machine: vm\nRunning duration (h:mm:ss): 0:00:00\nLog line format: [IWEF]yyyymmdd hh:mm:ss.uuuuuu threadid file:line] msg"},
        _GLOG_RUN,
    ),
    Sample(
        b"I20261122 14:30:31.535028 16061 g.cc:3] started",
        {"time": "2026-11-22T14:30:31.535028", "severity": 9, "caller": "g.cc:3"},
        _GLOG_RUN,
    ),
    Sample(b"W20261122 14:30:31.535143 16061 g.cc:3] slow", {"severity": 13}, _GLOG_RUN),
    Sample(b"E20261122 14:30:31.535187 16061 g.cc:3] could not open: No such file or directory [2]", {"severity": 17}, _GLOG_RUN),
    Sample(b"F20261122 14:30:31.535233 16061 g.cc:3] dead", {"severity": 21}, _GLOG_RUN),
    Sample(b"E1025 00:15:15.525108 1 a.go:1] \x00\xff\x1b[31m F1025 00:15:15.525108 1 b.go:1] x", {"severity": 17}, _HOSTILE),
    Sample(b"E1325 00:15:15.525108 1 a.go:1] x", None, "hostile: no such month"),
)  # fmt: skip

ZAP_SAMPLES: Final = (
    Sample(
        b'2026-11-22T14:05:45.121Z\tERROR\tgo/main.go:86\tFailed to fetch URL\t{"url": "http://127.0.0.1:5999", "error": "dial tcp 127.0.0.1:5999: connect: connection refused"}\n'
        b"main.main\n\t/app/main.go:86\nruntime.main\n\t/usr/lib/go-1.19/src/runtime/proc.go:250",
        {"time": "2026-11-22T14:05:45.121+00:00", "severity": 17, "caller": "go/main.go:86",
         "message": 'Failed to fetch URL\t{"url": "http://127.0.0.1:5999", "error": "dial tcp 127.0.0.1:5999: connect: connection refused"}\n'
                    "main.main\n\t/app/main.go:86\nruntime.main\n\t/usr/lib/go-1.19/src/runtime/proc.go:250"},
        _ZAP + "; a directory shortened",
    ),
    Sample(b"2026-11-22T14:05:45.121Z\tDPANIC\tgo/main.go:87\tshould not happen", {"severity": 21}, _ZAP),
    Sample(b"2026-11-22T14:05:45.122Z\tINFO\tstore\twithout caller", {"time": "2026-11-22T14:05:45.122+00:00", "severity": 9, "caller": "store", "message": "without caller"},
           _ZAP + ": a logger's name in the caller's place"),
    Sample(b"2026-11-22T20:02:16.062+0530\tINFO\tready", {"time": "2026-11-22T20:02:16.062+05:30", "severity": 9, "message": "ready"},
           _ZAP + ", without caller, zone Asia/Kolkata"),
    Sample(b"2026-11-22T14:05:45.122Z\tINFO\tx\x00\xff\x1b[31m\t2022-11-10T10:29:58.123Z\tERROR\ty", {"severity": 9}, _HOSTILE),
    Sample(b"2022-11-31T10:29:58.123Z\tINFO\tx", None, "hostile: no such day"),
)  # fmt: skip

CAPNS_SAMPLES: Final = (
    Sample(
        b"2026-11-22 14:13:54.642644 I | etcdmain: etcd Version: 3.4.23",
        {"time": "2026-11-22T14:13:54.642644", "severity": 9, "package": "etcdmain", "message": "etcd Version: 3.4.23", "kind": "log"},
        "etcd 3.4.23 (Debian) on loopback, --logger=capnslog",
    ),
    Sample(
        b"2026-11-22 14:13:54.642644 E | x: \x00\xff\x1b[31m 2026-11-22 14:13:54.642644 C | y: z",
        {"severity": 17},
        _HOSTILE,
    ),
    Sample(b"2026-11-31 14:13:54.642644 I | etcdmain: x", None, "hostile: no such day"),
    Sample(b"2026-11-22 14:13:54.642644 X | etcdmain: x", None, "a letter that is no level"),
)  # fmt: skip

GIN_SAMPLES: Final = (
    Sample(
        '[GIN] 2026/11/22 - 14:05:45 | 200 |      21.843µs |       127.0.0.1 | GET      "/ping"'.encode(),
        {"time": "2026-11-22T14:05:45", "kind": "request", "status": 200, "client": "127.0.0.1", "method": "GET", "path": "/ping", "duration": 0.000021843},
        _GIN_RUN,
    ),
    Sample(
        '[GIN] 2026/11/22 - 14:05:46 | 502 |       80.74µs |       127.0.0.1 | GET      "/err"\nError #01: dial tcp 127.0.0.1:5999: connect: connection refused'.encode(),
        {"status": 502, "duration": 0.00008074, "message": "Error #01: dial tcp 127.0.0.1:5999: connect: connection refused"},
        _GIN_RUN + ", a handler's error",
    ),
    Sample(
        b'[GIN] 2026/11/22 - 14:05:46 | 504 |  1.200368904s |       127.0.0.1 | GET      "/slow"',
        {"status": 504, "duration": 1.200368904},
        _GIN_RUN,
    ),
    Sample(
        b'\x1b[31m2026/11/22 14:05:46 [Recovery] 2026/11/22 - 14:05:46 panic recovered:\nboom\n/app/main.go:128 (0x79bc66)\n\tmain.func4: r.GET("/boom", func(c *gin.Context) { panic("boom") })\n\x1b[0m',
        {"time": "2026-11-22T14:05:46", "kind": "log", "severity": 17, "status": None},
        _GIN_RUN + "; the trace shortened",
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
        layouts=(
            *(
                Layout(letter + when + "{~}{pid:d} {caller}] {message:rest}")
                for when in ("{time:klog}", "{date:word} {clock:word}")
                for letter in "IWEF"
            ),
            Layout("Log file created at: {time:nginx-error}", name="the first line of a file"),
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
        name="capnslog",
        title="Capnslog (etcd and other programs of CoreOS)",
        url="https://pkg.go.dev/github.com/coreos/pkg/capnslog",
        samples=CAPNS_SAMPLES,
        layouts=(Layout("{time:iso} {letter:level} | {package:word}: {message:rest}"),),
        continues=True,
        meaning=_capns,
    ),
    LineParser(
        name="gin",
        title="Gin request log",
        url="https://pkg.go.dev/github.com/gin-gonic/gin#Logger",
        samples=GIN_SAMPLES,
        layouts=(
            Layout('[GIN] {time} | {status:d} |{~}{took} |{~}{client:ip} | {method:word}{~}"{path}"', name="request"),
            Layout("\x1b[31m{time:nginx-error} [Recovery] {_:rest}", name="panic"),
        ),
        kind=Kind.REQUEST,
        continues=True,
        meaning=_gin,
    ),
)
