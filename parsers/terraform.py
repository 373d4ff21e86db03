"""Terraform and OpenTofu: what ``apply`` and ``destroy`` print, as text and with ``-json``.

The text has no times at all. How long each resource took stands in it (``Creation complete after 12s``, ``Still
creating... [10s elapsed]``), so its lines are placed from the end of the output backwards and marked as placed; the
lines of ``-json`` carry ``@timestamp``. An apply is one run; each resource it created, changed or destroyed is a change,
and ``Apply complete!`` or an error is the run's end. Outputs of several runs may follow each other in one file.

Traps: a refresh and a plan change nothing; a plan shows configuration that may hold anything; two resources are made at
once, so durations overlap and don't add up; a provisioner's output stands between and is its resource's; colours;
boxes drawn around errors; "No changes." is a run that changed nothing; the outcome of an interrupted run is unknown.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
https://github.com/hashicorp/terraform/blob/v1.11.4/internal/command/views/hook_ui.go
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, placed, read_stamp

MAX_HELD: Final = 200_000  # records of one run that wait for its end
MAX_TEXT: Final = 4_000  # characters of a message that are kept
_SECOND: Final = 1_000_000

_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]{0,20}m")
_ADDRESS: Final = (
    r"(?P<target>(?:module\.[\w.\[\]\"/-]{1,300}?\.)?(?:data\.)?[a-z]\w{0,80}\.[\w-]{1,120}(?:\[[^\]]{1,200}\])?)"
)
_ACT: Final = re.compile(
    _ADDRESS
    + r": (?P<what>Creating|Modifying|Destroying|Importing|Reading|Refreshing state|Still \w+|Provisioning with .+?"
    r"|(?:Creation|Modifications|Destruction|Import|Read|Refresh) (?:complete|errored))"
    r"(?:\.\.\.| prepared for import)?(?: after (?P<after>[\dhms]+))?(?: \[(?P<note>[^\]]{0,400})\])?"
)
_OUTPUT: Final = re.compile(_ADDRESS + r" \((?P<by>[\w-]+)\): ?(?P<said>.*)", re.DOTALL)
_ENDED: Final = re.compile(
    r"(?:Apply|Destroy) complete! Resources: (?P<counts>[\w, ]+)\.|No changes\. (?:Your infrastructure|Infrastructure|No objects).*"
)
_PLAN: Final = re.compile(r"Plan: (?P<counts>.{1,200})\.")
_ERROR: Final = re.compile(r"(?:[│|] ?)?Error: (?P<said>.*)", re.DOTALL)
_ABOUT: Final = re.compile(r"(?:[│|] ?)?  with " + _ADDRESS + ",?")
_BEGUN: Final = re.compile(
    r"Terraform used the selected providers|OpenTofu used the selected providers|Initializing the backend"
)
_ELAPSED: Final = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?")
_VERBS: Final = {
    "Creating": "create", "Creation": "create", "Modifying": "update", "Modifications": "update", "Destroying": "delete", "Destruction": "delete", "Importing": "import", "Import": "import",
}  # fmt: skip
_QUIET: Final = ("Reading", "Refreshing", "Refresh", "Read")


@dataclass(slots=True)
class _Run:
    """The records of one run, and how far it has come; seconds since its first resource."""

    number: int
    records: list[tuple[Line, int, dict[str, Any]]] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    now_s: int = 0
    error: dict[str, Any] | None = None
    ended: bool = False

    def add(self, line: Line, columns: dict[str, Any]) -> dict[str, Any]:
        """Hold a record until the run's length is known."""
        columns = {"run": f"terraform {self.number}", "actor": "terraform"} | columns
        self.records.append((line, self.now_s, columns))
        return columns


def _claims(_path: str, head: list[bytes]) -> float:
    body = b"\n".join(head)
    if not any(word in body for word in (b"erraform", b"OpenTofu", b"complete! Resources")):
        return 0.0
    filled = [_plain(line) for line in head if line.strip()]
    if any(line.startswith('{"@level":') and '"@module":"terraform.ui"' in line for line in filled):
        return sum(line.startswith('{"@level":') for line in filled) / len(filled)
    known = sum(bool(_ACT.fullmatch(line) or _ENDED.fullmatch(line) or _PLAN.fullmatch(line)) for line in filled)
    sure = any(_BEGUN.match(line) or _ACT.fullmatch(line) or _ENDED.match(line) for line in filled)
    named = any(_ENDED.match(line) or "terraform" in line.lower() or "opentofu" in line.lower() for line in filled)
    return 1.0 if sure and known and named else 0.0


