"""How it ended: what was tried, what healed which servers, and what the evidence suggests to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from afterlog.causes import Ranking
from afterlog.changes import Change
from afterlog.changes.ansible import CHECKS
from afterlog.draft.model import Measure
from afterlog.draft.words import between, ends_of, lower, title_of
from afterlog.event import Outcome
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.resolution import Ending
from afterlog.statement import Code, Statement, Time, codes, text


def resolution(outage: Outage, endings: Sequence[Ending], findings: Findings) -> list[Statement]:
    """Tell attempts and what ended each phase, in the order of time."""
    said: list[tuple[int, Statement]] = []
    ending_changes = {ending.change.id for ending in endings if ending.change}
    for change in findings.history.changes:
        during = outage.start.high_us < change.start_us <= outage.end.high_us
        if not during or change.routine or change.tool == "git" or change.id in ending_changes:
            continue
        if change.outcome == str(Outcome.FAILED):
            told = text(": ", Code(change.failure)) if change.failure else ()
            words = text(
                "At ",
                Time(change.start_us),
                " ",
                *title_of(change),
                " failed and changed nothing",
                *told,
                ".",
            )
        elif change.outcome == str(Outcome.UNCHANGED):
            continue
        else:
            words = text(
                "At ",
                Time(change.start_us),
                " ",
                *title_of(change),
                " was carried out; the failure rate did not fall at once.",
            )
        said.append((change.start_us, Statement(words, change.places[:3])))
    for ending in endings:
        why = (
            text(", after ", *title_of(ending.change), " at ", Time(ending.change.start_us))
            if ending.change
            else text("; no change in the logs explains why")
        )
        said.append(
            (
                ending.time_us,
                Statement(text("At ", Time(ending.time_us), " ", *lower(ending.text), *why, "."), ending.places),
            )
        )
    return [statement for _time, statement in sorted(said, key=lambda pair: pair[0])]


def measures(outage: Outage, ranking: Ranking | None, findings: Findings) -> list[Measure]:
    """Suggest measures, each with what in the evidence suggests it."""
    during = [c for c in findings.history.changes if outage.start.high_us < c.start_us <= outage.end.high_us]
    failed = [change for change in during if change.outcome == str(Outcome.FAILED) and change.failure]
    rows = [_rehearse(change) for change in failed]
    trigger = ranking.suspects[0].change if ranking and ranking.suspects else None
    if trigger:
        passed = [
            step
            for step in trigger.steps
            if step.outcome == str(Outcome.UNCHANGED) and step.time_us > outage.first_us and CHECKS.search(step.text)
        ]
        if passed:
            rows.append(
                Measure(
                    "prevent",
                    text(
                        "Let the deployment's own check ask for a page that runs what was changed: ",
                        Code(passed[-1].text),
                        " passed while users' requests failed",
                    ),
                    (passed[-1].place, *ends_of(outage)[:1]),
                )
            )
        acts = [step.time_us for step in trigger.steps if step.outcome == str(Outcome.CHANGED)]
        if len(trigger.hosts) > 1 and acts:
            rows.append(
                Measure(
                    "prevent",
                    text(
                        "Stop a rollout when the first host begins to fail: it went on to ",
                        *codes(trigger.hosts),
                    ),
                    trigger.places[:1],
                )
            )
    looks = [look for look in findings.history.looks if outage.first_us <= look.start_us <= outage.last_us]
    if looks:
        gap = between(outage.first_us, looks[0].start_us)
        late = f": the first look came {gap} after the start, and the logs show no alert"
        words = text("Alert on the failure rate of ", Code(outage.service), late)
        rows.append(Measure("detect", words, looks[0].places[:1]))
    return rows


def _rehearse(change: Change) -> Measure:
    words = text(
        "Make the way back work before it is needed, and rehearse it: ",
        *title_of(change),
        " failed with ",
        Code(change.failure),
    )
    return Measure("mitigate", words, change.places[:2])
