"""Runs of deploying and configuring tools: Salt, Chef, Terraform, ArgoCD, Helm, Capistrano and CI jobs.

What one run told, on however many hosts, is one change: with hosts, targets, and how it ended. Runs that changed
nothing are routine, told once per tool. Several logs that tell of one release (Capistrano's own and the server's) are
one change. A deploy of a version that another one had replaced is a rollback.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome

_CHANGED, _UNCHANGED, _FAILED = str(Outcome.CHANGED), str(Outcome.UNCHANGED), str(Outcome.FAILED)
_STARTED, _UNKNOWN = str(Outcome.STARTED), str(Outcome.UNKNOWN)


class _Tool(NamedTuple):
    """How a tool's runs are told."""

    name: str  # as people know it
    tool: str  # the tool of its changes
    agent: bool = False  # it works on the host whose log tells of it
    everywhere: bool = False  # one run's name is the same in every source
    program: str = ""  # what a person calls to run it


_TOOLS: Final = {
    "salt": _Tool("Salt", "salt", agent=True, everywhere=True, program="salt"),
    "salt-output": _Tool("Salt", "salt", program="salt"),
    "chef": _Tool("Chef", "chef", agent=True, program="chef"),
    "chef-output": _Tool("Chef", "chef", agent=True, program="chef"),
    "terraform": _Tool("Terraform", "terraform", program="terraform"),
    "argocd": _Tool("ArgoCD", "deploy"),
    "argocd-container": _Tool("ArgoCD", "deploy"),
    "helm": _Tool("Helm", "deploy", program="helm"),
    "capistrano": _Tool("Capistrano", "deploy"),
    "capistrano-output": _Tool("Capistrano", "deploy"),
    "capistrano-revisions": _Tool("Capistrano", "deploy", agent=True),
    "github-actions": _Tool("GitHub Actions", "deploy"),
    "azure-pipelines": _Tool("Azure Pipelines", "deploy"),
    "gitlab-ci": _Tool("GitLab CI", "deploy"),
    "jenkins": _Tool("Jenkins", "deploy"),
    "migrations": _Tool("Database", "deploy"),
    "flux": _Tool("Flux", "deploy"),
    "codedeploy": _Tool("CodeDeploy", "deploy", agent=True, everywhere=True),
}
RUN_PARSERS: Final = frozenset(_TOOLS)
"""Parsers whose rows are told here; their log lines are no sayings of programs."""
_WHOLE: Final = frozenset(
    {"job", "run", "apply", "destroy", "deploy", "rollback", "sync", "restart", "scale", "install", "migration"}
)
_AFTER: Final = frozenset({_STARTED, _UNKNOWN, ""})
_STEPS: Final = 200
_TOGETHER_US: Final = 10 * MINUTE
_PAUSE_US: Final = 30 * MINUTE  # between the lines of one act of a tool that names no run
_RESOURCE: Final = re.compile(r"(?P<kind>[a-z][\w:]*)\[(?P<name>.+)\]")
_SALT_STATE: Final = re.compile(r"[a-z_]+\.\w+ (?P<name>.+)", re.DOTALL)
_SHOWN: Final = "Salt: state run"
_SCHEDULED: Final = frozenset({"salt", "salt scheduler", "chef", "terraform", "argocd", "helm"})


def run_changes(pool: Pool) -> list[Change]:
    """Make changes of all runs of the tools known here; each row serves once."""
    rows = [row for row in pool.take(pool.of(*sorted(_TOOLS))) if row.action]
    groups = _groups(rows)
    changes = [_asked(_change(group), group, pool) for group in groups]
    versions = {change.id: _version(group) for change, group in zip(changes, groups, strict=True)}
    changes = _with_rollbacks(changes, versions)
    acting = [change for change in changes if change.outcome != _UNCHANGED]
    idle = [change for change in changes if change.outcome == _UNCHANGED]
    return [*_joined(acting), *_routine(idle)]


