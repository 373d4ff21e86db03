"""Kubernetes events: ``kubectl get events`` as a table and as JSON, and one event a line as exporters write them.

What controllers, schedulers and kubelets did to objects: scaled, killed, evicted, rolled back. These are changes; that
something waits, pulls or fails a probe is a log line. An event that happened often says so: count, first and last.

Traps: the table has ages relative to when it was printed, so it is placed by the file's time and marked as placed; an
age such as ``5m4s (x3 over 7m)`` is the last of three; ``-o wide`` has more columns; ``eventTime`` with nanoseconds takes
the place of ``lastTimestamp`` in newer ones, and both may be null; a list in one line can't be told apart here (a record is
a line): print it with ``kubectl get events -o json``; lists are sorted by name, not by time.

https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
https://kubernetes.io/docs/reference/kubectl/generated/kubectl_events/
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Record, RecordParser, Reject, Sample, kubernetes_event, placed, read_stamp

MAX_TEXT: Final = 4_000
MAX_ITEM: Final = 1_000_000  # bytes of one event in JSON

_COLUMNS: Final = {
    "NAMESPACE": "namespace", "LAST SEEN": "age", "LASTSEEN": "age", "LAST_SEEN": "age", "FIRST SEEN": "first", "FIRSTSEEN": "first",
    "COUNT": "count", "NAME": "object_name", "KIND": "object_kind", "SUBOBJECT": "subobject", "TYPE": "type", "REASON": "reason",
    "SOURCE": "component", "OBJECT": "object", "MESSAGE": "message",
}  # fmt: skip
_HEADER: Final = re.compile(rb"(?:NAMESPACE +)?(?:LAST ?SEEN|LASTSEEN|NAME) +.*REASON +.*MESSAGE", re.DOTALL)
_LIST: Final = re.compile(r'\s*\{"apiVersion":"v1",(?:"kind":"\w*List",)?"items":\[')  # a list in one line, told apart
_AGE: Final = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")
_TIMES: Final = re.compile(r"(?P<age>\S+) \(x(?P<count>\d{1,9})(?: over (?P<over>\S+))?\)")


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    if not filled:
        return 0.0
    if _HEADER.match(filled[0]):
        return 1.0
    body = b"\n".join(filled)[:65_536]
    if filled[0].strip() == b"{" and b'"involvedObject"' in body and b'"reason"' in body:
        return 1.0
    events = [line for line in filled if line.startswith(b"{") and b'"involvedObject"' in line and b'"reason"' in line]
    return len(events) / len(filled)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Give the events of a table, of a list printed over many lines, or of one event a line."""
    printed = _Printed()
    for line in lines:
        yield from printed.read(line, line.text.rstrip())
    yield from printed.rest()


class _Printed:
    """What was printed so far: a table's columns, or the lines of an event in JSON."""

    def __init__(self) -> None:
        self._columns: list[tuple[str, int]] = []
        self._item: list[Line] = []
        self._size = 0
        self._begun = False
        self._ends: tuple[bytes, ...] = ()  # of an event: as far indented as its beginning, however the list is printed

    def read(self, line: Line, text: bytes) -> Iterator[Record | Reject]:
        """Take a line, and give the events that are whole with it."""
        if self._item:
            self._size += len(text)
            self._item.append(line)
            if text in self._ends or self._size > MAX_ITEM:
                yield from self.rest()
        elif text.endswith(b"{") and text.strip() == b"{" and len(text) > 1:
            indent = text[:-1]
            self._item, self._size, self._begun = [line], 0, True
            self._ends = (indent + b"}", indent + b"},")
        elif text.startswith(b'{"') and b'"involvedObject"' in text:
            self._begun = True
            yield from _one(line)
        elif _HEADER.match(text):
            self._columns, self._begun = _header(text.decode("utf-8", "replace")), True
            yield Record(line, placed(), _said("kubectl get events printed this table"))
        elif self._columns and text:
            yield _row(line, self._columns)
        elif text and not self._begun:
            yield from self._above(line, text)

    def _above(self, line: Line, text: bytes) -> Iterator[Record | Reject]:
        """Read what stands above the first event of a list."""
        if text == b"{":
            self._begun = True
            yield Record(line, placed(), _said("a list of Kubernetes events"))
        elif not text.startswith((b"{", b"}", b" ", b"]")):
            yield Reject(line, "the heading of kubectl's table, or its JSON, was expected")
        else:
            yield Reject(line, "a list in one line: print it with kubectl get events -o json")

    def rest(self) -> Iterator[Record | Reject]:
        """Give the event whose lines were gathered."""
        if self._item:
            item, self._item = self._item, []
            yield from _item(item)


