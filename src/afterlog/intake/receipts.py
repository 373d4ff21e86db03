"""Receipts: what a case already holds of each source, so that an interrupted ingest goes on where it stopped.

A source's parts are written first and its receipt last, in one step; parts without a receipt are what a crash
left and are removed. A receipt counts only while the source, its clock, and the program that read it are the same.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from afterlog import __version__
from afterlog.case import Ledger
from afterlog.clock import SourceClock, Survey
from afterlog.errors import CaseError
from afterlog.event import TimeBasis
from afterlog.intake.reading import Outcome
from afterlog.source import Source

FOLDER: Final = ".ingest"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was read of one source, under which clock, by which program (``reader``)."""

    path: str
    identity: str
    reader: str
    ledger: Ledger
    survey: Survey | None = None
    clock: SourceClock | None = None
    parts: tuple[str, ...] = ()
    rejects: str = ""

    @property
    def outcome(self) -> Outcome:
        """What reading the source gave."""
        return Outcome(self.ledger, self.parts, self.rejects)


def identity_of(source: Source) -> str:
    """Name the state of a source: another size, time of change or set of pieces is another state."""
    return hashlib.sha256(repr(_state(source)).encode("utf-8", "surrogateescape")).hexdigest()


def _state(source: Source) -> tuple[object, ...]:
    if source.pieces:
        return tuple(_state(piece) for piece in source.pieces)
    if source.repository:
        found = [(str(file), file.stat()) for file in sorted(source.file.rglob("*")) if file.is_file()]
        return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found)
    if source.members:
        status = source.file.stat()
        return (source.path, source.members, status.st_size, status.st_mtime_ns)
    return (source.path, str(source.address or source.file), source.size, source.mtime_us)


def reader_of(*choices: object) -> str:
    """Name the program that reads: its version, its own files and the parsers', and what a person chose."""
    folders = [
        Path(__file__).parent,
        Path(str(importlib.import_module("afterlog.parsers").__file__)).parent,
        *(c for c in choices if isinstance(c, Path)),
    ]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py")) if file.is_file()]
    state = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr((__version__, state, choices)).encode()).hexdigest()


def stem_of(path: str) -> str:
    """Name the files of one source; a stable hash, since paths hold any character."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Receipts:
    """The receipts of a case and the parts they name, in ``.ingest/`` of its directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self.parts = self.folder / "parts"
        self.parts.mkdir(parents=True, exist_ok=True)
        self._held: dict[str, Receipt] = {}
        for file in sorted(self.folder.glob("*.json")):
            receipt = _read(file)
            if receipt is None or not self._complete(receipt):
                file.unlink()
            else:
                self._held[receipt.path] = receipt

    def _complete(self, receipt: Receipt) -> bool:
        return all((self.parts / name).is_file() for name in (*receipt.parts, *filter(None, [receipt.rejects])))

    def known(self, source: Source, reader: str) -> Receipt | None:
        """Give the receipt of a source that has not changed since."""
        receipt = self._held.get(source.path)
        if receipt is None or receipt.reader != reader or receipt.identity != identity_of(source):
            return None
        return receipt

    def fresh_stem(self, path: str) -> str:
        """Give a name for new parts that no receipt uses."""
        held = self._held.get(path)
        used = {name.partition("-")[0] for name in held.parts} if held else set()
        stem = stem_of(path)
        return next(name for turn in range(len(used) + 2) if (name := f"{stem}.{turn}") not in used)

    def sign(self, receipt: Receipt) -> None:
        """Keep a receipt; from now on its parts belong to the case."""
        file = self.folder / f"{stem_of(receipt.path)}.json"
        draft = file.with_suffix(".tmp")
        try:
            draft.write_text(json.dumps(asdict(receipt)), encoding="utf-8", errors="surrogateescape")
            draft.replace(file)
        except OSError as error:
            raise CaseError(
                f"{file}: cannot be written ({error.strerror or error}); free space and ingest again."
            ) from None
        self._held[receipt.path] = receipt

    def keep_only(self, paths: Iterable[str]) -> None:
        """Forget the receipts of other sources, then remove the parts that no receipt names."""
        kept = set(paths)
        for path in [path for path in self._held if path not in kept]:
            (self.folder / f"{stem_of(path)}.json").unlink(missing_ok=True)
            del self._held[path]
        self.sweep()

    def sweep(self) -> None:
        """Remove the parts that no receipt names."""
        named = {name for receipt in self._held.values() for name in (*receipt.parts, receipt.rejects)}
        for file in self.parts.iterdir():
            if file.name not in named:
                file.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other ingests out of this case; the lock ends with the process, however it ends.

        Raises:
            CaseError: another ingest is at work in this case.

        """
        with (self.folder / "lock").open("w") as lock:
            try:
                import fcntl  # noqa: PLC0415  not on Windows, where nothing is locked
            except ImportError:
                yield
                return
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CaseError(f"{self.folder.parent}: another ingest is writing this case; wait for it.") from None
            yield


def _read(file: Path) -> Receipt | None:
    """Read a receipt; one that is damaged or of another version is none."""
    try:
        return _receipt(json.loads(file.read_text(encoding="utf-8", errors="surrogateescape")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _receipt(stored: dict[str, Any]) -> Receipt:
    ledger = {**stored["ledger"], "gaps": tuple((a, b) for a, b in stored["ledger"]["gaps"])}
    survey, clock = stored["survey"], stored["clock"]
    if survey is not None:
        offsets = {int(offset): count for offset, count in survey["offsets"].items()}
        survey = Survey(**{**survey, "offsets": offsets, "dated": tuple(survey["dated"]) if survey["dated"] else None})
    if clock is not None:
        moved = {name: tuple(clock[name]) for name in ("offset_at_us", "offsets_s")}
        moved["steps"] = tuple((at, by) for at, by in clock["steps"])
        clock = SourceClock(**{**clock, **moved, "zone_basis": TimeBasis(clock["zone_basis"])})
    known = {**stored, "ledger": Ledger(**ledger), "survey": survey, "clock": clock, "parts": tuple(stored["parts"])}
    return Receipt(**known)


def link(part: Path, name: Path) -> None:
    """Give a part a second name; where the file system cannot, a copy."""
    try:
        os.link(part, name)
    except OSError:
        shutil.copyfile(part, name)
