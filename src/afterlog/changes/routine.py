"""Routine: what cron starts by the clock, told once each with its period."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from afterlog.changes.model import SECOND, Change, Pool, Row, Step, unique
from afterlog.event import Outcome
from afterlog.identity import stable_id


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
        id=stable_id("change", "cron", rows[0].place.source, rows[0].place.line),
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
