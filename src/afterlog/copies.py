"""Copies: one record that reached two files is one event with two pieces of evidence.

Two cases are told apart. A file may hold the same bytes as another (Puppet's last report is also its newest):
all of it is a copy. And a syslog daemon writes one message to several files of its host (syslog and user.log):
these records are equal in everything but their place; the n-th of them in one file is a copy of the n-th in
the other. Copies are listed in ``copies.parquet`` and leave the merged timeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from afterlog.case import COPY_SCHEMA, Case, Ledger, write_parquet
from afterlog.errors import InputError
from afterlog.source import Source, open_chunks

_CONTENT: Final = ["time", "host", "service", "kind", "message", "client", "method", "path", "status", "bytes", "action", "target", "actor", "run"]
_SYSLOG: Final = frozenset({"syslog", "syslog-5424"})


def part_prefix(path: str) -> str:
    """Name the parts of one source; a stable hash, since paths hold any character."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def mark_copies(folder: Path, ledgers: Sequence[Ledger], sources: Mapping[str, Source], case: Case) -> list[Ledger]:
    """Take copies out of the event parts in ``folder``, list them in the case, and give the ledgers with their counts."""
    ledgers = _same_content(folder, ledgers, sources)
    listed: list[pa.Table] = []
    counts: dict[str, int] = {}
    written = [ledger for ledger in ledgers if ledger.parser in _SYSLOG and ledger.host and ledger.events > ledger.duplicates]
    written.sort(key=lambda ledger: (ledger.host or "", -ledger.events, ledger.path))
    for _host, group in groupby(written, key=lambda ledger: ledger.host):
        members = list(group)
        if len(members) > 1:
            listed += _copies_among(folder, [ledger.path for ledger in members], counts)
    case.write_table("copies", pa.concat_tables([COPY_SCHEMA.empty_table(), *listed]))
    return [replace(ledger, duplicates=ledger.duplicates + counts.get(ledger.path, 0)) for ledger in ledgers]


def _same_content(folder: Path, ledgers: Sequence[Ledger], sources: Mapping[str, Source]) -> list[Ledger]:
    """Find files of equal content and keep the events of the first, in the order of paths."""
    by_shape: dict[tuple[object, ...], list[Ledger]] = {}
    for ledger in sorted(ledgers, key=lambda ledger: ledger.path):
        if ledger.events:
            by_shape.setdefault((ledger.parser, ledger.lines, ledger.events, ledger.first, ledger.last), []).append(ledger)
    copies: dict[str, str] = {}
    for alike in by_shape.values():
        originals: dict[bytes, str] = {}
        for ledger in alike if len(alike) > 1 else ():
            digest = _digest(sources[ledger.path])
            if digest in originals:
                copies[ledger.path] = originals[digest]
            elif digest:
                originals[digest] = ledger.path
    for path in copies:
        for part in folder.glob(f"{part_prefix(path)}-*.parquet"):
            part.unlink()
    return [
        replace(ledger, duplicates=ledger.events, reason=ledger.reason or f"the same content as {copies[ledger.path]}")
        if ledger.path in copies
        else ledger
        for ledger in ledgers
    ]


def _digest(source: Source) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    try:
        for chunk in open_chunks(source):
            digest.update(chunk)
    except InputError:
        return b""  # damaged data is never called equal
    return digest.digest()


def _copies_among(folder: Path, paths: Sequence[str], counts: dict[str, int]) -> list[pa.Table]:
    """Compare the sources of one host, the largest first; drop what an earlier one holds."""
    seen_keys = np.empty(0, np.uint64)
    seen_source = np.empty(0, np.int32)
    seen_line = np.empty(0, np.int64)
    listed: list[pa.Table] = []
    for index, path in enumerate(paths):
        parts = sorted(folder.glob(f"{part_prefix(path)}-*.parquet"))
        tables = [pq.read_table(part) for part in parts]
        if not tables:
            continue
        keys = _keys(pa.concat_tables(tables).select(_CONTENT))
        place = np.searchsorted(seen_keys, keys)
        place[place == len(seen_keys)] = 0
        copied = seen_keys[place] == keys if len(seen_keys) else np.zeros(len(keys), bool)
        lines = np.concatenate([table.column("line").to_numpy() for table in tables])
        if copied.any():
            counts[path] = int(copied.sum())
            listed.append(_listing(path, tables, copied, [paths[i] for i in seen_source[place[copied]]], seen_line[place[copied]]))
            _drop(parts, tables, copied)
        seen_keys = np.concatenate((seen_keys, keys[~copied]))
        order = np.argsort(seen_keys, kind="stable")
        seen_keys = seen_keys[order]
        seen_source = np.concatenate((seen_source, np.full((~copied).sum(), index, np.int32)))[order]
        seen_line = np.concatenate((seen_line, lines[~copied]))[order]
    return listed


def _keys(table: pa.Table) -> np.ndarray:
    """Hash each record's content together with how often it stood before in its source."""
    frame = table.to_pandas()
    content = pd.util.hash_pandas_object(frame, index=False)
    occurrence = content.groupby(content).cumcount()
    return pd.util.hash_array(content.to_numpy() ^ (occurrence.to_numpy().astype(np.uint64) << np.uint64(40)))


def _listing(path: str, tables: list[pa.Table], copied: np.ndarray, of_source: list[str], of_line: np.ndarray) -> pa.Table:
    rows = pa.concat_tables(tables).select(["line", "offset"]).filter(pa.array(copied))
    return pa.Table.from_arrays(
        [pa.repeat(pa.scalar(path), len(rows)), rows.column("line"), rows.column("offset"), pa.array(of_source), pa.array(of_line)],
        schema=COPY_SCHEMA,
    )


def _drop(parts: list[Path], tables: list[pa.Table], copied: np.ndarray) -> None:
    begin = 0
    for part, table in zip(parts, tables, strict=True):
        kept = table.filter(pa.array(~copied[begin : begin + len(table)]))
        begin += len(table)
        draft = part.with_suffix(".tmp")
        write_parquet(kept, draft)
        draft.replace(part)
