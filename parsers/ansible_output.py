"""What ``ansible-playbook`` and ``ansible`` print: plays, tasks, results and recaps, as a CI job or ``tee`` keeps them.

Plays, tasks and results are changes, as in Ansible's log; one invocation is one ``run``. Times stand in it only where
``profile_tasks`` is on: the time below a task's heading is the task's, and the last one the recap's; ``ansible-pull`` prints when it
started. Without them all of it is placed by its file and marked as placed.

Traps: no times, or times with an offset in the controller's language; a message goes over many lines (JSON, YAML, diffs, the
excerpt of a playbook below an error); a ``fatal`` may be followed by ``...ignoring``; colours; several runs in one file.

https://docs.ansible.com/ansible/latest/collections/ansible/builtin/default_callback.html
https://docs.ansible.com/ansible/latest/collections/ansible/posix/profile_tasks_callback.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

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
    month_of,
    placed,
    read_stamp,
)

MAX_HELD: Final = 200_000  # messages that wait for a time

_HEADING: Final = re.compile(
    r"(?:PLAY|TASK|RUNNING HANDLER|CLEANUP TASK|HANDLER|NOTIFIED):? \[.*\] \*{3,}\s*|PLAY RECAP \*{3,}\s*"
)
_BEGINS: Final = re.compile(
    r"(?:ok|changed|fatal|failed|skipping|unreachable|rescued): \[[^\]\s]{1,255}|skipping: no hosts matched"
    r"|\S{1,255} \| (?:SUCCESS|CHANGED|FAILED|UNREACHABLE)!?(?: \||\s+=>)|\S{1,255}\s*: ok=\d+\s+changed=\d+\s"
    r"|--- before|\[(?:WARNING|ERROR|DEPRECATION WARNING)\]: |ERROR! |FAILED - RETRYING|\.\.\.ignoring\s*\Z"
    r"|Starting Ansible Pull at |PLAYBOOK: |Using \S+ as config file|included: |META: |Playbook run took |={60,}"
)
_SHOWN: Final = re.compile(
    r"(?:ok|changed|fatal|failed|skipping): \[[^\]\s]{1,255}|\S{1,255}\s*: ok=\d+\s+changed=\d+\s"
    r"|\S{1,255} \| (?:SUCCESS|CHANGED|FAILED|UNREACHABLE)!?(?: \| rc=| =>)"
)
_TIMED: Final = re.compile(
    r"\w{2,20},? (?P<day>\d\d?) (?P<month>\w{3,12}) (?P<year>\d{4})  (?P<clock>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4}) "
    r"\(\d+:\d\d:\d\d\.\d+\)\s+\d+:\d\d:\d\d\.\d+ \**\s*"
)
_PULL: Final = re.compile(r"Starting Ansible Pull at (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_NEW: Final = re.compile(r"Starting Ansible Pull at |PLAY \[|PLAYBOOK: |Using \S+ as config file")


@dataclass(slots=True)
class _Message:
    """A message and the lines below it."""

    line: Line
    text: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        """Take another line, as long as there is room."""
        if self.size < ANSIBLE_TEXT:
            self.text.append(text[: ANSIBLE_TEXT - self.size])
            self.size += len(self.text[-1]) + 1


def _plain(line: bytes) -> str:
    return ANSIBLE_ESCAPE.sub("", line[:ANSIBLE_TEXT].decode("utf-8", "replace"))


def _claims(_path: str, head: list[bytes]) -> float:
    texts = [_plain(line) for line in head]
    headings = [at for at, text in enumerate(texts) if _HEADING.fullmatch(text)]
    shown = [at for at, text in enumerate(texts) if _SHOWN.match(text)]
    pulled = next((at for at, text in enumerate(texts) if _PULL.match(text)), None)
    if pulled is not None:
        return (len(texts) - pulled) / len(texts)
    if headings:
        return (len(texts) - headings[0]) / len(texts)
    answers = [at for at in shown if " | " in texts[at]]
    return (len(texts) - answers[0]) / len(texts) if answers else 0.0


@dataclass(slots=True)
class _Output(Playing):
    """One output: what was shown, waiting for the time that stands below it."""

    run: str = ""
    stamp: Stamp | None = None
    # each with whether the time that comes is its own, and the time before
    held: list[tuple[Line, dict[str, Any], bool, Stamp | None]] = field(default_factory=list)

    def take(self, message: _Message, *, ignored: bool) -> None:
        """Hold the record of a message; headings and recaps have the time that comes, results the one before."""
        text = "\n".join(message.text).strip()
        if not self.run or (self.recap and _NEW.match(text)):
            self.run = f"ansible line {message.line.number}"
            self.play = self.task = self.playbook = ""
            self.recap = False
        told = {"run": self.run, "play": self.play, "playbook": self.playbook}
        told |= ansible_message(text, self, ignored=ignored)
        ahead = told.get("action") in ("play", "task", "recap") or text.startswith("PLAY RECAP ***")
        kept = {name: value for name, value in told.items() if value not in {"", None}}
        if pulled := _PULL.match(text):
            self.stamp = read_stamp("iso", pulled["time"].encode()) or self.stamp
        self.held.append((message.line, kept, ahead, self.stamp))

    def timed(self, stamp: Stamp) -> Iterator[Record]:
        """Give what waited; from the first heading on it happened at this time, before that at the last one."""
        passed = False
        for line, columns, ahead, before in self.held:
            passed = passed or ahead
            yield Record(line, stamp if passed or before is None else before, columns)
        self.held, self.stamp = [], stamp

    def rest(self) -> Iterator[Record]:
        """Give what no time follows."""
        for line, columns, _ahead, before in self.held:
            yield Record(line, before or placed(), columns)
        self.held = []


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each message; the times of ``profile_tasks`` belong to the heading above."""
    output = _Output()
    message: _Message | None = None
    for line in lines:
        text = _plain(line.text)
        stamp = _stamp(text)
        begins = bool(_HEADING.fullmatch(text) or _BEGINS.match(text))
        if message is not None and (begins or stamp is not None):
            output.take(message, ignored=text.startswith("...ignoring"))
            message = None
        if stamp is not None:
            if not output.held:
                output.held.append((line, {"kind": Kind.LOG, "severity": 9, "message": text.strip()}, True, None))
            yield from output.timed(stamp)
        elif begins or (message is None and not output.held and output.stamp is None and text.strip()):
            message = _Message(line)
        if message is not None:
            message.add(text)
        if len(output.held) > MAX_HELD:
            yield from output.rest()
    if message is not None:
        output.take(message, ignored=False)
    yield from output.rest()


