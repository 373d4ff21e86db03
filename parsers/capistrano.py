"""Capistrano: ``log/capistrano.log``, what ``cap`` prints (Airbrussh, or ``pretty``), and ``revisions.log`` on the servers.

The first has one time at the START of each invocation, with its offset, and how long each command took: the commands are
placed by adding these up. The second counts minutes and seconds from the invocation's beginning: it is placed from the
end of the output backwards; ``pretty`` only says how long each command took. In the third the release id is the time, in UTC; a rollback prints the id of the release it
went back to and no time of its own, so it lies between the lines around it, the last at the end of the file.

Traps: "exit status 256 (failed)" at DEBUG is a test that came out false, no failure; a deploy that broke off just ends:
only a recorded revision is a success; servers work at the same time, so durations overlap; a branch name holds anything.

https://capistranorb.com/documentation/getting-started/flow/
https://github.com/capistrano/capistrano/blob/v3.17.2/lib/capistrano/tasks/deploy.rake
https://github.com/capistrano/airbrussh
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, placed, read_stamp

MAX_HELD: Final = 200_000  # records of one invocation that wait for its end
MAX_TEXT: Final = 4_000
_SECOND: Final = 1_000_000

_LEVEL: Final = re.compile(r" {0,2}(?P<level>INFO|DEBUG|WARN|ERROR|FATAL|TRACE) ?(?P<text>.*)", re.DOTALL)
_START: Final = re.compile(r"START (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4}) cap (?P<stage>\S+) (?P<tasks>.+)")
_RUNNING: Final = re.compile(
    r"\[(?P<id>[0-9a-f]{8})\] Running (?P<command>.*?)(?: as (?P<user>\S+)@(?P<at>\S+)| on (?P<host>\S+))", re.DOTALL
)
_FINISHED: Final = re.compile(
    r"\[(?P<id>[0-9a-f]{8})\] Finished in (?P<took>[\d.]{1,12}) seconds with exit status (?P<status>\d+)"
)
_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]{0,20}m")
_DEPLOYED: Final = re.compile(
    r"(?:Branch|Tag) (?P<branch>.{1,300}?) \(at (?P<commit>[0-9a-f]{7,40})\) deployed as release (?P<release>\d{14}) by ?(?P<by>.{0,100})"
)
_BACK: Final = re.compile(r"(?P<by>.{0,100}?) ?rolled back to release (?P<release>\d{14})")
_ECHO: Final = re.compile(r"echo \"(?P<said>.*)\" >> (?P<path>\S+)/revisions\.log", re.DOTALL)
_ARCHIVE: Final = re.compile(r"Logfile created on .* by logger\.rb")
_AIRBRUSSH_TASK: Final = re.compile(r"(?P<minute>\d{2,}):(?P<second>\d\d) (?P<task>\S.*)")
_AIRBRUSSH: Final = re.compile(r" {4}(?:  \d\d|[✔✘] \d\d|  [A-Za-z]).*", re.DOTALL)
_PRETTY: Final = re.compile(
    r"\*\* (?:Invoke|Execute) \S+.*| {0,2}(?:INFO|DEBUG|WARN|ERROR) \[[0-9a-f]{8}\] .*", re.DOTALL
)
_EXECUTE: Final = re.compile(r"\*\* Execute (?P<task>\S+).*")
_AIRBRUSSH_END: Final = re.compile(r" {4}(?P<sign>[✔✘]) (?P<number>\d\d) (?P<host>\S+) (?P<took>[\d.]+)s")
_LEVELS: Final = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}


def _plain(text: bytes) -> str:
    return _COLOUR.sub(b"", text[:65_536]).decode("utf-8", "replace").rstrip("\r")


def _done(said: str) -> dict[str, Any] | None:
    """Read the line that a finished deploy or rollback writes into revisions.log."""
    if found := _DEPLOYED.fullmatch(said.strip()):
        by = found["by"].strip()
        return {
            "kind": Kind.CHANGE, "action": "deploy", "target": f"release {found['release']}", "outcome": Outcome.CHANGED,
            "message": said.strip(), "release": found["release"], "version": found["commit"], "branch": found["branch"],
        } | ({"actor": by} if by else {})  # fmt: skip
    if found := _BACK.fullmatch(said.strip()):
        by = found["by"].strip()
        return {
            "kind": Kind.CHANGE, "action": "rollback", "target": f"release {found['release']}", "outcome": Outcome.CHANGED,
            "message": said.strip(), "release": found["release"],
        } | ({"actor": by} if by else {})  # fmt: skip
    return None


@dataclass(slots=True)
class _Invocation:
    """One call of ``cap``: when it began (UTC), how far it is, and whether what it was asked for is done."""

    at_us: int
    stage: str
    task: str
    run: str
    begun: dict[str, tuple[int, str]] = field(default_factory=dict)
    now_us: int = 0
    done: bool = False
    last: Record | None = None

    @property
    def stamp(self) -> Stamp:
        return placed(at_us=self.at_us + self.now_us)


def _log_claims(_path: str, head: list[bytes]) -> float:
    texts = [_plain(line) for line in head if line.strip()]
    if not any(_START.search(text) for text in texts):
        return 0.0
    return sum(bool(_LEVEL.fullmatch(text) or text.startswith("# Logfile")) for text in texts) / len(texts)


def _log_records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line with a level; the last of an invocation that broke off says so."""
    now: _Invocation | None = None
    for line in lines:
        found = _LEVEL.fullmatch(_plain(line.text))
        if found is None or not found["text"].strip("- "):
            if now is None and line.text.strip() and found is None and not _ARCHIVE.search(_plain(line.text)):
                yield Reject(line, "before the first START: « INFO START 2022-11-10 11:05:02 +0000 cap …» was expected")
            elif now is None and line.text.strip():
                yield Record(line, placed(), {"kind": Kind.LOG, "severity": 9, "message": _plain(line.text)[:MAX_TEXT]})
            continue
        if start := _START.search(found["text"]):
            stamp = read_stamp("iso", start["time"].encode())
            if stamp is None:
                yield Reject(line, "START: a time such as 2022-11-10 11:05:02 +0000 was expected")
                continue
            yield from _ended(now)
            now = _Invocation(
                stamp.wall_us - stamp.offset_s * _SECOND,
                start["stage"],
                start["tasks"],
                f"cap {start['time']} line {line.number}",
            )
            yield Record(line, stamp, _begun(now, start))
            continue
        if now is None:
            yield Record(
                line,
                placed(),
                {"kind": Kind.LOG, "severity": _LEVELS[found["level"]], "message": found["text"][:MAX_TEXT]},
            )
            continue
        if now.last is not None:
            yield now.last
        columns = _said(now, found["level"], found["text"])
        now.last = Record(line, now.stamp, columns)
    yield from _ended(now)


