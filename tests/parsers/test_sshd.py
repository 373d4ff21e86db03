"""What sshd's lines become, read out of the syslog lines they come in."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.sshd import PARSER
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block


def read(message: str, program: str = "sshd") -> dict[str, object]:
    data = f"<86>Nov 10 11:00:00 web-01 {program}[42]: {message}".encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


@pytest.mark.parametrize("program", ["sshd", "sshd-session"])
@pytest.mark.parametrize("method", ["password", "publickey", "keyboard-interactive/pam", "hostbased"])
def test_whoever_is_accepted_logs_in(method, program):
    told = read(f"Accepted {method} for deploy from 2001:db8::5 port 22 ssh2", program)
    assert [told[name] for name in ("kind", "action", "actor", "client", "auth_method", "run")] == [
        "change", "login", "deploy", "2001:db8::5", method, f"{program}[42]",
    ]  # fmt: skip


def test_how_somebody_came_in_is_no_http_method():
    assert "method" not in read("Accepted password for deploy from 192.0.2.1 port 22 ssh2")


@pytest.mark.parametrize(
    "message",
    [
        "Failed password for root from 192.0.2.1 port 22 ssh2",
        "Failed none for invalid user root from 192.0.2.1 port 22 ssh2",
        "Invalid user root from 192.0.2.1",
        "Connection reset by invalid user root 192.0.2.1 port 22 [preauth]",
        "Disconnected from authenticating user root 192.0.2.1 port 22 [preauth]",
        "Connection closed by authenticating user root 192.0.2.1 port 22 [preauth]",
    ],
)
def test_whoever_fails_is_a_warning_with_account_and_address(message):
    told = read(message)
    assert [told[name] for name in ("kind", "severity", "actor", "client")] == [
        "log",
        13,
        "root",
        "192.0.2.1",
    ]


def test_any_other_line_keeps_the_severity_of_its_priority():
    told = read("Server listening on 0.0.0.0 port 22.")
    assert (told["kind"], told["severity"], told.get("actor")) == ("log", 9, None)
