r"""PostgreSQL's own log, as text (``log_destination = stderr``) and as CSV (``csvlog``); its jsonlog is read as JSON lines.

The text begins with what ``log_line_prefix`` says. Known are those that packages and providers ship, and those
pgBadger asks for::

    2022-11-10 10:29:58.123 UTC [123] LOG:  …                        the default, Docker, PGDG
    2022-11-10 10:29:58.123 UTC [123] user@db LOG:  …                Debian and Ubuntu, '%m [%p] %q%u@%d '
    2022-11-10 10:29:58 UTC [123-1] user@db LOG:  …                  older Debian
    2022-11-10 10:29:58 UTC:192.0.2.1(4711):user@db:[123]:LOG:  …    Amazon RDS and Aurora
    < 2022-11-10 10:29:58.123 UTC >LOG:  …                           older PGDG
    2022-11-10 10:29:58 UTC [123]: [1-1] user=u,db=d,client=c LOG: … pgBadger's

Starts, stops, reloads, crashes of a backend, promotions and changed parameters are changes.

Traps: the zone is an abbreviation, of which some (IST, CST, BST) mean several offsets and are left unknown; DETAIL,
HINT, CONTEXT and STATEMENT are lines of their own behind the message they belong to; further lines of a message
begin with a tab; ``FATAL`` ends one session, not the server; ``terminating connection due to …`` is no crash.

https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX
https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, severity_of, zoned

_STAMP: Final = "{time:iso} {zone:word} "
_SAID: Final = "{level:level}:  {message:rest}"
_CSV: Final = (
    "{time:iso} {zone:word-},{user},{database},{pid:d},{remote},{session:hex}.{_:hex},{_:d},{_},{_} {_} {_},{_},{_:d},"
    '{level:level},{code:level},"{tail:rest}'
).replace("{zone:word-}", "{zone}")

_KEY: Final = re.compile(r"(user|u|db|d|app|client|host|h)=([^,\s]*)")
_NAMES: Final = {"user": "user", "u": "user", "db": "database", "d": "database", "app": "application"}
_AT: Final = re.compile(r"(?:.* )?(?P<user>[^\s@]+)@(?P<database>[^\s@:]+)")
_REMOTE: Final = re.compile(r"(?P<client>[^\[\](),\s]+?)(?:\((?P<port>\d+)\))?")
_DURATION: Final = r"^duration: (?P<ms>[0-9]+\.[0-9]+) ms"
_RECEIVED: Final = r"^connection received: host=(?P<client>[^ \[]+)"
_TELLS: Final = (
    r"^(?:database system is |starting Postgre|received |server process |all server processes |parameter |"
    r"could not create any TCP|could not bind )"
)
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "postgresql", "outcome": str(Outcome.CHANGED)}
_SAYINGS: Final = (
    (r"database system is ready to accept (?:read[- ]only )?connections", _CHANGE | {"action": "start"}),
    (r"starting PostgreSQL .*", _CHANGE | {"action": "start", "outcome": str(Outcome.STARTED)}),
    (r"received SIGHUP, reloading configuration files", _CHANGE | {"action": "reload"}),
    (r"received (?:fast|smart|immediate) shutdown request", _CHANGE | {"action": "stop", "outcome": str(Outcome.STARTED)}),
    (r"database system is shut down", _CHANGE | {"action": "stop"}),
    (r"all server processes terminated; reinitializing", _CHANGE | {"action": "restart"}),
    (r"received promote request", _CHANGE | {"action": "promote"}),
    (r"parameter \"(?P<parameter>[^\"]+)\" changed to \"(?P<value>.*)\"", _CHANGE | {"action": "configure"}),
    (r"server process \(PID \d+\) (?:was terminated by (?:signal|exception) .*|exited with exit code .*)",
     _CHANGE | {"action": "crash", "outcome": str(Outcome.FAILED)}),
    (r"could not create any TCP/IP sockets", _CHANGE | {"action": "start", "outcome": str(Outcome.FAILED)}),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern, re.DOTALL), meaning) for pattern, meaning in _SAYINGS)
# Lines that explain the one above carry no severity of their own.
_EXPLAIN: Final = pa.array(["DETAIL", "HINT", "CONTEXT", "QUERY", "STATEMENT", "LOCATION"])

_LEVELS: Final = pa.array(
    ["LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC", "DEBUG", *_EXPLAIN.to_pylist()]
)

_ANY_PREFIX: Final = (
    r"(?s)^(?P<prefix>.*?)\b(?P<level>LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DEBUG[1-5]?|DETAIL|HINT|CONTEXT|QUERY|STATEMENT|LOCATION)"
    r": {1,2}(?P<message>.*)$"
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    level = match.text("level")
    explains = pc.is_in(level, _EXPLAIN)
    columns: dict[str, Any] = {
        "time": zoned(match.time(), match.text("zone")),
        "zone": None,
        "severity": pc.if_else(explains, pa.scalar(9, pa.int8()), severity_of(level)),
        "level": None,
        "part": pc.if_else(explains, pc.utf8_lower(level), pa.scalar(None, pa.string())),
    }
    if not {"pid", "prefix", "tail"} & set(match.types):  # the time alone: a program of syslog stands so, too
        columns["refused"] = np.asarray(pc.invert(pc.is_in(pc.utf8_rtrim(level, "12345"), _LEVELS)))
    message = match.text("message") if "message" in match else _unquoted(match.text("tail"))
    columns |= {"message": message, "tail": None, "duration": _milliseconds(message)} | _changes(message)
    columns["client"] = pc.struct_field(pc.extract_regex(message, _RECEIVED), "client")
    if "remote" in match:
        remote = each_unique(match.text("remote"), _remote)
        columns |= remote | {"remote": None}
    if "prefix" in match:
        columns |= each_unique(match.text("prefix"), _prefix) | {"prefix": None}
    for name in ("user", "database"):
        if name in match:
            columns[name] = _given(match.text(name))
    return columns


def _in_syslog(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Read what stands behind the number of the message: any prefix, the level, the text."""
    text = match.text("message")
    told = pc.extract_regex(text, _ANY_PREFIX)
    level = pc.struct_field(told, "level")
    explains = pc.is_in(level, _EXPLAIN)
    message = pc.coalesce(pc.struct_field(told, "message"), text)
    prefix = pc.fill_null(pc.struct_field(told, "prefix"), "")
    columns: dict[str, Any] = {
        "severity": pc.if_else(explains, pa.scalar(9, pa.int8()), severity_of(level)),
        "part": pc.if_else(explains, pc.utf8_lower(level), pa.scalar(None, pa.string())),
        "message": message,
        "duration": _milliseconds(message),
        "client": pc.struct_field(pc.extract_regex(message, _RECEIVED), "client"),
    }
    return columns | _changes(message) | each_unique(prefix, _prefix)


