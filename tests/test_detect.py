"""The detector on streams small enough to know the answer by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.detect import Stream, detect
from afterlog.detect.drops import find_drops, find_slowness

SECOND = 1_000_000
DAY = 86_400 * SECOND
ORIGIN = 1_700_000_000 * SECOND


def stream(
    time_s, failed, *, client=None, signature=None, refused=None, host=None, end_s=86_400, resolution_us=1, **more
):
    time = ORIGIN + np.round(np.asarray(time_s, dtype=float) * 1e6).astype(np.int64)
    n = time.size
    return Stream(
        time_us=time,
        failed=np.asarray(failed, dtype=bool),
        client=np.arange(n, dtype=np.int32) % 97 if client is None else np.asarray(client, dtype=np.int32),
        signature=np.arange(n, dtype=np.int32) % 31 if signature is None else np.asarray(signature, dtype=np.int32),
        client_error=np.zeros(n, dtype=bool) if refused is None else np.asarray(refused, dtype=bool),
        host=np.zeros(n, dtype=np.int16) if host is None else np.asarray(host, dtype=np.int16),
        resolution_us=resolution_us,
        start_us=ORIGIN,
        end_us=ORIGIN + end_s * SECOND,
        **more,
    )


def every_second(end_s=86_400):
    return np.arange(end_s) + 0.5


def seconds(us):
    return (us - ORIGIN) / SECOND


def outages(found):
    return [e for e in found.excursions if not e.single and e.level != "blip"]


def test_one_request_a_second_all_failing_for_ten_minutes_is_one_outage_with_its_edges_between_two_requests():
    time = every_second()
    (one,) = detect(stream(time, (time > 40_000) & (time < 40_600))).excursions
    assert (one.kind, one.level, one.failed, one.requests) == ("errors", "outage", 600, 600)
    # the last healthy request is at 39,999.5 and the first failing one at 40,000.5
    assert 39_999.5 <= seconds(one.start.low_us) <= seconds(one.start.time_us) <= seconds(one.start.high_us) <= 40_000.5
    assert 40_599.5 <= seconds(one.end.low_us) <= seconds(one.end.time_us) <= seconds(one.end.high_us) <= 40_600.5
    assert not one.open_start
    assert not one.open_end
    assert one.detectability == pytest.approx(600 * np.log(1 / one.baseline_rate), rel=1e-3)


def test_a_staircase_recovery_has_one_phase_for_each_step():
    time = every_second()
    index = np.arange(time.size)
    failed = (time > 40_000) & (time < 44_000)
    failed |= (time >= 44_000) & (time < 45_000) & (index % 3 != 0)
    failed |= (time >= 45_000) & (time < 46_000) & (index % 3 == 1)
    (one,) = detect(stream(time, failed)).excursions
    assert [round(p.failed / p.requests, 2) for p in one.phases] == [1.0, 0.67, 0.33]
    assert [round(seconds(p.start_us), -1) for p in one.phases] == [40_000, 44_000, 45_000]
    assert one.phases[0].start_us == one.start.time_us
    assert one.phases[-1].end_us == one.end.time_us
    assert all(a.end_us == b.start_us for a, b in zip(one.phases[:-1], one.phases[1:], strict=True))
    assert sum(p.failed for p in one.phases) == one.failed == 4000 + 667 + 333


def test_failures_until_the_last_line_leave_the_end_open():
    time = every_second()
    (one,) = detect(stream(time, time > 80_000)).excursions
    assert one.open_end
    assert not one.open_start
    assert one.end.time_us == ORIGIN + DAY


def test_failures_from_the_first_line_leave_the_start_open():
    time = every_second()
    (one,) = detect(stream(time, time < 5_000)).excursions
    assert one.open_start
    assert not one.open_end
    assert one.start.time_us == ORIGIN


def test_a_stream_that_only_fails_is_one_outage_open_on_both_sides():
    time = every_second(3_600)
    (one,) = detect(stream(time, np.ones(3_600), end_s=3_600)).excursions
    assert one.open_start
    assert one.open_end
    assert one.failed == 3_600


def test_an_outage_that_fills_most_of_the_window_does_not_become_the_baseline():
    time = every_second(10_000)
    found = detect(stream(time, (time > 2_000) & (time < 9_000), end_s=10_000))
    assert found.baseline.rate < 0.01
    assert [round(seconds(e.start.time_us), -1) for e in found.excursions] == [2_000]


def test_ten_seconds_of_failures_are_a_blip():
    time = every_second()
    (one,) = detect(stream(time, (time > 40_000) & (time < 40_010))).excursions
    assert one.level == "blip"


def test_two_runs_two_minutes_apart_are_one_excursion_and_ten_minutes_apart_are_two():
    time = every_second()
    near = (time > 40_000) & (time < 40_420) & ~((time > 40_150) & (time < 40_270))
    far = (time > 40_000) & (time < 40_900) & ~((time > 40_150) & (time < 40_750))
    assert len(detect(stream(time, near)).excursions) == 1
    assert len(detect(stream(time, far)).excursions) == 2


def test_one_client_whose_every_request_fails_is_labelled_as_the_culprit():
    time = np.sort(np.concatenate((every_second(), 40_000.25 + np.arange(600))))
    extra = time % 1 == 0.25
    client = np.where(extra, 500, np.arange(time.size) % 97)
    (one,) = detect(stream(time, extra, client=client)).excursions
    assert (one.single, one.culprit) == ("client", 500)


def test_a_distributed_scanner_with_three_signatures_is_labelled_by_signature():
    time = np.sort(np.concatenate((every_second(), 40_000.25 + np.arange(0, 900, 0.5))))
    extra = (time % 1 == 0.25) | (time % 1 == 0.75)
    client = np.where(extra, 1000 + np.arange(time.size) % 400, np.arange(time.size) % 97)
    signature = np.where(extra, 700 + np.arange(time.size) % 3, np.arange(time.size) % 31)
    found = detect(stream(time, extra, client=client, signature=signature))
    assert {e.single for e in found.excursions} == {"signature"}


def test_the_service_failing_for_everyone_has_no_single_culprit_though_one_client_is_busy():
    time = every_second()
    client = np.where(np.arange(time.size) % 2 == 0, 7, np.arange(time.size) % 97)
    (one,) = detect(stream(time, (time > 40_000) & (time < 40_600), client=client)).excursions
    assert one.single == ""


def test_only_the_failing_host_is_named_and_its_own_requests_set_the_edges():
    time = every_second()
    host = np.arange(time.size) % 8
    (one,) = detect(stream(time, (host == 3) & (time > 40_000) & (time < 42_000), host=host)).excursions
    assert one.hosts == (3,)
    assert one.level == "degraded"
    # host 3 answers at 3.5, 11.5, ... modulo 8: its neighbours of 40,000 are 39,995.5 and 40,003.5
    assert 39_995.5 <= seconds(one.start.low_us) <= seconds(one.start.high_us) <= 40_003.5


def test_a_host_whose_clock_is_two_minutes_ahead_does_not_lengthen_the_outage():
    time = every_second()
    host = np.arange(time.size) % 8
    failed = (time > 40_000) & (time < 41_000)
    shown = time + 120.0 * (host == 2)
    order = np.argsort(shown, kind="stable")
    found = outages(detect(stream(shown[order], failed[order], host=host[order], end_s=86_600)))
    assert [(round(seconds(e.start.time_us), -1), round(seconds(e.end.time_us), -1)) for e in found] == [
        (40_000, 41_000)
    ]
    assert any("clock of host 2" in note for note in found[0].notes)


def test_a_host_that_alone_failed_twice_is_no_host_with_a_wrong_clock():
    time = np.arange(0, 86_400, 0.25)
    host = np.arange(time.size) % 4
    both = (time > 30_000) & (time < 30_900)
    alone = (time > 33_000) & (time < 33_900) & (host == 2)  # as long as the outage, and it failed in that, too
    found = outages(detect(stream(time, both | alone, host=host)))
    assert [e.hosts for e in found] == [(), (2,)]
    assert not [note for e in found for note in e.notes if "clock" in note]


def test_hourly_blips_do_not_make_clocks_look_wrong_by_an_hour():
    time = np.arange(0, 86_400, 0.25)
    rng = np.random.default_rng(5)
    blips = ((time % 3600) < 5) & (rng.random(time.size) < 0.3)
    down = (time > 40_000) & (time < 41_000) & (rng.random(time.size) < 0.4)
    (one,) = outages(detect(stream(time, blips | down, host=np.arange(time.size) % 8)))
    assert (round(seconds(one.start.time_us), -2), round(seconds(one.end.time_us), -2)) == (40_000, 41_000)
    assert not [note for note in one.notes if "clock" in note]


def test_a_forgotten_job_that_always_fails_does_not_hide_a_silence_of_all_others_or_make_one_at_night():
    users = np.arange(0, 86_400, 2.0)
    users = users[(users < 30_000) | (users > 36_000)]  # 3,000 requests are missing
    job = np.arange(30, 86_400, 60.0)
    time = np.concatenate((users, job))
    order = np.argsort(time, kind="stable")
    is_job = (np.arange(time.size) >= users.size)[order]
    client = np.where(is_job, 5_000, np.arange(time.size) % 97)
    (one,) = outages(detect(stream(time[order], is_job, client=client)))
    assert one.kind == "silence"
    assert (round(seconds(one.start.time_us), -1), round(seconds(one.end.time_us), -1)) == (30_000, 36_000)


def test_a_recovery_of_ten_requests_parts_two_outages_where_traffic_is_low():
    time = np.arange(25, 86_400, 50.0)  # one request in 50 s
    failed = ((time > 40_000) & (time < 40_600)) | ((time > 41_100) & (time < 41_900))
    assert [e.failed for e in outages(detect(stream(time, failed)))] == [12, 16]


def test_a_blip_two_minutes_after_an_outage_is_not_part_of_it():
    time = np.arange(0, 43_200, 0.1)
    failed = ((time > 20_000) & (time < 20_060)) | ((time > 20_180) & (time < 20_184))
    first, second = detect(stream(time, failed, end_s=43_200)).excursions
    assert (first.level, second.level) == ("outage", "blip")


def test_failures_that_only_the_proxy_answered_are_the_services_not_those_of_a_host_that_always_fails():
    time = np.arange(0, 86_400, 1.0)
    rng = np.random.default_rng(3)
    down = (time > 50_000) & (time < 52_000)
    failed = down | (rng.random(time.size) < 0.02)
    host = np.where(down, 9, np.arange(time.size) % 3)  # no server took it: the proxy's own answer
    (one,) = outages(detect(stream(time, failed, host=host)))
    assert (round(seconds(one.start.time_us), -1), round(seconds(one.end.time_us), -1)) == (50_000, 52_000)


def test_half_an_hour_without_a_request_is_silence_but_not_where_files_end_and_begin():
    time = every_second()
    time = time[(time < 40_000) | (time >= 41_800)]
    none = np.zeros(time.size)
    (one,) = detect(stream(time, none)).excursions
    assert (one.kind, one.level) == ("silence", "outage")
    assert seconds(one.start.time_us) == pytest.approx(39_999.5 + np.log(2), abs=0.1)
    rotation = (ORIGIN + 40_000 * SECOND, ORIGIN + 41_800 * SECOND)
    assert detect(stream(time, none, rotation_us=rotation)).excursions == ()
    assert detect(stream(time, none, gaps=(rotation,))).excursions == ()


def test_a_full_hour_of_silence_is_reported_unless_it_is_known_that_a_clock_skipped_it():
    origin = -(-ORIGIN // (3600 * SECOND)) * 3600 - ORIGIN // SECOND
    time = every_second()
    a, b = origin + 36_000, origin + 39_600
    time = time[(time < a) | (time >= b)]
    none = np.zeros(time.size)
    (one,) = detect(stream(time, none)).excursions
    assert (one.kind, round(seconds(one.start.time_us), -1), round(seconds(one.end.time_us), -1)) == ("silence", a, b)
    skipped = (ORIGIN + a * SECOND, ORIGIN + b * SECOND)
    assert detect(stream(time, none, gaps=(skipped,))).excursions == ()


def test_one_failing_route_of_twenty_is_named_though_the_whole_hardly_shows_it():
    # every 20th request asks for route 7; for an hour all of these fail: 180 of 3,600 requests, 5 %
    time = every_second()
    route = np.arange(time.size) % 20
    failed = (route == 7) & (time > 40_000) & (time < 43_600)
    (one,) = detect(stream(time, failed, route=route)).excursions
    assert (one.routes, one.hosts, one.failed) == ((7,), (), 180)
    # route 7 is asked for at 7.5, 27.5, ... modulo 20: the neighbours of 40,000 are 39,987.5 and 40,007.5
    assert 39_987.5 <= seconds(one.start.low_us) <= seconds(one.start.high_us) <= 40_007.5


def test_routes_that_are_most_of_the_service_are_the_service():
    time = every_second()
    route = np.arange(time.size) % 20
    (one,) = detect(stream(time, (route < 15) & (time > 40_000) & (time < 41_000), route=route)).excursions
    assert one.routes == ()


def test_asking_for_more_evidence_finds_less():
    # 12 failures among 100 requests against a baseline of 1e-5: about 12 ln(0.12 / 1.7e-5) - 12 = 94 nats, and two
    # switches cost ln(86,400) + 6 = 17.4: worth five times that, not eight times
    time = every_second()
    failed = (time > 40_000) & (time < 40_100) & (np.arange(time.size) % 8 == 0)
    assert len(detect(stream(time, failed)).excursions) == 1
    assert detect(stream(time, failed, strictness=8.0)).excursions == ()


def test_an_hour_with_half_the_traffic_is_a_drop_and_a_daily_curve_is_none():
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0, 86_400, 170_000))
    kept = time[(time < 40_000) | (time > 43_600) | (rng.random(time.size) < 0.5)]
    (drop,) = find_drops(us(kept), ORIGIN, ORIGIN + DAY)
    assert drop.ratio == pytest.approx(0.5, abs=0.05)
    assert [round(seconds(t), -2) for t in (drop.start_us, drop.end_us)] == pytest.approx([40_000, 43_600], abs=100)
    curve = time[rng.random(time.size) < 0.5 + 0.45 * np.sin(2 * np.pi * time / 86_400)]
    assert find_drops(us(curve), ORIGIN, ORIGIN + DAY) == []


def us(time_s):
    return ORIGIN + np.round(time_s * 1e6).astype(np.int64)


def test_slow_requests_are_found_by_the_share_that_takes_longer_than_usual():
    rng = np.random.default_rng(4)
    time = every_second()
    slow = (time > 40_000) & (time < 41_800)
    duration = rng.exponential(0.1, time.size) * np.where(slow, 10, 1)
    over_s, (one,) = find_slowness(stream(time, np.zeros(time.size)), duration)
    # 95 % of exponential durations of mean 0.1 s are below 0.1 ln 20 = 0.2996 s; a quarter more is slow
    assert over_s == pytest.approx(1.25 * 0.2996, rel=0.05)
    # of those with mean 1 s, e^-0.3745 = 69 % are over it
    assert one.failure_rate == pytest.approx(0.69, abs=0.04)
    assert seconds(one.start.time_us) == pytest.approx(40_000, abs=10)


def test_refusals_for_everyone_are_client_errors_and_those_of_a_scanner_are_nobodys_outage():
    time = every_second()
    inside = (time > 40_000) & (time < 41_000)
    (one,) = detect(stream(time, np.zeros(86_400), refused=inside)).excursions
    assert (one.kind, one.failed) == ("client-errors", 1000)
    scanner = np.sort(np.concatenate((time, 40_000.25 + np.arange(3_000) / 3)))
    extra = ~np.isin(scanner, time)
    client = np.where(extra, 500, np.arange(scanner.size) % 97)
    assert outages(detect(stream(scanner, np.zeros(scanner.size), client=client, refused=extra))) == []


def test_whole_second_stamps_widen_the_intervals_by_a_quarter_second_on_each_side():
    time = np.floor(every_second())
    (one,) = detect(stream(time, (time >= 40_000) & (time < 40_600), resolution_us=SECOND)).excursions
    assert seconds(one.start.high_us) - seconds(one.start.low_us) >= 0.5
    assert seconds(one.start.low_us) <= 40_000 <= seconds(one.start.high_us)


@pytest.mark.parametrize("failed", [[], [True], [False], [True] * 50, [False] * 50])
@pytest.mark.parametrize("step", [0.0, 1.0])
def test_empty_single_and_simultaneous_events_never_raise(failed, step):
    found = detect(stream(np.arange(len(failed)) * step + 1, failed, end_s=100))
    assert all(e.start.time_us <= e.end.time_us for e in found.excursions)


def test_a_window_of_no_length_gives_nothing():
    assert detect(stream([], [], end_s=0)).excursions == ()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.booleans(), st.integers(-1, 3)), max_size=120),
    st.integers(-(10**6), 10**6),
)
def test_shifting_every_time_by_whole_hours_shifts_every_result(events, hours):
    events.sort(key=lambda e: e[0])
    one = stream(
        [e[0] for e in events],
        [e[1] for e in events],
        client=[e[2] for e in events],
        host=[e[2] for e in events],
        end_s=3_600,
        resolution_us=SECOND,
    )
    shift = hours * 3_600 * SECOND
    moved = Stream(
        one.time_us + shift, one.failed, one.client, one.signature, one.client_error, one.host,
        one.resolution_us, one.start_us + shift, one.end_us + shift,
    )  # fmt: skip
    before, after = detect(one), detect(moved)
    assert before.baseline == after.baseline
    assert [(e.start.time_us + shift, e.end.time_us + shift, e.failed, e.level) for e in before.excursions] == [
        (e.start.time_us, e.end.time_us, e.failed, e.level) for e in after.excursions
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans(), st.integers(-1, 2)), max_size=200))
def test_no_stream_raises_and_every_interval_is_ordered(events):
    events.sort(key=lambda e: e[0])
    codes = [e[3] for e in events]
    found = detect(
        stream(
            [e[0] for e in events],
            [e[1] for e in events],
            refused=[e[2] for e in events],
            client=codes,
            signature=codes,
            host=codes,
            end_s=60,
            resolution_us=SECOND,
        )
    )
    for e in found.excursions:
        assert e.start.low_us <= e.start.time_us <= e.start.high_us
        assert e.end.low_us <= e.end.time_us <= e.end.high_us
        assert e.start.time_us <= e.end.time_us
        assert 0 <= e.failed <= e.requests
        assert (e.phases[0].start_us, e.phases[-1].end_us) == (e.start.time_us, e.end.time_us)


@pytest.mark.parametrize("seed", range(3))
def test_a_quiet_day_with_half_a_percent_of_errors_has_no_excursion(seed):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 86_400, 170_000))
    assert detect(stream(time, rng.random(time.size) < 0.005)).excursions == ()


def test_a_service_whose_minutes_fail_at_anything_from_none_to_half_all_day_is_no_outage():
    # twenty requests a second; each minute's failure rate is drawn anew, 5 % on the whole, with a tail beyond 30 %
    rng = np.random.default_rng(7)
    rate = np.minimum(0.05 * rng.gamma(0.5, 2.0, 400), 0.5)
    time = np.arange(400 * 60 * 20) / 20
    failed = rng.random(time.size) < rate[(time / 60).astype(int)]
    assert outages(detect(stream(time, failed, end_s=400 * 60))) == []
