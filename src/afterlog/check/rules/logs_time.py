"""The times of a document against the logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from afterlog.check.casefacts import CaseFacts, EntryFact, OutageFact
from afterlog.check.comparing import shown, stated
from afterlog.check.concepts import concepts, kin
from afterlog.check.lines import FRONT, LOG
from afterlog.check.milestones import END, START
from afterlog.check.model import Against, Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS
from afterlog.check.zones import offsets_on

_SLACK_S: Final = 60  # a printed minute may have been rounded either way
_LOOSE_S: Final = 900
_TICK_S: Final = 1.5  # a time printed to the second names its event by itself


class Time(Rule):
    """Each time of the document against the findings of the case.

    A start or an end of the outage is held against the interval that the logs give, a minute either way; any other
    time against the entries of the inferred timeline that speak of the same thing. Supported with the lines behind
    it; contradicted with what the logs say where exactly one entry speaks of it at another time; no evidence else.
    """

    name: ClassVar[str] = "time"
    needs_case: ClassVar[bool] = True

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Judge every moment that is a statement: quoted logs, front matter and actions are none."""
        if facts is None:
            return
        starts = {id(one) for incident in reading.incidents for one in stated(reading, incident, START)}
        ends = {id(one) for incident in reading.incidents for one in stated(reading, incident, END)}
        for moment in reading.moments:
            if moment.clock.fault or moment.area == ACTIONS or reading.line(moment.line).kind in (LOG, FRONT):
                continue
            edge = START if id(moment) in starts or (moment.row and START in moment.milestone.strong) else ""
            edge = edge or (END if id(moment) in ends or (moment.row and END in moment.milestone.strong) else "")
            yield _judge(reading, self.name, moment, edge, facts)


def instants(moment: Moment, facts: CaseFacts) -> list[float]:
    """Give what a moment may be in UTC seconds: in its zone or the case's, on the case's days where it has none."""
    offsets = offsets_on(moment.zone, moment.when.date() if moment.dated else None) if moment.zone else ()
    if moment.dated:
        return _on(moment.when, offsets, facts)
    days = range(int(facts.first // 86_400) - 1, int(facts.last // 86_400) + 2)
    found = []
    for day in list(days)[:40]:
        when = datetime.fromtimestamp(day * 86_400, UTC).replace(
            hour=moment.when.hour, minute=moment.when.minute, second=moment.when.second
        )
        found += [one for one in _on(when, offsets, facts) if facts.first - 3600 <= one <= facts.last + 3600]
    return found


def _on(when: datetime, offsets: tuple[int, ...], facts: CaseFacts) -> list[float]:
    if offsets:
        return [(when - timedelta(minutes=offset)).timestamp() for offset in offsets]
    return [when.replace(tzinfo=facts.zone).timestamp()]


def _judge(reading: Reading, rule: str, moment: Moment, edge: str, facts: CaseFacts) -> Finding:
    slack = _LOOSE_S if moment.clock.loose else _SLACK_S
    for at in instants(moment, facts):
        found = _edge(at, edge, slack, facts) if edge else _entry(at, moment, slack, facts)
        if found is None and moment.clock.side and not edge:
            found = _edge(at, START if moment.clock.side == 1 else END, slack, facts)
        if found and found[0] is Verdict.SUPPORTED:
            return _say(reading, rule, moment, *found)
    best = next(iter(instants(moment, facts)), None)
    if best is not None:
        outage = facts.outage_near(best)
        found = _edge(best, edge, slack, facts) if edge else _elsewhere(best, moment, facts)
        if found and (outage or not edge):
            return _say(reading, rule, moment, *found)
    return _say(reading, rule, moment, Verdict.NO_EVIDENCE, "the logs tell nothing about this", ())


def _say(
    reading: Reading, rule: str, moment: Moment, verdict: Verdict, says: str, evidence: tuple[dict[str, Any], ...]
) -> Finding:
    held = tuple(Against(0, one) for one in evidence[:3])
    return Finding(
        rule,
        verdict,
        moment.line,
        reading.cut(moment.line),
        f"{shown(moment)}: {says}",
        held,
        moment.clock.start,
        moment.clock.end,
    )


def clock_in(facts: CaseFacts, at: float) -> str:
    """Print UTC seconds in the zone of the case."""
    return datetime.fromtimestamp(at, facts.zone).strftime("%H:%M:%S")


def _edge(
    at: float, edge: str, slack: float, facts: CaseFacts
) -> tuple[Verdict, str, tuple[dict[str, Any], ...]] | None:
    outage = facts.outage_near(at)
    interval = _interval(outage, edge)
    if outage is None or interval is None:
        return None
    evidence = outage.first if edge == START else outage.last
    word = "starts" if edge == START else "ends"
    says = f"the outage {word} at {clock_in(facts, outage.edges[0] if edge == START else outage.edges[1])} in the logs"
    near = interval[0] - slack <= at <= interval[1] + slack
    return (Verdict.SUPPORTED if near else Verdict.CONTRADICTED), says, evidence


def _interval(outage: OutageFact | None, edge: str) -> tuple[float, float] | None:
    if outage is None:
        return None
    return outage.start if edge == START else outage.end


def _entry(
    at: float, moment: Moment, slack: float, facts: CaseFacts
) -> tuple[Verdict, str, tuple[dict[str, Any], ...]] | None:
    """Look for an entry at that time that speaks of the same thing."""
    spoken = concepts(moment.text)
    near = [entry for entry in facts.entries if entry.begin - slack <= at <= entry.end + slack]
    best = max(near, key=lambda entry: kin(spoken, _concepts(entry)), default=None)
    if best is None:
        return None
    if not kin(spoken, _concepts(best)):
        exact = [entry for entry in near if moment.clock.second is not None and abs(at - entry.begin) < _TICK_S]
        if not exact:
            return None
        best = exact[0]
    return Verdict.SUPPORTED, f"{best.text} ({clock_in(facts, best.begin)})", best.evidence


def _concepts(entry: EntryFact) -> frozenset[str]:
    extra = {
        "look": {"look"},
        "onset": {"onset"},
        "end": {"end"},
        "attempt": {"rollback"} if "back" in entry.text.lower() else set(),
    }
    return concepts(entry.text) | frozenset(extra.get(entry.kind, set()))


def _elsewhere(at: float, moment: Moment, facts: CaseFacts) -> tuple[Verdict, str, tuple[dict[str, Any], ...]] | None:
    """Find the one change in the logs that speaks of the same two things, at another time of the same day."""
    spoken = concepts(moment.text)
    alike = [
        entry
        for entry in facts.entries
        if entry.kind in ("change", "attempt") and kin(spoken, _concepts(entry)) >= 2 and abs(entry.begin - at) < 43_200
    ]
    steps = {(entry.begin, entry.text) for entry in alike}
    if len(steps) != 1 or "look" in spoken or moment.clock.loose:
        return None
    entry = alike[0]
    return (
        Verdict.CONTRADICTED,
        f"in the logs: {entry.text}, {clock_in(facts, entry.begin)} to {clock_in(facts, entry.end)}",
        entry.evidence,
    )