def _plain(text: bytes) -> str:
    return _COLOUR.sub(b"", text[:65_536]).decode("utf-8", "replace").rstrip("\r")


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Give the records of each run when its end is known; what is not told apart continues the line above."""
    past: list[_Run] = []
    run = _Run(1)
    first = False
    spoken = ""
    for line in lines:
        text = _plain(line.text)
        if text.startswith('{"@'):
            if '"type":"version"' in text or not spoken:
                spoken = f"terraform -json line {line.number}"
            yield _of_json(line, text, spoken)
            continue
        if run.ended and (_BEGUN.match(text) or (_ACT.fullmatch(text) and not text.startswith("data."))):
            past.append(run)
            run = _Run(run.number + 1)
        if not (first or past or run.records) and text.strip():
            first = True  # what stands above the first act belongs to a record too
            run.add(line, {"kind": Kind.LOG, "severity": 9, "message": text.strip()[:MAX_TEXT]})
            _heard(run, line, text, repeat=True)
            continue
        _heard(run, line, text)
        if len(run.records) > MAX_HELD:
            past.append(run)
            yield from _released(past)
            past, run = [], _Run(run.number, now_s=run.now_s, begun=run.begun)
    yield from _released([*past, run])


def _released(runs: list[_Run]) -> Iterator[Record]:
    """Place the records so that the last run ends with the output; a run before it ended when the next began."""
    lengths = [run.now_s for run in runs]
    for at, run in enumerate(runs):
        behind = sum(lengths[at + 1 :])
        for line, moment, columns in run.records:
            yield Record(line, placed((behind + run.now_s - moment) * _SECOND), columns)


def _heard(run: _Run, line: Line, text: str, *, repeat: bool = False) -> None:
    """Read one line of a run; ``repeat``: the line is a record already, and only gets its meaning."""
    columns = _meaning(run, text)
    if columns is None:
        return
    if repeat:
        run.records[-1] = (line, run.now_s, run.records[-1][2] | columns)
    else:
        columns = run.add(line, columns)
    if columns.get("outcome") == Outcome.FAILED:
        run.error = run.records[-1][2]


def _meaning(run: _Run, text: str) -> dict[str, Any] | None:
    if found := _ACT.fullmatch(text):
        return _act(run, found, text)
    if found := _ENDED.fullmatch(text):
        run.ended = True
        counts = found["counts"] or "0 added"
        return _whole(text, Outcome.CHANGED if re.search(r"[1-9]", counts) else Outcome.UNCHANGED)
    if found := _ERROR.fullmatch(text):
        run.ended = True
        return _whole(text, Outcome.FAILED) | {"severity": 17, "message": found["said"].strip()[:MAX_TEXT]}
    if run.error is not None and (found := _ABOUT.fullmatch(text)):
        run.error["target"] = found["target"]
        return None
    if found := _OUTPUT.fullmatch(text):
        return {"kind": Kind.LOG, "severity": 9, "target": found["target"], "message": found["said"][:MAX_TEXT]}
    if found := _PLAN.fullmatch(text):
        return {"kind": Kind.LOG, "severity": 9, "message": text[:MAX_TEXT]}
    return None


def _whole(text: str, outcome: Outcome) -> dict[str, Any]:
    action = "destroy" if text.startswith("Destroy") else "apply"
    return {"kind": Kind.CHANGE, "action": action, "outcome": outcome, "message": text[:MAX_TEXT]}


def _act(run: _Run, found: re.Match[str], text: str) -> dict[str, Any]:
    target, what = found["target"], found["what"]
    verb, word = what.partition(" ")[0], what.rpartition(" ")[2]
    begun = run.begun.setdefault(target, run.now_s)
    elapsed = _seconds(
        (found["note"] or "").removesuffix(" elapsed").rpartition(", ")[2] if verb == "Still" else found["after"]
    )
    if elapsed is not None:
        run.now_s = max(run.now_s, begun + elapsed)
    if word in ("complete", "errored"):
        run.begun.pop(target, None)
    columns = {"target": target, "message": text[:MAX_TEXT]}
    if verb in _QUIET or verb in ("Still", "Provisioning") or target.startswith("data."):
        return columns | {"kind": Kind.LOG, "severity": 9}
    outcome = {"complete": Outcome.CHANGED, "errored": Outcome.FAILED}.get(word, Outcome.STARTED)
    took = {"seconds": str(elapsed)} if elapsed is not None else {}
    return columns | took | {"kind": Kind.CHANGE, "action": _VERBS.get(verb, verb.lower()), "outcome": outcome}


def _seconds(text: str | None) -> int | None:
    found = _ELAPSED.fullmatch(text or "")
    if not text or found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _of_json(line: Line, text: str, run: str) -> Record | Reject:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    stamp = read_stamp("iso", str(told.get("@timestamp", ""))[:40].encode()) if isinstance(told, dict) else None
    if not isinstance(told, dict) or stamp is None:
        return Reject(line, 'a line of terraform -json with "@timestamp" was expected')
    return Record(line, Stamp(stamp.wall_us, stamp.offset_s or 0), {"run": run} | _json_columns(told))


def _json_columns(told: dict[str, Any]) -> dict[str, Any]:
    message, kind = str(told.get("@message", ""))[:MAX_TEXT], told.get("type")
    severity = {"error": 17, "warn": 13, "debug": 5, "trace": 1}.get(str(told.get("@level")), 9)
    columns: dict[str, Any] = {"kind": Kind.LOG, "severity": severity, "message": message, "type": str(kind or "")[:60]}
    hook, changes = _map(told, "hook"), _map(told, "changes")
    act = str(hook.get("action", ""))
    if kind in ("apply_start", "apply_complete", "apply_errored") and act not in ("read", "noop"):
        outcome = {"apply_start": Outcome.STARTED, "apply_complete": Outcome.CHANGED}.get(str(kind), Outcome.FAILED)
        columns |= {
            "kind": Kind.CHANGE,
            "action": act[:40],
            "outcome": outcome,
            "actor": "terraform",
        }
        columns["target"] = str(_map(hook, "resource").get("addr", ""))[:500]
    elif kind == "change_summary" and changes.get("operation") in ("apply", "destroy"):
        done = any(changes.get(name) for name in ("add", "change", "remove", "import"))
        outcome = Outcome.CHANGED if done else Outcome.UNCHANGED
        columns |= {"kind": Kind.CHANGE, "action": str(changes["operation"]), "outcome": outcome, "actor": "terraform"}
    elif kind == "diagnostic" and told.get("@level") == "error":
        about = _map(told, "diagnostic")
        columns |= {"kind": Kind.CHANGE, "action": "apply", "outcome": Outcome.FAILED, "actor": "terraform"}
        columns |= {
            "target": str(about.get("address", ""))[:500],
            "error": str(about.get("detail", ""))[:MAX_TEXT].strip(),
        }
    return {name: value for name, value in columns.items() if value != ""}


def _map(told: dict[str, Any], name: str) -> dict[str, Any]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}


_RUN: Final = "Terraform 1.11.4 with its built-in terraform_data resource, run for the purpose"

PARSER = RecordParser(
    name="terraform",
    title="Terraform and OpenTofu apply",
    url="https://developer.hashicorp.com/terraform/internals/machine-readable-ui",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            (
                b"terraform_data.web: Creating...\n"
                b"terraform_data.web: Provisioning with 'local-exec'...\n"
                b'terraform_data.web (local-exec): Executing: ["/bin/sh" "-c" "sleep 12; echo reloading"]\n'
                b"terraform_data.web: Still creating... [10s elapsed]\n"
                b"terraform_data.web (local-exec): reloading\n"
                b"terraform_data.web: Creation complete after 12s [id=b3a22b4f-b16b-63e7-210c-63c967645aa7]\n"
                b"\n"
                b"Apply complete! Resources: 2 added, 0 changed, 0 destroyed.\n"
                b"\n"
                b"Outputs:\n"
                b"\n"
                b'size = "64m"\n'
            ),
            {
                "kind": "change",
                "action": "create",
                "target": "terraform_data.web",
                "outcome": "started",
                "run": "terraform 1",
            },
            _RUN + ", its second resource and its end",
        ),
        Sample(
            (
                b"\x1b[0m\x1b[1mterraform_data.cache_size: Modifying... [id=dae6434e-4e6e-955c-1a3b-bf22b1290506]\x1b[0m\x1b[0m\n"
                b"\x1b[0m\x1b[1mterraform_data.cache_size: Modifications complete after 0s [id=dae6434e-4e6e-955c-1a3b-bf22b1290506]\x1b[0m\n"
                b"\x1b[0m\x1b[1m\x1b[32m\n"
                b"Apply complete! Resources: 0 added, 1 changed, 0 destroyed.\n"
            ),
            {"kind": "change", "action": "update", "target": "terraform_data.cache_size", "outcome": "started"},
            _RUN + ", coloured",
        ),
        Sample(
            b'{"@level":"info","@message":"terraform_data.bad: Creation errored after 0s","@module":"terraform.ui","@timestamp":"2026-11-22T14:00:45.389418Z","hook":{"resource":{"addr":"terraform_data.bad","module":"","resource":"terraform_data.bad","implied_provider":"terraform","resource_type":"terraform_data","resource_name":"bad","resource_key":null},"action":"create","elapsed_seconds":0},"type":"apply_errored"}\n',
            {
                "time": "2026-11-22T14:00:45.389418Z",
                "kind": "change",
                "action": "create",
                "target": "terraform_data.bad",
                "outcome": "failed",
            },
            _RUN + ", with -json",
        ),
        Sample(
            b'{"@level":"info","@message":"Plan: 1 to add, 0 to change, 1 to destroy.","@module":"terraform.ui","@timestamp":"2026-11-22T14:00:45.383526Z","changes":{"add":1,"change":0,"import":0,"remove":1,"operation":"plan"},"type":"change_summary"}\n',
            {"kind": "log", "action": None, "message": "Plan: 1 to add, 0 to change, 1 to destroy."},
            _RUN + ", with -json",
        ),
    ),
)
