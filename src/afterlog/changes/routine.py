"""Routine: what cron starts by the clock, told once each with its period."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

from afterlog.changes.model import SECOND, Change, Pool, Row, Step, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome


def routine_changes(pool: Pool) -> list[Change]:
    """Make one change of each cron job, over all hosts."""
    jobs: dict[str, list[Row]] = {}
    for row in pool.take([row for row in pool.of("cron") if row.action == "cron"]):
        jobs.setdefault(row.target, []).append(row)
    return [_job(command, rows) for command, rows in sorted(jobs.items())]


def _job(command: str, rows: list[Row]) -> Change:
    per_host: dict[str, list[int]] = {}
    for row in rows:
        per_host.setdefault(row.host, []).append(row.time_us)
    steps = [b - a for times in per_host.values() for a, b in pairwise(times)]
    return Change(
        id=working_id("cron", rows[0].place),
        tool="cron",
        action="cron",
        title=f"cron: {command}"[:160],
        start_us=rows[0].time_us,
        end_us=rows[-1].time_us,
        hosts=tuple(sorted(per_host)),
        targets=unique([command]),
        outcome=str(Outcome.UNKNOWN),
        actor=rows[0].actor,
        steps=tuple(Step(row.time_us, "started", row.host, row.outcome, row.place) for row in rows),
        places=tuple(row.place for row in rows[:3]),
        routine=len(rows) > 1,
        period_s=median(steps) / SECOND if steps else None,
        times=len(rows),
    )


_OFTEN: Final = 5
_STEADY: Final = 0.2


def fold_repeated(changes: list[Change]) -> list[Change]:
    """Tell what a service does by the clock once: the same, by nobody, five times or more and at steady distances."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[Change]] = {}
    for change in changes:
        if change.tool == "service" and not change.actor:
            alike.setdefault((change.title, change.action, change.hosts), []).append(change)
    folded: dict[str, Change | None] = {}
    for group in alike.values():
        gaps = [b.start_us - a.start_us for a, b in pairwise(sorted(group, key=lambda change: change.start_us))]
        if len(group) < _OFTEN:
            continue
        middle = median(gaps)
        if sum(abs(gap - middle) <= _STEADY * middle for gap in gaps) >= 0.7 * len(gaps):
            folded |= dict.fromkeys((change.id for change in group), None)
            folded[group[0].id] = _folded(group, middle / SECOND)
    kept = [folded.get(change.id, change) for change in changes]
    return [change for change in kept if change is not None]


def _folded(group: list[Change], period_s: float) -> Change:
    return replace(
        group[0],
        end_us=max(change.end_us for change in group),
        steps=tuple(step for change in group for step in change.steps[:1]),
        places=tuple(change.places[0] for change in group[:3]),
        routine=True,
        period_s=period_s,
        times=len(group),
    )
