"""Outages: what the detector found in each service's signal, in the words of the case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from afterlog.detect import Baseline, Excursion, Instant, detect
from afterlog.detect.noise import scanners
from afterlog.detect.stream import present
from afterlog.errorlines import Burst
from afterlog.evidence import Place
from afterlog.identity import distinct_ids, stable_id
from afterlog.joining import join_bursts, join_services, join_silences, see_inside
from afterlog.outage import Outage, Phase, View, percent
from afterlog.traffic.requests import Flags, Requests, distinct
from afterlog.traffic.signals import SECOND_US, Signal

__all__ = ["Outage", "Phase", "View", "find_outages", "percent", "stated_outage"]

_GAVE_UP: Final = (499, 460)
_FAR: Final = 100_000  # requests after an outage among which the first success is looked for
_CODES: Final = re.compile(r"\b(hosts?|routes) (\d+(?:, \d+)*)")


def find_outages(signals: Sequence[Signal], bursts: Sequence[Burst] = ()) -> tuple[list[Outage], list[Signal]]:
    """Detect outages in every signal; gives them in order of start, and the signals without scanners' requests.

    What several services, or bursts of error lines, show of one outage becomes views of it.
    """
    outages: list[Outage] = []
    cleaned: list[Signal] = []
    for signal in signals:
        clean, found = _in_signal(signal)
        cleaned.append(clean)
        outages += [see_inside(_counted(outage, clean), clean) for outage in join_silences(found)]
    outages = join_bursts(join_services(outages, cleaned), cleaned, bursts)
    outages.sort(key=lambda outage: (outage.start.time_us, outage.service))
    ids = distinct_ids([outage.id for outage in outages])
    return [replace(outage, id=identity) for outage, identity in zip(outages, ids, strict=True)], cleaned


def _in_signal(signal: Signal) -> tuple[Signal, list[Outage]]:
    """Detect in one signal; its figures leave out scanners, told by what they do outside of other excursions."""
    detection = detect(signal.stream)
    calm = np.ones(len(signal.requests), bool)
    for excursion in detection.excursions:
        if not excursion.single:
            calm &= ~_during(signal.requests, excursion)
    scanning = scanners(signal.stream, signal.requests.failed, calm=calm)
    clean = signal
    if scanning.any():
        clean = replace(signal, requests=signal.requests.take(~scanning), stream=signal.stream.take(~scanning))
    found = [
        _outage(signal if excursion.single else clean, detection.baseline, excursion)
        for excursion in detection.excursions
    ]
    return clean, [replace(outage, scanned=_scanned(signal.requests, scanning, outage)) for outage in found]


def _scanned(requests: Requests, scanning: Flags, outage: Outage) -> tuple[int, int]:
    """Count what scanners asked within an outage, and how much of it failed."""
    rows = requests.within(outage.first_us, outage.last_us)
    left_out = scanning[rows]
    return int(left_out.sum()), int((left_out & requests.failed[rows]).sum())


def _during(requests: Requests, excursion: Excursion) -> Flags:
    return (requests.time >= excursion.start.low_us) & (requests.time < excursion.end.high_us)


def _outage(signal: Signal, baseline: Baseline, excursion: Excursion) -> Outage:
    requests = signal.requests
    time = requests.time
    bad = requests.client_error if excursion.kind == "client-errors" else requests.failed
    span = (time >= excursion.start.low_us) & (time <= excursion.end.high_us)
    silent = excursion.kind == "silence"
    failures = np.flatnonzero(span & bad) if not silent else np.empty(0, np.int64)
    first = requests.place(int(failures[0])) if len(failures) else _before(requests, excursion) if silent else None
    first_us = int(time[failures[0]]) if len(failures) else excursion.start.time_us
    last_us = int(time[failures[-1]]) if len(failures) else excursion.end.time_us
    inside = requests.within(first_us, last_us)
    failed = np.flatnonzero(bad[inside]) + inside.start
    count = inside.stop - inside.start
    after = np.flatnonzero(~bad[inside.stop :][:_FAR])
    began_us = int(time[_row_before(requests, excursion)]) if silent and first else first_us
    return Outage(
        id=stable_id("outage" if excursion.level != "blip" else "blip", excursion.kind, signal.service, began_us),
        kind=excursion.kind,
        level=excursion.level,
        service=signal.service,
        hosts=_servers(requests, excursion, failed),
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
        notes=tuple(_with_names(note, signal) for note in excursion.notes) + _left_out(signal),
        first_us=first_us,
        last_us=last_us,
        first=first,
        last=requests.place(int(failures[-1])) if len(failures) else None,
        recovered=requests.place(int(after[0]) + inside.stop) if len(after) else None,
        routes=tuple(signal.routes[code] for code in excursion.routes),
        detectability=excursion.detectability,
        fronted=_is_fronted(requests),
        given_up=excursion.kind == "client-errors" and _given_up(requests, failed),
    )


def _given_up(requests: Requests, failed: NDArray[np.int64]) -> bool:
    """Tell whether the clients of most failed requests went away: status 499 of nginx, 460 of Amazon's balancers."""
    return bool(len(failed) and 2 * np.count_nonzero(np.isin(requests.status[failed], _GAVE_UP)) > len(failed))


