"""Views: the same user request seen by the proxy and by the web server behind it.

Two sources see the same requests when, for requests of the one taken at random, the other holds one with the
same method, path and status (and client, where it sees the true one) within a few seconds. The view with the
``upstream`` column, or else the larger one, is the outer. Impact counts only outermost views.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from afterlog.case import Case
from afterlog.event import Kind

_SAMPLE: Final = 400
_TOLERANCE_US: Final = 3_000_000
_ENOUGH: Final = 0.6
_KEYS: Final = ["method", "path", "status"]
_COLUMNS: Final = ["time", "source", "host", "upstream", *_KEYS]


@dataclass(frozen=True, slots=True)
class Views:
    """Which request sources are outermost, and by which outer source each inner one is seen."""

    outermost: tuple[str, ...]
    inner: Mapping[str, str]


def find_views(case: Case) -> Views:
    """Decide for every source of requests whether another one sees the same requests further out."""
    table = case.events(_COLUMNS, pc.field("kind") == str(Kind.REQUEST))
    if not len(table):
        return Views((), {})
    frame = table.to_pandas(strings_to_categorical=True)
    frame["time"] = frame["time"].astype("int64")
    groups = {str(path): part for path, part in frame.groupby("source", observed=True)}
    proxies = {path: set(part["upstream"].dropna().unique()) for path, part in groups.items()}
    inner: dict[str, str] = {}
    for path, part in sorted(groups.items()):
        for other in sorted(groups, key=lambda name: (-len(proxies[name]), -len(groups[name]), name)):
            if other != path and other not in inner and _is_behind(part, proxies[path], groups[other], proxies[other]):
                inner[path] = other
                break
    return Views(tuple(path for path in sorted(groups) if path not in inner), inner)


def _is_behind(part: pd.DataFrame, own: set[str], outer: pd.DataFrame, servers: set[str]) -> bool:
    """Tell whether the requests of ``part`` are those of ``outer``, seen one step further in."""
    if not servers or len(own) >= len(servers):
        return False
    hosts = {str(host) for host in part["host"].dropna().unique()}
    if hosts and hosts <= {server.rpartition(":")[0] or server for server in servers} | servers:
        return True
    rows = np.unique(np.linspace(0, len(part) - 1, min(_SAMPLE, len(part))).astype(int))
    sample = part.iloc[rows][["time", *_KEYS]].drop_duplicates()
    near = sample.merge(_around(outer, sample["time"].to_numpy()), on=_KEYS, suffixes=("", "_outer"))
    close = (near["time_outer"] - near["time"]).abs() <= _TOLERANCE_US
    return len(near.loc[close, ["time", *_KEYS]].drop_duplicates()) >= _ENOUGH * len(sample)


def _around(outer: pd.DataFrame, times: np.ndarray) -> pd.DataFrame:
    """Give the outer requests within the tolerance of any of the times; ``outer`` is in time order."""
    when = outer["time"].to_numpy()
    low = np.searchsorted(when, times - _TOLERANCE_US)
    high = np.searchsorted(when, times + _TOLERANCE_US, side="right")
    rows = np.unique(np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)]))
    return outer.iloc[rows][["time", *_KEYS]]
