"""Where the time stands in a log's lines, and in which form: the first thing that a proposed layout needs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from afterlog.layout import TIME_FORMS
from afterlog.parser import COMMON_FORMS, Form

_NEAR: Final = 200  # bytes of a line in which its time is looked for
_BOUND: Final = rb"(?<![0-9A-Za-z])(?:%b)(?![0-9A-Za-z:])"
_EPOCH: Final = {"s": rb"[1-3][0-9]{9}(?:\.[0-9]{1,9})?", "n": rb"[1-3][0-9]{12}"}


@dataclass(frozen=True, slots=True)
class Found:
    """A time in a line: the bytes [start, end) that it takes."""

    line: bytes
    start: int
    end: int

    @property
    def before(self) -> bytes:
        """The text before it."""
        return self.line[: self.start]

    @property
    def behind(self) -> bytes:
        """The text behind it."""
        return self.line[self.end :]


@dataclass(frozen=True, slots=True)
class TimeForm:
    """A form of time: ``kind`` names one that layouts read, else ``form`` is read by a parser's meaning."""

    kind: str
    form: Form

    def find(self, line: bytes) -> Found | None:
        """Find the first time of this form near the beginning of a line."""
        hit = _pattern(self.form.template).search(line[:_NEAR])
        return Found(line, hit.start(), hit.end()) if hit else None

    @property
    def blanks(self) -> int:
        """How many blanks stand in a time of this form."""
        return self.form.template.replace("t", " ").count(" ") if not self.kind else 0


@cache
def _pattern(template: str) -> re.Pattern[bytes]:
    body = _EPOCH.get(template[0]) or next(form for form in _FORMS if form.form.template == template).form.regex
    return re.compile(_BOUND % body)


def _forms() -> tuple[TimeForm, ...]:
    known = {form.template: name for name, form in reversed(TIME_FORMS.items())}
    templates = {form.template: form for form in (*TIME_FORMS.values(), *COMMON_FORMS)}
    return tuple(TimeForm(known.get(template, ""), form) for template, form in templates.items())


_FORMS: Final = _forms()


def time_form(lines: list[bytes]) -> TimeForm | None:
    """Give the form of time that most lines have, the longest where several fit, at its most usual place.

    None where not a third of the lines has any.
    """
    best: tuple[tuple[int, float, int], TimeForm] | None = None
    for form in _FORMS:
        hits = [hit for line in lines if (hit := form.find(line)) is not None]
        if 3 * len(hits) < len(lines) or not hits:
            continue
        length = sum(hit.end - hit.start for hit in hits) / len(hits)
        early = Counter(hit.start for hit in hits).most_common(1)[0][0]
        # what layouts read by themselves is a little better than what needs a meaning
        merit = (len(hits), length + (0.5 if form.kind else 0.0), -early)
        if best is None or merit > best[0]:
            best = merit, form
    return best[1] if best else None
