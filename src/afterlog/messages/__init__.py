"""Messages: what programs say, kind by kind: what was new around an outage, what grew, what stopped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.case import Case
from afterlog.event import WARN_SEVERITY, Kind, Outcome
from afterlog.identity import stable_id
from afterlog.messages.mining import templates
from afterlog.messages.model import BIN_US, SECOND, Message, Window
from afterlog.messages.signs import sign_of
from afterlog.messages.tally import COLUMNS, Said, Tally, tally

__all__ = ["Message", "Window", "find_messages", "messages_of", "tally"]

_DAY_US = 86_400 * SECOND
_AFTER_US = 3 * 3600 * SECOND
_LEAST_US = 600 * SECOND


def find_messages(case: Case, windows: Sequence[Window]) -> dict[str, tuple[Message, ...]]:
    """Mine the messages of a case: for each window (an outage) all kinds of messages, the most telling first."""
    failed = (pc.field("severity") >= WARN_SEVERITY) | (pc.field("outcome") == str(Outcome.FAILED))
    where = (pc.field("kind") == str(Kind.LOG)) | ((pc.field("kind") == str(Kind.CHANGE)) & failed)
    return messages_of(tally(case.event_batches(COLUMNS, where), windows))


def messages_of(counted: Tally) -> dict[str, tuple[Message, ...]]:
    """Put counted masks together to templates, and see how each behaves around each window."""
    mask, host, bins, count = counted.table()
    names = list(counted.masks)
    by_template = templates(names)
    kinds = list(dict.fromkeys(by_template[name] for name in names))
    number = {template: n for n, template in enumerate(kinds)}
    kind_of = np.array([number[by_template[name]] for name in names], np.int64)
    kind = kind_of[mask] if len(mask) else mask
    order = np.argsort(kind, kind="stable")
    cuts = np.searchsorted(kind[order], np.arange(len(kinds) + 1))
    members: list[list[int]] = [[] for _ in kinds]
    for n, which in enumerate(kind_of.tolist()):
        members[which].append(n)
    hosts = np.array([*counted.hosts, ""], object)
    found: dict[str, tuple[Message, ...]] = {}
    for which, window in enumerate(counted.windows):
        failures = window.failures_us // BIN_US
        here = []
        for n, template in enumerate(kinds):
            rows = order[cuts[n] : cuts[n + 1]]
            cells = (bins[rows], count[rows], host[rows])
            message = _message(counted, which, template, members[n], names, cells, hosts, failures)
            if message is not None:
                here.append(message)
        found[window.id] = tuple(sorted(here, key=_telling))
    return found


_RANK = {"new": 0, "grew": 1, "stopped": 2, "constant": 3, "rare": 4}


def _telling(message: Message) -> tuple[int, float, int, str]:
    return (_RANK[message.trend], -message.correlation, -message.during, message.id)


def _message(
    counted: Tally,
    which: int,
    template: str,
    members: list[int],
    names: list[str],
    cells: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    hosts: NDArray[np.object_],
    failures: NDArray[np.int64],
) -> Message | None:
    window, (bins, count, host) = counted.windows[which], cells
    first = min((counted.first[m, -1] for m in members), key=_when)
    near = min((counted.first[m, which] for m in members if (m, which) in counted.first), key=_when, default=None)
    low, end = window.low_us // BIN_US, window.end_us // BIN_US
    covered = min((counted.begin_of_host[code] for code in np.unique(host).tolist()), default=window.low_us)
    begin_us, last_us = max(covered, window.low_us - _DAY_US), min(counted.end_us, window.end_us + _AFTER_US)
    before = int(count[(bins >= begin_us // BIN_US // 360 * 360) & (bins < low - 6)].sum())
    during_rows = (bins >= low - 6) & (bins <= end)
    after = int(count[(bins > end) & (bins <= last_us // BIN_US)].sum())
    if near is None and not before and not after:
        return None
    told = near or first
    inside = np.unique(host[during_rows])
    return Message(
        id=stable_id("message", template),
        template=template,
        sample=told.text,
        severity=max(counted.severity.get(m, 0) for m in members),
        service=told.service,
        hosts=tuple(sorted(name for name in hosts[inside].tolist() if name)),
        first_us=first.time_us,
        last_us=max(counted.last_us[m] for m in members),
        near_us=near.time_us if near else 0,
        before=before,
        during=int(count[during_rows].sum()),
        after=after,
        before_s=max(window.low_us - begin_us - 60 * SECOND, 0) / SECOND,
        during_s=max(window.end_us - window.low_us, 60 * SECOND) / SECOND,
        after_s=max(last_us - window.end_us, 0) / SECOND,
        correlation=_correlation(bins, count, failures, (low, end), (begin_us // BIN_US, last_us // BIN_US)),
        first=first.place,
        near=told.place,
        sign=next((s for m in members if (s := sign_of(names[m]))), "") or sign_of(told.text),
    )


def _when(said: Said) -> tuple[int, str, int]:
    return said.time_us, said.place.source, said.place.line


def _correlation(
    bins: NDArray[np.int64],
    count: NDArray[np.int64],
    failures: NDArray[np.int64],
    window: tuple[int, int],
    covered: tuple[int, int],
) -> float:
    """Correlate the counts with the failures over the outage and as long (ten minutes to three hours) on both sides.

    Counts are taken per bin, of 10 s or, in a long outage, coarser (about 60 of them within it), as log(1 + n);
    where the logs begin later or end earlier, so does the comparison.
    """
    low, end = window
    beside = int(min(max(end - low, _LEAST_US // BIN_US), _AFTER_US // BIN_US))
    begin, close = max(low - beside, covered[0]), min(end + beside, max(covered[1], end))
    step = max((end - low) // 60, 1)
    if not len(failures) or not len(bins) or close <= begin:
        return 0.0
    said, failed = _log_counts(bins, count, begin, close, step), _log_counts(failures, None, begin, close, step)
    if not said.std() or not failed.std():
        return 0.0
    return float(np.corrcoef(said, failed)[0, 1])


def _log_counts(
    bins: NDArray[np.int64], count: NDArray[np.int64] | None, begin: int, close: int, step: int
) -> NDArray[np.float64]:
    inside = (bins >= begin) & (bins <= close)
    weights = None if count is None else count[inside]
    return np.log1p(np.bincount((bins[inside] - begin) // step, weights, (close - begin) // step + 1))
