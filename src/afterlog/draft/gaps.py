"""Questions: what these very logs cannot tell, asked of a person; they ask how and what, not who and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from afterlog.causes import Ranking
from afterlog.draft.milestones import first_look
from afterlog.draft.what import failed_attempts
from afterlog.draft.words import SECOND, ends_of, minutes, title_of
from afterlog.evidence import Place
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.resolution import Ending
from afterlog.statement import Code, Text, Time, codes, text
from afterlog.timeline import Entry


@dataclass(frozen=True, slots=True)
class Quiet:
    """A stretch of the outage in which the logs show nothing that people did, with the lines on both sides."""

    start_us: int
    end_us: int
    places: tuple[Place, ...]


def questions(
    outage: Outage, ranking: Ranking | None, endings: Sequence[Ending], findings: Findings
) -> dict[str, tuple[Text, ...]]:
    """Ask, by section."""
    return {
        "header": (
            text("Which team owns this document, and which one reviews it?"),
            text("How severe was it by your own scale?"),
        ),
        "summary": (text("In one sentence: what could users not do?"),),
        "impact": (
            text("Was data lost or delayed?"),
            text("How were users told, and when? What did it cost in tickets, contracts, money?"),
        ),
        "detection": tuple(_noticing(outage, findings)),
        "timeline": tuple(_silent(outage, findings)),
        "cause": tuple(_cause(ranking, findings, outage)),
        "resolution": tuple(_ending(outage, endings)),
        "measures": (text("For each row: which team owns it, by when, and how will we know that it worked?"),),
        "lessons": (text("What went well?"), text("What surprised you?"), text("Where did we get lucky?")),
        "evidence": tuple(_evidence(findings)),
    }


def _noticing(outage: Outage, findings: Findings) -> list[Text]:
    look = first_look(outage, findings)
    if not look:
        return [text("How was the outage noticed, and when? The logs show no alert and no look.")]
    return [
        text("What led to that first look? The logs show no alert."),
        text("What would have cut that time by half?"),
    ]


def _silent(outage: Outage, findings: Findings) -> list[Text]:
    asked = [
        text("What happened between ", Time(gap.start_us, "minutes"), " and ", Time(gap.end_us, "minutes"), "? For ")
        + text(f"{minutes(gap.start_us, gap.end_us)} the logs show nothing that people did.")
        for gap in quiet_stretches(outage, findings.timeline)
    ]
    return [*asked, text("What did you think was happening at each step?")]


def _cause(ranking: Ranking | None, findings: Findings, outage: Outage) -> list[Text]:
    if not ranking or not ranking.suspects or ranking.verdict == "no-change-explains-it":
        return [
            text("What else changed: a feature flag, a provider, a certificate, traffic, data?"),
            text("Which logs of that time are missing here?"),
        ]
    change = ranking.suspects[0].change
    if not ranking.suspects[0].is_change:
        return [
            text("What would have warned of ", *title_of(change, short=True), " in time?"),
            text("What had changed so that it came to this now?"),
        ]
    return [
        text("What made ", *title_of(change, short=True), " look safe at the time?"),
        text("What else had to be true for it to do harm?"),
        *(
            text("How was ", *title_of(failed, short=True), " meant to work, and when was it last tried?")
            for failed in failed_attempts(outage, findings)[:1]
        ),
    ]


def _ending(outage: Outage, endings: Sequence[Ending]) -> list[Text]:
    if outage.open_end:
        return [text("When did it end, and what ended it? The logs stop before.")]
    unexplained = [ending for ending in endings if not ending.change]
    asked = [
        text(
            "What happened at ",
            Time(ending.time_us, "minutes"),
            "? Failures fell, and no change in the logs explains it.",
        )
        for ending in unexplained[:2]
    ]
    if not endings:
        asked.append(text("What ended it? The logs name nothing."))
    return [*asked, text("Is a temporary fix still in place?")]


def _evidence(findings: Findings) -> list[Text]:
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    asked = []
    for ledger in findings.ledgers:
        silent = [gap for gap in ledger.gaps for outage in real if gap[0] < outage.last_us and gap[1] > outage.first_us]
        if silent and ledger.parser in ("access", "haproxy", "syslog"):
            start, end = silent[0]
            asked.append(
                text(
                    "Why is ",
                    Code(ledger.path),
                    " silent from ",
                    Time(start, "minutes"),
                    " to ",
                    Time(end, "minutes"),
                    "?",
                )
            )
    failing = tuple(
        sorted(
            {host for outage in real for host in outage.hosts}
            - {ledger.host for ledger in findings.ledgers if ledger.host}
        )
    )
    if failing:
        asked.append(
            text("Where are the logs of ", *codes(failing), "? Requests failed there, and nothing of it is here.")
        )
    return [*asked[:3], text("Which evidence did we not have?")]


def quiet_stretches(outage: Outage, entries: Sequence[Entry]) -> list[Quiet]:
    """Find the longest stretches, at most three, of over 20 minutes of the outage without an entry."""
    marks: dict[int, tuple[Place, ...]] = {}
    for entry in entries:
        for time_us in (entry.time_us, entry.until_us):
            if outage.first_us <= time_us <= outage.last_us:
                marks.setdefault(time_us, entry.places[:1])
    ends = ends_of(outage)
    marks.setdefault(outage.first_us, ends[:1])
    marks.setdefault(outage.last_us, ends[-1:])
    gaps = [Quiet(a, b, (*marks[a], *marks[b])) for a, b in pairwise(sorted(marks)) if b - a > 1200 * SECOND]
    longest = sorted(gaps, key=lambda gap: (gap.start_us - gap.end_us, gap.start_us))[:3]
    return sorted(longest, key=lambda gap: gap.start_us)
