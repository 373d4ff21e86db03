"""One figure with two values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.lines import HEADING, LOG, Line
from afterlog.check.model import Against, Finding, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS, TIMELINE

_WHO: Final = (
    r"(?P<who>users?|customers?|subscribers?|accounts?|tenants?|merchants?|clients?"
    r"|visitors?|orders|transactions|requests|queries|payments|messages|records|e-?mails)"
)
_HURT: Final = r"(?:affected|impacted|lost|failed|dropped|unable|failing)"
_FORMS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            rf"(?<![\w.,$£€/:-])(?P<n>\d[\d,]*(?:\.\d+)?)(?P<unit>\s?%)?\s+(?:of\s+)?(?:the\s+|our\s+"
            rf"|all\s+)?(?:total\s+|active\s+|our\s+)?{_WHO}\s+(?:were\s+|was\s+|being\s+|are\s+|had "
            rf"been\s+|have been\s+)?{_HURT}\b"
        ),
        (
            rf"\b(?:affect(?:ed|ing)|impact(?:ed"
            rf"|ing))\s+(?P<n>\d[\d,]*(?:\.\d+)?)(?P<unit>\s?%)?\s+(?:of\s+)?(?:the\s+|our\s+"
            rf"|all\s+)?(?:total\s+|active\s+)?{_WHO}\b"
        ),
        (
            rf"^\W*(?:number of\s+|total\s+)?{_WHO}\s+{_HURT}\s*[:"
            rf"|]\W*(?P<n>\d[\d,]*(?:\.\d+)?)(?P<unit>\s?%)?(?![\w.,]*\d)"
        ),
    )
)
_QUALIFIED: Final = re.compile(
    (
        r"(?:~|≈|<|>|\+|about|around|approx\w*\.?|roughly|nearly|almost|over|more than|less than"
        r"|up to|at least|at most|at (?:its |the )?peak|peak\w*|estimated|an estimated|some|only"
        r"|initially|another|additional|further|first|between|to|-|–|each|every|per|of which"
        r"|including|then|later|still|now)[\s:(]*$"
    ),
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"^\s*(?:in|at|on|from|within|per|during|for|by|with|who|whose|using|initially|at peak|\()", re.IGNORECASE
)
_EVERYBODY: Final = re.compile(
    (
        r"\b100\s?% of (?:our |the |all )?(?:users|customers|requests|traffic)|\ball (?:users"
        r"|customers) were (?:affected|impacted)"
    ),
    re.IGNORECASE,
)
_SOME: Final = re.compile(
    (
        r"\b(?:could|can|were able to) (?:still |continue to )|\bcontinue[sd]? to (?:access|work"
        r"|use)|\bwere (?:not affected|unaffected)\b|\bkept working\b|\bremain(?:ed|s) "
        r"(?:available|accessible|unaffected)"
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Figure:
    line: int
    who: str
    value: float
    percent: bool
    raw: str
    start: int
    end: int
    more: bool  # narrowed by what follows: in the EU, during the peak
    incident: int


class Figure(Rule):
    """One figure is given twice with different values: 80% of users affected here, 60% there.

    Contradicted where both are plain (not about, up to, at peak) and speak of all; a warning where one is narrowed
    (in the EU, at first), and where 100% are affected while others could go on.
    """

    name: ClassVar[str] = "figure"
    should_fire: ClassVar[tuple[str, ...]] = (
        "## Summary\nThe outage affected 80% of users.\n\n## Impact\n60% of users were affected.\n",
        "## Impact\n- Users affected: 1,200\n\n## Details\n1,500 users were affected.\n",
        "The issue affected 100% of users. Users could continue to access other requests.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Summary\nThe outage affected 80% of users.\n\n## Impact\n"
            "80% of users were affected, 1,200 customers affected and 310 orders lost.\n"
        ),
        "## Summary\nUp to 80% of users were affected.\n\n## Impact\nAbout 60% of users were affected.\n",
        (
            "### Incident on 2024-01-02\n80% of users were affected.\n\n### Incident on 2024-03-02\n"
            "60% of users were affected.\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Compare figures about the same thing."""
        del facts
        first: dict[tuple[str, bool, int], _Figure] = {}
        for line in reading.lines:
            if line.kind in (LOG, HEADING) or line.area in (TIMELINE, ACTIONS):
                continue
            for figure in _figures(line, reading.incident_of[line.number - 1]):
                key = (figure.who, figure.percent, figure.incident)
                earlier = first.setdefault(key, figure)
                if earlier.value != figure.value and earlier.line != figure.line:
                    verdict = Verdict.WARNING if earlier.more or figure.more else Verdict.CONTRADICTED
                    says = f"{figure.raw} here, {earlier.raw} in line {earlier.line}"
                    yield Finding(
                        self.name,
                        verdict,
                        line.number,
                        reading.cut(line.number),
                        says,
                        (Against(earlier.line),),
                        figure.start,
                        figure.end,
                    )
            yield from self._everybody(reading, line)

    def _everybody(self, reading: Reading, line: Line) -> Iterator[Finding]:
        everybody = _EVERYBODY.search(line.text)
        some = _SOME.search(line.text, everybody.end()) if everybody else None
        if everybody and some:
            says = "everybody is affected, and some could go on: who was affected, of how many?"
            yield Finding(
                self.name,
                Verdict.WARNING,
                line.number,
                reading.cut(line.number),
                says,
                (Against(line.number),),
                *everybody.span(),
            )


def _figures(line: Line, incident: int) -> Iterator[_Figure]:
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(line.text[:4000]):
            if _QUALIFIED.search(line.text[: match.start("n")][-24:]) or any(
                match.start() < end and start < match.end() for start, end in taken
            ):
                continue
            taken.append(match.span())
            try:
                value = float(match["n"].replace(",", ""))
            except ValueError:
                continue
            who = match["who"].lower().rstrip("s").replace("-", "")
            more = _AFTER.match(line.text[match.end() :]) is not None or line.text[match.end() :].startswith("+")
            yield _Figure(
                line.number,
                who,
                value,
                bool(match["unit"]),
                match[0].strip(" |*-"),
                match.start("n"),
                match.end(),
                more,
                incident,
            )
