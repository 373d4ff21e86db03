"""Clocks measured by moments within intervals, and by identifiers: offsets worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterlog.clock.between import measure_between
from afterlog.clock.judging import Pair, judge_clocks
from afterlog.clock.naming import ahead, told_ahead
from afterlog.clock.skew import Skew, measure_matched

SECOND = 1_000_000


def us(*seconds: float) -> np.ndarray:
    return np.array([round(second * SECOND) for second in seconds], np.int64)


TASKS = us(0, 20, 30), us(10, 24, 37)
"""Three tasks by the controller's clock: when each began, and when its result was back."""


def test_moments_within_tasks_tell_by_how_much_their_clock_is_ahead():
    # Modules at 9, 23 and 36 s, written by a clock 90 s ahead. The first fits its task for offsets from 89 to 99 s,
    # the second from 89 to 93, the third from 89 to 96: together from 89 to 93, in the middle 91, give or take 2.
    skew = measure_between(us(99, 113, 126), *TASKS)
    assert skew is not None and skew.usable
    assert (skew.offset_s, skew.anchors, skew.doubt_s) == pytest.approx((91, 3, 2), abs=1e-5)


def test_further_modules_of_other_tasks_do_not_hide_the_offset():
    # Two modules in the second task, and one that no task of this controller's log explains.
    skew = measure_between(us(99, 112, 113, 126, 500), *TASKS)
    assert skew is not None and abs(skew.offset_s - 91) <= 2


def test_evenly_spaced_tasks_tell_nothing():
    # Twelve tasks of 2 s every 60 s: shifted by one of them, eleven still fit.
    begins = us(*range(0, 720, 60))
    assert measure_between(begins + SECOND, begins, begins + 2 * SECOND) is None


def test_few_tasks_are_measured_and_said_to_be_few():
    skew = measure_between(us(95), us(0), us(8))
    assert skew is not None and skew.anchors == 1 and not skew.usable


def test_nothing_on_either_side_measures_nothing():
    none = np.empty(0, np.int64)
    assert measure_between(none, *TASKS) is None
    assert measure_between(us(1), none, none) is None


@given(st.integers(-400_000, 400_000), st.randoms(use_true_random=False))
def test_shifting_the_moments_shifts_the_offset_and_their_order_does_not_matter(by_s, random):
    moments = us(9, 23, 36)
    still = measure_between(moments, *TASKS)
    mixed = moments.tolist()
    random.shuffle(mixed)
    shifted = measure_between(np.array(mixed) + by_s * SECOND, *TASKS)
    assert still is not None and shifted is not None
    assert shifted.offset_s - still.offset_s == pytest.approx(by_s, abs=1e-6)


def matched(*differences_s: float) -> Skew:
    other = us(*(1_000.0 * n for n in range(len(differences_s))))
    keys = np.arange(len(differences_s))
    found = measure_matched(other + us(*differences_s), keys, other, keys)
    assert found is not None
    return found


def test_ids_give_the_median_of_their_differences():
    skew = matched(90.0, 90.2, 90.4, 90.1, 7_000.0)
    assert skew.usable and skew.offset_s == pytest.approx(90.15)  # of the four that pile up


def test_scattered_ids_are_measured_and_not_usable():
    # The median is 120; the deviations from it are 20, 20, 55, 70 and 0, their median 20.
    skew = matched(100, 140, 65, 190, 120)
    assert (skew.offset_s, skew.mad_s, skew.usable) == (120, 20, False)


def test_two_ids_are_measured_and_not_usable():
    skew = matched(90, 91)
    assert (skew.offset_s, skew.anchors, skew.usable) == (90.5, 2, False)


def test_of_an_id_that_a_host_logs_several_times_the_first_time_counts():
    own, keys = us(95, 90, 190, 290), np.array([1, 1, 2, 3])
    skew = measure_matched(own, keys, us(0, 100, 200), np.array([1, 2, 3]))
    assert skew is not None and (skew.offset_s, skew.anchors) == (90, 3)


def steady(offset_s: float, anchors: int = 50, mad_s: float = 0.2, slack_s: float = 0.0) -> Skew:
    return Skew(offset_s, anchors, mad_s, (0,), (offset_s,), slack_s)


def pair(host: str, other: str, skew: Skew, kind: str = "requests") -> Pair:
    return Pair(host, other, f"{host}/log", f"{other}/log", skew, kind)


def test_anchors_of_several_kinds_are_judged_together():
    # Requests say that the web servers and the proxy agree, tasks that the controller is 90 s behind all of them.
    pairs = [pair(f"web-{n}", "lb", steady(0)) for n in (1, 2, 3)]
    pairs += [pair(f"web-{n}", "ops", steady(90.0 + n / 10, 9, 0.4, 0.9), "tasks") for n in (1, 2, 3)]
    (verdict,) = judge_clocks(pairs, [])
    assert (verdict.host, verdict.kind) == ("ops", "clock")
    assert verdict.skew.offset_s == pytest.approx(-90, abs=0.9)
    assert "9 Ansible tasks" in verdict.why and verdict.why.startswith("-90.0 s ±0.9 s against ")


