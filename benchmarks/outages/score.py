"""Reported intervals against true ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from afterlog.detect.special import divergence
from benchmarks.outages.families import NEGATIVE
from benchmarks.outages.truth import Scenario, Truth

Interval = tuple[int, int, int, int, int, int]  # start, low, high, end, low, high


@dataclass(frozen=True, slots=True)
class Edge:
    """One boundary of a matched outage: error and localisation limit in seconds, whether inside its 90 % interval."""

    scenario: Scenario
    truth: Truth
    which: str
    error_s: float
    limit_s: float
    covered: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One scenario's matches, misses and false alarms."""

    scenario: Scenario
    hits: tuple[tuple[Truth, float], ...]  # with D
    misses: tuple[tuple[Truth, float], ...]
    false: int
    edges: tuple[Edge, ...]
    cpu_s: float


def iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Return intersection over union of two intervals."""
    common = min(a[1], b[1]) - max(a[0], b[0])
    return max(common, 0) / max(max(a[1], b[1]) - min(a[0], b[0]), 1)


def score(scenario: Scenario, reported: Iterable[Interval], cpu_s: float) -> Score:
    """Return the score of reported intervals: each truth takes the free report with the best overlap >= 0.5."""
    free = list(reported)
    hits, misses, edges = [], [], []
    for truth in scenario.truths:
        weight = detectability(scenario, truth)
        best = max(free, key=lambda r: iou((r[0], r[3]), (truth.start_us, truth.end_us)), default=None)
        if best is None or iou((best[0], best[3]), (truth.start_us, truth.end_us)) < 0.5:
            misses.append((truth, weight))
            continue
        free.remove(best)
        hits.append((truth, weight))
        edges += _edges(scenario, truth, best)
    return Score(scenario, tuple(hits), tuple(misses), len(free), tuple(edges), cpu_s)


def _edges(scenario: Scenario, truth: Truth, found: Interval) -> list[Edge]:
    out = []
    for which, at, (middle, low, high), is_open in (
        ("start", truth.start_us, found[:3], truth.open_start),
        ("end", truth.end_us, found[3:], truth.open_end),
    ):
        if not is_open:
            error = abs(middle - at) / 1e6
            out.append(Edge(scenario, truth, which, error, _limit(scenario, truth, at), low <= at <= high))
    return out


def _limit(scenario: Scenario, truth: Truth, at: int) -> float:
    """Return the localisation limit of a step, p95, in seconds: 1.5 inter-arrivals, or 3.3 / min KL of them."""
    time = scenario.stream.time_us
    near = np.searchsorted(time, at)
    a, b = max(int(near) - 25, 0), min(int(near) + 25, time.size - 1)
    spacing = (int(time[b]) - int(time[a])) / 1e6 / max(b - a, 1) if b > a else 1 / scenario.arrivals
    if truth.kind == "silence":
        return 3 * spacing
    p0 = _base(scenario, truth)
    if truth.rate >= 0.999 and p0 < 0.01:
        return 1.5 * spacing
    nats = min(divergence(truth.rate, p0), divergence(p0, truth.rate))
    return max(1.5, 3.3 / nats) * spacing


def _base(scenario: Scenario, truth: Truth) -> float:
    return max(0.02 if truth.kind == "client-errors" else scenario.baseline, 1e-4)


def detectability(scenario: Scenario, truth: Truth) -> float:
    """Return N KL(p1 || p0) of a true outage from its actual counts, in nats."""
    s = scenario.stream
    a, b = (int(i) for i in np.searchsorted(s.time_us, (truth.start_us, truth.end_us)))
    if truth.kind == "silence":
        return (truth.end_us - truth.start_us) / 1e6 * scenario.arrivals
    bad = s.client_error if truth.kind == "client-errors" else s.failed
    rate = float(np.count_nonzero(bad[a:b])) / max(b - a, 1)
    return (b - a) * divergence(rate, _base(scenario, truth))


def is_negative(scenario: Scenario) -> bool:
    """Tell whether nothing may be reported."""
    return scenario.family in NEGATIVE
