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

gunicorn's and Celery's starts, stops, reloads and killed workers are changes. Traps: ``asctime`` has a comma and no zone;
gunicorn prints the offset behind a blank; ``ERROR:name:…`` (basicConfig) and uvicorn's lines have no time at all; a
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
    zoned,
)

_RUNSERVER: Final = Form("dd/bbb/YYYY HH:MM:SS", "10/Nov/2022 10:29:58")
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
        (r"Worker \(pid:\d+\) (?:was (?:sent|terminated)|exited with code [1-9]).*", _GUNICORN | _FAILED | {"action": "crash"}),
        (r"celery@\S+ ready\..*", _CHANGE | {"target": "celery", "action": "start"}),
        (r"worker: (?:Warm|Cold|Hot) shutdown .*", _CHANGE | {"target": "celery", "action": "stop"}),
        (r"Process '.*' pid:\d+ exited with 'signal .*", _CHANGE | _FAILED | {"target": "celery", "action": "crash"}),
    )
)  # fmt: skip


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "request" in match:
        return _request(match)
    severity = severity_of(pc.utf8_trim(match.text("level"), " "))
    refused = np.asarray(severity.is_null())
    columns: dict[str, Any] = {"severity": severity, "level": None, "refused": refused}
    if "zone" in match:
        columns |= {"time": zoned(match.time(), match.text("zone")), "zone": None}
    for name in ("logger", "request_ids"):
        if name in match:
            columns[name] = pc.utf8_trim(match.text(name), " ")
    message = match.text("message")
    told = pc.match_substring_regex(message, _TELLS)
    return columns | (each_unique(pc.if_else(told, message, ""), _told) if pc.any(told).as_py() else {})


def _request(match: Match) -> dict[str, Any]:
    status, there = match.int("status")
    known = there & (status >= 100) & (status <= 599)
    return stamped(match, _RUNSERVER) | {
        "kind": pa.repeat(str(Kind.REQUEST), len(match)),
        "status": pa.array(status, pa.int64(), mask=~known),
        "protocol": None,
    }


def _told(text: str) -> dict[str, str]:
    said = {"kind": str(Kind.LOG)}
    return next((meaning for pattern, meaning in _SAYINGS if pattern.fullmatch(text)), said)


_HOWTO: Final = "composed after: Python documentation, Logging HOWTO and cookbook"
_RUN: Final = "gunicorn 27.0.1 on loopback"

