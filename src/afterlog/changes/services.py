"""Services: restarts, reloads, stops and starts, by a person's command or as the service itself tells them."""

from __future__ import annotations

from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, unique
from afterlog.event import Outcome
from afterlog.identity import stable_id

_TELLERS = ("apache-error", "systemd", "nginx-error", "haproxy", "kernel")
_CONTROL = frozenset({"restart", "reload", "stop", "start"})
_OWN = _CONTROL | {
    "crash",
    "oom",
    "promote",
    "demote",
    "failover",
    "server-down",
    "server-up",
    "server-drain",
    "server-maintenance",
}
_TELLING = ("oom", "crash", "failover", "restart", "reload", "stop")  # which act names a burst, the first that is there
_ELSEWHERE = frozenset({"sudo", "cron", "puppet", "puppet-report", "puppet-summary", "ansible-log", "ansible-module"})
_PAST = {
    "restart": "restarted",
    "reload": "reloaded",
    "stop": "stopped",
    "start": "started",
    "server-down": "marked down",
    "server-up": "marked up",
    "server-drain": "drained",
    "server-maintenance": "put into maintenance",
    "crash": "crashed",
    "oom": "killed: out of memory",
    "promote": "promoted",
    "demote": "demoted",
    "failover": "failed over",
}


def service_changes(pool: Pool) -> list[Change]:
    """Make one change of each command together with what the service said; then of what services said alone."""
    commanded = []
    for row in pool.of("sudo"):
        command = understand(row.target)
        if row.action == "command" and command.what in _CONTROL:
            told = pool.near(_TELLERS, [row.host], row.time_us - 2 * SECOND, row.time_us + MINUTE // 2)
            commanded.append(_change([row, *told], command.what, command.target))
            pool.take([row, *told])
    alone = []
    told_by_itself = [row for row in pool.rest() if row.action in _OWN and _of_itself(row)]
    for group in _bursts(pool.take(told_by_itself)):
        acts = sorted(group, key=lambda row: _TELLING.index(row.action) if row.action in _TELLING else len(_TELLING))
        alone.append(_change(group, acts[0].action, acts[0].target or acts[0].service))
    return commanded + alone


def _of_itself(row: Row) -> bool:
    """Tell whether a service speaks for itself, and not a tool in one of its runs."""
    return row.parser in _TELLERS or (row.parser not in _ELSEWHERE and not row.run)


def _bursts(rows: list[Row]) -> list[list[Row]]:
    """Group what one host's service told within half a minute; a start after a stop is one restart."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (row.host, row.target, row.time_us)):
        last = groups[-1][-1] if groups else None
        if last and (last.host, last.target) == (row.host, row.target) and row.time_us - last.time_us < MINUTE // 2:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _change(rows: list[Row], action: str, target: str) -> Change:
    head = rows[0]
    told = [row for row in rows if row.parser != "sudo"]
    failed = any(row.outcome == str(Outcome.FAILED) for row in rows)
    outcome = joint_outcome(row.outcome for row in told) if told else str(Outcome.UNKNOWN)
    return Change(
        id=stable_id("change", "service", head.place.source, head.place.line),
        tool="service",
        action=action,
        title=f"{target} {_PAST.get(action, action)}",
        start_us=head.time_us,
        end_us=rows[-1].time_us,
        hosts=(head.host,) if head.host else (),
        targets=unique([target]),
        outcome=str(Outcome.FAILED) if failed else outcome,
        actor=head.actor,
        steps=tuple(
            Step(row.time_us, f"{row.target} {row.action}"[:200], row.host, row.outcome, row.place) for row in rows
        ),
        places=tuple(dict.fromkeys(row.place for row in rows))[:4],
    )
