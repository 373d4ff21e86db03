"""What PostgreSQL's lines become, whatever stands before them."""

import pytest
from reading_back import Read

from afterlog.layout import OFFSET_UNKNOWN
from afterlog.parsers.postgresql import PARSER as BOTH
from afterlog.registry import Registry

PARSER, _ = BOTH


def read(*lines: str) -> Read:
    told = Read(PARSER, "\n".join(lines).encode(), Registry([PARSER]))
    assert told.rejects == []
    return told


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("UTC", 0),
        ("CEST", 7200),
        ("+03", 10800),
        ("-0330", -12600),
        ("Asia/Kolkata", 19800),
        ("IST", None),
        ("CST", None),
    ],
)
def test_a_zone_that_means_one_offset_is_exact_and_others_stay_open(zone, offset):
    times = read(f"2022-11-10 10:29:58.123 {zone} [7] LOG:  x").batches[0].times
    assert times.offset_s.tolist() == [OFFSET_UNKNOWN if offset is None else offset]


def test_explaining_lines_name_their_part_and_carry_no_alarm():
    said = read(*(f"2022-11-10 10:29:58 UTC [7] {part}:  x" for part in ("ERROR", "DETAIL", "HINT", "STATEMENT")))
    assert said["part"] == [None, "detail", "hint", "statement"]
    assert said["severity"] == [17, 9, 9, 9]


def test_a_statement_of_many_lines_stays_one_event():
    said = read("2022-11-10 10:29:58 UTC [7] a@b LOG:  duration: 1500.5 ms  statement: select", "\t1", "", "\t2")
    assert said["message"] == ["duration: 1500.5 ms  statement: select\n\t1\n\n\t2"]
    assert said["duration"] == [1.5005]


@pytest.mark.parametrize(
    "prefix",
    ["[7] u@d ", "[7-1] u@d ", "[7] u@d psql ", "[7]: [1-1] user=u,db=d,app=psql,client=192.0.2.1 "],
)
def test_user_and_database_are_found_in_every_prefix(prefix):
    columns = read(f"2022-11-10 10:29:58 UTC {prefix}FATAL:  x")
    assert [columns[name] for name in ("user", "database", "severity")] == [["u"], ["d"], [21]]


def test_a_comma_or_quote_in_a_csv_message_is_no_end():
    line = '2022-11-10 10:29:58 UTC,"u","d",7,"192.0.2.1:5",6b02.6f,1,"x",2022-11-10 10:29:50 UTC,3/2,0,ERROR,42601,"at ""a"", b",,,'
    columns = read(line)
    assert columns["message"] == ['at "a", b']
    assert columns["client"] == ["192.0.2.1"]
    assert columns["severity"] == [17]


def test_lines_of_processes_without_a_user_are_records_of_their_own():
    columns = read(
        "2022-11-10 10:29:58 UTC LOG:  database system is ready to accept connections",
        "2022-11-10 10:29:59 UTC u@d FATAL:  too many connections",
        "2022-11-10 10:30:00 UTC LOG:  received SIGHUP, reloading configuration files",
    )
    assert (columns["severity"], columns["user"]) == ([9, 21, 9], [None, "u", None])
