"""Ansible's output in JSON: the callback ``json`` prints one document at a run's end, ``jsonl`` one event a line.

Results, recaps and (``jsonl``) plays and tasks are changes, as in Ansible's log; all times are UTC with an offset.

Traps: the document's results name their task below them, and its plays have their time but not their results'; a result has the
time its task ended; module arguments hold anything; warnings stand before the document.

https://docs.ansible.com/ansible/latest/collections/ansible/posix/json_callback.html
https://docs.ansible.com/ansible/latest/collections/ansible/posix/jsonl_callback.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, ansible_result, read_stamp

MAX_LINES: Final = 200_000  # of one result in the document
MAX_LINE: Final = 4_000_000

_EVENT: Final = b'{"_event":'
_PLAYS: Final = re.compile(rb'    "plays": \[')
_OPENS: Final = {b"        {": "play", b"                {": "task"}
_HOST: Final = re.compile(rb' {24}"(?P<host>[^"\\]{1,255})": \{')
_STATS: Final = re.compile(rb' {8}"(?P<host>[^"\\]{1,255})": \{')
_WORDS: Final = {
    "v2_runner_on_ok": "ok", "v2_runner_on_failed": "fatal", "v2_runner_on_unreachable": "fatal", "v2_runner_on_skipped": "skipping",
    "v2_runner_item_on_ok": "ok", "v2_runner_item_on_failed": "failed", "v2_runner_item_on_skipped": "skipping",
}  # fmt: skip


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    if not filled:
        return 0.0
    own = sum(line.startswith((_EVENT, b'{"_event": ')) and b'"_timestamp"' in line for line in filled)
    if own:
        return own / len(filled)
    document = any(_PLAYS.fullmatch(line.rstrip()) for line in filled) and any(b'"play": {' in line for line in filled)
    return 1.0 if document else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Give the events of a document, or of one event a line."""
    document = _Document()
    run = ""
    for line in lines:
        text = line.text.rstrip()
        if text.startswith((b'{"_event":', b'{"_event": ')):
            record = _of_line(line)
            if isinstance(record, Record):
                run = run or f"ansible line {line.number}"
                record = replace(record, columns={**record.columns, "run": run})
                run = "" if record.columns.get("action") == "recap" else run
            yield record
        else:
            yield from document.read(line, text)


# --- one event a line -------------------------------------------------------------------------------------------------


def _of_line(line: Line) -> Record | Reject:
    try:
        told = json.loads(line.text[:MAX_LINE])
    except (ValueError, RecursionError):
        told = None
    stamp = (
        read_stamp("iso", str(told.get("_timestamp", ""))[:40].encode("ascii", "replace"))
        if isinstance(told, dict)
        else None
    )
    if not isinstance(told, dict) or stamp is None:
        return Reject(line, 'an event of Ansible\'s jsonl callback with "_timestamp" was expected')
    event = str(told.get("_event", ""))
    task, play = _map(told.get("task")), _map(told.get("play"))
    name = str(task.get("name") or "")[:1000]
    if event == "v2_playbook_on_play_start":
        return Record(line, stamp, _started("play", str(play.get("name") or "")[:1000], str(play.get("path") or "")))
    if event.endswith("_task_start"):
        return Record(line, stamp, _started("task", name, str(task.get("path") or "")))
    if event == "v2_playbook_on_stats":
        return Record(line, stamp, _stats(_map(told.get("stats"))))
    hosts = _map(told.get("hosts"))
    if event in _WORDS and len(hosts) == 1:
        host, result = next(iter(hosts.items()))
        return Record(line, stamp, ansible_result(_WORDS[event], host, name, _map(result)))
    return Record(line, stamp, {"kind": Kind.LOG, "severity": 9, "message": f"{event} {name}".strip()[:4000]})


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _started(action: str, name: str, path: str) -> dict[str, Any]:
    columns = {"kind": Kind.CHANGE, "action": action, "target": name, "outcome": Outcome.STARTED, "severity": 9}
    columns["message"] = f"{action.upper()} [{name}]"
    return columns | ({"playbook": path.rpartition(":")[0]} if action == "play" and ":" in path else {})


