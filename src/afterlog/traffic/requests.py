"""Requests as arrays: many rows in little memory, names as codes that follow the alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.case import Case
from afterlog.detect.stream import look_up, present
from afterlog.errors import InputError
from afterlog.event import Kind
from afterlog.evidence import Place
from afterlog.memory import give_back_memory
from afterlog.traffic.coding import Coded, Codes, Coding, Growing
from afterlog.traffic.failing import DEFAULT, parse_rule

Flags: TypeAlias = NDArray[np.bool_]
Times: TypeAlias = NDArray[np.int64]

_PIECE: Final = 1 << 18  # rows that are compared at once
_CODED: Final = ("source", "host", "service", "client", "method", "path", "upstream")


@dataclass(frozen=True, slots=True)
class Names:
    """What the codes stand for; −1 stands for nothing."""

    source: tuple[str, ...]
    host: tuple[str, ...]
    service: tuple[str, ...]
    client: tuple[str, ...]
    method: tuple[str, ...]
    path: Sequence[str]
    upstream: tuple[str, ...]
    server: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person chose for the analysis: what counts as a failure, and ``GLOB=NAME`` for services."""

    fail: str = DEFAULT
    services: tuple[str, ...] = ()


DEFAULT_RULES: Final = Rules()


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in the order of time, source and line; arrays of shape (n,), names by code (−1 for none).

    Codes and numbers take the fewest bytes that hold them: about 35 bytes a request.
    """

    time: Times  # UTC microseconds
    line: NDArray[np.integer]
    offset: NDArray[np.integer]
    status: NDArray[np.int16]  # 0 where none was logged
    failed: Flags  # by the rule given, status 500 and above by default
    duration: NDArray[np.float32] | None  # s, NaN where not logged; None where never
    source: Codes
    host: Codes  # the machine that logged it
    service: Codes
    client: Codes
    method: Codes
    path: Codes
    upstream: Codes  # the server behind the proxy that answered
    server: Codes  # the upstream where a proxy names one, else the host
    names: Names

    def __len__(self) -> int:
        return len(self.time)

    @property
    def client_error(self) -> Flags:
        """Tell which requests were refused and did not fail: status 400 to 499."""
        return (self.status >= 400) & (self.status < 500) & ~self.failed

    def take(self, which: Flags) -> Requests:
        """Give some of the requests; themselves where all are wanted."""
        if which.all():
            return self
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        chosen: dict[str, Any] = {k: v[which] for k, v in arrays.items() if isinstance(v, np.ndarray)}
        return replace(self, **chosen)

    def within(self, start_us: int, end_us: int) -> slice:
        """Give the rows from one moment to another, both included."""
        return slice(int(np.searchsorted(self.time, start_us)), int(np.searchsorted(self.time, end_us, side="right")))

    def place(self, row: int) -> Place:
        """Give the line of one request."""
        return Place(self.names.source[self.source[row]], int(self.line[row]), int(self.offset[row]))


def distinct(codes: Codes) -> int:
    """Count the distinct names among codes."""
    return sum(code >= 0 for code in present(codes))


def _times(column: pa.ChunkedArray) -> Times:
    return column.cast(pa.int64()).to_numpy()


def _compact(column: pa.ChunkedArray) -> NDArray[np.integer]:
    """Give numbers in 32 bits where they fit."""
    numbers = column.to_numpy()
    return numbers.astype(np.int32) if not len(numbers) or numbers.max() < 1 << 31 else numbers


def _statuses(column: pa.ChunkedArray) -> NDArray[np.int16]:
    return pc.fill_null(column, 0).to_numpy()


def _floats(column: pa.ChunkedArray) -> NDArray[np.float32]:
    return pc.fill_null(column.cast(pa.float32()), float("nan")).to_numpy()


_NUMBERS: Final = {
    "time": _times, "line": _compact, "offset": _compact, "status": _statuses, "duration": _floats, "bytes": _floats,
}  # fmt: skip


def read_requests(case: Case, rules: Rules = DEFAULT_RULES) -> Requests:
    """Read every request of a case.

    Raises:
        InputError: a rule cannot be read.

    """
    rule = parse_rule(rules.fail)
    plain = [name for name in _NUMBERS if name != "bytes" or name in rule.fields]
    parts = case.parts_of(Kind.REQUEST)
    most = sum(part.rows for part in parts)
    numbers, codings = {name: Growing(most) for name in plain}, {name: Coding(most) for name in _CODED}
    give_back_memory()  # of the ingest before
    for table in chain.from_iterable(part.read(plain, _CODED) for part in parts):
        for name, coding in codings.items():
            coding.add(table.column(name))
        for name in plain:
            column = table.column(name)
            if name in ("duration", "bytes") and column.null_count == len(column):
                numbers[name].add_none(len(column))
            else:
                numbers[name].add(_NUMBERS[name](column))
    give_back_memory()
    coded: dict[str, Coded] = {name: codings.pop(name).finish() for name in _CODED}
    coded |= {name: (codes, tuple(words)) for name, (codes, words) in coded.items() if name != "path"}
    coded["service"] = _named(coded["service"], coded["source"], rules.services)
    coded["server"] = _servers(coded["upstream"], coded["host"])
    whole: dict[str, Any] = {name: numbers.pop(name).known() for name in plain}
    failed = rule.holds({**_asked(whole, rule.fields), **coded})
    give_back_memory()
    order = _order(whole["time"], coded["source"][0], whole["line"])
    arrays: dict[str, Any] = {name: whole.pop(name) for name in ("time", "line", "offset", "status", "duration")}
    arrays |= {"failed": failed, **{name: pair[0] for name, pair in coded.items()}}
    ordered: dict[str, Any] = {name: values if values is None else values[order] for name, values in arrays.items()}
    names: dict[str, Any] = {name: pair[1] for name, pair in coded.items()}
    return Requests(**ordered, names=Names(**names))


def _asked(whole: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Give the columns of numbers that a rule asks for, NaN throughout where none was logged."""
    rows = len(whole["time"])
    return {
        name: np.full(rows, np.nan, np.float32) if whole[name] is None else whole[name]
        for name in names
        if name in whole
    }


