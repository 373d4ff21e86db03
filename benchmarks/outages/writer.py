"""Streams as Apache combined access logs, one directory per scenario, the truth beside it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.outages.truth import Scenario

_MOST_LINES = 2_000_000


def write(scenario: Scenario, root: Path) -> None:
    """Write ``root/<slug>/logs/<host>/access.log`` and ``root/<slug>/truth.json``; skip more than 2 million lines."""
    stream = scenario.stream
    if stream.time_us.size > _MOST_LINES:
        return
    slug = re.sub(r"[^a-z0-9.]+", "-", scenario.name.lower()).strip("-")
    place = root / slug
    for host in np.unique(stream.host):
        logs = place / "logs" / f"web-{int(host) + 1:02d}"
        logs.mkdir(parents=True, exist_ok=True)
        _write_host(scenario, stream.host == host, logs)
    truth = {
        "family": scenario.family,
        "rate": scenario.arrivals,
        "baseline": scenario.baseline,
        "seed": scenario.seed,
        "start": _iso(stream.start_us),
        "end": _iso(stream.end_us),
        "outages": [
            {
                "kind": t.kind, "start": _iso(t.start_us), "end": _iso(t.end_us), "rate": t.rate, "step": t.step,
                "open_start": t.open_start, "open_end": t.open_end,
            }
            for t in scenario.truths
        ],
    }  # fmt: skip
    (place / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _iso(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="milliseconds")


def _write_host(scenario: Scenario, mask: np.ndarray, logs: Path) -> None:
    """Write one host's lines; each rotation instant begins a new file, the last one being ``access.log``."""
    stream = scenario.stream
    index = np.flatnonzero(mask)
    pieces = np.split(index, np.searchsorted(stream.time_us[index], sorted(stream.rotation_us)))
    pieces = [p for p in pieces if p.size]
    for age, piece in enumerate(reversed(pieces)):
        name = "access.log" if age == 0 else f"access.log.{age}"
        with (logs / name).open("w", encoding="ascii") as out:
            out.writelines(_lines(scenario, piece))


def _lines(scenario: Scenario, index: np.ndarray) -> list[str]:
    stream = scenario.stream
    status = np.asarray(scenario.status)[index]
    seconds = (stream.time_us[index] // 1_000_000).tolist()
    stamps: dict[int, str] = {}
    lines = []
    rows = zip(seconds, stream.client[index].tolist(), stream.signature[index].tolist(), status.tolist(), strict=True)
    for second, client, signature, code in rows:
        stamp = stamps.get(second)
        if stamp is None:
            stamp = stamps[second] = datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        address = f"10.{client >> 16 & 255}.{client >> 8 & 255}.{client & 255}"
        agent = f"Mozilla/5.0 (agent {signature % 7})"
        lines.append(f'{address} - - [{stamp}] "GET /route/{signature} HTTP/1.1" {code} 512 "-" "{agent}"\n')
    return lines
