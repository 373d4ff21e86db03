"""Reading times: every shape that people write, its role, and the date it carries."""

import pytest

from afterlog.check import check
from afterlog.check.clocks import find_clocks
from afterlog.check.dates import find_dates
from afterlog.check.spans import find_spans


def times(document):
    return [(entry["line"], entry["time"], entry["role"]) for entry in check(document).as_json()["times"]]


def rows(document):
    return [entry["time"] for entry in check(document).as_json()["times"] if entry["role"] == "row"]


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("at 11:05 Am", (11, 5, None)),
        ("at 1: 55 PM", (13, 55, None)),
        ("at 12:02 AM", (0, 2, None)),
        ("at 12:02 p.m.", (12, 2, None)),
        ("at 9.30am", (9, 30, None)),
        ("at 6PM", (18, 0, None)),
        ("at 13:00:56", (13, 0, 56)),
        ("2022-11-10T11:15:00Z", (11, 15, 0)),
        ("2022-11-10T11:15:00.123+05:30", (11, 15, 0)),
        ("at 0233 UTC", (2, 33, None)),
        ("~16:40", (16, 40, None)),
        ("ca. 16:40", (16, 40, None)),
        ("at 17:14pm", (17, 14, None)),
        ("10:00\u202fPM".replace("\u202f", " "), (22, 0, None)),
    ],
)
def test_a_clock_time_is_read_in_its_shape(text, clock):
    (found,) = find_clocks(text)
    assert (found.hour, found.minute, found.second) == clock


@pytest.mark.parametrize(
    "text",
    [
        "main.rs:119:5",
        "10.0.0.1:8080",
        "localhost:10:20x",
        "UTC-05:00",
        "(UTC+02:00)",
        "v11.50.2",
        "16:9",
        "1:1",
        "node:14.04",
        "??:??",
        "--:--",
        "2X:XX",
        "HH:mm",
        "fe80::10:25",
        "I am 5 p",
        "100:00",
    ],
)
def test_what_only_looks_like_a_time_is_none(text):
    assert [clock for clock in find_clocks(text) if clock.sure and not clock.fault] == []


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("from 11:19 AM to 2:25 PM IST", [(11, 19), (14, 25)]),
        ("08:25–09:10 CST", [(8, 25), (9, 10)]),
        ("between 2 PM and 4:30 PM", [(14, 0), (16, 30)]),
        ("2:00 - 4:30 PM", [(14, 0), (16, 30)]),
        ("starting at 2:00 PM and ending at 4:30 PM", [(14, 0), (16, 30)]),
        ("22:30 UTC on October 29 to 05:39 UTC on October 30", [(22, 30), (5, 39)]),
        ("2024-06-20 14:00 UTC to 2024-06-20 16:30 UTC", [(14, 0), (16, 30)]),
    ],
)
def test_a_range_has_two_sides(text, sides):
    found = [clock for clock in find_clocks(text) if clock.side]
    assert [(clock.hour, clock.minute) for clock in found] == sides
    assert [clock.side for clock in found] == [1, 2]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("November 10th, 2022", (2022, 11, 10)),
        ("10th of November 2022", (2022, 11, 10)),
        ("3. February 2020", (2020, 2, 3)),
        ("15Sep94", (1994, 9, 15)),
        ("10/Nov/2022", (2022, 11, 10)),
        ("2022/11/10", (2022, 11, 10)),
        ("25.11.2023", (2023, 11, 25)),
        ("5/26/21", (2021, 5, 26)),
        ("Jan 20", (None, 1, 20)),
    ],
)
def test_a_date_is_read_in_its_shape(text, date):
    (found,) = find_dates(text)
    assert (found.year, found.month, found.day) == date


@pytest.mark.parametrize("text", ["2022.11.3", "10.0.12", "1.2.3", "you may 5 times", "3/4 of 12/34", "1.16.13"])
def test_versions_and_fractions_are_no_dates(text):
    assert find_dates(text) == []