def test_one_measurement_that_contradicts_two_others_is_outvoted():
    # The surest of the three is of a server that was set back meanwhile.
    pairs = [pair(f"web-{n}", "lb", steady(0)) for n in (1, 2, 3)]
    pairs += [pair(f"web-{n}", "ops", steady(0, 9, 0.4, 0.9), "tasks") for n in (1, 3)]
    pairs += [pair("web-2", "ops", steady(-90, 9, 0.1, 0.6), "tasks")]
    assert judge_clocks(pairs, []) == []


def test_a_clock_that_drifts_is_no_measure_for_others():
    drifting = Skew(40.0, 300, 0.3, (0, 1, 2), (10.0, 40.0, 70.0))
    pairs = [pair("web-1", "lb", steady(0)), pair("web-2", "lb", drifting)]
    pairs += [pair("web-1", "ops", steady(0, 9, 0.4, 0.9), "tasks"), pair("web-2", "ops", steady(40, 9, 0.1), "tasks")]
    (verdict,) = judge_clocks(pairs, [])
    assert verdict.host == "web-2" and verdict.why.startswith("+10.0 to +70.0 s ±0.3 s against ")


def test_slack_keeps_a_rough_measurement_from_correcting_a_clock():
    # Logins come up to a second after their commands, so that 2.5 s are no sign of a wrong clock; 4 s are.
    assert judge_clocks([pair("web", "ops", steady(2.5, 9, 0.4, 1.0), "logins")], []) == []
    (verdict,) = judge_clocks([pair("web", "ops", steady(4, 9, 0.4, 1.0), "logins")], [])
    assert verdict.host == "web"


@pytest.mark.parametrize(
    ("skew", "words"),
    [(steady(90, anchors=2), "fewer than 3 anchors"), (steady(120, 5, 20), "the anchors scatter by more than 5 s")],
)
def test_too_few_and_scattered_anchors_are_reported_and_not_applied(skew, words):
    (verdict,) = judge_clocks([pair("app", "lb", skew, "request ids")], [])
    assert (verdict.host, verdict.kind) == ("app", "unsure")
    assert verdict.why.startswith("not applied: +") and verdict.why.endswith(words)
    assert "request ids that app/log and lb/log both hold" in verdict.why


def test_what_is_not_sure_is_not_reported_where_something_sure_says_the_two_agree():
    pairs = [pair("app", "lb", steady(0)), pair("app", "lb", steady(90, anchors=2), "request ids")]
    assert judge_clocks(pairs, []) == []


def test_of_an_unsure_pair_the_host_that_agrees_with_fewer_others_is_in_doubt():
    pairs = [pair("web-1", "lb", steady(0)), pair("lb", "ops", steady(-90, anchors=2), "logins")]
    (verdict,) = judge_clocks(pairs, [])
    assert (verdict.host, verdict.skew.offset_s) == ("ops", 90)


@given(st.permutations(range(6)))
def test_the_order_of_the_pairs_changes_nothing(order):
    pairs = [pair(f"web-{n}", "lb", steady(300.0 * (n == 2))) for n in (1, 2, 3)]
    pairs += [pair(f"web-{n}", "ops", steady(300.0 * (n == 2), 9, 0.4, 0.9), "tasks") for n in (1, 2, 3)]
    verdicts = judge_clocks([pairs[n] for n in order], [])
    assert verdicts == judge_clocks(pairs, []) and [verdict.host for verdict in verdicts] == ["web-2"]


@pytest.mark.parametrize(
    ("offsets", "doubt", "told"),
    [
        ((420.0,), 0.23, (420.0, 0.2)),
        ((-90.04,), 0.84, (-90.0, 0.8)),
        ((1.0, 50.0, 96.4), 0.5, (1.0, 0.5)),
        ((-23_155_200.0,), 0.0, (-23_155_200.0, 0.0)),
    ],
)
def test_what_is_told_of_an_offset_can_be_read_again(offsets, doubt, told):
    assert told_ahead(f"{ahead(offsets, doubt)} against lb, by 3 requests") == told
    assert told_ahead(f"not applied: {ahead(offsets, doubt)} against lb") == told
    assert told_ahead("stated by a person") is None
    assert told_ahead("its daemon stepped it by +90.000 s (a: ±9 s ,)") is None


def test_where_all_servers_drift_alike_it_is_the_proxy_that_drifts():
    drifting = Skew(40.0, 300, 0.3, (0, 1, 2), (10.0, 40.0, 70.0))
    (verdict,) = judge_clocks([pair(f"web-{n}", "lb", drifting) for n in (1, 2, 3)], [])
    assert (verdict.host, verdict.skew.offsets_s) == ("lb", (-10.0, -40.0, -70.0))


def test_of_two_hosts_that_drift_apart_only_one_is_corrected():
    drifting = Skew(40.0, 300, 0.3, (0, 1, 2), (10.0, 40.0, 70.0))
    (verdict,) = judge_clocks([pair("web-1", "lb", drifting)], [])
    assert verdict.host == "web-1"
