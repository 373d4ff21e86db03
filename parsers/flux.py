"""Flux's controllers (kustomize-, helm- and source-controller): what was brought to the cluster, as JSON lines or ``flux logs``.

Each object that "server-side apply" created or configured, and each that garbage collection deleted, belongs to one change of
its Kustomization; a release that Helm installed, upgraded or rolled back is a change of its HelmRelease. An apply that left
everything as it was is no change.

Traps: the Kustomization stands in ``name`` or, since 0.32, in ``Kustomization.name``; the controllers say that they reconciled every
few minutes, whether something changed or not; an error is logged by the reconciler and by the runtime.

https://fluxcd.io/flux/monitoring/logs/
https://github.com/fluxcd/kustomize-controller/blob/main/internal/controller/kustomization_controller.go
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, each_stamped, read_stamp

MAX_LINE: Final = 1_000_000
_MARK: Final = re.compile(
    rb'"(?:logger":"controller\.(?:kustomization|helmrelease|gitrepository|ocirepository|helmchart|helmrepository|bucket|imageupdate)'
    rb'|controllerGroup":"[\w.]*toolkit\.fluxcd\.io|reconciler group":"[\w.]*toolkit\.fluxcd\.io)'
)
_LEVELS: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "warning": 13, "error": 17, "fatal": 21, "panic": 21}
_CHANGED: Final = frozenset({"created", "configured", "deleted"})
_RELEASED: Final = tuple(
    (re.compile(pattern, re.DOTALL), action, outcome)
    for pattern, action, outcome in (
        (r"Helm (?:install|upgrade) succeeded .*", "deploy", Outcome.CHANGED),
        (r"Helm (?:install|upgrade) failed .*", "deploy", Outcome.FAILED),
        (r"Helm uninstall succeeded .*", "delete", Outcome.CHANGED),
        (r"Helm rollback .* succeeded.*", "rollback", Outcome.CHANGED),
        (r"Helm rollback .* failed.*", "rollback", Outcome.FAILED),
    )
)
_SHOWN: Final = re.compile(
    rb"(?P<ts>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) (?P<level>info|error|debug) (?P<kind>[A-Z]\w{1,40})/(?P<name>[\w-]{1,253})"
    rb"\.(?P<namespace>[\w-]{1,63}) - (?P<msg>.*)",
    re.DOTALL,
)
_COLLECTED: Final = re.compile(r"garbage collection completed: (?P<what>.+)", re.DOTALL)


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    if filled and _SHOWN.match(filled[0]):
        return sum(bool(_SHOWN.match(line)) for line in filled) / len(filled)
    read = [line for line in filled if line.startswith(b"{") and b'"ts":' in line]
    marked = sum(bool(_MARK.search(line)) for line in read)
    return len(read) / len(filled) if filled and marked * 3 >= len(read) > 0 else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each object; what has none belongs to the line above it."""
    return each_stamped(lines, _record, 'a JSON object with "ts" was expected')


def _record(line: Line) -> Record | None:
    told = _object(line.text)
    stamp = read_stamp("iso", str(told.get("ts", ""))[:40].encode("ascii", "replace")) if told else None
    return Record(line, stamp, _columns(told)) if told and stamp else None


def _object(text: bytes) -> dict[str, Any] | None:
    if found := _SHOWN.match(text):
        told = {name: value.decode("utf-8", "backslashreplace") for name, value in found.groupdict().items()}
        return told | {"controllerKind": told["kind"]}
    try:
        read = json.loads(text[:MAX_LINE])
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    message, error = str(told.get("msg", ""))[:4_000], str(told.get("error", ""))[:4_000]
    kind = str(told.get("controllerKind") or told.get("reconciler kind") or "")
    about = told.get(kind) if isinstance(told.get(kind), dict) else {}
    name = str(about.get("name") or told.get("name") or "") if isinstance(about, dict) else ""
    severity = _LEVELS.get(str(told.get("level", "")).lower(), 9)
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": severity,
        "message": message,
        "service": f"{kind.lower()}-controller" if kind else "flux",
        "object": name,
        "namespace": str(told.get("namespace") or ""),
        "version": str(told.get("revision") or ""),
        "error": error,
    }
    columns |= _done(message, told, error, severity, f"{kind.lower()}/{name}" if kind else name)
    return {key: value for key, value in columns.items() if value != ""}


