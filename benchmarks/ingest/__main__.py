"""Measure us and the peers on the same files in one run, and write the table that the documentation shows.

Run: ``python -m benchmarks.ingest --mb 170 [--rounds 3] [--rates-mb 510] [--memory-mb 10000] [--docs FILE]``.
Corpora are made under ``--scratch`` and removed afterwards. Every figure is of a whole process, start-up included.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ingest import goals
from benchmarks.ingest.corpora import KINDS, write_corpus
from benchmarks.ingest.peers import Contestant, Cost, commands, contestants, measure, medians

_COMPARED_MB = 20


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    options.add_argument("--mb", type=int, default=170, help="size of each log, 10**6 bytes")
    options.add_argument("--rates-mb", type=int, default=510, help="size of the access log that is only counted")
    options.add_argument(
        "--memory-mb", type=int, default=0, help="also read an access log of this size and tell the peak memory"
    )
    options.add_argument("--run-mb", type=int, default=1000, help="size of the access log that a whole run is given")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--scratch", type=Path, default=Path("/tmp/afterlog-bench"))
    options.add_argument("--docs", type=Path, default=Path("docs/benchmarks-ingest.md"))
    chosen = options.parse_args()
    lines: list[str] = []
    try:
        for part in report(chosen):
            print("\n".join(part), flush=True)  # minutes pass between two parts
            lines += part
    finally:
        shutil.rmtree(chosen.scratch, ignore_errors=True)
    chosen.docs.parent.mkdir(parents=True, exist_ok=True)
    chosen.docs.write_text("\n".join(lines), encoding="utf-8")


def report(chosen: argparse.Namespace) -> Iterator[list[str]]:
    """Give the parts of the page as they are measured."""
    found: dict[str, float] = {}
    sizes = f"--mb {chosen.mb} --rates-mb {chosen.rates_mb} --run-mb {chosen.run_mb} --memory-mb {chosen.memory_mb}"
    yield [
        "# Ingest, measured",
        "",
        f"`python -m benchmarks.ingest {sizes}`:",
        f"whole processes, interleaved, medians of {chosen.rounds} rounds; CPU is user and system time of all threads;",
        "MB are 10⁶ bytes of log. Ours are started through the library, modules compiled, with one thread for linear",
        "algebra, as the command line sets it; the command line itself takes some 0.1 s of CPU more (typer, pydantic).",
        "",
    ]
    for kind in KINDS:
        file = write_corpus(kind, chosen.scratch / kind, chosen.mb, chosen.seed)
        everyone = contestants(kind, file, chosen.scratch)
        costs = medians(everyone, chosen.rounds)
        found[f"{kind}: MB per CPU s"] = file.stat().st_size / 1e6 / costs[0].cpu_s
        found |= {f"{kind}: {pair}, CPU": ratio for pair, ratio in ratios(everyone, costs).items()}
        yield section(f"{kind}, {file.stat().st_size / 1e6:.0f} MB", file, everyone, costs)
        shutil.rmtree(chosen.scratch / kind)
    yield counts(chosen, found)
    if chosen.run_mb:
        yield whole_run(chosen, found)
    if chosen.memory_mb:
        yield memory(chosen, found)
    yield agreement(chosen)
    yield goals.told(found)


def section(title: str, file: Path, everyone: list[Contestant], costs: list[Cost]) -> list[str]:
    size = file.stat().st_size / 1e6
    lines = [
        f"## {title}",
        "",
        "| tool | task | CPU s | MB per CPU s | wall s | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.label} | {one.task} | {cost.cpu_s:.2f} | {size / cost.cpu_s:.0f} "
        f"| {cost.wall_s:.2f} | {cost.peak_mb:.0f} |"
        for one, cost in zip(everyone, costs, strict=True)
    ]
    told = [f"- afterlog's {pair}: **{ratio:.2f}** of the CPU" for pair, ratio in ratios(everyone, costs).items()]
    return [*lines, "", *told, ""] if told else [*lines, ""]


def ratios(everyone: list[Contestant], costs: list[Cost]) -> dict[str, float]:
    """Give what ours takes of the CPU that a peer takes, by what is compared."""
    cpu = {(one.label, one.task): cost.cpu_s for one, cost in zip(everyone, costs, strict=True)}
    pairs = [
        ("all fields into a case", ("lnav", "counts per minute")),
        ("counts per minute", ("lnav", "counts per minute")),
        ("counts per minute", ("mawk", "counts per minute")),
    ]
    return {
        f"{ours} / {theirs[1]} by {theirs[0]}": cpu["afterlog", ours] / cpu[theirs]
        for ours, theirs in pairs
        if ("afterlog", ours) in cpu and theirs in cpu
    }


def counts(chosen: argparse.Namespace, found: dict[str, float]) -> list[str]:
    file = write_corpus("access", chosen.scratch / "rates", chosen.rates_mb, chosen.seed)
    everyone = [one for one in contestants("access", file, chosen.scratch) if one.task == "counts per minute"]
    costs = medians(everyone, chosen.rounds)
    found |= {f"counts only: {pair}, CPU": ratio for pair, ratio in ratios(everyone, costs).items()}
    lines = section(f"Counts only, access log of {file.stat().st_size / 1e6:.0f} MB", file, everyone, costs)
    shutil.rmtree(chosen.scratch / "rates")
    return lines


def whole_run(chosen: argparse.Namespace, found: dict[str, float]) -> list[str]:
    file = write_corpus("access", chosen.scratch / "whole", chosen.run_mb, chosen.seed)
    ours = commands(file, chosen.scratch)
    costs = medians(ours, chosen.rounds)
    lines = section(f"The whole run, access log of {file.stat().st_size / 1e6:,.0f} MB", file, ours, costs)
    cpu, wall = costs[1].cpu_s / costs[0].cpu_s, costs[1].wall_s / costs[0].wall_s
    found |= {"run / ingest, CPU": cpu, "run: peak MB": costs[1].peak_mb}
    shutil.rmtree(chosen.scratch / "whole")
    return [*lines, f"- run / ingest: **{cpu:.2f}** of the CPU, **{wall:.2f}** of the wall time", ""]


def agreement(chosen: argparse.Namespace) -> list[str]:
    # Loaded last: a child's peak memory is at least what its parent had when it was begun.
    from benchmarks.ingest.agreement import compare  # noqa: PLC0415

    lines = [
        "## Equal to the regex baseline",
        "",
        "Every row and every reject of the fast way against `Layout.match_regex`, as multisets.",
        "",
    ]
    lines += ["| log | rows | rejects | differing |", "|---|---|---|---|"]
    for kind in KINDS:
        found = compare(write_corpus(kind, chosen.scratch / "compare" / kind, _COMPARED_MB, chosen.seed + 1))
        told = f"{found.rows:,} | {found.rejects:,} | {found.differing:,}" if found else "no parser reads it | |"
        lines.append(f"| {kind}, {_COMPARED_MB} MB | {told} |")
    return [*lines, ""]


def memory(chosen: argparse.Namespace, found: dict[str, float]) -> list[str]:
    file = write_corpus("access", chosen.scratch / "memory", chosen.memory_mb, chosen.seed)
    ours = contestants("access", file, chosen.scratch)[0]
    cost = measure(ours)
    found["memory: peak MB"] = cost.peak_mb
    return section(f"Memory, access log of {chosen.memory_mb:,} MB", file, [ours], [cost])


if __name__ == "__main__":
    main()
