"""Findings: everything inferred from a case, with the evidence behind it, kept in ``findings.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from afterlog.case import Case, Ledger
from afterlog.causes import Cause, Ranking, rank_causes
from afterlog.changes import Change, History, find_changes
from afterlog.clock import parse_moment, rfc3339, zone_of
from afterlog.detect import Instant
from afterlog.errorlines import find_bursts
from afterlog.errors import InputError
from afterlog.evidence import Evidence, Place, Quotes, evidence_in
from afterlog.identity import stable_id
from afterlog.impact import Impact, measure_impact
from afterlog.messages import Message, Window, find_messages
from afterlog.outages import Outage, find_outages, stated_outage
from afterlog.requests import DEFAULT_RULES, Rules
from afterlog.resolution import Attempt, Ending, find_attempts, find_endings
from afterlog.signals import Signal, count_table, read_signals
from afterlog.source import Source, walk
from afterlog.statement import Text, plain, text
from afterlog.timeline import Entry, build_timeline
from afterlog.views import Views
from afterlog.weaker import Weaker, find_weaker

_TELLS_AGAINST: Final = -0.5  # from this value on a term is an alibi of its own
_DIFF_WINDOW: Final = 400  # lines below a commit in which a changed line of its diff is looked for


@dataclass(frozen=True, slots=True)
class Findings:
    """What was inferred. ``evidence`` holds the quoted line of every place that a finding names."""

    outages: tuple[Outage, ...]
    impacts: dict[str, Impact]
    history: History
    rankings: tuple[Ranking, ...]
    endings: tuple[Ending, ...]
    timeline: tuple[Entry, ...]
    left_out: int
    views: Views
    signals: tuple[Signal, ...]
    ledgers: tuple[Ledger, ...]
    evidence: dict[Place, Evidence]
    messages: dict[str, tuple[Message, ...]] = field(default_factory=dict)  # by outage
    weaker: tuple[Weaker, ...] = ()
    rules: Rules = DEFAULT_RULES

    def of(self, places: Iterable[Place]) -> list[dict[str, Any]]:
        """Give the evidence at places as it stands in JSON."""
        return [self.evidence[place].as_json() for place in dict.fromkeys(places) if place in self.evidence]

    def ranking(self, outage: Outage) -> Ranking | None:
        """Give the ranking of an outage's causes."""
        return next((ranking for ranking in self.rankings if ranking.outage == outage.id), None)

    def outages_json(self) -> dict[str, Any]:
        """Give the document of ``outages --json``."""
        return {
            "outages": [outage.as_json(self.of(_places_of(outage))) for outage in self.outages],
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
            "entries": [entry.as_json(self.of(entry.places)) for entry in self.timeline],
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
        }

    def _change(self, change: Change) -> dict[str, Any]:
        return change.as_json(self.of(change.places))

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


def _places_of(outage: Outage) -> list[Place]:
    return [place for place in (outage.first, outage.last, outage.recovered) if place]


# --- making them --------------------------------------------------------------------------------------------


def analyse(case: Case, stated: Sequence[str] = (), rules: Rules | None = None, *, keep: bool = True) -> Findings:
    """Infer everything from a case, and keep it there unless it is only a look at a stated outage.

    Args:
        case: an ingested case.
        stated: outages a person knows of, ``START..END`` (the end may be empty); they replace the detected ones and
            are kept in the case; ``auto`` goes back to the detected ones.
        keep: remember the stated outages and these findings in the case.
        rules: what counts as a failure, and names of services; None for those of the analysis before.

    Raises:
        InputError: a stated outage or a rule cannot be read.

    """
    ledgers = case.ledgers()
    rules = rules or stored_rules(case)
    signals, views = read_signals(case, rules)
    bursts = find_bursts(case)
    found, signals = find_outages(signals, bursts)
    weaker = find_weaker(signals, found, bursts)
    known = _remembered(case, stated, keep=keep)
    if known:
        found = [_stated(case, words, signals, ledgers) for words in known]
    history = find_changes(case)
    real = [outage for outage in found if outage.level != "blip" and not outage.single]
    impacts = {outage.id: impact for outage in real if (impact := measure_impact(outage, signals))}
    quotes = Quotes(item for item in _sources(case))
    quotes.remember(evidence_in(_before(case)))
    history = _with_line_places(history, quotes)
    messages = find_messages(case, [_window(outage, signals) for outage in real])
    rankings = tuple(_ranked(outage, history, impacts.get(outage.id), messages[outage.id]) for outage in real)
    endings = tuple(
        ending for outage in real if outage.phases for ending in find_endings(outage, signals, history.changes)
    )
    shown = [outage for outage in found if not outage.single]
    timeline, left_out = build_timeline(shown, history, rankings, endings)
    findings = Findings(
        tuple(found),
        impacts,
        history,
        rankings,
        endings,
        tuple(timeline),
        left_out,
        views,
        tuple(signals),
        tuple(ledgers),
        {},
        messages,
        tuple(weaker),
        rules,
    )
    findings = replace(findings, evidence=_collect(findings, quotes))
    if keep or not stated:
        case.write_table("signals", count_table(signals))
        case.write_text("findings.json", json.dumps(findings.as_json(), ensure_ascii=False, indent=1) + "\n")
    return findings


