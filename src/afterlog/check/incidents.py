"""Several incidents in one document: which lines belong to which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from afterlog.check.dates import find_dates
from afterlog.check.lines import HEADING, Line
from afterlog.check.words import TIMELINE, area_of

_NUMBERED: Final = re.compile(
    (
        r"^\W*(?:incident|outage|rca|case|postmortem|post-mortem)\b\W*(?:#|no\.?"
        r"|number)?\s*[\w-]*\d"
    ),
    re.IGNORECASE,
)
_WEEKDAY: Final = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bday \d+\b|\b(?:utc|gmt|am|pm)\b", re.IGNORECASE
)


def split_incidents(lines: Sequence[Line]) -> tuple[int, ...]:
    """Give for each line the number of its incident; 0 is the document as a whole."""
    level = _level(lines)
    numbers = []
    current, highest = 0, 0
    for line in lines:
        if level and line.kind == HEADING and 0 < line.level <= level:
            if line.level == level and _begins(line):
                highest += 1
                current = highest
            else:
                current = 0
        numbers.append(current)
    return tuple(numbers)


def _level(lines: Sequence[Line]) -> int:
    """Give the level of headings that begin an incident each: two at least, with different names."""
    named = {
        (line.level, line.text.strip()) for line in lines if line.kind == HEADING and line.level <= 6 and _begins(line)
    }
    counts = Counter(level for level, _text in named)
    levels = [level for level, count in counts.items() if count > 1]
    return min(levels, default=0)


def _begins(line: Line) -> bool:
    if area_of(line.text) == TIMELINE:
        return False
    if _NUMBERED.search(line.text):
        return True
    dates = find_dates(line.text)
    if not dates:
        return False
    rest = line.text
    for one in dates:
        rest = rest[: one.start] + " " * (one.end - one.start) + rest[one.end :]
    rest = _WEEKDAY.sub(" ", rest)
    within = any(area_of(words) == TIMELINE for _at, words in line.headings)
    letters = len(re.findall(r"[A-Za-z]", rest))
    return letters >= 3 and (not within or letters >= 8)
