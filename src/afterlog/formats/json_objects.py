"""JSON objects in a file of any shape: one a line, printed over many lines, or in a list, as cloud audit logs come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeVar

_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|([{}])', re.DOTALL)
_HELD: Final = 4 << 20  # bytes of one object


class _Line(Protocol):
    @property
    def text(self) -> bytes: ...


L = TypeVar("L", bound=_Line)


def json_objects(lines: Iterable[L], opening: re.Pattern[bytes]) -> Iterator[tuple[L, dict[str, Any] | str]]:
    """Give each object with its first line, or the reason why it cannot be read.

    ``opening`` matches what opens a list of them (``{"Records": [``); what only opens and closes it is left out.
    """
    held: list[L] = []
    text, depth = b"", 0
    for line in lines:
        said = line.text
        if not held and not said.strip(b" \t\r,[]}"):
            continue
        opened = _opened(said)
        if held and opened == 0 and said.startswith(b'{"'):  # a whole one: the one before was cut off
            yield held[0], "an object that does not end"
            held, text, depth = [], b"", 0
        held.append(line)
        text = text + b"\n" + said if text else said
        depth += opened
        if len(held) <= 3 and (begun := opening.match(text)):
            text, depth = text[begun.end() :], depth - begun[0].count(b"{")
            held = [line] if text.strip() else []
        if held and depth <= 0:
            yield held[0], _object(text)
            held, text, depth = [], b"", 0
        elif len(text) > _HELD:
            yield held[0], "an object that does not end"
            held, text, depth = [], b"", 0
    if held:
        yield held[0], "an object that does not end"


def object_in(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the object under a key; an empty one where there is none, or something else."""
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def text_in(told: Mapping[str, Any], name: str) -> str:
    """Give the text under a key; an empty one where there is none, or something else."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _opened(said: bytes) -> int:
    """Count the braces that a line opens more than it closes; those in texts do not count."""
    braces = [found[1] for found in _STRUCTURE.finditer(said)]
    return braces.count(b"{") - braces.count(b"}")


def _object(text: bytes) -> dict[str, Any] | str:
    try:
        told, _end = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace").strip(" \t\r\n,["))
    except (ValueError, RecursionError):
        told = None
    return told if isinstance(told, dict) else "a JSON object was expected"
