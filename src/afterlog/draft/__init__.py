"""The draft: findings told as the sections of a postmortem."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from afterlog.availability import Alert, burn, first_alert
from afterlog.draft.evidence import coverage, looked_at, silences, times_note, unread
from afterlog.draft.figures import duration_of, figures, phases
from afterlog.draft.gaps import questions
from afterlog.draft.how import resolution
from afterlog.draft.measures import lessons, measures
from afterlog.draft.milestones import detection, milestones
from afterlog.draft.model import Chapter, Coverage, Draft, Figure, Innocent, Lesson, Measure, Milestone, Suspect
from afterlog.draft.names import named_timeline
from afterlog.draft.reviewed import choice, rejections, reviewed
from afterlog.draft.what import minor, summary
from afterlog.draft.why import cause, innocent, suspect
from afterlog.draft.words import VERBS, between, ends_of, to_service
from afterlog.findings import Findings
from afterlog.impact import bad_of
from afterlog.outages import Outage
from afterlog.statement import Code, text

__all__ = [
    "Chapter", "Coverage", "Draft", "Figure", "Innocent", "Lesson", "Measure", "Milestone", "Suspect", "between",
    "make_draft",
]  # fmt: skip

USUAL_OBJECTIVE: Final = 0.999
"""The objective assumed for the alert that would have fired, where a person states none."""


def make_draft(
    findings: Findings, zone: str, picture: str | None = None, *, objective: float | None = None, names: bool = False
) -> Draft:
    """Tell the findings.

    Args:
        findings: what was inferred.
        zone: the zone in which times are printed.
        picture: file name of the picture, relative to the draft; None for none.
        objective: share of requests that should succeed, such as 0.999; None where a person states none.
        names: keep the names of people's accounts; without it they appear as roles.

    """
    real = [_with_ends(o) for o in findings.outages if o.level != "blip" and not o.single]
    lesser = [outage for outage in findings.outages if outage.level == "blip" or outage.single]
    chapters = tuple(_chapter(outage, findings, objective, names=names) for outage in real)
    title = text("Postmortem: ", *chapters[0].headline) if chapters else text(_without_outage(findings))
    return Draft(
        title=title,
        zone=zone,
        day_us=real[0].first_us if real else None,
        chapters=chapters,
        looked_at=looked_at(findings.signals),
        minor=tuple(s for s in map(minor, lesser) if s),
        silences=silences(findings.ledgers),
        timeline=named_timeline(findings.timeline, findings.history) if names else findings.timeline,
        left_out=findings.left_out,
        picture=picture,
        coverage=coverage(findings.ledgers),
        unread=unread(findings.ledgers),
        times=times_note(findings.ledgers),
        reviewed=reviewed(findings),
        rejected=tuple(rejections(findings)),
        findings=findings,
    )


def _chapter(outage: Outage, findings: Findings, objective: float | None, *, names: bool) -> Chapter:
    impact = findings.impacts.get(outage.id)
    ranking = findings.ranking(outage)
    endings = [ending for ending in findings.endings if ending.outage == outage.id]
    cost = None
    if impact and objective:
        cost = burn(impact.failed, impact.requests, outage.last_us - outage.first_us, objective)
    alert = _alert(outage, findings, objective or USUAL_OBJECTIVE)
    return Chapter(
        outage=outage,
        headline=text("requests", *to_service(outage.service), _verb(outage))
        if outage.service
        else text("an outage stated by hand"),
        service=text(Code(outage.service)) if outage.service else text("not known"),
        duration=duration_of(outage),
        severity=cost.severity if cost else "",
        summary=tuple(summary(outage, impact, ranking, endings, findings)),
        figures=tuple(figures(outage, impact, cost, findings.rules.fail)) if impact else (),
        milestones=tuple(milestones(outage, impact, endings, findings)),
        phases=tuple(phases(outage, impact)),
        detection=tuple(
            detection(outage, findings, alert, objective or USUAL_OBJECTIVE, stated=objective is not None, names=names)
        ),
        cause=(*choice(ranking), *cause(outage, ranking)),
        verdict=ranking.verdict if ranking else "no-change-explains-it",
        suspects=tuple(suspect(one, rank) for rank, one in enumerate(ranking.suspects, 1)) if ranking else (),
        innocent=tuple(map(innocent, ranking.innocent)) if ranking else (),
        resolution=tuple(resolution(outage, endings, findings)),
        measures=tuple(measures(outage, ranking, endings, findings)),
        lessons=tuple(lessons(outage, impact, ranking, endings, findings)),
        questions=questions(outage, ranking, endings, findings),
        places=ends_of(outage),
    )


def _without_outage(findings: Findings) -> str:
    return "No outage, as a person decided" if findings.rejected else "No outage found"


def _with_ends(outage: Outage) -> Outage:
    """Let a silence, in which nothing fails, end with the first request after it."""
    return replace(outage, last=outage.last or outage.recovered) if outage.kind == "silence" else outage


def _verb(outage: Outage) -> str:
    return f" {VERBS.get(outage.manner, 'failed')}"


def _alert(outage: Outage, findings: Findings, objective: float) -> Alert | None:
    signal = next((signal for signal in findings.signals if signal.service == outage.service), None)
    if signal is None:
        return None
    requests = signal.requests
    return first_alert(requests, bad_of(requests, outage), outage.first_us, outage.last_us, objective)
