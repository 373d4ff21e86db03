"""With a case: times, durations, counts, shares, hosts, versions and files are held against the logs."""

from datetime import UTC, datetime

import pytest

from afterlog.check import Verdict, check
from afterlog.check.casefacts import CaseFacts, EntryFact, OutageFact
from afterlog.check.reading import read
from afterlog.check.rules import all_rules
from test_check_seed import SEED

LINE = {"source": "lb/haproxy.log", "line": 7, "offset": 0, "quote": "GET / 500", "hash": "x"}


def at(hour, minute, second=0):
    return datetime(2024, 5, 3, hour, minute, second, tzinfo=UTC).timestamp()


FACTS = CaseFacts(
    zone=UTC,
    outages=(
        OutageFact(
            (at(10, 0), at(10, 0, 5)),
            (at(11, 30), at(11, 30, 9)),
            (at(10, 0, 2), at(11, 30, 4)),
            1000,
            930,
            88,
            (0.93, 1.0, 0.001),
            (LINE,),
            (LINE,),
        ),
    ),
    entries=(
        EntryFact(at(9, 50), at(9, 58), "change", "Ansible runs Push configuration on web-01", (LINE,)),
        EntryFact(at(10, 4), at(10, 4), "look", "An operator reads /var/log/app/error.log", (LINE,)),
    ),
    hosts={"web-01": LINE},
    counts={930: "failed", 1000: "requests", 88: "clients"},
    pairs=frozenset({(930, 1000)}),
    quotes=(("push configuration settings.php 7.4.33 get / 500", LINE),),
    first=at(8, 0),
    last=at(13, 0),
)


def verdicts(document, rule):
    cls = next(one for one in all_rules() if one.name == rule)
    return [one.verdict.value for one in cls().look(read(document), FACTS)]


@pytest.mark.parametrize(
    ("document", "rule", "expected"),
    [
        (
            "## Timeline, 2024-05-03 (UTC)\n- 10:00 Outage begins\n- 11:30 Service fully restored\n",
            "time",
            ["supported", "supported"],
        ),
        (
            "## Timeline, 2024-05-03 (UTC)\n- 10:07 Outage begins\n- 11:22 Service fully restored\n",
            "time",
            ["contradicted", "contradicted"],
        ),
        ("## Timeline, 2024-05-03 (all times CEST)\n- 12:00 Outage begins\n", "time", ["supported"]),
        ("## Timeline (UTC)\n- 09:52 Configuration pushed to all servers\n", "time", ["supported"]),
        ("On 2024-05-03 at 10:40 UTC the configuration was pushed.\n", "time", ["contradicted"]),
        (
            "## Timeline, 2024-05-03 (UTC)\n- 10:04 Error logs checked\n- 12:10 Lunch\n",
            "time",
            ["supported", "no-evidence"],
        ),
        ("## Timeline, 2019-01-01 (UTC)\n- 10:00 Outage begins\n", "time", ["no-evidence"]),
        ("Duration: 1 hour 30 minutes\n", "length", ["supported"]),
        ("Duration: 2 hours 10 minutes\n", "length", ["contradicted"]),
        ("- Time to detect: 4 minutes\n", "length", ["supported"]),
        ("930 of 1,000 requests failed.\n", "count", ["supported"]),
        ("910 of 1,000 requests failed.\n", "count", ["contradicted"]),
        ("88 clients saw errors, 31 tickets came in, 500 errors were returned.\n", "count", ["supported"]),
        ("93% of requests failed.\n", "percentage", ["supported"]),
        ("40% of requests failed; revenue fell by 12%.\n", "percentage", ["contradicted", "no-evidence"]),
        ("web-01 failed first, web-09 later, SEV-1.\n", "host", ["supported", "no-evidence"]),
        ("PHP 7.4.33 does not know what 8.1.2 knows.\n", "version", ["supported", "no-evidence"]),
        ("The path in settings.php and in other.php was wrong.\n", "file", ["supported", "no-evidence"]),
    ],
)
def test_a_statement_is_held_against_the_logs(document, rule, expected):
    assert verdicts(document, rule) == expected


def test_supported_and_contradicted_statements_cite_a_line():
    document = "## Timeline, 2024-05-03 (UTC)\n- 10:00 Outage begins\n- 11:22 Service fully restored\n"
    rule = next(one for one in all_rules() if one.name == "time")
    for finding in rule().look(read(document), FACTS):
        (against,) = finding.against
        assert against.as_json()["evidence"]["source"] == "lb/haproxy.log"
        assert against.as_json()["evidence"]["line"] == 7


def test_actions_front_matter_and_quoted_logs_are_no_statements():
    document = "---\ndate: 2024-05-03 10:30\n---\n\n```\n10:31:00 ERROR\n```\n\n## Action items\n- Meet at 10:32 UTC\n"
    assert verdicts(document, "time") == []


def test_the_recorded_sample_judges_each_time_of_the_seed(recording):
    report = check(SEED, recording.case)
    judged = [(one.line, one.verdict) for one in report.findings if one.rule == "time"]
    assert judged == [
        (6, Verdict.CONTRADICTED),
        (6, Verdict.CONTRADICTED),
        *[(line, Verdict.SUPPORTED) for line in range(10, 17)],
        (21, Verdict.CONTRADICTED),
    ]
    assert all(one.against for one in report.findings if one.rule == "time")
