"""The registry: which parsers there are, and which of them reads a source.

All parsers are asked about the first lines of a source and spot checks further in. The declared rule: the one that
understands the most lines reads it, where a continuation line counts half of a record's; where two understand as
many, a parser with state comes before a declared one, then the layouts with more literal text per line; what is
still equal is an error of the parsers. Only where none understands half of the lines is a format learned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from afterlog.claiming import HEAD_LINES, Asked, Claim, claim, may_begin, most_literal
from afterlog.errors import InputError, ParserError
from afterlog.parser import UNNAMED, LearningParser, LineParser, Lines, Parser, RecordParser
from afterlog.plugins import Home, declared_parsers

__all__ = [
    "ENOUGH",
    "HEAD_LINES",
    "Claim",
    "Registry",
    "is_inner",
    "looks_dated",
    "looks_like_record",
    "reads",
    "registry",
]

ENOUGH: Final = 0.5
"""Share of the lines asked about that a parser must understand to be given a source."""
_MIXED: Final = 0.2  # a parser of one of two mixed formats understands at least this share
_NAMED: Final = 4  # programs that are named in a list of parsers
_NOTHING: Final = Home("", "", "")
_OWN_LOG: Final = re.compile(
    rb"(?!\[ *\d+\.\d+\])"  # the seconds since start-up that the kernel prints
    rb"(?:[\[<({\"]|\S*\d\d[:T-]?\d\d|[A-Z][a-z]{2} [A-Z]?[a-z0-9 ]|[IWEF]\d{4} |[a-z]+=|\d+\.\d+|\d+:[A-Z] \d"
    rb"|\w[\w.-]*[-_]\d+ +\||::[\da-f:.]+ |(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /"
    rb"|(?:TRACE:   |DEBUG:   |INFO:    |WARNING: |ERROR:   |CRITICAL:) |(?:trce|dbug|info|warn|fail|crit): \S+\[\d)"
)


class Registry:
    """The parsers at hand, by name; ``homes`` says where they are declared."""

    def __init__(self, parsers: Iterable[Parser], homes: Mapping[str, Home] | None = None) -> None:
        self._parsers: dict[str, Parser] = {}
        self._homes = dict(homes or {})
        for parser in parsers:
            if parser.name in self._parsers:
                raise ParserError(f"two parsers are named {parser.name!r}; rename one of them")
            self._parsers[parser.name] = parser
        self._sorted = [self._parsers[name] for name in sorted(self._parsers)]
        self._inner = [p for p in self if isinstance(p, LineParser) and p.inside]
        self._alone = [p for p in self if not is_inner(p) and not isinstance(p, LearningParser)]
        unnamed = [p for p in self._inner if UNNAMED in p.inside]
        self._by_literal = {
            within: sorted(((p, most_literal(p)) for p in parsers), key=lambda one: -one[1])
            for within, parsers in ((False, self._alone), (True, [*self._alone, *unnamed]))
        }

    def __iter__(self) -> Iterator[Parser]:
        return iter(self._sorted)

    def __getitem__(self, name: str) -> Parser:
        try:
            return self._parsers[name]
        except KeyError:
            raise InputError(f"no parser is named {name!r}; there are: {', '.join(p.name for p in self)}") from None

    def home(self, name: str) -> Home:
        """Say where a parser is declared."""
        return self._homes.get(name, _NOTHING)

    def with_parsers(self, parsers: Iterable[Parser], home: Home) -> Registry:
        """Give a registry that holds these too, in place of those of the same names."""
        more = {parser.name: parser for parser in parsers}
        return Registry((self._parsers | more).values(), self._homes | dict.fromkeys(more, home))

    def for_program(self, program: str) -> LineParser | None:
        """Give the parser of what this program writes into an envelope; an exact name before a prefix."""
        claims = [parser for parser in self._inner if parser.claims_program(program)]
        claims.sort(key=lambda parser: (program not in parser.inside, parser.name))
        return claims[0] if claims else None

    def inside(self, messages: Lines) -> LineParser | None:
        """Give the declared parser that reads what a program without a parser of its own writes into an envelope."""
        chosen = self.choose("", messages, learn=False, within=True) if looks_dated(messages) else None
        return chosen if isinstance(chosen, LineParser) else None

    def claims(self, path: str, head: Lines, *, learn: bool = True, within: bool = False) -> list[Claim]:
        """Ask every parser about the lines of a source, or of an envelope (``within``); the best claim first.

        Where none of the declared formats understands enough, what was learned (``learn``) comes first.
        """
        asked = Asked(path, head, within=within)
        found = [claim(parser, asked) for parser, _ in self._by_literal[within] if may_begin(parser, asked)]
        found = sorted((one for one in found if one.share > 0), key=lambda one: one.rank)
        if learn and not (found and _enough(found)):
            learned = self._learned(asked)
            if learned is not None:
                return [claim(learned, asked), *found]
        return found

    def choose(self, path: str, head: Lines, *, learn: bool = True, within: bool = False) -> Parser | None:
        """Give the parser that reads a source, or None where none understands enough of it.

        The same as the first of `claims`, with most parsers not asked fully. Where no declared format fits, a
        `LearningParser` may make one for this source. ``within`` says that an envelope with times is around the lines.
        """
        asked = Asked(path, head, within=within)
        bounds, best = self._bounds(asked)
        for bound in sorted(bounds, key=lambda one: one.rank):
            if best is not None and best.rank < bound.rank:
                break
            if not bound.whole:
                best = _better(best, claim(bound.parser, asked))
        if best is not None and best.share >= ENOUGH:
            return best.parser
        if best is not None and _enough(bounds) and _enough(self.claims(path, head, learn=False, within=within)):
            return best.parser  # the other format of the two is read with it
        return self._learned(asked) if learn else None

    def _bounds(self, asked: Asked) -> tuple[list[Claim], Claim | None]:
        """Give what each parser could understand at most; and the best claim of those that could read every line.

        The parsers are asked by the most literal text that they can have; the first that reads every line, and surer
        than any of the others could, ends the asking.
        """
        bounds: list[Claim] = []
        best: Claim | None = None
        for parser, most in self._by_literal[asked.within]:
            if best is not None and best.whole and best.literal > most:
                break
            if not may_begin(parser, asked):
                continue
            bound = claim(parser, asked, exact=False)
            if bound.share > 0:
                bounds.append(bound)
                if bound.whole and (best is None or bound.rank < best.rank):
                    best = _better(best, claim(parser, asked))
        return bounds, best

    def _learned(self, asked: Asked) -> LineParser | None:
        made = (parser.learn(asked.texts) for parser in self if isinstance(parser, LearningParser))
        return next((parser for parser in made if parser is not None), None)


def _better(one: Claim | None, other: Claim) -> Claim:
    return other if one is None or other.rank < one.rank else one


def _enough(claims: list[Claim]) -> bool:
    """Tell whether the best claim, or those on the formats mixed in one source, are enough."""
    if claims and claims[0].share >= ENOUGH:
        return True
    mixed = [one.own / one.asked for one in claims if one.asked and one.own / one.asked >= _MIXED]
    return len(mixed) > 1 and sum(mixed[:2]) >= ENOUGH


def looks_dated(messages: Lines) -> bool:
    """Tell whether many of these could be lines of a log of their own: they begin like a time, a wrapper, a client."""
    count = sum(looks_like_record(messages.bytes(row)) for row in range(len(messages)))
    return 4 * count >= len(messages) > 0  # the others may be a trace


def looks_like_record(line: bytes) -> bool:
    """Tell whether a line begins as those of logs do: with a time, a wrapper, a client."""
    return _OWN_LOG.match(line[:40]) is not None


def is_inner(parser: Parser) -> bool:
    """Tell a parser that reads messages inside an envelope, and no whole sources."""
    return isinstance(parser, LineParser) and bool(parser.inside)


def reads(parser: Parser) -> str:
    """Say in a few words what a parser reads."""
    if isinstance(parser, RecordParser):
        return "an envelope with state" if parser.envelope else "records with state"
    if not isinstance(parser, LineParser):
        return "what it learns"
    if parser.inside:
        if UNNAMED in parser.inside:
            return "inside any envelope"
        more = f" and {len(parser.inside) - _NAMED} more" if len(parser.inside) > _NAMED else ""
        return f"inside syslog: {', '.join(parser.inside[:_NAMED])}{more}"
    return "an envelope" if parser.envelope else "lines"


@cache
def registry(folders: tuple[Path, ...] = ()) -> Registry:
    """Gather the built-in parsers, the installed ones, and those of the folders (see `afterlog.plugins`).

    Raises:
        ParserError: a parser file cannot be loaded, or two have one name.

    """
    declared = declared_parsers(folders)
    return Registry([parser for parser, _ in declared], {parser.name: home for parser, home in declared})
