"""The case: the directory that one run makes and every later command reads.

Files are written under another name and renamed, so that a reader never sees half of one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.errors import CaseError
from afterlog.stored import StoredEvents

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.dataset as ds

FORMAT: Final = 1
_ROW_GROUP: Final = 65_536
_STATISTICS: Final = frozenset({"time", "source", "kind", "status", "service", "upstream"})
_DICTIONARY: Final = [
    "time_basis",
    "source",
    "parser",
    "host",
    "service",
    "kind",
    "client",
    "method",
    "upstream",
    "action",
    "outcome",
    "actor",
]
_DELTA: Final = frozenset({"line", "offset", "bytes"})  # they rise, or vary little: faster to write, and far smaller


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of one source. ``lines`` = ``events`` + ``continuations`` + ``rejects``; times in UTC microseconds.

    ``duplicates`` of the events also stand in another source and are counted there. ``inside`` counts the
    events that were read inside an envelope, by parser.
    """

    path: str
    status: str  # read, partly-read, not-a-log, unreadable
    reason: str = ""
    parser: str | None = None
    inside: dict[str, int] = field(default_factory=dict)
    host: str | None = None
    service: str | None = None
    zone: str | None = None
    zone_basis: str | None = None
    zone_why: str = ""
    year: int | None = None
    year_why: str = ""
    clock_offset_s: float = 0.0
    clock_why: str = ""
    bytes: int = 0
    lines: int = 0
    events: int = 0
    continuations: int = 0
    rejects: int = 0
    duplicates: int = 0
    first: int | None = None
    last: int | None = None
    gaps: tuple[tuple[int, int], ...] = ()
    skipped: int = 0  # lines outside --since and --until; not among ``lines``


