"""Alignment: which hosts' clocks disagree, told from requests that two hosts logged, and who of them is off.

A proxy and the server behind it log the same request. Every such pair of sources gives a measured skew between two
hosts. Hosts whose clocks agree within two seconds form a group; the largest group is believed, the others are off.
What is off by whole quarters of an hour, on a host whose lines print no zone, is a wrong zone and not a wrong clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from afterlog.clock.skew import LEAST_ANCHORS, MOST_SCATTER_S, Skew, measure_skew

_AGREE_S: Final = 2.0
_QUARTER_S: Final = 900.0
_ZONE_SLACK_S: Final = 5.0
_MOST_ZONE_S: Final = 14 * 3600
_MOST_REQUESTS: Final = 60_000
_SHARED: Final = 0.3


@dataclass(frozen=True, slots=True)
class Pair:
    """A measured skew: clock of ``host`` minus clock of ``other``, from requests of two sources."""

    host: str
    other: str
    source: str
    other_source: str
    skew: Skew


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a host's clock, and how it is known.

    ``kind`` is "clock" (apply ``skew``), "zone" (shift zone-less lines by ``zone_shift_s``, seconds east), or
    "unsure" (reported, not applied).
    """

    host: str
    kind: str
    skew: Skew
    zone_shift_s: int
    why: str


def measure_pairs(requests: pd.DataFrame) -> list[Pair]:
    """Measure every pair of a proxy and a source behind it.

    Args:
        requests: columns time (int64 microseconds), source, host, method, path, client, upstream; any order.

    """
    groups = {str(path): part for path, part in requests.groupby("source", observed=True, sort=True)}
    pairs = []
    for outer_path, outer in groups.items():
        servers = {str(server) for server in outer["upstream"].dropna().unique()}
        for path, part in groups.items() if servers else ():
            if path == outer_path or part["upstream"].notna().any():
                continue
            pair = _measure(path, part, outer_path, outer, servers)
            if pair is not None:
                pairs.append(pair)
    return pairs


def _measure(path: str, part: pd.DataFrame, outer_path: str, outer: pd.DataFrame, servers: set[str]) -> Pair | None:
    host, other = _host_of(part), _host_of(outer)
    if not host or not other or host == other:
        return None
    mine = outer[outer["upstream"].astype(object) == host] if host in servers else outer
    own_keys, other_keys = _keys(part, mine)
    own, theirs = part["time"].to_numpy(), mine["time"].to_numpy()
    own_known, other_known = own_keys >= 0, other_keys >= 0
    skew = measure_skew(own[own_known], own_keys[own_known], theirs[other_known], other_keys[other_known])
    if skew is None or (host not in servers and skew.anchors < _SHARED * min(len(part), _MOST_REQUESTS)):
        return None
    return Pair(host, other, path, outer_path, moved(skew, (_step_s(own) - _step_s(theirs)) / 2))


def _step_s(time: np.ndarray) -> float:
    """Give the step of stamps in seconds: they were cut off, and lie half of it early on average."""
    return 1.0 if not (time % 1_000_000).any() else 0.0


def _host_of(part: pd.DataFrame) -> str | None:
    names = part["host"].dropna()
    return str(names.iloc[0]) if len(names) else None


