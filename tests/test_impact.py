"""Availability figures against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from afterlog.availability import burn, first_alert, stability, user_minutes
from afterlog.traffic.requests import Names, Requests

MINUTE = 60_000_000


def requests(rows: list[tuple[float, str, int]]) -> Requests:
    """Make requests of (minute, client, status)."""
    clients = sorted({client for _at, client, _status in rows})
    time = np.array([round(at * MINUTE) for at, _client, _status in rows], np.int64)
    status = np.array([status for *_x, status in rows], np.int16)
    zero = np.zeros(len(rows), np.int32)
    return Requests(
        time=time, line=np.arange(1, len(rows) + 1), offset=np.arange(len(rows)) * 100, status=status, failed=status >= 500,
        duration=None, source=zero, host=zero, service=zero, method=zero, path=zero, upstream=zero, server=zero,
        client=np.array([clients.index(client) for _at, client, _status in rows], np.int32),
        names=Names(("log",), ("h",), ("s",), tuple(clients), ("GET",), ("/",), ("u",), ("h",)),
    )  # fmt: skip


def test_user_minutes_run_from_each_client_s_failure_to_its_next_success():
    # a: fails at 10 and 12, succeeds at 15: 5 minutes. b: fails at 11, succeeds at 13: 2. c never fails.
    made = requests(
        [
            (9, "a", 200),
            (10, "a", 500),
            (11, "b", 500),
            (12, "a", 500),
            (13, "b", 200),
            (14, "c", 200),
            (15, "a", 200),
            (60, "c", 200),
        ]
    )
    assert user_minutes(made, made.failed, 10 * MINUTE, 12 * MINUTE) == pytest.approx(5 + 2)


def test_a_client_who_leaves_counts_for_half_an_hour_and_no_longer_than_the_logs():
    # a comes back after 90 minutes: 30 count. b never comes back, and the logs end 10 minutes later: 10 count.
    made = requests([(0, "a", 500), (90, "a", 200), (100, "b", 500), (110, "c", 200)])
    assert user_minutes(made, made.failed, 0, 100 * MINUTE) == pytest.approx(30 + 10)


def test_burn_is_the_error_ratio_over_what_the_objective_allows():
    # half of all requests fail for 60 minutes; 99.9 % allows 0.1 %: 500 times too fast, 30 of 43.2 minutes
    cost = burn(50, 100, 60 * MINUTE, 0.999)
    assert cost.rate == pytest.approx(500)
    assert (cost.minutes, cost.budget_minutes) == (pytest.approx(30), pytest.approx(43.2))
    assert cost.share == pytest.approx(30 / 43.2)
    assert cost.severity == "SEV-2"


@pytest.mark.parametrize(
    ("minutes", "severity"),
    [(44, "SEV-1"), (43, "SEV-2"), (4.4, "SEV-2"), (4.2, "SEV-3"), (0.9, "SEV-3"), (0.8, "SEV-4")],
)
def test_severity_follows_the_share_of_the_budget(minutes, severity):
    # a total outage under 99.9 %: the budget is 43.2 minutes; 10 % of it 4.32, 2 % of it 0.864
    assert burn(10, 10, round(minutes * MINUTE), 0.999).severity == severity


def test_an_alert_fires_at_the_failure_that_takes_both_windows_over_the_limit():
    # one request a minute; all fail from minute 100. Limit 14.4 × 1 % = 14.4 % of the last hour's 60: the ninth, at 108.
    made = requests([(minute, "a", 500 if minute >= 100 else 200) for minute in range(140)])
    alert = first_alert(made, made.failed, 100 * MINUTE, 139 * MINUTE, 0.99)
    assert alert.time_us == 108 * MINUTE and alert.place.line == 109
    assert (alert.failed, alert.requests) == (9, 60)


def test_an_alert_never_fires_where_the_objective_allows_too_much():
    made = requests([(minute, "a", 500) for minute in range(90)])
    assert first_alert(made, made.failed, 0, 89 * MINUTE, 0.9) is None  # 14.4 × 10 % is more than all


def test_failures_long_ago_do_not_fire_an_alert_on_their_own():
    # ten failures half an hour ago are 16.7 % of the hour, but none of the last five minutes until the one at 60
    made = requests([(minute, "a", 500 if 20 <= minute < 30 else 200) for minute in range(70)])
    assert first_alert(made, made.failed, 40 * MINUTE, 69 * MINUTE, 0.99) is None


def test_stable_needs_half_an_hour_of_logs():
    made = requests([(minute, "a", 500 if minute == 10 else 200) for minute in range(50)])
    calm = stability(made, made.failed, 10 * MINUTE, 49 * MINUTE, 0.0)
    assert (
        calm.stable
        and calm.time_us == 40 * MINUTE
        and calm.place.line == 41
        and (calm.failed, calm.requests) == (0, 30)
    )
    short = requests([(minute, "a", 500 if minute == 10 else 200) for minute in range(30)])
    assert not stability(short, short.failed, 10 * MINUTE, 29 * MINUTE, 0.0).stable
    assert stability(short, short.failed, 10 * MINUTE, 29 * MINUTE, 0.0).place is None


def test_failures_that_come_back_are_not_stable():
    made = requests([(minute, "a", 500 if minute in (10, 20, 25) else 200) for minute in range(50)])
    assert not stability(made, made.failed, 10 * MINUTE, 49 * MINUTE, 0.0).stable
