r"""Kubernetes' audit log: every request to the API server, one JSON object per stage of it.

A request that people or deploy tools make to change an object is a change; all others are requests to ``kube-apiserver``.
Controllers, nodes and the scheduler write all the time what others asked for: their writes are requests.

Traps: one request gives up to three lines (``RequestReceived``, ``ResponseStarted``, ``ResponseComplete``); only the last one counts; a
watch lasts minutes, which says nothing of its speed; a dry run changes nothing; ``patch`` on a ``status`` is a controller's
report; the level decides whether the object itself is there.

https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.formats.json_rows import JsonRows, read_json_rows
from afterlog.parser import (
    OFFSET_UNKNOWN,
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Lines,
    Match,
    Outcome,
    Sample,
    Times,
    each_unique,
    times_in,
)

_ISO: Final = Form("YYYY-mm-ddtHH:MM:SSFZ", "2020-10-12T22:44:12.643025Z")
_CHANGING: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_REPORTED: Final = frozenset(
    "events leases endpoints endpointslices tokenreviews subjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews "
    "localsubjectaccessreviews tokenrequests bindings componentstatuses nodes replicasets controllerrevisions".split()
)
_REPORTS: Final = frozenset({"status", "token", "binding", "proxy", "portforward", "log", "finalize", "approval"})
# System accounts: controllers and nodes. People's client certificates and deploy tools have other names.
_SYSTEM: Final = re.compile(r"system:(?!serviceaccount:|admin$|masters).*|system:serviceaccount:kube-system:.*")
_ACTIONS: Final = {"deletecollection": "delete"}
_SEPARATOR: Final = "\x1f"


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    rows = read_json_rows(match.lines.select(match.rows))
    count = len(match)
    received, begun = _times(_text(rows, count, "requestReceivedTimestamp", "timestamp"))
    ended, complete = _times(_text(rows, count, "stageTimestamp"))
    times = Times(
        np.where(complete, ended.wall_us, received.wall_us),
        np.where(complete, ended.offset_s, received.offset_s),
        True,
        min(received.resolution_us, ended.resolution_us),
    )
    verb, stage = _text(rows, count, "verb"), _text(rows, count, "stage")
    code = _code(rows, count)
    columns: dict[str, Any] = {
        "time": times,
        "refused": ~(rows.valid & (begun | complete)),
        "service": pa.repeat("kube-apiserver", count),
        "path": _text(rows, count, "requestURI"),
        "status": code,
        "request_id": _text(rows, count, "auditID"),
        "client": pc.struct_field(
            pc.extract_regex(_text(rows, count, "sourceIPs"), r'^[\["]*(?P<ip>[^,"\]\[]+)'), "ip"
        ),
        "user": _text(rows, count, "user.username"),
        "as": _text(rows, count, "impersonatedUser.username"),
        "agent": _text(rows, count, "userAgent"),
        "verb": verb,
        "stage": stage,
        "namespace": _text(rows, count, "objectRef.namespace"),
        "resource": _text(rows, count, "objectRef.resource"),
        "object": _text(rows, count, "objectRef.name"),
        "reason": _text(rows, count, "responseStatus.message", "responseStatus.reason"),
        "decision": _text(rows, count, "annotations.authorization.k8s.io/decision"),
    }
    took = (ended.wall_us - received.wall_us) / 1e6
    lasting = np.asarray(pc.fill_null(pc.is_in(verb, pa.array(["watch", "connect", "proxy"])), True))
    measured = complete & begun & ~lasting & (took >= 0)
    columns["duration"] = pa.array(np.where(measured, took, 0.0), mask=~measured)
    return columns | _done(rows, count, columns)


def _done(rows: JsonRows, count: int, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was done from verb, object, account and result together; the same is read once."""
    subresource = _text(rows, count, "objectRef.subresource")
    parts = [columns[name] for name in ("stage", "verb", "resource", "namespace", "object", "user", "path")]
    code = pa.array(columns["status"]).cast(pa.string())
    filled = [pc.fill_null(part, "") for part in (*parts, subresource, code)]
    return each_unique(pc.binary_join_element_wise(*filled, _SEPARATOR), _told)


def _told(said: str) -> dict[str, Any]:
    stage, verb, resource, namespace, name, user, path, subresource, code = (said.split(_SEPARATOR, 8) + [""] * 9)[:9]
    target = "/".join(part for part in (namespace, resource, name) if part) or path.partition("?")[0]
    told: dict[str, Any] = {
        "message": f"{verb} {target}{'/' + subresource if subresource else ''} by {user or '?'}: {code or stage}"
    }
    if stage not in {"ResponseComplete", "Panic"}:
        return told | {"kind": str(Kind.LOG)}
    if not _by_somebody(verb, resource, subresource, user, path):
        return told | {"kind": str(Kind.REQUEST)}
    refused = not code.isdecimal() or int(code) >= 400
    action = (
        subresource if subresource in {"scale", "exec", "attach", "eviction", "rollback"} else _ACTIONS.get(verb, verb)
    )
    outcome = Outcome.FAILED if refused else Outcome.CHANGED
    return told | {"kind": str(Kind.CHANGE), "action": action, "target": target, "outcome": str(outcome), "actor": user}


def _by_somebody(verb: str, resource: str, subresource: str, user: str, path: str) -> bool:
    if subresource in {"exec", "attach"}:
        return verb in {"create", "get", "connect"} and not _SYSTEM.fullmatch(user)
    changing = verb in _CHANGING and bool(resource) and resource not in _REPORTED and subresource not in _REPORTS
    return changing and bool(user) and not _SYSTEM.fullmatch(user) and "dryRun=All" not in path


