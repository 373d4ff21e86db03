"""Signals: the requests of each service as users saw them, ready for the detector, and their counts for pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.case import Case, Ledger
from afterlog.detect import Stream
from afterlog.event import Kind
from afterlog.views import Views, find_views

SECOND_US: Final = 1_000_000
_COLUMNS: Final = [
    "time",
    "source",
    "line",
    "offset",
    "host",
    "service",
    "client",
    "method",
    "path",
    "status",
    "upstream",
]
# Names under which servers answer "am I alive?"; asked by machines all day, they dilute every rate.
_HEALTH: Final = (
    r"^/(?:_?_?health(?:[-_]?checks?|z)?(?:\.html?|\.php|\.txt)?|livez|readyz|liveness|readiness|ready|alive|ping"
    r"|heartbeat|server-status|nginx_status|stub_status|haproxy\?stats|actuator/health.*)/?(?:\?.*)?$"
)
SIGNALS_SCHEMA: Final = pa.schema([
    ("time", pa.timestamp("s", "UTC")), ("service", pa.string()), ("host", pa.string()),
    ("requests", pa.int32()), ("failed", pa.int32()), ("client_errors", pa.int32()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signal:
    """One service's requests in its outermost view.

    ``requests`` is a frame in time order: time (int64 UTC microseconds), source, line, offset, host (the server
    that answered), client, method, path, status, failed, client_error. ``hosts`` names the stream's host codes.
    """

    service: str
    requests: pd.DataFrame
    stream: Stream
    hosts: tuple[str, ...]
    clients: tuple[str, ...]


def read_signals(case: Case) -> tuple[list[Signal], Views]:
    """Make one signal per service from the outermost views; health checks are left out."""
    views = find_views(case)
    if not views.outermost:
        return [], views
    where = (pc.field("kind") == str(Kind.REQUEST)) & pc.field("source").isin(list(views.outermost))
    frame = case.events(_COLUMNS, where).to_pandas(strings_to_categorical=True)
    frame["time"] = frame["time"].astype("int64")
    frame = frame[~_is_health_check(frame["path"])]
    ledgers = case.ledgers()
    groups = frame.groupby("service", observed=True, dropna=False, sort=True)
    return [_signal(str(name) if pd.notna(name) else "requests", part, ledgers) for name, part in groups], views


def _is_health_check(paths: pd.Series) -> np.ndarray:
    if not isinstance(paths.dtype, pd.CategoricalDtype):
        paths = paths.astype("category")
    known = np.array([bool(re.match(_HEALTH, str(path))) for path in paths.cat.categories], bool)
    codes = paths.cat.codes.to_numpy()
    return np.concatenate((known, [False]))[codes]


def _signal(service: str, part: pd.DataFrame, ledgers: Sequence[Ledger]) -> Signal:
    status = part["status"].fillna(0).to_numpy()
    server = part["upstream"].astype(object).where(part["upstream"].notna(), part["host"].astype(object))
    requests = part.assign(
        failed=status >= 500, client_error=(status >= 400) & (status < 500), host=server.astype("category")
    ).drop(columns=["upstream", "service"])
    requests = requests.reset_index(drop=True)
    return make_signal(service, requests, ledgers)


def make_signal(service: str, requests: pd.DataFrame, ledgers: Sequence[Ledger]) -> Signal:
    """Build the detector's stream over a frame of requests; the window is what the service's sources cover."""
    client = requests["client"].astype("category")
    host = requests["host"].astype("category")
    paths = set(requests["source"].unique())
    mine = [ledger for ledger in ledgers if ledger.path in paths and ledger.first is not None]
    time = requests["time"].to_numpy()
    start = min([int(time[0]), *(ledger.first for ledger in mine if ledger.first is not None)])
    end = max([int(time[-1]), *(ledger.last for ledger in mine if ledger.last is not None)]) + 1
    stream = Stream(
        time_us=time,
        failed=requests["failed"].to_numpy(bool),
        client=client.cat.codes.to_numpy(np.int32),
        signature=_signatures(requests),
        client_error=requests["client_error"].to_numpy(bool),
        host=host.cat.codes.to_numpy(np.int32),
        resolution_us=resolution_of(time),
        start_us=start,
        end_us=end,
    )
    return Signal(
        service,
        requests,
        stream,
        tuple(map(str, host.cat.categories)),
        tuple(map(str, client.cat.categories)),
    )


def _signatures(requests: pd.DataFrame) -> np.ndarray:
    """Give each request the number of its (method, path without query), shape (n,)."""
    path = requests["path"].astype("category")
    bare, index = np.unique([str(name).partition("?")[0] for name in path.cat.categories] or [""], return_inverse=True)
    codes = np.append(index, -1)[path.cat.codes.to_numpy()]
    method = requests["method"].astype("category").cat.codes.to_numpy().astype(np.int64)
    return pd.factorize((method + 1) * (len(bare) + 1) + codes)[0].astype(np.int32)


def resolution_of(time_us: np.ndarray) -> int:
    """Tell the step of the stamps, in microseconds: whole seconds unless fractions occur."""
    if not len(time_us) or not (time_us % SECOND_US).any():
        return SECOND_US
    return 1_000 if not (time_us % 1_000).any() else 1


def count_table(signals: Sequence[Signal]) -> pa.Table:
    """Count requests, failures and client errors per second, service and answering host."""
    pieces = [SIGNALS_SCHEMA.empty_table()]
    for signal in signals:
        requests = signal.requests
        grouped = (
            requests.assign(second=requests["time"] // SECOND_US)
            .groupby(["second", "host"], observed=True, dropna=False)
            .agg(requests=("failed", "size"), failed=("failed", "sum"), client_errors=("client_error", "sum"))
            .reset_index()
        )
        columns = {
            "time": pa.array(grouped["second"].to_numpy()).cast(pa.timestamp("s")).cast(pa.timestamp("s", "UTC")),
            "service": pa.repeat(pa.scalar(signal.service), len(grouped)),
            "host": pa.array(grouped["host"].astype(object).where(grouped["host"].notna(), None).tolist(), pa.string()),
            **{
                name: pa.array(grouped[name].to_numpy().astype(np.int32))
                for name in ("requests", "failed", "client_errors")
            },
        }
        pieces.append(pa.table(columns, schema=SIGNALS_SCHEMA))
    return pa.concat_tables(pieces)


def bare_path(path: str) -> str:
    """Give a request target without its query."""
    return path.partition("?")[0]


def route_of(path: str) -> str:
    """Group request targets that differ only in identifiers: ``/post/42`` → ``/post/*``."""
    parts = bare_path(path).split("/")
    return "/".join("*" if re.search(r"\d", part) and len(part) < 80 else part[:80] for part in parts[:6])
