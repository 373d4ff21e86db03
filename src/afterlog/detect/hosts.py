"""Which hosts an excursion belongs to, and hosts whose clock was wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from afterlog.detect.boundary import JEFFREYS, change_point, healthy_prior
from afterlog.detect.phases import evidence
from afterlog.detect.result import Baseline, Instant
from afterlog.detect.stream import SECOND, Codes, Counts, Flags, Times

_NATS = 3.0
MOST_HOSTS = 64


def known_hosts(host: Codes) -> list[int]:
    """Return the codes of the hosts in the stream, ascending, without the unknown."""
    return [int(h) for h in np.unique(host) if h >= 0]


def failing_hosts(host: Codes, failed: Flags, baseline: Baseline) -> tuple[int, ...]:
    """Return the hosts that fail while all others are healthy, () if that is not so, for an excursion's events (n,).

    A host fails if its own rate beats the baseline's zone by more than 3 nats; the others are healthy if the baseline's
    zone beats half the failing hosts' rate by more than 3 nats for them together.
    """
    hosts = known_hosts(host)
    if len(hosts) < 2 or len(hosts) > MOST_HOSTS:
        return ()
    null = min(baseline.zone * baseline.rate, 0.9)
    known = host >= 0
    asked, lost = (np.bincount(host[which], minlength=hosts[-1] + 1) for which in (known, known & failed))
    counts = {h: (int(lost[h]), int(asked[h])) for h in hosts}
    bad = [
        h for h, (k, n) in counts.items() if k / n > null and evidence(k, n, k / n, null) > _NATS * baseline.clumping
    ]
    rest = [h for h in hosts if h not in bad]
    if not bad or not rest:
        return ()
    k_bad, n_bad = (sum(counts[h][i] for h in bad) for i in (0, 1))
    k, n = (sum(counts[h][i] for h in rest) for i in (0, 1))
    half = max(k_bad / n_bad / 2, 2 * null)
    healthy = -evidence(k, n, min(half, 0.98), null) / baseline.clumping
    return tuple(bad) if healthy > _NATS else ()


@dataclass(frozen=True, slots=True)
class _Ends:
    start: Instant
    end: Instant


def clock_offsets(
    time: Times, failed: Flags, host: Codes, window: tuple[int, int], inside: tuple[int, int], rate: float
) -> dict[int, int]:
    """Return the hosts whose start and end are shifted by the same amount, with the shift in microseconds.

    ``window`` is where boundaries may lie, ``inside`` the excursion, both in time. Needs three failing hosts; the
    others' median is the truth. A shift counts if it is over 2 s and four times the boundaries' uncertainty, and both
    ends agree within their uncertainty.
    """
    ends = {}
    for h in known_hosts(host):
        found = _host_ends(time[host == h], failed[host == h], window, inside, rate)
        if found is not None:
            ends[h] = found
    if len(ends) < 3:
        return {}
    start = int(np.median([e.start.time_us for e in ends.values()]))
    end = int(np.median([e.end.time_us for e in ends.values()]))
    out = {}
    for h, e in ends.items():
        a, b = e.start.time_us - start, e.end.time_us - end
        slack = max(_width(e.start), _width(e.end), 2 * SECOND)
        if min(abs(a), abs(b)) > 2 * slack and abs(a - b) <= slack:
            out[h] = (a + b) // 2
    return out if 2 * len(out) < len(ends) else {}


def _width(instant: Instant) -> int:
    return instant.high_us - instant.low_us


def _host_ends(
    time: Times, failed: Flags, window: tuple[int, int], inside: tuple[int, int], rate: float
) -> _Ends | None:
    """Return one host's own start and end inside the window, None where it does not fail as one block."""
    a, b = (int(i) for i in np.searchsorted(time, window))
    time, failed = time[a:b], failed[a:b]
    which: Counts = np.flatnonzero(failed)
    if which.size < 5:
        return None
    middle = int(which[which.size // 2])
    if not 0 < middle < time.size - 1:
        return None
    healthy = healthy_prior(rate)
    start = change_point(time[:middle], failed[:middle], (window[0], int(time[middle])), (healthy, JEFFREYS))
    end = change_point(time[middle:], failed[middle:], (int(time[middle]), window[1]), (JEFFREYS, healthy))
    outside = start.low_us <= window[0] or end.high_us >= window[1] or inside[0] >= inside[1]
    return None if outside else _Ends(start, end)