def _text(rows: JsonRows, count: int, *names: str) -> Column:
    told: Column = pa.nulls(count, pa.string())
    for name in names:
        column = rows.columns.get(name)
        if column is not None:
            told = pc.coalesce(told, column.cast(pa.string()))
    return told


def _code(rows: JsonRows, count: int) -> Column:
    text = _text(rows, count, "responseStatus.code")
    return pc.if_else(pc.match_substring_regex(text, "^[1-5][0-9]{2}$"), text, None).cast(pa.int16())


def _times(texts: Column) -> tuple[Times, np.ndarray]:
    filled = pc.fill_null(texts, "")
    offsets = np.frombuffer(filled.buffers()[1], np.int32, len(filled) + 1, filled.offset * 4).astype(np.int64)
    data = filled.buffers()[2]
    times, known = times_in(Lines(data.to_pybytes() if data is not None else b"", offsets[:-1], offsets[1:]), _ISO)
    return times, known & (times.offset_s != OFFSET_UNKNOWN)


SAMPLES: Final = (
    Sample(
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"b603178c-ecbf-4fc4-a9a6-126d2dd9e6c1","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/htlogs/deployments/htlogsdeployment/scale","verb":"patch","user":{"username":"kube:admin","groups":["system:cluster-admins","system:authenticated"],"extra":{"scopes.authorization.openshift.io":["user:full"]}},"sourceIPs":["172.20.219.4"],"userAgent":"oc/openshift (linux/amd64) kubernetes/b66f2d3","objectRef":{"resource":"deployments","namespace":"htlogs","name":"htlogsdeployment","apiGroup":"apps","apiVersion":"v1","subresource":"scale"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2020-10-12T22:44:12.631166Z","stageTimestamp":"2020-10-12T22:44:12.643025Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \\"cluster-admins\\" of ClusterRole \\"cluster-admin\\" to Group \\"system:cluster-admins\\""}}',
        {
            "time": "2020-10-12T22:44:12.643025+00:00", "kind": "change", "action": "scale", "target": "htlogs/deployments/htlogsdeployment",
            "actor": "kube:admin", "outcome": "changed", "status": 200, "duration": 0.011859, "client": "172.20.219.4",
            "request_id": "b603178c-ecbf-4fc4-a9a6-126d2dd9e6c1", "decision": "allow",
        },
        "an OpenShift 4.3 audit.log in a public course repository",
    ),
    Sample(
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"b0c03170-c21b-45f5-b3fc-a104ed6b0c97","stage":"RequestReceived","requestURI":"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler?timeout=5s","verb":"update","user":{"username":"system:kube-scheduler","groups":["system:authenticated"]},"sourceIPs":["172.30.1.2"],"userAgent":"kube-scheduler/v1.31.0 (linux/amd64) kubernetes/9edcffc/leader-election","objectRef":{"resource":"leases","namespace":"kube-system","name":"kube-scheduler","apiGroup":"coordination.k8s.io","apiVersion":"v1"},"requestReceivedTimestamp":"2024-12-18T05:29:38.056063Z","stageTimestamp":"2024-12-18T05:29:38.056063Z"}',
        {"time": "2024-12-18T05:29:38.056063+00:00", "kind": "log", "status": None, "action": None, "stage": "RequestReceived"},
        "an audit.log of Kubernetes 1.31 in a public repository: the first stage of a request",
    ),
    Sample(
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"6c1aae46-9021-4957-8992-7a25390e8144","stage":"ResponseComplete","requestURI":"/api/v1/nodes?limit=500\\u0026resourceVersion=0","verb":"list","user":{"username":"system:kube-scheduler","groups":["system:authenticated"]},"sourceIPs":["192.168.1.10"],"userAgent":"kube-scheduler/v1.22.0 (linux/amd64) kubernetes/c2b5237/scheduler","objectRef":{"resource":"nodes","apiVersion":"v1"},"responseStatus":{"metadata":{},"status":"Failure","reason":"Forbidden","code":403},"requestReceivedTimestamp":"2021-09-13T10:00:06.652170Z","stageTimestamp":"2021-09-13T10:00:06.652818Z","annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":""}}',
        {"kind": "request", "status": 403, "path": "/api/v1/nodes?limit=500&resourceVersion=0", "duration": 0.000648, "decision": "forbid", "reason": "Forbidden", "action": None},
        "an audit.log of Kubernetes 1.22 in a public repository, its lines joined",
    ),
    Sample(
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"x","stage":"ResponseComplete","requestURI":"/api\x7f/\\u001b[31m","verb":"delete","user":{"username":"a\\u001fb"},"sourceIPs":[],"objectRef":{"resource":"pods","name":{"x":1}},"responseStatus":{"code":"900"},"requestReceivedTimestamp":"2022-11-10T10:29:58Z","stageTimestamp":"soon"}',
        {"kind": "change", "time": "2022-11-10T10:29:58+00:00", "status": None, "client": None, "duration": None},
        "hostile: an escape in a path, our own separator in a name, types that are none of Kubernetes'",
    ),
    Sample(b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","stageTimestamp":"2022-11-31T10:29:58Z"}', None, "hostile: no such day"),
    Sample(b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","stageTimestamp":"2022-11-10T10:29:58Z', None, "hostile: a line cut short"),
)  # fmt: skip

PARSER = LineParser(
    name="kubernetes-audit",
    title="Kubernetes audit log",
    url="https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/",
    samples=SAMPLES,
    layouts=(Layout('{{"kind":"Event","apiVersion":"audit.k8s.io/v1{_:rest}'),),
    kind=Kind.REQUEST,
    meaning=_meaning,
)
