"""Two ends of one outage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

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
from afterlog.check.milestones import END
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule


class End(Rule):
    """The summary and the timeline end the outage at different times.

    Contradicted where the last row that says everything is back prints another minute than the summary, and no row
    stands at the summary's minute. A warning where the row speaks of the record rather than of the service
    (declared resolved, closed, confirmed) after the stated end, or where service came back by degrees.
    """

    name: ClassVar[str] = "end"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Summary\nFrom 11:15 AM to 2:25 PM IST the site was down.\n## Timeline\n"
            "- 11:15 AM Outage begins\n- 2:23 PM 100% restored and back online\n"
        ),
        (
            "- Start: 10:00 UTC\n- End: 12:30 UTC\n\n## Timeline\n- 10:00 Alert\n- 11:00 Rolled back\n"
            "- 11:10 Service fully restored\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Summary\nFrom 11:15 AM to 2:23 PM IST the site was down.\n## Timeline\n"
            "- 11:15 AM Outage begins\n- 2:23 PM 100% restored and back online\n"
            "- 3:10 PM Incident closed\n"
        ),
        (
            "Outage from 10:00 to 12:00 UTC.\n## Timeline\n- 10:00 Alert\n- 12:00 Errors stop\n"
            "- 12:30 Incident declared resolved\n"
        ),
        (
            "## Summary\nFrom 10:00 to 12:00 UTC requests failed.\n## Timeline\n- 10:00 Errors\n"
            "- 11:00 Partial recovery, service restored for some users\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold the stated ends against each other and against the rows."""
        del facts
        for incident in reading.incidents:
            pair = disagreeing(reading, incident, END)
            if pair:
                first, later, sure = pair
                says = f"the outage ends at {shown(later)} here and at {shown(first)} in line {first.line}"
                yield found(reading, self.name, Verdict.CONTRADICTED if sure else Verdict.WARNING, later, says, first)
        for incident, rows in incidents_with_rows(reading):
            heads = stated(reading, incident, END)
            if heads:
                yield from self._against_rows(reading, heads[0], [row for row in rows if row not in heads])

    def _against_rows(self, reading: Reading, head: Moment, rows: list[Moment]) -> Iterator[Finding]:
        if any(not differ(head, row) for row in rows):
            return
        ends = [row for row in rows if END in row.milestone.kinds and near_day(head, row)]
        strong = [row for row in ends if END in row.milestone.strong]
        last = max(strong or ends, key=lambda row: row.when, default=None)
        if last is None:
            return
        after = gap_s(head, last) > 0 if head.dated == last.dated else last.when.time() > head.when.time()
        reopened = any(
            row.when > last.when and row.milestone.kinds and not row.milestone.admin and END not in row.milestone.kinds
            for row in rows
        )
        verdict = Verdict.CONTRADICTED
        if (
            not strong
            or (after and last.milestone.admin)
            or (not after and reopened)
            or shifted(reading, head.incident, rows)
        ):
            verdict = Verdict.WARNING
        yield found(
            reading,
            self.name,
            verdict,
            head,
            f"the outage ends at {shown(head)} here and at {shown(last)} in line {last.line}",
            last,
        )
