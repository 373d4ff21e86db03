"""``docker events``: what the Docker daemon did to containers, images, networks and volumes, as text or as JSON lines.

::

    2017-01-05T00:36:09.840186338+08:00 container die 0fdb48addc82… (exitCode=137, image=alpine:latest, name=test)

That a container was started, stopped, paused, restarted, removed or killed for memory is a change of the container's name; a process
that ended with another code than 0 failed. Images that were pulled and removed are changes, too. Networks, volumes, ``exec``
and health checks stay messages; an unhealthy container is a warning.

Traps: a stop tells kill, die and stop; the attributes are a container's labels too, and hold anything; JSON before 27 names the action
twice, and a health check's result stands in it.

https://docs.docker.com/reference/cli/docker/system/events/
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, read_stamp

MAX_LINE: Final = 65_536
_TYPES: Final = "container|image|network|volume|daemon|plugin|service|node|secret|config|builder"
_LINE: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) (?P<type>" + _TYPES + r") "
    r"(?P<action>[a-z_-]+(?:: .{1,300}?)?) (?P<id>\S{1,300})(?: \((?P<attributes>.*)\))?",
    re.DOTALL,
)
_PAIR: Final = re.compile(r"(?:^|, )([\w./-]{1,100})=((?:(?!, [\w./-]{1,100}=).){0,500})", re.DOTALL)
_ACTS: Final = {
    ("container", "start"): "start", ("container", "stop"): "stop", ("container", "restart"): "restart",
    ("container", "die"): "stop", ("container", "oom"): "oom", ("container", "pause"): "stop",
    ("container", "unpause"): "start", ("container", "create"): "create", ("container", "destroy"): "remove",
    ("container", "update"): "edit", ("image", "pull"): "pull", ("image", "delete"): "remove", ("daemon", "reload"): "reload",
    ("service", "create"): "deploy", ("service", "update"): "deploy", ("service", "remove"): "remove",
    ("node", "update"): "edit", ("config", "create"): "create", ("config", "update"): "edit", ("config", "remove"): "remove",
    ("secret", "create"): "create", ("secret", "update"): "edit", ("secret", "remove"): "remove",
}  # fmt: skip
_KEPT: Final = ("image", "exitCode", "signal", "container", "com.docker.compose.service", "com.docker.compose.project")


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    texts = [line[:MAX_LINE].decode("utf-8", "replace").rstrip() for line in filled]
    own = sum(bool(_LINE.fullmatch(text)) or _is_json(text) for text in texts)
    return own / len(filled) if filled else 0.0


def _is_json(text: str) -> bool:
    return text.startswith("{") and '"Type":' in text and '"Action":' in text and '"timeNano":' in text


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line."""
    for line in lines:
        text = line.text[:MAX_LINE].decode("utf-8", "backslashreplace").rstrip()
        if not text:
            continue
        told = _of_json(text) if text.startswith("{") else _of_text(text)
        stamp = read_stamp("iso", told["time"].encode()) if told else None
        if told is None or stamp is None:
            yield Reject(line, "an event of docker events was expected")
        else:
            yield Record(line, stamp, _columns(told["type"], told["action"], told["id"], told["attributes"]))


def _of_text(text: str) -> dict[str, Any] | None:
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    return found.groupdict() | {"attributes": dict(_PAIR.findall(found["attributes"] or ""))}


