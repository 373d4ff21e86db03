"""A date outside its incident."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import found
from afterlog.check.lines import FRONT, HEADING
from afterlog.check.misdated import misdated
from afterlog.check.model import Against, Dated, Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS, TIMELINE

_DAY: Final = timedelta(days=1)
_ABOUT: Final = re.compile(
    (
        r"\b(?:outage|incident|downtime|disruption|failure|went down|was down|unavailable|issue"
        r"|degrad\w*|failed|failing|unable)\b"
    ),
    re.IGNORECASE,
)
_INCIDENT_DATE: Final = re.compile(
    r"^\W*(?:incident date|outage date|date of (?:the )?(?:incident|outage))\b[^\w]*$", re.IGNORECASE
)
_OUTAGE_ON: Final = re.compile(
    (
        r"\b(?:outage|incident|downtime|disruption)\b[^.]{0,24}?\s(?:on|of|from|-|–|—"
        r"|:)\s*(?:\w+day,?\s*)?$"
    ),
    re.IGNORECASE,
)
_DONE: Final = re.compile(
    (
        r"\b(?:announced|released|deployed|merged|introduced|upgraded|migrated|published"
        r"|notified|scheduled|planned|warned|launched)\b"
    ),
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"\b(?:similar|previous|earlier|prior|last|another|other|second|past|following|since)\b", re.IGNORECASE
)
_TO: Final = re.compile(r"\s*(?:-|–|—|to|until)\s*")
_TOP: Final = 6
_LABEL: Final = re.compile(
    r"^\W*(?:incident |outage |event )?date(?:s| of (?:the )?(?:incident|outage))?\b", re.IGNORECASE
)
_APART: Final = re.compile(
    (
        r"\b(?:last|updated|review\w*|publish\w*|posted|written|created|author\w*|meeting"
        r"|post-?mortem|report\w*|previous\w*|earlier|similar|since|prior|released?|due|version"
        r"|draft\w*|following|later|next|until|then|background|expire\w*)\b"
    ),
    re.IGNORECASE,
)


class Date(Rule):
    """A date that no calendar has, or that lies outside its incident.

    Contradicted: a year or month that only one row of a list has, where the other rows' year or month puts it back
    in order; a row dated days before the row above; a last row months away whose corrected date a stated duration
    confirms; a summary's date that all rows miss by more than a day. A warning where they miss it by one day (zones,
    midnight). Front matter, reviews and publications may be dated later.
    """

    name: ClassVar[str] = "date"
    should_fire: ClassVar[tuple[str, ...]] = (
        "The outage began on 22025-03-18 at 10:00.\n",
        (
            "## Timeline\n- 2023-01-11 14:34: Found\n- 2022-01-11 14:40 Password updated\n"
            "- 2023-01-11 14:51 Explained\n- 2023-01-11 15:51 Resolved\n"
        ),
        (
            "# Incident on 2023-07-25\n- **Key events**\n  - First detected: 2023-07-25 14:05\n"
            "  - Repaired: 2023-07-25 15:55\n  - Resolved 2023-09-25 15:55\n\n"
            "- **Time to resolve**: 1h 50m\n"
        ),
        (
            "On May 20, 2024 the outage hit all users.\n\n## Timeline\n"
            "- 2024-06-20 10:00 Outage begins\n- 2024-06-20 11:00 Restored\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "---\ntitle: Outage\ndate: 2024-05-22\n---\n\n## Timeline\n"
            "- 2024-05-20 10:00 Outage begins\n- 2024-05-20 11:00 Restored\n"
        ),
        ("## Timeline\n- 2022-12-31 23:34: Outage begins\n- 2023-01-01 00:40 Fixed\n- 2023-01-01 01:51 Closed\n"),
        (
            "On May 20, 2024 the outage hit all users.\n\n## Timeline\n"
            "- 2024-03-01 10:00 Faulty code merged\n- 2024-05-20 10:00 Outage begins\n"
            "- 2024-05-20 11:00 Restored\n- 2024-06-02 09:00 Final fix\n"
        ),
        (
            "# Outage of 2024-05-20\n"
            "Last updated 2024-07-01. A similar outage happened on 2023-02-02.\n\n## Timeline\n"
            "- 2024-05-20 10:00 Outage begins\n- 2024-05-20 11:00 Restored\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Look at every printed date."""
        del facts
        reported: set[int] = set()
        for one in reading.dates:
            if one.read.fault and one.line not in reported:
                reported.add(one.line)
                yield Finding(
                    self.name,
                    Verdict.CONTRADICTED,
                    one.line,
                    reading.cut(one.line),
                    f"{one.read.raw}: {one.read.fault}",
                    (),
                    one.read.start,
                    one.read.end,
                )
        for incident in reading.incidents:
            rows = [
                row
                for row in reading.rows(incident)
                if row.explicit and row.explicit.year and not row.explicit.fault and row.clock.side != 2
            ]
            for finding in misdated(reading, self.name, incident, rows, _beside(reading, incident, rows)):
                if finding.line not in reported:
                    reported.add(finding.line)
                    yield finding
            yield from _range(reading, self.name, incident)
            yield from _two_heads(reading, self.name, incident)
            yield from (
                finding for finding in _heads(reading, self.name, incident, rows) if finding.line not in reported
            )


