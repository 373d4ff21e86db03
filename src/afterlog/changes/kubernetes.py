"""Kubernetes: what events tell of one workload at one time is one change, as the rollout, rollback or scaling it is.

A deployment's replica sets tell these apart: a new set that takes over from another is a rollout, a set seen before
that takes over again is a rollback, and one set alone that grows or shrinks is scaling. Pods that come and go meanwhile
are steps of it; where no deployment acted, they are told as their owner's restart, start, stop or crash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from afterlog.changes.model import MINUTE, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.formats.kubernetes import event_in_message

_PARSER: Final = "kubernetes-events"
_TOGETHER_US: Final = 10 * MINUTE
_PODS_US: Final = 5 * MINUTE  # how long after a deployment's last step its pods may come and go
_CLOSE_US: Final = 2 * MINUTE
_ASKED_US: Final = MINUTE  # between a request to the API server and what its controllers do
_SUFFIX: Final = re.compile(r"-(?:[a-z0-9]{8,10}-[a-z0-9]{5}|[a-z0-9]{5}|\d{1,4})\Z")
_LIFE: Final = frozenset({"create", "start", "stop", "delete", "crash", "oom"})
_TELLING: Final = (
    "oom",
    "crash",
    "evict",
    "drain",
    "node-down",
    "node-removed",
    "restart",
    "rollback",
    "scale",
    "stop",
    "start",
)
_PAST: Final = {
    "oom": "killed: out of memory", "crash": "keeps crashing", "evict": "evicted", "drain": "drained",
    "undrain": "taken back",
    "node-down": "not ready", "node-up": "ready again", "node-added": "joined", "node-removed": "removed",
    "restart": "restarted", "rollback": "rolled back", "scale": "scaled", "stop": "stopped", "start": "started",
    "create": "created", "delete": "deleted",
}  # fmt: skip
_ENDED: Final = frozenset({str(Outcome.CHANGED), str(Outcome.FAILED)})
_STEPS: Final = 100


COARSE: Final = r'Event occurred"? .*reason=|^Event\(v1\.ObjectReference'
"""What of all messages may tell an event, as RE2 understands it."""


def event_rows(events: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Give the rows of events that controllers and kubelets wrote into their own logs."""
    rows = []
    for event in events:
        told = event_in_message(event["message"] or "")
        if told.get("action"):
            place = Place(event["source"], event["line"], event["offset"])
            names = ("replica_set", "direction", "replicas", "namespace", "reason")
            fields = {name: told[name] for name in names if told.get(name)}
            host, service = event["host"] or "", event["service"] or ""
            did = (told["action"], told["target"], str(told["outcome"]), service)
            rows.append(Row(event["time"], place, _PARSER, host, service, told["message"], *did, "", "", fields))
    return rows


def kubernetes_changes(pool: Pool) -> list[Change]:
    """Make changes of Kubernetes' events; each row serves once."""
    rows = [row for row in pool.take(pool.of(_PARSER)) if row.action]
    scaled = [row for row in rows if row.fields.get("replica_set")]
    others = [row for row in rows if not row.fields.get("replica_set")]
    groups = _together(scaled)
    pods: list[list[Row]] = [[] for _group in groups]
    left: list[Row] = []
    by_name: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        by_name.setdefault(_name(group[0].target), []).append(at)
    for row in others:
        rollout = _rollout_of(row, groups, by_name) if row.action in _LIFE else None
        (left if rollout is None else pods[rollout]).append(row)
    seen: dict[str, set[str]] = {}
    changes = [_rollout(group, extra, seen) for group, extra in zip(groups, pods, strict=True)]
    changes = [_asked(change, group, pool) for change, group in zip(changes, groups, strict=True)]
    return [*changes, *(_burst(group) for group in _bursts(left))]


def _name(target: str) -> str:
    return target.rpartition("/")[2]


def _owner(target: str) -> str:
    """Give the workload a pod belongs to, as far as its name tells; other objects as they are."""
    kind, _slash, name = target.partition("/")
    return _SUFFIX.sub("", name) if kind in ("pod", "replicaset", "job") else target


def _together(rows: list[Row]) -> list[list[Row]]:
    """Group what was done to one deployment, steps at most ten minutes apart, in the order of time."""
    groups: list[list[Row]] = []
    newest: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (row.target, row.fields.get("namespace", ""))
        group = newest.get(key)
        if group is not None and row.time_us - group[-1].time_us <= _TOGETHER_US:
            group.append(row)
        else:
            newest[key] = [row]
            groups.append(newest[key])
    return groups


