"""The terms of undoing: whether a later change took back what this one brought, and what that did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from afterlog.causes.model import SECOND, Term
from afterlog.causes.scene import Scene, names_of
from afterlog.changes import Change
from afterlog.event import Outcome
from afterlog.statement import Code, codes, text

_LEFT: Final = -0.4  # about half of the guilty are taken back or repaired in a way that the logs show; few innocent
_BRIEF: Final = frozenset({"restart", "reload", "stop", "start", "crash", "cron", "login"})  # nothing to take back
_HEALS_US: Final = 600 * SECOND
_PUSHES: Final = frozenset(
    {"playbook", "deploy", "rollout", "rollback", "apply", "sync", "commit", "run", "edit", "flag", "scale", "package"}
)


def undoing(change: Change, scene: Scene) -> Iterator[Term]:
    """See whether a later change undoes or repairs what this one brought."""
    back = _line_taken_back(change, scene)
    if back is not None:
        yield back
        return
    names = names_of(change)
    fitting = ((names & other.names, other) for other in scene.later if other.change.id != change.id) if names else ()
    for same, other in fitting:
        if same and (other.back or other.change.action in _PUSHES):
            yield _judged(other.change, scene, tuple(sorted(same)), back=other.back)
            return
    if not scene.outage.open_end and scene.later and change.action not in _BRIEF:
        yield Term("repair", _LEFT, text("nothing shows that it was taken back, and the failures ended"))


def _line_taken_back(change: Change, scene: Scene) -> Term | None:
    added = {_bare(line): (line, place) for line, place in change.content if len(_bare(line)) > 3}
    if not added:
        return None
    for other in scene.later:
        for line, place in other.change.removed:
            if other.change.id != change.id and _bare(line) in added:
                brought = added[_bare(line)][1]
                what = text("a later commit, ", Code(other.change.subject))
                words = (*what, *text(", took back a line that it brought: ", Code(line.strip())))
                return Term("taken back", 4.0, words, (brought, place))
    return None


def _judged(other: Change, scene: Scene, same: tuple[str, ...], *, back: bool) -> Term:
    """Weigh an undoing by what became of the outage: it ended soon, it went on, or the undoing itself failed."""
    end, places = scene.outage.end, other.places[:1]
    what = text(Code(other.title), " took it back (", *codes(same), ")") if back else (
        text(Code(other.title), " changed the same thing during the outage (", *codes(same), ")")
    )  # fmt: skip
    if other.outcome in (str(Outcome.FAILED), str(Outcome.UNCHANGED)):
        tried = text(Code(other.title), " tried to take it back and failed (", *codes(same), ")")
        return Term("repair", 1.0, tried if back else what, places)
    ended = not scene.outage.open_end
    if ended and -_HEALS_US <= end.time_us - other.end_us <= _HEALS_US:
        return Term("repair", 3.0 if back else 2.0, (*what, ", and the failures ended"), places)
    if back and (not ended or end.low_us > other.end_us + _HEALS_US):
        return Term("repair", -3.0, (*what, ", and the failures went on"), places)
    return Term("repair", 0.5, what, places)


def _bare(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip().strip(";,")
