"""The events of a case: Parquet files that workers wrote, read in whichever way a question needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.errors import CaseError
from afterlog.event import COLUMNS, SCHEMA
from afterlog.table import FIELD, FIXED, gathered_fields

if TYPE_CHECKING:
    import pyarrow.dataset as ds

_SLICE: Final = 500_000  # rows that are sorted at once
_ORDER: Final = ("time", "source", "line")


@dataclass(frozen=True, slots=True)
class Part:
    """The row groups of one file that hold nothing but events of a kind, and those that may hold some.

    ``rows`` is the most events that it may give.
    """

    file: str
    stored: pq.FileMetaData
    kind: str
    all_of_it: tuple[int, ...]
    some: tuple[int, ...]
    rows: int

    def read(self, columns: Sequence[str], coded: Sequence[str]) -> Iterator[pa.Table]:
        """Read the events of the kind, the columns ``coded`` as dictionaries; each column is read once.

        One thread: it takes as long as several, which are fed too little, and Arrow keeps memory for each.
        """
        wanted = [*columns, *coded]
        with pq.ParquetFile(self.file, metadata=self.stored, read_dictionary=[*coded, "kind"]) as file:
            if self.all_of_it:
                yield file.read_row_groups(self.all_of_it, wanted, use_threads=False)
            if self.some:
                table = file.read_row_groups(self.some, [*wanted, "kind"], use_threads=False)
                yield table.filter(pc.equal(table.column("kind").cast(pa.string()), self.kind)).select(wanted)


class StoredEvents:
    """The events in a case directory, in files that overlap in time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def events(
        self, columns: Sequence[str] | None = None, where: ds.Expression | None = None, *, ordered: bool = True
    ) -> pa.Table:
        """Read events: the columns asked for, the rows that satisfy ``where``, in the order of time, source, line.

        Raises:
            CaseError: there are no events, or a column is unknown.

        """
        wanted = list(columns) if columns is not None else SCHEMA.names
        unknown = [name for name in wanted if name not in COLUMNS]
        if unknown:
            raise CaseError(f"no such event column: {', '.join(unknown)}; there are: {', '.join(SCHEMA.names)}")
        keys = [name for name in _ORDER if ordered and name not in wanted]
        table = self._read_events(wanted + keys, where)
        if ordered:
            order = [(name, "ascending") for name in _ORDER]
            table = table.take(pc.sort_indices(table.select(_ORDER), order))
        return table.select(wanted)

    def events_in_slices(
        self, columns: Sequence[str] | None = None, where: ds.Expression | None = None
    ) -> Iterator[pa.Table]:
        """Read events in their order, slice by slice of time: any number of rows in little memory."""
        time = pc.field("time")
        edges = self._slices()
        for begin, end in pairwise([None, *edges, None]):
            tests = [*([time >= begin] if begin is not None else []), *([time < end] if end is not None else [])]
            inside = where
            for test in tests:
                inside = test if inside is None else inside & test
            table = self.events(columns, inside)
            if len(table):
                yield table

    def _slices(self) -> list[pa.Scalar]:
        """Give moments between which lie about `_SLICE` events each, as the row groups tell."""
        begins: list[tuple[Any, int]] = []
        for file in self._event_files():
            stored = pq.ParquetFile(file).metadata
            column = stored.schema.names.index("time")
            for number in range(stored.num_row_groups):
                group = stored.row_group(number)
                known = group.column(column).statistics
                if known is not None and known.has_min_max:
                    begins.append((known.min, group.num_rows))
        found: list[Any] = []
        rows = 0
        for begin, count in sorted(begins):
            if rows >= _SLICE and (not found or begin > found[-1]):
                found.append(begin)
                rows = 0
            rows += count
        return [pa.scalar(begin, pa.timestamp("us", "UTC")) for begin in found]

    def coded_events(
        self, columns: Sequence[str], coded: Sequence[str], where: ds.Expression | None = None
    ) -> pa.Table:
        """Read events in no order, the columns ``coded`` as one dictionary each: many rows in little memory."""
        import pyarrow.dataset as ds  # noqa: PLC0415

        files = self._event_files()
        if not files:
            return SCHEMA.empty_table().select(list(columns))
        kinds = [pa.field(f.name, pa.dictionary(pa.int32(), f.type)) if f.name in coded else f for f in FIXED]
        form = ds.ParquetFileFormat(dictionary_columns=set(coded))
        data = ds.dataset(files, schema=pa.schema(kinds), format=form)
        return data.to_table(columns=list(columns), filter=where).unify_dictionaries()

    def parts_of(self, kind: str) -> list[Part]:
        """Give what may hold events of a kind, file by file."""
        return [part for name in self._event_files() if (part := _part(name, kind)).rows]

    def distinct(self, column: str) -> list[str]:
        """Give the different values of a text column of the events, in alphabetical order."""
        values: set[str] = set()
        for batch in self.event_batches([column]):
            values.update(value for value in pc.unique(batch.column(0)).to_pylist() if value)
        return sorted(values)

    def event_batches(self, columns: Sequence[str], where: ds.Expression | None = None) -> Iterator[pa.RecordBatch]:
        """Read events batch by batch, in the order of the files: any number of rows in little memory."""
        import pyarrow.dataset as ds  # noqa: PLC0415

        for file in self._event_files():
            data = ds.dataset([file], schema=FIXED, format="parquet")
            yield from data.to_batches(columns=list(columns), filter=where, batch_readahead=2)

    def field_batches(
        self, columns: Sequence[str], name: str, where: ds.Expression | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Read events that tell a field, batch by batch: the columns asked for, and the field under its own name."""
        import pyarrow.dataset as ds  # noqa: PLC0415

        field = f"{FIELD}{name}"
        for file in self._event_files():
            data = ds.dataset([file], format="parquet")
            if field in data.schema.names:
                told = ds.field(field).is_valid() if where is None else where & ds.field(field).is_valid()
                for batch in data.to_batches(columns=[*columns, field], filter=told, batch_readahead=2):
                    yield batch.rename_columns([*columns, name])

    def _read_events(self, columns: list[str], where: Any) -> pa.Table:
        import pyarrow.dataset as ds  # noqa: PLC0415  slow to load, and not needed to write a case

        files = self._event_files()
        plain = [name for name in columns if name != "fields"]
        if "fields" not in columns or not files:
            data = ds.dataset(files, schema=FIXED, format="parquet") if files else ds.dataset(SCHEMA.empty_table())
            return data.to_table(columns=plain if files else columns, filter=where)
        tables = []
        for file in files:
            data = ds.dataset([file], format="parquet")
            extra = [name for name in data.schema.names if name.startswith(FIELD)]
            part = data.to_table(columns=plain + extra, filter=where)
            arrays = [gathered_fields(part) if name == "fields" else part.column(name) for name in columns]
            tables.append(pa.Table.from_arrays(arrays, schema=pa.schema([SCHEMA.field(name) for name in columns])))
        return pa.concat_tables(tables)

    def _event_files(self) -> list[str]:
        """List the event files; where a crash fell between two renames, those of the ingest before."""
        for name in ("events", ".events.old"):
            files = sorted((self.folder / name).glob("*.parquet"))
            if files or (self.folder / name).is_dir():
                return [str(file) for file in files]
        return []


def _part(file: str, kind: str) -> Part:
    """See in the statistics of a file's row groups which hold events of a kind."""
    stored = pq.read_metadata(file)
    column = stored.schema.names.index("kind")
    all_of_it: list[int] = []
    some: list[int] = []
    rows = 0
    for number in range(stored.num_row_groups):
        group = stored.row_group(number)
        known = group.column(column).statistics
        told = known is not None and known.has_min_max
        if told and not known.min <= kind <= known.max:
            continue
        (all_of_it if told and known.min == known.max and not known.null_count else some).append(number)
        rows += group.num_rows
    return Part(file, stored, kind, tuple(all_of_it), tuple(some), rows)
