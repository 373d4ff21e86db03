"""Bursts of error-level log lines: what tells of an outage where no requests were logged, or beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case, Ledger
from afterlog.detect import Baseline, Excursion, detect_counts
from afterlog.event import ERROR_SEVERITY, Kind
from afterlog.evidence import Place
from afterlog.traffic.requests import Times
from afterlog.traffic.signals import resolution_of

_CODED: Final = ("source", "service", "host", "client")
_LEAST: Final = 5  # lines of a service that are worth a look
_ONE_CLIENT: Final = 0.5  # of a burst's lines that name one client: it is that client's burst
# Plain syslog prints no severity, and a journal gives all that a program prints the same one: the line's own first word
# tells, behind a stamp of its own at most.
_WORD: Final = (
    r"^(?:[0-9][0-9T:.,/+Z -]* )?\s*[\[(<]?\s*(?:(?i:error|err|fatal|critical|crit|panic|emerg|alert|severe)\s*[\])>:|]"
    r"|(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE)\b)"
)
# What these say at level error is about those who knock at the door, not about the service.
_DOORS: Final = frozenset("sshd sshd-session pam login su sudo fail2ban postfix dovecot named".split())


@dataclass(frozen=True, slots=True)
class Burst:
    """An interval in which a service logged far more error lines than usual: ``failed`` of the excursion."""

    service: str
    hosts: tuple[str, ...]
    excursion: Excursion
    baseline: Baseline
    first_us: int
    last_us: int
    first: Place
    last: Place
    one_client: bool


def find_bursts(case: Case) -> list[Burst]:
    """Find the bursts of lines of severity 17 (error) and above in each service's logs, in order of their start."""
    graded = pc.field("severity") >= ERROR_SEVERITY
    worded = pc.match_substring_regex(pc.field("message"), _WORD)
    severe = (pc.field("kind") == str(Kind.LOG)) & (pc.if_else(graded.is_valid(), graded, False) | worded)
    table = case.coded_events(["time", "line", "offset", *_CODED], _CODED, severe).combine_chunks()
    if len(table) < _LEAST:
        return []
    ledgers = {ledger.path: ledger for ledger in case.ledgers()}
    names = _decoded(table, "service")
    found: list[Burst] = []
    for service in sorted(set(names.tolist()) - _DOORS):
        rows = np.flatnonzero(names == service)
        if len(rows) >= _LEAST:
            found += _of_service(service, table.take(pa.array(rows)), ledgers)
    return sorted(found, key=lambda burst: (burst.first_us, burst.service))


def _of_service(service: str, table: pa.Table, ledgers: dict[str, Ledger]) -> list[Burst]:
    table = table.sort_by([("time", "ascending"), ("line", "ascending")])
    time = table.column("time").cast(pa.int64()).to_numpy()
    source, host, client = (_decoded(table, name) for name in ("source", "host", "client"))
    # a log of errors says nothing while all is well: what else its machines logged tells what it covers
    own = {ledgers[path].host for path in set(source.tolist()) if path in ledgers}
    covered = [ledger for ledger in ledgers.values() if ledger.host in own]
    start = min([int(time[0]), *(one.first for one in covered if one.first is not None)])
    end = max([int(time[-1]), *(one.last for one in covered if one.last is not None)]) + 1
    detection = detect_counts(time, np.ones(len(time), np.int64), start, end, resolution_us=resolution_of(time))
    bursts = []
    for excursion in detection.excursions:
        rows = _rows(time, excursion)
        if rows.stop - rows.start < _LEAST:
            continue
        first, last = (
            Place(str(source[row]), int(table["line"][row].as_py()), int(table["offset"][row].as_py()))
            for row in (rows.start, rows.stop - 1)
        )
        hosts = tuple(sorted(set(host[rows].tolist()) - {""}))
        alone = _share_of_one(client[rows]) >= _ONE_CLIENT
        edges = (int(time[rows.start]), int(time[rows.stop - 1]))
        bursts.append(Burst(service, hosts, excursion, detection.baseline, *edges, first, last, alone))
    return bursts


def _rows(time: Times, excursion: Excursion) -> slice:
    edges = np.searchsorted(time, (excursion.start.low_us, excursion.end.high_us + 1))
    return slice(int(edges[0]), int(edges[1]))


def _share_of_one(client: np.ndarray) -> float:
    known = client[client != ""]
    return float(np.unique(known, return_counts=True)[1].max() / len(client)) if len(known) else 0.0


def _decoded(table: pa.Table, name: str) -> np.ndarray:
    """Give a column's texts, (n,), empty for none."""
    column = table.column(name)
    texts = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return np.asarray(pc.fill_null(texts, "").to_pylist(), dtype=object)