def _rollout_of(row: Row, groups: list[list[Row]], by_name: dict[str, list[int]]) -> int | None:
    """Find the rollout in which a pod came or went: its name begins with the deployment's."""
    name = _name(row.target)
    pieces = name.split("-")
    for size in range(len(pieces) - 1, 0, -1):
        for at in by_name.get("-".join(pieces[:size]), ()):
            group = groups[at]
            if group[0].time_us - MINUTE // 2 <= row.time_us <= group[-1].time_us + _PODS_US:
                return at
    return None


def _rollout(rows: list[Row], pods: list[Row], seen: dict[str, set[str]]) -> Change:
    head = rows[0]
    sets = unique(row.fields["replica_set"] for row in rows)
    grown = unique(row.fields["replica_set"] for row in rows if row.fields.get("direction") == "up")
    known = seen.setdefault(head.target, set())
    new = next((one for one in grown if one not in known), "")
    back = next((one for one in grown if one in known), "")
    if len(sets) > 1 and not new and back:
        action, what = "rollback", f"rollback of {head.target} to replica set {back}"
    elif new and (known or len(sets) > 1 or _from_nothing(rows, new)):
        action, what = "deploy", f"rollout of {head.target} (replica set {new})"
    else:
        action, what = "scale", f"{head.target} scaled to {rows[-1].fields.get('replicas', '?')}"
    known.update(sets)
    acts = sorted([*rows, *pods], key=lambda row: (row.time_us, row.place))
    failed = next((row for row in acts if row.outcome == str(Outcome.FAILED)), None)
    return _told(acts, action, f"Kubernetes: {what}", (_name(head.target), *grown), head, failed)


def _asked(change: Change, rows: list[Row], pool: Pool) -> Change:
    """Add who asked for it, as the API server's audit log tells; that request belongs to the rollout."""
    name = _name(rows[0].target)
    asked = [
        row for row in pool.within("kubernetes-audit", change.start_us - _ASKED_US, change.end_us)
        if row.action and _name(row.target) == name
    ]  # fmt: skip
    if not asked:
        return change
    pool.take(asked)
    person = next((row for row in asked if not row.actor.startswith("system:")), asked[0])
    start = min(change.start_us, asked[0].time_us)
    return replace(
        change, actor=person.actor or change.actor, start_us=start, places=(*change.places[:6], person.place)
    )


def _from_nothing(rows: list[Row], new: str) -> bool:
    return any(row.fields["replica_set"] == new and row.fields.get("replicas") == "1" for row in rows)


def _bursts(rows: list[Row]) -> list[list[Row]]:
    """Group what befell one owner's objects, at most two minutes apart."""
    groups: list[list[Row]] = []
    newest: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (_owner(row.target), row.fields.get("namespace", ""))
        group = newest.get(key)
        if group is not None and row.time_us - group[-1].time_us <= _CLOSE_US:
            group.append(row)
        else:
            newest[key] = [row]
            groups.append(newest[key])
    return groups


def _burst(rows: list[Row]) -> Change:
    did = {row.action for row in rows}
    action = next((act for act in _TELLING if act in did), rows[0].action)
    if action == "stop" and "start" in did:
        action = "restart"
    owner = _owner(rows[0].target)
    count = len({row.target for row in rows})
    pods = f" ({count} pods)" if count > 1 else ""
    failed = next((row for row in rows if row.outcome == str(Outcome.FAILED)), None)
    title = f"Kubernetes: {owner}{pods} {_PAST.get(action, action)}"
    return _told(rows, action, title, (_name(owner),), rows[0], failed)


def _told(acts: list[Row], action: str, title: str, targets: tuple[str, ...], head: Row, failed: Row | None) -> Change:
    return Change(
        id=working_id(_PARSER, head.place),
        tool="kubernetes",
        action=action,
        title=title[:200],
        start_us=acts[0].time_us,
        end_us=acts[-1].time_us,
        hosts=(),
        targets=targets[:20],
        outcome=joint_outcome(row.outcome for row in acts if row.outcome in _ENDED),
        actor=head.actor,
        steps=tuple(
            Step(row.time_us, row.message[:200], row.fields.get("node", ""), row.outcome, row.place)
            for row in acts[:_STEPS]
        ),
        places=places_of([head.place, *([failed.place] if failed else []), *(row.place for row in acts)], 8),
        failure=failed.message[:500] if failed else "",
    )
