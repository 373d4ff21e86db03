"""Whether the fast way gives what the regex gives: every row of a log, as multisets, rejects included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from afterlog.intake.options import Formats
from afterlog.intake.parsing import parse
from afterlog.layout import Layout
from afterlog.registry import registry
from afterlog.source import Source, blocks, open_chunks, walk
from afterlog.table import to_columns


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many rows and rejects both ways gave, and how many differ; equal multisets have none."""

    rows: int
    rejects: int
    differing: int


def compare(file: Path) -> Agreement | None:
    """Read a log by the kernels and by the regexes alone; None where no parser reads it."""
    from afterlog.intake.looking import Known, look  # noqa: PLC0415

    source = next(item for item in walk([file]) if isinstance(item, Source))
    known = look(source, registry(), Formats())
    if not isinstance(known, Known):
        return None
    fast = _rows(known)
    with _by_regex():
        slow = _rows(known)
    differing = sum((fast - slow).values()) + sum((slow - fast).values())
    rejects = sum(count for row, count in fast.items() if row[0] == "reject")
    return Agreement(sum(fast.values()) - rejects, rejects, differing)


def _rows(known: object) -> Counter[tuple[object, ...]]:
    """Count equal rows: all columns with the printed time, and rejects with their place and text."""
    from afterlog.intake.looking import Known  # noqa: PLC0415

    assert isinstance(known, Known)
    found: Counter[tuple[object, ...]] = Counter()
    for parsed in parse(known.parser, blocks(open_chunks(known.source)), registry()):
        found.update(("reject", one.line, one.offset, one.text) for one in parsed.rejects)
        if parsed.batch is None:
            continue
        columns = to_columns(parsed, known.source)
        names = sorted(columns)
        values = [columns[name].to_pylist() for name in names]
        times = zip(parsed.batch.times.wall_us.tolist(), parsed.batch.times.offset_s.tolist(), strict=True)
        for time, *row in zip(times, *values, strict=True):
            found[("event", time, *(pair for pair in zip(names, row, strict=True) if pair[1] is not None))] += 1
    return found


@contextmanager
def _by_regex() -> Iterator[None]:
    fast = Layout.match
    Layout.match = Layout.match_regex  # type: ignore[method-assign]
    try:
        yield
    finally:
        Layout.match = fast  # type: ignore[method-assign]
