"""What the access log parser makes of Apache's and nginx's variants, beyond its samples."""

import pyarrow as pa

from afterlog.intake.parsing import parse
from afterlog.parsers.apache_access import PARSER
from afterlog.registry import Registry
from afterlog.source import Block

HEAD = '203.0.113.7 - - [10/Nov/2022:10:29:59 +0530] "GET /x HTTP/1.1" 200 3'


def read(*lines: str) -> dict[str, pa.Array]:
    [parsed] = parse(PARSER, [Block("\n".join(lines).encode(), 1, 0)], Registry([PARSER]))
    assert parsed.batch is not None
    assert (len(parsed.batch.rows), parsed.rejects) == (len(lines), ())
    return dict(parsed.batch.columns)


def test_variants_of_one_file_are_read_side_by_side():
    columns = read(HEAD, HEAD + ' "-" "curl"', HEAD + ' "-" "curl" "198.51.100.1"', "blog:80 " + HEAD + ' "-" "curl"')
    assert columns["client"].to_pylist() == ["203.0.113.7"] * 4
    assert columns["agent"].to_pylist() == [None, "curl", "curl", "curl"]
    assert columns["forwarded_for"].to_pylist() == [None, None, "198.51.100.1", None]
    assert columns["service"].to_pylist() == [None, None, None, "blog"]


def test_a_decimal_behind_the_agent_is_seconds_and_a_whole_number_microseconds():
    tails = ["0.250", "250000", "3/3000001", '"-" 0.250', 'rt=0.250 urt="0.1"', "-"]
    durations = read(*(f'{HEAD} "-" "curl" {tail}' for tail in tails))["duration"].to_pylist()
    assert durations == [0.25, 0.25, 3.000001, 0.25, 0.25, None]


def test_what_stands_behind_the_agent_is_kept_even_if_it_means_nothing_to_us():
    columns = read(HEAD + ' "-" "curl" cache=HIT zone=a')
    assert columns["extra"].to_pylist() == ["cache=HIT zone=a"]
    assert columns["duration"].to_pylist() == [None]


def test_a_request_that_never_came_has_neither_method_nor_path():
    columns = read('203.0.113.7 - - [10/Nov/2022:10:29:59 +0530] "-" 408 - "-" "-"')
    assert [columns[name][0].as_py() for name in ("method", "path", "status", "bytes")] == [
        None,
        None,
        408,
        None,
    ]


def test_a_status_outside_http_is_absent():
    lines = [HEAD.replace(" 200 ", f" {status} ") for status in ("000", "100", "599", "600", "-", "-1")]
    assert read(*lines)["status"].to_pylist() == [None, 100, 599, None, None, None]


def test_addresses_of_both_families_and_names_are_clients():
    names = ["2001:db8::1", "::1", "host-1.example.com", "unix:"]
    assert read(*(HEAD.replace("203.0.113.7", name) + ' "-" "-"' for name in names))["client"].to_pylist() == names
