r"""Ruby: the standard Logger (Rails in production, Sidekiq of old, Puma's applications), and Rails' own request log.

``I, [2022-11-10T10:29:58.123456 #123]  INFO -- : message`` is the Logger's; a backtrace below a message belongs to it. Rails
tells a request in several lines, with or without the Logger's head and a tag, and only the first and the last tell all::

    Started GET "/x" for 192.0.2.7 at 2022-11-10 10:29:58 +0530
    Processing by PostsController#show as HTML
    Completed 500 Internal Server Error in 12ms (ActiveRecord: 1.2ms | Allocations: 1234)

Traps: requests of several threads interleave: their lines are told apart by tag or process where there is one; an
exception stands behind "Completed 500" and belongs to its request.

https://docs.ruby-lang.org/en/3.3/Logger.html
https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from afterlog.parser import (
    Column,
    Kind,
    Layout,
    Line,
    LineParser,
    Match,
    Record,
    RecordParser,
    Reject,
    Sample,
    Stamp,
    read_stamp,
    zoned,
)

_HEAD: Final = re.compile(
    rb"(?:[A-Z], \[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+) #(?P<pid>\d+)\] +(?P<level>[A-Z]+) -- [^:]*: )?"
    rb"(?P<tags>(?:\[[^\]]{1,100}\] )*)(?P<text>.*)",
    re.DOTALL,
)
_BEGIN: Final = re.compile(
    rb'Started (?P<method>[A-Z]+) "(?P<path>.*)" for (?P<client>\S+) at (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [-+]\d{4})?)'
)
_END: Final = re.compile(rb"Completed (?P<status>\d{3})(?: .*?)? in (?P<ms>\d+(?:\.\d+)?)ms.*", re.DOTALL)
_BY: Final = re.compile(rb"Processing by (?P<action>\S+) as .*")
_SEVERITY: Final = {b"DEBUG": 5, b"INFO": 9, b"WARN": 13, b"ERROR": 17, b"FATAL": 21, b"ANY": 9}
_MAX_OPEN: Final = 1_000
_MAX_TEXT: Final = 8_000


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    return {"time": zoned(match.time(), match.text("zone")), "zone": None} if "zone" in match else {}


@dataclass(slots=True)
class _Request:
    """A request whose end has not been seen yet."""

    line: Line
    stamp: Stamp
    columns: dict[str, Any] = field(default_factory=dict)

    def record(self) -> Record:
        """Give the event as far as it is known."""
        return Record(self.line, self.stamp, self.columns)


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    texts = [(_HEAD.match(line) or _HEAD.match(b""))["text"] for line in lines]  # type: ignore[index]
    begun = sum(bool(_BEGIN.match(text)) for text in texts)
    ended = sum(bool(_END.match(text) or _BY.match(text)) for text in texts)
    return 1.0 if begun and (ended or len(lines) == 1) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event per request, and one per other line that has the Logger's head."""
    open_requests: dict[bytes, _Request] = {}
    begun = False
    for line in lines:
        head = _HEAD.match(line.text)
        if head is None:
            continue
        key = head["tags"] or head["pid"] or b""
        start = _BEGIN.match(head["text"])
        stamp = read_stamp("iso", start["time"]) if start else None
        if start is not None and stamp is not None:
            begun = True
            if key in open_requests:
                yield open_requests.pop(key).record()
            if len(open_requests) >= _MAX_OPEN:
                yield open_requests.pop(next(iter(open_requests))).record()
            open_requests[key] = _begun(line, start, stamp, head)
            continue
        said = _continued(head, open_requests.get(key))
        if said is None and head["time"] is not None:
            begun = True
            yield from _alone(line, head)
        elif said is None and not begun and line.text.strip():
            yield Reject(line, 'before the first request: «Started GET "/…" for … at …» was expected')
    for request in sorted(open_requests.values(), key=lambda one: one.line.number):
        yield request.record()


def _begun(line: Line, start: re.Match[bytes], stamp: Stamp, head: re.Match[bytes]) -> _Request:
    columns: dict[str, Any] = {
        "kind": str(Kind.REQUEST),
        "method": _text(start["method"]),
        "path": _text(start["path"]),
        "client": _text(start["client"]),
    }
    tags = re.findall(rb"\[([^\]]+)\]", head["tags"])
    if tags:
        columns["request_id"] = _text(tags[0])
    if head["pid"]:
        columns["pid"] = _text(head["pid"])
    return _Request(line, stamp, columns)


def _continued(head: re.Match[bytes], request: _Request | None) -> bool | None:
    """Take what a line tells about the open request; None if it is none of its lines."""
    if request is None:
        return None
    text = head["text"]
    if found := _END.match(text):
        request.columns["status"] = int(found["status"])
        request.columns["duration"] = float(found["ms"]) / 1000
    elif found := _BY.match(text):
        request.columns["controller"] = _text(found["action"])
    elif "status" in request.columns and request.columns["status"] >= 500 and text.strip():
        said = request.columns.get("message", "")
        if len(said) < _MAX_TEXT:
            request.columns["message"] = f"{said}\n{_text(text)}".strip()
            request.columns["severity"] = 21 if head["level"] == b"FATAL" else 17
    return True


