"""Salt's answer to a state run, as ``salt`` or ``salt-call`` prints it: the usual report, or ``--out json``.

Each state is a change of its minion. The states have times of day but no date and no zone: they are placed from the end of the
output backwards by their distances, and marked as placed. In the report, "Summary for …" is the run's end on a minion.

Traps: a state passes midnight; a failed requisite has no duration; ``Result: None`` is a test run; the report's diff may hold
anything, also lines like its own; several minions answer in one output; JSON of several minions is one document each.

https://docs.saltproject.io/en/latest/ref/output/all/salt.output.highstate.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, placed

MAX_TEXT: Final = 4_000
MAX_LINES: Final = 2_000_000  # lines of one output that wait for its end
_DAY_US: Final = 86_400_000_000

_FIELD: Final = re.compile(
    r" {0,14}(?P<key>ID|Function|Name|Result|Comment|Started|Duration|Changes): ?(?P<value>.*)", re.DOTALL
)
_MINION: Final = re.compile(r"(?P<minion>[\w.-]{1,253}):")
_SUMMARY: Final = re.compile(r"Summary for (?P<minion>\S+)")
_COUNTS: Final = re.compile(r"(?P<what>Succeeded|Failed): +(?P<count>\d+)(?: \((?P<more>[^)]*)\))?")
_STATE: Final = re.compile(r' {8}"(?P<key>\w+_\|-.{1,2000})": \{')
_OWNER: Final = re.compile(r' {4}"(?P<minion>[\w.-]{1,253})": \{')
_CLOCK: Final = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{6})")
_FIELDS: Final = ("result", "comment", "start_time", "duration", "name")


def _claims(_path: str, head: list[bytes]) -> float:
    texts = [line.decode("utf-8", "replace") for line in head if line.strip()]
    if not texts:
        return 0.0
    if (
        texts[0].strip() == "{"
        and any(_STATE.match(text) for text in texts)
        and any('"__run_num__"' in text for text in texts)
    ):
        return 1.0
    keys = {found["key"] for text in texts if (found := _FIELD.fullmatch(text.rstrip()))}
    summary = any(_SUMMARY.match(text) for text in texts)
    return (
        1.0
        if {"ID", "Function", "Result", "Started"} <= keys or (summary and any(_COUNTS.match(text) for text in texts))
        else 0.0
    )


class _Output:
    """The states of one output, gathered: they are placed when its last time is known."""

    def __init__(self) -> None:
        self.records: list[tuple[Line, int, dict[str, Any]]] = []
        self.minion = ""
        self._now = 0
        self._took = 0
        self._clock: int | None = None

    def at(self, started: str, duration_ms: str) -> None:
        """Go on to the time of day at which a state began, and on by how long it took."""
        found = _CLOCK.match(started)
        if found:
            hour, minute, second, micro = (int(part) for part in found.groups())
            clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro
            step = 0 if self._clock is None else (clock - self._clock) % _DAY_US
            self._now += step if step < _DAY_US // 2 else 0
            self._clock = clock
        took = re.match(r"\d{1,9}(?:\.\d{1,6})?", duration_ms)
        self._took = round(float(took[0]) * 1_000) if took else 0

    def add(self, line: Line, columns: dict[str, Any], *, over: bool = False) -> None:
        """Hold an event at the present time, or (``over``) at the end of the state before it."""
        self.records.append((line, self._now + (self._took if over else 0), columns))

    def released(self) -> Iterator[Record]:
        """Place all events; the output ends when its last state does."""
        end = self._now + self._took
        for line, at, columns in self.records:
            yield Record(line, placed(end - at), columns)
        self.records = []


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Give an event for each state and each summary."""
    output = _Output()
    block: list[tuple[Line, str]] = []
    for line in lines:
        text = line.text[:65_536].decode("utf-8", "replace").rstrip()
        if found := _MINION.fullmatch(text) or _OWNER.fullmatch(text):
            output.minion = found["minion"]
        begins = _begins(text)
        if begins or (block and text in ("        },", "        }")):
            _close(output, block)
            block = [(line, text)] if begins else []
        elif block:
            block.append((line, text))
        elif not output.records and text:
            output.add(line, {"kind": Kind.LOG, "severity": 9, "message": text[:MAX_TEXT]})
        if len(output.records) > MAX_LINES:
            yield from output.released()
    _close(output, block)
    yield from output.released()


def _begins(text: str) -> bool:
    return bool(_STATE.fullmatch(text) or _SUMMARY.fullmatch(text) or re.match(r" {6,14}ID: ", text))


def _close(output: _Output, block: list[tuple[Line, str]]) -> None:
    """Make the event of the lines of one state, or of one minion's summary."""
    if not block:
        return
    line, text = block[0]
    if state := _STATE.fullmatch(text):
        module, ident, name, function = [*state["key"].split("_|-"), "", "", ""][:4]
        told = _json_fields(block)
        told |= {"Function": f"{module}.{function}", "ID": ident, "Name": told.get("Name") or name}
    elif summary := _SUMMARY.fullmatch(text):
        output.add(line, _summary(summary["minion"], [text for _line, text in block]), over=True)
        return
    else:
        told = _report_fields(block)
    output.at(told.get("Started", ""), told.get("Duration", ""))
    output.add(line, _state(output.minion, told))


