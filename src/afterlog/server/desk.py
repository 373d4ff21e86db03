"""The desk: what the page works on, and the one place where it is changed.

A decision is written into ``review.toml`` before anything is answered. What follows from it is concluded in a thread
of its own: at once for most decisions, after reading the requests again where the times of an outage changed; the page
shows what it has meanwhile, and says so. A `Desk` counts its versions; whoever saw an older one asks for the newer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from afterlog.case import Case
from afterlog.errors import AfterlogError, InputError
from afterlog.review import Review, ReviewFile
from afterlog.server.around import Around
from afterlog.server.background import in_thread
from afterlog.server.counts import Counts
from afterlog.server.searching import Events
from afterlog.server.telling import case_json, shown
from afterlog.source import reopen
from afterlog.writing.redaction import without_secrets

if TYPE_CHECKING:  # they load what analyses and writes: the page opens without them
    from afterlog.findings import Findings
    from afterlog.measured import Traffic

_WATCHED: Final = ("sources.parquet", "case.toml")
_PATIENCE_S: Final = 0.6  # an answer waits so long for what follows from a decision, then goes without
_STEPS: Final = 200  # of undo


class Desk:
    """A case under review.

    Args:
        case: the case.
        template: the template of the draft; None for that of the last time.

    """

    def __init__(self, case: Case, template: str | None = None) -> None:
        self.case = case
        self._template = template
        self._file = ReviewFile(case.folder)
        self._lock = threading.RLock()
        self._one_at_a_time = threading.Lock()
        self._version = 1
        self._concluded = 0  # the version that `_findings` and `_document` follow from
        self._undo: list[tuple[str, str]] = []  # texts before, and what was done then
        self._redo: list[tuple[str, str]] = []
        self._problem = ""
        self._told = ""
        self._findings: Findings | None = None
        self._traffic: Traffic | None = None
        self._document = _last_document(case)
        self._draft: tuple[int, Any] | None = None
        self._review, self._text = Review(), ""
        self._stamp: tuple[int, ...] = ()
        self._conclusion: Future[None] | None = None
        self._open_case()
        self._reload()

    # --- what the page sees ---------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Give everything but counts, events and draft, as the page shows it."""
        with self._lock:
            return {
                **self.pulse(),
                "case": self._case_json,
                "review": self._review.as_json(),
                "findings": self._document,
            }

    def pulse(self) -> dict[str, Any]:
        """Give the version, whether it is concluded, and what can be undone."""
        with self._lock:
            return {
                "version": self._version,
                "concluded": self._concluded,
                "working": self._concluded < self._version and not self._problem,
                "problem": self._problem,
                "told": self._told,
                "undo": self._undo[-1][1] if self._undo else None,
                "redo": self._redo[-1][1] if self._redo else None,
            }

    def look(self) -> dict[str, Any]:
        """Take in what changed on disk meanwhile, and give the pulse: cheap enough to be asked many times a second."""
        with self._lock:
            if self._stamped() != self._stamp:
                self._open_case()
                self._conclude("the case was read again")
            self._catch_up()
            return self.pulse()

    @property
    def counts(self) -> Counts:
        """Give the counts, read on first use in a thread of their own."""
        return self._counts.result()

    def draft(self) -> dict[str, Any]:
        """Give the draft as it will read.

        Raises:
            AfterlogError: it cannot be made.

        """
        version, findings = self._latest()
        with self._lock:
            if self._draft is not None and self._draft[0] == version:
                return {"version": version, **self._draft[1]}
        from afterlog.server.drafting import preview  # noqa: PLC0415  the page opens sooner without

        made = preview(self.case, findings, self._template)
        with self._lock:
            self._draft = (version, made)
        return {"version": version, **made}

    # --- what the page does ---------------------------------------------------------------------------------

    def act(self, action: Mapping[str, Any], words: str) -> dict[str, Any]:
        """Write a decision, and give the state with what follows from it.

        Args:
            action: as `afterlog.review.ReviewFile.act` takes it.
            words: what it is called when it is to be undone.

        Raises:
            InputError: it is no action, or the review was edited into something that cannot be read.

        """
        return self._write(lambda: self._file.act(action), words)

    def undo(self) -> dict[str, Any]:
        """Put back the review as it was before the last decision.

        Raises:
            InputError: there is nothing to undo, or the file was edited meanwhile.

        """
        return self._restore(self._undo, self._redo, "undo")

    def redo(self) -> dict[str, Any]:
        """Do again what was undone.

        Raises:
            InputError: there is nothing to do again, or the file was edited meanwhile.

        """
        return self._restore(self._redo, self._undo, "do again")

    def write(self) -> dict[str, Any]:
        """Write the draft and the report into the case; gives the files and what moved.

        Raises:
            AfterlogError: it cannot be made.

        """
        from afterlog.session import Choices, write_draft  # noqa: PLC0415  the page opens sooner without

        _version, findings = self._latest()
        written = write_draft(self.case, findings, Choices(template=self._template))
        report = str(written.report) if written.report else None
        return {"draft": str(written.draft), "report": report, "told": list(written.told)}

    # --- inside ---------------------------------------------------------------------------------------------

    def _write(self, do: Callable[[], Review], words: str) -> dict[str, Any]:
        with self._lock:
            self._catch_up()
            before = self._text
            self._do(do)
            if self._text != before:
                self._undo = [*self._undo[-_STEPS:], (before, words)]
                self._redo = []
        return self._settled()

    def _restore(self, steps: list[tuple[str, str]], back: list[tuple[str, str]], name: str) -> dict[str, Any]:
        with self._lock:
            self._catch_up()
            if not steps:
                raise InputError(f"There is nothing to {name}." + (f" {self._told}" if self._told else ""))
            text, words = steps.pop()
            back.append((self._text, words))
            self._do(lambda: self._file.restore(text))
        return self._settled()

    def _do(self, do: Callable[[], Review]) -> None:
        self._review = do()
        self._problem = ""
        self._taken()
        self._conclude("")

    def _settled(self) -> dict[str, Any]:
        """Give the state with what follows from the last decision, or without, if that takes long."""
        with suppress(NotYet, AfterlogError):
            if self._conclusion is not None:
                self._conclusion.result(_PATIENCE_S)
        return self.state()

    def _catch_up(self) -> None:
        if self._on_disk() != self._seen:
            self._reload()

    def _reload(self) -> None:
        """Read a review that somebody else wrote: an editor, a merge, the command line."""
        first = not self._text and not self._undo and self._concluded == 0
        try:
            self._review = self._file.read()
            self._problem = ""
        except AfterlogError as error:
            self._problem = str(error)
        self._undo.clear()
        self._redo.clear()
        self._taken()
        self._conclude("" if first else "review.toml was changed outside this page; it was read again.")

    def _taken(self) -> None:
        """Remember the file as it is now."""
        self._seen = self._on_disk()
        with suppress(InputError):
            self._text = self._file.text()

    def _conclude(self, told: str) -> None:
        """Have what follows from the review worked out; only the newest version is."""
        self._version += 1
        self._told = told
        if not self._problem:
            self._conclusion = in_thread(self._work, self._version, self._review)

    def _work(self, version: int, review: Review) -> None:
        with self._one_at_a_time:
            wait([self._counts])  # the chart comes first
            self._conclude_one(version, review)

    def _conclude_one(self, version: int, review: Review) -> None:
        with self._lock:
            if version != self._version:
                return
        try:
            from afterlog.analysis import analyse  # noqa: PLC0415  the page opens sooner without

            findings = analyse(self.case, review=review)
            document = shown(findings.as_json())
        except Exception as error:  # noqa: BLE001  the page says so, and goes on with what it has
            with self._lock:
                told = str(error) if isinstance(error, AfterlogError) else f"The analysis failed: {error!r}"
                self._problem = told if version == self._version else self._problem
            return
        with self._lock:
            traffic = self._traffic = self._traffic or findings.traffic  # it may be large, and is the same for all
            self._findings, self._document = replace(findings, traffic=traffic), document
            self._concluded = version

    def _latest(self) -> tuple[int, Findings]:
        """Wait for what follows from the newest review."""
        conclusion = self._conclusion
        if conclusion is not None:
            conclusion.result()
        with self._lock:
            if self._findings is None:
                raise InputError(self._problem or "nothing was concluded yet.")
            return self._concluded, self._findings

    def _open_case(self) -> None:
        self._stamp = self._stamped()
        self._traffic = None
        settings = self.case.settings()
        self._counts = in_thread(Counts.of, self.case)
        self.events = Events(self.case)
        self.around = Around(lambda: reopen(settings.inputs), without_secrets)
        self._case_json = case_json(self.case)

    def _stamped(self) -> tuple[int, ...]:
        return tuple(_mtime(self.case.folder / name) for name in _WATCHED)

    def _on_disk(self) -> tuple[int, int]:
        try:
            told = (self.case.folder / "review.toml").stat()
        except OSError:
            return 0, 0
        return told.st_mtime_ns, told.st_size


def _mtime(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _last_document(case: Case) -> dict[str, Any]:
    """Give what the last analysis concluded: it is shown until this one has."""
    try:
        return dict(shown(json.loads((case.folder / "findings.json").read_text(encoding="utf-8"))))
    except (OSError, ValueError):
        return {}
