"""Clients that are no measure of the service: refused, or failing, at any time."""

from __future__ import annotations

import numpy as np

from afterlog.detect.stream import Codes, Flags, Stream

_LEAST_REQUESTS = 10
_REFUSED = 0.8
_MOST = 0.5  # of all requests that may be set aside
_FEW = 0.1  # of all clients, whose requests may be more than that
_PARTS = 8  # of the window, in six of which a client that always fails is seen to
_SEEN_IN = 6
_FAILS = 0.9
_MOST_HOPELESS = 0.2  # of all requests


def scanners(stream: Stream, failed: Flags, *, calm: Flags | None = None) -> Flags:
    """Return the mask (n,) of events by clients with >= 10 requests of which >= 80 % of the unfailed ones are 4xx.

    Such a client's refusals would count as healthy requests during an outage, and its failures as the service's.
    Clients are judged by the events of the mask ``calm``, (n,), all by default. Nothing is set aside if that were more
    than half of the requests, unless these are a few clients' among many.
    """
    every = stream.client >= 0
    known = every if calm is None else every & calm
    refused = stream.client_error & known
    if not np.any(refused):
        return np.zeros(known.size, dtype=bool)
    codes = np.where(every, stream.client, 0)
    size = int(codes.max()) + 1
    requests = np.bincount(codes[known], minlength=size)
    unfailed = np.bincount(codes[known & ~failed], minlength=size)
    bad = np.bincount(codes[refused], minlength=size)
    suspect = (requests >= _LEAST_REQUESTS) & (bad > 0) & (bad >= _REFUSED * unfailed)
    mask: Flags = suspect[codes] & every
    few = np.count_nonzero(suspect) <= _FEW * np.count_nonzero(requests)
    return mask if few or np.count_nonzero(mask) <= _MOST * known.size else np.zeros_like(mask)


def hopeless(stream: Stream, failed: Flags) -> Flags:
    """Return the mask (n,) of events by clients that fail all the time: a forgotten job, a broken monitor.

    Such a client has >= 10 requests of which >= 90 % fail, in at least six eighths of the window. Where traffic is low,
    it is most of the failures and hides what happens to others. Nothing is set aside if that were more than a fifth of
    the requests: then the service fails all the time.
    """
    none: Flags = np.zeros(failed.size, dtype=bool)
    lost = failed & (stream.client >= 0)
    if not np.any(lost):
        return none
    codes: Codes = np.where(stream.client >= 0, stream.client, 0)
    size = int(codes.max()) + 1
    known = stream.client >= 0
    requests, failures = (np.bincount(codes[which], minlength=size) for which in (known, lost))
    suspect = (requests >= _LEAST_REQUESTS) & (failures >= _FAILS * requests)
    theirs = np.flatnonzero(suspect[codes] & known)
    if not theirs.size or theirs.size > _MOST_HOPELESS * failed.size:
        return none
    part = (stream.time_us[theirs] - stream.start_us) * _PARTS // max(stream.end_us - stream.start_us, 1)
    seen = np.zeros((_PARTS, size), dtype=bool)
    seen[part, codes[theirs]] = True
    mask: Flags = (seen.sum(axis=0) >= _SEEN_IN)[codes] & suspect[codes] & known
    return mask
