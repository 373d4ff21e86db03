"""Changes that no deploy tool logs: units, kills, versions, pushes, other tools, what repeats by the clock."""

from __future__ import annotations

from afterlog.changes import group_changes
from afterlog.changes.mined import mined_rows, version_changes
from afterlog.changes.model import Row
from test_changes import commit, playbook, row, sudo


def said(clock: str, service: str, message: str, host: str = "web-01") -> dict:
    base = row(clock, "syslog", host)
    return {
        "time": base.time_us, "source": base.place.source, "line": base.place.line, "offset": base.place.offset, "host": host,
        "service": service, "message": message,
    }  # fmt: skip


def changes_of(*events: dict):
    platform, versions = mined_rows(events)
    return group_changes(platform, versions).changes


def test_a_unit_that_stops_and_starts_is_one_restart_of_it():
    (change,) = changes_of(
        said("11:00:01", "systemd", "Stopping nginx.service - A high performance web server..."),
        said("11:00:02", "systemd", "Stopped nginx.service - A high performance web server."),
        said("11:00:02", "systemd", "Started nginx.service - A high performance web server."),
    )
    assert (change.tool, change.targets, change.outcome) == ("service", ("nginx",), "changed")


def test_a_killed_main_process_is_a_crash_and_an_oom_kill_says_so():
    first, second = changes_of(
        said("11:00:01", "systemd", "app.service: Main process exited, code=killed, status=9/KILL"),
        said("11:00:01", "systemd", "app.service: Failed with result 'signal'."),
        said("12:00:01", "kernel", "[ 12.3] Out of memory: Killed process 4242 (mysqld) total-vm:1kB, anon-rss:2kB"),
    )
    assert (first.title, first.action) == ("app crashed", "crash")
    assert (second.title, second.action) == ("mysqld killed: out of memory", "oom")


def test_housekeeping_and_other_programs_words_are_no_changes():
    assert (
        changes_of(
            said("11:00:01", "systemd", "Started Session 5 of user devops."),
            said("11:00:02", "systemd", "Started logrotate.service - Rotate log files."),
            said("11:00:03", "app", "Stopped listening to the queue."),
        )
        == ()
    )


def test_a_start_with_another_version_on_two_hosts_is_one_deploy():
    events = [said(clock, "shop", f"Starting shop version {version}", host) for clock, version, host in (
        ("10:00:00", "2.3.0", "a"), ("10:00:00", "2.3.0", "b"), ("11:00:00", "2.3.1", "a"), ("11:05:00", "2.3.1", "b"),
    )]  # fmt: skip
    (change,) = changes_of(*events)
    assert (change.tool, change.title, change.hosts) == ("deploy", "shop: version 2.3.0 becomes 2.3.1", ("a", "b"))


def test_a_start_with_a_version_that_ran_before_is_a_rollback():
    found = changes_of(*(said(clock, "shop", f"Starting shop version {version}") for clock, version in (
        ("10:00:00", "2.3.0"), ("11:00:00", "2.3.1"), ("12:00:00", "2.3.0"), ("13:00:00", "2.3.2"),
    )))  # fmt: skip
    assert [(c.action, c.title) for c in found] == [
        ("deploy", "shop: version 2.3.0 becomes 2.3.1"),
        ("rollback", "shop: version 2.3.1 goes back to 2.3.0"),
        ("deploy", "shop: version 2.3.0 becomes 2.3.2"),
    ]


def test_versions_of_several_things_in_one_program_are_not_compared():
    said_twice = [said(clock, "shop", message) for clock, message in (
        ("10:00:00", "Starting shop version 2.3.0"), ("10:00:01", "running on ruby 3.1.2"),
        ("11:00:00", "Starting shop version 2.3.0"), ("11:00:01", "running on ruby 3.1.2"),
    )]  # fmt: skip
    assert changes_of(*said_twice) == ()


def test_a_start_with_the_same_version_is_no_deploy():
    _platform, versions = mined_rows([said(f"1{n}:00:00", "shop", "started shop v2.3.0") for n in range(3)])
    assert version_changes(versions) == []


def kube(clock: str, action: str, target: str, **more: str) -> Row:
    return row(clock, "kubernetes-exporter", "cluster", action=action, target=target, outcome="changed", **more)


def test_an_unknown_tools_events_of_one_run_are_one_change():
    (change,) = group_changes([
        row("11:00:00", "newtool", "ops", action="start", target="", outcome="started", run="7"),
        row("11:00:05", "newtool", "ops", action="apply", target="vpc", outcome="changed", run="7"),
        row("11:00:09", "newtool", "ops", action="apply", target="subnet", outcome="failed", run="7"),
    ]).changes  # fmt: skip
    assert (change.title, change.action, change.outcome) == ("newtool: apply vpc and 1 more", "apply", "partly")


def test_without_a_run_what_is_done_to_one_thing_within_two_minutes_is_one_change():
    changes = group_changes([
        kube("11:00:00", "ScalingReplicaSet", "shop"), kube("11:01:00", "ScalingReplicaSet", "shop"),
        kube("11:10:00", "ScalingReplicaSet", "shop"),
    ]).changes  # fmt: skip
    assert [(c.tool, c.action, len(c.steps)) for c in changes] == [
        ("kubernetes", "scale", 2),
        ("kubernetes", "scale", 1),
    ]


def test_a_push_is_the_arrival_of_its_commit():
    sha = "a" * 40
    push = row(
        "10:30:00",
        "git-log",
        "ops",
        action="push",
        target="refs/heads/main",
        outcome="changed",
        run=sha,
        message="push",
        fields={"old": "b" * 40},
    )
    history = group_changes([commit("10:00:00", sha, "conf/app.conf", "raise the limit", added="limit = 1"), push])
    (arrival,) = [change for change in history.changes if change.action == "push"]
    assert arrival.subject == "raise the limit" and arrival.targets == ("conf/app.conf",)
    assert [line for line, _place in arrival.content] == ["limit = 1"]


def test_what_a_service_does_by_the_clock_is_told_once():
    rows = [row(f"1{n}:00:00", "apache-error", action="reload", target="apache2", outcome="changed") for n in range(6)]
    (change,) = group_changes(rows).changes
    assert change.routine and (change.times, change.period_s) == (6, 3600)


def test_a_person_who_restarts_often_is_no_routine():
    assert len(group_changes([sudo(f"1{n}:00:00", "systemctl restart nginx") for n in range(6)]).changes) == 6


def test_logins_and_become_lines_are_no_changes():
    rows = [row("11:00:00", "sshd", action="login", target="devops", outcome="started"), *playbook("changed")]
    assert [change.tool for change in group_changes(rows).changes] == ["ansible"]
