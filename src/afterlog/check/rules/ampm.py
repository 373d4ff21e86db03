"""Morning and afternoon mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import differ, found, shown, stated
from afterlog.check.milestones import END
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule

_HALF: Final = 43_200


class AmPm(Rule):
    """One row has AM where the rows around it have PM, or the other way round.

    Contradicted where the row alone leaves the order and its other half of the day stands exactly between its
    neighbours, which are less than six hours apart; a warning at the end of a list, where the next day is possible.
    """

    name: ClassVar[str] = "am-pm"
    should_fire: ClassVar[tuple[str, ...]] = (
        ("## Timeline\n- 11:15 AM Outage begins\n- 12:02 AM Rollback fails\n- 1:45 PM Fix\n- 2:23 PM Done\n"),
        "## Timeline\n- 9:00 AM Deploy\n- 9:20 PM Alert\n- 9:40 AM Fix\n- 10:00 AM Done\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        ("## Timeline\n- 11:15 PM Outage begins\n- 12:02 AM Rollback fails\n- 1:45 AM Fix\n- 9:23 AM Done\n"),
        "## Timeline\n- 9:00 AM Deploy\n- 9:20 AM Alert\n- 9:40 PM Fix\n- 10:00 PM Done\n",
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Try the other half of the day for each row that has AM or PM."""
        del facts
        series: dict[int, list[Moment]] = {}
        for moment in reading.moments:
            if moment.row and moment.clock.side != 2 and not moment.clock.fault:
                series.setdefault(moment.series, []).append(moment)
        for rows in series.values():
            for index in range(1, len(rows)):
                if rows[index].clock.meridiem:
                    yield from self._try(reading, rows, index)

    def _try(self, reading: Reading, rows: list[Moment], index: int) -> Iterator[Finding]:
        above, row = rows[index - 1], rows[index]
        other = (row.clock.seconds + _HALF) % (2 * _HALF)
        begin = above.clock.seconds
        if index + 1 < len(rows):
            end = rows[index + 1].clock.seconds
            between = begin <= other <= end and not begin <= row.clock.seconds <= end
            later = rows[index + 1].explicit is not None and rows[index + 1].when - above.when > timedelta(hours=12)
            if between and end - begin < _HALF // 2 and not later:
                says = (
                    f"{shown(row)} stands between {shown(above)} (line {above.line}) and "
                    f"{shown(rows[index + 1])} (line {rows[index + 1].line})"
                )
                yield found(reading, self.name, Verdict.CONTRADICTED, row, says, above, rows[index + 1])
            return
        flipped = replace(row, clock=replace(row.clock, hour=other // 3600), when=row.when.replace(hour=other // 3600))
        ends = [one for one in stated(reading, row.incident, END) if one.line != row.line and not differ(flipped, one)]
        if row.clock.seconds < begin <= other and ends:
            says = f"{shown(row)} is {shown(ends[0])} in line {ends[0].line}"
            yield found(reading, self.name, Verdict.CONTRADICTED, row, says, ends[0], above)
