"""The detector's mathematics against slower or closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.detect import detect_counts
from afterlog.detect.boundary import JEFFREYS, change_point, healthy_prior
from afterlog.detect.cells import pack
from afterlog.detect.special import divergence, log_beta, log_gamma
from afterlog.detect.stream import spread
from afterlog.detect.viterbi import decode, decode_sequentially, path_score

SECOND = 1_000_000


@given(st.lists(st.floats(1e-3, 1e8), min_size=1, max_size=50))
def test_log_gamma_equals_the_standard_library(values):
    expected = [math.lgamma(v) for v in values]
    assert log_gamma(np.array(values)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_log_beta_of_small_integers_is_a_ratio_of_factorials():
    # B(3, 4) = 2! 3! / 6! = 12 / 720
    assert log_beta(np.array([3.0]), np.array([4.0]))[0] == pytest.approx(math.log(12 / 720))


def test_divergence_of_certain_failure_is_the_surprise_of_the_baseline():
    assert divergence(1.0, 0.01) == pytest.approx(math.log(100))
    assert divergence(0.3, 0.3) == 0.0
    assert divergence(0.0, 0.5) == pytest.approx(math.log(2))


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 600), st.integers(2, 7), st.floats(0, 5), st.integers(0, 2**32 - 1))
def test_blocked_decoding_scores_as_much_as_sequential_decoding(cells, states, cost, seed):
    likelihood = np.random.default_rng(seed).normal(size=(states, cells))
    blocked = path_score(likelihood, decode(likelihood, cost), cost)
    assert blocked == pytest.approx(path_score(likelihood, decode_sequentially(likelihood, cost), cost), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(65, 400), st.lists(st.floats(0, 5), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_blocked_decoding_scores_as_much_with_a_cost_for_each_state(cells, costs, seed):
    likelihood = np.random.default_rng(seed).normal(size=(len(costs), cells))
    cost = np.array(costs)
    blocked = path_score(likelihood, decode(likelihood, cost), cost)
    assert blocked == pytest.approx(path_score(likelihood, decode_sequentially(likelihood, cost), cost), abs=1e-9)


def test_a_switch_is_made_only_when_it_pays_its_cost():
    likelihood = np.zeros((2, 100))
    likelihood[1] = -1.0
    likelihood[1, 40:60] = 1.0
    # twenty nats inside pay for two switches of 9.9 but not of 10.1
    assert np.count_nonzero(decode(likelihood, 9.9)) == 20
    assert np.count_nonzero(decode(likelihood, 10.1)) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=150), st.floats(0.5, 6))
def test_merging_cells_loses_nothing(events, cost):
    events.sort()
    time = np.array([e[0] for e in events], dtype=np.int64) * SECOND
    failed = np.array([e[1] for e in events])
    rates = np.array([[0.01], [0.2], [0.9]])
    scores = []
    for merge in (True, False):
        cells = pack(time, failed, 0, merge=merge)
        assert cells.requests.sum() == len(events)
        assert cells.failed.sum() == failed.sum()
        likelihood = cells.failed * np.log(rates) + (cells.requests - cells.failed) * np.log1p(-rates)
        scores.append(path_score(likelihood, decode(likelihood, cost), cost))
    assert scores[0] == pytest.approx(scores[1], abs=1e-9)


def test_a_change_from_none_to_all_failing_lies_uniformly_in_the_gap_between_them():
    time = np.arange(200, dtype=np.int64) * SECOND
    found = change_point(time, time >= 100 * SECOND, (0, 200 * SECOND), (healthy_prior(0.0), JEFFREYS))
    assert found.time_us == pytest.approx(99.5 * SECOND, abs=0.02 * SECOND)
    assert found.low_us == pytest.approx(99.05 * SECOND, abs=0.05 * SECOND)
    assert found.high_us == pytest.approx(99.95 * SECOND, abs=0.05 * SECOND)


def test_reversing_time_reverses_the_change_point():
    rng = np.random.default_rng(5)
    time = np.sort(rng.integers(0, 1000 * SECOND, 400))
    failed = rng.random(400) < np.where(time > 600 * SECOND, 0.4, 0.02)
    forward = change_point(time, failed, (0, 1000 * SECOND), (healthy_prior(0.02), JEFFREYS))
    backward = change_point(-time[::-1], failed[::-1], (-1000 * SECOND, 0), (JEFFREYS, healthy_prior(0.02)))
    assert backward.time_us == pytest.approx(-forward.time_us, abs=2)
    assert backward.low_us == pytest.approx(-forward.high_us, abs=2)


def test_three_events_in_one_second_are_spread_over_it_in_line_order():
    assert spread(np.array([5, 5, 5, 7]) * SECOND, SECOND).tolist() == [5_166_666, 5_500_000, 5_833_333, 7_500_000]


def test_a_hundred_error_lines_in_ten_minutes_of_a_quiet_day_are_one_burst():
    time = np.concatenate((np.array([9_000.0]), 40_000 + np.arange(100) * 6.0)) * SECOND
    found = detect_counts(time.astype(np.int64), np.ones(101, dtype=np.int64), 0, 86_400 * SECOND)
    (one,) = found.excursions
    assert one.failed == 100
    # the first line of the burst is at 40,000 s and the last at 40,594 s
    assert one.start.high_us == pytest.approx(40_000 * SECOND, abs=SECOND)
    assert one.end.low_us == pytest.approx(40_594 * SECOND, abs=SECOND)


@pytest.mark.parametrize("rate", [0.0005, 0.01, 1.0])
def test_a_steady_trickle_of_error_lines_is_no_burst(rate):
    rng = np.random.default_rng(11)
    time = np.sort(rng.integers(0, 86_400 * SECOND, rng.poisson(rate * 86_400)))
    assert detect_counts(time, np.ones(time.size, dtype=np.int64), 0, 86_400 * SECOND).excursions == ()


@given(
    st.lists(st.integers(0, 900), max_size=60), st.integers(1, 40), st.sampled_from([1, SECOND]), st.integers(0, SECOND)
)
def test_counts_never_raise_wherever_their_seconds_begin_and_bursts_never_overlap(seconds, copies, step, begun):
    time = np.sort(np.repeat(np.array(seconds, dtype=np.int64), copies)) * SECOND
    window = (begun - SECOND, 1_000 * SECOND + begun)
    found = detect_counts(time, np.ones(time.size, dtype=np.int64), *window, resolution_us=step).excursions
    assert all(a.end.time_us <= b.start.time_us for a, b in pairwise(found))


def burst_of_two_fifths_of_a_day(every_s: int):
    """One line an hour for a day, and from 43,200 s to 77,760 s one more each ``every_s`` seconds."""
    calm = np.arange(1_800, 86_400, 3_600)
    return np.sort(np.concatenate((calm, np.arange(43_200, 77_760, every_s)))) * SECOND


def test_error_lines_of_two_fifths_of_the_log_do_not_become_its_usual_rate_nor_its_clumping():
    time = burst_of_two_fifths_of_a_day(30)
    found = detect_counts(time, np.ones(time.size, dtype=np.int64), 0, 86_400 * SECOND)
    assert found.baseline.rate == pytest.approx(1 / 3_600, rel=0.2)
    assert found.baseline.clumping < 1.5
    (one,) = found.excursions
    assert one.start.time_us == pytest.approx(43_200 * SECOND, abs=60 * SECOND)


def test_lines_four_minutes_apart_in_one_raised_stretch_are_one_burst_and_not_one_each():
    time = burst_of_two_fifths_of_a_day(240)
    found = detect_counts(time, np.ones(time.size, dtype=np.int64), 0, 86_400 * SECOND)
    (one,) = found.excursions
    # 34,560 s of one each 240 s, and 10 of the hourly ones among them
    assert one.failed == pytest.approx(144 + 10, abs=2)


@pytest.mark.parametrize(
    ("start_s", "end_s", "is_open"), [(0, 172_800, (False, True)), (43_195, 172_800, (True, True))]
)
def test_a_burst_is_open_where_the_log_shows_no_calm_beside_it(start_s, end_s, is_open):
    # lines each 10 s from 43,200 s until the log ends; the log begins at 0, or five seconds before the first of them
    calm = np.concatenate((np.arange(1_800, 43_200, 3_600), np.arange(88_200, 172_800, 3_600)))
    busy = np.concatenate((np.arange(43_200, 50_000, 10), np.arange(168_000, 172_800, 10)))
    time = np.sort(np.concatenate((calm[calm >= start_s], busy))) * SECOND
    found = detect_counts(time, np.ones(time.size, dtype=np.int64), start_s * SECOND, end_s * SECOND).excursions
    assert (found[0].open_start, found[-1].open_end) == is_open
    assert not found[0].open_end


@pytest.mark.parametrize(("hours", "bursts"), [(range(24), 0), (range(9, 12), 3), ((2, 26, 50), 0), ((2, 26, 55), 3)])
def test_what_comes_each_hour_or_each_night_is_usual_and_what_comes_thrice_in_a_morning_is_not(hours, bursts):
    days = 3 if max(hours) > 24 else 1
    time = np.concatenate([hour * 3_600 + 600 + np.arange(0, 120, 3) for hour in hours]) * SECOND
    found = detect_counts(time, np.ones(time.size, dtype=np.int64), 0, days * 86_400 * SECOND)
    assert len(found.excursions) == bursts