def _stamp(text: str) -> Stamp | None:
    found = _TIMED.fullmatch(text)
    month = month_of(found["month"].encode()) if found else None
    if found is None or month is None:
        return None
    spelled = f"{found['year']}-{month:02}-{int(found['day']):02} {found['clock']} {found['zone']}"
    return read_stamp("iso", spelled.encode())


_RUN: Final = "ansible-core 2.19.14, run for the purpose"
_TIMES: Final = _RUN + ", with ansible.posix.profile_tasks"

PARSER = RecordParser(
    name="ansible-output",
    title="Ansible output (ansible-playbook)",
    url="https://docs.ansible.com/ansible/latest/collections/ansible/builtin/default_callback.html",
    claims=_claims,
    marks=(
        b"Starting Ansible Pull",
        b"] ***",
        b"RECAP ***",
        b" | SUCCESS",
        b" | CHANGED",
        b" | FAILED",
        b" | UNREACHABLE",
    ),
    records=_records,
    samples=(
        Sample(
            b"TASK [Ensure config directory] *************************************************\n"
            b"Tuesday 01 December 2026  11:50:03 +0000 (0:00:00.042)       0:00:00.042 ****** \n",
            {
                "time": "2026-12-01T11:50:03+00:00",
                "kind": "change",
                "action": "task",
                "target": "Ensure config directory",
                "outcome": "started",
                "message": "TASK [Ensure config directory]",
            },
            _TIMES,
        ),
        Sample(
            b'fatal: [web-02]: FAILED! => {"changed": false, "cmd": ["test", "web-02", "!=", "web-02"], "delta": "0:00:00.003448", '
            b'"end": "2026-12-01 11:50:05.561057", "msg": "non-zero return code", "rc": 1, "start": "2026-12-01 11:50:05.557609", '
            b'"stderr": "", "stderr_lines": [], "stdout": "", "stdout_lines": []}\n\n'
            b"TASK [items] *******************************************************************\n"
            b"Tuesday 01 December 2026  11:50:05 +0000 (0:00:00.441)       0:00:02.027 ****** \n",
            {
                "time": "2026-12-01T11:50:05+00:00",
                "action": "result",
                "outcome": "failed",
                "severity": 17,
                "target_host": "web-02",
                "rc": "1",
            },
            _TIMES + ", a result and the task that follows it",
        ),
        Sample(
            b"PLAY RECAP *********************************************************************\n"
            b"web-02                     : ok=3    changed=2    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0   \n\n"
            b"Tuesday 01 December 2026  11:50:07 +0000 (0:00:00.314)       0:00:03.512 ****** \n",
            {"time": "2026-12-01T11:50:07+00:00", "kind": "log", "severity": 9},
            _TIMES,
        ),
        Sample(
            b"PLAY [Configure web servers] ***************************************************\n\n"
            b"TASK [Install settings] ********************************************************\n"
            b"--- before\n+++ after: /tmp/etc-web-02/app.conf\n@@ -0,0 +1 @@\n+workers = 4\n\nchanged: [web-02]\n",
            {
                "kind": "change",
                "action": "play",
                "target": "Configure web servers",
                "outcome": "started",
                "run": "ansible line 1",
            },
            _RUN + ", with --diff, without times",
        ),
        Sample(
            b"web-01 | CHANGED | rc=0 >>\n 11:49:39 up 35 min,  0 user,  load average: 0.98, 0.78, 0.46\n",
            {"action": "result", "target": "ad-hoc command", "target_host": "web-01", "outcome": "changed"},
            _RUN + ", ad hoc",
        ),
        Sample(
            b"Starting Ansible Pull at 2026-12-01 13:05:38\n"
            b"/usr/bin/ansible-pull -U /tmp/pull/conf -d /tmp/pull/there local.yml\n"
            b"[WARNING]: Could not match supplied host pattern, ignoring: vm\n"
            b"localhost | CHANGED => {\n"
            b'    "after": "ab52e790c5eb1d5c668571f1582eb8b48eae11e9",\n'
            b'    "before": null,\n'
            b'    "changed": true\n'
            b"}\n",
            {"time": "2026-12-01T13:05:38", "kind": "log", "message": "Starting Ansible Pull at 2026-12-01 13:05:38"},
            _RUN + ": ansible-pull, its paths shortened",
        ),
        Sample(
            b"PLAY [Configure web servers] ***************************************************\n"
            b"Tuesday 31 November 2026  11:50:03 +0000 (0:00:00.042)       0:00:00.042 ****** \n",
            {"action": "play", "target": "Configure web servers"},
            "hostile: no such day; then it is no time",
        ),
    ),
)
