"""Stated lengths: which durations of a document speak of the outage itself, and of which phase."""

from __future__ import annotations

import re
from typing import Final

from afterlog.check.lines import BLANK, LOG, Line
from afterlog.check.model import Length
from afterlog.check.spans import Span, find_spans
from afterlog.check.words import ACTIONS, TIMELINE

_LONGEST: Final = 6_000  # columns of a line that are looked at
DURATION: Final = "duration"
DETECT: Final = "detect"
REPAIR: Final = "repair"
RESOLVE: Final = "resolve"

_I: Final = re.IGNORECASE
_LABELS: Final = (
    (DETECT, re.compile((r"^\W*(?:time (?:to|until|of|for) (?:first )?(?:detect\w*|discover\w*|notice)|detection "
        r"time|ttd|mttd|time-to-detect\w*)\b"), _I)),
    (REPAIR, re.compile((r"^\W*(?:time (?:to|until|for) (?:repair|fix|mitigat\w*)|mitigation time|repair time|ttm"
        r"|mttm|time-to-(?:repair|fix|mitigat\w*))\b"), _I)),
    (RESOLVE, re.compile((r"^\W*(?:time (?:to|until|for) (?:full )?(?:resol\w*|recover\w*|restor\w*)|resolution "
        r"time|recovery time|ttr|mttr|time-to-(?:resol\w*|recover\w*|restor\w*))\b"), _I)),
    (DURATION, re.compile((r"^\W*(?:(?:total|overall|outage|incident|full|approximate|impact|downtime|event|service"
        r"|customer|user|issue|disruption)[\s-]+)*(?:duration|downtime|outage (?:length|time"
        r"|period)|length)(?: of (?:the )?(?:outage|incident|downtime|disruption|impact|issue"
        r"|event))?\b"), _I)),
)  # fmt: skip
_MEAN: Final = re.compile(
    (
        r"\b(?:mean|average|avg|median|target|sla|slo|expected|planned|estimated|goal|objective"
        r"|budget|typical|usual|max(?:imum)?)\b"
    ),
    _I,
)
_PROSE: Final = re.compile(
    r"(?:\b(?:outage|incident|disruption|downtime|degradation|unavailability|interruption"
    r"|issue|it|this|which|event)\b[^.;]{0,60}?\b(?:lasted|lasting|persisted|continued"
    r"|spanned|ran)(?: for)?"
    r"|\b(?:was|were|been|being|site|service|system|website)\s+(?:\w+\s+)?(?:down"
    r"|unavailable|offline|inaccessible|unreachable)\s+for"
    r"|\b(?:outage|downtime|disruption) (?:of|for)|\ba total (?:downtime|outage|duration) of"
    r"|\btotal downtime (?:was|of)|\blasted(?: for)?|\blasting(?: for)?|\btotall?ing)"
    r"\s*(?:a total of|the duration of|a period of|for|of|in total)?\s*(?:about|around"
    r"|approx\w*\.?|roughly|nearly|almost|over|more than|less than|at least|under|just over"
    r"|just under|up to|some|~|an?)?\s*$",
    _I,
)
_FOLLOWED: Final = re.compile(
    (
        r"^[\s-]*(?:of\s+)?(?:(?:total|full|complete|partial|cumulative|combined|service"
        r"|production|site|major|long)\s+)?(?:outage|downtime|disruption|unavailability)\b"
    ),
    _I,
)
_FOR_FROM: Final = re.compile(r"^\W*(?:\w+\W+){0,6}?for\s*(?:about|approximately|roughly|~|nearly|over)?\s*$", _I)
_MEANT: Final = re.compile(r"\bmtt[drm]\b|\((?:quarter|month|year|week|average|rolling)\w*\)", _I)
_SUMMARY: Final = re.compile(r"summary|overview|impact|what happened|description|introduction|duration", _I)
_WHOLE: Final = re.compile(r"\b(?:outage|incident|downtime|disruption)\b", _I)
_PART: Final = re.compile(
    (
        r"\b(?:during|while|some|each|first|second|another|fail-?over|restart|migration|backup"
        r"|restore|one of|previous|last time|would have|could have|should|if)\b"
    ),
    _I,
)
_SUMMED: Final = re.compile(r"\b(?:cumulative|combined|altogether|in all|across|intermittent\w*|sum|each|per)\b", _I)
_TOTAL: Final = re.compile(r"\b(?:in )?total(?:l?ing)?\b|\boverall\b", _I)
_SUPPORT: Final = re.compile(
    r"\b(?:support|working|business|office) hours\b|\bworking (?:time|days?)\b|\bbusiness days?\b", _I
)


def find_lengths(lines: tuple[Line, ...], incident_of: tuple[int, ...]) -> tuple[Length, ...]:
    """Find the stated lengths of the outage, of its detection, repair and resolution."""
    found: list[Length] = []
    for line in lines:
        if line.kind in (LOG, BLANK) or line.area == ACTIONS or not any(sign.isalnum() for sign in line.text):
            continue
        spans = find_spans(line.text[:_LONGEST])
        if not spans:
            continue
        one = _labelled(line, spans, lines) or _told(line, spans)
        if one:
            meaning, span, labelled = one
            note = _note(line.text, span, several=len(set(incident_of)) > 1)
            if labelled and not note and _MEANT.search(line.text[: span.start]):
                note = "mean"
            if not labelled and not note and (_PART.search(line.text[: span.start]) or not _is_summary(line, found)):
                note = "part"
            found.append(
                Length(
                    span,
                    line.number,
                    " ".join(line.text.split()),
                    meaning,
                    incident_of[line.number - 1],
                    labelled,
                    note,
                )
            )
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
            inside = [
                span for span in spans if span.start >= start + label.end() and span.start - start - label.end() < 140
            ]
            if inside:
                return meaning, inside[0], True
    heading = line.headings[-1][1] if line.headings else ""
    above = line.parent or heading
    near = line.parent_line or line.section
    if (
        re.fullmatch(r"\W*(?:outage |incident )?duration(?: of (?:the )?(?:outage|incident))?\W*", above, _I)
        and 0 < line.number - near <= 4
        and line.area != TIMELINE
    ):
        earlier = [one for one in lines[near : line.number - 1] if find_spans(one.text)]
        if not earlier:
            return DURATION, spans[0], True
    return None


def _is_summary(line: Line, found: list[Length]) -> bool:
    """Tell whether a told length may be that of the whole: the first one, in a summary or before any other heading."""
    above = line.headings[-1][1] if line.headings else ""
    return not any(not one.labelled for one in found) and (
        len(line.headings) <= 1 or _SUMMARY.search(above) is not None or bool(_WHOLE.search(line.text))
    )


def _label_starts(line: Line) -> list[int]:
    starts = [cell.start for cell in line.cells] or [len(line.text) - len(line.text.lstrip())]
    starts += [found.end() for found in re.finditer(r"[.;|,:]\s+(?=[A-Z]?\w+ ?\w* ?\w*[:])", line.text)]
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


def _note(text: str, span: Span, *, several: bool) -> str:
    if _SUPPORT.search(text):
        return "support"
    around = text[max(0, span.start - 60) : span.end + 40]
    return "summed" if _SUMMED.search(around) or (several and _TOTAL.search(around)) else ""
