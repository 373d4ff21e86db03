"""Mined changes: what ordinary logs say was done, where no deploy log says it.

systemd's and the kernel's own words (a unit started, stopped, failed; a process killed), and the version a program
names when it starts: another one than before is a deploy, whoever made it.

https://github.com/systemd/systemd/blob/main/src/core/job.c (job_done_message_format), src/core/unit.c
https://github.com/torvalds/linux/blob/master/mm/oom_kill.c
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.changes.model import MINUTE, Change, Row, Step, places_of, unique
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.identity import stable_id

_CHANGED, _FAILED, _STARTED = str(Outcome.CHANGED), str(Outcome.FAILED), str(Outcome.STARTED)
_UNIT: Final = r"(?P<unit>[\w@.:\\-]+\.(?:service|socket|mount))"
_PLATFORM: Final = frozenset({"systemd", "kernel", "init", "systemd-oomd"})
_SAYINGS: Final = (
    (re.compile(rf"Started (?:{_UNIT} - )?(?P<what>.+?)\.?"), "start", _CHANGED),
    (re.compile(rf"Stopped (?:{_UNIT} - )?(?P<what>.+?)\.?"), "stop", _CHANGED),
    (re.compile(rf"Stopping (?:{_UNIT} - )?(?P<what>.+?)\.{{3}}"), "stop", _STARTED),
    (re.compile(rf"Reloaded (?:{_UNIT} - )?(?P<what>.+?)\.?"), "reload", _CHANGED),
    (re.compile(rf"Failed to start (?:{_UNIT} - )?(?P<what>.+?)\.?"), "start", _FAILED),
    (re.compile(rf"{_UNIT}: Main process exited, code=(?:killed|dumped), .*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: Main process exited, code=exited, status=[1-9].*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: Failed with result 'oom-kill'\.?"), "oom", _FAILED),
    (re.compile(rf"{_UNIT}: Failed with result .*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: A process of this unit has been killed by the OOM killer\.?"), "oom", _FAILED),
    (re.compile(rf"{_UNIT}: Scheduled restart job, .*"), "restart", _STARTED),
    (re.compile(r"(?:\[ *[\d.]+\] )?(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \d+ \((?P<what>[^)]+)\).*"),
     "oom", _FAILED),
)  # fmt: skip
_HOUSEKEEPING: Final = re.compile(
    r"Session \S+ of |User (?:Manager|Runtime|Slice)|user-\d|\.(?:scope|slice|timer|target|path|device)\b|apt|logrotate"
    r"|Rotate|man-db|fstrim|motd|tmpfiles|[Cc]lean|[Dd]aily|[Ww]eekly|[Hh]ourly|e2scrub|dpkg|fwupd|Getty"
    r"|Message of the Day"
)
_VERSION: Final = re.compile(
    r"(?i)\b(?:starting|started|booting|launching|initiali[sz]ing|running)\b.{0,80}?(?:\bversion[ =:]*|\bv|[ /=:-])"
    r"(?P<version>\d+\.\d+(?:\.\d+)*(?:[-+.][\w.]+)?)\b"
)
COARSE: Final = (
    r"^(?:Start|Stop|Reload|Failed to start)|: (?:Main process exited|Failed with result|Scheduled restart)"
    r"|: A process of this unit"
    r"|ut of memory: Kill|(?i:starting|started|booting|launching|running)[^\n]{0,100}\d\.\d"
)
"""What of all messages is looked at more closely, as RE2 understands it."""
_TOGETHER_US: Final = 30 * MINUTE


def mined_rows(events: Iterable[dict[str, Any]]) -> tuple[list[Row], list[Row]]:
    """Give the rows that systemd and the kernel tell, and those in which a program names its version."""
    platform, versions = [], []
    for event in events:
        said = event["message"] or ""
        row = _platform_row(event, said) if (event["service"] or "") in _PLATFORM else None
        if row is not None:
            platform.append(row)
        elif (event["service"] or "") not in _PLATFORM and (found := _VERSION.search(said[:400])):
            versions.append(_row(event, "version", "start", event["service"] or "", _CHANGED, found["version"]))
    return platform, versions


def _platform_row(event: dict[str, Any], said: str) -> Row | None:
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(said):
            names = found.groupdict()
            target = (names.get("unit") or names.get("what") or "").removesuffix(".service")
            if _HOUSEKEEPING.search(said) and action in ("start", "stop", "reload"):
                return None
            return _row(event, "systemd", action, target, outcome, "")
    return None


def _row(event: dict[str, Any], parser: str, action: str, target: str, outcome: str, run: str) -> Row:
    place = Place(event["source"], event["line"], event["offset"])
    host, service = event["host"] or "", event["service"] or ""
    return Row(
        event["time"], place, parser, host, service, event["message"] or "", action, target, outcome, "", run, "", {}
    )


def version_changes(rows: Iterable[Row]) -> list[Change]:
    """Make a change where a service on a host starts with another version than before; one over all its hosts."""
    groups: list[list[tuple[Row, str]]] = []
    for row, old in _upgrades(rows):
        last = next((g for g in reversed(groups[-20:]) if _same(g[-1][0], row)), None)
        if last is None:
            groups.append([(row, old)])
        else:
            last.append((row, old))
    return [_change(group) for group in groups]


def _upgrades(rows: Iterable[Row]) -> Iterator[tuple[Row, str]]:
    known: dict[tuple[str, str], str] = {}
    for row in sorted(rows, key=lambda row: (row.time_us, row.place)):
        old = known.get((row.host, row.service))
        known[row.host, row.service] = row.run
        if old is not None and old != row.run:
            yield row, old


def _same(before: Row, row: Row) -> bool:
    return (before.service, before.run) == (row.service, row.run) and row.time_us - before.time_us <= _TOGETHER_US


def _change(group: list[tuple[Row, str]]) -> Change:
    rows = [row for row, _old in group]
    head, old = group[0]
    return Change(
        id=stable_id("change", "version", head.place.source, head.place.line),
        tool="deploy",
        action="deploy",
        title=f"{head.service or 'a program'}: version {old} becomes {head.run}",
        start_us=head.time_us,
        end_us=rows[-1].time_us,
        hosts=unique(row.host for row in rows),
        targets=unique([head.service]),
        outcome=_CHANGED,
        actor="",
        steps=tuple(Step(row.time_us, f"started {row.run}", row.host, _CHANGED, row.place) for row in rows),
        places=places_of((row.place for row in rows), 6),
    )


def told_already(mined: Iterable[Change], others: list[Change]) -> list[Change]:
    """Leave out mined deploys that a tool's own log tells: it acted on one of their hosts in the ten minutes before."""
    tools = [c for c in others if c.tool not in ("service", "git", "package", "cron") and not c.routine]
    return [
        change for change in mined
        if not any(
            c.start_us - 10 * MINUTE <= change.start_us <= c.end_us + 10 * MINUTE and set(c.hosts) & set(change.hosts)
            for c in tools
        )
    ]  # fmt: skip
