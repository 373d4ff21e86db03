"""The tally of one source while it is read: its lines, its times, its parts on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import pyarrow as pa

from afterlog.case import REJECT_SCHEMA, Ledger, write_parquet
from afterlog.clock import SourceClock, offset_name
from afterlog.event import TimeBasis
from afterlog.intake.looking import Known
from afterlog.intake.mixed import Mixture
from afterlog.intake.options import Span
from afterlog.parsed import Parsed, Refused
from afterlog.table import joined, sorted_by_time

_PART_EVENTS: Final = 131_072
_REJECTS_KEPT: Final = 10_000  # per source, with their text; all are counted
_GAP_US: Final = 300_000_000
_GAPS_KEPT: Final = 20

_EVERYTHING: Final = Span()

Write = Callable[[pa.Table, Path], object]
"""Writes a part, now or soon."""


@dataclass
class Tally:
    """What one source gave so far; ``stem`` is what the names of its files begin with."""

    folder: Path
    stem: str
    write: Write
    span: Span = _EVERYTHING
    lines: int = 0
    events: int = 0
    continuations: int = 0
    rejected: int = 0
    skipped: int = 0
    cut: int = 0
    rejects: list[Refused] = field(default_factory=list)
    inside: Counter[str] = field(default_factory=Counter)
    mixture: Mixture = field(default_factory=Mixture)
    hosts: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list)
    held: list[pa.Table] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def skip(self, lines: int) -> None:
        """Count lines outside the span that were not parsed."""
        self.skipped += lines

    def add(self, parsed: Parsed, table: pa.Table) -> None:
        """Take what one block gave; events outside the span are left out and counted as skipped."""
        table = self._within(table)
        outside = (len(parsed.line) if parsed.batch is not None else 0) - len(table)
        self.lines += parsed.lines - outside
        self.skipped += outside
        self.continuations += parsed.continuations
        self.rejected += len(parsed.rejects)
        self.rejects += parsed.rejects[: max(_REJECTS_KEPT - len(self.rejects), 0)]
        self.cut += parsed.cut
        self.events += len(table)
        if not len(table):
            return
        parsers = _counts(table.column("parser"))
        self.inside.update(parsers)
        self.mixture.note(table, parsers)
        self.hosts.update(_counts(table.column("host")))
        self._note_times(table.column("time").cast(pa.int64()).to_numpy())
        self.held.append(table)
        if sum(len(t) for t in self.held) >= _PART_EVENTS:
            self.flush()

    def _within(self, table: pa.Table) -> pa.Table:
        if not self.span.bounded or not len(table):
            return table
        time = table.column("time").cast(pa.int64()).to_numpy()
        inside = np.ones(len(time), bool)
        if self.span.since is not None:
            inside &= time >= self.span.since
        if self.span.until is not None:
            inside &= time < self.span.until
        return table if inside.all() else table.filter(pa.array(inside))

    def _note_times(self, time: np.ndarray) -> None:
        before = time[:1] if self.last is None else [self.last]
        steps = np.diff(np.concatenate((before, time)))
        wide = np.flatnonzero(steps > _GAP_US)
        if len(wide):
            self.gaps += [(int(time[i] - steps[i]), int(time[i])) for i in wide]
            self.gaps = sorted(self.gaps, key=lambda gap: gap[0] - gap[1])[:_GAPS_KEPT]
        low, high = int(time.min()), int(time.max())
        self.first = low if self.first is None else min(self.first, low)
        self.last = high if self.last is None else max(self.last, high)

    def flush(self) -> None:
        """Write what is held as a part."""
        if not self.held:
            return
        name = f"{self.stem}-{len(self.parts):05d}.parquet"
        table, self.held = joined(self.held), []
        self.parts.append(name)
        self.write(sorted_by_time(table), self.folder / name)

    def write_rejects(self, path: str) -> str:
        """Write the rejects kept; give the file's name, empty where there are none."""
        if not self.rejects:
            return ""
        name = f"{self.stem}-rejects.parquet"
        table = pa.Table.from_arrays(
            [
                pa.repeat(pa.scalar(path), len(self.rejects)),
                pa.array([refused.line for refused in self.rejects], pa.int64()),
                pa.array([refused.offset for refused in self.rejects], pa.int64()),
                pa.array([refused.reason for refused in self.rejects], pa.string()),
                pa.array([refused.text.decode("utf-8", "backslashreplace") for refused in self.rejects], pa.string()),
            ],
            schema=REJECT_SCHEMA,
        )
        write_parquet(table, self.folder / name)
        return name

    def ledger(self, item: Known, settings: SourceClock, status: str, reason: str) -> Ledger:
        """Give the account of the source."""
        zoneless = item.survey.zoneless
        only_host = self.hosts.most_common(1)[0][0] if self.hosts else None
        return Ledger(
            item.source.path, status, reason,
            parser=item.parser.name,
            inside={name: count for name, count in sorted(self.inside.items()) if name != item.parser.name},
            host=item.source.host or only_host,
            service=item.source.service,
            zone=settings.zone if zoneless else _printed_zone(item),
            zone_basis=str(settings.zone_basis) if zoneless else _printed_basis(item),
            zone_why=settings.zone_why if zoneless else settings.placed_why or "every line prints its offset",
            year=settings.year,
            year_why=settings.year_why,
            clock_offset_s=_middle(settings.offsets_s),
            clock_why=settings.offset_why,
            bytes=item.source.size,
            lines=self.lines, events=self.events, continuations=self.continuations, rejects=self.rejected,
            first=self.first, last=self.last,
            gaps=_significant(self.gaps, self.events, self.first, self.last),
            skipped=self.skipped,
        )  # fmt: skip


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    first = column[0].as_py()
    counted = column.value_counts()
    if len(counted) == 1:
        return {first: len(column)} if first is not None else {}
    return {row["values"]: row["counts"] for row in counted.to_pylist() if row["values"] is not None}


def _middle(offsets_s: tuple[float, ...]) -> float:
    """Give the median of a clock's offsets, 0 where it was right."""
    return round(median(offsets_s), 3) if offsets_s else 0.0


def _printed_zone(item: Known) -> str | None:
    offsets = item.survey.offsets
    return offset_name(max(offsets, key=lambda offset: offsets[offset])) if offsets else None


def _printed_basis(item: Known) -> str:
    return str(TimeBasis.PLACED if item.survey.placed else TimeBasis.EXACT)


def _significant(
    gaps: list[tuple[int, int]], events: int, first: int | None, last: int | None
) -> tuple[tuple[int, int], ...]:
    """Keep the gaps too long to be chance for a source of this rate (exponential tail, with room for bursts)."""
    if first is None or last is None or last <= first:
        return ()
    rate = events / (last - first)
    floor = np.log(max(events, 2)) + 20
    return tuple(sorted(gap for gap in gaps if (gap[1] - gap[0]) * rate >= floor))
