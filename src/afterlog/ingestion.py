"""Ingest: from paths to a case. One bad source never stops the others, and every line is accounted for."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from afterlog import __version__
from afterlog.case import REJECT_SCHEMA, Case, Ledger, Settings, new_case, write_parquet
from afterlog.clock import Clock, SourceClock, Survey, machine_zone, offset_name, resolve_clocks, zone_of
from afterlog.copies import mark_copies, part_prefix
from afterlog.errors import AfterlogError, InputError
from afterlog.layout import OFFSET_UNKNOWN
from afterlog.parser import Lines, Parser
from afterlog.parsing import Parsed, Refused, parse
from afterlog.registry import Registry, registry
from afterlog.source import Block, NotRead, Source, blocks, open_chunks, read_head, walk, why_no_log
from afterlog.table import batch_hosts, sorted_by_time, to_table

_PART_EVENTS: Final = 500_000
_REJECTS_KEPT: Final = 10_000  # per source, with their text; all are counted
_REJECT_TEXT: Final = 1_000
_GAP_US: Final = 300_000_000
_GAPS_KEPT: Final = 20

Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all (compressed sources count as they lie on disk)."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose for reading."""

    tz: str | None = None
    jobs: int = 0  # 0: one per core
    parser_folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """A source that some parser reads, with its clock."""

    source: Source
    parser: Parser
    survey: Survey


def ingest(
    logs: Sequence[Path | str], out: Path | str = "case", options: Options | None = None, progress: Progress | None = None
) -> Case:
    """Read logs into a case.

    Args:
        logs: directories or files.
        out: the case directory; made if missing, written anew if it is a case.
        options: zone, jobs, parsers.
        progress: called now and then while reading.

    Raises:
        InputError: a path is not there, or no source at all could be read.
        CaseError: ``out`` holds something that is no case, or cannot be written.

    """
    options = options or Options()
    if options.tz is not None:
        zone_of(options.tz)
    roots = [Path(log) for log in logs]
    case = new_case(Path(out))
    parsers = registry(options.parser_folders)
    found = [item for item in walk(roots) if not _inside(item, case.folder, roots)]
    looked = [_look(item, parsers) for item in found]
    known = [item for item in looked if isinstance(item, _Known)]
    if not known:
        raise InputError(_nothing_read(roots, [item for item in looked if isinstance(item, Ledger)]))
    clocks = resolve_clocks([item.survey for item in known], options.tz, machine_zone())
    reading = _Reading(parsers, sum(item.source.size for item in known), progress)
    ledgers = [item for item in looked if isinstance(item, Ledger)]
    with case.new_events() as folder:
        with ThreadPoolExecutor(options.jobs or os.cpu_count() or 1) as pool:
            largest_first = sorted(known, key=lambda item: -item.source.size)
            done = list(pool.map(lambda item: reading.read(item, clocks[item.source.path], folder), largest_first))
        ledgers += mark_copies(folder, done, {item.source.path: item.source for item in known}, case)
    ledgers.sort(key=lambda ledger: ledger.path)
    case.write_ledgers(ledgers)
    case.write_table("rejects", _reject_table(reading.rejects))
    case.write_settings(
        Settings(tuple(str(log) for log in logs), options.tz, _display_zone(options.tz, ledgers), (), __version__)
    )
    return case


def _nothing_read(roots: Sequence[Path], ledgers: Sequence[Ledger]) -> str:
    """Say why there is nothing to go on, and what to do."""
    where = ", ".join(map(str, roots))
    if not ledgers:
        return f"{where}: holds no files. Give the directory that holds the collected logs."
    reasons = Counter(ledger.reason for ledger in ledgers)
    told = "; ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in reasons.most_common(3))
    return f"{where}: none of the {len(ledgers)} files is a log that can be read: {told}. See: afterlog parsers list"


def _inside(item: Source | NotRead, folder: Path, roots: list[Path]) -> bool:
    """Tell whether a found file belongs to the case itself, made within the directory of the logs."""
    inner = {folder.resolve().relative_to(root.resolve()).as_posix() for root in roots if folder.resolve().is_relative_to(root.resolve())}
    return any(item.path == path or item.path.startswith(f"{path}/") for path in inner)


