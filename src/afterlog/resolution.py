"""Resolution: what ended each phase of an outage, and what was tried in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from afterlog.causes import is_rollback, under_way
from afterlog.changes import Change
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.outages import Outage, Phase, percent
from afterlog.statement import Text, codes, text
from afterlog.traffic.requests import Requests
from afterlog.traffic.signals import Signal

SEEN: Final = frozenset({"crash", "oom", "server-down", "server-up", "cron"})  # seen, not tried
_REACH_US: Final = 300_000_000
_SLACK_US: Final = 45_000_000  # a restart's own log line may come after the first request that it heals
_SCALE_S: Final = 90.0
_HEALERS: Final = {
    "rollback": 1.5, "restart": 1.0, "start": 1.0, "server-up": 0.5, "scale": 0.8, "deploy": 0.7, "playbook": 0.7,
    "run": 0.5, "reload": 0.5, "edit": 0.3, "install": 0.0, "package": 0.0, "cron": -2.0, "apply": 0.7, "sync": 0.7,
    "flag": 0.7, "configure": 0.5, "migration": 0.5, "rollout": 0.7,
}  # fmt: skip
_ACTIVATES: Final = frozenset({"restart", "reload", "start", "stop"})
_CONFIGURES: Final = frozenset(
    {"playbook", "run", "deploy", "rollback", "apply", "sync", "edit", "configure", "package"}
)
_TOGETHER_US: Final = 120_000_000
_SAME_US: Final = 10_000_000
_OVER: Final = 3.5  # score of the end of a change that had begun before the outage
_BY_ITSELF: Final = 1.0
"""Score of "nothing in the logs ended it": what a change half a scale away from the recovery just outweighs."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one phase: the first request that succeeded again, on which hosts, and the change behind it."""

    outage: str
    time_us: int
    recovered: tuple[str, ...]
    change: Change | None
    final: bool
    text: Text
    places: tuple[Place, ...]
    sure: str = "unknown"  # likely, uncertain; unknown where no change explains it
    confidence: float = 0.0
    prepared: tuple[Change, ...] = ()  # what was changed on these hosts before, and took effect by the restart
    over: bool = False  # the change had begun before the outage: it ended with it


@dataclass(frozen=True, slots=True)
class Recovery:
    """A fall of the failure rate: from which phase to which (None: to none), and the first success seen after it."""

    phase: Phase
    after: Phase | None
    recovered: tuple[str, ...]  # the hosts that answer again
    time_us: int
    seen_us: int
    place: Place


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried during an outage and did not end it: it failed, changed nothing, or the failures went on."""

    outage: str
    change: Change
    why: str


def find_attempts(outage: Outage, changes: Sequence[Change], endings: Sequence[Ending]) -> list[Attempt]:
    """Name what was done during an outage without ending a phase of it, in the order of time."""
    own = [ending for ending in endings if ending.outage == outage.id]
    healers = [ending.change for ending in own if ending.change]
    healed = {change.id for ending in own for change in (*healers, *ending.prepared)}
    tried = []
    for change in changes:
        during = outage.start.high_us < change.start_us <= outage.end.high_us
        if not during or change.routine or change.tool == "git" or change.id in healed or change.action in SEEN:
            continue
        if change.hosts and outage.hosts and not outage.fronted and not set(change.hosts) & set(outage.hosts):
            continue
        if any(is_part(change, healer) for healer in healers):
            continue
        why = {str(Outcome.FAILED): "it failed", str(Outcome.UNCHANGED): "it changed nothing"}.get(change.outcome)
        tried.append(Attempt(outage.id, change, why or "the failures went on"))
    return tried


def is_part(change: Change, healer: Change) -> bool:
    """Tell whether a change is part of another on the same hosts: a rollback's restart, the command that restarted."""
    if not set(change.hosts) <= set(healer.hosts) or change.outcome == str(Outcome.FAILED):
        return False
    slack = _SLACK_US if {change.tool, healer.tool} <= {"service", "command"} else 0
    return healer.start_us - slack <= change.start_us and change.end_us <= healer.end_us + slack


def find_recoveries(outage: Outage, signals: Sequence[Signal]) -> tuple[Recovery, ...]:
    """Find where the failure rate fell for good, and the first request that succeeded again."""
    own = next((signal for signal in signals if signal.service == outage.service), None)
    if outage.open_end:
        return ()
    found: list[Recovery] = []
    whole = Phase(outage.first_us, outage.last_us + 1, outage.requests, outage.failed, outage.hosts)
    phases = outage.phases or (whole,)
    following: list[Phase | None] = [*phases[1:], None]
    for phase, after in zip(phases, following, strict=True):
        if after is not None and after.rate >= phase.rate:
            continue
        recovered = tuple(host for host in phase.hosts if after is None or host not in after.hosts)
        time_us = outage.end.time_us if after is None else after.start_us
        success = _first_success(own.requests, recovered, time_us) if own else None
        place = success[1] if success else outage.recovered or outage.last
        if place is not None:
            found.append(Recovery(phase, after, recovered, time_us, success[0] if success else time_us, place))
    return tuple(found)


def find_endings(outage: Outage, recoveries: Sequence[Recovery], changes: Sequence[Change]) -> list[Ending]:
    """Explain each fall of the failure rate by the last effective change on the hosts that recovered."""
    return [_ending(outage, recovery, changes) for recovery in recoveries]


