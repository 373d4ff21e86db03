"""Availability: user-minutes, burn of an error budget, the alert that would have fired, and stability after the end.

Pure functions over the requests of one service, in the order of time. Sources of the formulas: Hauer et al.,
"Meaningful Availability", NSDI 2020 (user-minutes); Google, "The Site Reliability Workbook", chapter 5 (burn rates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from afterlog.evidence import Place
from afterlog.traffic.requests import Flags, Requests

MINUTE_US: Final = 60_000_000
CAP_US: Final = 30 * MINUTE_US
"""A client who comes back later than this had left: the rest of the gap is not counted as time without service."""
STABLE_US: Final = 30 * MINUTE_US
"""How long nothing may fail again before an outage is called resolved."""
ALERT_BURN: Final = 14.4
"""Burn rate over one hour (and over five minutes, so that it also stops) at which people are paged."""
_LONG_US: Final = 60 * MINUTE_US
_SHORT_US: Final = 5 * MINUTE_US
BUDGET_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Stability:
    """The time after the last failure: whether the service stayed up for the window, and the line that shows it."""

    time_us: int  # end of the window
    requests: int
    failed: int
    stable: bool
    place: Place | None  # the first request at or after the end of the window; None where the logs end before
    logs_end_us: int


@dataclass(frozen=True, slots=True)
class Burn:
    """What an outage cost of the error budget of 30 days.

    ``rate`` = error ratio / (1 - objective); ``share`` = rate · duration / 30 days, 1.0 for the whole budget;
    ``minutes`` = error ratio · duration, ``budget_minutes`` = (1 - objective) · 30 days, both of a total outage.
    """

    objective: float
    rate: float
    share: float
    minutes: float
    budget_minutes: float

    @property
    def severity(self) -> str:
        """Give a severity by the share of the budget: all of it, 10 %, 2 % (the workbook's limits for pages), less."""
        for level, least in (("SEV-1", 1.0), ("SEV-2", 0.10), ("SEV-3", 0.02)):
            if self.share >= least:
                return level
        return "SEV-4"


@dataclass(frozen=True, slots=True)
class Alert:
    """When a burn-rate alert would have fired: the failed request that would have set it off."""

    time_us: int
    place: Place
    failed: int  # within the last hour
    requests: int


def user_minutes(requests: Requests, bad: Flags, first_us: int, last_us: int) -> float:
    """Sum, over all clients, the time from each failure to the client's next request, at most `CAP_US` each.

    A client is without service from a first failure until the next success; counted in minutes.
    """
    known = requests.client >= 0
    order = np.lexsort((requests.time[known], requests.client[known]))
    client, time, failed = requests.client[known][order], requests.time[known][order], bad[known][order]
    if not len(time):
        return 0.0
    end = int(requests.time[-1])
    same = np.append(client[1:] == client[:-1], False)
    following = np.where(same, np.append(time[1:], end), end)
    counted = failed & (time >= first_us) & (time <= last_us)
    return float(np.minimum(following - time, CAP_US)[counted].sum()) / MINUTE_US


def stability(requests: Requests, bad: Flags, last_us: int, logs_end_us: int, usual_rate: float) -> Stability:
    """Look at the half hour after the last failure; stable means failures no more frequent than usual, or under 1 %."""
    until = last_us + STABLE_US
    rows = requests.within(last_us + 1, until)
    count, failed = rows.stop - rows.start, int(bad[rows].sum())
    later = int(np.searchsorted(requests.time, until))
    place = requests.place(later) if later < len(requests) else None
    calm = failed <= max(0.01, 2 * usual_rate) * count
    return Stability(until, count, failed, calm and place is not None, place, logs_end_us)


def burn(failed: int, requests: int, duration_us: int, objective: float) -> Burn:
    """Compare failures with what an objective such as 0.999 allows in 30 days."""
    ratio = failed / requests if requests else 0.0
    budget = 1 - objective
    length = duration_us / MINUTE_US
    whole = budget * BUDGET_DAYS * 24 * 60
    return Burn(objective, ratio / budget, ratio * length / whole, ratio * length, whole)


def first_alert(requests: Requests, bad: Flags, from_us: int, until_us: int, objective: float) -> Alert | None:
    """Find the first failed request at which both windows burn at `ALERT_BURN` times the budget; None if never."""
    limit = ALERT_BURN * (1 - objective)
    sums = np.concatenate([[0], np.cumsum(bad)])
    rows = np.flatnonzero(bad & (requests.time >= from_us) & (requests.time <= until_us))
    if not len(rows):
        return None
    burning = np.ones(len(rows), bool)
    for window in (_LONG_US, _SHORT_US):
        begin = np.searchsorted(requests.time, requests.time[rows] - window, side="right")
        burning &= (sums[rows + 1] - sums[begin]) >= limit * (rows + 1 - begin)
    if not burning.any():
        return None
    row = int(rows[np.argmax(burning)])
    since = int(np.searchsorted(requests.time, requests.time[row] - _LONG_US, side="right"))
    return Alert(int(requests.time[row]), requests.place(row), int(sums[row + 1] - sums[since]), row + 1 - since)
