"""Changes: single lines of many tools become what a person would call one thing each."""

from __future__ import annotations

from datetime import datetime

import pytest

from afterlog.changes import group_changes
from afterlog.changes.commands import understand
from afterlog.changes.model import Row, joint_outcome
from afterlog.clock import to_us
from afterlog.evidence import Place


def row(clock: str, parser: str, host: str = "web-01", **more: object) -> Row:
    """One change event on 10 November 2022; its line number is its second of the day."""
    moment = datetime.fromisoformat(f"2022-11-10T{clock}+00:00")
    line = moment.hour * 3600 + moment.minute * 60 + moment.second
    texts = dict.fromkeys(("service", "message", "action", "target", "outcome", "actor", "run", "client"), "")
    fields = more.pop("fields", {})
    return Row(to_us(moment), Place(f"{host}/{parser}", line, line), parser, host, fields=fields, **{**texts, **more})


def sudo(clock: str, command: str, host: str = "web-01", actor: str = "devops") -> Row:
    return row(clock, "sudo", host, action="command", target=command, actor=actor, outcome="started")


@pytest.mark.parametrize(
    ("line", "what", "target"),
    [
        ("/usr/bin/tail -n 100 /var/log/apache2/error.log", "read", "/var/log/apache2/error.log"),
        ("less -FX /var/log/syslog", "read", "/var/log/syslog"),
        ("journalctl -u nginx --since today", "read", "the journal of nginx"),
        ("/usr/sbin/apachectl configtest", "check", "/usr/sbin/apachectl configtest"),
        ("nginx -t", "check", "nginx -t"),
        ("systemctl status nginx", "check", "systemctl status nginx"),
        ("/usr/sbin/apachectl restart", "restart", "apache2"),
        ("apachectl graceful", "reload", "apache2"),
        ("systemctl restart nginx.service", "restart", "nginx"),
        ("service mysql stop", "stop", "mysql"),
        ("nginx -s reload", "reload", "nginx"),
        ("kill -HUP 4314", "reload", "4314"),
        ("sh -c 'systemctl reload haproxy'", "reload", "haproxy"),
        ("LC_ALL=C sudo apt-get install -y less", "install", "LC_ALL=C sudo apt-get install -y less"),
        ("apt list --installed", "check", "apt list --installed"),
        ("vim /etc/nginx/nginx.conf", "edit", "/etc/nginx/nginx.conf"),
        ("sed -n 1,5p /etc/hosts", "check", "sed -n 1,5p /etc/hosts"),
        ("sed -i s/a/b/ /etc/hosts", "edit", "sed -i s/a/b/ /etc/hosts"),
        ("git diff", "check", "git diff"),
        ("git pull", "edit", "git pull"),
        ("puppet apply site.pp", "configure", "puppet apply site.pp"),
        ("/bin/bash", "shell", "/bin/bash"),
        ("/opt/tool 'unbalanced", "run", "/opt/tool 'unbalanced"),
        ("reboot", "restart", "the machine"),
        ("/etc/init.d/nginx restart", "restart", "nginx"),
        ("supervisorctl restart web", "restart", "web"),
        ("docker compose restart web", "restart", "web"),
        ("/usr/local/bin/shopctl reload", "reload", "shop"),
        ("/usr/local/sbin/nginx-restart", "restart", "nginx"),
        ("/opt/tool --restart-at noon", "run", "/opt/tool --restart-at noon"),
        ("", "run", ""),
    ],
)
def test_a_command_line_is_understood(line, what, target):
    command = understand(line)
    assert (command.what, command.target) == (what, target)


@pytest.mark.parametrize(
    ("outcomes", "joint"),
    [
        (["changed", "changed"], "changed"),
        (["changed", "failed"], "partly"),
        (["failed", "unchanged"], "failed"),
        (["unchanged", "unchanged"], "unchanged"),
        (["started"], "unknown"),
        ([], "unknown"),
    ],
)
def test_parts_end_jointly(outcomes, joint):
    assert joint_outcome(outcomes) == joint


def test_the_same_look_on_three_hosts_within_minutes_is_one_look():
    rows = [
        sudo("11:19:06", "tail -n 100 /var/log/x.log"),
        sudo("11:20:23", "tail -n 50 /var/log/x.log", "web-02"),
        sudo("11:21:32", "less /var/log/x.log", "web-03"),
    ]
    history = group_changes(rows)
    (look,) = history.looks
    assert (look.what, look.target, look.hosts) == ("read", "/var/log/x.log", ("web-01", "web-02", "web-03"))
    assert history.changes == ()


