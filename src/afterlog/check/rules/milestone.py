"""One milestone with two times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import differ, found, incidents_with_rows, near_day, shown
from afterlog.check.milestones import START
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule


class Milestone(Rule):
    """One named milestone (declared, detected, repaired, resolved) has two times in two lists of one incident.

    Only rows that say nothing but the name are compared, and only across lists: within one list an incident
    may be declared and resolved again. A warning where the lists stand under different headings.
    """

    name: ClassVar[str] = "milestone"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "# Incident on 2023-06-06\n- **Key events**\n  - First detected: 2023-06-06 10:26\n"
            "  - Incident declared: 2023-06-06 11:00\n  - Resolved 2023-06-06 11:21\n\n- **Context**:\n"
            "  - 2023-06-06 10:30 - Users report errors\n  - 2023-06-06 11:00 - Incident declared\n"
            "  - 2023-06-06 13:11 - Incident resolved\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "# Incident on 2023-06-06\n- **Key events**\n  - Incident declared: 2023-06-06 11:00\n"
            "  - Repaired 2023-06-06 11:10\n  - Resolved 2023-06-06 11:21\n\n- **Context**:\n"
            "  - 2023-06-06 11:00 - Incident declared\n  - 2023-06-06 11:21 - Incident resolved\n"
        ),
        (
            "## Timeline\n- 10:12 Incident declared\n- 12:10 Incident resolved\n"
            "- 15:26 Incident declared\n- 16:00 Incident resolved\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold rows of one name against each other."""
        del facts
        for _incident, rows in incidents_with_rows(reading):
            first: dict[str, list[Moment]] = {}
            for row in rows:
                name = row.milestone.name
                if not name or name == START or row.clock.side == 2:
                    continue
                earlier = [one for one in first.get(name, ()) if one.series != row.series]
                if earlier and all(differ(one, row) for one in earlier) and near_day(earlier[0], row):
                    says = (
                        f"“{row.text.strip()}” is at {shown(row)} here and at {shown(earlier[0])} in line "
                        f"{earlier[0].line}"
                    )
                    same = reading.chapter(row.line) == reading.chapter(earlier[0].line)
                    verdict = Verdict.CONTRADICTED if same else Verdict.WARNING
                    yield found(reading, self.name, verdict, row, says, earlier[0])
                first.setdefault(name, []).append(row)
