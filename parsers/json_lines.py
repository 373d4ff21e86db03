r"""JSON lines of any dialect: one object per line, recognised by its keys.

Known are the keys of ECS, OpenTelemetry, zap, logrus, zerolog, slog, pino, bunyan, winston, structlog, python-json-logger,
serilog, log4j2's JsonLayout, logstash-logback-encoder, Google Cloud, GELF, Caddy, Traefik, nginx and Envoy with a JSON
format, PostgreSQL's jsonlog, Vault and Docker. Of unknown ones the usual names are tried (``time``, ``level``, ``msg`` …).
Nested objects become dotted names; what no column takes is kept in ``fields``.

An object with a status and a method or path is a request. Numbers that count time since 1970 are told apart (seconds,
milli-, micro-, nanoseconds) by their size. Levels in numbers: 10 to 60 are pino's and bunyan's, 0 to 7 syslog's (GELF).

Traps: a line without a time is refused, since nothing places it; a key may stand twice, be of one type here and another
there, or nest without end; seconds, milliseconds and nanoseconds of a duration are told by the key.

https://jsonlines.org/
https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html
https://opentelemetry.io/docs/specs/otel/logs/data-model/
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.json_rows import JsonRows, read_json_rows
from afterlog.parser import (
    OFFSET_UNKNOWN,
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Lines,
    Match,
    Outcome,
    Sample,
    Times,
    each_unique,
    in_epoch,
    severity_of,
    times_in,
)

# Keys by what they tell, the surest first.
_TIMES: Final = (
    "@timestamp", "timestamp", "Timestamp", "time", "ts", "@t", "t.$date", "eventTime", "datetime", "date", "asctime", "timeMillis",
    "time_iso8601", "time_local", "StartUTC", "start_time", "StartLocal", "timeUnixNano", "observedTimeUnixNano", "logged_at",
    "receiveTimestamp", "created", "log_time", "published", "when", "msec", "_time", "event_time", "created_at",
)  # fmt: skip
_LEVELS: Final = (
    "log.level", "level", "severity", "severityText", "severity_text", "SeverityText", "lvl", "@l", "Level", "loglevel", "log_level",
    "levelname", "error_severity", "levelName", "level_name", "priority", "Severity",
)  # fmt: skip
_MESSAGES: Final = (
    "message", "msg", "@m", "event", "@mt", "body", "Body", "body.stringValue", "textPayload", "short_message", "Message",
    "MessageTemplate", "RenderedMessage", "log", "text", "description",
)  # fmt: skip
_HOSTS: Final = (
    "host.name",
    "hostname",
    "host.hostname",
    "HOSTNAME",
    "resource.host.name",
    "Resource.host.name",
    "MachineName",
)
_SERVICES: Final = (
    "service.name", "service", "serviceName", "service_name", "resource.service.name", "Resource.service.name", "app", "application",
    "appname", "app_name", "Application", "ServiceName", "name",
)  # fmt: skip
_STATUSES: Final = (
    "http.response.status_code", "status", "statusCode", "status_code", "response_code", "DownstreamStatus", "OriginStatus",
    "httpRequest.status", "res.statusCode", "response.status", "response_status", "StatusCode", "res.status", "code",
)  # fmt: skip
_METHODS: Final = (
    "http.request.method", "method", "request_method", "RequestMethod", "request.method", "req.method", "httpRequest.requestMethod",
    "http.method", "verb", "Method",
)  # fmt: skip
_PATHS: Final = (
    "url.original", "url.path", "path", "request_uri", "uri", "RequestPath", "request.uri", "req.url", "httpRequest.requestUrl",
    "http.target", "http.url", "request_path", "request.path", "url", "Path",
)  # fmt: skip
_CLIENTS: Final = (
    "client.ip", "client.address", "source.ip", "remote_addr", "ClientHost", "request.client_ip", "request.remote_ip", "remote_ip",
    "client_ip", "clientIp", "clientip", "httpRequest.remoteIp", "req.remoteAddress", "remoteAddress", "remote_host", "client",
    "http.client_ip", "ip", "downstream_remote_address",
)  # fmt: skip
_BYTES: Final = (
    "http.response.body.bytes", "body_bytes_sent", "bytes_sent", "DownstreamContentSize", "httpRequest.responseSize", "size",
    "response_size", "bytes",
)  # fmt: skip
_UPSTREAMS: Final = ("upstream_addr", "ServiceAddr", "upstream_host", "upstream")
_REQUEST_IDS: Final = (
    "request_id", "http.request.id", "requestId", "req.id", "reqId", "RequestId", "x_request_id", "request.id", "requestID",
)  # fmt: skip
# How long a request took: the key, and what one unit of a number is in seconds.
_DURATIONS: Final = {
    "event.duration": 1e-9, "request_time": 1.0, "Duration": 1e-9, "responseTime": 1e-3, "response_time": 1e-3, "duration_ms": 1e-3,
    "durationMs": 1e-3, "elapsed_ms": 1e-3, "latency_ms": 1e-3, "Elapsed": 1e-3, "httpRequest.latency": 1.0, "duration": 1.0,
    "latency": 1.0, "elapsed": 1.0, "took": 1.0, "took_ms": 1e-3,
}  # fmt: skip
_UNITS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "": 1.0,
}
_TOOK: Final = re.compile(r"([0-9]*\.?[0-9]+) ?(ns|us|µs|μs|ms|sec|s|m|h|)(?![a-z])")
_FORMS: Final = (
    Form("YYYY-mm-ddtHH:MM:SSFZ", "2022-11-10T10:29:58.123Z"),
    Form("sF", "1668076198.389"),
    Form("dd/bbb/YYYY:HH:MM:SS zzzzz", "10/Nov/2022:10:29:58 +0000"),
    Form("YYYY/mm/dd HH:MM:SSF", "2022/11/10 10:29:58"),
    Form("bbb ee HH:MM:SSF", "Nov 10 10:29:58"),
    Form("aaa bbb ee HH:MM:SS YYYY", "Thu Nov 10 10:29:58 2022"),
)
_LETTERS: Final = {"I": 9, "W": 13, "E": 17, "F": 21, "D": 5, "information": 9, "err": 17, "default": 9}
_PINO: Final = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_SYSLOG: Final = {0: 21, 1: 19, 2: 18, 3: 17, 4: 13, 5: 10, 6: 9, 7: 5}
_HTTP: Final = 100, 599


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    lines = match.lines.select(match.rows)
    rows = read_json_rows(lines)
    used: set[str] = set()
    time, known = _time(rows, len(lines), used)
    columns = _columns(rows, used)
    rest = {name: column for name, column in rows.columns.items() if name not in used}
    named = {f"{name}_" if name in columns or name in _RESERVED else name: column for name, column in rest.items()}
    return named | columns | {"time": time, "refused": ~(rows.valid & known)}


_RESERVED: Final = frozenset(
    ["time", "refused", "joined", "source", "line", "offset", "parser", "kind", "severity", "message", "host", "service", "client",
     "method", "path", "status", "duration", "bytes", "upstream", "request_id", "action", "target", "outcome", "actor", "run", "fields",
     "time_basis", "program"]
)  # fmt: skip


def _columns(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    message = _text(rows, _MESSAGES, used)
    if message is not None:
        columns["message"] = message
    columns |= _severity(rows, used)
    columns |= _request(rows, used)
    for name, keys in (("host", _HOSTS), ("service", _SERVICES), ("request_id", _REQUEST_IDS)):
        told = _text(rows, keys, used)
        if told is not None:
            columns[name] = told
    return columns


def _request(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    """Read a request's columns where a status stands beside a method or a path; else they stay fields."""
    taken: set[str] = set()
    status = _number(rows, _STATUSES, taken)
    method, path = _text(rows, _METHODS, taken), _text(rows, _PATHS, taken)
    columns: dict[str, Column] = {}
    if status is not None and (method is not None or path is not None):
        whole = pc.if_else(pc.and_(pc.greater_equal(status, _HTTP[0]), pc.less_equal(status, _HTTP[1])), status, None)
        asked = pc.coalesce(*(told for told in (method, path) if told is not None)).is_valid()
        is_request = pc.and_(asked, pc.fill_null(pc.is_valid(whole), False))
        if pc.any(is_request).as_py():
            columns = {"status": whole, "kind": pc.if_else(is_request, str(Kind.REQUEST), str(Kind.LOG))}
            columns |= {name: told for name, told in (("method", method), ("path", path)) if told is not None}
            size = _number(rows, _BYTES, taken)
            if size is not None:
                columns["bytes"] = size
            columns |= _duration(rows, taken)
            upstream = _text(rows, _UPSTREAMS, taken)
            if upstream is not None:
                columns["upstream"] = upstream
            used |= taken
    client = _text(rows, _CLIENTS, used)
    if client is not None:
        columns["client"] = each_unique(client, lambda text: {"client": _address(text)}).get("client", client)
    return columns


