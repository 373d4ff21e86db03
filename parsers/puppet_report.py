"""Puppet's own account of a run: ``reports/<host>/<UTC time>.yaml`` and ``last_run_report.yaml``.

One run gives one change, each property it set (or failed to set) another, and each of its log entries a log
event, all on their own lines. A report of 10 KB takes about two milliseconds.

Traps:

- The document is tagged ``!ruby/object:…`` (up to Puppet 4 in every node, ``!ruby/sym`` too). Only the parser's
  token stream is read, so that no tag, alias or merge key is ever acted upon.
- Up to Puppet 3 the keys stand in any order, ``time`` often last, and texts are aliases of anchored ones.
- ``configuration_version`` is a number or any text, such as a git revision; times have nine digits.
- Format 2 and below print no ``status``; noop runs print ``unchanged`` and their events ``noop``.
- A cached catalog after a failed compilation still says ``status: unchanged``: ``cached_catalog_status`` tells it.
- The file is written in place: a report may be cut anywhere. What stands before the cut is read.

https://www.puppet.com/docs/puppet/7/format_report
https://github.com/puppetlabs/puppet/blob/main/lib/puppet/transaction/report.rb
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_BYTES: Final = 64 << 20
MAX_LINES: Final = 1_000_000
MAX_NODES: Final = 3_000_000  # some 600 MB
MAX_DEPTH: Final = 64
_DROPPED: Final = frozenset({"tags", "containment_path", "provider_used", "version"})  # bulk that nothing here asks for
_SEVERITY: Final = {
    "debug": 5, "info": 9, "notice": 10, "warning": 13, "err": 17, "crit": 18, "alert": 19, "emerg": 21,
}  # fmt: skip
_STATUS: Final = {"changed": Outcome.CHANGED, "unchanged": Outcome.UNCHANGED, "failed": Outcome.FAILED}


@dataclass(slots=True)
class _Text:
    """A scalar and the line of the document it begins on, from 0."""

    value: str
    line: int


@dataclass(slots=True)
class _List:
    line: int
    items: list["_Node"] = field(default_factory=list)


@dataclass(slots=True)
class _Map:
    line: int
    items: dict[str, "_Node"] = field(default_factory=dict)
    key: str | None = None  # the key whose value comes next

    def get(self, *keys: str) -> "_Node | None":
        """Return the node under these keys, or None."""
        node: _Node | None = self
        for key in keys:
            node = node.items.get(key) if isinstance(node, _Map) else None
        return node

    def text(self, *keys: str) -> str:
        """Return the scalar under these keys; empty where there is none."""
        node = self.get(*keys)
        return node.value if isinstance(node, _Text) else ""

    def children(self, key: str) -> list["_Node"]:
        """Return the items of the list or the values of the mapping under a key."""
        node = self.get(key)
        if isinstance(node, _Map):
            return list(node.items.values())
        return node.items if isinstance(node, _List) else []


_Node: TypeAlias = _Text | _List | _Map
_NOTHING: Final = _Text("", 0)


def _claims(_path: str, head: list[bytes]) -> float:
    text = b"\n".join(head[:40])
    if re.search(rb"(?m)^--- !ruby/object:Puppet::Transaction::Report\s*$", text):
        return 1.0
    keys = (
        rb"(?m)^ *report_format: ",
        rb"(?m)^ *(?:configuration_version|puppet_version): ",
        rb"(?m)^ *host: ",
    )
    return 0.9 if text.startswith(b"---") and all(re.search(key, text) for key in keys) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Gather one document after the other; of one that is too long only the first line is kept."""
    document: list[Line] = []
    size = 0
    for line in lines:
        if line.text.startswith(b"---") and document:
            yield from _document(document, size)
            document, size = [], 0
        size += len(line.text) + 1
        if len(document) >= MAX_LINES:
            size = MAX_BYTES + 1
        if size > MAX_BYTES:
            del document[1:]
        if size <= MAX_BYTES or not document:
            document.append(line)
    if document:
        yield from _document(document, size)


def _document(lines: list[Line], size: int) -> Iterator[Record | Reject]:
    """One report: its events in the order of their lines, at most one to a line."""
    if size > MAX_BYTES:
        yield Reject(lines[0], f"longer than {MAX_BYTES >> 20} MB or {MAX_LINES:,} lines: not read as a Puppet report")
        return
    if all(line.text.lstrip()[:1] in {b"", b"#"} for line in lines):
        return
    root, problem = _tree(b"\n".join(line.text for line in lines))
    found: dict[int, Record | Reject] = {}
    if isinstance(root, _Map):
        for at, stamp, columns in _events(root):
            kept = {name: value for name, value in columns.items() if value not in {"", None}}
            found.setdefault(at, Record(lines[at], stamp, kept))
    if problem or not found:
        at, reason = problem or (0, "no Puppet report: a mapping with host and time was expected")
        at = min(at, len(lines) - 1)
        found.setdefault(at, Reject(lines[at], reason))
    for at in sorted(found):
        yield found[at]


