"""The draft: findings told as the sections of a postmortem."""

from __future__ import annotations

from afterlog.draft.evidence import coverage, unread
from afterlog.draft.gaps import questions
from afterlog.draft.how import measures, resolution
from afterlog.draft.model import Chapter, Draft, Figure, Measure, Suspect
from afterlog.draft.what import detection, figures, minor, summary
from afterlog.draft.why import cause, suspect
from afterlog.draft.words import between, title_of
from afterlog.findings import Findings, alibi_of
from afterlog.outages import Outage
from afterlog.statement import Code, text

__all__ = ["Chapter", "Draft", "Figure", "Measure", "Suspect", "between", "make_draft"]


def make_draft(findings: Findings, zone: str, picture: str | None) -> Draft:
    """Tell the findings; times are printed in ``zone``."""
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    lesser = [outage for outage in findings.outages if outage.level == "blip" or outage.single]
    chapters = tuple(_chapter(outage, findings) for outage in real)
    title = text("Postmortem: ", *chapters[0].headline) if chapters else text("No outage found")
    return Draft(
        title,
        zone,
        chapters,
        tuple(s for s in map(minor, lesser) if s),
        findings.timeline,
        findings.left_out,
        picture,
        coverage(findings.ledgers),
        unread(findings.ledgers),
        findings,
    )


def _chapter(outage: Outage, findings: Findings) -> Chapter:
    impact = findings.impacts.get(outage.id)
    ranking = findings.ranking(outage)
    endings = [ending for ending in findings.endings if ending.outage == outage.id]
    return Chapter(
        outage=outage,
        headline=text("requests to ", Code(outage.service), " failed")
        if outage.service
        else text("an outage stated by hand"),
        summary=tuple(summary(outage, impact, ranking, endings)),
        figures=tuple(figures(outage, impact)) if impact else (),
        phases=tuple((p.start_us, p.end_us, p.requests, p.failed, p.rate, p.hosts) for p in outage.phases),
        detection=tuple(detection(outage, findings)),
        cause=tuple(cause(ranking)),
        verdict=ranking.verdict if ranking else "no-change-explains-it",
        suspects=tuple(suspect(one, rank) for rank, one in enumerate(ranking.suspects, 1)) if ranking else (),
        innocent=tuple((title_of(c.change), alibi_of(c), c.change.places[:1]) for c in ranking.innocent)
        if ranking
        else (),
        resolution=tuple(resolution(outage, endings, findings)),
        measures=tuple(measures(outage, ranking, findings)),
        questions=questions(outage, findings),
    )