def stored_rules(case: Case) -> Rules:
    """Give the rules of the last analysis of a case, the default ones if there was none."""
    file = case.folder / "findings.json"
    try:
        stored = json.loads(file.read_text(encoding="utf-8")).get("settings", {}) if file.is_file() else {}
    except ValueError:
        stored = {}
    return Rules(stored.get("fail", DEFAULT_RULES.fail), tuple(stored.get("services", ())))


def _remembered(case: Case, stated: Sequence[str], *, keep: bool) -> tuple[str, ...]:
    """Give the stated outages, those of an earlier run where none are given now."""
    settings = case.settings()
    if not stated:
        return settings.outages
    chosen = () if tuple(stated) == ("auto",) else tuple(stated)
    if keep:
        case.write_settings(replace(settings, outages=chosen))
    return chosen


def _before(case: Case) -> Any:
    """Give the findings of the analysis before, if any."""
    try:
        return json.loads((case.folder / "findings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _sources(case: Case) -> list[Source]:
    roots = [Path(name) for name in case.settings().inputs]
    return [item for item in walk([root for root in roots if root.exists()]) if isinstance(item, Source)]


def _window(outage: Outage, signals: Sequence[Signal]) -> Window:
    """Tell what the counting of messages has to know of an outage."""
    own = next((signal.requests for signal in signals if signal.service == outage.service), None)
    start, end = outage.start, outage.end.high_us
    if own is None:
        return Window(outage.id, start.time_us, start.low_us, end)
    bad = own.client_error if outage.kind == "client-errors" else own.failed
    return Window(outage.id, start.time_us, start.low_us, end, own.time[bad])


def _ranked(outage: Outage, history: History, impact: Impact | None, messages: Sequence[Message]) -> Ranking:
    firsts = {host: time for host, time, _place in impact.first_on_host} if impact else {}
    return rank_causes(outage, history.changes, history.looks, firsts, messages)


def _stated(case: Case, words: str, signals: Sequence[Signal], ledgers: Sequence[Ledger]) -> Outage:
    """Make an outage of what a person said: ``START..END``."""
    zone = zone_of(case.settings().display_zone)
    begin, separator, until = words.partition("..")
    if not separator:
        raise InputError(
            f"--outage {words!r}: write START..END, for example 2022-11-10T11:15..2022-11-10T14:22; "
            "the end may be empty."
        )
    if not begin.strip():
        raise InputError(f"--outage {words!r}: the start is needed; only the end may be empty.")
    first = min((ledger.first for ledger in ledgers if ledger.first is not None), default=0)
    last = max((ledger.last for ledger in ledgers if ledger.last is not None), default=first)
    start = parse_moment(begin, zone)
    end = parse_moment(until, zone, start) if until.strip() else max(last, start)
    if end < start:
        raise InputError(f"--outage {words!r}: it ends before it starts.")
    if last < start or end < first:
        raise InputError(
            f"--outage {words!r}: the logs cover {rfc3339(first)} to {rfc3339(last)}, and nothing of that time."
        )
    minute = 60_000_000
    return stated_outage(
        stable_id("outage", "stated", words),
        Instant(start, start - minute, start + minute),
        Instant(end, end - minute, end + minute),
        open_end=not until.strip(),
        signals=signals,
        note=f"stated by a person: {words}",
    )


def _with_line_places(history: History, quotes: Quotes) -> History:
    """Let each changed line of a diff point at the very line that shows it, below its commit."""
    content: dict[str, Change] = {}
    for change in history.changes:
        if not (change.content or change.removed):
            continue
        content[change.id] = replace(
            change,
            content=tuple(
                (line, quotes.below(place, f"+{line}", _DIFF_WINDOW) or place) for line, place in change.content
            ),
            removed=tuple(
                (line, quotes.below(place, f"-{line}", _DIFF_WINDOW) or place) for line, place in change.removed
            ),
        )
    return History(tuple(content.get(change.id, change) for change in history.changes), history.looks)


def _collect(findings: Findings, quotes: Quotes) -> dict[Place, Evidence]:
    places: list[Place] = []
    for outage in findings.outages:
        places += _places_of(outage)
    for impact in findings.impacts.values():
        places += impact.places()
    for ranking in findings.rankings:
        for cause in (*ranking.suspects, *ranking.innocent):
            places += [*cause.change.places, *(place for term in cause.terms for place in term.places)]
            places += [place for _line, place in cause.change.content]
    for messages in findings.messages.values():
        places += [place for m in messages if m.trend != "rare" for place in (m.near, m.first)]
    for change in findings.history.changes:
        if not change.routine:
            places += [*change.places, *(step.place for step in change.steps)]
    for ending in findings.endings:
        places += ending.places
    for entry in findings.timeline:
        places += entry.places
    quotes.fetch(places)
    return {place: quotes.of(place) for place in sorted(set(places)) if quotes.has(place)}
