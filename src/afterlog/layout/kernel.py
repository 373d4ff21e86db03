"""A layout as a vectorised kernel: all lines of a block walk through the parts together.

The kernel gives each free field the first occurrence of the literal behind it and checks the rest. A line
that fails is *lost* (no regex could match it either) or *in doubt* (a later occurrence might do): the
regex decides those.
"""

from dataclasses import dataclass, field

import numpy as np

from afterlog.layout.block import Block, Ints, Mask
from afterlog.layout.fields import BLANKS, NOT_BLANK
from afterlog.layout.lines import Lines
from afterlog.layout.pattern import Blanks, How, Literal, Part, Slot
from afterlog.layout.scan import digits_end, find_literal, literal_at, run_end
from afterlog.layout.times import TIME_FORMS
from afterlog.layout.words import all_true

MAX_DIGITS = 18
MAX_FRACTION = 9


@dataclass(frozen=True, slots=True)
class Spans:
    """Rows that matched, ascending, and the span of every field (in the order of the slots) in each."""

    rows: Ints
    starts: list[Ints]
    ends: list[Ints]


@dataclass(slots=True)
class Walk:
    """Where every line still in the race stands."""

    block: Block
    rows: Ints
    at: Ints
    limits: Ints
    free: bool = False  # a free field has been passed: a failure is only a doubt
    doubts: list[Ints] = field(default_factory=list)
    keeps: list[Ints] = field(default_factory=list)
    captures: list[tuple[int, Ints, Ints]] = field(default_factory=list)

    def capture(self, starts: Ints, ends: Ints) -> None:
        """Note the span of the next field."""
        self.captures.append((len(self.keeps), starts, ends))

    def keep(self, ok: Mask, *, lost: bool = False) -> None:
        """Go on with the lines that are ok; the others are lost, or in doubt behind a free field."""
        if ok.all():
            return
        if self.free and not lost:
            self.doubts.append(self.rows[~ok])
        kept = np.flatnonzero(ok)
        self.keeps.append(kept)
        self.rows, self.at, self.limits = self.rows[kept], self.at[kept], self.limits[kept]

    def doubt(self, unsure: Mask) -> None:
        """Leave these lines to the regex."""
        if unsure.any():
            self.doubts.append(self.rows[unsure])
            free, self.free = self.free, False
            self.keep(~unsure)
            self.free = free

    def spans(self) -> Spans:
        """Return the captured spans of the lines that are left."""
        index = np.arange(len(self.rows))
        starts: list[Ints] = []
        ends: list[Ints] = []
        generation = len(self.keeps)
        for made, begin, end in reversed(self.captures):
            while generation > made:
                generation -= 1
                index = self.keeps[generation][index]
            same = made == len(self.keeps)
            starts.append(begin if same else begin[index])
            ends.append(end if same else end[index])
        return Spans(self.rows, starts[::-1], ends[::-1])


def run_kernel(parts: tuple[Part, ...], lines: Lines) -> tuple[Spans, Ints]:
    """Return the spans of the lines the kernel matches, and the rows only the regex can decide, sorted."""
    walk = Walk(lines.block, np.arange(len(lines)), lines.starts, lines.ends)
    skip = False
    for index, part in enumerate(parts):
        if skip:
            skip = False
        elif isinstance(part, Literal):
            walk.keep(literal_at(walk.block, walk.at, walk.limits, part.text))
            walk.at = walk.at + len(part.text)
        elif isinstance(part, Blanks):
            end = run_end(walk.block, walk.at, walk.limits, BLANKS)
            ok = end > walk.at
            walk.at = end
            walk.keep(ok)
        elif part.how is How.FREE:
            skip = _free(walk, part, parts[index + 1])
        else:
            _bounded(walk, part)
    walk.keep(walk.at == walk.limits)
    doubts = np.sort(np.concatenate(walk.doubts)) if walk.doubts else np.empty(0, np.int64)
    return walk.spans(), doubts


def _free(walk: Walk, slot: Slot, behind: Part) -> bool:
    """Pass a free field; return whether the literal behind it has been passed, too."""
    block, at, limits = walk.block, walk.at, walk.limits
    first = at if slot.may_be_empty else np.minimum(at + 1, limits)
    if isinstance(behind, Literal):
        end = find_literal(block, first, limits, behind.text)
        found = end >= 0
    else:
        end = run_end(block, first, limits, NOT_BLANK)
        found = end < limits
    if not slot.may_be_empty:
        found &= run_end(block, at, limits, slot.members) >= end
        found &= end > at
    walk.capture(at, end)
    passed = len(behind.text) if isinstance(behind, Literal) else 0
    walk.at = end + passed
    walk.keep(found, lost=True)
    walk.free = True
    return passed > 0


def _bounded(walk: Walk, slot: Slot) -> None:
    block, at, limits = walk.block, walk.at, walk.limits
    ok = all_true(len(at))
    unsure = None
    if slot.how is How.TAIL:
        end = limits
    elif slot.how is How.RUN:
        end = run_end(block, at, limits, slot.members)
        ok = end > at
    elif slot.how is How.QUOTED:
        end = block.following(b'"', at, limits)
        ok = end < limits
        unsure = ok & (end > at) & (block.octets[np.maximum(end - 1, 0)] == ord("\\"))
    elif slot.how is How.TIME:
        end, ok = TIME_FORMS[slot.type].ends(block, at, limits)
    else:
        end, ok = _number(block, at, limits, decimal=slot.how is How.DURATION)
    walk.capture(at, end)
    walk.at = end
    walk.keep(ok)
    if unsure is not None:
        walk.doubt(unsure[ok])


def _number(block: Block, at: Ints, limits: Ints, *, decimal: bool) -> tuple[Ints, Mask]:
    sign = block.octets[at]
    minus = (sign == ord("-")) & (at < limits)
    signed = minus | ((sign == ord("+")) & (at < limits))
    first = at + signed
    end = digits_end(block, first, limits)
    count = end - first
    ok = ((count > 0) & (count <= MAX_DIGITS)) | (minus & (count == 0))
    if decimal:
        dot = (block.octets[end] == ord(".")) & (end < limits) & (count > 0)
        if dot.any():
            after = digits_end(block, np.minimum(end + 1, limits), limits)
            printed = after - end - 1
            end = np.where(dot & (printed > 0) & (printed <= MAX_FRACTION), after, end)
    return end, ok
