"""Commits: each told once however many logs hold it, and joined to the push that carried its files to the hosts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from afterlog.changes.model import Change, Pool, Row, Step, unique
from afterlog.changes.naming import commit_id, working_id
from afterlog.evidence import Place

_DAY_US: Final = 86_400_000_000
_CONTENT_LINES: Final = 40
_CARRIERS: Final = frozenset({"ansible", "puppet", "deploy", "chef", "salt", "kubernetes", "terraform"})


def commit_changes(pool: Pool) -> list[Change]:
    """Make one change of each commit; the source with its diff is the better evidence."""
    commits: dict[str, list[Row]] = {}
    for row in pool.take([row for row in pool.of("git-log") if row.action == "commit"]):
        commits.setdefault(row.run, []).append(row)
    return [_commit(rows) for rows in commits.values()]


def _commit(rows: list[Row]) -> Change:
    rows = sorted(rows, key=lambda row: (not row.fields.get("added"), row.place))
    best = rows[0]
    files = unique(name.strip() for name in re.split(r"[,\n]", best.fields.get("files") or best.target))
    return Change(
        id=commit_id(best.run),
        tool="git",
        action="commit",
        title=f"Commit {best.run[:7]}: {best.message}",
        start_us=best.time_us,
        end_us=best.time_us,
        hosts=(),
        targets=files,
        outcome=best.outcome,
        actor=best.actor,
        steps=(Step(best.time_us, best.message, "", best.outcome, best.place),),
        places=tuple(row.place for row in rows),
        content=_lines(best, "added"),
        removed=_lines(best, "removed"),
        subject=best.message,
    )


def _lines(row: Row, which: str) -> tuple[tuple[str, Place], ...]:
    """Give the changed lines of the commit's diff; each stands in the commit's own record."""
    text = row.fields.get(which, "")
    return tuple((line, row.place) for line in text.split("\n")[:_CONTENT_LINES] if line.strip())


def push_changes(pool: Pool, commits: list[Change]) -> list[Change]:
    """Make a change of each push or pull that a reflog tells: the moment at which a commit arrived somewhere."""
    known = {commit.id: commit for commit in commits}
    rows = pool.take([row for row in pool.of("git-log") if row.action in ("push", "ref-update")])
    moved = [row for row in rows if row.fields.get("old", "").strip("0")]  # a clone begins from nothing
    return [_push(row, known.get(commit_id(row.run))) for row in moved]


def _push(row: Row, commit: Change | None) -> Change:
    subject = commit.subject if commit else row.message
    return Change(
        id=working_id("push", row.place),
        tool="git",
        action="push",
        title=f"Push of {row.run[:7]} to {row.target}: {subject}"[:200],
        start_us=row.time_us,
        end_us=row.time_us,
        hosts=(),
        targets=commit.targets if commit else unique([row.target]),
        outcome=row.outcome,
        actor=row.actor,
        steps=(Step(row.time_us, row.message, "", row.outcome, row.place),),
        places=(row.place, *(commit.places[:1] if commit else ())),
        content=commit.content if commit else (),
        removed=commit.removed if commit else (),
        subject=subject,
        commit=commit.id if commit else "",
    )


def join_commits(changes: list[Change]) -> list[Change]:
    """Give each push of a tool the newest commit before it with a file of the same name: what it carried."""
    named: dict[str, list[Change]] = {}
    for change in changes:
        for name in (
            dict.fromkeys(PurePosixPath(target).name for target in change.targets) if change.action == "commit" else ()
        ):
            named.setdefault(name, []).append(change)
    pushes = sorted((c for c in changes if c.tool in _CARRIERS), key=lambda c: c.start_us)
    carried: set[str] = set()
    joined: dict[str, Change] = {}
    for push in pushes:
        names = {PurePosixPath(target).name for target in push.targets}
        fitting = [
            commit for name in names for commit in named.get(name, ())
            if commit.id not in carried and push.start_us - 7 * _DAY_US <= commit.start_us <= push.start_us
        ]  # fmt: skip
        newest = fitting and [max(fitting, key=lambda commit: (commit.start_us, commit.id))]
        for commit in newest or ():
            carried.add(commit.id)
            push = replace(  # noqa: PLW2901  the push grows by what it carried
                push,
                subject=commit.subject,
                commit=commit.id,
                content=push.content + commit.content,
                removed=push.removed + commit.removed,
                places=push.places + commit.places,
            )
        joined[push.id] = push
    return [joined.get(change.id, change) for change in changes]
