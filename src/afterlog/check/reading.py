"""Read a document once: its lines, moments, dates, windows and stated lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest
from typing import Final

from afterlog.check.carrying import Carrier, day_first
from afterlog.check.clocks import find_clocks
from afterlog.check.dates import find_dates
from afterlog.check.incidents import split_incidents
from afterlog.check.lengths import find_lengths
from afterlog.check.lines import BLANK, Line, read_lines
from afterlog.check.model import Moment, Reading, Window
from afterlog.check.placing import Placed, place, rows_of
from afterlog.check.words import ACTIONS, TIMELINE

_LABEL: Final = re.compile(
    (
        r"^\W*(?:(?:outage|incident|issue|impact|service|total|downtime|disruption|date and"
        r"|event)\s+)*(?:duration|period|window|time|when|date ?(?:/|and|&)? ?time|date|outage"
        r"|downtime)\b(?!\s+(?:to|until|for)\b)(?: of (?:the )?(?:outage|incident"
        r"|disruption))?[^:|]{0,24}[:|]"
    ),
    re.IGNORECASE,
)
_HARM: Final = re.compile(
    (
        r"\b(?:outage|down(?:time)?|unavailab\w*|incident|disrupt\w*|degrad\w*|errors?|fail\w*"
        r"|inaccessible|unreachable|offline|unable|affect\w*|5\d\d|403|404|could not|couldn't"
        r"|slow\w*|crash\w*|interrupt\w*|impact\w*)\b"
    ),
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    (
        r"\b(?:maintenance window|planned|scheduled|business hours|office hours|working hours"
        r"|support hours|sla|window of opportunity|every|daily|usually|normally|peak hours"
        r"|previous (?:incident|outage)|last (?:week|month|year)|also|another|second (?:outage"
        r"|incident)|peaked|worst|investigat\w+|during support)\b"
    ),
    re.IGNORECASE,
)
_DURATION: Final = re.compile(r"^\W*(?:outage |incident )?(?:duration|time|period|when)\W*$", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    (
        r"cause|resolution|recovery|lessons|detection|response|what went|contributing|mitigation"
        r"|trigger|analysis|diagnos|background|history|appendix|communication|details|follow"
    ),
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"\b[Tt]\s?\+\s?\d")
_LONGEST: Final = 6_000  # columns of one line that are looked at; the rest of such a line is no prose


def read(document: str) -> Reading:
    """Read a document."""
    lines = read_lines(document)
    incident_of = split_incidents(lines)
    placed = list(_with_text_below([_placed(line) for line in lines if line.kind != BLANK]))
    rows = rows_of(placed)
    carrier = Carrier(incident_of, day_first(placed))
    moments = tuple(carrier.walk(placed, rows))
    windows = tuple(_windows(moments, lines))
    lengths = find_lengths(lines, incident_of)
    return Reading(
        lines,
        moments,
        windows,
        lengths,
        tuple(carrier.dated),
        tuple(sorted(set(incident_of))),
        incident_of,
        carrier.zone_lines,
    )


def _placed(line: Line) -> Placed:
    text = line.text[:_LONGEST]
    clocks = [] if _RELATIVE.search(text[:40]) and len(find_clocks(text)) < 1 else find_clocks(text)
    return place(line, clocks, find_dates(text))


def _with_text_below(placed: Sequence[Placed]) -> Iterator[Placed]:
    """Let a row that stands alone on its line (``10:15 AM:``) say what the line below says."""
    for one, below in zip_longest(placed, placed[1:]):
        alone = (
            one.lead is not None
            and not one.text
            and not one.line.cells
            and one.line.text.rstrip().endswith((":", "-", "–"))
        )
        if alone and below is not None and not below.clocks and not below.line.level:
            yield replace(one, text=below.line.text.strip())
        else:
            yield one


def _windows(moments: Sequence[Moment], lines: tuple[Line, ...]) -> Iterator[Window]:
    told: set[int] = set()
    pairs = [(a, b) for a, b in pairwise(moments) if a.clock.side == 1 and b.clock.side == 2 and a.line == b.line]
    for begin, end in pairs:
        line = lines[begin.line - 1]
        about = False
        if not begin.row and begin.area not in (TIMELINE, ACTIONS) and not _OTHER.search(line.text):
            first = begin.incident not in told
            about = first and _speaks(line, begin)
            if about:
                told.add(begin.incident)
        elif not begin.row and begin.area == TIMELINE and begin.incident not in told:
            about = _LABEL.match(line.text) is not None and not _OTHER.search(line.text)
            told |= {begin.incident} if about else set()
        yield Window(begin, end, about)


def _speaks(line: Line, begin: Moment) -> bool:
    """Tell whether a stretch of time in a summary is that of the outage."""
    if _LABEL.match(line.text):
        return True
    above = line.headings[-1][1] if line.headings else "summary"
    if _DURATION.match(line.parent) or _DURATION.match(above):
        return True
    if _ELSEWHERE.search(above) or _ELSEWHERE.search(line.parent):
        return False
    clause = begin.text[max(begin.text.rfind(";", 0, begin.text.find(begin.clock.raw)), 0) :]
    return _HARM.search(clause) is not None
