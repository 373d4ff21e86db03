"""What counts as a failure: ``status>=500 or status==499``, read into a tree, computed over arrays, never run.

::

    rule       = term {"or" term}
    term       = factor {"and" factor}
    factor     = "not" factor | "(" rule ")" | comparison
    comparison = field operator value
    field      = status | duration | bytes | method | path | upstream | client | host | service
    operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"

Numbers (durations in seconds) are compared with numbers, texts in quotes with names; ``~`` searches a regular
expression. What was not logged fulfils no comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afterlog.errors import InputError

Flags: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.number]
Coded: TypeAlias = tuple[NDArray[np.integer], Sequence[str]]  # codes (n,), -1 for none, and what they stand for
Column: TypeAlias = Numbers | Coded

DEFAULT: Final = "status>=500"
NUMBERS: Final = ("status", "duration", "bytes")
NAMES: Final = ("method", "path", "upstream", "client", "host", "service")

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<operator>==|!=|<=|>=|!~|<|>|~)|(?P<bracket>[()])|(?P<number>\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<word>[A-Za-z_]+)|(?P<other>\S))"
)
_COMPARE: Final[dict[str, Callable[[Numbers, float], Flags]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_OF_NAMES: Final = ("==", "!=", "~", "!~")
_DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule: an operator over parts (``or``, ``and``, ``not``), or a comparison of a field with a value."""

    operator: str
    parts: tuple[Rule, ...] = ()
    field: str = ""
    value: float | str = 0.0

    @property
    def fields(self) -> frozenset[str]:
        """Name the columns that it needs."""
        own = {self.field} if self.field else set()
        return frozenset(own).union(*(part.fields for part in self.parts))

    def holds(self, columns: Mapping[str, Column]) -> Flags:
        """Tell for each row, (n,), whether the rule holds; numbers are arrays (n,), NaN or 0 where not logged."""
        if self.operator == "not":
            return ~self.parts[0].holds(columns)
        if self.parts:
            join = np.logical_or if self.operator == "or" else np.logical_and
            result: Flags = join.reduce([part.holds(columns) for part in self.parts])
            return result
        column = columns[self.field]
        return self._of_names(column) if isinstance(column, tuple) else self._of_numbers(column)

    def _of_numbers(self, column: Numbers) -> Flags:
        there = column > 0 if self.field == "status" else ~np.isnan(column.astype(np.float64))
        result: Flags = there & _COMPARE[self.operator](column, float(self.value))
        return result

    def _of_names(self, coded: Coded) -> Flags:
        codes, names = coded
        wanted = str(self.value)
        if self.operator in ("~", "!~"):
            found = [re.search(wanted, name) is not None for name in names]
        else:
            found = [name == wanted for name in names]
        same = np.array([*found, False], bool)
        if self.operator.startswith("!"):
            same[:-1] = ~same[:-1]
        result: Flags = same[codes]
        return result


def parse_rule(words: str) -> Rule:
    """Read a rule.

    Raises:
        InputError: it cannot be read; says where and what was expected.

    """
    return _Reader(words).rule()


class _Reader:
    """Reads a rule from left to right, one token ahead."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(words)]
        self.at = 0
        self.depth = 0

    def rule(self) -> Rule:
        read = self._any()
        if self.at < len(self.tokens):
            self._fail("and, or, or the end")
        return read

    def _any(self) -> Rule:
        parts = [self._all()]
        while self._take("word", "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Rule("or", tuple(parts))

    def _all(self) -> Rule:
        parts = [self._one()]
        while self._take("word", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Rule("and", tuple(parts))

    def _one(self) -> Rule:
        self.depth += 1
        if self.depth > _DEEPEST:
            self._fail(f"at most {_DEEPEST} nested parts")
        if self._take("word", "not"):
            read = Rule("not", (self._one(),))
        elif self._take("bracket", "("):
            read = self._any()
            if not self._take("bracket", ")"):
                self._fail("a closing )")
        else:
            read = self._comparison()
        self.depth -= 1
        return read

    def _comparison(self) -> Rule:
        name = self._next("word", "a field: " + ", ".join((*NUMBERS, *NAMES)))
        if name not in (*NUMBERS, *NAMES):
            self.at -= 1
            self._fail("a field: " + ", ".join((*NUMBERS, *NAMES)))
        operator = self._next("operator", "==, !=, <, <=, >, >=, ~ or !~")
        if operator not in (_COMPARE if name in NUMBERS else _OF_NAMES):
            self.at -= 1
            self._fail("a comparison of numbers" if name in NUMBERS else "==, !=, ~ or !~, since it is a name")
        if name in NUMBERS:
            return Rule(operator, (), name, float(self._next("number", "a number")))
        value = self._next("text", "a text in quotes")[1:-1]
        if operator in ("~", "!~"):
            try:
                re.compile(value)
            except re.error as error:
                raise InputError(f"--fail {self.words!r}: {value!r} is no regular expression: {error}.") from None
        return Rule(operator, (), name, value)

    def _take(self, kind: str, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == (kind, word):
            self.at += 1
            return True
        return False

    def _next(self, kind: str, expected: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != kind:
            self._fail(expected)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _fail(self, expected: str) -> NoReturn:
        found = repr(self.tokens[self.at][1]) if self.at < len(self.tokens) else "the end"
        raise InputError(
            f"--fail {self.words!r}: found {found} where {expected} was expected. "
            "Example: --fail 'status>=500 or status==499'"
        )
