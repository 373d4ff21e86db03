"""Runs of deploying tools, Kubernetes' events, commands told twice: each is one change as a person would tell it."""

from __future__ import annotations

from datetime import datetime

from afterlog.changes import group_changes
from afterlog.changes.kubernetes import event_rows
from afterlog.changes.model import Row
from afterlog.clock import to_us
from afterlog.evidence import Place


def row(clock: str, parser: str, host: str = "", *, source: str = "", **more: object) -> Row:
    """One change event on 10 November 2022; its line number is its second of the day."""
    moment = datetime.fromisoformat(f"2022-11-10T{clock}+00:00")
    line = moment.hour * 3600 + moment.minute * 60 + moment.second
    texts = dict.fromkeys(("service", "message", "action", "target", "outcome", "actor", "run", "client"), "")
    fields = more.pop("fields", {})
    place = Place(source or f"{host}/{parser}", line, line)
    return Row(to_us(moment), place, parser, host, fields=fields, **{**texts, **more})


def changes_of(*rows: Row) -> list[tuple[str, ...]]:
    return [(c.tool, c.action, c.title, c.outcome) for c in group_changes(list(rows)).changes]


def salt(clock: str, host: str, action: str, target: str, outcome: str, run: str = "2022", actor: str = "salt") -> Row:
    return row(clock, "salt", host, action=action, target=target, outcome=outcome, run=run, actor=actor)


def test_one_salt_job_on_two_minions_is_one_change_without_its_master():
    (change,) = group_changes([
        salt("11:00:00", "master", "job", "state.apply", "started", actor="jane"),
        salt("11:00:01", "web-01", "job", "state.apply", "started", actor="jane"),
        salt("11:00:02", "web-01", "state", "file.managed /etc/app.conf", "changed"),
        salt("11:00:03", "web-01", "job", "state.apply", "changed"),
        salt("11:00:02", "web-02", "state", "file.managed /etc/app.conf", "changed"),
        salt("11:00:04", "web-02", "job", "state.apply", "changed"),
    ]).changes  # fmt: skip
    assert (change.title, change.hosts, change.targets) == (
        "Salt: state.apply (/etc/app.conf)", ("web-01", "web-02"), ("/etc/app.conf",),
    )  # fmt: skip
    assert (change.outcome, change.actor) == ("changed", "jane")


def test_a_run_that_changed_something_and_failed_at_another_is_partly_done():
    (change,) = group_changes([
        salt("11:00:02", "web-01", "state", "file.managed /etc/app.conf", "changed"),
        salt("11:00:03", "web-01", "state", "cmd.run /bin/false", "failed"),
        salt("11:00:04", "web-01", "job", "state.apply", "failed"),
    ]).changes  # fmt: skip
    assert change.outcome == "partly" and change.failure == "" and len(change.steps) == 2


def test_runs_that_changed_nothing_are_one_routine():
    idle = [salt(f"{hour}:00:00", "web-01", "job", "state.apply", "unchanged", run=str(hour)) for hour in (10, 11, 12)]
    (routine,) = group_changes(idle).changes
    assert (routine.routine, routine.times, routine.period_s) == (True, 3, 3600.0)


def test_the_chef_run_of_three_hosts_is_one_change():
    rows = [
        row(clock, "chef", host, action=action, target=target, outcome=outcome, run=host, actor="chef")
        for clock, host in (("11:00:00", "a"), ("11:03:00", "b"), ("11:06:00", "c"))
        for action, target, outcome in (("resource", "template[/etc/x.conf]", "changed"), ("run", host, "changed"))
    ]
    (change,) = group_changes(rows).changes
    assert (change.hosts, change.targets[0]) == (("a", "b", "c"), "/etc/x.conf")


def test_terraform_is_one_change_of_no_host_and_two_files_are_two():
    def apply(clock: str, source: str) -> list[Row]:
        told = {"run": "terraform 1", "actor": "terraform", "source": source}
        return [
            row(clock, "terraform", "ops-01", action="create", target="aws_instance.web", outcome="changed", **told),
            row(clock[:-1] + "9", "terraform", "ops-01", action="apply", outcome="changed", **told),
        ]

    first, second = group_changes([*apply("11:00:00", "a.log"), *apply("12:00:00", "b.log")]).changes
    assert (first.title, first.hosts) == ("Terraform: apply (aws_instance.web)", ())
    assert second.start_us - first.start_us == 3600 * 1_000_000


