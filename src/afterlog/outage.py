"""What an outage is, and how it stands in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from afterlog.clock import rfc3339
from afterlog.detect import Baseline, Instant
from afterlog.evidence import Place

NAMELESS: Final = "requests"
"""The service of requests whose logs name none."""


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
class View:
    """The same outage as something further in shows it, ``[start_us, end_us)``.

    ``kind``: errors, silence (it got far fewer requests than before), healthy, or error-lines (``failed`` lines).
    """

    what: str
    kind: str
    start_us: int
    end_us: int
    requests: int
    failed: int
    place: Place | None

    def as_json(self) -> dict[str, Any]:
        """Give it in the shape of ``outages --json``."""
        times = {"start": rfc3339(self.start_us), "end": rfc3339(self.end_us)}
        return {"what": self.what, "kind": self.kind, **times, "requests": self.requests, "failed": self.failed}


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
    routes: tuple[str, ...] = ()  # the only ones that failed; none: any
    views: tuple[View, ...] = ()
    scanned: tuple[int, int] = (0, 0)  # requests of scanners in it, and how many failed: left out of all other counts
    detectability: float = 0.0  # nats by which the failures speak against the baseline
    fronted: bool = False  # its one host is where requests were logged; what answered behind it was not
    given_up: bool = False  # most of what failed are requests whose clients went away before an answer (status 499)

    @property
    def manner(self) -> str:
        """Give its kind, as it is told: ``given-up`` where clients gave up on requests rather than had them refused."""
        return "given-up" if self.given_up else self.kind

    def as_json(self, evidence: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Give it in the shape of ``outages --json``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "class": self.level,
            "service": self.service,
            "hosts": list(self.hosts),
            "start": rfc3339(self.start.time_us),
            "start_low": None if self.open_start else rfc3339(self.start.low_us),
            "start_high": rfc3339(self.start.high_us),
            "first_failure": rfc3339(self.first_us) if self.first else None,
            "last_failure": rfc3339(self.last_us) if self.last else None,
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
            "scanners": {"requests": self.scanned[0], "failed": self.scanned[1]},
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
            "routes": list(self.routes),
            "views": [view.as_json() for view in self.views],
            "notes": list(self.notes),
            "evidence": list(evidence),
        }


def percent(rate: float) -> str:
    """Write a rate as a percentage, never rounding to 0 or 100 what is neither."""
    if 0 < rate < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= rate < 1:
        return "over 99.9 %"
    return f"{rate * 100:.1f} %"
