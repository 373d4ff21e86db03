"""Claims: how much of a source one parser understands, asked cheaply first and exactly where it matters.

A source's lines are shown to every stand-alone parser: up to 32 of its first 200, evenly spread, and up to 16 spot
checks further in. First a parser is ruled out by the bytes that lines of its layouts begin with; then its regexes
give an upper bound; only the candidates that could win read the lines fully (times that must exist, meanings that
may refuse a line).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa

from afterlog.parser import TIME_FORMS, Layout, LineParser, Lines, Parser, RecordParser

HEAD_LINES: Final = 200
"""So many first lines of a source are what parsers with state are shown, and what is learned from."""
_FIRST: Final = 32
_SPOTS: Final = 16
_STATEFUL: Final = 1_000.0  # a format with state is surer than any literal text
_BEGIN_BYTES: Final = 2_000
_PIECE: Final = re.compile(r"(?P<text>(?:[^{}]|\{\{|\}\})+)|\{[^{}:]*(?::(?P<type>[^{}]*))?\}")
_RUNS: Final = {
    "word": rb"[^ \t]",
    "host": rb"[^ \t]",
    "level": rb"[A-Za-z0-9]",
    "hex": rb"[0-9A-Fa-f-]",
    "ip": rb"[0-9A-Za-z._:%-]",
    "d": rb"[-+0-9]",
}
_DIGITS: Final = frozenset(b"0123456789")
_TIME_OPENERS: Final = (
    dict.fromkeys("YmdHsn", _DIGITS) | dict.fromkeys("ab", frozenset(b"ADFJMNOSTW")) | {"e": _DIGITS | frozenset(b" ")}
)
"""What a time begins with, by the first letter of its template: digits, or the name of a day or month."""


@dataclass(frozen=True, slots=True)
class Claim:
    """How much of the lines asked about one parser understands, and how surely.

    ``own`` lines are records of it, ``continued`` ones belong to the record above; ``asked`` are all that are not
    blank. ``literal`` is the literal text of its layouts, in characters per record, its narrow fields counted as one.
    """

    parser: Parser
    own: float
    continued: float
    asked: int
    literal: float = 0.0

    @property
    def share(self) -> float:
        """Share of the lines that it understands, 0 to 1."""
        return (self.own + self.continued) / self.asked if self.asked else 0.0

    @property
    def whole(self) -> bool:
        """Whether every line is a record."""
        return self.own >= self.asked

    @property
    def rank(self) -> tuple[float, float, str]:
        """The declared rule, smallest first.

        The most lines understood, a continuation counting half, since any line could be one; then the more literal
        text, a parser with state before all; the name only makes the order of equal losers stable.
        """
        return (-(self.own + self.continued / 2), -self.literal, self.parser.name)


class Asked:
    """The lines of one source that parsers are asked about."""

    def __init__(self, path: str, head: Lines, *, within: bool = False) -> None:
        self.path = path
        self.within = within  # an envelope, which may tell what the lines do not
        self.texts = [head.bytes(row) for row in range(min(len(head), HEAD_LINES))]
        self.text = b"\n".join(self.texts)
        rows = _shown(len(head))
        self.lines = head.select(rows)
        shown = [head.bytes(row) for row in rows.tolist()]
        filled = [bool(line.strip()) for line in shown]
        self.filled = np.array(filled, bool)
        self.indented = np.array([line[:1] in {b" ", b"\t"} for line in shown], bool)
        self.count = int(self.filled.sum())
        self.begins = [line[:_BEGIN_BYTES] for line, full in zip(shown, filled, strict=True) if full]
        self.openers = frozenset(begin[0] for begin in self.begins)
        self._shown = shown
        spans = zip(range(len(rows)), self.lines.starts.tolist(), self.lines.ends.tolist(), strict=True)
        self.spans = [span for span, full in zip(spans, filled, strict=True) if full]

    def beginning(self, pattern: bytes) -> np.ndarray:
        """Tell which of the lines shown begin with a regex, shape (n,)."""
        return np.array([re.match(pattern, line) is not None for line in self._shown], bool)


def _shown(count: int) -> np.ndarray:
    """Choose the rows: some of the first lines and spot checks in the rest, evenly spread."""
    near = _spread(0, min(count, HEAD_LINES), _FIRST)
    return np.concatenate([near, _spread(HEAD_LINES, count, _SPOTS)]) if count > HEAD_LINES else near


def _spread(begin: int, end: int, most: int) -> np.ndarray:
    return np.linspace(begin, end - 1, min(end - begin, most)).astype(np.int64)


def may_begin(parser: Parser, asked: Asked) -> bool:
    """Tell by the first bytes of the lines, or by the marks in them, whether a parser need be asked at all."""
    if not isinstance(parser, LineParser):
        marks = parser.marks if isinstance(parser, RecordParser) else ()
        return not marks or any(mark in asked.text for mark in marks)
    begins = [_openers(layout.pattern) for layout in parser.layouts]
    if not any(begin is None or begin & asked.openers for begin in begins):
        return False
    opening = _opening(tuple(layout.pattern for layout in parser.layouts))
    return opening is None or any(map(opening.match, asked.begins))


@cache
def _openers(pattern: str) -> frozenset[int] | None:
    """Give the bytes that a line of a layout may begin with; None for any."""
    piece = _PIECE.match(pattern)
    if piece is None:
        return None
    kind = piece["type"]
    if piece["text"]:
        return frozenset(piece["text"].replace("{{", "{").encode()[:1])
    if kind in _RUNS:
        return frozenset(byte for byte in range(256) if re.match(_RUNS[kind], bytes((byte,))))
    return _TIME_OPENERS.get(TIME_FORMS[kind].template[0]) if kind in TIME_FORMS else None


@cache
def _opening(patterns: tuple[str, ...]) -> re.Pattern[bytes] | None:
    """Give what lines of one of these layouts begin with, as far as literal text and times tell; None for anything."""
    begins = [_beginning(pattern) for pattern in patterns]
    return re.compile(b"|".join(dict.fromkeys(begins))) if all(begins) else None


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
        elif kind in _RUNS and not re.match(_RUNS[kind], (pattern or " ").replace("{~}", " ").encode()):
            begin += _RUNS[kind] + b"+"
        else:
            break
    return begin


def claim(parser: Parser, asked: Asked, *, exact: bool = True) -> Claim:
    """Ask one parser. Where not ``exact``, the answer may be too good, never too bad."""
    if isinstance(parser, RecordParser):
        share = min(max(parser.claims(asked.path, asked.texts), 0.0), 1.0) if asked.texts else 0.0
        return Claim(parser, share * asked.count, 0.0, asked.count, _STATEFUL)
    if not isinstance(parser, LineParser) or not asked.count:
        return Claim(parser, 0.0, 0.0, asked.count)
    matched, literal = _read(parser, asked) if exact else _fitting(parser, asked)
    own = int(matched.sum())
    continued = 0
    if own and (parser.continues or parser.envelope or parser.headings):
        first = int(np.argmax(matched))
        if parser.continues or parser.envelope:
            matched[first:] |= parser.continues or asked.indented[first:]
        if parser.headings:
            matched |= asked.beginning(parser.headings)
        continued = int((matched & asked.filled).sum()) - own
    return Claim(parser, own, continued, asked.count, literal)


def _read(parser: LineParser, asked: Asked) -> tuple[np.ndarray, float]:
    """Tell which lines a parser reads, and the literal text in a record of them on average."""
    matched = np.zeros(len(asked.lines), bool)
    literal = 0
    for layout in _possible(parser, asked):
        left = np.flatnonzero(~matched & asked.filled)
        if not len(left):
            break
        rows = left[_read_by(parser, layout, asked.lines.select(left), within=asked.within)]
        matched[rows] = True
        literal += len(rows) * literal_of(layout.pattern)
    return matched, literal / max(int(matched.sum()), 1)


def _fitting(parser: LineParser, asked: Asked) -> tuple[np.ndarray, float]:
    """Tell which lines a parser may read, by its regexes alone, and the most literal text in one of them.

    Without arrays until the end: nearly all parsers are asked this of every source, and nearly all read nothing of it.
    """
    left = asked.spans
    fits: list[int] = []
    literal = 0
    for layout in _possible(parser, asked):
        if not left:
            break
        rows = layout.fitting(asked.lines.data, left)
        if rows:
            fits += rows
            taken = set(rows)
            left = [span for span in left if span[0] not in taken]
            literal = max(literal, literal_of(layout.pattern))
    matched = np.zeros(len(asked.lines), bool)
    matched[fits] = True
    return matched, float(literal)


def _possible(parser: LineParser, asked: Asked) -> Iterator[Layout]:
    """Give the layouts of which some line has the first byte."""
    for layout in parser.layouts:
        begins = _openers(layout.pattern)
        if begins is None or begins & asked.openers:
            yield layout


def _read_by(parser: LineParser, layout: Layout, lines: Lines, *, within: bool) -> np.ndarray:
    """Give the rows that a layout matches and the parser's meaning does not refuse."""
    match = layout.match_regex(lines)
    if not len(match.rows) or parser.meaning is None:
        return match.rows
    around = {"program": pa.nulls(len(match.rows), pa.string())} if within else {}
    refused = parser.meaning(match, around).get("refused")
    return match.rows if refused is None else match.rows[~np.asarray(refused, bool)]


@cache
def literal_of(pattern: str) -> int:
    """Count the literal text of a layout, and its fields that hold no other text: the more, the surer its match."""
    kinds = re.findall(r"\{[^{}:]+:([^{}]*)\}", pattern)
    narrow = sum(kind not in {"text", "word", "rest", "host"} for kind in kinds)
    return len(re.sub(r"\{[^{}]*\}", "", pattern.replace("{~}", " "))) + narrow


def most_literal(parser: Parser) -> float:
    """Give the most literal text that a record of a parser can have."""
    if not isinstance(parser, LineParser):
        return _STATEFUL
    return float(max(literal_of(layout.pattern) for layout in parser.layouts))


def is_tie(one: Claim, other: Claim) -> bool:
    """Tell whether the declared rule does not decide between two claims."""
    return one.rank[:2] == other.rank[:2]
