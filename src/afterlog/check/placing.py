"""Which clock time of a line is the row of a timeline, and what the row says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from afterlog.check.clocks import Clock
from afterlog.check.dates import DateRead
from afterlog.check.lines import CODE, FRONT, HEADING, HTML, ITEM, LOG, ROW, TEXT, Cell, Line
from afterlog.check.milestones import milestone_of
from afterlog.check.words import ACTIONS, TIMELINE
from afterlog.check.zones import ZONE

_LEAD: Final = re.compile(
    (
        r"^(?:[^\w~≈T]|\b(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)(?:day|nesday|sday|rsday"
        r"|urday)?\b\.?,?|\bDay \d+\b|\bT(?=\d)|~|≈|\bca\.?\s)+"
    ),
)
_LEAD_WORDS: Final = re.compile(
    (
        r"^(?:(?:at|around|about|approximately|approx\.?|by|on|from|between|circa|time"
        r"|the)\b[\s:]*)+"
    ),
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    rf"^(?:\s?\(?\s*(?:{ZONE}|local(?: time)?|[A-Z][a-z]+ (?:Standard |Daylight "
    rf")?[Tt]ime)\s*\)?)?\s*(?:$|[-–—:|)\]>,;=.→➜⇒]|\s\s|&|\*)"
)
_TIME_COLUMN: Final = re.compile(
    r"\btimes?\b|\bwhen\b|time ?stamp|\bhours?\b|\butc\b|\bclock\b|^date|date ?/ ?time", re.IGNORECASE
)
_NOT_TIME: Final = re.compile(r"time (?:to|taken|spent|since)|duration|elapsed|due|deadline|eta\b", re.IGNORECASE)
_BESIDE: Final = re.compile(r"^\s*(?:day|weekday|date\b.*|zone|tz|time ?zone|#|no\.?|id)\s*$", re.IGNORECASE)
_LABEL: Final = re.compile(r"^[\W_]*(?P<label>[A-Za-z][^:|=]{1,60}?)\s*(?:[:|=–—]|\s-\s|\s(?:at|on)\b|\s\s)[\s(~]*$")
_LOGGY: Final = re.compile(
    r"\b(?:INFO|WARN(?:ING)?|ERROR|DEBUG|FATAL|TRACE|NOTICE|CRIT(?:ICAL)?)\b|\w\[\d+\]"
    r"|^\S*\d{4}-\d\d-\d\dT|^[\s{\[]*\"|\d{1,3}(?:\.\d{1,3}){3}|=\S+ \S+="
)


@dataclass(frozen=True, slots=True)
class Placed:
    """The clocks of one line, and which of them (by index) is the row."""

    line: Line
    clocks: tuple[Clock, ...]
    dates: tuple[DateRead, ...]
    lead: int | None  # the clock that opens the line
    label: int | None  # the clock that closes ``label: time``
    text: str  # what happened then
    weak: bool = False  # opened by a word (At 10:05 …)
    column: int | None = None  # of a table


def place(line: Line, clocks: Sequence[Clock], dates: Sequence[DateRead]) -> Placed:
    """Look how a line's clocks stand in it."""
    found, marks = tuple(clocks), tuple(dates)
    if not found or line.kind in (FRONT, HEADING):
        return Placed(line, found, marks, None, None, line.text.strip())
    if line.kind == ROW:
        return _place_cell(line, found, marks)
    lead, weak = _leading(line, found, marks)
    if lead is not None:
        return Placed(line, found, marks, lead, None, _after(line, found, lead), weak)
    label = _LABEL.match(_without(line.text, marks, found[0].start))
    tail = line.text[found[-1].end :]
    if label and len(re.sub(r"[\W_]", "", tail)) <= 30 and found[0].side != 2:
        words = label["label"].strip()
        return Placed(line, found, marks, None, 0, words + (f" {tail.strip()}" if tail.strip(" ().:") else ""))
    return Placed(line, found, marks, None, None, line.text.strip())


def _without(text: str, dates: Sequence[DateRead], end: int) -> str:
    head = text[:end]
    for one in dates:
        if one.end <= end:
            head = head[: one.start] + " " * (one.end - one.start) + head[one.end :]
    return re.sub(r"\s(?:at|on)\s*$", "  ", head.rstrip()) + "  "


