"""ArgoCD's application controller and server: logfmt or JSON, in a file of its own or inside a container's log.

That a sync or a rollback began and how it ended are changes, with the application as target. All else is a log line; an
application that becomes Degraded or Missing is a warning.

Traps: the same "Initiated automated sync" is written twice, with and without ``reason``; the application is named with and
without its namespace; "Sync operation to  succeeded" has two blanks where there are several revisions; a sync that applied
nothing succeeds too; "OutOfSync" says that git or the cluster moved, not that ArgoCD did anything.

https://argo-cd.readthedocs.io/en/stable/operator-manual/server-commands/argocd-application-controller/
https://github.com/argoproj/argo-cd/blob/master/controller/appcontroller.go
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import (
    Column,
    Kind,
    Layout,
    Line,
    LineParser,
    Match,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    each_stamped,
    each_unique,
    read_stamp,
)

MAX_TEXT: Final = 4_000
_URL: Final = "https://argo-cd.readthedocs.io/en/stable/operator-manual/server-commands/argocd-application-controller/"
_PAIR: Final = re.compile(r'([A-Za-z_][\w.-]{0,60})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_LEVELS: Final = {"debug": 5, "info": 9, "warning": 13, "warn": 13, "error": 17, "fatal": 21, "panic": 21}
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), action, outcome)
    for pattern, action, outcome in (
        (r"Initiated automated sync to '?(?P<version>[^' ]*)'?.*", "sync", Outcome.STARTED),
        (r"(?P<by>\S+ )?[Ii]nitiated (?:partial )?sync(?: to (?P<version>\S+))?.*", "sync", Outcome.STARTED),
        (r"(?P<by>\S+ )?[Ii]nitiated rollback to (?P<version>\S+).*", "rollback", Outcome.STARTED),
        (r"(?:Partial s|S)ync operation to (?P<version>\S*) ?succeeded", "sync", Outcome.CHANGED),
        (r"(?:Partial s|S)ync operation to (?P<version>\S*) ?failed:? ?(?P<error>.*)", "sync", Outcome.FAILED),
        (r"updated '?(?P<app>[^' ]+)'? operation \(phase: Succeeded\)", "sync", Outcome.CHANGED),
        (r"updated '?(?P<app>[^' ]+)'? operation \(phase: (?:Failed|Error)\)", "sync", Outcome.FAILED),
    )
)
_ILL: Final = re.compile(r"Updated health status: \w+ -> (?:Degraded|Missing)")
_BEGINS: Final = re.compile(rb'(?:\S{1,253} )?time="|\{"')  # behind the container's name, where several are followed
_NAMES: Final = (b"argocd", b"argo-cd", b"Comparing app state")
_WORDS: Final = re.compile(
    rb"dest-(?:server|namespace)|[Ss]ync|[Rr]econcil|[Rr]efresh|[Rr]epoObj|health|app spec|operation"
)


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    read = [line for line in filled if _BEGINS.match(line) and b"level" in line]
    marked = sum(map(_is_marked, read))
    return len(read) / len(filled) if filled and marked * 3 >= len(read) else 0.0


def _is_marked(line: bytes) -> bool:
    """Tell whether only ArgoCD writes such a line: other programs have applications too."""
    if any(name in line for name in _NAMES):
        return True
    return (b"application=" in line or b'"application":' in line) and _WORDS.search(line) is not None


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line that has a time; what has none belongs to the line above it."""
    return each_stamped(lines, _record, 'a line with time="…" or "time":"…" was expected')


def _record(line: Line) -> Record | None:
    pairs = _pairs(line.text[:65_536].decode("utf-8", "replace"))
    stamp = read_stamp("iso", pairs.get("time", "")[:40].encode("ascii", "replace"))
    return None if stamp is None else Record(line, stamp, _columns(pairs))


def _pairs(text: str) -> dict[str, str]:
    if text.startswith("{"):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return (
            {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in told.items()}
            if isinstance(told, dict)
            else {}
        )
    found: dict[str, str] = {}
    for key, quoted, bare in _PAIR.findall(text):
        found.setdefault(key, quoted.replace('\\"', '"') if quoted else bare)
    return found


