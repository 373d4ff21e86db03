"""The terms of a change: when, what kind, where. Each is a logarithm of a likelihood ratio, guilty against innocent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from afterlog.causes.model import SECOND, Term, under_way
from afterlog.causes.scene import Scene, level_of, span
from afterlog.changes import Change
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.statement import Code, codes, text

_SCALES_S: Final = (30.0, 600.0, 10_800.0)
_BACKGROUND_S: Final = 86_400.0
_AT_ONCE: Final = (0.6, 0.25, 0.15)
_WEIGHTS: Final = {"restart": _AT_ONCE, "reload": _AT_ONCE, "stop": _AT_ONCE, "start": _AT_ONCE, "scale": _AT_ONCE}
_MIXED: Final = (0.3, 0.4, 0.3)
_DONE: Final = frozenset({str(Outcome.CHANGED), str(Outcome.PARTLY), str(Outcome.UNKNOWN), str(Outcome.STARTED)})
KINDS: Final = {
    "deploy": (1.2, "a deploy"),
    "rollout": (1.2, "a rollout"),
    "rollback": (0.0, "a rollback"),
    "playbook": (1.0, "a configuration push"),
    "apply": (1.0, "a configuration push"),
    "sync": (1.0, "a configuration push"),
    "flag": (1.0, "a feature flag"),
    "migration": (1.0, "a database migration"),
    "edit": (0.6, "an edit by hand"),
    "configure": (0.5, "a configuration-management command"),
    "run": (0.5, "a configuration-management run"),
    "stop": (0.5, "a stop"),
    "scale": (0.3, "a scaling"),
    "package": (0.2, "a package change"),
    "install": (0.2, "a package command"),
    "restart": (0.0, "a restart"),
    "reload": (0.0, "a reload"),
    "start": (-0.5, "a start"),
    "server-up": (-3.0, "a proxy's view of a server, which is a symptom rather than a cause"),
    "commit": (-1.0, "a commit; nothing shows that it reached a host"),
    "push": (-0.5, "a push of commits; nothing shows that it reached a host"),
    "cron": (-1.5, "a scheduled job"),
    "login": (-2.0, "a login"),
}
"""How much more often a kind of change triggers outages than its share of changes: Google's count of triggers
(binary push 37 %, configuration push 31 %, user behaviour 9 %; The Site Reliability Workbook, appendix C)."""
_GUILTY_LEVEL: Final = {"exactly": 0.55, "all": 0.2, "some": 0.2, "none": 0.05}
_GUILTY_BEHIND: Final = {"exactly": 0.25, "all": 0.15, "some": 0.1, "none": 0.5}  # of a proxy that names no servers
_ONLY_ACTIVATES: Final = -1.5
_FIRST_ACT: Final = 0.6
_LONG_ENOUGH_S: Final = 30.0
_SAME_END_S: Final = 5.0
_SAME_END: Final = 0.02  # of the outage's length
_SPANS: Final = 3.0  # that an innocent change ends within so little of the outage's end
_FAILED: Final = -0.5
_ONSET_SLACK_US: Final = 2 * SECOND
_ORDER_SLACK_US: Final = 5 * SECOND
_ORDER_REACH_US: Final = 300 * SECOND


def acts_of(change: Change) -> list[int]:
    """Give the moments, distinct and in order, at which a change did something."""
    acts = {step.time_us for step in change.steps if step.outcome in _DONE}
    return sorted(acts) or [change.start_us]


def when(change: Change, scene: Scene) -> Iterator[Term]:
    """Compare how soon the outage followed with how soon a chance change would have: a mixture of three scales."""
    low, high = scene.outage.start.low_us, scene.outage.start.high_us
    if low < change.start_us <= high:
        share = (high - change.start_us) / max(high - low, 1)
        words = text("it began within the interval in which the outage began")
        yield Term("before", math.log(min(max(share, 0.05), 0.95)), words, change.places[:1])
    acts = acts_of(change)
    done = [act for act in acts if act <= high] or [change.start_us]
    density = _followed(change, acts, scene.begin_us)
    restarts = [at for at in scene.activated.get(change.id, ()) if at <= high]
    if restarts:  # it may have waited for the restart: weigh both
        density = 0.5 * density + 0.5 * _followed(change, [*restarts[-1:]], scene.begin_us, _AT_ONCE)
    value = max(math.log(density * _BACKGROUND_S), -4.0)
    delay_s = max(scene.begin_us - done[-1], 0) / SECOND
    told = "while it ran" if change.end_us > low > change.start_us else f"{span(delay_s)} after its last act"
    if restarts and restarts[-1] > done[-1]:
        told += f", {span(max(scene.begin_us - restarts[-1], 0) / SECOND)} after the restart that put it into effect"
    yield Term("delay", value, text(f"the outage began {told}"), change.places[:1])
    if change.id in scene.activates:
        yield Term("activation", _ONLY_ACTIVATES, text("it put into effect what was changed before"), change.places[:1])


def spanning(change: Change, scene: Scene) -> Iterator[Term]:
    """See whether a change that was under way when the outage began ended when the outage did: two edges, not one."""
    outage = scene.outage
    if outage.open_end or not under_way(change, outage):
        return
    length_s = (outage.end.time_us - outage.start.time_us) / SECOND
    gap_s = abs(change.end_us - outage.end.time_us) / SECOND
    if length_s >= _LONG_ENOUGH_S and gap_s <= max(_SAME_END_S, _SAME_END * length_s):
        yield Term("span", _SPANS, text("it ended when the failures did"), change.places[1:2])
    if change.outcome == str(Outcome.FAILED):
        yield Term("outcome", _FAILED, text("it failed in the end, and reports no change"), change.places[:1])


def _followed(
    change: Change, acts: list[int], begin_us: int, weights: tuple[float, float, float] | None = None
) -> float:
    """Give the density, per second, with which an outage begins so long after these acts if the change is guilty.

    Its first act is the one in six of ten cases, else any of the others. A change of many acts is always close to
    something by chance; weighing all of them, and not the closest one, allows for that.
    """
    weights = weights or _WEIGHTS.get(change.action, _MIXED)
    reach = [max(begin_us - act, 0) / SECOND for act in acts if act <= begin_us + _ONSET_SLACK_US]
    densities = [sum(w * math.exp(-d / s) / s for w, s in zip(weights, _SCALES_S, strict=True)) for d in reach]
    if not densities:
        return 1e-9
    if len(acts) == 1:
        return densities[0]
    return _FIRST_ACT * densities[0] + (1 - _FIRST_ACT) * sum(densities[1:]) / (len(acts) - 1) + 1e-12


def kind(change: Change) -> Term:
    """Give how often changes of this kind are the trigger."""
    value, words = KINDS.get(change.action, (0.0, ""))
    told = text(f"it is {words}") if words else text("it is a change of kind ", Code(change.action))
    return Term("kind", value, told, change.places[:1])


def where(change: Change, scene: Scene) -> Iterator[Term]:
    """Compare the hosts it touched with the hosts that failed, against how often that fits by chance."""
    failing = set(scene.outage.hosts)
    touched = set(change.hosts) - {"localhost"}
    level = level_of(change, failing)
    if not level:
        return
    fronted = scene.outage.fronted
    value = math.log((_GUILTY_BEHIND if fronted else _GUILTY_LEVEL)[level] / scene.level_rates[level])
    both = failing & touched
    if level == "none" and fronted:
        words = text("failures were logged at ", *codes(tuple(sorted(failing))), ", which does not say who answered")
        yield Term("place", min(value, 0.0), words, change.places[:1])
        return
    if level == "none":
        words = text(
            "it touched ", *codes(tuple(sorted(touched))), "; the failures were on ", *codes(tuple(sorted(failing)))
        )
        yield Term("place", min(value, -1.0), words, change.places[:1])
        return
    told = {
        "exactly": "it touched exactly the hosts that failed",
        "all": f"it touched the {len(failing)} failing hosts, and {len(touched - failing)} that did not fail",
        "some": f"it touched {len(both)} of the {len(failing)} failing hosts",
    }[level]
    yield Term("place", value, text(told), change.places[:1])
    yield from _order(change, scene, both)


def _order(change: Change, scene: Scene, both: set[str]) -> Iterator[Term]:
    """See whether the hosts began to fail in the order in which the change reached them."""
    firsts = scene.first_failures
    acts: dict[str, int] = {}
    where: dict[str, Place] = {}
    for step in change.steps:
        if step.host in both and step.host in firsts and step.time_us <= scene.outage.start.high_us + _ORDER_REACH_US:
            acts[step.host], where[step.host] = step.time_us, step.place
    order = sorted(acts, key=lambda host: (acts[host], host))
    if len(order) < 2 or acts[order[-1]] - acts[order[0]] <= 2 * SECOND:
        return
    earlier = [host for host in order if firsts[host] < acts[host] - 60 * SECOND]
    if 2 * len(earlier) > len(order):
        words = text(*codes(tuple(earlier)), " failed before it reached " + ("them" if len(earlier) > 1 else "it"))
        yield Term("order", -2.0, words, change.places[:1])
        return
    failed = [firsts[host] for host in order]
    close = all(-_ORDER_SLACK_US <= firsts[h] - acts[h] <= _ORDER_REACH_US for h in order)
    if close and failed == sorted(failed):
        words = text("the hosts began to fail in the order in which it reached them: ", *codes(tuple(order), 8))
        yield Term("order", 1.5, words, tuple(where[host] for host in order[:3]))
