"""Weaker signs, beside outages: slow requests, fewer requests, bursts of error lines. None is an outage by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from afterlog.clock import rfc3339
from afterlog.detect.drops import find_drops, find_slowness
from afterlog.errorlines import Burst
from afterlog.identity import stable_id
from afterlog.outage import Outage
from afterlog.traffic.signals import Signal


@dataclass(frozen=True, slots=True)
class Weaker:
    """An interval ``[start_us, end_us)`` that is worth a look; ``kind`` is latency, traffic or error-lines.

    ``usual`` and ``seen`` are the median duration in seconds, requests in the interval, or lines per hour.
    """

    kind: str
    service: str
    start_us: int
    end_us: int
    usual: float
    seen: float
    note: str

    def as_json(self) -> dict[str, Any]:
        """Give it in the shape of ``outages --json``."""
        return {
            "id": stable_id("weaker", self.kind, self.service, self.start_us // 60_000_000),
            "kind": self.kind,
            "service": self.service,
            "start": rfc3339(self.start_us),
            "end": rfc3339(self.end_us),
            "usual": self.usual,
            "seen": self.seen,
            "note": self.note,
        }


def find_weaker(signals: Sequence[Signal], outages: Sequence[Outage], bursts: Sequence[Burst] = ()) -> list[Weaker]:
    """Find the weaker signs that no outage of the same service covers, in order of their start."""
    found = [one for signal in signals for one in (*_slow(signal), *_fewer(signal))]
    told = [*(_lines(burst) for burst in bursts), *found]
    own = [(outage.service, outage.start.low_us, outage.end.high_us) for outage in outages if not outage.single]
    own += [(view.what, view.start_us, view.end_us) for outage in outages for view in outage.views]
    kept = [
        one
        for one in told
        if not any(one.service == name and one.start_us < end and start < one.end_us for name, start, end in own)
    ]
    return sorted(kept, key=lambda one: (one.start_us, one.service, one.kind))


def _slow(signal: Signal) -> list[Weaker]:
    duration = signal.requests.duration
    if duration is None:
        return []
    slow_s, excursions = find_slowness(signal.stream, duration)
    if not excursions:
        return []
    inside = np.zeros(len(duration), bool)
    rows = [signal.requests.within(e.start.time_us, e.end.time_us) for e in excursions]
    for one in rows:
        inside[one] = True
    usual = float(np.nanmedian(duration[~inside])) if not inside.all() else float("nan")
    return [
        Weaker(
            "latency", signal.service, e.start.time_us, e.end.time_us, round(usual, 6),
            round(float(np.nanmedian(duration[one])), 6),
            f"{e.failure_rate:.0%} of requests took over {slow_s:.3g} s; usually {e.baseline_rate:.1%} do",
        )
        for e, one in zip(excursions, rows, strict=True)
    ]  # fmt: skip


def _fewer(signal: Signal) -> list[Weaker]:
    stream = signal.stream
    return [
        Weaker(
            "traffic", signal.service, drop.start_us, drop.end_us, round(drop.requests / drop.ratio, 1), drop.requests,
            f"{drop.ratio:.0%} of the usual requests came",
        )
        for drop in find_drops(stream.time_us, stream.start_us, stream.end_us)
        if drop.requests
    ]  # fmt: skip


def _lines(burst: Burst) -> Weaker:
    hourly = 3600 * burst.baseline.rate, 3600 * burst.excursion.failure_rate
    note = f"{burst.excursion.failed} lines of level error while requests were served"
    return Weaker(
        "error-lines", burst.service, burst.first_us, burst.last_us, round(hourly[0], 3), round(hourly[1], 3), note
    )
