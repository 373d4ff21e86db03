"""Puppet: runs of one manifest over several hosts within minutes are one change; idle runs are routine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome

_PARSERS = ("puppet", "puppet-report", "puppet-summary")
_GIVEN_UP = ("Could not retrieve catalog; skipping", "Failed to apply catalog", "Could not run Puppet", "Skipping run")
_LONGEST_US = 30 * MINUTE  # silence within one run


@dataclass(frozen=True, slots=True)
class _Run:
    """One run on one host, from all that was logged about it."""

    host: str
    start_us: int
    end_us: int
    manifest: str
    outcome: str
    resources: tuple[Row, ...]
    rows: tuple[Row, ...]


def puppet_changes(pool: Pool) -> list[Change]:
    """Make changes from what the agent wrote to syslog and from its reports, which tell of the same runs."""
    rows = pool.take(pool.of(*_PARSERS))
    runs = sorted(_runs(rows, pool), key=lambda run: (run.start_us, run.host))
    acting = [run for run in runs if run.outcome != str(Outcome.UNCHANGED)]
    idle = [run for run in runs if run.outcome == str(Outcome.UNCHANGED)]
    return [_change(group) for group in _together(acting)] + ([_routine(idle)] if idle else [])


def _runs(rows: list[Row], pool: Pool) -> Iterable[_Run]:
    """Put together the lines of each run; a report and the syslog lines of one run overlap in time."""
    bundles: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.parser != "puppet-summary":  # it repeats the newest report
            bundles.setdefault((row.host, row.parser, row.run or row.place.source), []).append(row)
    merged: list[list[Row]] = []
    single = [run for bundle in bundles.values() for run in _one_by_one(bundle)]
    for bundle in sorted(single, key=lambda b: (b[0].host, b[0].time_us)):
        before = merged[-1] if merged and merged[-1][0].host == bundle[0].host else None
        overlap = before is not None and bundle[0].time_us <= max(row.time_us for row in before) + 5 * SECOND
        if before is not None and overlap and not {row.parser for row in before} & {row.parser for row in bundle}:
            before += bundle
        else:
            merged.append(list(bundle))
    return [_run(bundle, pool) for bundle in merged]


def _one_by_one(rows: list[Row]) -> list[list[Row]]:
    """Part the runs that one process, or one file without processes, tells of one after the other."""
    if rows[0].parser != "puppet":
        return [rows]
    runs: list[list[Row]] = [[]]
    for row in sorted(rows, key=lambda row: (row.time_us, row.place)):
        before = runs[-1][-1] if runs[-1] else None
        if before is not None and (_ends(before) or row.time_us - before.time_us > _LONGEST_US):
            runs.append([])
        runs[-1].append(row)
    return runs


def _ends(row: Row) -> bool:
    """Tell whether this is the last that a run says of itself."""
    return row.action == "run" and (row.outcome == str(Outcome.UNKNOWN) or row.message.startswith(_GIVEN_UP))


def _run(rows: list[Row], pool: Pool) -> _Run:
    rows = sorted(rows, key=lambda row: (row.time_us, row.place))
    seen: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.parser != "puppet"):  # the syslog line is the better quote
        if row.action == "resource":
            seen.setdefault(row.target, row)
    resources = tuple(row for row in seen.values() if row.outcome in (str(Outcome.CHANGED), str(Outcome.FAILED)))
    whole = [
        row.outcome
        for row in rows
        if row.action == "run" and row.outcome not in (str(Outcome.UNKNOWN), str(Outcome.STARTED))
    ]
    outcome = joint_outcome([*whole, *(row.outcome for row in resources)])
    if outcome == str(Outcome.UNKNOWN):  # it was applied, and no resource was reported
        outcome = str(Outcome.UNCHANGED)
    host, start, end = rows[0].host, rows[0].time_us, rows[-1].time_us
    manifest = next(
        (m for row in rows for m in [_manifest_in(row.target) or _manifest_in(row.fields.get("manifest", ""))] if m),
        "",
    )
    asked = pool.near(("cron", "sudo", "ansible-module"), [host], start - 5 * MINUTE, start)
    named = [_manifest_in(row.target) for row in reversed(asked) if "puppet" in row.target]
    return _Run(host, start, end, manifest or next((m for m in named if m), ""), outcome, resources, tuple(rows))


def _manifest_in(text: str) -> str:
    found = re.search(r"(/\S+\.pp)\b", text)
    return found[1] if found else ""


def _together(runs: list[_Run]) -> list[list[_Run]]:
    """Group runs of one manifest that begin at most ten minutes apart."""
    groups: list[list[_Run]] = []
    open_ones: list[list[_Run]] = []
    for run in runs:
        open_ones = [group for group in open_ones if run.start_us - group[-1].start_us <= 10 * MINUTE]
        group = next((group for group in open_ones if _same(group[-1], run)), None)
        if group is None:
            group = []
            groups.append(group)
            open_ones.append(group)
        group.append(run)
    return groups


def _same(one: _Run, other: _Run) -> bool:
    if one.manifest and one.manifest == other.manifest:
        return True
    return bool({row.target for row in one.resources} & {row.target for row in other.resources})


def _change(runs: list[_Run]) -> Change:
    resources = [row for run in runs for row in run.resources]
    manifest = next((run.manifest for run in runs if run.manifest), "")
    names = unique(row.target for row in resources)
    title = f"Puppet: applied {manifest or 'its catalog'}" + (f" ({', '.join(names[:3])})" if names else "")
    failure = next((row.message for row in resources if row.outcome == str(Outcome.FAILED)), "")
    first = runs[0].rows[0]
    return Change(
        id=working_id("puppet", first.place),
        tool="puppet",
        action="run",
        title=title,
        start_us=min(run.start_us for run in runs),
        end_us=max(run.end_us for run in runs),
        hosts=tuple(sorted({run.host for run in runs})),
        targets=unique([manifest, *names]),
        outcome=joint_outcome(run.outcome for run in runs),
        actor="puppet",
        steps=tuple(
            Step(r.time_us, f"{r.target} {r.message}".strip()[:200], r.host, r.outcome, r.place) for r in resources
        ),
        places=tuple(dict.fromkeys([row.place for row in resources] or [first.place]))[:8],
        failure=failure,
    )


def _routine(runs: list[_Run]) -> Change:
    """Tell all runs that changed nothing as one routine."""
    per_host: dict[str, list[int]] = {}
    for run in runs:
        per_host.setdefault(run.host, []).append(run.start_us)
    steps = [b - a for times in per_host.values() for a, b in pairwise(times)]
    period = median(steps) / SECOND if steps else None
    ended = [next((row for row in reversed(run.rows) if row.parser == "puppet"), run.rows[-1]) for run in runs]
    first = runs[0].rows[0]
    return Change(
        id=working_id("puppet-routine", first.place),
        tool="puppet",
        action="run",
        title="Puppet: routine runs that changed nothing",
        start_us=runs[0].start_us,
        end_us=runs[-1].end_us,
        hosts=tuple(sorted(per_host)),
        targets=unique(run.manifest for run in runs),
        outcome=str(Outcome.UNCHANGED),
        actor="puppet",
        steps=tuple(
            Step(run.start_us, "run", run.host, run.outcome, row.place) for run, row in zip(runs, ended, strict=True)
        ),
        places=tuple(row.place for row in ended[:4]),
        routine=True,
        period_s=period,
        times=len(runs),
    )


def within(change: Change, others: Iterable[Change]) -> Change:
    """Name the change of another tool that ran this one on its hosts, if any."""
    for other in others:
        if (
            other.tool != change.tool
            and other.start_us <= change.start_us
            and change.end_us <= other.end_us + 5 * SECOND
        ):
            return replace(change, actor=other.title)
    return change
