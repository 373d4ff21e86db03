"""Leave one out: an interval that vanishes without one client or one signature is not the service's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from afterlog.detect.group import Candidate
from afterlog.detect.levels import switch_cost
from afterlog.detect.phases import evidence
from afterlog.detect.result import Baseline
from afterlog.detect.special import divergence
from afterlog.detect.stream import SECOND, Codes, Flags, Stream

_SHARE = 0.2  # of the failures one client must have made to be suspected
_SIGNATURE_SHARE = 0.1
_LEAST_FAILURES = 3
_OTHERS = 0.1  # of the failures
_BURST = 5.0  # a signature must come this many times as often inside the interval as outside


@dataclass(frozen=True, slots=True)
class Single:
    """What an interval vanishes without: "client" or "signature", its code, and its events (mask over the stream)."""

    what: str
    culprit: int
    events: Flags


def find_single(stream: Stream, failed: Flags, candidate: Candidate, baseline: Baseline) -> Single | None:
    """Return the client or the group of signatures without which the candidate vanishes, or None.

    Suspect is a client with >= 20 % of the failures; or the signatures with >= 10 % each that come at least five times
    as often inside as outside, together (a distributed scanner repeats a few requests). Without the suspect the rest
    must speak for the baseline against the candidate's rate by more than one nat (any, where it holds under a tenth of
    the failures), and not be detectable itself.
    """
    inside = slice(candidate.first, candidate.last)
    for codes in _top(stream.client[inside], failed[inside], _SHARE):
        mask = stream.client == codes
        if _vanishes(failed, mask, candidate, baseline):
            events = mask if np.count_nonzero(mask) < mask.size / 2 else _only(mask, candidate)
            return Single("client", codes, events)
    suspects = [
        code
        for code in _top(stream.signature[inside], failed[inside], _SIGNATURE_SHARE)
        if _bursts(stream, stream.signature == code, candidate)
    ]
    if suspects:
        mask = np.isin(stream.signature, suspects)
        if _vanishes(failed, mask, candidate, baseline):
            return Single("signature", suspects[0], _only(mask, candidate))
    return None


def _only(mask: Flags, candidate: Candidate) -> Flags:
    out = np.zeros_like(mask)
    out[candidate.first : candidate.last] = mask[candidate.first : candidate.last]
    return out


def _top(codes: Codes, failed: Flags, share: float) -> list[int]:
    """Return the known codes that made at least ``share`` of the failures, most failures first."""
    known = codes[failed & (codes >= 0)]
    if known.size == 0:
        return []
    values, counts = np.unique(known, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    least = max(share * np.count_nonzero(failed), _LEAST_FAILURES)
    return [int(values[i]) for i in order[:10] if counts[i] >= least]


def _vanishes(failed: Flags, mask: Flags, candidate: Candidate, baseline: Baseline) -> bool:
    inside = slice(candidate.first, candidate.last)
    all_failed = int(np.count_nonzero(failed[inside]))
    rest = ~mask[inside]
    n, k = int(np.count_nonzero(rest)), int(np.count_nonzero(failed[inside] & rest))
    if n == 0:
        return False
    null = min(baseline.zone * baseline.rate, 0.9)
    rate = all_failed / (candidate.last - candidate.first)
    for_null = -evidence(k, n, rate, null) / baseline.clumping
    # where hardly any failure is another's, that these few are no more than usual need only be the likelier
    need = 1.0 if k > _OTHERS * all_failed else 0.0
    left = n * divergence(k / n, null) / baseline.clumping if k / n > null else 0.0
    return for_null > need and left < 2 * switch_cost(n)


def _bursts(stream: Stream, mask: Flags, candidate: Candidate) -> bool:
    inside = int(np.count_nonzero(mask[candidate.first : candidate.last]))
    outside = int(np.count_nonzero(mask)) - inside
    length = max(int(stream.time_us[candidate.last - 1] - stream.time_us[candidate.first]), SECOND)
    rest = max(stream.end_us - stream.start_us - length, SECOND)
    return inside / length >= _BURST * (outside + 1) / rest
