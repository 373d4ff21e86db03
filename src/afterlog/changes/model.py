"""What a change is, and the rows of change events it is made from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pyarrow as pa

from afterlog.clock import rfc3339
from afterlog.event import Outcome
from afterlog.evidence import Place

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND


class Row(NamedTuple):
    """One change event; times in UTC microseconds."""

    time_us: int
    place: Place
    parser: str
    host: str
    service: str
    message: str
    action: str
    target: str
    outcome: str
    actor: str
    run: str
    client: str
    fields: Mapping[str, str]


_TEXTS: Final = (
    "parser", "host", "service", "message", "action", "target", "outcome", "actor", "run", "client",
)  # fmt: skip
ROW_COLUMNS: Final = ("time", "source", "line", "offset", *_TEXTS, "fields")
"""The event columns that `rows_of` reads."""
_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


def rows_of(table: pa.Table) -> Iterator[Row]:
    """Give the rows of a table with `ROW_COLUMNS`."""
    columns = [table.column("time").cast(pa.int64()).to_pylist()]
    columns.append(list(map(Place, *(table.column(name).to_pylist() for name in ("source", "line", "offset")))))
    columns += [_texts(table.column(name)) for name in _TEXTS]
    columns.append([dict(pairs) if pairs else _NO_FIELDS for pairs in table.column("fields").to_pylist()])
    return map(Row, *columns)


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Give texts, empty where there is none; equal ones as one object: change events repeat themselves."""
    if column.null_count == len(column):
        return [""] * len(column)
    coded = column.combine_chunks().dictionary_encode()
    words = ["" if word is None else word for word in coded.dictionary.to_pylist()]
    return [words[code] if code is not None else "" for code in coded.indices.to_pylist()]


@dataclass(frozen=True, slots=True)
class Step:
    """One act within a change: what was done to one host, when, and how it ended."""

    time_us: int
    text: str
    host: str
    outcome: str
    place: Place
    part: str = ""  # the play or stage it belongs to


