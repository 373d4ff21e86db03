"""The report as people read it, as JSON, as annotations and as SARIF."""

import json
from itertools import pairwise

from afterlog.check import check
from afterlog.check.render import for_github, for_people, sarif

DOCUMENT = "# Outage\n\nThe outage lasted 20 minutes, from 10:00 to 12:00 UTC. It was human error.\n"


def test_people_see_the_line_with_carets_and_a_sentence():
    shown = for_people(check(DOCUMENT), "a.md").split("\n")
    assert shown[0].startswith(
        "contradicted[duration]: from 10:00 (line 3) to 12:00 UTC (line 3) is 2 h 00 min, not 20 minutes"
    )
    assert shown[1] == "  --> a.md:3:19"
    assert shown[3].startswith("3 | The outage lasted 20 minutes")
    assert shown[4] == "  |                   ^^^^^^^^^^"
    assert shown[-2].startswith("a.md: 1 contradicted, 1 warning; 2 times read")


def test_carets_stand_below_what_they_mean_in_a_long_line_too():
    document = "x " * 200 + "The outage lasted 20 minutes, from 10:00 to 12:00 UTC.\n"
    shown = for_people(check(document)).split("\n")
    line, carets = next((above, below) for above, below in pairwise(shown) if "^" in below)
    begin, end = carets.index("^"), carets.rindex("^") + 1
    assert line[begin:end] == "20 minutes"
    assert len(line) < 130


def test_colour_is_only_added_where_it_is_asked_for():
    report = check(DOCUMENT)
    assert "\x1b[" not in for_people(report)
    assert "\x1b[31;1m" in for_people(report, colour=True)


def test_escape_sequences_of_a_document_do_not_reach_the_terminal():
    report = check("The outage lasted 20 minutes\x1b[2J, from 10:00 to 12:00 UTC.\x07\n")
    assert "\x1b" not in for_people(report)
    assert "\x07" not in for_people(report)


def test_github_gets_one_annotation_a_finding_on_one_line_each():
    lines = for_github(check(DOCUMENT), "docs/a,b.md").splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]
    assert lines[0].startswith(
        "::error file=docs/a%2Cb.md,line=3,col=19,endColumn=29,title=afterlog check%3A duration::"
    )


def test_a_document_cannot_write_annotations_of_its_own():
    shown = for_github(
        check("Started: 10:00\n\nThe outage lasted 20 minutes, from 10:00 to 12:00 UTC%0A::error::x\n"),
        "a.md\n::error::y",
    )
    assert all(line.startswith(("::error file=", "::warning file=")) for line in shown.splitlines())


def test_sarif_names_its_rules_and_points_at_both_sides():
    document = "## Summary\nFrom 11:19 to 14:25 UTC the site was down.\n## Timeline\n- 11:15 Outage begins\n- 14:25 Site back online\n"
    run = json.loads(json.dumps(sarif(check(document), "a.md", "1.0")))["runs"][0]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "start"
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 6, "endColumn": 11}
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 4


def test_json_has_the_fields_of_the_contract():
    found = check(DOCUMENT).as_json()
    assert set(found) == {"findings", "times"}
    assert {"rule", "verdict", "line", "text", "against"} <= set(found["findings"][0])
    assert set(found["times"][0]) == {"line", "time", "text", "role"}
    assert found["times"][0]["time"] == "10:00"


def test_a_clean_document_is_said_to_be_clean():
    assert for_people(check("# Notes\n"), "a.md") == "a.md: 0 contradicted; 0 times read\n"