def _begun(now: _Invocation, start: re.Match[str]) -> dict[str, Any]:
    action = _action(now.task)
    kind = {"kind": Kind.CHANGE, "action": action, "outcome": Outcome.STARTED} if action else {"kind": Kind.LOG}
    return kind | {
        "target": start["stage"],
        "run": now.run,
        "severity": 9,
        "message": f"cap {start['stage']} {now.task}"[:MAX_TEXT],
    }


def _action(task: str) -> str:
    if "rollback" in task:
        return "rollback"
    return "deploy" if re.search(r"\bdeploy\b(?!:check)", task) else ""


def _said(now: _Invocation, level: str, text: str) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _LEVELS[level],
        "message": text.strip()[:MAX_TEXT],
        "run": now.run,
    }
    if running := _RUNNING.match(text):
        now.begun[running["id"]] = (now.now_us, running["command"])
        host = running["host"] or running["at"] or ""
        columns["target_host"] = host
        echoed = _ECHO.search(running["command"])
        done = _done(echoed["said"]) if echoed else None
        if done:
            now.done = True
            return columns | done
    elif finished := _FINISHED.match(text):
        begun, command = now.begun.pop(finished["id"], (now.now_us, ""))
        now.now_us = (
            max(now.now_us, begun + round(float(finished["took"]) * _SECOND))
            if finished["took"].count(".") < 2
            else now.now_us
        )
        if level == "DEBUG" and finished["status"] != "0":
            columns["severity"] = 5
        columns["command"] = command[:500]
    return columns


def _ended(now: _Invocation | None) -> Iterator[Record]:
    """Give the last line of an invocation; where a deploy never recorded its revision, it broke off here."""
    if now is None or now.last is None:
        return
    action = _action(now.task)
    columns = dict(now.last.columns)
    if action and not now.done:
        columns |= {"kind": Kind.CHANGE, "action": action, "outcome": Outcome.FAILED, "severity": 17}
        columns |= {
            "target": now.stage,
            "error": f"it ended without recording a revision; last: {columns['message']}"[:500],
        }
    yield Record(now.last.line, now.last.time, columns)


