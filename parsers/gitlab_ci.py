r"""GitLab CI: a job's trace as the runner writes it (``/-/jobs/1/raw``), with or without timestamps of each line.

Times stand only where a section begins and ends (``section_start:1560896352:name``); the lines between are placed from the
last of these on and marked as placed. Since GitLab 17.1 lines may begin with a time of their own and ``00O``. A command
that puts something into operation is a change; so is the job's end if one of them ran.

Traps: sections are hidden behind carriage returns and ``\x1b[0K``, several in one line; progress bars overwrite
themselves with carriage returns; colours; a command is echoed with ``$`` before it runs; what stands before the first
section has no time at all.

https://docs.gitlab.com/ci/jobs/job_logs/
https://docs.gitlab.com/runner/faq/#enable-timestamps
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from afterlog.parser import (
    Kind,
    Line,
    Outcome,
    Record,
    RecordParser,
    Reject,
    Sample,
    Stamp,
    deploys_by_command,
    placed,
    read_stamp,
)

MAX_TEXT: Final = 4_000
MAX_WAITING: Final = 10_000  # lines that wait for the first section
_SECTION: Final = re.compile(
    r"section_(?P<which>start|end):(?P<at>\d{9,11}):(?P<name>[\w.-]{1,100}?)(?:\[[^\]]{0,200}\])?(?=\r|\x1b|$|\n|section_)"
)
_STAMPED: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) [0-9a-f]{2}[OE][ +]?(?P<text>.*)", re.DOTALL
)
_COLOUR: Final = re.compile(
    r"\x1b\[[0-9;]{0,20}[mKABJ]|section_(?:start|end):\d{9,11}:[\w.-]{1,100}?(?:\[[^\]]{0,200}\])?(?=\r|\x1b|$)"
)
_RUNNER: Final = re.compile(r"Running with gitlab-runner (?P<version>\S+)")
_ON: Final = re.compile(r"Running on (?P<where>\S+)(?: via (?P<via>\S+?)\.*)?")
_ENDED: Final = re.compile(
    r"(?P<ok>Job succeeded)|(?:ERROR: )?Job failed(?: \([^)]{0,80}\))?(?:: (?P<why>.*))?", re.DOTALL
)


@dataclass(slots=True)
class _Job:
    """One trace: the newest time in it, and what it put into operation."""

    number: int = 0
    at_us: int = 0
    action: str = ""
    command: str = ""


def _claims(_path: str, head: list[bytes]) -> float:
    body = b"\n".join(head)
    runner = b"Running with gitlab-runner " in body
    sections = sum(b"section_start:" in line or b"section_end:" in line for line in head)
    stamped = sum(bool(_STAMPED.match(line)) for line in head)
    if stamped > len(head) // 2:
        return stamped / len(head)
    return 1.0 if runner or sections > 1 or (head and _SECTION.search(_text(head[0]))) else 0.0


def _text(line: bytes) -> str:
    return line[:65_536].decode("utf-8", "replace")


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line with a text or a section; the first lines wait for the first section's time."""
    job = _Job()
    waiting: list[tuple[Line, dict[str, Any]]] = []
    first = True
    for line in lines:
        stamped = _STAMPED.match(line.text)
        stamp = read_stamp("iso", stamped["time"]) if stamped else None
        if stamp is not None:
            job.at_us = stamp.wall_us
        text = _text(stamped["text"] if stamped and stamp else line.text)
        sections = list(_SECTION.finditer(text))
        exact = stamp
        for section in sections:
            job.at_us = max(job.at_us, int(section["at"]) * 1_000_000)
            exact = exact or Stamp(job.at_us, 0, resolution_us=1_000_000)
        shown = _shown(text)
        if not shown and not sections and not first:
            continue  # nothing to be seen: it belongs to the line above
        first = False
        columns = _columns(job, shown, sections)
        if not job.at_us and len(waiting) < MAX_WAITING:
            waiting.append((line, columns))
            continue
        for earlier, told in waiting:
            yield Record(earlier, placed(at_us=job.at_us) if job.at_us else placed(), told)
        waiting = []
        yield Record(line, exact or (placed(at_us=job.at_us) if job.at_us else placed()), columns)
    for earlier, told in waiting:
        yield Record(earlier, placed(), told)