@dataclass(frozen=True, slots=True)
class Part:
    """A named stage of a change (a play), told as an entry of its own where the change has several."""

    name: str
    start_us: int
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """Something that somebody or something did, as a person would tell it: one thing, ``[start_us, end_us]``.

    ``places`` are the lines it rests on, the most telling first. ``content`` holds changed lines (of a diff) that it
    brought, each with the place it stands at. ``routine`` is told of what happens by the clock, ``period_s`` its
    usual distance.
    """

    id: str
    tool: str
    action: str
    title: str
    start_us: int
    end_us: int
    hosts: tuple[str, ...]
    targets: tuple[str, ...]
    outcome: str
    actor: str
    steps: tuple[Step, ...]
    places: tuple[Place, ...]
    parts: tuple[Part, ...] = ()
    content: tuple[tuple[str, Place], ...] = ()
    removed: tuple[tuple[str, Place], ...] = ()
    subject: str = ""  # what its author said of it: a commit's first line
    commit: str = ""  # id of the commit change whose files it carried
    failure: str = ""  # what went wrong, as the tool said it
    routine: bool = False
    period_s: float | None = None
    times: int = 1  # how often, for a routine

    def as_json(self, evidence: list[dict[str, Any]]) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        return {
            "id": self.id,
            "tool": self.tool,
            "action": self.action,
            "title": self.title,
            "start": rfc3339(self.start_us),
            "end": rfc3339(self.end_us),
            "hosts": list(self.hosts),
            "targets": list(self.targets),
            "outcome": self.outcome,
            "actor": self.actor,
            "subject": self.subject,
            "failure": self.failure,
            "routine": self.routine,
            "period_s": self.period_s,
            "times": self.times,
            "steps": [
                {
                    "time": rfc3339(s.time_us),
                    "text": s.text,
                    "host": s.host,
                    "outcome": s.outcome,
                    "part": s.part,
                }
                for s in self.steps
            ],
            "evidence": evidence,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """A person looked at something or tried something out; it changes nothing but shows when attention began."""

    id: str
    what: str  # read, check or shell
    target: str
    start_us: int
    end_us: int
    hosts: tuple[str, ...]
    actor: str
    commands: tuple[str, ...]
    places: tuple[Place, ...]


_ORDER: Final = attrgetter("time_us", "place")


class Pool:
    """Rows not yet explained by a change; each serves at most one. Rows are given in the order of time."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_parser: dict[str, list[Row]] = {}
        self._on_host: dict[tuple[str, str], list[Row]] = {}
        for row in sorted(rows, key=_ORDER):
            self._by_parser.setdefault(row.parser, []).append(row)
            self._on_host.setdefault((row.parser, row.host), []).append(row)
        self._gone: set[Place] = set()

    def take(self, rows: Iterable[Row]) -> list[Row]:
        """Take rows out of the pool."""
        taken = list(rows)
        self._gone.update(row.place for row in taken)
        return taken

    def of(self, *parsers: str) -> list[Row]:
        """Give the rows of some parsers."""
        rows = [row for parser in parsers for row in self._by_parser.get(parser, ()) if row.place not in self._gone]
        return rows if len(parsers) == 1 else sorted(rows, key=_ORDER)

    def rest(self) -> list[Row]:
        """Give all rows that are left."""
        return self.of(*sorted(self._by_parser)) if self._by_parser else []

    def within(self, parser: str, start_us: int, end_us: int) -> list[Row]:
        """Give the rows of a parser within ``[start_us, end_us]``, on whatever host."""
        rows = self._by_parser.get(parser, [])
        low = bisect_left(rows, start_us, key=lambda row: row.time_us)
        high = bisect_right(rows, end_us, key=lambda row: row.time_us)
        return [row for row in rows[low:high] if row.place not in self._gone]

    def near(self, parsers: tuple[str, ...], hosts: Iterable[str], start_us: int, end_us: int) -> list[Row]:
        """Give the rows of some parsers on some hosts within ``[start_us, end_us]``."""
        found: list[Row] = []
        for rows in (self._on_host.get((parser, host), []) for parser in parsers for host in set(hosts)):
            low = bisect_left(rows, start_us, key=lambda row: row.time_us)
            high = bisect_right(rows, end_us, key=lambda row: row.time_us)
            found += [row for row in rows[low:high] if row.place not in self._gone]
        return sorted(found, key=_ORDER)


class Busy:
    """When something was done on each host: whether a moment falls into it is found in logarithmic time."""

    def __init__(self, changes: Iterable[Change], margin_us: int) -> None:
        spans: dict[str, list[tuple[int, int]]] = {}
        for change in changes:
            for host in change.hosts or ("",):
                spans.setdefault(host, []).append((change.start_us - margin_us, change.end_us + margin_us))
        self._spans = {host: _merged(sorted(found)) for host, found in spans.items()}

    def at(self, time_us: int, hosts: Iterable[str]) -> bool:
        """Tell whether something was done then on one of the hosts; the host "" stands for changes without any."""
        for host in hosts:
            spans = self._spans.get(host, [])
            at = bisect_right(spans, time_us, key=lambda span: span[0]) - 1
            if at >= 0 and time_us <= spans[at][1]:
                return True
        return False


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in spans:
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def joint_outcome(outcomes: Iterable[str]) -> str:
    """Tell how a change ended from how its parts ended."""
    seen = set(outcomes)
    partly = str(Outcome.PARTLY) in seen
    failed, changed = partly or str(Outcome.FAILED) in seen, partly or str(Outcome.CHANGED) in seen
    if failed and changed:
        return str(Outcome.PARTLY)
    if failed:
        return str(Outcome.FAILED)
    if changed:
        return str(Outcome.CHANGED)
    return str(Outcome.UNCHANGED) if str(Outcome.UNCHANGED) in seen else str(Outcome.UNKNOWN)


def places_of(places: Iterable[Place], most: int = 12) -> tuple[Place, ...]:
    """Give the first distinct places, in the order they came."""
    return tuple(dict.fromkeys(places))[:most]


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Give the distinct non-empty values, in the order they came."""
    return tuple(dict.fromkeys(value for value in values if value))
