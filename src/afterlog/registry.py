"""The registry: which parsers there are, and which of them reads a source.

All parsers are asked about the first lines of a source; the one that understands the largest share of them
reads it. Where two understand the same share, the more specific one wins: a parser with state before a
declared one, then the layouts with more literal text per line; what is still equal is an error of the parsers.
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
from afterlog.parser import TIME_FORMS, Layout, LearningParser, LineParser, Lines, Parser, RecordParser

HEAD_LINES: Final = 200
ENOUGH: Final = 0.5
"""Share of a source's first lines that a parser must understand to be given it."""
_STATEFUL: Final = 1_000.0  # a format with state is surer than any literal text
_PIECE: Final = re.compile(r"(?P<text>(?:[^{}]|\{\{|\}\})+)|\{[^{}:]*(?::(?P<type>[^{}]*))?\}")
_RUNS: Final = {
    "word": rb"[^ \t]",
    "host": rb"[^ \t]",
    "level": rb"[A-Za-z0-9]",
    "hex": rb"[0-9A-Fa-f-]",
    "ip": rb"[0-9A-Za-z._:%-]",
    "d": rb"[-+0-9]",
}
_ASKED_LINES: Final = 64  # of the first lines, evenly spread, are shown to declared formats
_BEGIN_BYTES: Final = 2_000
_OWN_LOG: Final = re.compile(
    rb"(?!\[ *\d+\.\d+\])"  # the seconds since start-up that the kernel prints
    rb"(?:[\[<({\"]|\S*\d\d[:T-]?\d\d|[A-Z][a-z]{2} [A-Z]?[a-z0-9 ]|[IWEF]\d{4} |[a-z]+=|\d+\.\d+)"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """How much of a source's first lines one parser understands, 0 to 1, and by how much literal text per line."""

    parser: Parser
    share: float
    literal: float = 0.0


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

    def inside(self, envelope: str, messages: Lines) -> LineParser | None:
        """Give the declared parser that reads what a program without a parser of its own writes into an envelope."""
        chosen = self.choose("", messages, learn=False) if _looks_dated(messages) else None
        return chosen if isinstance(chosen, LineParser) and chosen.name != envelope else None

    def claims(self, path: str, head: Lines, *, learn: bool = True) -> list[Claim]:
        """Ask every stand-alone parser about the first lines of a source; the best claim first.

        Where none of the declared formats understands enough, what was learned (``learn``) comes first.
        """
        lines = head.select(np.arange(min(len(head), HEAD_LINES)))
        texts = [lines.bytes(i) for i in range(len(lines))]
        few = lines.select(np.arange(0, len(lines), max(1, -(-len(lines) // _ASKED_LINES))))
        begins = [few.bytes(i)[:_BEGIN_BYTES] for i in range(len(few))]
        asked = [parser for parser in self if not _is_inner(parser) and not isinstance(parser, LearningParser)]
        found = [_claim(parser, path, few, texts) for parser in asked if _may_begin(parser, begins)]
        found = sorted(
            (claim for claim in found if claim.share > 0),
            key=lambda claim: (-claim.share, -claim.literal, claim.parser.name),
        )
        if learn and not (found and found[0].share >= ENOUGH):
            learned = self._learned(texts)
            if learned is not None:
                return [_claim(learned, path, few, texts), *found]
        return found

    def choose(self, path: str, head: Lines, *, learn: bool = True) -> Parser | None:
        """Give the parser that reads a source, or None where none understands enough of it.

        Where no declared format fits, a `LearningParser` may make one for this source.
        """
        claims = self.claims(path, head, learn=learn)
        if claims and (claims[0].share >= ENOUGH or self._is_learned(claims[0].parser)):
            return claims[0].parser
        return None

    def _is_learned(self, parser: Parser) -> bool:
        return isinstance(self._parsers.get(parser.name), LearningParser)

    def _learned(self, texts: list[bytes]) -> LineParser | None:
        made = (parser.learn(texts) for parser in self if isinstance(parser, LearningParser))
        return next((parser for parser in made if parser is not None), None)


def _looks_dated(messages: Lines) -> bool:
    """Tell whether many of these could be lines of a log of their own: they begin like a time, a wrapper, a client."""
    begins = [messages.bytes(row)[:40] for row in range(len(messages))]
    return 4 * sum(bool(_OWN_LOG.match(begin)) for begin in begins) >= len(begins) > 0  # the others may be a trace


def _is_inner(parser: Parser) -> bool:
    return isinstance(parser, LineParser) and bool(parser.inside)


def _claim(parser: Parser, path: str, lines: Lines, texts: list[bytes]) -> Claim:
    if isinstance(parser, RecordParser):
        return Claim(parser, parser.claims(path, texts), _STATEFUL)
    filled = np.array([bool(lines.bytes(row).strip()) for row in range(len(lines))], bool)
    if not isinstance(parser, LineParser) or not filled.any():
        return Claim(parser, 0.0)
    matched = np.zeros(len(lines), bool)
    literal = 0
    for layout in parser.layouts:
        left = np.flatnonzero(~matched & filled)
        if not len(left):
            break
        rows = left[_read_by(parser, layout, lines.select(left))]
        matched[rows] = True
        literal += len(rows) * _literal(layout.pattern)
    count = int(matched.sum())
    if parser.continues and count:
        matched[int(np.argmax(matched)) :] = True
    return Claim(parser, float((matched & filled).sum() / filled.sum()), literal / max(count, 1))


def _may_begin(parser: Parser, texts: list[bytes]) -> bool:
    """Tell by the first bytes of the lines whether a parser need be asked at all."""
    opening = _opening(tuple(layout.pattern for layout in parser.layouts)) if isinstance(parser, LineParser) else None
    return opening is None or any(opening.match(text) for text in texts)


@cache
def _opening(patterns: tuple[str, ...]) -> re.Pattern[bytes] | None:
    """Give what lines of one of these layouts begin with, as far as literal text and times tell; None for anything."""
    begins = [_beginning(pattern) for pattern in patterns]
    return re.compile(b"|".join(begins)) if all(begins) else None


def _beginning(pattern: str) -> bytes:
    """Write the first parts of a layout as a regex, up to a field whose end is not seen in its own bytes."""
    begin = b""
    while found := _PIECE.match(pattern):
        pattern = pattern[found.end() :]
        kind = found["type"]
        if found["text"]:
            begin += re.escape(found["text"].replace("{{", "{").replace("}}", "}").encode())
        elif kind in TIME_FORMS:
            begin += TIME_FORMS[kind].regex
        elif found[0] == "{~}":
            begin += rb"[ \t]+"
        elif kind in _RUNS and not re.match(_RUNS[kind], pattern.encode() or b" "):
            begin += _RUNS[kind] + b"+"
        else:
            break
    return begin


def _read_by(parser: LineParser, layout: Layout, lines: Lines) -> np.ndarray:
    """Give the rows that a layout matches and the parser's meaning does not refuse."""
    match = layout.match_regex(lines)
    if not len(match.rows) or parser.meaning is None:
        return match.rows
    refused = parser.meaning(match, {}).get("refused")
    return match.rows if refused is None else match.rows[~np.asarray(refused, bool)]


@cache
def _literal(pattern: str) -> int:
    """Count the literal text of a layout, and its fields that hold no other text: the more, the surer its match."""
    kinds = re.findall(r"\{[^{}:]+:([^{}]*)\}", pattern)
    narrow = sum(kind not in {"text", "word", "rest", "host"} for kind in kinds)
    return len(re.sub(r"\{[^{}]*\}", "", pattern.replace("{~}", " "))) + narrow


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
