"""What is true of a simulated stream."""

from __future__ import annotations

from dataclasses import dataclass

from afterlog.detect import Stream


@dataclass(frozen=True, slots=True)
class Truth:
    """One outage ``[start_us, end_us)``; ``step`` tells whether both ends are sudden."""

    kind: str
    start_us: int
    end_us: int
    rate: float
    step: bool = True
    open_start: bool = False
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stream, its outages (none: nothing may be reported), and how it was made."""

    name: str
    family: str
    seed: int
    arrivals: float
    baseline: float
    stream: Stream
    truths: tuple[Truth, ...]
    status: object  # int16 (n,), for writing logs
    zoneless: bool = False  # the stamps are a wall clock's, to be written without an offset
