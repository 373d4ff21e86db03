"""From a family, a rate and a seed to a scenario: the same every time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from afterlog.detect import Stream
from benchmarks.outages.families import FAMILIES, OPTIONS, World
from benchmarks.outages.traffic import Traffic, arrivals, diurnal, populate, route_of
from benchmarks.outages.truth import Scenario, Truth

RATES = (0.02, 0.2, 2.0, 20.0, 200.0, 5000.0)
BASELINES = (0.0, 1e-4, 0.005, 0.05)
MOST_EVENTS = 5_000_000
START_US = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z
SKIPPED_US = 1_774_749_600_000_000  # 2026-03-29T02:00:00 as Berlin's wall clock never showed it


def scenarios(
    seeds: range, rates: tuple[float, ...], families: tuple[str, ...], resolution_us: int, most_events: int
) -> Iterator[Scenario]:
    """Yield every family at every rate below 200/s for each seed, and at one of the higher rates in turn."""
    low = [r for r in rates if r < 200]
    high = [r for r in rates if r >= 200]
    for seed in seeds:
        for i, name in enumerate(families):
            picked = low + ([high[(seed + i) % len(high)]] if high else [])
            for rate in picked:
                yield simulate(name, rate, seed, resolution_us=resolution_us, most_events=most_events)


def simulate(name: str, rate: float, seed: int, *, resolution_us: int = 1, most_events: int = MOST_EVENTS) -> Scenario:
    """Return the scenario of one family at one arrival rate per second; ``resolution_us`` truncates the stamps."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), round(rate * 1000)])
    options = OPTIONS[name]
    baseline = float(options.get("baseline", rng.choice(BASELINES)))
    seconds = min(options.get("days", 1) * 86_400, most_events / rate)
    depth = options.get("depth", float(rng.choice([0.0, 0.6])))
    shape = diurnal(rng, seconds, depth)
    hosts = int(options.get("hosts", rng.choice([1, 3])))
    traffic = populate(rng, arrivals(rng, seconds, rate, shape), hosts)
    traffic.p[:] = baseline
    world = World(rng, seconds, rate, baseline, hosts)
    traffic, truths, notes = FAMILIES[name](world, traffic)
    traffic.status[rng.random(traffic.time.size) < traffic.p] = 503
    healthy = traffic.status == 200
    traffic.status[healthy & (rng.random(traffic.time.size) < 0.02)] = 404
    skipped = notes.get("skipped")
    begin = SKIPPED_US - round(skipped[0] * 1e6) if isinstance(skipped, tuple) else START_US
    shifted = tuple(
        Truth(t.kind, t.start_us + begin, t.end_us + begin, t.rate, t.step, t.open_start, t.open_end) for t in truths
    )
    stream, status = _stream(traffic, notes, seconds, resolution_us, begin)
    label = f"{name} at {rate:g}/s, baseline {baseline:g}, seed {seed}"
    return Scenario(label, name, seed, rate, baseline, stream, shifted, status, zoneless=skipped is not None)


def _stream(
    t: Traffic, notes: dict[str, object], seconds: float, resolution_us: int, begin: int
) -> tuple[Stream, np.ndarray]:
    time = t.time.copy()
    shift = notes.get("shift")
    if isinstance(shift, tuple):
        time[t.host == shift[0]] += shift[1]
    kept = np.flatnonzero((time >= 0) & (time < seconds))
    order = kept[np.argsort(time[kept], kind="stable")]
    stamps = begin + np.floor(time[order] * 1e6).astype(np.int64) // resolution_us * resolution_us
    status = t.status[order].astype(np.int16)
    cuts = notes.get("rotation", ())
    rotation = tuple(begin + round(float(c) * 1e6) for c in cuts) if isinstance(cuts, tuple) else ()
    stream = Stream(
        time_us=stamps,
        failed=status >= 500,
        client=t.client[order].astype(np.int32),
        signature=t.signature[order].astype(np.int32),
        client_error=(status >= 400) & (status < 500),
        host=t.host[order].astype(np.int32),
        resolution_us=resolution_us,
        start_us=begin,
        end_us=begin + round(seconds * 1e6),
        gaps=((SKIPPED_US, SKIPPED_US + 3_600_000_000),) if "skipped" in notes else (),
        rotation_us=rotation,
        route=route_of(t.signature[order]).astype(np.int32),
    )
    return stream, status
