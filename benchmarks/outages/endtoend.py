"""The whole walk on simulated streams: written as access logs, ingested, analysed, read from ``outages --json``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from afterlog.analysis import analyse
from afterlog.ingestion import Options, ingest
from benchmarks.outages.score import Interval
from benchmarks.outages.truth import Scenario
from benchmarks.outages.writer import write

_ONE_THREAD = Options(jobs=1)


def through_files(scenario: Scenario, root: Path, *, by_program: bool = False) -> tuple[list[Interval], float] | None:
    """Return what ``outages --json`` reports of a scenario's logs, and the CPU seconds of the analysis.

    ``root`` is an empty directory; ``by_program`` runs the command line instead of the functions behind it. None where
    the scenario has too many lines to be written.
    """
    place = write(scenario, root)
    if place is None:
        return None
    document, cpu_s = (_by_program if by_program else _by_functions)(place)
    shutil.rmtree(place)
    end_us = scenario.stream.end_us
    told = [one for one in document["outages"] if one["class"] != "blip" and not one["single"]]
    return [_interval(one, end_us) for one in told], cpu_s


def _by_functions(place: Path) -> tuple[dict[str, Any], float]:
    case = ingest([place / "logs"], place / "case", _ONE_THREAD)
    begun = time.process_time()
    return analyse(case).outages_json(), time.process_time() - begun


def _by_program(place: Path) -> tuple[dict[str, Any], float]:
    start = [sys.executable, "-c", "from afterlog.cli import main; main()"]
    subprocess.run([*start, "ingest", place / "logs", "-o", place / "case"], check=True, capture_output=True)
    done = subprocess.run([*start, "outages", place / "case", "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout), 0.0


def _interval(one: dict[str, Any], end_us: int) -> Interval:
    start, high = _us(one["start"]), _us(one["start_high"])
    low = start if one["start_low"] is None else _us(one["start_low"])  # open: it began before the logs
    if one["end"] is None:
        return start, low, high, end_us, end_us, end_us
    last, last_low, last_high = (_us(one[name]) for name in ("end", "end_low", "end_high"))
    return start, low, high, last, last_low, last_high


def _us(stamp: str) -> int:
    moment = datetime.fromisoformat(stamp)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
