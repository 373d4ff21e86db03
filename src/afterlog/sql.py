"""SQL over a case: DuckDB reads the Parquet files where they lie; questions only, nothing can be written.

Tables: ``events``, ``sources``, ``rejects``, ``copies``, ``signals`` as the case holds them, and ``timeline``,
``outages``, ``changes`` of the last analysis.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from afterlog.case import COPY_SCHEMA, LEDGER_SCHEMA, REJECT_SCHEMA, Case
from afterlog.errors import CaseError, InputError
from afterlog.event import SCHEMA
from afterlog.table import FIELD
from afterlog.traffic.signals import SIGNALS_SCHEMA

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

_STORED: Final = {
    "sources": LEDGER_SCHEMA, "rejects": REJECT_SCHEMA, "copies": COPY_SCHEMA, "signals": SIGNALS_SCHEMA,
}  # fmt: skip
_TEXT, _TIME = pa.string(), pa.timestamp("us", "UTC")
_TOLD: Final = {
    "outages": {
        "id": _TEXT, "kind": _TEXT, "class": _TEXT, "service": _TEXT, "hosts": pa.list_(_TEXT), "start": _TIME,
        "end": _TIME, "baseline_rate": pa.float64(), "failure_rate": pa.float64(), "requests": pa.int64(),
        "failed": pa.int64(), "clients": pa.int64(),
    },
    "changes": {
        "id": _TEXT, "tool": _TEXT, "action": _TEXT, "title": _TEXT, "start": _TIME, "end": _TIME,
        "hosts": pa.list_(_TEXT), "targets": pa.list_(_TEXT), "outcome": _TEXT, "actor": _TEXT, "routine": pa.bool_(),
    },
    "timeline": {
        "id": _TEXT, "time": _TIME, "until": _TIME, "kind": _TEXT, "host": _TEXT, "service": _TEXT, "text": _TEXT,
        "about": _TEXT,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: names of columns, and rows of Python values, read as they are asked for."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]

    def documents(self) -> Iterator[dict[str, Any]]:
        """Give the rows as JSON values; times as RFC 3339."""
        return (dict(zip(self.columns, map(as_json, row), strict=True)) for row in self.rows)


@contextmanager
def ask(case: Case, question: str) -> Iterator[Answer]:
    """Ask a case a question in DuckDB's SQL.

    Args:
        case: an ingested case.
        question: one SELECT (or DESCRIBE, EXPLAIN, SHOW) statement.

    Raises:
        InputError: the question is none, or cannot be answered; DuckDB's words say why.

    """
    import duckdb  # noqa: PLC0415  only this command needs it

    with duckdb.connect(":memory:") as connection:
        try:
            _prepare(connection, case)
        except duckdb.Error as error:
            raise CaseError(f"{case.folder}: its tables cannot be read ({error}); ingest the logs again.") from None
        try:
            statements = duckdb.extract_statements(question)
            asking = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
            if len(statements) != 1 or statements[0].type not in asking:
                raise InputError(
                    "sql: ask one question (SELECT, DESCRIBE, EXPLAIN); a case is changed by its commands only."
                )
            relation = connection.sql(statements[0].query)
            yield Answer(tuple(relation.columns), _rows(relation))
        except duckdb.Error as error:
            raise InputError(f"sql: {error}") from None


def _rows(relation: DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    for batch in relation.to_arrow_reader(10_000):
        yield from zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns), strict=True)


def _prepare(connection: DuckDBPyConnection, case: Case) -> None:
    """Name the tables, then take away every way out: no other file, no extension, no setting can be reached."""
    connection.execute("SET TimeZone='UTC'")
    folder = case.folder.resolve() / "events"
    connection.execute("SET allowed_directories=$1", [[str(folder)]])
    if any(folder.glob("*.parquet")):
        _view_events(connection, folder)
    else:
        connection.register("events", SCHEMA.empty_table())
    for name, schema in _STORED.items():
        connection.register(name, case.read_table(name, schema))
    told = _findings(case)
    entries = told.get("entries", [])
    rows = {"outages": told.get("outages", []), "changes": list(_changes(told)), "timeline": entries}
    for name, columns in _TOLD.items():
        connection.register(name, _table(rows[name], columns))
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")


def _view_events(connection: DuckDBPyConnection, folder: Path) -> None:
    files = f"read_parquet({_text(str(folder / '*.parquet'))}, union_by_name=true)"
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()]  # noqa: S608  our own
    extra = [name for name in names if name.startswith(FIELD)]
    pairs = ", ".join(f"{{'k': {_text(name.removeprefix(FIELD))}, 'v': {_name(name)}::VARCHAR}}" for name in extra)
    fields = f"map_from_entries(list_filter([{pairs}], lambda p: p.v IS NOT NULL))" if extra else "MAP {}"
    plain = ", ".join(_name(name) for name in SCHEMA.names if name in names)
    connection.execute(f"CREATE VIEW events AS SELECT {plain}, {fields} AS fields FROM {files}")  # noqa: S608  quoted


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _findings(case: Case) -> dict[str, Any]:
    try:
        return json.loads((case.folder / "findings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _changes(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    seen = set()
    for name in ("causes", "alibis", "attempts", "resolutions"):
        for row in told.get(name, ()):
            change = row.get("change")
            if change and change["id"] not in seen:
                seen.add(change["id"])
                yield change


def _table(rows: Sequence[dict[str, Any]], columns: dict[str, pa.DataType]) -> pa.Table:
    values = [{name: _moment(row.get(name)) if kind == _TIME else row.get(name) for name, kind in columns.items()}
              for row in rows]  # fmt: skip
    return pa.Table.from_pylist(values, pa.schema(list(columns.items())))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def as_json(value: Any) -> Any:
    """Make a value of DuckDB's fit for JSON: times as RFC 3339, bytes as readable text, what is odd as text."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)  # noqa: PLR0124  NaN
    return value.isoformat() if isinstance(value, date) else str(value)
