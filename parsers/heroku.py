r"""Heroku's log stream (Logplex), as ``heroku logs`` prints it: an envelope, and what the platform says inside it.

::

    2021-11-04T21:09:45.195018+00:00 app[web.1]: …                       what a dyno printed: given to the parser that knows it
    2021-11-04T21:09:45.195018+00:00 heroku[router]: at=error code=H12 …  one request, in logfmt
    2020-05-19T18:48:28.690350+00:00 app[api]: Release v14 created by …   releases, config, scaling: changes
    2020-05-19T18:48:29.926775+00:00 heroku[web.1]: State changed from …  what became of the dynos

The source is the service; the dyno stays a field. Traps: a request that no dyno took has empty values (``dyno= connect=
service=``); the router's line is written when the request ends, and ``service`` is how long the dyno took; a config change
names its variable, never its value.

https://devcenter.heroku.com/articles/logging
https://devcenter.heroku.com/articles/http-routing#heroku-router-log-format
https://devcenter.heroku.com/articles/error-codes
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, seconds_of

_URL: Final = "https://devcenter.heroku.com/articles/logging"
_SOURCES: Final = r"^(?:app|heroku)$"
_PAIR: Final = re.compile(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_CHANGE: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.CHANGED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED), "severity": 17}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_BY: Final = r"(?: by user (?P<actor>\S+))?"
# What the platform says, and what it means beside the names it holds.
_API: Final = tuple(
    (re.compile(pattern + _BY), meaning)
    for pattern, meaning in (
        (r"Deploy (?P<target>\S+)", _CHANGE | {"action": "deploy"}),
        (r"Rollback to (?P<target>v\d+)", _CHANGE | {"action": "rollback"}),
        (r"Release (?P<target>v\d+) created", _CHANGE | {"action": "release"}),
        (r"Build started", _STARTED | {"action": "build", "target": "build"}),
        (r"Build succeeded", _CHANGE | {"action": "build", "target": "build"}),
        (r"Build failed", _FAILED | {"action": "build", "target": "build"}),
        (r"(?:Set|Remove) (?P<target>.+?) config vars", _CHANGE | {"action": "configure"}),
        (r"Scaled to (?P<target>.+?)", _CHANGE | {"action": "scale"}),
        (r"Stack changed from \S+ to (?P<target>\S+)", _CHANGE | {"action": "stack"}),
        (r"Attach (?P<target>\S+)(?: \(.*?\))?", _CHANGE | {"action": "attach"}),
        (r"Detach (?P<target>\S+)(?: \(.*?\))?", _CHANGE | {"action": "detach"}),
        (r"Maintenance mode (?P<target>enabled|disabled)", _CHANGE | {"action": "maintenance"}),
        (r"Starting process with command `(?P<target>[^`]*)`", _STARTED | {"action": "run"}),
    )
)
_DYNO: Final = (
    (re.compile(r"State changed from \S+ to crashed"), _FAILED | {"action": "crash"}),
    (re.compile(r"Error (?P<code>R\d+) .*"), {"severity": 17}),
    (re.compile(r"Process exited with status (?!0$|143$)\d+"), {"severity": 17}),
    (re.compile(r"Restarting"), _STARTED | {"action": "restart"}),
    (re.compile(r"State changed from \S+ to up"), _CHANGE | {"action": "start"}),
)


def _envelope(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    known = pc.match_substring_regex(match.text("source"), _SOURCES)
    named = pc.binary_join_element_wise(match.text("source"), "[", match.text("dyno"), "]", "")
    program = each_unique(named, lambda name: {"program": _program(name)})
    return {**program, "source": None, "refused": ~pc.fill_null(known, False).to_numpy(zero_copy_only=False)}


def _program(name: str) -> str:
    """Name what wrote: the platform's parts by themselves, and of an app the kind of its dyno."""
    source, _, dyno = name.removesuffix("]").partition("[")
    if name in ("heroku[router]", "app[api]"):
        return name
    kind = dyno.partition(".")[0]
    return f"heroku[{kind}]" if source == "heroku" else kind