def _stats(stats: dict[str, Any]) -> dict[str, Any]:
    counts = {host: _map(found) for host, found in stats.items()}
    failed = [host for host, of in counts.items() if of.get("failures") or of.get("unreachable")]
    changed = [host for host, of in counts.items() if of.get("changed")]
    outcome = Outcome.FAILED if failed else Outcome.CHANGED if changed else Outcome.UNCHANGED
    if failed and set(changed) - set(failed):
        outcome = Outcome.PARTLY  # some machines failed, others have it
    said = [f"{host}: {' '.join(f'{name}={number}' for name, number in of.items())}" for host, of in counts.items()]
    return {
        "kind": Kind.CHANGE,
        "action": "recap",
        "target": " ".join(counts)[:1000],
        "target_host": failed[0] if failed else "",
        "outcome": outcome,
        "severity": 17 if failed else 9,
        "message": "; ".join(said)[:4000],
    }


# --- one document -----------------------------------------------------------------------------------------------------


class _Document:
    """The results of a task wait for its name and time, which stand below them."""

    def __init__(self) -> None:
        self._begun: Line | None = None
        self._play = ""
        self._waiting: list[tuple[Line, str, dict[str, Any]]] = []
        self._block: list[Line] = []
        self._end = b""
        self._what = ""
        self._last: Any = None
        self._stats = False

    def read(self, line: Line, text: bytes) -> Iterator[Record | Reject]:
        """Take a line, and give what is whole with it."""
        if self._block:
            self._block.append(line)
            if text.rstrip(b",") == self._end or len(self._block) > MAX_LINES:
                block, self._block = self._block, []
                yield from self._whole(block)
            return
        found = _HOST.fullmatch(text)
        if found:
            self._open(line, "host", b" " * 24 + b"}")
        elif text == b'            "play": {':
            self._open(line, "play", b" " * 12 + b"}")
        elif text == b'                    "task": {':
            self._open(line, "task", b" " * 20 + b"}")
        elif text == b'    "stats": {':
            self._stats = True
        elif self._stats and (_STATS.fullmatch(text)):
            self._open(line, "stats", b" " * 8 + b"}")
        elif text and not text.startswith((b"{", b"}", b" ", b"]")) and self._last is None and self._begun is None:
            self._begun = line
            yield Reject(line, "before the document of Ansible's json callback")

    def _open(self, line: Line, what: str, end: bytes) -> None:
        self._block, self._what, self._end = [line], what, end

    def _whole(self, block: list[Line]) -> Iterator[Record | Reject]:
        """Read the lines of one object."""
        first = block[0]
        body = b"\n".join([b"{", *(line.text for line in block[1:-1]), b"}"])
        try:
            told = _map(json.loads(body))
        except (ValueError, RecursionError):
            told = {}
        name = first.text.strip().partition(b'": ')[0].strip(b'"').decode("utf-8", "replace")
        if self._what == "host":
            self._waiting.append((first, name, told))
            return
        if self._what == "stats":
            if self._last is not None:
                yield Record(first, self._last, _stats({name: told}) | {"target_host": name})
            return
        duration = _map(told.get("duration"))
        start, end = (
            read_stamp("iso", str(duration.get(key, ""))[:40].encode("ascii", "replace")) for key in ("start", "end")
        )
        title = str(told.get("name") or "")[:1000]
        self._last = end or start or self._last
        if start is None:
            return
        path = str(told.get("path") or "")
        if self._what == "play":
            self._play = title
            yield Record(first, start, _started("play", title, path))
            return
        for line, host, result in self._waiting:
            columns = ansible_result(_word(result), host, title, result)
            yield Record(line, end or start, columns | ({"play": self._play} if self._play else {}))
        self._waiting = []
        yield Record(first, start, _started("task", title, path) | ({"play": self._play} if self._play else {}))


def _word(result: dict[str, Any]) -> str:
    if result.get("failed") or result.get("unreachable"):
        return "fatal"
    return "skipping" if result.get("skipped") else "ok"


_RUN: Final = "ansible-core 2.19.14 with ansible.posix.{}, run for the purpose, its paths shortened"

