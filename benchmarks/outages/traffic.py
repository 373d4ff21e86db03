"""Arrivals and who makes them: an inhomogeneous Poisson process with clients, routes and hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(slots=True)
class Traffic:
    """Events while they are being made: times in seconds from the window's start, (n,) each."""

    time: Array
    p: Array
    client: NDArray[np.int64]
    signature: NDArray[np.int64]
    host: NDArray[np.int64]
    status: NDArray[np.int64]
    extra: dict[str, object] = field(default_factory=dict)


def arrivals(rng: Rng, seconds: float, rate: float, shape: Array | None = None) -> Array:
    """Return ascending times (n,) in [0, seconds); ``shape`` scales the rate over equal parts of the window."""
    shape = np.ones(1) if shape is None else shape
    step = seconds / shape.size
    cumulative = np.concatenate(([0.0], np.cumsum(shape * rate * step)))
    total = cumulative[-1]
    count = int(rng.poisson(total))
    gaps = rng.exponential(size=count + 1)
    order = np.cumsum(gaps)
    uniform = order[:-1] / order[-1] * total
    times: Array = np.interp(uniform, cumulative, np.arange(cumulative.size) * step)
    return times


def diurnal(rng: Rng, seconds: float, depth: float) -> Array:
    """Return a daily curve of mean about 1 in minutes, (m,)."""
    minutes = max(int(seconds // 60), 1)
    t = (np.arange(minutes) + 0.5) * 60 / 86_400
    return 1 + depth * np.sin(2 * np.pi * (t + rng.uniform()))


def populate(rng: Rng, time: Array, hosts: int) -> Traffic:
    """Return traffic with clients (skewed activity), routes and hosts for arrival times (n,)."""
    n = time.size
    clients = int(min(max(n / 20, 8), 5000))
    # square of a uniform: activity falls off slowly, no client dominates
    client = (np.square(rng.random(n)) * clients).astype(np.int64)
    signature = (np.square(rng.random(n)) * 60).astype(np.int64)
    host = rng.integers(0, hosts, n)
    return Traffic(time, np.zeros(n), client, signature, host, np.full(n, 200))


def route_of(signature: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the route, 0 to 11, of each signature (n,) of a user's request; 12 for those that probe."""
    routes: NDArray[np.int64] = np.where(signature < 1000, signature % 12, 12).astype(np.int64)
    return routes


def insert(base: Traffic, more: Traffic) -> Traffic:
    """Return both in time order."""
    time = np.concatenate((base.time, more.time))
    order = np.argsort(time, kind="stable")

    def both(name: str) -> NDArray[np.int64]:
        joined: NDArray[np.int64] = np.concatenate((getattr(base, name), getattr(more, name)))[order]
        return joined

    return Traffic(
        time[order],
        np.concatenate((base.p, more.p))[order],
        both("client"),
        both("signature"),
        both("host"),
        both("status"),
        base.extra,
    )