def _address(text: str) -> str | None:
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        text = host
    return text.strip("[]") or None


def _text(rows: JsonRows, keys: tuple[str, ...], used: set[str]) -> Column | None:
    """Join the texts under these keys, the first in each row."""
    found = [(key, rows.columns[key]) for key in keys if key in rows.columns and key not in used]
    told: Column | None = None
    for key, column in found:
        if told is not None and told.null_count == 0:
            break
        used.add(key)
        text = column if pa.types.is_string(column.type) else column.cast(pa.string())
        told = text if told is None else pc.coalesce(told, text)
    return told


def _number(rows: JsonRows, keys: tuple[str, ...], used: set[str]) -> Column | None:
    told: Column | None = None
    for key in keys:
        column = rows.columns.get(key)
        if column is None or key in used:
            continue
        whole = _whole(column)
        if whole is None or whole.null_count == len(whole):
            continue
        used.add(key)
        told = whole if told is None else pc.coalesce(told, whole)
        if told.null_count == 0:
            break
    return told


def _whole(column: Column) -> Column | None:
    """Give numbers, also those written as text, as integers."""
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        good = pc.and_(pc.is_finite(column), pc.less(pc.abs(column), 1e15))
        return pc.if_else(good, column, None).cast(pa.int64(), safe=False)
    if pa.types.is_string(kind):
        digits = pc.if_else(pc.match_substring_regex(column, "^[0-9]{1,15}$"), column, None)
        return digits.cast(pa.int64())
    return None


