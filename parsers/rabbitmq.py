r"""RabbitMQ: the log of 3.7 and later, one line per message, and the reports of the versions before.

::

    2022-11-10 10:29:58.123456+00:00 [info] <0.9.0> …       since 3.9; 3.7 and 3.8 print no offset
    =INFO REPORT==== 10-Nov-2022::10:29:58 ===              before 3.7, and Erlang's own; the text stands below

Starts and stops are changes. Traps: a report's text is on the lines below its head; the day of a report is not padded;
a banner of many lines follows the start; the process in angle brackets is Erlang's, not the system's; since 3.9
each line of a message has the head of the first, to the microsecond, and all of them are one message.

https://www.rabbitmq.com/docs/logging
https://www.erlang.org/doc/apps/kernel/logger_chapter.html
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
    stamped,
    told_by,
)

_FORMS: Final = (
    Form("dd-bbb-YYYY::HH:MM:SSF", "10-Nov-2022::10:29:58"),
    Form("d-bbb-YYYY::HH:MM:SSF", "1-Nov-2022::10:29:58"),
)
_REPORTS: Final = {"INFO": 9, "PROGRESS": 9, "NOTICE": 10, "WARNING": 13, "ERROR": 17, "SUPERVISOR": 17, "CRASH": 18}
MAX_JOINED: Final = 65_536
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "rabbitmq", "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_TELLS: Final = r"^(?: ?Server startup complete| ?Starting RabbitMQ|RabbitMQ is asked to stop|Successfully stopped RabbitMQ|Halting Erlang|Stopping RabbitMQ|Error during startup|BOOT FAILED)"
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r" ?Server startup complete; .*", _CHANGE | {"action": "start"}),
        (r" ?Starting RabbitMQ .*", _STARTED | {"action": "start"}),
        (r"RabbitMQ is asked to stop.*|Stopping RabbitMQ.*", _STARTED | {"action": "stop"}),
        (r"Successfully stopped RabbitMQ.*|Halting Erlang VM.*", _CHANGE | {"action": "stop"}),
        (r"Error during startup.*|BOOT FAILED.*", _FAILED | {"action": "start"}),
    )
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "message" not in match:
        severity = each_unique(match.text("report"), lambda word: {"severity": _REPORTS.get(word.upper(), 9)})
        return stamped(match, *_FORMS) | severity | {"message": pa.repeat("", len(match))}
    message = match.text("message")
    told = pc.match_substring_regex(message, _TELLS)
    changes = each_unique(pc.if_else(told, message, ""), _told) if pc.any(told).as_py() else {}
    return changes | _whole(match, message)


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


def _whole(match: Match, message: Column) -> dict[str, Any]:
    """Put lines of the same microsecond, process and level behind the first of them."""
    times = match.time()
    if times.resolution_us > 1 or len(match) < 2:
        return {}
    process = match.text("process").dictionary_encode().indices
    level = match.text("level").dictionary_encode().indices
    again = np.zeros(len(match), bool)
    again[1:] = np.diff(times.wall_us) == 0
    for column in (process, level):
        again[1:] &= np.diff(np.asarray(column)) == 0
    again[1:] &= np.diff(match.rows) == 1
    if not again.any():
        return {}
    texts = message.to_pylist()
    head = 0
    for row, more in enumerate(again.tolist()):
        if not more:
            head = row
        elif len(texts[head]) < MAX_JOINED:
            texts[head] += "\n" + texts[row]
    return {"message": pa.array(texts, pa.string()), "joined": again}


_RUN: Final = "RabbitMQ 3.10 (Debian) on loopback"

SAMPLES: Final = (
    Sample(
        b"2026-11-22 11:49:10.685760+00:00 [notice] <0.223.0> Logging: configured log handlers are now ACTIVE",
        {"time": "2026-11-22T11:49:10.68576+00:00", "kind": "log", "severity": 10, "process": "0.223.0",
         "message": "Logging: configured log handlers are now ACTIVE"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 11:49:15.161087+00:00 [info] <0.653.0> Server startup complete; 0 plugins started.",
        {"kind": "change", "action": "start", "target": "rabbitmq", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:12:22.103869+00:00 [info] <0.223.0>  Starting RabbitMQ 3.10.8 on Erlang 25.2.3 [jit]",
        {"kind": "change", "action": "start", "outcome": "started"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:12:42.186806+00:00 [info] <0.739.0> Successfully stopped RabbitMQ and its dependencies",
        {"kind": "change", "action": "stop", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:12:33.721789+00:00 [error] <0.674.0> closing AMQP connection <0.674.0> (127.0.0.1:47674 -> 127.0.0.1:35672):\n"
        b'2026-11-22 14:12:33.721789+00:00 [error] <0.674.0> {bad_header,<<"GET / HT">>}\n'
        b"2026-11-22 14:12:36.115687+00:00 [warning] <0.287.0> memory resource limit alarm set on node ts@localhost.",
        {"kind": "log", "severity": 17, "message": 'closing AMQP connection <0.674.0> (127.0.0.1:47674 -> 127.0.0.1:35672):\n{bad_header,<<"GET / HT">>}'},
        _RUN + ", a client that speaks HTTP",
    ),
    Sample(
        b"2020-10-26 13:45:02.905 [info] <0.694.0> accepting AMQP connection <0.694.0> (192.168.208.5:59928 -> 192.168.208.2:5672)",
        {"time": "2020-10-26T13:45:02.905", "severity": 9, "kind": "log"},
        "log of RabbitMQ 3.8 quoted in a public repository",
    ),
    Sample(
        b"=INFO REPORT==== 31-Mar-2015::16:59:38 ===\nServer startup complete; 0 plugins started.\n",
        {"time": "2015-03-31T16:59:38", "severity": 9, "message": "Server startup complete; 0 plugins started."},
        "log of RabbitMQ 3 quoted in a public repository",
    ),
    Sample(
        b"=INFO REPORT==== 4-Sep-2017::17:14:09 ===\nmsg_store_persistent: using rabbit_msg_store_ets_index to provide index\n",
        {"time": "2017-09-04T17:14:09", "severity": 9, "message": "msg_store_persistent: using rabbit_msg_store_ets_index to provide index"},
        "log of RabbitMQ 3.6 quoted in a public repository, with a day that is not padded",
    ),
    Sample(
        b"2022-11-10 10:29:58.123456+00:00 [error] <0.9.0> x\x00\xff\x1b[31m Server startup complete; [info]",
        {"kind": "log", "severity": 17},
        "hostile: NUL, bad UTF-8, an escape and a start inside a message",
    ),
    Sample(b"2022-11-10 10:29:58.123456+00:00 [info] <0.9.0> " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-31 10:29:58.123456+00:00 [info] <0.9.0> x", None, "hostile: no such day"),
    Sample(b"=INFO REPORT==== 10-Nov-2022", None, "hostile: a line cut short"),
)  # fmt: skip

PARSER = LineParser(
    name="rabbitmq",
    title="RabbitMQ log",
    url="https://www.rabbitmq.com/docs/logging",
    samples=SAMPLES,
    layouts=(
        Layout("{time:iso} [{level:level}] <{process:ip}> {message:rest}", name="since 3.7"),
        Layout("={report:level} REPORT==== {time} ===", name="report"),
    ),
    continues=True,
    meaning=_meaning,
)
