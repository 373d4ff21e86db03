"""One act told by several logs: sudo names the command, systemd the unit, the program its own stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from afterlog.causes.model import SECOND, Cause, Term
from afterlog.changes import Change
from afterlog.changes.model import places_of
from afterlog.statement import codes, text

_SAME_ACT_US: Final = 30 * SECOND
_DOES: Final = frozenset({"run", "restart", "reload", "stop"})


def one_per_act(judged: Sequence[Cause]) -> list[Cause]:
    """Keep of the candidates that are one act the one that explains most, which then tells of the others.

    Left apart they would share the probability of what they are together, and none be named.
    """
    kept: list[tuple[Cause, list[Change]]] = []
    for cause in sorted(judged, key=lambda cause: (-cause.score, cause.change.start_us, cause.change.id)):
        own = None if cause.veto else next((o for o in kept if not o[0].veto and _is_same(o[0], cause)), None)
        if own is None:
            kept.append((cause, []))
        else:
            own[1].append(cause.change)
    return [_with_others(cause, others) for cause, others in kept]


def _is_same(one: Cause, other: Cause) -> bool:
    a, b = one.change, other.change
    if "service" not in (a.tool, b.tool) or not all(_may_be(change) for change in (a, b)):
        return False
    near = a.start_us <= b.end_us + _SAME_ACT_US and b.start_us <= a.end_us + _SAME_ACT_US
    return near and bool(set(a.hosts) & set(b.hosts))


def _may_be(change: Change) -> bool:
    """Tell whether it may be the doing of a restart: of a service, or by a command that doesn't edit or install."""
    return change.tool == "service" or (change.tool == "command" and change.action in _DOES)


def _with_others(cause: Cause, others: Iterable[Change]) -> Cause:
    others = tuple(others)
    if not others:
        return cause
    words = text("other logs tell of the same act: ", *codes(tuple(other.title for other in others)))
    places = places_of((place for other in others for place in other.places), 4)
    return replace(cause, terms=(*cause.terms, Term("same act", 0.0, words, places)))
