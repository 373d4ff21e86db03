"""All steps for one service: errors, client errors, silence; single culprits set apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from afterlog.detect.describe import cuts_of, describe
from afterlog.detect.ends import Ends, Signal, find_ends
from afterlog.detect.group import Candidate
from afterlog.detect.hosts import MOST_HOSTS, clock_offsets, failing_hosts, known_hosts
from afterlog.detect.noise import scanners
from afterlog.detect.result import Baseline, Detection, Excursion, Kind
from afterlog.detect.search import Found, search
from afterlog.detect.silence import find_silences
from afterlog.detect.single import Single, find_single
from afterlog.detect.stream import SECOND, Flags, Stream, prepare

_MOST_SINGLES = 6
_MOST_PIECES = 8
_CLIENT_ERROR_RATE = 0.3
_LEAST_HOST_EVENTS = 100


@dataclass(frozen=True, slots=True)
class _Part:
    """The events that are left of a stream after single culprits were subtracted, and what was found in them."""

    stream: Stream
    failed: Flags
    found: Found
    kind: Kind

    @property
    def signal(self) -> Signal:
        s = self.stream
        return Signal(self.kind, s.time_us, self.failed, s.start_us, s.end_us, s.resolution_us, self.found.baseline)

    def rooms(self) -> list[tuple[Candidate, tuple[int, int]]]:
        """Return each candidate with the events that belong to no other."""
        candidates = self.found.candidates
        ends = [0, *(c.last for c in candidates[:-1])]
        starts = [*(c.first for c in candidates[1:]), self.failed.size]
        return [(c, (a, b)) for c, a, b in zip(candidates, ends, starts, strict=False)]


def detect(stream: Stream) -> Detection:
    """Return the baseline and the excursions of one service's requests.

    Baseline, drift, clumping, levels, groups, single culprits, silence, hosts, boundaries, ramps. Pure and
    deterministic; no events give no excursions.
    """
    ready = prepare(stream)
    failed = np.asarray(ready.failed, dtype=bool)
    sound = ~scanners(ready, failed)
    baseline, errors = _errors(ready.take(sound), failed[sound])
    alone, refused = _strip(ready, np.asarray(ready.client_error, dtype=bool) & ~failed, "client-errors")
    client = _describe_all(refused)
    client = [e for e in client if not _overlaps(e, errors)]
    client = [e for e in [*client, *alone] if e.failure_rate >= _CLIENT_ERROR_RATE]
    found = [*errors, *client, *find_silences(ready)]
    found.sort(key=lambda e: (e.start.time_us, e.end.time_us, e.kind))
    return Detection(baseline, tuple(found))


def _errors(stream: Stream, failed: Flags) -> tuple[Baseline, list[Excursion]]:
    singles, part = _strip(stream, failed, "errors")
    offsets = _offsets(part)
    if offsets:
        shifted = part.stream.time_us.copy()
        for host, offset in offsets.items():
            shifted[part.stream.host == host] -= offset
        order = np.argsort(shifted, kind="stable")
        moved = replace(part.stream.take(order), time_us=shifted[order])
        moved_failed = part.failed[order]
        part = _Part(moved, moved_failed, search(shifted[order], moved_failed, stream.start_us, stream.end_us), "errors")
    found = _describe_all(part)
    found += _host_only(part, found)
    notes = tuple(f"clock of host {h} is {o / SECOND:+.0f} s off: corrected" for h, o in sorted(offsets.items()))
    found = [replace(e, notes=(*e.notes, *notes)) for e in found]
    return part.found.baseline, singles + found


def _strip(stream: Stream, failed: Flags, kind: Kind) -> tuple[list[Excursion], _Part]:
    """Return the excursions that vanish without one client or signature, and what is left without those."""
    singles: list[Excursion] = []
    part = _Part(stream, failed, search(stream.time_us, failed, stream.start_us, stream.end_us), kind)
    for _ in range(_MOST_SINGLES):
        suspects = [(c, r) for whole, r in part.rooms() for c in _pieces(whole)]
        labelled = [(c, r, find_single(part.stream, part.failed, c, part.found.baseline)) for c, r in suspects]
        culprits = [(c, r, s) for c, r, s in labelled if s is not None]
        if not culprits:
            break
        singles += [_single(part, c, r, s) for c, r, s in culprits]
        keep = ~np.logical_or.reduce([s.events for *_, s in culprits])
        rest, rest_failed = part.stream.take(keep), part.failed[keep]
        part = _Part(rest, rest_failed, search(rest.time_us, rest_failed, stream.start_us, stream.end_us), kind)
    return singles, part


def _pieces(candidate: Candidate) -> list[Candidate]:
    """Return the candidate and, if it was joined from several, its runs, each of which may have its own culprit."""
    runs = candidate.runs if 1 < len(candidate.runs) <= _MOST_PIECES else ()
    return [candidate, *(Candidate(r.first, r.last, (r,)) for r in runs if r.last - r.first >= 10)]


def _single(part: _Part, candidate: Candidate, room: tuple[int, int], single: Single) -> Excursion:
    excursion = describe(part.signal, candidate, room)
    note = f"vanishes without one {single.what}"
    return replace(excursion, single=single.what, culprit=single.culprit, notes=(*excursion.notes, note))


def _describe_all(part: _Part) -> list[Excursion]:
    return [_describe_one(part, c, r) for c, r in part.rooms()]


def _describe_one(part: _Part, candidate: Candidate, room: tuple[int, int]) -> Excursion:
    inside = slice(candidate.first, candidate.last)
    hosts = failing_hosts(part.stream.host[inside], part.failed[inside], part.found.baseline)
    if not hosts:
        return describe(part.signal, candidate, room)
    found = describe(part.signal, candidate, room, _ends_on(part, hosts, candidate, room))
    note = f"only hosts {', '.join(map(str, hosts))} failed; the others were healthy"
    return replace(found, hosts=hosts, notes=(*found.notes, note))


def _ends_on(part: _Part, hosts: tuple[int, ...], candidate: Candidate, room: tuple[int, int]) -> Ends | None:
    """Return the boundaries as the failing hosts alone show them."""
    mask = np.isin(part.stream.host, hosts)
    before = np.concatenate(([0], np.cumsum(mask, dtype=np.int64)))
    own = Candidate(int(before[candidate.first]), int(before[candidate.last]), ())
    if own.last - own.first < 1:
        return None
    signal = replace(part.signal, time=part.stream.time_us[mask], failed=part.failed[mask])
    return find_ends(signal, cuts_of(signal, own), (int(before[room[0]]), int(before[room[1]])))


def _host_only(part: _Part, known: list[Excursion]) -> list[Excursion]:
    """Return the excursions of single hosts that the whole does not show."""
    hosts = known_hosts(part.stream.host)
    if not 2 <= len(hosts) <= MOST_HOSTS:
        return []
    out: list[Excursion] = []
    for host in hosts:
        mask = part.stream.host == host
        failed = part.failed[mask]
        if failed.size < _LEAST_HOST_EVENTS or not np.any(failed):
            continue
        own = part.stream.take(mask)
        found = search(own.time_us, failed, own.start_us, own.end_us, whole=part.found.baseline)
        one = _Part(own, failed, found, "errors")
        for candidate, room in one.rooms():
            if find_single(own, failed, candidate, found.baseline) is not None:
                continue
            excursion = describe(one.signal, candidate, room)
            if not _overlaps(excursion, known) and not _overlaps(excursion, out):
                note = f"seen on host {host} alone"
                out.append(replace(excursion, hosts=(host,), notes=(*excursion.notes, note)))
    return out


def _offsets(part: _Part) -> dict[int, int]:
    """Return the hosts with a wrong clock and their offsets in microseconds, by the first excursion that shows it."""
    if not 3 <= len(known_hosts(part.stream.host)) <= MOST_HOSTS:
        return {}
    time = part.stream.time_us
    for candidate in part.found.candidates:
        a, b = int(time[candidate.first]), int(time[candidate.last - 1])
        margin = max(2 * (b - a), 1800 * SECOND)
        window = (max(a - margin, part.stream.start_us), min(b + margin, part.stream.end_us))
        found = clock_offsets(time, part.failed, part.stream.host, window, (a, b), part.found.baseline.rate)
        if found:
            return found
    return {}


def _overlaps(one: Excursion, others: list[Excursion]) -> bool:
    return any(
        o.start.time_us < one.end.time_us and one.start.time_us < o.end.time_us and not o.single for o in others
    )
