"""From lines of one shape to the fields of a layout: what stands at one place in all of them is a column."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from afterlog.event import SEVERITIES

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|[ \t]+|[^\s"\[\]|;]+|.', re.DOTALL)
_ALIKE: Final = 0.8  # of the lines have the same kind of token at a place; the others are left to another layout
_MANY: Final = 3  # so many lines with one value make it literal text
_NUMBER: Final = re.compile(r"[-+]?\d{1,18}|-")
_DECIMAL: Final = re.compile(r"\d{1,12}(?:\.\d{1,9})?|-")
_IP: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|-")
_HEX: Final = re.compile(r"[0-9a-fA-F-]{16,}")
_REQUEST: Final = re.compile(r"[A-Z]{3,9} \S+ HTTP/\d")
_STATUS: Final = re.compile(r"[1-5]\d\d")
_KEY: Final = re.compile(r"([A-Za-z_][\w.-]*)[=:]\"?$")
_EDGE: Final = re.compile(r"^([<(|'*#]*)(.*?)([>)|',;:*]*)$", re.DOTALL)

# Names that logs give their fields, and the event columns that they are.
_SAME: Final = {
    "msg": "message", "lvl": "level", "severity": "level", "loglevel": "level", "uri": "path", "url": "path",
    "request_uri": "path", "remote_addr": "client", "client_ip": "client", "remote": "client", "ip": "client",
    "remote_ip": "client", "clientip": "client", "verb": "method", "status_code": "status", "code": "status",
    "size": "bytes", "took": "duration", "elapsed": "duration", "latency": "duration", "request_time": "duration",
    "reqid": "request_id", "req_id": "request_id", "requestid": "request_id", "hostname": "host",
    "upstream_addr": "upstream", "app": "service",
}  # fmt: skip
_NUMERIC: Final = {"status": "d", "bytes": "d", "duration": "s"}
_FREE: Final = frozenset({"text", "word", "rest"})
_KEPT_BY_US: Final = frozenset(
    {"source", "line", "offset", "parser", "kind", "time_basis", "fields", "action", "target"}
)


@dataclass
class Naming:
    """The names given so far, and what the columns tell of the lines together."""

    taken: set[str] = field(default_factory=lambda: {"time"})
    many: int = _MANY  # so many lines with one value make it literal text
    words: int = 0
    requested: bool = False

    def name(self, wanted: str, kind: str) -> str:
        """Give a field's name: the one wanted, unless it is taken or an event column of another type."""
        wanted = re.sub(r"\W", "_", wanted)
        wanted = _SAME.get(wanted.lower(), wanted)
        numeric = _NUMERIC.get(wanted)
        fits = numeric is None or kind == numeric or (numeric == "s" and kind in ("ms", "us"))
        if not wanted.isidentifier() or not fits or wanted in _KEPT_BY_US or (wanted == "level" and kind != "level"):
            wanted = f"{wanted or 'field'}_" if f"{wanted or 'field'}_".isidentifier() else "field"
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}{number}"
        self.taken.add(name)
        return name

    def unnamed(self) -> str:
        """Give the next name for what says nothing of itself."""
        self.words += 1
        return f"word{self.words}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a layout: its text, and the literal before it told as well."""

    pattern: str
    structural: bool  # it separates or is typed: not just a word of free text


def tokens(text: bytes) -> list[str]:
    """Cut a text into quoted and bracketed pieces, blanks, and words."""
    return [token.decode("utf-8", "backslashreplace") for token in _TOKEN.findall(text)]


def _kind(token: str) -> str:
    if token[0] in " \t":
        return " "
    if token[0] == '"' and len(token) > 1:
        return '"'
    return "[" if token[0] == "[" and len(token) > 1 else "w"


def literal(text: str) -> str:
    """Write text as a layout has it."""
    return text.replace("{", "{{").replace("}", "}}")


def layout_of(rows: list[list[str]], naming: Naming, *, ends: bool) -> str:
    """Write the part of a layout that these tokens are lines of; ``ends``: it goes to the end of the line.

    Where the lines differ in length, what stands behind the last place that is more than a word is the message.
    """
    same = len({len(row) for row in rows}) == 1
    pieces: list[Piece] = []
    at, alive = 0, rows
    while alive and all(len(row) > at for row in alive):
        kinds = Counter(_kind(row[at]) for row in alive)
        kind, count = kinds.most_common(1)[0]
        if count < _ALIKE * len(alive):
            break
        alive = [row for row in alive if _kind(row[at]) == kind]
        pieces.append(_piece(kind, [row[at] for row in alive], "".join(p.pattern for p in pieces), naming))
        at += 1
        short = [row for row in alive if len(row) <= at]
        if short and len(short) < (1 - _ALIKE) * len(alive):
            alive = [row for row in alive if len(row) > at]
    whole = same and bool(alive) and all(len(row) == at for row in alive)
    if whole or not ends:
        return _closed(pieces, ends=ends and whole, naming=naming)
    last = max((number for number, piece in enumerate(pieces) if piece.structural), default=-1)
    kept = "".join(piece.pattern for piece in pieces[: last + 1])
    naming.taken -= {name for piece in pieces[last + 1 :] for name in re.findall(r"\{(\w+)[:}]", piece.pattern)}
    blank = last + 1 < len(pieces) and pieces[last + 1].pattern in (" ", "{~}", "\t")
    kept += pieces[last + 1].pattern if blank else ""
    return kept + "{" + naming.name("message", "rest") + ":rest}"


