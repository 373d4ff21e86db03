"""Aligning: after a first reading, hosts whose clocks disagree are found and their sources' clocks set right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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
_UNSETTLED: Final = (TimeBasis.ZONE_INFERRED, TimeBasis.ZONE_ASSUMED)


def judged(parts: Sequence[Path], clocks: Mapping[str, SourceClock], surveys: Iterable[Survey]) -> list[Verdict]:
    """Measure the clocks of all hosts against each other, from the requests in the parts that were read."""
    if not parts:
        return []
    data = ds.dataset([str(part) for part in parts], format="parquet")
    if not set(_COLUMNS) <= set(data.schema.names):
        return []
    table = data.to_table(columns=_COLUMNS, filter=pc.field("kind") == str(Kind.REQUEST))
    if not pc.any(pc.is_valid(table.column("upstream"))).as_py():
        return []  # without a proxy there is nobody to compare with
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


def set_right(
    clocks: Mapping[str, SourceClock], surveys: Iterable[Survey], verdicts: Sequence[Verdict]
) -> dict[str, SourceClock]:
    """Give all clocks, those of the judged hosts set right; what a person stated is left alone."""
    by_host = {verdict.host: verdict for verdict in verdicts if verdict.kind != "unsure"}
    result = dict(clocks)
    for survey in surveys:
        verdict = by_host.get(survey.host or "")
        clock = clocks[survey.path]
        if verdict is None or clock.offset_why:
            continue
        if verdict.kind == "clock":
            offsets, at = verdict.skew.offsets_s, verdict.skew.at_us
            result[survey.path] = replace(clock, offset_at_us=at, offsets_s=offsets, offset_why=verdict.why)
        elif survey.zoneless and clock.zone_basis in _UNSETTLED:
            result[survey.path] = _in_zone(clock, verdict)
    return result


def _in_zone(clock: SourceClock, verdict: Verdict) -> SourceClock:
    """Shift an inferred or assumed zone: lines that seem late were written further east."""
    at = verdict.skew.at_us[0]
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone_of(clock.zone))
    offset = moment.utcoffset() or timedelta(0)
    east = int(offset.total_seconds()) + verdict.zone_shift_s
    return replace(clock, zone=offset_name(east), zone_basis=TimeBasis.ZONE_INFERRED, zone_why=verdict.why)
