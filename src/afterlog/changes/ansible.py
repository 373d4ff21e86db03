"""Ansible: one run of ansible-playbook is one change, over all hosts and with what it did on each of them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from afterlog.changes.commands import Command, understand
from afterlog.changes.model import (
    MINUTE,
    SECOND,
    Change,
    Part,
    Pool,
    Row,
    Step,
    joint_outcome,
    places_of,
    unique,
)
from afterlog.changes.naming import working_id
from afterlog.event import Outcome

CONTROLLERS: Final = frozenset({"ansible-log", "ansible-output", "ansible-json"})
"""Parsers of what ansible-playbook itself tells."""
_ON_HOST = ("ansible-module", "sudo", "sshd", "apache-error")
_RUNNERS = frozenset({"command", "shell", "raw", "script", "uri", "wait_for", "assert", "debug"})
_SERVICE_MODULES = frozenset({"service", "systemd", "systemd_service", "supervisorctl"})
_CONTROL = frozenset({"restart", "reload", "stop", "start"})
_ACTIVATION_US: Final = 15 * MINUTE  # how long a push may wait for its reload
_NOTHING = frozenset({"unchanged", ""})
CHECKS: Final = re.compile(r"health|check|verif|smoke|probe|answers|test", re.IGNORECASE)
"""Tasks by which a deployment makes sure of itself; told also when they changed nothing."""


def ansible_changes(pool: Pool) -> list[Change]:
    """Make changes from the controller's log; then from modules on hosts whose controller left no log."""
    rows = sorted(pool.of(*sorted(CONTROLLERS)), key=lambda row: (row.run, row.time_us, row.place))
    runs = [list(group) for _run, group in groupby(rows, key=lambda row: (row.place.source, row.run))]
    changes = [_from_controller(run, pool) for run in sorted(runs, key=lambda run: run[0].time_us)]
    return changes + _from_modules(pool)


def _from_controller(run: list[Row], pool: Pool) -> Change:
    results = [row for row in run if row.action == "result"]
    recaps = [row for row in run if row.action == "recap"]
    start, end = run[0].time_us, run[-1].time_us
    touched = unique(_worked_on(row) for row in results if row.outcome not in _NOTHING)
    hosts = touched or unique(
        row.fields.get("target_host", "") for row in results if row.fields.get("target_host") != "localhost"
    )
    modules = [row for row in pool.near(_ON_HOST, hosts, start - 2 * SECOND, end + 2 * SECOND) if _is_ours(row)]
    pool.take([*run, *modules])
    copied = [row for row in modules if row.parser == "ansible-module" and row.outcome != str(Outcome.UNCHANGED)]
    plays = [row for row in run if row.action == "play"]
    failure = next((row for row in results if row.outcome == str(Outcome.FAILED)), None)
    told = [_step(row) for row in results if row.outcome not in _NOTHING or CHECKS.search(row.target)]
    done = [_host_step(row) for row in modules if row.parser == "apache-error"]
    title = plays[0].target if plays else "ansible run"
    places = [row.place for row in (plays[:1] or run[:1])]
    places += [row.place for row in results if row.outcome not in _NOTHING][:1]
    places += [row.place for row in copied if _brings_content(row)][:6]
    return Change(
        id=working_id("ansible", run[0].place),
        tool="ansible",
        action="playbook",
        title=f"Ansible: {title}",
        start_us=start,
        end_us=end,
        hosts=tuple(sorted(touched or hosts)),
        targets=unique(row.target for row in copied if row.fields.get("module", "") not in _RUNNERS),
        outcome=joint_outcome(row.outcome for row in (recaps or results)),
        actor=run[0].actor,
        steps=tuple(sorted(told + done, key=lambda step: (step.time_us, step.host))),
        places=places_of(places),
        parts=_parts(plays),
        failure=(failure.fields.get("msg") or failure.message) if failure else "",
    )


def _worked_on(row: Row) -> str:
    """Give the machine of a result; ``localhost`` is the one whose log tells of it."""
    named = row.fields.get("target_host", "")
    return row.host or named if named == "localhost" else named


def _parts(plays: list[Row]) -> tuple[Part, ...]:
    """Name the plays; one that is repeated host after host (serial) is told once."""
    firsts = [
        play
        for before, play in zip([None, *plays], plays, strict=False)
        if before is None or before.target != play.target
    ]
    return tuple(Part(play.target, play.time_us, play.place) for play in firsts)


def _is_ours(row: Row) -> bool:
    """Tell whether what a host logged during a run is that run's doing, and not a person's beside it."""
    if row.parser == "sudo":
        return row.action == "become"
    return row.parser != "sshd"


