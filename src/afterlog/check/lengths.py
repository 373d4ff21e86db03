"""Stated lengths: which durations of a document speak of the outage itself, and of which phase."""

from __future__ import annotations

import re
from typing import Final

from afterlog.check.lines import BLANK, LOG, Line
from afterlog.check.model import Length
from afterlog.check.spans import Span, find_spans
from afterlog.check.words import ACTIONS, TIMELINE

DURATION: Final = "duration"
DETECT: Final = "detect"
REPAIR: Final = "repair"
RESOLVE: Final = "resolve"

_I: Final = re.IGNORECASE
_LABELS: Final = (
    (DETECT, re.compile(r"^\W*(?:time (?:to|until|of|for) (?:first )?(?:detect\w*|discover\w*|notice)|detection time|ttd|mttd|time-to-detect\w*)\b", _I)),
    (REPAIR, re.compile(r"^\W*(?:time (?:to|until|for) (?:repair|fix|mitigat\w*)|mitigation time|repair time|ttm|mttm|time-to-(?:repair|fix|mitigat\w*))\b", _I)),
    (RESOLVE, re.compile(r"^\W*(?:time (?:to|until|for) (?:full )?(?:resol\w*|recover\w*|restor\w*)|resolution time|recovery time|ttr|mttr|time-to-(?:resol\w*|recover\w*|restor\w*))\b", _I)),
    (DURATION, re.compile(r"^\W*(?:(?:total|overall|outage|incident|full|approximate|impact|downtime|event|service|customer|user|issue|disruption)[\s-]+)*(?:duration|downtime|outage (?:length|time|period)|length)(?: of (?:the )?(?:outage|incident|downtime|disruption|impact|issue|event))?\b", _I)),
)  # fmt: skip
_MEAN: Final = re.compile(r"\b(?:mean|average|avg|median|target|sla|slo|expected|planned|estimated|goal|objective|budget|typical|usual|max(?:imum)?)\b", _I)
_PROSE: Final = re.compile(
    r"(?:\b(?:outage|incident|disruption|downtime|degradation|unavailability|interruption|issue|it|this|which|event)\b[^.;]{0,60}?\b(?:lasted|lasting|persisted|continued|spanned|ran)(?: for)?"
    r"|\b(?:was|were|been|being|site|service|system|website)\s+(?:\w+\s+)?(?:down|unavailable|offline|inaccessible|unreachable)\s+for"
    r"|\b(?:outage|downtime|disruption) (?:of|for)|\ba total (?:downtime|outage|duration) of|\btotal downtime (?:was|of)|\blasted(?: for)?|\blasting(?: for)?)"
    r"\s*(?:a total of|the duration of|a period of|for|of|in total)?\s*(?:about|around|approx\w*\.?|roughly|nearly|almost|over|more than|less than|at least|under|just over|just under|up to|some|~|an?)?\s*$",
    _I,
)
_FOLLOWED: Final = re.compile(r"^[\s-]*(?:of\s+)?(?:(?:total|full|complete|partial|service|production|site|major|long)\s+)?(?:outage|downtime|disruption|unavailability)\b", _I)
_FOR_FROM: Final = re.compile(r"^\W*(?:\w+\W+){0,6}?for\s*(?:about|approximately|roughly|~|nearly|over)?\s*$", _I)
_SUMMED: Final = re.compile(r"\b(?:total(?:l?ing)?|cumulative|combined|altogether|in all|across|overall|intermittent\w*|sum|each|per)\b", _I)
_SUPPORT: Final = re.compile(r"\b(?:support|working|business|office) hours\b|\bworking (?:time|days?)\b|\bbusiness days?\b", _I)


def find_lengths(lines: tuple[Line, ...], incident_of: tuple[int, ...]) -> tuple[Length, ...]:
    """Find the stated lengths of the outage, of its detection, repair and resolution."""
    found: list[Length] = []
    for line in lines:
        if line.kind in (LOG, BLANK) or line.area == ACTIONS or not any(sign.isalnum() for sign in line.text):
            continue
        spans = find_spans(line.text)
        if not spans:
            continue
        one = _labelled(line, spans, lines) or _told(line, spans)
        if one:
            meaning, span, labelled = one
            note = _note(line.text, span)
            found.append(Length(span, line.number, " ".join(line.text.split()), meaning, incident_of[line.number - 1], labelled, note))
    return tuple(found)


def _labelled(line: Line, spans: list[Span], lines: tuple[Line, ...]) -> tuple[str, Span, bool] | None:
    for start in _label_starts(line):
        words = line.text[start:]
        if _MEAN.search(words[:30]):
            continue
        for meaning, pattern in _LABELS:
            label = pattern.match(words)
            if not label:
                continue
            rest = words[label.end() :]
            gap = re.match(r"^[^:|=]{0,30}?[:|=–—]+|^\s+(?:was|is|of)\b|^\s*\([A-Z]{2,5}\)\s*|^\s+(?=\d)|^\s*$", rest)
            if gap is None:
                continue
            inside = [span for span in spans if span.start >= start + label.end() and span.start - start - label.end() < 140]
            if inside:
                return meaning, inside[0], True
    heading = line.headings[-1][1] if line.headings else ""
    above = line.parent or heading
    near = line.parent_line or line.section
    if re.fullmatch(r"\W*(?:outage |incident )?duration(?: of (?:the )?(?:outage|incident))?\W*", above, _I) and 0 < line.number - near <= 4 and line.area != TIMELINE:
        earlier = [one for one in lines[near : line.number - 1] if find_spans(one.text)]
        if not earlier:
            return DURATION, spans[0], True
    return None


def _label_starts(line: Line) -> list[int]:
    starts = [cell.start for cell in line.cells] or [len(line.text) - len(line.text.lstrip())]
    starts += [found.end() for found in re.finditer(r"[.;|,]\s+(?=[A-Z]?\w+ ?\w* ?\w*[:])", line.text)]
    return starts


def _told(line: Line, spans: list[Span]) -> tuple[str, Span, bool] | None:
    if line.area == TIMELINE and line.kind != "prose":
        return None
    for span in spans:
        before, after = line.text[: span.start], line.text[span.end :]
        if _MEAN.search(before[-40:]) or span.seconds < 60:
            continue
        if _PROSE.search(before) or _FOLLOWED.match(after):
            return DURATION, span, False
        if _FOR_FROM.match(before) and re.match(r"^,?\s+(?:\(?from|between)\b", after):
            return DURATION, span, False
    return None


def _note(text: str, span: Span) -> str:
    support = _SUPPORT.search(text)
    if support:
        return "support"
    around = text[max(0, span.start - 60) : span.end + 40]
    return "summed" if _SUMMED.search(around) else ""
