r"""MySQL and MariaDB: the error log and the slow query log.

The error log has had four forms::

    2022-11-10T10:29:58.123456Z 0 [System] [MY-010931] [Server] …    MySQL 8
    2022-11-10T10:29:58.123456Z 7 [Note] …                           MySQL 5.7
    2022-11-10  9:29:58 7 [Note] …                                   MySQL 5.6, MariaDB since 10.1
    221110  9:29:58 [Note] …                                         MySQL 5.5, MariaDB before

Starts, stops and crashes that the server reports are changes. A record of the slow log begins with ``# Time`` or
``# User@Host`` and ends before the next; its statement may have many lines.

Traps: the hour is padded with a blank, not a zero; ``[Note]`` is information; the lines below "ready for connections",
and a crash's backtrace, have no stamp; the slow log writes ``# Time`` only when the second changed, but every record
has ``SET timestamp=`` (seconds since 1970, UTC), which is taken where the stamp names no zone; a server that starts writes
three lines of its own between two records.

https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html
https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html
https://mariadb.com/kb/en/error-log/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Form,
    Kind,
    Layout,
    Line,
    LineParser,
    Match,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    Stamp,
    each_unique,
    read_stamp,
    severity_of,
    stamped,
    told_by,
)

_FORMS: Final = (
    Form("YYYY-mm-dd HH:MM:SS", "2022-11-10 10:29:58"),
    Form("YYYY-mm-dd  H:MM:SS", "2022-11-10  9:29:58"),
    Form("YYmmdd HH:MM:SS", "221110 10:29:58"),
    Form("YYmmdd  H:MM:SS", "221110  9:29:58"),
    Form("YYYY-mm-ddtHH:MM:SSFZ", "2022-11-10T10:29:58.123456Z"),
)
_NOTHING: Final = pa.scalar(None, pa.string())
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "mysql", "outcome": str(Outcome.CHANGED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_TELLS: Final = r"ready for connections|hutdown|SHUTDOWN|got signal |got exception |^Aborting|starting as process|as process |^Starting "
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r"\S+: ready for connections\..*", _CHANGE | {"action": "start"}),
        (
            r"(?:\S+ )?\(mysqld [^)]*\) starting as process.*|\S+ (?:\(.*\) )?starting as process.*",
            _STARTED | {"action": "start"},
        ),
        (r"Starting (?:MariaDB|mysqld|mariadbd)\b.*", _STARTED | {"action": "start"}),
        (r"(?:\S+ ?(?:\(.*?\))?: )?Normal shutdown", _STARTED | {"action": "stop"}),
        (r"Received SHUTDOWN from user .*|\S+: Got signal \d+ to shutdown.*", _STARTED | {"action": "stop"}),
        (r"\S+: Shutdown complete(?: ?\(.*)?\s*", _CHANGE | {"action": "stop"}),
        (r"\S+ got (?:signal|exception) \S+ ?;.*", _FAILED | {"action": "crash"}),
        (r"Aborting\s*", _FAILED | {"action": "start"}),
    )
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    old = "thread" not in match and match.types["time"] == "text"
    columns: dict[str, Any] = stamped(match, *(_FORMS[2:4] if old else _FORMS)) if match.types["time"] == "text" else {}
    message = match.text("message")
    if "level" in match:
        level = pc.utf8_lower(match.text("level"))
        known = severity_of(level)
        columns |= {
            "severity": pc.if_else(pc.is_in(level, pa.array(["note", "system"])), pa.scalar(9, pa.int8()), known)
        }
        columns["level"] = None
    told = pc.match_substring_regex(message, _TELLS)
    if pc.any(told).as_py():
        columns |= each_unique(pc.if_else(told, message, ""), _told)
    return columns


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


# --- the slow query log -------------------------------------------------------------------------------------

_TIME: Final = re.compile(rb"# Time: (\S.*?)\s*")
_USER: Final = re.compile(rb"# User@Host: (?P<user>\S*?)\[[^\]]*\] @ +(?P<host>\S*?) ?\[(?P<ip>[^\]]*)\].*")
_NUMBER: Final = re.compile(
    rb"(Query_time|Lock_time|Rows_sent|Rows_examined|Rows_affected|Schema|Thread_id): *([^\s:]+)(?: |$)"
)
_SET: Final = re.compile(rb"SET timestamp=(\d{1,11})(?:\.(\d{1,6}))?;")
_RESTART: Final = re.compile(
    rb"\S+, Version: .* started with:|Tcp port: \S+ .*|Time\s+Id\s+Command\s+Argument"
)  # its head, at each start
_USE: Final = re.compile(rb"use `?([^`;]+)`?;")
MAX_SQL: Final = 65_536


@dataclass(slots=True)
class _Query:
    """One record of the slow log as far as it was read."""

    line: Line
    stamp: Stamp | None
    columns: dict[str, Any] = field(default_factory=dict)
    sql: list[bytes] = field(default_factory=list)
    headed: bool = False
    size: int = 0

    def record(self) -> Record | Reject:
        """Give the event, once a time is known."""
        if self.stamp is None:
            return Reject(self.line, "a slow query without # Time and SET timestamp")
        text = b"\n".join(self.sql).decode("utf-8", "backslashreplace")
        return Record(self.line, self.stamp, self.columns | {"message": text, "kind": str(Kind.LOG)})


def _claims(_path: str, head: list[bytes]) -> float:
    queries = sum(line.startswith(b"# User@Host: ") for line in head)
    times = sum(line.startswith(b"# Query_time: ") for line in head)
    return 1.0 if queries and times else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event per query; ``# Time`` counts for the queries below it until the next."""
    query: _Query | None = None
    stamp: Stamp | None = None
    for line in lines:
        text = line.text
        timed = _TIME.fullmatch(text)
        if timed or (text.startswith(b"# User@Host: ") and (query is None or query.headed)):
            if query is not None:
                yield query.record()
            stamp = _stamp(timed[1]) if timed else stamp
            query = _Query(line, stamp)
        if query is not None and not timed:
            _add(query, text)
    if query is not None:
        yield query.record()


