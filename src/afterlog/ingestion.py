"""Ingest: from paths to a case. One bad source never stops the others, and every line is accounted for.

It can be killed at any moment: what was read of whole sources is kept with a receipt, and the case is changed
only at the end, by renames. The next ingest reads what is new, has grown, or is read under another clock.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from afterlog import __version__
from afterlog.anchors import with_owners
from afterlog.case import REJECT_SCHEMA, Case, Ledger, Settings, new_case
from afterlog.clock import SourceClock, Survey, machine_zone, resolve_clocks, zone_of
from afterlog.clock.naming import PREFIX
from afterlog.errors import CaseError, InputError
from afterlog.intake.aligning import judged, set_right, steps_told
from afterlog.intake.copies import assemble
from afterlog.intake.inventory import lies_within, look_again, look_at_all, nothing_read
from afterlog.intake.looking import Known, look
from afterlog.intake.options import Options, chosen, formats_of, span_of
from afterlog.intake.reading import LARGE_BYTES, Outcome, Progress, Reading
from afterlog.intake.receipts import Receipt, Receipts, identity_of, reader_of
from afterlog.memory import keep_freed_memory
from afterlog.plugins import trusted_folders
from afterlog.registry import Registry, registry
from afterlog.source import Source, walk
from afterlog.sources.remote import is_address

__all__ = ["Options", "Progress", "ingest"]

STDIN: Final = "-"


def ingest(
    logs: Sequence[Path | str],
    out: Path | str = "case",
    options: Options | None = None,
    progress: Progress | None = None,
) -> Case:
    """Read logs into a case.

    Args:
        logs: directories, files, addresses such as ``s3://bucket/logs``, or ``-`` for standard input.
        out: the case directory; made if missing, brought up to date if it is a case.
        options: zone, span, jobs, formats, which sources.
        progress: called now and then while reading.

    Raises:
        InputError: a path is not there, or no source at all could be read.
        CaseError: ``out`` holds something that is no case, or cannot be written.

    """
    options = options or Options()
    if options.tz is not None:
        zone_of(options.tz)
    keep_freed_memory()
    case = new_case(Path(out))
    try:
        case.folder.mkdir(parents=True, exist_ok=True)
        receipts = Receipts(case.folder)
        with receipts.locked():
            receipts.sweep()
            rejected = _rejected_clocks(case.folder)
            return _Ingest(case, receipts, options, progress, rejected).run(_roots(logs, case.folder))
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        if error.filename and not Path(str(error.filename)).resolve().is_relative_to(case.folder.resolve()):
            raise InputError(f"{what}. It changed while it was looked at; ingest again.") from None
        raise CaseError(
            f"{case.folder}: cannot be written ({what}); free space and ingest again, or choose another -o."
        ) from None


def _rejected_clocks(folder: Path) -> frozenset[str]:
    """Give the ids of what people rejected of the clocks when they reviewed the case."""
    if not (folder / "review.toml").is_file():
        return frozenset()
    from afterlog.review import ReviewFile  # noqa: PLC0415  loads tomlkit

    decisions = ReviewFile(folder).read().decisions.values()
    return frozenset(one.id for one in decisions if one.verdict == "rejected" and one.id.startswith(f"{PREFIX}-"))


def _roots(logs: Sequence[Path | str], folder: Path) -> list[str]:
    """Give the inputs as text; standard input is first saved within the case, so that its lines can be quoted later."""
    saved = [str(_saved_stdin(folder)) if str(log) == STDIN else str(log) for log in logs]
    # Absolute, so that quotes are found again from anywhere.
    return [log if "://" in log else str(Path(log).absolute()) for log in saved]


def _saved_stdin(folder: Path) -> Path:
    file = folder / "stdin"
    draft = folder / ".stdin.tmp"
    with draft.open("wb") as saved:
        while data := sys.stdin.buffer.read(1 << 20):
            saved.write(data)
    draft.replace(file)
    return file


@dataclass
class _Ingest:
    """One ingest into one case."""

    case: Case
    receipts: Receipts
    options: Options
    progress: Progress | None
    rejected: frozenset[str]  # ids of what a person rejected of the clocks

    def run(self, roots: list[str]) -> Case:
        """Look at all sources, decide their clocks together, read what is new, and put the case in place."""
        folders = trusted_folders(self.options.parser_folders, [Path(root) for root in roots if not is_address(root)])
        parsers = registry(folders)
        formats = formats_of(self.options, parsers)
        reader = reader_of(self.options.since, self.options.until, self.options.formats, self.options.tz, *folders)
        found = [
            item
            for item in walk(roots)
            if chosen(item.path, self.options) and not lies_within(item, self.case.folder, roots)
        ]
        looked = look_at_all(found, self.receipts, reader, parsers, formats)
        ledgers = [item for item in looked if isinstance(item, Ledger)]
        ledgers += [item.ledger for item in looked if isinstance(item, Receipt) and item.survey is None]
        held = {item.path: item for item in looked if isinstance(item, Receipt) and item.survey is not None}
        known = [item for item in looked if isinstance(item, Known)]
        if not known and not held:
            raise InputError(nothing_read(roots, ledgers))
        clocks = self._clocks(known, held)
        known += look_again(held, clocks, found, parsers, formats)
        outcomes = self._read(known, clocks, reader, parsers)
        changed = {item.source.path for item in known}
        outcomes += [receipt.outcome for path, receipt in held.items() if path not in changed]
        sources = {item.path: item for item in found if isinstance(item, Source)}
        surveys = _surveys(known, held)
        right = self._set_right(clocks, surveys, outcomes)
        again = {path for path in right if right[path] != clocks[path]}
        again |= {path for path in held.keys() - changed if held[path].ledger.clock_why != right[path].offset_why}
        looked_again = [item for item in known if item.source.path in again]
        missing = again - {item.source.path for item in looked_again}
        looked_again += [
            item for path in sorted(missing) if isinstance(item := look(sources[path], parsers, formats), Known)
        ]
        outcomes = [outcome for outcome in outcomes if outcome.ledger.path not in again]
        outcomes += self._read(looked_again, right, reader, parsers)
        self._finish(roots, ledgers, outcomes, sources)
        self.receipts.keep_only(sources)
        return self.case

    def _clocks(self, known: list[Known], held: dict[str, Receipt]) -> dict[str, SourceClock]:
        return resolve_clocks(_surveys(known, held), self.options.said(), machine_zone(), self.rejected)

    def _set_right(
        self, clocks: dict[str, SourceClock], surveys: list[Survey], outcomes: list[Outcome]
    ) -> dict[str, SourceClock]:
        """Compare the hosts' clocks by what was read, and set right those that are off."""
        parts = [self.receipts.parts / part for outcome in outcomes for part in outcome.parts]
        surveys = with_owners(parts, surveys, {outcome.ledger.path: outcome.ledger.parser for outcome in outcomes})
        steps = steps_told(parts)
        return set_right(clocks, surveys, judged(parts, clocks, surveys, steps), steps, self.rejected)

    def _read(
        self, known: list[Known], clocks: dict[str, SourceClock], reader: str, parsers: Registry
    ) -> list[Outcome]:
        jobs = self.options.jobs or os.cpu_count() or 1
        span = span_of(self.options, self.options.tz or machine_zone())
        reading = Reading(parsers, self.receipts.parts, span, jobs, self.progress)
        reading.total = sum(item.source.size for item in known)
        done: list[Outcome] = []

        def read(item: Known, pool: ThreadPoolExecutor | None = None) -> Outcome:
            path = item.source.path
            identity = identity_of(item.source)
            outcome = reading.read(item, clocks[path], self.receipts.fresh_stem(path), pool)
            self.receipts.sign(
                Receipt(
                    path, identity, reader, outcome.ledger, item.survey, clocks[path], outcome.parts, outcome.rejects
                )
            )
            return outcome

        with ThreadPoolExecutor(jobs) as pool:
            try:
                large = [item for item in known if _is_large(item)]
                tasks = [pool.submit(_in_order, items, read) for items in _tasks(known)]
                done += [read(item, pool) for item in large]
                for task in as_completed(tasks):
                    done += task.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return done

    def _finish(
        self, roots: list[str], ledgers: list[Ledger], outcomes: list[Outcome], sources: dict[str, Source]
    ) -> None:
        """Put the merged timeline and its tables in place; the settings last, they say that all is there."""
        outcomes.sort(key=lambda outcome: outcome.ledger.path)
        with self.case.new_events() as folder:
            ledgers = ledgers + assemble(outcomes, sources, self.receipts.parts, folder, self.case)
        ledgers.sort(key=lambda ledger: ledger.path)
        self.case.write_ledgers(ledgers)
        self._write_rejects(outcomes)
        zone = _display_zone(self.options.tz, ledgers)
        outages = self.case.settings().outages if (self.case.folder / "case.toml").is_file() else ()
        self.case.write_settings(Settings(tuple(roots), self.options.tz, zone, outages, __version__))

    def _write_rejects(self, outcomes: list[Outcome]) -> None:
        with (
            self.case.replacing("rejects.parquet") as file,
            pq.ParquetWriter(file, REJECT_SCHEMA, compression="lz4") as writer,
        ):
            for outcome in outcomes:
                if outcome.rejects:
                    writer.write_table(pq.read_table(self.receipts.parts / outcome.rejects, schema=REJECT_SCHEMA))


