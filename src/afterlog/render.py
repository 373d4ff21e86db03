"""Rendering: a draft through a template; footnotes get their numbers in the order in which the template cites them.

Templates calculate nothing. What comes from a log becomes a code span in which nothing is interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, Final

import jinja2

from afterlog.clock import zone_of
from afterlog.draft import Draft
from afterlog.errors import TemplateError
from afterlog.evidence import Evidence, Place
from afterlog.outages import percent
from afterlog.statement import Code, Statement, Text, Time, visible

DEFAULT: Final = "postmortem"
_QUOTE: Final = 240
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")


class _Notes:
    """Footnotes in the order of their first citation."""

    def __init__(self, evidence: dict[Place, Evidence]) -> None:
        self._evidence = evidence
        self._numbers: dict[Place, int] = {}

    def cite(self, places: Iterable[Place]) -> str:
        """Give the marks of the evidence at these places."""
        known = [place for place in dict.fromkeys(places) if place in self._evidence]
        return "".join(f"[^{self._numbers.setdefault(place, len(self._numbers) + 1)}]" for place in known)

    def listed(self) -> list[tuple[int, Evidence]]:
        """Give all footnotes cited so far."""
        return [(number, self._evidence[place]) for place, number in self._numbers.items()]


class _Clock:
    """Prints times in the draft's zone, the date where a reader needs it."""

    def __init__(self, zone: str) -> None:
        self._zone = zone_of(zone)

    def at(self, time_us: int) -> datetime:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).astimezone(self._zone)

    def time(self, time_us: int, precision: str = "seconds") -> str:
        return self.at(time_us).strftime("%H:%M" if precision == "minutes" else "%H:%M:%S")

    def date(self, time_us: int) -> str:
        moment = self.at(time_us)
        return f"{moment.day} {moment:%B %Y}"

    def name(self, time_us: int) -> str:
        """Name the zone at a moment: ``Asia/Kolkata (UTC+05:30)``."""
        offset = self.at(time_us).strftime("%z")
        fixed = f"UTC{offset[:3]}:{offset[3:]}" if offset not in ("", "+0000") else "UTC"
        label = str(self._zone)
        return label if label == fixed or label.startswith("UTC") else f"{label} ({fixed})"


def code_span(raw: str, most: int = 400) -> str:
    """Put text from a log into a Markdown code span: inert whatever it holds."""
    shown = visible(raw)
    shown = shown if len(shown) <= most else f"{shown[:most]}… (cut, {len(shown):,} characters)"
    if not shown.strip():
        return "*(empty)*"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or shown != shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _in_cell(markdown: str) -> str:
    """Keep text within its table cell: GitHub's tables end a cell at any bar, also inside a code span."""
    return markdown.replace("|", "\\|")


def escape(raw: str) -> str:
    """Escape text so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", visible(raw))


class _Page:
    """What a template can call."""

    def __init__(self, draft: Draft) -> None:
        self.notes = _Notes(draft.findings.evidence)
        self.clock = _Clock(draft.zone)
        chapter = draft.chapters[0] if draft.chapters else None
        self._day = self.clock.date(chapter.outage.first_us) if chapter else ""

    def md(self, words: Text) -> str:
        return "".join(self._part(part) for part in words)

    def _part(self, part: Any) -> str:
        if isinstance(part, Code):
            return code_span(part.text)
        if isinstance(part, Time):
            return self.clock.date(part.us) if part.precision == "date" else self.moment(part.us, part.precision)
        return str(part)

    def moment(self, time_us: int, precision: str = "seconds") -> str:
        """Print a time, its date too where that is not the day of the outage."""
        day = self.clock.date(time_us)
        time = self.clock.time(time_us, precision)
        return time if day == self._day else f"{day}, {time}"

    def say(self, statement: Statement) -> str:
        return self.md(statement.text) + self.notes.cite(statement.places)

    def ask(self, question: str) -> str:
        """Print a question; ``{time}`` in it is a moment in microseconds."""
        return re.sub(r"\{(\d+)\}", lambda found: self.clock.time(int(found[1]), "minutes"), question)


def render(draft: Draft, template: str = DEFAULT) -> str:
    """Render a draft as Markdown.

    Raises:
        TemplateError: there is no such template, or it asks for something that does not exist.

    """
    page = _Page(draft)
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  the output is Markdown; every part from a log passes code_span or escape
    )
    environment.filters |= {
        "md": page.md,
        "say": page.say,
        "cite": page.notes.cite,
        "code": code_span,
        "cell": lambda words: _in_cell(page.md(words)),
        "pipe": _in_cell,
        "percent": percent,
        "ask": page.ask,
    }
    functions = {
        "time": page.clock.time, "date": page.clock.date, "moment": page.moment, "zone_name": page.clock.name,
        "notes": page.notes.listed, "quote": lambda e: code_span(e.quote, _QUOTE),
        "where": lambda e: code_span(f"{e.source}:{e.line}"),
    }  # fmt: skip
    try:
        text = environment.get_template(f"{template}.md.j2").render(draft=draft, **functions)
    except jinja2.TemplateNotFound:
        raise TemplateError(f"no template is named {template!r}; there are: {', '.join(template_names())}") from None
    except jinja2.TemplateError as error:
        raise TemplateError(f"template {template!r}: {error}") from error
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def template_names() -> list[str]:
    """Name the templates at hand."""
    names = (item.name for item in files("afterlog.templates").iterdir())
    return sorted(name.removesuffix(".md.j2") for name in names if name.endswith(".md.j2"))


def template_source(name: str) -> str:
    """Give the text of a template.

    Raises:
        TemplateError: there is none of this name.

    """
    source = _source(f"{name}.md.j2")
    if source is None:
        raise TemplateError(f"no template is named {name!r}; there are: {', '.join(template_names())}")
    return source


def _source(name: str) -> str | None:
    item = files("afterlog.templates") / name
    return item.read_text(encoding="utf-8") if "/" not in name and item.is_file() else None