def _add(query: _Query, text: bytes) -> None:
    user = _USER.match(text)
    if user is not None:
        query.headed = True
        query.columns |= {
            "user": user["user"].decode(errors="replace"),
            "client": (user["ip"] or user["host"]).decode(errors="replace"),
        }
    elif text.startswith(b"# "):
        for name, value in _NUMBER.findall(text):
            _note(query, name.decode(), value.decode(errors="replace"))
    elif found := _SET.fullmatch(text):
        if query.stamp is None or query.stamp.offset_s != 0:
            micros = int((found[2] or b"").ljust(6, b"0"))
            query.stamp = Stamp(int(found[1]) * 1_000_000 + micros, 0, resolution_us=1_000_000)
    elif found := _USE.fullmatch(text):
        query.columns["database"] = found[1].decode(errors="replace")
    elif query.size < MAX_SQL and not _RESTART.fullmatch(text):
        query.sql.append(text[: MAX_SQL - query.size])
        query.size += len(text) + 1


def _note(query: _Query, name: str, value: str) -> None:
    if name == "Query_time":
        try:
            query.columns["duration"] = float(value)
        except ValueError:
            query.columns["query_time"] = value
    elif name == "Schema":
        query.columns["database"] = value
    else:
        query.columns[name.lower()] = value


def _stamp(text: bytes) -> Stamp | None:
    """Read both forms; years of two digits are of this century."""
    found = re.fullmatch(rb"(\d\d)(\d\d)(\d\d) +(\d{1,2}):(\d\d):(\d\d)", text)
    if found is None:
        return read_stamp("iso", text)
    return read_stamp(
        "iso", b"20%s-%s-%s %s:%s:%s" % (found[1], found[2], found[3], found[4].zfill(2), found[5], found[6])
    )


