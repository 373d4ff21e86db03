"""Aligning: after a first reading, hosts whose clocks disagree are found and their sources' clocks set right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.anchors import anchored_pairs
from afterlog.clock import SourceClock, Survey, offset_name, zone_of
from afterlog.clock.naming import REJECTED, SET_BY_DAEMON, clock_id
from afterlog.event import TimeBasis
from afterlog.intake.sampling import requests_of

if TYPE_CHECKING:
    from afterlog.clock.judging import Verdict

_CLOCK_SERVICES: Final = ["chronyd", "ntpd", "systemd-timesyncd", "ntpdate", "ptp4l", "phc2sys", "vmtoolsd"]
# chrony's reference.c ("System clock was stepped by"), ntpd's ntp_util/ntp_loopfilter.c ("time reset"), ntpdate.c
_STEPPED: Final = re.compile(
    r"System clock was stepped by (?P<chrony>[-+]?\d+(?:\.\d+)?) seconds"
    r"|time reset (?P<ntpd>[-+]?\d+(?:\.\d+)?) s"
    r"|step time server \S+ offset (?P<ntpdate>[-+]?\d+(?:\.\d+)?) sec"
)
_LEAST_STEP_S: Final = 0.5
_UNSETTLED: Final = (TimeBasis.ZONE_INFERRED, TimeBasis.ZONE_ASSUMED)


def judged(
    parts: Sequence[Path], clocks: Mapping[str, SourceClock], surveys: Sequence[Survey], steps: Sequence[Step]
) -> list[Verdict]:
    """Measure the clocks of all hosts against each other, from what several of them tell of in the parts read.

    Hosts whose daemon told of ``steps`` are no measure for others.
    """
    from afterlog.clock.judging import AGREE_S, judge_clocks  # noqa: PLC0415  loads numpy

    hosts = {survey.path: survey.host for survey in surveys}
    several = len({host for host in hosts.values() if host}) > 1  # else there is nobody to compare with
    pairs = anchored_pairs(parts, hosts) if several else []
    requests = requests_of(parts)
    if requests is not None:
        from afterlog.clock.alignment import measure_pairs  # noqa: PLC0415  loads pandas

        pairs += measure_pairs(requests)
    stepped = {step.host for step in steps if abs(step.forward_s) > AGREE_S}
    pairs = [pair for pair in pairs if not {pair.host, pair.other} & stepped]
    zoneless = {s.path for s in surveys if s.zoneless and not s.offsets and clocks[s.path].zone_basis in _UNSETTLED}
    return judge_clocks(pairs, zoneless)


@dataclass(frozen=True, slots=True)
class Step:
    """A clock set by its daemon: the host's own UTC time just after it, seconds forward, and the line that says so."""

    host: str
    at_us: int
    forward_s: float
    where: str


def steps_told(parts: Sequence[Path]) -> list[Step]:
    """Find the steps that time daemons say they made."""
    found = []
    for row in (row for part in parts for row in _said_by_daemons(pq.ParquetFile(part))):
        told = _STEPPED.search(row["message"] or "")
        forward_s = next((float(value) for value in told.groups() if value is not None), 0.0) if told else 0.0
        if abs(forward_s) >= _LEAST_STEP_S and row["host"]:
            found.append(Step(row["host"], row["time"], forward_s, f"{row['source']}:{row['line']}"))
    return sorted(set(found), key=lambda step: (step.host, step.at_us, step.where))


def _said_by_daemons(file: pq.ParquetFile) -> Iterator[dict[str, Any]]:
    """Give what time daemons wrote, row group by row group; most are passed over by their statistics."""
    services = pa.array(_CLOCK_SERVICES, pa.string())
    for index in range(file.num_row_groups):
        told = file.metadata.row_group(index).column(file.metadata.schema.names.index("service")).statistics
        if told is not None and not (
            told.has_min_max and any(told.min <= service <= told.max for service in _CLOCK_SERVICES)
        ):
            continue
        theirs = pc.is_in(file.read_row_group(index, columns=["service"]).column("service"), services)
        if pc.any(theirs).as_py():
            table = file.read_row_group(index, columns=["time", "source", "line", "host", "message"]).filter(theirs)
            yield from table.set_column(0, "time", table.column("time").cast(pa.int64())).to_pylist()


def set_right(
    clocks: Mapping[str, SourceClock],
    surveys: Iterable[Survey],
    verdicts: Sequence[Verdict],
    steps: Sequence[Step] = (),
    rejected: frozenset[str] = frozenset(),
) -> dict[str, SourceClock]:
    """Give all clocks, those of the judged hosts set right; what a person stated is left alone.

    Where a daemon says by how much it stepped a clock, that is believed, and not what was measured around it. What
    is not sure, and what a person rejected (``rejected``: ids as `afterlog.clock.naming` gives them), only gets a
    reason.
    """
    by_host = {verdict.host: verdict for verdict in verdicts}
    result = dict(clocks)
    for survey in surveys:
        verdict = by_host.get(survey.host or "")
        clock = clocks[survey.path]
        told = [step for step in steps if step.host == survey.host]
        if clock.offset_why or not (told or verdict):
            continue
        if told:
            right = _stepped(clock, told)
            result[survey.path] = _unless_rejected(clock, right, survey, rejected)
        elif verdict is None:
            continue
        elif verdict.kind == "unsure":
            result[survey.path] = replace(clock, offset_why=verdict.why)
        elif verdict.kind == "clock":
            offsets, at = verdict.skew.offsets_s, verdict.skew.at_us
            right = replace(clock, offset_at_us=at, offsets_s=offsets, offset_why=verdict.why)
            result[survey.path] = _unless_rejected(clock, right, survey, rejected)
        elif survey.zoneless and clock.zone_basis in _UNSETTLED:
            right = _in_zone(clock, verdict)
            if clock_id(survey.host or survey.path, "zone") in rejected:
                right = replace(clock, zone_why=f"{clock.zone_why}; {REJECTED}{right.zone}, {right.zone_why}")
            result[survey.path] = right
    return result


def _unless_rejected(clock: SourceClock, right: SourceClock, survey: Survey, rejected: frozenset[str]) -> SourceClock:
    if clock_id(survey.host or survey.path, "offset") not in rejected:
        return right
    return replace(clock, offset_why=f"{REJECTED}{right.offset_why}")


def _stepped(clock: SourceClock, steps: Sequence[Step]) -> SourceClock:
    first = steps[0]
    why = f"{SET_BY_DAEMON}{first.forward_s:+.3f} s ({first.where})" + (
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