def _closed(pieces: list[Piece], *, ends: bool, naming: Naming) -> str:
    """Join pieces; where the last words of all lines are free, they are the message."""
    pattern = "".join(piece.pattern for piece in pieces)
    quoted = re.findall(r'"\{(\w+)\}"', pattern)
    if ends and quoted and not naming.requested and "message" not in naming.taken:  # the last text is what was said
        naming.taken.add("message")
        return pattern.replace(f'"{{{quoted[-1]}}}"', '"{message}"')
    if ends and "message" not in naming.taken and re.search(r" \{word\d+:word\}$", pattern):
        return re.sub(r"\{word\d+:word\}$", "{message:rest}", pattern)
    return pattern


def _piece(kind: str, values: list[str], before: str, naming: Naming) -> Piece:
    if kind == " ":
        return Piece(values[0] if len(set(values)) == 1 and len(values[0]) == 1 else "{~}", structural=False)
    key = _KEY.search(before)
    named = key[1].rsplit(".", 1)[-1] if key else ""
    if kind == '"':
        return _quoted([value[1:-1] for value in values], named, naming)
    if kind == "[":
        inner, typed = _field([value[1:-1] for value in values], named, naming, behind="]")
        return Piece(f"[{inner}]", structural=True) if typed or inner else Piece("[]", structural=True)
    return _word(values, named, naming)


def _quoted(values: list[str], named: str, naming: Naming) -> Piece:
    if not naming.requested and sum(bool(_REQUEST.match(value)) for value in values) * 2 > len(values):
        naming.requested = True
        naming.taken |= {"request", "method", "path", "protocol"}
        return Piece('"{request:request}"', structural=True)
    if named and "level" not in naming.taken and _are_levels(values):
        return Piece('"{' + naming.name("level", "level") + ':level}"', structural=True)
    wanted = named
    if not wanted and naming.requested:
        urls = all(value == "-" or value.startswith("http") for value in values)
        wanted = "referer" if urls and "referer" not in naming.taken else "agent"
    return Piece('"{' + naming.name(wanted or "text", "text") + '}"', structural=True)


def _word(values: list[str], named: str, naming: Naming) -> Piece:
    """Write a word: what all have in common at its edges is literal, and so is a key before ``=``."""
    edges = [_EDGE.match(value) for value in values]
    opening = _common([edge[1] if edge else "" for edge in edges], from_end=False)
    closing = _common([edge[3] if edge else "" for edge in edges], from_end=True)
    cores = [value[len(opening) : len(value) - len(closing)] for value in values]
    keys = {core.partition("=")[0] for core in cores if "=" in core}
    if len(keys) == 1 and all("=" in core for core in cores) and re.fullmatch(r"[A-Za-z_][\w.-]*", next(iter(keys))):
        key = keys.pop()
        opening += f"{key}="
        named = key.rsplit(".", 1)[-1]
        cores = [core.partition("=")[2] for core in cores]
        if not any(cores):
            return Piece(literal(opening + closing), structural=True)
    if len(set(cores)) == 1 and not named and _is_fixed(cores, naming.many):
        return Piece(literal(opening + cores[0] + closing), structural=True)
    inner, typed = _field(cores, named, naming, behind=closing)
    return Piece(
        literal(opening) + inner + literal(closing), structural=typed or bool(opening or closing) or bool(named)
    )


def _is_fixed(values: list[str], many: int) -> bool:
    """Tell literal text: a mark, or the same in enough lines, and nothing that may change another day."""
    text = values[0]
    if not any(char.isalnum() for char in text):
        return True
    return len(values) >= many and not any(char.isdigit() for char in text) and not _are_levels(values)


def _common(edges: list[str], *, from_end: bool) -> str:
    """Give what all begin (or end) with."""
    turned = [edge[::-1] for edge in edges] if from_end else edges
    count = 0
    while turned[0][count:] and all(edge[: count + 1] == turned[0][: count + 1] for edge in turned):
        count += 1
    return turned[0][:count][::-1] if from_end else turned[0][:count]


def _field(values: list[str], named: str, naming: Naming, behind: str) -> tuple[str, bool]:
    """Write a field for these values, and tell whether it is of a type narrower than a word."""
    kind, wanted, unit = _typed(values, naming)
    if kind in _FREE and any(" " in value or not value for value in values):
        kind = "text"
    if kind == "word" and behind and behind[0] != " ":
        kind = "text"
    shown = f":{kind}" if kind != "text" else ""
    wanted = wanted if kind == "level" else named or wanted
    return "{" + (naming.name(wanted, kind) if wanted else naming.name(naming.unnamed(), kind)) + shown + "}" + unit, (
        kind not in _FREE
    )


def _typed(values: list[str], naming: Naming) -> tuple[str, str, str]:
    """Give the type of a column, a name that it suggests, and the unit that stands behind each value."""
    if _are_levels(values) and "level" not in naming.taken:
        return "level", "level", ""
    if all(_NUMBER.fullmatch(value) for value in values) and any(value != "-" for value in values):
        return _numbered(values, naming)
    if all(_IP.fullmatch(value) for value in values) and any(value != "-" for value in values):
        return "ip", "client", ""
    for unit in ("ms", "us", "s"):
        if all(value.endswith(unit) and _DECIMAL.fullmatch(value[: -len(unit)]) for value in values):
            return unit, "duration", unit
    if all(_HEX.fullmatch(value) and any(c.isdigit() for c in value) for value in values):
        return "hex", "request_id", ""
    return "word", "", ""


def _numbered(values: list[str], naming: Naming) -> tuple[str, str, str]:
    if all(_STATUS.fullmatch(value) for value in values) and naming.requested and "status" not in naming.taken:
        return "d", "status", ""
    if "status" in naming.taken and "bytes" not in naming.taken:
        return "d", "bytes", ""
    return "d", "number", ""


def _are_levels(values: list[str]) -> bool:
    return all(value.lower() in SEVERITIES and value.isalnum() for value in values)
