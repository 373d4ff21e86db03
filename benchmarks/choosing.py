"""Choosing: the CPU that recognising a thousand small files of mixed formats costs.

Each file holds twenty true lines, the samples of one parser; ``python -m benchmarks.choosing`` prints the seconds.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Final

from afterlog.layout import Lines
from afterlog.parser import LearningParser, LineParser, Parser
from afterlog.registry import registry

FILES: Final = 1_000
LINES: Final = 20
_LONGEST: Final = 20_000  # bytes of a sample


def heads(count: int = FILES, seed: int = 7) -> list[tuple[str, bytes]]:
    """Make files: the name of the parser whose samples they hold, and their bytes."""
    rng = random.Random(seed)
    alone = [parser for parser in registry() if _stands_alone(parser)]
    files = []
    for number in range(count):
        parser = alone[number % len(alone)]
        good = [s.text for s in parser.samples if s.expect is not None and len(s.text) < _LONGEST]
        files.append((parser.name, b"\n".join(rng.choice(good).rstrip(b"\n") for _ in range(LINES))))
    return files


def _stands_alone(parser: Parser) -> bool:
    return not isinstance(parser, LearningParser) and not (isinstance(parser, LineParser) and parser.inside)


def main() -> None:
    """Print the CPU of choosing, and who was not recognised."""
    files, parsers = heads(), registry()
    for _name, text in files[:200]:  # patterns are compiled once
        parsers.choose("a.log", Lines.of(text))
    begin = time.process_time()
    chosen = [parsers.choose("a.log", Lines.of(text)) for _name, text in files]
    took = time.process_time() - begin
    print(f"{len(files)} files, {len(list(parsers))} parsers: {took:.2f} s of CPU")
    missed = Counter(
        (name, parser.name if parser else "none")
        for (name, _text), parser in zip(files, chosen, strict=True)
        if parser is None or parser.name != name
    )
    for (name, other), count in missed.most_common():
        print(f"  {name}: {count} times {other}")


if __name__ == "__main__":
    main()