def _keys(part: pd.DataFrame, outer: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give equal numbers to what may be the same request: method, path, and the client where both sides see it.

    Of very many requests a share is kept, by the key, so that both sides keep the same ones; −1: left out.
    """
    clients = set(part["client"].dropna().unique())
    columns = ["method", "path"] + (
        ["client"] if len(clients & set(outer["client"].dropna().unique())) >= _SHARED * len(clients) > 0 else []
    )
    keys = []
    thin = max(1, min(len(part), len(outer)) // _MOST_REQUESTS)
    for frame in (part, outer):
        hashed = pd.util.hash_pandas_object(frame[columns].astype(object), index=False).to_numpy()
        number = (hashed >> np.uint64(1)).astype(np.int64)
        keys.append(np.where((number % thin == 0) & frame["path"].notna().to_numpy(), number, -1))
    return keys[0], keys[1]


def judge_clocks(pairs: Sequence[Pair], zoneless: Iterable[str]) -> list[Verdict]:
    """Decide which hosts are off; ``zoneless`` names the hosts whose zone is inferred or assumed."""
    verdicts: list[Verdict] = []
    unsettled = set(zoneless)
    for component in _components(pairs):
        offsets = _potentials(component)
        believed = _largest_group(offsets, component)
        middle = float(np.median([offsets[host] for host in believed]))
        for host in sorted(offsets):
            measured = _own_skew(host, component)
            if measured is None or (host in believed and len(measured.offsets_s) == 1):
                continue
            verdicts.append(
                _verdict(
                    host,
                    moved(measured, offsets[host] - middle - measured.offset_s),
                    component,
                    believed,
                    host in unsettled,
                )
            )
    return verdicts


def _components(pairs: Sequence[Pair]) -> list[list[Pair]]:
    left = list(pairs)
    components: list[list[Pair]] = []
    while left:
        hosts = {left[0].host, left[0].other}
        grown = True
        while grown:
            linked = [pair for pair in left if {pair.host, pair.other} & hosts]
            more = {name for pair in linked for name in (pair.host, pair.other)}
            grown, hosts = more > hosts, hosts | more
        components.append([pair for pair in left if {pair.host, pair.other} & hosts])
        left = [pair for pair in left if not {pair.host, pair.other} & hosts]
    return components


def _potentials(pairs: Sequence[Pair]) -> dict[str, float]:
    """Give each host's clock relative to that of the host with the most pairs, in seconds."""
    counts: dict[str, int] = {}
    for pair in pairs:
        for name in (pair.host, pair.other):
            counts[name] = counts.get(name, 0) + 1
    hub = min(counts, key=lambda name: (-counts[name], name))
    offsets = {hub: 0.0}
    while True:
        for pair in pairs:
            if pair.other in offsets and pair.host not in offsets:
                offsets[pair.host] = offsets[pair.other] + pair.skew.offset_s
                break
            if pair.host in offsets and pair.other not in offsets:
                offsets[pair.other] = offsets[pair.host] - pair.skew.offset_s
                break
        else:
            return offsets


def _largest_group(offsets: dict[str, float], pairs: Sequence[Pair]) -> set[str]:
    """Give the hosts whose clocks agree; of groups of equal size, the one that holds the outer views."""
    outer = {pair.other for pair in pairs}
    groups = [
        {name for name, offset in offsets.items() if abs(offset - anchor) <= _AGREE_S} for anchor in offsets.values()
    ]
    return max(groups, key=lambda group: (len(group), len(group & outer), sorted(group)))


def _own_skew(host: str, pairs: Sequence[Pair]) -> Skew | None:
    """Give the best measured skew of a host: its own pair, or, seen from the other side, the one with most anchors."""
    own = [pair.skew for pair in pairs if pair.host == host]
    turned = [_turned(pair.skew) for pair in pairs if pair.other == host]
    return max(own or turned, key=lambda skew: skew.anchors, default=None)


def _turned(skew: Skew) -> Skew:
    return replace(skew, offset_s=-skew.offset_s, offsets_s=tuple(-offset for offset in skew.offsets_s))


def moved(skew: Skew, by_s: float) -> Skew:
    """Give a skew with all its offsets changed by the same amount."""
    offsets = tuple(offset + by_s for offset in skew.offsets_s)
    return replace(skew, offset_s=skew.offset_s + by_s, offsets_s=offsets)


def _verdict(host: str, skew: Skew, pairs: Sequence[Pair], believed: set[str], unsettled: bool) -> Verdict:
    pair = max((p for p in pairs if host in (p.host, p.other)), key=lambda p: p.skew.anchors)
    basis = (
        f"{skew.anchors:,} requests that {pair.source} and {pair.other_source} both hold, scatter {skew.mad_s:.2f} s"
    )
    quarters = round(skew.offset_s / _QUARTER_S)
    whole = (
        quarters and abs(skew.offset_s - quarters * _QUARTER_S) <= _ZONE_SLACK_S and abs(skew.offset_s) <= _MOST_ZONE_S
    )
    if skew.anchors < LEAST_ANCHORS or skew.mad_s > MOST_SCATTER_S:
        return Verdict(host, "unsure", skew, 0, f"too few or too scattered: {basis}")
    if whole and unsettled and len(skew.offsets_s) == 1:
        return Verdict(
            host, "zone", skew, int(quarters * _QUARTER_S), f"aligned with {', '.join(sorted(believed))} by {basis}"
        )
    return Verdict(host, "clock", skew, 0, f"against {', '.join(sorted(believed))} by {basis}")
