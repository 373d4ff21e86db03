"""The families of scenarios in which nothing may be reported."""

from __future__ import annotations

import numpy as np

from benchmarks.outages.stories import Story, World, family, place, raise_p, usual_length, without
from benchmarks.outages.traffic import Array, Traffic, arrivals, insert, populate


@family("rotation gap", negative=True)
def rotation(w: World, t: Traffic) -> Story:
    a, b = place(w, max(1800, 30 / w.arrivals))
    return without(t, (t.time >= a) & (t.time < b)), [], {"rotation": (a, b)}


@family("scanner", negative=True)
def scanner(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    more = populate(w.rng, a + arrivals(w.rng, b - a, max(5 * w.arrivals, 0.5)), w.hosts)
    more.client[:] = 90_001
    more.signature = 1000 + w.rng.integers(0, 400, more.time.size)
    more.status = np.where(w.rng.random(more.time.size) < 0.05, 500, 404)
    return insert(t, more), [], {}


@family("distributed scanner", negative=True)
def distributed(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    more = populate(w.rng, a + arrivals(w.rng, b - a, max(3 * w.arrivals, 0.5)), w.hosts)
    more.client = 90_000 + w.rng.integers(0, 500, more.time.size)
    more.signature = 2000 + w.rng.integers(0, 3, more.time.size)
    more.status[:] = int(w.rng.choice([404, 500]))
    return insert(t, more), [], {}


@family("one client's storm", negative=True)
def storm(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    more = populate(w.rng, a + arrivals(w.rng, b - a, 2 * w.arrivals), w.hosts)
    more.client[:] = 90_002
    more.status[:] = 500
    return insert(t, more), [], {}


@family("one user's 500s", negative=True)
def one_user(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    more = populate(w.rng, a + arrivals(w.rng, b - a, max(0.05 * w.arrivals, 0.01)), w.hosts)
    more.client[:] = 90_003
    more.status[:] = 500
    return insert(t, more), [], {}


@family("deploy blip", negative=True)
def blip(w: World, t: Traffic) -> Story:
    a, b = place(w, float(w.rng.uniform(3, 15)))
    raise_p(t, a, b, 1.0)
    return t, [], {}


@family("DST gap", negative=True)
def dst(w: World, t: Traffic) -> Story:
    """Stamp by a wall clock without a zone; the window is laid so that the clock skips this hour."""
    a = 3600.0 * max(1, round(w.seconds * 0.4 / 3600))
    return without(t, (t.time >= a) & (t.time < a + 3600)), [], {"skipped": (a, a + 3600)}


@family("quiet", negative=True)
def quiet(_: World, t: Traffic) -> Story:
    return t, [], {}


@family("overdispersed quiet", negative=True)
def overdispersed(w: World, t: Traffic) -> Story:
    width = float(w.rng.choice([1.0, 10.0, 60.0]))
    cells = int(w.seconds / width) + 1
    t.p = np.minimum(t.p * w.rng.gamma(0.5, 2.0, cells)[(t.time / width).astype(np.int64)], 0.5)
    return t, [], {}


@family("clumped quiet", negative=True)
def clumped(w: World, t: Traffic) -> Story:
    """Each error takes some of the next requests along, within a few seconds."""
    seeds = np.flatnonzero(w.rng.random(t.time.size) < t.p / 4)
    size = w.rng.geometric(0.25, seeds.size)
    if t.time.size == 0:
        return t, [], {}
    which = np.minimum(np.repeat(seeds, size) + _ranks(size), t.time.size - 1)
    which = which[t.time[which] - np.repeat(t.time[seeds], size) < 5]
    t.p[:] = 0
    t.p[which] = 1.0
    return t, [], {}


def _ranks(size: np.ndarray) -> np.ndarray:
    first = np.repeat(np.cumsum(size) - size, size)
    ranks: np.ndarray = np.arange(first.size) - first
    return ranks


@family("traffic surge", negative=True)
def surge(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    more = populate(w.rng, a + arrivals(w.rng, b - a, 4 * w.arrivals), w.hosts)
    more.p[:] = w.baseline
    return insert(t, more), [], {}


@family("slow error drift", negative=True, depth=0.5)
def drift(w: World, t: Traffic) -> Story:
    walk: Array = np.cumsum(w.rng.normal(0, 0.06, int(w.seconds / 600) + 2))
    factor = np.exp(np.interp(t.time / 600, np.arange(walk.size), walk - walk.mean()))
    t.p = np.minimum(t.p * np.clip(factor, 0.4, 2.5), 0.3)
    return t, [], {}


@family("daily curve", negative=True, depth=0.95)
def daily(_: World, t: Traffic) -> Story:
    return t, [], {}


@family("health checks", negative=True)
def health(w: World, t: Traffic) -> Story:
    times = np.arange(0, w.seconds, max(10.0, 1 / w.arrivals))
    more = populate(w.rng, times, w.hosts)
    more.client[:] = 90_004
    more.signature[:] = 3000
    return insert(t, more), [], {}
