"""The documents of the author commands as text for people; what comes from logs is made visible and inert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from afterlog.authoring.documentation import type_meaning
from afterlog.authoring.laws import Verdict
from afterlog.printed import aligned
from afterlog.statement import visible

_WIDE = 150
_EXAMPLE = 48


def shown_text(document: dict[str, Any]) -> str:
    """Write what ``parsers show`` prints."""
    return "\n".join(_shown(document))


def _shown(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['name']}: {document['title']}"
    yield f"reads {document['reads']}; {document['origin']}: {document['file']}"
    yield document["url"]
    if document["documentation"]:
        yield ""
        yield document["documentation"]
    if document["layouts"]:
        yield "\nLAYOUTS"
        for layout in document["layouts"]:
            yield f"  {layout['pattern']}" + (f"     ({layout['name']})" if layout["name"] else "")
    if document["fields"]:
        yield ""
        rows = [
            (
                field["name"],
                "/".join(field["types"]) or "(computed)",
                field["becomes"] or "",
                _cut("" if field["example"] is None else str(field["example"]), _EXAMPLE),
                field["meaning"] or "; ".join(filter(None, map(type_meaning, field["types"]))),
            )
            for field in document["fields"]
        ]
        yield aligned(("FIELD", "TYPE", "BECOMES", "SUCH AS", "MEANING"), rows)
    yield f"\nSAMPLES ({len(document['samples'])})"
    for number, sample in enumerate(document["samples"], 1):
        yield from _sample(number, sample)


def _sample(number: int, sample: dict[str, Any]) -> Iterator[str]:
    yield f"  {number}. {visible(_cut(sample['text'].splitlines()[0] if sample['text'] else '', _WIDE))}"
    inside = f" (a message of {sample['program']})" if sample["program"] else ""
    yield f"     from: {sample['origin']}{inside}"
    if sample["expect"] is None:
        yield "     must be refused"
    else:
        told = ", ".join(f"{name}={value!r}" for name, value in sample["expect"].items())
        yield f"     gives: {visible(_cut(told, _WIDE))}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def verdict_text(verdict: Verdict) -> str:
    """Write what ``parsers test`` prints of one parser."""
    if not verdict.broken:
        return f"{verdict.parser}: {verdict.checks} checks, all hold"
    lines = [f"{verdict.parser}: {len(verdict.broken)} of {verdict.checks} checks fail"]
    for broken in verdict.broken:
        where = f"sample {broken.sample}: " if broken.sample is not None else ""
        lines.append(f"\n  {where}broken: {broken.law}")
        lines += [f"    {visible(text)}" for text in broken.text]
    return "\n".join(lines)


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as it stands in the document of ``parsers test --json``."""
    return {
        "name": verdict.parser,
        "checks": verdict.checks,
        "broken": [{"law": one.law, "sample": one.sample, "text": list(one.text)} for one in verdict.broken],
    }


def explained_text(document: dict[str, Any]) -> str:
    """Write what ``parsers explain`` prints."""
    return "\n".join(_explained(document))


def _explained(document: dict[str, Any]) -> Iterator[str]:
    asked = document["asked"]
    reader = document["parser"]
    yield f"{visible(document['log'])} is read by {reader}." if reader else f"{visible(document['log'])}: no parser."
    yield f"Why: {document['why']}."
    for pattern in document.get("learned", ()):
        yield f"Learned: {visible(pattern)}"
    total = sum(len(names) for names in asked.values())
    yield (
        f"\nAsked about {document['lines_asked']} lines (of its first 200, and spot checks): {total} parsers; "
        f"{len(asked['other_beginning'])} have lines that begin otherwise, {len(asked['refused'])} matched none."
    )
    if document["claims"]:
        rows = [
            (one["parser"], one["lines"], one["continued"], f"{one['share']:.0%}", f"{one['literal']:.1f}")
            for one in document["claims"]
        ]
        yield aligned(("CLAIMED BY", "LINES", "CONTINUED", "SHARE", "LITERAL TEXT A LINE"), rows)
    if reader is None:
        return
    yield (
        f"\nIts first {document['lines']:,} lines: {document['events']:,} events, {document['continuations']:,} "
        f"continuations, {document['rejects']:,} rejects."
    )
    for record in document["first_records"]:
        told = ", ".join(f"{name}={value!r}" for name, value in record.items() if name not in ("line", "parser"))
        yield f"  line {record['line']} ({record['parser']}): {visible(_cut(told, 2 * _WIDE))}"
    for reject in document["first_rejects"]:
        yield f"  line {reject['line']} rejected: {visible(reject['reason'])}"
        yield f"    {visible(_cut(reject['text'], _WIDE))}"
        for why in reject["stopped"]:
            yield f"    {visible(_cut(why, 2 * _WIDE))}"
