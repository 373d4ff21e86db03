"""Alignment: the skew between two hosts, by requests that both of them logged: a proxy and a server behind it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from afterlog.clock.judging import Pair, moved
from afterlog.clock.skew import LEAST_ANCHORS, MOST_SCATTER_S, Skew, Times, measure_matched, measure_skew, step_s

Keys = NDArray[np.int64]

_MOST_REQUESTS: Final = 60_000
_SHARED: Final = 0.3


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
    anchors = own[own_known], own_keys[own_known], theirs[other_known], other_keys[other_known]
    skew = measure_skew(*anchors) or (_few(*anchors) if host in servers else None)
    if skew is None or (host not in servers and skew.anchors < _SHARED * min(len(part), _MOST_REQUESTS)):
        return None
    return Pair(host, other, path, outer_path, moved(skew, (step_s(own) - step_s(theirs)) / 2))


def _few(own: Times, own_keys: Keys, other: Times, other_keys: Keys) -> Skew | None:
    """Measure by one or two requests, where each is the only one of its kind and they are much of what there is."""
    (mine, own_counts), (theirs, other_counts) = (
        np.unique(keys, return_counts=True) for keys in (own_keys, other_keys)
    )
    alone = np.intersect1d(mine[own_counts == 1], theirs[other_counts == 1])
    if not 0 < len(alone) < LEAST_ANCHORS or len(alone) < _SHARED * min(len(own), len(other)):
        return None
    skew = measure_matched(own, np.where(np.isin(own_keys, alone), own_keys, -1), other, other_keys)
    return skew if skew is not None and skew.mad_s <= MOST_SCATTER_S else None


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
