"""Services: restarts, reloads, stops and starts, by a person's command or as the service itself tells them."""

from __future__ import annotations

from dataclasses import replace

from afterlog.changes.ansible import CONTROLLERS
from afterlog.changes.commanded import commands_given
from afterlog.changes.commands import understand
from afterlog.changes.model import MINUTE, SECOND, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome

_TELLERS = ("apache-error", "systemd", "nginx-error", "haproxy", "kernel", "auditd")
_PROGRAMS = ("postgresql", "mysql", "redis", "rabbitmq")  # these tell in their own logs that they stop and start
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
_ELSEWHERE = CONTROLLERS | frozenset({"sudo", "cron", "puppet", "puppet-report", "puppet-summary", "ansible-module"})
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
    for row in commands_given(pool):
        command = understand(row.target)
        if row.action == "command" and command.what in _CONTROL:
            near = pool.near(_TELLERS, [row.host], row.time_us - 2 * SECOND, row.time_us + MINUTE // 2)
            told = [one for one in near if one.parser != "auditd" or one.action in _CONTROL]
            programs = pool.near(_PROGRAMS, [row.host], row.time_us - 2 * SECOND, row.time_us + MINUTE // 2)
            told += [one for one in programs if _stem(one.target or one.service) == _stem(command.target)]
            commanded.append(_change([row, *told], command.what, command.target))
            pool.take([row, *told])
    alone = []
    told_by_itself = [row for row in pool.rest() if row.action in _OWN and _of_itself(row)]
    for group in _bursts(pool.take(told_by_itself)):
        acts = sorted(group, key=lambda row: _TELLING.index(row.action) if row.action in _TELLING else len(_TELLING))
        action = "restart" if _is_restart(group) else acts[0].action
        alone.append(_change(group, action, acts[0].target or acts[0].service))
    return _rolling(commanded + alone)


def _is_restart(group: list[Row]) -> bool:
    """Tell whether a service was stopped and is there again."""
    acts = [row.action for row in group if row.outcome != str(Outcome.FAILED)]
    return "stop" in acts and acts[-1] == "start" and not {"crash", "oom"} & {row.action for row in group}


def _rolling(changes: list[Change]) -> list[Change]:
    """Join what one person or nobody did to one service on host after host, at most a minute apart."""
    joined: list[Change] = []
    newest: dict[tuple[str, str, str], int] = {}
    for change in sorted(changes, key=lambda change: (change.start_us, change.id)):
        key = (change.title, change.action, change.actor)
        at = newest.get(key)
        last = joined[at] if at is not None else None
        if (
            at is not None and last is not None and change.hosts and change.action in _CONTROL
            and change.start_us - last.end_us <= MINUTE and not set(last.hosts) & set(change.hosts)
        ):  # fmt: skip
            joined[at] = replace(
                last, end_us=max(last.end_us, change.end_us), hosts=(*last.hosts, *change.hosts),
                outcome=joint_outcome((last.outcome, change.outcome)), steps=(*last.steps, *change.steps),
                places=places_of((*last.places, *change.places), 6),
            )  # fmt: skip
        else:
            newest[key] = len(joined)
            joined.append(change)
    return joined


def _stem(name: str) -> str:
    """Give the beginning of a name, by which postgresql@15-main and postgres are one, mysqld and mysql too."""
    return "".join(filter(str.isalpha, name.lower()))[:5]


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
    told = [row for row in rows if row.action != "command"]
    failed = any(row.outcome == str(Outcome.FAILED) for row in rows)
    outcome = joint_outcome(row.outcome for row in told) if told else str(Outcome.UNKNOWN)
    return Change(
        id=working_id("service", head.place),
        tool="service",
        action=action,
        title=f"{target} {_PAST.get(action, action)}",
        start_us=min(row.time_us for row in rows),
        end_us=max(row.time_us for row in rows),
        hosts=(head.host,) if head.host else (),
        targets=unique([target]),
        outcome=str(Outcome.FAILED) if failed else outcome,
        actor=head.actor,
        steps=tuple(
            Step(row.time_us, f"{row.target} {row.action}"[:200], row.host, row.outcome, row.place) for row in rows
        ),
        places=tuple(dict.fromkeys(row.place for row in rows))[:4],
    )
