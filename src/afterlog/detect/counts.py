"""Bursts in a plain count of events, such as log lines of level error: a Poisson signal."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.boundary import quantiles
from afterlog.detect.levels import switch_cost
from afterlog.detect.recurring import out_of_the_ordinary
from afterlog.detect.result import Baseline, Detection, Excursion, Instant, Phase
from afterlog.detect.stream import SECOND, Counts, Floats, Times, spread
from afterlog.detect.usual import bins, usual
from afterlog.detect.viterbi import decode

_JOIN_US = 180 * SECOND
_BLIP_US = 20 * SECOND
_LEAST_FACTOR = 4.0  # over the baseline's rate: a burst of lines is no outage by itself
_LEAST = 5
_OPEN_NATS = 3.0
_NEAR = 30  # moments with lines that tell a burst's rate where it begins and ends
_FEW = 10  # gaps that say nothing of how uneven they are
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
        edges, lines = bins(time, weight, start_us, end_us, width_us)
        if lines.size <= 1 << 20:
            break
        width_us *= 2
    seconds = np.diff(edges) / SECOND
    baseline = usual(time, weight, start_us, end_us)
    effective = min((end_us - start_us) // width_us + 1, int(weight.sum()) + 1)
    likelihood = _likelihoods(lines, seconds, baseline, _levels(baseline)) / baseline.clumping
    path = decode(likelihood, switch_cost(effective))
    spread_out = spread(time, resolution_us)
    spans = np.searchsorted(time, _joined(edges, lines, path, time)).reshape(-1, 2).tolist()
    rooms = zip([0, *(last for _, last in spans)], [*(first for first, _ in spans[1:]), time.size], strict=False)
    window = (start_us, end_us)
    found = [
        _report(spread_out, weight, span, room, window, baseline) for span, room in zip(spans, rooms, strict=False)
    ]
    found = [e for e in found if e.failed >= _LEAST]
    return Detection(baseline, out_of_the_ordinary(found, time, weight, window))


def _inside(time_us: Times, count: Counts, start_us: int, end_us: int) -> tuple[Times, Counts]:
    time, weight = np.asarray(time_us, dtype=np.int64), np.asarray(count, dtype=np.int64)
    kept = (time >= start_us) & (time < end_us) & (weight > 0)
    order = np.argsort(time[kept], kind="stable")
    return time[kept][order], weight[kept][order]


def _levels(baseline: Baseline) -> Floats:
    lowest = max(_LEAST_FACTOR, 1.5 * baseline.zone) * baseline.rate
    steps = max(int(math.log2(_HIGHEST / lowest)), 0)
    levels: Floats = np.ldexp(lowest, np.arange(min(steps, 40) + 1))
    return levels


def _likelihoods(lines: Floats, seconds: Floats, baseline: Baseline, levels: Floats) -> Floats:
    """Return Poisson log-likelihoods (1 + k, m) without the factor that all levels share."""
    out = np.empty((levels.size + 1, lines.size))
    free = np.clip(lines / seconds, baseline.rate / 2, baseline.zone * baseline.rate)
    out[0] = lines * np.log(free) - free * seconds
    out[1:] = lines * np.log(levels)[:, None] - levels[:, None] * seconds
    return out


def _joined(edges: Times, lines: Floats, path: np.ndarray, time: Times) -> list[tuple[int, int]]:
    """Return the raised stretches as intervals, joined over short gaps, trimmed to busy bins.

    Empty bins inside a raised stretch are its own: where lines are few, they come minutes apart.
    """
    out: list[tuple[int, int]] = []
    stretch = np.cumsum(np.concatenate(([0], (path[1:] > 0) != (path[:-1] > 0))))
    busy = np.flatnonzero((path > 0) & (lines > 0))
    first = np.flatnonzero(np.concatenate(([True], np.diff(stretch[busy]) > 0))) if busy.size else busy
    for one in np.split(busy, first[1:]) if busy.size else ():
        a, b = int(edges[one[0]]), int(edges[one[-1] + 1])
        if out and a - out[-1][1] < max(_JOIN_US, _patience(time, out[-1])):
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def _patience(time: Times, span: tuple[int, int]) -> float:
    """Return the longest gap, in microseconds, that a burst's own lines leave by chance in one burst of a hundred.

    The largest of n exponential gaps of mean m exceeds m (ln n + 4.6) once in a hundred times; unevenness raises m.
    """
    inside = time[slice(*np.searchsorted(time, span))]
    if inside.size <= _FEW:
        return 0.0
    return float(np.diff(inside).mean()) * _unevenness(inside) * (math.log(inside.size) + 4.6)


def _unevenness(time: Times) -> float:
    """Return the squared coefficient of variation of the gaps, 1 for a Poisson process, clipped to 1...8.

    Requests come in visits: their errors are no Poisson process, and tell less of where a burst begins.
    """
    gaps = np.diff(time[np.concatenate(([True], np.diff(time) > 0))]) if time.size else time
    return float(np.clip(np.var(gaps) / np.mean(gaps) ** 2, 1.0, 8.0)) if gaps.size > _FEW else 1.0


def _report(
    time: Times,
    weight: Counts,
    span: list[int],
    room: tuple[int, int],
    window: tuple[int, int],
    baseline: Baseline,
) -> Excursion:
    """Describe the burst of the moments ``span``; its ends lie among those of ``room``, which are no other burst's."""
    low = window[0] if room[0] == 0 else int(time[room[0] - 1])
    high = window[1] if room[1] == time.size else int(time[room[1]])
    first, last = (at - room[0] for at in span)
    time, weight = time[slice(*room)], weight[slice(*room)]
    lines = int(weight[first:last].sum())
    before, after = slice(0, last - 1), slice(first + 1, None)
    uneven = _unevenness(time[first:last])
    early, late = _near_edges(time[first:last], weight[first:last], 2 * baseline.rate)
    start = _edge(time[before], weight[before], (low, int(time[last - 1])), (baseline.rate, early), uneven)
    around = (-high, -int(time[first]))
    mirrored = _edge(-time[after][::-1], weight[after][::-1], around, (baseline.rate, late), uneven)
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
        open_start=_unseen(int(time[first]) - window[0], baseline.rate, early),
        open_end=_unseen(window[1] - int(time[last - 1]), baseline.rate, late),
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


