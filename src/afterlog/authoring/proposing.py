"""A proposed format, learned from a log: where its time stands, what its columns are, and true lines as samples."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from afterlog.authoring.columns import Naming, layout_of, literal, tokens
from afterlog.authoring.timing import Found, TimeForm, time_form
from afterlog.errors import InputError
from afterlog.event import SEVERITIES
from afterlog.parser import times_of_column

_JSON_SHARE: Final = 0.8
_BLANKS: Final = re.compile(rb"[ \t]")
_WANTED: Final = {
    "message": ("message", "msg", "event", "text", "log"),
    "level": ("level", "severity", "lvl", "loglevel", "levelname"),
    "service": ("service", "app", "application", "logger", "name"),
    "host": ("host", "hostname"),
    "client": ("client", "client_ip", "remote_addr", "ip", "remote_ip"),
    "method": ("method", "verb"),
    "path": ("path", "uri", "url"),
    "status": ("status", "status_code", "code"),
    "bytes": ("bytes", "size"),
    "request_id": ("request_id", "requestId", "req_id"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a skeleton is written from.

    ``form`` is the form of a time that no layout reads by itself, with the field it begins and the one it ends in.
    ``keys`` are the columns and keys of JSON lines, ``time`` among them; none for text.
    """

    pattern: str
    request: bool
    continues: bool
    form: str = ""
    begins: str = ""
    until: str = ""
    keys: tuple[tuple[str, str], ...] = ()


def proposed(lines: list[bytes], *, narrow: bool = False) -> Proposal:
    """Propose a format for a log whose first lines these are, blank ones left out.

    ``narrow``: a word that stands in all of them is literal text, however few they are.

    Raises:
        InputError: no time is found in a third of the lines.

    """
    objects = [told for line in lines if (told := _object(line)) is not None]
    if lines and len(objects) >= _JSON_SHARE * len(lines):
        return _json(objects)
    form = time_form(lines)
    if form is None:
        raise InputError(
            "no time in a form that is known stands in a third of its first lines; without times there is nothing to "
            "place its lines by. If it has times in a form of its own, write the parser by hand: see docs/parsers.md."
        )
    found = [hit for line in lines if (hit := form.find(line)) is not None]
    pattern, begins, until = _text(found, form, Naming(many=1) if narrow else Naming())
    request = "{status:d}" in pattern and ("{request:request}" in pattern or "{path" in pattern)
    template = "" if form.kind else form.form.template
    return Proposal(pattern, request, len(found) < len(lines), template, begins, until)


def _text(found: list[Found], form: TimeForm, naming: Naming) -> tuple[str, str, str]:
    """Write the layout of the lines, and the fields in which a time without a type begins and ends."""
    befores = [tokens(hit.before) for hit in found]
    before = layout_of(befores, naming, ends=False) if any(befores) else ""
    fenced = all(_fence(hit) for hit in found)
    fence = _fence(found[0]) if fenced else ""
    behinds = [tokens(hit.behind[len(fence) :]) for hit in found]
    begins = until = ""
    if form.kind:
        time = f"{{time:{form.kind}}}"
    elif fence:
        time, begins = "{time}", "time"
    else:
        count = len(_BLANKS.findall(found[0].line[found[0].start : found[0].end]))
        names = [naming.name(name, "word") for name in ("date", "clock", "year", "more")[: count + 1]]
        time, begins, until = "{~}".join(f"{{{name}:word}}" for name in names), names[0], names[-1]
    behind = layout_of(behinds, naming, ends=True) if any(behinds) else ""
    return before + time + literal(fence) + behind, begins, until


def _fence(hit: Found) -> str:
    """Give the quote or bracket that closes behind the time, where one opened before it."""
    pair = hit.before[-1:] + hit.behind[:1]
    return pair[1:].decode() if pair in {b"[]", b'""', b"()", b"<>", b"{}"} else ""


# --- JSON lines ---------------------------------------------------------------------------------------------


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and told else None


def _json(objects: list[dict[str, Any]]) -> Proposal:
    keys: dict[str, str] = {}
    names = list(dict.fromkeys(name for told in objects for name, value in told.items() if _is_plain(name, value)))
    time = next((name for name in names if _is_time([told.get(name) for told in objects])), None)
    if time is None:
        raise InputError(
            "none of the keys of its objects holds times; without times there is nothing to place them by."
        )
    keys["time"] = time
    for column, wanted in _WANTED.items():
        found = next((name for key in wanted for name in names if name.lower() == key.lower()), None)
        values = [told[found] for told in objects if found in told and told[found] is not None] if found else []
        if found and values and _fits(column, values):
            keys[column] = found
    request = "status" in keys and ("path" in keys or "method" in keys)
    if not request:
        for column in ("status", "method", "path", "bytes"):
            keys.pop(column, None)
    return Proposal(f'{{{{{{_}}"{literal(time)}":{{_:rest}}', request, continues=False, keys=tuple(keys.items()))


def _is_plain(name: str, value: Any) -> bool:
    return bool(re.fullmatch(r"[\w@$.-]{1,60}", name)) and not isinstance(value, dict | list)


def _fits(column: str, values: list[Any]) -> bool:
    if column == "level":
        return all(isinstance(value, str) and value.lower() in SEVERITIES for value in values)
    if column == "status":
        return all(isinstance(value, int) and 100 <= value <= 599 for value in values)
    if column == "bytes":
        return all(isinstance(value, int) and value >= 0 for value in values)
    return all(isinstance(value, str) for value in values)


def _is_time(values: list[Any]) -> bool:
    """Tell whether all of these are times; numbers only where they have ten digits or more, as since 2001."""
    there = [value for value in values if value is not None]
    if 2 * len(there) < len(values):
        return False
    kinds = {type(value) for value in there}
    if kinds <= {int, float} and all(value > 978_307_200 for value in there):
        return bool(times_of_column(pa.array([float(value) for value in there]))[1].all())
    if kinds == {str} and all(re.search(r"\d\d:\d\d", value) for value in there):
        return bool(times_of_column(pa.array(there))[1].all())
    return False
