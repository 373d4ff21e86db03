"""Verifying: every footnote of a document is opened again at its place in the sources and compared.

A footnote holds when the line at its place is the very line it was made from (SHA-256 from ``findings.json``) and
reads as quoted. It has moved when that line stands elsewhere in the source, changed when another line stands in its
place, and is gone when source or line are no more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from afterlog.case import Case
from afterlog.errors import InputError
from afterlog.source import Source, open_chunks, reopen
from afterlog.statement import visible
from afterlog.writing.footnotes import Footnote, cited, read_footnotes, spans
from afterlog.writing.page import shown_quote
from afterlog.writing.redaction import Redactor

HOLDS, MOVED, CHANGED, GONE, MISSING, OWN = "holds", "moved", "changed", "gone", "missing", "not-ours"
NOTES: Final = ".draft/notes.json"
PSEUDONYMS: Final = "pseudonyms.json"
_QUOTE_BYTES: Final = 2_000
_NEARBY: Final = 100_000  # lines to either side in which a moved line is looked for


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one footnote; ``found_line`` where the line stands now, 0 where it does not."""

    label: str
    source: str
    line: int
    status: str  # holds, moved, changed, gone, missing (cited, but not defined), not-ours
    found_line: int
    told: str


def verify(document: Path, case: Case, logs: Sequence[Path] = ()) -> list[Checked]:
    """Compare every footnote of a document with the sources of a case.

    Args:
        document: the Markdown file.
        case: the case whose findings hold the hashes.
        logs: where the sources are now, if no longer where the case was made from.

    Raises:
        InputError: the document cannot be read, or none of the sources' directories is there.

    """
    lines, notes = read_footnotes(_read(document))
    inputs = [str(path) for path in logs] or list(case.settings().inputs)
    sources = {source.path: source for source in reopen(inputs)}
    if not sources:
        raise InputError(
            f"none of the logs of this case is there: {', '.join(inputs)}. Run it from the directory in which the case "
            "was made, or say where they are with --logs DIR."
        )
    checker = _Checker(sources, known_hashes(case), open_redactor(case))
    checked = {one.label: one for one in checker.check(notes.values())}
    missing = [label for label in cited(lines) if label not in notes]
    return [
        *(checked[label] for label in notes),
        *(Checked(label, "", 0, MISSING, 0, "it is cited, but there is no such footnote") for label in missing),
    ]


def report_json(checked: Sequence[Checked]) -> dict[str, Any]:
    """Give the document of ``verify --json``."""
    return {
        "holds": all_hold(checked),
        "counts": {
            status: sum(one.status == status for one in checked)
            for status in (HOLDS, MOVED, CHANGED, GONE, MISSING, OWN)
        },
        "footnotes": [asdict(one) for one in checked],
    }


def told(document: Path, checked: Sequence[Checked]) -> str:
    """Say in lines what does not hold, then the sums."""
    wrong = [one for one in checked if one.status not in (HOLDS, OWN)]
    lines = [f"[^{one.label}] {one.status}: {one.source}:{one.line} {one.told}".replace(" :0 ", " ") for one in wrong]
    counts = report_json(checked)["counts"]
    sums = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count or status == HOLDS)
    return "\n".join([*map(visible, lines), f"{document}: {len(checked):,} footnotes: {sums}."])


def all_hold(checked: Sequence[Checked]) -> bool:
    """Tell whether nothing has moved, changed or gone."""
    return all(one.status in (HOLDS, OWN) for one in checked)


def known_hashes(case: Case) -> dict[tuple[str, int], str]:
    """Give the SHA-256 of every line that findings or drafts of a case have named."""
    found: dict[tuple[str, int], str] = {}
    for name in (NOTES, "findings.json"):
        file = case.folder / name
        if file.is_file():
            for item in _evidence(json.loads(file.read_text(encoding="utf-8"))):
                found[item["source"], item["line"]] = item["hash"]
    return found


def _evidence(stored: Any) -> Iterator[dict[str, Any]]:
    """Walk through a JSON document for objects that are evidence."""
    if isinstance(stored, dict):
        if {"source", "line", "hash"} <= stored.keys():
            yield stored
        for value in stored.values():
            yield from _evidence(value)
    elif isinstance(stored, list):
        for value in stored:
            yield from _evidence(value)


