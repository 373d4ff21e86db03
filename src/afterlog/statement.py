"""Statements: sentences made of plain words and of things taken from logs, with the evidence they rest on.

What comes from a log is kept apart from our own words until the last moment, so that each output can make it
inert in its own way: as a code span in Markdown, as escaped text in HTML, as it is in JSON.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from afterlog.errors import AfterlogError
from afterlog.evidence import Place


@dataclass(frozen=True, slots=True)
class Code:
    """A name, path or command as a log gave it."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words that a person wrote in the review: printed as they are, nothing in them is interpreted."""

    text: str


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, UTC microseconds, printed to the ``precision``: seconds, minutes, or date (the day alone)."""

    us: int
    precision: str = "seconds"


Part = str | Code | Said | Time
Text = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with a fact; it cannot be made without evidence."""

    text: Text
    places: tuple[Place, ...]

    def __post_init__(self) -> None:
        if not self.places:
            raise AfterlogError(f"a statement needs evidence: {plain(self.text)}")


def text(*parts: Part) -> Text:
    """Put a text together."""
    return parts


def codes(names: tuple[str, ...], most: int = 4) -> Text:
    """List names from logs: a, b and c; the rest as a count."""
    shown = names[:most]
    parts: list[Part] = []
    for index, name in enumerate(shown):
        last = index == len(shown) - 1 and len(names) <= most
        parts += ([" and " if last else ", "] if index else []) + [Code(name)]
    return (*parts, f" and {len(names) - most} more") if len(names) > most else tuple(parts)


def plain(parts: Text) -> str:
    """Give a text without marks; times as UTC."""
    from afterlog.clock import rfc3339  # noqa: PLC0415  clock loads numpy; this module stays light

    return "".join(
        rfc3339(p.us) if isinstance(p, Time) else visible(p.text) if isinstance(p, Code | Said) else p for p in parts
    )


_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def visible(raw: str) -> str:
    """Make text from a log safe to show on one line: colours removed, control and direction marks written out."""
    return "".join(_shown(char) for char in _ANSI.sub("", raw))


def _shown(char: str) -> str:
    if char == "\t":
        return " "
    if char in "\r\n":
        return "⏎"
    if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp"):
        return f"\\u{ord(char):04x}"
    return char
