"""Changes: from single lines of many tools to what a person would call one thing each."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case
from afterlog.changes.ansible import ansible_changes
from afterlog.changes.commits import commit_changes, join_commits
from afterlog.changes.model import Change, Look, Pool, Row, Step
from afterlog.changes.packages import package_changes
from afterlog.changes.people import command_changes, looks
from afterlog.changes.puppet import puppet_changes
from afterlog.changes.routine import routine_changes
from afterlog.changes.services import service_changes
from afterlog.event import Kind

__all__ = ["Change", "History", "Look", "Step", "find_changes", "group_changes"]


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was done, and everything that was looked at, each in the order of time."""

    changes: tuple[Change, ...]
    looks: tuple[Look, ...]


def find_changes(case: Case) -> History:
    """Group the change events of a case."""
    table = case.events(where=pc.field("kind") == str(Kind.CHANGE))
    table = table.set_column(0, "time", table.column("time").cast(pa.int64()))
    return group_changes([Row.of(event) for event in table.to_pylist()])


def group_changes(rows: list[Row]) -> History:
    """Group change events, in the order of time, into changes and looks; each row serves at most once."""
    pool = Pool(rows)
    puppet = puppet_changes(pool)  # before Ansible and cron, which may have started it
    changes = [*puppet, *ansible_changes(pool), *package_changes(pool), *service_changes(pool)]
    looked = looks(pool)
    changes += [*command_changes(pool), *routine_changes(pool), *commit_changes(pool)]
    changes = sorted(join_commits(changes), key=lambda change: (change.start_us, change.id))
    return History(tuple(changes), tuple(sorted(looked, key=lambda look: (look.start_us, look.id))))
