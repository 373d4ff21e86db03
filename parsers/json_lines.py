r"""JSON lines of any dialect: one object per line, recognised by its keys.

Known are the keys of ECS, OpenTelemetry, zap, logrus, zerolog, slog, hclog, pino, bunyan, winston, structlog, python-json-logger,
loguru, serilog, log4j2's JsonLayout, logstash-logback-encoder, Google Cloud, GELF, Caddy, Traefik, nginx and Envoy with a JSON
format, PostgreSQL's jsonlog, Vault and Docker. Of unknown ones the usual names are tried (``time``, ``level``, ``msg`` …).
Nested objects become dotted names; what no column takes is kept in ``fields``.

An object with a status and a method or path is a request. Numbers that count time since 1970 are told apart (seconds,
milli-, micro-, nanoseconds) by their size. Levels in numbers: 10 to 60 are pino's and bunyan's, 0 to 7 syslog's (GELF).

Traps: inside an envelope an object may have no time of its own; in a file, one among others that have one, is given the time of the line above (``time_of`` says so), and
is refused where nothing places it; a key may stand twice, be of one type here and another
there, or nest without end; seconds, milliseconds and nanoseconds of a duration are told by the key; Node names IPv4 clients ``::ffff:192.0.2.7``.

https://jsonlines.org/
https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html
https://opentelemetry.io/docs/specs/otel/logs/data-model/
"""

import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.formats.json_rows import JsonRows, read_json_rows, statuses, whole_numbers
from afterlog.parser import (
    OFFSET_OF_ENVELOPE,
    OFFSET_UNKNOWN,
    Column,
    Kind,
    Layout,
    LineParser,
    Match,
    Outcome,
    Sample,
    Times,
    asked_in,
    each_unique,
    seconds_of,
    severity_of,
    times_of_column,
)