@pytest.mark.parametrize(
    ("text", "minutes", "exact"),
    [
        ("20h 03m", 1203, True),
        ("669 minutes", 669, True),
        ("1 hour and 48 minutes", 108, True),
        ("42 minutes 17 seconds", 42 + 17 / 60, True),
        ("40min", 40, False),
        ("nine hours", 540, False),
        ("two and a half hours", 150, False),
        ("about 2 h 10 min", 130, False),
        ("66-minute outage", 66, True),
        ("half an hour", 30, False),
    ],
)
def test_a_duration_has_the_precision_that_is_printed(text, minutes, exact):
    (found,) = find_spans(text)
    assert found.seconds == pytest.approx(minutes * 60)
    assert found.exact is exact


def test_a_date_carries_on_past_midnight():
    document = "# Outage of 13 January 2024\n\n## Timeline\n- 22:30 Outage begins\n- 23:15 Look\n- 00:40 Fix\n- 02:10 Restored\n"
    assert rows(document) == ["2024-01-13T22:30", "2024-01-13T23:15", "2024-01-14T00:40", "2024-01-14T02:10"]


def test_a_heading_inside_the_timeline_carries_its_date():
    document = "## Timeline\n\n### 30 April 2024\n- 16:20 Report\n\n### 1 May 2024\n- 00:35 Restore\n"
    assert rows(document) == ["2024-04-30T16:20", "2024-05-01T00:35"]


def test_front_matter_gives_a_date_where_nothing_else_does():
    assert rows("---\ndate: 2024-06-11\n---\n\n## Timeline\n- 03:15 Loop\n- 04:02 Done\n") == [
        "2024-06-11T03:15",
        "2024-06-11T04:02",
    ]


def test_the_date_of_a_review_is_not_carried():
    assert rows("Last updated: 2024-08-01\n\n## Timeline\n- 03:15 Loop\n- 04:02 Done\n") == ["03:15", "04:02"]


def test_the_twelve_hour_clock_without_halves_goes_on_in_the_afternoon():
    assert rows("## Timeline\n- 11:40 Stop\n- 12:05 Ticket\n- 1:10 Fix\n- 2:25 Done\n") == [
        "11:40",
        "12:05",
        "13:10",
        "14:25",
    ]


def test_columns_of_a_table_may_stand_in_any_order():
    document = "## Timeline\n| Event | Zone | Date | Time |\n|---|---|---|---|\n| Deploy | UTC | 2024-03-04 | 10:40 |\n| Errors | UTC | 2024-03-05 | 00:10 |\n"
    assert rows(document) == ["2024-03-04T10:40", "2024-03-05T00:10"]


def test_quoted_logs_prose_and_headers_are_mentions():
    document = "**Start:** 2024-08-20 11:02 UTC\n\n## Timeline\n- 11:02 Crash\n\n```\n2024-08-19T23:59:58Z ERROR\n```\n\n- 11:44 Over\n\n## Cause\nAt 10:50 a limit was set.\n"
    assert times(document) == [
        (1, "2024-08-20T11:02", "mention"),
        (4, "2024-08-20T11:02", "row"),
        (7, "2024-08-19T23:59:58", "mention"),
        (10, "2024-08-20T11:44", "row"),
        (13, "2024-08-20T10:50", "mention"),
    ]


def test_key_events_are_rows():
    document = "- **Key events**\n  - First detected 2021-07-12 15:44\n  - Incident declared: 2021-07-12 16.09\n  - Resolved 2021-07-13 11:49\n"
    assert rows(document) == ["2021-07-12T15:44", "2021-07-12T16:09", "2021-07-13T11:49"]


def test_a_range_in_a_row_gives_its_start_and_its_end():
    assert rows("## Timeline, 2024-02-03\n- 10:00 – 10:20 Restart\n- 10:30 Done\n") == [
        "2024-02-03T10:00",
        "2024-02-03T10:20",
        "2024-02-03T10:30",
    ]


def test_rows_may_be_paragraphs_indented_code_and_html():
    document = "# Timeline of 2024-01-10\n\n\t7:32 PM - The chain stalled.\n\n_7:38 PM_ – Alert\n\n<li>7:42 PM - Blocks again</li>\n"
    assert rows(document) == ["2024-01-10T19:32", "2024-01-10T19:38", "2024-01-10T19:42"]


def test_a_date_in_the_words_of_a_row_is_not_carried_to_the_next():
    document = "## Timeline\n- 2024-01-10 10:00 Found a certificate of 2021-05-05\n- 10:20 Renewed\n"
    assert rows(document) == ["2024-01-10T10:00", "2024-01-10T10:20"]
