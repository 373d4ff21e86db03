"""A stated duration that no two times give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import hours, shown
from afterlog.check.lasting import Pair, any_pair, candidates, named, worked
from afterlog.check.lengths import DETECT, DURATION, REPAIR
from afterlog.check.milestones import DECLARE
from afterlog.check.model import Against, Finding, Length, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.spans import find_spans


class Duration(Rule):
    """A stated duration, time to repair or time to resolve that no two times of its meaning give.

    Precision is what is printed: ``20h 03m`` and ``669 minutes`` are held to the minute; ``about``, ``nine hours``
    and ``40min`` are contradicted only where they are a quarter off and more. Only a warning: a length that other
    two times of the document give, a repair counted from the declaration, hours worked instead of hours passed,
    a sum over several stretches, a part of the outage told in passing.
    """

    name: ClassVar[str] = "duration"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "# Incident on 2021-07-12\n\n- **Key events**\n  - First detected 2021-07-12 15:44\n"
            "  - Repaired 2021-07-12 15:51\n  - Incident declared 2021-07-12 16:09\n"
            "  - Resolved 2021-07-13 11:49\n\n- **Time to resolve**: 20h 03m\n"
        ),
        "## Summary\nThe outage lasted 1 hour and 48 minutes, from 16:58 to 18:56 UTC.\n",
        "**Duration:** 2 hours\n\n## Summary\nThe site was down from 10:00 to 14:00 UTC.\n",
        (
            "## Timeline\n- 10:00 Outage begins\n- 10:09 Alert\n- 11:30 Service restored\n\n"
            "Time to recovery: 67 minutes\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "# Incident on 2021-07-12\n\n- **Key events**\n  - First detected 2021-07-12 15:44\n"
            "  - Resolved 2021-07-13 11:49\n\n- **Time to resolve**: 20h 05m\n"
        ),
        "## Summary\nThe outage lasted about three hours, from 15:30 to 18:10 UTC.\n",
        (
            "## Summary\n"
            "The outage lasted for 90 minutes, from 23:30 to 01:00 UTC. A planned duration of 20 "
            "minutes had been announced.\n"
        ),
        (
            "# Incident on 2020-08-07\n- **Key events**\n  - First detected 2020-08-07 15:51\n"
            "  - Repaired 2020-08-07 16:29\n  - Resolved 2020-08-14 10:06\n\n"
            "- **Time to resolve**: 33h 15m (during support hours 10:00-17:00 M-F)\n"
        ),
        (
            "# Incident\n- **Key events**\n  - First detected 2021-09-30 15:31\n"
            "  - Incident declared 2021-09-30 17:26\n  - Repaired 2021-10-01 10:29\n\n"
            "- **Time to repair**: 5h 3m\n"
        ),
        (
            "# Incident\n- **Key events**\n  - First detected 2020-09-28 13:14\n"
            "  - Incident declared 2020-09-28 14:05\n  - Repaired 2020-09-28 14:20\n\n"
            "- **Time to repair**: 0h 15m\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold each stated length against the distances of the moments it may mean."""
        del facts
        for length in reading.lengths:
            if length.meaning != DETECT:
                finding = judge(reading, self.name, length)
                if finding:
                    yield finding


def judge(reading: Reading, rule: str, length: Length) -> Finding | None:
    """Judge one stated length; None where it agrees or nothing can be held against it.

    MTTR and its like are means by their name: nothing in one incident contradicts a mean.
    """
    found = _judged(reading, rule, length)
    return replace(found, verdict=Verdict.WARNING) if found and length.note == "mean" else found


def _judged(reading: Reading, rule: str, length: Length) -> Finding | None:
    pairs = candidates(reading, length)
    agreeing = next((pair for pair in pairs if length.span.agrees(pair.seconds)), None)
    exactly = named(reading, length)
    if length.note == "support" or (not pairs and not exactly):
        return None
    if any(length.span.agrees(pair.seconds) for pair in exactly if not _from_declaration(length, pair)):
        return None
    head = next((pair for pair in pairs if pair.sure), None)
    beside = find_spans(reading.line(length.line).text)
    if head and any(span.agrees(head.seconds) for span in beside if span.start > length.span.start):
        return None  # ``1h 5m (customer impact), 2h 30m (total)``
    if head and not length.span.agrees(head.seconds) and length.note not in ("summed", "mean"):
        return _against(reading, rule, length, head, _how_sure(length, head))
    if agreeing and (not exactly or agreeing.sure):
        return None
    if exactly:
        return _against_names(reading, rule, length, exactly)
    best = _nearest(length, pairs)
    if best is None or agreeing:
        return None
    other = any_pair(reading, length)
    sure = _enough(reading, length) and not other and not length.note and not worked(length, pairs)
    return _against(reading, rule, length, best, Verdict.CONTRADICTED if sure else Verdict.WARNING, other)


def _how_sure(length: Length, head: Pair) -> Verdict:
    loose = not (head.begin.exact and head.end.exact)
    part = length.note == "part" and head.begin.line != length.line
    return Verdict.WARNING if loose or part or worked(length, [head]) else Verdict.CONTRADICTED


def _against_names(reading: Reading, rule: str, length: Length, exactly: list[Pair]) -> Finding | None:
    """Hold a length against rows that bear the names of its two ends."""
    declared = next((pair for pair in exactly if length.span.agrees(pair.seconds)), None)
    if declared:
        return (
            None if length.meaning == REPAIR else _against(reading, rule, length, exactly[0], Verdict.WARNING, declared)
        )
    office = worked(length, exactly)
    if office:
        return _against(reading, rule, length, office, Verdict.WARNING)
    plain = [pair for pair in exactly if not _from_declaration(length, pair)] or exactly
    return _against(reading, rule, length, _nearest(length, plain) or plain[0], Verdict.CONTRADICTED)


def _from_declaration(length: Length, pair: Pair) -> bool:
    return length.meaning != DURATION and pair.begin.milestone.name == DECLARE


def _nearest(length: Length, pairs: list[Pair]) -> Pair | None:
    return min(
        (pair for pair in pairs if pair.seconds > 0),
        key=lambda pair: abs(pair.seconds - length.span.seconds),
        default=None,
    )


def _enough(reading: Reading, length: Length) -> bool:
    """Tell whether the timeline is full enough to hold a length against it: three rows, exact ones at both ends."""
    rows = reading.rows(length.incident)
    return len(rows) >= 3 and all(not row.clock.loose for row in (rows[0], rows[-1]))


def _against(
    reading: Reading, rule: str, length: Length, pair: Pair, verdict: Verdict, other: Pair | None = None
) -> Finding:
    begin, end = pair.begin, pair.end
    says = (
        f"from {shown(begin)} (line {begin.line}) to {shown(end)} (line {end.line}) is "
        f"{hours(pair.seconds)}, not {length.span.raw}"
    )
    if other is not None:
        says += (
            f"; {shown(other.begin)} (line {other.begin.line}) to {shown(other.end)} (line {other.end.line}) would be"
        )
    elif verdict is Verdict.WARNING and worked(length, [pair]):
        says += "; it may count hours worked"
    held = tuple(Against(line) for line in dict.fromkeys((begin.line, end.line)))
    return Finding(rule, verdict, length.line, reading.cut(length.line), says, held, length.span.start, length.span.end)
