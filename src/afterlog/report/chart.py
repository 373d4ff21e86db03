"""The chart's data: requests and failures of each service in even bins, outages, and changes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from afterlog.draft import Draft
from afterlog.statement import Code, Said, Text, Time, visible
from afterlog.traffic.requests import Flags
from afterlog.traffic.signals import Signal
from afterlog.writing.page import Page

_STEPS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
_BINS: Final = 4_000
_WEEK_S: Final = 7 * 86_400
_SERVICES: Final = 8
_SECOND: Final = 1_000_000
_LONGEST: Final = 200


def chart_data(draft: Draft, page: Page) -> dict[str, Any] | None:
    """Give what the chart draws, times in seconds since 1970 UTC; None where there are no requests."""
    signals = _chosen(draft)
    if not signals:
        return None
    begin = min(int(signal.requests.time[0]) for signal in signals) // _SECOND
    end = max(int(signal.requests.time[-1]) for signal in signals) // _SECOND + 1
    step = next((step for step in _STEPS_S if (end - begin) / step <= _BINS), _STEPS_S[-1])
    begin = begin // step * step
    edges = np.arange(begin, end + step, step) * _SECOND
    real = [outage for outage in draft.findings.outages if not outage.single]
    return {
        "start": begin,
        "step": step,
        "zone": str(page.clock.name(begin * _SECOND)),
        "offsets": _offsets(page, begin, end),
        "services": [
            {
                "name": shown(signal.service, page),
                "all": np.histogram(signal.requests.time, edges)[0].tolist(),
                "bad": np.histogram(signal.requests.time[_bad(signal, draft)], edges)[0].tolist(),
                "outages": [
                    {
                        "from": outage.first_us / _SECOND,
                        "to": outage.last_us / _SECOND,
                        "level": outage.level,
                        "openStart": outage.open_start,
                        "openEnd": outage.open_end,
                    }
                    for outage in real
                    if outage.service == signal.service
                ],
            }
            for signal in signals
        ],
        "marks": [
            {
                "at": entry.time_us / _SECOND,
                "to": entry.until_us / _SECOND,
                "kind": entry.kind,
                "text": flat(entry.text, page),
                "row": number,
            }
            for number, entry in enumerate(draft.timeline, 1)
        ],
    }


def _bad(signal: Signal, draft: Draft) -> Flags:
    """Tell which requests the chart shows as failed: refused ones too, where they made an outage."""
    kinds = {outage.kind for outage in draft.findings.outages if outage.service == signal.service}
    return signal.requests.failed | signal.requests.client_error if "client-errors" in kinds else signal.requests.failed


def _chosen(draft: Draft) -> list[Signal]:
    """Give the services with outages, the worst first, then the busiest."""
    failed = {outage.service: outage.failed for outage in draft.findings.outages if outage.level != "blip"}
    ranked = sorted(draft.findings.signals, key=lambda s: (-failed.get(s.service, -1), -len(s.requests), s.service))
    return ranked[:_SERVICES]


def _offsets(page: Page, begin: int, end: int) -> list[list[int]]:
    """Give the zone's offset from UTC and when it changes, in seconds."""

    def offset_at(time: int) -> int:
        offset = page.clock.at(time * _SECOND).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    found = [[begin, offset_at(begin)]]
    for time in [*range(begin + _WEEK_S, end, _WEEK_S), end]:  # no zone changes its offset twice in a week
        seconds = offset_at(time)
        if seconds == found[-1][1]:
            continue
        low, high = max(time - _WEEK_S, begin), time
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset_at(middle) == found[-1][1] else (low, middle)
        found.append([high, seconds])
    return found


def shown(raw: str, page: Page) -> str:
    """Make text from a log fit for the page; it is put there as text, never as HTML."""
    return visible(page.redactor.text(raw))[:_LONGEST]


def flat(words: Text, page: Page) -> str:
    """Give a text without marks."""
    parts = [
        shown(part.text, page)
        if isinstance(part, Code | Said)
        else str(page.moment(part.us))
        if isinstance(part, Time)
        else part
        for part in words
    ]
    return "".join(parts)
