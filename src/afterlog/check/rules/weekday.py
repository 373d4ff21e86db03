"""A weekday that its date is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.dates import DAY_NAMES
from afterlog.check.model import Against, Dated, Finding, Reading, Verdict
from afterlog.check.rules.base import Rule

_NEAR_DAYS = 31


class Weekday(Rule):
    """A weekday beside a date that fell on another day.

    Contradicted where the year is printed, or carried from a date less than a month away; else a warning.
    """

    name: ClassVar[str] = "weekday"
    should_fire: ClassVar[tuple[str, ...]] = (
        "On Thursday, January 20th, 2021 at 22:04 UTC the account was suspended.\n",
        "# Outage of 2024-05-07\n\nOn Wednesday, May 7, the site went down at 10:00.\n",
        (
            "| Day | Date (2021) | Time (UTC) | Event |\n|---|---|---|---|\n"
            "| Thu | Jan 20, 2021 | 22:40 | Account disabled |\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "On Wednesday 30th June 2021 a scheduled upgrade was performed.\n",
        ("We meet every Monday. 3 May 2024 was a Friday; on Tuesday we fixed it. The sun 12 Dec 2021 set.\n"),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Compare each printed weekday with the calendar."""
        del facts
        seen: set[tuple[object, int]] = set()
        for one in reading.dates:
            read, value = one.read, one.value
            if (
                read.weekday is None
                or value is None
                or read.fault
                or value.year < 1990
                or value.weekday() == read.weekday
            ):
                continue
            if (value, read.weekday) in seen or _other_reading(one):
                continue
            seen.add((value, read.weekday))
            carried = None if read.year else _nearest(reading, one)
            verdict = Verdict.CONTRADICTED if read.year or carried else Verdict.WARNING
            says = (
                f"{read.raw}{'' if read.year else f' {value.year}'} was a {DAY_NAMES[value.weekday()]}, "
                f"not a {read.weekday_raw}"
            )
            held = (Against(carried.line),) if carried else ()
            yield Finding(
                self.name, verdict, one.line, reading.cut(one.line), says, held, max(0, read.start - 1), read.end
            )


def _other_reading(one: Dated) -> bool:
    """Tell whether 04/12/2022 read the other way round has that weekday."""
    if one.read.other is None or one.read.year is None:
        return False
    for month, day in (one.read.other, (one.read.month, one.read.day)):
        try:
            other = one.value.replace(month=month, day=day) if one.value else None
        except ValueError:
            continue
        if other and other.weekday() == one.read.weekday:
            return True
    return False


def _nearest(reading: Reading, one: Dated) -> Dated | None:
    """Find a date with a printed year less than a month away."""
    for other in reading.dates:
        if (
            other.read.year
            and other.value
            and one.value
            and not other.read.fault
            and abs((other.value - one.value).days) <= _NEAR_DAYS
            and other.incident in (0, one.incident)
        ):
            return other
    return None