def _said(message: str) -> dict[str, Any]:
    return {"kind": Kind.LOG, "severity": 9, "message": message}


def _item(item: list[Line]) -> Iterator[Record | Reject]:
    """Read one event of a list printed over many lines; its earliest occurrence stands at its own line."""
    try:
        told = json.loads(b"\n".join(line.text for line in item).rstrip().rstrip(b","))
    except (ValueError, RecursionError):
        told = None
    records = _event(item[0], told)
    yield records
    first, last = _stamp(told, "firstTimestamp"), _when(told)
    at = next((line for line in item[1:] if b'"firstTimestamp":' in line.text), None)
    if (
        isinstance(records, Record)
        and first
        and last
        and at
        and first < last
        and str(_text(told, "count")) not in ("", "1")
    ):
        yield Record(at, first, {**records.columns, "occurrence": "first"})


def _one(line: Line) -> Iterator[Record | Reject]:
    try:
        told, _end = json.JSONDecoder().raw_decode(
            _LIST.sub("", line.text[:MAX_ITEM].decode("utf-8", "replace"), count=1)
        )
    except (ValueError, RecursionError):
        told = None
    yield _event(line, told)


def _event(line: Line, told: Any) -> Record | Reject:
    stamp = _when(told)
    if not isinstance(told, dict) or stamp is None:
        return Reject(line, "an event with lastTimestamp or eventTime was expected")
    about = _map(told, "involvedObject") or _map(told, "regarding")
    source = _map(told, "source")
    columns = kubernetes_event(
        _text(told, "reason"), _text(told, "type"), f"{_text(about, 'kind').lower()}/{_text(about, 'name')}",
        _text(told, "message") or _text(told, "note"),
    )  # fmt: skip
    return Record(line, stamp, columns | {
        name: value
        for name, value in {
            "namespace": _text(about, "namespace"), "count": _text(told, "count"), "component": _text(source, "component"),
            "node": _text(source, "host"), "actor": _text(source, "component") or _text(told, "reportingComponent"),
        }.items() if value
    })  # fmt: skip


def _when(told: Any) -> Any:
    return next(
        (s for name in ("lastTimestamp", "eventTime", "firstTimestamp") for s in [_stamp(told, name)] if s), None
    ) or (_stamp(_map(told, "metadata"), "creationTimestamp") if isinstance(told, dict) else None)


def _stamp(told: Any, name: str) -> Any:
    text = told.get(name) if isinstance(told, dict) else None
    return read_stamp("iso", text.encode()[:40]) if isinstance(text, str) and text.isascii() else None


def _map(told: Any, name: str) -> dict[str, Any]:
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, dict) else {}


def _text(told: Any, name: str) -> str:
    value = told.get(name) if isinstance(told, dict) else None
    return str(value)[:MAX_TEXT] if isinstance(value, str | int) else ""


def _header(text: str) -> list[tuple[str, int]]:
    """Give the columns of a heading and where each begins."""
    found = [(match.start(), match[0]) for match in re.finditer(r"\S+(?: \S+)*", text)]
    return [(_COLUMNS.get(name, name.lower()), at) for at, name in found]


