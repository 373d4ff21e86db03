"""The draft as it will read, for the page: a tree of elements, and its footnotes with the places of their lines."""

from __future__ import annotations

from typing import Any

from afterlog.case import Case
from afterlog.findings import Findings
from afterlog.report.document import anchor, document_html
from afterlog.server.tree import tree_of
from afterlog.session import Choices, compose_draft
from afterlog.statement import visible
from afterlog.writing.footnotes import read_footnotes
from afterlog.writing.page import Page


def preview(case: Case, findings: Findings, template: str | None) -> dict[str, Any]:
    """Make the draft with what people wrote into it; writes nothing.

    Raises:
        TemplateError: there is no such template.

    """
    made = compose_draft(case, findings, Choices(template=template), with_picture=False)
    page = Page(made.draft, made.redactor)
    lines, notes = read_footnotes(made.merged)
    _title, _headings, html = document_html("\n".join(lines), set(notes), page.clock, made.draft.day_us)
    by_place = {(item.source, item.line): item for item in made.draft.findings.evidence.values()}
    told = {}
    for label, note in notes.items():
        item = by_place.get((made.redactor.restore(note.source), note.line))
        told[anchor(label)] = {
            "label": label,
            "source": item.source if item else note.source,
            "line": note.line,
            "offset": item.offset if item else None,
            "hash": item.hash if item else None,
            "quote": visible(note.quote or note.body),
        }
    return {"file": made.name, "told": list(made.told), "tree": tree_of(html), "notes": told}
