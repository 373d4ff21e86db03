"""People: commands that change something, and looks that show when attention began."""

from __future__ import annotations

from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, Change, Look, Pool, Row, Step, unique
from afterlog.identity import stable_id

_LOOKS = frozenset({"read", "check"})


def looks(pool: Pool) -> list[Look]:
    """Group what one person looked at: the same thing on several hosts within ten minutes is one look."""
    groups: list[tuple[str, str, list[Row]]] = []
    newest: dict[tuple[str, str, str], list[Row]] = {}
    for row in pool.of("sudo"):
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
        id=stable_id("look", rows[0].place.source, rows[0].place.line),
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
    """Make a change of every other command a person ran with rights over the machine."""
    rows = pool.take([row for row in pool.of("sudo") if row.action == "command"])
    return [_change(row) for row in rows]


def _change(row: Row) -> Change:
    command = understand(row.target)
    verb = {
        "shell": "opened a root shell",
        "edit": "edited",
        "configure": "ran",
        "run": "ran",
        "install": "ran",
    }.get(command.what, "ran")
    return Change(
        id=stable_id("change", "command", row.place.source, row.place.line),
        tool="command",
        action=command.what,
        title=f"Command: {verb} {row.target}"[:200] if command.what != "shell" else "Command: opened a root shell",
        start_us=row.time_us,
        end_us=row.time_us,
        hosts=(row.host,) if row.host else (),
        targets=unique([command.target]),
        outcome=row.outcome or "unknown",
        actor=row.actor,
        steps=(Step(row.time_us, row.target[:200], row.host, row.outcome, row.place),),
        places=(row.place,),
    )
