r"""Python's application logs: the standard ``logging`` in the formats that people and frameworks use; with tracebacks.

::

    2022-11-10 10:29:58,123 - name - ERROR - …                  the documentation's
    2022-11-10 10:29:58,123 ERROR name …, [ERROR] name: …        what people write
    [2022-11-10 10:29:58,123] ERROR in app: …                    Flask
    [2022-11-10 10:29:58,123: INFO/MainProcess] …                Celery
    [2022-11-10 10:29:58 +0000] [123] [INFO] …                   gunicorn's error log
    [2022-11-10T10:29:58.123+0000] {taskinstance.py:1159} INFO - …  Airflow
    2022-11-10 10:29:58.123 | ERROR    | module:f:12 - …         loguru
    2022-11-10 10:29:58.123 1234 ERROR nova.compute [req-…] …    OpenStack
    2022-11-10 10:29:58,123 1234 INFO db odoo.modules: …         Odoo
    2022-11-10 10:29:58 [info     ] event   key=value            structlog's console
    INFO 2022-11-10 10:29:58,123 views 123 456 …                 Django's "verbose"
    [10/Nov/2022 10:29:58] "GET / HTTP/1.1" 200 12               Django's runserver
    192.0.2.7 - - [10/Nov/2022 10:29:58] "GET / HTTP/1.1" 200 -  http.server, Flask's and Werkzeug's own server

gunicorn's and Celery's starts, stops, reloads and killed workers are changes; a request that OpenStack's servers tell in
their messages is a request. Traps: ``asctime`` has a comma and no zone; levels are padded on either side; gunicorn prints
the offset behind a blank, and a SIGTERM sent to a worker at every reload, which is no crash; Flask colours what it
prints; ``ERROR:name:…`` (basicConfig) and uvicorn's lines have no time at all; a
traceback's lines have none either and belong to the line above.

https://docs.python.org/3/howto/logging.html#changing-the-format-of-displayed-messages
https://docs.gunicorn.org/en/stable/settings.html#logging
https://docs.celeryq.dev/en/stable/userguide/configuration.html#worker-log-format
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
    Outcome,
    Sample,
    each_unique,
    severity_of,
    stamped,
    told_by,
    zoned,
)

_RUNSERVER: Final = Form("dd/bbb/YYYY HH:MM:SS", "10/Nov/2022 10:29:58")
_AIRFLOW: Final = Form("YYYY-mm-dd, HH:MM:SSF", "2022-11-10, 10:29:58")
_COLOUR: Final = r"(?:\x1b\[[0-9;]*m)*"
_ASKED: Final = re.compile(rf"{_COLOUR}(?P<method>[A-Z]{{1,16}}) (?P<path>\S+)(?: HTTP/\d(?:\.\d)?)?{_COLOUR}")
# What nova, glance and their kind say of a request: the address of the client stands first, those of proxies behind it.
_SERVED: Final = (
    r'^(?:\[[^\]]*\] )?(?P<client>[0-9A-Fa-f.:]{3,45})(?:,[0-9A-Fa-f.:,]{3,200})? "(?P<method>[A-Z]{1,16}) (?P<path>[^ "]+)'
    r'(?: HTTP/[0-9.]+)?" status: (?P<status>[1-5][0-9]{2}) +len: (?P<bytes>[0-9]{1,15}) time: (?P<duration>[0-9]{1,9}\.[0-9]{1,9})'
)
_NOTHING: Final = pa.scalar(None, pa.string())
_CHANGE: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.CHANGED)}
_GUNICORN: Final = _CHANGE | {"target": "gunicorn"}
_FAILED: Final = {"outcome": str(Outcome.FAILED)}
_TELLS: Final = (
    r"^(?:Starting gunicorn|Listening at: |Handling signal: |Hang up: |Shutting down: |WORKER TIMEOUT|Worker \(pid:"
    r"|celery@\S+ ready|worker: (?:Warm|Cold|Hot) shutdown|Process '.*' pid:\d+ exited)"
)
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r"Starting gunicorn .*", _GUNICORN | {"action": "start", "outcome": str(Outcome.STARTED)}),
        (r"Listening at: .*", _GUNICORN | {"action": "start"}),
        (r"(?:Handling signal: hup|Hang up: .*)", _GUNICORN | {"action": "reload"}),
        (r"Handling signal: (?:term|int|quit)", _GUNICORN | {"action": "stop", "outcome": str(Outcome.STARTED)}),
        (r"Handling signal: usr2", _GUNICORN | {"action": "restart"}),
        (r"Handling signal: tt(?:in|ou)", _GUNICORN | {"action": "scale"}),
        (r"Shutting down: .*", _GUNICORN | {"action": "stop"}),
        (r"WORKER TIMEOUT .*", _GUNICORN | _FAILED | {"action": "crash"}),
        (r"Worker \(pid:\d+\) was sent SIGKILL! Perhaps out of memory\?", _GUNICORN | _FAILED | {"action": "oom"}),
        (r"Worker \(pid:\d+\) (?:was sent SIG(?!TERM|INT|QUIT)|was terminated|exited with code [1-9]).*", _GUNICORN | _FAILED | {"action": "crash"}),
        (r"celery@\S+ ready\..*", _CHANGE | {"target": "celery", "action": "start"}),
        (r"worker: (?:Warm|Cold|Hot) shutdown .*", _CHANGE | {"target": "celery", "action": "stop"}),
        (r"Process '.*' pid:\d+ exited with 'signal .*", _CHANGE | _FAILED | {"target": "celery", "action": "crash"}),
    )
)  # fmt: skip


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "status" in match:
        return _request(match)
    if match.types["time"] == "text":
        return _airflow(match)
    severity = severity_of(pc.utf8_trim(match.text("level"), " "))
    refused = np.asarray(pc.or_(severity.is_null(), pc.equal(match.text("level"), "LOG")))  # LOG is PgBouncer's
    columns: dict[str, Any] = {"severity": severity, "level": None, "refused": refused}
    if "zone" in match:
        columns |= {"time": zoned(match.time(), match.text("zone")), "zone": None}
    for name in ("logger", "request_ids"):
        if name in match:
            columns[name] = pc.utf8_trim(match.text(name), " ")
    message = match.text("message")
    if "logger" in match:
        columns |= _served(message)
    told = pc.match_substring_regex(message, _TELLS)
    return columns | (each_unique(pc.if_else(told, message, ""), _told) if pc.any(told).as_py() else {})


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


def _airflow(match: Match) -> dict[str, Any]:
    severity = severity_of(match.text("level"))
    columns = stamped(match, _AIRFLOW) | {"severity": severity, "level": None}
    return columns | {"refused": columns["refused"] | np.asarray(severity.is_null())}


def _request(match: Match) -> dict[str, Any]:
    status, there = match.int("status")
    known = there & (status >= 100) & (status <= 599)
    columns = stamped(match, _RUNSERVER) | {
        "kind": pa.repeat(str(Kind.REQUEST), len(match)),
        "status": pa.array(status, pa.int64(), mask=~known),
        "protocol": None,
    }
    if "asked" in match:
        asked = each_unique(match.text("asked"), _asked)
        columns |= asked | {"asked": None, "refused": columns["refused"] | np.asarray(asked["method"].is_null())}
    return columns


def _asked(text: str) -> dict[str, str | None]:
    """Read a request line that may be coloured."""
    found = _ASKED.fullmatch(text)
    return found.groupdict() if found else {"method": None, "path": None}


def _served(message: Column) -> dict[str, Column]:
    """Read the request that a message tells, where one does."""
    told = pc.extract_regex(message, _SERVED)
    asked = told.is_valid()
    if not pc.any(asked).as_py():
        return {}
    columns = {name: pc.struct_field(told, name) for name in ("client", "method", "path")}
    return columns | {
        "status": pc.struct_field(told, "status").cast(pa.int16()),
        "bytes": pc.struct_field(told, "bytes").cast(pa.int64()),
        "duration": pc.struct_field(told, "duration").cast(pa.float64()),
        "kind": pc.if_else(asked, str(Kind.REQUEST), str(Kind.LOG)),
    }


_RUN: Final = "gunicorn 27.0.1 on loopback"
_LOGGING: Final = "Python 3.11, logging on this machine: format "
_CELERY: Final = "Celery 5.7.0 on loopback"
_LOGHUB: Final = "public log of the LogHub collection, OpenStack"

SAMPLES: Final = (
    Sample(
        b'2026-11-22 14:01:06,995 - simple_example - ERROR - payment failed\nTraceback (most recent call last):\n  File "gen.py", line 15, in use\n'
        b"    refused()\nConnectionRefusedError: [Errno 111] Connection refused",
        {"time": "2026-11-22T14:01:06.995", "severity": 17, "logger": "simple_example", "kind": "log",
         "message": 'payment failed\nTraceback (most recent call last):\n  File "gen.py", line 15, in use\n    refused()\n'
                    "ConnectionRefusedError: [Errno 111] Connection refused"},
        _LOGGING + "'%(asctime)s - %(name)s - %(levelname)s - %(message)s'; the trace shortened",
    ),
    Sample(
        b"2026-11-22 14:01:07,001 WARNING root Watch out!",
        {"severity": 13, "message": "root Watch out!"},
        _LOGGING + "'%(asctime)s %(levelname)s %(name)s %(message)s'",
    ),
    Sample(
        b"2026-11-22 14:01:07,002 [CRITICAL] shop.orders: out of stock",
        {"severity": 18, "message": "shop.orders: out of stock"},
        _LOGGING + "'%(asctime)s [%(levelname)s] %(name)s: %(message)s'",
    ),
    Sample(
        b"2026-11-22 14:01:07,002:WARNING:shop.orders.c:Watch out!",
        {"severity": 13, "logger": "shop.orders.c", "message": "Watch out!"},
        _LOGGING + "'%(asctime)s:%(levelname)s:%(name)s:%(message)s'",
    ),
    Sample(
        b"2026-11-22 14:10:57.909  INFO [,] main s.o.OrderService : ready",
        {"time": "2026-11-22T14:10:57.909", "severity": 9, "message": "[,] main s.o.OrderService : ready"},
        "logback 1.2.11 (Debian): the level padded on its left, '%d{yyyy-MM-dd HH:mm:ss.SSS} %5p [%X{traceId:-},%X{spanId:-}] %t %c{1} : %m%n'",
    ),
    Sample(
        b"[2026-11-22 14:01:30,899] ERROR in app: Exception on /boom [GET]",
        {"time": "2026-11-22T14:01:30.899", "severity": 17, "logger": "app", "message": "Exception on /boom [GET]"},
        "Flask 3 on loopback",
    ),
    Sample(
        b"[2026-11-22 14:02:18,204: INFO/MainProcess] celery@vm ready.",
        {"time": "2026-11-22T14:02:18.204", "severity": 9, "process": "MainProcess", "kind": "change", "action": "start", "target": "celery"},
        _CELERY,
    ),
    Sample(
        b"[2026-11-22 14:02:23,206: ERROR/MainProcess] Process 'ForkPoolWorker-1' pid:16847 exited with 'signal 9 (SIGKILL)'",
        {"severity": 17, "kind": "change", "action": "crash", "outcome": "failed", "target": "celery"},
        _CELERY + ", a task that kills its process",
    ),
    Sample(
        b"[2026-11-22 14:02:32,088: ERROR/MainProcess] consumer: Cannot connect to redis://:**@127.0.0.1:38379/0: Error 111 connecting to 127.0.0.1:38379. Connection refused..\nTrying again in 2.00 seconds... (1/100)\n",
        {"severity": 17, "kind": "log",
         "message": "consumer: Cannot connect to redis://:**@127.0.0.1:38379/0: Error 111 connecting to 127.0.0.1:38379. Connection refused..\nTrying again in 2.00 seconds... (1/100)"},
        _CELERY + ", its broker stopped",
    ),
    Sample(
        b"[2026-11-22 14:01:07 +0000] [15022] [INFO] Listening at: http://127.0.0.1:38120 (15022)",
        {"time": "2026-11-22T14:01:07+00:00", "severity": 9, "pid": "15022", "kind": "change", "action": "start", "target": "gunicorn"},
        _RUN,
    ),
    Sample(
        b"[2026-11-22 11:48:39 +0000] [32658] [ERROR] Error handling request GET /boom\nTraceback (most recent call last):\nRuntimeError: boom",
        {"severity": 17, "kind": "log", "message": "Error handling request GET /boom\nTraceback (most recent call last):\nRuntimeError: boom"},
        _RUN + "; the trace shortened",
    ),
    Sample(
        b"[2026-11-22 14:01:13 +0000] [15022] [INFO] Handling signal: hup",
        {"kind": "change", "action": "reload", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"[2026-11-22 14:01:13 +0000] [15022] [INFO] Worker (pid:15024) was sent SIGTERM!",
        {"kind": "log", "severity": 9},
        _RUN + ", a reload",
    ),
    Sample(b"[2026-11-22 14:01:22 +0000] [15022] [INFO] Shutting down: Master", {"kind": "change", "action": "stop"}, _RUN),
    Sample(
        b"[2026-11-22 14:01:13 +0000] [15022] [CRITICAL] WORKER TIMEOUT (pid:15024)",
        {"time": "2026-11-22T14:01:13+00:00", "kind": "change", "action": "crash", "outcome": "failed", "severity": 18},
        _RUN + ", a request that hangs",
    ),
    Sample(
        b"[2026-11-22 14:01:10 +0000] [15022] [ERROR] Worker (pid:15025) was sent SIGKILL! Perhaps out of memory?",
        {"kind": "change", "action": "oom", "outcome": "failed", "severity": 17},
        _RUN + ", a worker killed",
    ),
    Sample(
        b"[2026-11-22 14:01:24 +0000] [16038] [ERROR] Worker (pid:16040) exited with code 3.",
        {"kind": "change", "action": "crash", "severity": 17},
        _RUN + ", an application that is not there",
    ),
    Sample(
        b"[2016-02-08 16:01:07,745] {models.py:920} WARNING - Dependencies not met yet",
        {"time": "2016-02-08T16:01:07.745", "severity": 13, "logger": "models.py:920", "message": "Dependencies not met yet"},
        "github.com/apache/airflow/issues/970",
    ),
    Sample(
        b"[2023-01-12, 06:08:10 UTC] {taskinstance.py:1120} INFO - Dependencies all met for dep_context=non-requeueable deps ti=<TaskInstance: example_time_delta_sensor_async.wait manual__2023-01-12T06:07:28.079404+00:00 [queued]>",
        {"time": "2023-01-12T06:08:10+00:00", "severity": 9, "logger": "taskinstance.py:1120"},
        "github.com/apache/airflow/pull/28875",
    ),
    Sample(
        b"2026-11-22 14:01:07.061 | ERROR    | __main__:<module>:35 - boom",
        {"time": "2026-11-22T14:01:07.061", "severity": 17, "logger": "__main__:<module>:35", "message": "boom"},
        "loguru 0.7 on this machine",
    ),
    Sample(b"2026-11-22 14:01:07.061 | SUCCESS  | __main__:<module>:35 - done", {"severity": 10, "message": "done"}, "loguru 0.7 on this machine"),
    Sample(
        b"2026-11-22 14:01:07.146 15000 ERROR nova.compute.manager [None req-9bc36dd9-91c5-4314-898a-47625eb93b09 u1 p1 - - - -] Instance failed to spawn: ConnectionRefusedError: [Errno 111] Connection refused",
        {"severity": 17, "pid": "15000", "logger": "nova.compute.manager", "kind": "log",
         "message": "[None req-9bc36dd9-91c5-4314-898a-47625eb93b09 u1 p1 - - - -] Instance failed to spawn: ConnectionRefusedError: [Errno 111] Connection refused"},
        "oslo.log on this machine",
    ),
    Sample(
        b'2017-05-16 00:14:46.305 25795 INFO nova.metadata.wsgi.server [req-c58fdf6b-7dad-448e-b06a-da2fd52415fc - - - - -] 10.11.21.143,10.11.10.1 "GET /openstack/2013-10-17/user_data HTTP/1.1" status: 404 len: 176 time: 0.2187860',
        {"time": "2017-05-16T00:14:46.305", "severity": 9, "kind": "request", "client": "10.11.21.143", "method": "GET",
         "path": "/openstack/2013-10-17/user_data", "status": 404, "bytes": 176, "duration": 0.218786, "logger": "nova.metadata.wsgi.server"},
        _LOGHUB + ", without the name of the file",
    ),
    Sample(
        b"nova-compute.log.1.2017-05-16_13:55:31 2017-05-16 00:14:47.447 2931 INFO nova.compute.manager [req-699eeadf-6db8-44a4-8521-1ab4e8a53b53 113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] [instance: faf974ea-cba5-4e1b-93f4-3a3bc606006f] Terminating instance",
        {"time": "2017-05-16T00:14:47.447", "severity": 9, "pid": "2931", "logger": "nova.compute.manager", "kind": "log",
         "file": "nova-compute.log.1.2017-05-16_13:55:31"},
        _LOGHUB,
    ),
    Sample(
        b"2013-08-07 07:15:02,703 64916 INFO longpolling openerp.modules.loading: Modules loaded.",
        {"severity": 9, "pid": "64916", "database": "longpolling", "logger": "openerp.modules.loading", "message": "Modules loaded."},
        "log of OpenERP 7 in the documentation of a public module, web_longpolling",
    ),
    Sample(
        b"2026-11-22 14:01:07 [info     ] order placed                   order_id=7",
        {"time": "2026-11-22T14:01:07", "severity": 9, "message": "order placed                   order_id=7"},
        "structlog 25 on this machine, ConsoleRenderer",
    ),
    Sample(
        b"2026-11-22T14:01:07.073529Z [warning  ] retry                          n=2",
        {"time": "2026-11-22T14:01:07.073529+00:00", "severity": 13},
        "structlog 25 on this machine, ConsoleRenderer with UTC",
    ),
    Sample(
        b"ERROR 2026-11-22 14:01:35,151 log 16134 140376949368512 Internal Server Error: /boom",
        {"time": "2026-11-22T14:01:35.151", "severity": 17, "logger": "log", "message": "16134 140376949368512 Internal Server Error: /boom"},
        "Django 5 on loopback, the verbose formatter of its documentation",
    ),
    Sample(
        b'[22/Nov/2026 14:01:35] "GET /boom HTTP/1.1" 500 57915',
        {"time": "2026-11-22T14:01:35", "kind": "request", "method": "GET", "path": "/boom", "status": 500, "bytes": 57915},
        "Django 5 on loopback, runserver",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026 14:01:30] "\x1b[35m\x1b[1mGET /boom HTTP/1.1\x1b[0m" 500 -',
        {"time": "2026-11-22T14:01:30", "kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/boom", "status": 500},
        "Flask 3 on loopback, its own server",
    ),
    Sample(
        b"2026-11-22 14:01:07,001 - a - INFO - user \x00\xff\x1b[31m [2022-11-11 00:00:00 +0000] [1] [INFO] Handling signal: hup",
        {"severity": 9, "kind": "log"},
        "hostile: NUL, bad UTF-8, an escape and another line inside a message",
    ),
    Sample(b"2022-11-10 10:29:58,123 - a - INFO - " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-31 10:29:58,123 - a - INFO - x", None, "hostile: no such day"),
    Sample(b"2022-11-10 10:29:58,123 - a - Hello - x", None, "a word where the level should be"),
)  # fmt: skip

PARSER = LineParser(
    name="python",
    title="Python application log (logging, gunicorn, Celery, loguru, Flask)",
    url="https://docs.python.org/3/howto/logging.html",
    samples=SAMPLES,
    layouts=(
        Layout("[{time:iso} {zone:word}] [{pid:d}] [{level:level}] {message:rest}", name="gunicorn"),
        Layout("{time:iso} - {logger} - {level:level} - {message:rest}", name="logging documentation"),
        Layout("{time:iso} | {level:level}{~}| {logger} - {message:rest}", name="loguru"),
        Layout("[{time:iso}: {level:level}/{process}] {message:rest}", name="Celery"),
        Layout("[{time:iso}] {level:level} in {logger:word}: {message:rest}", name="Flask"),
        Layout("[{time:iso}] {{{logger}}} {level:level} - {message:rest}", name="Airflow"),
        Layout("[{time}] {{{logger}}} {level:level} - {message:rest}", name="Airflow since 2.3"),
        Layout("{time:iso} {pid:d} {level:level} {database:word} {logger:word}: {message:rest}", name="Odoo"),
        Layout("{time:iso} {pid:d} {level:level} {logger:word} {message:rest}", name="OpenStack"),
        Layout(
            "{file:word} {time:iso} {pid:d} {level:level} {logger:word} {message:rest}",
            name="OpenStack behind its file's name",
        ),
        Layout("{time:iso} [{level}] {message:rest}", name="level in brackets, structlog"),
        Layout("{time:iso}:{level:level}:{logger}:{message:rest}", name="colons"),
        Layout("{time:iso}{~}{level:level} {message:rest}", name="level and message"),
        Layout("{level:level}{~}{time:iso} {logger:word} {message:rest}", name="Django, verbose"),
        Layout('[{time}] "{request:request}" {status:d} {bytes:d}', name="Django's runserver"),
        Layout('{client:ip} - - [{time}] "{asked}" {status:d} -', name="http.server, Flask and Werkzeug"),
    ),
    continues=True,
    meaning=_meaning,
)