def _duration(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    for key, unit in _DURATIONS.items():
        column = rows.columns.get(key)
        if column is None:
            continue
        used.add(key)
        if pa.types.is_string(column.type):
            return each_unique(column, partial(_seconds, unit))
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return {"duration": pc.multiply(column.cast(pa.float64()), unit)}
    return {}


def _seconds(unit: float, text: str) -> dict[str, float | None]:
    return {"duration": _took(text, unit)}


def _took(text: str, unit: float) -> float | None:
    pieces = _TOOK.findall(text)
    if not pieces or len(text) > 40:
        return None
    if len(pieces) == 1 and not pieces[0][1]:
        return float(pieces[0][0]) * unit
    return sum(float(number) * _UNITS[name] for number, name in pieces)


def _severity(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    exact = rows.first("severityNumber", "severity_number", "SeverityNumber")
    if exact is not None and pa.types.is_integer(exact.type):
        good = pc.and_(pc.greater_equal(exact, 1), pc.less_equal(exact, 24))
        used |= {"severityNumber", "severity_number", "SeverityNumber", "severityText", "severity_text", "SeverityText"}
        return {"severity": pc.if_else(good, exact, None).cast(pa.int8())}
    told: Column | None = None
    for key in _LEVELS:
        column = rows.columns.get(key)
        if column is None:
            continue
        number = _level(column)
        if number.null_count == len(number):
            continue
        used.add(key)
        told = number if told is None else pc.coalesce(told, number)
        if told.null_count == 0:
            break
    return {} if told is None else {"severity": told}


def _level(column: Column) -> Column:
    if pa.types.is_string(column.type):
        known = severity_of(column)
        if known.null_count == column.null_count:
            return known
        letters = each_unique(column, lambda word: {"severity": _LETTERS.get(word) or _in_numbers(word)})
        return pc.coalesce(known, letters.get("severity", known))
    if pa.types.is_integer(column.type):
        coded = column.dictionary_encode()
        numbers = [_PINO.get(n, _SYSLOG.get(n)) if n is not None else None for n in coded.dictionary.to_pylist()]
        return pa.array(numbers, pa.int8()).take(coded.indices)
    return pa.nulls(len(column), pa.int8())


def _in_numbers(word: str) -> int | None:
    return _PINO.get(int(word), _SYSLOG.get(int(word))) if word.isdigit() and len(word) < 4 else None


def _time(rows: JsonRows, count: int, used: set[str]) -> tuple[Times, np.ndarray]:
    """Give each row the first of its times, whatever the key and the form; and which rows have one."""
    wall, offset, known = np.zeros(count, np.int64), np.full(count, OFFSET_UNKNOWN, np.int32), np.zeros(count, bool)
    year = np.ones(count, bool)
    resolution = 1_000_000
    for key in (*_TIMES, "timestamp.seconds", "instant.epochSecond"):
        if known.all():
            break
        column = rows.columns.get(key)
        if column is None:
            continue
        times, good = _times_of(column, rows, key)
        fresh = good & ~known
        if fresh.any():
            used |= {key} | ({"timestamp.nanos", "instant.nanoOfSecond"} if "." in key and "econd" in key else set())
            wall[fresh], offset[fresh], known[fresh] = times.wall_us[fresh], times.offset_s[fresh], True
            year[fresh] = np.broadcast_to(np.asarray(times.has_year), known.shape)[fresh]
            resolution = min(resolution, times.resolution_us)
    return Times(wall, offset, year, resolution), known


def _times_of(column: Column, rows: JsonRows, key: str) -> tuple[Times, np.ndarray]:
    count = len(column)
    if pa.types.is_string(column.type):
        return _read(column)
    valid = np.asarray(column.is_valid())
    if pa.types.is_integer(column.type):
        numbers = np.asarray(pc.fill_null(column, 0)).astype(np.int64)
        nanos = rows.first("timestamp.nanos", "instant.nanoOfSecond") if key.endswith(("seconds", "Second")) else None
        wall = _of_integers(numbers)
        if nanos is not None and pa.types.is_integer(nanos.type):
            wall = wall + np.asarray(pc.fill_null(nanos, 0)).astype(np.int64) // 1000
        likely = valid & (numbers > 100_000_000) & (wall < 32_503_680_000_000_000)
        return Times(wall, np.zeros(count, np.int32), True, 1 if nanos is not None else 1000), likely
    if pa.types.is_floating(column.type):
        floats = np.asarray(pc.fill_null(column, 0.0)).astype(np.float64)
        wall = in_epoch(floats)
        likely = valid & (floats > 1e8) & (wall < 32_503_680_000_000_000)
        return Times(wall, np.zeros(count, np.int32), True, 1), likely
    return Times(np.zeros(count, np.int64), np.zeros(count, np.int32), True, 1), np.zeros(count, bool)


def _of_integers(numbers: np.ndarray) -> np.ndarray:
    small = np.minimum(numbers, 100_000_000_000)
    return np.select(
        [numbers < 100_000_000_000, numbers < 100_000_000_000_000, numbers < 100_000_000_000_000_000],
        [small * 1_000_000, np.minimum(numbers, 100_000_000_000_000) * 1000, numbers],
        numbers // 1000,
    )


def _read(texts: Column) -> tuple[Times, np.ndarray]:
    filled = pc.fill_null(texts, "")
    offsets = np.frombuffer(filled.buffers()[1], np.int32, len(filled) + 1, filled.offset * 4).astype(np.int64)
    data = filled.buffers()[2]
    lines = Lines(data.to_pybytes() if data is not None else b"", offsets[:-1], offsets[1:])
    times, known = times_in(lines, *_FORMS)
    numbers = np.flatnonzero(~known & (offsets[1:] - offsets[:-1] >= 12))
    for row in numbers[:100_000].tolist():  # milli- and nanoseconds as text: OpenTelemetry's timeUnixNano
        text = filled[row].as_py()
        if text.isdigit() and len(text) <= 19:
            times.wall_us[row], times.offset_s[row] = _of_integers(np.array([int(text)]))[0], 0
            known[row] = True
    return times, known


# --- MongoDB ------------------------------------------------------------------------------------------------

_MONGO_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "mongodb", "outcome": str(Outcome.CHANGED)}
_MONGO_SAYINGS: Final = {
    "Waiting for connections": _MONGO_CHANGE | {"action": "start"},
    "MongoDB starting": _MONGO_CHANGE | {"action": "start", "outcome": str(Outcome.STARTED)},
    "Received signal": _MONGO_CHANGE | {"action": "stop", "outcome": str(Outcome.STARTED)},
    "Shutting down": _MONGO_CHANGE | {"action": "stop"},
    "Transition to PRIMARY complete; database writes are now permitted": _MONGO_CHANGE | {"action": "promote"},
    "Starting an election due to step up request": _MONGO_CHANGE
    | {"action": "failover", "outcome": str(Outcome.STARTED)},
}
_MONGO_TEXT: Final = (
    (re.compile(r"waiting for connections on port \d+"), _MONGO_CHANGE | {"action": "start"}),
    (re.compile(r"MongoDB starting : .*"), _MONGO_CHANGE | {"action": "start", "outcome": str(Outcome.STARTED)}),
    (re.compile(r"(?:got|received) signal .*|.*will terminate after current cmd ends"),
     _MONGO_CHANGE | {"action": "stop", "outcome": str(Outcome.STARTED)}),
    (re.compile(r"shutting down with code:\d+.*"), _MONGO_CHANGE | {"action": "stop"}),
    (re.compile(r"transition to PRIMARY complete.*"), _MONGO_CHANGE | {"action": "promote"}),
)  # fmt: skip
_REMOTE: Final = r'"remote":"(?P<client>[^"]+):[0-9]+"'


def _mongo(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    letters = each_unique(match.text("letter"), lambda letter: {"severity": _LETTERS.get(letter[:1])})
    refused = np.asarray(letters["severity"].is_null()) if "severity" in letters else np.ones(len(match), bool)
    columns: dict[str, Any] = letters | {"letter": None, "refused": refused}
    if "attr" in match:
        attr = match.text("attr")
        columns["client"] = pc.struct_field(pc.extract_regex(attr, _REMOTE), "client")
        columns["attr"] = pc.struct_field(pc.extract_regex(attr, r'^(?:,"attr":)?(?P<attr>(?s:.*))\}$'), "attr")
        return columns | each_unique(match.text("message"), _mongo_json)
    message = match.text("message")
    told = pc.match_substring_regex(
        message, r"waiting for|MongoDB starting|signal|shutting down|terminate|transition to"
    )
    return columns | (each_unique(pc.if_else(told, message, ""), _mongo_told) if pc.any(told).as_py() else {})


def _mongo_json(text: str) -> dict[str, str]:
    return _MONGO_SAYINGS.get(text, {"kind": str(Kind.LOG)})


def _mongo_told(text: str) -> dict[str, str]:
    said = {"kind": str(Kind.LOG)}
    return next((meaning for pattern, meaning in _MONGO_TEXT if pattern.fullmatch(text)), said)


_HOSTILE: Final = "hostile: NUL, bad UTF-8, an escape and another object inside a text"

SAMPLES: Final = (
    Sample(
        b'{"level":"error","ts":1668076198.123,"caller":"app/main.go:12","msg":"boom","order":7}',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 17, "message": "boom", "order": "7", "caller": "app/main.go:12", "kind": "log"},
        "composed after: documentation of zap, NewProduction",
    ),
    Sample(
        b'{"@timestamp":"2022-11-10T10:29:58.123Z","log.level":"WARN","message":"slow","ecs.version":"1.2.0","service.name":"shop","process.thread.name":"main","log.logger":"c.e.App"}',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 13, "message": "slow", "service": "shop", "log.logger": "c.e.App"},
        "composed after: documentation of ECS logging for Java",
    ),
    Sample(
        b'{"Timestamp":"1586960586000000000","Attributes":{"http.request.status_code":500,"my.custom.application.tag":"hello"},"Resource":{"service.name":"donut_shop","service.version":"2.0.0"},"TraceId":"f4dbb3edd765f620","SpanId":"43222c2d51a7abe3","SeverityText":"INFO","SeverityNumber":9,"Body":"20200415T072306-0700 INFO I like donuts"}',
        {"time": "2020-04-15T14:23:06+00:00", "severity": 9, "service": "donut_shop", "message": "20200415T072306-0700 INFO I like donuts"},
        "OpenTelemetry log data model, example log records",
    ),
    Sample(
        b'{"level":50,"time":1668076198123,"pid":4242,"hostname":"web-01","order":7,"msg":"boom"}',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 17, "host": "web-01", "message": "boom"},
        "composed after: documentation of pino",
    ),
    Sample(
        b'{"level":30,"time":1668076198123,"pid":4242,"hostname":"web-01","req":{"id":1,"method":"GET","url":"/x","remoteAddress":"127.0.0.1"},"res":{"statusCode":503},"responseTime":12,"msg":"request errored"}',
        {"kind": "request", "status": 503, "method": "GET", "path": "/x", "client": "127.0.0.1", "duration": 0.012, "severity": 9, "request_id": "1"},
        "composed after: documentation of pino-http",
    ),
    Sample(
        b'{"name":"myapp","hostname":"banana.local","pid":40161,"level":30,"msg":"hi","time":"2013-01-04T18:46:23.851Z","v":0}',
        {"time": "2013-01-04T18:46:23.851+00:00", "service": "myapp", "host": "banana.local", "severity": 9, "message": "hi"},
        "composed after: documentation of bunyan",
    ),
    Sample(
        b'{"order": 7, "level": "error", "timestamp": "2022-11-10T10:29:58.123456Z", "event": "order_failed"}',
        {"time": "2022-11-10T10:29:58.123456+00:00", "severity": 17, "message": "order_failed"},
        "composed after: documentation of structlog, JSONRenderer",
    ),
    Sample(
        b'{"asctime": "2022-11-10 10:29:58,123", "levelname": "ERROR", "name": "shop", "message": "boom"}',
        {"time": "2022-11-10T10:29:58.123", "severity": 17, "service": "shop", "message": "boom"},
        "composed after: documentation of python-json-logger",
    ),
    Sample(
        b'{"@t":"2016-06-07T03:44:57.8532799Z","@mt":"Hello, {User}","User":"nblumhardt"}',
        {"time": "2016-06-07T03:44:57.853279+00:00", "message": "Hello, {User}", "User": "nblumhardt", "severity": None},
        "composed after: documentation of Serilog.Formatting.Compact",
    ),
    Sample(
        b'{"severity":"CRITICAL","timestamp":{"seconds":1668076198,"nanos":123000000},"message":"disk full","httpRequest":{"requestMethod":"GET","requestUrl":"/x","status":500,"latency":"0.012s","remoteIp":"192.0.2.7"}}',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 18, "kind": "request", "status": 500, "duration": 0.012, "client": "192.0.2.7"},
        "composed after: documentation of Google Cloud, structured logging",
    ),
    Sample(
        b'{"version":"1.1","host":"example.org","short_message":"A short message","timestamp":1385053862.3072,"level":1,"_user_id":9001}',
        {"time": "2013-11-21T17:11:02.3072+00:00", "severity": 19, "message": "A short message", "_user_id": "9001"},
        "GELF specification 1.1",
    ),
    Sample(
        b'{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"41342","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/"},"bytes_read":0,"user_id":"","duration":0.000929675,"size":10900,"status":200}',
        {"kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/", "status": 200, "duration": 0.000929675, "bytes": 10900, "severity": 9},
        "composed after: documentation of Caddy, How logging works",
    ),
    Sample(
        b'{"ClientAddr":"192.0.2.7:50000","ClientHost":"192.0.2.7","ClientPort":"50000","DownstreamContentSize":19,"DownstreamStatus":502,"Duration":1934000,"OriginStatus":502,"RequestAddr":"example.com","RequestHost":"example.com","RequestMethod":"GET","RequestPath":"/api","RouterName":"web@docker","ServiceAddr":"10.0.0.3:80","ServiceName":"web@docker","StartUTC":"2022-11-10T10:29:58.123456789Z","level":"info","msg":"","time":"2022-11-10T10:29:58Z"}',
        {"kind": "request", "status": 502, "method": "GET", "path": "/api", "client": "192.0.2.7", "duration": 0.001934, "service": "web@docker", "upstream": "10.0.0.3:80"},
        "composed after: documentation of Traefik, access log fields",
    ),
    Sample(
        b'{"time":"2026-11-22T11:43:37+00:00","remote_addr":"127.0.0.1","request_method":"GET","request_uri":"/nope","status":"404","body_bytes_sent":"153","request_time":"0.000","http_user_agent":"curl/7.88.1"}',
        {"time": "2026-11-22T11:43:37+00:00", "kind": "request", "status": 404, "method": "GET", "path": "/nope", "bytes": 153, "duration": 0.0, "client": "127.0.0.1"},
        "nginx 1.22.1 on loopback, log_format with escape=json",
    ),
    Sample(
        b'{"timestamp":"2026-11-22 12:43:49.739 CET","user":"postgres","dbname":"postgres","pid":28584,"remote_host":"127.0.0.1","remote_port":47676,"session_id":"6b02d575.6fa8","line_num":3,"ps":"SELECT","session_start":"2026-11-22 12:43:49 CET","vxid":"3/2","txid":0,"error_severity":"ERROR","state_code":"42P01","message":"relation \\"nosuch\\" does not exist","statement":"select * from nosuch"}',
        {"time": "2026-11-22T12:43:49.739+01:00", "severity": 17, "message": 'relation "nosuch" does not exist', "client": "127.0.0.1", "user": "postgres"},
        "PostgreSQL 15.18 on loopback, jsonlog",
    ),
    Sample(
        b'{"time":"2022-11-10T10:29:58Z","level":"info","msg":"x\x00\xff\x1b[31m {\\"level\\":\\"fatal\\"}","a":[1,{"b":2}]}',
        {"severity": 9, "time": "2022-11-10T10:29:58+00:00", "a": '[1, {"b": 2}]'},
        _HOSTILE,
    ),
    Sample(
        b'{"time":"2022-11-10T10:29:58Z","msg":"x","a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        None,
        "hostile: lists in lists, deeper than can be read",
    ),
    Sample(b'{"time":"2022-11-10T10:29:58Z","msg":"' + b"x" * 1_000_000 + b'"}', {"message": "x" * 1_000_000}, "hostile: a line of 1 MB"),
    Sample(b'{"time":"2022-11-31T10:29:58Z","msg":"x"}', None, "hostile: no such day"),
    Sample(b'{"time":"2022-11-10T10:29:58Z","msg":"x', None, "hostile: a line cut short"),
    Sample(b'{"a":1,"b":"no time at all"}', None, "an object without a time"),
)  # fmt: skip

