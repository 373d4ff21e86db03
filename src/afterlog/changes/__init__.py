"""Changes: from single lines of many tools to what a person would call one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case
from afterlog.changes.ansible import ansible_changes
from afterlog.changes.commits import commit_changes, join_commits, push_changes
from afterlog.changes.generic import generic_changes
from afterlog.changes.mined import COARSE, mined_rows, told_already, version_changes
from afterlog.changes.model import Change, Look, Pool, Row, Step
from afterlog.changes.packages import package_changes
from afterlog.changes.people import command_changes, looks
from afterlog.changes.puppet import puppet_changes
from afterlog.changes.routine import fold_repeated, routine_changes
from afterlog.changes.services import service_changes
from afterlog.event import Kind

__all__ = ["Change", "History", "Look", "Step", "find_changes", "group_changes"]

_READ: Final = ("time", "source", "line", "offset", "host", "service", "message")


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was done, and everything that was looked at, each in the order of time."""

    changes: tuple[Change, ...]
    looks: tuple[Look, ...]


def find_changes(case: Case) -> History:
    """Group the change events of a case."""
    table = case.events(where=pc.field("kind") == str(Kind.CHANGE))
    table = table.set_column(0, "time", table.column("time").cast(pa.int64()))
    platform, versions = mined_rows(_ordinary(case))
    return group_changes([*(Row.of(event) for event in table.to_pylist()), *platform], versions)


def _ordinary(case: Case) -> Iterator[dict[str, Any]]:
    """Give the log messages that may tell a change."""
    where = (pc.field("kind") == str(Kind.LOG)) & pc.match_substring_regex(pc.field("message"), COARSE)
    for batch in case.event_batches(_READ, where):
        yield from batch.set_column(0, "time", batch.column("time").cast(pa.int64())).to_pylist()


def group_changes(rows: list[Row], versions: Sequence[Row] = ()) -> History:
    """Group change events, in the order of time, into changes and looks; each row serves at most once.

    Args:
        rows: change events, and what systemd and the kernel told.
        versions: starts that name a version.

    """
    pool = Pool(rows)
    puppet = puppet_changes(pool)  # before Ansible and cron, which may have started it
    changes = [*puppet, *ansible_changes(pool), *package_changes(pool), *service_changes(pool)]
    looked = looks(pool)
    commits = commit_changes(pool)
    changes += [*command_changes(pool), *routine_changes(pool), *commits, *push_changes(pool, commits)]
    changes = fold_repeated([*changes, *generic_changes(pool)])
    changes += told_already(version_changes(versions), changes)
    changes = sorted(join_commits(changes), key=lambda change: (change.start_us, change.id))
    return History(tuple(changes), tuple(sorted(looked, key=lambda look: (look.start_us, look.id))))
