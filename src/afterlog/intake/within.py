"""Within an envelope: columns of some of its lines, their own before those of the envelope.

What a message does not say itself it has from the envelope, and most columns of most lines are the envelope's. They
are gathered only where somebody asks for them, and not at all where all lines end up in the envelope's order again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from afterlog.parser import Column


class Within(Mapping[str, Column]):
    """Columns of n lines of an envelope: ``own`` ones, and those of the mapping ``around`` at the indices ``rows``."""

    __slots__ = ("_around", "_dropped", "_gathered", "own", "rows")

    def __init__(
        self,
        around: Mapping[str, Column],
        rows: np.ndarray,
        own: Mapping[str, Column] | None = None,
        dropped: Iterable[str] = (),
    ) -> None:
        self.own = dict(own or {})
        self.rows = rows
        self._around = around
        self._dropped = frozenset(dropped)
        self._gathered: dict[str, Column] = {}

    def borrows(self, name: str) -> bool:
        """Tell whether a column is the envelope's."""
        return name not in self.own and name not in self._dropped and name in self._around

    def with_own(self, own: Mapping[str, Column], dropped: Iterable[str] = ()) -> Within:
        """Give these columns with further ones of their own, and without those that are dropped."""
        gone = self._dropped | set(dropped)
        kept = {name: column for name, column in {**self.own, **own}.items() if name not in gone}
        return Within(self._around, self.rows, kept, gone)

    def at(self, index: np.ndarray) -> Within:
        """Give some of the lines."""
        taken = pa.array(index)
        own = {name: column.take(taken) for name, column in self.own.items()}
        return Within(self._around, self.rows[index], own, self._dropped)

    def __getitem__(self, name: str) -> Column:
        if name in self.own:
            return self.own[name]
        if not self.borrows(name):
            raise KeyError(name)
        if name not in self._gathered:
            self._gathered[name] = self._around[name].take(pa.array(self.rows))
        return self._gathered[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name in self._around if self.borrows(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)
