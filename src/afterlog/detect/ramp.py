"""Gradual onsets: a linear ramp from the baseline to a level, against a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from afterlog.detect.result import Instant
from afterlog.detect.stream import SECOND, Counts, Flags, Floats, Times

_POINTS = 160
RISE = (0.6, 0.2, 0.2)  # how often an outage begins by a step, a ramp, two steps
FALL = (0.75, 0.05, 0.2)  # and ends
_EXTRA_LEVEL = 2.0  # nats for the level between two steps: the average lies that far below the profile
_ROUNDS = 4
_NEAR = 30
_QUANTILES = (0.03, 0.5, 0.97)  # a little outside 5-95 %: the levels are profiled, not integrated
_SHORTEST_US = 60.0 * SECOND  # a ramp below this, or below eight inter-arrivals, is a step
Priors: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Onset:
    """The posterior of an onset over step, two steps and ramp together, and the posterior weight of the ramp."""

    instant: Instant
    ramp_weight: float
    length_us: int  # of the ramp, posterior mode
    fit: float  # highest quasi log-likelihood of a ramp


@dataclass(frozen=True, slots=True)
class _Packed:
    """Window's events as cells: middle times relative to its left edge, requests, failures, each (c,)."""

    middle: Floats
    requests: Floats
    failed: Floats


def onset(
    time: Times,
    failed: Flags,
    edges: tuple[int, int],
    at: int,
    rate: float,
    clumping: float,
    *,
    priors: Priors = RISE,
) -> Onset | None:
    """Return where the failure rate began to leave ``rate``; None if the window is too short for any ramp.

    Ramp: p(t) = p0 before s, p0 + (p1 - p0) (t - s) / d until s + d, p1 after. It competes with a step (d = 0) and with
    two steps, the first to a level of its own. Quasi-likelihoods (divided by ``clumping``) are profiled over the levels
    and averaged over d or the second step; s is uniform over the window ``edges``, its grid finest around event ``at``.
    The grids are refined around the posterior three times.
    """
    span = float(edges[1] - edges[0])
    offsets = (time - edges[0]).astype(np.float64)
    lengths = _lengths(offsets, span)
    if lengths.size < 1:
        return None
    points = _points(offsets, at, (0.0, span))
    for _ in range(_ROUNDS):
        tried = lengths
        packed = _pack(offsets, failed, points, span, float(lengths[-1]))
        step = _likelihood(packed, points, np.zeros(1), rate) / clumping
        ramps = _likelihood(packed, points, lengths, rate) / clumping
        twice = _two_steps(packed, points, lengths, rate) / clumping - _EXTRA_LEVEL
        best = max(float(step.max()), float(ramps.max()), float(twice.max()))
        shares = [w * np.exp(x - best).mean(axis=0) for w, x in zip(priors, (step, ramps, twice), strict=True)]
        marginal = np.sum(shares, axis=0) * np.gradient(points)
        weight = float((shares[1] * np.gradient(points)).sum() / marginal.sum())
        used, points = points, _points(offsets, at, _support(points, marginal))
        lengths = _refined(lengths, ramps)
    quantiles = np.interp(_QUANTILES, np.cumsum(marginal) / marginal.sum(), used)
    instants = [edges[0] + round(float(q)) for q in quantiles]
    mode = float(tried[int(np.argmax(ramps.max(axis=1)))])
    return Onset(Instant(instants[1], instants[0], instants[2]), weight, round(mode), float(ramps.max()))


def _lengths(offsets: Floats, span: float) -> Floats:
    """Return the ramp lengths to try, geometric from the shortest that is no step to the window's."""
    spacing = float(np.median(np.diff(offsets))) if offsets.size > 1 else span
    shortest = max(_SHORTEST_US, 8 * spacing)
    count = int(np.log(max(span / shortest, 1e-9)) / np.log(1.5)) + 1 if span > shortest else 0
    lengths: Floats = shortest * np.power(1.5, np.arange(count))
    return lengths


def _points(offsets: Floats, at: int, span: tuple[float, float]) -> Floats:
    """Return onsets over a span: evenly, and one in each gap between the events around ``at``."""
    near = offsets[max(at - _NEAR, 0) : at + _NEAR]
    gaps = (near[1:] + near[:-1]) / 2
    gaps = gaps[(gaps > span[0]) & (gaps < span[1])]
    return np.unique(np.concatenate((np.linspace(*span, _POINTS), gaps)))


