"""What ansible-playbook shows, line by line: plays, tasks, results with what a module said, diffs, and recaps.

Its log (``log_path``) and its output tell the same; only what stands before a message differs.

https://github.com/ansible/ansible/blob/devel/lib/ansible/plugins/callback/default.py
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from afterlog.event import Kind, Outcome

ANSIBLE_TEXT: Final = 65_536  # characters of one message that are read
_DETAIL: Final = 4_000  # characters of one field that are kept

ANSIBLE_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[ -/]?[@-~]|[()][A-Z0-9]|[=>78])|[\x00-\x08\x0b-\x1f\x7f]")
_HEADING: Final = re.compile(
    r"(?P<what>PLAY|TASK|RUNNING HANDLER|CLEANUP TASK|HANDLER|NOTIFIED):? \[(?P<name>.*)\] \*{3,}\s*\Z"
)
_RESULT: Final = re.compile(
    r"(?P<word>ok|changed|fatal|failed|skipping|unreachable|rescued): "
    r"\[(?P<host>[^\]\s]{1,255})(?: -> (?P<to>[^\]]{1,255}))?\](?P<rest>.*)\Z",
    re.DOTALL,
)
_ADHOC: Final = re.compile(
    r"(?P<host>\S{1,255}) \| (?P<word>SUCCESS|CHANGED|FAILED|UNREACHABLE)!?(?P<rest>(?: \||\s+=>).*)\Z",
    re.DOTALL,
)
_RECAP: Final = re.compile(r"(?P<host>\S{1,255})\s*: (?P<counts>ok=\d+(?:\s+[a-z]+=\d+){2,10})\s*\Z")
_HANDLERS: Final = ("RUNNING HANDLER", "HANDLER", "NOTIFIED")
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
class Playing:
    """How far one invocation of ansible-playbook has been read."""

    play: str = ""
    task: str = ""
    playbook: str = ""
    recap: bool = False
    diff: str = ""


def ansible_message(text: str, within: Playing, *, ignored: bool = False, level: str = "") -> dict[str, Any]:
    """Give the columns of a message, and go on to the play or task it begins."""
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
        return _result(result, within, ignored=ignored)
    return _said(text, within, level)


def _heading(found: re.Match[str], within: Playing, first: str) -> dict[str, Any]:
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
        "severity": 9,
        "message": first.rstrip("* ")[:_DETAIL],
        "play": within.play,
        "handler": "true" if found["what"] in _HANDLERS else "",
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
        "severity": 17 if failed else 9,
        "message": f"{found['host']}: {' '.join(found['counts'].split())}",
    }


def _result(found: re.Match[str], within: Playing, *, ignored: bool) -> dict[str, Any]:
    rest = found["rest"]
    head, brace, body = rest.partition("{")
    item = _ITEM.search(rest)
    if rest.partition("=>")[2].strip(" ").startswith("\n"):
        told = _module_in_yaml(rest.partition("\n")[2])
        head = rest.partition("\n")[0]
    else:
        told = _module(brace + body) if brace else {"msg": rest.partition(">>")[2].strip()}
    shown = f"{found['word']}: [{found['host']}]{head.partition('=>')[0].partition(' >>')[0].rstrip()}".rstrip()
    columns = _resulted(found["word"], found["host"], within.task, told, shown, ignored=ignored) | {
        "delegated_to": found.groupdict().get("to") or "",
        "item": item[1] if item else "",
        "unreachable": "true" if "unreachable" in found["word"].lower() or "UNREACHABLE!" in head else "",
    }
    if within.diff:
        columns |= _diff(within.diff)
        within.diff = ""
    return columns


def ansible_result(word: str, host: str, task: str, told: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of what a module said of a host; ``word`` as Ansible shows it, ``ok`` also for what changed."""
    word = "changed" if word == "ok" and told.get("changed") is True else word
    columns = _resulted(word, host, task, _of_module(told), f"{word}: [{host}]", ignored=False)
    columns["unreachable"] = "true" if told.get("unreachable") else ""
    return {name: value for name, value in columns.items() if value not in {"", None}}


def _resulted(word: str, host: str, task: str, told: dict[str, str], shown: str, *, ignored: bool) -> dict[str, Any]:
    outcome = _OUTCOMES.get(word, Outcome.FAILED)
    severity = 9 if outcome != Outcome.FAILED else 13 if ignored else 17
    return told | {
        "kind": Kind.CHANGE,
        "action": "result",
        "target": task or "ad-hoc command",
        "task": task,
        "outcome": outcome,
        "severity": severity,
        "target_host": host,
        "message": f"{shown}: {told['msg']}" if told.get("msg") else shown,
        "ignored": "true" if ignored else "",
        "skipped": "true" if word == "skipping" else "",
    }


def _module(text: str) -> dict[str, str]:
    """Return what a module said in its JSON; a text that was cut still gives its msg."""
    try:
        told = json.loads(text.strip())
    except (ValueError, RecursionError):
        found = _MSG.search(text)
        return {"msg": found[1].replace("\\n", "\n").replace('\\"', '"')} if found else {"detail": text[:_DETAIL]}
    return _of_module(told) if isinstance(told, dict) else {}


def _of_module(told: dict[str, Any]) -> dict[str, str]:
    columns = {"msg": _flat(told.get("msg"))}
    columns |= {key: _flat(told[key])[:500] for key in _KEPT if key in told}
    columns["module_name"] = columns.pop("name", "")
    return columns


def _module_in_yaml(text: str) -> dict[str, str]:
    """Return what a module said in the YAML of ``result_format = yaml``: its own keys, folded texts in one line."""
    told: dict[str, list[str]] = {}
    margin = len(text) - len(text.lstrip(" "))
    key = ""
    for line in text.split("\n"):
        found = (
            re.match(r"([a-z_]\w{0,80}):(?: (.*))?\Z", line[margin:])
            if len(line) - len(line.lstrip()) == margin
            else None
        )
        if found:
            key = found[1]
            told[key] = [found[2] or ""]
        elif key:
            told[key].append(line.strip())
    folded = [(name, _unquoted(" ".join(told[name]).strip()[:_DETAIL])) for name in ("msg", *_KEPT) if name in told]
    columns: dict[str, str] = {name: text.removeprefix("|-").removeprefix(">-").strip() for name, text in folded}
    columns["module_name"] = columns.pop("name", "")
    return columns


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1].replace('\\"', '"').replace("\\n", "\n")
    return text


def _flat(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_DETAIL].strip()


def _diff(text: str) -> dict[str, str]:
    """Return the changed lines of what --diff showed before a result, and the file."""
    lines = text.split("\n")
    file = next((line[11:].strip() for line in lines if line.startswith("+++ after: ")), "")
    body = [line for line in lines if not line.startswith(("--- before", "+++ after"))]
    return {
        "file": file[:500],
        "added": "\n".join(line[1:] for line in body if line.startswith("+"))[:_DETAIL],
        "removed": "\n".join(line[1:] for line in body if line.startswith("-"))[:_DETAIL],
    }


def _said(text: str, within: Playing, level: str) -> dict[str, Any]:
    first, _, detail = text.partition("\n")
    if first.startswith("--- before"):
        within.diff = text[:ANSIBLE_TEXT]
    spoken = next((number for words, number in _SPOKEN if first.startswith(words)), None)
    return {
        "kind": Kind.LOG,
        "severity": spoken or _LEVELS.get(level, 9),
        "message": first[:_DETAIL],
        "detail": detail[:_DETAIL],
        "task": within.task,
    }
