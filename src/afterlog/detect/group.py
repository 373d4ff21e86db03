"""Runs above the baseline become candidates: joined over short gaps, sifted of what is too little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from afterlog.detect.cells import Run
from afterlog.detect.levels import switch_cost
from afterlog.detect.result import Baseline
from afterlog.detect.special import divergence
from afterlog.detect.stream import SECOND, Flags, Times

JOIN_US = 180 * SECOND
_JOIN_BLIP_US = 60 * SECOND
_FILLING = 1.5  # nats without which a run between two others is a healthy interval
BLIP_US = 20 * SECOND


@dataclass(frozen=True, slots=True)
class Candidate:
    """Events ``[first, last)`` that may be an excursion, with the raised runs it was joined from."""

    first: int
    last: int
    runs: tuple[Run, ...]


def trim(runs: list[Run], failed: Flags, baseline: Baseline) -> list[Run]:
    """Return the runs without those at the edge of a contiguous group that are not worth a switch themselves.

    Leaving a high level for a low one costs as much as leaving it for the baseline, so a low level can follow for free,
    or fill a healthy interval between two runs in which some failures fell.
    """
    price = switch_cost(failed.size)
    null = min(baseline.zone * baseline.rate, 0.9)

    def worth(run: Run) -> float:
        k, n = int(np.count_nonzero(failed[run.first : run.last])), run.last - run.first
        return n * divergence(k / n, null) / baseline.clumping if k / n > null else 0.0

    groups: list[list[Run]] = []
    for run in runs:
        if groups and groups[-1][-1].last == run.first:
            groups[-1].append(run)
        else:
            groups.append([run])
    for group in groups:
        while len(group) > 1 and worth(group[-1]) < price:
            group.pop()
        while len(group) > 1 and worth(group[0]) < price:
            group.pop(0)
    return [run for group in groups for run in group if len(group) == 1 or worth(run) >= _FILLING]


def join(runs: list[Run], time: Times) -> list[Candidate]:
    """Return candidates: runs less than 180 s, or less than three requests' usual spacing, apart become one.

    What would be a blip by itself, at an edge of a candidate and more than 60 s away from the rest, is not joined.
    """
    out: list[Candidate] = []
    for run in runs:
        if out:
            previous = out[-1]
            gap = int(time[run.first] - time[previous.last - 1])
            if gap < max(JOIN_US, patience(time, previous)) or run.first == previous.last:
                out[-1] = Candidate(previous.first, run.last, (*previous.runs, run))
                continue
        out.append(Candidate(run.first, run.last, (run,)))
    return [part for one in out for part in _without_blips(one, time)]


def _without_blips(candidate: Candidate, time: Times) -> list[Candidate]:
    """Return the candidate, with lone blips at its edges as candidates of their own, in time order."""
    parts = [[candidate.runs[0]]]
    for run in candidate.runs[1:]:
        if run.first == parts[-1][-1].last:
            parts[-1].append(run)
        else:
            parts.append([run])
    before: list[list[Run]] = []
    after: list[list[Run]] = []
    while len(parts) > 1 and _is_lone(parts[0], time) and _apart(parts[0], parts[1], time) > _JOIN_BLIP_US:
        before.append(parts.pop(0))
    while len(parts) > 1 and _is_lone(parts[-1], time) and _apart(parts[-2], parts[-1], time) > _JOIN_BLIP_US:
        after.insert(0, parts.pop())
    joined = tuple(run for part in parts for run in part)
    every = [*before, joined, *after]
    return [Candidate(part[0].first, part[-1].last, tuple(part)) for part in every]


def _is_lone(part: list[Run], time: Times) -> bool:
    one = Candidate(part[0].first, part[-1].last, tuple(part))
    return int(time[one.last - 1] - time[one.first]) < BLIP_US and not _usual_rate_is_low(time, one)


def _apart(one: list[Run], other: list[Run], time: Times) -> int:
    return int(time[other[0].first] - time[one[-1].last - 1])


def patience(time: Times, candidate: Candidate) -> int:
    """Return the time of three usual inter-arrivals around a candidate, microseconds."""
    low, high = max(candidate.first - 25, 0), min(candidate.last + 25, time.size)
    if high - low < 2:
        return 0
    return int(3 * np.median(np.diff(time[low:high])))


def sift(candidates: list[Candidate], time: Times, failed: Flags) -> list[Candidate]:
    """Return the candidates with >= 3 failures; those under 20 s need >= 5 failures in >= 3 seconds."""
    kept = []
    for one in candidates:
        when = time[one.first : one.last][failed[one.first : one.last]]
        failures = when.size
        if failures < 3:
            continue
        if int(when[-1] - when[0]) < BLIP_US and not _usual_rate_is_low(time, one):
            seconds = np.unique(when // SECOND).size
            if failures < 5 or seconds < 3:
                continue
        kept.append(one)
    return kept


def _usual_rate_is_low(time: Times, candidate: Candidate) -> bool:
    """Tell whether 20 s hold fewer than five requests here, so that a blip could not show five failures."""
    return patience(time, candidate) > 3 * BLIP_US // 5