MONGO_SAMPLES: Final = (
    Sample(
        b'{"t":{"$date":"2020-05-01T15:16:17.180+00:00"},"s":"I", "c":"NETWORK", "id":12345, "ctx":"listener", "msg":"Listening on","attr":{"address":"127.0.0.1"}}',
        {"time": "2020-05-01T15:16:17.18+00:00", "severity": 9, "component": "NETWORK", "message": "Listening on", "attr": '{"address":"127.0.0.1"}', "kind": "log"},
        "composed after: MongoDB manual, Log Messages: structured logging",
    ),
    Sample(
        b'{"t":{"$date":"2022-11-10T10:29:58.123+00:00"},"s":"I",  "c":"NETWORK",  "id":23016,   "ctx":"listener","msg":"Waiting for connections","attr":{"port":27017,"ssl":"off"}}',
        {"kind": "change", "action": "start", "target": "mongodb"},
        "composed after: source, message 23016, with the padding of the server",
    ),
    Sample(
        b'{"t":{"$date":"2022-11-10T10:29:58.123+00:00"},"s":"W",  "c":"NETWORK",  "id":22943,   "ctx":"conn7","svc":"S","msg":"Connection accepted","attr":{"remote":"192.0.2.7:39502","connectionId":7}}',
        {"severity": 13, "client": "192.0.2.7", "message": "Connection accepted"},
        "composed after: source, message 22943, with the service letter of 8.0",
    ),
    Sample(
        b"2014-11-03T18:28:32.450-0500 I NETWORK  [initandlisten] waiting for connections on port 27017",
        {"time": "2014-11-03T18:28:32.45-05:00", "kind": "change", "action": "start", "component": "NETWORK", "severity": 9, "context": "initandlisten"},
        "composed after: MongoDB manual 3.0 to 4.2, Log Messages",
    ),
    Sample(b"2014-11-03T18:28:32.450-0500 E QUERY    [conn1] x\x00\xff\x1b[31m waiting for connections on port 1", {"kind": "log", "severity": 17},
           "hostile: NUL, bad UTF-8, an escape and a start inside a message"),
    Sample(b'{"t":{"$date":"2020-05-31T25:16:17.180+00:00"},"s":"I", "c":"A", "id":1, "ctx":"x", "msg":"y"}', None, "hostile: no such hour"),
)  # fmt: skip

_MONGO_HEAD: Final = (
    '{{"t":{{"$date":"{time:iso}"}},"s":"{letter}",{~}"c":"{component}",{~}"id":{id:d},{~}"ctx":"{context}",'
)

PARSER = (
    LineParser(
        name="json-lines",
        title="JSON lines of any dialect",
        url="https://jsonlines.org/",
        samples=SAMPLES,
        layouts=(Layout("{{{_:rest}"),),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="mongodb",
        title="MongoDB log",
        url="https://www.mongodb.com/docs/manual/reference/log-messages/",
        samples=MONGO_SAMPLES,
        layouts=(
            Layout(_MONGO_HEAD + '{~}"msg":"{message}"{attr:rest}', name="structured, 4.4"),
            Layout(_MONGO_HEAD + '"msg":"{message}"{attr:rest}', name="structured"),
            Layout(_MONGO_HEAD + '"svc":"{_}","msg":"{message}"{attr:rest}', name="structured, 8.0"),
            Layout("{time:iso} {letter:level} {component:word}{~}[{context}] {message:rest}", name="text, 3.0 to 4.2"),
        ),
        continues=True,
        meaning=_mongo,
    ),
)
