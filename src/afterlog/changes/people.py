"""People: commands that change something, and looks that show when attention began."""

from __future__ import annotations

from afterlog.changes.commanded import commands_given
from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, Change, Look, Pool, Row, Step, joint_outcome, unique
from afterlog.changes.naming import working_id

_LOOKS = frozenset({"read", "check"})
_EDITORS = frozenset({"vi", "vim", "nano", "emacs", "ed", "sed", "crontab"})


def looks(pool: Pool) -> list[Look]:
    """Group what one person looked at: the same thing on several hosts within ten minutes is one look."""
    groups: list[tuple[str, str, list[Row]]] = []
    newest: dict[tuple[str, str, str], list[Row]] = {}
    for row in commands_given(pool):
        command = understand(row.target)
        if row.action != "command" or command.what not in _LOOKS:
            continue
        pool.take([row])
        rows = newest.get((command.what, command.target, row.actor))
        if rows is not None and _close(rows, row):
            rows.append(row)
        else:
            rows = newest[command.what, command.target, row.actor] = [row]
            groups.append((command.what, command.target, rows))
    return [_look(what, target, rows) for what, target, rows in groups]


def _close(rows: list[Row], row: Row) -> bool:
    return row.time_us - rows[-1].time_us <= 10 * MINUTE


def _look(what: str, target: str, rows: list[Row]) -> Look:
    return Look(
        id=working_id("look", rows[0].place),
        what=what,
        target=target,
        start_us=rows[0].time_us,
        end_us=rows[-1].time_us,
        hosts=unique(row.host for row in rows),
        actor=rows[0].actor,
        commands=unique(row.target for row in rows),
        places=tuple(row.place for row in rows),
    )


def command_changes(pool: Pool) -> list[Change]:
    """Make a change of every other command a person ran with rights over the machine; one over all its hosts."""
    rows = pool.take(commands_given(pool))
    groups: list[list[Row]] = []
    newest: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        same = newest.get((row.target, row.actor))
        if same is not None and _close(same, row) and row.host not in {one.host for one in same}:
            same.append(row)
        else:
            newest[row.target, row.actor] = [row]
            groups.append(newest[row.target, row.actor])
    return [_change(group) for group in groups]


def _change(rows: list[Row]) -> Change:
    row = rows[0]
    command = understand(row.target)
    verb = {
        "shell": "opened a root shell",
        "edit": "edited" if command.program in _EDITORS else "ran",
        "configure": "ran",
        "run": "ran",
        "install": "ran",
    }.get(command.what, "ran")
    return Change(
        id=working_id("command", row.place),
        tool="command",
        action=command.what,
        title=f"Command: {verb} {row.target}"[:200] if command.what != "shell" else "Command: opened a root shell",
        start_us=row.time_us,
        end_us=rows[-1].time_us,
        hosts=unique(one.host for one in rows),
        targets=unique([command.target]),
        outcome=(joint_outcome(one.outcome for one in rows) if len(rows) > 1 else row.outcome) or "unknown",
        actor=row.actor,
        steps=tuple(Step(one.time_us, one.target[:200], one.host, one.outcome, one.place) for one in rows),
        places=tuple(one.place for one in rows),
    )
