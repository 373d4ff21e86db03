"""Actions that nobody owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.dates import find_dates
from afterlog.check.lines import HEADING, ITEM, ROW, Line
from afterlog.check.model import Finding, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS

_EMPTY: Final = re.compile(
    (
        r"^\W*(?:tb[ad]|to be (?:determined|assigned|decided)|n/?a|none|unassigned|unknown|\?+"
        r"|todo|owner|name|yyyy-mm-dd)?\W*$"
    ),
    re.IGNORECASE,
)
_OWNER: Final = re.compile(
    (
        r"@\w|\bowner\b|\bassigne[ed]\b|\bresponsible\b|\bdri\b|\bteam\b|\(\w+ ?\w*\)\s*$"
        r"|:\s*[A-Z]\w+$"
    ),
    re.IGNORECASE,
)
_DUE: Final = re.compile(
    (
        r"\bdue\b|\bby (?:end of|eod|eow|q[1-4]|next|mon|tue|wed|thu|fri|jan|feb|mar|apr|may|jun"
        r"|jul|aug|sep|oct|nov|dec)|\bdeadline\b|\bq[1-4] ?\d{2,4}\b|\beta\b|\bdone\b"
        r"|\bcompleted?\b|\bin progress\b|\bfixed\b"
    ),
    re.IGNORECASE,
)
_OWNER_COLUMN: Final = re.compile(
    r"\bowners?\b|\bassignees?\b|\bassigned\b|\bresponsible\b|\bwho\b|\bdri\b", re.IGNORECASE
)
_DUE_COLUMN: Final = re.compile(r"\bdue\b|\bdeadline\b|\beta\b|\btarget date\b|\bby when\b|\bdate\b", re.IGNORECASE)
_DONE: Final = re.compile(r"\b(?:done|completed?|closed|fixed|✅|shipped|merged)\b|✅|☑|✔", re.IGNORECASE)


class Owner(Rule):
    """An action has no owner: an empty cell in the owners' column, or a list of actions none of which names one.

    Always a warning; one finding for a list, one for each empty cell.
    """

    name: ClassVar[str] = "owner"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Action items\n| Action | Owner | Due |\n|---|---|---|\n"
            "| Add an alert | Dana | 2024-06-01 |\n| Test the rollback | TBD | 2024-06-01 |\n"
        ),
        "## Action items\n- Add an alert\n- Test the rollback\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "## Action items\n| Action | Owner | Due |\n|---|---|---|\n| Add an alert | Dana | 2024-06-01 |\n",
        "## Action items\n- Add an alert (owner: Dana, due 2024-06-01)\n- Test the rollback @kim\n",
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Look for empty owners' cells, and for lists of actions without any owner."""
        del facts
        yield from missing(
            reading, self.name, _OWNER_COLUMN, _OWNER, "nobody owns this action", "none of these actions names an owner"
        )


class Due(Rule):
    """An action has no date: an empty cell in the column of dates, or a list of actions none of which names one.

    Always a warning; one finding for a list, one for each empty cell. An action that is done needs none.
    """

    name: ClassVar[str] = "due"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Action items\n| Action | Owner | Due |\n|---|---|---|\n"
            "| Add an alert | Dana | 2024-06-01 |\n| Test the rollback | Kim | |\n"
        ),
        "## Action items\n- Add an alert\n- Test the rollback\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Action items\n| Action | Owner | Due |\n|---|---|---|\n"
            "| Add an alert | Dana | 2024-06-01 |\n| Fix it (done) | Kim | |\n"
        ),
        ("## Action items\n- Add an alert (owner: Dana, due 2024-06-01)\n- Test the rollback @kim by Friday\n"),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Look for empty cells of dates, and for lists of actions without any date."""
        del facts
        yield from missing(
            reading, self.name, _DUE_COLUMN, _DUE, "this action has no date", "none of these actions has a date"
        )


def missing(
    reading: Reading, rule: str, column: re.Pattern[str], words: re.Pattern[str], cell_says: str, list_says: str
) -> Iterator[Finding]:
    """Yield the actions whose cell is empty, and the lists in which no item has what is looked for."""
    lists: dict[int, list[Line]] = {}
    for line in reading.lines:
        if line.area != ACTIONS or line.kind == HEADING:
            continue
        if line.kind == ROW:
            yield from _cells(reading, rule, line, column, cell_says)
        elif line.kind == ITEM and line.opens and len(line.text.strip()) > 8:
            lists.setdefault(line.section, []).append(line)
    for items in lists.values():
        if len(items) > 1 and not any(
            words.search(item.raw) or (rule == "due" and find_dates(item.text)) for item in items
        ):
            first = items[0]
            begin = len(first.text) - len(first.text.lstrip())
            yield Finding(
                rule,
                Verdict.WARNING,
                first.number,
                reading.cut(first.number),
                list_says,
                (),
                begin,
                len(first.text.rstrip()),
            )


def _cells(reading: Reading, rule: str, line: Line, column: re.Pattern[str], says: str) -> Iterator[Finding]:
    filled = [line.text[cell.start : cell.end].strip() for cell in line.cells]
    heads = [cell.header for cell in line.cells]
    if (
        filled == heads
        or not filled
        or (_EMPTY.match(filled[0]) and len([one for one in filled if not _EMPTY.match(one)]) < 1)
        or _DONE.search(line.text)
    ):
        return
    for cell, words in zip(line.cells, filled, strict=True):
        if column.search(cell.header) and _EMPTY.match(words):
            yield Finding(rule, Verdict.WARNING, line.number, reading.cut(line.number), says, (), cell.start, cell.end)
