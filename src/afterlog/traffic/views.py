"""Views: the same user request seen by the proxy and by the web server behind it.

Two sources see the same requests when the proxy names the other's host as the server that answered, or when, for
requests of the one taken at even distances, the other holds one with the same method, path and status within a few
seconds. Where no server is named (nginx's and Apache's own formats name none), the same client must have asked, on one
machine, or the inner log know hardly any client but the proxy and the requests not agree as well a minute later.
Impact counts only outermost views; the inner ones tell where it failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from afterlog.detect.stream import present
from afterlog.traffic.requests import Requests

_SAMPLE: Final = 400
_TOLERANCE_US: Final = 3_000_000
_ENOUGH: Final = 0.6
_SHIFT_US: Final = 60_000_000
_BY_PROXY: Final = 0.9  # of the requests come from one or two addresses


@dataclass(frozen=True, slots=True)
class Views:
    """Which request sources are outermost, and by which outer source each inner one is seen."""

    outermost: tuple[str, ...]
    inner: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one source saw: times, keys and clients of its requests in order, its hosts, and the servers it names."""

    path: str
    time: NDArray[np.int64]
    key: NDArray[np.int64]
    client: NDArray[np.signedinteger]
    hosts: frozenset[str]
    servers: frozenset[str]


def find_views(requests: Requests) -> Views:
    """Decide for every source of requests whether another one sees the same requests further out."""
    sources = present(requests.source)
    if len(sources) == 1:
        return Views((requests.names.source[sources[0]],), {})
    seen = [_seen(requests, code) for code in sources]
    further_out = sorted(seen, key=lambda one: (-len(one.servers), -len(one.time), one.path))
    inner: dict[str, str] = {}
    for one in seen:
        outer = next((o for o in further_out if o is not one and o.path not in inner and _is_behind(one, o)), None)
        if outer is not None:
            inner[one.path] = outer.path
    return Views(tuple(one.path for one in seen if one.path not in inner), inner)


def _seen(requests: Requests, source: int) -> _Seen:
    mine = requests.source == source
    names = requests.names
    paths, methods = len(names.path) + 1, len(names.method) + 1
    key = (
        (requests.status[mine].astype(np.int64) * methods + requests.method[mine] + 1) * paths + requests.path[mine] + 1
    )
    hosts = frozenset(names.host[code] for code in present(requests.host[mine]) if code >= 0)
    servers = frozenset(names.upstream[code] for code in present(requests.upstream[mine]) if code >= 0)
    return _Seen(names.source[source], requests.time[mine], key, requests.client[mine], hosts, servers)


def _is_behind(one: _Seen, outer: _Seen) -> bool:
    """Tell whether the requests of ``one`` are those of ``outer``, seen one step further in."""
    if not outer.servers:
        return _is_behind_unnamed(one, outer)
    if len(one.servers) >= len(outer.servers):
        return False
    if one.hosts and one.hosts <= outer.servers | {server.rpartition(":")[0] for server in outer.servers}:
        return True
    return _agreeing(one, outer) >= _ENOUGH


def _is_behind_unnamed(one: _Seen, outer: _Seen) -> bool:
    """Tell the same of two logs that name no servers: the outer one has more requests, or as many.

    Two machines of a farm may well be asked for the same things: they must also not agree as well a minute later, and
    the inner one know hardly any client but the proxy, which the outer one does not.
    """
    size = (len(one.time), one.path), (len(outer.time), outer.path)
    if one.servers or not one.hosts or size[0] >= size[1]:
        return False
    on_its_machine = one.hosts == outer.hosts
    if on_its_machine and _agreeing(one, outer, same_client=True) >= _ENOUGH:
        return True
    if not _is_asked_by_a_proxy(one) or (not on_its_machine and _is_asked_by_a_proxy(outer)):
        return False
    return _agreeing(one, outer) >= max(_ENOUGH, 2 * _agreeing(one, outer, shift_us=_SHIFT_US))


def _is_asked_by_a_proxy(one: _Seen) -> bool:
    """Tell whether hardly any client asks but one or two; where no client is told, nothing speaks against it."""
    known = np.sort(np.bincount(one.client[one.client >= 0]))[::-1]
    return not known.sum() or bool(known[:2].sum() >= _BY_PROXY * len(one.time))


def _agreeing(one: _Seen, outer: _Seen, *, same_client: bool = False, shift_us: int = 0) -> float:
    """Give the share of sampled requests of ``one`` that ``outer`` holds too, within a few seconds."""
    rows = np.unique(np.linspace(0, len(one.time) - 1, min(_SAMPLE, len(one.time))).astype(int))
    at = one.time[rows] + shift_us
    low = np.searchsorted(outer.time, at - _TOLERANCE_US)
    high = np.searchsorted(outer.time, at + _TOLERANCE_US, side="right")
    found = 0
    for a, b, row in zip(low, high, rows, strict=True):
        same = outer.key[a:b] == one.key[row]
        found += bool((same & (outer.client[a:b] == one.client[row])).any() if same_client else same.any())
    return found / len(rows)
