"""What families of scenarios are made with, and where they are registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.outages.traffic import Rng, Traffic
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


def without(t: Traffic, gone: np.ndarray) -> Traffic:
    k = ~gone
    return Traffic(t.time[k], t.p[k], t.client[k], t.signature[k], t.host[k], t.status[k], t.extra)
