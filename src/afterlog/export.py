"""Exports: the inferred timeline and the raw events, filtered, as table, JSON, CSV, Parquet or for Timesketch."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case, Ledger, write_parquet, write_slices
from afterlog.clock import parse_moment, rfc3339, zone_of
from afterlog.errors import InputError
from afterlog.event import SCHEMA, Kind
from afterlog.findings import Findings
from afterlog.printed import aligned, local
from afterlog.sql import Answer, as_json
from afterlog.statement import plain, visible
from afterlog.timeline import Entry

_SEARCHED: Final = ("message", "path", "target", "client", "actor")


@dataclass(frozen=True, slots=True)
class Filter:
    """What to keep; empty means all. Times as a person types them; ``grep`` is an RE2 pattern."""

    since: str | None = None
    until: str | None = None
    hosts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    grep: str | None = None


def write_entries(findings: Findings, wanted: Filter, form: str, zone: str, output: Path | None) -> None:
    """Write the inferred timeline.

    Raises:
        InputError: a filter cannot be read, or names what there is none of.

    """
    told = findings.timeline
    _check_known("--host", wanted.hosts, {host for entry in told for host in entry.host.split(", ")})
    _check_known("--service", wanted.services, {entry.service for entry in told})
    _check_known("--kind", wanted.kinds, {entry.kind for entry in told})
    entries = [entry for entry in findings.timeline if _keeps(entry, wanted, zone)]
    documents = [findings.entry_json(entry) for entry in entries]
    if form == "table":
        rows = [(local(e.time_us, zone), e.kind, plain(e.text)[:160], _cited(findings, e)) for e in entries]
        _write(output, lambda out: print(aligned(("TIME", "KIND", "WHAT HAPPENED", "EVIDENCE"), rows), file=out))
    elif form == "json":
        document = {"entries": documents, "left_out": findings.left_out}
        _write(output, lambda out: print(json.dumps(document, ensure_ascii=False, indent=1), file=out))
    elif form == "parquet":
        flat = [{**d, "evidence": json.dumps(d["evidence"], ensure_ascii=False)} for d in documents]
        write_parquet(pa.Table.from_pylist(flat), _needs_file(output))
    else:
        rows_ = [
            _sketch(
                d["time"],
                d["text"],
                d["kind"],
                {
                    "host": d["host"],
                    "evidence": "; ".join(f"{e['source']}:{e['line']}" for e in d["evidence"]),
                },
            )
            if form.startswith("timesketch")
            else {**d, "evidence": "; ".join(f"{e['source']}:{e['line']}" for e in d["evidence"])}
            for d in documents
        ]
        _write_rows(rows_, form, output)


def _keeps(entry: Entry, wanted: Filter, zone: str) -> bool:
    place = zone_of(zone)
    hosts = set(entry.host.split(", "))
    return (
        (wanted.since is None or entry.until_us >= parse_moment(wanted.since, place))
        and (wanted.until is None or entry.time_us < parse_moment(wanted.until, place))
        and (not wanted.hosts or bool(hosts & set(wanted.hosts)))
        and (not wanted.services or entry.service in wanted.services)
        and (not wanted.kinds or entry.kind in wanted.kinds)
        and (wanted.grep is None or _matches(wanted.grep, plain(entry.text)))
    )


def _matches(pattern: str, text: str) -> bool:
    """Search with RE2, as for events: one dialect, and no pattern that runs forever."""
    try:
        return bool(pc.match_substring_regex(pa.array([text]), pattern)[0].as_py())
    except pa.ArrowInvalid as error:
        raise InputError(f"--grep {pattern!r}: {error}") from None


def _cited(findings: Findings, entry: Entry) -> str:
    places = [f"{e['source']}:{e['line']}" for e in findings.of(entry.places)]
    return places[0] + (f" (+{len(places) - 1})" if len(places) > 1 else "") if places else ""


def write_events(case: Case, wanted: Filter, form: str, output: Path | None) -> None:
    """Write raw events in the order of time.

    Raises:
        InputError: a filter cannot be read.

    """
    zone = case.settings().display_zone
    ledgers = case.ledgers()
    _check_known("--kind", wanted.kinds, {str(kind) for kind in Kind})
    for option, values, column in (("--host", wanted.hosts, "host"), ("--service", wanted.services, "service")):
        if values:
            _check_known(option, values, set(case.distinct(column)))
    _tell_outside(wanted, zone, ledgers)
    slices = _found(case, wanted, zone)
    if form == "parquet":
        write_slices(slices, SCHEMA, _needs_file(output))
        return
    rows = (row for table in slices for batch in table.to_batches(max_chunksize=20_000) for row in batch.to_pylist())
    if form == "table":
        _write(output, lambda out: _event_table(rows, zone, out))
        return
    events = (_event(row) for row in rows)
    if form == "json":
        _write(output, lambda out: _stream(events, out, "events"))
        return
    if form.startswith("timesketch"):
        events = (
            _sketch(
                e["time"],
                _said(e),
                e["kind"],
                {k: v for k, v in e.items() if k not in ("time", "message") and v is not None},
            )
            for e in events
        )
    _write_rows(events, form, output)


def _found(case: Case, wanted: Filter, zone: str) -> Iterator[pa.Table]:
    """Give the events that pass the filter, in order, slice by slice."""
    for table in case.events_in_slices(where=_expression(wanted, zone)):
        yield table if wanted.grep is None else table.filter(_matching(table, wanted.grep))


def _event_table(rows: Iterable[dict[str, Any]], zone: str, out: IO[str]) -> None:
    """Print events as a table; the columns are as wide as the first thousand rows need."""
    head = ("TIME", "HOST", "SERVICE", "KIND", "LINE", "EVENT")
    told = (
        (
            local(_us(e["time"]), zone), visible(e["host"] or ""), visible(e["service"] or ""), e["kind"],
            visible(f"{e['source']}:{e['line']}"), _said(e),
        )
        for e in rows
    )  # fmt: skip
    first = list(islice(told, 1_000))
    widths = [max(len(line[n]) for line in [head, *first]) for n in range(len(head) - 1)]
    for line in chain([head], first, told):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        print("  ".join([*cells, line[-1]]).rstrip(), file=out)


def write_answer(answer: Answer, form: str) -> None:
    """Write the answer to a question in SQL to stdout."""
    if form == "json":
        _write(None, lambda out: _stream(answer.documents(), out, "rows"))
    elif form == "table":
        rows = [["" if value is None else _cell_of(value) for value in row] for row in answer.rows]
        _write(None, lambda out: print(aligned(answer.columns, rows), file=out))
    else:
        _write_rows(answer.documents(), form, None)


def _cell_of(value: Any) -> object:
    value = as_json(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _check_known(option: str, given: Sequence[str], known: set[str]) -> None:
    """Refuse names that nothing here has: an empty table would read as "nothing happened"."""
    unknown = [name for name in given if name not in known]
    if unknown:
        there = sorted(known - {""})
        listed = ", ".join(visible(name) for name in there[:20]) + (" …" if len(there) > 20 else "")
        raise InputError(f"{option} {unknown[0]}: there is none; there are: {listed or 'none at all'}.")


def _tell_outside(wanted: Filter, zone: str, ledgers: Sequence[Ledger]) -> None:
    """Say on stderr when the times asked for lie outside of what the logs cover."""
    firsts = [ledger.first for ledger in ledgers if ledger.first is not None]
    lasts = [ledger.last for ledger in ledgers if ledger.last is not None]
    if not firsts or not lasts:
        return
    place = zone_of(zone)
    late = wanted.since is not None and parse_moment(wanted.since, place) > max(lasts)
    early = wanted.until is not None and parse_moment(wanted.until, place) <= min(firsts)
    if late or early:
        print(f"The logs cover {local(min(firsts), zone)} to {local(max(lasts), zone)}, and nothing of that time.",
              file=sys.stderr)  # fmt: skip


def _expression(wanted: Filter, zone: str) -> Any:
    place = zone_of(zone)
    tests = []
    if wanted.since is not None:
        tests.append(pc.field("time") >= _scalar(parse_moment(wanted.since, place)))
    if wanted.until is not None:
        tests.append(pc.field("time") < _scalar(parse_moment(wanted.until, place)))
    for column, values in (("host", wanted.hosts), ("service", wanted.services), ("kind", wanted.kinds)):
        if values:
            tests.append(pc.field(column).isin(list(values)))
    expression = None
    for test in tests:
        expression = test if expression is None else expression & test
    return expression


def _scalar(time_us: int) -> pa.Scalar:
    return pa.scalar(time_us, pa.timestamp("us", "UTC"))


def _matching(table: pa.Table, pattern: str) -> pa.ChunkedArray:
    try:
        found = [pc.fill_null(pc.match_substring_regex(table.column(name), pattern), False) for name in _SEARCHED]
    except pa.ArrowInvalid as error:
        raise InputError(f"--grep {pattern!r}: {error}") from None
    result = found[0]
    for more in found[1:]:
        result = pc.or_(result, more)
    return result


def _us(moment: Any) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "time": rfc3339(_us(row["time"])), "fields": dict(row["fields"] or ())}


def _said(event: dict[str, Any]) -> str:
    if event["message"]:
        return visible(event["message"])
    parts = (
        event["method"],
        event["path"],
        event["status"],
        event["action"],
        event["target"],
        event["outcome"],
    )
    return visible(" ".join(str(part) for part in parts if part is not None))


def _sketch(time: str, message: str, kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    """Give a row as Timesketch wants it: message, datetime and timestamp_desc come first.

    https://timesketch.org/guides/user/import-from-json-csv/
    """
    return {"message": message, "datetime": time, "timestamp_desc": kind, **rest}


def _stream(events: Iterable[dict[str, Any]], out: IO[str], name: str) -> None:
    out.write(f'{{"{name}": [')
    for index, event in enumerate(events):
        out.write((",\n" if index else "\n") + json.dumps(event, ensure_ascii=False))
    out.write("\n]}\n")


def _write_rows(rows: Iterable[dict[str, Any]], form: str, output: Path | None) -> None:
    if form.endswith("jsonl"):
        _write(output, lambda out: out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        _write(output, lambda out: _csv(rows, out))


def _csv(rows: Iterable[dict[str, Any]], out: IO[str]) -> None:
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        flat = {
            name: json.dumps(v, ensure_ascii=False) if isinstance(v, (dict, list)) else _cell(v)
            for name, v in row.items()
        }
        if writer is None:
            names = (
                list(flat) if "timestamp_desc" not in flat else ["message", "datetime", "timestamp_desc", *_rest(flat)]
            )
            writer = csv.DictWriter(out, names, extrasaction="ignore", restval="")
            writer.writeheader()
        writer.writerow(flat)


def _rest(flat: dict[str, Any]) -> list[str]:
    known = [name for name in SCHEMA.names if name not in ("time", "message")]
    return list(
        dict.fromkeys([*(name for name in flat if name not in ("message", "datetime", "timestamp_desc")), *known])
    )


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from running what a log says: no cell begins like a formula."""
    return (
        f"'{value}"
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and len(value) > 1
        else value
    )


@contextmanager
def _target(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as out:
            yield out
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror or error}).") from None


def _write(output: Path | None, act: Any) -> None:
    with _target(output) as out:
        act(out)


def _needs_file(output: Path | None) -> Path:
    if output is None:
        raise InputError("Parquet is binary: name a file with --output FILE.")
    return output


__all__: Sequence[str] = ["Filter", "write_answer", "write_entries", "write_events"]
