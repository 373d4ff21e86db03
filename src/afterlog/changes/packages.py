"""Packages: what apt and dpkg did in one run is one change, also where four logs and a sudo line tell of it.

The same done to several hosts one after the other, as by unattended upgrades or in a loop over them, is one change too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from afterlog.changes.commanded import TELLERS
from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome
from afterlog.parser import read_stamp

_DETAILS: Final = ("apt-term", "dpkg", "alternatives", "dnf", "yum", "yum-syslog", "zypper", "pacman")
_BY_THE_CLOCK: Final = "unattended-upgrades"  # asks apt, whose own logs tell it better
PACKAGE_PARSERS: Final = frozenset({"apt-history", *_DETAILS, _BY_THE_CLOCK})
"""Parsers whose rows are told here; their log lines are no sayings of programs."""
_NEXT_HOST_US: Final = 30 * MINUTE  # apt's timers start within a random delay of up to an hour
_FIRST_FEW: Final = 4


def package_changes(pool: Pool) -> list[Change]:
    """Make changes from apt's history; then from its terminal log and dpkg's lines where there is no history."""
    changes = [_change([row, *_about(row, pool)]) for row in pool.of("apt-history")]
    pool.take(pool.of("apt-history"))
    _asked_by_the_clock(changes, pool)
    for detail in (*_DETAILS, _BY_THE_CLOCK):
        logs = ("yum", "yum-syslog") if detail == "yum" else (detail,)  # it tells both the same
        changes += [_change([*group, *_asked(group, pool)]) for group in _runs(pool.take(pool.of(*logs)))]
    return _over_hosts(changes)


def _asked_by_the_clock(changes: Iterable[Change], pool: Pool) -> None:
    """Leave to apt's history what unattended upgrades told of the same run, unless it failed."""
    for change in changes:
        told = pool.near((_BY_THE_CLOCK,), change.hosts, change.start_us - 10 * MINUTE, change.end_us + 10 * MINUTE)
        pool.take(row for row in told if row.outcome != str(Outcome.FAILED))


def _over_hosts(changes: Iterable[Change]) -> list[Change]:
    """Join what was done to the same packages on one host after the other."""
    rounds: dict[str, list[list[Change]]] = {}
    for change in sorted(changes, key=lambda change: (change.start_us, change.places)):
        alike = rounds.setdefault(change.title, [])
        last = alike[-1] if alike else []
        reached = {host for one in last for host in one.hosts}
        if (
            last
            and change.start_us - last[-1].start_us <= _NEXT_HOST_US
            and change.hosts
            and not reached & {*change.hosts}
        ):
            last.append(change)
        else:
            alike.append([change])
    return [_joined(group) if len(group) > 1 else group[0] for alike in rounds.values() for group in alike]


def _joined(group: list[Change]) -> Change:
    return replace(
        group[0],
        end_us=max(change.end_us for change in group),
        hosts=tuple(sorted(host for change in group for host in change.hosts)),
        outcome=joint_outcome(change.outcome for change in group),
        actor=next((change.actor for change in group if change.actor), ""),
        steps=tuple(step for change in group for step in change.steps),
        places=places_of((place for change in group for place in change.places[:1]), _FIRST_FEW),
        failure=next((change.failure for change in group if change.failure), ""),
    )


def _about(row: Row, pool: Pool) -> list[Row]:
    rows = pool.near(_DETAILS, [row.host], row.time_us - 5 * SECOND, row.time_us + 2 * MINUTE)
    return [*pool.take(rows), *_asked([row], pool)]


def _asked(rows: list[Row], pool: Pool) -> list[Row]:
    """Take the commands by which a person asked for a run."""
    begin, end = rows[0].time_us - MINUTE, rows[-1].time_us + 2 * MINUTE
    asked = [
        row for row in pool.near(TELLERS, [rows[0].host], begin, end)
        if row.action == "command" and understand(row.target).what == "install"
    ]  # fmt: skip
    return pool.take(asked)


def _runs(rows: list[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    pause = 60 * MINUTE if rows and rows[0].parser == _BY_THE_CLOCK else MINUTE
    for row in sorted(rows, key=lambda row: (row.host, row.time_us)):
        if groups and groups[-1][-1].host == row.host and row.time_us - groups[-1][-1].time_us < pause:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _names(row: Row) -> list[str]:
    """Give the packages of a row: apt's history and unattended upgrades name all of a run in one."""
    return row.target.replace(",", " ").split() if row.parser in ("apt-history", _BY_THE_CLOCK) else [row.target]


def _lasted(row: Row) -> int:
    """Give how long a block of apt's history lasted, by its two dates in one zone; 0 where it has no end."""
    begin, end = (
        read_stamp("apt", text.encode("ascii", "replace"))
        for text in (row.run.removeprefix("apt "), row.fields.get("end", ""))
    )
    return max(end.wall_us - begin.wall_us, 0) if begin and end else 0


def _change(rows: list[Row]) -> Change:
    head = rows[0]
    acts = [row for row in rows if row.parser not in TELLERS and row.target]
    packages = unique(name for row in ([head] if head.parser == "apt-history" else acts) for name in _names(row))
    asked = next((row for row in rows if row.parser in TELLERS), None)
    actor = head.actor or (asked.actor if asked else "")
    verb = head.action if head.parser == "apt-history" else "+".join(unique(row.action for row in acts)) or head.action
    return Change(
        id=working_id("package", head.place),
        tool="package",
        action="package",
        title=f"Packages: {verb} {', '.join(packages)[:120]}",
        start_us=min(row.time_us for row in rows if row.parser not in TELLERS),
        end_us=max(row.time_us + _lasted(row) for row in rows if row.parser not in TELLERS),
        hosts=(head.host,) if head.host else (),
        targets=packages,
        outcome=joint_outcome([row.outcome for row in rows if row.parser not in TELLERS] or [str(Outcome.UNKNOWN)]),
        actor=actor,
        steps=tuple(
            Step(row.time_us, f"{row.action} {row.target}".strip()[:200], row.host, row.outcome, row.place)
            for row in acts[:20]
        ),
        places=places_of([head.place, *([asked.place] if asked else []), *(row.place for row in acts)], 4),
        failure=next(
            (row.fields.get("error", "") or row.message for row in rows if row.outcome == str(Outcome.FAILED)),
            "",
        ),
    )
