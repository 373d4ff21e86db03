"""GitHub Actions and Azure Pipelines: a job's log as downloaded from the site or the API, and as ``gh run view --log`` prints it.

Each line has a time in UTC. A step that puts something into operation (by its command or its name) is a change, from the
line on which it begins to the line on which the next one does; building and testing are log lines.

Traps: a byte order mark before the first line; seven digits of a second; ``##[group]`` opens steps, but also sections
within them; Azure's steps stand between ``##[section]Starting: `` and ``Finishing: ``, the job's own around them; the script of a step is echoed before it runs, so its words are not its results; ``gh`` puts the job and the
step before the time, and "UNKNOWN STEP" where it doesn't know it; colours; a line of several lines is stamped once.

https://docs.github.com/en/actions/monitoring-and-troubleshooting-workflows/monitoring-workflows/using-workflow-run-logs
https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/workflow-commands-for-github-actions
https://learn.microsoft.com/azure/devops/pipelines/troubleshooting/review-logs
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
    deploys_by_name,
    read_stamp,
)

MAX_TEXT: Final = 4_000
_LINE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:(?P<job>[^\t]{1,200})\t(?P<step>[^\t]{1,300})\t)?(?:\xef\xbb\xbf)?"
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z) ?(?P<text>.*)",
    re.DOTALL,
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,20}[mK]")
_COMMAND: Final = re.compile(r"##\[(?P<word>[a-z]{1,20})\](?P<rest>.*)", re.DOTALL)
_SEVERITY: Final = {"error": 17, "warning": 13, "notice": 10, "debug": 5}
_RUNNER: Final = "Current runner version: '"
_JOB: Final = "Complete job name: "
_SECTION: Final = re.compile(
    r"(?P<word>Starting|Finishing|Async Command Start|Async Command End): (?P<name>.*)", re.DOTALL
)
_AZURE: Final = re.compile(rb"##\[section\](?:Starting|Finishing): ")
_OVER: Final = ("Post job cleanup.", "Cleaning up orphan processes")


@dataclass(slots=True)
class _Job:
    """One job, and the step it is at."""

    run: str
    name: str = ""
    by: str = "GitHub Actions"
    step: str = ""
    action: str = ""
    failed: str = ""
    opened: bool = False  # whether the group that begins the step is still open: its lines echo the script


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    matched = [found for line in filled if (found := _LINE.match(line))]
    telling = any(
        found["text"].startswith((b"##[", _RUNNER.encode(), b"Complete job name")) or found["job"] for found in matched
    )
    return len(matched) / len(filled) if filled and telling else 0.0


def _claims_azure(path: str, head: list[bytes]) -> float:
    return _claims(path, head) if any(_AZURE.search(line) for line in head) else 0.0


def _claims_github(path: str, head: list[bytes]) -> float:
    return 0.0 if any(_AZURE.search(line) for line in head) else _claims(path, head)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each stamped line."""
    jobs: dict[str, _Job] = {}
    before = False
    for line in lines:
        found = _LINE.match(line.text)
        stamp = read_stamp("iso", found["time"]) if found else None
        if found is None or stamp is None:
            if not before and line.text.strip():
                yield Reject(line, "a line such as 2022-11-10T11:05:02.2921234Z … was expected")
            continue
        before = True
        name = (found["job"] or b"").decode("utf-8", "replace")
        text = _COLOUR.sub("", found["text"][:65_536].decode("utf-8", "replace"))
        if name not in jobs or text.startswith(_RUNNER):
            jobs[name] = _Job(f"{name or 'job'}@{found['time'].decode()}", name)
        yield Record(line, stamp, _columns(jobs[name], (found["step"] or b"").decode("utf-8", "replace"), text, stamp))


def _columns(job: _Job, step: str, text: str, _stamp: Stamp) -> dict[str, Any]:
    command = _COMMAND.match(text)
    word = command["word"] if command else ""
    message = command["rest"].strip() if command else text.strip()
    columns: dict[str, Any] = {"kind": Kind.LOG, "severity": _SEVERITY.get(word, 9), "message": message[:MAX_TEXT]}
    if text.startswith(_JOB):
        job.name = text.removeprefix(_JOB).strip()[:200]
    if word == "section" and (section := _SECTION.match(message)):
        return columns | _sectioned(job, section["word"], section["name"].strip())
    if job.name:
        columns["job"] = job.name
    begins = (word == "group" and message.startswith("Run ")) or (step and step not in (job.step, "UNKNOWN STEP"))
    if begins or text.startswith(_OVER):
        return columns | _turned(job, step or message.removeprefix("Run "), over=not begins)
    if word == "endgroup":
        job.opened = False
    elif word == "error":
        job.failed = job.failed or message[:500]
    if job.opened and not job.action and (action := deploys_by_command(text)):
        job.action = action  # the script that the step is about to run
        return columns | _change(job, action, Outcome.STARTED)
    return columns


