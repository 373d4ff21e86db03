"""What a draft holds: the sections of a postmortem, each fact with its evidence, each gap as a question."""

from __future__ import annotations

from dataclasses import dataclass

from afterlog.evidence import Place
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.statement import Statement, Text
from afterlog.timeline import Entry


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the impact table: what it is, the value, and the lines it can be counted from."""

    name: Text
    value: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A suggested measure: its type, what to do, and what in the evidence suggests it."""

    type: str  # mitigate, prevent, detect, process
    text: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A ranked cause as the draft shows it."""

    rank: int
    title: Text
    confidence: float
    arguments: tuple[tuple[float, Text, tuple[Place, ...]], ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything about one outage."""

    outage: Outage
    headline: Text
    summary: tuple[Statement, ...]
    figures: tuple[Figure, ...]
    phases: tuple[tuple[int, int, int, int, float, tuple[str, ...]], ...]
    detection: tuple[Statement, ...]
    cause: tuple[Statement, ...]
    verdict: str
    suspects: tuple[Suspect, ...]
    innocent: tuple[tuple[Text, Text, tuple[Place, ...]], ...]
    resolution: tuple[Statement, ...]
    measures: tuple[Measure, ...]
    questions: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of one host by one parser: sources, lines, and how their times are known."""

    host: str
    parser: str
    sources: int
    lines: int
    events: int
    rejects: int
    zones: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A postmortem, ready for a template."""

    title: Text
    zone: str
    chapters: tuple[Chapter, ...]
    minor: tuple[Statement, ...]
    timeline: tuple[Entry, ...]
    left_out: int
    picture: str | None
    coverage: tuple[Coverage, ...]
    unread: tuple[tuple[str, str, str], ...]  # path, status, reason: unreadable and partly read sources
    findings: Findings
