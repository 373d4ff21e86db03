"""The durations of a document against the logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import hours
from afterlog.check.lengths import DETECT, DURATION, RESOLVE
from afterlog.check.model import Against, Finding, Length, Reading, Verdict
from afterlog.check.rules.base import Rule

_Judged = tuple[Verdict, str, tuple[dict[str, Any], ...]]


class StatedLength(Rule):
    """Each stated duration and time to detect against the outage and the first look in the logs.

    Durations are held against the outage from its onset to its end; with several outages the nearest counts.
    """

    name: ClassVar[str] = "length"
    needs_case: ClassVar[bool] = True

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Judge every stated length."""
        if facts is None:
            return
        for length in reading.lengths:
            yield _judge_length(reading, self.name, length, facts)


def _judge_length(reading: Reading, rule: str, length: Length, facts: CaseFacts) -> Finding:
    if length.meaning == DETECT:
        verdict, says, evidence = _detected(length, facts)
    else:
        verdict, says, evidence = _lasted(length, facts)
    held = tuple(Against(0, one) for one in evidence[:3])
    text = f"{length.span.raw}: {says}"
    return Finding(rule, verdict, length.line, reading.cut(length.line), text, held, length.span.start, length.span.end)


def _detected(length: Length, facts: CaseFacts) -> _Judged:
    looks = [
        (entry.begin - outage.start[0], entry)
        for outage in facts.outages
        for entry in facts.entries
        if entry.kind == "look" and entry.begin >= outage.start[0]
    ]
    gap, entry = min(looks, key=lambda pair: pair[0], default=(0.0, None))
    if entry is not None and length.span.agrees(gap, slack_s=90):
        return Verdict.SUPPORTED, f"{entry.text}, {hours(gap)} after the onset", entry.evidence
    return Verdict.NO_EVIDENCE, "the logs do not tell when somebody noticed", ()


def _lasted(length: Length, facts: CaseFacts) -> _Judged:
    closed = [(outage.edges[1] - outage.edges[0], outage) for outage in facts.outages if outage.end is not None]
    real, outage = min(closed, key=lambda pair: abs(pair[0] - length.span.seconds), default=(0.0, None))
    if outage is None or length.meaning not in (DURATION, RESOLVE) or length.note == "summed":
        return Verdict.NO_EVIDENCE, "the logs tell nothing about this", ()
    says = f"the outage lasts {hours(real)} in the logs"
    if length.span.agrees(real, slack_s=120):
        return Verdict.SUPPORTED, says, (*outage.first, *outage.last)
    sure = length.meaning == DURATION and not length.note
    return Verdict.CONTRADICTED if sure else Verdict.WARNING, says, (*outage.first, *outage.last)