def _milliseconds(message: Column) -> Column:
    told = pc.struct_field(pc.extract_regex(message, _DURATION), "ms")
    return pc.divide(told.cast(pa.float64()), 1000.0)


def _given(column: Column) -> Column:
    bare = pc.utf8_trim(column, '"')
    return pc.if_else(pc.is_in(bare, pa.array(["", "[unknown]"])), pa.scalar(None, pa.string()), bare)


def _unquoted(tail: Column) -> Column:
    """Take the message out of what follows its opening quote; a message of several lines has no closing one."""
    text = pc.struct_field(pc.extract_regex(tail, r'^(?P<text>(?:[^"]|"")*)'), "text")
    return pc.replace_substring(text, '""', '"')


def _changes(message: Column) -> dict[str, Column]:
    told = pc.match_substring_regex(message, _TELLS)
    if not pc.any(told).as_py():
        return {}
    return each_unique(pc.if_else(told, message, pa.scalar(None, pa.string())), _told) | _kinds(message, told)


def _kinds(message: Column, told: Column) -> dict[str, Column]:
    kinds = each_unique(pc.if_else(told, message, ""), lambda text: {"kind": _told(text).get("kind", str(Kind.LOG))})
    return {"kind": kinds["kind"]}


def _told(text: str) -> dict[str, str]:
    for pattern, meaning in _PATTERNS:
        found = pattern.fullmatch(text)
        if found:
            return meaning | found.groupdict()
    return {}


