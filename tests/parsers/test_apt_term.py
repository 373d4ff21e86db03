"""What APT's terminal log becomes."""

from pathlib import Path

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.apt_term import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def block(*lines: str) -> bytes:
    return "\n".join(["", "Log started: 2022-11-10  10:42:15", *lines, ""]).encode()


def test_the_recording_is_one_reinstallation_with_the_run_of_the_history():
    [record] = told((LOGS / "web-02/var/log/apt/term.log").read_bytes())
    assert record.line.number == 2
    assert [record.columns[k] for k in ("action", "target", "outcome", "run")] == [
        "reinstall",
        "less",
        "changed",
        "apt 2022-11-10  10:42:15",
    ]


def test_an_error_of_dpkg_is_a_failure_told_in_full():
    [record] = told(
        block(
            "dpkg: error processing package a (--configure):\r",
            " subprocess returned error exit status 3\r",
            "Errors were\r",
        )
    )
    assert record.columns["outcome"] == "failed"
    assert (
        record.columns["error"]
        == "dpkg: error processing package a (--configure): subprocess returned error exit status 3"
    )


def test_only_what_stands_behind_the_last_carriage_return_counts():
    [record] = told(block("(Reading ... 5%\rUnpacking a (2) over (1) ...", "Log ended: 2022-11-10  10:42:17"))
    assert (record.columns["action"], record.columns["target"]) == ("upgrade", "a")


def test_services_that_were_restarted_are_told():
    [record] = told(block("Restarting services...", " systemctl restart apache2.service cron.service"))
    assert record.columns["restarts"] == "systemctl restart apache2.service cron.service"


def test_text_outside_a_block_is_refused_and_blank_lines_are_not():
    assert [type(item) for item in told(b"\nhello\n")] == [Reject]
    assert [type(item) for item in told(block())] == [Record]
