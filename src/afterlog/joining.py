"""One outage, several views: the proxy's 502s, the silence of the program behind it, the errors that it logged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from afterlog.errorlines import Burst
from afterlog.identity import stable_id
from afterlog.outage import Outage, View
from afterlog.traffic.requests import Requests
from afterlog.traffic.signals import SECOND_US, Inner, Signal

_GATEWAY: Final = (502, 503, 504)  # a server's words for "what is behind me failed"
_NEAR_US: Final = 60 * SECOND_US
_JOIN_US: Final = 180 * SECOND_US
_HOUR_US: Final = 3_600 * SECOND_US
_FEW: Final = 0.2  # of the requests due: the program behind got silent
_FAILING: Final = 0.1
_BY_PROXY: Final = 0.9  # of the requests come from one or two addresses
_LEAST_LINES: Final = 20  # of a burst that is an outage by itself
_LEAST_FACTOR: Final = 10.0
_LEAST_US: Final = 60 * SECOND_US


def see_inside(outage: Outage, signal: Signal) -> Outage:
    """Add what the inner views of the same requests show in the outage's interval."""
    views = tuple(view for inner in signal.inner if (view := _inside(outage, inner)))
    return replace(outage, views=(*outage.views, *views))


def _inside(outage: Outage, inner: Inner) -> View | None:
    low, high, before, begin = np.searchsorted(
        inner.time, (outage.first_us, outage.last_us + 1, outage.first_us - _HOUR_US, inner.time[0])
    )
    length = max(outage.last_us - outage.first_us, SECOND_US)
    span = min(_HOUR_US, outage.first_us - int(inner.time[begin]))
    count, failed = int(high - low), int(np.count_nonzero(inner.failed[low:high]))
    due = (low - before) * length / span if span > 0 else 0.0
    if due >= 5 and count < _FEW * due:
        kind = "silence"
    elif count:
        kind = "errors" if failed > _FAILING * count else "healthy"
    else:
        return None
    return View(inner.source, kind, outage.first_us, outage.last_us, count, failed, None)


def join_silences(outages: Sequence[Outage]) -> list[Outage]:
    """Make one outage of failures and a silence of the same service that follow each other within three minutes."""
    kept = sorted(outages, key=lambda one: (one.start.time_us, one.end.time_us))
    while pair := next((p for p in _following(kept) if _belong(*p)), None):
        kept = [_joined(*pair) if one is pair[0] else one for one in kept if one is not pair[1]]
    return kept


def _following(outages: Sequence[Outage]) -> Iterator[tuple[Outage, Outage]]:
    """Give each outage with the next one of the same service and make: failures or silence, for everybody."""
    for i, one in enumerate(outages):
        following = (o for o in outages[i + 1 :] if o.service == one.service and not o.single)
        other = next(following, None)
        if other is not None and not one.single:
            yield one, other


def _belong(one: Outage, other: Outage) -> bool:
    kinds = {one.kind, other.kind}
    silent = "silence" in kinds or any(view.kind == "silence" and view.what == one.service for view in one.views)
    near = other.start.time_us - one.end.time_us < _JOIN_US
    return silent and "client-errors" not in kinds and near and not (one.open_end or other.open_start)


def _joined(one: Outage, other: Outage) -> Outage:
    """Give the two as one: the figures of what failed, the boundaries of both, the silence as a view."""
    last = max(one, other, key=lambda part: part.end.time_us)
    failing = [part for part in (one, other) if part.kind == "errors"]
    silent = [part for part in (one, other) if part.kind == "silence"]
    base = failing[0] if failing else one
    views = [View(s.service, "silence", s.start.time_us, s.end.time_us, 0, 0, s.first) for s in silent]
    requests, failed = (sum(part.requests for part in failing), sum(part.failed for part in failing))
    return replace(
        base,
        level="outage" if "outage" in (one.level, other.level) else base.level,
        hosts=tuple(sorted({*one.hosts, *other.hosts})),
        start=one.start, open_start=one.open_start, first_us=one.first_us, first=one.first,
        end=last.end, open_end=last.open_end, last_us=max(one.last_us, other.last_us),
        last=last.last or one.last or other.last, recovered=last.recovered,
        requests=requests, failed=failed, failure_rate=failed / requests if requests else base.failure_rate,
        clients=max(one.clients, other.clients), phases=(*one.phases, *other.phases),
        views=(*one.views, *other.views, *(views if failing else ())),
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
    )  # fmt: skip


def join_services(outages: Sequence[Outage], signals: Sequence[Signal]) -> list[Outage]:
    """Make an outage of what is behind another service a view of that service's outage in the same interval."""
    requests = {signal.service: signal.requests for signal in signals}
    kept = list(outages)
    for inner in sorted(outages, key=lambda one: one.last_us - one.first_us):
        for outer in kept:
            if _is_seen_by(inner, outer, requests):
                view = View(
                    inner.service, inner.kind, inner.start.time_us, inner.end.time_us, inner.requests, inner.failed,
                    inner.first,
                )  # fmt: skip
                kept = [replace(one, views=(*one.views, view)) if one is outer else one for one in kept]
                kept = [one for one in kept if one is not inner]
                break
    return kept


