"""Questions: what the logs cannot tell, asked of a person; they ask how and what, not who and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from afterlog.draft.words import SECOND
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.timeline import Entry


def questions(outage: Outage, findings: Findings) -> dict[str, tuple[str, ...]]:
    """Ask, by section; ``{time}`` in a question is a moment in UTC microseconds."""
    quiet = _quiet(outage, findings.timeline)
    told = tuple(f"What happened between {{{a}}} and {{{b}}}? The logs show nothing that people did." for a, b in quiet)
    return {
        "header": ("Who owns this document, and who reviews it?", "How severe was it by your own scale?"),
        "summary": ("In one sentence: what could users not do?",),
        "impact": (
            "Was data lost or delayed?",
            "Who was told, and how? How many tickets, which contracts, how much money?",
        ),
        "detection": (
            "What told people first? The logs show looks, not alerts.",
            "How would we have cut that time by half?",
        ),
        "timeline": (*told, "What did you think was happening at each step?"),
        "cause": ("Why did the change look safe at the time?", "What else had to be true for it to do harm?"),
        "resolution": ("Is a temporary fix still in place?",),
        "measures": ("For each row: who owns it, by when, and how will we know that it worked?",),
        "lessons": ("What went well?", "What surprised you?", "Where did we get lucky?"),
        "evidence": ("Which evidence did we not have?",),
    }


def _quiet(outage: Outage, entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """Find the longest stretches, at most three, of over 20 minutes of the outage without an entry."""
    times = sorted(
        {
            outage.first_us,
            outage.last_us,
            *(t for e in entries for t in (e.time_us, e.until_us) if outage.first_us <= t <= outage.last_us),
        }
    )
    gaps = [(a, b) for a, b in pairwise(times) if b - a > 1200 * SECOND]
    return sorted(sorted(gaps, key=lambda gap: gap[0] - gap[1])[:3])