def _surveys(known: list[Known], held: dict[str, Receipt]) -> list[Survey]:
    surveys = {path: receipt.survey for path, receipt in held.items() if receipt.survey is not None}
    surveys |= {item.source.path: item.survey for item in known}
    return [surveys[path] for path in sorted(surveys)]


def _is_large(item: Known) -> bool:
    """Tell whether all threads read a source together: a large one whose lines can be read in any order."""
    return item.source.size >= LARGE_BYTES and not item.parser.stateful and not item.source.members


def _tasks(known: list[Known]) -> list[list[Known]]:
    """Group the other sources into tasks for one thread each: the members of one archive in their order."""
    small = sorted((item for item in known if not _is_large(item)), key=lambda item: -item.source.size)
    archives: dict[Path, list[Known]] = {}
    for item in small:
        if item.source.members:
            archives.setdefault(item.source.file, []).append(item)
    together = [sorted(items, key=lambda item: item.source.members) for items in archives.values()]
    return together + [[item] for item in small if not item.source.members]


def _in_order(items: list[Known], read: Callable[[Known], Outcome]) -> list[Outcome]:
    return [read(item) for item in items]


def _display_zone(stated: str | None, ledgers: list[Ledger]) -> str:
    """Choose the zone that reports are written in: stated, else the one most events were written in, else UTC."""
    if stated is not None:
        return stated
    zones: Counter[str] = Counter()
    for ledger in ledgers:
        if ledger.zone is not None and ledger.zone_basis != "zone-assumed":
            zones[ledger.zone] += ledger.events
    return min(zones, key=lambda zone: (-zones[zone], zone)) if zones else "UTC"
