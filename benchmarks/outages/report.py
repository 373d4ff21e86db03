"""Scores as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.outages.score import Edge, Score, is_negative

Key = Callable[[Score], object]


def report(scores: Sequence[Score], resolution_us: int) -> str:
    """Return tables: overall, by rate, by family, by detectability."""
    parts = [_overall(scores, resolution_us)]
    parts.append(_table("by rate", scores, lambda s: s.scenario.arrivals, resolution_us))
    parts.append(_table("by family", scores, lambda s: s.scenario.family, resolution_us))
    parts.append(_by_detectability(scores))
    return "\n\n".join(parts) + "\n"


def _prf(scores: Sequence[Score]) -> tuple[float, float, float, int]:
    hits = sum(len(s.hits) for s in scores)
    misses = sum(len(s.misses) for s in scores)
    false = sum(s.false for s in scores)
    p = hits / (hits + false) if hits + false else 1.0
    r = hits / (hits + misses) if hits + misses else 1.0
    return p, r, 2 * p * r / (p + r) if p + r else 0.0, false


def summary(scores: Sequence[Score]) -> str:
    """Return one line: P, R, F1, false alarms per negative day, start errors."""
    p, r, f, _ = _prf(scores)
    negative = [s for s in scores if is_negative(s.scenario)]
    false = sum(s.false for s in negative) / max(len(negative), 1)
    starts = [e.error_s for s in scores for e in s.edges if e.which == "start"]
    middle, high = np.quantile(starts, (0.5, 0.95)) if starts else (0.0, 0.0)
    cpu = sum(s.cpu_s for s in scores)
    return f"{p:.3f} | {r:.3f} | {f:.3f} | {false:.3f} | {middle:.2f} / {high:.1f} | {cpu:.0f}"


def _overall(scores: Sequence[Score], resolution_us: int) -> str:
    p, r, f, _ = _prf(scores)
    negative = [s for s in scores if is_negative(s.scenario)]
    days = sum((s.scenario.stream.end_us - s.scenario.stream.start_us) / 86.4e9 for s in negative)
    false = sum(s.false for s in negative)
    bins = sum((s.scenario.stream.end_us - s.scenario.stream.start_us) / 1e6 for s in scores)
    events = sum(s.scenario.stream.time_us.size for s in scores)
    cpu = sum(s.cpu_s for s in scores)
    return (
        f"{len(scores)} scenarios: P {p:.3f}, R {r:.3f}, **F1 {f:.3f}**; {false} false alarms in {len(negative)} "
        f"negative scenarios ({days:.0f} days); {cpu / bins * 1e6:.2f} s CPU per million bins, "
        f"{cpu / max(events, 1) * 1e7:.2f} s per 10 million events; {edge_words(scores, resolution_us)}"
    )


def edge_words(scores: Sequence[Score], resolution_us: int) -> str:
    """Return error against the limit and coverage, of steps and ramps, with half a stamp's step granted."""
    edges = [e for s in scores for e in s.edges]
    words = []
    for name, chosen in (
        ("steps", [e for e in edges if e.truth.step]),
        ("ramps", [e for e in edges if not e.truth.step]),
    ):
        if chosen:
            covered = np.mean([e.covered for e in chosen])
            ratio = f"error p95 {_ratio(chosen, resolution_us):.2f} x limit"
            words.append(f"{name}: {ratio}, coverage {covered:.3f} of {len(chosen)}")
    return "; ".join(words)


def _ratio(edges: Sequence[Edge], resolution_us: int) -> float:
    granted = resolution_us / 2e6 if resolution_us > 1 else 0.0
    ratios = [max(e.error_s - granted, 0) / max(e.limit_s, 1e-9) for e in edges]
    return float(np.quantile(ratios, 0.95)) if ratios else float("nan")


def _table(title: str, scores: Sequence[Score], key: Key, resolution_us: int) -> str:
    rows = [
        f"| {title} | n | P | R | F1 | false | start median / p95 s | end median / p95 s | p95 / limit | coverage |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for value in sorted({key(s) for s in scores}, key=lambda v: (isinstance(v, str), v)):
        chosen = [s for s in scores if key(s) == value]
        p, r, f, false = _prf(chosen)
        edges = [e for s in chosen for e in s.edges]
        covered = f"{np.mean([e.covered for e in edges]):.2f}" if edges else "-"
        steps = [e for e in edges if e.truth.step]
        ratio = f"{_ratio(steps, resolution_us):.2f}" if steps else "-"
        cells = [value, len(chosen), f"{p:.3f}", f"{r:.3f}", f"{f:.3f}", false]
        cells += [_errors(edges, "start"), _errors(edges, "end"), ratio, covered]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


def _errors(edges: Sequence[Edge], which: str) -> str:
    errors = [e.error_s for e in edges if e.which == which]
    if not errors:
        return "-"
    middle, high = np.quantile(errors, (0.5, 0.95))
    return f"{middle:.2f} / {high:.1f}"


def _by_detectability(scores: Sequence[Score]) -> str:
    rows = ["| D, nats | outages | recall |", "|---|---|---|"]
    stops = (0, 10, 20, 40, 100, float("inf"))
    for low, high in pairwise(stops):
        hits = sum(low <= d < high for s in scores for _, d in s.hits)
        misses = sum(low <= d < high for s in scores for _, d in s.misses)
        if hits + misses:
            rows.append(f"| {low}-{high} | {hits + misses} | {hits / (hits + misses):.3f} |")
    return "\n".join(rows)
