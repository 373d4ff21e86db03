"""What a cause is: a candidate with its terms of evidence, and the ranking of an outage's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from afterlog.changes import Change
from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.statement import Text, plain

SECOND: Final = 1_000_000
_UNDER_WAY_US: Final = 10 * SECOND
"""A change that goes on so long behind the start of an outage was under way when it began."""
SIGN: Final = "sign"
"""Tool of a candidate that is no change: it stands in a change's shape, so that it is told like one."""


def under_way(change: Change, outage: Outage) -> bool:
    """Tell whether a change had begun when an outage did, and went on for a while."""
    return change.start_us <= outage.start.high_us and change.end_us >= outage.start.time_us + _UNDER_WAY_US


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of evidence for (positive) or against (negative), in nats, and in words."""

    name: str
    value: float
    words: Text
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A change, or a non-change such as a full disk, proposed as the trigger; ``veto`` says why it cannot be."""

    outage: str
    change: Change
    terms: tuple[Term, ...]
    confidence: float = 0.0
    veto: str = ""

    @property
    def score(self) -> float:
        """Give the sum of the terms."""
        return sum(term.value for term in self.terms)

    @property
    def is_change(self) -> bool:
        """Tell whether somebody or something did it, or it happened by itself (a non-change)."""
        return self.change.tool != SIGN

    def as_json(self, rank: int, evidence: Sequence[dict[str, Any]], change: dict[str, Any]) -> dict[str, Any]:
        """Give it in the shape of ``causes --json``."""
        return {
            "outage": self.outage,
            "rank": rank,
            "id": self.change.id,
            "change": change if self.is_change else None,
            "sign": None if self.is_change else self.change.action,
            "title": self.change.title,
            "score": round(self.score, 3),
            "confidence": round(self.confidence, 4),
            "for": [_term(term) for term in self.terms if term.value > 0],
            "against": [_term(term) for term in self.terms if term.value < 0],
            "evidence": list(evidence),
        }


def _term(term: Term) -> dict[str, Any]:
    return {"term": term.name, "value": round(term.value, 3), "words": plain(term.words)}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The suspects of one outage, the likeliest first; the innocent with their alibis; and the verdict.

    ``nothing`` is the score of "none of these", ``unexplained`` its confidence; ``missing`` says which evidence
    would have told more.
    """

    outage: str
    suspects: tuple[Cause, ...]
    innocent: tuple[Cause, ...]
    verdict: str  # likely, uncertain, no-change-explains-it
    nothing: float = 0.0
    unexplained: float = 1.0
    missing: tuple[str, ...] = ()
    chosen: str = ""  # by a person: the id of the first suspect, or "none"
