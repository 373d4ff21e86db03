"""The registry: which parsers there are, and which of them reads a source.

All parsers are asked about the first lines of a source; the one that understands the largest share of them
reads it. Where two understand the same share, the more specific one wins: a parser with state before a
declared one, then the layout with more literal text; what is still equal is an error of the parsers.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np

from afterlog.errors import InputError, ParserError
from afterlog.parser import LineParser, Lines, Parser, RecordParser

HEAD_LINES: Final = 200
ENOUGH: Final = 0.5
"""Share of a source's first lines that a parser must understand to be given it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """How much of a source's first lines one parser understands, 0 to 1."""

    parser: Parser
    share: float


class Registry:
    """The parsers at hand, by name."""

    def __init__(self, parsers: Iterable[Parser]) -> None:
        self._parsers: dict[str, Parser] = {}
        for parser in parsers:
            if parser.name in self._parsers:
                raise ParserError(f"two parsers are named {parser.name!r}; rename one of them")
            self._parsers[parser.name] = parser
        self._inner = [p for p in self if isinstance(p, LineParser) and p.inside]

    def __iter__(self) -> Iterator[Parser]:
        return iter(sorted(self._parsers.values(), key=lambda parser: parser.name))

    def __getitem__(self, name: str) -> Parser:
        try:
            return self._parsers[name]
        except KeyError:
            raise InputError(f"no parser is named {name!r}; there are: {', '.join(p.name for p in self)}") from None

    def for_program(self, program: str) -> LineParser | None:
        """Give the parser of what this program writes into an envelope; an exact name before a prefix."""
        claims = [parser for parser in self._inner if parser.claims_program(program)]
        claims.sort(key=lambda parser: (program not in parser.inside, parser.name))
        return claims[0] if claims else None

    def claims(self, path: str, head: Lines) -> list[Claim]:
        """Ask every stand-alone parser about the first lines of a source; the best claim first."""
        lines = head.select(np.arange(min(len(head), HEAD_LINES)))
        texts = [lines.bytes(i) for i in range(len(lines))]
        found = [Claim(parser, _share(parser, path, lines, texts)) for parser in self if not _is_inner(parser)]
        return sorted(
            (claim for claim in found if claim.share > 0),
            key=lambda claim: (-claim.share, -_specificity(claim.parser), claim.parser.name),
        )

    def choose(self, path: str, head: Lines) -> Parser | None:
        """Give the parser that reads a source, or None where none understands enough of it."""
        claims = self.claims(path, head)
        return claims[0].parser if claims and claims[0].share >= ENOUGH else None


def _is_inner(parser: Parser) -> bool:
    return isinstance(parser, LineParser) and bool(parser.inside)


def _share(parser: Parser, path: str, lines: Lines, texts: list[bytes]) -> float:
    if isinstance(parser, RecordParser):
        return parser.claims(path, texts)
    if not isinstance(parser, LineParser) or not texts:
        return 0.0
    filled = np.array([bool(text.strip()) for text in texts])
    if not filled.any():
        return 0.0
    matched = np.zeros(len(lines), bool)
    for layout in parser.layouts:
        matched[layout.match(lines).rows] = True
    if parser.continues and matched.any():
        matched[int(np.argmax(matched)) :] = True
    return float((matched & filled).sum() / filled.sum())


def _specificity(parser: Parser) -> int:
    if not isinstance(parser, LineParser):
        return 1_000
    return max(len(re.sub(r"\{[^{}]*\}", "", layout.pattern)) for layout in parser.layouts)


@cache
def registry(folders: tuple[Path, ...] = ()) -> Registry:
    """Gather the built-in parsers, installed ones (entry points ``afterlog.parsers``), and those of the folders.

    Raises:
        ParserError: a parser file cannot be loaded, or two have one name.

    """
    package = importlib.import_module("afterlog.parsers")
    modules = [importlib.import_module(f"afterlog.parsers.{info.name}") for info in pkgutil.iter_modules(package.__path__)]
    modules += [_load(entry.value, entry.load) for entry in entry_points(group="afterlog.parsers")]
    modules += [_load_file(file) for folder in folders for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
    return Registry(parser for module in modules for parser in parsers_of(module))


def parsers_of(module: ModuleType) -> tuple[Parser, ...]:
    """Give what a parser module declares as ``PARSER`` (one parser, or a tuple of them).

    Raises:
        ParserError: it declares none.

    """
    declared = getattr(module, "PARSER", None)
    parsers = declared if isinstance(declared, tuple) else (declared,)
    if not all(isinstance(parser, Parser) for parser in parsers):
        raise ParserError(f"{module.__file__}: a parser file declares PARSER = LineParser(…) or RecordParser(…)")
    return parsers


def _load(name: str, load: object) -> ModuleType:
    module = load() if callable(load) else None
    if not isinstance(module, ModuleType):
        raise ParserError(f"entry point {name}: must name a module that declares PARSER")
    return module


def _load_file(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"afterlog_parser_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ParserError(f"{file}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ParserError(f"{file}: {type(error).__name__}: {error}") from error
    return module
