"""What real lengths a document's times give, for each meaning a stated length may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from afterlog.check.comparing import DAY_S, gap_s, stated
from afterlog.check.lengths import DETECT, REPAIR, RESOLVE
from afterlog.check.lengths import DURATION as LENGTH
from afterlog.check.milestones import CHANGE, DECLARE, END, START
from afterlog.check.milestones import DETECT as SEEN
from afterlog.check.milestones import REPAIR as MENDED
from afterlog.check.model import Length, Moment, Reading, Window

_HALF_HOUR: Final = 1800
_NIGHT_S: Final = 8 * 3600


@dataclass(frozen=True, slots=True)
class Pair:
    """Two moments and the seconds between them. ``sure``: the document names both as the ends of that very length."""

    begin: Moment
    end: Moment
    seconds: float
    sure: bool = False


def candidates(reading: Reading, length: Length) -> list[Pair]:
    """Give the pairs of moments that a stated length may be the distance of, the most certain first."""
    incident = length.incident
    same_line = [
        window for window in reading.windows if window.begin.line == length.line and _together(reading, window, length)
    ]
    pairs = [Pair(window.begin, window.end, gap_s(window.begin, window.end), sure=True) for window in same_line]
    if same_line and length.meaning == LENGTH:
        return pairs
    rows = [row for row in reading.rows(incident) if not row.clock.fault]
    if length.meaning == LENGTH:
        pairs += _headed(reading, incident, reading.chapter(length.line))
    ends = _ends(rows, length.meaning)
    begins = _begins(rows, length.meaning)
    heads = stated(reading, incident, START)
    tails = stated(reading, incident, END) if length.meaning != DETECT else []
    pairs += [Pair(a, b, gap_s(a, b)) for a in begins + heads for b in ends + tails if a is not b and gap_s(a, b) >= 0]
    return pairs


def _together(reading: Reading, window: Window, length: Length) -> bool:
    """Tell whether a duration and a stretch of time of one line are one statement: no clause ends between them."""
    first, last = sorted((length.span.start, window.begin.clock.start))
    between = reading.line(length.line).text[first:last]
    return len(between) < 160 and ";" not in between and re.search(r"[a-z)]\.\s+[A-Z]", between) is None


def _headed(reading: Reading, incident: int, section: int) -> list[Pair]:
    windows = [window for window in reading.windows if window.about and window.begin.incident == incident]
    stated_lengths = {
        one.span.seconds
        for one in reading.lengths
        if one.incident == incident and one.labelled and one.meaning == LENGTH
    }
    if (
        len(stated_lengths) > 1
    ):  # parts have durations of their own: only times of the same section can be held against one
        windows = [window for window in windows if reading.chapter(window.begin.line) == section]
        if not windows:
            return []
    pairs = [
        Pair(one.begin, one.end, gap_s(one.begin, one.end), sure=one.begin.exact and one.end.exact) for one in windows
    ]
    starts, ends = stated(reading, incident, START), stated(reading, incident, END)
    if starts and ends and not windows:
        pairs.append(Pair(starts[0], ends[0], gap_s(starts[0], ends[0]), sure=True))
    return pairs


def any_pair(reading: Reading, length: Length) -> Pair | None:
    """Find any two times of the incident that a stated length is the distance of, whatever they stand for."""
    moments = [one for one in reading.of(length.incident) if not one.clock.fault]
    for a, b in combinations(sorted(moments, key=lambda one: one.when), 2):
        if length.span.agrees(gap_s(a, b)):
            return Pair(a, b, gap_s(a, b))
    return None


def named(reading: Reading, length: Length) -> list[Pair]:
    """Give the pairs of rows whose names are exactly those of the meaning: First detected … Resolved."""
    rows = reading.rows(length.incident)
    by_name: dict[str, list[Moment]] = {}
    for row in rows:
        if row.milestone.name:
            by_name.setdefault(row.milestone.name, []).append(row)
    until = {REPAIR: (MENDED,), RESOLVE: (END,), LENGTH: (END, MENDED), DETECT: (SEEN,)}[length.meaning]
    since = (START,) if length.meaning == DETECT else (SEEN, START, DECLARE)
    begins = [row for name in since for row in by_name.get(name, ())]
    return [Pair(a, b, gap_s(a, b), sure=True) for a in begins for name in until for b in by_name.get(name, ())]


def _begins(rows: list[Moment], meaning: str) -> list[Moment]:
    kinds = {START, CHANGE} if meaning == DETECT else {START, CHANGE, SEEN, DECLARE}
    chosen = [row for row in rows if row.milestone.kinds & kinds]
    first = sorted(rows, key=lambda row: row.when)[:2]
    return list(dict.fromkeys(first + chosen))


def _ends(rows: list[Moment], meaning: str) -> list[Moment]:
    if meaning == DETECT:
        return [row for row in rows if row.milestone.kinds & {SEEN, DECLARE}]
    kinds = {END, MENDED}
    chosen = [row for row in rows if row.milestone.kinds & kinds]
    last = sorted(rows, key=lambda row: row.when)[-1:]
    return list(dict.fromkeys(last + chosen))


def worked(length: Length, pairs: list[Pair]) -> Pair | None:
    """Find the pair of which a length may be the hours worked: over a night or more, cut at a full or half hour.

    The night left out ends or begins on the half hour, so one of three remainders is a whole number of half hours.
    """
    for pair in pairs:
        if (
            pair.seconds < _NIGHT_S
            or pair.begin.when.date() >= pair.end.when.date()
            or not 0 < length.span.seconds < pair.seconds - 3600
        ):
            continue
        begin = pair.begin.when.hour * 3600 + pair.begin.when.minute * 60
        end = pair.end.when.hour * 3600 + pair.end.when.minute * 60
        left = (pair.seconds - length.span.seconds, begin + length.span.seconds, end - length.span.seconds)
        if pair.seconds < 12 * DAY_S and any(remainder % _HALF_HOUR == 0 for remainder in left):
            return pair
    return None