def _sectioned(job: _Job, word: str, name: str) -> dict[str, Any]:
    """Tell the beginning or the end of a step of Azure Pipelines; the section around the first one is the job's."""
    job.by = "Azure Pipelines"
    if word == "Starting" and job.step:
        job.name, job.step, job.action = job.step[:200], "", ""
    told = {"job": job.name} if job.name else {}
    if word not in ("Starting", "Finishing"):
        return told
    return told | _turned(job, name, over=word == "Finishing")


def _turned(job: _Job, name: str, *, over: bool) -> dict[str, Any]:
    """Tell how the step before this line ended, or that one begins which changes something."""
    ended = _change(job, job.action, Outcome.FAILED if job.failed else Outcome.CHANGED) if job.action else {}
    if ended and job.failed:
        ended |= {"error": job.failed, "severity": 17}
    job.step, job.failed, job.opened = ("" if over else name), "", not over
    job.action = "" if over else deploys_by_command(name) or deploys_by_name(name) or deploys_by_name(job.name)
    if name.startswith(("actions/", "Set up job", "Complete job", "Post ")):
        job.action = ""
    if ended:
        return ended
    return _change(job, job.action, Outcome.STARTED) if job.action else {}


def _change(job: _Job, action: str, outcome: Outcome) -> dict[str, Any]:
    target = job.name or job.step
    return {
        "kind": Kind.CHANGE, "action": action, "target": target[:300], "outcome": outcome, "actor": job.by,
        "run": job.run, "step": job.step[:300],
    }  # fmt: skip


_RAW: Final = "job log 2026-05-18 of a public repository (HisetteTom/pimp)"
_GH: Final = "gh run view --log in cli/cli pull request 11172"

_GITHUB: Final = RecordParser(
    name="github-actions",
    title="GitHub Actions job log",
    url="https://docs.github.com/en/actions/monitoring-and-troubleshooting-workflows/monitoring-workflows/using-workflow-run-logs",
    claims=_claims_github,
    marks=(b"##[", b"Current runner version: '", b"Complete job name", b"\t"),
    records=_records,
    samples=(
        Sample(
            b"2026-05-18T14:01:35.7261527Z Current runner version: '2.334.0'\n2026-05-18T14:01:35.7337513Z ##[group]Runner Image Provisioner\n",
            {
                "time": "2026-05-18T14:01:35.726152Z",
                "kind": "log",
                "message": "Current runner version: '2.334.0'",
                "severity": 9,
            },
            _RAW,
        ),
        Sample(
            b"2026-05-18T14:01:55.8194349Z ##[error]Process completed with exit code 1.\n",
            {"kind": "log", "severity": 17, "message": "Process completed with exit code 1."},
            _RAW,
        ),
        Sample(
            b'job-23\tEcho Job Number\t2025-07-04T14:32:14.1593481Z ##[group]Run echo "Job 23"\n',
            {
                "time": "2025-07-04T14:32:14.159348Z",
                "kind": "log",
                "message": 'Run echo "Job 23"',
                "job": "job-23",
            },
            _GH,
        ),
        Sample(
            b"job-23\tSet up job\t2025-07-04T14:32:14.0353138Z Complete job name: job-23\n",
            {"kind": "log", "message": "Complete job name: job-23", "job": "job-23"},
            _GH,
        ),
    ),
)

_RELEASE: Final = "an Azure DevOps release log in a public article on deploying databases"

_AZURE_PIPELINES: Final = RecordParser(
    name="azure-pipelines",
    title="Azure Pipelines job log",
    url="https://learn.microsoft.com/azure/devops/pipelines/troubleshooting/review-logs",
    claims=_claims_azure,
    marks=(b"##[section]",),
    records=_records,
    samples=(
        Sample(
            b"2020-01-29T19:19:46.9865200Z ##[section]Finishing: Disable git automatic line ending conversion\n"
            b"2020-01-29T19:19:46.9872304Z ##[section]Starting: Checkout rust-lang/rust@refs/pull/68654/merge to s\n",
            {
                "time": "2020-01-29T19:19:46.986520Z",
                "kind": "log",
                "message": "Finishing: Disable git automatic line ending conversion",
                "severity": 9,
            },
            "rust-lang/rust, a log of its continuous integration in 2020",
        ),
        Sample(
            b"2017-10-13T12:01:30.0026563Z ##[section]Starting: Deploy Dacpac\n"
            b"2017-10-13T12:01:30.0036563Z Task         : PowerShell\n"
            b"2017-10-13T12:02:10.3410313Z ##[section]Finishing: Deploy Dacpac\n",
            {
                "time": "2017-10-13T12:01:30.002656Z",
                "message": "Starting: Deploy Dacpac",
                "kind": "change",
                "action": "deploy",
                "target": "Deploy Dacpac",
                "outcome": "started",
                "actor": "Azure Pipelines",
            },
            _RELEASE,
        ),
    ),
)

PARSER = (_GITHUB, _AZURE_PIPELINES)
