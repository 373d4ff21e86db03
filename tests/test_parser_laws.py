"""Laws over every parser found: what a format's file promises is what the engine does with it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.authoring.laws import sample_broken
from afterlog.authoring.records import made_of
from afterlog.clock import Clock, SourceClock
from afterlog.event import COLUMNS, Kind
from afterlog.intake.matching import match_parts
from afterlog.intake.parsing import parse
from afterlog.layout import Lines
from afterlog.parser import LineParser, Parser, RecordParser, Sample
from afterlog.registry import registry
from afterlog.source import Block

PARSERS = list(registry())
SAMPLES = [(parser, index, sample) for parser in PARSERS for index, sample in enumerate(parser.samples)]
STANDALONE = [parser for parser in PARSERS if isinstance(parser, RecordParser) or not parser.inside]
LAYOUTS = [(parser, layout) for parser in PARSERS if isinstance(parser, LineParser) for layout in parser.layouts]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_parser_says_what_it_is(parser):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", parser.name)
    assert parser.title[0].isalpha() and parser.url.startswith("https://")
    assert len(parser.samples) >= 1
    assert all(sample.origin for sample in parser.samples)


@pytest.mark.parametrize(("parser", "index", "sample"), SAMPLES, ids=[f"{p.name}-{i}" for p, i, _ in SAMPLES])
def test_each_sample_comes_out_as_stated(parser, index, sample: Sample):
    broken = sample_broken(parser, sample, registry(), index + 1)
    assert broken is None, "\n".join(broken.text)


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
    told = made_of(parser, b"", registry())
    assert (told.records, told.lines, told.rejects) == ((), 0, ())


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_kinds_and_columns_are_those_of_the_schema(parser):
    for sample in parser.samples:
        for record in made_of(parser, sample.text, registry(), sample.program).records:
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
        for part in match_parts(parser, Lines.of(text), {}, registry()):
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