def _done(message: str, told: Mapping[str, Any], error: str, severity: int, target: str) -> dict[str, Any]:
    output = told.get("output")
    change = {"kind": Kind.CHANGE, "target": target, "actor": "flux"}
    if isinstance(output, dict) and ("apply completed" in message or "applied in" in message):
        touched = [name for name, what in output.items() if what in _CHANGED]
        outcome = Outcome.CHANGED if touched else Outcome.UNCHANGED
        return change | {"action": "apply", "outcome": outcome, "objects": " ".join(touched)[:2_000]}
    if found := _COLLECTED.fullmatch(message):
        return change | {"action": "delete", "outcome": Outcome.CHANGED, "objects": found["what"][:2_000]}
    if severity >= 17 and error:
        return change | {"action": "apply", "outcome": Outcome.FAILED}
    for pattern, action, outcome in _RELEASED:
        if pattern.fullmatch(message):
            return change | {"action": action, "outcome": outcome}
    return {}


PARSER = RecordParser(
    name="flux",
    title="Flux controllers",
    url="https://fluxcd.io/flux/monitoring/logs/",
    claims=_claims,
    marks=(b"toolkit.fluxcd.io", b'"logger":"controller.', b" - "),
    records=_records,
    samples=(
        Sample(
            b'{"level":"info","ts":"2022-09-15T14:58:19.967Z","logger":"controller.kustomization","msg":"server-side apply completed","reconciler group":"kustomize.toolkit.fluxcd.io","reconciler kind":"Kustomization","name":"main-config-frontend","namespace":"main-config","output":{"Deployment/default/frontend":"configured","Ingress/default/smilr":"configured","Service/default/frontend":"configured"}}',
            {
                "time": "2022-09-15T14:58:19.967+00:00",
                "kind": "change",
                "action": "apply",
                "target": "kustomization/main-config-frontend",
                "outcome": "changed",
                "severity": 9,
                "namespace": "main-config",
                "objects": "Deployment/default/frontend Ingress/default/smilr Service/default/frontend",
            },
            "fluxcd/kustomize-controller issue 725",
        ),
        Sample(
            b'{"level":"info","ts":"2022-10-20T11:30:12.237Z","logger":"controller.kustomization","msg":"server-side apply completed","reconciler group":"kustomize.toolkit.fluxcd.io","reconciler kind":"Kustomization","name":"feature-apps","namespace":"feature-apps","output":{"Deployment/feature-apps/nginx-deployment":"unchanged"}}',
            {"kind": "change", "action": "apply", "outcome": "unchanged"},
            "fluxcd/flux2 issue 3226, printed in one line",
        ),
        Sample(
            b'{"level":"info","ts":"2022-10-20T11:32:52.140Z","logger":"controller.kustomization","msg":"garbage collection completed: Deployment/feature-apps/nginx-deployment deleted","reconciler group":"kustomize.toolkit.fluxcd.io","reconciler kind":"Kustomization","name":"feature-apps","namespace":"feature-apps"}',
            {"kind": "change", "action": "delete", "outcome": "changed", "target": "kustomization/feature-apps"},
            "fluxcd/flux2 issue 3226, printed in one line",
        ),
        Sample(
            b'{"level":"info","ts":"2022-09-15T14:58:20.047Z","logger":"controller.kustomization","msg":"Reconciliation finished in 1.316768619s, next run in 10m0s","reconciler group":"kustomize.toolkit.fluxcd.io","reconciler kind":"Kustomization","name":"main-config-frontend","namespace":"main-config","revision":"external-ip-issue/f4af09260f726795fdcc5be3ddef9e3bc3882567"}',
            {"kind": "log", "version": "external-ip-issue/f4af09260f726795fdcc5be3ddef9e3bc3882567"},
            "fluxcd/kustomize-controller issue 725",
        ),
        Sample(
            b"2024-09-13T13:44:49.422Z info HelmRelease/mike-chart.default - release in-sync with desired state",
            {
                "time": "2024-09-13T13:44:49.422+00:00",
                "kind": "log",
                "severity": 9,
                "object": "mike-chart",
                "namespace": "default",
                "message": "release in-sync with desired state",
            },
            "fluxcd/flux2 issue 4981: flux logs",
        ),
        Sample(
            b"2024-09-13T13:44:49.422Z info HelmRelease/my-chart.default - Helm upgrade succeeded for release default/my-chart.v15 with chart my-chart@0.2.0",
            {"kind": "change", "action": "deploy", "target": "helmrelease/my-chart", "outcome": "changed"},
            "fluxcd/flux2 issue 4981: the message of flux get hr, in the shape of flux logs",
        ),
        Sample(b'{"ts":"yesterday","controllerGroup":"kustomize.toolkit.fluxcd.io"}', None, "hostile: no time"),
    ),
)
