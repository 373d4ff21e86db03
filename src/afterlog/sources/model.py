"""The values that the walk hands on: a source, a file that is none, a block of whole lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class Source:
    """One log as collected. ``path`` is relative to the directory given and uses ``/``; sizes are bytes.

    A member of an archive has ``members``: its place in each archive around it, outermost first, counted from
    0. A rotated set has ``pieces``, oldest first; their bytes follow each other. ``address`` is set for a source
    that does not lie on this machine.
    """

    path: str
    file: Path
    host: str | None
    service: str | None
    size: int
    mtime_us: int
    repository: bool = False
    members: tuple[int, ...] = ()
    pieces: tuple[Source, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class NotRead:
    """A file that is not read, with the reason a person will see."""

    path: str
    status: str  # "not-a-log" or "unreadable"
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a source: the unit of parsing. ``line`` counts from 1, ``offset`` in bytes from 0.

    ``cleaning`` names what stands between the bytes and the text (see `afterlog.sources.cleaning`); ``cut`` is
    how many bytes of overlong lines were left out of ``data``.
    """

    data: bytes
    line: int
    offset: int
    cleaning: frozenset[str] = frozenset()
    cut: int = 0
