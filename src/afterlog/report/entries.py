"""The timeline with every line: each entry in local time and UTC, with all the lines it rests on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from afterlog.draft import Draft
from afterlog.evidence import Place
from afterlog.report.chart import shown
from afterlog.report.context import Line
from afterlog.statement import Code, Said, Text, Time
from afterlog.writing.page import Page


def entry_rows(draft: Draft, page: Page, around: dict[Place, tuple[Line, ...]]) -> list[dict[str, Any]]:
    """Give the rows of the table."""
    return [
        {
            "number": number,
            "kind": entry.kind,
            "local": str(page.moment(entry.time_us)),
            "utc": utc(entry.time_us),
            "text": words_html(entry.text, page),
            "evidence": [
                {"where": f"{page.redactor.text(place.source)}:{place.line}", "lines": around.get(place, ())}
                for place in dict.fromkeys(entry.places)
                if place in draft.findings.evidence
            ],
        }
        for number, entry in enumerate(draft.timeline, 1)
    ]


def utc(time_us: int) -> str:
    """Print a moment in UTC: 2022-11-10 05:45:00."""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us):%Y-%m-%d %H:%M:%S}"


def words_html(words: Text, page: Page) -> Markup:
    """Give a text as HTML; what comes from logs as code."""
    parts: list[Markup] = []
    for part in words:
        if isinstance(part, Code):
            parts.append(Markup("<code>{}</code>").format(shown(part.text, page)))
        elif isinstance(part, Said):
            parts.append(escape(shown(part.text, page)))
        elif isinstance(part, Time):
            parts.append(escape(page.moment(part.us, part.precision)))
        else:
            parts.append(escape(part))
    return Markup("").join(parts)
