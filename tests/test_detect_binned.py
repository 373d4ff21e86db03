"""Counts instead of events: the same outages, in little memory."""

from __future__ import annotations

import numpy as np
import pytest

from afterlog.detect.binned import Bins, added, bins_of, detect_bins

SECOND = 1_000_000


def test_thinning_keeps_the_cumulated_counts():
    bins = Bins(0, SECOND, np.array([7, 0, 5, 9]), np.array([1, 0, 5, 2]))
    time, failed = bins.events(0, 4)
    assert (time.size, failed.sum()) == (21, 8)
    assert np.bincount(time // SECOND).tolist() == [7, 0, 5, 9]
    assert np.bincount(time[failed] // SECOND, minlength=4).tolist() == [1, 0, 5, 2]
    # one in four: 21 // 4 requests and 8 // 4 failures
    time, failed = bins.events(0, 4, 4)
    assert (time.size, failed.sum()) == (5, 2)


def test_batches_can_be_counted_one_by_one():
    time = np.arange(100) * SECOND // 10
    failed = time >= 5 * SECOND
    whole = bins_of(time, failed, 0, 10 * SECOND)
    parts = added(bins_of(time[:37], failed[:37], 0, 10 * SECOND), bins_of(time[37:], failed[37:], 0, 10 * SECOND))
    assert whole.requests.tolist() == parts.requests.tolist() == [10] * 10
    assert whole.failed.tolist() == parts.failed.tolist() == [0] * 5 + [10] * 5


@pytest.mark.parametrize("per_second", [1, 50, 5_000])
def test_twenty_minutes_of_failures_are_found_to_the_second_at_any_rate(per_second):
    requests = np.full(36_000, per_second)
    failed = np.zeros(36_000, dtype=np.int64)
    failed[20_000:21_200] = per_second
    (one,) = detect_bins(Bins(0, SECOND, requests, failed), most_events=500_000).excursions
    assert (one.kind, one.level) == ("errors", "outage")
    assert one.start.low_us <= 20_000 * SECOND <= one.start.high_us
    assert one.end.low_us <= 21_200 * SECOND <= one.end.high_us
    assert one.start.high_us - one.start.low_us <= 3 * SECOND
    assert one.failed == pytest.approx(1_200 * per_second, abs=per_second)


def test_a_healthy_signal_and_an_empty_one_have_no_excursions():
    rng = np.random.default_rng(2)
    requests = rng.poisson(1_000, 36_000)
    assert detect_bins(Bins(0, SECOND, requests, rng.binomial(requests, 0.005)), most_events=500_000).excursions == ()
    none = np.zeros(100, dtype=np.int64)
    assert detect_bins(Bins(0, SECOND, none, none)).excursions == ()
