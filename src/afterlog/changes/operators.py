"""Operators: what a typed command line does, and who typed it, where the line alone has to tell.

A shell's history and the audit log hold everything that was typed: moving about, several commands on one line. The part
that changes most stands for the line; a line that does nothing is left out. The path of a history tells whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from afterlog.changes.commands import understand
from afterlog.changes.model import Row

_TYPED: Final = frozenset({"auditd", "shell-history"})
_PART: Final = re.compile(r"""(?:\d?>&\d?|&>|[^;&|\n"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|["'])+""", re.DOTALL)
_KEYWORDS: Final = re.compile(r"\A(?:(?:do|then|else|if|while|until)(?:\s+|\Z)|[!{(]\s*)+")
_IDLE: Final = frozenset(
    (
        "cd pushd popd pwd export unset set source . echo printf sleep wait true false for case done fi esac exit read "
        "test [ dircolors lesspipe tput mesg basename dirname uname locale tty clear_console reset"
    ).split()
)
"""What moves about in the shell, or is run by its start-up files: neither a change nor a look."""
_WEIGHTS: Final = {"read": 1, "check": 1, "shell": 2, "run": 3, "edit": 4, "configure": 5, "install": 5}
_CONTROLS: Final = 6
_WRITES: Final = re.compile(r"(?<![0-9&>])>{1,2}\s*(?!/dev/(?:null|std)|&)[\w./~$]")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*[\"']?\w")
_HOME: Final = re.compile(r"(?:^|/)(?:home/(?P<name>[^/]+)|(?P<root>root))/[^/]*$")


def typed_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Give all rows; of typed lines the part that changes most, with the account, and none that does nothing."""
    for row in rows:
        if row.action != "command" or row.parser not in _TYPED:
            yield row
        elif part := main_part(row.target):
            yield row._replace(target=part, actor=row.actor or _owner(row.place.source))


def main_part(line: str) -> str:
    """Give the part of a command line that changes most: of ``cd /etc && vi x && systemctl reload y`` the reload."""
    typed = line[:4_000]
    if _HERE_DOCUMENT.search(typed):
        typed = typed.partition("\n")[0]  # what follows is its text
    parts = [_bare(part.strip()) for part in _PART.findall(typed)]
    weighed = [(_weight(part), -number, part) for number, part in enumerate(parts)]
    weight, _first, part = max(weighed, default=(0, 0, ""))
    return part if weight else ""


def _bare(part: str) -> str:
    """Take off what belongs to the shell's grammar, not to the command."""
    bare = _KEYWORDS.sub("", part)
    return bare.removesuffix(")").rstrip() if bare.count(")") > bare.count("(") else bare


def _weight(part: str) -> int:
    """Weigh what a part of a line does, 0 for nothing; what writes a file edits it."""
    if not part or part.startswith("#"):
        return 0
    command = understand(part)
    if command.program in _IDLE or command.what in {"read", "check"}:
        done = 0 if command.program in _IDLE else _WEIGHTS[command.what]
        return _WEIGHTS["edit"] if _WRITES.search(part) else done
    return _WEIGHTS.get(command.what, _CONTROLS)


def _owner(source: str) -> str:
    """Name whose history a file is: ``web-01/home/ann/.bash_history``."""
    found = _HOME.search(source)
    return (found["name"] or found["root"]) if found else ""