def argo(clock: str, version: str, outcome: str = "changed") -> Row:
    return row(clock, "argocd", "ops", action="sync", target="shop", outcome=outcome, fields={"version": version})


def test_a_sync_back_to_an_earlier_revision_is_a_rollback():
    found = changes_of(
        argo("10:00:00", "aaa", "started"), argo("10:00:20", "aaa"), argo("11:00:00", "bbb"), argo("12:00:00", "aaa"),
        argo("13:00:00", "aaa"),
    )  # fmt: skip
    assert [action for _tool, action, _title, _outcome in found] == ["sync", "sync", "rollback", "sync"]
    assert found[2][2] == "ArgoCD: rollback of shop aaa"


def test_capistranos_log_and_the_servers_list_tell_of_one_release():
    release = {"release": "20221110110000", "version": "fcc2600"}
    found = group_changes([
        row("11:00:00", "capistrano", "ops", action="deploy", target="production", outcome="started", run="cap 1"),
        row("11:00:20", "capistrano", "ops", action="deploy", target="release 20221110110000", outcome="changed",
            run="cap 1", fields=release),
        row("11:00:10", "capistrano-revisions", "web-01", action="deploy", target="release 20221110110000",
            outcome="changed", fields=release),
    ]).changes  # fmt: skip
    assert [(c.action, c.hosts, c.outcome) for c in found] == [("deploy", ("web-01",), "changed")]


def test_the_command_that_ran_a_tool_belongs_to_its_run():
    command = row("10:59:55", "sudo", "web-01", action="command", target="/usr/bin/salt-call state.apply", actor="jane")
    (change,) = group_changes([command, salt("11:00:02", "web-01", "job", "state.apply", "changed")]).changes
    assert (change.actor, change.tool) == ("jane", "salt")


# --- Kubernetes -----------------------------------------------------------------------------------------------------


def scaled(clock: str, name: str, way: str, to: int) -> Row:
    fields = {"replica_set": name, "direction": way, "replicas": str(to)}
    return row(
        clock, "kubernetes-events", action="scale", target="deployment/web", outcome="changed", fields=fields,
        message=f"Scaled {way} replica set {name} to {to}",
    )  # fmt: skip


def pod(clock: str, name: str, action: str, outcome: str = "changed") -> Row:
    return row(clock, "kubernetes-events", action=action, target=f"pod/{name}", outcome=outcome, message=action)


def test_a_new_replica_set_that_takes_over_is_a_rollout_with_its_pods():
    found = changes_of(
        scaled("11:00:00", "web-bbb", "up", 1), scaled("11:00:30", "web-aaa", "down", 1),
        pod("11:00:05", "web-bbb-x7k2p", "start"), pod("11:00:35", "web-aaa-p9q8r", "stop"),
    )  # fmt: skip
    assert found == [("kubernetes", "deploy", "Kubernetes: rollout of deployment/web (replica set web-bbb)", "changed")]


def test_a_replica_set_seen_before_that_takes_over_again_is_a_rollback():
    found = changes_of(
        scaled("11:00:00", "web-bbb", "up", 1), scaled("11:00:30", "web-aaa", "down", 0),
        scaled("12:00:00", "web-aaa", "up", 1), scaled("12:00:30", "web-bbb", "down", 0),
    )  # fmt: skip
    assert [action for _tool, action, _title, _outcome in found] == ["deploy", "rollback"]


def test_events_in_the_controllers_own_log_are_read_old_and_new():
    said = [  # kube-controller-manager 1.21 and 1.11, as quoted in public notes
        (
            '"Event occurred" object="default/nginx-deployment" kind="Deployment" apiVersion="apps/v1" type="Normal" '
            'reason="ScalingReplicaSet" message="Scaled up replica set nginx-deployment-6799fc88d8 to 1"'
        ),
        (
            'Event(v1.ObjectReference{Kind:"Deployment", Namespace:"default", Name:"nginx-deployment", '
            'UID:"ad28fb15-5326-11e9-92a6-02ef63d53bbe", APIVersion:"apps/v1", ResourceVersion:"1225", FieldPath:""}): '
            "type: 'Normal' reason: 'ScalingReplicaSet' Scaled up replica set nginx-deployment-6dd86d77d to 2"
        ),
        "Caches are synced for deployment controller",
    ]
    place = {"source": "k/log", "line": 1, "offset": 0, "host": "k", "service": "kube-controller-manager"}
    rows = event_rows([{"time": 0, "message": message, **place} for message in said])
    assert [(row.action, row.target, row.fields["replica_set"], row.fields["replicas"]) for row in rows] == [
        ("scale", "deployment/nginx-deployment", "nginx-deployment-6799fc88d8", "1"),
        ("scale", "deployment/nginx-deployment", "nginx-deployment-6dd86d77d", "2"),
    ]


