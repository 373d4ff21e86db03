"""What is measured: whole processes, ours and those of the tools people use today."""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PER_MINUTE_SQL: Final = (
    ";SELECT strftime('%Y-%m-%dT%H:%M', log_time) AS m, count(*) AS n, sum(sc_status >= 500) AS f"
    " FROM access_log GROUP BY m"
)
_PER_MINUTE_AWK: Final = "{m=substr($4,2,17); n[m]++; if ($9>=500) f[m]++} END {for (k in n) print k, n[k], f[k]+0}"
_PER_MINUTE_DUCKDB: Final = (
    "import duckdb, sys; print(len(duckdb.sql(f\"select column3[2:18] m, count(*), count(*) filter (column6 >= '500')"
    " from read_csv('{sys.argv[1]}', delim=' ', quote='\\\"', escape='\\\\', header=false, all_varchar=true,"
    ' ignore_errors=true, null_padding=true, parallel=false) group by m").fetchall()))'
)
_INGEST: Final = "import sys, afterlog; afterlog.ingest([sys.argv[1]], sys.argv[2])"
_PATH: Final = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
_COMMAND: Final = "from afterlog.cli import main; main()"
_RATES: Final = (
    "import sys; from afterlog.intake.rates import rates\nfor line in rates(sys.argv[1:]).lines_of_text(): print(line)"
)


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way of reading one log: what it does, and the command; ``fresh`` is removed before every run."""

    label: str
    task: str
    command: tuple[str, ...]
    ours: bool = False
    fresh: Path | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: CPU and wall seconds, peak resident memory in megabytes (10**6 bytes)."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def commands(file: Path, scratch: Path) -> list[Contestant]:
    """Give our own ingest and our own whole run as they are typed, each into a case of its own."""
    return [
        Contestant(
            "afterlog", verb, (sys.executable, "-c", _COMMAND, verb, str(file), "-o", str(scratch / verb)), True,
            scratch / verb,
        )
        for verb in ("ingest", "run")
    ]  # fmt: skip


def contestants(kind: str, file: Path, scratch: Path) -> list[Contestant]:
    """Give all that can read a log of this kind and is installed."""
    case = scratch / f"case-{kind}"
    everyone = [
        Contestant(
            "afterlog", "all fields into a case", (sys.executable, "-c", _INGEST, str(file), str(case)), True, case
        ),
    ]
    if kind == "access":
        everyone += [
            Contestant("afterlog", "counts per minute", (sys.executable, "-c", _RATES, str(file)), True),
            Contestant("lnav", "counts per minute", ("lnav", "-n", "-c", _PER_MINUTE_SQL, str(file))),
            Contestant("mawk", "counts per minute", ("mawk", _PER_MINUTE_AWK, str(file))),
            Contestant("duckdb", "counts per minute", (sys.executable, "-c", _PER_MINUTE_DUCKDB, str(file))),
            Contestant("lnav", "all columns to CSV", _lnav_csv("access_log", file)),
            Contestant(
                "GoAccess",
                "its report",
                ("goaccess", str(file), "--log-format=COMBINED", "-o", str(scratch / "go.json"), "--no-progress"),
            ),
        ]
    if kind == "syslog":
        everyone.append(Contestant("lnav", "all columns to CSV", _lnav_csv("syslog_log", file)))
        everyone.append(Contestant("logsleuth", "its evidence", ("logsleuth", "--dry-run", str(file))))
    return [one for one in everyone if _installed(one)]


def _lnav_csv(table: str, file: Path) -> tuple[str, ...]:
    return ("lnav", "-n", "-c", f";SELECT * FROM {table}", "-c", ":write-csv-to /dev/null", str(file))


def _installed(one: Contestant) -> bool:
    if one.label == "duckdb":
        return importlib.util.find_spec("duckdb") is not None
    return shutil.which(one.command[0], path=_PATH) is not None


def _environment(one: Contestant) -> dict[str, str]:
    """Give what a process of ours has where it is installed: compiled modules, and the settings of the command line.

    ``OPENBLAS_NUM_THREADS`` is what our command line sets before numpy is loaded.
    """
    here = {**os.environ, "PATH": _PATH}
    if one.ours:
        here.pop("PYTHONDONTWRITEBYTECODE", None)
        here["OPENBLAS_NUM_THREADS"] = "1"
    return here


def measure(one: Contestant) -> Cost:
    """Run it once as a process of its own."""
    if one.fresh is not None:
        shutil.rmtree(one.fresh, ignore_errors=True)
    begin = time.monotonic()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(one.command, stdout=quiet, stderr=quiet, env=_environment(one)) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begin
    if process.returncode:
        raise SystemExit(f"{one.label}: exit code {process.returncode}: {' '.join(one.command)[:300]}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024 / 1e6)


def medians(everyone: Sequence[Contestant], rounds: int) -> list[Cost]:
    """Run all in turn, several times over, so that a disturbance meets all alike; give the medians.

    A first run of ours is not counted: it compiles the modules, as an installation does.
    """
    for one in everyone:
        if one.ours:
            measure(one)
    costs: list[list[Cost]] = [[] for _ in everyone]
    for _ in range(rounds):
        for held, one in zip(costs, everyone, strict=True):
            held.append(measure(one))
    return [
        Cost(
            statistics.median(cost.cpu_s for cost in held),
            statistics.median(cost.wall_s for cost in held),
            max(cost.peak_mb for cost in held),
        )
        for held in costs
    ]
