"""Signals: the requests of each service as users saw them, ready for the detector, and their counts for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.case import Case, Ledger
from afterlog.detect import Stream
from afterlog.detect.stream import Codes, look_up, pieces, present
from afterlog.memory import give_back_memory
from afterlog.outage import NAMELESS
from afterlog.source import Source, reopen
from afterlog.sources.rotation import turn_of
from afterlog.traffic.health import health_checks
from afterlog.traffic.missing import has_gaps, rotations, skipped_hours
from afterlog.traffic.requests import DEFAULT_RULES, Flags, Requests, Rules, Times, read_requests
from afterlog.traffic.views import Views, find_views
from afterlog.traffic.written import written_until

SECOND_US: Final = 1_000_000
_MOST_ROUTES: Final = 4_096  # different routes: beyond, paths hold identifiers that no rule recognises
SIGNALS_SCHEMA: Final = pa.schema([
    ("time", pa.timestamp("s", "UTC")), ("service", pa.string()), ("host", pa.string()),
    ("requests", pa.int32()), ("failed", pa.int32()), ("client_errors", pa.int32()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inner:
    """The same requests as one source further in saw them: its path and host, their times and failures, (n,)."""

    source: str
    host: str
    time: Times
    failed: Flags


@dataclass(frozen=True, slots=True)
class Signal:
    """One service's requests in its outermost view, and the detector's stream over them.

    ``routes`` are the names of the stream's route codes; ``checks`` is the number of health checks left out; ``inner``
    are the views of the same requests further in.
    """

    service: str
    requests: Requests
    stream: Stream
    routes: tuple[str, ...] = ()
    checks: int = 0
    inner: tuple[Inner, ...] = ()


def read_signals(case: Case, rules: Rules = DEFAULT_RULES) -> tuple[list[Signal], Views]:
    """Make one signal per service from the outermost views; health checks are left out where there is anything else."""
    requests = read_requests(case, rules)
    views = find_views(requests)
    outermost = np.array([path in views.outermost for path in requests.names.source] + [False])[requests.source]
    checks = health_checks(requests)
    give_back_memory()
    ledgers = case.ledgers()
    services = [(code, name) for code, name in enumerate(requests.names.service)] + [(-1, NAMELESS)]
    found = []
    for code, name in services:
        mine: Flags = outermost & (requests.service == code)
        users = mine & ~checks
        if mine.any():
            chosen = users if users.any() else mine
            left_out = int(np.count_nonzero(mine)) - int(np.count_nonzero(chosen))
            inner = _inner(requests, mine, views)
            found.append(replace(make_signal(name, requests.take(chosen), ledgers, left_out), inner=inner))
    give_back_memory()
    return _with_missing(case, found, ledgers), views


def _inner(requests: Requests, mine: Flags, views: Views) -> tuple[Inner, ...]:
    """Give the inner views of the requests of a service."""
    paths = requests.names.source
    outer = {paths[code] for code in present(requests.source[mine])}
    found = []
    for path in sorted(path for path, seen_by in views.inner.items() if seen_by in outer):
        rows = np.flatnonzero(requests.source == paths.index(path))
        host = int(requests.host[rows[0]])
        name = requests.names.host[host] if host >= 0 else ""
        found.append(Inner(path, name, requests.time[rows], requests.failed[rows]))
    return tuple(found)


def _with_missing(case: Case, signals: list[Signal], ledgers: Sequence[Ledger]) -> list[Signal]:
    """Say in the streams that have gaps what is known to be missing there."""
    if not any(has_gaps(signal.stream.time_us) for signal in signals):
        return signals
    sources = reopen(case.settings().inputs)
    return [_told_missing(one, sources, ledgers) if has_gaps(one.stream.time_us) else one for one in signals]


def _told_missing(signal: Signal, sources: Sequence[Source], ledgers: Sequence[Ledger]) -> Signal:
    paths = {signal.requests.names.source[code] for code in present(signal.requests.source)}
    stream = signal.stream
    gaps = skipped_hours([one for one in ledgers if one.path in paths], stream.start_us, stream.end_us)
    joints = rotations(signal.requests, [source for source in sources if source.path in paths])
    return replace(signal, stream=replace(stream, gaps=gaps, rotation_us=joints))


def make_signal(service: str, requests: Requests, ledgers: Sequence[Ledger], checks: int = 0) -> Signal:
    """Build the detector's stream over requests; the window is what the service's sources cover.

    It lasts until the last line of anything on the same machines: a log that was still written to when it was collected
    and had nothing more to say is silent.
    """
    paths = {requests.names.source[code] for code in present(requests.source)}
    mine = [ledger for ledger in ledgers if ledger.path in paths and ledger.first is not None]
    time = requests.time
    start = min([int(time[0]), *(ledger.first for ledger in mine if ledger.first is not None)])
    end = _written_to(mine, int(time[-1]))
    bare = bare_paths(requests.names.path)
    routes, route = _routes(requests, bare)
    signature = _signatures(requests, bare)
    del bare
    give_back_memory()
    stream = Stream(
        time_us=time,
        failed=requests.failed,
        client=requests.client,
        signature=signature,
        client_error=requests.client_error,
        host=requests.server,
        resolution_us=resolution_of(time),
        start_us=start,
        end_us=max(end, _still_written(mine, ledgers, end)) + 1,
        route=route,
    )
    return Signal(service, requests, stream, routes, checks)


def _written_to(mine: Sequence[Ledger], from_us: int) -> int:
    """Tell until when the sources themselves go on after their last request, whatever else they hold."""
    return max((written_until([one], one.host, from_us) for one in mine), default=from_us)


def _still_written(mine: Sequence[Ledger], ledgers: Sequence[Ledger], from_us: int) -> int:
    """Tell until when the machines of some sources logged, if these sources were still written to; 0 if not."""
    hosts = {ledger.host for ledger in mine}
    if None in hosts or not all(turn_of(ledger.path.rpartition("/")[2]).live for ledger in mine):
        return 0
    if any("ends early" in ledger.reason or "is damaged" in ledger.reason for ledger in mine):
        return 0  # cut off on its way to us: that nothing more stands in it says nothing
    return min((written_until(ledgers, host, from_us) for host in hosts), default=0)


def _signatures(requests: Requests, bare: pa.StringArray) -> Codes:
    """Give each request the number of its (method, path without query), shape (n,)."""
    coded = bare.dictionary_encode()
    codes = np.append(coded.indices.to_numpy().astype(np.int64), -1)
    width = len(coded.dictionary) + 2

    def pairs(piece: slice) -> NDArray[np.int64]:
        return (requests.method[piece].astype(np.int64) + 1) * width + codes[requests.path[piece]] + 1

    used = np.zeros((len(requests.names.method) + 1) * width, np.int32)
    for piece in pieces(len(requests)):
        used[pairs(piece)] = 1
    number = np.cumsum(used, dtype=np.int32) - 1
    numbers = np.empty(len(requests), np.int32)
    for piece in pieces(len(requests)):
        numbers[piece] = number[pairs(piece)]
    return numbers


def _routes(requests: Requests, bare: pa.StringArray) -> tuple[tuple[str, ...], Codes | None]:
    """Give the names and codes (n,) of the requests' routes; nothing where there is one, or far too many."""
    routes = _routes_of(bare).dictionary_encode()
    if not 2 <= len(routes.dictionary) <= _MOST_ROUTES:
        return (), None
    codes: Codes = look_up(np.append(routes.indices.to_numpy(), -1).astype(np.int16), requests.path)
    return tuple(routes.dictionary.to_pylist()), codes