def _remote(text: str) -> dict[str, str | None]:
    text = text.strip('"')
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit():
        return {"client": host, "client_port": port}
    found = _REMOTE.fullmatch(text)
    return {"client": found["client"], "client_port": found["port"]} if found else {}


def _prefix(text: str) -> dict[str, str]:
    found = _AT.match(text)
    told = found.groupdict() if found else {_NAMES.get(key, "client"): value for key, value in _KEY.findall(text)}
    if "client" in told:
        told["client"] = told["client"].partition("(")[0]
    return {name: value for name, value in told.items() if value not in {"", "[unknown]", "[local]"}}


_RUN: Final = "PostgreSQL 15.18 (Debian) on loopback"

SAMPLES: Final = (
    Sample(
        b"2026-11-22 12:43:49.635 CET [28575] LOG:  database system is ready to accept connections",
        {
            "time": "2026-11-22T12:43:49.635+01:00",
            "kind": "change",
            "action": "start",
            "target": "postgresql",
            "outcome": "changed",
            "severity": 9,
            "pid": "28575",
        },
        _RUN,
    ),
    Sample(
        b'2026-11-22 12:43:49.739 CET [28584] postgres@postgres ERROR:  relation "nosuch" does not exist at character 15',
        {
            "time": "2026-11-22T12:43:49.739+01:00",
            "kind": "log",
            "severity": 17,
            "user": "postgres",
            "database": "postgres",
            "message": 'relation "nosuch" does not exist at character 15',
        },
        _RUN + ", log_line_prefix of Debian",
    ),
    Sample(
        b"2026-11-22 12:43:49.739 CET [28584] postgres@postgres STATEMENT:  select * from nosuch",
        {"severity": 9, "part": "statement", "message": "select * from nosuch", "kind": "log"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 12:43:49.782 CET [28588] postgres@postgres LOG:  duration: 0.200 ms  statement: select\n\t 1,\n\t 'two lines'",
        {"duration": 0.0002, "message": "duration: 0.200 ms  statement: select\n\t 1,\n\t 'two lines'"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 12:43:49.736 CET [28584] [unknown]@[unknown] LOG:  connection received: host=127.0.0.1 port=47676",
        {"client": "127.0.0.1", "user": None},
        _RUN,
    ),
    Sample(
        b"2026-11-22 12:43:51.852 CET [28575] LOG:  server process (PID 28597) was terminated by signal 9: Killed",
        {"kind": "change", "action": "crash", "outcome": "failed"},
        _RUN + ", a backend killed",
    ),
    Sample(
        b"2026-11-22 12:43:49.808 CET [28575] LOG:  received SIGHUP, reloading configuration files",
        {"kind": "change", "action": "reload"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 12:43:53.897 CET [28575] LOG:  database system is shut down",
        {"kind": "change", "action": "stop", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b'2026-11-22 15:13:51.685 CET [30190] LOG:  parameter "work_mem" changed to "5MB"',
        {"kind": "change", "action": "configure", "parameter": "work_mem", "value": "5MB"},
        _RUN + ", a reload",
    ),
    Sample(
        b"2026-11-22 15:13:49.988 CET [30213] postgres@postgres ERROR:  deadlock detected",
        {"time": "2026-11-22T15:13:49.988+01:00", "severity": 17, "user": "postgres", "kind": "log"},
        _RUN + ", two transactions that lock each other",
    ),
    Sample(
        b"2026-11-22 15:13:50.524 CET [30258] postgres@postgres FATAL:  sorry, too many clients already",
        {"severity": 21, "kind": "log", "message": "sorry, too many clients already"},
        _RUN + ", max_connections reached",
    ),
    Sample(
        b"2026-11-22 11:43:54 UTC:127.0.0.1(47724):postgres@postgres:[28628]:ERROR:  division by zero",
        {
            "time": "2026-11-22T11:43:54+00:00",
            "severity": 17,
            "client": "127.0.0.1",
            "user": "postgres",
            "pid": "28628",
            "message": "division by zero",
        },
        _RUN + ", log_line_prefix of Amazon RDS",
    ),
    Sample(
        b"2026-11-22 11:43:54 UTC::@:[28619]:LOG:  received fast shutdown request",
        {"time": "2026-11-22T11:43:54+00:00", "kind": "change", "action": "stop", "client": None, "user": None},
        _RUN + ", log_line_prefix of Amazon RDS",
    ),
    Sample(
        b'2026-11-22 15:13:56 CET [30717-3] nobody@nodb FATAL:  role "nobody" does not exist',
        {"time": "2026-11-22T15:13:56+01:00", "severity": 21, "user": "nobody", "database": "nodb", "pid": "30717"},
        _RUN + ", log_line_prefix '%t [%p-%l] %q%u@%d ', which Debian had before PostgreSQL 10",
    ),
    Sample(
        b"2026-11-22 15:13:56 CET [30706-7] LOG:  received fast shutdown request",
        {"time": "2026-11-22T15:13:56+01:00", "kind": "change", "action": "stop", "pid": "30706", "user": None},
        _RUN + ", log_line_prefix '%t [%p-%l] %q%u@%d '",
    ),
    Sample(
        b"2026-11-22 20:10:28 IST [25691]: [3-1] user=postgres,db=postgres,app=psql,client=127.0.0.1 WARNING:  there is no transaction in progress",
        {
            "time": "2026-11-22T20:10:28",
            "severity": 13,
            "user": "postgres",
            "database": "postgres",
            "application": "psql",
            "client": "127.0.0.1",
        },
        _RUN + ", log_line_prefix of pgBadger; log_timezone Asia/Kolkata, whose IST means two offsets",
    ),
    Sample(
        b"< 2026-11-22 15:13:57.344 CET >ERROR:  division by zero",
        {"time": "2026-11-22T15:13:57.344+01:00", "message": "division by zero", "severity": 17},
        _RUN + ", log_line_prefix '< %m >', which PGDG's packages had before 10",
    ),
    Sample(
        b"2026-11-22 15:13:57 CET postgres@postgres/psql(127.0.0.1(43102)) 30896 ERROR:  division by zero",
        {"time": "2026-11-22T15:13:57+01:00", "severity": 17, "user": "postgres", "message": "division by zero"},
        _RUN + ", log_line_prefix '%t %u@%d/%a(%r) %p '",
    ),
    Sample(
        b'2026-11-22 12:43:49.739 CET,"postgres","postgres",28584,"127.0.0.1:47676",6b02d575.6fa8,3,"SELECT",2026-11-22 12:43:49 CET,3/2,0,ERROR,42P01,"relation ""nosuch"" does not exist",,,,,,"select * from nosuch",15,,"psql","client backend",,0',
        {
            "time": "2026-11-22T12:43:49.739+01:00",
            "severity": 17,
            "user": "postgres",
            "client": "127.0.0.1",
            "code": "42P01",
            "message": 'relation "nosuch" does not exist',
        },
        _RUN + ", csvlog",
    ),
    Sample(
        b"2022-11-10 10:29:58.123 UTC [77] evil@db ERROR:  x\x00\xff\x1b[31m LOG:  database system is shut down",
        {"kind": "log", "severity": 17, "user": "evil"},
        "hostile: NUL, bad UTF-8, an escape and a stop inside a message",
    ),
    Sample(
        b"2022-11-10 10:29:58.123 UTC [77] LOG:  " + b"x" * 1_000_000,
        {"message": "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    Sample(b"2022-11-31 10:29:58.123 UTC [77] LOG:  x", None, "hostile: no such day"),
    Sample(
        b'2026-11-22 15:15:43 UTC ERROR:  relation "nope" does not exist at character 15',
        {"time": "2026-11-22T15:15:43+00:00", "severity": 17, "user": None},
        "PostgreSQL 15 on this machine, log_line_prefix = '%t '",
    ),
    Sample(b"2022-11-10 10:29:58.123 UTC [77] LOG", None, "hostile: a line cut short"),
)

_PGBADGER: Final = "repository darold/pgbadger, t/fixtures/"
SYSLOG_SAMPLES: Final = (
    Sample(
        b'[1-1] db=,user=,app=,client= LOG:  listening on IPv4 address "127.0.0.1", port 5432',
        {"severity": 9, "message": 'listening on IPv4 address "127.0.0.1", port 5432', "database": None, "kind": "log"},
        _PGBADGER + "pg-syslog.2.gz",
        program="postgres",
    ),
    Sample(
        b"[6-1] db=[unknown],user=[unknown],app=[unknown],client=[local] LOG:  connection received: host=[local]",
        {"severity": 9, "message": "connection received: host=[local]", "user": None},
        _PGBADGER + "pg-syslog.2.gz",
        program="postgres",
    ),
    Sample(
        b'db=,user=,app=,client= LOG:  listening on IPv4 address "127.0.0.1", port 5432',
        {"severity": 9, "message": 'listening on IPv4 address "127.0.0.1", port 5432'},
        "the first of these with syslog_sequence_numbers off, which leaves the number out",
        program="postgres",
    ),
)

_FILES: Final = LineParser(
    name="postgresql",
    title="PostgreSQL log (stderr and csvlog)",
    url="https://www.postgresql.org/docs/current/runtime-config-logging.html",
    samples=SAMPLES,
    layouts=(
        Layout(_STAMP + "[{pid:d}] {prefix:word} " + _SAID, name="Debian"),
        Layout(_STAMP + "[{pid:d}] " + _SAID, name="the default"),
        Layout("{time:iso} {zone}:{remote}:{user}@{database}:[{pid:d}]:" + _SAID, name="Amazon RDS"),
        Layout(_CSV, name="csvlog"),
        Layout(_STAMP + "[{pid:d}-{_:d}] " + _SAID, name="older Debian, the server itself"),
        Layout(_STAMP + "[{pid:d}-{_:d}] {prefix} " + _SAID, name="older Debian"),
        Layout(_STAMP + "[{pid:d}]: {prefix} " + _SAID, name="pgBadger"),
        Layout(_STAMP + "[{pid:d}] {prefix} " + _SAID, name="other prefixes"),
        Layout("< {time:iso} {zone:word} >" + _SAID, name="older PGDG"),
        Layout(_STAMP + _SAID, name="the time alone"),
        Layout(_STAMP + "{prefix} " + _SAID, name="prefixes of another's making"),
    ),
    continues=True,
    meaning=_meaning,
)

PARSER = (
    _FILES,
    LineParser(
        name="postgresql-syslog",
        title="PostgreSQL in syslog",
        url="https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-SYSLOG-SEQUENCE-NUMBERS",
        samples=SYSLOG_SAMPLES,
        layouts=(
            Layout("[{_:d}-{_:d}] {message:rest}", name="numbered"),
            Layout("{message:rest}", name="without numbers"),
        ),
        inside=("postgres", "postgresql"),
        meaning=_in_syslog,
    ),
)
