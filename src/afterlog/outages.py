"""Outages: what the detector found in each service's signal, in the words of the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from afterlog.case import Ledger
from afterlog.clock import rfc3339
from afterlog.detect import Baseline, Excursion, Instant, detect
from afterlog.evidence import Place
from afterlog.identity import stable_id
from afterlog.requests import Flags, Requests, distinct
from afterlog.signals import SECOND_US, Signal, make_signal

_SCANNER_REQUESTS: Final = 10
_SCANNER_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Phase:
    """A part ``[start_us, end_us)`` of an outage at one level of failure."""

    start_us: int
    end_us: int
    requests: int
    failed: int
    hosts: tuple[str, ...]  # servers with failures in it

    @property
    def rate(self) -> float:
        """Give failed / requests, 0 where there were none."""
        return self.failed / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Outage:
    """An interval in which a service left its baseline; times in UTC microseconds, ``[start, end)``."""

    id: str
    kind: str  # errors, silence, client-errors; or stated, when a person said so
    level: str  # outage, degraded, blip
    service: str
    hosts: tuple[str, ...]
    start: Instant
    end: Instant
    open_start: bool
    open_end: bool
    baseline: Baseline
    failure_rate: float
    requests: int
    failed: int
    clients: int
    phases: tuple[Phase, ...]
    single: str
    notes: tuple[str, ...]
    first_us: int  # time of the first failure, and of the last: what a person sees in the lines
    last_us: int
    first: Place | None
    last: Place | None
    recovered: Place | None  # the first success after the last failure

    def as_json(self, evidence: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Give it in the shape of ``outages --json``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "class": self.level,
            "service": self.service,
            "hosts": list(self.hosts),
            "start": rfc3339(self.start.time_us),
            "start_low": rfc3339(self.start.low_us),
            "start_high": rfc3339(self.start.high_us),
            "end": None if self.open_end else rfc3339(self.end.time_us),
            "end_low": None if self.open_end else rfc3339(self.end.low_us),
            "end_high": None if self.open_end else rfc3339(self.end.high_us),
            "open_start": self.open_start,
            "open_end": self.open_end,
            "baseline_rate": self.baseline.rate,
            "failure_rate": self.failure_rate,
            "requests": self.requests,
            "failed": self.failed,
            "clients": self.clients,
            "phases": [
                {
                    "start": rfc3339(phase.start_us),
                    "end": rfc3339(phase.end_us),
                    "requests": phase.requests,
                    "failed": phase.failed,
                    "rate": phase.rate,
                    "hosts": list(phase.hosts),
                }
                for phase in self.phases
            ],
            "single": self.single,
            "notes": list(self.notes),
            "evidence": list(evidence),
        }


def find_outages(signals: Sequence[Signal], ledgers: Sequence[Ledger]) -> tuple[list[Outage], list[Signal]]:
    """Detect outages in every signal; gives them in order of start, and the signals without scanners' requests."""
    outages: list[Outage] = []
    cleaned: list[Signal] = []
    for signal in signals:
        clean, found = _in_signal(signal, ledgers)
        cleaned.append(clean)
        outages += found
    return sorted(outages, key=lambda outage: (outage.start.time_us, outage.service)), cleaned


def _in_signal(signal: Signal, ledgers: Sequence[Ledger]) -> tuple[Signal, list[Outage]]:
    detection = detect(signal.stream)
    scanning = _scanning(signal, detection.excursions)
    if scanning.any() and not scanning.all():
        signal = make_signal(signal.service, signal.requests.take(~scanning), ledgers)
        detection = detect(signal.stream)
    return signal, [_outage(signal, detection.baseline, excursion) for excursion in detection.excursions]


def _scanning(signal: Signal, excursions: Sequence[Excursion]) -> Flags:
    """Tell which requests came from clients who, outside of any excursion, asked almost only for what is not there."""
    requests = signal.requests
    calm = np.ones(len(requests), bool)
    for excursion in excursions:
        calm &= ~((requests.time >= excursion.start.low_us) & (requests.time < excursion.end.high_us))
    calm &= requests.client >= 0
    many = len(requests.names.client) + 1
    asked = np.bincount(requests.client[calm], minlength=many)
    refused = np.bincount(requests.client[calm], requests.client_error[calm], many)
    return ((asked >= _SCANNER_REQUESTS) & (refused >= _SCANNER_SHARE * asked))[requests.client]


