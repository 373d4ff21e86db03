"""What APT's history becomes."""

from pathlib import Path

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.apt_history import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def block(*lines: str) -> bytes:
    return "\n".join(["", "Start-Date: 2022-11-10  10:42:15", *lines, ""]).encode()


def test_the_recording_is_one_reinstallation_by_devops():
    [record] = told((LOGS / "web-02/var/log/apt/history.log").read_bytes())
    assert record.line.number == 2
    assert [record.columns[k] for k in ("action", "target", "actor", "outcome")] == [
        "reinstall",
        "less",
        "devops",
        "changed",
    ]


def test_a_block_that_does_not_end_has_no_known_outcome():
    assert told(block("Install: a:amd64 (1)"))[0].columns["outcome"] == "unknown"


def test_an_error_is_a_failure():
    [record] = told(
        block(
            "Install: a:amd64 (1)",
            "Error: Sub-process /usr/bin/dpkg returned an error code (1)",
            "End-Date: x",
        )
    )
    assert record.columns["outcome"] == "failed"


def test_several_actions_are_one_event_and_long_lists_are_cut_with_their_count():
    many = ", ".join(f"lib{n}:amd64 (1.0, automatic)" for n in range(300))
    [record] = told(
        block(f"Install: {many}", "Upgrade: libc6:amd64 (2.36-9, 2.36-10)", "End-Date: 2022-11-10  10:42:17")
    )
    assert record.columns["action"] == "install+upgrade"
    assert record.columns["package_count"] == "301"
    assert record.columns["target"].endswith("lib19, and 281 more")


def test_a_package_without_architecture_is_a_package():
    assert told(block("Purge: less (590)"))[0].columns["target"] == "less"


@pytest.mark.parametrize("date", ["2022-02-30  10:42:15", "", "soon"])
def test_a_block_whose_time_does_not_exist_is_refused(date):
    [refused] = told(f"Start-Date: {date}\nInstall: a (1)\n".encode())
    assert isinstance(refused, Reject)


def test_it_claims_no_terminal_log():
    assert PARSER.claims("x", [b"Log started: 2022-11-10  10:42:15", b"Unpacking less"]) == 0.0
