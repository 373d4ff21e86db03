"""What docker events, Flux, CodeDeploy, HashiCorp's programs and helm list become."""

import json
from pathlib import Path

from reading_back import Read

from afterlog.changes import find_changes
from afterlog.ingestion import Options, ingest
from afterlog.parser import Line
from afterlog.registry import registry

# Docker's documentation, docker system events; a second container that ends by itself
EVENTS = b"""\
2017-01-05T00:35:58.859401177+08:00 container create 0fdb48addc82 (image=alpine:latest, name=test)
2017-01-05T00:35:59.247105152+08:00 container start 0fdb48addc82 (image=alpine:latest, name=test)
2017-01-05T00:36:09.830268747+08:00 container kill 0fdb48addc82 (image=alpine:latest, name=test, signal=15)
2017-01-05T00:36:09.840186338+08:00 container die 0fdb48addc82 (exitCode=0, image=alpine:latest, name=test)
2017-01-05T00:36:09.890214053+08:00 container exec_start: sh -c 'x (name=y)' 0fdb48addc82 (image=alpine:latest, name=test)
2017-01-05T00:36:10.000000000+08:00 container health_status: unhealthy 0fdb48addc82 (image=alpine:latest, name=test)
"""


def told(name: str, text: str):
    lines = text.strip().encode().split(b"\n")
    return [
        record.columns
        for record in registry()[name].records(Line(number, 0, line) for number, line in enumerate(lines, 1))
    ]


def test_a_container_that_ended_well_was_stopped_and_what_runs_within_is_no_change():
    acts = [
        (columns.get("action"), str(columns.get("outcome", ""))) for columns in told("docker-events", EVENTS.decode())
    ]
    assert acts[:6] == [
        ("create", "changed"), ("start", "changed"), (None, ""), ("stop", "changed"), (None, ""), (None, ""),
    ]  # fmt: skip


def test_an_event_in_json_says_the_same_as_its_text():
    event = {
        "Type": "container", "Action": "die", "timeNano": 1483547769840186338,
        "Actor": {"ID": "0fdb48addc82", "Attributes": {"exitCode": "137", "image": "alpine", "name": "test"}},
    }  # fmt: skip
    (columns,) = told("docker-events", json.dumps(event).replace(": ", ":"))
    assert (columns["action"], columns["target"], columns["outcome"]) == ("crash", "test", "failed")


def test_flux_names_its_object_in_the_old_way_and_in_the_new():
    base = {
        "level": "info",
        "ts": "2024-01-10T10:00:00Z",
        "msg": "server-side apply completed",
        "output": {"A/b/c": "created"},
    }
    old = base | {"reconciler kind": "Kustomization", "name": "apps", "namespace": "flux-system"}
    new = base | {
        "controllerKind": "Kustomization", "Kustomization": {"name": "apps", "namespace": "flux-system"}, "name": "apps",
    }  # fmt: skip
    first, second = told("flux", "\n".join(map(json.dumps, (old, new))))
    assert first["target"] == second["target"] == "kustomization/apps"
    assert first["objects"] == "A/b/c"


def test_codedeploys_two_logs_tell_what_the_scripts_printed_and_what_failed():
    printed = b"[2022-04-22 00:41:18.671] [d-IR48ENC1H][stderr]curl: (7) Failed to connect\n"
    got = Read(registry()["codedeploy"], printed, registry())
    assert (got["kind"], got["stream"], got["run"]) == (["log"], ["stderr"], ["d-IR48ENC1H"])


def test_a_task_of_nomad_that_ended_badly_crashed_and_a_blank_before_the_time_is_anothers_form():
    ended = (
        b"2023-11-12T14:35:14.194Z [INFO]  client.alloc_runner.task_runner: Task event: alloc_id=4744 task=web "
        b'type=Terminated msg="Exit Code: 137" failed=false\n'
    )
    got = Read(registry()["hclog"], ended, registry())
    assert (got["action"], got["target"], got["exit_code"]) == (["crash"], ["web"], ["137"])
    assert not Read(registry()["hclog"], ended.replace(b"T14:", b" 14:"), registry()).rows


def test_a_release_in_helms_list_was_deployed_when_it_was_updated(tmp_path: Path):
    at = tmp_path / "logs" / "ops" / "helm-list.txt"
    at.parent.mkdir(parents=True)
    at.write_text(
        "NAME         \tNAMESPACE\tREVISION\tUPDATED                                \tSTATUS  \tCHART               \tAPP VERSION\n"
        "nginx-ingress\tdefault  \t4       \t2020-12-09 11:01:37.140162288 -0500 EST\tdeployed\tnginx-ingress-1.36.3\t0.30.0     \n"
    )
    (change,) = find_changes(ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))).changes
    assert (change.title, change.outcome) == ("Helm: deploy of nginx-ingress", "changed")
    assert change.start_us == 1_607_529_697_140_162  # 16:01:37 UTC


def test_a_call_to_a_cloud_touches_no_machine_that_its_log_lay_on(tmp_path: Path):
    at = tmp_path / "logs" / "ops-01" / "audit.json"
    at.parent.mkdir(parents=True)
    at.write_bytes(registry()["gcp-audit"].samples[0].text + b"\n")
    (change,) = find_changes(ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))).changes
    assert (change.tool, change.hosts, change.outcome) == ("cloud", (), "changed")
