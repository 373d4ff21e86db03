"""Sums, shares and means that do not come out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import hours
from afterlog.check.lengths import DURATION, REPAIR, RESOLVE
from afterlog.check.lines import LOG, ROW, Line
from afterlog.check.model import Against, Finding, Length, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.spans import find_spans

_SHARE: Final = re.compile(
    (
        r"(?P<loose>~|about|around|approx\w*\.?|roughly|nearly|almost|over|more than|less than"
        r"|up to)?\s*(?<![\d.,])(?P<n>\d[\d,]*)\s+(?:out\s+)?of\s+(?:the\s+|our\s+|all\s+|its\s+"
        r"|a total of\s+)?(?P<m>\d[\d,]*)(?![\d.,]*\d|\.\d|%)[^.%;()\n]{0,40}?\(\s*(?P<about>~"
        r"|about |around |approx\w*\.? |roughly |nearly |over |more than "
        r")?(?P<p>\d+(?:\.\d+)?)\s?%\s*\)"
    ),
    re.IGNORECASE,
)
_REST: Final = re.compile(
    (
        r"(?P<a>\d+(?:\.\d+)?)\s?%[^.%\n]{0,120}?\bthe (?:remaining|other"
        r"|rest)[^.%\n\d]{0,24}?(?P<b>\d+(?:\.\d+)?)\s?%"
    ),
    re.IGNORECASE,
)
_MEAN: Final = re.compile(r"^\W*mean[\s-]time[\s-]to[\s-](?P<what>repair|resolve)\W", re.IGNORECASE)
_LOOSE: Final = re.compile(r"(?:~|about|around|approx\w*\.?|roughly|nearly|over|more than|up to)\s*$", re.IGNORECASE)


class Sum(Rule):
    """Numbers that do not add up: n of m and its percentage, a share and the rest, a table's total, a mean, a total.

    Percentages are held to the digits printed. Contradicted where no rounding helps; never where a number is
    called about or over.
    """

    name: ClassVar[str] = "sum"
    should_fire: ClassVar[tuple[str, ...]] = (
        "In all, 120 of 400 requests (45%) failed.\n",
        "78% of users saw an outage, while the remaining 32% saw slow pages.\n",
        "| Region | Failed |\n|---|---|\n| EU | 120 |\n| US | 80 |\n| Total | 230 |\n",
        (
            "- **Mean Time to Repair**: 2h 10m\n\n### Incident on 2024-07-25\n"
            "- **Time to repair**: 1h 0m\n\n### Incident on 2024-08-25\n- **Time to repair**: 2h 0m\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "In all, 1,234 of 4,000 requests (31%) failed, about 10 of 30 hosts (30%), 3 of 7 (42.9%).\n",
        "78% of users saw an outage, while the remaining 22% saw slow pages.\n",
        ("| Region | Failed | Rate |\n|---|---|---|\n| EU | 120 | 4% |\n| US | 80 | 2% |\n| Total | 200 | 3% |\n"),
        (
            "- **Mean Time to Repair**: 1h 30m\n\n### Incident on 2024-07-25\n"
            "- **Time to repair**: 1h 0m\n\n### Incident on 2024-08-25\n- **Time to repair**: 2h 0m\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Recalculate what can be."""
        del facts
        for line in reading.lines:
            if line.kind != LOG and "%" in line.text:
                yield from self._shares(reading, line)
        yield from self._tables(reading)
        yield from self._means(reading)
        yield from self._totals(reading)

    def _shares(self, reading: Reading, line: Line) -> Iterator[Finding]:
        text = line.text[:4000]
        for match in _SHARE.finditer(text):
            part, whole, printed = _int(match["n"]), _int(match["m"]), match["p"]
            if match["loose"] or match["about"] or not whole or part > whole:
                continue
            real, step = 100 * part / whole, 10.0 ** -len(printed.partition(".")[2])
            if abs(real - float(printed)) > max(step, 0.6 if step == 1 else step):
                yield _said(
                    reading,
                    self.name,
                    line,
                    match.span(),
                    (
                        f"{match['n']} of {match['m']} is {real:.{len(printed.partition('.')[2]) or 1}f}%, not "
                        f"{printed}%"
                    ),
                )
        for match in _REST.finditer(text):
            total = float(match["a"]) + float(match["b"])
            if abs(total - 100) > 1 and not _LOOSE.search(text[: match.start()]):
                yield _said(
                    reading,
                    self.name,
                    line,
                    match.span(),
                    f"{match['a']}% and the remaining {match['b']}% make {total:g}%",
                )

    def _tables(self, reading: Reading) -> Iterator[Finding]:
        tables: dict[int, list[Line]] = {}
        for line in reading.lines:
            if line.kind == ROW:
                tables.setdefault(line.block, []).append(line)
        for rows in tables.values():
            last = rows[-1]
            if len(rows) < 4 or not re.match(r"\W*(?:total|sum)\W*$", _cell(last, 0), re.IGNORECASE):
                continue
            for column in range(1, len(last.cells)):
                values = [_plain(_cell(row, column)) for row in rows[1:]]
                if any(value is None for value in values):
                    continue
                numbers = [value for value in values if value is not None]
                if sum(numbers[:-1]) != numbers[-1]:
                    cell = last.cells[column]
                    yield _said(
                        reading,
                        self.name,
                        last,
                        (cell.start, cell.end),
                        f"the column makes {sum(numbers[:-1])}, not {numbers[-1]}",
                        *(row.number for row in rows[1:-1]),
                    )

    def _means(self, reading: Reading) -> Iterator[Finding]:
        for line in reading.lines:
            match = _MEAN.match(line.text)
            spans = find_spans(line.text) if match else []
            if not match or not spans or not spans[0].exact:
                continue
            meaning = REPAIR if match["what"].lower() == "repair" else RESOLVE
            last = next(
                (
                    other.number
                    for other in reading.lines[line.number :]
                    if other.level and (m := _MEAN.match(_next(reading, other.number, match["what"]))) and m
                ),
                len(reading.lines),
            )
            inside = [one for one in reading.lengths if one.meaning == meaning and line.number < one.line < last]
            numbers = {reading.incident_of[number] for number in range(line.number, last)} - {0}
            if (
                len(inside) < 1
                or {one.incident for one in inside} != numbers
                or len(inside) != len(numbers)
                or not all(one.span.exact for one in inside)
            ):
                continue
            mean = sum(one.span.seconds for one in inside) / len(inside)
            if abs(mean - spans[0].seconds) >= 120:
                yield _said(
                    reading,
                    self.name,
                    line,
                    (spans[0].start, spans[0].end),
                    f"the mean of the {len(inside)} below is {hours(mean)}, not {spans[0].raw}",
                    *(one.line for one in inside),
                )

    def _totals(self, reading: Reading) -> Iterator[Finding]:
        parts: dict[int, Length] = {}
        for one in reading.lengths:
            if one.incident and one.meaning == DURATION and one.labelled and not one.note:
                parts.setdefault(one.incident, one)
        if len(parts) < 2 or set(parts) != set(reading.incidents) - {0}:
            return
        real = sum(one.span.seconds for one in parts.values())
        for one in reading.lengths:
            if one.incident == 0 and one.note == "summed" and not _holds(one, real):
                yield _said(
                    reading,
                    self.name,
                    reading.line(one.line),
                    (one.span.start, one.span.end),
                    f"the {len(parts)} durations below make {hours(real)}, not {one.span.raw}",
                    *(part.line for part in parts.values()),
                )


def _holds(one: Length, real: float) -> bool:
    if one.span.bound == "least":
        return real >= one.span.seconds * 0.95
    return one.span.agrees(real)


def _next(reading: Reading, number: int, what: str) -> str:
    """Give the first line below a heading that states the same mean, before the next heading."""
    for line in reading.lines[number : number + 8]:
        if line.level:
            return ""
        found = _MEAN.match(line.text)
        if found and found["what"].lower() == what.lower():
            return line.text
    return ""


def _said(reading: Reading, rule: str, line: Line, columns: tuple[int, int], says: str, *against: int) -> Finding:
    return Finding(
        rule,
        Verdict.CONTRADICTED,
        line.number,
        reading.cut(line.number),
        says,
        tuple(Against(one) for one in against),
        *columns,
    )


def _int(text: str) -> int:
    return int(text.replace(",", "") or 0)


def _cell(line: Line, column: int) -> str:
    if column >= len(line.cells):
        return ""
    return line.text[line.cells[column].start : line.cells[column].end].strip()


def _plain(text: str) -> int | None:
    return _int(text) if re.fullmatch(r"\d[\d,]*", text) else None
