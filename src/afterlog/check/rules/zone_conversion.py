"""One moment in two zones that are not that far apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import found, gaps_s, shown
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.zones import offsets_on

_GAP: Final = re.compile(
    r"^[\s)]*(?:\(|/|=|\||,? ?(?:or|i\.e\.|aka|which is|that is)\b)[\s(]*(?:\d{4}-\d\d-\d\d[T ])?$"
)


class ZoneConversion(Rule):
    """A time given in two zones, ``14:00 UTC (7:00 AM PDT)``, where the two are not the same moment.

    Every meaning that an abbreviation has is tried (CST, IST, BST); contradicted where none fits.
    """

    name: ClassVar[str] = "zone-conversion"
    should_fire: ClassVar[tuple[str, ...]] = (
        "On July 8, 2025 at 14:00 UTC (6:00 AM PDT) logins failed.\n",
        (
            "## Timeline\n| Time (UTC) | Time (IST) | Event |\n|---|---|---|\n"
            "| 05:45 | 11:15 | Outage begins |\n| 06:30 | 13:00 | Fix |\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "On July 8, 2025 at 14:00 UTC (7:00 AM PDT) logins failed until 15:00 UTC / 8:00 AM PDT.\n",
        "At 14:00 UTC (22:00 CST) logins failed. From 10:00 UTC to 11:00 PST we looked.\n",
        (
            "## Timeline\n| Time (UTC) | Time (IST) | Event |\n|---|---|---|\n"
            "| 05:45 | 11:15 | Outage begins |\n| 22:30 | 04:00 | Fix |\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold neighbouring times of one line and different zones against each other."""
        del facts
        for one, other in pairwise(reading.moments):
            if one.line != other.line or not one.zone or not other.zone or one.zone.upper() == other.zone.upper():
                continue
            gap = reading.line(one.line).text[one.clock.end : other.clock.start]
            if one.clock.fault or other.clock.fault or not _GAP.match(gap) or one.clock.side != other.clock.side:
                continue
            if not _fits(one, other):
                says = (
                    f"{shown(one)} {one.zone if one.zone not in shown(one) else ''}".strip()
                    + " is not "
                    + f"{shown(other)} {other.zone if other.zone not in shown(other) else ''}".strip()
                )
                yield found(reading, self.name, Verdict.CONTRADICTED, other, says, one)


def _fits(one: Moment, other: Moment) -> bool:
    gaps = gaps_s(one, other)
    return any(min(gap % 86_400, 86_400 - gap % 86_400) < 60 for gap in gaps) or len(gaps) == 0 or _unknown(one, other)


def _unknown(one: Moment, other: Moment) -> bool:
    day = one.when.date() if one.dated else None
    return not offsets_on(one.zone, day) or not offsets_on(other.zone, day)
