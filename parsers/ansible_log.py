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

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from afterlog.parser import (
    ANSIBLE_ESCAPE,
    ANSIBLE_TEXT,
    Kind,
    Line,
    Playing,
    Record,
    RecordParser,
    Reject,
    Sample,
    Stamp,
    ansible_message,
    read_stamp,
)

MAX_PROCESSES: Final = 1_000  # invocations that may write at once
DAY_US: Final = 86_400_000_000  # a process silent for so long is another one

_STAMPED: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}) p=(?P<pid>\d{1,10}) u=(?P<user>[^|\r\n]{0,64}?) "
    rb"(?:n=(?P<name>[^ |]{1,100}) (?P<level>[A-Z]{0,10}))?\| ?(?P<text>.*)\Z",
    re.DOTALL,
)


@dataclass(slots=True)
class _Invocation(Playing):
    """One run of ansible-playbook, as far as it was read."""

    run: str = ""
    last_us: int = 0


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
        if self.size < ANSIBLE_TEXT:
            self.text.append(ANSIBLE_ESCAPE.sub("", text[: ANSIBLE_TEXT - self.size].decode("utf-8", "replace")))
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
    columns |= ansible_message(text, within, ignored=message.ignored, level=message.level)
    if columns["kind"] == Kind.LOG and message.name != "ansible":
        columns["logger"] = message.name
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
        begun = printed.replace(tzinfo=None).isoformat(timespec="milliseconds")
        known = _Invocation(run=f"{message.pid}@{begun}", last_us=wall)
        invocations[message.pid] = known
        if len(invocations) > MAX_PROCESSES:
            invocations.popitem(last=False)
    known.last_us = wall
    invocations.move_to_end(message.pid)
    return known


_RECORDING: Final = "recording misspelt-file-name, ops-01/var/log/ansible/ansible.log"
_RUN: Final = "ansible-core 2.19.14, run for the purpose"

PARSER = RecordParser(
    name="ansible-log",
    title="Ansible log (log_path)",
    url="https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-log-path",
    claims=_claims,
    marks=(b" p=",),
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
