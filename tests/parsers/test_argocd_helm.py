"""What ArgoCD's controller and Helm tell of deploys and rollbacks."""

from afterlog.event import Outcome
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.argocd import PARSER as ARGO
from afterlog.parsers.helm import PARSER as HELM

CONTROLLER = b"""\
time="2021-02-24T06:46:54Z" level=info msg="Initiated automated sync to 'e160b33c'" application=shop dest-namespace=shop reason=OperationStarted type=Normal
time="2021-02-24T06:46:55Z" level=info msg="Updated sync status: Synced -> OutOfSync" application=shop reason=ResourceUpdated
time="2021-02-24T06:47:09Z" level=info msg="Sync operation to e160b33c succeeded" application=shop reason=OperationCompleted
{"app-qualified-name":"argo/shop","application":"shop","level":"info","msg":"updated 'argo/shop' operation (phase: Failed)","time":"2021-02-24T06:48:00Z"}
time="2021-02-24T06:48:01Z" level=info msg="Updated health status: Healthy -> Degraded" application=shop
"""
HISTORY = b"""\
REVISION UPDATED STATUS CHART DESCRIPTION
1 Wed Sep 19 16:38:07 2018 SUPERSEDED mychartapp-0.1.0 Install complete
2 Wed Sep 19 16:38:50 2018 SUPERSEDED mychartapp-0.1.0 Upgrade complete
3 Wed Sep 19 16:39:31 2018 DEPLOYED mychartapp-0.1.0 Rollback to 1
4 Wed Sep 19 16:40:00 2018 FAILED mychartapp-0.1.0 Upgrade "x" failed: timed out waiting for the condition
"""
UPGRADE = b"""\
Release "web" has been upgraded. Happy Helming!
NAME: web
LAST DEPLOYED: Wed Sep 19 16:38:50 2018
NAMESPACE: shop
STATUS: deployed
REVISION: 2
"""


def told(parser, data: bytes) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(parser.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def test_a_sync_begins_and_ends_and_what_git_did_is_no_change():
    records = told(ARGO[0], CONTROLLER)
    assert [(r.columns["kind"], r.columns.get("target"), r.columns.get("outcome")) for r in records] == [
        ("change", "shop", Outcome.STARTED),
        ("log", None, None),
        ("change", "shop", Outcome.CHANGED),
        ("change", "shop", Outcome.FAILED),
        ("log", None, None),
    ]
    assert records[0].columns["version"] == records[2].columns["version"] == "e160b33c"
    assert records[4].columns["severity"] == 13


def test_helms_history_gives_each_revision_its_time():
    _heading, *records = told(HELM, HISTORY)
    assert [(r.columns["action"], r.columns["outcome"], r.columns["back_to"]) for r in records] == [
        ("install", Outcome.CHANGED, ""),
        ("deploy", Outcome.CHANGED, ""),
        ("rollback", Outcome.CHANGED, "1"),
        ("deploy", Outcome.FAILED, ""),
    ]
    assert (records[2].time.wall_us - records[1].time.wall_us) // 1_000_000 == 41


def test_what_an_upgrade_prints_is_one_change_at_its_last_deployed():
    records = told(HELM, UPGRADE)
    (change,) = [record for record in records if record.columns["kind"] == "change"]
    assert (change.line.number, change.columns["target"], change.columns["revision"]) == (3, "web", "2")
    assert (change.columns["action"], change.columns["namespace"]) == ("deploy", "shop")


def test_a_failed_upgrade_is_told_without_a_time():
    (failed,) = told(HELM, b"Error: UPGRADE FAILED: timed out waiting for the condition\n")
    assert (failed.columns["outcome"], failed.columns["error"]) == (
        Outcome.FAILED,
        "timed out waiting for the condition",
    )