def _is_seen_by(inner: Outage, outer: Outage, requests: dict[str, Requests]) -> bool:
    """Tell whether the outer service failed because the inner one did: same time, and the one asks the other."""
    if inner is outer or inner.service == outer.service or inner.single or outer.single:
        return False
    if inner.views and any(view.kind != "healthy" for view in inner.views) and not outer.views:
        return False  # it has been the outer one of others
    if not _same_time(inner, outer) or outer.kind != "errors" or inner.kind == "client-errors":
        return False
    asked, asks = requests[inner.service], requests[outer.service]
    servers = {name.rpartition(":")[0] or name for name in asks.names.upstream} | set(asks.names.upstream)
    hosts = {asked.names.host[code] for code in np.unique(asked.host) if code >= 0}
    if asks.upstream.max(initial=-1) >= 0 and hosts & servers:
        return True
    own = {asks.names.host[code] for code in np.unique(asks.host) if code >= 0}
    names_none = bool(asks.upstream.max(initial=-1) < 0)
    if names_none and _asked_by_few(asked) and not _asked_by_few(asks):
        return True
    rows = asks.within(outer.first_us, outer.last_us)
    bad = asks.status[rows][asks.failed[rows]]
    return bool(hosts & own) and len(bad) > 0 and float(np.isin(bad, _GATEWAY).mean()) > 0.5


def _asked_by_few(requests: Requests) -> bool:
    """Tell whether nearly all requests come from one or two addresses: those of a proxy."""
    known = requests.client[requests.client >= 0]
    return len(known) > 0 and int(np.sort(np.bincount(known))[-2:].sum()) >= _BY_PROXY * len(known)


def _same_time(one: Outage, other: Outage) -> bool:
    common = min(one.end.high_us, other.end.high_us) - max(one.start.low_us, other.start.low_us)
    longer = max(one.end.time_us - one.start.time_us, other.end.time_us - other.start.time_us)
    return common >= longer / 2


def join_bursts(outages: list[Outage], signals: Sequence[Signal], bursts: Sequence[Burst]) -> list[Outage]:
    """Make bursts of error lines views of the outages they fall into; where no requests could tell, outages."""
    kept = list(outages)
    alone: list[Burst] = []
    for burst in bursts:
        shared = [(_common(outage, burst), -i) for i, outage in enumerate(kept) if not outage.single]
        most, index = max(shared, default=(0, 0))
        if most * 2 >= burst.last_us - burst.first_us and most > 0:
            lines = burst.excursion.failed
            view = View(burst.service, "error-lines", burst.first_us, burst.last_us, 0, lines, burst.first)
            kept[-index] = replace(kept[-index], views=(*kept[-index].views, view))
        elif not _is_refuted(burst, signals) and _is_grave(burst):
            alone.append(burst)
    return kept + [_outage_of(burst) for burst in alone]


def _common(outage: Outage, burst: Burst) -> int:
    return min(outage.end.high_us + _NEAR_US, burst.last_us) - max(outage.start.low_us - _NEAR_US, burst.first_us) + 1


def _is_refuted(burst: Burst, signals: Sequence[Signal]) -> bool:
    """Tell whether requests to the same machine or service in the interval show that users were served."""
    for signal in signals:
        requests = signal.requests
        names = {requests.names.server[code] for code in np.unique(requests.server) if code >= 0}
        names |= {requests.names.host[code] for code in np.unique(requests.host) if code >= 0}
        same = signal.service == burst.service or (names & set(burst.hosts))
        if same and signal.stream.start_us <= burst.last_us and burst.first_us < signal.stream.end_us:
            return True
    return False


def _is_grave(burst: Burst) -> bool:
    found = burst.excursion
    usual = _LEAST_FACTOR * burst.baseline.rate
    long = burst.last_us - burst.first_us >= _LEAST_US
    return found.failed >= _LEAST_LINES and long and found.failure_rate >= usual and not burst.one_client


def _outage_of(burst: Burst) -> Outage:
    found = burst.excursion
    return Outage(
        id=stable_id("outage", "error-lines", burst.service, burst.first_us),
        kind="errors", level=found.level, service=burst.service, hosts=burst.hosts, start=found.start, end=found.end,
        open_start=found.open_start, open_end=found.open_end, baseline=burst.baseline, failure_rate=found.failure_rate,
        requests=0, failed=found.failed, clients=0, phases=(), single="",
        notes=("told by lines of level error; rates are lines per second", *found.notes), first_us=burst.first_us,
        last_us=burst.last_us, first=burst.first, last=burst.last, recovered=None, detectability=found.detectability,
    )  # fmt: skip
