"""Methods and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from afterlog.causes import rank_causes
from afterlog.outages import Outage
from benchmarks.causes.families import NEGATIVE
from benchmarks.causes.incident import Incident


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says: candidates, the likeliest first, with confidences; and whether it abstains."""

    names: tuple[str, ...]
    confidences: tuple[float, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class Score:
    """One incident's answer against the truth; ``place`` of the guilty from 1, 0 where it is not named."""

    family: str
    changes: int
    guilty: str
    place: int
    first: str
    confidence: float
    right: bool
    verdict: str

    @property
    def negative(self) -> bool:
        """Tell whether no change is guilty, or none that the logs hold."""
        return self.family in NEGATIVE

    @property
    def blames(self) -> bool:
        """Tell whether a change is blamed."""
        return self.verdict != "no-change-explains-it" and self.first.startswith("change-")


Method = Callable[[Incident, Outage], Answer]


def ours(incident: Incident, outage: Outage) -> Answer:
    """Rank as the tool does."""
    ranking = rank_causes(outage, incident.changes, incident.looks, incident.first_failures, incident.messages)
    names = [cause.change.id if cause.is_change else cause.change.action for cause in ranking.suspects]
    return Answer(tuple(names), tuple(cause.confidence for cause in ranking.suspects), ranking.verdict)


def last_before(incident: Incident, outage: Outage) -> Answer:
    """Blame the last change before the onset, then the one before it."""
    before = [c for c in incident.changes if c.start_us <= outage.start.high_us and not c.routine]
    before.sort(key=lambda change: -change.start_us)
    return Answer(tuple(change.id for change in before), (1.0,), "likely")


def last_here(incident: Incident, outage: Outage) -> Answer:
    """Blame the last change before the onset on a failing host."""
    failing = set(outage.hosts)
    before = [
        c for c in incident.changes
        if c.start_us <= outage.start.high_us and not c.routine and failing & set(c.hosts)
    ]  # fmt: skip
    before.sort(key=lambda change: -change.start_us)
    return Answer(tuple(change.id for change in before), (1.0,), "likely")


def random(incident: Incident, outage: Outage) -> Answer:
    """Blame any change before the onset."""
    before = [c.id for c in incident.changes if c.start_us <= outage.start.high_us]
    return Answer(tuple(str(name) for name in incident.world.rng.permutation(before)), (1 / len(before),), "likely")


METHODS: dict[str, Method] = {
    "this ranking": ours,
    "last change before": last_before,
    "last change on a failing host": last_here,
    "random": random,
}


def score(incident: Incident, answer: Answer, changes: int) -> Score:
    """Compare an answer with the truth."""
    place = answer.names.index(incident.guilty) + 1 if incident.guilty in answer.names else 0
    first = answer.names[0] if answer.names else ""
    confidence = answer.confidences[0] if answer.confidences else 0.0
    return Score(incident.family, changes, incident.guilty, place, first, confidence, place == 1, answer.verdict)


def reciprocal(scores: Sequence[Score]) -> float:
    """Give the mean reciprocal rank."""
    return sum(1 / s.place for s in scores if s.place) / max(len(scores), 1)
