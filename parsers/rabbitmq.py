r"""RabbitMQ: the log of 3.7 and later, one line per message, and the reports of the versions before.

::

    2022-11-10 10:29:58.123456+00:00 [info] <0.9.0> …       since 3.9; 3.7 and 3.8 print no offset
    =INFO REPORT==== 10-Nov-2022::10:29:58 ===              before 3.7, and Erlang's own; the text stands below

Starts and stops are changes. Traps: a report's text is on the lines below its head; the day of a report is not padded;
a banner of many lines follows the start; the process in angle brackets is Erlang's, not the system's.

https://www.rabbitmq.com/docs/logging
https://www.erlang.org/doc/apps/kernel/logger_chapter.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Form, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, stamped

_FORMS: Final = (
    Form("dd-bbb-YYYY::HH:MM:SSF", "10-Nov-2022::10:29:58"),
    Form("d-bbb-YYYY::HH:MM:SSF", "1-Nov-2022::10:29:58"),
)
_REPORTS: Final = {"INFO": 9, "PROGRESS": 9, "NOTICE": 10, "WARNING": 13, "ERROR": 17, "SUPERVISOR": 17, "CRASH": 18}
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "rabbitmq", "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_TELLS: Final = r"^(?: ?Server startup complete|Starting RabbitMQ|RabbitMQ is asked to stop|Successfully stopped RabbitMQ|Halting Erlang|Stopping RabbitMQ|Error during startup|BOOT FAILED)"
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r" ?Server startup complete; .*", _CHANGE | {"action": "start"}),
        (r"Starting RabbitMQ .*", _STARTED | {"action": "start"}),
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
    return each_unique(pc.if_else(told, message, ""), _told) if pc.any(told).as_py() else {}


def _told(text: str) -> dict[str, str]:
    said = {"kind": str(Kind.LOG)}
    return next((meaning for pattern, meaning in _SAYINGS if pattern.fullmatch(text)), said)


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
        b"2026-11-22 11:49:24.125201+00:00 [info] <0.60.0> RabbitMQ is asked to stop...",
        {"kind": "change", "action": "stop", "outcome": "started"},
        "composed after: source, rabbit.erl",
    ),
    Sample(
        b"2018-11-22 10:44:33.654 [info] <0.620.0> accepting AMQP connection <0.620.0> (127.0.0.1:52771 -> 127.0.0.1:5672)",
        {"time": "2018-11-22T10:44:33.654", "severity": 9, "kind": "log"},
        "composed after: RabbitMQ documentation, Logging: connection events of 3.7",
    ),
    Sample(
        b"=INFO REPORT==== 10-Nov-2022::10:29:58 ===\naccepting AMQP connection <0.620.0> (127.0.0.1:52771 -> 127.0.0.1:5672)\n",
        {"time": "2022-11-10T10:29:58", "severity": 9,
         "message": "accepting AMQP connection <0.620.0> (127.0.0.1:52771 -> 127.0.0.1:5672)"},
        "head as in Erlang's documentation (Logger, legacy header), text as in RabbitMQ's documentation",
    ),
    Sample(
        b"=ERROR REPORT==== 5-Jul-2015::12:32:41 ===\nError on AMQP connection <0.379.0>:\n{inet_error,etimedout}\n",
        {"time": "2015-07-05T12:32:41", "severity": 17, "message": "Error on AMQP connection <0.379.0>:\n{inet_error,etimedout}"},
        "the same, with a day that is not padded",
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
