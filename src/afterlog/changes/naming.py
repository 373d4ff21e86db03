"""Ids of changes and looks: by what was done, where and when, so that more logs leave them as they are.

While changes are put together each has a working id, of the line it begins with: no two have the same. Line numbers
change once an older piece of a rotated log is added, so the id that people and ``review.toml`` see is given last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from afterlog.changes.model import Change, Look
from afterlog.evidence import Place
from afterlog.identity import distinct_ids, stable_id


def working_id(kind: str, place: Place) -> str:
    """Name a change in the making; such ids sort as the lines do."""
    return f"{kind} {place.source} {place.line:012d}"


def commit_id(sha: str) -> str:
    """Name a commit by its hash; it has this id from the beginning, as pushes refer to it."""
    return stable_id("change", "commit", sha)


def named_changes(changes: Iterable[Change]) -> list[Change]:
    """Give each change its lasting id; gives them in order of time. Of equal ones the n-th has n in its id."""
    ordered = sorted(changes, key=lambda change: (change.start_us, change.places, change.title))
    ids = distinct_ids([_lasting(change) for change in ordered])
    return sorted(
        (replace(change, id=identity) for change, identity in zip(ordered, ids, strict=True)),
        key=lambda change: (change.start_us, change.id),
    )


def named_looks(looks: Iterable[Look]) -> list[Look]:
    """Give each look its lasting id; gives them in order of time."""
    ordered = sorted(looks, key=lambda look: (look.start_us, look.places))
    ids = distinct_ids(
        [stable_id("look", look.what, look.target, look.actor, look.start_us, *look.hosts) for look in ordered]
    )
    return sorted(
        (replace(look, id=identity) for look, identity in zip(ordered, ids, strict=True)),
        key=lambda look: (look.start_us, look.id),
    )


def _lasting(change: Change) -> str:
    """Hash what a change is, without what earlier logs may alter.

    A routine, or what cron starts, begins earlier and has more hosts once earlier logs are known. Earlier logs may also
    make a deploy a rollback and a new machine a known one: what it did is told by the words of its first step.
    """
    if change.action == "commit" and change.tool == "git":
        return change.id
    if change.tool == "cron":
        return stable_id("change", change.tool, *change.targets)
    if change.routine:
        hosts = change.hosts if change.tool == "service" else ()
        return stable_id("change", "routine", change.tool, change.title, *hosts)
    if change.tool == "git":  # the rest of a push is told by its commit, which may be unknown
        return stable_id("change", change.tool, change.start_us, change.title.partition(": ")[0])
    did = change.steps[0].text if change.steps else change.title
    return stable_id("change", change.tool, change.start_us, *change.hosts, "", *change.targets, "", did)