LEDGER_SCHEMA: Final = pa.schema([
    ("path", pa.string()), ("status", pa.string()), ("reason", pa.string()), ("parser", pa.string()),
    ("inside", pa.map_(pa.string(), pa.int64())), ("host", pa.string()), ("service", pa.string()),
    ("zone", pa.string()), ("zone_basis", pa.string()), ("zone_why", pa.string()), ("year", pa.int32()),
    ("year_why", pa.string()), ("clock_offset_s", pa.float64()), ("clock_why", pa.string()), ("bytes", pa.int64()),
    ("lines", pa.int64()), ("events", pa.int64()), ("continuations", pa.int64()), ("rejects", pa.int64()),
    ("duplicates", pa.int64()), ("first", pa.int64()), ("last", pa.int64()), ("gaps", pa.list_(pa.list_(pa.int64()))),
    ("skipped", pa.int64()),
])  # fmt: skip
REJECT_SCHEMA: Final = pa.schema([
    ("source", pa.string()), ("line", pa.int64()), ("offset", pa.int64()),
    ("reason", pa.string()), ("text", pa.string()),
])  # fmt: skip
COPY_SCHEMA: Final = pa.schema([
    ("source", pa.string()), ("line", pa.int64()), ("offset", pa.int64()),
    ("of_source", pa.string()), ("of_line", pa.int64()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """How the case was made: kept in ``case.toml``."""

    inputs: tuple[str, ...]
    tz: str | None = None
    display_zone: str = "UTC"
    outages: tuple[str, ...] = ()
    version: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Timeline:
    """The merged timeline of a case: all its events."""

    case: Case

    def frame(self, where: ds.Expression | None = None) -> pd.DataFrame:
        """Give the events that satisfy ``where`` as a pandas frame, one row an event, indexed by UTC time."""
        frame = self.case.events(where=where).to_pandas().set_index("time")
        frame["fields"] = [dict(pairs) if pairs is not None else {} for pairs in frame["fields"]]
        return frame


class Case(StoredEvents):
    """An opened case directory."""

    @classmethod
    def open(cls, folder: Path) -> Case:
        """Open an existing case.

        Raises:
            CaseError: there is none, or it was written in another format.

        """
        case = cls(folder)
        if not (folder / "case.toml").is_file():
            raise CaseError(f"{folder}: no case here (no case.toml). Make one with: afterlog run LOGS -o {folder}")
        if case.settings().format != FORMAT:
            raise CaseError(f"{folder}: written by another version of afterlog; run it again into a new directory.")
        return case

    def settings(self) -> Settings:
        """Read ``case.toml``.

        Raises:
            CaseError: it is damaged.

        """
        import tomlkit  # noqa: PLC0415

        try:
            stored = tomlkit.parse((self.folder / "case.toml").read_text(encoding="utf-8")).unwrap()
        except (OSError, ValueError) as error:
            raise CaseError(f"{self.folder / 'case.toml'}: cannot be read ({error}); ingest again.") from None
        known = {f.name for f in fields(Settings)}
        values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in stored.items() if n in known}
        return Settings(**{"inputs": (), **values})

    def write_settings(self, settings: Settings) -> None:
        """Write ``case.toml``."""
        import tomlkit  # noqa: PLC0415

        document = tomlkit.document()
        document.add(tomlkit.comment("How this case was made. Written by afterlog; review.toml is the file to edit."))
        for name, value in asdict(settings).items():
            if value is not None:
                document[name] = list(value) if isinstance(value, tuple) else value
        self.write_text("case.toml", tomlkit.dumps(document))

    # --- tables ---------------------------------------------------------------------------------------------

    def timeline(self) -> Timeline:
        """Give the merged timeline."""
        return Timeline(self)

    def read_table(self, name: str, schema: pa.Schema) -> pa.Table:
        """Read one of the case's smaller tables, empty where it was not written."""
        file = self.folder / f"{name}.parquet"
        return pq.read_table(file, schema=schema) if file.is_file() else schema.empty_table()

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table of the case."""
        with self.replacing(f"{name}.parquet") as file:
            write_parquet(table, file)

    def ledgers(self) -> list[Ledger]:
        """Read what became of every source, in the order of their paths."""
        rows = self.read_table("sources", LEDGER_SCHEMA).to_pylist()
        return [
            Ledger(
                **{
                    **row,
                    "inside": dict(row["inside"] or ()),
                    "gaps": tuple((a, b) for a, b in row["gaps"] or ()),
                    "skipped": row["skipped"] or 0,
                }
            )
            for row in rows
        ]

    def write_ledgers(self, ledgers: Sequence[Ledger]) -> None:
        """Write what became of every source."""
        rows: list[dict[str, Any]] = [
            {**asdict(ledger), "inside": sorted(ledger.inside.items()), "gaps": [list(gap) for gap in ledger.gaps]}
            for ledger in ledgers
        ]
        self.write_table("sources", pa.Table.from_pylist(rows, LEDGER_SCHEMA))

    # --- files ----------------------------------------------------------------------------------------------

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the case."""
        with self.replacing(name) as file:
            file.write_text(text, encoding="utf-8", newline="\n")

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Give a temporary path; at the end it takes the file's place in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        final = self.folder / name
        draft = final.with_name(f".{final.name}.{os.getpid()}.tmp")
        try:
            yield draft
            draft.replace(final)
        except OSError as error:
            raise CaseError(
                f"{final}: cannot be written ({error.strerror or error}); free space or choose another -o."
            ) from None
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def new_events(self) -> Iterator[Path]:
        """Give an empty directory for event parts; at the end it takes the place of ``events/``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / ".events.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        yield fresh
        old = self.folder / ".events.old"
        shutil.rmtree(old, ignore_errors=True)
        current = self.folder / "events"
        if current.exists():
            current.replace(old)
        fresh.replace(current)
        shutil.rmtree(old, ignore_errors=True)


def write_parquet(table: pa.Table, file: Path) -> None:
    """Write one Parquet file: plain columns, dictionaries where few values repeat."""
    pq.write_table(table, file, row_group_size=_ROW_GROUP, **_encodings(table))


def write_slices(tables: Iterable[pa.Table], empty: pa.Schema, file: Path) -> None:
    """Write tables of one schema, which ``empty`` names where there is none, one after the other into a file."""
    rest = iter(tables)
    first = next(rest, empty.empty_table())
    with pq.ParquetWriter(file, first.schema, **_encodings(first)) as writer:
        for table in chain([first], rest):
            writer.write_table(table, row_group_size=_ROW_GROUP)


def _encodings(table: pa.Table) -> dict[str, Any]:
    names = table.schema.names
    repeating = [name for name in names if name in _DICTIONARY or _repeats(table.column(name))]
    return {
        "compression": "lz4", "use_dictionary": repeating or False, "store_schema": True,
        "write_statistics": [name for name in names if name in _STATISTICS],
        "column_encoding": {name: "DELTA_BINARY_PACKED" for name in names if name in _DELTA},
    }  # fmt: skip


_DICTIONARY_TYPES: Final = (pa.string(), pa.large_string())


def _repeats(column: pa.ChunkedArray) -> bool:
    """Tell from its first values whether a dictionary makes a text column smaller and faster."""
    if column.type not in _DICTIONARY_TYPES:
        return False
    first = column.slice(0, 2_000)
    return len(first) > 100 and bool(pc.count_distinct(first).as_py() < len(first) // 10)


def new_case(folder: Path) -> Case:
    """Give the case to write to; an existing case is written anew, its review and draft are kept.

    Raises:
        CaseError: the directory holds something that is no case.

    """
    if folder.is_file():
        raise CaseError(f"{folder}: is a file; -o takes the directory of the case.")
    if (
        folder.is_dir()
        and not (folder / "case.toml").is_file()
        and any(not _is_ours(file) for file in folder.iterdir())
    ):
        raise CaseError(f"{folder}: holds other files and no case; choose an empty or new directory with -o.")
    return Case(folder)


def _is_ours(file: Path) -> bool:
    """Tell what an ingest leaves in a directory when it is interrupted before the case is there."""
    unfinished = {".ingest", ".events.new", "events", "stdin"}
    tables = {f"{name}.parquet" for name in ("sources", "rejects", "copies")}
    return file.name in unfinished | tables or (file.name.startswith(".") and file.name.endswith(".tmp"))
