"""Every rule fires where it says it does, keeps quiet where it says so, and explains itself."""

import re

import pytest

from afterlog.check import Verdict, check, explain, rules
from afterlog.check.reading import read
from afterlog.check.rules import all_rules
from afterlog.errors import InputError

PLAIN = [rule for rule in all_rules() if not rule.needs_case]
WARNS_BY_NATURE = {"owner", "due", "blame", "word-certain", "word-hindsight", "word-cause"}


def found(rule, document):
    return [finding for finding in rule().look(read(document), None) if finding.rule == rule.name]


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        pytest.param(rule, document, id=f"{rule.name}-{n}")
        for rule in PLAIN
        for n, document in enumerate(rule.should_fire)
    ],
)
def test_a_rule_fires_on_each_document_that_it_names(rule, document):
    assert found(rule, document)


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        pytest.param(rule, document, id=f"{rule.name}-{n}")
        for rule in PLAIN
        for n, document in enumerate(rule.should_not_fire)
    ],
)
def test_a_rule_accuses_nobody_where_it_says_so(rule, document):
    accused = [
        finding
        for finding in found(rule, document)
        if finding.verdict is Verdict.CONTRADICTED or rule.name in WARNS_BY_NATURE
    ]
    assert accused == []


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_a_rule_without_examples_of_both_kinds_is_no_rule(rule):
    assert rule.should_fire
    assert rule.should_not_fire


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_a_finding_points_into_its_line_and_holds_a_disagreement_against_something(rule):
    for document in rule.should_fire:
        lines = document.split("\n")
        for finding in found(rule, document):
            assert 0 <= finding.start < finding.end <= len(lines[finding.line - 1])
            assert all(1 <= one.line <= len(lines) for one in finding.against)
            assert finding.says


@pytest.mark.parametrize("info", rules(), ids=lambda info: info.name)
def test_a_rule_is_named_in_one_short_word_and_documented(info):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)?", info.name)
    assert info.title.endswith(".")
    assert info.name in explain(info.name)
    assert info.title in explain(info.name)


def test_explaining_an_unknown_rule_names_those_that_exist():
    with pytest.raises(InputError, match="duration"):
        explain("durations")


def test_disabling_an_unknown_rule_names_those_that_exist():
    with pytest.raises(InputError, match="zone-conversion"):
        check("", disable={"zones"})


def test_a_disabled_rule_says_nothing():
    document = "The outage lasted 20 minutes, from 10:00 to 12:00 UTC.\n"
    assert check(document).contradicted
    assert not check(document, disable={"duration"}).contradicted


def test_rules_for_wording_never_accuse_and_are_named_as_such():
    document = "## Cause\nHuman error. We should have looked. This will never happen again.\n"
    findings = check(document).findings
    assert {finding.rule for finding in findings} >= {"blame", "word-certain", "word-hindsight"}
    assert all(finding.verdict is Verdict.WARNING for finding in findings)


def test_findings_come_in_the_order_of_the_lines():
    document = "This will never happen again.\n\nOn Monday, 14 November 2023, from 10:00 to 12:00 UTC the site was down for 20 minutes.\n"
    lines = [finding.line for finding in check(document).findings]
    assert lines == sorted(lines)
    assert len(set(lines)) > 1


def test_a_wrong_date_is_not_reported_a_second_time_as_wrong_order():
    document = (
        "- **Context**:\n  - 2023-05-22 14:05: Alert\n  - 2023-05-22 14:56: Restart\n  - 2023-05-02 16:18: Back\n"
    )
    findings = [finding for finding in check(document).findings if finding.line == 4]
    assert [finding.rule for finding in findings] == ["date"]