def _alone(line: Line, head: re.Match[bytes]) -> Iterator[Record | Reject]:
    stamp = read_stamp("iso", head["time"])
    if stamp is None:
        yield Reject(line, "a time that does not exist")
        return
    columns = {
        "kind": str(Kind.LOG),
        "severity": _SEVERITY.get(head["level"]),
        "message": _text(head["text"]),
        "pid": _text(head["pid"]),
    }
    yield Record(line, stamp, columns)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


_RUN: Final = "Ruby's Logger 1.5.0 on this machine"
_GUIDE: Final = "composed after: Rails guides, Debugging and Action Controller overview"

SAMPLES: Final = (
    Sample(
        b"W, [2026-11-22T11:48:54.148786 #395]  WARN -- worker: slow",
        {"time": "2026-11-22T11:48:54.148786", "severity": 13, "pid": "395", "program_name": "worker", "message": "slow", "kind": "log"},
        _RUN,
    ),
    Sample(
        b"E, [2026-11-22T11:48:54.148797 #395] ERROR -- : boom (RuntimeError)\n-e:1:in `<main>'",
        {"severity": 17, "message": "boom (RuntimeError)\n-e:1:in `<main>'"},
        _RUN,
    ),
    Sample(
        b"# Logfile created on 2026-11-22 11:48:54 +0000 by logger.rb/v1.5.0",
        {"time": "2026-11-22T11:48:54+00:00", "kind": "log", "message": "logger.rb/v1.5.0"},
        _RUN,
    ),
    Sample(b"F, [2026-11-22T11:48:54.148810 #395] FATAL -- worker: dead", {"severity": 21}, _RUN),
    Sample(b"I, [2026-11-22T11:48:54.148810 #395]  INFO -- : x\x00\xff\x1b[31m F, [2026-11-22T11:48:54.148810 #395] FATAL -- : y", {"severity": 9},
           "hostile: NUL, bad UTF-8, an escape and another line inside a message"),
    Sample(b"I, [2026-11-22T11:48:54.148810 #395]  INFO -- : " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"I, [2026-11-31T11:48:54.148810 #395]  INFO -- : x", None, "hostile: no such day"),
)  # fmt: skip

RAILS_SAMPLES: Final = (
    Sample(
        b'Started POST "/articles" for 127.0.0.1 at 2018-10-18 20:09:23 -0400\nProcessing by ArticlesController#create as HTML\n'
        b'  Parameters: {"utf8"=>"x"}\nCompleted 302 Found in 31ms (ActiveRecord: 0.5ms | Allocations: 11111)',
        {"time": "2018-10-18T20:09:23-04:00", "kind": "request", "method": "POST", "path": "/articles", "client": "127.0.0.1",
         "status": 302, "duration": 0.031, "controller": "ArticlesController#create"},
        _GUIDE,
    ),
    Sample(
        b'I, [2022-11-10T10:29:58.123456 #7]  INFO -- : [a1b2c3] Started GET "/posts/1" for 192.0.2.7 at 2022-11-10 10:29:58 +0530\n'
        b"I, [2022-11-10T10:29:58.124456 #7]  INFO -- : [a1b2c3] Processing by PostsController#show as HTML\n"
        b"I, [2022-11-10T10:29:58.135456 #7]  INFO -- : [a1b2c3] Completed 500 Internal Server Error in 12ms (ActiveRecord: 1.2ms)\n"
        b"F, [2022-11-10T10:29:58.136456 #7] FATAL -- : [a1b2c3] ActiveRecord::ConnectionNotEstablished (could not connect)",
        {"time": "2022-11-10T10:29:58+05:30", "status": 500, "request_id": "a1b2c3", "severity": 21, "client": "192.0.2.7",
         "message": "ActiveRecord::ConnectionNotEstablished (could not connect)", "duration": 0.012},
        _GUIDE + ": lines of the production log, its tags and its formatter",
    ),
    Sample(
        b'Started GET "/\x00\xff\x1b[31m" for 192.0.2.7 at 2022-11-10 00:00:00 +0000" for 127.0.0.1 at 2018-10-18 20:09:23 -0400',
        {"kind": "request", "client": "127.0.0.1", "time": "2018-10-18T20:09:23-04:00"},
        "hostile: NUL, bad UTF-8, an escape and another end of the line inside the path",
    ),
)  # fmt: skip

PARSER = (
    LineParser(
        name="ruby-logger",
        title="Ruby Logger",
        url="https://docs.ruby-lang.org/en/3.3/Logger.html",
        samples=SAMPLES,
        layouts=(
            Layout("{_:level}, [{time:iso} #{pid:d}]{~}{level:level} -- {program_name}: {message:rest}"),
            Layout("# Logfile created on {time:iso} {zone:word} by {message:rest}", name="the first line of a file"),
        ),
        continues=True,
        meaning=_meaning,
    ),
    RecordParser(
        name="rails",
        title="Rails request log",
        url="https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger",
        samples=RAILS_SAMPLES,
        claims=_claims,
        records=_records,
    ),
)
