r"""Redis, Valkey and Sentinel: what the server says, with the role of the process that says it.

The roles: ``M`` master, ``S`` replica, ``C`` child that saves, ``X`` sentinel. The marks: ``.`` debug, ``-`` verbose, ``*``
notice, ``#`` warning. Starts, stops, crashes, a changed master and a rewritten configuration are changes. The forms::

    1234:M 10 Nov 2022 10:29:58.123 * Ready to accept connections     since 5.0
    1234:M 10 Nov 10:29:58.123 * …                                    3.0 to 4.0
    [1234] 10 Nov 10:29:58.123 * …                                    2.x

Traps: the older stamps have no year and none has a zone; the start's logo and a crash report are lines without stamp;
``#`` marks warnings and ordinary milestones alike.

https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/
https://github.com/redis/redis/blob/unstable/src/server.c (serverLogRaw)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

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
    Form("dd bbb YYYY HH:MM:SSF", "10 Nov 2022 10:29:58.123"),
    Form("dd bbb HH:MM:SSF", "10 Nov 10:29:58.123"),
)
_MARKS: Final = {".": 5, "-": 6, "*": 10, "#": 13}
_YEAR: Final = "{day:word} {month:word} {year:d} {clock:word} {mark:word} {message:rest}"
_NO_YEAR: Final = "{day:word} {month:word} {clock:word} {mark:word} {message:rest}"

_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "redis", "outcome": str(Outcome.CHANGED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_TELLS: Final = r"eady to accept connections|eady to exit|shutdown|crashed by signal|enabled \(|switch-master|CONFIG REWRITE|Out Of Memory|aborting\.$|is starting "
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r"(?:The server is now r|R)eady to accept connections.*", _CHANGE | {"action": "start"}),
        (r"\S+ \S+ is starting .*", _CHANGE | {"action": "start", "outcome": str(Outcome.STARTED)}),
        (r"\S+ is now ready to exit, bye bye\.\.\.", _CHANGE | {"action": "stop"}),
        (r"User requested shutdown\.\.\.|Received SIG\w+ scheduling shutdown\.\.\.",
         _CHANGE | {"action": "stop", "outcome": str(Outcome.STARTED)}),
        (r"(?:=+ )?(?:\S+ \S+ )?[Cc]rashed by signal: .*", _FAILED | {"action": "crash", "severity": 21}),
        (r"Out Of Memory allocating .*", _FAILED | {"action": "oom", "severity": 21}),
        (r".*, aborting\.", _FAILED | {"action": "start", "severity": 17}),
        (r"MASTER MODE enabled \(.*", _CHANGE | {"action": "promote"}),
        (r"(?:REPLICAOF|SLAVE OF) (?P<upstream>\S+) enabled \(.*", _CHANGE | {"action": "demote"}),
        (r"\+switch-master (?P<group>\S+) .*", _CHANGE | {"action": "failover"}),
        (r"CONFIG REWRITE executed with success\.", _CHANGE | {"action": "configure"}),
    )
)  # fmt: skip


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    message = match.text("message")
    if "mark" not in match:  # what the handler of a signal prints, of level warning
        return {"severity": pa.repeat(pa.scalar(13, pa.int8()), len(match))} | each_unique(message, _told)
    columns = stamped(match, *_FORMS, field="day", until="clock") | {"mark": None}
    columns |= each_unique(match.text("mark"), lambda mark: {"severity": _MARKS.get(mark)})
    told = pc.match_substring_regex(message, _TELLS)
    if pc.any(told).as_py():
        changes = each_unique(pc.if_else(told, message, ""), _told)
        if "severity" in changes:
            changes["severity"] = pc.coalesce(changes["severity"], columns["severity"])
        columns |= changes
    return columns


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


_RUN: Final = "Redis 7.0.15 on loopback"

SAMPLES: Final = (
    Sample(
        b"1:signal-handler (1714024483) Received SIGTERM scheduling shutdown...",
        {"time": "2024-04-25T05:54:43+00:00", "kind": "change", "action": "stop", "target": "redis", "severity": 13, "pid": "1"},
        "repository tstack/lnav, test/logfile_docker_compose.0",
    ),
    Sample(
        b"28530:M 22 Nov 2026 11:43:42.028 * Ready to accept connections",
        {"time": "2026-11-22T11:43:42.028", "kind": "change", "action": "start", "target": "redis", "severity": 10,
         "pid": "28530", "role": "M", "message": "Ready to accept connections"},
        _RUN,
    ),
    Sample(
        b"28530:M 22 Nov 2026 11:43:42.028 # WARNING Memory overcommit must be enabled! Without it, a background save or replication may fail under low memory condition. ",
        {"severity": 13, "kind": "log"},
        _RUN,
    ),
    Sample(b"28530:M 22 Nov 2026 11:43:43.032 - Accepted 127.0.0.1:60228", {"severity": 6, "kind": "log"}, _RUN),
    Sample(
        b"28530:S 22 Nov 2026 11:43:48.062 # User requested shutdown...",
        {"kind": "change", "action": "stop", "outcome": "started"},
        _RUN,
    ),
    Sample(
        b"28530:S 22 Nov 2026 11:43:48.064 # Redis is now ready to exit, bye bye...",
        {"kind": "change", "action": "stop", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"28545:M 22 Nov 2026 11:43:47.058 # Failed listening on port 36379 (TCP), aborting.",
        {"kind": "change", "action": "start", "outcome": "failed", "severity": 17},
        _RUN + ", started twice",
    ),
    Sample(
        b"28530:S 22 Nov 2026 11:43:44.043 * REPLICAOF 127.0.0.1:36399 enabled (user request from 'id=5 addr=127.0.0.1:60244 laddr=127.0.0.1:36379 fd=7 name= age=0 idle=0 flags=N')",
        {"kind": "change", "action": "demote", "upstream": "127.0.0.1:36399"},
        _RUN,
    ),
    Sample(
        b"1133:M 22 Nov 2026 14:17:51.490 # Redis 7.0.15 crashed by signal: 11, si_code: 0",
        {"kind": "change", "action": "crash", "outcome": "failed", "severity": 21},
        _RUN + ", SIGSEGV sent to it",
    ),
    Sample(
        b"26647:C 22 Nov 2026 14:11:28.083 # Write error saving DB on disk(rdbSaveRio): No space left on device",
        {"kind": "log", "role": "C", "severity": 13},
        _RUN + ", a full file system",
    ),
    Sample(
        b"3308:M 27 Oct 08:37:26.438 * The server is now ready to accept connections on port 6379",
        {"time": "2000-10-27T08:37:26.438", "kind": "change", "action": "start", "pid": "3308", "role": "M"},
        "log of Redis 3 quoted in a public repository, without year",
    ),
    Sample(
        b"[3279] 01 Feb 20:14:29.429 * The server is now ready to accept connections on port 6379",
        {"time": "2000-02-01T20:14:29.429", "kind": "change", "action": "start", "pid": "3279", "role": None},
        "log of Redis 2.8.17 quoted in a public repository",
    ),
    Sample(
        b"2510:X 22 Nov 2026 14:19:14.028 # +switch-master mymaster 127.0.0.1 36379 127.0.0.1 36380",
        {"kind": "change", "action": "failover", "group": "mymaster", "role": "X"},
        _RUN + ", Sentinel, its master crashed",
    ),
    Sample(
        b"2444:M 22 Nov 2026 14:19:12.979 * MASTER MODE enabled (user request from 'id=4 addr=127.0.0.1:52856 laddr=127.0.0.1:36380 fd=9 name=sentinel-6e501b0d-cmd age=4 idle=0')",
        {"kind": "change", "action": "promote"},
        _RUN + ", a failover; the end cut off",
    ),
    Sample(
        b"7:M 10 Nov 2022 10:29:58.123 - Client \x00\xff\x1b[31m * Ready to accept connections",
        {"kind": "log", "severity": 6},
        "hostile: NUL, bad UTF-8, an escape and a start inside a message",
    ),
    Sample(b"7:M 10 Nov 2022 10:29:58.123 * " + b"x" * 1_000_000, {"message": "x" * 1_000_000}, "hostile: a line of 1 MB"),
    Sample(b"7:M 31 Nov 2022 10:29:58.123 * x", None, "hostile: no such day"),
    Sample(b"7:M 10 Nov 2022 10:29:58", None, "hostile: a line cut short"),
)  # fmt: skip

PARSER = LineParser(
    name="redis",
    title="Redis log",
    url="https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/",
    samples=SAMPLES,
    layouts=(
        Layout("{pid:d}:{role:level} " + _YEAR, name="since 5.0"),
        Layout("{pid:d}:{role:level} " + _NO_YEAR, name="3.0 to 4.0"),
        Layout("[{pid:d}] " + _NO_YEAR, name="2.x"),
        Layout("{pid:d}:signal-handler ({time:epoch}) {message:rest}", name="signal handler"),
    ),
    continues=True,
    meaning=_meaning,
)
