"""Jenkins: a build's console log (``builds/12/log``, or the console page saved).

Without the Timestamper plugin it has no time at all: it is placed by its file and marked as placed. With it, lines begin
with ``[2022-11-10T11:05:02.292Z]``, or, copied from the page, with ``11:05:02``, a time of day without a date, of which only
the distances count. A stage or command that puts something into operation is a change, and so is the build's end then.

Traps: the log's annotations (``ESC[8mha:…ESC[0m``) are invisible and must go; ``ERROR:`` may be caught by a later stage; a
stage that is skipped says so in the line below; a time of day passes midnight; the output of commands holds other
programs' logs; ``Finished: UNSTABLE`` is a success with failed tests.

https://www.jenkins.io/doc/book/pipeline/
https://plugins.jenkins.io/timestamper/
https://github.com/jenkinsci/jenkins/blob/master/core/src/main/java/hudson/model/Run.java
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    placed,
    read_stamp,
)

MAX_HELD: Final = 200_000  # records that wait for the end of the log
MAX_TEXT: Final = 4_000
_DAY_S: Final = 86_400

_HIDDEN: Final = re.compile(rb"\x1b\[8mha:[A-Za-z0-9+/=]{0,20000}\x1b\[0m|\x1b\[[0-9;]{0,20}[mK]")
_ISO: Final = re.compile(rb"\[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] ?(?P<text>.*)", re.DOTALL)
_CLOCK: Final = re.compile(
    rb"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d) {1,2}(?P<text>.*)", re.DOTALL
)
_STAGE: Final = re.compile(r"\[Pipeline\] \{ \((?P<name>.{1,300})\)")
_SKIPPED: Final = re.compile(r'Stage "(?P<name>.{1,300})" skipped due to (?P<why>.{1,200})')
_STARTED: Final = re.compile(r"Started by (?P<how>.{1,300})")
_FINISHED: Final = re.compile(r"Finished: (?P<result>SUCCESS|FAILURE|UNSTABLE|ABORTED|NOT_BUILT)")
_REVISION: Final = re.compile(r"Checking out Revision (?P<commit>[0-9a-f]{7,64})(?: \((?P<ref>[^)]{0,300})\))?")
_MARK: Final = re.compile(
    r"\[Pipeline\]|Started by |Finished: |Running as SYSTEM|Building (?:remotely |in workspace)|Build step '"
)
_OUTCOMES: Final = {
    "SUCCESS": Outcome.CHANGED,
    "UNSTABLE": Outcome.CHANGED,
    "FAILURE": Outcome.FAILED,
    "ABORTED": Outcome.FAILED,
}


@dataclass(slots=True)
class _Build:
    """One build: what it put into operation so far, and the records that wait for its end."""

    run: str = ""
    actor: str = ""
    commit: str = ""
    stage: str = ""
    action: str = ""
    target: str = ""
    error: str = ""
    now_s: int = 0
    clock_s: int | None = None
    held: list[tuple[Line, int, Stamp | None, dict[str, Any]]] = field(default_factory=list)


def _claims(path: str, head: list[bytes]) -> float:
    body = b"\n".join(head)
    if not any(word in body for word in (b"Started by ", b"Finished: ", b"[Pipeline]")):
        return 0.0
    texts = [_split(line)[2] for line in head if line.strip()]
    marks = sum(bool(_MARK.match(text)) for text in texts)
    sure = any(_STARTED.match(text) or _FINISHED.fullmatch(text) or text.startswith("[Pipeline]") for text in texts)
    if not sure:
        return 0.0
    return 1.0 if marks >= 2 or "/builds/" in path or (texts and _STARTED.match(texts[0])) else 0.5


def _split(line: bytes) -> tuple[Stamp | None, int | None, str]:
    """Give a line's time where it has one, its time of day where it has that, and its text."""
    raw = _HIDDEN.sub(b"", line[:65_536])
    if found := _ISO.match(raw):
        stamp = read_stamp("iso", found["time"])
        if stamp is not None:
            return stamp, None, found["text"].decode("utf-8", "replace").rstrip()
    if found := _CLOCK.match(raw):
        seconds = (int(found["hour"]) * 60 + int(found["minute"])) * 60 + int(found["second"])
        return None, seconds, found["text"].decode("utf-8", "replace").rstrip()
    return None, None, raw.decode("utf-8", "replace").rstrip()


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line that the build itself, or its script, said; the output between continues it."""
    build = _Build()
    for line in lines:
        stamp, clock, text = _split(line.text)
        if clock is not None:
            build.now_s += (clock - (clock if build.clock_s is None else build.clock_s)) % _DAY_S
            build.clock_s = clock
        columns = _columns(build, line, text)
        if columns is None and (build.held or not text):
            if stamp is None or not text:
                continue
            columns = {"kind": Kind.LOG, "severity": 9, "message": text[:MAX_TEXT]}
        build.held.append(
            (line, build.now_s, stamp, columns or {"kind": Kind.LOG, "severity": 9, "message": text[:MAX_TEXT]})
        )
        if len(build.held) > MAX_HELD:
            yield from _released(build)
    yield from _released(build)


def _released(build: _Build) -> Iterator[Record]:
    """Place what has no time: at the newest time above it, else at the first one; without any, from the file's end."""
    newest = next((stamp.wall_us for _line, _at, stamp, _told in build.held if stamp is not None), 0)
    for line, at_s, stamp, columns in build.held:
        if stamp is not None:
            newest = stamp.wall_us
        told = columns if columns["kind"] == Kind.LOG else {**columns, "actor": build.actor} if build.actor else columns
        yield Record(
            line, stamp or (placed(at_us=newest) if newest else placed((build.now_s - at_s) * 1_000_000)), told
        )
    build.held = []