def _order(time: Times, source: Codes, line: NDArray[np.integer]) -> NDArray[np.intp] | slice:
    """Give the order by time, source and line; all of it where the rows stand so already."""
    pieces = (slice(begin, begin + _PIECE + 1) for begin in range(0, len(time), _PIECE))
    if all(_ascending(time[piece], source[piece], line[piece]) for piece in pieces):
        return slice(None)
    return np.lexsort((line, source, time))


def _ascending(time: Times, source: Codes, line: NDArray[np.integer]) -> bool:
    tie = time[1:] == time[:-1]
    back = source[1:] < source[:-1]
    same = (source[1:] == source[:-1]) & (line[1:] < line[:-1])
    return not ((time[1:] < time[:-1]) | (tie & (back | same))).any()


def _named(service: Coded, source: Coded, given: Sequence[str]) -> Coded:
    """Rename services as ``GLOB=NAME`` says; the glob is over the source's path, its name, or the service's name."""
    (codes, names), (sources, paths) = service, source
    for words in given:
        glob, equals, name = words.partition("=")
        if not (equals and glob and name):
            raise InputError(f"--service {words!r}: write GLOB=NAME, for example --service 'web-*/access.log=shop'.")
        fits = [fnmatchcase(p, glob) or fnmatchcase(PurePosixPath(p).name, glob) for p in paths]
        wanted = np.array([*fits, False])[sources] | np.array([*(fnmatchcase(n, glob) for n in names), False])[codes]
        if not wanted.any():
            raise InputError(f"--service {words!r}: no source and no service fits {glob!r}; see afterlog sources CASE.")
        codes, names = _renumbered(np.where(wanted, len(names), codes), (*names, name))
    return codes, names


def _servers(upstream: Coded, host: Coded) -> Coded:
    names = (*_without_ports(upstream[1]), *host[1])
    width = np.min_scalar_type(-max(len(names), 1))
    own = np.array([*range(len(upstream[1]), len(names)), -1]).astype(width)
    return _renumbered(np.where(upstream[0] >= 0, upstream[0].astype(width), look_up(own, host[0])), names)


def _without_ports(names: Sequence[str]) -> tuple[str, ...]:
    """Give servers as their machines are called elsewhere: web-01 for web-01:8080, unless one has several ports."""
    bare = [re.sub(r":\d+$", "", name) for name in names]
    return tuple(short if bare.count(short) == 1 and short else name for short, name in zip(bare, names, strict=True))


def _renumbered(codes: Codes, names: Sequence[str]) -> Coded:
    """Renumber codes so that equal names have one code and codes follow the alphabet: the same logs, the same codes.

    Names that no code stands for are left out.
    """
    used = np.zeros(len(names) + 1, bool)
    used[present(codes)] = True
    ordered = sorted({name for name, there in zip(names, used[:-1], strict=True) if there})
    place = {name: number for number, name in enumerate(ordered)}
    width = np.min_scalar_type(-max(len(ordered), 1))
    numbers: Codes = np.array([*(place.get(name, -1) for name in names), -1]).astype(width)
    return look_up(numbers, codes), tuple(ordered)
