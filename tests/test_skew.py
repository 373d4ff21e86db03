"""Skew and alignment: clocks put wrong on purpose are found out, by how much, and whose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from afterlog.clock.alignment import measure_pairs
from afterlog.clock.judging import judge_clocks
from afterlog.clock.skew import measure_skew

SECOND = 1_000_000


@pytest.fixture
def happenings() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    return np.sort(random.integers(0, 16_200 * SECOND, 6_000)), random.integers(0, 400, 6_000)


@pytest.mark.parametrize("seconds", [90, -90, 420, 3_600, 268 * 86_400])
def test_a_constant_offset_is_found_to_within_a_second(happenings, seconds):
    time, key = happenings
    skew = measure_skew((time + seconds * SECOND) // SECOND * SECOND, key, time, key)
    assert skew is not None and skew.usable
    assert skew.offset_s == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("rate", [5e-4, 1e-3, 1e-2])
def test_a_drifting_clock_is_followed(happenings, rate):
    time, key = happenings
    own = (time * (1 + rate)).astype(np.int64)
    skew = measure_skew(own, key, time, key)
    assert skew is not None and len(skew.offsets_s) > 2
    ahead = np.interp(own, skew.at_us, np.array(skew.offsets_s) * SECOND)
    inner = slice(300, -300)  # beyond the first and last measurement nothing is known
    assert np.median(np.abs(own - ahead - time)[inner]) < SECOND


def test_a_clock_stepped_in_mid_log_shows_both_offsets(happenings):
    time, key = happenings
    skew = measure_skew(np.where(time > 8_000 * SECOND, time, time + 90 * SECOND), key, time, key)
    assert skew is not None
    assert skew.offsets_s[0] == pytest.approx(90, abs=0.5) and skew.offsets_s[-1] == pytest.approx(0, abs=0.5)


def test_unrelated_happenings_give_nothing(happenings):
    time, key = happenings
    assert measure_skew(np.random.default_rng(8).integers(0, 16_200 * SECOND, 6_000), key, time, key) is None


def test_two_anchors_are_too_few():
    own = np.array([100, 200]) * SECOND
    assert measure_skew(own + 90 * SECOND, np.array([1, 2]), own, np.array([1, 2])) is None


def requests(shifts: dict[str, int]) -> pd.DataFrame:
    """A proxy and three servers behind it; each server's clock shifted by so many seconds."""
    random = np.random.default_rng(3)
    time = np.sort(random.integers(0, 7_200 * SECOND, 3_000)) + 1_668_000_000 * SECOND
    path = [f"/post/{n}" for n in random.integers(0, 200, 3_000)]
    server = [f"web-{n}" for n in random.integers(1, 4, 3_000)]
    client = [f"192.0.2.{n}" for n in random.integers(0, 250, 3_000)]
    frame = pd.DataFrame({"time": time, "path": path, "client": client, "method": "GET"})
    outer = frame.assign(source="lb/haproxy.log", host="lb", upstream=server)
    inner = frame.assign(source=[f"{s}/access.log" for s in server], host=server, upstream=None)
    inner["time"] += inner["host"].map(shifts).fillna(0).astype("int64") * SECOND
    outer["time"] += shifts.get("lb", 0) * SECOND
    return pd.concat([outer, inner])


def test_hosts_that_agree_are_left_alone():
    assert judge_clocks(measure_pairs(requests({})), []) == []


def test_one_host_ahead_is_named_and_measured():
    (verdict,) = judge_clocks(measure_pairs(requests({"web-2": 90})), [])
    assert (verdict.host, verdict.kind) == ("web-2", "clock")
    assert verdict.skew.offset_s == pytest.approx(90, abs=1)
    assert "web-2/access.log" in verdict.why and "lb/haproxy.log" in verdict.why


def test_where_all_servers_agree_against_the_proxy_the_proxy_is_off():
    (verdict,) = judge_clocks(measure_pairs(requests({"lb": -240})), [])
    assert verdict.host == "lb"
    assert verdict.skew.offset_s == pytest.approx(-240, abs=1)


def test_whole_hours_on_a_host_without_a_zone_are_a_wrong_zone():
    frame = requests({"web-3": 3_600})
    (verdict,) = judge_clocks(measure_pairs(frame), ["web-3/access.log"])
    assert (verdict.kind, verdict.zone_shift_s) == ("zone", 3_600)
    (verdict,) = judge_clocks(measure_pairs(frame), [])
    assert verdict.kind == "clock"


def test_the_order_of_the_rows_changes_nothing():
    frame = requests({"web-2": 90})
    shuffled = frame.sample(frac=1, random_state=5)
    assert judge_clocks(measure_pairs(shuffled), []) == judge_clocks(measure_pairs(frame), [])


def test_a_clock_that_drifts_by_20_ppm_is_right_to_within_a_second(happenings):
    # Over four and a half hours 20 ppm are 0.3 s: one offset stands for all of it.
    time, key = happenings
    skew = measure_skew((time * (1 + 20e-6)).astype(np.int64) + 90 * SECOND, key, time, key)
    assert skew is not None and skew.usable
    ahead = np.interp(time, skew.at_us, np.array(skew.offsets_s))
    assert np.abs(90 + time / SECOND * 20e-6 - ahead).max() < 1


def test_a_host_268_days_off_is_named_and_measured():
    (verdict,) = judge_clocks(measure_pairs(requests({"web-2": 268 * 86_400})), ["web-2/access.log"])
    assert (verdict.host, verdict.kind) == ("web-2", "clock")
    assert verdict.skew.offset_s == pytest.approx(268 * 86_400, abs=1)


def few(count: int, ahead_s: list[int]) -> pd.DataFrame:
    """So many requests, of which the server's log holds as many as there are offsets."""
    time = np.arange(count) * 60 * SECOND + 1_668_000_000 * SECOND
    frame = pd.DataFrame(
        {"time": time, "path": [f"/{n}" for n in range(count)], "client": "192.0.2.1", "method": "GET"}
    )
    outer = frame.assign(source="lb/haproxy.log", host="lb", upstream="web-1")
    inner = frame[: len(ahead_s)].assign(source="web-1/access.log", host="web-1", upstream=None)
    inner["time"] += np.array(ahead_s) * SECOND
    return pd.concat([outer, inner])


def test_two_requests_are_reported_and_not_applied():
    (verdict,) = judge_clocks(measure_pairs(few(40, [90, 91])), [])
    assert (verdict.host, verdict.kind) == ("web-1", "unsure")
    assert "by 2 requests" in verdict.why and verdict.why.endswith("fewer than 3 anchors")


def test_two_requests_at_the_time_they_were_proxied_are_not_worth_a_word():
    assert judge_clocks(measure_pairs(few(40, [0, 1])), []) == []


def test_requests_at_scattered_distances_measure_nothing():
    assert measure_pairs(few(40, [90, 400, -35, 1_700, 12, -600])) == []
