"""Comparing moments: on one clock where their zones are known, by time of day where a date is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from afterlog.check.milestones import END, START
from afterlog.check.model import Against, Finding, Moment, Reading, Verdict, Window
from afterlog.check.words import ACTIONS, TIMELINE
from afterlog.check.zones import offsets_on

DAY_S: Final = 86_400
_START: Final = re.compile(
    (
        r"^\W*(?:\w+\s+)?(?:start|started|starting|began|begin|beginning|onset)(?:\s+(?:time"
        r"|date|at|of(?: the)? \w+|&|and|/|timestamp))*\s*(?:\([^)]*\))?\W*$"
    ),
    re.IGNORECASE,
)
_END: Final = re.compile(
    (
        r"^\W*(?:\w+\s+)?(?:end|ended|ending|finish|finished)(?:\s+(?:time|date|at|of(?: the)? "
        r"\w+|&|and|/|timestamp))*\s*(?:\([^)]*\))?\W*$"
    ),
    re.IGNORECASE,
)
_TOLD: Final = {
    START: re.compile(
        r"\b(?:outage|incident|disruption|downtime)\b[^.;]{0,24}\b(?:began|begins?|started|starts)\b(?: \w+){0,2}\s*$",
        re.IGNORECASE,
    ),
    END: re.compile(
        r"\b(?:outage|incident|disruption|downtime)\b[^.;]{0,60}\b(?:ended|ends|was over|is over)\b(?: \w+){0,2}\s*$",
        re.IGNORECASE,
    ),
}
_OTHER: Final = re.compile(
    r"\b(?:similar|previous|earlier|prior|last|another|other|second|first|next|before|after|until|not|if|would|could|later)\b",
    re.IGNORECASE,
)
_NOUN: Final = re.compile(r"\b(?:outage|incident|downtime|disruption|duration|event|period|time)\b", re.IGNORECASE)
_FOREIGN: Final = re.compile(
    (
        r"\b(?:planned|scheduled|expected|maintenance|deploy\w*|meeting|shift|investigat\w+"
        r"|alert|monitor\w*|work|log|window)\b"
    ),
    re.IGNORECASE,
)


def gaps_s(begin: Moment, end: Moment) -> list[float]:
    """Give the seconds from one moment to another, for each meaning their zones may have; the usual one first.

    Zones count where both are known and differ.
    """
    real = (end.when - begin.when).total_seconds()
    shifts = [0]
    if begin.zone and end.zone and begin.zone.upper() != end.zone.upper():
        east = offsets_on(begin.zone, begin.when.date() if begin.dated else None)
        later = offsets_on(end.zone, end.when.date() if end.dated else None)
        shifts = [(b - a) * 60 for a in east for b in later] or [0]
    gaps = [real - shift for shift in shifts]
    return [gap % DAY_S for gap in gaps] if begin.dated != end.dated else gaps


def gap_s(begin: Moment, end: Moment) -> float:
    """Give the seconds from one moment to another."""
    return gaps_s(begin, end)[0]


def differ(one: Moment, other: Moment, slack_s: float = 60) -> bool:
    """Tell whether two statements of one moment can't both be right, to the minute, whatever their zones mean."""
    gaps = gaps_s(one, other)
    if one.dated and other.dated and one.explicit and other.explicit:
        return all(abs(gap) >= slack_s for gap in gaps)
    return all(min(gap % DAY_S, DAY_S - gap % DAY_S) >= slack_s for gap in gaps)


def shown(moment: Moment) -> str:
    """Name a moment in a sentence, as it is printed."""
    return moment.clock.raw.replace("(", "")


def hours(seconds: float) -> str:
    """Name a length in a sentence."""
    minutes = round(abs(seconds) / 60)
    sign = "-" if seconds <= -60 else ""
    if minutes < 60:
        return f"{sign}{minutes} min"
    return f"{sign}{minutes // 60} h {minutes % 60:02d} min"


