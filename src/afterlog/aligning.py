"""Aligning: after a first reading, hosts whose clocks disagree are found and their sources' clocks set right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from afterlog.clock import SourceClock, Survey, offset_name, zone_of
from afterlog.clock.alignment import Verdict, judge_clocks, measure_pairs
from afterlog.event import Kind, TimeBasis

_COLUMNS: Final = ["time", "source", "host", "method", "path", "client", "upstream"]
_CLOCK_SERVICES: Final = ["chronyd", "ntpd", "systemd-timesyncd", "ntpdate", "ptp4l", "phc2sys", "vmtoolsd"]
# chrony's reference.c ("System clock was stepped by"), ntpd's ntp_util/ntp_loopfilter.c ("time reset"), ntpdate.c
_STEPPED: Final = re.compile(
    r"System clock was stepped by (?P<chrony>[-+]?\d+(?:\.\d+)?) seconds"
    r"|time reset (?P<ntpd>[-+]?\d+(?:\.\d+)?) s"
    r"|step time server \S+ offset (?P<ntpdate>[-+]?\d+(?:\.\d+)?) sec"
)
_LEAST_STEP_S: Final = 0.5
_UNSETTLED: Final = (TimeBasis.ZONE_INFERRED, TimeBasis.ZONE_ASSUMED)


def judged(parts: Sequence[Path], clocks: Mapping[str, SourceClock], surveys: Iterable[Survey]) -> list[Verdict]:
    """Measure the clocks of all hosts against each other, from the requests in the parts that were read."""
    if not parts:
        return []
    data = ds.dataset([str(part) for part in parts], format="parquet")
    if not set(_COLUMNS) <= set(data.schema.names):
        return []
    if not data.count_rows(filter=pc.field("upstream").is_valid()):
        return []  # without a proxy there is nobody to compare with
    table = data.to_table(columns=_COLUMNS, filter=pc.field("kind") == str(Kind.REQUEST))
    frame = table.set_column(0, "time", table.column("time").cast(pa.int64())).to_pandas(strings_to_categorical=True)
    by_host: dict[str, list[Survey]] = {}
    for survey in surveys:
        by_host.setdefault(survey.host or "", []).append(survey)
    unsettled = [
        host
        for host, mine in by_host.items()
        if all(not s.offsets for s in mine) and any(clocks[s.path].zone_basis in _UNSETTLED for s in mine)
    ]
    return judge_clocks(measure_pairs(frame), unsettled)


@dataclass(frozen=True, slots=True)
class Step:
    """A clock set by its daemon: the host's own UTC time just after it, seconds forward, and the line that says so."""

    host: str
    at_us: int
    forward_s: float
    where: str


def steps_told(parts: Sequence[Path]) -> list[Step]:
    """Find the steps that time daemons say they made."""
    if not parts:
        return []
    data = ds.dataset([str(part) for part in parts], format="parquet")
    columns = ["time", "source", "line", "host", "message"]
    if not {*columns, "service"} <= set(data.schema.names):
        return []
    by_daemons = pc.field("service").isin(_CLOCK_SERVICES)
    if not data.count_rows(filter=by_daemons):
        return []  # this reads one narrow column, where the messages are the bulk of a case
    table = data.to_table(columns=columns, filter=by_daemons)
    rows = table.set_column(0, "time", table.column("time").cast(pa.int64())).to_pylist()
    found = []
    for row in rows:
        told = _STEPPED.search(row["message"] or "")
        forward_s = next((float(value) for value in told.groups() if value is not None), 0.0) if told else 0.0
        if abs(forward_s) >= _LEAST_STEP_S and row["host"]:
            found.append(Step(row["host"], row["time"], forward_s, f"{row['source']}:{row['line']}"))
    return sorted(set(found), key=lambda step: (step.host, step.at_us, step.where))


def set_right(
    clocks: Mapping[str, SourceClock],
    surveys: Iterable[Survey],
    verdicts: Sequence[Verdict],
    steps: Sequence[Step] = (),
) -> dict[str, SourceClock]:
    """Give all clocks, those of the judged hosts set right; what a person stated is left alone.

    Where a daemon says by how much it stepped a clock, that is believed, and not what was measured around it.
    """
    by_host = {verdict.host: verdict for verdict in verdicts if verdict.kind != "unsure"}
    result = dict(clocks)
    for survey in surveys:
        verdict = by_host.get(survey.host or "")
        clock = clocks[survey.path]
        told = [step for step in steps if step.host == survey.host]
        if told and not clock.offset_why:
            result[survey.path] = _stepped(clock, told)
            continue
        if verdict is None or clock.offset_why:
            continue
        if verdict.kind == "clock":
            offsets, at = verdict.skew.offsets_s, verdict.skew.at_us
            result[survey.path] = replace(clock, offset_at_us=at, offsets_s=offsets, offset_why=verdict.why)
        elif survey.zoneless and clock.zone_basis in _UNSETTLED:
            result[survey.path] = _in_zone(clock, verdict)
    return result


def _stepped(clock: SourceClock, steps: Sequence[Step]) -> SourceClock:
    first = steps[0]
    why = f"its daemon stepped it by {first.forward_s:+.3f} s ({first.where})" + (
        f" and {len(steps) - 1} times more" if len(steps) > 1 else ""
    )
    return replace(clock, steps=tuple((step.at_us, step.forward_s) for step in steps), offset_why=why)


def _in_zone(clock: SourceClock, verdict: Verdict) -> SourceClock:
    """Shift an inferred or assumed zone: lines that seem late were written further east."""
    at = verdict.skew.at_us[0]
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone_of(clock.zone))
    offset = moment.utcoffset() or timedelta(0)
    east = int(offset.total_seconds()) + verdict.zone_shift_s
    return replace(clock, zone=offset_name(east), zone_basis=TimeBasis.ZONE_INFERRED, zone_why=verdict.why)
