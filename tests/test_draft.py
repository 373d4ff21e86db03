"""The draft's content: milestones, burn, measures, questions from gaps, names, templates, and the case without an outage."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.draft import make_draft
from afterlog.errors import TemplateError
from afterlog.ingestion import Options, ingest
from afterlog.session import Choices, write_draft
from afterlog.statement import Code, Statement, plain
from afterlog.verify import all_hold, verify
from afterlog.writing.render import render, template_names, template_source
from conftest import ROOT, SAMPLE
from hostile import hostile_logs


@pytest.fixture(scope="module")
def draft(recording):
    return make_draft(recording.findings, "Asia/Kolkata", None, objective=0.999)


@pytest.fixture(scope="module")
def chapter(draft):
    return draft.chapters[0]


def figure(chapter, key: str) -> str:
    (found,) = [figure for figure in chapter.figures if figure.key == key]
    return plain(found.value)


def milestone(chapter, name: str):
    (found,) = [step for step in chapter.milestones if step.name == name]
    return found


def ist(clock: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(f"2022-11-10T{clock}+05:30").timestamp() * 1_000_000)


# --- durations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "clock", "after", "line"),
    [
        ("Noticed", "11:19:06", "4 min 06 s", ("web-01/var/log/auth.log", 69)),
        ("Mitigated", "14:08:10", "2 h 53 min 10 s", ("lb-01/var/log/haproxy.log", 14528)),
        ("Ended", "14:22:24", "3 h 07 min 24 s", ("lb-01/var/log/haproxy.log", 15325)),
        ("Stable", "14:52:24", "3 h 37 min 24 s", ("lb-01/var/log/haproxy.log", 17131)),
    ],
)
def test_each_step_has_its_time_its_distance_and_its_two_lines(chapter, name, clock, after, line):
    step = milestone(chapter, name)
    assert step.time_us // 1_000_000 == ist(clock) // 1_000_000 and step.after == after
    cited = [(place.source, place.line) for place in step.places]
    assert cited == [line, ("lb-01/var/log/haproxy.log", 3159)]


def test_a_step_without_evidence_is_not_recorded_and_never_zero(recording):
    findings = recording.findings
    blind = replace(findings, history=replace(findings.history, looks=()))
    text = render(make_draft(blind, "Asia/Kolkata"))
    assert "| Noticed | not recorded | not recorded | the logs show no alert and no look by a person |" in text
    assert "How was the outage noticed, and when?" in text


def test_logs_that_end_too_soon_show_no_stability(recording):
    findings = recording.findings
    (outage_id, impact), *_ = findings.impacts.items()
    short = replace(
        findings, impacts={outage_id: replace(impact, after=replace(impact.after, place=None, stable=False))}
    )
    step = milestone(make_draft(short, "UTC").chapters[0], "Stable")
    assert step.time_us is None and step.after == "not recorded" and "the logs end" in plain(step.note)


# --- figures ------------------------------------------------------------------------------------------------


def test_the_budget_burned_follows_from_failure_rate_and_duration(chapter):
    # 7,413 of 7,968 over 187.4 minutes: .93035 × 187.4 = 174.3 of the 43.2 minutes that 99.9 % allows in 30 days
    assert figure(chapter, "budget") == "174.3 of 43.2 minutes (404 %)"
    assert figure(chapter, "burn") == "930 ×"  # .93035 / .001
    assert chapter.severity == "SEV-1"


def test_without_an_objective_there_is_no_severity_and_no_budget(recording):
    chapter = make_draft(recording.findings, "UTC").chapters[0]
    assert chapter.severity == "" and not [f for f in chapter.figures if f.key in ("budget", "burn")]
    assert "had this been the objective" in plain(chapter.detection[1].text)


def test_requests_that_never_came_are_marked_as_an_estimate(chapter):
    (row,) = [figure for figure in chapter.figures if figure.key == "missing"]
    assert "estimate" in plain(row.name) and plain(row.value) == "about 538"  # 8,506 − 7,968


def test_the_alert_that_would_have_fired_is_told_with_its_line(recording, chapter):
    told = chapter.detection[1]
    assert "55 s after the start" in plain(told.text) and told.places[0].line == 3202


def test_every_figure_measure_and_statement_has_lines(draft):
    silent = [step for step in draft.chapters[0].milestones if step.time_us is None]
    assert silent == []  # in the sample every step is recorded
    assert all(draft.places())


def test_no_sentence_carries_more_than_three_footnotes(draft):
    for line in render(draft).splitlines():
        if not line.startswith("|"):
            assert not re.search(r"(?:\[\^\d+\]){4}", line), line


def test_facts_do_not_contradict_each_other_between_sections(draft):
    text = render(draft)
    assert len(set(re.findall(r"\d h \d\d min \d\d s(?= \(|\)|\[|$)", text))) <= 2
    starts = set(re.findall(r"(?:from |Began \| |\* )(11:1[0-6]:\d\d)(?= to 14| Outage begins|\[)", text))
    assert starts == {"11:15:00"}


# --- measures, questions, people ----------------------------------------------------------------------------


def test_suggested_measures_are_typed_and_say_what_suggests_them(chapter):
    assert {measure.type for measure in chapter.measures} == {"mitigate", "prevent", "detect", "process"}
    assert all(measure.why and measure.places for measure in chapter.measures)
    why = " ".join(plain(measure.why) for measure in chapter.measures)
    assert "settings.php.last-good not found" in why  # the way back was missing
    assert "Server answers its health check passed" in why  # the check saw nothing
    assert "36 minutes later" in why  # 13:46:09 repair in place, 14:22:31 last restart


def test_questions_come_from_the_gaps_of_these_very_logs(chapter):
    asked = [plain(question) for question in chapter.questions["timeline"]]
    assert "50 minutes the logs show nothing" in asked[2]  # 12:41:42 to 13:31:18
    assert all(question.endswith((".", "?")) for part in chapter.questions.values() for question in map(plain, part))


def test_questions_ask_how_and_what_and_never_who_or_why_somebody(draft):
    for question in re.findall(r"^> \*\*\?\*\* (.*)$", render(draft), re.MULTILINE):
        assert not re.search(r"\b(?:[Ww]ho|[Ww]hose)\b", question), question
        assert not question.startswith("Why did")


def test_people_are_roles_unless_names_are_asked_for(recording):
    def sentences(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not line.startswith("[^"))

    assert "devops" not in sentences(render(make_draft(recording.findings, "UTC")))
    named = sentences(render(make_draft(recording.findings, "UTC", names=True)))
    assert "`devops` reads `/var/log/apache2/error.log`" in named and "restarted on `web-01`, by `devops`" in named
    assert "perator" not in named


def test_no_word_blames_and_none_is_over_certain(draft):
    assert not re.search(
        r"human error|should have|fault of|careless|obviously|the root cause is", render(draft), re.IGNORECASE
    )


def test_zones_and_years_that_the_lines_do_not_print_are_noted(draft):
    told = " ".join(plain(statement.text) for statement in draft.times)
    assert "no zone; Asia/Kolkata is used as you stated it" in told and "no year; 2022 comes from" in told


# --- templates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", template_names())
def test_every_template_renders_the_sample_and_its_footnotes_hold(name, recording, tmp_path):
    shutil.copytree(recording.case.folder, tmp_path / "case")
    case = Case.open(tmp_path / "case")
    written = write_draft(case, recording.findings, Choices(template=name, objective=0.999), report=False)
    text = written.draft.read_text(encoding="utf-8")
    assert all_hold(found := verify(written.draft, case)) and found
    assert not re.search(r"\n{3,}|Undefined|Code\(|None\b", text.partition("\n[^1]:")[0])
    kinds = {token.type for token in MarkdownIt("commonmark").enable("table").parse(text)}
    assert "html_block" not in kinds and "code_block" not in kinds


@pytest.mark.parametrize("name", template_names())
def test_every_template_tells_honestly_that_there_is_no_outage(name, calm):
    text = render(make_draft(calm, "Asia/Kolkata"), name)
    assert "No outage found" in text and "`bk_blog`: 0 of 2,006 requests failed" in text


def test_the_executive_summary_fits_a_page(draft):
    lines = [line for line in render(draft, "executive-summary").splitlines() if not line.startswith("[^")]
    assert sum(1 + len(re.sub(r"\[\^\d+\]", "", line)) // 100 for line in lines) < 60


def test_the_status_page_names_no_host_address_or_cause(draft):
    public = render(draft, "status-page").partition("## Not for publication")[0]
    assert not re.search(r"web-0|lb-01|bk_blog|Ansible|settings|\d+\.\d+\.\d+\.\d+", public)
    assert "Resolved" in public and "11:15" in public


def test_each_template_says_what_it_is():
    for name in template_names():
        assert template_source(name).startswith("{#-"), name


def own(tmp_path: Path, text: str) -> str:
    file = tmp_path / "mine.md.j2"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_one_s_own_template_may_use_the_parts_that_ship(draft, tmp_path):
    text = render(
        draft,
        own(
            tmp_path,
            '# {{ draft.title }}\n{% for chapter in draft.chapters %}{% include "impact.part.j2" %}{% endfor %}\n',
        ),
    )
    assert text.startswith("# Postmortem: requests to `bk_blog` failed") and "| Duration |" in text


def test_whatever_one_s_own_template_prints_is_inert(draft, tmp_path):
    evil = replace(draft, title=("<b>", Code("<i>`")), picture="[x](javascript:alert(1))")
    text = render(evil, own(tmp_path, "{{ draft.title }} {{ draft.picture }} {{ draft.chapters[0].outage.service }}\n"))
    html = MarkdownIt("commonmark").render(text)
    assert "<b>" not in html and "<a" not in html and "<i>" not in html


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("# x\n\n{{ draft.titel }}\n", r"mine\.md\.j2:3: .*titel.*there are: .*title"),
        ("{{ darft }}\n", r"mine\.md\.j2:1: .*'darft' is undefined; there are: date, draft, moment"),
        (
            "a\n{% for c in draft.chapters %}\n{{ c.questions.nope }}\n{% endfor %}\n",
            r"mine\.md\.j2:3: .*nope.*cause.*timeline",
        ),
        ("a\n{{ draft.title|shout }}\n", r"mine\.md\.j2:2: .*shout.*There are: cell, cite, code"),
        ("a\nb\n{% if %}\n", r"mine\.md\.j2:3: Expected an expression"),
        ('{% include "missing.part.j2" %}', r"no template is named 'missing.part.j2'"),
        ("{{ draft.__class__.__mro__ }}", r"mine\.md\.j2:1: .*(unsafe|not safe|undefined)"),
        ("{{ 1 / 0 }}", r"mine\.md\.j2:1: division by zero"),
    ],
)
def test_an_error_in_a_template_says_file_line_and_what_there_is(draft, tmp_path, template, words):
    with pytest.raises(TemplateError) as error:
        render(draft, own(tmp_path, template))
    assert re.search(words, str(error.value), re.DOTALL), str(error.value)


def test_a_template_file_that_is_not_there_is_named(draft):
    with pytest.raises(TemplateError, match=r"nowhere/mine.md.j2: no such file"):
        render(draft, "nowhere/mine.md.j2")


def test_the_documentation_names_every_variable_function_and_filter():
    from dataclasses import fields

    from afterlog.draft import model
    from afterlog.writing.page import Page
    from afterlog.writing.render import _FUNCTIONS, _environment

    text = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    for name in (
        "Draft",
        "Chapter",
        "Figure",
        "Milestone",
        "PhaseRow",
        "Measure",
        "Suspect",
        "Argument",
        "Innocent",
        "Lesson",
        "Coverage",
        "Unread",
    ):
        for field in fields(getattr(model, name)):
            assert f"`{field.name}`" in text, f"{name}.{field.name}"
    assert all(f"`{name}" in text for name in _FUNCTIONS)
    assert all(f"`{name}`" in text for name in template_names())
    page = Page(
        model.Draft((), "UTC", None, (), (), (), (), (), 0, None, (), (), (), (), (), type("F", (), {"evidence": {}})())
    )
    ours = set(_environment(page, None).filters) - set(__import__("jinja2").Environment(autoescape=True).filters)
    assert all(f"`{name}" in text for name in ours)


# --- no outage, hostile logs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """The 43 minutes before the outage, and the deployments of the day."""
    folder = tmp_path_factory.mktemp("calm")
    log = folder / "logs" / "lb-01" / "haproxy.log"
    log.parent.mkdir(parents=True)
    whole = (SAMPLE / "lb-01" / "var" / "log" / "haproxy.log").read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole[:3100]))
    shutil.copytree(SAMPLE / "ops-01" / "var", folder / "logs" / "ops-01" / "var")
    return analyse(ingest([folder / "logs"], folder / "case", Options(tz="Asia/Kolkata", jobs=1)))


def test_a_case_without_an_outage_gives_a_short_honest_report(calm):
    text = render(make_draft(calm, "Asia/Kolkata"))
    assert text.startswith("# No outage found")
    assert "`bk_static`: 0 of 1,050 requests failed" in text
    assert "no shorter failures either" in text
    assert "## What was done" in text and "Ansible runs `Push blog configuration`" in text
    assert "`ops-01/var/log/ansible/ansible.log` says nothing from" in text
    assert "Root Cause" not in text and "Corrective" not in text
    assert len([line for line in text.splitlines() if not line.startswith("[^")]) < 45


def test_hostile_log_content_is_inert_in_markdown(tmp_path):
    case = ingest([hostile_logs(tmp_path / "logs")], tmp_path / "case", Options(tz="UTC", jobs=1))
    written = write_draft(case, analyse(case), report=False)
    text = written.draft.read_text(encoding="utf-8")
    assert len(text) < 100_000, "a URL of a megabyte is cut"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert {"html_inline", "link_open"}.isdisjoint(kinds) and "html_block" not in {token.type for token in tokens}
    images = [child for token in tokens for child in token.children or () if child.type == "image"]
    assert [image.attrGet("src") for image in images] == ["failure-rate.svg"]
    assert "{{ 7 * 7 }}" in text and "49 templates" not in text
    assert all_hold(verify(written.draft, case))
    for row in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        assert len(re.findall(r"(?<!\\)\|", row)) in (3, 4, 5, 6, 9), row


def test_a_statement_names_at_least_one_line_in_every_part(draft):
    said = [*draft.chapters[0].summary, *draft.chapters[0].cause, *draft.chapters[0].resolution, *draft.looked_at]
    assert said and all(isinstance(statement, Statement) and statement.places for statement in said)