def _of_json(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    actor = told.get("Actor") if isinstance(told, dict) else None
    nanoseconds = told.get("timeNano") if isinstance(told, dict) else None
    if not isinstance(nanoseconds, int) or not 0 <= nanoseconds < 1 << 62:
        return None
    actor = actor if isinstance(actor, dict) else {}
    attributes = actor.get("Attributes")
    return {
        "time": _iso(nanoseconds // 1_000),
        "type": str(told.get("Type", "")),
        "action": str(told.get("Action", ""))[:300],
        "id": str(actor.get("ID") or told.get("id") or "")[:300],
        "attributes": {str(k): str(v) for k, v in attributes.items()} if isinstance(attributes, dict) else {},
    }


def _iso(micros: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat(timespec="microseconds")


def _columns(kind: str, action: str, ident: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    name = attributes.get("name") or ident[:12]
    code = attributes.get("exitCode", "")
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": 13 if "unhealthy" in action else 9,
        "service": name if kind == "container" else "docker",
        "message": " ".join(filter(None, (kind, action, name, f"exit code {code}" if code else "")))[:2_000],
        "id": ident,
    }
    columns |= {key.rpartition(".")[2]: attributes[key] for key in _KEPT if attributes.get(key)}
    act = _ACTS.get((kind, action))
    if act is None:
        return columns
    ill = act == "oom" or (action == "die" and code not in ("", "0"))
    outcome = Outcome.FAILED if ill else Outcome.CHANGED
    return columns | {
        "kind": Kind.CHANGE,
        "action": "crash" if ill and act == "stop" else act,
        "target": name,
        "outcome": outcome,
        "severity": 13 if ill else 9,
        "actor": "docker",
    }


_DOCS: Final = "Docker's documentation, docker system events"

PARSER = RecordParser(
    name="docker-events",
    title="docker events",
    url="https://docs.docker.com/reference/cli/docker/system/events/",
    claims=_claims,
    marks=(
        b"container ",
        b"image ",
        b"network ",
        b"volume ",
        b"daemon ",
        b"plugin ",
        b"service ",
        b"node ",
        b"secret ",
        b"config ",
        b"builder ",
        b'"timeNano":',
    ),
    records=_records,
    samples=(
        Sample(
            b"2017-01-05T00:35:58.859401177+08:00 container create 0fdb48addc82871eb34eb23a847cfd033dedd1a0a37bef2e6d9eb3870fc7ff37 (image=alpine:latest, name=test)",
            {
                "time": "2017-01-05T00:35:58.859401+08:00",
                "kind": "change",
                "action": "create",
                "target": "test",
                "outcome": "changed",
                "image": "alpine:latest",
                "service": "test",
                "severity": 9,
            },
            _DOCS,
        ),
        Sample(
            b"2017-01-05T00:36:09.840186338+08:00 container die 0fdb48addc82871eb34eb23a847cfd033dedd1a0a37bef2e6d9eb3870fc7ff37 (exitCode=137, image=alpine:latest, name=test)",
            {"action": "crash", "target": "test", "outcome": "failed", "exitCode": "137", "severity": 13},
            _DOCS,
        ),
        Sample(
            b"2017-01-05T00:36:09.890214053+08:00 container stop 0fdb48addc82871eb34eb23a847cfd033dedd1a0a37bef2e6d9eb3870fc7ff37 (image=alpine:latest, name=test)",
            {"action": "stop", "target": "test", "outcome": "changed"},
            _DOCS,
        ),
        Sample(
            b"2017-01-05T00:35:58.936728587+08:00 network connect e2e1f5ceda09d4300f3a846f0acfaa9a8bb0d89e775eb744c5acecd60e0529e2 (container=0fdb48addc82871eb34eb23a847cfd033dedd1a0a37bef2e6d9eb3870fc7ff37, name=bridge, type=bridge)",
            {"kind": "log", "service": "docker", "message": "network connect bridge"},
            _DOCS,
        ),
        Sample(
            b'{"status":"create","id":"196016a57679bf42424484918746a9474cd905dd993c4d0f42392aafb9cf7ba7","from":"alpine","Type":"container","Action":"create","Actor":{"ID":"196016a57679bf42424484918746a9474cd905dd993c4d0f42392aafb9cf7ba7","Attributes":{"image":"alpine","name":"test-container"}},"time":1461943101,"timeNano":1461943101381709551}',
            {
                "time": "2016-04-29T15:18:21.381709+00:00",
                "kind": "change",
                "action": "create",
                "target": "test-container",
                "image": "alpine",
            },
            _DOCS + " and the Engine's API, /events",
        ),
        Sample(
            b"2017-01-35T00:36:09.890214053+08:00 container stop 0fdb48addc82 (image=x, name=y)",
            None,
            "hostile: no such day",
        ),
        Sample(
            b"2017-01-05T00:36:09.890214053+08:00 container start 0fdb48addc82 (image=x, name=y\x00\xff\x1b[31m) (z=, name=w)",
            {"kind": "change", "action": "start"},
            "hostile: NUL, bad UTF-8 and an escape in a name",
        ),
    ),
)