def _is_head(reading: Reading, one: Dated) -> bool:
    line = reading.line(one.line)
    if one.read.year is None or one.read.fault or one.area in (TIMELINE, ACTIONS) or line.kind == FRONT:
        return False
    if _on_title(line.text[: one.read.start]) and (line.number <= _TOP or line.kind == HEADING):
        return True
    if _APART.search(line.text[: one.read.end + 24]):
        return False
    return (
        bool(_LABEL.match(line.text))
        or (line.kind == HEADING and line.level <= 3 and (len(reading.incidents) == 1 or one.incident > 0))
        or (_about(line.text, one) and _early(reading, one))
    )


def _beside(reading: Reading, incident: int, rows: list[Moment]) -> list[tuple[date, int]]:
    """Give the dates of an incident that are no rows: of its heading, of entries without a time."""
    lines = {row.line for row in rows}
    return [
        (one.value, one.line)
        for one in reading.dates
        if one.value
        and one.read.year
        and one.incident == incident
        and one.line not in lines
        and (one.area == TIMELINE or _is_head(reading, one))
    ]


def _on_title(before: str) -> bool:
    """Tell whether a date is said of the outage itself: ``System outage on …``."""
    return _OUTAGE_ON.search(before) is not None and _OTHERS.search(before[-60:]) is None


def _about(text: str, one: Dated) -> bool:
    """Tell whether the words beside a date speak of the outage, and not of what was done on that day."""
    behind = re.split(r"(?<=[a-z])[.;]\s", text[one.read.end : one.read.end + 100])[0]
    near = text[max(0, one.read.start - 40) : one.read.start] + behind
    return _ABOUT.search(near) is not None and _DONE.search(behind) is None


def _early(reading: Reading, one: Dated) -> bool:
    """Tell whether a date is the first that the incident's text prints outside of its timeline."""
    return (
        next(
            other
            for other in reading.dates
            if other.incident == one.incident and other.area == one.area and reading.line(other.line).kind != FRONT
        ).line
        == one.line
    )


def _two_heads(reading: Reading, rule: str, incident: int) -> Iterator[Finding]:
    """Hold the date in the title (``outage on August 10``) against the date that is labelled as the incident's."""
    titles = [
        one
        for one in reading.dates
        if one.incident == incident
        and one.value
        and one.read.year
        and _on_title(reading.line(one.line).text[: one.read.start])
        and one.line <= _TOP
    ]
    labels = [
        one
        for one in reading.dates
        if one.incident == incident
        and one.value
        and one.read.year
        and _INCIDENT_DATE.match(reading.line(one.line).text[: one.read.start])
    ]
    for title in titles[:1]:
        for label in labels[:1]:
            off = abs((title.value - label.value).days) if title.value and label.value else 0
            if off and title.line != label.line and not (title.read.other or label.read.other):
                verdict = Verdict.CONTRADICTED if off > 1 else Verdict.WARNING
                says = f"the incident is dated {label.read.raw} here and {title.read.raw} in line {title.line}"
                yield Finding(
                    rule,
                    verdict,
                    label.line,
                    reading.cut(label.line),
                    says,
                    (Against(title.line),),
                    label.read.start,
                    label.read.end,
                )


def _range(reading: Reading, rule: str, incident: int) -> Iterator[Finding]:
    """Hold the rows of a timeline against the range of dates in its own heading."""
    for line in reading.lines:
        ends = [one for one in reading.dates if one.line == line.number and one.read.year and not one.read.fault]
        if line.kind != HEADING or line.area == ACTIONS or len(ends) != 2 or ends[0].incident != incident:
            continue
        printed = line.text[ends[0].read.start : ends[1].read.end]
        between = line.text[ends[0].read.end : ends[1].read.start]
        days = sorted(one.value for one in ends if one.value)
        if len(days) != 2 or not _TO.fullmatch(between):
            continue
        for row in reading.rows(incident):
            day = row.when.date()
            if row.dated and reading.line(row.line).section == line.number and not days[0] <= day <= days[1]:
                says = f"{day} is outside of {printed} in the heading, line {line.number}"
                yield found(reading, rule, Verdict.CONTRADICTED, row, says, line.number)
                return


def _heads(reading: Reading, rule: str, incident: int, rows: list[Moment]) -> Iterator[Finding]:
    if len(rows) < 2:
        return
    days = sorted(row.when.date() for row in rows)
    if (days[-1] - days[0]).days > 31:
        return
    for one in reading.dates:
        day = one.value
        if one.incident != incident or day is None or not _is_head(reading, one) or days[0] <= day <= days[-1]:
            continue
        off = min(abs((other - day).days) for other in days)
        near = next(row for row in rows if abs((row.when.date() - day).days) == off)
        verdict = Verdict.WARNING if off == 1 or one.read.other else Verdict.CONTRADICTED
        says = f"{one.read.raw} is outside of the timeline, which runs from {days[0]} to {days[-1]}"
        against = (Against(near.line),)
        yield Finding(rule, verdict, one.line, reading.cut(one.line), says, against, one.read.start, one.read.end)