def _near_edges(time: Times, weight: Counts, least: float) -> tuple[float, float]:
    """Return a burst's rates per second among its first and its last 30 moments: it may grow, as traffic does."""
    return _pace(time[:_NEAR], weight[:_NEAR], least), _pace(time[-_NEAR:], weight[-_NEAR:], least)


def _pace(time: Times, weight: Counts, least: float) -> float:
    return max((int(weight.sum()) - 1) / max(int(time[-1] - time[0]) / SECOND, 1.0), least)


def _unseen(calm_us: int, usual_rate: float, rate: float) -> bool:
    """Tell whether what lies between a boundary and the window's edge is too short to show that all was well there."""
    return calm_us / SECOND * (rate - usual_rate) < _OPEN_NATS


def _edge(time: Times, weight: Counts, edges: tuple[int, int], rates: tuple[float, float], clumping: float) -> Instant:
    """Return the posterior of the instant at which a Poisson rate rose between two known ones, events per second.

    At s: r0^K(s) e^(-r0 s) r1^(K - K(s)) e^(-r1 (T - s)), over each gap between events
    (Raftery & Akman 1986). Divided by the clumping in logs.
    """
    stops = np.concatenate(([edges[0]], time, [edges[1]])).astype(np.int64)
    gaps = np.maximum(np.diff(stops), 0) / SECOND
    before = np.concatenate(([0], np.cumsum(weight))).astype(np.float64)
    tilt = (rates[1] - rates[0]) / clumping
    at_right = before * math.log(rates[0] / rates[1]) / clumping + tilt * (stops[1:] - stops[0]) / SECOND
    logs = at_right + np.log(np.maximum(-np.expm1(-tilt * gaps) / tilt, 1e-9))
    return quantiles(stops, np.exp(logs - logs.max()), tilt / SECOND)
