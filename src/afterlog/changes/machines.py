"""Machines and processes: reboots, new machines, new servers behind a proxy, programs that came back anew.

Told from ordinary logs, for want of a log of whoever did it. Each rule keeps from its own false alarms: a log that
begins late is no new machine unless the machine boots in it; a rotated log changes no process; a program with several
workers writes with several process ids at once, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.changes.model import MINUTE, Busy, Change, Row, Step, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome
from afterlog.evidence import Place

_CHANGED: Final = str(Outcome.CHANGED)
_BOOT_US: Final = 5 * MINUTE  # lines of one start of a machine
_SETTLED_US: Final = 60 * MINUTE  # how long others must have been logging before a machine counts as new
_SERVER_US: Final = 10 * MINUTE  # the same for a server behind a proxy, at the least
_SERVER_SHARE: Final = 0.1  # and as a share of the proxy's log
_REQUESTS: Final = 50  # that the other servers must have answered before
_SERVERS: Final = 500  # behind one proxy; more are clients or addresses that change
_LINES: Final = 20  # that a process must have written, or a server answered, to count
_COVERED: Final = 0.9  # share of a program's lines that such processes must have written
_PROCESSES: Final = 50  # more are no restarts


def boot_changes(rows: Iterable[Row], first_us: Mapping[str, int]) -> list[Change]:
    """Tell each start of a machine; one that was never seen before, while others were, is a new machine.

    Args:
        rows: lines that kernels and systemd write when a machine starts.
        first_us: the first event of each machine.

    """
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (row.host, row.time_us, row.place)):
        last = groups[-1][-1] if groups else None
        if last and last.host == row.host and row.time_us - last.time_us <= _BOOT_US:
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_boot(group, first_us) for group in groups]


def _boot(rows: list[Row], first_us: Mapping[str, int]) -> Change:
    head = rows[0]
    others = [us for host, us in first_us.items() if host != head.host]
    seen = first_us.get(head.host, head.time_us)
    new = seen >= head.time_us - _BOOT_US and bool(others) and min(others) < head.time_us - _SETTLED_US
    machine = head.host or "a machine"
    return Change(
        id=working_id("boot", head.place),
        tool="machine",
        action="node-added" if new else "restart",
        title=f"{machine} appears: its first start in these logs" if new else f"{machine} boots",
        start_us=head.time_us,
        end_us=rows[-1].time_us,
        hosts=unique([head.host]),
        targets=unique([machine]),
        outcome=_CHANGED,
        actor="",
        steps=(Step(head.time_us, head.message[:200], head.host, _CHANGED, head.place),),
        places=(head.place,),
    )


# --- spans of time in which one thing wrote or answered -------------------------------------------------------------


class Span(NamedTuple):
    """What one process wrote into one source, or one server answered: when, how often, and its first line."""

    first_us: int
    last_us: int
    lines: int
    name: str  # process id, or address of the server
    place: Place


def spans_of(tables: Iterable[pa.Table], name: str) -> dict[tuple[str, str, str], list[Span]]:
    """Gather the spans of each program (host, service, source), in the order of time; memory grows with the spans only.

    Args:
        tables: pieces of the events with the columns time (int64, UTC microseconds), source, line, offset, host,
            service and ``name``; within a source, lines stand in the order of time.
        name: the column that names who wrote or answered.

    """
    by = ["source", "host", "service", name]
    wanted = [("time", "min"), ("time", "max"), ("time", "count"), ("line", "min"), ("offset", "min")]
    parts = [_as_text(table, name).group_by(by).aggregate(wanted) for table in tables if len(table)]
    if not parts:
        return {}
    sums = [("time_min", "min"), ("time_max", "max"), ("time_count", "sum"), ("line_min", "min"), ("offset_min", "min")]
    summed = _telling(pa.concat_tables(parts).group_by(by).aggregate(sums))
    found: dict[tuple[str, str, str], list[Span]] = {}
    names = ("source", "host", "service", name, *(f"{column}_{how}" for column, how in sums))
    for row in zip(*(summed.column(column).to_pylist() for column in names), strict=True):
        source, host, service, who, first_us, last_us, lines, line, offset = row
        span = Span(first_us, last_us, lines, who or "", Place(source, line, offset))
        found.setdefault((host or "", service or "", source), []).append(span)
    return {key: sorted(spans) for key, spans in sorted(found.items())}


def _telling(spans: pa.Table) -> pa.Table:
    """Leave out the spans of programs that take a new process for each thing they do: nothing follows from those.

    Such a program has more names than a proxy has servers, and most of its lines are by those that wrote a few each.
    """
    program = np.zeros(len(spans), np.int64)
    for name in ("source", "host", "service"):
        codes = pc.fill_null(spans.column(name), "").combine_chunks().dictionary_encode()
        program = program * (len(codes.dictionary) + 1) + codes.indices.to_numpy()
    _, program = np.unique(program, return_inverse=True)
    lines = spans.column("time_count_sum").to_numpy()
    of_large = np.bincount(program, np.where(lines >= _LINES, lines, 0))
    kept = (np.bincount(program) <= _SERVERS) | (of_large >= _COVERED * np.bincount(program, lines))
    return spans.filter(pa.array(kept[program]))


def _as_text(table: pa.Table, name: str) -> pa.Table:
    """Give a table with one column as text: a process is a number in JSON logs and a text elsewhere."""
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, table.column(name).cast(pa.string()))


def new_servers(programs: Mapping[tuple[str, str, str], Sequence[Span]]) -> list[Change]:
    """Tell servers that begin to answer for a proxy which others had answered for alone.

    Args:
        programs: the servers of each proxy, of `spans_of` with the column upstream.

    """
    changes = []
    for (host, _service, _source), servers in programs.items():
        if not 2 <= len(servers) <= _SERVERS:
            continue
        begin, end = servers[0].first_us, max(server.last_us for server in servers)
        late = begin + max(_SERVER_US, round(_SERVER_SHARE * (end - begin)))
        changes += [
            _server(host, server) for server in servers
            if server.first_us >= late and server.lines >= _LINES and _before(servers, server.first_us) >= _REQUESTS
        ]  # fmt: skip
    return changes


def _before(servers: Sequence[Span], time_us: int) -> float:
    """Estimate how many requests were answered before a time, from the servers' even share of their spans."""
    return sum(
        server.lines * min((time_us - server.first_us) / max(server.last_us - server.first_us, 1), 1.0)
        for server in servers if server.first_us < time_us
    )  # fmt: skip


