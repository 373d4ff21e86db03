"""Ansible's ``log_path``: what ``ansible-playbook`` showed, with a time, a process and an account before each message.

Plays, tasks and results are changes; a play's recap says how it ended for each host. What belongs to one
invocation has one ``run``. Result lines carry the play and the task they belong to.

Traps: no zone; ``n=name |``, since 2.19 ``n=name LEVEL|``, before 2.8 no ``n=`` and two blanks behind the pipe; a
message of several lines (JSON, diffs, errors) is stamped once; the machine is named only in result lines, the
log's own host is the controller; several invocations write into one file at once; process ids come again; a
``fatal`` may be followed by ``...ignoring``; colours where ANSIBLE_FORCE_COLOR is set; task names hold anything.

https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-log-path
https://github.com/ansible/ansible/blob/devel/lib/ansible/utils/display.py
https://github.com/ansible/ansible/blob/devel/lib/ansible/plugins/callback/default.py
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_TEXT: Final = 65_536  # characters of one message that are read
MAX_DETAIL: Final = 4_000  # characters of one field that are kept
MAX_PROCESSES: Final = 1_000  # invocations that may write at once
DAY_US: Final = 86_400_000_000  # a process silent for so long is another one

_STAMPED: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}) p=(?P<pid>\d{1,10}) u=(?P<user>[^|\r\n]{0,64}?) "
    rb"(?:n=(?P<name>[^ |]{1,100}) (?P<level>[A-Z]{0,10}))?\| ?(?P<text>.*)\Z",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[ -/]?[@-~]|[()][A-Z0-9]|[=>78])|[\x00-\x08\x0b-\x1f\x7f]")
_HEADING: Final = re.compile(r"(?P<what>PLAY|TASK|RUNNING HANDLER|CLEANUP TASK|HANDLER) \[(?P<name>.*)\] \*{3,}\s*\Z")
_RESULT: Final = re.compile(
    r"(?P<word>ok|changed|fatal|failed|skipping|unreachable|rescued): \[(?P<host>[^\]\s]{1,255})(?: -> (?P<to>[^\]]{1,255}))?\]"
    r"(?P<rest>.*)\Z",
    re.DOTALL,
)
_ADHOC: Final = re.compile(
    r"(?P<host>\S{1,255}) \| (?P<word>SUCCESS|CHANGED|FAILED|UNREACHABLE)!?(?P<rest>(?: \||\s+=>).*)\Z",
    re.DOTALL,
)
_RECAP: Final = re.compile(r"(?P<host>\S{1,255})\s*: (?P<counts>ok=\d+(?:\s+[a-z]+=\d+){2,10})\s*\Z")
_ITEM: Final = re.compile(r"\(item=(.{0,500}?)\)(?:\s*=>|\s*\Z)", re.DOTALL)
_MSG: Final = re.compile(r'"msg": "((?:[^"\\]|\\.){0,4000})"')
_OUTCOMES: Final = {
    "ok": Outcome.UNCHANGED, "skipping": Outcome.UNCHANGED, "changed": Outcome.CHANGED, "rescued": Outcome.CHANGED,
    "SUCCESS": Outcome.UNCHANGED, "CHANGED": Outcome.CHANGED,
}  # fmt: skip
_LEVELS: Final = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}
_SPOKEN: Final = (
    ("[WARNING]", 13),
    ("[DEPRECATION", 13),
    ("FAILED - RETRYING", 13),
    ("[ERROR]", 17),
    ("ERROR!", 17),
)
_KEPT: Final = (
    "rc",
    "dest",
    "path",
    "cmd",
    "stderr",
    "name",
    "state",
)  # of a module's JSON, what was touched and how


@dataclass(slots=True)
class _Invocation:
    """One run of ansible-playbook, as far as it was read."""

    run: str
    last_us: int
    play: str = ""
    task: str = ""
    playbook: str = ""
    recap: bool = False
    diff: str = ""


@dataclass(slots=True)
class _Message:
    """A stamped line and the lines below it."""

    line: Line
    stamp: Stamp
    pid: str
    user: str
    name: str
    level: str
    text: list[str] = field(default_factory=list)
    size: int = 0
    ignored: bool = False

    def add(self, text: bytes) -> None:
        """Take another line, as long as there is room."""
        if self.size < MAX_TEXT:
            self.text.append(_ESCAPE.sub("", text[: MAX_TEXT - self.size].decode("utf-8", "replace")))
            self.size += len(self.text[-1]) + 1


def _claims(_path: str, head: list[bytes]) -> float:
    stamped = [at for at, line in enumerate(head) if _STAMPED.match(line)]
    return (len(head) - stamped[0]) / len(head) if stamped else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each stamped line; it waits for the lines below it."""
    invocations: OrderedDict[str, _Invocation] = OrderedDict()
    message: _Message | None = None
    for line in lines:
        following = _message(line)
        if following is None:
            if message:
                message.add(line.text)
            elif line.text.strip():
                yield Reject(line, "before the first stamped line: «2022-11-10 11:05:02,292 p=… u=… | …» was expected")
            continue
        if message:
            message.ignored = following.pid == message.pid and following.text[0].strip() == "...ignoring"
            yield _record(message, invocations)
        message = following
    if message:
        yield _record(message, invocations)


