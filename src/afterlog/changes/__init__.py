"""Changes: from single lines of many tools to what a person would call one thing each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case, Ledger
from afterlog.changes.ansible import CONTROLLERS, ansible_changes
from afterlog.changes.commits import commit_changes, join_commits, push_changes
from afterlog.changes.generic import generic_changes
from afterlog.changes.hosts import with_known_hosts
from afterlog.changes.kubernetes import COARSE as COARSE_EVENTS
from afterlog.changes.kubernetes import event_rows, kubernetes_changes
from afterlog.changes.machines import boot_changes, new_servers, not_told, process_changes, spans_of
from afterlog.changes.mined import COARSE, QUIET, mined_rows, told_already, version_changes
from afterlog.changes.model import ROW_COLUMNS, Change, Look, Pool, Row, Step, rows_of
from afterlog.changes.naming import named_changes, named_looks
from afterlog.changes.operators import typed_rows
from afterlog.changes.packages import PACKAGE_PARSERS, package_changes
from afterlog.changes.people import command_changes, looks
from afterlog.changes.puppet import puppet_changes
from afterlog.changes.routine import fold_repeated, routine_changes
from afterlog.changes.runs import RUN_PARSERS, run_changes
from afterlog.changes.sayings import COARSE as COARSE_SAYINGS
from afterlog.changes.sayings import detailed, said_changes, said_rows
from afterlog.changes.services import service_changes
from afterlog.event import Kind
from afterlog.evidence import Place
from afterlog.formats.systemd import PLATFORM
from afterlog.memory import no_collection

__all__ = ["Change", "History", "Look", "Step", "find_changes", "group_changes"]

_PLACED: Final = ("time", "source", "line", "offset", "host", "service")
_ANSWERED: Final = pc.field("upstream").is_valid()
_LOG: Final = pc.field("kind") == str(Kind.LOG)
_TOLD_ELSEWHERE: Final = sorted(RUN_PARSERS | PACKAGE_PARSERS | CONTROLLERS | {"ansible-module"})
_READ: Final = ("time", "source", "line", "offset", "host", "service", "message")


@dataclass(frozen=True, slots=True)
class History:
    """Everything that was done, and everything that was looked at, each in the order of time."""

    changes: tuple[Change, ...]
    looks: tuple[Look, ...]


@no_collection()
def find_changes(case: Case) -> History:
    """Group the change events of a case."""
    table = case.events(ROW_COLUMNS, pc.field("kind") == str(Kind.CHANGE), ordered=False)  # the pool orders them
    platform, versions, sayings = [], [], []
    for batch in _ordinary(case):
        mined = mined_rows(batch)
        platform += [*mined[0], *event_rows(batch)]
        versions += mined[1]
        sayings += said_rows(batch)
    known = {row.place for row in platform}
    sayings = _with_details(case, [row for row in sayings if row.place not in known])
    ledgers = case.ledgers()
    hosts = {ledger.host for ledger in ledgers if ledger.host}
    said = said_changes(sayings, hosts, {ledger.path: ledger.events for ledger in ledgers})
    told = {row.place for row in sayings}
    versions = [row for row in versions if row.place not in told]
    everything = [*with_known_hosts([*rows_of(table), *platform], hosts)]
    boots = [row for row in everything if row.action == "boot"]
    rows = [row for row in everything if row.action != "boot"]
    history = group_changes(rows, versions, [*said, *boot_changes(boots, _first_seen(ledgers))])
    unsaid = [
        *new_servers(spans_of(_in_pieces(case.event_batches((*_PLACED, "upstream"), _ANSWERED)), "upstream")),
        *not_told(
            process_changes(spans_of(_in_pieces(case.field_batches(_PLACED, "pid", _LOG)), "pid")), history.changes
        ),
    ]
    return History(tuple(named_changes((*history.changes, *fold_repeated(unsaid)))), history.looks)


def _with_details(case: Case, sayings: list[Row]) -> list[Row]:
    """Name what was switched or moved by the fields of a structured log, where the message alone does not."""
    if all(row.target for row in sayings):
        return sayings
    unnamed = {row.place for row in sayings if not row.target}
    sources = pa.array(sorted({place.source for place in unnamed}))
    where = _LOG & pc.field("source").isin(sources) & pc.match_substring_regex(pc.field("message"), COARSE_SAYINGS)
    told: dict[Place, Mapping[str, str]] = {}
    for event in case.events(("source", "line", "offset", "fields"), where, ordered=False).to_pylist():
        place = Place(event["source"], event["line"], event["offset"])
        if place in unnamed:
            told[place] = dict(event["fields"] or ())
    return [detailed(row, told[row.place]) if row.place in told else row for row in sayings]


def _first_seen(ledgers: Sequence[Ledger]) -> dict[str, int]:
    """Give the first event of each machine."""
    first: dict[str, int] = {}
    for ledger in ledgers:
        if ledger.host and ledger.first is not None:
            first[ledger.host] = min(ledger.first, first.get(ledger.host, ledger.first))
    return first


def _in_pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Give events piece by piece, with times as microseconds: no more than a piece is in memory."""
    for batch in batches:
        yield pa.Table.from_batches([batch.set_column(0, "time", batch.column("time").cast(pa.int64()))])


def _ordinary(case: Case) -> Iterator[list[dict[str, Any]]]:
    """Give the log messages that may tell a change, batch by batch."""
    telling = f"{COARSE}|{COARSE_SAYINGS}|{COARSE_EVENTS}"
    where = _LOG & pc.match_substring_regex(pc.field("message"), telling)
    where &= ~pc.field("parser").isin(_TOLD_ELSEWHERE)  # what they tell beside their changes is no program's saying
    where &= ~(pc.field("service").isin(sorted(PLATFORM)) & pc.match_substring_regex(pc.field("message"), QUIET))
    for batch in case.event_batches(_READ, where):
        yield batch.set_column(0, "time", batch.column("time").cast(pa.int64())).to_pylist()


@no_collection()
def group_changes(rows: list[Row], versions: Sequence[Row] = (), said: Sequence[Change] = ()) -> History:
    """Group change events, in the order of time, into changes and looks; each row serves at most once.

    Args:
        rows: change events, and what systemd and the kernel told.
        versions: starts that name a version.
        said: what programs say in plain words that they did, left out where a tool's own log tells it.

    """
    pool = Pool(typed_rows(rows))
    puppet = puppet_changes(pool)  # before Ansible and cron, which may have started it
    changes = [*puppet, *run_changes(pool), *kubernetes_changes(pool)]
    changes += [*ansible_changes(pool), *package_changes(pool), *service_changes(pool)]
    looked = looks(pool)
    commits = commit_changes(pool)
    changes += [*command_changes(pool), *routine_changes(pool), *commits, *push_changes(pool, commits)]
    changes = fold_repeated([*changes, *generic_changes(pool)])
    changes += told_already(said, changes)
    changes += told_already(version_changes(versions), changes)
    return History(tuple(named_changes(join_commits(changes))), tuple(named_looks(looked)))