def _server(host: str, server: Span) -> Change:
    return Change(
        id=working_id("server", server.place),
        tool="machine",
        action="server-added",
        title=f"{server.name} answers for the first time",
        start_us=server.first_us,
        end_us=server.first_us,
        hosts=unique([host]),
        targets=(server.name,),
        outcome=_CHANGED,
        actor="",
        steps=(Step(server.first_us, f"{server.name} answers", host, _CHANGED, server.place),),
        places=(server.place,),
    )


def process_changes(programs: Mapping[tuple[str, str, str], Sequence[Span]]) -> list[Change]:
    """Tell where one process took over from another, for programs that have only one at a time.

    Args:
        programs: the processes of each program, of `spans_of` with the column pid.

    """
    changes = []
    for (host, service, _source), spans in programs.items():
        large = [span for span in spans if span.lines >= _LINES]
        most = sum(span.lines for span in large) >= _COVERED * sum(span.lines for span in spans)
        if service and most and 2 <= len(large) <= _PROCESSES and _one_at_a_time(large):
            changes += [_restart(host, service, old, new) for old, new in pairwise(large)]
    return changes


def _one_at_a_time(spans: Sequence[Span]) -> bool:
    first = np.array([span.first_us for span in spans])
    last = np.array([span.last_us for span in spans])
    return bool((first[1:] >= np.maximum.accumulate(last)[:-1]).all())


def _restart(host: str, service: str, old: Span, new: Span) -> Change:
    return Change(
        id=working_id("process", new.place),
        tool="service",
        action="restart",
        title=f"{service} restarted",
        start_us=new.first_us,
        end_us=new.first_us,
        hosts=unique([host]),
        targets=(service,),
        outcome=_CHANGED,
        actor="",
        steps=(Step(new.first_us, f"process {new.name} instead of {old.name}", host, _CHANGED, new.place),),
        places=(new.place,),
    )


def not_told(mined: Iterable[Change], others: Sequence[Change]) -> list[Change]:
    """Leave out mined restarts that another change tells: anything done on their host within two minutes."""
    told = Busy((c for c in others if not c.routine and c.tool not in ("git", "cron")), 2 * MINUTE)
    return [change for change in mined if not told.at(change.start_us, (*change.hosts, ""))]
