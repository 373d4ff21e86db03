"""Chef Infra Client (and chef-solo, cinc-client): its log, with or without the report for people mixed in.

A run begins with ``*** Chef …`` or "Starting Chef (Infra Client) Run" and ends with "Run complete" or an exception; the
resources it updated are changes. Traps: the report for people has no times and shares lines with the log, so a time may
stand in the middle of a line; "Processing …" is written for every resource, changed or not; ``ignore_failure`` lets a run go
on after an error; "Run complete" says nothing of changes: the resources updated do; a forked child writes the same FATAL
as its parent.

https://docs.chef.io/ctl_chef_client/
https://github.com/chef/chef/blob/main/lib/chef/client.rb
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_TEXT: Final = 4_000
MAX_BEFORE: Final = 1_000  # bytes of the report for people that may stand before a time
_STAMPED: Final = re.compile(
    rb"(?P<before>.{0,1000}?)\[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d)\] (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL): (?P<text>.*)",
    re.DOTALL,
)
_BEGUN: Final = re.compile(r"\*\*\* (?:Chef|Cinc)\b.{0,60} \*\*\*|Forking (?:chef|cinc) instance to converge.*")
_NODE: Final = re.compile(r"Starting (?:Chef|Cinc)(?: Infra Client| Client)? Run for (?P<node>\S+)")
_COMPLETE: Final = re.compile(r"(?:Chef|Cinc)(?: Infra Client| Client)? Run complete in (?P<seconds>[\d.]+) seconds")
_LIST: Final = re.compile(r"Run List expands to \[(?P<list>.*)\]", re.DOTALL)
_BROKE: Final = re.compile(
    r"Running exception handlers|(?:\S+::)?(?:ChildConvergeError|Exceptions)\b.*|(?:Chef|Cinc)::\S+: .*", re.DOTALL
)
_BREAKS: Final = re.compile(r"Running exception handlers|Starting (?:Chef|Cinc)|Forking ")  # of another run
_RESOURCE: Final = re.compile(r"(?P<target>[a-z][\w:]{1,60}\[.{1,1000}?\]) (?P<what>[a-z].*)", re.DOTALL)
_DID: Final = re.compile(
    r"(?:updated|created|deleted|removed|installed|upgraded|purged|reconfigured|restarted|reloaded|started|stopped|enabled|disabled"
    r"|ran successfully|mode changed|owner changed|group changed|mounted|unmounted|added|linked|executed|called"
    r"|backed up|altered|locked|unlocked|set to|configured)\b.*",
    re.DOTALL,
)
_FAILED: Final = re.compile(
    r"(?P<target>[a-z][\w:]{1,60}\[.{1,1000}?\])(?: \([^)]{0,300}\))? (?:had an error|failed)[:;]? ?(?P<why>.*)",
    re.DOTALL,
)
_SENDS: Final = re.compile(
    r"(?P<target>[a-z][\w:]{1,60}\[.{1,1000}?\]) sending (?P<action>\w+) action to (?P<to>.{1,500}?) \((?:delayed|immediate)\)",
    re.DOTALL,
)
_WORDS: Final = (
    "Processing ", "Run List ", "Running start handlers", "Running report handlers", "Running exception handlers", "Chef", "Cinc",
)  # fmt: skip
_LEVELS: Final = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}


@dataclass(slots=True)
class _Run:
    """One run: how many resources it changed, how many failed."""

    name: str
    node: str = ""
    changed: int = 0
    failed: int = 0
    over: bool = False


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    if not any(b"] INFO: " in line or b"] ERROR: " in line or b"] FATAL: " in line for line in filled):
        return 0.0
    found = [match for line in filled if (match := _STAMPED.match(line))]
    if not found or not any(_telling(match["text"]) for match in found):
        return 0.0
    return 1.0 if len(found) * 4 >= len(filled) or b"Chef" in found[0]["text"] else 0.5


def _telling(text: bytes) -> bool:
    said = text.decode("utf-8", "replace")
    if said.startswith(_WORDS) or any(pattern.match(said) for pattern in (_BEGUN, _NODE, _COMPLETE, _FAILED)):
        return True
    found = _RESOURCE.match(said)
    return bool(found and _DID.match(found["what"]))


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line with a time; the report for people continues the line above."""
    run: _Run | None = None
    before = False
    for line in lines:
        found = _STAMPED.match(line.text[:65_536])
        stamp = read_stamp("iso", found["time"]) if found else None
        if found is None or stamp is None:
            if not before and line.text.strip():
                yield Reject(
                    line, "before the first line with a time: «[2022-11-10T11:05:02+00:00] INFO: …» was expected"
                )
            continue
        before = True
        level, text = found["level"].decode(), found["text"].decode("utf-8", "replace").strip()
        ended = run is not None and run.over and _BREAKS.match(text)
        if run is None or ended or (_BEGUN.match(text) and (run.over or run.node)):
            run = _Run(f"chef {found['time'].decode()} line {line.number}")
        yield Record(line, stamp, _columns(run, level, text, stamp))


