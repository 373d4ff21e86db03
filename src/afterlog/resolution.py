"""Resolution: what ended each phase of an outage, and what was tried in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from afterlog.changes import Change
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.outages import Outage, Phase, percent
from afterlog.requests import Requests
from afterlog.signals import Signal
from afterlog.statement import Text, codes, text

_REACH_US: Final = 300_000_000
_SLACK_US: Final = 45_000_000  # a restart's own log line may come after the first request that it heals


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one phase: the first request that succeeded again, on which hosts, and the change behind it."""

    outage: str
    time_us: int
    recovered: tuple[str, ...]
    change: Change | None
    final: bool
    text: Text
    places: tuple[Place, ...]


def find_endings(outage: Outage, signals: Sequence[Signal], changes: Sequence[Change]) -> list[Ending]:
    """Explain each fall of the failure rate by the last effective change on the hosts that recovered."""
    own = next((signal for signal in signals if signal.service == outage.service), None)
    if own is None or outage.open_end:
        return []
    endings: list[Ending] = []
    following: list[Phase | None] = [*outage.phases[1:], None]
    for phase, after in zip(outage.phases, following, strict=True):
        if after is not None and after.rate >= phase.rate:
            continue
        recovered = tuple(host for host in phase.hosts if after is None or host not in after.hosts)
        time_us = outage.end.time_us if after is None else after.start_us
        change = _explaining(changes, time_us, recovered or phase.hosts, outage)
        success = _first_success(own.requests, recovered, time_us)
        place = success[1] if success else outage.recovered or outage.last
        if place is None:
            continue
        places = (place, *(change.places[:1] if change else ()))
        seen_us = success[0] if success else time_us
        endings.append(
            Ending(outage.id, seen_us, recovered, change, after is None, _words(phase, after, recovered), places)
        )
    return endings


def _explaining(changes: Sequence[Change], time_us: int, hosts: tuple[str, ...], outage: Outage) -> Change | None:
    fitting = [
        change
        for change in changes
        if change.start_us > outage.start.high_us
        and change.start_us - _SLACK_US <= time_us <= change.end_us + _REACH_US
        and not change.routine
        and change.outcome not in (str(Outcome.FAILED), str(Outcome.UNCHANGED))
        and change.tool != "git"
        and (not change.hosts or set(change.hosts) & set(hosts))
    ]
    return min(fitting, key=lambda change: (abs(change.start_us - time_us), change.id), default=None)


def _words(phase: Phase, after: Phase | None, recovered: tuple[str, ...]) -> Text:
    to = 0.0 if after is None else after.rate
    words = text(f"Failures fall from {percent(phase.rate)} to {percent(to)} of requests")
    return (
        (*words, ": ", *codes(recovered), f" answer{'s' if len(recovered) == 1 else ''} again") if recovered else words
    )


def _first_success(requests: Requests, hosts: tuple[str, ...], time_us: int) -> tuple[int, Place] | None:
    """Find the first request that succeeded on the recovered hosts: when, and its line."""
    begin = int(np.searchsorted(requests.time, time_us - 1_000_000))
    good = ~requests.failed[begin:]
    if hosts:
        wanted = [code for code, name in enumerate(requests.names.server) if name in hosts]
        good &= np.isin(requests.server[begin:], wanted)
    rows = np.flatnonzero(good)
    return (int(requests.time[begin + rows[0]]), requests.place(begin + int(rows[0]))) if len(rows) else None
