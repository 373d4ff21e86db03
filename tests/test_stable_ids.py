"""Ids outlive more logs: an older rotated piece renumbers the lines, and every decision must still find its finding."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from afterlog.analysis import analyse
from afterlog.changes import find_changes
from afterlog.identity import distinct_ids, stable_id
from afterlog.ingestion import Options, ingest
from afterlog.stated import outages_stated
from conftest import SAMPLE

ROTATED = ("haproxy.log", "syslog", "auth.log", "cron.log", "user.log")
CUT = b"Nov 10 10:50:00"  # 25 minutes before the outage; each of these logs stamps its lines like this


def all_ids(case, findings):
    """Every id of an analysis, with what tells which finding it is of."""
    history = find_changes(case)
    return (
        [(one.id, (one.kind, one.service, one.first_us)) for one in findings.outages]
        + [(one.id, (one.tool, one.title, one.hosts, one.end_us)) for one in history.changes]
        + [(one.id, (one.what, one.target, one.start_us)) for one in history.looks]
        + [(one.id, (one.kind, one.text, one.time_us)) for one in findings.timeline]
        + [(c.change.id, (c.outage, c.change.action)) for r in findings.rankings for c in r.suspects if not c.is_change]
    )


def analysed(logs, folder):
    case = ingest([logs], folder, Options(tz="Asia/Kolkata", jobs=1))
    return all_ids(case, analyse(case))


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    """The recording without the lines before 10:50, and then with them as pieces that were rotated away."""
    root = tmp_path_factory.mktemp("rotated")
    logs = root / "logs"
    shutil.copytree(SAMPLE, logs)
    older = {}
    for path in sorted(logs.rglob("*")):
        if path.name in ROTATED:
            lines = path.read_bytes().splitlines(keepends=True)
            before = [line for line in lines if line[: len(CUT)] < CUT]
            if before and len(before) < len(lines):
                older[path.with_name(f"{path.name}.1")] = b"".join(before)
                path.write_bytes(b"".join(lines[len(before) :]))
    assert {"haproxy.log.1", "syslog.1"} <= {path.name for path in older}
    first = analysed(logs, root / "first")
    for path, content in older.items():
        path.write_bytes(content)
    return first, analysed(logs, root / "second")


def test_an_older_rotated_piece_in_front_leaves_every_id_to_its_finding(rotated):
    first, second = map(dict, rotated)
    lost = {one: what for one, what in first.items() if one not in second}
    assert not lost
    same = {one for one, what in first.items() if second[one] == what}
    routine = {one for one in set(first) - same if not one.startswith("change-")}
    assert not routine, "only a routine may be told anew: it began earlier than was known"
    assert {one.partition("-")[0] for one in same} >= {"outage", "change", "look", "entry"}


def test_no_two_findings_of_one_analysis_have_the_same_id(rotated, recording):
    for told in (*rotated, all_ids(recording.case, recording.findings)):
        assert [one for one, count in Counter(one for one, _what in told).items() if count > 1] == []
        assert len(told) > 20


def test_equal_ids_are_told_apart_by_their_order_and_the_first_keeps_its_own():
    one, other = stable_id("change", 1), stable_id("change", 2)
    told = distinct_ids([one, other, one, one])
    assert told[:2] == [one, other]
    assert len(set(told)) == 4
    assert all(name.startswith("change-") for name in told)
    assert distinct_ids([one, one]) == [told[0], told[2]]


def test_a_stated_outage_is_named_by_its_start_and_not_by_the_words(recording):
    ledgers = recording.case.ledgers()
    words = ["2022-11-10T11:15..2022-11-10T14:22", "2022-11-10 11:15:00+05:30..", "2022-11-10T11:16.."]
    ids = [outages_stated([word], "Asia/Kolkata", (), ledgers)[0].id for word in words]
    assert ids[0] == ids[1] != ids[2]
    together = outages_stated(words[:2], "Asia/Kolkata", (), ledgers)
    assert len({outage.id for outage in together}) == 2
