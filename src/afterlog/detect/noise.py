"""Clients that are no measure of the service: scanners, whose requests are refused at any time."""

from __future__ import annotations

import numpy as np

from afterlog.detect.stream import Flags, Stream

_LEAST_REQUESTS = 10
_REFUSED = 0.8
_MOST = 0.5  # of all requests that may be set aside


def scanners(stream: Stream, failed: Flags, *, calm: Flags | None = None) -> Flags:
    """Return the mask (n,) of events by clients with >= 10 requests of which >= 80 % of the unfailed ones are 4xx.

    Such a client's refusals would count as healthy requests during an outage, and its failures as the service's.
    Clients are judged by the events of the mask ``calm``, (n,), all by default. Nothing is set aside if that were more
    than half of the requests.
    """
    every = stream.client >= 0
    known = every if calm is None else every & calm
    refused = stream.client_error & known
    if not np.any(refused):
        return np.zeros(known.size, dtype=bool)
    codes = np.where(every, stream.client, 0).astype(np.int64)
    size = int(codes.max()) + 1
    requests = np.bincount(codes[known], minlength=size)
    unfailed = np.bincount(codes[known & ~failed], minlength=size)
    bad = np.bincount(codes[refused], minlength=size)
    suspect = (requests >= _LEAST_REQUESTS) & (bad > 0) & (bad >= _REFUSED * unfailed)
    mask: Flags = suspect[codes] & every
    return mask if np.count_nonzero(mask) <= _MOST * known.size else np.zeros_like(mask)
