"""Times as printed: equal to strptime, impossible ones are no match."""

import calendar
import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.layout import OFFSET_UNKNOWN, TIME_FORMS, Layout, Lines, Times

# strptime's spelling of each form; the ones without a year get 2000 put in front.
STRPTIME = {
    "clf": "%d/%b/%Y:%H:%M:%S %z",
    "clf-ms": "%d/%b/%Y:%H:%M:%S.%f",
    "syslog": "%b %d %H:%M:%S",
    "apache-error": "%a %b %d %H:%M:%S.%f %Y",
    "nginx-error": "%Y/%m/%d %H:%M:%S",
    "python": "%Y-%m-%d %H:%M:%S,%f",
    "iso": "%Y-%m-%dT%H:%M:%S.%f%z",
    "ctime": "%a %b %d %H:%M:%S %Y",
    "apt": "%Y-%m-%d  %H:%M:%S",
    "klog": "%m%d %H:%M:%S.%f",
}
MILLISECONDS = {"clf-ms", "python"}
UTC = dt.UTC


def read(form: str, *stamps: str) -> Times | None:
    """The times of these stamps by the kernel, None unless all match; the regex must agree."""
    layout = Layout(f"<{{time:{form}}}>")
    lines = Lines.of("\n".join(f"<{stamp}>" for stamp in stamps).encode())
    kernel, regex = layout.match(lines), layout.match_regex(lines)
    assert kernel.rows.tolist() == regex.rows.tolist()
    if len(kernel) < len(stamps):
        return None
    return kernel.time()


