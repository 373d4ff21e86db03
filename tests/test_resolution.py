"""Resolution: what ended a phase, what was tried, and what a restart put into effect."""

from __future__ import annotations

from dataclasses import replace

from afterlog.evidence import Place
from afterlog.resolution import Ending, _explaining, _prepared, find_attempts, find_endings, find_recoveries, is_part
from afterlog.statement import plain
from test_causes import OUTAGE, change

END = OUTAGE.end.time_us
HOSTS = ("web-1", "web-2")


def minutes_before_the_end(minutes: float) -> float:
    """The tests' changes are placed relative to the onset; the end is 90 minutes later."""
    return -(90 - minutes)


def test_the_restart_beside_the_recovery_ended_it():
    near = change("near", minutes_before_the_end(0.2), tool="service", action="restart")
    far = change("far", minutes_before_the_end(4), tool="service", action="restart")
    found, confidence = _explaining([near, far], END, HOSTS, OUTAGE)
    assert found is not None and found.id == "near" and confidence > 0.7


def test_where_nothing_was_done_it_ended_by_itself():
    assert _explaining([change("old", 5)], END, HOSTS, OUTAGE) == (None, 0.0)


def test_a_failed_rollback_ended_nothing_and_is_an_attempt():
    failed = change("roll back", minutes_before_the_end(0.5), outcome="failed")
    assert _explaining([failed], END, HOSTS, OUTAGE) == (None, 0.0)
    assert [(a.change.id, a.why) for a in find_attempts(OUTAGE, [failed], [])] == [("roll back", "it failed")]


def test_what_was_done_elsewhere_is_no_attempt():
    assert find_attempts(OUTAGE, [change("mail", -20, hosts=("mail-1",))], []) == []


def test_a_restart_puts_the_last_configuration_of_its_hosts_into_effect():
    fix = change("fix", minutes_before_the_end(30))
    restart = change("restart", minutes_before_the_end(0.2), tool="service", action="restart")
    assert [c.id for c in _prepared([fix, restart], restart, HOSTS, OUTAGE)] == ["fix"]
    assert _prepared([fix, restart], fix, HOSTS, OUTAGE) == ()


def test_behind_a_proxy_that_names_no_server_a_restart_anywhere_may_have_ended_it():
    restart = change("restart", minutes_before_the_end(0.2), tool="service", action="restart", hosts=("app-7",))
    fronted = replace(OUTAGE, fronted=True, hosts=("lb-1",))
    found, confidence = _explaining([restart], END, ("lb-1",), fronted)
    assert found is not None and confidence > 0.7


def test_elsewhere_a_rollback_beside_the_end_is_likelier_than_an_edit():
    back = change("roll back shop", minutes_before_the_end(0.2), tool="deploy", action="rollback", hosts=("ops-1",))
    edit = change("edit", minutes_before_the_end(0.1), tool="command", action="edit", hosts=("ops-1",))
    found, _ = _explaining([back, edit], END, HOSTS, OUTAGE)
    assert found is not None and found.id == back.id


def test_a_silence_ends_with_the_first_request_and_what_was_done_then():
    silence = replace(OUTAGE, kind="silence", phases=(), requests=0, failed=0, last=Place("access.log", 9, 0))
    start = change("start", minutes_before_the_end(0.1), tool="service", action="start")
    (ending,) = find_endings(silence, find_recoveries(silence, []), [start])
    assert (plain(ending.text), ending.final) == ("Requests come again", True)
    assert ending.change is not None and ending.change.id == "start"


def test_the_restart_that_a_rollback_makes_and_the_command_before_a_restart_are_no_attempts():
    at = minutes_before_the_end
    back = change("back", at(1), tool="deploy", action="rollback", hosts=("web-1",), end_us=END)
    own = change("own restart", at(0.5), tool="service", action="restart", hosts=("web-1",))
    ended = Ending(OUTAGE.id, END, ("web-1",), back, final=True, text=(), places=())
    assert find_attempts(OUTAGE, [back, own], [ended]) == []
    command = change("nginx-restart", at(0.3), tool="command", action="run", hosts=("web-1",))
    restart = change("restarted", at(0.2), tool="service", action="restart", hosts=("web-1",))
    assert is_part(command, restart)
    assert not is_part(change("edit", at(9), tool="command", action="edit", hosts=("web-1",)), restart)
