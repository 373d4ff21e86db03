"""Commands that people gave, whatever log tells them: sudo, the audit system, a shell's history; each told once."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from afterlog.changes.commands import understand
from afterlog.changes.model import SECOND, Pool, Row

TELLERS: Final = ("sudo", "doas", "auditd", "shell-history")
"""Parsers that tell of commands, the surest first: sudo names the account and the right it was given."""
_SAME_US: Final = 5 * SECOND


def commands_given(pool: Pool) -> list[Row]:
    """Give the commands that are left, one row each; the same one told by another log as well is taken out.

    sudo prints the path of a program, a history what was typed, and the audit system the arguments: they are the same
    where they do the same to the same thing on one host within five seconds.
    """
    rows = [row for row in pool.of(*TELLERS) if row.action == "command"]
    if len({row.parser for row in rows}) < 2:
        return rows
    kept: list[Row] = []
    again: list[Row] = []
    told: dict[tuple[str, str, str], list[int]] = {}
    for parser in TELLERS:
        mine = [(_key(row), row) for row in rows if row.parser == parser]
        fresh = [(key, row) for key, row in mine if not _near(told.get(key, []), row.time_us)]
        again += [row for key, row in mine if _near(told.get(key, []), row.time_us)]
        for key, row in fresh:
            told.setdefault(key, []).append(row.time_us)
        for times in told.values():
            times.sort()
        kept += [row for _key_of, row in fresh]
    pool.take(again)
    return sorted(kept, key=lambda row: (row.time_us, row.place))


def _key(row: Row) -> tuple[str, str, str]:
    command = understand(row.target)
    return row.host, command.program, command.target.rpartition("/")[2]


def _near(times: list[int], time_us: int) -> bool:
    at = bisect_left(times, time_us - _SAME_US)
    return at < len(times) and times[at] <= time_us + _SAME_US
