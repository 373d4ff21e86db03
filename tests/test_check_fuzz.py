"""Nothing that anybody can write makes check fail, or take long."""

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from afterlog.check import check
from afterlog.check.render import for_github, for_people, sarif
from benchmarks.check.corpus import load

PIECES = [
    "## Timeline\n", "# Incident on 2024-02-30\n", "- ", "  - ", "| ", " | ", "\n", "\n\n", "|---|---|\n", "---\n", "```\n", "<li>", "<!--", "-->",
    "10:00", "25:99", "11.50", "1: 55 PM", "12:00 AM", "~", " to ", " - ", "–", "from ", "between ", " and ", "24:00", "0000 UTC", "T+5m", "??:??",
    "2024-02-29", "22025-03-18", "0000-00-00", "31.12.9999", "9999-12-31", "0001-01-01", "Jan 1", "Dec 31", "Feb 30", "Mon, ", "15Sep94", "13/13/13",
    " UTC", " PST", " IST", " UTC+99:99", "+05:30", " CEST", "Duration: ", "Time to resolve: ", "lasted ", "Start: ", "End: ", "Mean Time to Repair: ",
    "20h 03m", "nine hours", "0 minutes", "999999999999 days", "1e9 h", "5 of 0 requests (50%)", "80% of users were affected", "Total", "outage begins", "resolved",
    "**", "_", "`", "\\", "\t", "\r", "\x00", "\u2028", "\u202e", "é", "🙂", "[^1]: ", "[x](y)", "&nbsp;", "> ", "1. ", "web-01", "v1.2.3", "/etc/passwd",
]  # fmt: skip
documents = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@settings(max_examples=400, deadline=None)
@example("31/12/9999;24:00")  # a day behind the last day that there is
@example("0001-01-01 00:00 to 23:59")
@given(documents)
def test_no_document_makes_it_fail(document):
    report = check(document)
    report.as_json()
    for_people(report, colour=True)
    for_github(report, "a.md")
    sarif(report, "a.md")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(load()), st.data())
def test_a_damaged_postmortem_does_not_make_it_fail_either(document, data):
    text = document.text
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 30))
    check(text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + cut :]).as_json()


def test_a_line_of_a_megabyte_and_a_deep_list_take_seconds_at_most():
    began = time.process_time()
    check("10:00 " * 20_000 + "\n" + "a" * 1_000_000 + "\n" + "1" * 200_000 + "\n" + " " * 200_000 + "x")
    check("".join("  " * depth + "- 10:00 x\n" for depth in range(200)))
    check("| 10:00 " * 5_000 + "|\n" + "|---" * 5_000 + "|\n")
    assert time.process_time() - began < 20


def test_a_thousand_documents_take_less_than_thirty_seconds():
    texts = [document.text for document in load()]
    began = time.process_time()
    for number in range(200):
        check(texts[number % len(texts)])
    assert (time.process_time() - began) * 5 < 30