def _shown(text: str) -> str:
    """Give what a terminal would show in the end: what stands behind the last carriage return with a text behind it."""
    pieces = [_COLOUR.sub("", piece).strip() for piece in text.split("\r")]
    return next((piece for piece in reversed(pieces) if piece), "")[:MAX_TEXT]


def _columns(job: _Job, shown: str, sections: list[re.Match[str]]) -> dict[str, Any]:
    columns: dict[str, Any] = {"kind": Kind.LOG, "severity": 9, "message": shown}
    if sections:
        columns |= {
            "section": sections[-1]["name"],
            "message": shown or f"section {sections[-1]['name']}: {sections[-1]['which']}",
        }
    if found := _RUNNER.search(shown):
        job.number += 1
        job.action = job.command = ""
        columns["version"] = found["version"]
    elif shown.startswith("$ ") and (action := deploys_by_command(shown[2:])):
        job.action, job.command = action, shown[2:302]
        return columns | _change(job, Outcome.STARTED)
    elif found := _ENDED.fullmatch(shown):
        failed = found["ok"] is None
        columns["severity"] = 17 if failed else 9
        if job.action:
            columns |= _change(job, Outcome.FAILED if failed else Outcome.CHANGED)
            columns |= {"error": (found["why"] or shown)[:500]} if failed else {}
    elif shown.startswith(("ERROR:", "FATAL:")):
        columns["severity"] = 17
    elif shown.startswith("WARNING:"):
        columns["severity"] = 13
    if found := _ON.match(shown):
        columns["runner"] = found["where"]
    return columns


def _change(job: _Job, outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": Kind.CHANGE, "action": job.action, "target": job.command, "outcome": outcome, "actor": "GitLab CI",
        "run": f"gitlab-ci {job.number}",
    }  # fmt: skip


_QEMU: Final = "traces of gitlab.com/qemu-project/qemu (job 623043445 and the one before it) as quoted in a mail; carriage returns put back"

PARSER = RecordParser(
    name="gitlab-ci",
    title="GitLab CI job log",
    url="https://docs.gitlab.com/ci/jobs/job_logs/",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            (
                b"\x1b[0KRunning with gitlab-runner 13.1.0 (6214287e)\n"
                b"\x1b[0;m\x1b[0K  on docker-auto-scale 0277ea0f\n"
                b'\x1b[0;msection_start:1593779910:prepare_executor\r\x1b[0K\x1b[0K\x1b[36;1mPreparing the "docker+machine" executor\x1b[0;m\n'
                b"\x1b[0;m\x1b[0KUsing Docker executor with image fedora:latest ...\n"
                b"\x1b[0;m\x1b[0KPulling docker image fedora:latest ...\n"
            ),
            {
                "kind": "log",
                "message": "Running with gitlab-runner 13.1.0 (6214287e)",
                "version": "13.1.0",
            },
            _QEMU,
        ),
        Sample(
            b"section_end:1593781334:step_script\r\x1b[0K\x1b[31;1mERROR: Job failed: exit code 1\n\x1b[0;m\n",
            {
                "time": "2020-07-03T13:02:14+00:00",
                "kind": "log",
                "severity": 17,
                "message": "ERROR: Job failed: exit code 1",
                "section": "step_script",
            },
            _QEMU,
        ),
        Sample(
            b"section_start:1506417476:a_section\r\x1b[0Klooks like a section_start:invalid\nsection_end:1506417477:a_section\r\x1b[0K\n",
            {
                "time": "2017-09-26T09:17:56+00:00",
                "section": "a_section",
                "message": "looks like a section_start:invalid",
            },
            "a specification of how GitLab reads sections in a trace (GitLab's own test, logs contains section_start)",
        ),
    ),
)
