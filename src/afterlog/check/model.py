"""What check reads out of a document, and what it says about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from afterlog.check.clocks import Clock
from afterlog.check.dates import DateRead
from afterlog.check.lines import Line
from afterlog.check.milestones import Milestone
from afterlog.check.spans import Span


class Verdict(StrEnum):
    """What became of a statement."""

    CONTRADICTED = "contradicted"  # the document, or the case, says otherwise: it can't all be right
    WARNING = "warning"  # a reader should look
    SUPPORTED = "supported"
    NO_EVIDENCE = "no-evidence"


@dataclass(frozen=True, slots=True)
class Against:
    """What a statement was held against: a line of the same document, or a line of a log of the case."""

    line: int = 0
    evidence: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        return {"line": self.line} if self.evidence is None else {"evidence": self.evidence}


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement and its verdict. ``says`` is one sentence for a person; columns [start, end) in the line."""

    rule: str
    verdict: Verdict
    line: int
    text: str
    says: str
    against: tuple[Against, ...] = ()
    start: int = 0
    end: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "line": self.line,
            "text": self.text,
            "says": self.says,
            "columns": [self.start + 1, self.end + 1],
            "against": [one.as_json() for one in self.against],
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock time with its place in time and in the document. ``when`` is on the document's own clock, marked UTC.

    ``when`` has the date 0001-01-01 plus the days since the first row where no date can be known.
    """

    line: int
    clock: Clock
    when: datetime
    dated: bool  # a date is known
    explicit: DateRead | None  # the date printed beside it
    row: bool
    text: str  # what happened then
    milestone: Milestone
    incident: int
    series: int  # rows of one timeline share it; 0 for mentions
    area: str
    zone: str = ""

    @property
    def exact(self) -> bool:
        """Tell whether the time is printed without about or around."""
        return not self.clock.loose and not self.clock.fault


@dataclass(frozen=True, slots=True)
class Window:
    """A stated stretch of time, ``from a to b``: both moments stand side by side."""

    begin: Moment
    end: Moment
    about: bool  # it speaks of the outage itself


@dataclass(frozen=True, slots=True)
class Length:
    """A stated length of the outage or of a phase. ``meaning``: duration, detect, repair or resolve."""

    span: Span
    line: int
    text: str
    meaning: str
    incident: int
    labelled: bool
    note: str = ""  # what the writer added: during support hours, total, across incidents


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as printed in a line."""

    line: int
    read: DateRead
    value: date | None
    area: str
    incident: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read out of a document."""

    lines: tuple[Line, ...]
    moments: tuple[Moment, ...]
    windows: tuple[Window, ...]
    lengths: tuple[Length, ...]
    dates: tuple[Dated, ...]
    incidents: tuple[int, ...]
    incident_of: tuple[int, ...] = field(repr=False)
    zone_lines: dict[str, int] = field(default_factory=dict)  # where a zone is said for the times below

    def rows(self, incident: int) -> list[Moment]:
        """Give the rows of an incident's timelines, in the order of the document."""
        return [moment for moment in self.moments if moment.row and moment.incident == incident]

    def of(self, incident: int) -> list[Moment]:
        """Give all moments of an incident."""
        return [moment for moment in self.moments if moment.incident == incident]

    def line(self, number: int) -> Line:
        """Give a line by its number from 1."""
        return self.lines[number - 1]

    def chapter(self, number: int) -> int:
        """Give the line of the nearest Markdown heading above a line; 0 before the first."""
        above = [at for at, _words in self.lines[number - 1].headings if self.lines[at - 1].level <= 6]
        return above[-1] if above else 0

    def cut(self, number: int) -> str:
        """Give a line as text, cut to what a report can show."""
        words = re.sub(r"\s+(?=[:;,.)])", "", " ".join(self.lines[number - 1].text.split()))
        return words if len(words) <= 120 else words[:117] + "…"
