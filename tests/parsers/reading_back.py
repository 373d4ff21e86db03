"""What a parser made of a text, as plain lists: shared by the tests of the formats."""

from __future__ import annotations

from afterlog.intake.parsing import parse
from afterlog.source import Block


class Read:
    """All parts of a text together, as plain lists."""

    def __init__(self, parser, data: bytes, parsers) -> None:
        parts = list(parse(parser, [Block(data, 1, 0)], parsers))
        self.batches = [part.batch for part in parts if part.batch is not None]
        self.rows = sum(len(batch.rows) for batch in self.batches)
        self.continuations = sum(part.continuations for part in parts)
        self.rejects = [reject for part in parts for reject in part.rejects]
        self.lines = sum(part.lines for part in parts)
        assert self.rows + self.continuations + len(self.rejects) == self.lines

    def __getitem__(self, name: str) -> list[object]:
        return [
            value
            for batch in self.batches
            for value in (batch.columns[name].to_pylist() if name in batch.columns else [None] * len(batch.rows))
        ]

    def names(self) -> set[str]:
        return {name for batch in self.batches for name in batch.columns}
