"""Merging: what a person wrote in a draft survives when the draft is made again.

Three versions are compared unit by unit (a line with the blank lines after it): what the tool wrote last time, what
a person made of it, and what the tool writes now. What nobody touched is replaced; what a person changed, added or
deleted stays so; where both changed the same line, both are shown. Citations are compared by the line they cite, so
that new numbers of footnotes are no change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from afterlog.writing.footnotes import by_key, numbered, read_footnotes

CONFLICT: Final = "⚠ the logs now say:"
_LIKE: Final = 0.6
_WIDEST: Final = 150  # units of one changed stretch that are compared each with each
_CLOCK: Final = re.compile(r"^[*+-] (\d\d:\d\d(?::\d\d)?)\b")


@dataclass(frozen=True, slots=True)
class Unit:
    """A line and the number of blank lines after it."""

    text: str
    blanks: int

    @property
    def heading(self) -> int:
        """Give the level of a heading, 0 for other lines."""
        found = re.match(r"(#{1,6})\s", self.text)
        return len(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged document, and what became of it: lines replaced, kept as a person wrote them, and in conflict."""

    text: str
    updated: int
    added: int
    removed: int
    kept: int
    conflicts: tuple[str, ...]


def merge(base: str, mine: str, new: str) -> Merged:
    """Merge a person's text ``mine`` with ``new``, both descended from ``base``."""
    versions = [read_footnotes(document) for document in (base, mine, new)]
    units = [_units(by_key(lines, notes)) for lines, notes in versions]
    notes = {note.key: note for _lines, found in versions for note in found.values()}
    done = _Merge(*units).run()
    lines = [line for unit in done.units for line in (unit.text, *[""] * unit.blanks)]
    return Merged(numbered(lines, notes), done.updated, done.added, done.removed, done.kept, tuple(done.conflicts))


def _units(lines: Sequence[str]) -> list[Unit]:
    units: list[Unit] = []
    for line in lines:
        if line.strip():
            units.append(Unit(line.rstrip(), 0))
        elif units:
            units[-1] = Unit(units[-1].text, units[-1].blanks + 1)
    return units


