"""Laws over every parser found: what a format's file promises is what the engine does with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.clock import Clock, SourceClock
from afterlog.event import COLUMNS, Kind
from afterlog.layout import OFFSET_UNKNOWN, Lines
from afterlog.matching import _match
from afterlog.parser import LineParser, Parser, RecordParser, Sample
from afterlog.parsing import Parsed, parse
from afterlog.registry import registry
from afterlog.source import Block

PARSERS = list(registry())
SAMPLES = [(parser, index, sample) for parser in PARSERS for index, sample in enumerate(parser.samples)]
STANDALONE = [parser for parser in PARSERS if isinstance(parser, RecordParser) or not parser.inside]
LAYOUTS = [(parser, layout) for parser in PARSERS if isinstance(parser, LineParser) for layout in parser.layouts]


def read(parser: Parser, text: bytes, program: str = "") -> tuple[list[dict[str, Any]], Parsed | None]:
    """Give the records that a parser reads from a text, as dictionaries with their wall time."""
    if isinstance(parser, LineParser) and parser.inside:
        lines = Lines.of(text)
        programs = pa.array([program] * len(lines), pa.string())
        parts = _match(parser, lines, {"program": programs}, registry())
        return [record for part in parts for record in records(part.columns, part.times, len(part.rows))], None
    found: list[dict[str, Any]] = []
    last = None
    for last in parse(parser, iter([Block(text, 1, 0)]), registry()):
        if last.batch is not None:
            found += records(last.batch.columns, last.batch.times, len(last.batch.rows))
    return found, last


def records(columns: Mapping[str, Any], times: Any, count: int) -> Iterator[dict[str, Any]]:
    for row in range(count):
        told = {name: column[row].as_py() for name, column in columns.items()}
        if times is not None:
            told["time"] = stamp(int(times.wall_us[row]), int(times.offset_s[row]))
        yield {name: value for name, value in told.items() if value is not None}


def stamp(wall_us: int, offset_s: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_us)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment.microsecond:06d}" if moment.microsecond else "")
    if offset_s == OFFSET_UNKNOWN:
        return text
    sign = "-" if offset_s < 0 else "+"
    return f"{text}{sign}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"


def same_time(one: str, other: str) -> bool:
    def parsed(text: str) -> datetime:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))

    return (
        parsed(one) == parsed(other)
        if ("+" in one[10:] or "-" in one[10:] or "Z" in one)
        == ("+" in other[10:] or "-" in other[10:] or "Z" in other)
        else False
    )


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_parser_says_what_it_is(parser):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", parser.name)
    assert parser.title[0].isalpha() and parser.url.startswith("https://")
    assert len(parser.samples) >= 1
    assert all(sample.origin for sample in parser.samples)


@pytest.mark.parametrize(("parser", "index", "sample"), SAMPLES, ids=[f"{p.name}-{i}" for p, i, _ in SAMPLES])
def test_each_sample_comes_out_as_stated(parser, index, sample: Sample):
    found, _ = read(parser, sample.text, sample.program)
    if sample.expect is None:
        assert found == []
        return
    assert found, "the sample gave no event"
    for name, wanted in sample.expect.items():
        if name == "program":  # told by the envelope's layout; its message went to another parser
            matches = (layout.match(Lines.of(sample.text)) for layout in parser.layouts)
            told = {text for match in matches if name in match for text in match.text(name).to_pylist()}
            assert wanted in told if wanted is not None else not told
            continue
        got = found[0].get(name)
        if name == "time":
            assert same_time(str(got), str(wanted)), f"time: {got} instead of {wanted}"
        elif isinstance(wanted, float):
            assert got == pytest.approx(wanted), name
        else:
            kind = type(wanted)
            assert (got if got is None or wanted is None else kind(got)) == wanted, name


@pytest.mark.parametrize(("parser", "layout"), LAYOUTS, ids=[f"{p.name}-{n}" for n, (p, _) in enumerate(LAYOUTS)])
def test_each_layout_has_a_sample(parser, layout):
    assert any(len(layout.match(Lines.of(sample.text)).rows) for sample in parser.samples if sample.expect is not None)


@pytest.mark.parametrize(
    ("parser", "index", "sample"),
    [(p, i, s) for p, i, s in SAMPLES if p in STANDALONE and s.expect is not None and len(s.text) < 100_000],
    ids=lambda value: value.name if isinstance(value, Parser) else None,
)
def test_no_parser_claims_anothers_sample(parser, index, sample):
    claims = registry().claims("unknown.log", Lines.of(sample.text))
    assert claims, "nobody claims it"
    assert claims[0].parser.name == parser.name, f"{claims[0].parser.name} claims it with {claims[0].share:.0%}"


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_empty_input_gives_nothing(parser):
    found, parsed = read(parser, b"")
    assert found == []
    assert parsed is None or parsed.lines == 0


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_kinds_and_columns_are_those_of_the_schema(parser):
    for sample in parser.samples:
        for record in read(parser, sample.text, sample.program)[0]:
            assert record["kind"] in set(Kind)
            assert all(isinstance(value, str | int | float) for name, value in record.items() if name not in COLUMNS)


HOSTILE = [
    b"",
    b"\n",
    b"\x00" * 300,
    b"\xff\xfe\xfd" * 100,
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07\n",
    b"A" * 1_000_000,
    (b"[" * 400 + b"]" * 400 + b"\n") * 5,
    b"- - - - - - - -\n" * 50,
    "\u202eevil\u202c\u2028line\n".encode(),
    b"&a [*a,*a,*a]\n" * 30,
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_bytes_raise_nothing_and_lose_nothing(parser, number):
    conserve(parser, HOSTILE[number])


def conserve(parser: Parser, text: bytes) -> None:
    """Every line is an event, a continuation or a reject; and times can be resolved."""
    clock = Clock(SourceClock(year=2022))
    lines = events = continued = rejected = 0
    if isinstance(parser, LineParser) and parser.inside:
        for part in _match(parser, Lines.of(text), {}, registry()):
            assert len(set(part.rows.tolist())) == len(part.rows)
        return
    for parsed in parse(parser, iter([Block(text, 1, 0)]), registry()):
        lines += parsed.lines
        continued += parsed.continuations
        rejected += len(parsed.rejects)
        if parsed.batch is not None:
            events += len(parsed.batch.rows)
            assert len(clock.resolve(parsed.batch.times).utc_us) == len(parsed.batch.rows)
            assert len(np.unique(parsed.line)) == len(parsed.line)
    assert lines == len(Lines.of(text))
    assert lines == events + continued + rejected


def mutated(data: st.DataObject, text: bytes) -> bytes:
    """Cut, repeat, swap and spoil parts of true lines."""
    piece = bytearray(text[:4000])
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, max(len(piece) - 1, 0)))
        what = data.draw(st.sampled_from(["insert", "delete", "byte", "newline", "double"]))
        if what == "insert":
            piece[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        elif what == "delete":
            del piece[at : at + data.draw(st.integers(1, 30))]
        elif what == "byte" and piece:
            piece[at] = data.draw(st.integers(0, 255))
        elif what == "newline":
            piece[at:at] = b"\n"
        else:
            piece[at:at] = piece[at : at + 40]
    return bytes(piece)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_spoilt_samples_raise_nothing_and_lose_nothing(parser, data):
    sample = data.draw(st.sampled_from([s for s in parser.samples if len(s.text) < 50_000]))
    conserve(parser, mutated(data, sample.text) + b"\n" + sample.text)


@pytest.mark.parametrize(("parser", "layout"), LAYOUTS, ids=[f"{p.name}-{n}" for n, (p, _) in enumerate(LAYOUTS)])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_kernel_and_regex_agree_on_spoilt_samples(parser, layout, data):
    samples = [s.text for s in parser.samples if len(s.text) < 50_000]
    text = b"\n".join(mutated(data, data.draw(st.sampled_from(samples))) for _ in range(4))
    lines = Lines.of(text)
    kernel, regex = layout.match(lines), layout.match_regex(lines)
    assert kernel.rows.tolist() == regex.rows.tolist()
    for name in kernel.spans:
        assert [a.tolist() for a in kernel.span(name)] == [a.tolist() for a in regex.span(name)], name
