"""Rows of a list whose date cannot be: another year than all others, days before the row above, months after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from afterlog.check.comparing import found, gap_s
from afterlog.check.lengths import DURATION, REPAIR, RESOLVE
from afterlog.check.milestones import END
from afterlog.check.milestones import REPAIR as MENDED
from afterlog.check.model import Finding, Moment, Reading, Verdict

_DAY: Final = timedelta(days=1)
_MEANS: Final = {DURATION: END, RESOLVE: END, REPAIR: MENDED}


def misdated(
    reading: Reading, rule: str, incident: int, rows: list[Moment], beside: list[tuple[date, int]]
) -> Iterator[Finding]:
    """Yield the rows with a wrong date; ``beside`` are the incident's other dates, each with its line."""
    for row in rows:
        year = _voted_year(row, rows, [day for day, _line in beside])
        if year is None:
            continue
        held = [one.line for one in rows if one.when.year == year] + [line for day, line in beside if day.year == year]
        says = f"{row.explicit.raw if row.explicit else ''} lies in {row.when.year}, its incident in {year}"
        yield found(reading, rule, Verdict.CONTRADICTED, row, says, held[0])
    for above, row in pairwise(rows):
        if above.series != row.series or above.when.year != row.when.year:
            continue
        back = above.when.date() - row.when.date()
        if back > _DAY or (back == _DAY and _returns(rows, row)):
            yield from _back(reading, rule, rows, above, row)
    if rows:
        yield from _far_last(reading, rule, incident, rows)


def _voted_year(row: Moment, rows: list[Moment], beside: list[date]) -> int | None:
    """Give the year that most dates of the incident have, where it puts a row back among them and its own does not."""
    day = row.when.date()
    rest = [one.when.date() for one in rows if one is not row] + beside
    votes = Counter(other.year for other in rest)
    if not votes:
        return None
    year, count = votes.most_common(1)[0]
    near = [other for other in rest if other.year == year]
    moved = _moved(day, year)
    if year == day.year or count < 2 or count <= votes[day.year] + 1 - (count > 2) or moved is None:
        return None
    low, high = min(near) - 60 * _DAY, max(near) + 60 * _DAY
    return year if low <= moved <= high and not low <= day <= high else None


def _back(reading: Reading, rule: str, rows: list[Moment], above: Moment, row: Moment) -> Iterator[Finding]:
    series = [one for one in rows if one.series == row.series]
    listed = sum(bool(one.milestone.name) for one in series) * 2 > len(series)
    if listed and row.milestone.name != END:
        return  # a list of milestones need not be in order
    first = min(one.when for one in series if one is not row)
    sure = row.when < first or (_returns(rows, row) and not listed)
    if sure or not listed:
        yield found(
            reading,
            rule,
            Verdict.CONTRADICTED if sure else Verdict.WARNING,
            row,
            f"{row.when.date()} stands below {above.when.date()} of line {above.line}",
            above,
        )


def _returns(rows: list[Moment], row: Moment) -> bool:
    """Tell whether the rows on both sides of a row have one date, and it another."""
    at = rows.index(row)
    return 0 < at < len(rows) - 1 and rows[at - 1].when.date() == rows[at + 1].when.date() != row.when.date()


def _moved(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _far_last(reading: Reading, rule: str, incident: int, rows: list[Moment]) -> Iterator[Finding]:
    """Find a row days away from the one above whose stated duration fits only without those days."""
    lengths = [length for length in reading.lengths if length.incident == incident and length.span.exact]
    for above, row in pairwise(rows):
        days = (row.when.date() - above.when.date()).days
        if days < 2 or above.series != row.series:
            continue
        for length in lengths:
            if _MEANS.get(length.meaning) != row.milestone.name:
                continue
            for begin in rows:
                real = gap_s(begin, row)
                if begin.when < row.when and not length.span.agrees(real) and length.span.agrees(real - days * 86_400):
                    says = (
                        f"{row.when.date()} is {days} days after the row above; “{length.span.raw}” in line "
                        f"{length.line} fits {above.when.date()}"
                    )
                    yield found(reading, rule, Verdict.CONTRADICTED, row, says, above, length.line)
                    return
