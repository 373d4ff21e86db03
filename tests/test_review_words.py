"""What is told where a person decided: choices, rejections, edges set by hand, edited changes, and escaped marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from afterlog.applying import applied_to_timeline, chosen_cause
from afterlog.draft import make_draft
from afterlog.outages import revised
from afterlog.report.document import document_html
from afterlog.review import Decision, Review
from afterlog.statement import plain
from afterlog.tables import cause_table, outage_table, review_table
from afterlog.writing.page import Clock, escape
from afterlog.writing.render import render

ZONE = "Asia/Kolkata"


def decided(findings, **fields):
    (ranking,) = findings.rankings
    review = Review({ranking.outage: Decision(ranking.outage, **fields)})
    return replace(findings, review=review, rankings=(chosen_cause(ranking, findings.history.changes, review),))


def test_no_trigger_chosen_is_told_with_the_logs_own_answer(recording):
    findings = decided(recording.findings, cause="none")
    told = "A person holds that no change in these logs triggered it; the logs alone gave the Ansible run "
    chapter = make_draft(findings, ZONE).chapters[0]
    assert sum(plain(statement.text).startswith(told) for statement in chapter.summary) == 1
    text = render(make_draft(findings, ZONE))
    assert text.count(told) == 2 and "No change in these logs explains the outage." not in text
    assert told in cause_table(findings, ZONE)


def test_a_chosen_trigger_is_told_as_a_person_s_choice_and_never_as_inferred(recording):
    second = recording.findings.rankings[0].innocent[0].change
    findings = decided(recording.findings, cause=second.id)
    summary = [plain(statement.text) for statement in make_draft(findings, ZONE).chapters[0].summary]
    (choice,) = [line for line in summary if line.startswith("A person chose ")]
    assert "as the trigger; the logs alone " in choice and "Push blog configuration" in choice  # their own answer
    assert not [line for line in summary if "The most likely trigger" in line or "A possible trigger" in line]
    assert f"{findings.rankings[0].outage}: chosen by a person\n  A person chose " in cause_table(findings, ZONE)


def test_a_rejected_outage_is_named_and_not_called_unseen(recording):
    (outage,) = [o for o in recording.findings.outages if o.level == "outage"]
    review = Review({outage.id: Decision(outage.id, verdict="rejected", because="a load test")})
    findings = replace(recording.findings, outages=(), rankings=(), rejected=(outage,), review=review)
    table, text = outage_table(findings, ZONE), render(make_draft(findings, ZONE))
    assert "A person rejected the outage of bk_blog, 2022-11-10 11:15:00 +05:30 to 2022-11-10 14:22:24 +05:30" in table
    assert "(a load test)" in table and "No outage found" not in table
    assert "A person rejected the outage of `bk_blog`, from " in text and "(a load test)" in text
    assert "no service left its usual failure rate" not in text and "# No outage found" not in text


def test_an_edge_set_by_a_person_is_not_called_the_first_failed_request(recording):
    outage = recording.findings.outages[0]
    start_us = outage.first_us - 600_000_000
    moved = revised(outage, start_us, None, recording.findings.signals)
    review = Review({outage.id: Decision(outage.id, start_us=start_us)})
    chapter = make_draft(replace(recording.findings, outages=(moved,), review=review), ZONE).chapters[0]
    began = next(step for step in chapter.milestones if step.name == "Began")
    assert began.time_us == start_us
    assert plain(began.note).startswith("set by a person; the first failed request in it is at 2022-11-10T05:")
    duration = next(figure for figure in chapter.figures if figure.key == "duration")
    assert plain(duration.how) == "the start was set by a person"
    ended = next(step for step in chapter.milestones if step.name == "Ended")
    assert plain(ended.note) == "the last request fails"


def test_words_and_start_of_a_change_reach_the_first_of_its_entries_only(recording):
    entries = recording.findings.timeline
    change = recording.findings.rankings[0].suspects[0].change
    own = [entry for entry in entries if entry.about == change.id]
    assert len(own) > 1
    start_us = own[0].time_us - 60_000_000
    review = Review({change.id: Decision(change.id, text="The push", start_us=start_us)})
    told = {entry.id: entry for entry in applied_to_timeline(entries, review)[0]}
    assert (plain(told[own[0].id].text), told[own[0].id].time_us) == ("The push", start_us)
    assert [told[entry.id] for entry in own[1:]] == own[1:]


def test_what_was_tried_and_what_is_innocent_has_an_id_to_decide_by(recording):
    findings = recording.findings
    causes, listed = cause_table(findings, ZONE), review_table(findings, ZONE)
    judged = [c.change for r in findings.rankings for c in (*r.suspects, *r.innocent)]
    for change in [*judged, *(attempt.change for attempt in findings.attempts())]:
        assert change.id in causes and change.id in listed


@pytest.mark.parametrize("source", [r"\[^3\]", r"\[^3]", "`[^3]`", "&#91;^3]", escape("[^3]")])
def test_an_escaped_mark_is_no_footnote(source):
    _, _, html = document_html(f"Said {source} so.[^3]", {"3"}, Clock(ZONE), None)
    assert html.count('class="note"') == 1 and "[^3]" in html


def test_a_mark_without_a_footnote_stays_text():
    _, _, html = document_html("So.[^4]", {"3"}, Clock(ZONE), None)
    assert "note" not in html and "[^4]" in html
