"""The families of scenarios with an outage: each turns healthy traffic into a story with its truth."""

from __future__ import annotations

import numpy as np

from benchmarks.outages.quiet import scanner
from benchmarks.outages.stories import (
    FAMILIES,
    NEGATIVE,
    OPTIONS,
    Story,
    World,
    family,
    place,
    raise_p,
    truth,
    us,
    usual_length,
    without,
)
from benchmarks.outages.traffic import Traffic, arrivals, insert, populate, route_of
from benchmarks.outages.truth import Truth

__all__ = ["FAMILIES", "NEGATIVE", "OPTIONS", "World"]


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
    return without(t, (t.time >= a) & (t.time < b)), [truth(a, b, 1.0, kind="silence")], {}


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


@family("one silent hour")
def silent_hour(w: World, t: Traffic) -> Story:
    """Be silent from one full hour to the next, as a clock that skips an hour would look like; but it is an outage."""
    a = 3600.0 * max(1, round(w.seconds * 0.4 / 3600))
    gone = (t.time >= a) & (t.time < a + 3600)
    return without(t, gone), [truth(a, a + 3600, 1.0, kind="silence")] if w.seconds > 3 * 3600 else [], {}


@family("one route of twelve", baseline=1e-4)
def one_route(w: World, t: Traffic) -> Story:
    a, b = place(w, max(usual_length(w), 1800))
    mine = route_of(t.signature) == 5
    raise_p(t, a, b, 1.0, mine)
    return t, [truth(a, b, float(mine.mean()) if mine.size else 0.0)], {}
