"""Rotation: pieces of one log, told by their names, in the order in which they were written.

Names as logrotate, newsyslog, log4j, Tomcat and others give them: ``access.log.2.gz``, ``access.log-20240618-11``,
``catalina.2024-06-18.log``. A compressed piece beside the same piece uncompressed is a leftover of an unfinished
compression; a piece whose bytes are the beginning of the next one is a leftover of copytruncate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

_COMPRESSED: Final = re.compile(r"\.(?:gz|bz2|xz|zst)$")
_DATE: Final = r"(?P<date>(?:19|20)\d\d-?[01]\d-?[0-3]\d(?:[-_T.]?[0-2]\d(?:[-_]?[0-5]\d){0,2})?)"
_NUMBERED: Final = re.compile(r"(?P<stem>.+?)\.(?P<number>\d{1,4})$")
_DATED: Final = re.compile(rf"(?P<stem>.*[^\d])[-._]{_DATE}(?:\.(?P<number>\d{{1,4}}))?$")
_DATED_INSIDE: Final = re.compile(
    rf"(?P<stem>.*[^\d])[-._]{_DATE}(?:[-._](?P<number>\d{{1,4}}))?(?P<suffix>\.(?:log|txt|out|json))$"
)
_NUMBERED_INSIDE: Final = re.compile(r"(?P<stem>.+?)[.](?P<number>\d{1,4})(?P<suffix>\.log)$")


class Turn(NamedTuple):
    """Which log a name belongs to, and how to order its pieces: smaller is older."""

    log: str
    order: tuple[int, str, int]
    compressed: bool

    @property
    def live(self) -> bool:
        """Whether this is the piece that is still written."""
        return self.order[0] == _LIVE


_LIVE: Final = 2


def turn_of(name: str) -> Turn:
    """Read a file's name, without its folder."""
    bare = _COMPRESSED.sub("", name)
    compressed = bare != name
    for form in (_DATED, _DATED_INSIDE, _NUMBERED, _NUMBERED_INSIDE):
        found = form.match(bare)
        if found:
            parts = found.groupdict()
            date = re.sub(r"\D", "", parts.get("date") or "")
            number = int(parts.get("number") or 0)
            # Dates rise and come before plain numbers; numbers fall towards the live file.
            return Turn(parts["stem"] + (parts.get("suffix") or ""), (0 if date else 1, date, -number), compressed)
    return Turn(bare, (_LIVE, "", 0), compressed)


@dataclass(frozen=True, slots=True)
class Rotated:
    """One log: its name, and its pieces' names, oldest first."""

    log: str
    pieces: tuple[str, ...]


def rotated_sets(names: Iterable[str]) -> list[Rotated]:
    """Group the names of one folder; a name that no other belongs to stands alone under its own name."""
    groups: dict[str, list[tuple[Turn, str]]] = {}
    for name in names:
        turn = turn_of(name)
        groups.setdefault(turn.log, []).append((turn, name))
    sets = []
    for log, members in groups.items():
        members.sort(key=lambda pair: (pair[0].order, pair[0].compressed, pair[1]))
        pieces = tuple(name for _, name in members)
        if len(pieces) > 1 and _is_rotation([turn for turn, _ in members]):
            sets.append(Rotated(log, pieces))
        else:
            sets += [Rotated(name, (name,)) for name in pieces]
    return sorted(sets, key=lambda rotated: rotated.log)


def _is_rotation(turns: list[Turn]) -> bool:
    """Tell a rotation from files that merely look alike: one beside its compressed self is none."""
    return any(not turn.live for turn in turns)