def _display_zone(stated: str | None, ledgers: list[Ledger]) -> str:
    """Choose the zone that reports are written in: stated, else the one most events were written in, else UTC."""
    if stated is not None:
        return stated
    zones: Counter[str] = Counter()
    for ledger in ledgers:
        if ledger.zone is not None and ledger.zone_basis != "zone-assumed":
            zones[ledger.zone] += ledger.events
    return min(zones, key=lambda zone: (-zones[zone], zone)) if zones else "UTC"


# --- looking at a source ------------------------------------------------------------------------------------


def _look(item: Source | NotRead, parsers: Registry) -> _Known | Ledger:
    """Decide from its first bytes who reads a source, and survey its clock; or say why nobody does."""
    if isinstance(item, NotRead):
        return Ledger(item.path, item.status, item.reason)
    try:
        head = read_head(item)
    except AfterlogError as error:
        return Ledger(item.path, "unreadable", str(error), host=item.host, service=item.service, bytes=item.size)
    reason = why_no_log(head)
    if reason is not None:
        return Ledger(item.path, "not-a-log", reason, host=item.host, service=item.service, bytes=item.size)
    lines = Lines.of(head)
    whole = lines.select(np.arange(len(lines) - 1)) if len(lines) > 1 and not head.endswith(b"\n") else lines
    parser = parsers.choose(item.path, whole)
    if parser is None:
        return _unknown(item)
    return _Known(item, parser, _survey(item, parser, head, parsers))


def _unknown(source: Source) -> Ledger:
    """Count the lines of a text that no parser knows: they are rejects, not lost."""
    count = 0
    ending = b"\n"
    try:
        for chunk in open_chunks(source):
            count += chunk.count(b"\n")
            ending = chunk[-1:]
    except AfterlogError:
        pass  # what was read is counted; the status says the rest
    count += ending != b"\n"
    reason = "text in a format that no parser knows (see: afterlog parsers list)"
    return Ledger(
        source.path, "not-a-log", reason, host=source.host, service=source.service, bytes=source.size, lines=count, rejects=count
    )


def _survey(source: Source, parser: Parser, head: bytes, parsers: Registry) -> Survey:
    offsets: Counter[int] = Counter()
    dated: list[int] = []
    yearless: list[int] = []
    zoneless = False
    host = source.host
    for parsed in parse(parser, iter([Block(head, 1, 0)]), parsers):
        if parsed.batch is None:
            continue
        times = parsed.batch.times
        has_year = np.broadcast_to(np.asarray(times.has_year), times.wall_us.shape)
        printed, counts = np.unique(times.offset_s, return_counts=True)
        offsets.update({int(o): int(n) for o, n in zip(printed, counts, strict=True) if o != OFFSET_UNKNOWN})
        zoneless |= bool((times.offset_s == OFFSET_UNKNOWN).any())
        dated += [int(times.wall_us[has_year].min()), int(times.wall_us[has_year].max())] if has_year.any() else []
        yearless += [int(times.wall_us[~has_year][0])] if not has_year.all() else []
        hosts = batch_hosts(parsed.batch)
        host = host or (hosts[0] if hosts else None)
    span = (min(dated), max(dated)) if dated else None
    return Survey(source.path, host, offsets, span, yearless[0] if yearless else None, zoneless, source.mtime_us)


# --- reading a source ---------------------------------------------------------------------------------------


