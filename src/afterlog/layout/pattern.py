"""The layout language: a pattern string becomes a tuple of parts."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NoReturn, TypeAlias

from afterlog.errors import LayoutError
from afterlog.layout.fields import ANY, CLASSES, FIELD_TYPES, PARTS
from afterlog.layout.scan import ByteClass
from afterlog.layout.times import TIME_FORMS


class How(Enum):
    """How the end of a field is found; both executions follow the same rule."""

    FREE = "the first literal behind it from which everything up to the next free field fits"
    RUN = "the end of a run of one class of bytes"
    QUOTED = "the first double quote that no backslash escapes"
    TAIL = "the end of the line"
    NUMBER = "the end of the digits"
    DURATION = "the end of the digits and the fraction"
    TIME = "the end of the time's form"


@dataclass(frozen=True, slots=True)
class Field:
    """A field a layout keeps: its name and its type, one of ``FIELD_TYPES`` or ``TIME_FORMS``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that must stand in the line as it is."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Blanks:
    """One or more blanks or tabs: ``{~}``."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where a field stands; ``name`` is ``_`` for one that is matched but not kept."""

    name: str
    type: str
    at: int
    how: How = How.TAIL

    @property
    def members(self) -> ByteClass:
        """The bytes the field may contain."""
        return CLASSES.get(self.type, ANY)

    @property
    def may_be_empty(self) -> bool:
        """Whether the field matches no bytes at all; those of a class of bytes do not."""
        return self.type not in CLASSES


Part: TypeAlias = Literal | Blanks | Slot


def parse(pattern: str) -> tuple[Part, ...]:
    """Split a pattern into parts, literals joined; raise LayoutError with position and caret."""
    parts = _split(pattern)
    if not parts:
        _bad(pattern, 0, "the layout is empty")
    _check_names(pattern, parts)
    resolved: list[Part] = []
    for index, part in enumerate(parts):
        if isinstance(part, Slot):
            before = parts[index - 1] if index else None
            behind = parts[index + 1] if index + 1 < len(parts) else None
            resolved.append(replace(part, how=_how(pattern, part, before, behind)))
        else:
            resolved.append(part)
    return tuple(resolved)


def _bad(pattern: str, at: int, message: str) -> NoReturn:
    shown = "".join(char if char.isprintable() else "?" for char in pattern)
    raise LayoutError(f"{message} (character {at + 1} of the layout)\n  {shown}\n  {' ' * at}^")


def _split(pattern: str) -> list[Part]:
    parts: list[Part] = []
    literal, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith(("{{", "}}"), at):
            literal, at = literal + char, at + 2
        elif char == "}":
            _bad(pattern, at, "'}' without '{'; a brace in the log line is written '}}'")
        elif char == "{":
            close = pattern.find("}", at)
            if close < 0:
                _bad(pattern, at, "'{' is never closed; a brace in the log line is written '{{'")
            if literal:
                parts.append(Literal(literal.encode()))
            literal = ""
            parts.append(_slot(pattern, at, pattern[at + 1 : close]))
            at = close + 1
        else:
            literal, at = literal + char, at + 1
    if literal:
        parts.append(Literal(literal.encode()))
    return parts


def _slot(pattern: str, at: int, inside: str) -> Part:
    if inside == "~":
        return Blanks()
    name, colon, type_ = inside.partition(":")
    if not (name == "_" or name.replace("-", "_").isidentifier()):
        _bad(pattern, at, f"{name!r} is no field name; write {{name}}, {{name:type}}, {{_}} or {{~}}")
    type_ = type_ if colon else "text"
    if type_ not in FIELD_TYPES and type_ not in TIME_FORMS:
        known = ", ".join([*FIELD_TYPES, *TIME_FORMS])
        _bad(pattern, at + 2 + len(name), f"unknown type {type_!r}; there are: {known}")
    return Slot(name, type_, at)


def _check_names(pattern: str, parts: list[Part]) -> None:
    seen: set[str] = set()
    for slot in parts:
        if isinstance(slot, Slot) and slot.name != "_":
            names = {slot.name, *PARTS.get(slot.type, ())}
            if twice := sorted(seen & names):
                _bad(pattern, slot.at, f"field {twice[0]!r} occurs twice")
            seen |= names


def _how(pattern: str, slot: Slot, before: Part | None, behind: Part | None) -> How:
    if slot.type in TIME_FORMS:
        return How.TIME
    if slot.type in ("d", "s", "ms", "us"):
        return How.NUMBER if slot.type == "d" else How.DURATION
    if slot.type == "rest" and behind is not None:
        _bad(pattern, slot.at, f"{{{slot.name}:rest}} takes the rest of the line; nothing can follow it")
    classed = slot.type in CLASSES
    if behind is None:
        return How.RUN if classed else How.TAIL
    if isinstance(behind, Slot):
        _bad(pattern, slot.at, f"the end of {{{slot.name}}} is unknown: put a literal or {{~}} behind it")
    if isinstance(behind, Blanks):
        return How.RUN if classed else How.FREE
    if classed and not slot.members.table[behind.text[0]]:
        return How.RUN
    quoted = isinstance(before, Literal) and before.text.endswith(b'"') and behind.text.startswith(b'"')
    return How.QUOTED if quoted and not classed else How.FREE
