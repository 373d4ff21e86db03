"""SQL over a case: the tables people expect, and no way to anything else."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from afterlog.case import Case
from afterlog.cli import app
from afterlog.errors import InputError
from afterlog.sql import ask


@pytest.fixture
def case(recording):
    return recording.case


def rows(case, question):
    with ask(case, question) as answer:
        return list(answer.documents())


def test_the_failed_requests_can_be_counted_by_host_and_status(recording, case):
    found = rows(case, "select status, count(*) n from events where host = 'lb-01' and status >= 500 group by status")
    assert {row["status"] for row in found} == {500}
    assert sum(row["n"] for row in found) >= recording.findings.outages[0].failed


def test_what_the_columns_of_events_mean_is_what_they_are_and_fields_is_a_map(case):
    described = {row["column_name"]: row["column_type"] for row in rows(case, "describe events")}
    assert described["time"] == "TIMESTAMP WITH TIME ZONE" and described["fields"] == "MAP(VARCHAR, VARCHAR)"
    (row,) = rows(case, "select fields from events where kind = 'change' and map_contains(fields, 'files') limit 1")
    assert "files/blog/settings.php" in json.dumps(rows(case, "select fields['files'] f from events"))
    assert None not in row["fields"].values()


def test_every_line_is_accounted_for_in_sources_and_rejects(case):
    (row,) = rows(case, "select sum(lines) l, sum(events + continuations + rejects) s, sum(rejects) r from sources")
    assert row["l"] == row["s"]
    assert rows(case, "select count(*) n from rejects") == [{"n": row["r"]}]


def test_the_findings_are_tables_too(recording, case):
    (outage,) = rows(case, "select id, failed, start from outages")
    assert (outage["id"], outage["failed"]) == (recording.findings.outages[0].id, recording.findings.outages[0].failed)
    assert outage["start"].startswith("2022-11-10T05:4") and outage["start"].endswith("Z")
    assert rows(case, "select count(*) n from timeline") == [{"n": len(recording.findings.timeline)}]
    assert "Ansible: Push blog configuration" in {row["title"] for row in rows(case, "select title from changes")}


@pytest.mark.parametrize(
    "question",
    [
        "copy events to 'out.csv'",
        "copy (select 1) to '{case}/events/x.parquet'",
        "create table t as select 1",
        "drop view events",
        "attach 'other.db'",
        "install httpfs",
        "set enable_external_access = true",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{case}/case.toml')",
        "selec nonsense",
        "select nonsense from events",
        "",
    ],
)
def test_nothing_else_can_be_done_or_read(case, question):
    before = sorted(path.name for path in (case.folder / "events").iterdir())
    with pytest.raises(InputError, match=r"^sql: "):
        rows(case, question.format(case=case.folder.resolve()))
    assert sorted(path.name for path in (case.folder / "events").iterdir()) == before


def test_a_case_without_an_event_has_the_tables_all_the_same(tmp_path):
    (tmp_path / "case").mkdir()
    empty = Case(tmp_path / "case")
    assert rows(empty, "select count(*) n from events, rejects, sources, signals, copies") == [{"n": 0}]
    assert rows(empty, "select * from outages") == []


def test_the_command_writes_a_table_json_csv_and_lines_of_json(case):
    def run(*options):
        question = "select host, count(*) n from events where host like 'web%' group by 1 order by 1 limit 2"
        result = CliRunner().invoke(app, ["sql", str(case.folder), question, *options])
        assert result.exit_code == 0, result.output
        return result.stdout

    document = json.loads(run("--json"))
    assert [row["host"] for row in document["rows"]] == ["web-01", "web-02"]
    assert run().splitlines()[0].split() == ["host", "n"]
    assert [row["host"] for row in csv.DictReader(io.StringIO(run("--format", "csv")))] == ["web-01", "web-02"]
    assert [json.loads(line) for line in run("--format", "jsonl").splitlines()] == document["rows"]


def test_what_a_log_says_cannot_move_the_cursor_of_who_asks(case):
    result = CliRunner().invoke(app, ["sql", str(case.folder), "select 'a' || chr(27) || '[2Jb' as x"])
    assert "\x1b" not in result.stdout and "ab" in result.stdout


def test_the_question_can_come_from_stdin(case):
    result = CliRunner().invoke(app, ["sql", str(case.folder), "-"], input="select 7 as seven")
    assert result.stdout.split() == ["seven", "7"]
