r"""Azure's activity log: who changed which resource, and with what result.

As a storage account or an event hub keeps it (``{"records": [{"time": …, "operationName": …}]}``, or one record a line), and as
``az monitor activity-log list`` prints it (``eventTimestamp``, texts in ``{"value": …}``).

Traps: one operation gives several records (Start, Accept, Success) with one ``correlationId``, which is the run; the names are in
capitals in one shape and not in the other; ``resultType`` is ``status.value`` there; a read of keys is an action too.

https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema
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
)

_OPENING: Final = re.compile(rb'\s*(?:\{\s*"records"\s*:\s*\[\s*|\[\s*)')
_TIME: Final = re.compile(rb'"(?:time|eventTimestamp)"\s*:')
_CATEGORIES: Final = frozenset({"Administrative", "Write", "Delete", "Action", "Policy", "Autoscale"})
_READS: Final = re.compile(r"(?i)/(?:read|list\w*/action|validate/action|checkNameAvailability/action)\Z")
_OUTCOMES: Final = {
    "start": Outcome.STARTED, "started": Outcome.STARTED, "accept": Outcome.STARTED, "accepted": Outcome.STARTED,
    "success": Outcome.CHANGED, "succeeded": Outcome.CHANGED, "failure": Outcome.FAILED, "failed": Outcome.FAILED,
}  # fmt: skip
_SEVERITIES: Final = {
    "verbose": 5, "information": 9, "informational": 9, "warning": 13, "error": 17, "critical": 21,
}  # fmt: skip
_UPN: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_NAME: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"


def _claims(_path: str, head: list[bytes]) -> float:
    text = b"\n".join(head)
    if text.lstrip()[:1] not in (b"{", b"[") or b'"operationName"' not in text or not _TIME.search(text):
        return 0.0
    stored = (
        b'"resourceId"' in text and b'"resultType"' in text and (b'"identity"' in text or b'"callerIpAddress"' in text)
    )
    return 1.0 if stored or (b'"eventTimestamp"' in text and b'"correlationId"' in text) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each record, on its first line."""
    for line, told in json_objects(lines, _OPENING):
        if isinstance(told, str):
            yield Reject(line, told)
            continue
        stamp = read_stamp("iso", (_text(told, "time") or _text(told, "eventTimestamp")).encode("utf-8", "replace"))
        if stamp is None:
            yield Reject(line, "a record with time or eventTimestamp was expected")
        else:
            yield Record(
                line, stamp, {name: value for name, value in _columns(told).items() if value not in ("", None)}
            )


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    operation, target = _text(told, "operationName"), _text(told, "resourceId")
    result = _text(told, "resultType") or _text(told, "status")
    claims = object_in(object_in(told, "identity"), "claims") or object_in(told, "claims")
    actor = (_text(told, "caller") or _text(claims, _UPN) or _text(claims, _NAME) or _text(claims, "appid")).strip()
    error = _text(told, "resultDescription") or _text(object_in(told, "properties"), "statusMessage")
    outcome = _OUTCOMES.get(result.lower(), Outcome.UNKNOWN)
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _SEVERITIES.get(_text(told, "level").lower(), 9),
        "service": operation.partition("/")[0].lower(),
        "message": " ".join(filter(None, (operation, target, f"by {actor}" if actor else "", result)))[:2000],
        "client": _text(told, "callerIpAddress") or _text(object_in(told, "httpRequest"), "clientIpAddress"),
        "request_id": _text(told, "correlationId"),
        "region": _text(told, "location"),
        "category": _text(told, "category"),
        "result": _text(told, "resultSignature") or _text(told, "subStatus"),
        "error": error[:2000] if outcome == Outcome.FAILED else "",
    }
    if columns["category"] not in _CATEGORIES or _READS.search(operation):
        return columns
    return columns | {
        "kind": Kind.CHANGE,
        "action": operation,
        "target": target,
        "outcome": outcome,
        "actor": actor,
        "run": columns["request_id"],
    }


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    value = value.get("value") if isinstance(value, dict) and "value" in value else value
    return value if isinstance(value, str) else ""


_DOCS: Final = "Azure's documentation, activity log schema of storage accounts"

PARSER = RecordParser(
    name="azure-activity",
    title="Azure activity log",
    url="https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema",
    claims=_claims,
    marks=(b'"operationName"',),
    records=_records,
    samples=(
        Sample(
            b"""{
    "records": [
        {
            "time": "2015-01-21T22:14:26.9792776Z",
            "resourceId": "/subscriptions/s1/resourceGroups/MSSupportGroup/providers/microsoft.support/supporttickets/115012112305841",
            "operationName": "microsoft.support/supporttickets/write",
            "category": "Write",
            "resultType": "Success",
            "resultSignature": "Succeeded.Created",
            "durationMs": 2826,
            "callerIpAddress": "111.111.111.11",
            "correlationId": "c776f9f4-36e5-4e0e-809b-c9b3c3fb62a8",
            "identity": {
                "claims": {
                    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "admin@contoso.com",
                    "name": "John Smith"
                }
            },
            "level": "Information",
            "location": "global",
            "properties": {
                "statusCode": "Created",
                "serviceRequestId": "50d5cddb-8ca0-47ad-9b80-6cde2207f97c"
            }
        }
    ]
}
""",
            {
                "time": "2015-01-21T22:14:26.979277+00:00",
                "kind": "change",
                "action": "microsoft.support/supporttickets/write",
                "target": "/subscriptions/s1/resourceGroups/MSSupportGroup/providers/microsoft.support/supporttickets/115012112305841",
                "outcome": "changed",
                "actor": "admin@contoso.com",
                "client": "111.111.111.11",
                "severity": 9,
                "run": "c776f9f4-36e5-4e0e-809b-c9b3c3fb62a8",
            },
            _DOCS + ", of its claims two",
        ),
        Sample(
            b'{"time":"yesterday","resourceId":"/s","operationName":"a/write","resultType":"Success","identity":{},"callerIpAddress":"192.0.2.1"}',
            None,
            "hostile: no time",
        ),
    ),
)
