"""Impact: what an outage did to users, counted in the outermost view, each figure with the lines behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from afterlog.availability import Stability, stability, user_minutes
from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.traffic.requests import Flags, Requests, Times, distinct
from afterlog.traffic.signals import Signal, routes_of

MINUTE_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Route:
    """Requests of one kind within the outage."""

    route: str
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Another service in the same interval."""

    service: str
    requests: int
    failed: int
    place: Place


@dataclass(frozen=True, slots=True)
class Impact:
    """Figures of one outage; rates are failed / requests, 0 to 1.

    ``excess`` = failed − baseline rate · requests. ``expected`` requests are those of an equally long (at most one
    hour) interval before the start, scaled; None where the logs begin too late to tell.
    """

    outage: str
    requests: int
    failed: int
    rate: float
    peak_rate: float
    peak_us: int
    baseline_rate: float
    excess: float
    clients: int
    clients_seen: int
    expected: float | None
    statuses: tuple[tuple[int, int], ...]
    routes: tuple[Route, ...]
    beside: tuple[Beside, ...]
    first_on_host: tuple[tuple[str, int, Place], ...]
    user_minutes: float
    after: Stability
    peak_place: Place | None  # the first failure of the minute with the highest rate

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        result = asdict(self)
        result["first_on_host"] = [
            {"host": host, "time_us": time, "place": place._asdict()} for host, time, place in self.first_on_host
        ]
        result["beside"] = [{**asdict(b), "place": b.place._asdict()} for b in self.beside]
        result["after"] = {**asdict(self.after), "place": self.after.place._asdict() if self.after.place else None}
        result["peak_place"] = self.peak_place._asdict() if self.peak_place else None
        return result

    def places(self) -> list[Place]:
        """Name the lines that the figures rest on."""
        shown = [place for _host, _time, place in self.first_on_host] + [beside.place for beside in self.beside]
        return shown + [place for place in (self.after.place, self.peak_place) if place]


def measure_impact(outage: Outage, signals: Sequence[Signal]) -> Impact | None:
    """Count what happened within an outage; None where its service has no requests (a stated outage)."""
    own = next((signal for signal in signals if signal.service == outage.service), None)
    if own is None:
        return None
    requests = own.requests
    rows = requests.within(outage.first_us, outage.last_us)
    every = bad_of(requests, outage)
    bad = every[rows]
    peak_rate, peak_us = _peak(requests.time[rows], bad, outage)
    statuses, counts = np.unique(requests.status[rows][bad], return_counts=True)
    total, failed = len(bad), int(bad.sum())
    return Impact(
        outage=outage.id,
        requests=total,
        failed=failed,
        rate=failed / total if total else 0.0,
        peak_rate=peak_rate,
        peak_us=peak_us,
        baseline_rate=outage.baseline.rate,
        excess=max(failed - outage.baseline.rate * total, 0.0),
        clients=distinct(requests.client[rows][bad]),
        clients_seen=distinct(requests.client[rows]),
        expected=_expected(requests, outage),
        statuses=tuple((int(status), int(count)) for status, count in zip(statuses, counts, strict=True)),
        routes=_routes(requests, rows, bad),
        beside=tuple(b for signal in signals if signal is not own for b in _beside(outage, signal)),
        first_on_host=_first_on_host(requests, rows, bad),
        user_minutes=user_minutes(requests, every, outage.first_us, outage.last_us),
        after=stability(requests, every, outage.last_us, own.stream.end_us, outage.baseline.rate),
        peak_place=_first_since(requests, every, peak_us),
    )


def bad_of(requests: Requests, outage: Outage) -> Flags:
    """Tell which requests count as failed in an outage of its kind."""
    return requests.client_error if outage.kind == "client-errors" else requests.failed


def _first_since(requests: Requests, bad: Flags, time_us: int) -> Place | None:
    begin = int(np.searchsorted(requests.time, time_us))
    rows = np.flatnonzero(bad[begin:])
    return requests.place(begin + int(rows[0])) if len(rows) else None


def _peak(time: Times, bad: Flags, outage: Outage) -> tuple[float, int]:
    """Find the first minute with the highest failure rate, among minutes with at least half the usual requests."""
    if not len(time):
        return 0.0, outage.first_us // MINUTE_US * MINUTE_US
    minute, index = np.unique(time // MINUTE_US, return_inverse=True)
    size = np.bincount(index)
    rate = np.bincount(index, bad) / size
    busy = np.flatnonzero(size >= max(1.0, float(np.median(size)) / 2))
    best = busy[int(np.argmax(rate[busy]))]
    return float(rate[best]), int(minute[best]) * MINUTE_US


def _expected(requests: Requests, outage: Outage) -> float | None:
    """Scale the requests of the time before the start to the outage's length."""
    length = outage.last_us - outage.first_us
    window = min(length, 60 * MINUTE_US, outage.first_us - int(requests.time[0]))
    if window < 10 * MINUTE_US:
        return None
    before = requests.within(outage.first_us - window, outage.first_us - 1)
    return (before.stop - before.start) * length / window


def _routes(requests: Requests, rows: slice, bad: Flags) -> tuple[Route, ...]:
    codes = requests.path[rows]
    used, index = np.unique(codes, return_inverse=True)
    asked, failed = np.bincount(index), np.bincount(index, bad)
    sums: dict[str, list[int]] = {}
    names = dict(zip(used.tolist(), routes_of([requests.names.path[code] for code in used.tolist()]), strict=True))
    for code, n, k in zip(used.tolist(), asked.tolist(), failed.tolist(), strict=True):
        counts = sums.setdefault(names[code] if code >= 0 else "(no path)", [0, 0])
        counts[0] += n
        counts[1] += int(k)
    ranked = sorted(sums.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return tuple(Route(name, n, k) for name, (n, k) in ranked[:10])


def _beside(outage: Outage, signal: Signal) -> list[Beside]:
    rows = signal.requests.within(outage.first_us, outage.last_us)
    count = rows.stop - rows.start
    failed = int(signal.requests.failed[rows].sum())
    return [Beside(signal.service, count, failed, signal.requests.place(rows.start))] if count else []


def _first_on_host(requests: Requests, rows: slice, bad: Flags) -> tuple[tuple[str, int, Place], ...]:
    failed = np.flatnonzero(bad) + rows.start
    names, server = requests.names.server, requests.server
    codes, firsts = np.unique(server[failed], return_index=True)
    found = sorted(int(failed[first]) for code, first in zip(codes, firsts, strict=True) if code >= 0)
    return tuple((names[server[row]], int(requests.time[row]), requests.place(row)) for row in found)
