"""What the API server's audit log becomes."""

import json

import pytest
from reading_back import Read

from afterlog.registry import registry


def line(**more: object) -> bytes:
    return json.dumps(
        {
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "a1", "stage": "ResponseComplete",
            "requestURI": "/apis/apps/v1/namespaces/shop/deployments/checkout", "verb": "patch", "user": {"username": "ann"},
            "sourceIPs": ["192.0.2.7", "10.0.0.1"], "objectRef": {"resource": "deployments", "namespace": "shop", "name": "checkout"},
            "responseStatus": {"code": 200}, "requestReceivedTimestamp": "2022-11-10T10:29:58.000000Z",
            "stageTimestamp": "2022-11-10T10:29:58.250000Z",
        } | more,
        separators=(",", ":"),
    ).encode()  # fmt: skip


def read(*lines: bytes) -> Read:
    return Read(registry()["kubernetes-audit"], b"\n".join(lines), registry())


def test_a_persons_write_is_a_change():
    got = read(line())
    assert [got[name] for name in ("kind", "action", "target", "actor", "outcome", "client", "status", "duration")] == [
        ["change"], ["patch"], ["shop/deployments/checkout"], ["ann"], ["changed"], ["192.0.2.7"], [200], [pytest.approx(0.25)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"verb": "get"},
        {"user": {"username": "system:kube-controller-manager"}},
        {"user": {"username": "system:serviceaccount:kube-system:deployment-controller"}},
        {"user": {"username": "system:node:node-1"}},
        {"objectRef": {"resource": "leases", "namespace": "kube-system", "name": "x"}},
        {"objectRef": {"resource": "deployments", "namespace": "shop", "name": "x", "subresource": "status"}},
        {"requestURI": "/apis/apps/v1/namespaces/shop/deployments/checkout?dryRun=All"},
    ],
)
def test_what_reads_reports_or_tries_is_a_request(more):
    assert read(line(**more))["kind"] == ["request"]


def test_a_deploy_tools_account_is_somebody():
    assert read(line(user={"username": "system:serviceaccount:argocd:argocd-application-controller"}))["kind"] == [
        "change"
    ]


def test_a_refused_write_failed():
    got = read(line(responseStatus={"code": 403, "reason": "Forbidden", "message": "ann cannot patch"}))
    assert (got["outcome"], got["reason"]) == (["failed"], ["ann cannot patch"])


def test_only_the_last_stage_of_a_request_counts():
    assert read(line(stage="RequestReceived"), line(stage="ResponseStarted"), line())["kind"] == [
        "log",
        "log",
        "change",
    ]


def test_a_watch_has_no_duration():
    assert read(line(verb="watch"))["duration"] == [None]


def test_an_exec_into_a_pod_is_a_change_and_deletecollection_a_deletion():
    got = read(
        line(
            verb="create",
            objectRef={"resource": "pods", "namespace": "shop", "name": "web", "subresource": "exec"},
            responseStatus={"code": 101},
        ),
        line(verb="deletecollection"),
    )
    assert got["action"] == ["exec", "delete"]
    assert got["outcome"] == ["changed", "changed"]
