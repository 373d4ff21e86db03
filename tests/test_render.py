"""Rendering: what comes from logs stays inert, footnotes and statements go together, templates fail with a reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from afterlog.draft import make_draft
from afterlog.errors import AfterlogError, TemplateError
from afterlog.outages import percent
from afterlog.statement import Code, Statement, Time, codes, plain, text, visible
from afterlog.writing.render import code_span, escape, render

HOSTILE = [
    "<script>alert(1)</script>",
    "![x](javascript:alert(1))",
    "](javascript:alert(1))",
    "`` `a` ``` b",
    "`",
    "{{ 7 * 7 }} {% raw %}",
    "\x1b[31mred\x1b[0m\x07",
    "\u202eevil\u2066\u200b",
    "a|b|c",
    "# heading\n\n---\n* item",
    "[^1]: forged",
    "[^1]",
    "&lt;b&gt;",
    "$(rm -rf /)",
    "\\`x",
    "  padded  ",
    "",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_a_code_span_shows_hostile_text_and_nothing_else(raw):
    tokens = MarkdownIt("commonmark").parse(f"before {code_span(raw)} after")
    (inline,) = [token for token in tokens if token.type == "inline"]
    kinds = [child.type for child in inline.children]
    if raw.strip():
        assert kinds == ["text", "code_inline", "text"]
        assert inline.children[1].content.strip() == visible(raw).strip()
    else:
        assert "code_inline" not in kinds


@given(st.text(max_size=80))
def test_any_text_is_one_code_span(raw):
    tokens = MarkdownIt("commonmark").parse(f"before {code_span(raw)} after")
    (inline,) = [token for token in tokens if token.type == "inline"]
    assert [c.type for c in inline.children if c.type not in ("text", "em_open", "em_close", "code_inline")] == []
    assert sum(c.type == "code_inline" for c in inline.children) == (1 if visible(raw).strip() else 0)


@given(st.text(max_size=80))
def test_escaped_text_reads_as_itself(raw):
    (inline,) = [t for t in MarkdownIt("commonmark").parse(f"x {escape(raw)} x") if t.type == "inline"]
    assert {c.type for c in inline.children} <= {"text", "text_special"}


@given(st.text(max_size=200))
def test_visible_text_has_no_control_or_direction_marks(raw):
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", visible(raw))


def test_very_long_text_is_cut_and_says_so():
    assert code_span("A" * 1_000_000).endswith("(cut, 1,000,000 characters)`")


def test_a_statement_cannot_be_made_without_evidence():
    with pytest.raises(AfterlogError, match="needs evidence"):
        Statement(text("it was the network"), ())


def test_names_are_listed_as_people_do():
    assert plain(codes(("a",))) == "a"
    assert plain(codes(("a", "b"))) == "a and b"
    assert plain(codes(("a", "b", "c"))) == "a, b and c"
    assert plain(codes(("a", "b", "c", "d", "e", "f"), 4)) == "a, b, c, d and 2 more"


def test_plain_text_keeps_times_in_utc():
    assert plain(text("at ", Time(1668059100000000), " ", Code("x"))) == "at 2022-11-10T05:45:00Z x"


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.9999, "over 99.9 %"), (0.0001, "under 0.1 %"), (0.93, "93.0 %")],
)
def test_a_rate_is_never_rounded_to_all_or_nothing(rate, words):
    assert percent(rate) == words


@pytest.fixture(scope="module")
def draft(recording):
    return render(make_draft(recording.findings, "Asia/Kolkata", None))


def test_every_footnote_is_cited_and_every_citation_has_its_footnote(draft):
    defined = set(re.findall(r"^\[\^(\d+)\]:", draft, re.MULTILINE))
    cited = set(re.findall(r"\[\^(\d+)\](?!:)", draft))
    assert defined == cited
    assert [int(n) for n in re.findall(r"^\[\^(\d+)\]:", draft, re.MULTILINE)] == list(range(1, len(defined) + 1))


def test_a_footnote_names_file_and_line_and_quotes_the_line(draft, recording):
    note = next(line for line in draft.splitlines() if line.startswith("[^1]:"))
    assert "`lb-01/var/log/haproxy.log:3159`" in note and '"GET /archive-302.html HTTP/1.1"' in note


def test_every_sentence_with_a_fact_ends_in_a_footnote(draft):
    body = draft[draft.index("## Issue Summary") : draft.index("## Evidence")]
    for line in body.splitlines():
        fact = re.search(r"\d\d:\d\d|\d,\d{3}| %", line) and not line.startswith((">", "|", "#", "!"))
        assert not fact or re.search(r"\[\^\d+\]$", line), line


def test_the_draft_has_the_shape_of_the_seed(draft):
    headings = re.findall(r"^## (.*)$", draft, re.MULTILINE)
    wanted = [
        "Issue Summary",
        "Timeline",
        "Root Cause and Resolution",
        "Corrective and Preventative Measures",
        "Authors",
    ]
    places = [next(i for i, heading in enumerate(headings) if heading.startswith(want)) for want in wanted]
    assert places == sorted(places)


def test_the_draft_has_none_of_the_seeds_contradictions(draft):
    starts = set(re.findall(r"11:1[0-9]:\d\d(?= to 14|(?= Outage begins))", draft))
    assert starts == {"11:15:00"}
    assert "from 11:15:00 to 14:22:24" in draft
    assert "14:22:24 Outage ends" in draft
    assert "3 h 07 min 24 s" in draft  # 14:22:24 − 11:15:00


def test_rows_of_the_timeline_are_in_order(draft):
    section = draft[draft.index("## Timeline") : draft.index("## Root Cause")]
    clocks = re.findall(r"^\* (\d\d:\d\d:\d\d)", section, re.MULTILINE)
    assert len(clocks) > 15 and clocks == sorted(clocks)


def test_what_the_logs_cannot_tell_is_a_question(draft):
    questions = re.findall(r"^> \*\*\?\*\* (.*)$", draft, re.MULTILINE)
    assert len(questions) >= 12
    assert all(question.rstrip(".").count("?") >= 1 for question in questions)


def test_an_unknown_template_names_those_there_are(recording):
    with pytest.raises(TemplateError, match="postmortem"):
        render(make_draft(recording.findings, "UTC", None), "no-such")