def open_redactor(case: Case, *, redact: bool = True, users: Iterable[str] = ()) -> Redactor:
    """Give a redactor that knows the pseudonyms of a case."""
    file = case.folder / PSEUDONYMS
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return Redactor(redact=redact, known=known, users=users)


def _read(document: Path) -> str:
    try:
        return document.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{document}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


class _Checker:
    """Opens the sources and compares lines."""

    def __init__(self, sources: dict[str, Source], hashes: dict[tuple[str, int], str], redactor: Redactor) -> None:
        self._sources = sources
        self._hashes = hashes
        self._redactor = redactor
        self._plain = Redactor()

    def check(self, notes: Iterable[Footnote]) -> Iterator[Checked]:
        ordered = sorted(notes, key=lambda note: (self._redactor.restore(note.source), note.line))
        for path, group in groupby(ordered, key=lambda note: self._redactor.restore(note.source)):
            yield from self._in_source(path, list(group))

    def _in_source(self, path: str, notes: list[Footnote]) -> Iterator[Checked]:
        if not path:
            yield from (Checked(note.label, "", 0, OWN, 0, "it names no line of a log") for note in notes)
            return
        source = self._sources.get(path)
        if source is None:
            yield from (Checked(n.label, path, n.line, GONE, 0, "the source is not there any more") for n in notes)
            return
        lines = dict(_numbered(source, {note.line for note in notes}))
        astray = [note for note in notes if not self._is(path, note, lines.get(note.line))]
        elsewhere = self._search(source, path, astray) if astray else {}
        for note in notes:
            line = lines.get(note.line)
            if note not in astray:
                yield self._quoted(path, note, line or b"")
            elif note.label in elsewhere:
                now = elsewhere[note.label]
                yield Checked(note.label, path, note.line, MOVED, now, f"the same line is now line {now}")
            elif line is None:
                yield Checked(note.label, path, note.line, GONE, 0, "the source ends before this line")
            else:
                yield Checked(note.label, path, note.line, CHANGED, 0, "another line stands there")

    def _is(self, path: str, note: Footnote, line: bytes | None) -> bool:
        """Tell whether a line is the one the footnote was made from."""
        if line is None:
            return False
        known = self._hashes.get((path, note.line))
        return hashlib.sha256(line).hexdigest() == known if known else self._reads(note, line)

    def _reads(self, note: Footnote, line: bytes) -> bool:
        shown = line[:_QUOTE_BYTES].decode("utf-8", "backslashreplace")
        return note.quote in {(spans(shown_quote(shown, r)) or [""])[0] for r in (self._plain, self._redactor)}

    def _quoted(self, path: str, note: Footnote, line: bytes) -> Checked:
        if self._reads(note, line):
            return Checked(note.label, path, note.line, HOLDS, note.line, "")
        return Checked(
            note.label, path, note.line, CHANGED, note.line, "the line is there, but the footnote quotes it differently"
        )

    def _search(self, source: Source, path: str, notes: list[Footnote]) -> dict[str, int]:
        """Find lines again that no longer stand in their place: the nearest equal line."""
        found: dict[str, int] = {}
        for number, line in _lines(source):
            for note in notes:
                near = abs(number - note.line)
                if near > _NEARBY or (note.label in found and abs(found[note.label] - note.line) <= near):
                    continue
                if number != note.line and self._is(path, note, line):
                    found[note.label] = number
        return found


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a source with their numbers, without line endings."""
    held, number = b"", 0
    try:
        for chunk in open_chunks(source):
            *whole, held = (held + chunk).split(b"\n")
            for line in whole:
                number += 1
                yield number, line.removesuffix(b"\r")
    except InputError:
        pass  # damaged at this point: what came before it can still be compared
    if held:
        yield number + 1, held.removesuffix(b"\r")


def _numbered(source: Source, wanted: set[int]) -> Iterator[tuple[int, bytes]]:
    last = max(wanted)
    for number, line in _lines(source):
        if number in wanted:
            yield number, line
        if number >= last:
            return
