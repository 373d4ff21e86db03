"""What a source's account says of its formats: more than one, one after the other, or one that is only learned."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import LineParser, Parser
from afterlog.table import FIELD


@dataclass
class Mixture:
    """Which parsers read which lines of a source, so far: the first and the last line of each, and how many events."""

    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    learned: str = ""

    def note(self, table: pa.Table, counts: dict[str, int]) -> None:
        """Take the events of one block, in the order of the lines; ``counts`` are those of its parsers."""
        line = table.column("line").combine_chunks()
        for name, count in counts.items():
            first, last = 0, len(line) - 1
            if len(counts) > 1:
                rows = np.flatnonzero(np.asarray(pc.equal(table.column("parser"), name)))
                first, last = int(rows[0]), int(rows[-1])
            before = self.lines.get(name, (line[first].as_py(), 0))
            self.lines[name] = before[0], line[last].as_py()
            self.events[name] = self.events.get(name, 0) + count
        if not self.learned and f"{FIELD}learned" in table.schema.names:
            known = table.column(f"{FIELD}learned").drop_null()
            self.learned = known[0].as_py() if len(known) else ""

    def told(self, parser: Parser, lines: int) -> str:
        """Say what a person should know; empty for a source of one known format."""
        told = []
        if self.learned:
            share = self.events.get(parser.name, 0) / max(lines, 1)
            told.append(f"no known format: a time was learned ({self.learned}) and stands in {share:.0%} of the lines")
        if isinstance(parser, LineParser) and not parser.envelope:
            others = [name for name in self.lines if name != parser.name]
            told += [self._beside(parser.name, name) for name in sorted(others, key=lambda name: self.lines[name])]
        return "; ".join(told)

    def _beside(self, main: str, other: str) -> str:
        begin, end = self.lines[other]
        first, last = self.lines.get(main, (0, 0))
        if begin > last:
            return f"from line {begin:,} on its format is {other}"
        if end < first:
            return f"up to line {end:,} its format is {other}"
        count = self.events[other]
        return f"holds {count:,} {'record' if count == 1 else 'records'} of {other} too, the first at line {begin:,}"