PARSER = RecordParser(
    name="ansible-json",
    title="Ansible output in JSON (json, jsonl)",
    url="https://docs.ansible.com/ansible/latest/collections/ansible/posix/json_callback.html",
    claims=_claims,
    marks=(b'"_event"', b'"plays": ['),
    records=_records,
    samples=(
        Sample(
            (
                b"{\n"
                b'    "custom_stats": {},\n'
                b'    "global_custom_stats": {},\n'
                b'    "plays": [\n'
                b"        {\n"
                b'            "play": {\n'
                b'                "duration": {\n'
                b'                    "end": "2026-12-01T11:50:11.619176Z",\n'
                b'                    "start": "2026-12-01T11:50:07.952975Z"\n'
                b"                },\n"
                b'                "id": "02fc0000-0001-0619-c286-000000000004",\n'
                b'                "name": "Configure web servers",\n'
                b'                "path": "/tmp/play/site.yml:1"\n'
                b"            },\n"
                b'            "tasks": [\n'
                b"                {\n"
                b'                    "hosts": {\n'
                b'                        "web-01": {\n'
                b'                            "_ansible_no_log": false,\n'
                b'                            "_ansible_verbose_always": true,\n'
                b'                            "action": "debug",\n'
                b'                            "changed": false,\n'
                b'                            "msg": "hello web-01"\n'
                b"                        },\n"
                b'                        "web-02": {\n'
                b'                            "_ansible_no_log": false,\n'
                b'                            "_ansible_verbose_always": true,\n'
                b'                            "action": "debug",\n'
                b'                            "changed": false,\n'
                b'                            "msg": "hello web-02"\n'
                b"                        }\n"
                b"                    },\n"
                b'                    "task": {\n'
                b'                        "duration": {\n'
                b'                            "end": "2026-12-01T11:50:09.587510Z",\n'
                b'                            "start": "2026-12-01T11:50:09.559461Z"\n'
                b"                        },\n"
                b'                        "id": "02fc0000-0001-0619-c286-00000000000a",\n'
                b'                        "name": "Show",\n'
                b'                        "path": "/tmp/play/site.yml:10"\n'
                b"                    }\n"
                b"                },\n"
                b"            ]\n"
                b"        }\n"
                b"    ],\n"
                b'    "stats": {\n'
                b'        "web-01": {\n'
                b'            "changed": 4,\n'
                b'            "failures": 0,\n'
                b'            "ignored": 0,\n'
                b'            "ok": 6,\n'
                b'            "rescued": 0,\n'
                b'            "skipped": 0,\n'
                b'            "unreachable": 0\n'
                b"        },\n"
                b"    }\n"
                b"}\n"
            ),
            {
                "time": "2026-12-01T11:50:07.952975+00:00",
                "action": "play",
                "target": "Configure web servers",
                "outcome": "started",
            },
            _RUN.format("json") + ", of its tasks one",
        ),
        Sample(
            b'{"_event":"v2_playbook_on_task_start","_timestamp":"2026-12-01T11:50:12.357911Z","hosts":{},"task":{"duration":{"start":"2026-12-01T11:50:12.357899Z"},"id":"02fc0000-0001-fe9e-4568-000000000008","name":"Ensure config directory","path":"/tmp/play/site.yml:5"}}',
            {"time": "2026-12-01T11:50:12.357911+00:00", "action": "task", "target": "Ensure config directory"},
            _RUN.format("jsonl"),
        ),
        Sample(
            b'{"_event":"v2_runner_on_unreachable","_timestamp":"2026-12-01T11:50:12.399945Z","hosts":{"web-03":{"_ansible_no_log":false,"action":"file","changed":false,"exception":"(traceback unavailable)","msg":"Task failed: Failed to connect to the host via ssh: ssh: connect to host 127.0.0.9 port 1: Connection refused","unreachable":true}},"task":{"duration":{"end":"2026-12-01T11:50:12.399809Z","start":"2026-12-01T11:50:12.357899Z"},"id":"02fc0000-0001-fe9e-4568-000000000008","name":"Ensure config directory","path":"/tmp/play/site.yml:5"}}',
            {
                "kind": "change",
                "action": "result",
                "target": "Ensure config directory",
                "target_host": "web-03",
                "outcome": "failed",
                "severity": 17,
                "unreachable": "true",
            },
            _RUN.format("jsonl"),
        ),
        Sample(
            b'{"_event":"v2_playbook_on_stats","_timestamp":"2026-12-01T11:50:15.519471Z","custom_stats":{},"global_custom_stats":{},"stats":{"web-01":{"changed":4,"failures":0,"ignored":0,"ok":6,"rescued":0,"skipped":0,"unreachable":0},"web-02":{"changed":2,"failures":1,"ignored":0,"ok":3,"rescued":0,"skipped":0,"unreachable":0},"web-03":{"changed":0,"failures":0,"ignored":0,"ok":0,"rescued":0,"skipped":0,"unreachable":1}}}',
            {"action": "recap", "outcome": "partly", "target": "web-01 web-02 web-03", "target_host": "web-02"},
            _RUN.format("jsonl"),
        ),
        Sample(b'{"_event":"v2_runner_on_ok","_timestamp":"yesterday"}', None, "hostile: no time"),
    ),
)
