r"""Shell histories with times: Bash's (``HISTTIMEFORMAT``), Zsh's (``EXTENDED_HISTORY``) and Fish's: what a person typed.

::

    #1795356221                            Bash: the time stands above the command
    systemctl restart nginx
    : 1795356221:0;systemctl restart nginx       Zsh: begun, seconds it took
    - cmd: systemctl restart nginx               Fish
      when: 1795356222

Traps: Bash writes the file when the shell ends, so that sessions stand behind each other and times go back; commands from before
``HISTTIMEFORMAT`` was set have no time; a command of several lines goes on until the next stamp (Bash), behind a backslash (Zsh),
as ``\n`` (Fish); Zsh writes some bytes as 0x83 and the byte with one bit turned; nothing says how a command ended, nor who
typed it: the path of the file does.

https://www.gnu.org/software/bash/manual/html_node/Bash-History-Facilities.html
https://zsh.sourceforge.io/Doc/Release/Options.html#History
https://fishshell.com/docs/current/cmds/history.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp

_BASH: Final = re.compile(rb"#(\d{9,10})\s*")
_ZSH: Final = re.compile(rb": (\d{9,10}):(\d{1,9});(.*)", re.DOTALL)
_FISH: Final = re.compile(rb"- cmd: (.*)", re.DOTALL)
_WHEN: Final = re.compile(rb"  when: (\d{9,10})\s*")
_META: Final = re.compile(rb"\x83(.)", re.DOTALL)
_LONG: Final = 4_000
_SEVERAL: Final = 3
# What only moves about in the shell itself: neither a change nor a look at anything.
_IDLE: Final = re.compile(
    r"(?:cd|pwd|exit|logout|clear|history|pushd|popd|dirs|jobs|fg|bg|alias|unalias|true|false|:|reset|set|shopt|setopt|HIST\w+=\S*)(?:\s[^;&|<>]*)?|"
)


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    if not lines:
        return 0.0
    zsh = sum(bool(_ZSH.match(line)) for line in lines)
    stamps = sum(bool(_BASH.fullmatch(line)) for line in lines)
    fish = sum(bool(_FISH.match(line)) for line in lines) if any(_WHEN.fullmatch(line) for line in lines) else 0
    bash = max(min(2 * stamps / len(lines), 1.0), 0.6 if stamps >= _SEVERAL else 0.0)  # the older ones may have no time
    return max(zsh / len(lines), bash, min(2 * fish / len(lines), 1.0))


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    typed = _Typed()
    for line in lines:
        yield from typed.take(line)
    yield from typed.end()


class _Typed:
    """The command that is being read: its first line, its time, its lines so far."""

    def __init__(self) -> None:
        self._line: Line | None = None
        self._seconds: int | None = None
        self._texts: list[bytes] = []
        self._took: str = ""
        self._form = ""

    def take(self, line: Line) -> Iterator[Record | Reject]:
        """Take one line; give the command before it, if it ends there, or refuse the line."""
        text = line.text
        if stamp := _BASH.fullmatch(text):
            yield from self.end()
            self._form, self._seconds = "bash", int(stamp[1])
        elif command := _ZSH.match(text):
            yield from self.end()
            self._form, self._line, self._seconds, self._took = "zsh", line, int(command[1]), command[2].decode()
            self._texts = [command[3]]
        elif command := _FISH.match(text):
            yield from self.end()
            self._form, self._line, self._texts = "fish", line, [command[1]]
        elif self._form == "fish" and (stamp := _WHEN.fullmatch(text)):
            self._seconds = int(stamp[1])
        elif self._goes_on():
            self._line = self._line or line
            if sum(map(len, self._texts)) < _LONG:
                self._texts.append(text)
        elif text.strip() and self._form != "fish":
            yield Reject(line, "a command without a time: it was typed before the history kept times")

    def _goes_on(self) -> bool:
        if self._form == "bash":
            return self._seconds is not None
        return self._form == "zsh" and bool(self._texts) and self._texts[-1].endswith(b"\\")

    def end(self) -> Iterator[Record | Reject]:
        """Give the command read so far."""
        line, seconds = self._line, self._seconds
        if line is not None and seconds is None:
            yield Reject(line, "a command without a time")
        elif line is not None and seconds is not None:
            command = self._command()
            columns = {"service": self._form, "shell": self._form, "message": command, **_meaning(command)}
            yield Record(line, Stamp(seconds * 1_000_000, 0, resolution_us=1_000_000), columns | self._duration())
        self._line = self._seconds = None
        self._texts, self._took = [], ""

    def _duration(self) -> dict[str, Any]:
        return {"took_s": self._took} if self._took not in ("", "0") else {}

    def _command(self) -> str:
        text = b"\n".join(self._texts)[:_LONG]
        if self._form == "zsh":
            text = _META.sub(lambda found: bytes([found[1][0] ^ 0x20]), text.replace(b"\\\n", b"\n"))
        if self._form == "fish":
            text = re.sub(rb"\\(n|\\)", lambda found: b"\n" if found[1] == b"n" else b"\\", text)
        return text.decode("utf-8", "backslashreplace").strip()


def _meaning(command: str) -> dict[str, Any]:
    if _IDLE.fullmatch(command):
        return {"kind": Kind.LOG}
    return {"kind": Kind.CHANGE, "action": "command", "target": command, "outcome": Outcome.STARTED}


_BASH_RUN: Final = "Bash 5.2.15 on Debian 12"
_ZSH_RUN: Final = "Zsh 5.9 on Debian 12"
_FISH_RUN: Final = "Fish 3.6.0 on Debian 12"

SAMPLES: Final = (
    Sample(
        b"#1795356221\nsystemctl restart nginx\n#1795356221\nhistory -w\n",
        {
            "time": "2026-11-22T14:03:41+00:00", "kind": "change", "action": "command", "target": "systemctl restart nginx",
            "outcome": "started", "shell": "bash",
        },
        _BASH_RUN,
    ),
    Sample(
        b"#1795356221\ncat <<EOF\ntwo\nEOF\n\n#1795356221\nsystemctl restart nginx\n",
        {"kind": "change", "target": "cat <<EOF\ntwo\nEOF"},
        _BASH_RUN + ": a command of several lines",
    ),
    Sample(b"#1795356221\nexit\n", {"kind": "log", "message": "exit", "action": None}, _BASH_RUN),
    Sample(
        b": 1795356221:0;systemctl restart nginx",
        {"time": "2026-11-22T14:03:41+00:00", "kind": "change", "target": "systemctl restart nginx", "shell": "zsh", "took_s": None},
        _ZSH_RUN,
    ),
    Sample(
        b': 1795356221:0;for i in 1 2; do\\\n echo $i\\\ndone\n: 1795356221:0;echo "caf\xc3\xa9 \xe2\x82\xac"\n: 1795356221:0;exit\n: 1795356221:0;systemctl restart nginx\n: 1795356221:0;ls /etc/hosts',
        {"kind": "change", "target": "for i in 1 2; do\n echo $i\ndone"},
        _ZSH_RUN + ": a command of several lines",
    ),
    Sample(
        b"- cmd: ls /etc/hosts\n  when: 1795356222\n  paths:\n    - /etc/hosts\n- cmd: systemctl restart nginx\n  when: 1795356222\n",
        {"time": "2026-11-22T14:03:42+00:00", "kind": "change", "target": "ls /etc/hosts", "shell": "fish"},
        _FISH_RUN,
    ),
    Sample(
        b"- cmd: for i in 1 2\\n echo $i\\nend\n  when: 1795356222\n",
        {"target": "for i in 1 2\n echo $i\nend"},
        _FISH_RUN + ": a command of several lines",
    ),
    Sample(
        b"#1795356221\necho \x00\xff\x1b[31m : 1795356221:0;x\n#1795356221\n# 1795356222\n",
        {"target": "echo \x00\\xff\x1b[31m : 1795356221:0;x"},
        "hostile: NUL, bad UTF-8, an escape and a line of another shell inside a command",
    ),
    Sample(b"#1795356221\necho " + b"x" * 1_000_000, {"kind": "change"}, "hostile: a line of 1 MB"),
    Sample(b"systemctl restart nginx\nls\n", None, "hostile: a history without times"),
)  # fmt: skip

PARSER = RecordParser(
    name="shell-history",
    title="Shell history with times (Bash, Zsh, Fish)",
    url="https://www.gnu.org/software/bash/manual/html_node/Bash-History-Facilities.html",
    claims=_claims,
    records=_records,
    samples=SAMPLES,
)