def _platform(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    program = outer["program"] if "program" in outer else pa.nulls(len(match), pa.string())
    dyno = outer.get("dyno", program)
    said = pc.binary_join_element_wise(program, dyno, match.text("message"), "\n", null_handling="replace")
    return each_unique(said, _told)


def _told(text: str) -> dict[str, Any]:
    program, dyno, said = text.split("\n", 2)
    if program == "heroku[router]":
        return {"message": said} | _request(said)
    told: dict[str, Any] = {"message": said, "kind": str(Kind.LOG)}
    for pattern, meaning in _API if program == "app[api]" else _DYNO:
        if found := pattern.fullmatch(said):
            told |= meaning | {name: value for name, value in found.groupdict().items() if value is not None}
            break
    if told["kind"] == str(Kind.CHANGE):
        told = {"target": dyno} | told
    return told


def _request(said: str) -> dict[str, Any]:
    pairs = {key: quoted or bare for key, quoted, bare in _PAIR.findall(said)}
    status = pairs.get("status", "")
    if not re.fullmatch(r"[1-5]\d\d", status):
        return {"kind": str(Kind.LOG)}
    size = pairs.get("bytes", "")
    told: dict[str, Any] = {
        "kind": str(Kind.REQUEST),
        "status": int(status),
        "severity": 17 if pairs.get("at") == "error" else 9,
        "duration": seconds_of(pairs.get("service", "")),
        "bytes": int(size) if size.isdigit() and len(size) < 16 else None,
        "client": pairs.get("fwd", "").partition(",")[0] or None,
        "upstream": pairs.get("dyno"),
    }
    told |= {name: pairs.get(name) for name in ("method", "path", "request_id", "code", "desc")}
    return {name: value for name, value in told.items() if value not in (None, "")}


_GIST: Final = "log of an app quoted in a public repository (the user's address replaced)"
SAMPLES: Final = (
    Sample(
        b'2021-11-04T21:09:45.195018+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=GET path="/app" host=gabby-mill-shortener.herokuapp.com request_id=c01bb5b7-5df4-4d9e-a36f-d8faa3f0d41c fwd="109.65.0.215" dyno=web.1 connect=0ms service=30000ms status=503 bytes=0 protocol=https',
        {"time": "2021-11-04T21:09:45.195018+00:00", "kind": "request", "status": 503, "method": "GET", "path": "/app", "client": "109.65.0.215",
         "duration": 30.0, "upstream": "web.1", "code": "H12", "severity": 17, "request_id": "c01bb5b7-5df4-4d9e-a36f-d8faa3f0d41c"},
        "log of an app quoted in a public repository",
    ),
    Sample(
        b'2010-10-06T21:51:12-07:00 heroku[router]: at=error code=H10 desc="App crashed" method=GET path="/" host=myapp.herokuapp.com fwd=17.17.17.17 dyno= connect= service= status=503 bytes=',
        {"time": "2010-10-06T21:51:12-07:00", "status": 503, "client": "17.17.17.17", "upstream": None, "duration": None, "bytes": None},
        "Heroku documentation, error codes: H10",
    ),
    Sample(
        b'2022-04-18T02:04:13.281885+00:00 heroku[router]: at=info method=GET path="/yulongxueshan.glb" host=next-images-portfolio-blog.herokuapp.com request_id=1724c365-a1c1-4688-aa71-d538e477d043 fwd="209.6.143.60" dyno=web.1 connect=0ms service=425ms status=200 bytes=2395747 protocol=https',
        {"status": 200, "duration": 0.425, "bytes": 2395747, "severity": 9},
        "log of an app quoted in a public repository",
    ),
    Sample(
        b"2020-05-19T18:48:28.690350+00:00 app[api]: Deploy 199002c5 by user dev@example.com",
        {"kind": "change", "action": "deploy", "target": "199002c5", "actor": "dev@example.com", "outcome": "changed"},
        _GIST,
    ),
    Sample(
        b"2020-05-19T18:48:28.690350+00:00 app[api]: Release v14 created by user dev@example.com",
        {"kind": "change", "action": "release", "target": "v14"},
        _GIST,
    ),
    Sample(
        b"2020-04-04T18:22:12.354868+00:00 app[api]: Scaled to web@1:Free by user dev@example.com",
        {"kind": "change", "action": "scale", "target": "web@1:Free", "actor": "dev@example.com"},
        _GIST,
    ),
    Sample(
        b"2020-12-03T05:40:12.000000+00:00 app[api]: Build started by user dev@example.com",
        {"kind": "change", "action": "build", "outcome": "started"},
        _GIST,
    ),
    Sample(
        b"2021-10-25T12:34:14.756411+00:00 heroku[web.1]: State changed from starting to crashed",
        {"kind": "change", "action": "crash", "target": "web.1", "outcome": "failed", "severity": 17},
        "log of an app quoted in a public repository",
    ),
    Sample(
        b"2011-05-03T17:40:11+00:00 heroku[worker.1]: Error R14 (Memory quota exceeded)",
        {"kind": "log", "severity": 17, "code": "R14", "dyno": "worker.1"},
        "Heroku documentation, error codes: R14",
    ),
    Sample(
        b"2018-09-27T07:44:55.876541+00:00 heroku[web.1]: Process exited with status 143",
        {"kind": "log", "severity": None},
        "log of an app quoted in a public repository: a stop as asked for",
    ),
    Sample(
        b"2010-10-06T21:51:07-07:00 app[web.2]: Processing PostController#list (for 75.36.147.245 at 2010-10-06 21:51:07) [GET]",
        {"kind": "log", "service": "web", "dyno": "web.2", "message": "Processing PostController#list (for 75.36.147.245 at 2010-10-06 21:51:07) [GET]"},
        "Heroku documentation, error codes: H12",
    ),
    Sample(b"2021-11-34T21:09:45.195018+00:00 heroku[router]: at=info", None, "hostile: no such day"),
    Sample(b"2021-11-04T21:09:45.195018+00:00 app[web.1]: x\x00\xff\x1b[31m 2021-11-04T21:09:45+00:00 app[api]: Deploy x", {"kind": "log", "service": "web"},
           "hostile: NUL, bad UTF-8, an escape and another line inside a line"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="heroku",
        title="Heroku logs (Logplex)",
        url=_URL,
        samples=SAMPLES,
        layouts=(Layout("{time:iso} {source:word}[{dyno:word}]: {message:rest}"),),
        envelope=True,
        graded=True,
        meaning=_envelope,
    ),
    LineParser(
        name="heroku-platform",
        title="What Heroku's router, API and dyno manager say",
        url="https://devcenter.heroku.com/articles/http-routing#heroku-router-log-format",
        samples=(
            Sample(
                b'at=info method=GET path="/posts" host=myapp.herokuapp.com fwd="204.204.204.204" dyno=web.1 connect=1ms service=18ms status=200 bytes=975',
                {"kind": "request", "status": 200, "path": "/posts", "client": "204.204.204.204", "duration": 0.018},
                "Heroku documentation, logging: router",
                program="heroku[router]",
            ),
        ),
        layouts=(Layout("{message:rest}"),),
        inside=("heroku[*", "app[api]"),
        meaning=_platform,
    ),
)
