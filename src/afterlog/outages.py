"""Outages: what the detector found in each service's signal, in the words of the case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from afterlog.case import Ledger
from afterlog.clock import rfc3339
from afterlog.detect import Baseline, Excursion, Instant, detect
from afterlog.evidence import Place
from afterlog.identity import stable_id
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
    scanners = _scanners(signal, detection.excursions)
    if scanners:
        kept = signal.requests[~signal.requests["client"].astype(object).isin(scanners)].reset_index(drop=True)
        if len(kept):
            signal = make_signal(signal.service, kept, ledgers)
            detection = detect(signal.stream)
    found = [_outage(signal, detection.baseline, excursion) for excursion in detection.excursions]
    return signal, found


def _scanners(signal: Signal, excursions: Sequence[Excursion]) -> set[str]:
    """Name the clients who, outside of any excursion, asked almost only for what is not there."""
    requests = signal.requests
    time = requests["time"].to_numpy()
    calm = np.ones(len(time), bool)
    for excursion in excursions:
        calm &= ~((time >= excursion.start.low_us) & (time < excursion.end.high_us))
    quiet = requests.loc[calm, ["client", "client_error"]]
    per_client = quiet.groupby("client", observed=True)["client_error"].agg(["size", "mean"])
    odd = per_client[(per_client["size"] >= _SCANNER_REQUESTS) & (per_client["mean"] >= _SCANNER_SHARE)]
    return {str(client) for client in odd.index}


def _outage(signal: Signal, baseline: Baseline, excursion: Excursion) -> Outage:
    requests = signal.requests
    time = requests["time"].to_numpy()
    bad = requests["client_error"] if excursion.kind == "client-errors" else requests["failed"]
    span = (time >= excursion.start.low_us) & (time <= excursion.end.high_us)
    failures = np.flatnonzero(span & bad.to_numpy(bool)) if excursion.kind != "silence" else np.empty(0, np.int64)
    first = _place(requests, int(failures[0])) if len(failures) else None
    last = _place(requests, int(failures[-1])) if len(failures) else None
    first_us = int(time[failures[0]]) if len(failures) else excursion.start.time_us
    last_us = int(time[failures[-1]]) if len(failures) else excursion.end.time_us
    inside = (time >= first_us) & (time <= last_us)
    after = np.flatnonzero((time > last_us) & ~bad.to_numpy(bool))
    anchor = (first.source, first.line) if first else (excursion.start.time_us // 60_000_000,)
    return Outage(
        id=stable_id("outage" if excursion.level != "blip" else "blip", excursion.kind, signal.service, *anchor),
        kind=excursion.kind,
        level=excursion.level,
        service=signal.service,
        hosts=_failing_hosts(requests, inside & bad.to_numpy(bool)),
        start=_told(excursion.start, first_us),
        end=_told(excursion.end, last_us),
        open_start=excursion.open_start,
        open_end=excursion.open_end,
        baseline=baseline,
        failure_rate=float(bad[inside].mean()) if inside.any() else excursion.failure_rate,
        requests=int(inside.sum()),
        failed=int((inside & bad.to_numpy(bool)).sum()),
        clients=int(requests.loc[inside & bad.to_numpy(bool), "client"].nunique()),
        phases=tuple(_phase(requests, time, bad, phase.start_us, phase.end_us) for phase in excursion.phases),
        single=excursion.single,
        notes=excursion.notes,
        first_us=first_us,
        last_us=last_us,
        first=first,
        last=last,
        recovered=_place(requests, int(after[0])) if len(after) else None,
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
    identity: str,
    start: Instant,
    end: Instant,
    *,
    open_end: bool,
    signals: Sequence[Signal],
    baseline: Baseline,
    note: str,
) -> Outage:
    """Make an outage of what a person said; its figures come from the signal with the most failures in it, if any."""
    counted = [(signal, _failures_within(signal, start.time_us, end.time_us)) for signal in signals]
    signal, failed = max(counted, key=lambda pair: len(pair[1]), default=(None, np.empty(0, np.int64)))
    requests = signal.requests if signal is not None else None
    inside = 0 if requests is None else int(np.ptp(np.searchsorted(requests["time"], [start.time_us, end.time_us])))
    picked = requests.iloc[failed] if requests is not None else None
    return Outage(
        id=identity, kind="stated", level="outage", service=signal.service if signal and len(failed) else "",
        hosts=tuple(sorted({str(host) for host in picked["host"].dropna()})) if picked is not None else (),
        start=start, end=end, open_start=False, open_end=open_end, baseline=baseline,
        failure_rate=len(failed) / inside if inside else 0.0, requests=inside, failed=len(failed),
        clients=int(picked["client"].nunique()) if picked is not None else 0, phases=(), single="", notes=(note,),
        first_us=start.time_us, last_us=end.time_us,
        first=_place(requests, int(failed[0])) if requests is not None and len(failed) else None,
        last=_place(requests, int(failed[-1])) if requests is not None and len(failed) else None, recovered=None,
    )  # fmt: skip


def _failures_within(signal: Signal, start_us: int, end_us: int) -> np.ndarray:
    time = signal.requests["time"].to_numpy()
    return np.flatnonzero((time >= start_us) & (time < end_us) & signal.requests["failed"].to_numpy(bool))


def _phase(requests: pd.DataFrame, time: np.ndarray, bad: pd.Series, start_us: int, end_us: int) -> Phase:
    inside = (time >= start_us) & (time < end_us)
    failed = inside & bad.to_numpy(bool)
    return Phase(start_us, end_us, int(inside.sum()), int(failed.sum()), _failing_hosts(requests, failed))


def _failing_hosts(requests: pd.DataFrame, failed: np.ndarray) -> tuple[str, ...]:
    return tuple(sorted(str(host) for host in requests.loc[failed, "host"].dropna().unique()))


def _place(requests: pd.DataFrame, row: int) -> Place:
    record = requests.iloc[row]
    return Place(str(record["source"]), int(record["line"]), int(record["offset"]))


def percent(rate: float) -> str:
    """Write a rate as a percentage, never rounding to 0 or 100 what is neither."""
    if 0 < rate < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= rate < 1:
        return "over 99.9 %"
    return f"{rate * 100:.1f} %"
