"""The families of scenarios: each turns healthy traffic into a story with its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.outages.traffic import Array, Rng, Traffic, arrivals, insert, populate, route_of
from benchmarks.outages.truth import Truth


@dataclass(frozen=True, slots=True)
class World:
    """What a family may use: its random numbers, the window in seconds, the arrivals per second, the baseline."""

    rng: Rng
    seconds: float
    arrivals: float
    baseline: float
    hosts: int


Story = tuple[Traffic, list[Truth], dict[str, object]]
Family = Callable[[World, Traffic], Story]
FAMILIES: dict[str, Family] = {}
NEGATIVE: set[str] = set()
OPTIONS: dict[str, dict[str, float]] = {}


def family(name: str, *, negative: bool = False, **options: float) -> Callable[[Family], Family]:
    """Register a family; options: baseline, days, depth (of the daily curve), hosts."""

    def register(function: Family) -> Family:
        FAMILIES[name] = function
        OPTIONS[name] = options
        if negative:
            NEGATIVE.add(name)
        return function

    return register


def us(seconds: float) -> int:
    return round(seconds * 1e6)


def place(w: World, length: float) -> tuple[float, float]:
    """Return an interval of the given length somewhere in the middle of the window, shortened to fit."""
    length = min(length, w.seconds * 0.4)
    start = float(w.rng.uniform(0.1 * w.seconds, 0.9 * w.seconds - length))
    return start, start + length


def usual_length(w: World) -> float:
    """Return 5 to 120 minutes, longer where there is little traffic, as a person would still notice it."""
    return float(np.exp(w.rng.uniform(np.log(300), np.log(7200))))


def raise_p(t: Traffic, a: float, b: float, rate: float, where: np.ndarray | None = None) -> None:
    inside = (t.time >= a) & (t.time < b)
    if where is not None:
        inside &= where
    t.p[inside] = np.maximum(t.p[inside], rate)


def truth(a: float, b: float, rate: float, **more: object) -> Truth:
    kind = str(more.pop("kind", "errors"))
    return Truth(kind, us(a), us(b), rate, **more)  # type: ignore[arg-type]


@family("sharp 100 %")
def sharp(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    raise_p(t, a, b, 1.0)
    return t, [truth(a, b, 1.0)], {}


@family("partial 30 %")
def partial(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    raise_p(t, a, b, 0.3)
    return t, [truth(a, b, 0.3)], {}


@family("subtle 3 %", baseline=0.005)
def subtle(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 1800))
    raise_p(t, a, b, 0.03)
    return t, [truth(a, b, 0.03)], {}


def _ramp(w: World, t: Traffic, length: float, rise: float, top: float) -> Story:
    a, b = place(w, length)
    rise = min(rise, (b - a) / 2)
    shape = np.clip((t.time - a) / rise, 0, 1) * (t.time < b)
    t.p += (max(top, w.baseline) - t.p) * shape
    return t, [truth(a, b, top, step=False)], {}


@family("ramp")
def ramp(w: World, t: Traffic) -> Story:
    return _ramp(w, t, max(usual_length(w), 1200), float(w.rng.uniform(120, 900)), 1.0)


@family("slow partial ramp")
def slow_ramp(w: World, t: Traffic) -> Story:
    return _ramp(w, t, 7200, float(w.rng.uniform(1200, 3600)), float(w.rng.uniform(0.2, 0.5)))


@family("flapping")
def flapping(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 900))
    at = a
    while at < b:
        on, off = w.rng.uniform(30, 120, 2)
        last = min(at + on, b)
        raise_p(t, at, last, 0.9)
        end = last
        at = last + off
    return t, [truth(a, end, 0.9)], {}


def _apart(two: list[Truth]) -> list[Truth]:
    """Return two outages as one where a window shortened for its many events brings them within 180 s."""
    first, second = two
    if second.start_us - first.end_us >= us(180):
        return two
    return [Truth(first.kind, first.start_us, second.end_us, second.rate)]


@family("two close")
def two_close(w: World, t: Traffic) -> Story:
    a, b = place(w, min(usual_length(w), 3600) + 1200)
    third = (b - a) / 3
    raise_p(t, a, a + third, 0.9)
    raise_p(t, b - third, b, 0.9)
    return t, _apart([truth(a, a + third, 0.9), truth(b - third, b, 0.9)]), {}


@family("relapse")
def relapse(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 2400))
    part = (b - a) / 5
    raise_p(t, a, a + part, 1.0)
    raise_p(t, a + 2 * part, b, 0.6)
    return t, _apart([truth(a, a + part, 1.0), truth(a + 2 * part, b, 0.6)]), {}


@family("staircase recovery")
def staircase(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 1800))
    c, d = a + 0.6 * (b - a), a + 0.8 * (b - a)
    for x, y, rate in ((a, c, 1.0), (c, d, 0.67), (d, b, 0.34)):
        raise_p(t, x, y, rate)
    return t, [truth(a, b, 0.34)], {}


@family("silence")
def silence(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 600, 30 / w.arrivals))
    return _without(t, (t.time >= a) & (t.time < b)), [truth(a, b, 1.0, kind="silence")], {}


def _without(t: Traffic, gone: np.ndarray) -> Traffic:
    k = ~gone
    return Traffic(t.time[k], t.p[k], t.client[k], t.signature[k], t.host[k], t.status[k], t.extra)


@family("open at the end")
def open_end(w: World, t: Traffic) -> Story:
    a = w.seconds - min(usual_length(w), 0.4 * w.seconds)
    raise_p(t, a, w.seconds, 0.8)
    return t, [truth(a, w.seconds, 0.8, open_end=True)], {}


@family("open at the start")
def open_start(w: World, t: Traffic) -> Story:
    b = min(usual_length(w), 0.4 * w.seconds)
    raise_p(t, 0, b, 0.8)
    return t, [truth(0, b, 0.8, open_start=True)], {}


@family("30 s")
def short(w: World, t: Traffic) -> Story:
    a, b = place(w, 30)
    raise_p(t, a, b, 1.0)
    return t, [truth(a, b, 1.0)], {}


@family("two days", days=5)
def two_days(w: World, t: Traffic) -> Story:
    a, b = place(w, 2 * 86_400)
    raise_p(t, a, b, 0.4)
    return t, [truth(a, b, 0.4)], {}


@family("one host of eight", hosts=8)
def one_host(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    raise_p(t, a, b, 1.0, t.host == 3)
    return t, [truth(a, b, 0.125)], {}


@family("wrong clock", hosts=8)
def wrong_clock(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    raise_p(t, a, b, 1.0)
    offset = float(w.rng.choice([-1, 1]) * w.rng.uniform(45, 600))
    return t, [truth(a, b, 1.0)], {"shift": (2, offset)}


@family("retry storm")
def retries(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    raise_p(t, a, b, 0.7)
    extra = a + arrivals(w.rng, b - a, 3 * w.arrivals)
    more = populate(w.rng, extra, w.hosts)
    more.p[:] = 0.95
    return insert(t, more), [truth(a, b, 0.88)], {}


@family("4xx outage")
def refused(w: World, t: Traffic) -> Story:
    a, b = place(w, usual_length(w))
    rate = float(w.rng.uniform(0.5, 1.0))
    inside = (t.time >= a) & (t.time < b) & (w.rng.random(t.time.size) < rate)
    t.status[inside] = 401
    return t, [truth(a, b, rate, kind="client-errors")], {}


@family("outage with scanner")
def outage_and_scanner(w: World, t: Traffic) -> Story:
    story, truths, _ = sharp(w, t)
    return scanner(w, story)[0], truths, {}


@family("most of the window")
def most(w: World, t: Traffic) -> Story:
    a, b = 0.2 * w.seconds, 0.9 * w.seconds
    raise_p(t, a, b, 0.9)
    return t, [truth(a, b, 0.9)], {}


@family("rotation gap", negative=True)
def rotation(w: World, t: Traffic) -> Story:
    a, b = place(w, max(1800, 30 / w.arrivals))
    return _without(t, (t.time >= a) & (t.time < b)), [], {"rotation": (a, b)}


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
    return _without(t, (t.time >= a) & (t.time < a + 3600)), [], {"skipped": (a, a + 3600)}


@family("one silent hour")
def silent_hour(w: World, t: Traffic) -> Story:
    """Be silent from one full hour to the next, as a clock that skips an hour would look like; but it is an outage."""
    a = 3600.0 * max(1, round(w.seconds * 0.4 / 3600))
    gone = (t.time >= a) & (t.time < a + 3600)
    return _without(t, gone), [truth(a, a + 3600, 1.0, kind="silence")] if w.seconds > 3 * 3600 else [], {}


@family("one route of twelve", baseline=1e-4)
def one_route(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 1800))
    mine = route_of(t.signature) == 5
    raise_p(t, a, b, 1.0, mine)
    return t, [truth(a, b, float(mine.mean()) if mine.size else 0.0)], {}


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
