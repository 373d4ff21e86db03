"""The report: one self-contained HTML file with the document as it reads, the chart, and every line in its context.

It makes no request: styles and script stand in the file, and a Content-Security-Policy allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from afterlog.case import Case
from afterlog.draft import Draft
from afterlog.evidence import Evidence, Place
from afterlog.report.chart import chart_data
from afterlog.report.context import Line, contexts
from afterlog.report.document import anchor, document_html
from afterlog.report.entries import entry_rows
from afterlog.source import reopen
from afterlog.statement import visible
from afterlog.writing.footnotes import Footnote, read_footnotes
from afterlog.writing.page import QUOTE, Page
from afterlog.writing.redaction import Redactor

_SCRIPT_END: Final = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def make_report(case: Case, draft: Draft, markdown: str, redactor: Redactor, picture: str | None) -> str:
    """Make the report of a draft.

    Args:
        case: the case, whose sources are opened again for the lines around the evidence.
        draft: what the tool has to say: it gives the chart, the entries and the evidence.
        markdown: the document as it reads now, with what people wrote in it.
        redactor: masks secrets and gives pseudonyms.
        picture: the chart as SVG, shown where no script runs.

    """
    page = Page(draft, redactor)
    lines, notes = read_footnotes(markdown)
    by_place = {(place.source, place.line): place for place in draft.findings.evidence}
    places = {label: by_place.get((redactor.restore(note.source), note.line)) for label, note in notes.items()}
    wanted = {place for place in places.values() if place} | {
        p for entry in draft.timeline for p in entry.places if p in draft.findings.evidence
    }
    around = contexts(reopen(case.settings().inputs), wanted, redactor)
    title, headings, body = document_html("\n".join(lines), set(notes), page.clock, draft.day_us)
    head, mark, rest = body.partition("</h1>")
    head, body = (head + mark, rest) if head.startswith("<h1") and mark else ("", body)
    data = json.dumps(chart_data(draft, page), ensure_ascii=False, separators=(",", ":")).translate(_SCRIPT_END)
    style, script = _part("report.css.j2"), _part("report.js.j2")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.from_string(_part("report.html.j2")).render(
        title=title,
        headings=headings,
        head=Markup(head),  # noqa: S704  made here, of escaped parts
        body=Markup(body),  # noqa: S704  made here, of escaped parts
        notes=[
            _note(label, note, places[label], around, draft.findings.evidence, redactor)
            for label, note in notes.items()
        ],
        entries=entry_rows(draft, page, around),
        zone=str(page.clock.name(draft.day_us)) if draft.day_us is not None else draft.zone,
        data=Markup(data),  # noqa: S704  made here, of escaped parts
        picture=_data_uri(redactor.text(picture) if redactor.redact else picture) if picture else "",
        style=Markup(style),  # noqa: S704  made here, of escaped parts
        script=Markup(script),  # noqa: S704  made here, of escaped parts
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return re.sub(r"[ \t]+\n", "\n", html) + "\n"


def _note(
    label: str,
    note: Footnote,
    place: Place | None,
    around: dict[Place, tuple[Line, ...]],
    evidence: dict[Place, Evidence],
    redactor: Redactor,
) -> dict[str, Any]:
    quote = redactor.text(evidence[place].quote) if place else note.quote or note.body
    return {
        "label": label,
        "id": anchor(label),
        "where": f"{note.source}:{note.line}" if note.source else "",
        "quote": visible(quote)[: QUOTE * 2],
        "lines": around.get(place, ()) if place else (),
    }


def _part(name: str) -> str:
    return (files("afterlog.templates") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