def _columns(pairs: Mapping[str, str]) -> dict[str, Any]:
    message = pairs.get("msg", "")[:MAX_TEXT]
    application = pairs.get("application", "").rpartition("/")[2]
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _LEVELS.get(pairs.get("level", ""), 9),
        "message": message,
        "application": application,
        "cluster": pairs.get("dest-server", ""),
        "namespace": pairs.get("dest-namespace", ""),
        "reason": pairs.get("reason", ""),
        "error": pairs.get("error", "")[:MAX_TEXT],
    }
    if _ILL.match(message):
        columns["severity"] = max(columns["severity"], 13)
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(message):
            told = found.groupdict()
            application = application or (told.get("app") or "").rpartition("/")[2]
            columns |= {"kind": Kind.CHANGE, "action": action, "target": application, "outcome": outcome}
            columns |= {
                "version": told.get("version") or "",
                "actor": (told.get("by") or pairs.get("user") or "argocd").strip(),
            }
            columns |= {"error": told["error"]} if told.get("error") else {}
            break
    if columns["kind"] == Kind.CHANGE and columns["outcome"] == Outcome.FAILED:
        columns["severity"] = max(columns["severity"], 13)
    return {name: value for name, value in columns.items() if value != ""}


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Read messages inside an envelope, each distinct one once."""
    return each_unique(match.text("message"), _inside)


def _inside(text: str) -> dict[str, Any]:
    pairs = _pairs(text[:65_536])
    columns = _columns(pairs) if pairs.get("msg") else {"kind": Kind.LOG, "message": text[:MAX_TEXT]}
    return {name: str(value) if name != "severity" else value for name, value in columns.items()}


_ISSUE: Final = "argoproj/argo-cd issue 5592"
_SYNC: Final = (
    b'time="2021-02-24T06:46:54Z" level=info msg="Initiated automated sync to \'e160b33c8e760e85dbedc221938b5d312fe166b1\'" '
    b'application=test-application dest-namespace=test-application dest-server="https://******.gr7.us-west-2.eks.amazonaws.com" '
    b"reason=OperationStarted type=Normal"
)
_BEGAN: Final = {
    "kind": "change",
    "action": "sync",
    "target": "test-application",
    "outcome": "started",
    "version": "e160b33c8e760e85dbedc221938b5d312fe166b1",
}

PARSER = (
    RecordParser(
        name="argocd",
        title="ArgoCD application controller",
        url=_URL,
        claims=_claims,
        marks=(b"application", b"argocd", b"argo-cd", b"Comparing app state"),
        records=_records,
        samples=(
            Sample(_SYNC, {"time": "2021-02-24T06:46:54Z", "severity": 9, **_BEGAN}, _ISSUE),
            Sample(
                b'{"application":"accounting-svc-app","dest-namespace":"services","dest-server":"https://kubernetes.default.svc","level":"info","msg":"Sync operation to  succeeded","reason":"OperationCompleted","time":"2025-01-15T14:37:58Z","type":"Normal"}',
                {
                    "time": "2025-01-15T14:37:58Z",
                    "kind": "change",
                    "action": "sync",
                    "target": "accounting-svc-app",
                    "outcome": "changed",
                    "namespace": "services",
                },
                "argoproj/argo-cd issue 21502",
            ),
            Sample(
                b'time="2021-02-24T06:46:54Z" level=info msg="Updated health status: Degraded -> Healthy" application=xyz dest-namespace=argocd dest-server="https://******.gr7.us-west-2.eks.amazonaws.com" reason=ResourceUpdated type=Normal',
                {"kind": "log", "application": "xyz", "message": "Updated health status: Degraded -> Healthy"},
                _ISSUE,
            ),
            Sample(
                b'time="2021-02-24T06:46:54Z" level=info msg="getRepoObjs stats" application=xyz build_options_ms=0 helm_ms=0 plugins_ms=0 repo_ms=0 time_ms=8 unmarshal_ms=8 version_ms=0',
                {"kind": "log", "message": "getRepoObjs stats"},
                _ISSUE,
            ),
        ),
    ),
    LineParser(
        name="argocd-container",
        title="ArgoCD inside a container's log",
        url=_URL,
        samples=(Sample(_SYNC, _BEGAN, _ISSUE, program="argocd-application-controller"),),
        layouts=(Layout("{message:rest}"),),
        inside=("argocd-application-controller", "application-controller", "argocd-server"),
        meaning=_meaning,
    ),
)
