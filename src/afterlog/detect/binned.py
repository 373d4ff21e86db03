"""The entrance for counts: signals too large to be held as events, such as weeks at thousands of requests a second."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from afterlog.detect.boundary import JEFFREYS, change_point, healthy_prior
from afterlog.detect.detect import detect
from afterlog.detect.result import Baseline, Detection, Excursion, Instant
from afterlog.detect.stream import SECOND, Counts, Flags, Stream, Times

MOST_EVENTS = 5_000_000
_REFINED = 300_000  # requests on each side that refine a boundary


@dataclass(frozen=True, slots=True)
class Bins:
    """Requests and failures, (m,) each, in bins of ``width_us`` from ``start_us`` on, without a gap."""

    start_us: int
    width_us: int
    requests: Counts
    failed: Counts

    def events(self, first: int, last: int, every: int = 1) -> tuple[Times, Flags]:
        """Return the requests of bins ``[first, last)`` as events, spread evenly, failures too: one in ``every``.

        Thinning keeps the cumulated counts to less than one ``every``, so that no rate drifts.
        """
        n, k = (
            np.diff(np.cumsum(counts[first:last], dtype=np.int64) // every, prepend=0)
            for counts in (self.requests, self.failed)
        )
        k = np.minimum(k, n)
        which = np.repeat(np.arange(n.size), n)
        rank = np.arange(which.size) - np.repeat(np.cumsum(n) - n, n)
        time = self.start_us + (first + which) * self.width_us + (2 * rank + 1) * self.width_us // (2 * n[which])
        failed: Flags = (rank + 1) * k[which] // n[which] > rank * k[which] // n[which]
        return time, failed


def detect_bins(bins: Bins, *, most_events: int = MOST_EVENTS) -> Detection:
    """Return the baseline and the excursions of binned requests, in memory for ``most_events`` whatever their number.

    Where there are more, one in so many stands for all; start and end are then found again among all requests near
    them. Neither clients nor hosts are known here. Boundaries are widened by half a bin.
    """
    size = bins.requests.size
    every = max(-(-int(bins.requests.sum(dtype=np.int64)) // most_events), 1)
    time, failed = bins.events(0, size, every)
    unknown = np.full(time.size, -1, dtype=np.int8)
    none: Flags = np.zeros(time.size, dtype=bool)
    end_us = bins.start_us + size * bins.width_us
    found = detect(Stream(time, failed, unknown, unknown, none, unknown, 1, bins.start_us, end_us))
    base = replace(found.baseline, requests=int(bins.requests.sum()), failures=int(bins.failed.sum()))
    return Detection(base, tuple(_refined(bins, e, found.baseline) for e in found.excursions))


def _refined(bins: Bins, excursion: Excursion, baseline: Baseline) -> Excursion:
    start, end = excursion.start, excursion.end
    if excursion.kind == "errors":
        middle = (start.time_us + end.time_us) // 2
        if not excursion.open_start:
            start = _edge(bins, start, (bins.start_us, middle), baseline, rises=True)
        if not excursion.open_end:
            last = bins.start_us + bins.requests.size * bins.width_us
            end = _edge(bins, end, (middle, last), baseline, rises=False)
    a, b = ((edge.time_us - bins.start_us) // bins.width_us for edge in (start, end))
    n, k = int(bins.requests[a : b + 1].sum()), int(bins.failed[a : b + 1].sum())
    rate = k / n if n and excursion.kind == "errors" else excursion.failure_rate
    counted = replace(excursion, requests=n, failed=k) if excursion.kind == "errors" else excursion
    return replace(counted, start=start, end=end, failure_rate=rate)


def _edge(bins: Bins, edge: Instant, room: tuple[int, int], baseline: Baseline, *, rises: bool) -> Instant:
    """Return the change point among all requests of the bins around a boundary, inside ``room``, in time."""
    usual = max(float(bins.requests.mean()), 1e-9)
    reach = max(int(_REFINED / usual), 3) * bins.width_us
    low = max(min(edge.low_us, edge.time_us - reach), room[0])
    high = min(max(edge.high_us, edge.time_us + reach), room[1])
    first, last = (low - bins.start_us) // bins.width_us, -(-(high - bins.start_us) // bins.width_us)
    if (last - first) * usual > 4 * _REFINED:
        return edge  # a ramp, or as unsure as that: more requests don't make it surer
    time, failed = bins.events(int(first), int(last))
    if time.size == 0:
        return edge
    healthy = healthy_prior(baseline.rate)
    priors = (healthy, JEFFREYS) if rises else (JEFFREYS, healthy)
    found = change_point(time, failed, (int(time[0]) - 1, int(time[-1]) + 1), priors, clumping=baseline.clumping)
    half = bins.width_us // 2
    return Instant(found.time_us, found.low_us - half, found.high_us + half)


def bins_of(time: Times, failed: Flags, start_us: int, end_us: int, width_us: int = SECOND) -> Bins:
    """Return events (n,) as bins; add those of further batches to them with `added`."""
    size = max(-(-(end_us - start_us) // width_us), 1)
    index = (time - start_us) // width_us
    return Bins(start_us, width_us, np.bincount(index, minlength=size), np.bincount(index[failed], minlength=size))


def added(one: Bins, other: Bins) -> Bins:
    """Return the sum of two of the same window: logs can be counted batch by batch."""
    return replace(one, requests=one.requests + other.requests, failed=one.failed + other.failed)