def _message(line: Line) -> _Message | None:
    found = _STAMPED.match(line.text)
    stamp = read_stamp("python", found["time"].replace(b".", b",")) if found else None
    if found is None or stamp is None:
        return None
    pid, user, name, level = (
        (found[key] or b"").decode("utf-8", "replace") for key in ("pid", "user", "name", "level")
    )
    message = _Message(line, stamp, pid, user, name, level)
    message.add(found["text"])
    return message


def _record(message: _Message, invocations: OrderedDict[str, _Invocation]) -> Record:
    text = "\n".join(message.text).strip()
    within = _invocation(message, text, invocations)
    columns = {"actor": message.user, "run": within.run, "play": within.play, "playbook": within.playbook}
    columns |= _meaning(message, text, within)
    kept = {name: value for name, value in columns.items() if value not in {"", None}}
    return Record(message.line, message.stamp, kept)


def _invocation(message: _Message, text: str, invocations: OrderedDict[str, _Invocation]) -> _Invocation:
    """Return the invocation that wrote this message; after a recap, a play is the next one's."""
    wall = message.stamp.wall_us
    known = invocations.get(message.pid)
    anew = known is None or abs(wall - known.last_us) > DAY_US
    if known and known.recap and re.match(r"PLAY \[|PLAYBOOK: |Using \S+ as config file", text):
        anew = True
    if known is None or anew:
        printed = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall)
        known = _Invocation(f"{message.pid}@{printed.replace(tzinfo=None).isoformat(timespec='milliseconds')}", wall)
        invocations[message.pid] = known
        if len(invocations) > MAX_PROCESSES:
            invocations.popitem(last=False)
    known.last_us = wall
    invocations.move_to_end(message.pid)
    return known


def _meaning(message: _Message, text: str, within: _Invocation) -> dict[str, Any]:
    first = text.partition("\n")[0]
    if heading := _HEADING.match(first):
        return _heading(heading, within, first)
    if first.startswith("PLAY RECAP ***"):
        within.recap, within.task, within.play = True, "", ""
    elif first.startswith("PLAYBOOK: "):
        within.playbook = first[10:].rstrip("* ")[:500]
    elif within.recap and (recap := _RECAP.match(first)):
        return _recap(recap)
    elif result := _RESULT.match(text) or _ADHOC.match(text):
        return _result(result, message, within)
    return _said(message, text, within)


def _heading(found: re.Match[str], within: _Invocation, first: str) -> dict[str, Any]:
    name = found["name"].strip()[:1000]
    play = found["what"] == "PLAY"
    within.diff = ""
    if play:
        within.play, within.task, within.recap = name, "", False
    else:
        within.task = name
    return {
        "kind": Kind.CHANGE,
        "action": "play" if play else "task",
        "target": name,
        "outcome": Outcome.STARTED,
        "message": first.rstrip("* ")[:MAX_DETAIL],
        "play": within.play,
        "handler": "true" if "HANDLER" in found["what"] else "",
    }


def _recap(found: re.Match[str]) -> dict[str, Any]:
    counts = dict(pair.split("=") for pair in found["counts"].split())
    failed = counts.get("failed", "0").strip("0") or counts.get("unreachable", "0").strip("0")
    changed = Outcome.CHANGED if counts.get("changed", "0").strip("0") else Outcome.UNCHANGED
    return counts | {
        "kind": Kind.CHANGE,
        "action": "recap",
        "target": found["host"],
        "target_host": found["host"],
        "outcome": Outcome.FAILED if failed else changed,
        "message": f"{found['host']}: {' '.join(found['counts'].split())}",
    }


