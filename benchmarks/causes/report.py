"""Scores as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.causes.score import Score, reciprocal

_HEAD = "| n | hit@1 | hit@3 | MRR | abstained |"


def report(results: Mapping[str, Sequence[Score]]) -> str:
    """Return tables: methods, families, calibration of the first method."""
    own = next(iter(results.values()))
    parts = ["| method " + _HEAD + " false blame |", "|---|---|---|---|---|---|---|"]
    parts += [f"| {name} | {_row(scores)} | {_blame(scores)} |" for name, scores in results.items()]
    parts += ["", "| family " + _HEAD + " false blame |", "|---|---|---|---|---|---|---|"]
    for family in dict.fromkeys(s.family for s in own):
        for size in sorted({s.changes for s in own}):
            chosen = [s for s in own if s.family == family and s.changes == size]
            parts.append(f"| {family}, {size} changes | {_row(chosen)} | {_blame(chosen)} |")
    return "\n".join([*parts, "", *_calibration(own)]) + "\n"


def _row(scores: Sequence[Score]) -> str:
    guilty = [s for s in scores if s.guilty]
    if not guilty:
        return f"{len(scores)} | - | - | - | {_share(s.verdict == 'no-change-explains-it' for s in scores)}"
    first, third = _share(s.place == 1 for s in guilty), _share(0 < s.place <= 3 for s in guilty)
    abstained = _share(s.verdict == "no-change-explains-it" for s in scores)
    return f"{len(scores)} | {first} | {third} | {reciprocal(guilty):.3f} | {abstained}"


def _blame(scores: Sequence[Score]) -> str:
    negative = [s for s in scores if s.negative]
    if not negative:
        return "-"
    likely = _share(s.blames and s.verdict == "likely" for s in negative)
    return f"{_share(s.blames for s in negative)} (called likely {likely})"


def _share(flags: Iterable[bool]) -> str:
    values = list(flags)
    return f"{sum(values) / max(len(values), 1):.3f}"


def _calibration(scores: Sequence[Score]) -> list[str]:
    """Compare confidence in the first suspect with how often it is right, per tenth."""
    rows = ["| confidence | n | mean confidence | right | difference |", "|---|---|---|---|---|"]
    for tenth in range(10):
        chosen = [s for s in scores if s.first and min(int(s.confidence * 10), 9) == tenth]
        if chosen:
            mean = sum(s.confidence for s in chosen) / len(chosen)
            right = sum(s.right for s in chosen) / len(chosen)
            name = f"{tenth / 10:.1f}-{tenth / 10 + 0.1:.1f}"
            rows.append(f"| {name} | {len(chosen)} | {mean:.3f} | {right:.3f} | {right - mean:+.3f} |")
    return rows
