"""One pass from events to candidates: baseline, drift, clumping, levels, groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from afterlog.detect.baseline import NARROWEST_ZONE, Healthy, find_healthy, measure
from afterlog.detect.group import BLIP_US, Candidate, join, sift, trim
from afterlog.detect.levels import raised_runs
from afterlog.detect.relapse import parted
from afterlog.detect.result import Baseline
from afterlog.detect.stream import SECOND, Flags, Times

_SHORT_US = 300 * SECOND
_MOST_RUNS = 20  # of what rises and falls by itself, in more than half of the log


@dataclass(frozen=True, slots=True)
class Found:
    """What one signal shows: its healthy parts, its baseline, its candidates in time order."""

    healthy: Healthy
    baseline: Baseline
    candidates: tuple[Candidate, ...]


def search(
    time: Times,
    failed: Flags,
    start_us: int,
    end_us: int,
    *,
    whole: Baseline | None = None,
    strictness: float = 1.0,
) -> Found:
    """Return the candidates of events with ascending times (n,) and failure flags (n,).

    ``whole`` is the baseline of the service for the events of one host: its rate is the host's prior, and the host is
    granted no less drift and clumping. The clumping is multiplied by ``strictness``.
    """
    prior = whole.rate if whole else 1 / 200
    healthy = find_healthy(time, failed, start_us, end_us, prior=prior)
    plain = Baseline(healthy.rate, 0.0, NARROWEST_ZONE, 1.0, healthy.requests, healthy.failures)
    if not np.any(failed):
        return Found(healthy, plain, ())
    first_pass = _candidates(time, failed, start_us, plain)
    baseline = measure(time, failed, healthy, _excluded(first_pass, time, failed))
    if _restless(first_pass, time):
        baseline = replace(baseline, rate=float(np.mean(failed)))  # its calm minutes are no better times
    if whole:
        zone, clumping = max(baseline.zone, whole.zone), max(baseline.clumping, whole.clumping)
        baseline = replace(baseline, zone=zone, clumping=clumping)
    baseline = replace(baseline, clumping=baseline.clumping * strictness)
    candidates = first_pass
    if (baseline.zone, baseline.clumping) != (plain.zone, plain.clumping):
        candidates = _candidates(time, failed, start_us, baseline)
    return Found(healthy, baseline, tuple(sift(candidates, time, failed)))


def _candidates(time: Times, failed: Flags, start_us: int, baseline: Baseline) -> list[Candidate]:
    joined = join(trim(raised_runs(time, failed, start_us, baseline), failed, baseline), time)
    return parted(joined, time, failed, baseline)


def _excluded(candidates: list[Candidate], time: Times, failed: Flags) -> list[tuple[int, int]]:
    """Return the event ranges that must not count as clumping: >= 20 s and >= 8 failures, and up to three blips.

    Many short ones are clumping themselves: three a day and ten under 5 min in all, or more than three blips; and what
    goes up and down for more than half of the log.
    """
    long, short, blips = [], [], []
    for one in candidates:
        failures = int(np.count_nonzero(failed[one.first : one.last]))
        length = int(time[one.last - 1] - time[one.first])
        if length < BLIP_US or failures < 8:
            blips.append((one.first, one.last))
        elif length < _SHORT_US:
            short.append((one.first, one.last))
        else:
            long.append((one.first, one.last))
    days = (int(time[-1]) - int(time[0])) / (86_400 * SECOND)
    long += short if len(short) <= max(10.0, 3 * days) else []
    if _restless(candidates, time):
        return []
    return long + (blips if len(blips) <= 3 else [])


def _restless(candidates: list[Candidate], time: Times) -> bool:
    """Tell whether candidates fill more than half of the time, and are joined from many runs."""
    lengths = sum(int(time[one.last - 1] - time[one.first]) for one in candidates)
    runs = sum(len(one.runs) for one in candidates)
    return runs > _MOST_RUNS and lengths > (int(time[-1]) - int(time[0])) / 2
