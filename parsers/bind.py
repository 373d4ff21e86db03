r"""BIND's named: zones loaded and refused, configuration reloaded, queries; in its own files and in syslog.

::

    22-Nov-2026 14:22:59.054 zoneload: info: zone good.test/IN: loaded serial 2022111002     print-category, print-severity
    2026-11-22T14:22:59.034 queries: info: client @0x7f6d 127.0.0.1#41616 (www.good.test): query: …   print-time iso8601

A zone loaded is a change: its serial tells which edit of it. A zone that is not loaded goes on with its old content, or is gone.

Traps: each channel chooses for itself which of time, category and severity it prints (with the time alone, as ``named -g`` prints,
its lines are those of any program); debug levels follow the word ``debug``; ``loaded
serial`` also stands where nothing was edited, at every start; a serial often is a date, but need not be.

https://bind9.readthedocs.io/en/stable/reference.html#logging-block-grammar
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Form, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, stamped

_TIME: Final = Form("dd-bbb-YYYY HH:MM:SS.fff", "22-Nov-2026 14:22:59.054")
_CATEGORIES: Final = (
    "client|cname|config|database|default|delegation-only|dispatch|dnssec|dnstap|edns-disabled|general|lame-servers|network|notify"
    "|nsid|queries|query-errors|rate-limit|resolver|responselog|rpz|rpz-passthru|security|serve-stale|spill|sslkeylog|trust-anchor-telemetry"
    "|unmatched|update|update-security|xfer-in|xfer-out|zoneload"
)
_HEAD: Final = re.compile(
    rf"(?:(?P<category>{_CATEGORIES}): )?(?:(?P<level>critical|error|warning|notice|info|debug(?: \d{{1,2}})?): )?(?P<rest>.*)",
    re.DOTALL,
)
_OWN: Final = rf"^(?:(?:{_CATEGORIES}): |(?:critical|error|warning|notice|info|debug(?: [0-9]{{1,2}})?): )"
"""Without a category or a severity nothing tells a line of BIND's from another program's."""
_SEVERITIES: Final = {"critical": 18, "error": 17, "warning": 13, "notice": 10, "info": 9, "debug": 5}
_ZONE: Final = r"zone (?P<target>\S+?)/(?:IN|CH|HS)(?:/\S+)?: "
_SAYINGS: Final = (
    (re.compile(_ZONE + r"loaded serial (?P<serial>\d+)(?: \(.*\))?"), "zone", Outcome.CHANGED),
    (re.compile(_ZONE + r"transferred serial (?P<serial>\d+).*"), "zone", Outcome.CHANGED),
    (re.compile(_ZONE + r"(?:not loaded due to errors\.|loading from .* failed: .*)"), "zone", Outcome.FAILED),
    (re.compile(r"(?:reloading configuration) (?P<ended>succeeded|failed.*)"), "reload", None),
    (re.compile(r"starting BIND (?P<version>\S+).*"), "start", Outcome.CHANGED),
    (re.compile(r"shutting down(?:: .*)?"), "stop", Outcome.CHANGED),
)
_CLIENT: Final = re.compile(r"client (?:@0x[0-9a-f]+ )?(?P<client>[0-9A-Fa-f.:]+)#\d+")


def _own(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = each_unique(match.text("message"), _told) | {"service": ["named"] * len(match)}
    if "category" not in match:
        time = stamped(match, _TIME, field="date", until="clock")
        own = pc.match_substring_regex(match.text("message"), _OWN)
        return columns | time | {"refused": time["refused"] | ~own.to_numpy(zero_copy_only=False)}
    known = pc.match_substring_regex(match.text("category"), f"^(?:{_CATEGORIES})$")
    columns.pop("category", None)
    return columns | {"refused": ~known.to_numpy(zero_copy_only=False)}


def _inside(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = each_unique(match.text("message"), _told)
    if "severity" in outer and "severity" in columns:
        columns["severity"] = pc.coalesce(columns["severity"], outer["severity"])
    return columns | ({"run": None} if "run" in outer else {})


def _told(text: str) -> dict[str, Any]:
    head = _HEAD.fullmatch(text)
    if head is None:
        return {"kind": str(Kind.LOG)}
    told: dict[str, Any] = {"kind": str(Kind.LOG), "message": head["rest"], "category": head["category"]}
    if head["level"]:
        told["severity"] = _SEVERITIES[head["level"].partition(" ")[0]]
    if client := _CLIENT.match(head["rest"]):
        told["client"] = client["client"]
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(head["rest"]):
            ended = outcome or (Outcome.CHANGED if found["ended"] == "succeeded" else Outcome.FAILED)
            named = {name: value for name, value in found.groupdict().items() if name != "ended"}
            return told | {"kind": str(Kind.CHANGE), "action": action, "target": "named", "outcome": str(ended)} | named
    return told


_RUN: Final = "BIND 9.18.49 on loopback"

SAMPLES: Final = (
    Sample(
        b"22-Nov-2026 14:22:59.054 zoneload: info: zone good.test/IN: loaded serial 2022111002",
        {"time": "2026-11-22T14:22:59.054", "kind": "change", "action": "zone", "target": "good.test", "serial": "2022111002", "outcome": "changed",
         "severity": 9, "category": "zoneload", "service": "named", "message": "zone good.test/IN: loaded serial 2022111002"},
        _RUN,
    ),
    Sample(
        b"22-Nov-2026 14:23:01.058 zoneload: error: zone good.test/IN: loading from master file good.db failed: bad dotted quad",
        {"kind": "change", "action": "zone", "target": "good.test", "outcome": "failed", "severity": 17},
        _RUN + ", the file's path shortened",
    ),
    Sample(b"22-Nov-2026 14:23:01.054 general: info: reloading configuration succeeded", {"kind": "change", "action": "reload", "target": "named", "outcome": "changed"}, _RUN),
    Sample(b"22-Nov-2026 14:23:01.054 general: debug 1: load_configuration: success", {"kind": "log", "severity": 5}, _RUN),
    Sample(b"22-Nov-2026 14:17:48.482 running", None, _RUN + ", named -g: nothing tells that it is BIND's"),
    Sample(
        b"2026-11-22T14:22:59.034 queries: info: client @0x7f6da406d098 127.0.0.1#41616 (www.good.test): query: www.good.test IN A + (127.0.0.1)",
        {"time": "2026-11-22T14:22:59.034", "kind": "log", "client": "127.0.0.1", "category": "queries"},
        _RUN + ", print-time iso8601",
    ),
    Sample(
        b"2026-11-22T14:25:49.730 general: debug 1: now using logging configuration from config file",
        {"category": "general", "kind": "log"},
        _RUN + ", print-time iso8601",
    ),
    Sample(b"2026-11-22T14:22:59.034 shop: info: order 7", None, "a line of another program of the same shape"),
    Sample(
        b"22-Nov-2026 14:22:59.054 general: info: zone x\x00\xff\x1b[31m/IN: loaded serial 1 22-Nov-2026 14:22:59.054 shutting down",
        {"kind": "log", "severity": 9},
        "hostile: NUL, bad UTF-8, an escape and another line inside a name",
    ),
    Sample(b"31-Nov-2026 14:22:59.054 general: info: running", None, "hostile: no such day"),
)  # fmt: skip

SYSLOG_SAMPLES: Final = (
    Sample(
        b"starting BIND 9.18.49-1~deb12u3-Debian (Extended Support Version) <id:>",
        {"kind": "change", "action": "start", "target": "named", "version": "9.18.49-1~deb12u3-Debian", "category": None},
        _RUN + ": what it hands to syslog",
        program="named",
    ),
    Sample(
        b"zone good.test/IN: loaded serial 2022111002",
        {"kind": "change", "action": "zone", "target": "good.test", "serial": "2022111002"},
        _RUN + ": what it hands to syslog",
        program="named",
    ),
    Sample(b"general: error: zone x/IN: not loaded due to errors.", {"action": "zone", "outcome": "failed", "severity": 17}, _RUN + ", print-category and print-severity", program="named"),
    Sample(b"zone \x00\xff\x1b[31m", {"kind": "log"}, "hostile: NUL, bad UTF-8 and an escape", program="named"),
)  # fmt: skip

_URL: Final = "https://bind9.readthedocs.io/en/stable/reference.html#logging-block-grammar"
PARSER = (
    LineParser(
        name="bind",
        title="BIND (named), its own log files",
        url=_URL,
        samples=SAMPLES,
        layouts=(
            Layout("{time:iso} {category:word}: {level:level}: {message:rest}", name="iso8601"),
            Layout("{time:iso} {category:word}: debug {_:d}: {message:rest}", name="iso8601, debug"),
            Layout("{date:word} {clock:word} {message:rest}"),
        ),
        meaning=_own,
    ),
    LineParser(
        name="bind-syslog",
        title="BIND (named) in syslog",
        url=_URL,
        samples=SYSLOG_SAMPLES,
        layouts=(Layout("{message:rest}"),),
        inside=("named",),
        meaning=_inside,
    ),
)