def _result(found: re.Match[str], message: _Message, within: _Invocation) -> dict[str, Any]:
    rest = found["rest"]
    head, brace, body = rest.partition("{")
    item = _ITEM.search(rest)
    told = _module(brace + body) if brace else {"msg": rest.partition(">>")[2].strip()}
    shown = f"{found['word']}: [{found['host']}]{head.partition('=>')[0].rstrip()}".rstrip()
    outcome = _OUTCOMES.get(found["word"], Outcome.FAILED)
    columns = told | {
        "kind": Kind.CHANGE,
        "action": "result",
        "target": within.task or "ad-hoc command",
        "task": within.task,
        "outcome": outcome,
        "target_host": found["host"],
        "delegated_to": found.groupdict().get("to") or "",
        "item": item[1] if item else "",
        "message": f"{shown}: {told['msg']}" if told.get("msg") else shown,
        "ignored": "true" if message.ignored else "",
        "skipped": "true" if found["word"] == "skipping" else "",
        "unreachable": "true" if "unreachable" in found["word"].lower() or "UNREACHABLE!" in head else "",
    }
    if within.diff:
        columns |= _diff(within.diff)
        within.diff = ""
    return columns


def _module(text: str) -> dict[str, str]:
    """Return what a module said in its JSON; a text that was cut still gives its msg."""
    try:
        told = json.loads(text.strip())
    except (ValueError, RecursionError):
        found = _MSG.search(text)
        return {"msg": found[1].replace("\\n", "\n").replace('\\"', '"')} if found else {"detail": text[:MAX_DETAIL]}
    if not isinstance(told, dict):
        return {}
    columns = {"msg": _flat(told.get("msg"))}
    columns |= {key: _flat(told[key])[:500] for key in _KEPT if key in told}
    columns["module_name"] = columns.pop("name", "")
    return columns


def _flat(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:MAX_DETAIL].strip()


def _diff(text: str) -> dict[str, str]:
    """Return the changed lines of what --diff showed before a result, and the file."""
    lines = text.split("\n")
    file = next((line[11:].strip() for line in lines if line.startswith("+++ after: ")), "")
    body = [line for line in lines if not line.startswith(("--- before", "+++ after"))]
    return {
        "file": file[:500],
        "added": "\n".join(line[1:] for line in body if line.startswith("+"))[:MAX_DETAIL],
        "removed": "\n".join(line[1:] for line in body if line.startswith("-"))[:MAX_DETAIL],
    }


def _said(message: _Message, text: str, within: _Invocation) -> dict[str, Any]:
    first, _, detail = text.partition("\n")
    if first.startswith("--- before"):
        within.diff = text[:MAX_TEXT]
    spoken = next((number for words, number in _SPOKEN if first.startswith(words)), None)
    return {
        "kind": Kind.LOG,
        "severity": spoken or _LEVELS.get(message.level, 9),
        "message": first[:MAX_DETAIL],
        "detail": detail[:MAX_DETAIL],
        "task": within.task,
        "logger": message.name if message.name != "ansible" else "",
    }


_RECORDING: Final = "recording misspelt-file-name, ops-01/var/log/ansible/ansible.log"
_RUN: Final = "ansible-core 2.19.14, run for the purpose"

