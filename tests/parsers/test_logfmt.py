"""What logfmt's pairs become, in whatever order and dialect."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers import logfmt
from afterlog.registry import Registry
from afterlog.source import Block

PARSER = logfmt.PARSER[0]


def read(*lines: str) -> dict[str, list[object]]:
    parts = list(parse(PARSER, [Block("\n".join(lines).encode(), 1, 0)], Registry([PARSER])))
    batches = [part.batch for part in parts if part.batch is not None]
    assert sum(len(batch.rows) for batch in batches) == len(lines)
    names = {name for batch in batches for name in batch.columns}
    return {
        name: [
            value
            for batch in batches
            for value in (batch.columns[name].to_pylist() if name in batch.columns else [None] * len(batch.rows))
        ]
        for name in names
    }


@pytest.mark.parametrize(
    "head", ['time="2022-11-10T10:29:58Z" ', "ts=2022-11-10T10:29:58Z ", "app=x ts=2022-11-10T10:29:58Z "]
)
def test_a_message_is_read_with_its_quotes_undone(head):
    told = read(head + 'level=error msg="say \\"no\\"" err=timeout')
    assert [told[name] for name in ("message", "severity", "error")] == [['say "no"'], [17], ["timeout"]]


def test_a_key_inside_a_value_is_no_pair():
    told = read('time=2022-11-10T10:29:58Z msg="a level=fatal b" level=info')
    assert told["severity"] == [9]


def test_a_request_needs_a_status_and_a_method_or_path():
    told = read(
        "time=2022-11-10T10:29:58Z level=info msg=x status=503 method=GET path=/a duration=1m2.5s bytes=7 remote_addr=192.0.2.7:50",
        "time=2022-11-10T10:29:58Z level=info msg=y status=ok",
    )
    assert told["kind"][0] == "request"
    assert (told["status"][0], told["duration"][0], told["client"][0], told["bytes"][0]) == (503, 62.5, "192.0.2.7", 7)
    assert told["kind"][1] != "request"


def test_all_pairs_are_kept_as_they_stood():
    assert read('ts=2022-11-10T10:29:58Z level=info a=1 b="x y"')["pairs"] == ['level=info a=1 b="x y"']


def test_grafanas_line_begins_with_its_logger_and_not_with_its_time():
    told = read(
        "logger=context userId=1 orgId=1 uname=admin t=2022-11-10T10:29:58.123456789+01:00 level=info "
        'msg="Request Completed" method=GET path=/api/x status=502 remote_addr=192.0.2.7 time_ms=12 duration=12.5ms'
    )
    assert (told["kind"], told["status"], told["client"], told["duration"]) == (
        ["request"],
        [502],
        ["192.0.2.7"],
        [0.0125],
    )