def _output_claims(_path: str, head: list[bytes]) -> float:
    texts = [_plain(line) for line in head if line.strip()]
    if any(_START.search(text) for text in texts):
        return 0.0
    pretty = sum(bool(_PRETTY.fullmatch(text)) for text in texts)
    running = any(_RUNNING.search(text) for text in texts) and any(_EXECUTE.match(text) for text in texts)
    if running and pretty > len(texts) // 2:
        return pretty / len(texts)
    tasks = sum(bool(_AIRBRUSSH_TASK.fullmatch(text) and ":" in text[6:]) for text in texts)
    known = sum(bool(_AIRBRUSSH_TASK.fullmatch(text) or _AIRBRUSSH.fullmatch(text)) for text in texts)
    return known / len(texts) if tasks and known > len(texts) // 2 else 0.0


def _output_records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line; all wait for the end, from which they are placed."""
    held: list[tuple[Line, int, dict[str, Any]]] = []
    now_s, took_s = 0, 0.0
    for line in lines:
        text = _plain(line.text)
        if not text.strip():
            continue
        columns: dict[str, Any] = {"kind": Kind.LOG, "severity": 9, "message": text.strip()[:MAX_TEXT], "run": "cap"}
        took_s += _took_s(text)
        if task := _AIRBRUSSH_TASK.fullmatch(text) or _EXECUTE.fullmatch(text):
            if told := task.groupdict().get("minute"):
                now_s = max(now_s, int(told[:6]) * 60 + int(task["second"]))
            if task["task"] in ("deploy:symlink:release", "deploy:revert_release"):
                action = "rollback" if task["task"].endswith("revert_release") else "deploy"
                columns |= {"kind": Kind.CHANGE, "action": action, "target": task["task"], "outcome": Outcome.STARTED}
        elif (echoed := _ECHO.search(text)) and (done := _done(echoed["said"])):
            columns |= done
        elif (ended := _AIRBRUSSH_END.fullmatch(text)) and ended["sign"] == "✘":
            columns |= {"severity": 17, "target_host": ended["host"]}
        elif text.startswith("cap aborted!") or " ERROR " in text[:12]:
            columns |= {
                "kind": Kind.CHANGE,
                "action": "deploy",
                "target": "cap",
                "outcome": Outcome.FAILED,
                "severity": 17,
            }
        held.append((line, now_s + int(took_s), columns))
        if len(held) > MAX_HELD:
            yield from _released(held, now_s + int(took_s))
            held = []
    yield from _released(held, now_s + int(took_s))


def _took_s(text: str) -> float:
    """Give the seconds that a command took, where the formatter ``pretty`` says so."""
    finished = _FINISHED.search(text) if "Finished in " in text else None
    return float(finished["took"]) if finished and finished["took"].count(".") < 2 else 0.0


def _released(held: list[tuple[Line, int, dict[str, Any]]], end_s: int) -> Iterator[Record]:
    for line, at_s, columns in held:
        yield Record(line, placed((end_s - at_s) * _SECOND), columns)


def _revisions_claims(_path: str, head: list[bytes]) -> float:
    if not any(b" release " in line for line in head[:5]):
        return 0.0
    texts = [_plain(line) for line in head if line.strip()]
    return sum(_done(text) is not None for text in texts) / len(texts) if texts else 0.0


def _revisions(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line; a rollback is placed behind the release before it, the last line at the file's end."""
    waiting: list[tuple[Line, dict[str, Any]]] = []
    known = 0
    for line in lines:
        text = _plain(line.text)
        columns = _done(text)
        stamp = _release_time(columns["release"]) if columns else None
        if columns is None or stamp is None:
            if text.strip():
                yield Reject(
                    line,
                    "a line such as «Branch main (at 0123abc) deployed as release 20221110110502 by deploy» was expected",
                )
            continue
        if columns["action"] == "rollback":
            waiting.append((line, columns))
            continue
        for back, told in waiting:
            yield Record(back, placed(at_us=known) if known else stamp, told)
        waiting, known = [], stamp.wall_us
        yield Record(line, stamp, columns)
    for back, told in waiting:
        yield Record(back, placed(), told)


