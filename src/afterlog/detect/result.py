"""What comes out: excursions with their boundaries as intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["errors", "silence", "client-errors"]
Level: TypeAlias = Literal["outage", "degraded", "blip"]


@dataclass(frozen=True, slots=True)
class Instant:
    """A boundary: median and 5-95 % of its posterior, UTC microseconds."""

    time_us: int
    low_us: int
    high_us: int


@dataclass(frozen=True, slots=True)
class Phase:
    """A part ``[start_us, end_us)`` of an excursion at one level; its rate is failed / requests."""

    start_us: int
    end_us: int
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Excursion:
    """An interval ``[start, end)`` in which a signal left its baseline.

    ``single`` names what it vanishes without ("client" or "signature", "" for none) and ``culprit`` its code;
    ``hosts`` and ``routes`` are the codes it is attributed to, () for all; ``detectability`` is N KL(p1 || p0) in nats.
    """

    kind: Kind
    level: Level
    start: Instant
    end: Instant
    open_start: bool
    open_end: bool
    baseline_rate: float
    failure_rate: float
    requests: int
    failed: int
    phases: tuple[Phase, ...]
    hosts: tuple[int, ...]
    single: str
    culprit: int
    detectability: float
    notes: tuple[str, ...]
    routes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The healthy behaviour of a signal.

    ``rate`` is failures per request (events per second for counts), ``drift_sd`` the standard deviation of its
    slow drift in log units, ``zone`` the factor up to which the rate may rise and still be healthy, ``clumping``
    the dispersion of failures (1 for independent ones).
    """

    rate: float
    drift_sd: float
    zone: float
    clumping: float
    requests: int
    failures: int


@dataclass(frozen=True, slots=True)
class Detection:
    """The baseline of one signal and its excursions in order of their start."""

    baseline: Baseline
    excursions: tuple[Excursion, ...]