def _leading(line: Line, clocks: Sequence[Clock], dates: Sequence[DateRead]) -> tuple[int | None, bool]:
    text = line.text
    at, weak = 0, False
    for _round in range(6):
        moved = _LEAD.match(text[at:])
        if moved:
            at += moved.end()
        word = _LEAD_WORDS.match(text[at:])
        if word and word.end():
            at, weak = at + word.end(), True
        date = next((one for one in dates if abs(one.start - at) <= len(one.weekday_raw) + 2 and one.end > at), None)
        if date is not None:
            at = date.end
        if not (moved or (word and word.end()) or date):
            break
    index = next((i for i, clock in enumerate(clocks) if abs(clock.start - at) <= 1), None)
    return index, weak


def _after(line: Line, clocks: Sequence[Clock], lead: int) -> str:
    end = clocks[lead].end
    if clocks[lead].side == 1 and lead + 1 < len(clocks):
        end = clocks[lead + 1].end
    return re.sub(rf"^[\s)\]]*(?:\(?{ZONE}\)?)?[\s\W]*", "", line.text[end:]).strip()


def _place_cell(line: Line, clocks: tuple[Clock, ...], dates: tuple[DateRead, ...]) -> Placed:
    columns = [
        index
        for index, cell in enumerate(line.cells)
        if _TIME_COLUMN.search(cell.header) and not _NOT_TIME.search(cell.header)
    ]
    for column in columns or [0]:
        if column >= len(line.cells):
            continue
        cell = line.cells[column]
        lead = next((i for i, clock in enumerate(clocks) if _opens(line, cell, clock, dates)), None)
        if lead is not None:
            others = [
                line.text[one.start : one.end].strip()
                for i, one in enumerate(line.cells)
                if i not in columns and i != column and not _BESIDE.search(one.header)
            ]
            return Placed(line, clocks, dates, lead, None, " · ".join(word for word in others if word), column=column)
    return Placed(line, clocks, dates, None, None, line.text.strip(" |"))


def _opens(line: Line, cell: Cell, clock: Clock, dates: Sequence[DateRead]) -> bool:
    if not cell.start <= clock.start < cell.end:
        return False
    before = line.text[cell.start : clock.start]
    for one in dates:
        if cell.start <= one.start and one.end <= clock.start:
            before = before.replace(one.raw, " ")
    return len(re.sub(r"[\W_]|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*", "", before)) <= 2


def rows_of(placed: Sequence[Placed]) -> dict[int, int]:
    """Choose the rows: line number → index of the clock.

    A time in prose becomes a row only in a timeline, or among its like.
    """
    leads: Counter[tuple[int, int]] = Counter()
    labels: Counter[int] = Counter()
    for one in placed:
        if one.lead is not None and not one.weak and _separated(one):
            leads[one.line.section, one.line.depth] += 1
        if one.label is not None and milestone_of(one.text).name:
            labels[one.line.block] += 1
    rows: dict[int, int] = {}
    for one in placed:
        chosen = _row(one, leads[one.line.section, one.line.depth], labels[one.line.block])
        if chosen is not None:
            rows[one.line.number] = chosen
    return rows


def _separated(one: Placed) -> bool:
    clock = one.clocks[one.lead or 0]
    if clock.side == 1 and (one.lead or 0) + 1 < len(one.clocks):
        clock = one.clocks[(one.lead or 0) + 1]
    return _AFTER.match(one.line.text[clock.end :]) is not None


def _row(one: Placed, mates: int, labelled: int) -> int | None:
    line = one.line
    if line.area == ACTIONS:
        return None
    if one.lead is not None:
        return one.lead if _is_row(one, line, mates) else None
    if one.label is not None and line.kind in (ITEM, TEXT, HTML):
        if line.area == TIMELINE and (milestone_of(one.text).kinds or labelled):
            return one.label
        if labelled >= 3 and milestone_of(one.text).name:
            return one.label
    return None


def _is_row(one: Placed, line: Line, mates: int) -> bool:
    clock = one.clocks[one.lead or 0]
    human = line.kind == CODE and line.area == TIMELINE and bool(clock.meridiem or clock.zone)
    if line.kind in (LOG, CODE) and (_LOGGY.search(line.text) or (mates < 2 + (line.area != TIMELINE) and not human)):
        return False
    if line.kind == ROW:
        return clock.sure or line.area == TIMELINE or clock.minute < 60
    if line.area == TIMELINE:
        opened = line.opens or line.kind in (LOG, CODE, HTML) or not one.weak
        return opened and (not one.weak or line.kind == ITEM or (line.opens and bool(one.text)))
    return not one.weak and clock.sure and mates >= 2 and _separated(one)
