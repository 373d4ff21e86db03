"""The weaker signs: slow requests and missing requests, in streams whose requests take log-normal times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from afterlog.detect.drops import find_drops, find_slowness
from benchmarks.outages.score import iou
from benchmarks.outages.simulate import simulate

SHAPES = ("slower by half", "three times slower", "a tenth ten times slower", "quiet")
SHARES = (0.6, 0.4, 0.2, 1.0)  # of the requests that still come; 1: none is missing
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Found:
    """One stream: what was done to it, whether that was found (overlap of half), and how many reports were false."""

    sign: str
    shape: str
    rate: float
    hit: bool
    false: int

    @property
    def quiet(self) -> bool:
        """Tell whether there was nothing to find."""
        return self.shape in ("quiet", "100 % come")


def weaker(seeds: range, rates: tuple[float, ...]) -> Iterator[Found]:
    """Yield each shape of slowness and of missing traffic, at each rate for each seed: a day each."""
    for seed in seeds:
        for rate in rates:
            for n, shape in enumerate(SHAPES):
                yield _slow(seed, rate, shape, n)
            for n, share in enumerate(SHARES):
                yield _fewer(seed, rate, share, n)


def _place(rng: np.random.Generator, start_us: int, least_s: float) -> tuple[int, int]:
    length = max(float(np.exp(rng.uniform(np.log(900), np.log(7200)))), least_s)
    start = float(rng.uniform(0.1 * _DAY, 0.9 * _DAY - length))
    return start_us + round(start * 1e6), start_us + round((start + length) * 1e6)


def _slow(seed: int, rate: float, shape: str, n: int) -> Found:
    stream = simulate("quiet", rate, seed, resolution_us=1_000_000).stream
    rng = np.random.default_rng([seed, round(rate * 1000), n])
    duration = rng.lognormal(np.log(0.08), 0.7, stream.time_us.size)
    a, b = _place(rng, stream.start_us, 200 / rate)
    inside = (stream.time_us >= a) & (stream.time_us < b)
    if shape == "slower by half":
        duration[inside] *= 1.5
    elif shape == "three times slower":
        duration[inside] *= 3
    elif shape == "a tenth ten times slower":
        duration[inside & (rng.random(duration.size) < 0.1)] *= 10
    _, excursions = find_slowness(stream, duration)
    reports = [(e.start.time_us, e.end.time_us) for e in excursions]
    return _scored("latency", shape, rate, reports, None if shape == "quiet" else (a, b))


def _fewer(seed: int, rate: float, share: float, n: int) -> Found:
    stream = simulate("quiet", rate, seed, resolution_us=1_000_000).stream
    rng = np.random.default_rng([seed, round(rate * 1000), 10 + n])
    a, b = _place(rng, stream.start_us, 400 / rate)
    inside = (stream.time_us >= a) & (stream.time_us < b)
    time = stream.time_us[~inside | (rng.random(inside.size) < share)]
    reports = [(drop.start_us, drop.end_us) for drop in find_drops(time, stream.start_us, stream.end_us)]
    return _scored("traffic", f"{share:.0%} come".replace("%", " %"), rate, reports, None if share == 1 else (a, b))


def _scored(sign: str, shape: str, rate: float, reports: list[tuple[int, int]], truth: tuple[int, int] | None) -> Found:
    hits = [one for one in reports if truth is not None and iou(one, truth) >= 0.5]
    return Found(sign, shape, rate, bool(hits), len(reports) - len(hits))


def report(found: list[Found]) -> str:
    """Return a table by sign, shape and rate."""
    rows = ["| sign | shape | requests/s | days | found | false |", "|---|---|---|---|---|---|"]
    for key in dict.fromkeys((one.sign, one.shape, one.rate) for one in found):
        own = [one for one in found if (one.sign, one.shape, one.rate) == key]
        share = "-" if own[0].quiet else f"{np.mean([one.hit for one in own]):.2f}"
        rows.append(f"| {key[0]} | {key[1]} | {key[2]:g} | {len(own)} | {share} | {sum(one.false for one in own)} |")
    return "\n".join(rows)
