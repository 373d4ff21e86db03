"""Where exactly a level changed: the posterior of one change point over the gaps between events."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from afterlog.detect.result import Instant
from afterlog.detect.special import log_beta
from afterlog.detect.stream import Flags, Floats, Times

_PRIOR_REQUESTS = 200.0
_TRAFFIC = 40  # requests on each side whose spacing tells whether traffic changed too


@dataclass(frozen=True, slots=True)
class Prior:
    """Beta(a, b) of a failure rate."""

    a: float
    b: float


JEFFREYS = Prior(0.5, 0.5)


def healthy_prior(rate: float) -> Prior:
    """Return the prior of a healthy side: 200 requests at the baseline's rate."""
    return Prior(_PRIOR_REQUESTS * rate + 0.5, _PRIOR_REQUESTS * (1 - rate) + 0.5)


def change_point(
    time: Times, failed: Flags, edges: tuple[int, int], priors: tuple[Prior, Prior], *, clumping: float = 1.0
) -> Instant:
    """Return the posterior of the instant at which the failure rate changed.

    ``time`` and ``failed`` have shape (n,); ``edges`` bound the window before the first and after the last event;
    ``priors`` are those of the rates before and after. Gap i lies before event i and has weight
    (t_i - t_(i-1)) B(a0 + K_i, b0 + i - K_i) B(a1 + K - K_i, b1 + n - i - K + K_i), the change being uniform in time
    a priori and the rates integrated out (Raftery & Akman 1986; Fearnhead 2006). Divided by the clumping in logs.
    """
    stops, share, tilt = posterior(time, failed, edges, priors, clumping=clumping)
    return quantiles(stops, share, tilt)


def posterior(
    time: Times, failed: Flags, edges: tuple[int, int], priors: tuple[Prior, Prior], *, clumping: float = 1.0
) -> tuple[Times, Floats, float]:
    """Return the posterior of `change_point`: stops (n + 2,), weights of the gaps between them (n + 1,), its tilt."""
    stops = np.concatenate(([edges[0]], time, [edges[1]])).astype(np.int64)
    weights = _log_weights(failed, priors) / clumping
    gaps = np.maximum(np.diff(stops), 0).astype(np.float64)
    tilt = _tilt(time, int(np.argmax(weights + np.log(np.maximum(gaps, 1e-3)))))
    room = -np.expm1(-abs(tilt) * gaps) / abs(tilt) if tilt else gaps
    weights += np.log(np.maximum(room, 1e-3))
    return stops, np.exp(weights - weights.max()), tilt


def _tilt(time: Times, at: int) -> float:
    """Return the rate of requests after event ``at`` less that before, per microsecond; 0 unless they differ clearly.

    When failures bring retries, requests come faster after the change, so that it lies late in the gap it falls in: its
    density there grows as e^(tilt t).
    """
    before, after = time[max(at - _TRAFFIC, 0) : at], time[at : at + _TRAFFIC]
    if before.size < 10 or after.size < 10:
        return 0.0
    old = (before.size - 1) / max(int(before[-1] - before[0]), 1)
    new = (after.size - 1) / max(int(after[-1] - after[0]), 1)
    return new - old if max(old, new) > 2 * min(old, new) else 0.0


def _log_weights(failed: Flags, priors: tuple[Prior, Prior]) -> Floats:
    n = failed.size
    before = np.concatenate(([0], np.cumsum(failed, dtype=np.int64))).astype(np.float64)
    index = np.arange(n + 1, dtype=np.float64)
    after = before[-1] - before
    left = log_beta(priors[0].a + before, priors[0].b + index - before)
    right = log_beta(priors[1].a + after, priors[1].b + (n - index) - after)
    return left + right


def quantiles(stops: Times, share: Floats, tilt: float) -> Instant:
    """Return median, 5 % and 95 % of a density ~ e^(tilt t) between stops (n + 1,), whose gaps have shares (n,)."""
    cumulative = np.concatenate(([0.0], np.cumsum(share)))
    cumulative /= cumulative[-1]
    low, middle, high = (_quantile(stops, cumulative, tilt, q) for q in (0.05, 0.5, 0.95))
    return Instant(middle, low, high)


def _quantile(stops: Times, cumulative: Floats, tilt: float, q: float) -> int:
    gap = min(max(int(np.searchsorted(cumulative, q)), 1), stops.size - 1) - 1
    inside = float((q - cumulative[gap]) / max(cumulative[gap + 1] - cumulative[gap], 1e-300))
    left, right = int(stops[gap]), int(stops[gap + 1])
    if tilt > 0:
        return right + round(math.log(inside + (1 - inside) * math.exp(-tilt * (right - left))) / tilt)
    if tilt < 0:
        return left + round(math.log1p(inside * math.expm1(tilt * (right - left))) / tilt)
    return left + round(inside * (right - left))


def widen(instant: Instant, resolution_us: int) -> Instant:
    """Return the instant with its interval widened by a quarter of the stamps' step on each side."""
    margin = resolution_us // 4 if resolution_us > 1 else 0
    return Instant(instant.time_us, instant.low_us - margin, instant.high_us + margin)
