"""What a parser is: the one module (beside the layouts it re-exports) that a file in ``parsers/`` imports.

A parser is one of two things. A `LineParser` is *declared*: its layouts say how lines look, and their field
names say what becomes of them (names of event columns fill these columns, all others go to ``fields``). A
`RecordParser` reads formats that carry state from line to line (a play, a package run, a YAML document) with
a generator. There is no third way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from afterlog.errors import ParserError
from afterlog.event import COLUMNS, SCHEMA, Kind, Outcome
from afterlog.formats.ansible import ANSIBLE_ESCAPE, ANSIBLE_TEXT, Playing, ansible_message, ansible_result
from afterlog.formats.deploying import deploys_by_command, deploys_by_name
from afterlog.formats.json_objects import json_objects, object_in, text_in
from afterlog.formats.kubernetes import kubernetes_event
from afterlog.formats.levels import severity_in, severity_of
from afterlog.formats.loose import LOOSE_FORMS, SYSLOG_LOOSE, SYSLOG_LOOSE_DATED, Loose
from afterlog.formats.months import month_of
from afterlog.formats.pairs import Pairs
from afterlog.formats.stamps import COMMON_FORMS, Form, in_epoch, stamped, times_in, times_of_column, zoned
from afterlog.formats.syslogging import JOURNALCTL_SAYS, SYSLOG_SEVERITIES, of_priority, of_repetition
from afterlog.formats.systemd import PLATFORM, platform_event
from afterlog.formats.values import asked_in, seconds_of, status_of, told_by
from afterlog.layout import (
    FIELD_TYPES,
    OFFSET_OF_ENVELOPE,
    OFFSET_PLACED,
    OFFSET_UNKNOWN,
    TIME_FORMS,
    Layout,
    Lines,
    Match,
    Times,
)
from afterlog.layout.fields import DURATION_EXPONENT, PARTS

__all__ = [
    "ANSIBLE_ESCAPE",
    "ANSIBLE_TEXT",
    "COLUMNS",
    "COMMON_FORMS",
    "FIELD_TYPES",
    "JOURNALCTL_SAYS",
    "LOOSE_FORMS",
    "OFFSET_OF_ENVELOPE",
    "OFFSET_UNKNOWN",
    "PLATFORM",
    "SYSLOG_LOOSE",
    "SYSLOG_LOOSE_DATED",
    "SYSLOG_SEVERITIES",
    "TIME_FORMS",
    "UNNAMED",
    "Batch",
    "Column",
    "Form",
    "Kind",
    "Layout",
    "LearningParser",
    "Line",
    "LineParser",
    "Lines",
    "Loose",
    "Match",
    "Outcome",
    "Pairs",
    "Parser",
    "Playing",
    "Record",
    "RecordParser",
    "Reject",
    "Sample",
    "Stamp",
    "Times",
    "ansible_message",
    "ansible_result",
    "asked_in",
    "columns_of",
    "deploys_by_command",
    "deploys_by_name",
    "each_stamped",
    "each_unique",
    "in_epoch",
    "json_objects",
    "kubernetes_event",
    "month_of",
    "object_in",
    "of_priority",
    "of_repetition",
    "placed",
    "platform_event",
    "read_stamp",
    "seconds_of",
    "severity_in",
    "severity_of",
    "stamped",
    "status_of",
    "text_in",
    "times_in",
    "times_of_column",
    "told_by",
    "zoned",
]

Column: TypeAlias = pa.Array
"""One event column or field, aligned with the rows of the match it came from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A true record and what must come out of it.

    ``text`` is the record as written (several lines for a multi-line record; for a parser that lives inside
    an envelope: the message alone). ``expect`` maps event columns, or names of ``fields``, to values; ``time``
    is the wall clock as printed, ISO 8601, with an offset only where the line has one (year 2000 where the
    line has none). ``expect=None`` means: the line must be refused. ``origin`` says where the line comes from.
    """

    text: bytes
    expect: Mapping[str, object] | None
    origin: str
    program: str = ""  # for a parser inside an envelope: the program name the envelope gives


class Stamp(NamedTuple):
    """A time as one line prints it: microseconds of the wall clock since 1970, seconds east of UTC if printed."""

    wall_us: int
    offset_s: int = OFFSET_UNKNOWN
    has_year: bool = True
    resolution_us: int = 1


def placed(before_end_us: int = 0, *, at_us: int | None = None) -> Stamp:
    """Give the time of a record that prints none: so long before the end of its source, or at a UTC time known elsehow.

    It becomes a time when the file's end is known (see ``afterlog.clock.placing``), and is marked as placed.
    """
    return Stamp(-before_end_us if at_us is None else at_us, OFFSET_PLACED)


class Line(NamedTuple):
    """One line of a source as a `RecordParser` sees it."""

    number: int  # from 1
    offset: int  # bytes before it in the decompressed source
    text: bytes  # without its line ending


@dataclass(frozen=True, slots=True)
class Record:
    """One event read by a `RecordParser`: the line it stands on, its time, its columns."""

    line: Line
    time: Stamp
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not be read, with the reason a person will see."""

    line: Line
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one block: columns aligned with ``rows``, indices into ``lines``, ascending."""

    lines: Lines
    rows: np.ndarray
    times: Times
    columns: Mapping[str, Column]
    parser: Column  # name of the parser that read each row
    joined: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # rows of text that records above hold


@dataclass(frozen=True)
class Parser:
    """Identity of a format."""

    name: str
    title: str
    url: str
    samples: tuple[Sample, ...]
    stateful: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not (self.name and self.title and self.url.startswith("http") and self.samples):
            raise ParserError(f"parser {self.name or '?'!r}: name, title, url (http…) and samples are required")


UNNAMED: Final = "?"
"""In ``inside``: the programs that have no parser of their own, whose messages are known by how they look."""


@dataclass(frozen=True)
class LineParser(Parser):
    """A format whose records begin with a line that one of the layouts matches.

    ``kind`` is the events' default kind. ``inside`` names the programs whose messages it reads inside an
    envelope (exact names, a prefix ending in ``*``, or `UNNAMED` for programs that have no parser of their own); such a
    parser is not asked about whole files, and its lines may have no time: that of the envelope holds.
    ``envelope`` says that the field ``message`` may hold another format's line, of the program in ``program``.
    ``graded`` says that a message which no parser reads has the severity of the word it begins with.
    ``continues`` says that a line no layout matches belongs to the record above it (stack traces).
    ``headings`` is a regex of the lines that no record of a program's are: what the writing tool says of itself between
    them (``-- Boot … --``); they are counted as continuations and join no message.
    ``meaning`` computes further columns from a match: it returns columns (or fields) by name, aligned with
    the match's rows, and is given the columns of the envelope around it (empty when there is none). None for a
    name drops that column. It may return three things besides: ``time``, the `Times` where no layout reads them (with
    OFFSET_OF_ENVELOPE for a row that prints none, inside an envelope);
    ``refused``, a mask of the rows that are no records after all (the next layout is asked about them); and
    ``joined``, a mask of the rows whose text it has put into a record above (CRI's partial lines).
    """

    layouts: tuple[Layout, ...] = ()
    kind: Kind = Kind.LOG
    inside: tuple[str, ...] = ()
    envelope: bool = False
    graded: bool = False
    continues: bool = False
    headings: bytes = b""
    meaning: Callable[[Match, Mapping[str, Column]], Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.layouts:
            raise ParserError(f"parser {self.name!r}: a LineParser needs at least one layout")

    def claims_program(self, program: str) -> bool:
        """Tell whether messages of this program are read by this parser."""
        return any(program == p or (p.endswith("*") and program.startswith(p[:-1])) for p in self.inside)


@dataclass(frozen=True)
class LearningParser(Parser):
    """A format not declared but learned from a source's first lines; asked only where no declared one fits.

    ``learn`` is given the first lines (at most 200) and returns a `LineParser` for this source, or None.
    """

    learn: Callable[[list[bytes]], LineParser | None] = lambda _head: None
    inside: ClassVar[tuple[str, ...]] = ()  # it reads whole sources only


@dataclass(frozen=True)
class RecordParser(Parser):
    """A format that carries state from line to line.

    ``claims`` is given the path and the first lines (at most 200) of a source and returns how much of it this
    parser understands, 0 to 1. ``records`` is a generator over all lines: it yields a `Record` for each event
    and a `Reject` for each line it cannot read; every other line is a continuation of the record before it.
    ``envelope`` says that a record's ``message`` may hold another format's line, of the program in ``program``.
    ``marks`` are texts of which a source's first lines hold at least one where the parser understands any of them:
    where there is none, it need not be asked.
    """

    claims: Callable[[str, list[bytes]], float] = lambda _path, _head: 0.0
    records: Callable[[Iterable[Line]], Iterator[Record | Reject]] = lambda _lines: iter(())
    envelope: bool = False
    marks: tuple[bytes, ...] = ()
    stateful: ClassVar[bool] = True


def each_stamped(
    lines: Iterable[Line], read: Callable[[Line], Record | None], expected: str
) -> Iterator[Record | Reject]:
    """Give a record for each line that ``read`` understands; all others belong to the one above them.

    What stands above the first record is rejected, ``expected`` being the reason. For formats whose records begin with
    a time and may go on below it.
    """
    begun = False
    for line in lines:
        record = read(line)
        if record is not None:
            begun = True
            yield record
        elif not begun and line.text.strip():
            yield Reject(line, expected)


_REMEMBERED: Final = 4_096
_REMEMBERED_TEXT: Final = 500  # characters; longer texts hardly come again, and would fill the memory


@lru_cache(maxsize=64)
def _known(read: Callable[[str], Mapping[str, Any]]) -> Callable[[str], Mapping[str, Any]]:
    """Remember what a function of a parser's module told of the last texts: the next block holds many of them again."""
    return lru_cache(maxsize=_REMEMBERED)(read)


def each_unique(column: Column, read: Callable[[str], Mapping[str, Any]]) -> dict[str, Column]:
    """Read each distinct text once, and give what it tells as columns aligned with ``column``.

    ``read`` maps a text to columns (or fields) by name; what it leaves out is null. This is how a ``meaning`` stays
    fast: logs repeat themselves.
    """
    coded = column.dictionary_encode()
    known = _known(read) if "<locals>" not in getattr(read, "__qualname__", "<locals>") else read
    told = [
        {} if said is None else known(said) if len(said) < _REMEMBERED_TEXT else read(said)
        for said in coded.dictionary.to_pylist()
    ]
    names = sorted({name for one in told for name in one})
    return {name: pa.array([one.get(name) for one in told], _type_of(name)).take(coded.indices) for name in names}


def _type_of(name: str) -> pa.DataType:
    return SCHEMA.field(name).type if name in COLUMNS else pa.string()


_ISO: Final = re.compile(
    rb"(\d{4})[-/](\d\d)[-/](\d\d)(?:T| {1,2})(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d))?"
)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  wall clocks have no zone


@lru_cache(maxsize=4096)
def read_stamp(form: str, text: bytes) -> Stamp | None:
    """Read one time of the given form (see ``afterlog.layout.TIME_FORMS``), or None if it is none.

    The forms that look like ISO 8601 are read directly; the others by the layout engine.
    """
    found = _ISO.fullmatch(text) if form in ("iso", "python", "apt", "nginx-error") else None
    if found is None:
        match = _layout_of(form).match(Lines.of(text))
        if not len(match.rows):
            return None
        times = match.time()
        has_year = bool(np.broadcast_to(np.asarray(times.has_year), (1,))[0])
        return Stamp(int(times.wall_us[0]), int(times.offset_s[0]), has_year, times.resolution_us)
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    try:
        whole = datetime(year, month, day, hour, minute, min(second, 59)) - _EPOCH  # noqa: DTZ001
    except ValueError:
        return None
    fraction = found[7] or b""
    micros = int(fraction[:6].ljust(6, b"0")) + (second // 60) * 1_000_000
    wall_us = (whole.days * 86_400 + whole.seconds) * 1_000_000 + micros
    return Stamp(wall_us, _offset(found[8]), resolution_us=10 ** (6 - min(len(fraction), 6)))


def _offset(text: bytes | None) -> int:
    if text is None:
        return OFFSET_UNKNOWN
    if text == b"Z":
        return 0
    seconds = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return -seconds if text.startswith(b"-") else seconds


@cache
def _layout_of(form: str) -> Layout:
    return Layout(f"{{time:{form}}}")


def columns_of(match: Match, without: Collection[str] = ()) -> dict[str, Column]:
    """Give every field of a match but its times, and those named, as a column under its own name."""
    columns: dict[str, Column] = {}
    for name, kind in match.types.items():
        if kind in TIME_FORMS or name in without:
            continue
        if kind == "d":
            values, valid = match.int(name)
            columns[name] = pa.array(values, pa.int64(), mask=~valid)
        elif kind in DURATION_EXPONENT:
            seconds, valid = match.float(name)
            columns[name] = pa.array(seconds, pa.float64(), mask=~valid)
        elif kind not in PARTS:  # those stand beside it
            columns[name] = match.text(name)
    if "level" in match:
        columns.pop("level", None)
        if "severity" not in columns and "severity" not in without:
            columns["severity"] = severity_of(match.text("level"))
    return columns
