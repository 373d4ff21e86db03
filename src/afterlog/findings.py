"""Findings: everything inferred from a case, and what people decided about it, with the evidence behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from afterlog.case import Ledger
from afterlog.causes import Cause, Ranking
from afterlog.changes import Change, History
from afterlog.clock import rfc3339
from afterlog.evidence import Evidence, Place
from afterlog.impact import Impact
from afterlog.measured import Traffic
from afterlog.messages import Message
from afterlog.outages import Outage
from afterlog.resolution import Attempt, Ending, find_attempts
from afterlog.review import Review
from afterlog.statement import Text, plain, text
from afterlog.timeline import Entry
from afterlog.traffic.requests import DEFAULT_RULES, Rules
from afterlog.traffic.signals import Signal
from afterlog.traffic.views import Views
from afterlog.weaker import Weaker

_TELLS_AGAINST: Final = -0.5  # from this value on a term is an alibi of its own


@dataclass(frozen=True, slots=True)
class Findings:
    """What was inferred, as a person corrected it.

    ``evidence`` holds the quoted line of every place that a finding names; ``rejected``, ``set_aside`` and ``hidden``
    are the outages, changes and entries that a person took out; ``unknown`` are the ids of decisions about findings
    that are not there (any more).
    """

    outages: tuple[Outage, ...]
    impacts: dict[str, Impact]
    history: History
    rankings: tuple[Ranking, ...]
    endings: tuple[Ending, ...]
    timeline: tuple[Entry, ...]
    left_out: int
    views: Views
    traffic: Traffic
    ledgers: tuple[Ledger, ...]
    evidence: dict[Place, Evidence]
    messages: dict[str, tuple[Message, ...]] = field(default_factory=dict)  # by outage
    weaker: tuple[Weaker, ...] = ()
    rules: Rules = DEFAULT_RULES
    review: Review = field(default_factory=Review)
    rejected: tuple[Outage, ...] = ()
    set_aside: tuple[Change, ...] = ()
    hidden: tuple[Entry, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Give the requests of each service as the outages were counted in; read from the case when asked for."""
        return self.traffic()

    def of(self, places: Iterable[Place]) -> list[dict[str, Any]]:
        """Give the evidence at places as it stands in JSON."""
        return [self.evidence[place].as_json() for place in dict.fromkeys(places) if place in self.evidence]

    def ranking(self, outage: Outage) -> Ranking | None:
        """Give the ranking of an outage's causes."""
        return next((ranking for ranking in self.rankings if ranking.outage == outage.id), None)

    def outages_json(self) -> dict[str, Any]:
        """Give the document of ``outages --json``."""
        return {
            "outages": [self._outage(outage) for outage in self.outages],
            "rejected": [self._outage(outage) for outage in self.rejected],
            "weaker": [one.as_json() for one in self.weaker],
            "settings": {"fail": self.rules.fail, "services": list(self.rules.services)},
        }

    def causes_json(self) -> dict[str, Any]:
        """Give the document of ``causes --json``."""
        causes: list[dict[str, Any]] = []
        alibis: list[dict[str, Any]] = []
        for ranking in self.rankings:
            causes += self._ranked(ranking)
            alibis += [
                {
                    "outage": ranking.outage,
                    "change": self._change(cause.change) if cause.is_change else None,
                    "title": cause.change.title,
                    "alibi": plain(alibi_of(cause)),
                    "evidence": self.of(cause.change.places),
                }
                for cause in ranking.innocent
            ]
        return {
            "causes": causes,
            "verdicts": {r.outage: r.verdict for r in self.rankings},
            "chosen": {r.outage: r.chosen for r in self.rankings if r.chosen},
            "set_aside": [self._change(change) for change in self.set_aside],
            "missing": {r.outage: list(r.missing) for r in self.rankings},
            "alibis": alibis,
            "resolutions": [self._ending(ending) for ending in self.endings],
            "attempts": [
                {"outage": a.outage, "change": self._change(a.change), "title": a.change.title, "why": a.why}
                for a in self.attempts()
            ],
        }

    def attempts(self) -> list[Attempt]:
        """Name what was tried during the outages without ending them."""
        outages = {ranking.outage for ranking in self.rankings}
        real = [outage for outage in self.outages if outage.id in outages]
        return [a for outage in real for a in find_attempts(outage, self.history.changes, self.endings)]

    def messages_json(self) -> dict[str, Any]:
        """Give the document of ``messages --json``."""
        told = {
            outage: [message.as_json(self.of((message.near, message.first))) for message in messages]
            for outage, messages in self.messages.items()
        }
        return {"messages": told}

    def _ranked(self, ranking: Ranking) -> list[dict[str, Any]]:
        """Give the suspects and, where it is one of them, "no change explains it", the likeliest first."""
        told: list[Cause | None] = list(ranking.suspects)
        if ranking.verdict == "no-change-explains-it":
            ahead = sum(cause.confidence > ranking.unexplained for cause in ranking.suspects)
            told.insert(ahead, None)
        return [_nobody(ranking, n) if c is None else self._cause(c, n) for n, c in enumerate(told, 1)]

    def _ending(self, ending: Ending) -> dict[str, Any]:
        return {
            "outage": ending.outage,
            "time": rfc3339(ending.time_us),
            "recovered": list(ending.recovered),
            "final": ending.final,
            "change": self._change(ending.change) if ending.change else None,
            "title": ending.change.title if ending.change else None,
            "sure": ending.sure,
            "prepared": [self._change(change) for change in ending.prepared],
            "confidence": round(ending.confidence, 4),
            "text": plain(ending.text),
            "evidence": self.of(ending.places),
        }

    def timeline_json(self) -> dict[str, Any]:
        """Give the document of ``timeline --json``."""
        return {
            "entries": [self.entry_json(entry) for entry in self.timeline],
            "entries_set_aside": [self.entry_json(entry) for entry in self.hidden],
            "left_out": self.left_out,
        }

    def as_json(self) -> dict[str, Any]:
        """Give all of it: the content of ``findings.json``."""
        impacts = {outage: impact.as_json() for outage, impact in self.impacts.items()}
        views = {"outermost": list(self.views.outermost), "inner": dict(self.views.inner)}
        return {
            **self.outages_json(),
            **self.causes_json(),
            **self.timeline_json(),
            "impact": impacts,
            "views": views,
            "review": {**self.review.as_json(), "unknown": list(self.unknown)},
        }

    def _outage(self, outage: Outage) -> dict[str, Any]:
        return {**outage.as_json(self.of(places_of(outage))), **self.review.marks(outage.id)}

    def entry_json(self, entry: Entry) -> dict[str, Any]:
        """Give one entry of the timeline with its evidence, and what people decided about it."""
        return {**entry.as_json(self.of(entry.places)), **self.review.marks(entry.id)}

    def _change(self, change: Change) -> dict[str, Any]:
        return {**change.as_json(self.of(change.places)), **self.review.marks(change.id)}

    def _cause(self, cause: Cause, rank: int) -> dict[str, Any]:
        places = [*(place for term in cause.terms for place in term.places), *cause.change.places]
        return cause.as_json(rank, self.of(places), self._change(cause.change))


def alibi_of(cause: Cause) -> Text:
    """Say in words why a change is not a suspect."""
    if cause.veto:
        return text(cause.veto)
    against = sorted((term for term in cause.terms if term.value <= _TELLS_AGAINST), key=lambda term: term.value)
    if len(against) > 1:
        return (*against[0].words, "; ", *against[1].words)
    if against:
        return against[0].words
    when = next((term.words for term in cause.terms if term.name == "delay"), cause.terms[0].words)
    return text("others explain the outage far better; ", *when)


def _nobody(ranking: Ranking, rank: int) -> dict[str, Any]:
    return {
        "outage": ranking.outage,
        "rank": rank,
        "change": None,
        "sign": None,
        "title": "no change in these logs explains it",
        "score": round(ranking.nothing, 3),
        "confidence": round(ranking.unexplained, 4),
        "for": [],
        "against": [],
        "evidence": [],
    }


def places_of(outage: Outage) -> list[Place]:
    """Name the lines that show an outage's first and last failure, and its end."""
    return [place for place in (outage.first, outage.last, outage.recovered) if place]
