"""Packages: what apt and dpkg did in one run is one change, also where four logs and a sudo line tell of it."""

from __future__ import annotations

from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.event import Outcome
from afterlog.identity import stable_id

_DETAILS = ("apt-term", "dpkg", "alternatives")


def package_changes(pool: Pool) -> list[Change]:
    """Make changes from apt's history; then from its terminal log and dpkg's lines where there is no history."""
    changes = [_change([row, *_about(row, pool)]) for row in pool.of("apt-history")]
    pool.take(pool.of("apt-history"))
    for detail in _DETAILS:
        changes += [_change(group) for group in _runs(pool.take(pool.of(detail)))]
    return changes


def _about(row: Row, pool: Pool) -> list[Row]:
    end = row.time_us + 2 * MINUTE
    rows = pool.near(_DETAILS, [row.host], row.time_us - 5 * SECOND, end)
    asked = [
        sudo for sudo in pool.near(("sudo",), [row.host], row.time_us - MINUTE, end)
        if sudo.action == "command" and understand(sudo.target).what == "install"
    ]  # fmt: skip
    return pool.take(rows + asked)


def _runs(rows: list[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (row.host, row.time_us)):
        if groups and groups[-1][-1].host == row.host and row.time_us - groups[-1][-1].time_us < MINUTE:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _change(rows: list[Row]) -> Change:
    head = rows[0]
    acts = [row for row in rows if row.parser != "sudo" and row.target]
    packages = unique(row.target for row in ([head] if head.parser == "apt-history" else acts))
    asked = next((row for row in rows if row.parser == "sudo"), None)
    actor = head.actor or (asked.actor if asked else "")
    verb = head.action if head.parser == "apt-history" else "+".join(unique(row.action for row in acts)) or head.action
    return Change(
        id=stable_id("change", "package", head.place.source, head.place.line),
        tool="package",
        action="package",
        title=f"Packages: {verb} {', '.join(packages)[:120]}",
        start_us=min(row.time_us for row in rows if row.parser != "sudo"),
        end_us=max(row.time_us for row in rows if row.parser != "sudo"),
        hosts=(head.host,) if head.host else (),
        targets=packages,
        outcome=joint_outcome([row.outcome for row in rows if row.parser != "sudo"] or [str(Outcome.UNKNOWN)]),
        actor=actor,
        steps=tuple(
            Step(row.time_us, f"{row.action} {row.target}".strip()[:200], row.host, row.outcome, row.place)
            for row in acts[:20]
        ),
        places=places_of([head.place, *([asked.place] if asked else []), *(row.place for row in acts)], 4),
        failure=next(
            (row.message or row.fields.get("error", "") for row in rows if row.outcome == str(Outcome.FAILED)),
            "",
        ),
    )
