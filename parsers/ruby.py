r"""Ruby: the standard Logger (Rails in production, Sidekiq of old, Puma's applications), and Rails' own request log.

``I, [2022-11-10T10:29:58.123456 #123]  INFO -- : message`` is the Logger's; a backtrace below a message belongs to it. Rails
tells a request in several lines, with or without the Logger's head and a tag, and only the first and the last tell all::

    Started GET "/x" for 192.0.2.7 at 2022-11-10 10:29:58 +0530
    Processing by PostsController#show as HTML
    Completed 500 Internal Server Error in 12ms (ActiveRecord: 1.2ms | Allocations: 1234)

Traps: requests of several threads interleave: their lines are told apart by tag where there is one; else "Completed" ends
the request that began as long ago as it says, or the last one begun. An exception stands behind "Completed 500", without
the Logger's head, and belongs to its request; a missing route is never completed, and is a 404.

https://docs.ruby-lang.org/en/3.3/Logger.html
https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow.compute as pc

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
_NO_ROUTE: Final = b"ActionController::RoutingError ("
_CREATED: Final = re.compile(rb"# Logfile created on (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4}) by (?P<by>\S+)")
_WARNINGS: Final = (b"WARN", b"ERROR", b"FATAL")
_SEVERITY: Final = {b"DEBUG": 5, b"INFO": 9, b"WARN": 13, b"ERROR": 17, b"FATAL": 21, b"ANY": 9}
_MAX_OPEN: Final = 1_000
_MAX_TEXT: Final = 8_000


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Take Rails' first tag, the request's id, from before the message: what is behind it may be lograge's line."""
    if "zone" in match:
        return {"time": zoned(match.time(), match.text("zone")), "zone": None}
    said = match.text("message")
    tagged = pc.starts_with(said, "[")
    if not pc.any(tagged).as_py():
        return {}
    parts = pc.extract_regex(said, r"^\[(?P<id>[0-9a-f]{8}-[0-9a-f-]{27})\] (?P<said>(?s:.*))$")
    return {
        "request_id": pc.struct_field(parts, "id"),
        "message": pc.coalesce(pc.struct_field(parts, "said"), said),
    }


@dataclass(slots=True)
class _Request:
    """A request: its columns as far as they are known; and when the Logger's head said that it began."""

    line: Line
    stamp: Stamp
    begun: Stamp | None
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether its last line was seen."""
        return "status" in self.columns

    def record(self) -> Record:
        """Give the event as far as it is known."""
        return Record(self.line, self.stamp, self.columns)


@dataclass(slots=True)
class _Open:
    """The requests not given yet: by tag, or by process where there is none."""

    requests: dict[bytes, list[_Request]] = field(default_factory=dict)
    count: int = 0

    def begin(self, key: bytes, request: _Request) -> Iterator[Record]:
        """Add a request; give those of its key that have ended, and the oldest when too many are open."""
        mine = self.requests.setdefault(key, [])
        yield from self._give(mine, [one for one in mine if one.ended])
        mine.append(request)
        self.count += 1
        if self.count > _MAX_OPEN:
            eldest = next(iter(self.requests))
            yield from self._give(self.requests[eldest], self.requests[eldest][:1])
            if not self.requests[eldest]:
                del self.requests[eldest]

    def _give(self, mine: list[_Request], given: list[_Request]) -> Iterator[Record]:
        for one in given:
            mine.remove(one)
            self.count -= 1
            yield one.record()

    def newest(self, key: bytes) -> _Request | None:
        """Give the request that a line with this key speaks of."""
        mine = self.requests.get(key)
        return mine[-1] if mine else None

    def ending(self, key: bytes, now: Stamp | None, took_s: float) -> _Request | None:
        """Give the request that ends here: the one that began so long ago, or else the last one begun."""
        mine = [one for one in self.requests.get(key, []) if not one.ended]
        if now is None or any(one.begun is None for one in mine):
            return mine[-1] if mine else None
        return min(mine, key=lambda one: abs(now.wall_us - one.begun.wall_us - took_s * 1e6), default=None)  # type: ignore[union-attr]

    def rest(self) -> list[_Request]:
        """Give all that are left, in the order of their lines."""
        return sorted((one for mine in self.requests.values() for one in mine), key=lambda one: one.line.number)


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    texts = [(_HEAD.match(line) or _HEAD.match(b""))["text"] for line in lines]  # type: ignore[index]
    begun = sum(bool(_BEGIN.match(text)) for text in texts)
    ended = sum(bool(_END.match(text) or _BY.match(text) or text.startswith(_NO_ROUTE)) for text in texts)
    return 1.0 if begun and (ended or len(lines) == 1) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event per request, one per warning inside a request, and one per other line that has the Logger's head."""
    requests = _Open()
    begun = False
    key = b""
    for line in lines:
        head = _HEAD.match(line.text)
        if head is None:
            continue
        if head["time"] or head["tags"]:  # a line without either goes on with the one above
            key = head["tags"] or head["pid"] or b""
        start = _BEGIN.match(head["text"])
        stamp = read_stamp("iso", start["time"]) if start else None
        if start is not None and stamp is not None:
            begun = True
            yield from requests.begin(key, _begun(line, start, stamp, head))
            continue
        said = _continued(head, key, requests)
        if head["time"] is not None and not said:
            begun = True
            yield from _alone(line, head)
        elif not said and not begun and line.text.strip():
            yield _first(line)
            begun = True
    yield from (request.record() for request in requests.rest())