def _support(grid: Floats, weight: Floats) -> tuple[float, float]:
    """Return the part of a grid (n,) that holds all but 2e-4 of the weight, with two points' margin."""
    share = np.cumsum(weight) / weight.sum()
    first, last = int(np.searchsorted(share, 1e-4)), int(np.searchsorted(share, 1 - 1e-4))
    return float(grid[max(first - 2, 0)]), float(grid[min(last + 2, grid.size - 1)])


def _refined(lengths: Floats, likelihood: Floats) -> Floats:
    """Return as many lengths again, around those within 7 nats of the best."""
    profile = likelihood.max(axis=1)
    near = np.flatnonzero(profile > profile.max() - 7)
    low, high = lengths[max(int(near[0]) - 1, 0)], lengths[min(int(near[-1]) + 1, lengths.size - 1)]
    refined: Floats = np.geomspace(low, high, 16) if high > low else lengths
    return refined


def _pack(offsets: Floats, failed: Flags, points: Floats, span: float, longest: float) -> _Packed:
    """Return the events in cells: fine where onset and ramp may lie, coarse elsewhere, single events if few."""
    if offsets.size <= 2 * _POINTS:
        return _Packed(offsets, np.ones(offsets.size), failed.astype(np.float64))
    ramp_end = min(float(points[-1]) + longest, span)
    parts = (np.linspace(0, span, _POINTS + 1), points, np.linspace(points[0], ramp_end, _POINTS))
    edges = np.unique(np.concatenate(parts))
    which: Counts = np.clip(np.searchsorted(edges, offsets, side="right") - 1, 0, edges.size - 2)
    requests = np.bincount(which, minlength=edges.size - 1).astype(np.float64)
    failures = np.bincount(which[failed], minlength=edges.size - 1).astype(np.float64)
    used = requests > 0
    middle = ((edges[1:] + edges[:-1]) / 2)[used]
    return _Packed(middle, requests[used], failures[used])


def _likelihood(packed: _Packed, points: Floats, lengths: Floats, rate: float) -> Floats:
    """Return the profiled log-likelihood of each length and onset, shape (lengths, points)."""
    n, k = packed.requests, packed.failed
    excess = k.sum() - rate * n.sum()
    tail = np.cumsum(k) >= 0.75 * k.sum()  # the last failures show the level that was reached
    highest = max(1 - (float((n - k)[tail].sum()) + 0.5) / (float(n[tail].sum()) + 1), rate)
    out = np.empty((lengths.size, points.size))
    lag = packed.middle[None, :] - points[:, None]
    for row, length in enumerate(lengths):
        shape = np.clip(lag / length, 0.0, 1.0) if length > 0 else (lag > 0).astype(np.float64)
        weight = shape @ n
        top = np.clip(rate + excess / np.maximum(weight, 1e-9), rate, highest)
        p = np.clip(rate + (top - rate)[:, None] * shape, 1e-7, 1 - 1e-7)
        out[row] = np.log(p) @ k + np.log1p(-p) @ (n - k)
    return out


def _two_steps(packed: _Packed, points: Floats, lengths: Floats, rate: float) -> Floats:
    """Return the log-likelihoods of a level of its own for a while after each onset, and another from then on.

    Shape (whiles, points): the whiles are the spacings of the points and the ramps' lengths.
    """
    n = np.concatenate(([0.0], np.cumsum(packed.requests)))
    k = np.concatenate(([0.0], np.cumsum(packed.failed)))
    first = np.searchsorted(packed.middle, points)[None, :]
    later = points[None, :] + np.concatenate((points - points[0], lengths))[:, None]
    second = np.searchsorted(packed.middle, later)
    before = k[first] * np.log(rate) + (n[first] - k[first]) * np.log1p(-rate)
    between = _free(k[second] - k[first], n[second] - n[first])
    after = _free(k[-1] - k[second], n[-1] - n[second])
    # a first level hardly above the baseline would leave the onset free
    raised = (k[second] - k[first]) * (n[-1] - n[second]) > 0.1 * (k[-1] - k[second]) * (n[second] - n[first])
    out: Floats = np.where(raised, before + between + after, -np.inf)
    return out


def _free(failed: Floats, requests: Floats) -> Floats:
    """Return the binomial log-likelihood of counts at their own rate."""
    p = np.clip(failed / np.maximum(requests, 1.0), 1e-12, 1 - 1e-12)
    out: Floats = failed * np.log(p) + (requests - failed) * np.log1p(-p)
    return out