def _ending(outage: Outage, recovery: Recovery, changes: Sequence[Change]) -> Ending:
    phase, after, recovered = recovery.phase, recovery.after, recovery.recovered
    hosts = recovered or phase.hosts
    change, confidence = _explaining(changes, recovery.time_us, hosts, outage)
    return Ending(
        outage.id,
        recovery.seen_us,
        recovered,
        change,
        after is None,
        _words(outage.kind, phase, after, recovered),
        (recovery.place, *(change.places[:1] if change else ())),
        _sure(confidence),
        confidence,
        _prepared(changes, change, hosts, outage),
        change is not None and change.start_us <= outage.start.high_us,
    )


def _explaining(
    changes: Sequence[Change], time_us: int, hosts: tuple[str, ...], outage: Outage
) -> tuple[Change | None, float]:
    """Choose what ended a phase, and how sure that is: among all that was done, and "it ended by itself"."""
    fitting = [
        change
        for change in changes
        if change.start_us > outage.start.high_us
        and change.start_us - _SLACK_US <= time_us <= change.end_us + _REACH_US
        and not change.routine
        and change.outcome not in (str(Outcome.FAILED), str(Outcome.UNCHANGED))
        and change.tool != "git"
        and (_at(change, outage) or set(change.hosts) & set(hosts))
    ]
    scores = [_healing(change, time_us, hosts, _at(change, outage)) for change in fitting]
    for change in changes:  # what began before and ended now: its end is what ended it
        gap_us = abs(change.end_us - time_us)
        did = not change.routine and change.tool != "git" and change.outcome != str(Outcome.UNCHANGED)
        if did and gap_us <= _SAME_US and under_way(change, outage):
            fitting.append(change)
            scores.append(_OVER - gap_us / 1_000_000 / _SCALE_S)
    best = max(range(len(fitting)), key=lambda i: (scores[i], fitting[i].id), default=None)
    if best is None or scores[best] < 0:
        return None, 0.0
    total = sum(math.exp(score) for score in scores) + math.exp(_BY_ITSELF)
    return fitting[best], math.exp(scores[best]) / total


def _prepared(
    changes: Sequence[Change], ending: Change | None, hosts: tuple[str, ...], outage: Outage
) -> tuple[Change, ...]:
    """Name what a restart put into effect: the last configuration of these hosts during the outage."""
    if ending is None or ending.action not in _ACTIVATES or ending.start_us <= outage.start.high_us:
        return ()
    done = [
        change
        for change in changes
        if outage.start.high_us < change.start_us < ending.start_us
        and change.outcome not in (str(Outcome.FAILED), str(Outcome.UNCHANGED))
        and not change.routine
        and change.action in _CONFIGURES
        and set(change.hosts) & set(ending.hosts if outage.fronted else hosts)
    ]
    last = max((change.end_us for change in done), default=0)
    return tuple(change for change in done if last - change.end_us <= _TOGETHER_US)


def _at(change: Change, outage: Outage) -> str:
    """Tell where a change was done if not on the hosts that failed: "behind" a proxy, "elsewhere", or nobody knows."""
    if not change.hosts:
        return "unknown"
    if outage.fronted:
        return "behind"
    return "" if set(change.hosts) & set(outage.hosts) else "elsewhere"


_AWAY: Final = {"unknown": 0.5, "behind": 0.5, "elsewhere": -1.5}


def _healing(change: Change, time_us: int, hosts: tuple[str, ...], away: str) -> float:
    """Weigh one change: how close its nearest act lies to the recovery, its kind, and whether its hosts recovered."""
    acts = [step.time_us for step in change.steps if away or step.host in hosts or not step.host] or [change.end_us]
    gap_s = min(abs(time_us - act) for act in acts) / 1_000_000
    share = _AWAY[away] if away else len(set(change.hosts) & set(hosts)) / len(set(change.hosts) | set(hosts))
    healer = max(_HEALERS.get(change.action, 0.0), _HEALERS["rollback"] if is_rollback(change) else 0.0)
    return 3.0 - gap_s / _SCALE_S + healer + share


def _sure(confidence: float) -> str:
    return "likely" if confidence >= 0.7 else "uncertain" if confidence else "unknown"


def _words(kind: str, phase: Phase, after: Phase | None, recovered: tuple[str, ...]) -> Text:
    if not phase.requests:
        return text("Requests come again" if kind == "silence" else "The errors stop")
    to = 0.0 if after is None else after.rate
    words = text(f"Failures fall from {percent(phase.rate)} to {percent(to)} of requests")
    return (
        (*words, ": ", *codes(recovered), f" answer{'s' if len(recovered) == 1 else ''} again") if recovered else words
    )


def _first_success(requests: Requests, hosts: tuple[str, ...], time_us: int) -> tuple[int, Place] | None:
    """Find the first request that succeeded on the recovered hosts: when, and its line."""
    begin = int(np.searchsorted(requests.time, time_us - 1_000_000))
    good = ~requests.failed[begin:]
    if hosts:
        wanted = [code for code, name in enumerate(requests.names.server) if name in hosts]
        good &= np.isin(requests.server[begin:], wanted)
    rows = np.flatnonzero(good)
    return (int(requests.time[begin + rows[0]]), requests.place(begin + int(rows[0]))) if len(rows) else None
