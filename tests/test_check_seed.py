"""The document this project started from contradicts itself three times; so do its like."""

import pytest

from afterlog.check import Verdict, check

SUMMARY = "On November 10th, 2022 from 11:19 AM to 2:25 PM IST, requests to our site resulted in 500 error response messages. The issue affected 100% of users. Users could continue to access other requests."
SEED = f"""
#  Postmortem

##  Issue Summary

{SUMMARY}

## Timeline (all times are Indian Standard Time)

* 11:05 Am Configuration pushed
* 11:15 Am Outage begins
* 11:19 Am Error logs checked by DevOps team
* 12:02 PM Failed configuration change rollback
* 1:45 PM Execute puppet manifest across all servers
* 1: 55 PM Server restart begins
* 2: 23 PM 100% restored and back online


## Root Cause and Resolution

At 11:19 AM IST, a configuration change was released to the production environment. When no errors were found in log files we rolled back the change.
"""


@pytest.fixture(scope="module")
def report():
    return check(SEED)


def accusations(report):
    return {
        (one.rule, one.line): [against.line for against in one.against]
        for one in report.findings
        if one.verdict is Verdict.CONTRADICTED
    }


def test_its_three_contradictions_are_found_with_the_lines_on_both_sides(report):
    assert accusations(report) == {("start", 6): [11], ("end", 6): [16], ("change-time", 21): [10]}


def test_everybody_affected_beside_some_who_could_go_on_is_worth_a_look(report):
    assert [one.line for one in report.findings if one.rule == "figure"] == [6]


def test_each_of_its_times_is_read_with_role_and_date(report):
    times = {(one["line"], one["time"]): one["role"] for one in report.as_json()["times"]}
    assert times == {
        (6, "2022-11-10T11:19"): "mention",
        (6, "2022-11-10T14:25"): "mention",
        (10, "2022-11-10T11:05"): "row",
        (11, "2022-11-10T11:15"): "row",
        (12, "2022-11-10T11:19"): "row",
        (13, "2022-11-10T12:02"): "row",
        (14, "2022-11-10T13:45"): "row",
        (15, "2022-11-10T13:55"): "row",
        (16, "2022-11-10T14:23"): "row",
        (21, "2022-11-10T11:19"): "mention",
    }


def test_put_right_it_is_not_accused_any_more():
    right = SEED.replace("from 11:19 AM to 2:25 PM", "from 11:15 AM to 2:23 PM").replace(
        "At 11:19 AM IST", "At 11:05 AM IST"
    )
    assert not check(right).contradicted