def _is_fronted(requests: Requests) -> bool:
    """Tell whether all requests were logged by one machine, and none names the server that answered it."""
    return bool(requests.upstream.max(initial=-1) < 0) and len(present(requests.host)) == 1


def _servers(requests: Requests, excursion: Excursion, failed: NDArray[np.int64]) -> tuple[str, ...]:
    """Name the servers that it is attributed to, else those with failures in it; a silence is everybody's."""
    if excursion.hosts:
        return tuple(requests.names.server[code] for code in excursion.hosts)
    if excursion.kind == "silence":
        return _names(requests, np.arange(len(requests)))
    rows = slice(int(failed[0]), int(failed[-1]) + 1) if len(failed) else slice(0, 0)
    return _failing(requests, rows, failed)


def _before(requests: Requests, silence: Excursion) -> Place | None:
    """Give the last request before a silence: what shows that it began."""
    row = _row_before(requests, silence)
    return requests.place(row) if row >= 0 else None


def _row_before(requests: Requests, silence: Excursion) -> int:
    return int(np.searchsorted(requests.time, silence.start.time_us)) - 1


def _with_names(note: str, signal: Signal) -> str:
    """Put names in the place of the detector's codes."""
    named = {"host": signal.requests.names.server, "hosts": signal.requests.names.server, "routes": signal.routes}

    def put(match: re.Match[str]) -> str:
        names = named[match[1]]
        return f"{match[1]} {', '.join(names[int(code)] for code in match[2].split(', '))}"

    return _CODES.sub(put, note)


def _left_out(signal: Signal) -> tuple[str, ...]:
    return (f"{signal.checks:,} health checks were left out",) if signal.checks else ()


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


def _counted(outage: Outage, signal: Signal) -> Outage:
    """Count what lies between first and last failure: also between the parts of which an outage was joined."""
    if outage.kind != "errors" or not any(view.what == outage.service for view in outage.views):
        return outage
    requests = signal.requests
    rows = requests.within(outage.first_us, outage.last_us)
    failed = np.flatnonzero(requests.failed[rows]) + rows.start
    count = rows.stop - rows.start
    return replace(
        outage, requests=count, failed=len(failed), failure_rate=len(failed) / max(count, 1),
        clients=distinct(requests.client[failed]),
    )  # fmt: skip


def revised(outage: Outage, start_us: int | None, end_us: int | None, signals: Sequence[Signal]) -> Outage:
    """Give an outage the start or end that a person set (UTC microseconds), and count anew what lies between.

    A moment that a person set has no spread; None leaves what was inferred.
    """
    start = outage.start if start_us is None else Instant(start_us, start_us, start_us)
    end = outage.end if end_us is None else Instant(end_us, end_us, end_us)
    first_us = outage.first_us if start_us is None else start_us
    last_us = outage.last_us if end_us is None else end_us
    words = {"start": start_us, "end": end_us}
    by_hand = tuple(f"the {name} was set by a person" for name, given in words.items() if given is not None)
    moved = replace(
        outage, start=start, end=end, first_us=first_us, last_us=last_us, notes=(*outage.notes, *by_hand),
        open_start=outage.open_start and start_us is None, open_end=outage.open_end and end_us is None,
    )  # fmt: skip
    own = next((signal for signal in signals if signal.service == outage.service), None)
    if own is None:
        return moved
    requests = own.requests
    bad = requests.client_error if outage.kind == "client-errors" else requests.failed
    rows = requests.within(first_us, last_us)
    failed = np.flatnonzero(bad[rows]) + rows.start
    after = np.flatnonzero(~bad[rows.stop :][:_FAR])
    cuts = [first_us, *(p.start_us for p in outage.phases[1:] if first_us < p.start_us <= last_us), last_us + 1]
    return replace(
        moved,
        hosts=_names(requests, failed) or outage.hosts,
        requests=rows.stop - rows.start,
        failed=len(failed),
        failure_rate=len(failed) / max(rows.stop - rows.start, 1),
        clients=distinct(requests.client[failed]),
        phases=tuple(_phase(requests, bad, a, b) for a, b in pairwise(cuts)) if outage.phases else (),
        first=requests.place(int(failed[0])) if len(failed) else outage.first,
        last=requests.place(int(failed[-1])) if len(failed) else outage.last,
        recovered=requests.place(int(after[0]) + rows.stop) if len(after) else None,
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
    return Phase(start_us, end_us, rows.stop - rows.start, len(failed), _failing(requests, rows, failed))


def _failing(requests: Requests, rows: slice, failed: NDArray[np.int64]) -> tuple[str, ...]:
    """Name the servers that failed among rows: at a quarter of the highest rate or more; all have stray failures."""
    known = requests.server[rows] >= 0
    size = len(requests.names.server)
    asked = np.bincount(requests.server[rows][known], minlength=size)
    lost = np.bincount(requests.server[failed][requests.server[failed] >= 0], minlength=size)
    rate = lost / np.maximum(asked, 1)
    return tuple(requests.names.server[code] for code in np.flatnonzero((lost > 0) & (rate >= rate.max(initial=0) / 4)))


def _names(requests: Requests, rows: NDArray[np.int64]) -> tuple[str, ...]:
    names = requests.names.server
    return tuple(names[code] for code in np.unique(requests.server[rows]) if code >= 0)