PARSER = RecordParser(
    name="ansible-log",
    title="Ansible log (log_path)",
    url="https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-log-path",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            b"2022-11-10 11:05:02,292 p=9959 u=deploy n=ansible | PLAY [Push blog configuration] *************************************************",
            {
                "time": "2022-11-10T11:05:02.292",
                "kind": "change",
                "action": "play",
                "target": "Push blog configuration",
                "outcome": "started",
                "actor": "deploy",
                "run": "9959@2022-11-10T11:05:02.292",
                "message": "PLAY [Push blog configuration]",
            },
            _RECORDING,
        ),
        Sample(
            b"2022-11-10 11:05:02,468 p=9959 u=deploy n=ansible | TASK [Install settings.php] ****************************************************",
            {
                "time": "2022-11-10T11:05:02.468",
                "kind": "change",
                "action": "task",
                "target": "Install settings.php",
                "task": None,
                "outcome": "started",
            },
            _RECORDING,
        ),
        Sample(
            b"2022-11-10 11:05:14,834 p=9959 u=deploy n=ansible | changed: [web-02]",
            {
                "kind": "change",
                "action": "result",
                "outcome": "changed",
                "target_host": "web-02",
                "message": "changed: [web-02]",
            },
            _RECORDING,
        ),
        Sample(
            b'2022-11-10 12:02:12,848 p=10092 u=deploy n=ansible | fatal: [web-03]: FAILED! => {"changed": false, "msg": "Source /var/backups/blog/settings.php.last-good not found"}',
            {
                "kind": "change",
                "action": "result",
                "outcome": "failed",
                "target_host": "web-03",
                "msg": "Source /var/backups/blog/settings.php.last-good not found",
                "message": "fatal: [web-03]: FAILED!: Source /var/backups/blog/settings.php.last-good not found",
            },
            _RECORDING,
        ),
        Sample(
            (
                b"2026-11-22 11:01:34,937 p=6894 u=root n=ansible | ok: [web-01] => {\n"
                b'    "msg": [\n'
                b'        "multi",\n'
                b'        "line"\n'
                b"    ]\n"
                b"}\n"
            ),
            {
                "kind": "change",
                "action": "result",
                "outcome": "unchanged",
                "target_host": "web-01",
                "msg": '["multi", "line"]',
            },
            "ansible-core 2.14 of Debian 12, run for the purpose",
        ),
        Sample(
            b'2026-11-22 11:01:22,722 p=6590 u=root n=ansible INFO| fatal: [web-02]: UNREACHABLE! => {"changed": false, "msg": "Task failed: Failed to connect to the host via ssh: Connection timed out during banner exchange\\r\\nConnection to 203.0.113.9 port 22 timed out", "unreachable": true}',
            {
                "kind": "change",
                "action": "result",
                "outcome": "failed",
                "target_host": "web-02",
                "unreachable": "true",
            },
            _RUN,
        ),
        Sample(
            b'2026-11-22 11:01:23,057 p=6590 u=root n=ansible INFO| failed: [web-01] (item=false) => {"ansible_loop_var": "item", "changed": true, "cmd": ["/bin/false"], "delta": "0:00:00.004394", "end": "2026-11-22 11:01:23.030734", "item": "false", "msg": "non-zero return code", "rc": 1, "start": "2026-11-22 11:01:23.026340", "stderr": "", "stderr_lines": [], "stdout": "", "stdout_lines": []}',
            {
                "kind": "change",
                "action": "result",
                "outcome": "failed",
                "target_host": "web-01",
                "item": "false",
                "msg": "non-zero return code",
                "rc": "1",
                "cmd": '["/bin/false"]',
            },
            _RUN,
        ),
        Sample(
            b'2026-11-22 11:01:12,685 p=6590 u=root n=ansible INFO| changed: [web-02 -> localhost] => {"changed": true, "cmd": ["/bin/true"], "delta": "0:00:00.003373", "end": "2026-11-22 11:01:12.656937", "msg": "", "rc": 0, "start": "2026-11-22 11:01:12.653564", "stderr": "", "stderr_lines": [], "stdout": "", "stdout_lines": []}',
            {
                "kind": "change",
                "action": "result",
                "outcome": "changed",
                "target_host": "web-02",
                "delegated_to": "localhost",
                "rc": "0",
            },
            _RUN,
        ),
        Sample(
            b"2026-11-22 11:01:23,072 p=6590 u=root n=ansible INFO| RUNNING HANDLER [Reload blog] **************************************************",
            {"kind": "change", "action": "task", "target": "Reload blog", "handler": "true"},
            _RUN,
        ),
        Sample(
            b"2026-11-22 11:01:23,237 p=6590 u=root n=ansible INFO| TASK [A | pipe in the task name] ***********************************************",
            {"kind": "change", "action": "task", "target": "A | pipe in the task name", "outcome": "started"},
            _RUN,
        ),
        Sample(
            b"2026-11-22 11:01:11,242 p=6590 u=root n=ansible INFO| PLAY [Roll out [blue] theme] ***************************************************",
            {"kind": "change", "action": "play", "target": "Roll out [blue] theme", "actor": "root"},
            _RUN,
        ),
        Sample(
            (
                b"2026-11-22 11:01:12,033 p=6590 u=root n=ansible INFO| \x1b[0;31m--- before\x1b[0m\n"
                b"\x1b[0;31m\x1b[0m\x1b[0;32m+++ after: /tmp/w/ans/out-a\x1b[0m\n"
                b"\x1b[0;32m\x1b[0m\x1b[0;36m@@ -0,0 +1 @@\x1b[0m\n"
                b"\x1b[0;36m\x1b[0m\x1b[0;32m+v=a\x1b[0m\n"
                b"\x1b[0;32m\x1b[0m\n"
            ),
            {"kind": "log", "message": "--- before"},
            _RUN + ", coloured",
        ),
    ),
)
