"""Streams as Apache combined access logs, one directory per scenario, the truth beside it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.outages.truth import Scenario

_MOST_LINES = 2_000_000


def write(scenario: Scenario, root: Path) -> Path | None:
    """Write ``root/<slug>/logs/<host>/access.log`` and ``root/<slug>/truth.json``; give ``root/<slug>``.

    None, and nothing is written, for more than 2 million lines.
    """
    stream = scenario.stream
    if stream.time_us.size > _MOST_LINES:
        return None
    slug = re.sub(r"[^a-z0-9.]+", "-", scenario.name.lower()).strip("-")
    place = root / slug
    if scenario.zoneless:
        logs = place / "logs" / "lb-01"
        logs.mkdir(parents=True, exist_ok=True)
        (logs / "haproxy.log").write_text("".join(_proxy_lines(scenario)), encoding="ascii")
    for host in () if scenario.zoneless else np.unique(stream.host):
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
    return place


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
        agent = f"Mozilla/5.0 (agent {signature % 7})"
        request = f'"GET {_path(signature)} HTTP/1.1" {code} 512 "-" "{agent}"'
        lines.append(f"{_address(client)} - - [{stamp}] {request}\n")
    return lines


def _proxy_lines(scenario: Scenario) -> list[str]:
    """Return the lines of a HAProxy, which prints no offset (https://docs.haproxy.org/3.0/configuration.html#8.2.3)."""
    stream = scenario.stream
    lines = []
    rows = zip(stream.time_us.tolist(), stream.client.tolist(), stream.signature.tolist(), stream.host.tolist(),
               np.asarray(scenario.status).tolist(), strict=True)  # fmt: skip
    for number, (time_us, client, signature, host, code) in enumerate(rows):
        at = datetime.fromtimestamp(time_us // 1_000_000, UTC)
        lines.append(
            f"{at:%b} {at.day:2d} {at:%H:%M:%S} lb-01 haproxy[714]: {_address(client)}:{20_000 + number % 40_000} "
            f"[{at:%d/%b/%Y:%H:%M:%S}.000] fe_main bk_main/web-{host + 1:02d} 0/0/1/20/21 {code} 512 - - ---- "
            f'1/1/0/0/0 0/0 "GET {_path(signature)} HTTP/1.1"\n'
        )
    return lines


def _address(client: int) -> str:
    return f"10.{client >> 16 & 255}.{client >> 8 & 255}.{client & 255}"


def _path(signature: int) -> str:
    return f"/{_ROUTES[signature % 12]}/{signature}" if signature < 1000 else f"/probe/{signature}"


_ROUTES = "login cart search item order user feed api news help about blog".split()
