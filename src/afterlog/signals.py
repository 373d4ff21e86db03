"""Signals: the requests of each service as users saw them, ready for the detector, and their counts for pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from afterlog.case import Case, Ledger
from afterlog.detect import Stream
from afterlog.requests import Codes, Requests, Times, read_requests
from afterlog.views import Views, find_views

SECOND_US: Final = 1_000_000
# Names under which servers answer "am I alive?"; asked by machines all day, they dilute every rate.
_HEALTH: Final = re.compile(
    r"/(?:_?_?health(?:[-_]?checks?|z)?(?:\.html?|\.php|\.txt)?|livez|readyz|liveness|readiness|ready|alive|ping"
    r"|heartbeat|server-status|nginx_status|stub_status|haproxy\?stats|actuator/health.*)/?(?:\?.*)?"
)
SIGNALS_SCHEMA: Final = pa.schema([
    ("time", pa.timestamp("s", "UTC")), ("service", pa.string()), ("host", pa.string()),
    ("requests", pa.int32()), ("failed", pa.int32()), ("client_errors", pa.int32()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signal:
    """One service's requests in its outermost view, and the detector's stream over them."""

    service: str
    requests: Requests
    stream: Stream


def read_signals(case: Case) -> tuple[list[Signal], Views]:
    """Make one signal per service from the outermost views; health checks are left out."""
    requests = read_requests(case)
    views = find_views(requests)
    names = requests.names
    outermost = np.array([path in views.outermost for path in names.source] + [False])[requests.source]
    health = np.array([_HEALTH.fullmatch(path) is not None for path in names.path] + [False])[requests.path]
    users = outermost & ~health
    ledgers = case.ledgers()
    services = [(code, name) for code, name in enumerate(names.service)] + [(-1, "requests")]
    found = [(name, users & (requests.service == code)) for code, name in services]
    return [make_signal(name, requests.take(mine), ledgers) for name, mine in found if mine.any()], views


def make_signal(service: str, requests: Requests, ledgers: Sequence[Ledger]) -> Signal:
    """Build the detector's stream over requests; the window is what the service's sources cover."""
    paths = {requests.names.source[code] for code in np.unique(requests.source)}
    mine = [ledger for ledger in ledgers if ledger.path in paths and ledger.first is not None]
    time = requests.time
    start = min([int(time[0]), *(ledger.first for ledger in mine if ledger.first is not None)])
    end = max([int(time[-1]), *(ledger.last for ledger in mine if ledger.last is not None)]) + 1
    stream = Stream(
        time_us=time,
        failed=requests.failed,
        client=requests.client,
        signature=_signatures(requests),
        client_error=requests.client_error,
        host=requests.server,
        resolution_us=resolution_of(time),
        start_us=start,
        end_us=end,
    )
    return Signal(service, requests, stream)


def _signatures(requests: Requests) -> Codes:
    """Give each request the number of its (method, path without query), shape (n,)."""
    bare = [bare_path(path) for path in requests.names.path]
    place = {path: number for number, path in enumerate(dict.fromkeys(bare))}
    codes = np.array([place[path] for path in bare] + [-1], np.int64)[requests.path]
    pairs = (requests.method.astype(np.int64) + 1) * (len(place) + 2) + codes + 1
    return np.unique(pairs, return_inverse=True)[1].astype(np.int32)


def resolution_of(time_us: Times) -> int:
    """Tell the step of the stamps, in microseconds: whole seconds unless fractions occur."""
    if not len(time_us) or not (time_us % SECOND_US).any():
        return SECOND_US
    return 1_000 if not (time_us % 1_000).any() else 1


def count_table(signals: Sequence[Signal]) -> pa.Table:
    """Count requests, failures and client errors per second, service and answering host."""
    pieces = [SIGNALS_SCHEMA.empty_table()]
    for signal in signals:
        requests = signal.requests
        names = requests.names.server
        width = len(names) + 1
        cells = (requests.time // SECOND_US) * width + requests.server + 1
        cell, index = np.unique(cells, return_inverse=True)
        hosts = pa.array([None, *names], pa.string())
        counted = [
            np.bincount(index, weight, len(cell)).astype(np.int32)
            for weight in (None, requests.failed, requests.client_error)
        ]
        seconds = pa.array(cell // width).cast(pa.timestamp("s")).cast(pa.timestamp("s", "UTC"))
        arrays = [
            seconds,
            pa.repeat(pa.scalar(signal.service), len(cell)),
            hosts.take(pa.array(cell % width)),
            *map(pa.array, counted),
        ]
        pieces.append(pa.Table.from_arrays(arrays, schema=SIGNALS_SCHEMA))
    return pa.concat_tables(pieces)


def bare_path(path: str) -> str:
    """Give a request target without its query."""
    return path.partition("?")[0]


def route_of(path: str) -> str:
    """Group request targets that differ only in identifiers: ``/post/42`` → ``/post/*``."""
    parts = bare_path(path).split("/")
    return "/".join("*" if re.search(r"\d", part) and len(part) < 80 else part[:80] for part in parts[:6])