def _groups(rows: Iterable[Row]) -> list[list[Row]]:
    """Put together the rows of one run; rows without a run by target, from a start to an end."""
    runs: dict[tuple[str, str, str], list[Row]] = {}
    loose: dict[tuple[str, str, str], list[list[Row]]] = {}
    for row in rows:
        tool = _TOOLS[row.parser]
        if row.run:
            runs.setdefault((row.parser, row.run, "" if tool.everywhere else row.place.source), []).append(row)
            continue
        groups = loose.setdefault((tool.name, row.target, row.place.source), [])
        if groups and _goes_on(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    found = [*runs.values(), *(group for groups in loose.values() for group in groups)]
    return sorted(found, key=lambda group: (group[0].time_us, group[0].place))


def _goes_on(group: list[Row], row: Row) -> bool:
    """Tell whether a row belongs to the act before it: not after a pause, and no new start after an end."""
    last = group[-1]
    if row.action != group[0].action:
        return False
    ended = last.outcome not in _AFTER
    if row.time_us - last.time_us > (2 * MINUTE if ended else _PAUSE_US):
        return False
    return not (ended and row.outcome == _STARTED)


def _change(rows: list[Row]) -> Change:
    rows = sorted(rows, key=lambda row: (row.time_us, row.place))
    tool = _TOOLS[rows[0].parser]
    whole = [row for row in rows if row.action in _WHOLE]
    parts = [row for row in rows if row.action not in _WHOLE]
    outcome = joint_outcome(row.outcome for row in rows if row.outcome not in _AFTER)
    acts = [row for row in parts if row.outcome in (_CHANGED, _FAILED)] or [
        row for row in whole if row.outcome != _UNCHANGED
    ] or rows  # fmt: skip
    head, failed = rows[0], next((row for row in rows if row.outcome == _FAILED), None)
    targets = unique(_bare(row.target) for row in acts if row.outcome != _STARTED or not parts)
    action = _action(whole)
    versions = unique(row.fields.get("version", "") for row in rows)
    return Change(
        id=working_id(head.parser, head.place),
        tool=tool.tool,
        action=action,
        title=_title(tool.name, action, whole, targets, versions),
        start_us=head.time_us,
        end_us=rows[-1].time_us,
        hosts=tuple(sorted(set(_hosts(rows, tool)))),
        targets=(*targets[:50], *versions[-1:]) if action in ("deploy", "rollback", "sync") else targets[:50],
        outcome=outcome,
        actor=next((row.actor for row in rows if row.actor and row.actor not in _SCHEDULED), head.actor),
        steps=tuple(_step(row, tool) for row in acts[:_STEPS]),
        places=places_of((row.place for row in [*([failed] if failed else []), *whole[-1:], *acts, head]), 8),
        failure=(failed.fields.get("error", "") or failed.message)[:500] if failed else "",
    )


def _asked(change: Change, rows: list[Row], pool: Pool) -> Change:
    """Add who ran the tool by hand: its command belongs to the run."""
    program = _TOOLS[rows[0].parser].program
    hosts = {row.host for row in rows if row.host}
    asked = [
        row for row in pool.near(("sudo",), hosts, change.start_us - MINUTE, change.start_us + 10 * SECOND)
        if program and row.action == "command" and understand(row.target).program.startswith(program)
    ]  # fmt: skip
    if not asked:
        return change
    pool.take(asked)
    places = places_of([*change.places[:6], asked[0].place], 8)
    return replace(
        change, actor=asked[0].actor or change.actor, start_us=min(asked[0].time_us, change.start_us), places=places
    )


def _version(rows: list[Row]) -> str:
    return next((row.fields["version"] for row in reversed(rows) if row.fields.get("version")), "")


def _step(row: Row, tool: _Tool) -> Step:
    host = row.fields.get("target_host", "") or (row.host if tool.agent else "")
    return Step(row.time_us, f"{row.action} {row.target}".strip()[:200], host, row.outcome, row.place)


def _hosts(rows: list[Row], tool: _Tool) -> tuple[str, ...]:
    """Give the hosts that were worked on: the agents' own, or those the controller names."""
    named = unique(row.fields.get("target_host", "") for row in rows)
    named = tuple(host for host in named if host != "localhost")
    worked = [row for row in rows if row.outcome != _STARTED] or rows  # a master only asks
    return named or (unique(row.host for row in worked) if tool.agent else ())


def _bare(target: str) -> str:
    """Give what was touched without the tool's word for its kind: a path, a service, a package."""
    found = _RESOURCE.fullmatch(target)
    if found and found["kind"] not in ("execute", "bash", "script", "ruby_block", "log"):
        return found["name"]
    found = _SALT_STATE.fullmatch(target)
    return found["name"] if found else target


def _action(whole: list[Row]) -> str:
    told = [row.action for row in whole]
    return next(
        (act for act in ("rollback", "deploy", "install", "apply", "destroy", "sync", "migration") if act in told),
        "run",
    )


def _title(name: str, action: str, whole: list[Row], targets: tuple[str, ...], versions: tuple[str, ...]) -> str:
    about = next((row.target for row in whole if row.target), "")
    words = {"run": about or "run", "sync": f"sync of {about}", "install": f"install of {about}"}.get(
        action, f"{action} of {about}" if about else action
    )
    shown = [target for target in targets if target != about][:3]
    more = len([target for target in targets if target != about]) - len(shown)
    detail = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    version = f" {versions[-1][:12]}" if versions and action in ("deploy", "rollback", "sync") else ""
    return f"{name}: {words}{version}{f' ({detail})' if detail else ''}"[:200]


# --- one thing told several times -----------------------------------------------------------------------------------


def _joined(changes: list[Change]) -> list[Change]:
    """Join runs of one tool that are one thing: one release in several logs, the same agents' run on several hosts."""
    joined: list[Change] = []
    newest: dict[tuple[str, str], list[int]] = {}
    for change in sorted(changes, key=lambda change: (change.start_us, change.id)):
        keys = [(_name(change), target) for target in change.targets]
        found = next((at for key in keys for at in newest.get(key, ())[-3:] if _same(joined[at], change)), None)
        if found is None:
            joined.append(change)
            found = len(joined) - 1
        else:
            joined[found] = _both(joined[found], change)
        for key in keys:
            if found not in newest.setdefault(key, []):
                newest[key].append(found)
    return joined


def _name(change: Change) -> str:
    return change.title.partition(":")[0]


def _same(one: Change, other: Change) -> bool:
    if one.action != other.action or _name(one) != _name(other):
        return False
    apart = other.start_us - one.end_us
    if _name(one) == "Capistrano":
        return apart <= 60 * MINUTE and bool({t for t in one.targets if "release" in t} & set(other.targets))
    if one.tool == "salt" and any(_SHOWN in change.title for change in (one, other)):  # what it printed, beside its log
        return apart <= 60 * MINUTE and set(one.targets) == set(other.targets) and set(other.hosts) <= set(one.hosts)
    agents = bool(one.hosts) and bool(other.hosts) and not set(one.hosts) & set(other.hosts)
    return one.tool in ("salt", "chef") and agents and other.start_us - one.start_us <= _TOGETHER_US


def _both(one: Change, other: Change) -> Change:
    steps = sorted((*one.steps, *other.steps), key=lambda step: (step.time_us, step.place))
    outcome = joint_outcome([one.outcome, other.outcome])
    plain = one.title.startswith((_SHOWN, "Salt: run", "Chef: run"))
    return replace(
        one,
        title=other.title if plain else one.title,
        end_us=max(one.end_us, other.end_us),
        hosts=tuple(sorted({*one.hosts, *other.hosts})),
        targets=unique([*one.targets, *other.targets]),
        outcome=outcome if _CHANGED not in (one.outcome, other.outcome) or outcome != _UNKNOWN else _CHANGED,
        actor=one.actor or other.actor,
        steps=tuple(steps[:_STEPS]),
        places=places_of([*one.places, *other.places], 8),
        failure=one.failure or other.failure,
    )


def _routine(changes: list[Change]) -> list[Change]:
    """Tell runs that changed nothing once per tool."""
    groups: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda change: (change.start_us, change.id)):
        groups.setdefault(_name(change), []).append(change)
    return [_idle(name, group) for name, group in groups.items()]