def test_who_asked_the_api_server_for_a_rollout_is_its_actor():
    asked = row(
        "10:59:59", "kubernetes-audit", action="update", target="shop/deployments/web", outcome="changed", actor="jane"
    )
    (change,) = group_changes(
        [asked, scaled("11:00:00", "web-bbb", "up", 1), scaled("11:00:30", "web-aaa", "down", 0)]
    ).changes
    assert (change.actor, change.action) == ("jane", "deploy")


def test_one_replica_set_alone_is_scaling():
    found = changes_of(scaled("11:00:00", "web-aaa", "up", 5), scaled("12:00:00", "web-aaa", "down", 2))
    assert [(action, title) for _tool, action, title, _outcome in found] == [
        ("scale", "Kubernetes: deployment/web scaled to 5"),
        ("scale", "Kubernetes: deployment/web scaled to 2"),
    ]


def test_pods_that_stop_and_start_without_a_rollout_are_one_restart_and_those_that_fail_crash():
    restarted = changes_of(
        pod("11:00:00", "api-7d4f8b9c5f-x2x9q", "stop"), pod("11:00:20", "api-7d4f8b9c5f-k2k2k", "start")
    )
    assert [action for _tool, action, _title, _outcome in restarted] == ["restart"]
    crashed = changes_of(
        pod("11:00:00", "api-7d4f8b9c5f-x2x9q", "start"), pod("11:01:00", "api-7d4f8b9c5f-x2x9q", "crash", "failed")
    )
    assert crashed[0][1:] == ("crash", "Kubernetes: api keeps crashing", "partly")


# --- commands and pushes --------------------------------------------------------------------------------------------


def test_a_command_that_sudo_and_the_history_tell_is_told_once():
    history = group_changes([
        row("11:00:00", "sudo", "web-01", action="command", target="/usr/bin/vim /etc/app.conf", actor="jane"),
        row("11:00:01", "shell-history", "web-01", action="command", target="sudo vim /etc/app.conf", actor="jane"),
        row("12:00:00", "shell-history", "web-01", action="command", target="sudo vim /etc/app.conf", actor="jane"),
    ])  # fmt: skip
    assert [(c.start_us - history.changes[0].start_us) // 1_000_000 for c in history.changes] == [0, 3600]


def module(clock: str, name: str, target: str, host: str = "web-01") -> Row:
    return row(
        clock, "ansible-module", host, action="module", target=target, fields={"module": name}, outcome="unknown"
    )


def test_a_push_its_validation_and_its_reload_are_one_change_of_the_files_it_brought():
    (change,) = group_changes([
        module("11:05:14", "copy", "/var/www/settings.php"), module("11:05:15", "command", "/usr/sbin/apachectl configtest"),
        module("11:14:57", "command", "/usr/sbin/apachectl configtest"),
        module("11:14:58", "command", "/usr/sbin/apachectl graceful"),
        row("11:14:59", "apache-error", "web-01", action="reload", target="apache2", outcome="changed"),
    ]).changes  # fmt: skip
    assert (change.title, change.targets) == (
        "Ansible: push of /var/www/settings.php, then reload of apache2", ("/var/www/settings.php",),
    )  # fmt: skip
    assert (change.end_us - change.start_us) // 1_000_000 == 9 * 60 + 45


def test_a_reload_much_later_or_elsewhere_is_a_change_of_its_own():
    later = [module("11:05:14", "copy", "/etc/x"), module("11:45:00", "command", "/usr/sbin/apachectl graceful")]
    elsewhere = [module("11:05:14", "copy", "/etc/x"), module("11:10:00", "service", "apache2", "web-02")]
    assert [len(group_changes(rows).changes) for rows in (later, elsewhere)] == [2, 2]


def test_a_command_is_no_changed_file():
    (change,) = group_changes([module("11:05:14", "command", "/usr/local/bin/migrate --all")]).changes
    assert (change.title, change.targets) == ("Ansible: ran /usr/local/bin/migrate --all", ())
