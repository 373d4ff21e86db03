"""Clocks: expectations derived by hand from calendars and zone rules."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterlog.clock import (
    Clock,
    SourceClock,
    Stated,
    Survey,
    in_year,
    offset_name,
    parse_moment,
    resolve_clocks,
    rfc3339,
    to_us,
    zone_of,
)
from afterlog.clock.decide import stated
from afterlog.errors import InputError
from afterlog.event import TimeBasis
from afterlog.layout import OFFSET_UNKNOWN, Times
from afterlog.sources.compression import packed_us


def wall(*stamps: str) -> np.ndarray:
    return np.array([to_us(datetime.fromisoformat(stamp).replace(tzinfo=UTC)) for stamp in stamps], np.int64)


def times(*stamps: str, offset: int = OFFSET_UNKNOWN, has_year: bool = True) -> Times:
    return Times(wall(*stamps), np.full(len(stamps), offset, np.int32), has_year, 1_000_000)


def utc(settings: SourceClock, *stamps: str, **more: object) -> list[str]:
    return [rfc3339(t) for t in Clock(settings).resolve(times(*stamps, **more)).utc_us]


def test_a_printed_offset_wins_over_any_zone():
    assert utc(SourceClock("Asia/Tokyo"), "2022-11-10T11:15:00", offset=19_800) == ["2022-11-10T05:45:00Z"]


def test_half_hour_zones_are_half_hours():
    assert utc(SourceClock("Asia/Kolkata"), "2022-11-10T11:15:00") == ["2022-11-10T05:45:00Z"]
    assert utc(SourceClock("Asia/Kathmandu"), "2022-11-10T11:15:00") == ["2022-11-10T05:30:00Z"]
    assert utc(SourceClock("UTC-03:30"), "2022-11-10T11:15:00") == ["2022-11-10T14:45:00Z"]


def test_the_repeated_hour_in_autumn_is_told_by_line_order():
    # Berlin, 30 October 2022: 02:00-03:00 happens twice, first at +2, then at +1.
    stamps = (
        "2022-10-30T01:59:00",
        "2022-10-30T02:10:00",
        "2022-10-30T02:55:00",
        "2022-10-30T02:05:00",
        "2022-10-30T02:50:00",
        "2022-10-30T03:00:00",
    )
    assert utc(SourceClock("Europe/Berlin"), *stamps) == [
        "2022-10-29T23:59:00Z", "2022-10-30T00:10:00Z", "2022-10-30T00:55:00Z",
        "2022-10-30T01:05:00Z", "2022-10-30T01:50:00Z", "2022-10-30T02:00:00Z",
    ]  # fmt: skip


def test_the_repeated_hour_in_the_southern_hemisphere_falls_in_april():
    # Sydney, 3 April 2022: 02:00-03:00 twice, +11 then +10.
    assert utc(SourceClock("Australia/Sydney"), "2022-04-03T02:30:00", "2022-04-03T02:59:00", "2022-04-03T02:01:00") == [
        "2022-04-02T15:30:00Z", "2022-04-02T15:59:00Z", "2022-04-02T16:01:00Z",
    ]  # fmt: skip


def test_the_missing_hour_in_spring_is_no_gap():
    # Berlin, 27 March 2022: 01:59:59 +1 is followed by 03:00:00 +2, one second later.
    assert utc(SourceClock("Europe/Berlin"), "2022-03-27T01:59:59", "2022-03-27T03:00:00") == [
        "2022-03-27T00:59:59Z", "2022-03-27T01:00:00Z",
    ]  # fmt: skip


def test_the_repeated_hour_stays_told_when_it_spans_two_blocks():
    clock = Clock(SourceClock("Europe/Berlin"))
    first = clock.resolve(times("2022-10-30T02:10:00", "2022-10-30T02:58:00")).utc_us
    second = clock.resolve(times("2022-10-30T02:03:00", "2022-10-30T02:40:00")).utc_us
    assert [rfc3339(t) for t in (*first, *second)] == [
        "2022-10-30T00:10:00Z", "2022-10-30T00:58:00Z", "2022-10-30T01:03:00Z", "2022-10-30T01:40:00Z",
    ]  # fmt: skip


def test_new_year_inside_a_file_moves_the_year_on():
    settings = SourceClock("UTC", year=2022)
    assert utc(settings, "2000-12-31T23:59:58", "2000-01-01T00:00:03", has_year=False) == [
        "2022-12-31T23:59:58Z", "2023-01-01T00:00:03Z",
    ]  # fmt: skip


def test_a_late_line_of_december_after_new_year_stays_in_the_old_year():
    settings = SourceClock("UTC", year=2022)
    stamps = ("2000-12-31T23:59:59", "2000-01-01T00:00:01", "2000-12-31T23:59:59", "2000-01-01T00:00:02")
    assert [t[:4] for t in utc(settings, *stamps, has_year=False)] == ["2022", "2023", "2022", "2023"]


def test_new_year_between_two_blocks_moves_the_year_on():
    clock = Clock(SourceClock("UTC", year=2023))
    clock.resolve(times("2000-12-30T10:00:00", has_year=False))
    assert rfc3339(clock.resolve(times("2000-01-02T10:00:00", has_year=False)).utc_us[0]) == "2024-01-02T10:00:00Z"


def test_the_29th_of_february_without_a_year_is_kept_in_a_leap_year():
    assert utc(SourceClock("UTC", year=2024), "2000-02-29T12:00:00", "2000-03-01T00:00:00", has_year=False) == [
        "2024-02-29T12:00:00Z", "2024-03-01T00:00:00Z",
    ]  # fmt: skip


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2000, 12, 31)), st.integers(1971, 2099))
def test_moving_into_a_year_keeps_month_day_and_time(moment, year):
    moved = in_year(to_us(moment.replace(tzinfo=UTC)), year)
    try:
        expected = to_us(moment.replace(year=year, tzinfo=UTC))
    except ValueError:  # 29 February of a common year
        expected = to_us(
            datetime(year, 3, 1, moment.hour, moment.minute, moment.second, moment.microsecond, tzinfo=UTC)
        )
    assert moved == expected


def survey(path: str, host: str = "web", **more: object) -> Survey:
    values = {"offsets": {}, "dated": None, "yearless_first": None, "zoneless": True, "mtime_us": 0, **more}
    return Survey(path, host, **values)  # type: ignore[arg-type]


def span(first: str, last: str) -> tuple[int, int]:
    return int(wall(first)[0]), int(wall(last)[0])


def test_a_zone_is_taken_from_another_source_of_the_host_before_any_other_host():
    known = [
        survey("web/access.log", offsets={19_800: 100}),
        survey("db/other.log", host="db", offsets={3_600: 100}),
        survey("web/error.log"),
    ]
    clock = resolve_clocks(known, Stated(), "UTC")["web/error.log"]
    assert (clock.zone, clock.zone_basis) == ("UTC+05:30", TimeBasis.ZONE_INFERRED)
    assert "web/access.log" in clock.zone_why


def test_where_sources_disagree_the_zone_is_assumed_and_the_reason_names_both():
    known = [
        survey("a.log", host="a", offsets={19_800: 1}),
        survey("b.log", host="b", offsets={3_600: 1}),
        survey("c.log", host="c"),
    ]
    clock = resolve_clocks(known, Stated(), "UTC")["c.log"]
    assert clock.zone_basis == TimeBasis.ZONE_ASSUMED
    assert "a.log" in clock.zone_why and "b.log" in clock.zone_why and "--tz" in clock.zone_why


def test_a_host_that_prints_utc_as_an_offset_keeps_utc_though_others_do_not():
    known = [
        survey("web/access.log", offsets={19_800: 100}),
        survey("db/access.log", host="db", offsets={0: 9}),
        survey("db/syslog", host="db"),
    ]
    clock = resolve_clocks(known, Stated(), "Europe/Berlin")["db/syslog"]
    assert (clock.zone, clock.zone_basis) == ("UTC", TimeBasis.ZONE_INFERRED)


def test_two_offsets_of_one_host_are_a_zone_with_daylight_saving():
    dated = span("2022-10-29T12:00:00", "2022-10-31T12:00:00")
    known = [survey("web/access.log", offsets={7_200: 50, 3_600: 50}, dated=dated), survey("web/error.log")]
    clock = resolve_clocks(known, Stated(), "UTC")["web/error.log"]
    assert (clock.zone, clock.zone_basis) == ("Europe/Berlin", TimeBasis.ZONE_INFERRED)


def test_a_zone_stated_for_some_hosts_is_theirs_alone():
    known = [survey("app-1/syslog", host="app-1"), survey("db-1/syslog", host="db-1")]
    clocks = resolve_clocks(known, stated(None, ["app-*/**=Europe/Berlin"]), "UTC")
    assert [clocks[path].zone for path in ("app-1/syslog", "db-1/syslog")] == ["Europe/Berlin", "UTC"]


def test_a_stated_year_and_a_stated_clock_are_used():
    known = [survey("app-2/syslog", host="app-2", yearless_first=int(wall("2000-11-10T10:00:00")[0]))]
    clock = resolve_clocks(known, stated(None, (), 2019, ["app-2=-90s"]), "UTC")["app-2/syslog"]
    assert (clock.year, clock.offsets_s, clock.offset_why) == (2019, (-90.0,), "stated by a person")


@pytest.mark.parametrize(("text", "seconds"), [("-90s", -90), ("+7m", 420), ("1h", 3600), ("250ms", 0.25), ("5", 5)])
def test_lengths_of_time_are_read_as_people_write_them(text, seconds):
    assert stated(None, clocks=[f"app={text}"]).clocks == (("app", seconds),)


@pytest.mark.parametrize(
    ("entries", "words"),
    [((["nonsense"], ()), "--zone"), ((["a=Mars/Base"], ()), "Mars/Base"), (((), ["a=soon"]), "--clock")],
)
def test_what_cannot_be_read_is_said_with_an_example(entries, words):
    with pytest.raises(InputError, match=words):
        stated(None, entries[0], None, entries[1])


def first_of(path: str, first: str, **more: object) -> SourceClock:
    known = [survey(path, yearless_first=int(wall(first)[0]), **more)]
    return resolve_clocks(known, Stated(), "UTC")[path]


def test_the_date_in_a_rotated_name_tells_the_year():
    clock = first_of("web/syslog-20230101.gz", "2000-12-25T10:00:00", mtime_us=int(wall("2031-01-01T00:00:00")[0]))
    assert clock.year == 2022 and "name" in clock.year_why


def test_the_gzip_header_tells_the_year_where_the_name_does_not():
    packed, copied = int(wall("2021-03-01T00:00:00")[0]), int(wall("2031-01-01T00:00:00")[0])
    clock = first_of("web/syslog.3.gz", "2000-02-27T10:00:00", packed_us=packed, mtime_us=copied)
    assert clock.year == 2021 and "gzip" in clock.year_why


def test_a_git_history_of_many_years_does_not_pull_the_year_back():
    known = [
        survey("web/syslog", yearless_first=int(wall("2000-11-10T10:30:00")[0])),
        survey("ops/git-log.txt", dated=span("2015-01-01T00:00:00", "2022-11-10T13:00:00")),
    ]
    assert resolve_clocks(known, Stated(), "UTC")["web/syslog"].year == 2022


def test_the_order_of_the_sources_changes_nothing():
    known = [
        survey("web/access.log", offsets={19_800: 100}),
        survey("db/x.log", host="db", offsets={3_600: 1}),
        survey("web/error.log"),
        survey("q/y.log", host="q"),
    ]
    assert resolve_clocks(known, Stated(), "UTC") == resolve_clocks(reversed(known), Stated(), "UTC")


def test_a_stated_zone_wins_over_inference():
    known = [survey("web/access.log", offsets={19_800: 100}), survey("web/syslog")]
    clock = resolve_clocks(known, Stated("Europe/Paris"), "UTC")["web/syslog"]
    assert (clock.zone, clock.zone_basis) == ("Europe/Paris", TimeBasis.ZONE_STATED)


def test_the_year_comes_from_dated_lines_though_the_file_was_copied_much_later():
    copied = int(wall("2031-05-05T00:00:00")[0])
    known = [
        survey("web/syslog", yearless_first=int(wall("2000-11-10T10:30:00")[0]), mtime_us=copied),
        survey("web/access.log", dated=span("2022-11-10T10:29:00", "2022-11-10T15:00:00"), mtime_us=copied),
    ]
    clock = resolve_clocks(known, Stated(), "UTC")["web/syslog"]
    assert clock.year == 2022 and "web/access.log" in clock.year_why


def test_a_log_that_begins_before_new_year_gets_the_year_before_its_dated_neighbours():
    known = [
        survey("web/syslog", yearless_first=int(wall("2000-12-28T10:00:00")[0])),
        survey("web/access.log", dated=span("2023-01-02T00:00:00", "2023-01-05T00:00:00")),
    ]
    assert resolve_clocks(known, Stated(), "UTC")["web/syslog"].year == 2022


def test_without_any_dated_line_the_year_comes_from_the_modification_time_and_says_so():
    known = [
        survey(
            "web/syslog",
            yearless_first=int(wall("2000-12-28T10:00:00")[0]),
            mtime_us=int(wall("2023-01-03T00:00:00")[0]),
        )
    ]
    clock = resolve_clocks(known, Stated(), "UTC")["web/syslog"]
    assert clock.year == 2022 and "modification" in clock.year_why


def test_a_clock_that_was_ahead_is_set_back_and_says_so():
    clock = Clock(SourceClock("UTC", TimeBasis.ZONE_STATED, offset_at_us=(0,), offsets_s=(90.0,)))
    resolved = clock.resolve(times("2022-11-10T11:16:30"))
    assert rfc3339(resolved.utc_us[0]) == "2022-11-10T11:15:00Z"
    assert list(TimeBasis)[resolved.basis[0]] == TimeBasis.OFFSET_CORRECTED


def test_a_drifting_clock_is_followed_between_its_measurements():
    begin, end = span("2022-11-10T10:00:00", "2022-11-10T12:00:00")
    clock = Clock(SourceClock("UTC", offset_at_us=(begin, end), offsets_s=(10.0, 30.0)))
    assert rfc3339(clock.resolve(times("2022-11-10T11:00:00")).utc_us[0]) == "2022-11-10T10:59:40Z"


def test_moments_a_person_types_are_read_in_the_given_zone():
    assert rfc3339(parse_moment("2022-11-10T11:15", zone_of("Asia/Kolkata"))) == "2022-11-10T05:45:00Z"
    assert rfc3339(parse_moment("2022-11-10T11:15:00+01:00", zone_of("Asia/Kolkata"))) == "2022-11-10T10:15:00Z"
    with pytest.raises(InputError, match="is not a time"):
        parse_moment("teatime", UTC)


def test_offsets_have_names_that_can_be_read_back():
    assert [offset_name(s) for s in (0, 19_800, -12_600)] == ["UTC", "UTC+05:30", "UTC-03:30"]
    assert zone_of("UTC-03:30").utcoffset(None).total_seconds() == -12_600


def test_a_clock_stepped_forward_moves_only_what_was_written_before():
    # At 11:00:00 of its own the clock was put forward by 90 s: it wrote 10:59:59, then 11:01:30.
    after = int(wall("2022-11-10T11:01:30")[0])
    stamps = ("2022-11-10T10:59:59", "2022-11-10T11:01:30", "2022-11-10T11:05:00")
    clock = Clock(SourceClock("UTC", TimeBasis.ZONE_STATED, steps=((after, 90.0),)))
    resolved = clock.resolve(times(*stamps))
    assert [rfc3339(t) for t in resolved.utc_us] == [
        "2022-11-10T11:01:29Z",
        "2022-11-10T11:01:30Z",
        "2022-11-10T11:05:00Z",
    ]
    assert [list(TimeBasis)[b] for b in resolved.basis] == ["offset-corrected", "zone-stated", "zone-stated"]


def test_a_clock_stepped_back_tells_the_repeated_minutes_by_line_order():
    # It was 120 s ahead: at its own 11:10:00 it was put back to 11:08:00.
    after = int(wall("2022-11-10T11:08:00")[0])
    stamps = (
        "2022-11-10T11:07:00",
        "2022-11-10T11:09:00",
        "2022-11-10T11:09:59",
        "2022-11-10T11:08:00",
        "2022-11-10T11:09:00",
        "2022-11-10T11:20:00",
    )
    clock = SourceClock("UTC", steps=((after, -120.0),))
    whole = [rfc3339(t)[11:19] for t in Clock(clock).resolve(times(*stamps)).utc_us]
    assert whole == ["11:05:00", "11:07:00", "11:07:59", "11:08:00", "11:09:00", "11:20:00"]
    two = Clock(clock)
    pieces = [*two.resolve(times(*stamps[:4])).utc_us, *two.resolve(times(*stamps[4:])).utc_us]
    assert [rfc3339(t)[11:19] for t in pieces] == whole


def test_a_gzip_header_without_a_time_tells_no_year():
    assert packed_us(b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\x03") is None  # RFC 1952: MTIME = 0, none is available
    copied = int(wall("2023-03-01T00:00:00")[0])
    clock = first_of("web/syslog.3.gz", "2000-02-27T10:00:00", packed_us=None, mtime_us=copied)
    assert clock.year == 2023 and "modification" in clock.year_why
