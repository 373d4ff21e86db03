"""Footnotes of a Markdown document: which line of which source each one names, and numbers that follow the text.

A footnote of ours reads ``[^7]: `web-01/var/log/syslog:15` `the quoted line```. Others are a person's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_DEFINITION: Final = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*(.*)$")
_CITATION: Final = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_SPAN: Final = re.compile(r"(`+)(.*?)(?<!`)\1(?!`)")
_PLACE: Final = re.compile(r"^(.+):(\d+)$")
_FENCE: Final = re.compile(r"^ {0,3}(```|~~~)")


@dataclass(frozen=True, slots=True)
class Footnote:
    """One definition: its label, where its line stands (``source`` "" where it names none), and the quote."""

    label: str
    source: str
    line: int
    quote: str
    body: str

    @property
    def key(self) -> str:
        """Name it by what it cites: the same line has the same key in every version of a document."""
        return f"{self.source}:{self.line}" if self.source else f"^{self.label}"


def spans(markdown: str) -> list[str]:
    """Give the contents of the code spans of one line."""
    return [_content(found[2]) for found in _SPAN.finditer(markdown)]


def _content(inner: str) -> str:
    padded = inner.startswith(" ") and inner.endswith(" ") and inner.strip() != ""
    return inner[1:-1] if padded else inner


def read_footnotes(markdown: str) -> tuple[list[str], dict[str, Footnote]]:
    """Take the definitions out of a document; gives the other lines, and the footnotes by label."""
    lines: list[str] = []
    notes: dict[str, Footnote] = {}
    fence = ""
    for line in markdown.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        found = None if fence else _DEFINITION.match(line)
        if found:
            notes[found[1]] = _footnote(found[1], found[2])
        else:
            lines.append(line)
    return lines, notes


def _footnote(label: str, body: str) -> Footnote:
    quoted = spans(body)
    place = _PLACE.match(quoted[0]) if quoted and body.startswith("`") else None
    if place is None:
        return Footnote(label, "", 0, "", body)
    return Footnote(label, place[1], int(place[2]), quoted[1] if len(quoted) > 1 else "", body)


def outside_code(markdown: str, replace: Callable[[re.Match[str]], str]) -> str:
    """Replace citations in one line, but not within its code spans."""
    done: list[str] = []
    at = 0
    for span in _SPAN.finditer(markdown):
        done += [_CITATION.sub(replace, markdown[at : span.start()]), span[0]]
        at = span.end()
    return "".join(done) + _CITATION.sub(replace, markdown[at:])


def by_key(lines: list[str], notes: dict[str, Footnote]) -> list[str]:
    """Name the citations in lines by what they cite: ``[^7]`` becomes ``[^web-01/var/log/syslog:15]``."""
    return [
        outside_code(line, lambda m: f"[^{notes[m[1]].key.replace(' ', '%20')}]" if m[1] in notes else m[0])
        for line in lines
    ]


def numbered(lines: list[str], notes: dict[str, Footnote]) -> str:
    """Give citations by key their numbers, in the order of the text, and put the definitions of those cited at the end.

    Labels that a person chose, such as ``[^ticket]``, stay as they are.
    """
    known = {note.key.replace(" ", "%20"): note for note in notes.values()}
    labels: dict[str, str] = {}

    def label_of(key: str) -> str:
        note = known.get(key)
        if note is None:
            return key
        if not note.source and not note.label.isdigit():
            return labels.setdefault(key, note.label)
        if key not in labels:
            labels[key] = str(1 + sum(label.isdigit() for label in labels.values()))
        return labels[key]

    body = "\n".join(outside_code(line, lambda m: f"[^{label_of(m[1])}]") for line in lines).rstrip()
    definitions = [f"[^{label}]: {known[key].body}" for key, label in labels.items()]
    return body + "\n" + ("\n" + "\n".join(definitions) + "\n" if definitions else "")


def cited(lines: list[str]) -> list[str]:
    """Give the labels cited, each once, in the order of the text."""
    labels: dict[str, None] = {}
    for line in lines:
        outside_code(line, lambda m: labels.setdefault(m[1]) or m[0])
    return list(labels)
