"""Special functions over arrays: log-gamma, log-beta, binomial divergence."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.stream import Floats

_SHIFT = 8
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def log_gamma(x: Floats) -> Floats:
    """Return ln Gamma(x) for x > 0, any shape.

    Stirling's series for x >= 8 (Abramowitz & Stegun 6.1.41), reached below by Gamma(x) = Gamma(x + 8) / (x)_8.
    """
    x = np.asarray(x, dtype=np.float64)
    small = x < _SHIFT
    y = np.where(small, x + _SHIFT, x)
    inverse = 1.0 / y
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    value: Floats = (y - 0.5) * np.log(y) - y + _HALF_LOG_TWO_PI + series
    if np.any(small):
        low = np.where(small, x, 1.0)
        rising = low.copy()
        for i in range(1, _SHIFT):
            rising *= low + i
        value = np.where(small, value - np.log(rising), value)
    return value


def log_beta(a: Floats, b: Floats) -> Floats:
    """Return ln B(a, b) for a, b > 0, broadcast."""
    return log_gamma(a) + log_gamma(b) - log_gamma(np.asarray(a) + np.asarray(b))


def divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q), in nats; q is kept inside (0, 1)."""
    q = min(max(q, 1e-9), 1 - 1e-9)
    left = p * math.log(p / q) if p > 0 else 0.0
    right = (1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0
    return max(left + right, 0.0)


def binomial_log_likelihood(failed: float, requests: float) -> float:
    """Return max over p of ln p^k (1-p)^(n-k)."""
    if failed <= 0 or failed >= requests:
        return 0.0
    return failed * math.log(failed / requests) + (requests - failed) * math.log1p(-failed / requests)
