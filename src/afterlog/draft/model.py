"""What a draft holds: the sections of a postmortem, each fact with its evidence, each gap as a question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from afterlog.evidence import Place
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.statement import Code, Statement, Text
from afterlog.timeline import Entry


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the impact table: what it is, the value, how it is counted, and the lines it can be counted from.

    ``key`` is one of duration, failed, excess, missing, peak, clients, user-minutes, budget, burn, answers, routes,
    beside.
    """

    key: str
    name: Text
    value: Text
    how: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of the incident: when (None where it is not recorded), how long after the start, and its two lines.

    ``name`` is one of Began, Noticed, Mitigated, Ended, Stable.
    """

    name: str
    time_us: int | None
    after: str
    note: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A part of the outage at one level of failure; ``hosts`` had failures in it."""

    start_us: int
    end_us: int
    requests: int
    failed: int
    rate: float
    hosts: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A suggested measure: its type, what to do, and what in the evidence suggests it."""

    type: str  # mitigate, prevent, detect, process
    text: Text
    why: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """One piece of evidence for (``value`` > 0) or against a suspect."""

    value: float
    text: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A ranked cause as the draft shows it."""

    rank: int
    title: Text
    confidence: float
    reasons: tuple[Argument, ...]  # for it
    doubts: tuple[Argument, ...]  # against it
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Innocent:
    """A change that is not suspected, and why."""

    title: Text
    alibi: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A candidate for a lesson: ``went`` well or badly."""

    went: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything about one outage."""

    outage: Outage
    headline: Text
    service: Text
    duration: str
    severity: str  # "" without an objective
    summary: tuple[Statement, ...]
    figures: tuple[Figure, ...]
    milestones: tuple[Milestone, ...]
    phases: tuple[PhaseRow, ...]
    detection: tuple[Statement, ...]
    cause: tuple[Statement, ...]
    verdict: str  # likely, uncertain, no-change-explains-it
    suspects: tuple[Suspect, ...]
    innocent: tuple[Innocent, ...]
    resolution: tuple[Statement, ...]
    measures: tuple[Measure, ...]
    lessons: tuple[Lesson, ...]
    questions: dict[str, tuple[Text, ...]]
    places: tuple[Place, ...]  # the lines of the first and the last failure


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of one host: sources, lines, events, rejects, from when to when."""

    host: Code
    parsers: tuple[str, ...]
    sources: int
    lines: int
    events: int
    rejects: int
    first_us: int | None
    last_us: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A source that could not be read, or not wholly."""

    path: Code
    status: str
    reason: Code


@dataclass(frozen=True, slots=True)
class Draft:
    """A postmortem, ready for a template."""

    title: Text
    zone: str
    day_us: int | None  # the day that times without a date belong to
    chapters: tuple[Chapter, ...]
    looked_at: tuple[Statement, ...]  # per service, what its requests were like
    minor: tuple[Statement, ...]  # blips and single-client errors
    silences: tuple[Statement, ...]  # sources that are silent for long
    timeline: tuple[Entry, ...]
    left_out: int
    picture: str | None
    coverage: tuple[Coverage, ...]
    unread: tuple[Unread, ...]
    times: tuple[Statement, ...]  # how zones, years and clocks are known where the lines do not say
    reviewed: tuple[Text, ...]  # what people decided
    rejected: tuple[Statement, ...]  # the outages that a person rejected
    findings: Findings

    def places(self) -> Iterator[tuple[Place, ...]]:
        """Give the places of everything that a template may cite."""
        for chapter in self.chapters:
            yield chapter.places
            for statement in (*chapter.summary, *chapter.detection, *chapter.cause, *chapter.resolution):
                yield statement.places
            yield from (figure.places for figure in chapter.figures)
            yield from (step.places for step in chapter.milestones)
            yield from (phase.places for phase in chapter.phases)
            yield from (measure.places for measure in chapter.measures)
            yield from (change.places for change in chapter.innocent)
            for suspect in chapter.suspects:
                yield suspect.places
                yield from (argument.places for argument in (*suspect.reasons, *suspect.doubts))
            yield from (lesson.statement.places for lesson in chapter.lessons)
        for statement in (*self.looked_at, *self.minor, *self.silences, *self.times, *self.rejected):
            yield statement.places
        yield from (entry.places for entry in self.timeline)
