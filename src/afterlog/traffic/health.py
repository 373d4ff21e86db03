"""Health checks: requests by machines that ask "are you alive?" all day, which dilute every rate."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.detect.stream import Codes, look_up, pieces
from afterlog.traffic.requests import Flags, Requests

# Names under which servers answer "am I alive?".
_NAMES: Final = (
    r"\A/(?:_?_?health(?:[-_]?checks?|z)?(?:\.html?|\.php|\.txt)?|livez|readyz|liveness|readiness|ready|alive|ping"
    r"|heartbeat|server-status|nginx_status|stub_status|haproxy\?stats|actuator/health.*)/?(?:\?.*)?\z"
)
_LEAST: Final = 30  # requests by which a client's rhythm is told
_EVEN: Final = 0.9  # of its gaps lie within a tenth, or a second and a half, of their median
_SLACK_US: Final = 1_500_000
_LONGEST_US: Final = 3_600_000_000


def health_checks(requests: Requests) -> Flags:
    """Tell which requests, (n,), are health checks: by what they ask for, or by a client's rhythm.

    A client that asks for one path only, at even intervals of up to an hour, from its first request to its last, is a
    monitor, whatever it asks for.
    """
    paths = pa.array(requests.names.path, pa.string())
    by_name = np.append(pc.match_substring_regex(paths, _NAMES).to_numpy(zero_copy_only=False), False)
    named = look_up(by_name, requests.path)
    found: Flags = named | np.isin(requests.client, _monitors(requests))
    return found


def _monitors(requests: Requests) -> list[int]:
    faithful = _faithful(requests.client, requests.path)
    if not faithful.any():
        return []
    rows = np.flatnonzero(faithful[requests.client])
    rows = rows[np.argsort(requests.client[rows], kind="stable")]
    stops = np.flatnonzero(np.diff(requests.client[rows])) + 1
    return [int(requests.client[own[0]]) for own in np.split(rows, stops) if _is_even(requests.time[own])]


def _faithful(client: Codes, path: Codes) -> Flags:
    """Tell which clients, (c + 1,), asked often enough and for one path only; the last stands for those unknown."""
    some = np.empty(int(client.max(initial=-1)) + 2, path.dtype)
    some[client] = path
    count = np.zeros(len(some), np.int64)
    for piece in pieces(len(client)):
        count += np.bincount(client[piece].astype(np.int64) + 1, minlength=len(some))
    found: Flags = np.roll(count, -1) >= _LEAST
    found[client[path != look_up(some, client)]] = False
    found[-1] = False
    return found


def _is_even(time: np.ndarray) -> bool:
    """Tell whether ascending times come at even intervals; gaps of several intervals, in an outage, are granted."""
    gaps = np.diff(time)
    usual = float(np.median(gaps))
    if not 2 * _SLACK_US < usual <= _LONGEST_US:
        return False
    near = np.abs(gaps - usual) <= max(_SLACK_US, usual / 10)
    return bool(near.mean() >= _EVEN)