def _idle(name: str, group: list[Change]) -> Change:
    if len(group) == 1:
        return replace(group[0], routine=True)
    per_host: dict[tuple[str, ...], list[int]] = {}
    for change in group:
        per_host.setdefault(change.hosts, []).append(change.start_us)
    gaps = [b - a for times in per_host.values() for a, b in pairwise(times)]
    return replace(
        group[0],
        id=working_id(f"routine {name}", group[0].places[0]),
        title=f"{name}: routine runs that changed nothing",
        end_us=max(change.end_us for change in group),
        hosts=tuple(sorted({host for change in group for host in change.hosts})),
        targets=unique(target for change in group for target in change.targets)[:50],
        steps=tuple(
            Step(c.start_us, "run", c.hosts[0] if c.hosts else "", c.outcome, c.places[0]) for c in group[:_STEPS]
        ),
        places=places_of((change.places[0] for change in group), 4),
        routine=True,
        period_s=median(gaps) / SECOND if gaps else None,
        times=len(group),
    )


def _with_rollbacks(changes: list[Change], versions: Mapping[str, str]) -> list[Change]:
    """Name those deploys rollbacks that brought back a version which another one had replaced since.

    ``versions`` gives the version of a change by its id. Deploying the same version again is no rollback.
    """
    known: dict[tuple[str, str], list[str]] = {}
    told = []
    for change in sorted(changes, key=lambda change: (change.start_us, change.id)):
        version = versions.get(change.id, "")
        before = known.setdefault((_name(change), change.targets[0] if change.targets else ""), [])
        if version in before[:-1] and version != before[-1] and change.action in ("deploy", "sync"):
            title = change.title.replace(f": {change.action} of", ": rollback of", 1)
            told.append(replace(change, action="rollback", title=title))
        else:
            told.append(change)
        if version and change.outcome != _FAILED and version != (before[-1] if before else ""):
            before.append(version)
    return told