def test_a_look_an_hour_later_is_another_look():
    rows = [sudo("11:19:06", "tail /var/log/x.log"), sudo("12:19:06", "tail /var/log/x.log")]
    assert len(group_changes(rows).looks) == 2


def test_a_restart_is_one_change_with_what_the_service_said():
    rows = [
        sudo("13:55:01", "apachectl restart"),
        row("13:55:03", "apache-error", action="restart", target="apache2", outcome="changed"),
        row("13:55:06", "apache-error", action="start", target="apache2", outcome="changed"),
    ]
    (change,) = group_changes(rows).changes
    assert (change.tool, change.action, change.title, change.outcome) == (
        "service",
        "restart",
        "apache2 restarted",
        "changed",
    )
    assert len(change.places) == 3 and change.actor == "devops"


def test_a_service_that_restarts_by_itself_is_told_too():
    (change,) = group_changes(
        [row("13:55:03", "apache-error", action="restart", target="apache2", outcome="changed")]
    ).changes
    assert (change.title, change.actor) == ("apache2 restarted", "")


def ansible(
    clock: str, action: str, target: str, outcome: str = "", on: str = "", run: str = "1@x", **more: str
) -> Row:
    return row(
        clock,
        "ansible-log",
        "ops",
        action=action,
        target=target,
        outcome=outcome,
        run=run,
        actor="deploy",
        fields={"target_host": on, **more},
    )


def playbook(outcome: str) -> list[Row]:
    return [
        ansible("11:05:02", "play", "Push configuration", "started"),
        ansible("11:05:03", "task", "Copy", "started"),
        ansible("11:05:14", "result", "Copy", outcome, "web-01", msg="no such file" if outcome == "failed" else ""),
        ansible("11:05:15", "result", "Copy", outcome, "web-02", msg="no such file" if outcome == "failed" else ""),
        ansible("11:05:17", "recap", "web-01", outcome, "web-01"),
        ansible("11:05:17", "recap", "web-02", outcome, "web-02"),
    ]


def test_one_playbook_over_two_hosts_is_one_change_with_the_files_that_the_hosts_name():
    module = row(
        "11:05:13",
        "ansible-module",
        "web-01",
        action="module",
        target="/etc/app.conf",
        outcome="unknown",
        fields={"module": "copy"},
    )
    (change,) = group_changes([*playbook("changed"), module]).changes
    assert (change.title, change.outcome, change.hosts) == (
        "Ansible: Push configuration",
        "changed",
        ("web-01", "web-02"),
    )
    assert change.targets == ("/etc/app.conf",)


def test_a_playbook_that_fails_everywhere_says_why():
    (change,) = group_changes(playbook("failed")).changes
    assert (change.outcome, change.failure) == ("failed", "no such file")


def test_two_runs_of_one_playbook_are_two_changes():
    later = [
        ansible("12:05:02", "play", "Push configuration", "started", run="2@y"),
        ansible("12:05:09", "recap", "web-01", "unchanged", "web-01", run="2@y"),
    ]
    assert [c.outcome for c in group_changes([*playbook("changed"), *later]).changes] == ["changed", "unchanged"]


def puppet(clock: str, host: str, pid: int, action: str, target: str, outcome: str) -> Row:
    return row(clock, "puppet", host, action=action, target=target, outcome=outcome, run=f"puppet-agent[{pid}]")


def test_runs_that_change_nothing_are_one_routine_with_its_period():
    rows = [
        r
        for n in range(4)
        for r in (
            puppet(f"10:{n * 15:02d}:00", "a", n, "run", "x", "started"),
            puppet(f"10:{n * 15:02d}:30", "a", n, "run", "x", "unknown"),
        )
    ]
    (change,) = group_changes(rows).changes
    assert change.routine and change.times == 4 and change.period_s == 900


def test_runs_with_the_same_resource_on_two_hosts_are_one_change():
    rows = [
        r
        for n, host in enumerate(("a", "b"))
        for r in (
            puppet(f"10:0{n}:00", host, n, "run", "x", "started"),
            puppet(f"10:0{n}:20", host, n, "resource", "Exec[fix]", "changed"),
        )
    ]
    (change,) = group_changes(rows).changes
    assert (change.hosts, change.outcome, change.targets) == (("a", "b"), "changed", ("Exec[fix]",))