def resolution_of(time_us: Times) -> int:
    """Tell the step of the stamps, in microseconds: whole seconds unless fractions occur."""
    for step in (SECOND_US, 1_000):
        if not any((time_us[piece] % step).any() for piece in pieces(len(time_us))):
            return step
    return 1


def count_table(signals: Sequence[Signal]) -> pa.Table:
    """Count requests, failures and client errors per second, service and answering host."""
    tables = [SIGNALS_SCHEMA.empty_table()]
    for signal in signals:
        time = signal.requests.time
        seconds = (time[piece.start] // SECOND_US * SECOND_US for piece in pieces(len(time)))
        cuts = [*np.searchsorted(time, [*seconds]).tolist(), len(time)]
        tables += [_counted(signal, slice(begin, end)) for begin, end in pairwise(cuts) if begin < end]
    return pa.concat_tables(tables)


def _counted(signal: Signal, rows: slice) -> pa.Table:
    """Count some of a signal's requests: all those of some seconds."""
    requests, names = signal.requests, signal.requests.names.server
    width = len(names) + 1
    cells = (requests.time[rows] // SECOND_US) * width + requests.server[rows] + 1
    cell, index = np.unique(cells, return_inverse=True)
    hosts = pa.array([None, *names], pa.string())
    counted = [
        np.bincount(index, weight, len(cell)).astype(np.int32)
        for weight in (None, requests.failed[rows], requests.client_error[rows])
    ]
    seconds = pa.array(cell // width).cast(pa.timestamp("s")).cast(pa.timestamp("s", "UTC"))
    arrays = [
        seconds,
        pa.repeat(pa.scalar(signal.service), len(cell)),
        hosts.take(pa.array(cell % width)),
        *map(pa.array, counted),
    ]
    return pa.Table.from_arrays(arrays, schema=SIGNALS_SCHEMA)


def bare_paths(paths: Sequence[str]) -> pa.Array:
    """Give request targets without their queries, (n,)."""
    return pc.replace_substring_regex(pa.array(paths, pa.string()), r"(?s)\?.*$", "")


def routes_of(paths: Sequence[str]) -> list[str]:
    """Group request targets that differ only in identifiers: ``/post/42?a=1`` → ``/post/*``; five parts at most."""
    routes: list[str] = _routes_of(bare_paths(paths)).to_pylist()
    return routes


def _routes_of(bare: pa.StringArray) -> pa.StringArray:
    short = pc.replace_substring_regex(bare, r"(?s)^((?:[^/]*/){5}[^/]*)/.*$", r"\1")
    return pc.replace_substring_regex(short, r"[^/]*[0-9][^/]*", "*")
