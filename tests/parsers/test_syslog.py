"""What the syslog envelope takes off a line, and what it leaves."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parser import Lines
from afterlog.parsers.syslog import PARSER
from afterlog.registry import Registry
from afterlog.source import Block

STAMPS = ["Nov 10 10:29:58", "Nov  1 10:29:58", "2022-11-10T10:29:58.123456+05:30", "2022-11-10T10:29:58Z"]


def read(line: str) -> dict[str, object]:
    [parsed] = parse(PARSER, [Block(line.encode(), 1, 0)], Registry([PARSER]))
    assert parsed.batch is not None
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


@pytest.mark.parametrize("pri", ["", "<13>"])
@pytest.mark.parametrize("stamp", STAMPS)
def test_every_stamp_goes_with_and_without_a_pid(stamp, pri):
    with_pid = read(f"{pri}{stamp} web-01 postfix/smtpd[12]: x: y[1]: z")
    assert [with_pid[name] for name in ("host", "service", "run", "message")] == [
        "web-01", "postfix/smtpd", "postfix/smtpd[12]", "x: y[1]: z",
    ]  # fmt: skip
    without = read(f"{pri}{stamp} web-01 sudo:   devops : x[1]: y")
    assert [without[name] for name in ("service", "run", "message")] == ["sudo", None, "  devops : x[1]: y"]


@pytest.mark.parametrize(
    ("pri", "severity", "facility"),
    [
        (0, 21, "kern"),
        (7, 5, "kern"),
        (38, 9, "auth"),
        (86, 9, "authpriv"),
        (131, 17, "local0"),
        (191, 5, "local7"),
        (192, None, None),
    ],
)
def test_a_priority_is_facility_and_severity(pri, severity, facility):
    told = read(f"<{pri}>Nov 10 10:29:58 web-01 app: x")
    assert (told["severity"], told["facility"], told.get("pri")) == (severity, facility, None)


def test_a_line_of_an_application_with_an_iso_stamp_and_no_tag_is_not_syslog():
    for line in (b"2022-11-10T10:29:58Z INFO started", b"2022-11-10T10:29:58.123+01:00 something happened"):
        assert not any(len(layout.match(Lines.of(line)).rows) for layout in PARSER.layouts)
