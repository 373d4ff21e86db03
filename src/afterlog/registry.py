"""The registry: which parsers there are, and which of them reads a source.

All parsers are asked about the first lines of a source; the one that understands the largest share of them
reads it. Where two understand the same share, the more specific one wins: a parser with state before a
declared one, then the layout with more literal text; what is still equal is an error of the parsers.
"""

from __future__ import annotations

import copy
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
from afterlog.parser import Layout, LearningParser, LineParser, Lines, Parser, RecordParser

HEAD_LINES: Final = 200
ENOUGH: Final = 0.5
"""Share of a source's first lines that a parser must understand to be given it."""
_OWN_LOG: Final = re.compile(
    rb"[\[<({\"]|\S*\d\d[:T-]?\d\d|[A-Z][a-z]{2} [A-Z]?[a-z0-9 ]|[IWEF]\d{4} |[a-z]+=|\d+\.\d+"
)


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
        self._chosen: dict[tuple[str, str | None], LineParser | None] = {}

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

    def of_source(self) -> Registry:
        """Give a registry of the same parsers for one source, which remembers what `inside` chose there."""
        fresh = copy.copy(self)
        fresh._chosen = {}  # noqa: SLF001  its own class
        return fresh

    def inside(self, envelope: str, program: str | None, messages: Lines) -> LineParser | None:
        """Give the declared parser of what an envelope's program writes, told by its first messages in this source."""
        key = (envelope, program)
        if key not in self._chosen:
            chosen = self.choose("", messages, learn=False) if _looks_dated(messages) else None
            self._chosen[key] = chosen if isinstance(chosen, LineParser) and chosen.name != envelope else None
        return self._chosen[key]

    def claims(self, path: str, head: Lines) -> list[Claim]:
        """Ask every stand-alone parser about the first lines of a source; the best claim first."""
        lines = head.select(np.arange(min(len(head), HEAD_LINES)))
        texts = [lines.bytes(i) for i in range(len(lines))]
        found = [
            Claim(parser, _share(parser, path, lines, texts))
            for parser in self
            if not _is_inner(parser) and not isinstance(parser, LearningParser)
        ]
        return sorted(
            (claim for claim in found if claim.share > 0),
            key=lambda claim: (-claim.share, -_specificity(claim.parser), claim.parser.name),
        )

    def choose(self, path: str, head: Lines, *, learn: bool = True) -> Parser | None:
        """Give the parser that reads a source, or None where none understands enough of it.

        Where no declared format fits, a `LearningParser` may make one for this source.
        """
        claims = self.claims(path, head)
        if claims and claims[0].share >= ENOUGH:
            return claims[0].parser
        return self._learned(head) if learn else None

    def _learned(self, head: Lines) -> Parser | None:
        texts = [head.bytes(i) for i in range(min(len(head), HEAD_LINES))]
        made = (parser.learn(texts) for parser in self if isinstance(parser, LearningParser))
        return next((parser for parser in made if parser is not None), None)


def _looks_dated(messages: Lines) -> bool:
    """Tell whether most of these could be lines of a log of their own: they begin like a time, a wrapper, a client."""
    begins = [messages.bytes(row)[:40] for row in range(len(messages))]
    return 2 * sum(bool(_OWN_LOG.match(begin)) for begin in begins) > len(begins) > 0


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
        matched[_read_by(parser, layout, lines)] = True
    if parser.continues and matched.any():
        matched[int(np.argmax(matched)) :] = True
    return float((matched & filled).sum() / filled.sum())


def _read_by(parser: LineParser, layout: Layout, lines: Lines) -> np.ndarray:
    """Give the rows that a layout matches and the parser's meaning does not refuse."""
    match = layout.match(lines)
    if not len(match.rows) or parser.meaning is None:
        return match.rows
    refused = parser.meaning(match, {}).get("refused")
    return match.rows if refused is None else match.rows[~np.asarray(refused, bool)]


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
    modules = [
        importlib.import_module(f"afterlog.parsers.{info.name}") for info in pkgutil.iter_modules(package.__path__)
    ]
    modules += [_load(entry.value, entry.load) for entry in entry_points(group="afterlog.parsers")]
    modules += [
        _load_file(file) for folder in folders for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"
    ]
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
