"""The lines of a Markdown document, each with its place in the structure.

The structure comes from markdown-it-py (https://markdown-it-py.readthedocs.io, block rules only, with line
maps); the text of a line keeps its length, markup blanked, so that columns point into the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from afterlog.check.words import PROSE, area_of, stands_as_heading

HEADING: Final = "heading"
ITEM: Final = "item"
TEXT: Final = "prose"
ROW: Final = "table-row"
LOG: Final = "log"
CODE: Final = "code"
FRONT: Final = "front-matter"
HTML: Final = "html"
BLANK: Final = "blank"

_NEWLINE: Final = re.compile(r"\r\n?|\n")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BLANKED: Final = re.compile(
    r"""
    !\[[^\]\n]*\]\([^)\n]*\)            # an image
    | (?<=\])\((?:[^()\n]|\([^()\n]*\))*\)  # the target of a link
    | <[A-Za-z/!][^>\n]*>               # a tag, or an address in angle brackets
    | &(?:nbsp|ensp|emsp|\#x?[0-9A-Fa-f]{1,5});
    | \b[a-z]{3,8}s?://[^\s)>\]|]+      # a bare address
    | \*+ | `+ | ~~ | (?<!\w)_+ | _+(?!\w) | \\(?=[\W_]|$)
    """,
    re.VERBOSE,
)
_MARKER: Final = re.compile(
    r"^\s*(?:>\s?)*\s*(?:\#{1,6}(?=\s|[A-Z])|[-*+•◦‣–—·](?=\s)|\d{1,3}[.)](?=\s))?\s*(?:\[[ xX]\]\s)?"
)
_LABELLED: Final = re.compile(r"\s*[A-Z][\w /-]{2,40}:")
_GLUED: Final = re.compile(r"\s{0,3}(#{1,6})[A-Z][^#]{2,80}$")
_SAME: Final = str.maketrans(
    {
        "\t": " ",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u2007": " ",
        "\u2011": "-",
        "\u2010": "-",
        "\u2212": "-",
        "\uff1a": ":",
    }
)
_FOOTNOTE: Final = re.compile(r"^\s*\^[\w-]+\s*:")
_PIPE: Final = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its column's heading and where it stands, columns [start, end)."""

    header: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``text`` has the length of ``raw``, with the markup blanked out."""

    number: int
    raw: str
    text: str
    kind: str = BLANK
    block: int = 0  # first line of the list, table or paragraph
    opens: bool = False  # first line of its item, row or paragraph
    depth: int = 0  # lists around it
    parent: str = ""  # the item above a nested list
    parent_line: int = 0
    headings: tuple[tuple[int, str], ...] = ()  # (line, text) of the headings above, outermost first
    level: int = 0  # of a heading
    area: str = PROSE
    cells: tuple[Cell, ...] = ()

    @property
    def section(self) -> int:
        """Line of the nearest heading, 0 before the first."""
        return self.headings[-1][0] if self.headings else 0


@dataclass(slots=True)
class _Mark:
    kind: str = BLANK
    block: int = 0
    opens: bool = False
    depth: int = 0
    level: int = 0
    parents: tuple[int, ...] = ()  # first lines (from 0) of the items around it
    header: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    marks: list[_Mark]
    lists: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    table: int = 0
    header: tuple[str, ...] = ()


def read_lines(document: str) -> tuple[Line, ...]:
    """Split a document into lines and place each in the structure."""
    shown = _NEWLINE.split(document)
    body = _NEWLINE.split(_COMMENT.sub(lambda found: re.sub(r"[^\r\n]", " ", found[0]), document))
    front = _front_matter(body)
    marks = [_Mark() for _ in body]
    source = "\n".join([""] * front + body[front:])
    _mark(_parser().parse(source), _Walk(marks), body)
    for number in range(front):
        marks[number].kind = FRONT if body[number].strip("- +") else BLANK
    texts = [blanked(line, code=mark.kind in (LOG, FRONT)) for line, mark in zip(body, marks, strict=True)]
    return _placed(shown, texts, marks)


def blanked(raw: str, *, code: bool = False) -> str:
    """Replace markup by blanks of the same length."""
    line = raw.translate(_SAME)
    if code:
        return line
    line = _BLANKED.sub(lambda found: " " * len(found[0]), line)
    line = line.replace("[", " ").replace("]", " ")
    marker = _MARKER.match(line)
    cut = marker.end() if marker else 0
    return " " * cut + line[cut:]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _front_matter(lines: Sequence[str]) -> int:
    """Count the lines of a YAML or TOML header."""
    if not lines or lines[0].strip() not in ("---", "+++"):
        return 0
    fence = lines[0].strip()
    for number, line in enumerate(lines[1:80], 1):
        if line.strip() == fence:
            return number + 1
        if line.startswith("#"):
            return 0
    return 0


def _mark(tokens: Sequence[Token], walk: _Walk, body: Sequence[str]) -> None:
    for token in tokens:
        if not _nest(token, walk) and token.map:
            _mark_block(token, token.map, walk, body)


def _nest(token: Token, walk: _Walk) -> bool:
    """Keep count of the lists and items around a token; tell whether it was one of theirs."""
    name = token.type
    if name.endswith("_list_open") and token.map:
        walk.lists.append(token.map[0])
    elif name.endswith("_list_close") and walk.lists:
        walk.lists.pop()
    elif name == "list_item_open" and token.map:
        walk.items.append(token.map[0])
    elif name == "list_item_close" and walk.items:
        walk.items.pop()
    else:
        return False
    return True


def _mark_block(token: Token, lines: Sequence[int], walk: _Walk, body: Sequence[str]) -> None:
    kinds = {"fence": LOG, "code_block": CODE, "html_block": HTML}
    name = token.type
    if name == "table_open":
        walk.table = lines[0]
    elif name == "tr_open":
        _mark_row(lines[0], walk, body)
    elif name == "heading_open":
        _span(walk, lines, HEADING, level=int(token.tag[1:]))
    elif name == "paragraph_open":
        _span(walk, lines, ITEM if walk.items else TEXT)
    elif name in kinds:
        _span(walk, lines, kinds[name])


def _span(walk: _Walk, lines: Sequence[int], kind: str, level: int = 0) -> None:
    for number in range(lines[0], min(lines[1], len(walk.marks))):
        block = walk.lists[-1] if walk.lists else lines[0]
        walk.marks[number] = _Mark(kind, block, number == lines[0], len(walk.lists), level, tuple(walk.items))


def _mark_row(number: int, walk: _Walk, body: Sequence[str]) -> None:
    if number >= len(walk.marks):
        return
    if number == walk.table:
        walk.header = tuple(blanked(cell).strip() for cell in _PIPE.split(_inner(body[number])[0]))
    walk.marks[number] = _Mark(ROW, walk.table, True, 0, 0, tuple(walk.items), walk.header)


def _inner(raw: str) -> tuple[str, int]:
    """Cut the outer bars of a table row; give the rest and where it begins."""
    lead = len(raw) - len(raw.lstrip())
    begin = lead + 1 if raw[lead : lead + 1] == "|" else lead
    rest = raw[begin:].rstrip()
    return rest.removesuffix("|"), begin


def _cells(raw: str, header: Sequence[str]) -> tuple[Cell, ...]:
    inner, at = _inner(raw)
    cells = []
    for index, part in enumerate(_PIPE.split(inner)):
        cells.append(Cell(header[index] if index < len(header) else "", at, at + len(part)))
        at += len(part) + 1
    return tuple(cells)


def _placed(shown: Sequence[str], texts: Sequence[str], marks: Sequence[_Mark]) -> tuple[Line, ...]:
    lines: list[Line] = []
    path: list[tuple[int, int, str]] = []  # level, line, text
    for number, (raw, text, mark) in enumerate(zip(shown, texts, marks, strict=True)):
        kind = _kind(mark, text)
        level = _heading_level(kind, mark, text) or _glued_level(kind, mark, raw)
        if level:
            path = [entry for entry in path if entry[0] < level]
        elif kind == ITEM and mark.depth == 1 and mark.opens and _LABELLED.match(text):
            path = [entry for entry in path if entry[0] < 8]  # the next item ends what an item announced
        parents = [at for at in mark.parents if at != number and not (mark.opens is False and at == mark.parents[-1])]
        parent = parents[-1] if parents and parents[-1] < number else -1
        line = Line(
            number + 1,
            raw,
            text,
            HEADING if level else kind,
            mark.block + 1,
            mark.opens,
            mark.depth,
            texts[parent].strip() if parent >= 0 else "",
            parent + 1,
            tuple((at, words) for _level, at, words in path),
            level,
            cells=_cells(raw, mark.header) if kind == ROW else (),
        )
        lines.append(replace(line, area=_area(line, [texts[at].strip() for at in reversed(parents)])))
        if level:
            path.append((level, number + 1, text.strip()))
    return tuple(lines)


def _kind(mark: _Mark, text: str) -> str:
    if mark.kind == BLANK and text.strip() and not _FOOTNOTE.match(text):
        return TEXT  # a setext underline, a table's delimiter row, a link definition
    if _FOOTNOTE.match(text):
        return LOG  # a citation: what it quotes is nobody's statement
    return mark.kind if text.strip() else BLANK


def _glued_level(kind: str, mark: _Mark, raw: str) -> int:
    """Read ``##Timeline``, which Markdown takes for a paragraph and its writer for a heading."""
    glued = _GLUED.match(raw) if kind == TEXT and mark.opens else None
    return len(glued[1]) if glued else 0


def _heading_level(kind: str, mark: _Mark, text: str) -> int:
    if mark.level and mark.opens:
        return mark.level
    html = re.search(r"\S", text) is not None and kind == HTML
    if (kind == TEXT or html or (kind == ITEM and mark.depth == 1)) and stands_as_heading(text):
        return 8 if kind == ITEM else 7
    return 0


def _area(line: Line, parents: Sequence[str]) -> str:
    for words in parents:
        found = area_of(words, parent=True)
        if found:
            return found
    for _at, words in reversed(line.headings):
        found = area_of(words)
        if found:
            return found
    return PROSE