def _tree(text: bytes) -> tuple[_Node | None, tuple[int, str] | None]:
    """Return the nodes of a document, and where and why reading it stopped."""
    import yaml  # noqa: PLC0415  this parser is loaded by every run, and hardly ever reads anything

    try:
        return _build(_lines_as_counted(text))
    except yaml.reader.ReaderError:
        clean = text.decode("utf-8", "replace")
        clean = re.sub("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", clean)
        try:
            return _build(_lines_as_counted(clean.encode()))
        except yaml.reader.ReaderError as error:
            return None, (0, f"not readable as YAML: {error.reason}")


def _lines_as_counted(text: bytes) -> bytes:
    """Blank out what YAML takes for a line break and a log does not, so that line numbers agree."""
    for other in (b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"):
        if other in text:
            text = text.replace(other, b" " * len(other))
    return text


def _build(text: bytes) -> tuple[_Node | None, tuple[int, str] | None]:
    import yaml  # noqa: PLC0415  this parser is loaded by every run, and hardly ever reads anything

    root: _Node | None = None
    stack: list[_List | _Map] = []
    anchors: dict[str, _Node] = {}
    try:
        events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for count, event in enumerate(events):
            if isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
                continue
            node = _node(event, anchors)
            if node is None:
                continue
            root = root or node
            if stack:
                _place(stack[-1], node)
            if not isinstance(node, _Text) and isinstance(event, yaml.CollectionStartEvent):
                stack.append(node)
            if len(stack) > MAX_DEPTH or count > MAX_NODES:
                reason = f"nested deeper than {MAX_DEPTH} levels, or more than {MAX_NODES:,} values"
                return root, (event.start_mark.line, reason)
    except yaml.reader.ReaderError:
        raise
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", "")
        return root, (getattr(mark, "line", 0), f"not readable as YAML: {problem or error}")
    return root, None


def _node(event: Any, anchors: dict[str, _Node]) -> _Node | None:
    import yaml  # noqa: PLC0415  this parser is loaded by every run, and hardly ever reads anything

    line = event.start_mark.line
    node: _Node
    if isinstance(event, yaml.AliasEvent):
        return anchors.get(event.anchor or "", _NOTHING)
    if isinstance(event, yaml.ScalarEvent):
        empty = event.implicit[0] and event.value in {"~", "null"}
        node = _Text("" if empty else event.value, line)
    elif isinstance(event, yaml.MappingStartEvent):
        node = _Map(line)
    elif isinstance(event, yaml.SequenceStartEvent):
        node = _List(line)
    else:
        return None
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _place(parent: _List | _Map, node: _Node) -> None:
    if isinstance(parent, _List):
        parent.items.append(node)
    elif parent.key is None:
        parent.key = node.value if isinstance(node, _Text) else ""
    else:
        if parent.key not in _DROPPED:
            parent.items.setdefault(parent.key, node)
        parent.key = None


def _events(root: _Map) -> Iterator[tuple[int, Stamp, dict[str, Any]]]:
    about = {"host": root.text("host"), "run": root.text("transaction_uuid"), "actor": "puppet"}
    stamp = _stamp(root.text("time"))
    time = root.get("time")
    if stamp and isinstance(time, _Text):
        yield time.line, stamp, _run(root) | about
    for entry in root.children("logs"):
        if isinstance(entry, _Map) and (read := _stamp(entry.text("time")) or stamp):
            yield entry.line, read, _log(entry) | {"host": about["host"], "run": about["run"]}
    for name, resource in _resources(root):
        for event in resource.children("events"):
            if isinstance(event, _Map) and event.text("status").lstrip(":") in {"success", "failure"}:
                read = _stamp(event.text("time")) or stamp
                if read:
                    yield event.line, read, _property(name, resource, event) | about


def _resources(root: _Map) -> Iterator[tuple[str, _Map]]:
    statuses = root.get("resource_statuses")
    for name, resource in statuses.items.items() if isinstance(statuses, _Map) else ():
        if isinstance(resource, _Map):
            yield name, resource


def _run(root: _Map) -> dict[str, Any]:
    changed, failed, manifests = [], [], []
    for name, resource in _resources(root):
        ends = {event.text("status").lstrip(":") for event in resource.children("events") if isinstance(event, _Map)}
        if ends & {"success", "failure"} or "true" in {resource.text("changed"), resource.text("failed")}:
            changed += [name] if "success" in ends or resource.text("changed") == "true" else []
            failed += [name] if "failure" in ends or resource.text("failed") == "true" else []
            manifests.append(resource.text("file"))
    manifests += [entry.text("file") for entry in root.children("logs") if isinstance(entry, _Map)]
    manifests = sorted({name for name in manifests if name})
    counts = _metric(root, "resources")
    columns: dict[str, Any] = {
        "kind": Kind.CHANGE,
        "action": "run",
        "target": manifests[0] if len(manifests) == 1 else f"catalog for {root.text('host')}",
        "outcome": _outcome(root, changed, failed),
        "changed": counts.get("changed", str(len(changed))),
        "failed": counts.get("failed", str(len(failed))),
        "total": counts.get("total", ""),
        "manifest": _joined(manifests),
        "resources": _joined(changed),
        "failed_resources": _joined(failed),
    }
    for key in ("environment", "configuration_version", "puppet_version", "cached_catalog_status"):
        columns[key] = root.text(key)
    columns["noop"] = "true" if root.text("noop") == "true" else ""
    columns["message"] = f"Puppet run: {columns['outcome']}, {columns['changed']} changed, {columns['failed']} failed"
    return columns


def _outcome(root: _Map, changed: list[str], failed: list[str]) -> Outcome:
    told = _STATUS.get(root.text("status").lstrip(":"))
    if told is None and not root.text("status") and root.get("resource_statuses"):
        told = Outcome.FAILED if failed else Outcome.CHANGED if changed else Outcome.UNCHANGED
    if root.text("noop") == "true" and told is Outcome.CHANGED and not changed:
        return Outcome.UNCHANGED
    return told or Outcome.UNKNOWN


def _metric(root: _Map, name: str) -> dict[str, str]:
    metric = root.get("metrics", name)
    counts = {}
    for row in metric.children("values") if isinstance(metric, _Map) else ():
        cells = [cell.value for cell in row.items if isinstance(cell, _Text)] if isinstance(row, _List) else []
        if len(cells) == 3:
            counts[cells[0].lstrip(":")] = cells[2]
    return counts


def _log(entry: _Map) -> dict[str, Any]:
    return {
        "kind": Kind.LOG,
        "severity": _SEVERITY.get(entry.text("level").lstrip(":")),
        "message": entry.text("message"),
        "origin": entry.text("source"),
        "manifest": _place_of(entry),
    }


def _property(name: str, resource: _Map, event: _Map) -> dict[str, Any]:
    failed = event.text("status").lstrip(":") == "failure"
    return {
        "kind": Kind.CHANGE,
        "action": "resource",
        "target": name,
        "outcome": Outcome.FAILED if failed else Outcome.CHANGED,
        "property": event.text("property"),
        "previous": _shown(event.get("previous_value")),
        "desired": _shown(event.get("desired_value")),
        "message": event.text("message"),
        "manifest": _place_of(resource),
    }


def _place_of(node: _Map) -> str:
    """Return a manifest and the line in it: ``/etc/puppet/manifests/site.pp:3``."""
    return ":".join(part for part in (node.text("file"), node.text("line")) if part)


def _shown(node: _Node | None) -> str:
    """Return a value as text, at most 500 characters: an alias may repeat a node any number of times."""
    if isinstance(node, _Text):
        return node.value[:500]
    if isinstance(node, _List):
        return ", ".join(item.value if isinstance(item, _Text) else "…" for item in node.items[:20])[:500]
    return "…" if node else ""


def _joined(names: list[str]) -> str:
    more = len(names) - 20
    return ", ".join(names[:20]) + (f" and {more} more" if more > 0 else "")


def _stamp(text: str) -> Stamp | None:
    """Read a time with up to nine digits; Puppet 3 prints a blank before the offset."""
    return read_stamp("iso", re.sub(r" (?=[+-]\d|Z$)", "", text[:64].strip()).encode())


_REPORT: Final = b"""\
--- !ruby/object:Puppet::Transaction::Report
host: vm
time: '2026-11-22T11:28:05.901440715+00:00'
configuration_version: 1795346885
transaction_uuid: e4049e38-5419-4a1b-8574-75c61e5fc899
report_format: 12
puppet_version: 7.23.0
status: changed
transaction_completed: true
noop: false
noop_pending: false
environment: production
logs:
- level: notice
  message: executed successfully
  source: "/Stage[main]/Main/Exec[/bin/true]/returns"
  tags:
  - notice
  - exec
  - class
  time: '2026-11-22T11:28:05.910413405+00:00'
  file: "/srv/puppet/one.pp"
  line: 1
- level: notice
  message: Applied catalog in 0.01 seconds
  source: Puppet
  tags:
  - notice
  time: '2026-11-22T11:28:05.913352120+00:00'
  file:
  line:
metrics:
  resources:
    name: resources
    label: Resources
    values:
    - - total
      - Total
      - 2
    - - skipped
      - Skipped
      - 0
    - - failed
      - Failed
      - 0
    - - failed_to_restart
      - Failed to restart
      - 0
    - - restarted
      - Restarted
      - 0
    - - changed
      - Changed
      - 1
    - - out_of_sync
      - Out of sync
      - 1
    - - scheduled
      - Scheduled
      - 0
    - - corrective_change
      - Corrective change
      - 0
  time:
    name: time
    label: Time
    values:
    - - exec
      - Exec
      - 0.007741913
    - - filebucket
      - Filebucket
      - 4.3555e-05
    - - config_retrieval
      - Config retrieval
      - 0.074414746
    - - transaction_evaluation
      - Transaction evaluation
      - 0.009420357999715634
    - - catalog_application
      - Catalog application
      - 0.011721201000000292
    - - total
      - Total
      - 0.011958746
  changes:
    name: changes
    label: Changes
    values:
    - - total
      - Total
      - 1
  events:
    name: events
    label: Events
    values:
    - - total
      - Total
      - 1
    - - failure
      - Failure
      - 0
    - - success
      - Success
      - 1
resource_statuses:
  Exec[/bin/true]:
    title: "/bin/true"
    file: "/srv/puppet/one.pp"
    line: 1
    resource: Exec[/bin/true]
    resource_type: Exec
    provider_used: posix
    containment_path:
    - Stage[main]
    - Main
    - Exec[/bin/true]
    evaluation_time: 0.007741913
    tags:
    - exec
    - class
    time: '2026-11-22T11:28:05.902795407+00:00'
    failed: false
    failed_to_restart: false
    changed: true
    out_of_sync: true
    skipped: false
    change_count: 1
    out_of_sync_count: 1
    events:
    - audited: false
      property: returns
      previous_value: notrun
      desired_value:
      - '0'
      historical_value:
      message: executed successfully
      name: executed_command
      status: success
      time: '2026-11-22T11:28:05.902873784+00:00'
      redacted:
      corrective_change: false
    corrective_change: false
  Filebucket[puppet]:
    title: puppet
    file:
    line:
    resource: Filebucket[puppet]
    resource_type: Filebucket
    provider_used:
    containment_path:
    - Filebucket[puppet]
    evaluation_time: 4.3555e-05
    tags:
    - filebucket
    - puppet
    time: '2026-11-22T11:28:05.910997356+00:00'
    failed: false
    failed_to_restart: false
    changed: false
    out_of_sync: false
    skipped: false
    change_count: 0
    out_of_sync_count: 0
    events: []
    corrective_change: false
corrective_change: false
catalog_uuid: efb03249-8e4c-4375-8e8a-47755291b0d6
cached_catalog_status: not_used
"""

PARSER = RecordParser(
    name="puppet-report",
    title="Puppet report (reports/*.yaml, last_run_report.yaml)",
    url="https://www.puppet.com/docs/puppet/7/format_report",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            _REPORT,
            {
                "time": "2026-11-22T11:28:05.901440+00:00",
                "kind": "change",
                "action": "run",
                "target": "/srv/puppet/one.pp",
                "outcome": "changed",
                "host": "vm",
                "actor": "puppet",
                "run": "e4049e38-5419-4a1b-8574-75c61e5fc899",
                "configuration_version": "1795346885",
                "puppet_version": "7.23.0",
                "environment": "production",
                "cached_catalog_status": "not_used",
                "resources": "Exec[/bin/true]",
                "changed": "1",
                "failed": "0",
                "total": "2",
            },
            "puppet apply 7.23.0 of Debian 12, run for the purpose",
        ),
        Sample(
            b"--- !ruby/object:Puppet::Transaction::Report \nhost: localhost\nlogs: []\n\nmetrics: {}\n\nrecords: {}\n\ntime: 2009-12-17 14:18:13.225235 -08:00\n",
            {
                "time": "2009-12-17T14:18:13.225235-08:00",
                "kind": "change",
                "action": "run",
                "target": "catalog for localhost",
                "outcome": "unknown",
                "host": "localhost",
            },
            "a report of Puppet 0.25, spec/models/report_spec.rb of puppet-dashboard",
        ),
    ),
)
