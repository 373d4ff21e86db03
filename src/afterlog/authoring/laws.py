"""The laws of a parser, as its author runs them: what its file promises is what the engine does with it.

The tests hold the same laws over every parser that comes with afterlog, and fuzz the samples besides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from afterlog.authoring.records import Made, made_of
from afterlog.claiming import is_tie
from afterlog.parser import LearningParser, LineParser, Lines, Parser, Sample
from afterlog.registry import Registry, is_inner

_LONG: Final = 100_000  # bytes of a sample; longer ones are there for their length, and say nothing of a format
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_HOSTILE: Final = (
    b"",
    b"\n",
    b"\x00" * 300,
    b"\xff\xfe\xfd" * 100,
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07\n",
    b"A" * 1_000_000,
    (b"[" * 400 + b"]" * 400 + b"\n") * 5,
    b"- - - - - - - -\n" * 50,
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A law that a parser breaks: which, and what is wrong, in lines for a person.

    ``sample`` counts from 1; ``other`` is the parser whose sample it claims.
    """

    law: str
    text: tuple[str, ...]
    sample: int | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What running the laws over one parser gave: how many checks were made, and what is broken."""

    parser: str
    checks: int
    broken: tuple[Broken, ...]


def judged(parser: Parser, parsers: Registry) -> Verdict:
    """Run all laws over one parser; ``parsers`` are all that are asked beside it."""
    checks = 0
    broken: list[Broken] = []
    for law in _LAWS:
        for found in law(parser, parsers):
            checks += 1
            if found is not None:
                broken.append(found)
    return Verdict(parser.name, checks, tuple(broken))


def _identity(parser: Parser, _parsers: Registry) -> Iterator[Broken | None]:
    """Check that it says what it is and where it is documented."""
    law = "says what it is"
    yield None if _NAME.fullmatch(parser.name) else Broken(law, (f"name {parser.name!r}: write a-z, 0-9 and dashes",))
    yield None if parser.url.startswith("https://") else Broken(law, (f"url {parser.url!r}: give an https address",))
    yield None if parser.title[0].isalpha() else Broken(law, (f"title {parser.title!r}: begin it with a letter",))
    for number, sample in enumerate(parser.samples, 1):
        yield None if sample.origin else Broken(law, ("the sample has no origin: say where the line is from",), number)


def _samples(parser: Parser, parsers: Registry) -> Iterator[Broken | None]:
    """Each sample comes out as stated."""
    for number, sample in enumerate(parser.samples, 1):
        yield sample_broken(parser, sample, parsers, number)


def sample_broken(parser: Parser, sample: Sample, parsers: Registry, number: int) -> Broken | None:
    """Tell what of a sample does not come out as stated: the field, what it is and what was expected, or why nothing.

    Of several records the first is compared.
    """
    law = "each sample comes out as stated"
    told = made_of(parser, sample.text, parsers, sample.program)
    if sample.expect is None:
        if not told.records:
            return None
        got = ", ".join(f"{name}={value!r}" for name, value in list(told.records[0].items())[:6])
        return Broken(law, (quoted(sample.text), f"must be refused (expect=None), but gave {got}"), number)
    if not told.records:
        return Broken(law, (quoted(sample.text), *why_refused(parser, first_line(sample.text))), number)
    wrong = tuple(_differences(parser, sample, told))
    return Broken(law, (quoted(sample.text), *wrong), number) if wrong else None


def _differences(parser: Parser, sample: Sample, told: Made) -> Iterator[str]:
    for name, wanted in (sample.expect or {}).items():
        got = told.records[0].get(name)
        if name == "program":  # an envelope's own field: the event says ``service``
            got = _program(parser, sample) if isinstance(parser, LineParser) else got
        if not is_same(name, wanted, got):
            yield f"{name}: expected {wanted!r}, got {got!r}"


def _program(parser: LineParser, sample: Sample) -> str | None:
    matches = (layout.match(Lines.of(sample.text)) for layout in parser.layouts)
    told = [text for match in matches if "program" in match for text in match.text("program").to_pylist()]
    return told[0] if told else None


def is_same(name: str, wanted: object, got: Any) -> bool:
    """Compare what came out with what was stated: times as moments, floats nearly, all else in the stated type."""
    if wanted is None or got is None:
        return wanted is got
    if name == "time":
        return _moment(str(got)) == _moment(str(wanted))
    if isinstance(wanted, float):
        return isinstance(got, int | float) and math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-12)
    kind: Callable[[Any], object] = type(wanted)
    try:
        return kind(got) == wanted
    except (TypeError, ValueError):
        return False


def _moment(text: str) -> tuple[datetime, bool]:
    """Give a time, and whether it prints an offset."""
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))
    return (moment, True) if moment.tzinfo else (moment, False)


def why_refused(parser: Parser, line: bytes) -> tuple[str, ...]:
    """Say for each layout of a parser where matching a line stopped."""
    if not isinstance(parser, LineParser):
        return ("gave no record",)
    told = []
    for layout in parser.layouts:
        why = layout.explain(line)
        if why == "the line matches":
            why = "the line matches, but the parser's meaning refuses it (or its time does not exist)"
        told.append(f"{layout.name or layout.pattern}: {why}")
    return tuple(dict.fromkeys(told))


def first_line(text: bytes) -> bytes:
    """Give the first line of a text."""
    return text.split(b"\n", 1)[0].removesuffix(b"\r")


def quoted(text: bytes, most: int = 160) -> str:
    """Show the beginning of a line in a message."""
    line = first_line(text)
    return repr(line[:most].decode(errors="backslashreplace")) + ("…" if len(text) > most else "")


def _each_layout(parser: Parser, _parsers: Registry) -> Iterator[Broken | None]:
    """Each layout has a sample."""
    if not isinstance(parser, LineParser):
        return
    good = [Lines.of(sample.text) for sample in parser.samples if sample.expect is not None]
    for layout in parser.layouts:
        if any(len(layout.match_regex(lines).rows) for lines in good):
            yield None
        else:
            yield Broken("each layout has a sample", (f"no sample is a line of {layout.pattern}",))


def _all_and_only(parser: Parser, parsers: Registry) -> Iterator[Broken | None]:
    """No other parser claims its samples, and it claims none of theirs."""
    if isinstance(parser, LineParser) and parser.inside:
        return
    for number, sample in enumerate(parser.samples, 1):
        if sample.expect is not None and len(sample.text) < _LONG:
            yield _claimed(parser, sample, parsers, number)
    if isinstance(parser, LearningParser):
        return
    for other in parsers:
        if other.name == parser.name or is_inner(other) or isinstance(other, LearningParser):
            continue
        for sample in other.samples:
            if sample.expect is not None and len(sample.text) < _LONG:
                yield _taken(parser, other, sample, parsers)


def _claimed(parser: Parser, sample: Sample, parsers: Registry, number: int) -> Broken | None:
    law = "no other parser claims its samples"
    claims = parsers.claims("unknown.log", Lines.of(sample.text))
    if not claims:
        return Broken(law, (quoted(sample.text), "no parser at all claims it"), number)
    first = claims[0]
    if first.parser.name != parser.name:
        mine = next((one for one in claims if one.parser.name == parser.name), None)
        why = f"{first.parser.name} understands {first.share:.0%} of it (literal text {first.literal:.1f} a line), " + (
            f"this one {mine.share:.0%} ({mine.literal:.1f})" if mine else "this one nothing"
        )
        return Broken(law, (quoted(sample.text), why), number)
    if len(claims) > 1 and is_tie(first, claims[1]):
        why = f"{claims[1].parser.name} claims it as surely; write more literal text into a layout"
        return Broken(law, (quoted(sample.text), why), number)
    return None


def _taken(parser: Parser, other: Parser, sample: Sample, parsers: Registry) -> Broken | None:
    chosen = parsers.choose("unknown.log", Lines.of(sample.text))
    if chosen is None or chosen.name != parser.name:
        return None
    why = f"it is {other.name}'s ({sample.origin}); make a layout narrower"
    return Broken("it claims no other parser's samples", (quoted(sample.text), why), other=other.name)


def _agreement(parser: Parser, _parsers: Registry) -> Iterator[Broken | None]:
    """Kernel and regex agree on the samples, also joined and cut short."""
    if not isinstance(parser, LineParser):
        return
    texts = [sample.text for sample in parser.samples if len(sample.text) < _LONG]
    joined = b"\n".join(texts + [text[: len(text) * 2 // 3] for text in texts] + [b"x" + text for text in texts])
    lines = Lines.of(joined)
    for layout in parser.layouts:
        kernel, regex = layout.match(lines), layout.match_regex(lines)
        same = kernel.rows.tolist() == regex.rows.tolist() and all(
            [a.tolist() for a in kernel.span(name)] == [a.tolist() for a in regex.span(name)] for name in kernel.spans
        )
        why = f"they do not on {layout.pattern}; please report it"
        yield None if same else Broken("kernel and regex agree", (why,))


def _conservation(parser: Parser, parsers: Registry) -> Iterator[Broken | None]:
    """Nothing raises, whatever the bytes, and every line is an event, a continuation or a reject."""
    law = "nothing raises, and every line is accounted for"
    texts = [sample.text for sample in parser.samples if len(sample.text) < _LONG]
    for text in (*_HOSTILE, *texts, b"\n".join(text[: len(text) // 2] for text in texts)):
        try:
            told = made_of(parser, text, parsers)
        except Exception as error:  # noqa: BLE001  any exception breaks the law
            yield Broken(law, (quoted(text), f"raises {type(error).__name__}: {error}"))
            continue
        counted = len(told.records) + told.continuations + len(told.rejects)
        if is_inner(parser) or counted == told.lines:
            yield None
        else:
            parts = f"{len(told.records)} events, {told.continuations} continuations, {len(told.rejects)} rejects"
            yield Broken(law, (quoted(text), f"{told.lines} lines, but {parts}"))


_LAWS: Final = (_identity, _samples, _each_layout, _all_and_only, _agreement, _conservation)
