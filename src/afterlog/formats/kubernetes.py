"""Kubernetes events: what their reasons mean, wherever they are told (lists, tables, or the controllers' own logs).

The reasons are those of the kubelet, the controllers and the autoscalers; any other is a message.

https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/events/event.go
https://github.com/kubernetes/kubernetes/tree/master/pkg/controller
"""

from __future__ import annotations

import re
from typing import Any, Final

from afterlog.event import Kind, Outcome

MAX_TEXT: Final = 4_000
_DID: Final = {
    "ScalingReplicaSet": ("scale", Outcome.CHANGED), "SuccessfulRescale": ("scale", Outcome.CHANGED),
    "ScaledUpGroup": ("scale", Outcome.CHANGED), "ScaleDown": ("scale", Outcome.CHANGED),
    "SuccessfulCreate": ("create", Outcome.CHANGED), "SuccessfulDelete": ("delete", Outcome.CHANGED),
    "FailedCreate": ("create", Outcome.FAILED), "FailedDelete": ("delete", Outcome.FAILED),
    "Created": ("create", Outcome.CHANGED), "Started": ("start", Outcome.CHANGED), "Killing": ("stop", Outcome.CHANGED),
    "Failed": ("start", Outcome.FAILED), "BackOff": ("crash", Outcome.FAILED), "OOMKilling": ("oom", Outcome.FAILED),
    "SystemOOM": ("oom", Outcome.FAILED), "Evicted": ("evict", Outcome.CHANGED),
    "Preempted": ("evict", Outcome.CHANGED), "TaintManagerEviction": ("evict", Outcome.CHANGED),
    "DeploymentRollback": ("rollback", Outcome.CHANGED),
    "DeploymentRollbackRevisionNotFound": ("rollback", Outcome.FAILED),
    "RegisteredNode": ("node-added", Outcome.CHANGED), "RemovingNode": ("node-removed", Outcome.CHANGED),
    "NodeNotReady": ("node-down", Outcome.FAILED),
    "NodeReady": ("node-up", Outcome.CHANGED), "Rebooted": ("restart", Outcome.CHANGED),
    "NodeNotSchedulable": ("drain", Outcome.CHANGED), "NodeSchedulable": ("undrain", Outcome.CHANGED),
}  # fmt: skip
_REPLICAS: Final = re.compile(
    r"Scaled (?P<way>up|down) replica set ?(?P<set>\S+) (?:from (?P<before>\d+) )?to (?P<to>\d+)"
)
_SAID: Final = re.compile(
    r'"?Event occurred"? .{0,100}?object="(?P<object>[^"]{1,300})".{0,400}?kind="(?P<kind>[^"]{1,80})".{0,400}?'
    r'type="(?P<type>\w{1,20})" reason="(?P<reason>\w{1,80})" message="(?P<message>(?:[^"\\]|\\.)*)"',
    re.DOTALL,
)
_SAID_BEFORE: Final = re.compile(
    r'Event\(v1\.ObjectReference\{Kind:"(?P<kind>[^"]{1,80})", Namespace:"(?P<namespace>[^"]{0,100})", '
    r'Name:"(?P<name>[^"]{1,300})".{0,600}?\}\): type: \'(?P<type>\w{1,20})\' reason: \'(?P<reason>\w{1,80})\' '
    r"(?P<message>.*)",
    re.DOTALL,
)


def kubernetes_event(reason: str, kind: str, target: str, message: str) -> dict[str, Any]:
    """Give the columns of an event: its reason, Normal or Warning, the object as kind/name, and what it says."""
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": 13 if kind == "Warning" else 9,
        "message": f"{reason}: {message}"[:MAX_TEXT],
        "reason": reason,
        "object": target,
    }
    action, outcome = _DID.get(reason, ("", Outcome.UNKNOWN))
    if action:
        columns |= {"kind": Kind.CHANGE, "action": action, "target": target, "outcome": outcome}
    if found := _REPLICAS.match(message):
        columns |= {"replica_set": found["set"], "direction": found["way"], "replicas": found["to"]}
    return columns


def event_in_message(message: str) -> dict[str, Any]:
    """Read an event that a controller or a kubelet wrote into its own log (klog, event.go); empty where it is none."""
    shown = message[:MAX_TEXT]
    if found := _SAID.search(shown):
        namespace, _slash, name = found["object"].rpartition("/")
        said = found["message"].replace('\\"', '"')
    elif found := _SAID_BEFORE.search(shown):
        namespace, name, said = found["namespace"], found["name"], found["message"]
    else:
        return {}
    columns = kubernetes_event(found["reason"], found["type"], f"{found['kind'].lower()}/{name}", said)
    return columns | ({"namespace": namespace} if namespace else {})