def wall(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> int:
    """Microseconds by the calendar module."""
    return calendar.timegm((year, month, day, hour, minute, second)) * 1_000_000 + micro


@pytest.mark.parametrize("form", STRPTIME)
@settings(max_examples=60, deadline=None)
@given(
    stamps=st.lists(
        st.datetimes(
            min_value=dt.datetime(1000, 1, 1),
            timezones=st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_printed_time_is_read_as_strptime_reads_it(form: str, stamps: list[dt.datetime]) -> None:
    spelling = STRPTIME[form]
    if form in MILLISECONDS:
        stamps = [stamp.replace(microsecond=stamp.microsecond // 1000 * 1000) for stamp in stamps]
    texts = [stamp.strftime(spelling) for stamp in stamps]
    if form in MILLISECONDS:
        cut = spelling.index("%f") == len(spelling) - 2
        assert cut
        texts = [text[:-3] for text in texts]
    times = read(form, *texts)
    assert times is not None
    for index, text in enumerate(texts):
        year = "" if "%Y" in spelling else "2000 "
        parsed = dt.datetime.strptime(year + text, ("%Y " if year else "") + spelling)
        micro = parsed.microsecond
        expected = wall(parsed.year, parsed.month, parsed.day, parsed.hour, parsed.minute, parsed.second, micro)
        assert times.wall_us[index] == expected
        offset = parsed.utcoffset()
        assert times.offset_s[index] == (OFFSET_UNKNOWN if offset is None else offset.total_seconds())
        assert times.has_year is ("%Y" in spelling)


def test_every_form_reads_its_own_example() -> None:
    expected = {
        "clf": wall(2000, 10, 10, 13, 55, 36),
        "clf-ms": wall(2022, 11, 10, 10, 29, 58, 389_000),
        "syslog": wall(2000, 11, 10, 10, 29, 58),
        "apache-error": wall(2022, 11, 10, 11, 14, 59, 898_581),
        "iso": wall(2022, 11, 10, 10, 29, 58, 123_000),
        "nginx-error": wall(2022, 11, 10, 10, 29, 58),
        "python": wall(2022, 11, 10, 11, 5, 2, 292_000),
        "epoch": 1_668_076_198_389_000,
        "epoch-ms": 1_668_076_198_389_000,
        "ctime": wall(2022, 11, 10, 11, 14, 59),
        "apt": wall(2022, 11, 10, 10, 42, 15),
        "klog": wall(2000, 11, 10, 10, 29, 58, 389_123),
    }
    assert expected.keys() == TIME_FORMS.keys()
    for name, form in TIME_FORMS.items():
        times = read(name, form.example)
        assert times is not None, name
        assert times.wall_us.tolist() == [expected[name]], name


def test_offsets_are_kept_as_printed() -> None:
    times = read("iso", *(f"2022-11-10T10:29:58{zone}" for zone in ("", "Z", "+01:00", "-0330", "+05", "-00:00")))
    assert times is not None
    assert times.offset_s.tolist() == [OFFSET_UNKNOWN, 0, 3600, -12600, 18000, 0]
    assert set(times.wall_us.tolist()) == {wall(2022, 11, 10, 10, 29, 58)}
    epoch = read("epoch", "0")
    assert epoch is not None
    assert epoch.offset_s.tolist() == [0]


@pytest.mark.parametrize(
    ("fraction", "micros", "resolution"),
    [
        ("", 0, 1_000_000),
        (".5", 500_000, 100_000),
        (",25", 250_000, 10_000),
        (".389", 389_000, 1000),
        (".123456", 123_456, 1),
        (".1234567", 123_456, 1),
        (".123456789", 123_456, 1),
        (".999999999", 999_999, 1),
    ],
)
def test_a_fraction_is_cut_off_at_microseconds(fraction: str, micros: int, resolution: int) -> None:
    times = read("iso", f"2022-11-10 10:29:58{fraction}Z")
    assert times is not None
    assert times.wall_us.tolist() == [wall(2022, 11, 10, 10, 29, 58, micros)]
    assert times.resolution_us == resolution


def test_the_resolution_is_that_of_the_finest_time_of_the_block() -> None:
    times = read("apache-error", "Thu Nov 10 11:14:59 2022", "Thu Nov 10 11:14:59.898581 2022")
    assert times is not None
    assert times.resolution_us == 1
    assert times.wall_us.tolist() == [wall(2022, 11, 10, 11, 14, 59), wall(2022, 11, 10, 11, 14, 59, 898_581)]


@pytest.mark.parametrize(
    ("form", "stamp"),
    [
        ("clf", "30/Feb/2000:13:55:36 -0700"),
        ("clf", "29/Feb/2001:13:55:36 -0700"),
        ("clf", "29/Feb/1900:13:55:36 -0700"),
        ("clf", "31/Apr/2001:13:55:36 -0700"),
        ("clf", "00/Apr/2001:13:55:36 -0700"),
        ("clf", "10/Foo/2001:13:55:36 -0700"),
        ("clf", "10/oct/2001:13:55:36 -0700"),
        ("clf", "10/Oct/2001:24:00:00 -0700"),
        ("clf", "10/Oct/2001:23:60:00 -0700"),
        ("clf", "10/Oct/2001:23:59:61 -0700"),
        ("clf", "10/Oct/2001:23:59:59 -2400"),
        ("clf", "10/Oct/2001:23:59:59 +0060"),
        ("clf", "10/Oct/0000:23:59:59 +0000"),
        ("iso", "2022-13-10T10:29:58Z"),
        ("iso", "2022-00-10T10:29:58Z"),
        ("iso", "2022-11-31T10:29:58Z"),
        ("iso", "2022-11-10T25:29:58"),
        ("iso", "2022-11-10T10:29:58+24:00"),
        ("syslog", "Feb 30 10:29:58"),
        ("syslog", "Feb  0 10:29:58"),
        ("syslog", "Nov 1  10:29:58"),
        ("klog", "0230 10:29:58.000000"),
        ("epoch", "123456789012"),
        ("epoch", ".5"),
    ],
)
def test_an_impossible_time_is_no_match(form: str, stamp: str) -> None:
    assert read(form, stamp) is None


def test_29_february_without_a_year_and_in_leap_years_exists() -> None:
    for form, stamp in [("syslog", "Feb 29 00:00:00"), ("klog", "0229 00:00:00.000000")]:
        times = read(form, stamp)
        assert times is not None
        assert times.wall_us.tolist() == [wall(2000, 2, 29)]
        assert times.has_year is False
    leap = read("apt", "2024-02-29  00:00:00", "2000-02-29  00:00:00")
    assert leap is not None
    assert leap.wall_us.tolist() == [wall(2024, 2, 29), wall(2000, 2, 29)]


def test_a_leap_second_is_the_last_microsecond_of_its_minute() -> None:
    times = read("iso", "2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z")
    assert times is not None
    assert times.wall_us.tolist() == [wall(2016, 12, 31, 23, 59, 59, 999_999)] * 2


def test_a_day_below_ten_is_padded_with_a_blank_or_a_zero() -> None:
    times = read("syslog", "Nov  1 10:29:58", "Nov 01 10:29:58")
    assert times is not None
    assert times.wall_us.tolist() == [wall(2000, 11, 1, 10, 29, 58)] * 2


def test_every_day_of_four_centuries_is_where_the_calendar_has_it() -> None:
    first = dt.date(1800, 1, 1)
    days = [first + dt.timedelta(days=n) for n in range(0, 146_097, 7)]
    times = read("apt", *(f"{day}  00:00:00" for day in days))
    assert times is not None
    expected = np.array([(day - dt.date(1970, 1, 1)).days * 86_400_000_000 for day in days])
    assert (times.wall_us == expected).all()


def test_a_second_time_in_a_line_is_read_by_its_own_name() -> None:
    layout = Layout("{time:syslog} x [{accept:clf-ms}]")
    match = layout.match(Lines.of(b"Nov 10 10:29:58 x [10/Nov/2022:10:29:58.389]"))
    assert match.time("accept").wall_us.tolist() == [wall(2022, 11, 10, 10, 29, 58, 389_000)]
    assert match.time().resolution_us == 1_000_000


def test_a_time_that_is_not_kept_must_exist_all_the_same() -> None:
    layout = Layout("{_:clf-ms} {x}")
    lines = Lines.of(b"10/Nov/2022:10:29:58.389 a\n31/Nov/2022:10:29:58.389 b")
    assert layout.match(lines).text("x").to_pylist() == ["a"]