# Keys by what they tell, the surest first.
_TIMES: Final = (
    "@timestamp", "timestamp", "Timestamp", "time", "ts", "@t", "t.$date", "eventTime", "datetime", "date", "asctime", "timeMillis",
    "time_iso8601", "time_local", "StartUTC", "start_time", "StartLocal", "timeUnixNano", "observedTimeUnixNano", "logged_at",
    "receiveTimestamp", "created", "log_time", "published", "when", "msec", "_time", "event_time", "created_at", "record.time.timestamp",
    "EdgeStartTimestamp", "started_at", "startTime", "timeStamp", "TimeCreated", "TimeGenerated", "instant", "Date",
)  # fmt: skip
_TIMELY: Final = re.compile(r"(?i)(?:timestamp|date|_at|_ts|epoch|(?:^|[._])time)$|[a-z](?:At|Time|TS)$")
"""Names of keys that may hold a time, where an object has none of the known ones."""
_LEVELS: Final = (
    "log.level", "level", "severity", "severityText", "severity_text", "SeverityText", "lvl", "@l", "Level", "loglevel", "log_level",
    "levelname", "error_severity", "levelName", "level_name", "priority", "Severity", "@level", "record.level.name",
    "LogLevel", "LevelDisplayName", "logLevel", "levelText", "level.name",
)  # fmt: skip
_MESSAGES: Final = (
    "message", "msg", "@m", "event", "@mt", "@message", "record.message", "body", "Body", "body.stringValue", "textPayload", "short_message", "Message",
    "MessageTemplate", "RenderedMessage", "fields.message", "jsonPayload.message", "jsonPayload.msg", "log", "text", "description",
)  # fmt: skip
_HOSTS: Final = (
    "host.name",
    "hostname",
    "host.hostname",
    "HOSTNAME",
    "resource.host.name",
    "Resource.host.name",
    "MachineName",
    "Computer",
    "computer_name",
    "winlog.computer_name",
)
# "host" is the machine only beside one of these; in others it is the name a client asked for.
_OF_MACHINES: Final = (
    "short_message",
    "facility",
    "programname",
    "syslogtag",
    "syslog-tag",
    "tag",
    "level_index",
    "@version",
    "pid",
)
_SERVICES: Final = (
    "service.name", "service", "serviceName", "service_name", "resource.service.name", "Resource.service.name", "app", "application",
    "appname", "app_name", "resource.labels.container_name", "Application", "ServiceName", "name",
)  # fmt: skip
_STATUSES: Final = (
    "http.response.status_code", "status", "statusCode", "status_code", "response_code", "DownstreamStatus", "OriginStatus",
    "httpRequest.status", "res.statusCode", "response.status", "response_status", "StatusCode", "res.status", "code",
    "EdgeResponseStatus",
)  # fmt: skip
_METHODS: Final = (
    "http.request.method", "method", "request_method", "RequestMethod", "request.method", "req.method", "httpRequest.requestMethod",
    "http.method", "verb", "Method", "ClientRequestMethod",
)  # fmt: skip
_PATHS: Final = (
    "url.original", "url.path", "path", "request_uri", "uri", "RequestPath", "request.uri", "req.url", "httpRequest.requestUrl",
    "http.target", "http.url", "request_path", "request.path", "url", "Path", "ClientRequestURI",
)  # fmt: skip
_CLIENTS: Final = (
    "client.ip", "client.address", "source.ip", "remote_addr", "ClientHost", "request.client_ip", "request.remote_ip", "remote_ip",
    "client_ip", "clientIp", "clientip", "httpRequest.remoteIp", "req.remoteAddress", "remoteAddress", "remote_host", "client",
    "http.client_ip", "ip", "ClientIP", "downstream_remote_address",
)  # fmt: skip
_BYTES: Final = (
    "http.response.body.bytes", "body_bytes_sent", "bytes_sent", "DownstreamContentSize", "httpRequest.responseSize", "size",
    "response_size", "bytes", "EdgeResponseBytes",
)  # fmt: skip
_UPSTREAMS: Final = (
    "upstream_addr", "ServiceAddr", "upstream_host", "upstream", "properties.serverRouted", "OriginIP", "httpRequest.serverIp",
)  # fmt: skip
_REQUEST_IDS: Final = (
    "request_id", "http.request.id", "requestId", "req.id", "reqId", "RequestId", "x_request_id", "request.id", "requestID", "RayID",
)  # fmt: skip
# Names that tell the same in any dialect, whatever their capitals, signs and the object around them.
_ALIKE: Final = {
    _STATUSES: frozenset("httpstatus httpstatuscode statuscode responsestatus responsestatuscode responsecode scstatus".split()),
    _METHODS: frozenset("httpmethod requestmethod csmethod".split()),
    _PATHS: frozenset("requesturi requestpath requesturl urlpath csuristem".split()),
    _CLIENTS: frozenset("clientip remoteaddr remoteip clientaddr clientaddress remoteaddress cip".split()),
}  # fmt: skip
_REQUESTS: Final = ("request", "request_line", "requestLine", "http_request", "httpRequest")
# How long a request took: the key, and what one unit of a number is in seconds.
_DURATIONS: Final = {
    "event.duration": 1e-9, "request_time": 1.0, "Duration": 1e-9, "responseTime": 1e-3, "response_time": 1e-3, "duration_ms": 1e-3,
    "durationMs": 1e-3, "elapsed_ms": 1e-3, "latency_ms": 1e-3, "Elapsed": 1e-3, "httpRequest.latency": 1.0, "duration": 1.0,
    "latency": 1.0, "elapsed": 1.0, "took": 1.0, "took_ms": 1e-3, "properties.timeTaken": 1.0, "timeTaken": 1.0, "TimeTaken": 1e-3, "time_taken": 1.0,
    "request_time_ms": 1e-3, "response_time_ms": 1e-3, "durationMillis": 1e-3, "elapsedMs": 1e-3, "latencyMs": 1e-3,
}  # fmt: skip
_LETTERS: Final = {
    "http": 9,
    "silly": 1,
    "I": 9,
    "W": 13,
    "E": 17,
    "F": 21,
    "D": 5,
    "information": 9,
    "err": 17,
    "default": 9,
}
_PINO: Final = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_SYSLOG: Final = {0: 21, 1: 19, 2: 18, 3: 17, 4: 13, 5: 10, 6: 9, 7: 5}


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    lines = match.lines.select(match.rows)
    rows = read_json_rows(lines)
    used: set[str] = set()
    time, known = _time(rows, len(lines), used)
    if outer:
        time.offset_s[~known] = OFFSET_OF_ENVELOPE
        known = rows.valid
    time, lent = _lent(time, known, rows.valid)
    columns = _columns(rows, used)
    rest = {name: column for name, column in rows.columns.items() if name not in used}
    named = {f"{name}_" if name in columns or name in _RESERVED else name: column for name, column in rest.items()}
    if lent.any():
        columns["time_of"] = pc.if_else(pa.array(lent), "the line beside it", pa.scalar(None, pa.string()))
    return named | columns | {"time": time, "refused": ~(rows.valid & (known | lent))}