_RUN: Final = "MariaDB 10.11.19 (Debian) on loopback"
SAMPLES: Final = (
    Sample(
        b"2026-11-22 11:43:54 0 [Note] mariadbd: ready for connections.\nVersion: '10.11.19-MariaDB-0+deb12u1-log'  socket: '/tmp/fx/my/s.sock'  port: 33306  Debian 12",
        {"time": "2026-11-22T11:43:54", "kind": "change", "action": "start", "target": "mysql", "severity": 9,
         "message": "mariadbd: ready for connections.\nVersion: '10.11.19-MariaDB-0+deb12u1-log'  socket: '/tmp/fx/my/s.sock'  port: 33306  Debian 12"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 11:44:00 4 [Warning] Access denied for user 'nobody'@'localhost' (using password: YES)",
        {"severity": 13, "thread": "4", "kind": "log", "message": "Access denied for user 'nobody'@'localhost' (using password: YES)"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 11:44:00 0 [Note] mariadbd (initiated by: root[root] @ localhost []): Normal shutdown",
        {"kind": "change", "action": "stop", "outcome": "started"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:11:40 0 [Note] mariadbd: Shutdown complete",
        {"kind": "change", "action": "stop", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:11:01 8 [ERROR] InnoDB: Transaction was aborted due to Deadlock",
        {"severity": 17, "thread": "8", "kind": "log"},
        _RUN + ", two transactions that lock each other",
    ),
    Sample(
        b"261122 14:11:36 [ERROR] mariadbd got signal 11 ;\nSorry, we probably made a mistake, and this is a bug.\n",
        {"time": "2026-11-22T14:11:36", "severity": 17, "kind": "change", "action": "crash", "outcome": "failed",
         "message": "mariadbd got signal 11 ;\nSorry, we probably made a mistake, and this is a bug."},
        _RUN + ", SIGSEGV sent to it; the trace shortened",
    ),
    Sample(
        b"2026-11-22 14:11:36 0 [ERROR] Aborting",
        {"kind": "change", "action": "start", "outcome": "failed", "severity": 17},
        _RUN + ", a second server on the same files",
    ),
    Sample(
        b"2025-03-25T14:19:39.249558Z 58291 [Note] [MY-010914] [Server] Aborted connection 58291 to db: 'so' user: 'root' host: '172.21.0.1' (Got an error reading communication packets).",
        {"time": "2025-03-25T14:19:39.249558+00:00", "severity": 9, "code": "MY-010914", "subsystem": "Server", "thread": "58291", "kind": "log"},
        "MySQL 8, github.com/readysettech/readyset/issues/1479",
    ),
    Sample(
        b"121112 11:16:52 InnoDB: Initializing buffer pool, size = 128.0M",
        {"time": "2012-11-12T11:16:52", "message": "Initializing buffer pool, size = 128.0M"},
        "log of MariaDB 5.5 quoted in a public repository",
    ),
    Sample(
        b"101220 15:45:55  InnoDB: Started; log sequence number 0 44233",
        {"time": "2010-12-20T15:45:55", "message": "Started; log sequence number 0 44233"},
        "log of MySQL 5.1 quoted in a public repository",
    ),
    Sample(
        b"2018-03-22T12:35:47.538083Z 0 [Note] [MY-012487] [InnoDB] InnoDB: DDL log recovery : begin",
        {"severity": 9, "subsystem": "InnoDB", "kind": "log"},
        "manual of MySQL 8.0, The Error Log: format",
    ),
    Sample(
        b"2020-03-15T00:39:44.847890Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.0.19'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.",
        {"kind": "change", "action": "start", "severity": 9},
        "log of MySQL 8.0.19 in Docker quoted in a public repository",
    ),
    Sample(
        b"2019-12-11T09:49:38.512283Z 0 [Note] /opt/bitnami/mysql/bin/mysqld (mysqld 5.7.28-log) starting as process 1 ...",
        {"time": "2019-12-11T09:49:38.512283+00:00", "kind": "change", "action": "start", "outcome": "started", "severity": 9},
        "MySQL 5.7, github.com/bitnami/bitnami-docker-mysql/issues/83",
    ),
    Sample(
        b"2023-05-23  4:06:42 0 [ERROR] Aborting",
        {"time": "2023-05-23T04:06:42", "kind": "change", "action": "start", "outcome": "failed", "severity": 17},
        "MariaDB, github.com/bitnami/vms/issues/931",
    ),
    Sample(
        b"210621 18:35:42 [Note] /usr/sbin/mysqld: ready for connections.",
        {"time": "2021-06-21T18:35:42", "kind": "change", "action": "start"},
        "log of MySQL 5.5 quoted in a public repository",
    ),
    Sample(
        b"261122 14:11:43 mysqld_safe Starting mariadbd daemon with databases from /tmp/ts/my/d",
        {"time": "2026-11-22T14:11:43", "kind": "change", "action": "start", "outcome": "started", "severity": None},
        _RUN + ", mariadbd-safe",
    ),
    Sample(
        b"2022-11-10 10:29:58 7 [Note] Access denied for user 'x\x00\xff\x1b[31m [ERROR] mysqld got signal 11 ;'@'localhost'",
        {"kind": "log", "severity": 9},
        "hostile: NUL, bad UTF-8, an escape and a crash in a user name",
    ),
    Sample(b"2022-11-10 10:29:58 7 [Note] " + b"x" * 1_000_000, {"message": "x" * 1_000_000}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-10 25:29:58 7 [Note] x", None, "hostile: no such hour"),
    Sample(b"2022-11-10 10:29:58 7 [No", None, "hostile: a line cut short"),
)  # fmt: skip

SLOW_SAMPLES: Final = (
    Sample(
        b"# Time: 261122 11:43:59\n# User@Host: root[root] @ localhost []\n# Thread_id: 3  Schema: d  QC_hit: No\n"
        b"# Query_time: 0.100442  Lock_time: 0.000041  Rows_sent: 2  Rows_examined: 2\n# Rows_affected: 0  Bytes_sent: 110\n"
        b"SET timestamp=1795347839;\nselect sleep(0.05),\n a from t;",
        {"time": "2026-11-22T11:43:59+00:00", "duration": 0.100442, "client": "localhost", "user": "root", "database": "d",
         "rows_examined": "2", "message": "select sleep(0.05),\n a from t;", "kind": "log"},
        _RUN,
    ),
    Sample(
        b"# User@Host: root[root] @ localhost []\n# Thread_id: 3  Schema: d  QC_hit: No\n"
        b"# Query_time: 0.027532  Lock_time: 0.000056  Rows_sent: 0  Rows_examined: 0\n# Rows_affected: 0  Bytes_sent: 11\n"
        b"use `d`;\nSET timestamp=1795347839;\ncreate table t(a int);",
        {"time": "2026-11-22T11:43:59+00:00", "duration": 0.027532, "database": "d", "message": "create table t(a int);"},
        _RUN + "; a second query within one second",
    ),
    Sample(
        b"# Time: 261122 14:11:04\n# User@Host: app[app] @ localhost [127.0.0.1]\n# Thread_id: 15  Schema: d  QC_hit: No\n"
        b"# Query_time: 5.000231  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0\n# Rows_affected: 0  Bytes_sent: 66\n"
        b"SET timestamp=1795356664;\nselect sleep(30);\nmariadbd, Version: 10.11.19-MariaDB-0+deb12u1-log (Debian 12). started with:\n"
        b"Tcp port: 33306  Unix socket: /tmp/ts/my/s\nTime\t\t    Id Command\tArgument",
        {"time": "2026-11-22T14:11:04+00:00", "duration": 5.000231, "client": "127.0.0.1", "message": "select sleep(30);"},
        _RUN + ", a start behind a query",
    ),
    Sample(
        b"# Time: 2022-11-10T10:29:58.123456Z\n# User@Host: app[app] @ web-01 [192.0.2.7]  Id:    11\n"
        b"# Query_time: 12.000000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 0\nSET timestamp=1668076186;\n"
        b"SELECT '\x00\xff\x1b[31m # Time: 2022-11-11T00:00:00Z';",
        {"time": "2022-11-10T10:29:58.123456+00:00", "duration": 12.0, "client": "192.0.2.7", "lock_time": "0.000000"},
        "header as in the manual of MySQL 8.0; hostile: NUL, bad UTF-8, an escape and a stamp in the statement",
    ),
)  # fmt: skip

PARSER = (
    LineParser(
        name="mysql-error",
        title="MySQL and MariaDB error log",
        url="https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html",
        samples=SAMPLES,
        layouts=(
            Layout("{time:iso} {thread:d} [{level:level}] [{code}] [{subsystem}] {message:rest}", name="MySQL 8"),
            Layout("{time:iso} {thread:d} [{level:level}] {message:rest}", name="MySQL 5.7 and MariaDB"),
            Layout("{time} {thread:d} [{level:level}] {message:rest}", name="padded hour"),
            Layout("{time} [{level:level}] {message:rest}", name="before MySQL 5.6"),
            Layout("{time} mysqld_safe {message:rest}", name="mysqld_safe"),
            Layout("{time}  InnoDB: {message:rest}", name="InnoDB before MySQL 5.6"),
            Layout("{time} InnoDB: {message:rest}", name="InnoDB before MySQL 5.6, one blank"),
        ),
        continues=True,
        meaning=_meaning,
    ),
    RecordParser(
        name="mysql-slow",
        title="MySQL and MariaDB slow query log",
        url="https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html",
        samples=SLOW_SAMPLES,
        claims=_claims,
        records=_records,
    ),
)
