r"""Java's own logging, ``java.util.logging``, as its SimpleFormatter writes it: two lines for each message.

::

    Nov 22, 2026 2:10:58 PM shop.Main main
    WARNING: slow

It is what a program prints that configures nothing: Tomcat up to 7, Jenkins, tools of Google, drivers. What follows
the two lines, a stack trace or the rest of the message, belongs to them. Traps: the hour has twelve hours and is not
padded; the class is the caller's, not the logger's, and nothing tells the zone; before AM and PM stands a narrow
blank since Java 20; only the English form is known.

https://docs.oracle.com/en/java/javase/17/docs/api/java.logging/java/util/logging/SimpleFormatter.html
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from afterlog.parser import Kind, Line, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_TEXT: Final = 65_536
_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_SEVERITIES: Final = {
    b"SEVERE": 17, b"WARNING": 13, b"INFO": 9, b"CONFIG": 9, b"FINE": 5, b"FINER": 2, b"FINEST": 1,
}  # fmt: skip
_HEAD: Final = re.compile(
    rb"(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}), (?P<year>\d{4}),? (?P<hour>\d{1,2})(?P<clock>:\d\d:\d\d)"
    rb"(?: |\xe2\x80\xaf)(?P<half>[AP]M) (?P<caller>\S+)(?: (?P<method>\S+))?\s*"
)
_BODY: Final = re.compile(rb"(?P<level>SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): (?P<message>.*)", re.DOTALL)


def _claims(_path: str, head: list[bytes]) -> float:
    heads = sum(bool(_HEAD.fullmatch(line) and _BODY.match(below)) for line, below in pairwise(head))
    return 1.0 if heads else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event per two lines; the lines below them are their continuation and part of the message."""
    columns: dict[str, Any] = {}
    begun: Line | None = None
    stamp: Stamp | None = None
    for line in lines:
        head = _HEAD.fullmatch(line.text)
        if head is not None:
            if begun is not None and stamp is not None:
                yield Record(begun, stamp, columns)
            stamp = _stamp(head)
            begun, columns = line, {"kind": str(Kind.LOG), "message": "", "logger": _text(head["caller"])}
            if stamp is None:
                yield Reject(line, "a time that does not exist")
        elif begun is None:
            yield Reject(line, "before the first message: «Nov 22, 2026 2:10:58 PM class method» was expected")
        else:
            _add(columns, line.text)
    if begun is not None and stamp is not None:
        yield Record(begun, stamp, columns)


def _add(columns: dict[str, Any], text: bytes) -> None:
    said = columns["message"]
    body = _BODY.fullmatch(text) if not said else None
    if body is not None:
        columns["severity"] = _SEVERITIES[body["level"]]
        columns["message"] = _text(body["message"])
    elif len(said) < MAX_TEXT:
        columns["message"] = f"{said}\n{_text(text)}"


def _stamp(head: re.Match[bytes]) -> Stamp | None:
    hour = int(head["hour"])
    if head["month"] not in _MONTHS or not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if head["half"] == b"PM" else 0)
    month = _MONTHS.index(head["month"]) + 1
    return read_stamp("iso", b"%s-%02d-%02d %02d%s" % (head["year"], month, int(head["day"]), hour, head["clock"]))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


_RUN: Final = "java.util.logging of OpenJDK 17 on this machine, a program that logs"

SAMPLES: Final = (
    Sample(
        b"Nov 22, 2026 2:10:58 PM shop.Main jul\nINFO: ready",
        {"time": "2026-11-22T14:10:58", "kind": "log", "severity": 9, "logger": "shop.Main", "message": "ready"},
        _RUN,
    ),
    Sample(
        b"Nov 22, 2026 2:10:58 PM shop.Main jul\nSEVERE: payment failed\njava.lang.IllegalStateException: payment failed\n"
        b"\tat shop.Main.err(Main.java:5)\nCaused by: java.net.ConnectException: Connection refused\n\t... 3 more",
        {"severity": 17,
         "message": "payment failed\njava.lang.IllegalStateException: payment failed\n\tat shop.Main.err(Main.java:5)\n"
                    "Caused by: java.net.ConnectException: Connection refused\n\t... 3 more"},
        _RUN + "; the trace shortened",
    ),
    Sample(
        b'Oct 26, 2018 4:23:31 PM org.apache.coyote.AbstractProtocol init\nINFO: Initializing ProtocolHandler ["http-nio-8983"]',
        {"time": "2018-10-26T16:23:31", "severity": 9},
        "log of Solr in Tomcat quoted in a public repository",
    ),
    Sample(
        b"Nov 22, 2026 12:10:58 AM a.B c\nWARNING: x\x00\xff\x1b[31m\nSEVERE: y",
        {"time": "2026-11-22T00:10:58", "severity": 13},
        "hostile: NUL, bad UTF-8, an escape and another level below; midnight",
    ),
    Sample(b"Nov 31, 2026 2:10:58 PM a.B c\nINFO: x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = RecordParser(
    name="java-util-logging",
    title="java.util.logging (SimpleFormatter)",
    url="https://docs.oracle.com/en/java/javase/17/docs/api/java.logging/java/util/logging/SimpleFormatter.html",
    samples=SAMPLES,
    claims=_claims,
    records=_records,
)
