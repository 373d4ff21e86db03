"""What a parser's own file says of it: what it reads, its traps, its layouts, its fields, its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from afterlog.authoring.records import made_of
from afterlog.event import COLUMNS, SCHEMA
from afterlog.layout import FIELD_TYPES, TIME_FORMS
from afterlog.parser import LineParser, Parser
from afterlog.registry import Registry, reads

_OWN: Final = frozenset({"parser", "line", "time", "kind"})
_SHOWN_BYTES: Final = 2_000  # of a sample; some are a megabyte long on purpose


def document_of(parser: Parser, parsers: Registry) -> dict[str, Any]:
    """Give everything there is to say about a parser, as the document of ``parsers show --json``.

    ``fields`` says of each field what it becomes: an event column of the same name, one of ``fields``, or nothing of
    its own where the parser's meaning makes something else of it. What a meaning adds stands there with no types.
    """
    home = parsers.home(parser.name)
    document: dict[str, Any] = {
        "name": parser.name,
        "title": parser.title,
        "url": parser.url,
        "reads": reads(parser),
        "origin": home.origin,
        "file": home.file,
        "documentation": home.documentation,
        "layouts": [],
        "fields": _fields(parser, parsers),
        "samples": [
            {
                "text": sample.text[:_SHOWN_BYTES].decode(errors="backslashreplace"),
                "bytes": len(sample.text),
                "origin": sample.origin,
                "program": sample.program or None,
                "expect": None if sample.expect is None else _short(sample.expect),
            }
            for sample in parser.samples
        ],
    }
    if isinstance(parser, LineParser):
        document["layouts"] = [{"name": layout.name or None, "pattern": layout.pattern} for layout in parser.layouts]
    return document


def _short(expect: Mapping[str, object]) -> dict[str, object]:
    return {name: value[:_SHOWN_BYTES] if isinstance(value, str) else value for name, value in expect.items()}


def _fields(parser: Parser, parsers: Registry) -> list[dict[str, Any]]:
    types: dict[str, list[str]] = {}
    for layout in parser.layouts if isinstance(parser, LineParser) else ():
        for field in layout.fields:
            kinds = types.setdefault(field.name, [])
            if field.type not in kinds:
                kinds.append(field.type)
    examples: dict[str, Any] = {}
    for sample in parser.samples:
        if sample.expect is not None and len(sample.text) <= _SHOWN_BYTES:
            for record in made_of(parser, sample.text, parsers, sample.program).records:
                if record["parser"] == parser.name:
                    examples = {name: value for name, value in record.items() if name not in _OWN} | examples
    names = [*types, *sorted(set(examples) - set(types))]
    return [_field(name, types.get(name, []), examples.get(name)) for name in names]


def _field(name: str, types: list[str], example: Any) -> dict[str, Any]:
    if name == "time":
        becomes, meaning = "time", "when it happened"
    elif name in COLUMNS and (example is not None or not types):
        becomes, meaning = name, (SCHEMA.field(name).metadata or {}).get(b"meaning", b"").decode()
    elif example is not None:
        becomes, meaning = f"fields.{name}", ""
    elif "request" in types:
        becomes, meaning = "method, path, fields.protocol", "the parts of an HTTP request line"
    elif name == "program":
        becomes, meaning = "service", "the program, whose parser is given the message"
    elif name == "level":
        becomes, meaning = "severity", "the severity word as OpenTelemetry's number"
    else:
        becomes, meaning = "", "read by the parser's meaning, or absent in the samples"
    return {"name": name, "types": types, "becomes": becomes or None, "meaning": meaning, "example": example}


def type_meaning(kind: str) -> str:
    """Say what a field type or a form of time is."""
    if kind in TIME_FORMS:
        return f"a time such as {TIME_FORMS[kind].example}"
    return FIELD_TYPES.get(kind, "")