def _brings_content(row: Row) -> bool:
    return row.fields.get("module", "") in (
        "copy",
        "template",
        "file",
        "lineinfile",
        "unarchive",
        "git",
        "synchronize",
    )


def _step(row: Row) -> Step:
    task = row.target or row.fields.get("task", "")
    return Step(
        row.time_us,
        task,
        row.fields.get("target_host", ""),
        row.outcome,
        row.place,
        row.fields.get("play", ""),
    )


def _host_step(row: Row) -> Step:
    return Step(row.time_us, f"{row.target} {row.action}", row.host, row.outcome, row.place)


# --- from the hosts' side ---------------------------------------------------------------------------------------------


def _from_modules(pool: Pool) -> list[Change]:
    """Group what Ansible did on hosts without a controller's log: acts at most two minutes apart are one run.

    A run that only checks and reloads what the run before it brought is that run's end: a push often waits for its
    activation.
    """
    rows = [row for row in pool.of("ansible-module") if row.outcome != str(Outcome.UNCHANGED)]
    groups: list[list[Row]] = []
    for row in rows:
        if groups and row.time_us - groups[-1][-1].time_us <= 2 * MINUTE:
            groups[-1].append(row)
        else:
            groups.append([row])
    joined: list[list[Row]] = []
    for group in groups:
        if joined and _activates(joined[-1], group):
            joined[-1] += group
        else:
            joined.append(group)
    pool.take(pool.of("ansible-module"))
    return [_of_modules(group, pool) for group in joined]


def _activates(pushed: list[Row], group: list[Row]) -> bool:
    """Tell whether a group only validates and reloads, where the one before brought files and reloaded nothing."""
    if group[0].time_us - pushed[-1].time_us > _ACTIVATION_US:
        return False
    if not any(_brings_content(row) for row in pushed) or any(_controls(row) for row in pushed):
        return False
    only = all(_controls(row) or _checks(row) for row in group) and any(_controls(row) for row in group)
    return only and {row.host for row in group} <= {row.host for row in pushed}


def _controls(row: Row) -> str:
    """Give the service that a module starts, stops or reloads, by its own means or by a command; empty for others."""
    if row.fields.get("module", "") in _SERVICE_MODULES:
        return row.target
    command = _command(row)
    return command.target if command and command.what in _CONTROL else ""


def _checks(row: Row) -> bool:
    command = _command(row)
    return command is not None and command.what in ("check", "read")


def _command(row: Row) -> Command | None:
    return understand(row.target) if row.fields.get("module", "") in _RUNNERS else None


def _of_modules(rows: list[Row], pool: Pool) -> Change:
    brought = unique(row.target for row in rows if row.fields.get("module", "") not in _RUNNERS | _SERVICE_MODULES)
    controlled = [(row, service) for row in rows for service in (_controls(row),) if service]
    services = unique(service for _row, service in controlled)
    ran = unique(row.target for row in rows if not _controls(row) and not _checks(row) and _command(row))
    told = pool.take(
        row
        for act, _service in controlled
        for row in pool.near(("apache-error", "systemd"), [act.host], act.time_us, act.time_us + MINUTE // 2)
        if row.action in _CONTROL
    )
    steps = [
        Step(row.time_us, f"{row.fields.get('module', '')} {row.target}", row.host, row.outcome, row.place)
        for row in rows
    ] + [Step(row.time_us, f"{row.target} {row.action}", row.host, row.outcome, row.place) for row in told]
    return Change(
        id=working_id("ansible", rows[0].place),
        tool="ansible",
        action="playbook",
        title=f"Ansible: {_modules_title(brought, services, ran, rows)}"[:200],
        start_us=rows[0].time_us,
        end_us=max(row.time_us for row in [*rows, *told]),
        hosts=tuple(sorted({row.host for row in rows})),
        targets=brought or services,
        outcome=str(Outcome.UNKNOWN),
        actor="",
        steps=tuple(sorted(steps, key=lambda step: (step.time_us, step.place))),
        places=places_of((row.place for row in rows), 6),
    )


def _modules_title(brought: tuple[str, ...], services: tuple[str, ...], ran: tuple[str, ...], rows: list[Row]) -> str:
    """Tell what a run did: files, then services, then commands; a validation alone by its name."""
    more = f" and {len(brought) - 3} more" if len(brought) > 3 else ""
    parts = [f"push of {', '.join(brought[:3])}{more}"] if brought else []
    parts += [f"reload of {', '.join(services)}"] if services else []
    parts += [f"ran {ran[0]}"] if ran else []
    return ", then ".join(parts) or f"checked {rows[0].target}"
