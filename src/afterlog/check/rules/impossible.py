"""A time that no clock shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import found, shown
from afterlog.check.model import Finding, Reading, Verdict
from afterlog.check.rules.base import Rule


class Impossible(Rule):
    """A time that no clock shows: 25:10, 11:75, 14:30 AM.

    A warning for 17:14 PM: the 24-hour clock takes no PM, but everybody reads it as 17:14.
    """

    name: ClassVar[str] = "impossible"
    should_fire: ClassVar[tuple[str, ...]] = (
        "## Timeline\n- 16:50 Outage begins\n- 17:14pm Fix deployed\n- 17:30 Restored\n",
        "At 14:30 AM the site went down.\n",
        "## Timeline\n- 16:50 Outage begins\n- 16:75 Fix deployed\n- 17:30 Restored\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "The ratio was 25:75 and the score 3:99. main.rs:119:5 failed, 10.2.30:8080 too.\n",
        "## Timeline\n- 00:30 AM Outage begins\n- 12:00 PM Fix\n- 24:00 Done\n- ??:?? Unknown\n",
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Report every clock that has a fault."""
        del facts
        for moment in reading.moments:
            if moment.clock.fault:
                readable = (
                    moment.clock.meridiem == "p"
                    and moment.clock.hour > 12
                    and moment.clock.minute < 60
                    and moment.clock.hour < 24
                )
                verdict = Verdict.WARNING if readable else Verdict.CONTRADICTED
                yield found(reading, self.name, verdict, moment, f"{shown(moment)}: {moment.clock.fault}")