def _columns(run: _Run, level: str, text: str, _stamp: Stamp) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _LEVELS[level],
        "message": text[:MAX_TEXT],
        "run": run.name,
    }
    if found := _NODE.match(text):
        run.node = found["node"]
        return columns | _whole(run, Outcome.STARTED)
    if found := _COMPLETE.match(text):
        run.over = True
        outcome = Outcome.CHANGED if run.changed else Outcome.UNCHANGED
        return (
            columns
            | _whole(run, Outcome.PARTLY if run.failed and run.changed else outcome)
            | {"seconds": found["seconds"]}
        )
    if level in ("ERROR", "FATAL") and (found := _FAILED.match(text)):
        run.failed += 1
        return columns | _of(found["target"], Outcome.FAILED) | {"error": found["why"][:MAX_TEXT]}
    if level in ("ERROR", "FATAL") and _BROKE.match(text) and not run.over:
        run.over = text.startswith("Running exception")
        return columns | _whole(run, Outcome.FAILED) | {"error": text[:500]}
    if level == "INFO" and (found := _SENDS.match(text)):
        return columns | {"notified": found["to"], "notifies": found["action"]}
    if level == "INFO" and (found := _RESOURCE.match(text)) and _DID.match(found["what"]):
        run.changed += 1
        return columns | _of(found["target"], Outcome.CHANGED)
    if found := _LIST.match(text):
        return columns | {"run_list": found["list"][:1_000]}
    return columns


def _whole(run: _Run, outcome: Outcome) -> dict[str, Any]:
    return {"kind": Kind.CHANGE, "action": "run", "target": run.node or "chef", "outcome": outcome, "actor": "chef"}


def _of(target: str, outcome: Outcome) -> dict[str, Any]:
    return {"kind": Kind.CHANGE, "action": "resource", "target": target[:500], "outcome": outcome, "actor": "chef"}


_BOOK: Final = "chef-client 12.1.1 as shown in the public repository jjasghar/chef-book"

PARSER = RecordParser(
    name="chef",
    title="Chef Infra Client log",
    url="https://docs.chef.io/ctl_chef_client/",
    claims=_claims,
    marks=(b"] INFO: ", b"] ERROR: ", b"] FATAL: "),
    records=_records,
    samples=(
        Sample(
            (
                b"[2015-03-19T06:15:13-05:00] INFO: Starting Chef Run for chef-book\n"
                b"[2015-03-19T06:15:13-05:00] INFO: Running start handlers\n"
                b"[2015-03-19T06:15:13-05:00] INFO: Start handlers complete.\n"
                b'resolving cookbooks for run list: ["base"]\n'
            ),
            {
                "time": "2015-03-19T06:15:13-05:00",
                "kind": "change",
                "action": "run",
                "target": "chef-book",
                "outcome": "started",
                "actor": "chef",
            },
            _BOOK,
        ),
        Sample(
            b"  * apt_package[vim] action install[2015-03-19T06:15:18-05:00] INFO: Processing apt_package[vim] action install (base::default line 2)\n (up to date)\n",
            {
                "kind": "log",
                "message": "Processing apt_package[vim] action install (base::default line 2)",
                "severity": 9,
            },
            _BOOK,
        ),
        Sample(
            b"[2015-03-19T06:15:19-05:00] INFO: Chef Run complete in 6.529510641 seconds\n",
            {"kind": "change", "action": "run", "outcome": "unchanged", "seconds": "6.529510641"},
            _BOOK,
        ),
        Sample(
            b"[2013-05-15T19:07:56+00:00] INFO: template[/etc/tmux.conf] updated content\n",
            {
                "kind": "change",
                "action": "resource",
                "target": "template[/etc/tmux.conf]",
                "outcome": "changed",
            },
            "chef 11.6.0 in Test Kitchen, quoted in a public repository's guide to its tmux cookbook",
        ),
        Sample(
            b"[2013-07-23T06:51:04+00:00] ERROR: file[/tmpo/hogehoge] (hand::default line 10) had an error: Parent directory /tmpo does not exist.; ignore_failure is set, continuing\n",
            {
                "kind": "change",
                "action": "resource",
                "target": "file[/tmpo/hogehoge]",
                "outcome": "failed",
                "severity": 17,
            },
            "chef-solo 11.4.4, quoted in a public article on report handlers (its line break was taken out)",
        ),
        Sample(
            b"[2021-04-02T16:08:03-04:00] ERROR: Running exception handlers\nRunning handlers complete\n[2021-04-02T16:08:03-04:00] ERROR: Exception handlers complete\n",
            {"time": "2021-04-02T16:08:03-04:00", "kind": "change", "action": "run", "outcome": "failed"},
            "chef/chef issue 11289",
        ),
    ),
)
