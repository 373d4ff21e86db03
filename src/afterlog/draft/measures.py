"""What the evidence suggests to do about it: measures, each with what suggests it; and candidates for lessons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from afterlog.causes import Ranking
from afterlog.changes import Change
from afterlog.changes.ansible import CHECKS
from afterlog.changes.model import Step
from afterlog.draft.gaps import quiet_stretches
from afterlog.draft.how import effective
from afterlog.draft.milestones import first_look
from afterlog.draft.model import Lesson, Measure
from afterlog.draft.what import failed_attempts
from afterlog.draft.words import SECOND, between, capital, ends_of, minutes, title_of
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.findings import Findings
from afterlog.impact import Impact
from afterlog.outages import Outage
from afterlog.resolution import Ending
from afterlog.statement import Code, Statement, Time, codes, text

_ORDER: Final = {"mitigate": 0, "prevent": 1, "detect": 2, "process": 3}


def measures(outage: Outage, ranking: Ranking | None, endings: Sequence[Ending], findings: Findings) -> list[Measure]:
    """Suggest measures, by type."""
    trigger = _trigger(ranking)
    rows = [_rehearse(change) for change in failed_attempts(outage, findings) if change.failure]
    rows += _take_effect(outage, endings, findings)
    if trigger:
        rows += [*_check(trigger, outage), *_stop(trigger, outage)]
    rows += [*_alert(outage, findings), *_quiet(outage, findings), *_stamps(findings)]
    return sorted(rows, key=lambda row: _ORDER[row.type])


def _trigger(ranking: Ranking | None) -> Change | None:
    if not ranking or not ranking.suspects or ranking.verdict == "no-change-explains-it":
        return None
    return ranking.suspects[0].change


def _rehearse(change: Change) -> Measure:
    why = text(*title_of(change, short=True), " failed: ", Code(change.failure))
    return Measure(
        "mitigate", text("Make the way back work before it is needed, and rehearse it"), why, change.places[:2]
    )


def _take_effect(outage: Outage, endings: Sequence[Ending], findings: Findings) -> list[Measure]:
    """See whether a repair was in place long before the acts that made it work."""
    last = next((ending.change for ending in reversed(endings) if ending.change), None)
    repairs = [
        change for change in effective(outage, endings, findings) if last and set(change.hosts) & set(last.hosts)
    ]
    if not last or not repairs or last.start_us - repairs[-1].end_us < 300 * SECOND:
        return []
    repair = repairs[-1]
    why = text(*title_of(repair, short=True), " was done at ", Time(repair.end_us), "; ", *title_of(last), " followed ")
    why = (*why, f"{minutes(repair.end_us, last.start_us)} later")
    return [
        Measure(
            "mitigate",
            text("Let a repair take effect at once, on every server"),
            why,
            (repair.places[0], last.places[0]),
        )
    ]


def _passed(trigger: Change, outage: Outage) -> Step | None:
    """Find the last check of the trigger's own that passed while requests failed."""
    passed = [
        step
        for step in trigger.steps
        if step.outcome == str(Outcome.UNCHANGED) and step.time_us > outage.first_us and CHECKS.search(step.text)
    ]
    return passed[-1] if passed else None


def _check(trigger: Change, outage: Outage) -> list[Measure]:
    step = _passed(trigger, outage)
    if not step:
        return []
    why = text("its check ", Code(step.text), " passed while users' requests failed")
    words = text("Let the deployment's own check ask for a page that runs what was changed")
    return [Measure("prevent", words, why, (step.place, *ends_of(outage)[:1]))]


def _stop(trigger: Change, outage: Outage) -> list[Measure]:
    acts = [
        step for step in trigger.steps if step.outcome == str(Outcome.CHANGED) and step.time_us >= outage.start.low_us
    ]
    hosts = tuple(dict.fromkeys(step.host for step in acts if step.host))
    if len(hosts) < 2:
        return []
    why = text("requests failed from ", Time(outage.first_us), "; the rollout went on to ", *codes(hosts[1:]))
    words = text("Try a change on one server, and stop the rollout when it begins to fail")
    return [Measure("prevent", words, why, tuple(step.place for step in acts if step.host == hosts[1])[:1])]


def _alert(outage: Outage, findings: Findings) -> list[Measure]:
    look = first_look(outage, findings)
    words = text("Alert on the failure rate of ", Code(outage.service or "the service"))
    if not look:
        why = text("the logs show no alert and no look by a person")
        return [Measure("detect", words, why, ends_of(outage)[:1])]
    why = text(f"the first look came {between(outage.first_us, look.start_us)} after the start; the logs show no alert")
    return [Measure("detect", words, why, look.places[:1])]


def _quiet(outage: Outage, findings: Findings) -> list[Measure]:
    stretches = [gap for gap in quiet_stretches(outage, findings.timeline) if gap.end_us - gap.start_us > 1800 * SECOND]
    if not stretches:
        return []
    gap = max(stretches, key=lambda gap: (gap.end_us - gap.start_us, -gap.start_us))
    why = text(
        "from ",
        Time(gap.start_us, "minutes"),
        " to ",
        Time(gap.end_us, "minutes"),
        " the logs show nothing that people did",
    )
    return [Measure("process", text("Agree when to call for more help"), why, gap.places)]


def _stamps(findings: Findings) -> list[Measure]:
    guessed = [
        x
        for x in findings.ledgers
        if x.events and (x.zone_basis in ("zone-assumed", "zone-inferred") or (x.year and x.year_why))
    ]
    if not guessed:
        return []
    count = len(guessed)
    why = text(
        f"{count} source{'s print' if count > 1 else ' prints'} no year or no zone, for one ", Code(guessed[0].path)
    )
    words = text("Log with year and zone (RFC 3339)")
    return [Measure("process", words, why, (Place(guessed[0].path, 1, 0),))]


def lessons(
    outage: Outage, impact: Impact | None, ranking: Ranking | None, endings: Sequence[Ending], findings: Findings
) -> list[Lesson]:
    """Propose lessons: what went well, what did not; a person decides."""
    said: list[Lesson] = []
    look = first_look(outage, findings)
    if look and not outage.open_start and look.start_us - outage.first_us <= 600 * SECOND:
        words = text(f"Somebody looked {between(outage.first_us, look.start_us)} after the first failure.")
        said.append(Lesson("well", Statement(words, (look.places[0], *ends_of(outage)[:1]))))
    for other in impact.beside if impact else ():
        if not other.failed:
            words = text(Code(other.service), " did not depend on what failed: none of its requests failed.")
            said.append(Lesson("well", Statement(words, (other.place,))))
    for change in failed_attempts(outage, findings)[:2]:
        words = text("The way back was not there when it was needed: ", *title_of(change, short=True), " failed.")
        said.append(Lesson("badly", Statement(words, change.places[:2])))
    trigger = _trigger(ranking)
    step = _passed(trigger, outage) if trigger else None
    if step:
        words = text("The deployment's check ", Code(step.text), " said that all was well.")
        said.append(Lesson("badly", Statement(words, (step.place,))))
    if look and endings and endings[0].time_us - look.start_us > 1800 * SECOND:
        words = text(
            f"From the first look to the first sign of recovery, {minutes(look.start_us, endings[0].time_us)} passed."
        )
        said.append(Lesson("badly", Statement(capital(words), (look.places[0], endings[0].places[0]))))
    return said