def _report_fields(block: list[tuple[Line, str]]) -> dict[str, str]:
    """Read the fields of a state in the report; what stands below Changes is its diff."""
    told: dict[str, str] = {}
    for at, (_line, text) in enumerate(block):
        found = _FIELD.fullmatch(text)
        if found:
            told.setdefault(found["key"], found["value"].strip())
        if found and found["key"] == "Changes":
            told["changed"] = "\n".join(text.strip() for _l, text in block[at + 1 :] if text.strip(" -"))[:MAX_TEXT]
            break
    return told


def _json_fields(block: list[tuple[Line, str]]) -> dict[str, str]:
    """Read a state of the JSON output from its lines."""
    try:
        told = json.loads("{" + "\n".join(text for _line, text in block[1:]) + "}")
    except (ValueError, RecursionError):
        return {}
    changes = told.get("changes")
    result = {True: "True", False: "False"}.get(told.get("result"), "None")
    return {
        "Result": result, "Comment": str(told.get("comment", "")), "Started": str(told.get("start_time", "")),
        "Duration": str(told.get("duration", "")), "Name": str(told.get("name", "")),
        "changed": json.dumps(changes)[:MAX_TEXT] if changes else "",
    }  # fmt: skip


def _state(minion: str, told: dict[str, str]) -> dict[str, Any]:
    outcome = Outcome.CHANGED if told.get("changed") else Outcome.UNCHANGED
    if told.get("Result") == "False":
        outcome = Outcome.FAILED
    target = f"{told.get('Function', '')} {told.get('Name') or told.get('ID', '')}".strip()[:500]
    columns = {
        "kind": Kind.CHANGE, "action": "state", "target": target, "outcome": Outcome.UNCHANGED if told.get("Result") == "None" else outcome,
        "severity": 17 if outcome == Outcome.FAILED else 9, "actor": "salt", "run": "salt state run",
        "message": told.get("Comment", "")[:MAX_TEXT], "state_id": told.get("ID", ""), "changes": told.get("changed", ""),
    }  # fmt: skip
    if minion and minion != "local":
        columns["target_host"] = minion
    return {name: value for name, value in columns.items() if value != ""}


def _summary(minion: str, texts: list[str]) -> dict[str, Any]:
    counts = {found["what"]: found for text in texts if (found := _COUNTS.fullmatch(text.strip()))}
    failed = int(counts["Failed"]["count"][:9]) if "Failed" in counts else 0
    changed = "changed=" in (counts["Succeeded"]["more"] or "") if "Succeeded" in counts else False
    outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
    if failed:
        outcome = Outcome.PARTLY if changed else Outcome.FAILED
    columns = {
        "kind": Kind.CHANGE, "action": "job", "target": "state run", "outcome": outcome, "actor": "salt", "run": "salt state run",
        "severity": 17 if failed else 9, "message": "; ".join(text.strip() for text in texts if _COUNTS.fullmatch(text.strip()))[:500],
    }  # fmt: skip
    return columns | ({"target_host": minion} if minion != "local" else {})


_RUN: Final = "Salt 3008.3, run for the purpose"

PARSER = RecordParser(
    name="salt-output",
    title="Salt state run output",
    url="https://docs.saltproject.io/en/latest/ref/output/all/salt.output.highstate.html",
    claims=_claims,
    marks=(b"__run_num__", b"Function", b"Summary for"),
    records=_records,
    samples=(
        Sample(
            (
                b"          ID: settings\n"
                b"    Function: file.managed\n"
                b"        Name: /tmp/chg/salt/out.conf\n"
                b"      Result: True\n"
                b"     Comment: File /tmp/chg/salt/out.conf updated\n"
                b"     Started: 14:02:32.523295\n"
                b"    Duration: 7.049 ms\n"
                b"     Changes:   \n"
                b"              ----------\n"
                b"              diff:\n"
                b"                  --- \n"
                b"                  +++ \n"
                b"                  @@ -1 +1 @@\n"
                b"                  -size=64m\n"
                b"                  +size=65m\n"
                b"----------\n"
            ),
            {
                "kind": "change",
                "action": "state",
                "target": "file.managed /tmp/chg/salt/out.conf",
                "outcome": "changed",
                "message": "File /tmp/chg/salt/out.conf updated",
                "state_id": "settings",
            },
            _RUN,
        ),
        Sample(
            (
                b"{\n"
                b'    "local": {\n'
                b'        "file_|-settings_|-/tmp/chg/salt/out.conf_|-managed": {\n'
                b'            "changes": {\n'
                b'                "diff": "New file"\n'
                b"            },\n"
                b'            "comment": "File /tmp/chg/salt/out.conf updated",\n'
                b'            "name": "/tmp/chg/salt/out.conf",\n'
                b'            "result": true,\n'
                b'            "__sls__": "cache",\n'
                b'            "__run_num__": 0,\n'
                b'            "start_time": "14:00:49.175035",\n'
                b'            "duration": 4.419,\n'
                b'            "__id__": "settings"\n'
                b"        }\n"
                b"    }\n"
                b"}\n"
            ),
            {"kind": "log", "message": "{"},
            _RUN + ", --out json",
        ),
        Sample(
            b"Summary for local\n------------\nSucceeded: 2 (changed=1)\nFailed:    3\n------------\nTotal states run:     5\nTotal run time:  12.247 ms\n",
            {"kind": "change", "action": "job", "outcome": "partly"},
            _RUN,
        ),
    ),
)