def _first(line: Line) -> Record | Reject:
    """Read the line that the Logger puts at the beginning of a file."""
    found = _CREATED.fullmatch(line.text)
    stamp = read_stamp("iso", found["time"]) if found else None
    if found is None or stamp is None:
        return Reject(line, 'before the first request: «Started GET "/…" for … at …» was expected')
    return Record(line, stamp, {"kind": str(Kind.LOG), "message": _text(found["by"])})


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
    return _Request(line, stamp, read_stamp("iso", head["time"]) if head["time"] else None, columns)


def _continued(head: re.Match[bytes], key: bytes, requests: _Open) -> bool:
    """Take what a line tells about a request; and whether it is one of its lines."""
    request = requests.newest(key)
    if request is None:
        return False
    text = head["text"]
    if found := _END.match(text):
        took_s = float(found["ms"]) / 1000
        ending = requests.ending(key, read_stamp("iso", head["time"]) if head["time"] else None, took_s)
        if ending is not None:
            ending.columns |= {"status": int(found["status"]), "duration": took_s}
    elif found := _BY.match(text):
        request.columns["controller"] = _text(found["action"])
    elif text.startswith(_NO_ROUTE):
        request.columns |= {"status": 404, "message": _text(text), "severity": 17}
    elif request.columns.get("status", 0) >= 500 and text.strip():
        said = request.columns.get("message", "")
        if len(said) < _MAX_TEXT:
            request.columns["message"] = f"{said}\n{_text(text)}".strip()
            request.columns["severity"] = 21 if head["level"] == b"FATAL" else request.columns.get("severity", 17)
    elif head["level"] == b"FATAL" and not text.strip():  # the exception stands below
        request.columns["severity"] = 21
    else:
        return head["level"] not in _WARNINGS
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
    tags = re.findall(rb"\[([^\]]+)\]", head["tags"])
    yield Record(line, stamp, columns | ({"request_id": _text(tags[0])} if tags else {}))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


_RUN: Final = "Ruby's Logger 1.5.0 on this machine"
_RAILS: Final = "Rails 6.1 (Debian) on loopback, "

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

_TAG: Final = b"INFO -- : [12c60bf7-754d-463b-89c5-8e41cf74c92e] "

RAILS_SAMPLES: Final = (
    Sample(
        b'Started GET "/posts/7?a=b" for 127.0.0.1 at 2026-11-22 14:33:42 +0000\nProcessing by PostsController#show as */*\n'
        b'  Parameters: {"a"=>"b", "id"=>"7"}\n  Rendering text template\nCompleted 200 OK in 9ms (Views: 0.4ms | Allocations: 136)',
        {"time": "2026-11-22T14:33:42+00:00", "kind": "request", "method": "GET", "path": "/posts/7?a=b", "client": "127.0.0.1",
         "status": 200, "duration": 0.009, "controller": "PostsController#show"},
        _RAILS + "SimpleFormatter",
    ),
    Sample(
        b"I, [2026-11-22T14:33:48.239330 #19642]  " + _TAG + b'Started GET "/posts/1" for 127.0.0.1 at 2026-11-22 14:33:48 +0000\n'
        b"I, [2026-11-22T14:33:48.271372 #19642]  " + _TAG + b"Processing by PostsController#show as */*\n"
        b"I, [2026-11-22T14:33:48.285319 #19642]  " + _TAG + b"Completed 200 OK in 14ms (Views: 13.7ms | Allocations: 1226)",
        {"time": "2026-11-22T14:33:48+00:00", "status": 200, "request_id": "12c60bf7-754d-463b-89c5-8e41cf74c92e", "client": "127.0.0.1",
         "duration": 0.014, "pid": "19642"},
        _RAILS + "Logger's formatter and tags",
    ),
    Sample(
        b'I, [2026-11-22T14:33:54.335323 #19701]  INFO -- : Started GET "/db" for 127.0.0.1 at 2026-11-22 14:33:54 +0000\n'
        b"I, [2026-11-22T14:33:54.336024 #19701]  INFO -- : Processing by PostsController#db as */*\n"
        b"I, [2026-11-22T14:33:54.340611 #19701]  INFO -- : Completed 500 Internal Server Error in 5ms (Allocations: 117)\n"
        b"F, [2026-11-22T14:33:54.340887 #19701] FATAL -- :   \n"
        b'Errno::ECONNREFUSED (Connection refused - connect(2) for "127.0.0.1" port 5999):\n  \nconfig.ru:17:in `initialize\'',
        {"status": 500, "severity": 21, "duration": 0.005,
         "message": 'Errno::ECONNREFUSED (Connection refused - connect(2) for "127.0.0.1" port 5999):\nconfig.ru:17:in `initialize\''},
        _RAILS + "Logger's formatter; the trace shortened",
    ),
    Sample(
        b'Started GET "/nope" for 127.0.0.1 at 2026-11-22 14:33:42 +0000\n  \nActionController::RoutingError (No route matches [GET] "/nope"):\n  ',
        {"status": 404, "severity": 17, "message": 'ActionController::RoutingError (No route matches [GET] "/nope"):'},
        _RAILS + "SimpleFormatter",
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
        envelope=True,
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