def _lent(time: Times, known: np.ndarray, valid: np.ndarray) -> tuple[Times, np.ndarray]:
    """Lend objects without a time that of the line above, else of the line below, where a quarter have one; and say which."""
    lacking = valid & ~known
    if not lacking.any() or 4 * np.count_nonzero(known & valid) < np.count_nonzero(valid):
        return time, np.zeros(len(known), bool)
    there = np.flatnonzero(known & valid)
    beside = there[np.maximum(np.searchsorted(there, np.arange(len(known)), side="right") - 1, 0)]
    at = np.where(lacking, beside, np.arange(len(known)))
    year = time.has_year if isinstance(time.has_year, bool) else time.has_year[at]
    return Times(time.wall_us[at], time.offset_s[at], year, time.resolution_us), lacking


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
        machine = name == "host" and "kind" not in columns and rows.first(*_OF_MACHINES) is not None
        told = _text(rows, (*keys, "host") if machine else keys, used)
        if told is not None:
            columns[name] = told
    return columns


def _request(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    """Read a request's columns where a status stands beside a method or a path; else they stay fields."""
    taken: set[str] = set()
    status = _number(rows, _STATUSES, taken)
    method, path = _asked(rows, _text(rows, _METHODS, taken), _text(rows, _PATHS, taken), taken)
    columns: dict[str, Column] = {}
    if status is not None and (method is not None or path is not None):
        whole = statuses(status)
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


def _asked(
    rows: JsonRows, method: Column | None, path: Column | None, used: set[str]
) -> tuple[Column | None, Column | None]:
    """Complete method and path by the request's first line, where that stands in one text (nginx's ``$request``)."""
    if method is not None and path is not None and method.null_count + path.null_count == 0:
        return method, path
    line = next((key for key in _REQUESTS if key in rows.columns and pa.types.is_string(rows.columns[key].type)), None)
    if line is None:
        return method, path
    used.add(line)
    return asked_in(rows.columns[line], method, path)


def _address(text: str) -> str | None:
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        text = host
    return re.sub(r"^::ffff:(?=\d+\.)", "", text.strip("[]")) or None


def _keys(rows: JsonRows, keys: tuple[str, ...], used: set[str]) -> list[str]:
    """Give the columns under these keys, and behind them those that are named alike (``properties.httpStatus``)."""
    known = [key for key in keys if key in rows.columns]
    words = _ALIKE.get(keys, frozenset())
    alike = sorted((name for name in rows.columns if _plain(name) in words), key=lambda name: (name.count("."), name))
    return [key for key in dict.fromkeys((*known, *alike)) if key not in used]


@cache
def _plain(name: str) -> str:
    """Give the last part of a key without capitals and signs."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


def _text(rows: JsonRows, keys: tuple[str, ...], used: set[str]) -> Column | None:
    """Join the texts under these keys, the first in each row."""
    told: Column | None = None
    for key in _keys(rows, keys, used):
        if told is not None and told.null_count == 0:
            break
        used.add(key)
        column = rows.columns[key]
        text = column if pa.types.is_string(column.type) else column.cast(pa.string())
        told = text if told is None else pc.coalesce(told, text)
    return told


def _number(rows: JsonRows, keys: tuple[str, ...], used: set[str]) -> Column | None:
    told: Column | None = None
    for key in _keys(rows, keys, used):
        whole = whole_numbers(rows.columns[key])
        if whole.null_count == len(whole):
            continue
        used.add(key)
        told = whole if told is None else pc.coalesce(told, whole)
        if told.null_count == 0:
            break
    return told


def _duration(rows: JsonRows, used: set[str]) -> dict[str, Column]:
    for key, usual in _DURATIONS.items():
        column = rows.columns.get(key)
        if column is None:
            continue
        used.add(key)
        unit = _unit_here(key, usual, rows)
        if pa.types.is_string(column.type):
            return each_unique(column, partial(_seconds, unit))
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return {"duration": pc.multiply(column.cast(pa.float64()), unit)}
    return {}


def _unit_here(key: str, usual: float, rows: JsonRows) -> float:
    """Give the unit of a key that means another one beside the keys of certain programs."""
    if key == "duration" and rows.first("controller", "response_flags") is not None:  # lograge, Envoy
        return 1e-3
    return 1e-9 if key == "latency" and "latency_human" in rows.columns else usual  # Echo


def _seconds(unit: float, text: str) -> dict[str, float | None]:
    return {"duration": seconds_of(text, unit)}


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
    if "@t" in rows.columns:  # CLEF leaves out the level of information
        event = pc.if_else(rows.columns["@t"].is_valid(), pa.scalar(9, pa.int8()), None)
        told = event if told is None else pc.coalesce(told, event)
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
    unusual = sorted(
        (key for key in rows.columns if _TIMELY.search(key)), key=lambda key: (key.count("."), len(key), key)
    )
    for key in dict.fromkeys((*_TIMES, "timestamp.seconds", "instant.epochSecond", *unusual)):
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
    times, likely = times_of_column(column)
    nanos = rows.first("timestamp.nanos", "instant.nanoOfSecond") if key.endswith(("seconds", "Second")) else None
    if nanos is None or not (pa.types.is_integer(nanos.type) and pa.types.is_integer(column.type)):
        return times, likely
    wall = times.wall_us + np.asarray(pc.fill_null(nanos, 0)).astype(np.int64) // 1000
    return Times(wall, times.offset_s, True, 1), likely


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
    letters = each_unique(match.text("letter"), _letter)
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


def _letter(letter: str) -> dict[str, int | None]:
    """Read a severity of one letter, D with the depth behind it; other programs print whole words there."""
    return {"severity": _LETTERS.get(letter[:1]) if re.fullmatch("[A-Z][1-5]?", letter) else None}


def _mongo_json(text: str) -> dict[str, str]:
    return _MONGO_SAYINGS.get(text, {"kind": str(Kind.LOG)})


def _mongo_told(text: str) -> dict[str, str]:
    said = {"kind": str(Kind.LOG)}
    return next((meaning for pattern, meaning in _MONGO_TEXT if pattern.fullmatch(text)), said)


_HOSTILE: Final = "hostile: NUL, bad UTF-8, an escape and another object inside a text"

_GO: Final = "Go 1.19 on this machine, "
_NODE: Final = "Node 20 on this machine, "
_PYTHON: Final = "Python 3.11 on this machine, "

SAMPLES: Final = (
    Sample(
        b'{"version":"1.1","host":"example.org","short_message":"A short message that helps you identify what is going on","full_message":"Backtrace here","timestamp":1385053862.3072,"level":1,"_user_id":9001}',
        {"time": "2013-11-21T17:11:02.3072+00:00", "host": "example.org", "severity": 19,
         "message": "A short message that helps you identify what is going on"},
        "GELF specification, example payload",
    ),
    Sample(
        b'{"ClientIP":"87.226.160.250","ClientRequestHost":"www.ripe.net","ClientRequestMethod":"HEAD","ClientRequestURI":"/","EdgeEndTimestamp":"2022-10-30T00:00:02Z","EdgeResponseBytes":570,"EdgeResponseStatus":301,"EdgeStartTimestamp":"2022-10-30T00:00:02Z","RayID":"7621"}',
        {"time": "2022-10-30T00:00:02+00:00", "kind": "request", "client": "87.226.160.250", "method": "HEAD", "path": "/", "status": 301,
         "bytes": 570, "request_id": "7621"},
        "repository tstack/lnav, test/logfile_cloudflare.json: Cloudflare's Logpush",
    ),
    Sample(
        b'{"invokedAt":"2022-10-30T00:00:02.5Z","what":"lambda"}',
        {"time": "2022-10-30T00:00:02.5+00:00"},
        "made for this test: a time under a name of its own",
    ),
    Sample(
        b'{"level":"error","ts":1795356345.1222441,"caller":"go/main.go:92","msg":"fetch failed","error":"dial tcp 127.0.0.1:5999: connect: connection refused","order":7}',
        {"time": "2026-11-22T14:05:45.122244+00:00", "severity": 17, "message": "fetch failed", "order": "7", "caller": "go/main.go:92", "kind": "log",
         "error": "dial tcp 127.0.0.1:5999: connect: connection refused"},
        _GO + "zap's production encoder; the stack left out",
    ),
    Sample(
        b'{"@level":"error","@message":"rpc failed","@module":"shop","@timestamp":"2026-11-22T14:05:45.121435Z","error":"dial tcp 127.0.0.1:5999: connect: connection refused"}',
        {"time": "2026-11-22T14:05:45.121435+00:00", "severity": 17, "message": "rpc failed"},
        _GO + "hashicorp/go-hclog",
    ),
    Sample(
        b'{"@timestamp":"2023-11-15T11:41:57.189Z", "log.level": "INFO", "message":"parsed [53] roles from file [/usr/share/elasticsearch/config/roles.yml]", "ecs.version": "1.2.0","service.name":"ES_ECS","event.dataset":"elasticsearch.server","process.thread.name":"main","log.logger":"org.elasticsearch.xpack.security.authz.store.FileRolesStore","elasticsearch.node.name":"elasticsearch-es-data-0","elasticsearch.cluster.name":"elasticsearch"}',
        {"time": "2023-11-15T11:41:57.189+00:00", "severity": 9, "message": "parsed [53] roles from file [/usr/share/elasticsearch/config/roles.yml]",
         "service": "ES_ECS", "log.logger": "org.elasticsearch.xpack.security.authz.store.FileRolesStore"},
        "Elasticsearch 8, github.com/elastic/cloud-on-k8s/issues/6133",
    ),
    Sample(
        b'{"Timestamp":"1586960586000000000","Attributes":{"http.request.status_code":500,"my.custom.application.tag":"hello"},"Resource":{"service.name":"donut_shop","service.version":"2.0.0"},"TraceId":"f4dbb3edd765f620","SpanId":"43222c2d51a7abe3","SeverityText":"INFO","SeverityNumber":9,"Body":"20200415T072306-0700 INFO I like donuts"}',
        {"time": "2020-04-15T14:23:06+00:00", "severity": 9, "service": "donut_shop", "message": "20200415T072306-0700 INFO I like donuts"},
        "OpenTelemetry log data model, example log records",
    ),
    Sample(
        b'{"level":50,"time":1795355961010,"pid":12284,"hostname":"vm","err":{"type":"Error","message":"connect ECONNREFUSED 127.0.0.1:5999","stack":"Error: connect ECONNREFUSED 127.0.0.1:5999\\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)","errno":-111,"code":"ECONNREFUSED","syscall":"connect","address":"127.0.0.1","port":5999},"order":7,"msg":"fetch failed"}',
        {"time": "2026-11-22T13:59:21.01+00:00", "severity": 17, "host": "vm", "message": "fetch failed", "err.code": "ECONNREFUSED"},
        _NODE + "pino 10",
    ),
    Sample(
        b'{"level":30,"time":1795355961546,"pid":12284,"hostname":"vm","req":{"id":3,"method":"GET","url":"/slow?a=1","query":{"a":"1"},"params":{},"headers":{"host":"127.0.0.1:38015"},"remoteAddress":"::ffff:127.0.0.1","remotePort":49522},"res":{"statusCode":503,"headers":{"x-powered-by":"Express"}},"responseTime":303,"msg":"request errored"}',
        {"kind": "request", "status": 503, "method": "GET", "path": "/slow?a=1", "client": "127.0.0.1", "duration": 0.303, "severity": 9, "request_id": "3"},
        _NODE + "pino-http 11; headers left out",
    ),
    Sample(
        b'{"name":"shop","hostname":"vm","pid":12284,"level":30,"msg":"hi","time":"2026-11-22T13:59:21.012Z","v":0}',
        {"time": "2026-11-22T13:59:21.012+00:00", "service": "shop", "host": "vm", "severity": 9, "message": "hi"},
        _NODE + "bunyan 2",
    ),
    Sample(
        b'{"level":"warn","message":"slow","order":7,"timestamp":"2026-11-22T13:59:21.030Z"}',
        {"time": "2026-11-22T13:59:21.03+00:00", "severity": 13, "message": "slow"},
        _NODE + "winston 3",
    ),
    Sample(
        b'{"n": 2, "event": "retry", "level": "warning", "timestamp": "2026-11-22T14:01:07.074321Z"}',
        {"time": "2026-11-22T14:01:07.074321+00:00", "severity": 13, "message": "retry"},
        _PYTHON + "structlog, JSONRenderer",
    ),
    Sample(
        b'{"asctime": "2026-11-22 14:01:07,021", "levelname": "WARNING", "name": "shop", "message": "Watch out!"}',
        {"time": "2026-11-22T14:01:07.021", "severity": 13, "service": "shop", "message": "Watch out!"},
        _PYTHON + "python-json-logger",
    ),
    Sample(
        b'{"text": "2026-11-22 14:01:07.061 | SUCCESS  | __main__:<module>:35 - done\\n", "record": {"elapsed": {"repr": "0:00:00.011334", "seconds": 0.011334}, "exception": null, "extra": {}, "file": {"name": "gen.py", "path": "/app/gen.py"}, "function": "<module>", "level": {"icon": "\xe2\x9c\x85", "name": "SUCCESS", "no": 25}, "line": 35, "message": "done", "module": "gen", "name": "__main__", "process": {"id": 15000, "name": "MainProcess"}, "thread": {"id": 140462916795264, "name": "MainThread"}, "time": {"repr": "2026-11-22 14:01:07.061194+00:00", "timestamp": 1795356067.061194}}}',
        {"time": "2026-11-22T14:01:07.061194+00:00", "severity": 10, "message": "done"},
        _PYTHON + "loguru, serialize=True",
    ),
    Sample(
        b'{"@t":"2016-06-07T03:44:57.8532799Z","@mt":"Hello, {User}","User":"nblumhardt"}',
        {"time": "2016-06-07T03:44:57.853279+00:00", "message": "Hello, {User}", "User": "nblumhardt", "severity": 9},
        "README of Serilog.Formatting.Compact",
    ),
    Sample(
        b'{"instant":{"epochSecond":1795356658,"nanoOfSecond":729795621},"thread":"main","level":"INFO","loggerName":"shop.orders.OrderService","message":"ready","endOfBatch":false,"loggerFqcn":"org.apache.logging.log4j.spi.AbstractLogger","threadId":1,"threadPriority":5}',
        {"time": "2026-11-22T14:10:58.729795+00:00", "severity": 9, "message": "ready", "loggerName": "shop.orders.OrderService"},
        "log4j 2.19 (Debian), JsonLayout",
    ),
    Sample(
        b'{"severity":"INFO","timestamp":"2021-07-19T15:44:44.077586Z","logName":"http.log.access.log0","httpRequest":{"requestMethod":"GET","protocol":"HTTP/2.0","status":200,"responseSize":11348,"userAgent":"Mozilla/5.0 ...","requestUrl":"/leo"}}',
        {"time": "2021-07-19T15:44:44.077586+00:00", "severity": 9, "kind": "request", "status": 200, "path": "/leo", "bytes": 11348},
        "README of caddyserver/format-encoder: Caddy's access log in Google Cloud's keys",
    ),
    Sample(
        b'{"timestamp":{"seconds":1546398245,"nanos":6},"messages":["{\\"key\\":\\"hoge\\",\\"value\\":\\"fuga\\"}"],"httpRequest":{"requestMethod":"GET","requestUrl":"/api/v1/hoge","status":200,"protocol":"HTTP 1.1"}}',
        {"time": "2019-01-02T03:04:05+00:00", "kind": "request", "status": 200, "path": "/api/v1/hoge"},
        "test of a public Go logger for Google Cloud: the time as seconds and nanoseconds",
    ),
    Sample(
        b'{"version":"1.1","host":"example.org","short_message":"A short message","timestamp":1385053862.3072,"level":1,"_user_id":9001}',
        {"time": "2013-11-21T17:11:02.3072+00:00", "severity": 19, "message": "A short message", "_user_id": "9001"},
        "GELF specification 1.1",
    ),
    Sample(
        b'{"level":"error","ts":1795356828.6045833,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"42978","proto":"HTTP/1.1","method":"GET","host":"127.0.0.1:38086","uri":"/app/x","headers":{"User-Agent":["curl/7.88.1"],"Accept":["*/*"]}},"user_id":"","duration":0.000450442,"size":0,"status":502,"resp_headers":{"Server":["Caddy"]}}',
        {"time": "2026-11-22T14:13:48.604583+00:00", "kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/app/x", "status": 502,
         "duration": 0.000450442, "bytes": 0, "severity": 17},
        "Caddy 2.6.2 (Debian) on loopback, an upstream that refuses",
    ),
    Sample(
        b'{"ClientAddr":"XXX.XXX.XXX.XXX:63261","ClientHost":"XXX.XXX.XXX.XXX","ClientPort":"63261","ClientUsername":"-","DownstreamContentSize":287,"DownstreamStatus":207,"Duration":8184335,"OriginContentSize":287,"OriginDuration":7349966,"OriginStatus":207,"Overhead":834369,"RequestAddr":"sub.example.com","RequestContentSize":366,"RequestCount":17348,"RequestHost":"sub.example.com","RequestMethod":"REPORT","RequestPath":"/dav.php/calendars/","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":0,"RouterName":"https-bk@docker","ServiceAddr":"172.29.0.2:8111","ServiceName":"bk-bk@docker","ServiceURL":"http://172.29.0.2:8111","StartLocal":"2024-12-29T12:42:47.503803974+01:00","StartUTC":"2024-12-29T11:42:47.503803974Z","TLSCipher":"TLS_AES_128_GCM_SHA256","TLSVersion":"1.3","entryPointName":"https","level":"info","msg":"","time":"2024-12-29T12:42:47+01:00"}',
        {"kind": "request", "status": 207, "method": "REPORT", "path": "/dav.php/calendars/", "duration": 0.008184335, "service": "bk-bk@docker", "upstream": "172.29.0.2:8111"},
        "Traefik, github.com/xavier-hernandez/goaccess-for-nginxproxymanager/issues/108, the client hidden there",
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
        "MongoDB manual, Log Messages: structured logging",
    ),
    Sample(
        b'{"t":{"$date":"2020-11-13T14:22:32.720+08:00"},"s":"I",  "c":"NETWORK",  "id":23016,   "ctx":"listener","msg":"Waiting for connections","attr":{"port":27017,"ssl":"off"}}',
        {"time": "2020-11-13T14:22:32.72+08:00", "kind": "change", "action": "start", "target": "mongodb"},
        "log of MongoDB 4.4 quoted in a public repository",
    ),
    Sample(
        b'{"t":{"$date":"2022-03-03T15:07:27.687+00:00"},"s":"I",  "c":"NETWORK",  "id":22943,   "ctx":"listener","msg":"Connection accepted","attr":{"remote":"127.0.0.1:60324","connectionId":65,"connectionCount":1}}',
        {"severity": 9, "client": "127.0.0.1", "message": "Connection accepted"},
        "github.com/bitnami/charts/issues/8594",
    ),
    Sample(
        b'{"t":{"$date":"2021-07-22T16:17:00.790+00:00"},"s":"W",  "c":"CONTROL",  "id":22120,   "ctx":"initandlisten","msg":"Access control is not enabled for the database. Read and write access to data and configuration is unrestricted","tags":["startupWarnings"]}',
        {"severity": 13, "kind": "log"},
        "github.com/docker-library/mongo/issues/488",
    ),
    Sample(
        b'{"t":{"$date":"2025-07-29T19:42:13.844+08:00"},"s":"D1", "c":"SHARDING", "id":7548100, "svc":"S", "ctx":"Balancer","msg":"Balancing single zone","attr":{"namespace":"config.system.sessions","zone":""}}',
        {"severity": 5, "component": "SHARDING", "context": "Balancer", "message": "Balancing single zone"},
        "log of MongoDB 8.0 quoted in a public repository; the end cut off",
    ),
    Sample(
        b"2018-01-16T18:49:49.615+0300 I CONTROL  [initandlisten] MongoDB starting : pid=24716 port=27017 dbpath=/usr/local/var/mongodb 64-bit host=MacBook-Pro.lan",
        {"time": "2018-01-16T18:49:49.615+03:00", "kind": "change", "action": "start", "outcome": "started", "component": "CONTROL", "severity": 9, "context": "initandlisten"},
        "MongoDB 3.6, github.com/Homebrew/homebrew-core/issues/22924",
    ),
    Sample(
        b"2015-11-30T09:56:31.552+0800 I NETWORK  [initandlisten] waiting for connections on port 27017",
        {"time": "2015-11-30T09:56:31.552+08:00", "kind": "change", "action": "start", "outcome": "changed"},
        "log of MongoDB 3.0 quoted in a public repository",
    ),
    Sample(b"2014-11-03T18:28:32.450-0500 E QUERY    [conn1] x\x00\xff\x1b[31m waiting for connections on port 1", {"kind": "log", "severity": 17},
           "hostile: NUL, bad UTF-8, an escape and a start inside a message"),
    Sample(b'{"t":{"$date":"2020-05-31T25:16:17.180+00:00"},"s":"I", "c":"A", "id":1, "ctx":"x", "msg":"y"}', None, "hostile: no such hour"),
)  # fmt: skip

_MONGO_HEAD: Final = '{{"t":{{"$date":"{time:iso}"}},"s":"{letter}",{~}"c":"{component}",{~}"id":{id:d},{~}'

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
            Layout(_MONGO_HEAD + '"ctx":"{context}",{~}"msg":"{message}"{attr:rest}', name="structured, the manual's"),
            Layout(_MONGO_HEAD + '"ctx":"{context}","msg":"{message}"{attr:rest}', name="structured"),
            Layout(
                _MONGO_HEAD + '"svc":"{_}",{~}"ctx":"{context}","msg":"{message}"{attr:rest}', name="structured, 8.0"
            ),
            Layout("{time:iso} {letter:level} {component:word}{~}[{context}] {message:rest}", name="text, 3.0 to 4.2"),
        ),
        continues=True,
        meaning=_mongo,
    ),
)
