"""Another world than the simulator's: visits of many requests, Zipf's pages, two peaks a day, crawlers and probes.

What the families share with the detector's author they cannot test. Here traffic is no Poisson process, failures have
other causes, and logs other forms; see `logs.py` for these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S: Final = 86_400.0
CRAWLER, PROBE, JOB = 200_001, 200_002, 200_003
_PAGES: Final = 400
PROBED, JOBS_PAGE = 900, 901
_VISIT: Final = 6.0  # requests of a visit, mean of a geometric distribution
_PAUSE_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Visits:
    """Requests by arrival, (n,) each: seconds from the window's start, client, page, server, status, seconds taken."""

    time: Floats
    client: Ints
    page: Ints
    server: Ints
    status: Ints
    took: Floats

    def take(self, keep: NDArray[np.bool_] | Ints) -> Visits:
        """Return some of the requests."""
        return Visits(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is true: kind and class as they should be called, ``[start, end)`` in seconds, and which ends are open."""

    kind: str
    level: str
    start: float
    end: float
    open_start: bool = False
    open_end: bool = False
    sudden: bool = True


Fault = Callable[[Rng, Visits], tuple[Visits, Trouble | None]]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register a fault."""

    def register(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return register


def traffic(rng: Rng, rate: float, servers: int) -> Visits:
    """Return a day of healthy visits at a mean rate per second, a crawler, a probe every 30 s and a nightly job."""
    count = int(rng.poisson(DAY_S * rate / _VISIT))
    hours = np.arange(0, 24, 0.1)
    peaks = 0.25 + np.exp(-(((hours - 11) / 3) ** 2)) + 0.8 * np.exp(-(((hours - 20) / 2.5) ** 2))
    begun = np.sort(rng.choice(hours, count, p=peaks / peaks.sum()) * 3600 + rng.uniform(0, 360, count))
    size = rng.geometric(1 / _VISIT, count)
    visit = np.repeat(np.arange(count), size)
    pause = rng.exponential(_PAUSE_S, visit.size)
    elapsed = np.cumsum(pause)
    time = begun[visit] + elapsed - np.repeat(elapsed[np.cumsum(size) - size], size)
    client = (np.square(rng.random(count)) * max(count // 2, 5)).astype(np.int64)[visit]
    users = _requests(rng, time, client, np.minimum(rng.zipf(1.3, visit.size), _PAGES), servers)
    crawl = np.sort(rng.uniform(0, DAY_S, int(rng.poisson(0.03 * rate * DAY_S))))
    others = (
        _requests(rng, crawl, np.full(crawl.size, CRAWLER), rng.integers(1, _PAGES, crawl.size), servers),
        _regular(rng, 30.0, PROBE, PROBED, servers) if rate >= 0.5 else _regular(rng, 300.0, PROBE, PROBED, servers),
        _regular(rng, 900.0, JOB, JOBS_PAGE, servers),
    )
    return ordered((users, *others))


def ordered(parts: tuple[Visits, ...]) -> Visits:
    """Return several as one, by arrival."""
    whole = Visits(*(np.concatenate([getattr(p, name) for p in parts]) for name in Visits.__slots__))
    whole = whole.take((whole.time >= 0) & (whole.time < DAY_S))
    return whole.take(np.argsort(whole.time, kind="stable"))


def _requests(rng: Rng, time: Floats, client: Ints, page: Ints, servers: int) -> Visits:
    n = time.size
    status = rng.choice([200, 304, 302, 404, 499, 500], n, p=[0.86, 0.06, 0.04, 0.03, 0.0085, 0.0015])
    return Visits(time, client, page, rng.integers(0, servers, n), status, rng.lognormal(-2.5, 0.8, n))


def _regular(rng: Rng, every: float, client: int, page: int, servers: int) -> Visits:
    time = np.arange(rng.uniform(0, every), DAY_S, every)
    time += rng.normal(0, 0.05, time.size)
    found = _requests(rng, time, np.full(time.size, client), np.full(time.size, page), servers)
    return replace(found, status=np.full(time.size, 200))


def _when(rng: Rng) -> tuple[float, float]:
    """Return an interval of 8 minutes to 3 hours by daylight."""
    length = float(np.exp(rng.uniform(np.log(480), np.log(10_800))))
    start = float(rng.uniform(8, 20) * 3600)
    return start, start + length


def _failing(rng: Rng, v: Visits, where: NDArray[np.bool_], share: float, codes: tuple[int, ...]) -> Visits:
    hit = where & (rng.random(v.time.size) < share)
    status, took = v.status.copy(), v.took.copy()
    status[hit] = rng.choice(codes, int(hit.sum()))
    took[hit] = np.where(status[hit] == 504, 60 + rng.exponential(0.2, int(hit.sum())), 0.002)
    return replace(v, status=status, took=took)


def _step(rng: Rng, v: Visits, share: float, codes: tuple[int, ...], kind: str) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    level = "outage" if share >= 0.3 else "degraded"
    return _failing(rng, v, (v.time >= a) & (v.time < b), share, codes), Trouble(kind, level, a, b)


@fault("quiet")
def quiet(_: Rng, v: Visits) -> tuple[Visits, None]:
    return v, None


@fault("quiet, a scanner by night")
def probing(rng: Rng, v: Visits) -> tuple[Visits, None]:
    n = int(rng.integers(300, 3000))
    time = 3 * 3600 + np.sort(rng.uniform(0, 1200, n))
    more = Visits(time, np.full(n, 200_009), 1000 + np.arange(n), np.zeros(n, np.int64),
                  rng.choice([404, 403, 400, 500], n, p=[0.85, 0.08, 0.05, 0.02]), np.full(n, 0.01))  # fmt: skip
    return ordered((v, more)), None


@fault("all 502")
def gateway(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.98, (502,), "errors")


@fault("half 500 and 503")
def half(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.5, (500, 503), "errors")


@fault("12 % 500")
def some(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.12, (500,), "errors")


@fault("504 after a minute")
def timeouts(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.8, (504,), "errors")


@fault("429 storm")
def limited(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.7, (429,), "client-errors")


@fault("404 after a deploy")
def gone(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    return _step(rng, v, 0.85, (404,), "client-errors")


@fault("page 1 fails")
def one_page(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    return _failing(rng, v, (v.time >= a) & (v.time < b) & (v.page == 2), 1.0, (500,)), Trouble("errors", "", a, b)


@fault("one server fails")
def one_server(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    return _failing(rng, v, (v.time >= a) & (v.time < b) & (v.server == 0), 1.0, (503,)), Trouble("errors", "", a, b)


@fault("growing")
def growing(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    b = max(b, a + 2400)
    risk = np.clip((v.time - a) / (b - a) * 1.5, 0, 0.9) * (v.time < b)
    hit = rng.random(v.time.size) < risk
    status = np.where(hit, 500, v.status)
    return replace(v, status=status), Trouble("errors", "outage", a, b, sudden=False)


@fault("flapping")
def flapping(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    edges = a + np.cumsum(rng.uniform(40, 150, max(int((b - a) / 190), 2) * 2 + 1))
    edges = np.concatenate(([a], edges))
    down = (np.searchsorted(edges, v.time, side="right") % 2 == 1) & (v.time < edges[-1])
    return _failing(rng, v, down, 0.95, (502, 503)), Trouble("errors", "", a, float(edges[-1]))


@fault("silence")
def silence(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a, b = _when(rng)
    b = max(b, a + 1800)
    return v.take((v.time < a) | (v.time >= b)), Trouble("silence", "outage", a, b)


@fault("from before the logs")
def before(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    b = float(rng.uniform(2, 6) * 3600)
    return _failing(rng, v, v.time < b, 0.9, (503,)), Trouble("errors", "outage", 0.0, b, open_start=True)


@fault("still going on")
def going_on(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    a = float(rng.uniform(17, 22) * 3600)
    return _failing(rng, v, v.time >= a, 0.9, (502,)), Trouble("errors", "outage", a, DAY_S, open_end=True)


@fault("503 with retries")
def retried(rng: Rng, v: Visits) -> tuple[Visits, Trouble]:
    v, told = _step(rng, v, 0.9, (503,), "errors")
    failed = np.flatnonzero(v.status == 503)
    again = v.take(np.repeat(failed, rng.integers(0, 5, failed.size)))
    later = again.time + rng.exponential(4, again.time.size)
    still = np.where(later < told.end, 503, 200)
    return ordered((v, replace(again, time=later, status=still))), told
