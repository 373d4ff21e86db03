"""Rank the causes of simulated incidents: ``python -m benchmarks.causes --seeds 100:200``.

With ``--end-to-end`` incidents are written as directories of logs and told by the whole tool.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.causes.endtoend import hear, told
from benchmarks.causes.families import FAMILIES, incidents
from benchmarks.causes.played import PLAYED
from benchmarks.causes.report import report
from benchmarks.causes.score import METHODS, Score, ours, score


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    parser.add_argument("--seeds", default="100:200", help="first:last, last excluded")
    parser.add_argument("--changes", default="47,151", help="ordinary changes in the day before, separated by commas")
    parser.add_argument("--families", default="", help="names, separated by commas")
    parser.add_argument("--verbose", action="store_true", help="tell every wrong answer on stderr")
    parser.add_argument("--end-to-end", action="store_true", help="play incidents through log files")
    options = parser.parse_args()
    first, last = (int(x) for x in options.seeds.split(":"))
    if options.end_to_end:
        play_through(options, range(first, last))
        return
    sizes = tuple(int(x) for x in options.changes.split(","))
    names = tuple(n for n in FAMILIES if not options.families or n in options.families.split(","))
    results: dict[str, list[Score]] = {name: [] for name in METHODS}
    begun = time.process_time()
    spent = 0.0
    for incident in incidents(range(first, last), sizes, names):
        outage = incident.outage()
        size = min(sizes, key=lambda n: abs(n - len(incident.changes)))
        for name, method in METHODS.items():
            since = time.process_time()
            answer = method(incident, outage)
            spent += (time.process_time() - since) * (method is ours)
            one = score(incident, answer, size)
            results[name].append(one)
            if options.verbose and method is ours and not one.right and (one.guilty or one.blames):
                print(f"{one.family}: guilty {one.guilty}, said {one.first} {one.confidence:.2f}", file=sys.stderr)
    print(f"seeds {options.seeds}; {len(results['this ranking'])} incidents\n")
    print(report(results))
    print(f"{spent / max(len(results['this ranking']), 1) * 1000:.1f} ms per ranking", file=sys.stderr)
    print(f"{time.process_time() - begun:.0f} s", file=sys.stderr)


def play_through(options: argparse.Namespace, seeds: range) -> None:
    heard = []
    for one in hear([n for n in PLAYED if not options.families or n in options.families.split(",")], seeds):
        heard.append(one)
        if options.verbose and (one.place != 1 if one.expected else one.blames):
            print(f"{one.name} {one.seed}: said {one.first or '-'} {one.confidence:.2f} {one.verdict}", file=sys.stderr)
    print(f"seeds {options.seeds}; {len(heard)} incidents through files\n")
    print(told(heard))


if __name__ == "__main__":
    main()
