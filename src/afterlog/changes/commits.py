"""Commits: each told once however many logs hold it, and joined to the push that carried its files to the hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from afterlog.changes.model import Change, Pool, Row, Step, unique
from afterlog.changes.naming import commit_id, working_id
from afterlog.evidence import Place

_DAY_US: Final = 86_400_000_000
_CONTENT_LINES: Final = 40
_SHORT: Final = 7  # digits of a hash that git prints when asked for a short one
_HASH: Final = re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}\b")
_OWN_HASH: Final = re.compile(r"Commit ([0-9a-f]{7}): ")
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
    """Give each push of a tool the commit that it carried.

    That is the one whose hash it names, or else the newest before it with a file of the same name.
    """
    told = {push.id: _carrying(push, commit) for push, commit in _named_by_hash(changes)}
    changes = _going_back([told.get(change.id, change) for change in changes])
    named: dict[str, list[Change]] = {}
    for change in changes:
        for name in (
            dict.fromkeys(PurePosixPath(target).name for target in change.targets) if change.action == "commit" else ()
        ):
            named.setdefault(name, []).append(change)
    pushes = sorted((c for c in changes if c.tool in _CARRIERS and not c.commit), key=lambda c: c.start_us)
    carried = {change.commit for change in changes if change.commit}
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
            push = _carrying(push, commit)  # noqa: PLW2901  the push grows by what it carried
        joined[push.id] = push
    return [joined.get(change.id, change) for change in changes]


def _carrying(push: Change, commit: Change) -> Change:
    return replace(
        push,
        subject=commit.subject,
        commit=commit.id,
        content=push.content + commit.content,
        removed=push.removed + commit.removed,
        places=push.places + commit.places,
    )


def _named_by_hash(changes: Iterable[Change]) -> Iterator[tuple[Change, Change]]:
    """Give the pushes that name a commit of the case by its hash, with the commit."""
    commits = {found[1]: c for c in changes if c.action == "commit" and (found := _OWN_HASH.match(c.title))}
    for push in changes if commits else ():
        if push.tool in _CARRIERS:
            words = " ".join((*push.targets, push.subject, push.title))
            sha = next((sha[:_SHORT] for sha in _HASH.findall(words) if sha[:_SHORT] in commits), None)
            if sha is not None and commits[sha].start_us <= push.start_us:
                yield push, commits[sha]


def _going_back(changes: list[Change]) -> list[Change]:
    """Tell as a rollback what puts an older commit where a newer one had been put: it removes what that had brought."""
    commits = {change.id: change for change in changes if change.action == "commit"}
    placed: list[Change] = []
    out: dict[str, Change] = {}
    for push in sorted((c for c in changes if c.commit and c.tool in _CARRIERS), key=lambda c: c.start_us):
        before = next((one for one in reversed(placed) if _same_place(one, push)), None)
        placed.append(push)
        if before and commits[before.commit].start_us > commits[push.commit].start_us:
            undone = before.content
            out[push.id] = replace(
                push, action="rollback", title=f"Rollback: {push.title.partition(': ')[2] or push.title}",
                content=(), removed=undone, targets=(*push.targets, *commits[before.commit].targets),
            )  # fmt: skip
    return [out.get(change.id, change) for change in changes]


def _same_place(one: Change, other: Change) -> bool:
    shared = set(one.hosts) & set(other.hosts) if one.hosts and other.hosts else set(one.targets) & set(other.targets)
    return one.tool == other.tool and bool(shared)
