"""Two starts of one outage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import (
    differ,
    disagreeing,
    found,
    gap_s,
    incidents_with_rows,
    near_day,
    shifted,
    shown,
    stated,
)
from afterlog.check.milestones import START
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule

_EVENT: Final = re.compile(r"^(?!.*\boutage\b).*\b(?:event|incident)\b", re.IGNORECASE)


_NOTICED: Final = re.compile(
    r"\W*(?:the )?(?:issue|outage|incident|problem|first)\b.{0,12}"
    r"\b(?:detected|identified|reported|noticed|discovered)\b",
    re.IGNORECASE,
)
_EARLY_S: Final = 120


class Start(Rule):
    """The summary and the timeline start the outage at different times.

    Contradicted where a row says that the outage begins and the summary (``from 11:19 to 14:25``, ``Start time:``)
    prints another minute, or where two statements of the summary disagree. A warning where the row only tells that
    the service went down, since a writer may count from elsewhere, and where the summary starts "the event" at
    the time of another row, and where somebody notices the outage before it starts.
    """

    name: ClassVar[str] = "start"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Summary\nOn May 3, 2024 from 11:19 to 14:25 UTC the site was down.\n## Timeline\n"
            "- 11:15 Outage begins\n- 14:25 Site back online\n"
        ),
        (
            "**Duration:** 10:00 - 11:30 UTC\n\n## Timeline\n| Time | Event |\n|---|---|\n"
            "| 10:10 | Outage starts |\n| 11:30 | Resolved |\n"
        ),
        "- Start time: 09:05 UTC\n- End time: 10:00 UTC\n\nThe outage lasted from 09:15 to 10:00 UTC.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Summary\nFrom 11:15 to 14:25 UTC the site was down.\n## Timeline\n"
            "- 11:05 Config pushed\n- 11:15 Outage begins\n- 14:25 Site back online\n"
        ),
        (
            "## Summary\nFrom around 11:20 to 14:25 UTC the site was down.\n## Timeline\n"
            "- 11:15 Outage begins\n- 14:25 Site back online\n"
        ),
        (
            "## Summary\n"
            "From 11:19 to 14:25 UTC the site was down. Planned maintenance had run from 10:00 to 11:00 UTC.\n"
            "## Timeline\n- 10:00 Maintenance begins\n- 11:19 Outage begins\n"
        ),
        (
            "## Summary\nFrom 04:00 PM to 05:00 PM IST the site was down.\n## Timeline (UTC)\n"
            "- 10:30 Outage begins\n- 11:30 Resolved\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold the stated starts against each other and against the rows."""
        del facts
        for incident in reading.incidents:
            pair = disagreeing(reading, incident, START)
            if pair:
                first, later, sure = pair
                says = f"the outage starts at {shown(later)} here and at {shown(first)} in line {first.line}"
                yield found(reading, self.name, Verdict.CONTRADICTED if sure else Verdict.WARNING, later, says, first)
        for incident, rows in incidents_with_rows(reading):
            heads = stated(reading, incident, START)
            if not heads:
                continue
            strong = [row for row in rows if START in row.milestone.strong and row.clock.side != 2 and row not in heads]
            head = heads[0]
            if strong and all(differ(head, row) and near_day(head, row) for row in strong):
                row = strong[0]
                says = f"the outage starts at {shown(head)} here and at {shown(row)} in line {row.line}"
                other = _EVENT.search(head.text) and any(not differ(head, row) for row in rows)
                verdict = Verdict.WARNING if other or shifted(reading, incident, rows) else Verdict.CONTRADICTED
                yield found(reading, self.name, verdict, head, says, row)
            elif not strong:
                yield from _weak(reading, self.name, head, rows)


def _weak(reading: Reading, rule: str, head: Moment, rows: list[Moment]) -> Iterator[Finding]:
    down = [row for row in rows if START in row.milestone.kinds and near_day(head, row)]
    if down and all(differ(head, row) for row in rows):
        says = (
            f"the outage starts at {shown(head)} here; line {down[0].line} has the trouble begin at "
            f"{shown(down[0])}, and no row is at {shown(head)}"
        )
        yield found(reading, rule, Verdict.WARNING, head, says, down[0])
        return
    noticed = [row for row in rows if _NOTICED.match(row.text) and near_day(head, row) and head.dated == row.dated]
    if noticed and gap_s(noticed[0], head) >= _EARLY_S:
        says = (
            f"the outage starts at {shown(head)} here, and is noticed at {shown(noticed[0])} in line {noticed[0].line}"
        )
        yield found(reading, rule, Verdict.WARNING, head, says, noticed[0])
