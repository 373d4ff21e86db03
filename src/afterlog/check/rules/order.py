"""A row before the one above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import found, gap_s, shown
from afterlog.check.lines import TEXT
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule

_LATE: Final = re.compile(
    (
        r"\b(?:declar\w*|ticket|mail\w*|announc\w*|status|posted|notified|informed|also"
        r"|meanwhile|in parallel|retrospect\w*|later found)\b"
    ),
    re.IGNORECASE,
)


class Order(Rule):
    """A row of a timeline stands before the row above it.

    Contradicted in a timeline of four rows and more; a warning in short lists and lists of milestones (an incident
    may be declared late and listed first), and for rows that are entered later by their nature (declared, mailed,
    ticket), and below a paragraph, where another list may begin. A timeline that runs from the newest to the
    oldest is in order.
    """

    name: ClassVar[str] = "order"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Timeline\n- 10:00 Outage begins\n- 10:20 Alert fires\n- 10:12 Engineer looks\n"
            "- 11:00 Fix deployed\n- 11:30 Service restored\n"
        ),
        (
            "## Timeline\n| Time | Event |\n|---|---|\n| 2023-02-14 11:00 | Mail sent |\n"
            "| 2023-02-14 11:08 | Service is back |\n| 2023-02-14 11:07 | Ticket raised |\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        ("## Timeline\n- 22:50 Outage begins\n- 23:40 Alert fires\n- 00:12 Engineer looks\n- 01:00 Fix deployed\n"),
        ("## Timeline\n- 12:40 Restored\n- 12:10 Fix deployed\n- 11:30 Engineer looks\n- 11:05 Alert fires\n"),
        "## Timeline\n- 11:50 AM Deploy\n- 12:05 PM Alert\n- 1:10 PM Fix\n- 2:00 PM Done\n",
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Compare each row with the one above it."""
        del facts
        series: dict[int, list[Moment]] = {}
        for moment in reading.moments:
            if moment.row and moment.clock.side != 2 and not moment.clock.fault:
                series.setdefault(moment.series, []).append(moment)
        for rows in series.values():
            steps = [gap_s(above, row) for above, row in pairwise(rows)]
            if sum(step < 0 for step in steps) > sum(step > 0 for step in steps):
                continue
            for above, row in pairwise(rows):
                if gap_s(above, row) <= -60 and not row.clock.loose and not above.clock.loose:
                    yield found(
                        reading,
                        self.name,
                        _verdict(reading, rows, above, row),
                        row,
                        f"{shown(row)} stands below {shown(above)} of line {above.line}",
                        above,
                    )


def _verdict(reading: Reading, rows: list[Moment], above: Moment, row: Moment) -> Verdict:
    listed = sum(bool(one.milestone.name) for one in rows) * 2 >= len(rows)
    late = _LATE.search(row.text) or _LATE.search(above.text)
    guessed = (
        not (row.explicit and above.explicit)
        and above.when - row.when > (above.when - above.when.replace(hour=0, minute=0)) / 2
    )
    if len(rows) < 4 or listed or late or guessed or _parted(reading, above, row):
        return Verdict.WARNING
    return Verdict.CONTRADICTED


def _parted(reading: Reading, above: Moment, row: Moment) -> bool:
    """Tell whether a paragraph stands between two rows: another list, perhaps of another team, may begin below it."""
    if reading.line(above.line).kind == TEXT and reading.line(row.line).kind == TEXT:
        return False
    between = reading.lines[above.line : row.line - 1]
    return any(line.kind == TEXT and line.opens and any(sign.isalpha() for sign in line.text) for line in between)