def _release_time(release: str) -> Stamp | None:
    text = f"{release[:4]}-{release[4:6]}-{release[6:8]} {release[8:10]}:{release[10:12]}:{release[12:]}Z"
    return read_stamp("iso", text.encode())


_RUN: Final = "Capistrano 3.17.2 of Debian 12, run for the purpose"
_URL: Final = "https://capistranorb.com/documentation/getting-started/flow/"

PARSER = (
    RecordParser(
        name="capistrano",
        title="Capistrano log",
        url=_URL,
        claims=_log_claims,
        marks=(b"START ",),
        records=_log_records,
        samples=(
            Sample(
                (
                    b"  INFO START 2026-11-22 14:02:04 +0000 cap production deploy\n"
                    b"  INFO ---------------------------------------------------------------------------\n"
                    b"  INFO [cf32eb2d] Running /usr/bin/env mkdir -p /tmp on localhost\n"
                    b" DEBUG [cf32eb2d] Command: /usr/bin/env mkdir -p /tmp\n"
                    b"  INFO [cf32eb2d] Finished in 0.004 seconds with exit status 0 (successful).\n"
                ),
                {
                    "time": "2026-11-22T14:02:04+00:00",
                    "kind": "change",
                    "action": "deploy",
                    "target": "production",
                    "outcome": "started",
                    "run": "cap 2026-11-22 14:02:04 +0000 line 1",
                },
                _RUN,
            ),
            Sample(
                (
                    b"  INFO START 2026-11-22 14:02:07 +0000 cap production deploy:rollback\n"
                    b'  INFO [65ee345f] Running /usr/bin/env echo " rolled back to release 20261122140204" >> /tmp/chg/cap/www/revisions.log on localhost\n'
                ),
                {"kind": "change", "action": "rollback", "outcome": "started"},
                _RUN + ", its first and its last command",
            ),
        ),
    ),
    RecordParser(
        name="capistrano-output",
        title="Capistrano output (Airbrussh, pretty)",
        url="https://github.com/capistrano/airbrussh",
        claims=_output_claims,
        marks=(b"deploy:", b"git:", b"00:0", b"** Execute "),
        records=_output_records,
        samples=(
            Sample(
                b"** Invoke deploy:symlink:release (first_time)\n"
                b"** Execute deploy:symlink:release\n"
                b"  INFO [63fb99f4] Running /usr/bin/env mkdir -p /home/apps/app/production/releases/20190716175810 as apps@lauber_staging_apps\n"
                b"  INFO [63fb99f4] Finished in 0.050 seconds with exit status 0 (successful).\n",
                {"kind": "log", "severity": 9, "message": "** Invoke deploy:symlink:release (first_time)"},
                "capistrano/capistrano issue 2024, its path shortened and with the name of a later task of it",
            ),
            Sample(
                (
                    "00:00 deploy:symlink:release\n"
                    "      01 ln -s /tmp/chg/cap/www/releases/20261122140207 /tmp/chg/cap/www/releases/current\n"
                    "    ✔ 01 localhost 0.005s\n"
                    "      02 mv /tmp/chg/cap/www/releases/current /tmp/chg/cap/www\n"
                    "    ✔ 02 localhost 0.004s\n"
                ).encode(),
                {"kind": "change", "action": "deploy", "target": "deploy:symlink:release", "outcome": "started"},
                _RUN,
            ),
        ),
    ),
    RecordParser(
        name="capistrano-revisions",
        title="Capistrano revisions.log",
        url=_URL,
        claims=_revisions_claims,
        records=_revisions,
        samples=(
            Sample(
                b"Branch master (at fcc26005ddcf51ac993350364e8d097727519a83) deployed as release 20261122140207 by \n",
                {
                    "time": "2026-11-22T14:02:07Z",
                    "kind": "change",
                    "action": "deploy",
                    "target": "release 20261122140207",
                    "outcome": "changed",
                    "version": "fcc26005ddcf51ac993350364e8d097727519a83",
                    "branch": "master",
                },
                _RUN,
            ),
            Sample(
                b" rolled back to release 20261122140204\n",
                {"kind": "change", "action": "rollback", "target": "release 20261122140204", "outcome": "changed"},
                _RUN,
            ),
            Sample(
                b"Branch x (at 0123abc) deployed as release 20229999999999 by y\n",
                None,
                "hostile: a release id that is no time",
            ),
        ),
    ),
)
