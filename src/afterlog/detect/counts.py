"""Bursts in a plain count of events, such as log lines of level error: a Poisson signal."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.boundary import quantiles
from afterlog.detect.levels import switch_cost
from afterlog.detect.result import Baseline, Detection, Excursion, Instant, Phase
from afterlog.detect.stream import SECOND, Counts, Floats, Times, spread
from afterlog.detect.viterbi import decode

_JOIN_US = 180 * SECOND
_BLIP_US = 20 * SECOND
_LEAST_FACTOR = 4.0  # over the baseline's rate: a burst of lines is no outage by itself
_HIGHEST = 1e5  # lines per second


def detect_counts(
    time_us: Times,
    count: Counts,
    start_us: int,
    end_us: int,
    *,
    resolution_us: int = 1,
    width_us: int = SECOND,
) -> Detection:
    """Return the bursts of a signal of counts ``count`` (n,) at ascending times ``time_us`` (n,) in ``[start, end)``.

    Bins of one second (wider, so that at most 2^20 remain busy) are decoded on a grid of rates, times 2, above a null
    that is free within half and twice the baseline; each switch costs ln(N) / 2 + 3.5 nats. ``baseline_rate`` and
    ``failure_rate`` are events per second, ``requests`` is 0, ``failed`` the events inside.
    """
    time, weight = _inside(time_us, count, start_us, end_us)
    if time.size == 0 or end_us <= start_us:
        return Detection(Baseline(0.0, 0.0, 2.0, 1.0, 0, 0), ())
    while True:
        edges, lines = _bins(time, weight, start_us, end_us, width_us)
        if lines.size <= 1 << 20:
            break
        width_us *= 2
    seconds = np.diff(edges) / SECOND
    rate = _usual(time, weight, start_us, end_us)
    clumping = _clumping(time, weight, rate, start_us, end_us)
    levels = _levels(rate)
    effective = min((end_us - start_us) // width_us + 1, int(weight.sum()) + 1)
    path = decode(_likelihoods(lines, seconds, rate, levels) / clumping, switch_cost(effective))
    baseline = Baseline(rate, 0.0, 2.0, clumping, 0, int(weight.sum()))
    spread_out = spread(time, resolution_us)
    found = [_report(spread_out, weight, (a, b), (start_us, end_us), baseline) for a, b in _joined(edges, lines, path)]
    return Detection(baseline, tuple(e for e in found if e.failed >= 5))


def _inside(time_us: Times, count: Counts, start_us: int, end_us: int) -> tuple[Times, Counts]:
    time, weight = np.asarray(time_us, dtype=np.int64), np.asarray(count, dtype=np.int64)
    kept = (time >= start_us) & (time < end_us) & (weight > 0)
    order = np.argsort(time[kept], kind="stable")
    return time[kept][order], weight[kept][order]


def _bins(time: Times, weight: Counts, start: int, end: int, width: int) -> tuple[Times, Floats]:
    """Return the edges (m + 1,) and counts (m,) of busy bins and of the empty stretches between them."""
    index, inverse = np.unique((time - start) // width, return_inverse=True)
    lines = np.bincount(inverse, weights=weight)
    left = start + index * width
    right = np.minimum(left + width, end)
    edges = np.unique(np.concatenate(([start], left, right, [end])))
    counts = np.zeros(edges.size - 1)
    counts[np.searchsorted(edges, left)] = lines
    return edges, counts


def _usual(time: Times, weight: Counts, start: int, end: int) -> float:
    """Return the usual events per second, which bursts must not raise.

    From the share of minutes without any, e^(-60 rate), while that is over a third; then the mean of the lower 65 %.
    """
    width = 60 * SECOND
    minutes = max((end - start) / width, 1.0)
    index, inverse = np.unique((time - start) // width, return_inverse=True)
    lines = np.sort(np.bincount(inverse, weights=weight))
    quiet = max(minutes - index.size, 0.0)
    if quiet > minutes / 3:
        usual = -math.log(min((quiet + 0.5) / minutes, 1.0)) / 60
    else:
        usual = lines[: max(round(0.65 * minutes - quiet), 1)].sum() / (0.65 * minutes * 60)
    # half an event in the window is the least that can be told from none
    return float(max(usual, 0.5 / (minutes * 60)))


def _clumping(time: Times, weight: Counts, rate: float, start: int, end: int) -> float:
    """Return the dispersion of the lower 95 % of busy bins of about one due event, clipped to 1...8."""
    width = int(min(max(1 / rate, 1), 600) * SECOND)
    bins = max((end - start) // width, 1)
    _, inverse = np.unique((time - start) // width, return_inverse=True)
    lines = np.sort(np.bincount(inverse, weights=weight))
    lines = lines[: max(int(0.95 * lines.size), 1)]
    mean = lines.sum() / bins
    variance = np.square(lines).sum() / bins - mean * mean
    return float(min(max(variance / mean, 1.0), 8.0))


def _levels(rate: float) -> Floats:
    lowest = max(_LEAST_FACTOR * rate, 0.01)
    steps = max(int(math.log2(_HIGHEST / lowest)), 0)
    levels: Floats = np.ldexp(lowest, np.arange(min(steps, 30) + 1))
    return levels


def _likelihoods(lines: Floats, seconds: Floats, rate: float, levels: Floats) -> Floats:
    """Return Poisson log-likelihoods (1 + k, m) without the factor that all levels share."""
    out = np.empty((levels.size + 1, lines.size))
    free = np.clip(lines / seconds, rate / 2, 2 * rate)
    out[0] = lines * np.log(free) - free * seconds
    out[1:] = lines * np.log(levels)[:, None] - levels[:, None] * seconds
    return out


def _joined(edges: Times, lines: Floats, path: np.ndarray) -> list[tuple[int, int]]:
    """Return the raised stretches as intervals, joined where less than 180 s apart, trimmed to busy bins."""
    out: list[tuple[int, int]] = []
    for i in np.flatnonzero((path > 0) & (lines > 0)):
        a, b = int(edges[i]), int(edges[i + 1])
        if out and a - out[-1][1] < _JOIN_US:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def _report(
    time: Times, weight: Counts, span: tuple[int, int], window: tuple[int, int], baseline: Baseline
) -> Excursion:
    first, last = (int(i) for i in np.searchsorted(time, span))
    last = max(last, first + 1)
    lines = int(weight[first:last].sum())
    busy = max((lines - 1) / max(int(time[last - 1] - time[first]) / SECOND, 1.0), 2 * baseline.rate)
    before, after = slice(0, last - 1), slice(first + 1, None)
    rates = (baseline.rate, busy)
    start = _edge(time[before], weight[before], (window[0], int(time[last - 1])), rates)
    mirrored = _edge(-time[after][::-1], weight[after][::-1], (-window[1], -int(time[first])), rates)
    end = Instant(-mirrored.time_us, -mirrored.high_us, -mirrored.low_us)
    end = Instant(max(end.time_us, start.time_us + 1), end.low_us, max(end.high_us, start.time_us + 1))
    length_s = (end.time_us - start.time_us) / SECOND
    rate = lines / max(length_s, 1.0)
    expected = baseline.rate * max(length_s, 1.0)
    return Excursion(
        kind="errors",
        level="blip" if end.time_us - start.time_us < _BLIP_US else "degraded",
        start=start,
        end=end,
        open_start=start.time_us <= window[0],
        open_end=end.time_us >= window[1],
        baseline_rate=baseline.rate,
        failure_rate=rate,
        requests=0,
        failed=lines,
        phases=(Phase(start.time_us, end.time_us, 0, lines),),
        hosts=(),
        single="",
        culprit=-1,
        detectability=max(lines * math.log(max(lines, 1) / expected) - lines + expected, 0.0),
        notes=(f"{lines} lines where {expected:.1f} were due",),
    )


def _edge(time: Times, weight: Counts, edges: tuple[int, int], rates: tuple[float, float]) -> Instant:
    """Return the posterior of the instant at which a Poisson rate rose between two known ones, events per second.

    At s: r0^K(s) e^(-r0 s) r1^(K - K(s)) e^(-r1 (T - s)), over each gap between events
    (Raftery & Akman 1986).
    """
    stops = np.concatenate(([edges[0]], time, [edges[1]])).astype(np.int64)
    gaps = np.maximum(np.diff(stops), 0) / SECOND
    before = np.concatenate(([0], np.cumsum(weight))).astype(np.float64)
    tilt = rates[1] - rates[0]
    at_right = before * math.log(rates[0] / rates[1]) + tilt * (stops[1:] - stops[0]) / SECOND
    logs = at_right + np.log(np.maximum(-np.expm1(-tilt * gaps) / tilt, 1e-9))
    return quantiles(stops, np.exp(logs - logs.max()), tilt / SECOND)