def _outage(signal: Signal, baseline: Baseline, excursion: Excursion) -> Outage:
    requests = signal.requests
    time = requests.time
    bad = requests.client_error if excursion.kind == "client-errors" else requests.failed
    span = (time >= excursion.start.low_us) & (time <= excursion.end.high_us)
    failures = np.flatnonzero(span & bad) if excursion.kind != "silence" else np.empty(0, np.int64)
    first = requests.place(int(failures[0])) if len(failures) else None
    first_us = int(time[failures[0]]) if len(failures) else excursion.start.time_us
    last_us = int(time[failures[-1]]) if len(failures) else excursion.end.time_us
    inside = requests.within(first_us, last_us)
    failed = np.flatnonzero(bad[inside]) + inside.start
    count = inside.stop - inside.start
    after = np.flatnonzero(~bad[inside.stop :])
    anchor = (first.source, first.line) if first else (excursion.start.time_us // 60_000_000,)
    return Outage(
        id=stable_id("outage" if excursion.level != "blip" else "blip", excursion.kind, signal.service, *anchor),
        kind=excursion.kind,
        level=excursion.level,
        service=signal.service,
        hosts=_names(requests, failed),
        start=_told(excursion.start, first_us),
        end=_told(excursion.end, last_us),
        open_start=excursion.open_start,
        open_end=excursion.open_end,
        baseline=baseline,
        failure_rate=len(failed) / count if count else excursion.failure_rate,
        requests=count,
        failed=len(failed),
        clients=distinct(requests.client[failed]),
        phases=_phases(requests, bad, excursion, first_us, last_us),
        single=excursion.single,
        notes=excursion.notes,
        first_us=first_us,
        last_us=last_us,
        first=first,
        last=requests.place(int(failures[-1])) if len(failures) else None,
        recovered=requests.place(int(after[0]) + inside.stop) if len(after) else None,
    )


def _told(boundary: Instant, failure_us: int) -> Instant:
    """Round a boundary's interval outwards to whole seconds, the failure at its edge included.

    People and most logs name whole seconds: 11:15:00 must lie inside where the first failure came at 11:15:00.3.
    """
    low, high = min(boundary.low_us, failure_us), max(boundary.high_us, failure_us)
    if min(abs(failure_us - boundary.low_us), abs(failure_us - boundary.high_us)) > SECOND_US:
        low, high = boundary.low_us, boundary.high_us  # the failure is not at the edge: a stray one
    return Instant(boundary.time_us, low // SECOND_US * SECOND_US, -(-high // SECOND_US) * SECOND_US)


def stated_outage(
    identity: str, start: Instant, end: Instant, *, open_end: bool, signals: Sequence[Signal], note: str
) -> Outage:
    """Make an outage of what a person said; its figures come from the signal with the most failures in it, if any."""
    counted = [(signal, signal.requests.within(start.time_us, end.time_us)) for signal in signals]
    failing = [(int(signal.requests.failed[rows].sum()), signal, rows) for signal, rows in counted]
    failing = sorted((item for item in failing if item[0]), key=lambda item: (-item[0], item[1].service))
    stated = Outage(
        id=identity, kind="stated", level="outage", service="", hosts=(), start=start, end=end, open_start=False,
        open_end=open_end, baseline=Baseline(0.0, 0.0, 1.0, 1.0, 0, 0), failure_rate=0.0, requests=0, failed=0,
        clients=0, phases=(), single="", notes=(note,), first_us=start.time_us, last_us=end.time_us, first=None,
        last=None, recovered=None,
    )  # fmt: skip
    if not failing:
        return stated
    _count, signal, rows = failing[0]
    requests = signal.requests
    failed = np.flatnonzero(requests.failed[rows]) + rows.start
    return replace(
        stated,
        service=signal.service,
        hosts=_names(requests, failed),
        failure_rate=len(failed) / (rows.stop - rows.start),
        requests=rows.stop - rows.start,
        failed=len(failed),
        clients=distinct(requests.client[failed]),
        first=requests.place(int(failed[0])),
        last=requests.place(int(failed[-1])),
    )


def _phases(requests: Requests, bad: Flags, found: Excursion, first_us: int, last_us: int) -> tuple[Phase, ...]:
    """Count the phases; the first begins with the first failure and the last ends with the last one."""
    if not found.phases or found.kind == "silence":
        return ()
    cuts = [first_us, *(phase.start_us for phase in found.phases[1:]), last_us + 1]
    return tuple(_phase(requests, bad, start, end) for start, end in pairwise(cuts) if end > start)


def _phase(requests: Requests, bad: Flags, start_us: int, end_us: int) -> Phase:
    """Count a phase, ``[start, end)``."""
    rows = requests.within(start_us, end_us - 1)
    failed = np.flatnonzero(bad[rows]) + rows.start
    return Phase(start_us, end_us, rows.stop - rows.start, len(failed), _names(requests, failed))


def _names(requests: Requests, rows: NDArray[np.int64]) -> tuple[str, ...]:
    names = requests.names.server
    return tuple(names[code] for code in np.unique(requests.server[rows]) if code >= 0)


def percent(rate: float) -> str:
    """Write a rate as a percentage, never rounding to 0 or 100 what is neither."""
    if 0 < rate < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= rate < 1:
        return "over 99.9 %"
    return f"{rate * 100:.1f} %"
