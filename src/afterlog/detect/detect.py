"""All steps for one service: errors, client errors, silence; single culprits set apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from afterlog.detect.describe import cuts_of, describe
from afterlog.detect.ends import Signal, find_ends
from afterlog.detect.group import BLIP_US, Candidate
from afterlog.detect.hosts import MOST_HOSTS, clock_offsets, failing_hosts, known_hosts
from afterlog.detect.levels import levels_above
from afterlog.detect.noise import hopeless, scanners
from afterlog.detect.result import Baseline, Detection, Excursion, Kind
from afterlog.detect.routes import REST, failing_routes, most_failing, unusual
from afterlog.detect.search import Found, search
from afterlog.detect.silence import find_silences
from afterlog.detect.single import Single, find_single
from afterlog.detect.special import divergence
from afterlog.detect.stream import SECOND, Codes, Flags, Stream, prepare

_MOST_SINGLES = 6
_MOST_PIECES = 8
_LEAST_FAILURES = 3
_CLIENT_ERROR_RATE = 0.3
_LEAST_EVENTS = 100  # of a host or a route
_ROUTE_NATS = 20.0
_LONG_US = 1_800 * SECOND
_BELOW = 0.75
_MOST_OF_IT = 0.5  # of the requests: routes that are more are the service


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


def _part(stream: Stream, failed: Flags, kind: Kind, whole: Baseline | None = None) -> _Part:
    found = search(stream.time_us, failed, stream.start_us, stream.end_us, whole=whole, strictness=stream.strictness)
    return _Part(stream, failed, found, kind)


def detect(stream: Stream) -> Detection:
    """Return the baseline and the excursions of one service's requests.

    Baseline, drift, clumping, levels, groups, single culprits, silence, hosts, boundaries, ramps. Pure and
    deterministic; no events give no excursions.
    """
    ready = prepare(stream)
    failed = np.asarray(ready.failed, dtype=bool)
    lost = hopeless(ready, failed)
    noise = scanners(ready, failed) | lost
    measured = ready.take(~noise) if np.any(noise) else ready
    baseline, errors = _errors(measured, np.asarray(measured.failed, dtype=bool))
    alone, refused = _strip(ready, np.asarray(ready.client_error, dtype=bool) & ~failed, "client-errors")
    client = _describe_all(refused)
    client = [e for e in client if not _overlaps(e, errors)]
    client = [e for e in [*client, *alone] if e.failure_rate >= _CLIENT_ERROR_RATE]
    found = [*errors, *client, *find_silences(ready.take(~lost) if np.any(lost) else ready)]
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
        part = _part(moved, moved_failed, "errors")
    found = _describe_all(part)
    found += _hidden(part, found)
    notes = tuple(f"clock of host {h} is {o / SECOND:+.0f} s off: corrected" for h, o in sorted(offsets.items()))
    found = [replace(e, notes=(*e.notes, *notes)) for e in found]
    return part.found.baseline, singles + found


def _strip(stream: Stream, failed: Flags, kind: Kind) -> tuple[list[Excursion], _Part]:
    """Return the excursions that vanish without one client or signature, and what is left without those."""
    singles: list[Excursion] = []
    part = _part(stream, failed, kind)
    for _ in range(_MOST_SINGLES):
        suspects = [(c, r) for whole, r in part.rooms() for c in _pieces(whole)]
        labelled = [(c, r, find_single(part.stream, part.failed, c, part.found.baseline)) for c, r in suspects]
        culprits = [(c, r, s) for c, r, s in labelled if s is not None]
        if not culprits:
            break
        singles += [_single(part, c, r, s) for c, r, s in culprits]
        keep = ~np.logical_or.reduce([s.events for *_, s in culprits])
        part = _part(part.stream.take(keep), part.failed[keep], kind)
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
    out: list[Excursion] = []
    for candidate, room in part.rooms():
        for excursion in _describe_one(part, candidate, room):
            # boundaries may find that a faint candidate holds nothing
            if excursion.failed < _LEAST_FAILURES or _is_drift(part, excursion) or _overlaps(excursion, out):
                continue
            out.append(excursion)
    return out


def _is_drift(part: _Part, excursion: Excursion) -> bool:
    """Tell whether a long excursion as a whole stays clearly below the lowest level that was looked for."""
    length = excursion.end.time_us - excursion.start.time_us
    lowest = float(levels_above(part.found.baseline)[0])
    whole = not (excursion.hosts or excursion.routes)
    return whole and length > _LONG_US and excursion.failure_rate < _BELOW * lowest


def _describe_one(part: _Part, candidate: Candidate, room: tuple[int, int]) -> list[Excursion]:
    """Return a candidate's excursion, or those of the only hosts or routes that failed in it, as these show them."""
    inside = slice(candidate.first, candidate.last)
    failed = part.failed[inside]
    for what, codes in (("hosts", part.stream.host), ("routes", part.stream.route)):
        if codes is None:
            continue
        within = codes[inside] if what == "hosts" else most_failing(codes[inside], failed)
        those = failing_hosts(within, failed, part.found.baseline)
        if not those or REST in those or (what == "routes" and np.mean(np.isin(within, those)) > _MOST_OF_IT):
            continue
        note = f"only {what} {', '.join(map(str, those))} failed; the others were healthy"
        own = _only(part, codes, those)
        if not own.found.healthy.known:
            continue  # it is where failures are counted (a proxy that found no server), not what failed
        span = (int(part.stream.time_us[candidate.first]), int(part.stream.time_us[candidate.last - 1]) + 1)
        found = [_on_whole(part, own, c, r, note) for c, r in own.rooms() if _touches(own, c, span)]
        if found:
            return [_named(e, what, those) for e in found]
    return [describe(part.signal, candidate, room)]