def _row(line: Line, columns: list[tuple[str, int]]) -> Record | Reject:
    text = line.text[:MAX_TEXT].decode("utf-8", "replace")
    ends = [at for _name, at in columns[1:]] + [len(text)]
    cells = {name: text[at:end].strip() for (name, at), end in zip(columns, ends, strict=True)}
    if columns[-1][0] == "message":
        cells["message"] = text[columns[-1][1] :].strip()
    times = _TIMES.fullmatch(cells.get("age", ""))
    age = _seconds(times["age"] if times else cells.get("age", ""))
    if age is None:
        return Reject(line, "an age such as 5m4s in kubectl's column LAST SEEN was expected")
    target = cells.get("object") or f"{cells.get('object_kind', '').lower()}/{cells.get('object_name', '')}"
    told = kubernetes_event(cells.get("reason", ""), cells.get("type", ""), target, cells.get("message", ""))
    count = times["count"] if times else cells.get("count", "")
    extra = {
        "namespace": cells.get("namespace", "").removeprefix("<unknown>"),
        "count": count,
        "actor": cells.get("component", "").partition(",")[0],
    }
    return Record(line, placed(age * 1_000_000), told | {name: value for name, value in extra.items() if value})


def _seconds(text: str) -> int | None:
    if text in ("<unknown>", "unknown"):
        return 0
    found = _AGE.fullmatch(text)
    if not text or found is None:
        return None
    years, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return min((((years * 365 + days) * 24 + hours) * 60 + minutes) * 60 + seconds, 50 * 366 * 86_400)


_TABLE: Final = "kubectl's output in kubernetes/autoscaler issue 2619"

PARSER = RecordParser(
    name="kubernetes-events",
    title="Kubernetes events",
    url="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            (
                b"LAST SEEN   TYPE     REASON             OBJECT                                MESSAGE\n"
                b"110s        Normal   ScaledUpGroup      configmap/cluster-autoscaler-status   Scale-up: setting group <redacted> size to 2\n"
            ),
            {"kind": "log"},
            _TABLE,
        ),
        Sample(
            (
                b"        {\n"
                b'            "metadata": {\n'
                b'                "name": "monitoring-grafana.14a837a7631b1e82",\n'
                b'                "namespace": "kube-system",\n'
                b'                "selfLink": "/api/v1/namespaces/kube-system/events/monitoring-grafana.14a837a7631b1e82",\n'
                b'                "uid": "3ae58280-ffa8-11e6-963a-12cd63c7b19c",\n'
                b'                "resourceVersion": "35448",\n'
                b'                "creationTimestamp": "2017-03-03T00:27:48Z"\n'
                b"            },\n"
                b'            "involvedObject": {\n'
                b'                "kind": "Deployment",\n'
                b'                "namespace": "kube-system",\n'
                b'                "name": "monitoring-grafana",\n'
                b'                "uid": "3ae4155a-ffa8-11e6-963a-12cd63c7b19c",\n'
                b'                "apiVersion": "extensions",\n'
                b'                "resourceVersion": "5110282"\n'
                b"            },\n"
                b'            "reason": "ScalingReplicaSet",\n'
                b'            "message": "Scaled up replica set monitoring-grafana-3344903701 to 1",\n'
                b'            "source": {\n'
                b'                "component": "deployment-controller"\n'
                b"            },\n"
                b'            "firstTimestamp": "2017-03-03T00:27:48Z",\n'
                b'            "lastTimestamp": "2017-03-03T00:27:48Z",\n'
                b'            "count": 1,\n'
                b'            "type": "Normal"\n'
                b"        }\n"
            ),
            {
                "time": "2017-03-03T00:27:48Z",
                "kind": "change",
                "action": "scale",
                "target": "deployment/monitoring-grafana",
                "outcome": "changed",
                "replica_set": "monitoring-grafana-3344903701",
                "replicas": "1",
                "namespace": "kube-system",
                "actor": "deployment-controller",
            },
            "an event of the list in pachyderm/pachyderm pull request 1372",
        ),
    ),
)
