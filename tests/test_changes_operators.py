"""Typed command lines: which part counts, whose they are, and that one command told twice is one."""

import pytest

import afterlog
from afterlog.changes import find_changes, group_changes
from afterlog.changes.model import Row
from afterlog.changes.operators import main_part
from afterlog.evidence import Place
from afterlog.registry import registry


def row(at_s: float, parser: str, target: str, source: str = "web-01/var/log/auth.log", **more: str) -> Row:
    told = {
        "host": "web-01",
        "service": "",
        "message": "",
        "action": "command",
        "outcome": "started",
        "actor": "",
        "run": "",
        "client": "",
    } | more
    place = Place(source, int(at_s) + 1, 0)
    return Row(time_us=int(at_s * 1e6), place=place, parser=parser, target=target, fields={}, **told)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("cd /etc && vi nginx.conf && systemctl reload nginx", "systemctl reload nginx"),
        ("for i in a b; do systemctl restart $i; done", "systemctl restart $i"),
        ("sudo systemctl restart nginx 2>&1 | tee log", "sudo systemctl restart nginx 2>&1"),
        ("docker restart x; echo $(date)", "docker restart x"),
        ("grep -r 'a|b;c' /etc | less", "grep -r 'a|b;c' /etc"),
        ("echo 'x; y' > /etc/motd", "echo 'x; y' > /etc/motd"),
        ("echo done > /dev/null", ""),
        ("cat > /etc/x.conf <<EOF\nsystemctl restart nginx\nEOF", "cat > /etc/x.conf <<EOF"),
        ("(cd /srv; git pull)", "git pull"),
        ("cd /tmp", ""),
        ("# systemctl restart nginx", ""),
        ("vi 'unfinished", "vi 'unfinished"),
        ("", ""),
    ],
)
def test_the_part_that_changes_most_stands_for_the_line(line, part):
    assert main_part(line) == part


def test_a_line_in_a_history_becomes_the_command_of_the_account_whose_history_it_is():
    rows = [
        row(0, "shell-history", "cd /etc/nginx && systemctl restart nginx", "web-01/home/ann/.bash_history"),
        row(100, "shell-history", "rm -rf /srv/old", "web-01/root/.zsh_history"),
        row(200, "shell-history", "cd /tmp", "web-01/home/ann/.bash_history"),
    ]
    changes = group_changes(rows).changes
    assert [(c.title, c.actor) for c in changes] == [
        ("nginx restarted", "ann"),
        ("Command: ran rm -rf /srv/old", "root"),
    ]


def test_one_restart_told_by_sudo_the_history_and_the_audit_log_is_one_change():
    rows = [
        row(0, "shell-history", "sudo systemctl restart nginx", "web-01/home/ann/.bash_history"),
        row(1, "sudo", "/usr/bin/systemctl restart nginx", actor="ann"),
        row(1.1, "auditd", "systemctl restart nginx", "web-01/var/log/audit/audit.log", actor="ann"),
        row(1.4, "auditd", "nginx", "web-01/var/log/audit/audit.log", action="stop", outcome="changed"),
        row(1.6, "auditd", "nginx", "web-01/var/log/audit/audit.log", action="start", outcome="changed"),
    ]
    rows = [one._replace(place=one.place._replace(line=n)) for n, one in enumerate(rows, 1)]
    [change] = group_changes(rows).changes
    assert (change.title, change.actor, change.outcome) == ("nginx restarted", "ann", "changed")


def test_a_look_in_a_history_is_a_look():
    history = group_changes(
        [row(0, "shell-history", "tail -f /var/log/nginx/error.log", "web-01/home/ann/.bash_history")]
    )
    assert (history.changes, [look.actor for look in history.looks]) == ((), ["ann"])


def test_packages_that_dnf_tells_belong_to_the_command_that_asked_for_them():
    rows = [
        row(0, "shell-history", "sudo dnf -y upgrade openssl", "web-01/home/ann/.bash_history"),
        row(20, "dnf", "openssl", "web-01/var/log/dnf.log", action="upgrade", outcome="changed"),
        row(20.5, "dnf", "openssl-libs", "web-01/var/log/dnf.rpm.log", action="upgrade", outcome="changed"),
    ]
    [change] = group_changes(rows).changes
    assert (change.title, change.actor) == ("Packages: upgrade openssl, openssl-libs", "ann")


def test_a_process_id_that_is_a_number_here_and_a_text_there_breaks_nothing(tmp_path):
    folder = tmp_path / "web-01" / "var" / "log"
    (folder / "audit").mkdir(parents=True)
    stopped = registry()["auditd"].samples[3].text  # systemd stopped irqbalance
    said = next(sample.text for sample in registry()["auditd"].samples if b"type=USER_ERR" in sample.text)
    (folder / "audit" / "audit.log").write_bytes(stopped + b"\n" + said + b"\n")
    (folder / "fail2ban.log").write_bytes(
        b"2016-12-07 02:17:16,449 fail2ban.jail [795]: INFO Jail 'sshd' started\n" * 3
    )
    case = afterlog.ingest([tmp_path], tmp_path / "case")
    assert [(change.title, change.outcome) for change in find_changes(case).changes] == [
        ("irqbalance stopped", "changed")
    ]