SAMPLES: Final = (
    Sample(
        b'2022-11-10 10:29:58,123 - simple_example - ERROR - error message\nTraceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: x',
        {"time": "2022-11-10T10:29:58.123", "severity": 17, "logger": "simple_example", "kind": "log",
         "message": 'error message\nTraceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: x'},
        _HOWTO,
    ),
    Sample(
        b"2022-11-10 10:29:58,123 WARNING root Watch out!",
        {"severity": 13, "message": "root Watch out!"},
        _HOWTO + ": format '%(asctime)s %(levelname)s %(name)s %(message)s'",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 [CRITICAL] shop.orders: out of stock",
        {"severity": 18, "message": "shop.orders: out of stock"},
        _HOWTO + ": format '%(asctime)s [%(levelname)s] %(name)s: %(message)s'",
    ),
    Sample(
        b"2022-11-10 10:29:58,123:ERROR:shop.orders:out of stock",
        {"severity": 17, "logger": "shop.orders", "message": "out of stock"},
        _HOWTO + ": format '%(asctime)s:%(levelname)s:%(name)s:%(message)s'",
    ),
    Sample(
        b"[2022-11-10 10:29:58,123] ERROR in app: Exception on / [GET]",
        {"time": "2022-11-10T10:29:58.123", "severity": 17, "logger": "app", "message": "Exception on / [GET]"},
        "composed after: Flask documentation, Logging: default format '[%(asctime)s] %(levelname)s in %(module)s: %(message)s'",
    ),
    Sample(
        b"[2022-11-10 10:29:58,123: INFO/MainProcess] celery@web-01 ready.",
        {"severity": 9, "process": "MainProcess", "kind": "change", "action": "start", "target": "celery"},
        "composed after: Celery documentation, worker_log_format",
    ),
    Sample(
        b"[2026-11-22 11:48:37 +0000] [32656] [INFO] Listening at: http://127.0.0.1:38100 (32656)",
        {"time": "2026-11-22T11:48:37+00:00", "severity": 9, "pid": "32656", "kind": "change", "action": "start", "target": "gunicorn"},
        _RUN,
    ),
    Sample(
        b"[2026-11-22 11:48:39 +0000] [32658] [ERROR] Error handling request GET /boom\nTraceback (most recent call last):\nRuntimeError: boom",
        {"severity": 17, "kind": "log", "message": "Error handling request GET /boom\nTraceback (most recent call last):\nRuntimeError: boom"},
        _RUN,
    ),
    Sample(
        b"[2026-11-22 11:48:39 +0000] [32656] [INFO] Handling signal: hup",
        {"kind": "change", "action": "reload", "outcome": "changed"},
        _RUN,
    ),
    Sample(b"[2026-11-22 11:48:42 +0000] [32656] [INFO] Shutting down: Master", {"kind": "change", "action": "stop"}, _RUN),
    Sample(
        b"[2022-11-10 10:29:58 +0530] [7] [CRITICAL] WORKER TIMEOUT (pid:9)",
        {"time": "2022-11-10T10:29:58+05:30", "kind": "change", "action": "crash", "outcome": "failed", "severity": 18},
        "composed after: source of gunicorn, arbiter.py",
    ),
    Sample(
        b"[2022-11-10T10:29:58.123+0000] {taskinstance.py:1159} INFO - Dependencies all met",
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 9, "logger": "taskinstance.py:1159", "message": "Dependencies all met"},
        "composed after: Airflow documentation, Logging: log_format",
    ),
    Sample(
        b"2022-11-10 10:29:58.123 | ERROR    | __main__:main:12 - boom",
        {"time": "2022-11-10T10:29:58.123", "severity": 17, "logger": "__main__:main:12", "message": "boom"},
        "composed after: loguru documentation, default format",
    ),
    Sample(
        b"2022-11-10 10:29:58.123 1234 ERROR nova.compute.manager [req-1 - -] Instance failed to spawn",
        {"severity": 17, "pid": "1234", "logger": "nova.compute.manager", "message": "[req-1 - -] Instance failed to spawn"},
        "composed after: oslo.log documentation, logging_context_format_string",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 1234 INFO shop odoo.modules.loading: Modules loaded.",
        {"severity": 9, "pid": "1234", "database": "shop", "logger": "odoo.modules.loading", "message": "Modules loaded."},
        "composed after: source of Odoo, netsvc.py",
    ),
    Sample(
        b"2022-11-10 10:29:58 [info     ] order placed                   order_id=7",
        {"time": "2022-11-10T10:29:58", "severity": 9, "message": "order placed                   order_id=7"},
        "composed after: structlog documentation, ConsoleRenderer",
    ),
    Sample(
        b"2022-11-10T10:29:58.123456Z [warning  ] retry                          [shop.orders] n=2",
        {"time": "2022-11-10T10:29:58.123456+00:00", "severity": 13},
        "composed after: structlog documentation, ConsoleRenderer with UTC",
    ),
    Sample(
        b"INFO 2022-11-10 10:29:58,123 views 4242 1234 order placed",
        {"time": "2022-11-10T10:29:58.123", "severity": 9, "logger": "views", "message": "4242 1234 order placed"},
        "composed after: Django documentation, Logging: the verbose formatter",
    ),
    Sample(
        b'[10/Nov/2022 10:29:58] "GET /post/42 HTTP/1.1" 500 145',
        {"time": "2022-11-10T10:29:58", "kind": "request", "method": "GET", "path": "/post/42", "status": 500, "bytes": 145},
        "composed after: Django documentation, runserver",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 - a - INFO - user \x00\xff\x1b[31m [2022-11-11 00:00:00 +0000] [1] [INFO] Handling signal: hup",
        {"severity": 9, "kind": "log"},
        "hostile: NUL, bad UTF-8, an escape and another line inside a message",
    ),
    Sample(b"2022-11-10 10:29:58,123 - a - INFO - " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-31 10:29:58,123 - a - INFO - x", None, "hostile: no such day"),
    Sample(b"2022-11-10 10:29:58,123 - a - Hello - x", None, "a word where the level should be"),
)  # fmt: skip

PARSER = LineParser(
    name="python",
    title="Python application log (logging, gunicorn, Celery, loguru)",
    url="https://docs.python.org/3/howto/logging.html",
    samples=SAMPLES,
    layouts=(
        Layout("[{time:iso} {zone:word}] [{pid:d}] [{level:level}] {message:rest}", name="gunicorn"),
        Layout("{time:iso} - {logger} - {level:level} - {message:rest}", name="logging documentation"),
        Layout("{time:iso} | {level:level}{~}| {logger} - {message:rest}", name="loguru"),
        Layout("[{time:iso}: {level:level}/{process}] {message:rest}", name="Celery"),
        Layout("[{time:iso}] {level:level} in {logger:word}: {message:rest}", name="Flask"),
        Layout("[{time:iso}] {{{logger}}} {level:level} - {message:rest}", name="Airflow"),
        Layout("{time:iso} {pid:d} {level:level} {database:word} {logger:word}: {message:rest}", name="Odoo"),
        Layout("{time:iso} {pid:d} {level:level} {logger:word} {message:rest}", name="OpenStack"),
        Layout("{time:iso} [{level}] {message:rest}", name="level in brackets, structlog"),
        Layout("{time:iso}:{level:level}:{logger}:{message:rest}", name="colons"),
        Layout("{time:iso} {level:level} {message:rest}", name="level and message"),
        Layout("{level:level} {time:iso} {logger:word} {message:rest}", name="Django, verbose"),
        Layout('[{time}] "{request:request}" {status:d} {bytes:d}', name="Django's runserver"),
    ),
    continues=True,
    meaning=_meaning,
)