class _Reading:
    """One run over all sources; shared by the threads that read them."""

    def __init__(self, parsers: Registry, total: int, progress: Progress | None) -> None:
        self.rejects: list[tuple[str, Refused]] = []
        self._parsers = parsers
        self._total = total
        self._done = 0
        self._progress = progress
        self._lock = threading.Lock()

    def read(self, item: _Known, settings: SourceClock, folder: Path) -> Ledger:
        """Read one source into parts of the merged timeline and say what became of its lines."""
        tally = _Tally(item.source, folder)
        clock = Clock(settings)
        status, reason = "read", ""
        try:
            for parsed in parse(item.parser, self._counted(item.source), self._parsers):
                tally.add(parsed, sorted_by_time(to_table(parsed, item.source, clock)))
        except InputError as error:
            status, reason = "partly-read", str(error)
        tally.flush()
        with self._lock:
            self.rejects += [(item.source.path, refused) for refused in tally.rejects]
        if tally.rejected and status == "read":
            status = "partly-read"
            reason = f"{tally.rejected:,} of {tally.lines:,} lines could not be read; first: line {tally.rejects[0].line}"
        return tally.ledger(item, settings, status, reason)

    def _counted(self, source: Source) -> Iterator[Block]:
        read = 0
        for block in blocks(open_chunks(source)):
            yield block
            here = min(len(block.data), max(source.size - read, 0))
            read += here
            self._advance(here)
        self._advance(max(source.size - read, 0))

    def _advance(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            if self._progress is not None:
                self._progress(self._done, self._total)


@dataclass
class _Tally:
    """What one source gave so far."""

    source: Source
    folder: Path
    lines: int = 0
    events: int = 0
    continuations: int = 0
    rejected: int = 0
    rejects: list[Refused] = field(default_factory=list)
    inside: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    held: list[pa.Table] = field(default_factory=list)
    parts: int = 0

    def add(self, parsed: Parsed, table: pa.Table) -> None:
        self.lines += parsed.lines
        self.continuations += parsed.continuations
        self.rejected += len(parsed.rejects)
        self.rejects += parsed.rejects[: max(_REJECTS_KEPT - len(self.rejects), 0)]
        self.events += len(table)
        if not len(table):
            return
        for name in ("parser", "host"):
            counts = table.column(name).value_counts()
            seen = {row["values"]: row["counts"] for row in counts.to_pylist() if row["values"] is not None}
            (self.inside if name == "parser" else self.hosts).update(seen)
        self._note_times(table.column("time").cast(pa.int64()).to_numpy())
        self.held.append(table)
        if sum(len(t) for t in self.held) >= _PART_EVENTS:
            self.flush()

    def _note_times(self, time: np.ndarray) -> None:
        before = time[:1] if self.last is None else [self.last]
        steps = np.diff(np.concatenate((before, time)))
        wide = np.flatnonzero(steps > _GAP_US)
        self.gaps += [(int(time[i] - steps[i]), int(time[i])) for i in wide]
        self.gaps = sorted(self.gaps, key=lambda gap: gap[0] - gap[1])[:_GAPS_KEPT]
        self.first = int(time[0]) if self.first is None else min(self.first, int(time[0]))
        self.last = int(time[-1]) if self.last is None else max(self.last, int(time[-1]))

    def flush(self) -> None:
        if not self.held:
            return
        part = self.folder / f"{part_prefix(self.source.path)}-{self.parts:05d}.parquet"
        write_parquet(sorted_by_time(pa.concat_tables(self.held)), part)
        self.held, self.parts = [], self.parts + 1

    def ledger(self, item: _Known, settings: SourceClock, status: str, reason: str) -> Ledger:
        has_zoneless = item.survey.zoneless
        only_host = self.hosts.most_common(1)[0][0] if self.hosts else None
        return Ledger(
            item.source.path, status, reason,
            parser=item.parser.name,
            inside={name: count for name, count in self.inside.items() if name != item.parser.name},
            host=item.source.host or only_host,
            service=item.source.service,
            zone=settings.zone if has_zoneless else _printed_zone(item.survey),
            zone_basis=str(settings.zone_basis) if has_zoneless else "exact",
            zone_why=settings.zone_why if has_zoneless else "every line prints its offset",
            year=settings.year,
            year_why=settings.year_why,
            bytes=item.source.size,
            lines=self.lines, events=self.events, continuations=self.continuations, rejects=self.rejected,
            first=self.first, last=self.last,
            gaps=_significant(self.gaps, self.events, self.first, self.last),
        )  # fmt: skip


def _printed_zone(survey: Survey) -> str | None:
    return offset_name(max(survey.offsets, key=lambda o: survey.offsets[o])) if survey.offsets else None


def _significant(
    gaps: list[tuple[int, int]], events: int, first: int | None, last: int | None
) -> tuple[tuple[int, int], ...]:
    """Keep the gaps that are too long to be chance for a source of this rate (exponential tail, with room for bursts)."""
    if first is None or last is None or last <= first:
        return ()
    rate = events / (last - first)
    floor = np.log(max(events, 2)) + 20
    return tuple(sorted(gap for gap in gaps if (gap[1] - gap[0]) * rate >= floor))


def _reject_table(rejects: list[tuple[str, Refused]]) -> pa.Table:
    rows = [
        {
            "source": path,
            "line": refused.line,
            "offset": refused.offset,
            "reason": refused.reason,
            "text": refused.text[:_REJECT_TEXT].decode("utf-8", "backslashreplace"),
        }
        for path, refused in sorted(rejects, key=lambda pair: (pair[0], pair[1].line))
    ]
    return pa.Table.from_pylist(rows, REJECT_SCHEMA)
