"""What sudo's lines become, read out of the syslog lines they come in."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.sudo import PARSER
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block


def read(message: str) -> dict[str, object]:
    data = f"Nov 10 11:00:00 web-01 sudo: {message}".encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


def test_the_line_of_the_envelope_stays_the_message():
    told = read("  devops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls")
    assert told["message"] == "  devops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"
    assert (told["host"], told["service"], told["actor"]) == ("web-01", "sudo", "devops")


@pytest.mark.parametrize("command", ["/bin/sh -c 'a ; b'", "/bin/echo USER=x ; PWD=/y", "list", "/bin/echo COMMAND=z"])
def test_the_command_is_the_rest_of_the_line(command):
    told = read(f"  devops : TTY=pts/0 ; PWD=/ ; USER=root ; TSID=00001A ; COMMAND={command}")
    assert (told["target"], told["runas"], told["pwd"]) == (command, "root", "/")


@pytest.mark.parametrize(
    "reason",
    ["3 incorrect password attempts", "a password is required", "command not allowed", "user NOT in sudoers"],
)
def test_a_reason_means_that_nothing_ran(reason):
    told = read(f"  devops : {reason} ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls")
    assert (told["outcome"], told["reason"], told["severity"]) == ("failed", reason, 13)


def test_a_session_line_is_no_change():
    told = read("pam_unix(sudo:session): session opened for user root(uid=0) by devops(uid=1000)")
    assert (told["kind"], told.get("action"), told.get("target")) == ("log", None, None)
