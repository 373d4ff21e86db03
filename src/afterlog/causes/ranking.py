"""The ranking: every candidate judged, and "none of these" among them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from afterlog.causes.acts import one_per_act
from afterlog.causes.model import SECOND, Cause, Ranking, Term, under_way
from afterlog.causes.scene import Scene, make_scene, span
from afterlog.causes.signs import chain, judge_sign, sign_candidates
from afterlog.causes.terms import kind, spanning, when, where
from afterlog.causes.undoing import undoing
from afterlog.causes.wording import wording
from afterlog.changes import Change, Look
from afterlog.event import Outcome
from afterlog.messages import Message
from afterlog.outages import Outage

UNCAUSED: Final = 1.6
"""Odds that no change in the logs is the trigger: outages without one, and changes whose logs are missing."""
SHARPNESS: Final = 1.15
"""By which scores are multiplied for confidence: each term is cautious, so that several together are worth a little
more than they say. Fitted, with `UNCAUSED`, by the calibration of 3,200 simulated incidents (benchmarks/causes, seeds
2000 to 2099); a temperature as in Guo et al. 2017, On Calibration of Modern Neural Networks."""
SUSPECT: Final = 0.02
"""Least confidence with which a candidate is called a suspect."""
LIKELY: Final = 0.85
UNCERTAIN: Final = 0.65
"""Confidence from which the first suspect is called likely or, below that, uncertain; below this, none is named: so
that at most one in twenty outages without a guilty change has one blamed (benchmarks/causes)."""
RULED_OUT: Final = 0.02
"""Probability of "none of these" under which the verdict is uncertain although the first suspect is below that: an
edit, the reload and the program's own word of it share what they are together."""
_DAY_US: Final = 86_400 * SECOND
_MOST: Final = 5_000  # candidates; of more, the latest


def rank_causes(
    outage: Outage,
    changes: Sequence[Change],
    looks: Sequence[Look],
    first_failures: Mapping[str, int],
    messages: Sequence[Message] = (),
) -> Ranking:
    """Score all changes that began before the outage did, and the non-changes that tell themselves.

    A score is the logarithm of how much more likely the evidence is if this was the trigger than if it was not;
    confidence is its share (softmax) among all candidates and "none of these".

    Args:
        outage: the outage; its start is an interval.
        changes: all changes, grouped.
        looks: what people looked at, whose words may name the culprit.
        first_failures: UTC microseconds of the first failure on each failing host.
        messages: what programs said, seen from this outage.

    """
    told = sorted(_told_once(changes), key=lambda c: (c.start_us, c.id))
    close = [c for c in told if outage.start.time_us - _reach(c) <= c.start_us <= outage.end.time_us]
    early = [c for c in close if c.start_us <= outage.start.high_us][-_MOST:]
    scene = make_scene(outage, early, changes, looks, first_failures, messages)
    signs = sign_candidates(outage, messages)
    judged = [_judge(change, scene) for change in early]
    judged = [_chained(cause, chain(cause.change, signs, outage)) for cause in judged]
    judged = one_per_act(judged)
    judged += [judge_sign(change, said, outage) for change, said in signs]
    nothing = nothing_score(judged, outage)
    rated, unexplained = _rated(judged, nothing)
    suspects = tuple(cause for cause in rated if cause.confidence >= SUSPECT)
    cleared = [cause for cause in rated if cause.confidence < SUSPECT]
    before = [cause for cause in judged if cause.veto]
    innocent = tuple(sorted(cleared + before, key=lambda cause: (cause.change.start_us, cause.change.id)))
    verdict = _verdict(suspects, unexplained)
    missing = () if verdict == "likely" else _missing(early, messages)
    return Ranking(outage.id, suspects, innocent, verdict, nothing, unexplained, missing)


def _told_once(changes: Sequence[Change]) -> Iterator[Change]:
    """Leave out commits that a push brought, and pushes of commits that a tool brought to hosts: told with these."""
    brought = {change.commit for change in changes if change.commit and change.tool != "git"}
    pushed = {change.commit for change in changes if change.commit and change.tool == "git"}
    for change in changes:
        twice = change.tool == "git" and change.commit in brought
        if not twice and change.id not in brought and change.id not in pushed:
            yield change


