"""Tasks: Ansible's controller logs when a task begins and when a host's result is back; the host's syslog what it ran.

The module's line, ``ansible-ansible.legacy.copy: Invoked with …``, lies between the two in time. It names neither task
nor run, so that all of a host's results are compared with all of its modules (`afterlog.clock.between`).

https://docs.ansible.com/ansible/latest/reference_appendices/logging.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from afterlog.anchors.rows import changes_with, short
from afterlog.clock.between import measure_between
from afterlog.clock.judging import Pair
from afterlog.clock.skew import SECOND, step_s

_MOST: Final = 20_000  # modules of a host that are kept: the last ones
_COLUMNS: Final = (
    "time",
    "source",
    "line",
    "action",
    "run",
    "field.target_host",
    "field.delegated_to",
    "field.skipped",
)


class _Task(NamedTuple):
    """When a task began for a host and when its result came back, by the controller's clock."""

    begin: int
    end: int
    source: str


def pairs_by_task(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> list[Pair]:
    """Measure managed machines against the controllers that worked on them."""
    tasks = _tasks(parts)
    if not tasks:
        return []
    modules = _modules(parts, hosts)
    pairs = []
    for (source, target), done in sorted(tasks.items()):
        controller = hosts.get(source)
        for host in sorted(modules):
            if controller and host != controller and short(host) == short(target):
                pair = _measured(host, modules[host], controller, source, done)
                pairs += [pair] if pair else []
    return pairs


def _measured(
    host: str, modules: list[tuple[int, str]], controller: str, source: str, tasks: list[_Task]
) -> Pair | None:
    moments = np.array([time for time, _path in modules], np.int64)
    late_s = step_s(moments) / 2
    begins, ends = (np.array(sides, np.int64) for sides in zip(*((t.begin, t.end) for t in tasks), strict=True))
    skew = measure_between(moments + round(late_s * SECOND), begins, ends)
    if skew is None:
        return None
    path = Counter(path for _time, path in modules).most_common(1)[0][0]
    return Pair(host, controller, path, source, replace(skew, slack_s=skew.slack_s + late_s), "tasks")


def _tasks(parts: Sequence[Path]) -> dict[tuple[str, str], list[_Task]]:
    """Give the tasks by the controller's log and the machine, in the order of their lines."""
    tables = list(changes_with(parts, ("play", "task", "result"), _COLUMNS))
    if not tables:
        return {}
    rows = pa.concat_tables(tables).sort_by([("source", "ascending"), ("line", "ascending")]).to_pylist()
    began: dict[tuple[str, str], int] = {}
    ended: dict[tuple[str, str, str], int] = {}
    found: dict[tuple[str, str], list[_Task]] = {}
    for row in rows:
        source, run, target = row["source"], row["run"] or "", row["field.target_host"]
        if row["action"] != "result":
            began[source, run] = row["time"]
        elif target and (source, run) in began and not row["field.skipped"]:
            begin = max(began[source, run], ended.get((source, run, target), 0))
            ended[source, run, target] = row["time"]
            if not row["field.delegated_to"] and begin <= row["time"]:
                found.setdefault((source, target), []).append(_Task(begin, row["time"], source))
    return found


def _modules(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> dict[str, list[tuple[int, str]]]:
    """Give when each machine was told to run a module, by its own clock, and where that stands."""
    found: dict[str, list[tuple[int, str]]] = {}
    for table in changes_with(parts, ("module",), ("time", "source", "host")):
        for row in table.to_pylist():
            if row["host"] and row["host"] == hosts.get(row["source"]):  # else another clock stamped it
                kept = found.setdefault(row["host"], [])
                kept.append((row["time"], row["source"]))
                if len(kept) > 2 * _MOST:
                    kept[:] = sorted(kept)[-_MOST:]
    return {host: sorted(kept)[-_MOST:] for host, kept in found.items()}
