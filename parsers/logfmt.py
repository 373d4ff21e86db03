r"""logfmt of any dialect: ``key=value`` pairs, one of them the time.

As logrus (``time="…" level=error msg="…"``), slog's TextHandler (``time=… level=ERROR msg=…``), go-kit with Prometheus and Loki
(``ts=… caller=… level=…``, also with the level first), log15 and Grafana (``t=… lvl=…``), ArgoCD, InfluxDB and Traefik write it.

What the usual keys tell becomes columns; all pairs are kept as they stand in ``pairs``. A line with a status and a method or
path is a request. Traps: quoted values hold escaped quotes and blanks; the same key may stand twice (the first counts);
without a key for the time (Heroku's router) the envelope around the line has it.

https://brandur.org/logfmt
https://pkg.go.dev/github.com/sirupsen/logrus#TextFormatter
https://pkg.go.dev/log/slog#TextHandler
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Sample, each_unique, severity_of

# Columns and fields, and the keys that tell them, the surest first.
_KEYS: Final = {
    "message": ("msg", "message", "event"),
    "level": ("level", "lvl", "severity"),
    "status": ("status", "status_code", "statusCode", "code", "grpc.code"),
    "method": ("method", "http.method"),
    "path": ("path", "uri", "url", "request_uri"),
    "client": ("remote_addr", "client_ip", "remote", "client", "ip", "fwd"),
    "took": ("duration", "elapsed", "took", "latency", "time_ms", "service"),
    "bytes": ("bytes", "size", "res_bytes"),
    "request_id": ("request_id", "requestId", "req_id"),
    "error": ("err", "error"),
    "caller": ("caller", "source"),
    "logger": ("logger", "component", "module"),
}
_SERVICE: Final = ("app", "application", "service")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TOOK: Final = re.compile(r"([0-9]*\.?[0-9]+)(ns|us|µs|μs|ms|s|m|h)(?![a-z])")


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    pairs = match.text("pairs")
    if "first" in match:
        pairs = pc.binary_join_element_wise(match.text("first"), pairs, " ")
    columns: dict[str, Any] = {"first": None, "pairs": pairs}
    present = _endings(match)
    bare = pc.replace_substring_regex(pairs, r'"(?:[^"\\]|\\.)*"', '""')
    for name, keys in _KEYS.items():
        told = _value(pairs, bare, [key for key in keys if f" {key}"[-8:].encode() in present])
        if told is not None:
            columns[name] = told
    level = columns.pop("level", None)
    if level is not None:
        columns["severity"] = severity_of(level)
    if "message" not in columns:
        columns["message"] = pairs
    return columns | _request(columns)


def _endings(match: Match) -> set[bytes]:
    """Give the ends of all words before an equals sign in the block, as long as 2 to 8 bytes."""
    block = match.lines.block
    where = block.positions(b"=")
    before = pa.array(block.words[where[where >= 8] - 8]).unique().to_pylist()
    eights = [int(word).to_bytes(8, "little").replace(b"\n", b" ").replace(b"\t", b" ") for word in before]
    eights.append(b" " + block.data[:32].split(b"=")[0])
    return {eight[-size:] for eight in eights for size in range(2, 9)}


def _value(pairs: Column, bare: Column, keys: list[str]) -> Column | None:
    """Take the value of the first of these keys that a line has; ``bare`` are the pairs without quoted texts."""
    told: Column | None = None
    for key in keys:
        found = pc.extract_regex(bare, rf'(?:^| ){re.escape(key)}=(?P<value>""|[^ "]*)')
        text = pc.struct_field(found, "value")
        if text.null_count == len(text):
            continue
        quoted = pc.fill_null(pc.equal(text, '""'), False)
        if pc.any(quoted).as_py():
            inside = _quoted(pairs.filter(quoted), key)
            text = pc.replace_with_mask(text, quoted, pc.replace_substring(inside, '\\"', '"'))
        told = text if told is None else pc.coalesce(told, text)
        if told.null_count == 0:
            break
    return told


def _quoted(pairs: Column, key: str) -> Column:
    """Take a quoted value; where what looks like its key stands more than once, pair by pair from the beginning."""
    value = rf'{re.escape(key)}="(?P<value>(?:[^"\\]|\\.)*)"'
    found = pc.struct_field(pc.extract_regex(pairs, rf"(?:^| ){value}"), "value")
    twice = pc.greater(pc.count_substring(pairs, f'{key}="'), 1)
    if not pc.any(twice).as_py():
        return found
    first = rf'^(?:[^ ="]+(?:=(?:"(?:[^"\\]|\\.)*"|[^ "]*))? +)*?{value}'
    surely = pc.struct_field(pc.extract_regex(pairs.filter(twice), first), "value")
    return pc.replace_with_mask(found, twice, surely)


def _request(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Read the numbers of requests; without a status the keys mean what they will."""
    status = columns.get("status")
    request: dict[str, Any] = {"status": None, "bytes": None, "took": None}
    if status is None or ("method" not in columns and "path" not in columns):
        drop = {name: None for name in ("method", "path") if name in columns}
        return request | drop
    whole = pc.if_else(pc.match_substring_regex(status, "^[1-5][0-9]{2}$"), status, None).cast(pa.int16())
    request |= {"status": whole, "kind": pc.if_else(pc.is_valid(whole), str(Kind.REQUEST), str(Kind.LOG))}
    if columns.get("bytes") is not None:
        sized = pc.match_substring_regex(columns["bytes"], "^[0-9]{1,15}$")
        request["bytes"] = pc.if_else(sized, columns["bytes"], None).cast(pa.int64())
    if columns.get("took") is not None:
        request |= each_unique(columns["took"], _took)
    if columns.get("client") is not None:
        request |= each_unique(
            columns["client"], lambda text: {"client": re.sub(r"(?<=[0-9\]]):\d+$", "", text).strip("[]")}
        )
    return request