def _reach(change: Change) -> int:
    """Tell how long before an outage a change is still looked at; a commit that nobody pushed, for a day."""
    return _DAY_US if change.tool == "git" else 7 * _DAY_US


def nothing_score(judged: Sequence[Cause], outage: Outage) -> float:
    """Give the score of "none of these": its odds times the number of changes of an ordinary day.

    The delay term compares with a change at a random moment of a day, so that on a busier day more of them lie
    close to the outage by chance.
    """
    open_ones = [c for c in judged if not c.veto and c.is_change]
    day = sum(outage.start.time_us - c.change.start_us <= _DAY_US for c in open_ones)
    return math.log(UNCAUSED * (day + 3))


def _rated(judged: Sequence[Cause], nothing: float) -> tuple[list[Cause], float]:
    open_ones = [cause for cause in judged if not cause.veto]
    scores = [cause.score for cause in open_ones]
    top = max([nothing, *scores])
    weights = [math.exp(SHARPNESS * (score - top)) for score in scores]
    none = math.exp(SHARPNESS * (nothing - top))
    total = sum(weights) + none
    rated = [replace(cause, confidence=weight / total) for cause, weight in zip(open_ones, weights, strict=True)]
    rated.sort(key=lambda cause: (-cause.score, cause.change.start_us, cause.change.id))
    return rated, none / total


def _verdict(suspects: Sequence[Cause], unexplained: float) -> str:
    explained = unexplained <= RULED_OUT  # by one of several that are hard to tell apart
    if not suspects or (suspects[0].confidence < max(UNCERTAIN, unexplained) and not explained):
        return "no-change-explains-it"
    return "likely" if suspects[0].confidence >= LIKELY else "uncertain"


def _chained(cause: Cause, terms: Iterable[Term]) -> Cause:
    links = () if cause.veto else tuple(terms)
    if not links:
        return cause
    kept = tuple(term for term in cause.terms if term.name != "place" or term.value > 0)
    return replace(cause, terms=(*kept, *links))


def _judge(change: Change, scene: Scene) -> Cause:
    veto = _alibi(change, scene.outage)
    if veto:
        return Cause(scene.outage.id, change, (), veto=veto)
    terms = [
        *when(change, scene),
        *spanning(change, scene),
        kind(change),
        *where(change, scene),
        *undoing(change, scene),
        *wording(change, scene),
    ]
    return Cause(scene.outage.id, change, tuple(terms))


def _alibi(change: Change, outage: Outage) -> str:
    """Say why a change cannot have been the trigger, "" where it can."""
    if change.outcome == str(Outcome.UNCHANGED):
        often = f" ({change.times} runs, about every {span(change.period_s)})" if change.period_s else ""
        return f"it changed nothing{often}"
    if change.action in ("crash", "oom", "server-down"):
        return "nobody did it: it is how a failure shows itself"
    lasted = under_way(change, outage)  # while it ran it may have held what others waited for
    if change.outcome == str(Outcome.FAILED) and change.action not in ("stop", "start") and not lasted:
        return "it failed on every host and changed nothing"
    if change.routine:
        return f"it ran {change.times} times about every {span(change.period_s)}, before and after alike"
    return ""


def _missing(changes: Sequence[Change], messages: Sequence[Message]) -> tuple[str, ...]:
    """Name the kinds of evidence that would have told more."""
    tools = {change.tool for change in changes if not change.routine}
    asked = []
    if not tools & {"ansible", "puppet", "deploy", "chef", "salt", "kubernetes", "terraform", "argocd"}:
        asked.append("logs of what deploys and configures (the CI job, Ansible, Puppet, Helm, Kubernetes events)")
    if "git" not in tools:
        asked.append("the git history of code and configuration")
    if not messages:
        asked.append("the error logs of the failing service")
    if not any(message.service == "kernel" for message in messages):
        asked.append("the system and kernel logs of the failing hosts and of what they depend on")
    return tuple(asked)
