"""The analysis of a case: what is measured on all its events, what follows from that, and what people decided.

Measuring reads every event and is kept in the case (`afterlog.remembered`). Concluding, ranking the causes, telling the
timeline, and applying the review, takes no time and is done whenever a case is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from afterlog.applying import applied_to_timeline, chosen_cause, corrected_history, pinned
from afterlog.case import Case, Ledger
from afterlog.causes import Ranking, rank_causes
from afterlog.changes import Change
from afterlog.clock.naming import clock_ids
from afterlog.evidence import Evidence, Place, Quotes, evidence_in
from afterlog.findings import Findings, places_of
from afterlog.intake.doubts import doubts_of
from afterlog.measured import Measured, Traffic, measure, read_traffic, real_ones
from afterlog.outages import Outage
from afterlog.remembered import Remembered, keep_measured, key_of, recall_measured
from afterlog.resolution import find_endings
from afterlog.review import Review, ReviewFile
from afterlog.source import reopen
from afterlog.timeline import build_timeline
from afterlog.traffic.requests import DEFAULT_RULES, Rules

_FINDINGS: Final = "findings.json"


def analyse(
    case: Case,
    stated: Sequence[str] = (),
    rules: Rules | None = None,
    *,
    keep: bool = True,
    review: Review | None = None,
) -> Findings:
    """Infer everything from a case, and keep it there unless it is only a look at a stated outage.

    Args:
        case: an ingested case.
        stated: outages a person knows of, ``START..END`` (the end may be empty); they replace the detected ones and
            are kept in the case; ``auto`` goes back to the detected ones.
        rules: what counts as a failure, and names of services; None for those of the analysis before.
        keep: remember the stated outages and these findings in the case.
        review: what people decided; None for what the case's ``review.toml`` says.

    Raises:
        InputError: a stated outage, a rule or the review cannot be read.

    """
    rules = rules or stored_rules(case)
    review = ReviewFile(case.folder).read() if review is None else review
    known = _remembered_outages(case, stated, keep=keep)
    ledgers = case.ledgers()
    quotes = _Lines(case)
    key = key_of(case, known, rules, review)
    before = recall_measured(case, key)
    traffic: Traffic
    if before is None:
        measured, traffic = measure(case, known, rules, review, ledgers, quotes.read)
    else:
        measured, traffic = before.measured, read_traffic(case, rules)
        quotes.know(before.evidence)
    findings = conclude(measured, traffic, ledgers, review, rules)
    findings = replace(findings, evidence=quotes.at(_places(findings)))
    if keep or not stated:
        if before is None:
            keep_measured(case, key, Remembered(measured, tuple(findings.evidence.values())))
        _write(case, findings)
    return findings


def conclude(measured: Measured, traffic: Traffic, ledgers: Sequence[Ledger], review: Review, rules: Rules) -> Findings:
    """Infer what follows from what was measured, as people corrected it; the evidence is yet to be quoted."""
    history, set_aside = corrected_history(measured.history, review)
    real = real_ones(measured.outages)
    rankings = tuple(
        chosen_cause(_ranked(outage, measured, history.changes), history.changes, review) for outage in real
    )
    endings = tuple(
        ending
        for outage in real
        for ending in find_endings(outage, measured.recoveries.get(outage.id, ()), history.changes)
    )
    shown = [outage for outage in measured.outages if not outage.single]
    told, left_out = build_timeline(shown, history, rankings, endings, pinned(review), doubts_of(ledgers))
    timeline, hidden = applied_to_timeline(told, review)
    findings = Findings(
        outages=measured.outages,
        impacts=measured.impacts,
        history=history,
        rankings=rankings,
        endings=endings,
        timeline=timeline,
        left_out=left_out,
        views=measured.views,
        traffic=traffic,
        ledgers=tuple(ledgers),
        evidence={},
        messages=measured.messages,
        weaker=measured.weaker,
        rules=rules,
        review=review,
        rejected=measured.rejected,
        set_aside=set_aside,
        hidden=hidden,
    )
    outages = [outage.id for outage in (*measured.outages, *measured.rejected)]
    causes = [cause.change.id for ranking in rankings for cause in ranking.suspects]
    clocks = {identity for ledger in ledgers for identity in clock_ids(ledger).values()}
    there = [*clocks, *outages, *(c.id for c in measured.history.changes), *causes, *(entry.id for entry in told)]
    return replace(findings, unknown=review.unknown(there))


def _ranked(outage: Outage, measured: Measured, changes: Sequence[Change]) -> Ranking:
    impact = measured.impacts.get(outage.id)
    firsts = {host: time for host, time, _place in impact.first_on_host} if impact else {}
    return rank_causes(outage, changes, measured.history.looks, firsts, measured.messages.get(outage.id, ()))


# --- what the case remembers --------------------------------------------------------------------------------


def stored_rules(case: Case) -> Rules:
    """Give the rules of the last analysis of a case, the default ones if there was none."""
    stored = (_before(case) or {}).get("settings", {})
    return Rules(stored.get("fail", DEFAULT_RULES.fail), tuple(stored.get("services", ())))


def _remembered_outages(case: Case, stated: Sequence[str], *, keep: bool) -> tuple[str, ...]:
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
        return json.loads((case.folder / _FINDINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(case: Case, findings: Findings) -> None:
    """Write the findings where they are not there yet."""
    text = json.dumps(findings.as_json(), ensure_ascii=False, indent=1) + "\n"
    file = case.folder / _FINDINGS
    if not file.is_file() or file.read_bytes() != text.encode():
        case.write_text(_FINDINGS, text)


# --- evidence -----------------------------------------------------------------------------------------------


class _Lines:
    """The lines behind the findings: those quoted before, the others read from the logs, which are looked for once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._known: dict[Place, Evidence] = {}
        self._quotes: Quotes | None = None

    @property
    def read(self) -> Quotes:
        """Give what reads the logs; where they are gone, it knows the quotes of the analysis before."""
        if self._quotes is None:
            self._quotes = Quotes(reopen(self._case.settings().inputs))
            self._quotes.remember(evidence_in(_before(self._case)))
        return self._quotes

    def know(self, evidence: Iterable[Evidence]) -> None:
        """Take quotes made before."""
        self._known |= {Place(one.source, one.line, one.offset): one for one in evidence}

    def at(self, places: Iterable[Place]) -> dict[Place, Evidence]:
        """Quote the lines at places; a line that is not there any more is left out."""
        wanted = sorted(set(places))
        missing = [place for place in wanted if place not in self._known]
        if missing:
            self.read.fetch(missing)
            self._known |= {place: self.read.of(place) for place in missing if self.read.has(place)}
        return {place: self._known[place] for place in wanted if place in self._known}


def _places(findings: Findings) -> list[Place]:
    """Name the lines that findings rest on."""
    places = [place for outage in (*findings.outages, *findings.rejected) for place in places_of(outage)]
    for impact in findings.impacts.values():
        places += impact.places()
    for ranking in findings.rankings:
        for cause in (*ranking.suspects, *ranking.innocent):
            places += [*cause.change.places, *(place for term in cause.terms for place in term.places)]
            places += [place for _line, place in cause.change.content]
    for messages in findings.messages.values():
        places += [place for m in messages if m.trend != "rare" for place in (m.near, m.first)]
    for change in (*findings.history.changes, *findings.set_aside):
        if not change.routine:
            places += [*change.places, *(step.place for step in change.steps)]
    for ending in findings.endings:
        places += ending.places
    for entry in (*findings.timeline, *findings.hidden):
        places += entry.places
    return places
