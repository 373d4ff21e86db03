"""A layout as a bytes regex: the reference, and the second chance of lines the kernel does not take.

What keeps it linear on hostile lines: every run is possessive; a free field together with all that follows it
up to the next free field is one atomic group, so an earlier field is never lengthened for the sake of a later
one; and a free field looks at no more than TRIES places of the literal behind it.
"""

import re
from itertools import pairwise

from afterlog.layout.fields import BLANKS, DECIMAL, INTEGER
from afterlog.layout.pattern import Blanks, How, Literal, Part, Slot
from afterlog.layout.times import TIME_FORMS

TRIES = 32


def compile_regex(parts: tuple[Part, ...], *, whole: bool = True) -> re.Pattern[bytes]:
    """Compile these parts, one group per field in order; ``whole``: up to the end of the line."""
    source, atomic = b"", False
    for index, part in enumerate(parts):
        if isinstance(part, Literal):
            source += re.escape(part.text)
        elif isinstance(part, Blanks):
            source += rb"[ \t]++"
        elif part.how is How.FREE:
            behind = parts[index + 1] if index + 1 < len(parts) else None
            source += (b")" if atomic else b"") + b"(?>(" + _free(part, behind) + b")"
            atomic = True
        else:
            source += b"(" + _bounded(part) + b")"
    source += (rb"\Z" if whole else b"") + (b")" if atomic else b"")
    return re.compile(source, re.DOTALL)


def _bounded(slot: Slot) -> bytes:
    """Return a field whose end does not depend on trying."""
    if slot.how is How.TIME:
        return TIME_FORMS[slot.type].regex
    return {
        How.RUN: _class(slot.members.members) + b"++",
        How.QUOTED: rb'[^"\\]*+(?:\\.[^"\\]*+)*+',
        How.TAIL: rb".*+",
        How.NUMBER: INTEGER,
        How.DURATION: DECIMAL,
    }[slot.how]


def _free(slot: Slot, behind: Part | None) -> bytes:
    """Return a field that ends at the first literal from which the rest of its atomic group fits."""
    stop, rest = (BLANKS.members, b"") if not isinstance(behind, Literal) else (behind.text[:1], behind.text[1:])
    first = b"" if slot.may_be_empty else _class(slot.members.members)
    other = _class(bytes(set(slot.members.members) - set(stop)))
    stopper = _class(stop)
    skip = other + b"*+"
    if rest:
        skip += b"(?:" + stopper + b"(?!" + re.escape(rest) + b")" + other + b"*+)*+"
    return first + skip + b"(?:" + stopper + skip + b"){0,%d}?" % (TRIES - 1)


def _class(members: bytes) -> bytes:
    """Return a character class of exactly these bytes."""
    absent = bytes(sorted(set(range(256)) - set(members)))
    if len(absent) < len(members):
        return b"[^" + _escaped(absent) + b"]" if absent else rb"[\x00-\xff]"
    return b"[" + _escaped(bytes(sorted(members))) + b"]"


def _escaped(members: bytes) -> bytes:
    """Write ascending bytes as ranges: Python compiles these many times faster than every byte by itself."""
    breaks = [0, *(i for i in range(1, len(members)) if members[i] != members[i - 1] + 1), len(members)]
    runs = [(members[begin], members[end - 1]) for begin, end in pairwise(breaks)]
    return b"".join(rb"\x%02x" % first + (rb"-\x%02x" % last if last > first else b"") for first, last in runs)