def found(reading: Reading, rule: str, verdict: Verdict, moment: Moment, says: str, *against: Moment | int) -> Finding:
    """Make a finding about a moment."""
    lines = dict.fromkeys(one if isinstance(one, int) else one.line for one in against)
    held = tuple(Against(line) for line in lines)
    return Finding(
        rule, verdict, moment.line, reading.cut(moment.line), says, held, moment.clock.start, moment.clock.end
    )


def stated(reading: Reading, incident: int, kind: str) -> list[Moment]:
    """Give the moments that the head of a document states as start or end: a window of the outage, a labelled time."""
    sides = [
        window.begin if kind == START else window.end
        for window in reading.windows
        if window.about and window.begin.incident == incident
    ]
    sides += [moment for moment in reading.of(incident) if _is_labelled(reading, moment, kind)]
    return sorted((moment for moment in sides if moment.exact), key=lambda moment: moment.line)


def disagreeing(reading: Reading, incident: int, kind: str) -> tuple[Moment, Moment, bool] | None:
    """Find two statements of the head that give an edge different times; the flag: no honest reading is left.

    One is left where a sentence about requests or users gives a stretch inside of the stated outage.
    """
    heads = stated(reading, incident, kind)
    for later in heads[1:]:
        if differ(heads[0], later) and near_day(heads[0], later) and later.line != heads[0].line:
            inner = [one for one in (heads[0], later) if one.clock.side and not _NOUN.search(one.text)]
            return heads[0], later, not inner
    return None


def _is_labelled(reading: Reading, moment: Moment, kind: str) -> bool:
    if moment.clock.side == 2 or moment.area == ACTIONS:
        return False
    if moment.row and moment.milestone.name == kind and not moment.milestone.strong:
        return False
    before = reading.line(moment.line).text[: moment.clock.start]
    if moment.explicit and moment.explicit.end <= moment.clock.start:
        before = before[: moment.explicit.start] + before[moment.explicit.end :]
    told = _TOLD[kind].search(before[-90:])
    if told and not moment.row and moment.area not in (TIMELINE, ACTIONS) and not _OTHER.search(before[-90:]):
        return True
    before = re.sub(
        (
            r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:approximately|approx|about|around"
            r"|on|T)\b|~"
        ),
        " ",
        before,
    )
    pattern = _START if kind == START else _END
    label = before.split("|")[-2] if before.count("|") >= 2 else before
    return len(label) < 60 and pattern.match(label.replace("|", " ")) is not None and not _FOREIGN.search(label)


def incidents_with_rows(reading: Reading) -> Iterator[tuple[int, list[Moment]]]:
    """Give each incident that has rows of its own; the document as a whole only where it has no others."""
    several = len(reading.incidents) > 1
    for incident in reading.incidents:
        rows = [moment for moment in reading.rows(incident) if moment.exact]
        if rows and not (several and incident == 0 and max(reading.incidents) > 1):
            yield incident, rows


def window_s(window: Window) -> float:
    """Give the length of a stated window in seconds."""
    return gap_s(window.begin, window.end)


def shifted(reading: Reading, incident: int, rows: list[Moment]) -> bool:
    """Tell whether head and rows differ by the same half hours at both ends: two zones, of which one is not printed."""
    gaps = []
    for kind in (START, END):
        heads = [one for one in stated(reading, incident, kind) if one not in rows]
        strong = [row for row in rows if kind in row.milestone.kinds]
        if not heads or not strong:
            return False
        gaps.append({round(gap_s(heads[0], row)) % DAY_S for row in strong})
    return any(gap and gap % 1800 == 0 for gap in gaps[0] & gaps[1])


def near_day(one: Moment, other: Moment) -> bool:
    """Tell whether two moments may belong to one incident by their dates."""
    return not (one.dated and other.dated) or abs(one.when - other.when) < timedelta(days=2)
