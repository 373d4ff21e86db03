"""A case is read back as it was written, and is never seen half written."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

from afterlog.case import Case, Ledger
from afterlog.errors import CaseError
from afterlog.ingestion import Options, ingest

LINE = '10.0.0.1 - - [10/Nov/2022:10:00:{:02d} +0000] "GET /{} HTTP/1.1" {} 17 "-" "agent {}"\n'


@pytest.fixture
def case(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "access.log").write_text("".join(LINE.format(i, i, 503 if i == 5 else 200, i) for i in range(30)))
    (logs / "syslog").write_text("".join(f"Nov 10 10:00:{i:02d} web-01 app[{i}]: said {i}\n" for i in range(30)))
    return ingest([logs], tmp_path / "case", Options(tz="UTC"))


def test_events_come_in_the_order_of_time_source_and_line(case):
    keys = [(e["time"], e["source"], e["line"]) for e in case.events(["time", "source", "line"]).to_pylist()]
    assert len(keys) == 60
    assert keys == sorted(keys)


def test_fields_are_read_beside_other_columns_and_under_a_condition(case):
    found = case.events(["path", "fields"], pc.field("status") == 503).to_pylist()
    assert [(event["path"], dict(event["fields"])["agent"]) for event in found] == [("/5", "agent 5")]


def test_columns_come_in_the_order_asked_for(case):
    assert case.events(["status", "fields", "time"]).column_names == ["status", "fields", "time"]


def test_a_frame_is_indexed_by_utc_time(case):
    frame = case.timeline().frame()
    assert str(frame.index.tz) == "UTC"
    assert len(frame) == 60


def test_an_unknown_column_is_named(case):
    with pytest.raises(CaseError, match="no such event column: colour"):
        case.events(["colour"])


def test_ledgers_are_read_back_as_written(case):
    ledger = Ledger("a", "read", inside={"sshd": 3}, lines=4, events=3, rejects=1, gaps=((1, 2), (3, 4)), skipped=9)
    case.write_ledgers([ledger])
    assert case.ledgers() == [ledger]


def test_a_directory_without_a_case_says_how_to_make_one(tmp_path):
    with pytest.raises(CaseError, match="Make one with: afterlog run"):
        Case.open(tmp_path)


def test_a_write_that_fails_leaves_what_was_there(case):
    case.write_text("note", "old")

    def write_half() -> None:
        with case.replacing("note") as draft:
            draft.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(CaseError, match="cannot be written"):
        write_half()
    assert (case.folder / "note").read_text() == "old"
    assert not list(case.folder.glob(".*.tmp"))


def test_events_are_readable_between_the_two_renames_that_replace_them(case):
    before = len(case.events(["time"]))
    (case.folder / "events").rename(case.folder / ".events.old")
    assert len(case.events(["time"])) == before
