r"""Google Cloud audit logs: who called which API on what, and with what result.

One ``LogEntry`` a line (a sink's files), a list as ``gcloud logging read --format json`` prints it, or an object over many lines.
Admin activity and system events are changes; data access stays log messages.

Traps: a long operation gives two entries, ``first`` and ``last``, of which only the first names the request; an error stands in
``protoPayload.status`` with a code of gRPC; ``principalEmail`` may be missing; IAM calls that only ask are admin activity too.

https://cloud.google.com/logging/docs/audit/understanding-audit-logs
https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import (
    Kind,
    Line,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    json_objects,
    object_in,
    read_stamp,
    text_in,
)

_OPENING: Final = re.compile(rb"\s*\[\s*")
_MARKS: Final = (b'"protoPayload"', b'"logName"', b"cloudaudit.googleapis.com", b'"timestamp"')
_READS: Final = re.compile(r"(?i)(?:get|list|test|query|search|lookup|check|aggregatedlist)")
_SEVERITIES: Final = {
    "DEBUG": 5, "INFO": 9, "NOTICE": 10, "WARNING": 13, "ERROR": 17, "CRITICAL": 18, "ALERT": 19, "EMERGENCY": 21,
}  # fmt: skip


def _claims(_path: str, head: list[bytes]) -> float:
    text = b"\n".join(head)
    return 1.0 if text.lstrip()[:1] in (b"{", b"[") and all(mark in text for mark in _MARKS) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each entry, on its first line."""
    for line, told in json_objects(lines, _OPENING):
        if isinstance(told, str):
            yield Reject(line, told)
            continue
        when = told.get("timestamp") or told.get("receiveTimestamp")
        stamp = read_stamp("iso", when.encode("utf-8", "replace")) if isinstance(when, str) else None
        if stamp is None:
            yield Reject(line, "an entry with timestamp was expected")
        else:
            yield Record(
                line, stamp, {name: value for name, value in _columns(told).items() if value not in ("", None)}
            )


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    payload, resource = object_in(told, "protoPayload"), object_in(told, "resource")
    method, target = text_in(payload, "methodName"), text_in(payload, "resourceName")
    status, operation = object_in(payload, "status"), object_in(told, "operation")
    error = text_in(status, "message") or (f"code {status['code']}" if status.get("code") else "")
    actor = text_in(object_in(payload, "authenticationInfo"), "principalEmail")
    asked = object_in(payload, "requestMetadata")
    service = text_in(payload, "serviceName").removesuffix(".googleapis.com")
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _SEVERITIES.get(text_in(told, "severity"), 9),
        "service": service,
        "message": " ".join(filter(None, (method, target, f"by {actor}" if actor else "", error)))[:2000]
        or text_in(told, "textPayload")[:2000],
        "client": text_in(asked, "callerIp"),
        "agent": text_in(asked, "callerSuppliedUserAgent")[:300],
        "request_id": text_in(told, "insertId"),
        "resource_type": text_in(resource, "type"),
        "project": text_in(object_in(resource, "labels"), "project_id"),
        "error": error,
    }
    log = text_in(told, "logName").rpartition("%2F")[2]
    if log not in ("activity", "system_event") or not method or _READS.match(method.rpartition(".")[2]):
        return columns
    begun = operation.get("first") is True and operation.get("last") is not True
    done = Outcome.FAILED if error else Outcome.STARTED if begun else Outcome.CHANGED
    return columns | {
        "kind": Kind.CHANGE,
        "action": method,
        "target": target or service,
        "outcome": done,
        "actor": actor,
        "run": text_in(operation, "id"),
    }


PARSER = RecordParser(
    name="gcp-audit",
    title="Google Cloud audit log",
    url="https://cloud.google.com/logging/docs/audit/understanding-audit-logs",
    claims=_claims,
    marks=(b'"protoPayload"',),
    records=_records,
    samples=(
        Sample(
            b'{"insertId":"dljq86dn4km", "logName":"projects/winter-form-254618/logs/cloudaudit.googleapis.com%2Factivity","operation":{"id":"operation-1595403163215-5ab02bed1275e-413127fd-a7a69663","last":true,"producer":"compute.googleapis.com"}, "protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog", "authenticationInfo":{"principalEmail":"someone@example.com"},"methodName":"v1.compute.instances.start","request":{"@type":"type.googleapis.com/compute.instances.start"},"requestMetadata":{"callerIp":"176.176.74.253","callerSuppliedUserAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_6)"},"resourceName":"projects/winter-form-254618/zones/us-central1-a/instances/instance-2","serviceName":"compute.googleapis.com"},"receiveTimestamp":"2020-07-22T07:32:55.17164028Z","resource":{"labels":{"instance_id":"1625421287170767075","project_id":"winter-form-254618","zone":"us-central1-a"},"type":"gce_instance"},"severity":"NOTICE","timestamp":"2020-07-22T07:32:54.44Z"}',
            {
                "time": "2020-07-22T07:32:54.44+00:00",
                "kind": "change",
                "action": "v1.compute.instances.start",
                "target": "projects/winter-form-254618/zones/us-central1-a/instances/instance-2",
                "outcome": "changed",
                "actor": "someone@example.com",
                "client": "176.176.74.253",
                "service": "compute",
                "severity": 10,
                "run": "operation-1595403163215-5ab02bed1275e-413127fd-a7a69663",
                "project": "winter-form-254618",
            },
            "an entry in a public repository that starts virtual machines, without the person's address",
        ),
        Sample(
            b'{"insertId":"def456","timestamp":"2026-07-10T10:01:00.000000Z","severity":"ERROR","logName":"projects/my-project/logs/cloudaudit.googleapis.com%2Factivity","resource":{"type":"gce_instance","labels":{"project_id":"my-project"}},"protoPayload":{"status":{"code":7,"message":"PERMISSION_DENIED"},"authenticationInfo":{"principalEmail":"bob@example.com"},"requestMetadata":{"callerIp":"203.0.113.9"},"serviceName":"compute.googleapis.com","methodName":"v1.compute.instances.delete"}}',
            {
                "kind": "change",
                "action": "v1.compute.instances.delete",
                "target": "compute",
                "outcome": "failed",
                "severity": 17,
                "error": "PERMISSION_DENIED",
            },
            "a test of a public log reader (NDJSON of a sink)",
        ),
        Sample(
            b'{"insertId":"abc123","timestamp":"2026-07-10T10:00:00.123456Z","severity":"NOTICE","logName":"projects/my-project/logs/cloudaudit.googleapis.com%2Fdata_access","resource":{"type":"gcs_bucket","labels":{"project_id":"my-project","bucket_name":"my-bucket"}},"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{},"authenticationInfo":{"principalEmail":"alice@example.com"},"requestMetadata":{"callerIp":"203.0.113.5"},"serviceName":"storage.googleapis.com","methodName":"storage.objects.get"}}',
            {"kind": "log", "service": "storage", "severity": 10},
            "a test of a public log reader (NDJSON of a sink)",
        ),
        Sample(
            b'{"logName":"x/cloudaudit.googleapis.com%2Factivity","timestamp":"yesterday","protoPayload":{}}',
            None,
            "hostile: no time",
        ),
    ),
)
