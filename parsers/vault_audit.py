"""Vault's audit log: every request to Vault and its answer, JSON lines. Also OpenBao's.

An answer to a request that wrote or deleted is a change of its path: secrets, policies, mounts, leases; logins, token renewals and
all that only read stay log messages, and so do requests (their answers tell what became of them). An answer with an error failed.

Traps: each request stands twice, as ``request`` and as ``response``; values are HMACs; a login is an ``update``, too.

https://developer.hashicorp.com/vault/docs/audit
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, object_in, read_stamp, text_in

MAX_LINE: Final = 1_000_000
_MARKS: Final = (b'"type":"response"', b'"type":"request"')
_WRITES: Final = frozenset({"create", "update", "delete", "patch"})
_NO_CHANGE: Final = re.compile(
    r"auth/.+/login(?:/.*)?|auth/token/(?:create|renew|lookup|revoke)\S*|sys/(?:leases/(?:renew|lookup)|wrapping/|capabilities|tools/|audit-hash)\S*"
    r"|.+/(?:encrypt|decrypt|sign|verify|hmac|rewrap|issue|datakey|random|hash)/\S*|(?:pki|transit)\S*/issue/\S*"
)


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    own = sum(
        line.startswith(b"{") and b'"request":{' in line and b'"path":' in line and any(m in line for m in _MARKS)
        for line in filled
    )
    return own / len(filled) if filled else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line."""
    for line in lines:
        if not line.text.strip():
            continue
        try:
            told = json.loads(line.text[:MAX_LINE])
        except (ValueError, RecursionError):
            told = None
        stamp = (
            read_stamp("iso", str(told.get("time", ""))[:40].encode("ascii", "replace"))
            if isinstance(told, dict)
            else None
        )
        if not isinstance(told, dict) or stamp is None:
            yield Reject(line, 'an entry of Vault\'s audit log with "time" was expected')
        else:
            yield Record(
                line, stamp, {name: value for name, value in _columns(told).items() if value not in ("", None)}
            )


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    request, auth = object_in(told, "request"), object_in(told, "auth")
    operation, path = text_in(request, "operation"), text_in(request, "path")
    actor, error = text_in(auth, "display_name"), text_in(told, "error")
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": 13 if error else 9,
        "service": "vault",
        "message": " ".join(filter(None, (text_in(told, "type"), operation, path, error)))[:2_000],
        "client": text_in(request, "remote_address"),
        "request_id": text_in(request, "id"),
        "mount_type": text_in(request, "mount_type"),
        "error": error[:2_000],
    }
    if told.get("type") != "response" or operation not in _WRITES or _NO_CHANGE.fullmatch(path):
        return columns
    return columns | {
        "kind": Kind.CHANGE,
        "action": operation,
        "target": path,
        "outcome": Outcome.FAILED if error else Outcome.CHANGED,
        "actor": actor,
    }


PARSER = RecordParser(
    name="vault-audit",
    title="Vault audit log",
    url="https://developer.hashicorp.com/vault/docs/audit",
    claims=_claims,
    marks=(b'"request":{',),
    records=_records,
    samples=(
        Sample(
            b'{"time":"2021-01-04T16:13:40.21441436Z","type":"response","auth":{"client_token":"hmac-sha256:97aa","accessor":"hmac-sha256:0363","display_name":"gke-useast1-retail-app1","policies":["default","gke-useast1-kv-read"],"token_type":"service","token_ttl":120},"request":{"id":"1db4fd9e-86d5-b491-5f53-4a0fb693439e","operation":"read","mount_type":"kv","namespace":{"id":"root"},"path":"kv/retail/app1","remote_address":"10.84.3.21"},"response":{"mount_type":"kv","secret":{}}}',
            {
                "time": "2021-01-04T16:13:40.214414+00:00",
                "kind": "log",
                "client": "10.84.3.21",
                "service": "vault",
                "message": "response read kv/retail/app1",
                "severity": 9,
            },
            "a Vault 1.6 on Kubernetes in a public repository, its HMACs cut",
        ),
        Sample(
            b'{"type":"response","time":"2026-05-04T00:00:00.123456789Z","request":{"id":"r1","operation":"update","mount_type":"kv","mount_point":"kv/","path":"kv/data/app/db"}}',
            {
                "time": "2026-05-04T00:00:00.123456+00:00",
                "kind": "change",
                "action": "update",
                "target": "kv/data/app/db",
                "outcome": "changed",
                "request_id": "r1",
            },
            "a test of a public reader of Vault's audit log",
        ),
        Sample(
            b'{"type":"response","time":"2026-05-04T00:00:00.123456789Z","error":"permission denied","request":{"id":"r1","operation":"update","mount_type":"kv","mount_point":"kv/","path":"kv/data/app/db"}}',
            {"kind": "change", "outcome": "failed", "severity": 13, "error": "permission denied"},
            "a test of a public reader of Vault's audit log",
        ),
        Sample(
            b'{"type":"response","time":"2025-10-07T10:00:00Z","auth":{"entity_id":"entity-github-1","display_name":"org/repo","policies":["default"]},"request":{"path":"auth/github/login","operation":"update","mount_path":"auth/github/","mount_type":"github"},"response":{}}',
            {"kind": "log", "message": "response update auth/github/login"},
            "a test of a public reader of Vault's audit log",
        ),
        Sample(b'{"type":"response","time":"yesterday","request":{"path":"x"}}', None, "hostile: no time"),
    ),
)
