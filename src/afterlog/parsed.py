"""What parsing gives: the events of a block, and the account of all its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from afterlog.parser import Batch

REJECT_TEXT: Final = 1_000  # bytes kept of a rejected line


@dataclass(frozen=True, slots=True)
class Refused:
    """A rejected line: its number from 1, its offset, why, and the beginning of its text."""

    line: int
    offset: int
    reason: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one block gave. ``lines`` = events + ``continuations`` + rejects."""

    batch: Batch | None
    line: np.ndarray  # number of each event's first line, from 1, shape (n,)
    offset: np.ndarray  # its bytes from the start of the source, shape (n,)
    lines: int
    continuations: int
    rejects: tuple[Refused, ...]
    cut: int = 0  # bytes of overlong lines that were not read