def pair(old: Sequence[Unit], young: Sequence[Unit]) -> dict[int, int]:
    """Match each unit of ``old`` with what became of it in ``young``; those that are gone have no partner."""
    partner: dict[int, int] = {}
    matcher = SequenceMatcher(None, [u.text for u in old], [u.text for u in young], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            partner |= dict(zip(range(a, b), range(c, d), strict=True))
        elif tag == "replace":
            partner |= _alike(old, young, range(a, b), range(c, d))
    return partner


def _alike(old: Sequence[Unit], young: Sequence[Unit], left: range, right: range) -> dict[int, int]:
    """Pair similar units in order, so that the sum of their likeness is greatest (dynamic programming)."""
    if not left or not right or len(left) * len(right) > _WIDEST * _WIDEST:
        return {}
    likeness = [[_likeness(old[i], young[j]) for j in right] for i in left]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            joined = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= _LIKE else -1.0
            best[i][j] = max(joined, best[i + 1][j], best[i][j + 1])
    partner: dict[int, int] = {}
    i = j = 0
    while i < len(left) and j < len(right):
        if likeness[i][j] >= _LIKE and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            partner[left[i]] = right[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return partner


def _likeness(one: Unit, other: Unit) -> float:
    row_and_none = (one.text[:1] == "|") != (other.text[:1] == "|")
    if one.heading != other.heading or CONFLICT in other.text or row_and_none:
        return 0.0
    matcher = SequenceMatcher(None, one.text, other.text, autojunk=False)
    if matcher.real_quick_ratio() < _LIKE or matcher.quick_ratio() < _LIKE:
        cited = [set(re.findall(r"\[\^([^\]]+)\]", unit.text)) for unit in (one, other)]
        return _LIKE if cited[0] and cited[0] == cited[1] else 0.0
    return matcher.ratio()


class _Merge:
    """One merge: walks along the base and decides on every unit."""

    def __init__(self, base: list[Unit], mine: list[Unit], new: list[Unit]) -> None:
        self.base, self.mine, self.new = base, mine, new
        self.to_mine, self.to_new = pair(base, mine), pair(base, new)
        self.units: list[Unit] = []
        self.updated = self.added = self.removed = self.kept = 0
        self.conflicts: list[str] = []
        self._stale: set[int] = set()
        self._closed = self._closed_sections()

    def run(self) -> _Merge:
        """Merge."""
        in_mine, in_new = _gaps(self.base, self.mine, self.to_mine), _gaps(self.base, self.new, self.to_new)
        self._insert(in_mine[0], in_new[0])
        for index in range(len(self.base)):
            self._decide(index)
            self._insert(in_mine[index + 1], in_new[index + 1])
        self._space()
        return self

    def _closed_sections(self) -> set[int]:
        """Find the units of ``new`` under a heading that a person deleted with all that stood below it."""
        closed: set[int] = set()
        back = {j: i for i, j in self.to_new.items()}
        for j, unit in enumerate(self.new):
            i = back.get(j)
            if unit.heading and i is not None and self._deleted_section(i):
                closed.update(range(j, _section_end(self.new, j)))
        return closed

    def _deleted_section(self, index: int) -> bool:
        return all(i not in self.to_mine for i in range(index, _section_end(self.base, index)))

    def _decide(self, index: int) -> None:
        base = self.base[index]
        mine = self.mine[self.to_mine[index]] if index in self.to_mine else None
        new = self.new[self.to_new[index]] if index in self.to_new else None
        if mine is None:
            self.kept += 1  # deleted by a person: it stays deleted
        elif mine.text == base.text:
            if new is None:
                self.removed += 1
                return
            self.updated += new.text != base.text
            self.units.append(Unit(new.text, new.blanks if mine.blanks == base.blanks else mine.blanks))
        elif new is None or new.text in (base.text, mine.text):
            self.kept += mine.text != (new.text if new else "")
            blanks = new.blanks if new and mine.blanks == base.blanks else mine.blanks
            self.units.append(Unit(mine.text, blanks))
        else:
            self._conflict(index, mine, new)

    def _conflict(self, index: int, mine: Unit, new: Unit) -> None:
        """Show both; an older, unresolved note on the same line is replaced."""
        below = self.to_mine[index] + 1
        if below < len(self.mine) and CONFLICT in self.mine[below].text:
            self._stale.add(below)
            mine = Unit(mine.text, 0)
        self.conflicts.append(mine.text)
        told = _marked(new)
        blanks = 0 if told.text[:1] in "|*-+" else max(mine.blanks, 1)
        self.units += [Unit(mine.text, blanks), Unit(told.text, max(new.blanks, mine.blanks))]

    def _insert(self, mine: list[int], new: list[int]) -> None:
        added = [self.new[j] for j in new if j not in self._closed]
        self.added += len(added)
        own = [self.mine[j] for j in mine if j not in self._stale]
        self.kept += len(own)
        fresh = [unit for unit in added if unit.text not in {other.text for other in own}]
        self.units += _by_clock(own, fresh)

    def _space(self) -> None:
        """Let headings stand alone, and rows of one table or list together."""
        for index, unit in enumerate(self.units[:-1]):
            following = self.units[index + 1]
            both = unit.text[:1] + following.text[:1]
            if (
                both == "||"
                and unit.blanks
                and following.text.count("|") == unit.text.count("|")
                and "---" not in following.text
            ):
                below = self.units[index + 2].text if index + 2 < len(self.units) else ""
                if not re.match(r"\|[-|: ]+\|$", below):
                    self.units[index] = Unit(unit.text, 0)
            elif not unit.blanks and (following.heading or unit.heading):
                self.units[index] = Unit(unit.text, 1)


def _marked(new: Unit) -> Unit:
    """Mark what the tool says now, in the form of the line it stands beside: a row, an entry or a quote."""
    row = re.match(r"\|\s*", new.text)
    entry = re.match(r"[*+-] ", new.text)
    if row:
        return Unit(f"| {CONFLICT} {new.text[row.end() :]}", new.blanks)
    if entry:
        return Unit(f"{entry[0]}{CONFLICT} {new.text[entry.end() :]}", new.blanks)
    return Unit(f"> {CONFLICT} {new.text.lstrip('#> ')}", new.blanks)


def _section_end(units: Sequence[Unit], index: int) -> int:
    """Find where a section ends: the next heading of the same level or above."""
    level = units[index].heading
    return next((j for j in range(index + 1, len(units)) if 0 < units[j].heading <= level), len(units))


def _gaps(base: Sequence[Unit], young: Sequence[Unit], partner: dict[int, int]) -> list[list[int]]:
    """List what ``young`` adds, by the unit of ``base`` it follows; index 0 is the beginning."""
    gaps: list[list[int]] = [[] for _ in range(len(base) + 1)]
    back = {j: i for i, j in partner.items()}
    gap = 0
    for j in range(len(young)):
        if j in back:
            gap = back[j] + 1
        else:
            gaps[gap].append(j)
    return gaps


def _by_clock(own: list[Unit], fresh: list[Unit]) -> list[Unit]:
    """Put the added ones together: by the clock where both are entries of a timeline, else a person's first."""
    clocks = [_CLOCK.match(unit.text) for unit in (*own, *fresh)]
    if own and fresh and all(clocks):
        return [
            unit
            for _clock, unit in sorted(
                zip((c[1] for c in clocks if c), (*own, *fresh), strict=True), key=lambda pair: pair[0]
            )
        ]
    return [*own, *fresh]
