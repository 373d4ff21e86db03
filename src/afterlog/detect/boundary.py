"""Where exactly a level changed: the posterior of one change point over the gaps between events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from afterlog.detect.result import Instant
from afterlog.detect.special import log_beta
from afterlog.detect.stream import Flags, Floats, Times

_PRIOR_REQUESTS = 200.0


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
    stops = np.concatenate(([edges[0]], time, [edges[1]])).astype(np.int64)
    weights = _log_weights(failed, priors) / clumping
    gaps = np.maximum(np.diff(stops), 0).astype(np.float64)
    weights = weights + np.log(np.maximum(gaps, 1e-3))
    share = np.exp(weights - weights.max())
    return _quantiles(stops, share)


def _log_weights(failed: Flags, priors: tuple[Prior, Prior]) -> Floats:
    n = failed.size
    before = np.concatenate(([0], np.cumsum(failed, dtype=np.int64))).astype(np.float64)
    index = np.arange(n + 1, dtype=np.float64)
    after = before[-1] - before
    left = log_beta(priors[0].a + before, priors[0].b + index - before)
    right = log_beta(priors[1].a + after, priors[1].b + (n - index) - after)
    return left + right


def _quantiles(stops: Times, share: Floats) -> Instant:
    """Return median, 5 % and 95 % of a density that is constant between stops (n + 1,) with shares (n,)."""
    cumulative = np.concatenate(([0.0], np.cumsum(share)))
    cumulative /= cumulative[-1]
    base = int(stops[0])
    offsets = (stops - base).astype(np.float64)
    low, middle, high = (base + round(float(np.interp(q, cumulative, offsets))) for q in (0.05, 0.5, 0.95))
    return Instant(middle, low, high)


def widen(instant: Instant, resolution_us: int) -> Instant:
    """Return the instant with its interval widened by a quarter of the stamps' step on each side."""
    margin = resolution_us // 4 if resolution_us > 1 else 0
    return Instant(instant.time_us, instant.low_us - margin, instant.high_us + margin)
