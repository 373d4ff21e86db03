"""What a log in the W3C extended format becomes."""

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.w3c import PARSER

IIS = "#Software: Microsoft Internet Information Services 10.0"
FIELDS = "#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip sc-status sc-bytes time-taken"


def told(*lines: str) -> list[Record | Reject]:
    return list(PARSER.records(Line(number, 0, text.encode()) for number, text in enumerate(lines, 1)))


@pytest.mark.parametrize(("software", "seconds"), [(IIS, 0.471), ("#Software: Other 1.0", 471.0)])
def test_the_unit_of_the_time_taken_is_the_softwares(software, seconds):
    [record] = told(software, FIELDS, "2013-06-24 10:56:45 POST /x a=b 192.0.2.7 500 1234 471")
    assert record.columns["duration"] == pytest.approx(seconds)
    assert [record.columns[name] for name in ("method", "path", "client", "status", "bytes")] == [
        "POST",
        "/x?a=b",
        "192.0.2.7",
        500,
        1234,
    ]
    assert record.time.offset_s == 0


def test_new_columns_count_from_where_they_are_named():
    one, two = told(
        IIS,
        "#Fields: date time cs-method sc-status",
        "2013-06-24 10:56:45 GET 200",
        "#Fields: date time sc-status cs-method",
        "2013-06-24 10:56:46 500 PUT",
    )
    assert [(r.columns["method"], r.columns["status"]) for r in (one, two)] == [("GET", 200), ("PUT", 500)]


def test_the_day_may_stand_in_the_head_alone():
    [record] = told("#Date: 2013-06-24 10:00:00", "#Fields: time cs-method sc-status", "10:56:45 GET 200")
    assert record.time.wall_us == 1_372_071_405_000_000  # date -u -d '2013-06-24 10:56:45' +%s


def test_a_line_with_too_few_values_is_refused():
    [refused] = told(FIELDS, "2013-06-24 10:56:45 POST")
    assert isinstance(refused, Reject)


def test_cloudfronts_files_are_left_to_their_own_parser():
    assert PARSER.claims("x", [b"#Version: 1.0", b"#Fields: date time x-edge-location sc-bytes"]) == 0.0