def _named(excursion: Excursion, what: str, codes: tuple[int, ...]) -> Excursion:
    return replace(excursion, hosts=codes) if what == "hosts" else replace(excursion, routes=codes)


def _only(part: _Part, codes: Codes, wanted: tuple[int, ...]) -> _Part:
    """Return the part of some hosts or routes, searched with the whole's baseline as prior."""
    mask = codes == wanted[0] if len(wanted) == 1 else np.isin(codes, wanted)
    return _part(part.stream.take(mask), part.failed[mask], part.kind, part.found.baseline)


def _touches(part: _Part, candidate: Candidate, span: tuple[int, int]) -> bool:
    time = part.stream.time_us
    return int(time[candidate.first]) < span[1] and span[0] <= int(time[candidate.last - 1])


def _on_whole(part: _Part, own: _Part, candidate: Candidate, room: tuple[int, int], note: str) -> Excursion:
    """Return the excursion of some hosts' or routes' candidate, its requests and phases counted over the service."""
    signal = own.signal
    ends = find_ends(signal, cuts_of(signal, candidate), room)
    edges = np.searchsorted(part.stream.time_us, (ends.start.instant.time_us, ends.end.instant.time_us))
    first, last = int(edges[0]), int(edges[1])
    if last <= first:
        return describe(signal, candidate, room, ends)
    found = describe(part.signal, Candidate(first, last, ()), (0, part.failed.size), ends)
    inside = own.failed[candidate.first : candidate.last]
    share = f"{np.count_nonzero(inside)} of {inside.size} requests failed on them"
    return replace(found, notes=(*found.notes, note, share))


def _hidden(part: _Part, known: list[Excursion]) -> list[Excursion]:
    """Return the excursions of single hosts, then of single routes, that the whole does not show."""
    hosts = known_hosts(part.stream.host)
    out = _of_each(part, known, "hosts", part.stream.host, hosts) if 2 <= len(hosts) <= MOST_HOSTS else []
    if part.stream.route is not None:
        routes = failing_routes(part.stream.route, part.failed, _LEAST_EVENTS)
        out += _of_each(part, [*known, *out], "routes", part.stream.route, routes)
    return out


def _of_each(part: _Part, known: list[Excursion], what: str, codes: Codes, each: list[int]) -> list[Excursion]:
    out: list[Excursion] = []
    outside = np.ones(part.failed.size, dtype=bool)
    for one in known:
        outside[slice(*np.searchsorted(part.stream.time_us, (one.start.low_us, one.end.high_us)))] = False
    for code in unusual(part.stream.time_us[outside], part.failed[outside], codes[outside], each):
        mask = codes == code
        if np.count_nonzero(mask) < _LEAST_EVENTS or not np.any(part.failed[mask]):
            continue
        own = _only(part, codes, (code,))
        for candidate, room in own.rooms():
            if find_single(own.stream, own.failed, candidate, own.found.baseline) is not None:
                continue
            if what == "routes" and _surprise(own, candidate) < _ROUTE_NATS + 2 * math.log(len(each)):
                continue
            excursion = _named(_on_whole(part, own, candidate, room, f"seen on {what} {code} alone"), what, (code,))
            # what one route does from the first request to the last is what it is like, and no outage
            always = what == "routes" and excursion.open_start and excursion.open_end
            if excursion.failed < _LEAST_FAILURES or always:
                continue
            if not _overlaps(excursion, known) and not _overlaps(excursion, out):
                out.append(excursion)
    return out


def _surprise(part: _Part, candidate: Candidate) -> float:
    """Return the nats by which a candidate's counts speak against the baseline's zone."""
    n, k = candidate.last - candidate.first, int(np.count_nonzero(part.failed[candidate.first : candidate.last]))
    base = part.found.baseline
    return n * divergence(k / n, min(base.zone * base.rate, 0.9)) / base.clumping


def _offsets(part: _Part) -> dict[int, int]:
    """Return the hosts with a wrong clock and their offsets in microseconds, by the first excursion that shows it."""
    if not 3 <= len(known_hosts(part.stream.host)) <= MOST_HOSTS:
        return {}
    time = part.stream.time_us
    for candidate in part.found.candidates:
        a, b = int(time[candidate.first]), int(time[candidate.last - 1])
        if b - a < BLIP_US:
            continue
        margin = max(2 * (b - a), 4000 * SECOND)
        window = (max(a - margin, part.stream.start_us), min(b + margin, part.stream.end_us))
        found = clock_offsets(time, part.failed, part.stream.host, window, (a, b), part.found.baseline)
        if found:
            return found
    return {}


def _overlaps(one: Excursion, others: list[Excursion]) -> bool:
    return any(o.start.time_us < one.end.time_us and one.start.time_us < o.end.time_us and not o.single for o in others)
