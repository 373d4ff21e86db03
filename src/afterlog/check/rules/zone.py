"""A zone that does not exist at that season."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import found
from afterlog.check.model import Against, Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.zones import ABBREVIATIONS, name_of, out_of_season


class Zone(Rule):
    """A zone abbreviation that no clock shows at that season: PST in July, CEST in January.

    Contradicted where no place uses the abbreviation then; a warning where some do all year (EST in Panama, CET in
    Algeria, CST in China). GMT, IST and AEST are never out of season.
    """

    name: ClassVar[str] = "zone"
    should_fire: ClassVar[tuple[str, ...]] = (
        "On July 8, 2025 logins failed between 08:25 and 09:10 PST.\n",
        ("# Outage 2024-01-12\n\n## Timeline (all times in CEST)\n- 10:00 Outage begins\n- 11:00 Restored\n"),
        "On July 8, 2025 logins failed between 08:25 and 09:10 CST.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "On July 8, 2025 logins failed between 08:25 and 09:10 PDT, 15:25 UTC, in GMT the same.\n",
        "On January 8, 2025 logins failed between 08:25 and 09:10 PST, 21:55 IST.\n",
        "At 10:00 PST it failed, on a day nobody remembers.\n",
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Ask the zone database for each zone on each date; one finding for a zone and a line that says it."""
        del facts
        seen: set[tuple[str, int]] = set()
        for moment in reading.moments:
            name = name_of(moment.zone) if moment.zone else ""
            if not name or not moment.dated or moment.when.year < 1990:
                continue
            how = out_of_season(name, moment.when.date())
            line = moment.line if moment.clock.zone else reading.zone_lines.get(moment.zone, moment.line)
            if not how or (name, moment.incident) in seen:
                continue
            seen.add((name, moment.incident))
            yield _finding(reading, self.name, moment, name, how, line)


def _finding(reading: Reading, rule: str, moment: Moment, name: str, how: str, line: int) -> Finding:
    verdict = Verdict.CONTRADICTED if how == "never" else Verdict.WARNING
    instead = ABBREVIATIONS[name].instead
    day = f"{moment.when:%B} {moment.when.day}, {moment.when.year}"
    says = (
        f"nobody's clock showed {name} on {day}; it was {instead}"
        if how == "never"
        else f"{name} is rare on {day}: most who say it had {instead} then"
    )
    if line == moment.line:
        return found(reading, rule, verdict, moment, says)
    text = reading.line(line).text
    at = max(0, text.upper().find(name))
    return Finding(rule, verdict, line, reading.cut(line), says, (Against(moment.line),), at, at + len(name))
