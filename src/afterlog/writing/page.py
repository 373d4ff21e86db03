"""The page: what a template can call. Everything from a log becomes a code span in which nothing is interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from afterlog.clock import zone_of
from afterlog.draft import Draft
from afterlog.evidence import Evidence, Place
from afterlog.statement import Code, Said, Statement, Text, Time, visible
from afterlog.writing.redaction import Redactor

QUOTE: Final = 240
MOST_NOTES: Final = 3
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")


class Markdown(str):
    """Text that is Markdown already; any other text a template prints is escaped."""

    __slots__ = ()


class Clock:
    """Prints times in the draft's zone, the date where a reader needs it."""

    def __init__(self, zone: str) -> None:
        self._zone = zone_of(zone)

    @property
    def zone(self) -> tzinfo:
        """Give the zone."""
        return self._zone

    def at(self, time_us: int) -> datetime:
        """Give a moment in the zone."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).astimezone(self._zone)

    def time(self, time_us: int, precision: str = "seconds") -> Markdown:
        """Print the time of day."""
        return Markdown(self.at(time_us).strftime("%H:%M" if precision == "minutes" else "%H:%M:%S"))

    def date(self, time_us: int) -> Markdown:
        """Print the day: 10 November 2022."""
        moment = self.at(time_us)
        return Markdown(f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}")

    def name(self, time_us: int) -> Markdown:
        """Name the zone at a moment: ``Asia/Kolkata (UTC+05:30)``."""
        offset = self.at(time_us).strftime("%z")
        fixed = f"UTC{offset[:3]}:{offset[3:]}" if offset not in ("", "+0000") else "UTC"
        label = str(self._zone)
        return Markdown(label if label == fixed or label.startswith("UTC") else f"{label} ({fixed})")


_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()  # strftime would follow the locale


def code_span(raw: str, most: int = 400, *, counted: bool = True) -> Markdown:
    """Put text from a log into a Markdown code span: inert whatever it holds."""
    shown = visible(raw)
    if len(shown) > most:
        shown = f"{shown[:most]}… (cut, {len(shown):,} characters)" if counted else f"{shown[:most]}… (cut)"
    if not shown.strip():
        return Markdown("*(empty)*")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or shown != shown.strip() else ""
    return Markdown(f"{fence}{pad}{shown}{pad}{fence}")


def in_cell(markdown: str) -> Markdown:
    """Keep text within its table cell: GitHub's tables end a cell at any bar, also inside a code span."""
    return Markdown(markdown.replace("|", "\\|"))


def escape(raw: str) -> Markdown:
    """Escape text so that Markdown shows it as it is."""
    return Markdown(_MARKDOWN.sub(r"\\\1", visible(raw)))


class Notes:
    """Footnotes in the order of their first citation."""

    def __init__(self, evidence: dict[Place, Evidence], redactor: Redactor) -> None:
        self._evidence = evidence
        self._redactor = redactor
        self._numbers: dict[Place, int] = {}

    def cite(self, places: Iterable[Place], most: int = MOST_NOTES) -> Markdown:
        """Give the marks of the evidence at the first of these places."""
        known = [place for place in dict.fromkeys(places) if place in self._evidence][:most]
        return Markdown("".join(f"[^{self._numbers.setdefault(place, len(self._numbers) + 1)}]" for place in known))

    def listed(self) -> list[tuple[int, Evidence]]:
        """Give all footnotes cited so far."""
        return [(number, self._evidence[place]) for place, number in self._numbers.items()]

    def where(self, evidence: Evidence) -> Markdown:
        """Print where a line stands: ``file:line``."""
        return code_span(f"{self._redactor.text(evidence.source)}:{evidence.line}", 2_000)

    def quote(self, evidence: Evidence) -> Markdown:
        """Print the line as a footnote quotes it."""
        return shown_quote(evidence.quote, self._redactor)


def shown_quote(line: str, redactor: Redactor) -> Markdown:
    """Give a line as a footnote quotes it: secrets masked, cut at `QUOTE` characters."""
    return code_span(redactor.text(line), QUOTE, counted=False)  # evidence itself is cut: its length is not known


class Page:
    """What a template can call."""

    def __init__(self, draft: Draft, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self.notes = Notes(draft.findings.evidence, self.redactor)
        self.clock = Clock(draft.zone)
        self._day = self.clock.date(draft.day_us) if draft.day_us is not None else ""

    def md(self, words: Text) -> Markdown:
        """Print a text."""
        return Markdown("".join(self._part(part) for part in words))

    def _part(self, part: Any) -> str:
        if isinstance(part, Code):
            return self.code(part)
        if isinstance(part, Said):
            return escape(self.redactor.text(part.text))
        if isinstance(part, Time):
            return self.clock.date(part.us) if part.precision == "date" else self.moment(part.us, part.precision)
        return str(part)

    def code(self, raw: Code | str) -> Markdown:
        """Print text from a log."""
        return code_span(self.redactor.text(raw.text if isinstance(raw, Code) else str(raw)))

    def moment(self, time_us: int, precision: str = "seconds") -> Markdown:
        """Print a time, its date too where that is not the day of the outage."""
        day = self.clock.date(time_us)
        time = self.clock.time(time_us, precision)
        return time if day == self._day else Markdown(f"{day}, {time}")

    def say(self, statement: Statement, most: int = MOST_NOTES) -> Markdown:
        """Print a sentence with its footnotes."""
        return Markdown(self.md(statement.text) + self.notes.cite(statement.places, most))

    def cell(self, words: Text | str) -> Markdown:
        """Print a text within a table cell."""
        return in_cell(
            words if isinstance(words, Markdown) else escape(words) if isinstance(words, str) else self.md(words)
        )

    def shown(self, value: Any) -> str:
        """Print whatever a template prints: what is not Markdown yet is made so, nothing gets through raw."""
        if isinstance(value, Markdown):
            return value
        if isinstance(value, Code):
            return self.code(value)
        if isinstance(value, Time):
            return self._part(value)
        if isinstance(value, Statement):
            return self.say(value)
        if isinstance(value, tuple) and all(isinstance(part, str | Code | Said | Time) for part in value):
            return self.md(tuple(escape(part) if isinstance(part, str) else part for part in value))
        return value if not isinstance(value, str) else escape(value)
