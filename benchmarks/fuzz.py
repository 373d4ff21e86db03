"""A million spoilt lines for each format: nothing may raise, every line is accounted for, kernel and regex agree.

``python -m benchmarks.fuzz --lines 1000000 --only access,java`` takes the samples of each parser, spoils them by a
seeded generator (bytes changed, cut, doubled, swapped between lines, line ends and control bytes put in) and reads
them in blocks as an ingest does. Prints lines, events, continuations and rejects of each format, and ends with an
error where a law is broken.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import typer

from afterlog.clock import Clock, SourceClock
from afterlog.intake.matching import match_parts
from afterlog.intake.parsing import parse
from afterlog.parser import LearningParser, LineParser, Lines, Parser
from afterlog.registry import registry
from afterlog.source import Block

BLOCK_LINES = 20_000
"""Lines of one block; an ingest's blocks hold about as many."""
_EVERY = 10  # so many blocks apart the regexes, which are slow, are asked as well
_LONGEST = 4_000
_SPICE = (
    b"\x00",
    b"\xff\xfe",
    b"\x1b[31m",
    b"\r",
    b"\n",
    b'"',
    b"\\",
    b" ",
    b"\t",
    b"[",
    b"]",
    b"{",
    b"=",
    b"-",
    b"\xe2\x80\xae",
    b"9" * 20,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the lines of one format; ``broken`` says which law does not hold."""

    name: str
    lines: int = 0
    events: int = 0
    continued: int = 0
    rejected: int = 0
    seconds: float = 0.0
    broken: str = ""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Lines, events, continuations, rejects."""
        return self.lines, self.events, self.continued, self.rejected


def main(
    lines: Annotated[int, typer.Option(help="Lines for each format.")] = 1_000_000,
    only: Annotated[str, typer.Option(help="Names of parsers, with commas between.")] = "",
    seed: Annotated[int, typer.Option(help="Of the generator.")] = 1,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Spoil the samples of every format and read them."""
    names = [parser.name for parser in registry() if not only or parser.name in only.split(",")]
    broken = 0
    with ProcessPoolExecutor(jobs) as pool:
        for told in pool.map(fuzz, names, [lines] * len(names), [seed] * len(names)):
            broken += bool(told.broken)
            print(_row(told), flush=True)
    print(f"{len(names)} formats, {broken} broken")
    sys.exit(1 if broken else 0)


def _row(told: Told) -> str:
    rate = told.lines / max(told.seconds, 1e-9) / 1000
    counts = {"lines": told.lines, "events": told.events, "continued": told.continued, "rejected": told.rejected}
    columns = "  ".join(f"{count:>9,} {what}" for what, count in counts.items())
    return f"{told.name:24}{columns}  {rate:6.0f} thousand lines/s  {told.broken}".rstrip()


def fuzz(name: str, lines: int, seed: int) -> Told:
    """Read so many spoilt lines with one parser."""
    parser = registry()[name]
    rng = np.random.default_rng([seed, *name.encode()])
    told = Told(name)
    began = time.process_time()
    for number, block in enumerate(_blocks(parser, rng, lines)):
        try:
            counts = _read(parser, block)
            if number % _EVERY == 0:
                _agree(parser, block)
        except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
            told = replace(told, broken=f"BROKEN in block {number}: {type(error).__name__}: {error}")
            break
        count, events, continued, rejected = (old + new for old, new in zip(told.counts, counts, strict=True))
        told = Told(name, count, events, continued, rejected)
    return replace(told, seconds=time.process_time() - began)


def _blocks(parser: Parser, rng: np.random.Generator, lines: int) -> Iterator[bytes]:
    samples = [sample.text for sample in parser.samples if len(sample.text) <= _LONGEST]
    made = 0
    while made < lines:
        pieces: list[bytes] = []
        size = 0
        while size < min(BLOCK_LINES, lines - made):
            text = samples[int(rng.integers(len(samples)))]
            if rng.random() < 0.7:
                text = spoilt(text, samples, rng)
            pieces.append(text)
            size += text.count(b"\n") + 1
        made += size
        yield b"\n".join(pieces) + b"\n"


def spoilt(text: bytes, samples: list[bytes], rng: np.random.Generator) -> bytes:
    """Change a text in one to three places."""
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(text) + 1))
        kind = int(rng.integers(7))
        if kind == 0:
            text = text[:at] + bytes([int(rng.integers(256))]) + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at + int(rng.integers(1, 30)) :]
        elif kind == 2:
            text = text[:at] + text[at : at + 40] + text[at:]
        elif kind == 3:
            other = samples[int(rng.integers(len(samples)))]
            text = text[:at] + other[int(rng.integers(len(other) + 1)) :]
        elif kind == 4:
            text = text[:at]
        else:
            text = text[:at] + _SPICE[int(rng.integers(len(_SPICE)))] + text[at:]
    return text


def _read(parser: Parser, block: bytes) -> tuple[int, int, int, int]:
    """Read a block; give lines, events, continuations and rejects, which must add up.

    Raises:
        ArithmeticError: they do not.

    """
    clock = Clock(SourceClock(year=2022))
    if isinstance(parser, LineParser) and parser.inside:
        lines = Lines.of(block)
        parts = match_parts(parser, lines, {}, registry())
        events = sum(len(part.rows) for part in parts)
        joined = sum(len(part.joined) for part in parts)
        rows = np.concatenate([np.empty(0, np.int64), *(part.rows for part in parts), *(part.joined for part in parts)])
        if len(np.unique(rows)) != len(rows):
            raise ArithmeticError("a line became two")
        return len(lines), events, joined, len(lines) - events - joined
    count = events = continued = rejected = 0
    for parsed in parse(parser, iter([Block(block, 1, 0)]), registry()):
        count += parsed.lines
        continued += parsed.continuations
        rejected += len(parsed.rejects)
        if parsed.batch is not None:
            events += len(np.unique(parsed.line))
            clock.resolve(parsed.batch.times)
    wanted = len(Lines.of(block))
    if isinstance(parser, LearningParser) and not count:
        return wanted, 0, 0, wanted  # nothing could be learned
    if not count == wanted == events + continued + rejected:
        raise ArithmeticError(
            f"{wanted} lines, but {count} = {events} events + {continued} continued + {rejected} rejected"
        )
    return count, events, continued, rejected


def _agree(parser: Parser, block: bytes) -> None:
    """Compare the kernel of each layout with its regex.

    Raises:
        ArithmeticError: they match different lines.

    """
    if not isinstance(parser, LineParser):
        return
    lines = Lines.of(block)
    for layout in parser.layouts:
        fast, slow = layout.match(lines), layout.match_regex(lines)
        if not np.array_equal(fast.rows, slow.rows):
            odd = int(np.setxor1d(fast.rows, slow.rows)[0])
            raise ArithmeticError(f"{layout.pattern}: kernel and regex differ on {lines.bytes(odd)[:200]!r}")
        for field in fast.types:
            if not all(np.array_equal(a, b) for a, b in zip(fast.span(field), slow.span(field), strict=True)):
                raise ArithmeticError(f"{layout.pattern}: kernel and regex differ in {field}")


if __name__ == "__main__":
    typer.run(main)
