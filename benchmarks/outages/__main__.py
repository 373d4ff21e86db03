"""Run the detector on simulated streams: ``python -m benchmarks.outages --seeds 100:110``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from afterlog.detect import Stream, detect
from benchmarks.outages.behind import behind
from benchmarks.outages.behind import report as behind_report
from benchmarks.outages.endtoend import through_files
from benchmarks.outages.families import FAMILIES
from benchmarks.outages.foreign import foreign
from benchmarks.outages.foreign import report as foreign_report
from benchmarks.outages.report import report, summary
from benchmarks.outages.score import Interval, Score, score
from benchmarks.outages.simulate import MOST_EVENTS, RATES, scenarios
from benchmarks.outages.textbook import METHODS
from benchmarks.outages.weaker import report as weaker_report
from benchmarks.outages.weaker import weaker
from benchmarks.outages.writer import write


def ours(stream: Stream) -> list[Interval]:
    """Return what the detector calls outages: neither blips nor single culprits."""
    return [
        (e.start.time_us, e.start.low_us, e.start.high_us, e.end.time_us, e.end.low_us, e.end.high_us)
        for e in detect(stream).excursions
        if e.level != "blip" and not e.single
    ]


def main() -> None:
    options = _options()
    first, last = (int(x) for x in options.seeds.split(":"))
    rates = tuple(float(r) for r in options.rates.split(",")) if options.rates else RATES
    names = tuple(n for n in FAMILIES if not options.families or n in options.families.split(","))
    resolution = 1_000_000 if options.whole_seconds or options.end_to_end else 1
    if options.weaker:
        signs = sorted(weaker(range(first, last), rates), key=lambda one: (one.sign, one.shape, one.rate))
        print(weaker_report(signs))
        return
    if options.behind:
        with tempfile.TemporaryDirectory(prefix="outages-") as root:
            print(behind_report(list(behind(range(first, last), rates, Path(root)))))
        return
    if options.foreign:
        with tempfile.TemporaryDirectory(prefix="outages-") as root:
            print(foreign_report(list(foreign(range(first, last), rates, Path(root), aloud=options.verbose))))
        return
    methods: dict[str, Callable[[Stream], list[Interval]]] = {"this detector": ours}
    if options.compare:
        methods |= METHODS
    results: dict[str, list[Score]] = {name: [] for name in methods}
    folder = tempfile.TemporaryDirectory(prefix="outages-")
    for scenario in scenarios(range(first, last), rates, names, resolution, options.most_events):
        if options.write:
            write(scenario, Path(options.write))
            continue
        if options.end_to_end:
            done = through_files(scenario, Path(folder.name))
            if done is not None:
                _keep(results["this detector"], score(scenario, *done), done[0], options.verbose)
            continue
        for name, method in methods.items():
            begun = time.process_time()
            found = method(scenario.stream)
            one = score(scenario, found, time.process_time() - begun)
            _keep(results[name], one, found, options.verbose and name == "this detector")
    if options.write:
        return
    how = "through files, " if options.end_to_end else ""
    print(f"{how}seeds {options.seeds}, rates {', '.join(f'{r:g}' for r in rates)}, stamps of {resolution / 1e6:g} s\n")
    print(report(results["this detector"], resolution))
    if options.compare:
        print(
            "| method | P | R | F1 | false per negative | start median / p95 s | CPU s |\n|---|---|---|---|---|---|---|"
        )
        for name, scores in results.items():
            print(f"| {name} | {summary(scores)} |")


def _keep(scores: list[Score], one: Score, found: list[Interval], aloud: bool) -> None:
    scores.append(one)
    if aloud and (one.misses or one.false):
        _complain(one, found)


def _complain(one: Score, found: list[Interval]) -> None:
    base = one.scenario.stream.start_us
    truths = [(round((t.start_us - base) / 1e6, 1), round((t.end_us - base) / 1e6, 1)) for t in one.scenario.truths]
    reports = [(round((r[0] - base) / 1e6, 1), round((r[3] - base) / 1e6, 1)) for r in found]
    weights = [round(d, 1) for _, d in one.misses]
    print(f"{one.scenario.name}: true {truths}, found {reports}, missed D {weights}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outages", description=__doc__)
    parser.add_argument("--seeds", default="100:110", help="first:last, last excluded")
    parser.add_argument("--rates", default="", help="requests per second, separated by commas")
    parser.add_argument("--families", default="", help="names, separated by commas")
    parser.add_argument("--most-events", type=int, default=MOST_EVENTS, help="windows are shortened to hold no more")
    parser.add_argument("--whole-seconds", action="store_true", help="truncate stamps to seconds, as in logs")
    parser.add_argument("--end-to-end", action="store_true", help="write logs, ingest, analyse, score what is told")
    parser.add_argument("--weaker", action="store_true", help="slow requests and missing requests instead")
    parser.add_argument("--behind", action="store_true", help="one outage that two services saw instead, through files")
    parser.add_argument(
        "--foreign", action="store_true", help="another world's traffic, faults and logs, through files"
    )
    parser.add_argument("--compare", action="store_true", help="also run the textbook methods")
    parser.add_argument("--write", default="", help="write access logs and truth.json into this directory instead")
    parser.add_argument("--verbose", action="store_true", help="name every miss and false alarm on stderr")
    return parser.parse_args()


if __name__ == "__main__":
    main()