def _took(text: str) -> dict[str, float]:
    pieces = _TOOK.findall(text) if len(text) <= 40 else []
    return {"duration": sum(float(number) * _UNITS[unit] for number, unit in pieces)} if pieces else {}


_ARGO: Final = "composed after: ArgoCD documentation and source, application controller"
_PROM: Final = "composed after: Prometheus documentation, logging"

SAMPLES: Final = (
    Sample(
        b'time="2015-03-26T01:27:38-04:00" level=warning msg="The group\'s number increased tremendously!" number=122 omg=true',
        {"time": "2015-03-26T01:27:38-04:00", "severity": 13, "message": "The group's number increased tremendously!", "kind": "log"},
        "composed after: README of logrus",
    ),
    Sample(
        b'time="2022-11-10T10:29:58Z" level=error msg="say \\"no\\"" app=shop error="dial tcp 10.0.0.1:5432: connect: connection refused"',
        {"severity": 17, "message": 'say "no"', "error": "dial tcp 10.0.0.1:5432: connect: connection refused"},
        _ARGO,
    ),
    Sample(
        b"time=2022-11-08T15:28:26.000-05:00 level=INFO msg=hello count=3",
        {"time": "2022-11-08T15:28:26-05:00", "severity": 9, "message": "hello"},
        "composed after: documentation of log/slog",
    ),
    Sample(
        b'ts=2022-11-10T10:29:58.123Z caller=main.go:993 level=info msg="Completed loading of configuration file" filename=/etc/prometheus/prometheus.yml totalDuration=1.234ms',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 9, "caller": "main.go:993", "message": "Completed loading of configuration file"},
        _PROM,
    ),
    Sample(
        b'level=error ts=2019-08-06T13:22:57.042Z caller=notifier.go:524 component=notifier msg="Error sending alert" err="context deadline exceeded"',
        {"time": "2019-08-06T13:22:57.042+00:00", "severity": 17, "logger": "notifier", "error": "context deadline exceeded"},
        _PROM + ", before 2.29",
    ),
    Sample(
        b'level=warning time="2022-11-10T10:29:58Z" msg="Configuration changed" app=argocd',
        {"time": "2022-11-10T10:29:58+00:00", "severity": 13},
        _ARGO + ", keys in another order",
    ),
    Sample(
        b'logger=context t=2022-11-10T10:29:58.123456789Z level=info msg="Request Completed" method=GET path=/api/ds/query status=502 remote_addr=192.0.2.7:50000 time_ms=12 duration=12.345ms size=0',
        {"time": "2022-11-10T10:29:58.123456+00:00", "kind": "request", "status": 502, "method": "GET", "path": "/api/ds/query",
         "client": "192.0.2.7", "duration": 0.012345, "bytes": 0},
        "composed after: documentation of Grafana, log format",
    ),
    Sample(
        b't=2020-03-05T10:29:58+0000 lvl=eror msg="Failed to save" logger=sqlstore',
        {"time": "2020-03-05T10:29:58+00:00", "severity": 17, "logger": "sqlstore"},
        "composed after: documentation of log15 and Grafana 6",
    ),
    Sample(b"ts=1668076198.123 level=info msg=ready", {"time": "2022-11-10T10:29:58.123+00:00", "message": "ready"}, "composed after: documentation of zap-logfmt"),
    Sample(b'timestamp="2022-11-10T10:29:58Z" level=info msg=ready', {"time": "2022-11-10T10:29:58+00:00"}, "composed after: documentation of logfmt"),
    Sample(b"timestamp=2022-11-10T10:29:58Z level=info msg=ready", {"time": "2022-11-10T10:29:58+00:00"}, "composed after: documentation of logfmt"),
    Sample(
        b'time="2022-11-10T10:29:58Z" level=info msg="x\x00\xff\x1b[31m level=fatal time=\\"2022-11-11T00:00:00Z\\" msg=y"',
        {"severity": 9, "time": "2022-11-10T10:29:58+00:00"},
        "hostile: NUL, bad UTF-8, an escape and other pairs inside a value",
    ),
    Sample(b'time="2022-11-10T10:29:58Z" level=info msg="' + b"x" * 1_000_000 + b'"', {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b'time="2022-11-31T10:29:58Z" level=info msg=x', None, "hostile: no such day"),
)  # fmt: skip


def _layouts() -> tuple[Layout, ...]:
    plain = ('time="{time:iso}" ', "time={time:iso} ", "ts={time:iso} ", "t={time:iso} ", "ts={time:epoch} ")
    later = ('{first:word} time="{time:iso}" ', "{first:word} ts={time:iso} ", "{first:word} t={time:iso} ")
    more = ('timestamp="{time:iso}" ', "timestamp={time:iso} ")
    return tuple(Layout(head + "{pairs:rest}") for head in plain + later + more)


PARSER = LineParser(
    name="logfmt",
    title="Logfmt of any dialect",
    url="https://brandur.org/logfmt",
    samples=SAMPLES,
    layouts=_layouts(),
    continues=True,
    meaning=_meaning,
)
