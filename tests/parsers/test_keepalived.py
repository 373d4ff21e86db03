"""What Keepalived says in syslog becomes."""

import pytest
from reading_back import Read

from afterlog.registry import registry


def read(*said: str) -> Read:
    lines = [f"Nov 22 14:19:53 lb-01 Keepalived_vrrp[3459]: {one}" for one in said]
    return Read(registry()["syslog"], "\n".join(lines).encode(), registry())


@pytest.mark.parametrize(
    ("state", "action", "severity"), [("MASTER", "promote", None), ("BACKUP", "demote", None), ("FAULT", "demote", 17)]
)
def test_a_state_entered_is_a_change_of_the_address(state, action, severity):
    for name in (f"({'VI_1'}) Entering {state} STATE", f"VRRP_Instance(VI_1) Entering {state} STATE"):
        got = read(name)
        assert [got[column] for column in ("action", "target", "severity")] == [[action], ["VI_1"], [severity]]


def test_the_processes_of_a_daemon_are_no_runs():
    assert read("(VI_1) Entering MASTER STATE")["run"] == [None]


def test_a_check_that_fails_is_a_warning_and_an_advertisement_is_nothing():
    got = read("VRRP_Script(chk) failed (exited with status 1)", "(VI_1) Receive advertisement timeout")
    assert (got["severity"], got["kind"], got["check"]) == ([13, None], ["log", "log"], ["chk", None])
