"""Mined changes: what ordinary logs say was done, where no deploy log says it.

systemd's and the kernel's own words (a unit started, stopped, failed; a process killed) where no parser read them as
changes, and the version a program names when it starts: another one than before is a deploy, whoever made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from afterlog.changes.model import MINUTE, Busy, Change, Row, Step, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.formats.systemd import PLATFORM, platform_event

_CHANGED: Final = str(Outcome.CHANGED)
_VERSION: Final = re.compile(
    r"(?i)\b(?:starting|started|booting|launching|initiali[sz]ing|running)\b.{0,80}?(?:\bversion[ =:]*|\bv|[ /=:-])"
    r"(?P<version>\d+\.\d+(?:\.\d+)*(?:[-+.][\w.]+)?)\b"
)
COARSE: Final = (
    r"^(?:[Ss]tart|Stop|Reload|Failed to start)|: (?:[Mm]ain process exited|Failed with result|Scheduled restart)"
    r"|: A process of this unit|: (?:Start request repeated|Watchdog timeout)|timed out\. (?:Term|Kill|Abort|Skip|Fail)"
    r"|entered failed state|hold-?off time|^Dependency failed for|^Reload failed for|due to memory"
    r"|[Ss]ystem (?:is rebooting|is powering|is halting|will )|segfault at|general protection|^Process \d+ \(.* of user"
    r"|Linux version \d|^Booting Linux|^systemd \d\S* running in|^Startup finished in"
    r"|ut of memory: Kill|(?i:starting|started|booting|launching|running)[^\n]{0,100}\d\.\d"
)
"""What of all messages is looked at more closely, as RE2 understands it."""
QUIET: Final = r"^(?:Started|Stopping|Stopped) (?:Session \S+ of |User (?:Manager|Runtime|Slice))"
"""What the platform says of every login: housekeeping, and often most of a syslog."""
_TOGETHER_US: Final = 30 * MINUTE


def mined_rows(events: Iterable[dict[str, Any]]) -> tuple[list[Row], list[Row]]:
    """Give the rows that systemd and the kernel tell, and those in which a program names its version."""
    platform, versions = [], []
    for event in events:
        said = event["message"] or ""
        row = _platform_row(event, said) if (event["service"] or "") in PLATFORM else None
        if row is not None:
            platform.append(row)
        elif (event["service"] or "") not in PLATFORM and (found := _VERSION.search(said[:400])):
            versions.append(_row(event, "version", "start", event["service"] or "", _CHANGED, found["version"]))
    return platform, versions


def _platform_row(event: dict[str, Any], said: str) -> Row | None:
    told = platform_event(said)
    return _row(event, "systemd", told[0], told[1], told[2], "") if told else None


def _row(event: dict[str, Any], parser: str, action: str, target: str, outcome: str, run: str) -> Row:
    place = Place(event["source"], event["line"], event["offset"])
    host, service = event["host"] or "", event["service"] or ""
    return Row(
        event["time"], place, parser, host, service, event["message"] or "", action, target, outcome, "", run, "", {}
    )


def version_changes(rows: Iterable[Row]) -> list[Change]:
    """Make a change where a service on a host starts with another version than before; one over all its hosts."""
    groups: list[list[_Upgrade]] = []
    for upgrade in _upgrades(rows):
        last = next((g for g in reversed(groups[-20:]) if _same(g[-1].row, upgrade.row)), None)
        if last is None:
            groups.append([upgrade])
        else:
            last.append(upgrade)
    return [_change(group) for group in groups]


class _Upgrade(NamedTuple):
    """A start with another version than the one before it, and whether it is one that ran earlier."""

    row: Row
    old: str
    back: bool


def _upgrades(rows: Iterable[Row]) -> Iterator[_Upgrade]:
    """Compare starts that are worded alike: a program may name several versions, its own and its libraries'."""
    known: dict[tuple[str, str, str], list[str]] = {}
    for row in sorted(rows, key=lambda row: (row.time_us, row.place)):
        words = re.sub(r"\d+", "#", row.message.partition(row.run)[0])[-80:]
        before = known.setdefault((row.host, row.service, words), [])
        if before and before[-1] != row.run:
            yield _Upgrade(row, before[-1], row.run in before)
        if not before or before[-1] != row.run:
            before.append(row.run)


def _same(before: Row, row: Row) -> bool:
    return (before.service, before.run) == (row.service, row.run) and row.time_us - before.time_us <= _TOGETHER_US


def _change(group: list[_Upgrade]) -> Change:
    rows = [upgrade.row for upgrade in group]
    head, old, back = group[0]
    return Change(
        id=working_id("version", head.place),
        tool="deploy",
        action="rollback" if back else "deploy",
        title=f"{head.service or 'a program'}: version {old} {'goes back to' if back else 'becomes'} {head.run}",
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
    told = ("service", "git", "package", "cron", "command")
    busy = Busy((c for c in others if c.hosts and c.tool not in told and not c.routine), 10 * MINUTE)
    return [change for change in mined if not busy.at(change.start_us, change.hosts)]
