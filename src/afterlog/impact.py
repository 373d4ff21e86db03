"""Impact: what an outage did to users, counted in the outermost view, each figure with the lines behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.signals import Signal, route_of

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

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        result = asdict(self)
        result["first_on_host"] = [
            {"host": host, "time_us": time, "place": place._asdict()} for host, time, place in self.first_on_host
        ]
        result["beside"] = [{**asdict(b), "place": b.place._asdict()} for b in self.beside]
        return result


def measure_impact(outage: Outage, signals: Sequence[Signal]) -> Impact | None:
    """Count what happened within an outage; None where its service has no requests (a stated outage)."""
    own = next((signal for signal in signals if signal.service == outage.service), None)
    if own is None:
        return None
    inside = _within(own.requests, outage.first_us, outage.last_us)
    bad = inside["client_error"] if outage.kind == "client-errors" else inside["failed"]
    failed = inside[bad]
    minutes = inside.assign(bad=bad).groupby(inside["time"] // MINUTE_US)["bad"].agg(["size", "mean"])
    busy = minutes[minutes["size"] >= max(1, minutes["size"].median() / 2)] if len(minutes) else minutes
    peak = busy["mean"].idxmax() if len(busy) else outage.first_us // MINUTE_US
    statuses = failed["status"].value_counts().sort_index()
    return Impact(
        outage=outage.id,
        requests=len(inside),
        failed=len(failed),
        rate=len(failed) / len(inside) if len(inside) else 0.0,
        peak_rate=float(busy["mean"].max()) if len(busy) else 0.0,
        peak_us=int(peak) * MINUTE_US,
        baseline_rate=outage.baseline.rate,
        excess=max(len(failed) - outage.baseline.rate * len(inside), 0.0),
        clients=int(failed["client"].nunique()),
        clients_seen=int(inside["client"].nunique()),
        expected=_expected(own.requests, outage),
        statuses=tuple((int(status), int(count)) for status, count in statuses.items()),
        routes=_routes(inside, bad),
        beside=_beside(outage, own, signals),
        first_on_host=_first_on_host(failed),
    )


def _within(requests: pd.DataFrame, start_us: int, end_us: int) -> pd.DataFrame:
    """Give the requests from one moment to another, both included."""
    time = requests["time"].to_numpy()
    return requests.iloc[np.searchsorted(time, start_us) : np.searchsorted(time, end_us, side="right")]


def _expected(requests: pd.DataFrame, outage: Outage) -> float | None:
    """Scale the requests of the time before the start to the outage's length."""
    length = outage.last_us - outage.first_us
    first = int(requests["time"].iloc[0])
    window = min(length, 60 * MINUTE_US, outage.first_us - first)
    if window < 10 * MINUTE_US:
        return None
    before = len(_within(requests, outage.first_us - window, outage.first_us))
    return before * length / window


def _routes(inside: pd.DataFrame, bad: pd.Series) -> tuple[Route, ...]:
    if not len(inside):
        return ()
    path = inside["path"].astype("category")
    names = np.array([route_of(str(name)) for name in path.cat.categories] + ["(no path)"], object)
    table = pd.DataFrame({"route": names[path.cat.codes.to_numpy()], "bad": bad.to_numpy()})
    counts = table.groupby("route")["bad"].agg(["size", "sum"]).reset_index()
    counts = counts.sort_values(["sum", "size", "route"], ascending=[False, False, True]).head(10)
    return tuple(
        Route(str(row.route), int(row.size_), int(row.failed))
        for row in counts.set_axis(["route", "size_", "failed"], axis=1).itertuples()
    )


def _beside(outage: Outage, own: Signal, signals: Sequence[Signal]) -> tuple[Beside, ...]:
    others = []
    for signal in signals:
        if signal.service == own.service:
            continue
        inside = _within(signal.requests, outage.first_us, outage.last_us)
        if len(inside):
            record = inside.iloc[0]
            place = Place(str(record["source"]), int(record["line"]), int(record["offset"]))
            others.append(Beside(signal.service, len(inside), int(inside["failed"].sum()), place))
    return tuple(others)


def _first_on_host(failed: pd.DataFrame) -> tuple[tuple[str, int, Place], ...]:
    firsts = failed.drop_duplicates("host")
    return tuple(
        (str(row.host), int(row.time), Place(str(row.source), int(row.line), int(row.offset)))
        for row in firsts.itertuples()
        if pd.notna(row.host)
    )