def test_cron_jobs_are_routines_each_told_once():
    rows = [
        row(f"1{n}:17:01", "cron", action="cron", target="run-parts /etc/cron.hourly", outcome="started")
        for n in range(3)
    ]
    (change,) = group_changes(rows).changes
    assert change.routine and (change.times, change.period_s) == (3, 3600)


def test_apt_dpkg_and_the_sudo_line_before_them_are_one_change():
    rows = [
        sudo("10:42:02", "apt-get install -y less"),
        row("10:42:15", "apt-history", action="install", target="less", outcome="changed", actor="devops", run="apt 1"),
        row("10:42:16", "dpkg", action="install", target="less", outcome="changed"),
        row("10:42:16", "apt-term", action="install", target="", outcome="changed", run="apt 1"),
    ]
    (change,) = group_changes(rows).changes
    assert (change.tool, change.title, change.actor) == ("package", "Packages: install less", "devops")


def test_one_upgrade_on_host_after_host_is_one_change_and_a_second_round_another():
    rows = [
        row(clock, "apt-history", host, action="upgrade", target="libssl3", outcome=outcome)
        for clock, host, outcome in (
            ("10:00:00", "web-1", "changed"), ("10:20:00", "web-2", "failed"), ("10:40:00", "web-3", "changed"),
            ("11:20:00", "web-4", "changed"), ("11:25:00", "web-1", "changed"),
        )
    ]  # fmt: skip
    first, second = group_changes(rows).changes
    assert (first.hosts, first.outcome) == (("web-1", "web-2", "web-3"), "partly")
    assert (second.hosts, second.outcome) == (("web-1", "web-4"), "changed")


def test_a_block_of_apts_history_lasts_to_its_end_and_names_each_package_and_its_error():
    fields = {"end": "2022-11-10  10:44:00", "error": "Sub-process /usr/bin/dpkg returned an error code (1)"}
    rows = [
        row(
            "10:42:15", "apt-history", action="install", target="nginx, nginx-common", outcome="failed",
            message="apt-get install nginx", run="apt 2022-11-10  10:42:15", fields=fields,
        )
    ]  # fmt: skip
    (change,) = group_changes(rows).changes
    assert change.targets == ("nginx", "nginx-common")
    assert (change.end_us - change.start_us, change.failure) == (105_000_000, fields["error"])


def test_a_change_that_was_only_partly_done_stays_so_among_others():
    assert joint_outcome(["partly"]) == joint_outcome(["partly", "unchanged"]) == "partly"


def test_a_services_change_begins_with_the_first_of_its_lines():
    rows = [
        row("10:00:00", "systemd", action="stop", target="nginx", outcome="changed"),
        row("10:00:01", "auditd", action="command", target="systemctl restart nginx", outcome="started"),
    ]
    (change,) = group_changes(rows).changes
    assert change.start_us < change.end_us


def commit(clock: str, sha: str, files: str, subject: str, added: str = "", removed: str = "") -> Row:
    return row(
        clock,
        "git-log",
        "ops",
        action="commit",
        target=files,
        outcome="changed",
        run=sha,
        message=subject,
        fields={"files": files.replace(", ", "\n"), "added": added, "removed": removed},
    )


def test_a_push_carries_the_newest_commit_with_a_file_of_its_name():
    rows = [
        commit("09:00:00", "a" * 40, "conf/app.conf", "older"),
        commit("10:00:00", "b" * 40, "conf/app.conf, README", "newer", added="limit = 1"),
        row(
            "11:05:13",
            "ansible-module",
            "web-01",
            action="module",
            target="/etc/app.conf",
            outcome="unknown",
            fields={"module": "copy"},
        ),
        *playbook("changed"),
    ]
    (push,) = [change for change in group_changes(rows).changes if change.tool == "ansible"]
    assert push.subject == "newer"
    assert [line for line, _place in push.content] == ["limit = 1"]


def test_every_row_serves_at_most_one_change_and_ids_are_stable():
    rows = [*playbook("changed"), sudo("13:55:01", "apachectl restart"), sudo("13:57:01", "rm -rf /tmp/x")]
    one, other = group_changes(rows), group_changes(list(reversed(rows)))
    assert one == other
    assert len({change.id for change in one.changes}) == len(one.changes) == 3
