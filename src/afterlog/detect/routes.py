"""Parts of a service, such as groups of paths: which of many the failures belong to."""

from __future__ import annotations

import math

import numpy as np

from afterlog.detect.hosts import MOST_HOSTS
from afterlog.detect.stream import SECOND, Codes, Counts, Flags, Times, pieces

REST = 1 << 20  # stands for all routes that are not looked at one by one
_MOST = 12  # routes that are searched for excursions of their own
_LEAST_FAILURES = 5
_MOST_BINS = 20_000


def most_failing(route: Codes, failed: Flags) -> Counts:
    """Return the codes (n,) of an excursion's events with all but the 62 most failing routes as one, `REST`."""
    codes: Counts = route.astype(np.int64)
    values, counts = np.unique(codes[failed & (codes >= 0)], return_counts=True)
    kept = values[np.argsort(-counts, kind="stable")][: MOST_HOSTS - 2]
    return np.where(np.isin(codes, kept) | (codes < 0), codes, REST)


def unusual(time: Times, failed: Flags, codes: Codes, wanted: list[int]) -> list[int]:
    """Return those of the wanted codes that failed far more in some minutes, or hours, than all the time.

    A first look at events (n,) that is much faster than a search: failures in cells of 1, 8 and 64 minutes against
    those due at the code's own rate, as Poisson log-likelihood ratios, must reach ln(cells) + 3 nats.
    """
    if time.size == 0 or not wanted:
        return []
    bins = int(time[-1] - time[0]) // (60 * SECOND) + 1
    width = -(-bins // _MOST_BINS)
    cells = -(-(bins // width + 1) // 64) * 64
    place = np.full(max(int(codes.max()), *wanted) + 2, -1, dtype=np.int64)
    place[np.array(wanted, dtype=np.int64)] = np.arange(len(wanted))
    every, bad = np.zeros(len(wanted) * cells), np.zeros(len(wanted) * cells)
    for piece in pieces(time.size):
        row = place[codes[piece]]
        index = row * cells + (time[piece] - time[0]) // (60 * SECOND) // width
        mine = row >= 0
        every += np.bincount(index[mine], minlength=every.size)
        bad += np.bincount(index[mine & failed[piece]], minlength=bad.size)
    asked, lost = every.reshape(len(wanted), cells), bad.reshape(len(wanted), cells)
    rate = np.maximum(lost.sum(axis=1, keepdims=True), 0.5) / np.maximum(asked.sum(axis=1, keepdims=True), 1)
    best = np.zeros(len(wanted))
    for scale in (1, 8, 64):
        k, due = (x.reshape(len(wanted), cells // scale, scale).sum(axis=2) for x in (lost, asked * rate))
        nats = np.where(k > due, k * np.log(np.maximum(k, 1) / np.maximum(due, 1e-12)) - k + due, 0.0)
        best = np.maximum(best, nats.max(axis=1))
    return [code for code, nats in zip(wanted, best.tolist(), strict=True) if nats >= math.log(cells) + 3]


def failing_routes(route: Codes, failed: Flags, least: int) -> list[int]:
    """Return the routes with the most failures, at most twelve, of those with enough requests to have a baseline."""
    known = route >= 0
    if not np.any(failed & known):
        return []
    failures = np.bincount(route[failed & known], minlength=int(route.max()) + 1)
    requests = np.bincount(route[known], minlength=failures.size)
    # with one route there is nothing that the whole would hide
    enough = (failures >= _LEAST_FAILURES) & (requests >= least) & (requests < 0.9 * route.size)
    order = np.argsort(-failures, kind="stable")
    return [int(code) for code in order if enough[code]][:_MOST]
