"""One outage that two services saw: a proxy, and the program behind it, which calls its requests otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from afterlog.analysis import analyse
from afterlog.ingestion import Options, ingest
from benchmarks.outages.score import iou
from benchmarks.outages.simulate import simulate
from benchmarks.outages.truth import Scenario

LAYOUTS = ("the proxy names the server", "both on one machine")
FAULTS = ("it answers 500", "it is dead")


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one scenario: how many outages, whether the first is right, whether an inner view says it."""

    layout: str
    fault: str
    rate: float
    outages: int
    right: bool
    inner: bool


def behind(seeds: range, rates: tuple[float, ...], root: Path) -> Iterator[Told]:
    """Yield each layout with each fault at each rate for each seed, through log files."""
    for seed in seeds:
        for rate in rates:
            scenario = simulate("sharp 100 %", rate, seed, resolution_us=1_000_000, most_events=200_000)
            for layout in LAYOUTS:
                for fault in FAULTS:
                    place = root / "behind"
                    _write(scenario, place / "logs", named=layout == LAYOUTS[0], dead=fault == FAULTS[1])
                    case = ingest([place / "logs"], place / "case", Options(jobs=1))
                    yield _judged(scenario, analyse(case).outages, layout, fault)
                    shutil.rmtree(place)


def _judged(scenario: Scenario, outages: tuple[object, ...], layout: str, fault: str) -> Told:
    real = [one for one in outages if one.level != "blip" and not one.single]  # type: ignore[attr-defined]
    (truth,) = scenario.truths
    spans = [(one.start.time_us, one.end.time_us) for one in real]  # type: ignore[attr-defined]
    right = any(iou(span, (truth.start_us, truth.end_us)) >= 0.5 for span in spans)
    inner = any(view.kind != "healthy" for one in real for view in one.views)  # type: ignore[attr-defined]
    return Told(layout, fault, scenario.arrivals, len(real), right, inner)


def _write(scenario: Scenario, logs: Path, *, named: bool, dead: bool) -> None:
    """Write the proxy's log (HAProxy's, or nginx' combined one) and the program's (combined)."""
    stream = scenario.stream
    inner = logs / ("app-01" if named else "web-01") / "var/log/app/access.log"
    outer = logs / ("lb-01/var/log/haproxy.log" if named else "web-01/var/log/nginx/access.log")
    for file in (inner, outer):
        file.parent.mkdir(parents=True, exist_ok=True)
    status = np.asarray(scenario.status)
    seen, passed = [], []
    rows = zip(stream.time_us.tolist(), stream.client.tolist(), stream.signature.tolist(), status.tolist(), strict=True)
    for number, (time_us, client, page, code) in enumerate(rows):
        at = datetime.fromtimestamp(time_us // 1_000_000, UTC)
        address = f"10.{client >> 16 & 255}.{client >> 8 & 255}.{client & 255}"
        failing = code >= 500
        shown = (503 if dead else 500) if failing else code
        if named:
            seen.append(
                f"{at:%b} {at.day:2d} {at:%H:%M:%S} lb-01 haproxy[714]: {address}:{20_000 + number % 40_000} "
                f"[{at:%d/%b/%Y:%H:%M:%S}.000] fe_main bk_main/{'<NOSRV>' if dead and failing else 'app-01'} "
                f'0/0/1/20/21 {shown} 512 - - ---- 1/1/0/0/0 0/0 "GET /page/{page} HTTP/1.1"\n'
            )
        else:
            shown = 502 if dead and failing else shown
            seen.append(
                f'{address} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /page/{page} HTTP/1.1" {shown} 512 "-" "Mozilla"\n'
            )
        if not (dead and failing):
            stamp = f"{at:%d/%b/%Y:%H:%M:%S +0000}"
            passed.append(f'127.0.0.1 - - [{stamp}] "POST /rpc/render?page={page} HTTP/1.1" {shown} 99 "-" "proxy"\n')
    outer.write_text("".join(seen), encoding="ascii")
    inner.write_text("".join(passed), encoding="ascii")


def report(told: list[Told]) -> str:
    """Return a table by layout and fault."""
    rows = [
        "| layout | the program | cases | found | told as one outage | with what it saw |",
        "|---|---|---|---|---|---|",
    ]
    for key in dict.fromkeys((one.layout, one.fault) for one in told):
        own = [one for one in told if (one.layout, one.fault) == key]
        shares = [sum(flags) for flags in zip(*((o.right, o.outages == 1, o.inner) for o in own), strict=True)]
        rows.append(f"| {key[0]} | {key[1]} | {len(own)} | {' | '.join(map(str, shares))} |")
    return "\n".join(rows)