def _columns(build: _Build, line: Line, text: str) -> dict[str, Any] | None:
    columns: dict[str, Any] = {"kind": Kind.LOG, "severity": 9, "message": text[:MAX_TEXT]}
    if found := _STARTED.match(text):
        build.run, build.actor, build.action, build.error = f"jenkins line {line.number}", found["how"][:200], "", ""
        return columns
    if found := _STAGE.match(text):
        build.stage = found["name"]
        action = deploys_by_name(build.stage)
        return columns | ({"stage": build.stage} if not action else _begun(build, action, build.stage))
    if found := _SKIPPED.match(text):
        if build.action and found["name"] == build.target:
            build.action = ""
            return columns | {
                "kind": Kind.CHANGE,
                "action": "deploy",
                "target": found["name"],
                "outcome": Outcome.UNCHANGED,
                "run": build.run,
            }
        return columns
    if found := _REVISION.match(text):
        build.commit = found["commit"]
        return columns | {"version": found["commit"], "ref": found["ref"] or ""}
    if text.startswith("+ "):
        action = deploys_by_command(text[2:])
        return columns | (_begun(build, action, text[2:302]) if action else {})
    if found := _FINISHED.fullmatch(text):
        return columns | _over(build, found["result"])
    if text.startswith(("ERROR:", "FATAL:")) or (
        text.startswith("Build step '") and text.endswith("marked build as failure")
    ):
        build.error = build.error or text[:500]
        return columns | {"severity": 17}
    return columns if _MARK.match(text) else None


def _begun(build: _Build, action: str, target: str) -> dict[str, Any]:
    build.action, build.target = action, target
    return {
        "kind": Kind.CHANGE, "action": action, "target": target, "outcome": Outcome.STARTED, "run": build.run,
        "stage": build.stage, "version": build.commit,
    }  # fmt: skip


def _over(build: _Build, result: str) -> dict[str, Any]:
    outcome = _OUTCOMES.get(result, Outcome.UNCHANGED)
    columns: dict[str, Any] = {"severity": 17 if outcome == Outcome.FAILED else 9, "result": result}
    if build.action:
        columns |= {
            "kind": Kind.CHANGE,
            "action": build.action,
            "target": build.target,
            "outcome": outcome,
            "run": build.run,
        }
        columns |= {"error": build.error} if build.error and outcome == Outcome.FAILED else {}
    return columns


_PIPELINE: Final = (
    "console log of the build hiveedu-production in the public repository notnat1/hiveedu-analytics-system, cut"
)

PARSER = RecordParser(
    name="jenkins",
    title="Jenkins console log",
    url="https://www.jenkins.io/doc/book/pipeline/",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            (
                b"Started by GitHub push by notnat1\n"
                b"[Pipeline] Start of Pipeline\n"
                b"[Pipeline] node\n"
                b"Running on Jenkins in /var/jenkins_home/workspace/hiveedu-production\n"
                b"[Pipeline] {\n"
                b"[Pipeline] stage\n"
                b"[Pipeline] { (Deploy)\n"
                b'Stage "Deploy" skipped due to earlier failure(s)\n'
                b"[Pipeline] getContext\n"
                b"[Pipeline] }\n"
                b"[Pipeline] // stage\n"
                b"[Pipeline] End of Pipeline\n"
                b"ERROR: script returned exit code 1\n"
                b"Finished: FAILURE\n"
            ),
            {"kind": "log", "message": "Started by GitHub push by notnat1"},
            _PIPELINE,
        ),
        Sample(
            (
                b"18:35:05  Build step 'Execute shell' marked build as failure\n"
                b"18:35:05  Archiving artifacts\n"
                b"18:35:10  Finished: FAILURE\n"
            ),
            {"kind": "log", "severity": 17, "message": "Build step 'Execute shell' marked build as failure"},
            "Apache Bigtop's release notes, the failed build of hue-rpm, its last lines",
        ),
    ),
)
