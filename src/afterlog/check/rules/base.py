"""What a rule is, and the register into which each enters itself.

A rule is one class in one module of this package: its docstring is its documentation (first line: what it says;
the rest: when it contradicts and when it only warns), its examples are documents on which it must and must not fire.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.model import Finding, Reading

REGISTER: Final[dict[str, type[Rule]]] = {}


class Rule(ABC):
    """Base of all rules; a subclass with a ``name`` enters the register by being defined."""

    name: ClassVar[str] = ""
    needs_case: ClassVar[bool] = False
    should_fire: ClassVar[tuple[str, ...]] = ()
    should_not_fire: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        if cls.name:
            REGISTER[cls.name] = cls

    @abstractmethod
    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Yield what the rule finds; ``facts`` is None where no case was given."""

    @classmethod
    def title(cls) -> str:
        """Give the first line of its documentation."""
        return (inspect.getdoc(cls) or "").partition("\n")[0]
