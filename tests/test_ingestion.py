"""Ingest: every line is accounted for, again and again, however much there is and however often it is done."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afterlog.case import REJECT_SCHEMA, Case
from afterlog.errors import CaseError, InputError, LayoutError
from afterlog.ingestion import Options, ingest
from afterlog.intake import reading
from afterlog.sources import blocks as cutting

LINE = '10.0.0.{} - - [10/Nov/2022:{:02d}:{:02d}:{:02d} +0000] "GET /{} HTTP/1.1" {} 17 "-" "curl"\n'


def log_of(count: int, hour: int = 10, status: int = 200) -> str:
    return "".join(LINE.format(i % 250, hour + i // 3600, i // 60 % 60, i % 60, i, status) for i in range(count))


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def conserved(case: Case) -> bool:
    return all(one.lines == one.events + one.continuations + one.rejects for one in case.ledgers())


# --- conservation -------------------------------------------------------------------------------------------

PIECES = st.sampled_from([
    LINE.format(1, 10, 0, 0, "a", 200).rstrip("\n"),
    "Nov 10 10:29:58 web-01 sshd[1]: Accepted publickey for deploy from 10.0.0.2 port 1 ssh2",
    "Nov 10 10:29:59 web-01 app: hello",
    "[Thu Nov 10 11:14:59.898581 2022] [php:error] [pid 7:tid 8] [client 10.0.0.1:5] PHP Fatal error:  x",
    "#0 /srv/app/index.php(31): connect()",
    "",
    "   ",
    "no line of any log",
    "\x00\x00",
    "\x1b[31mred\x1b[0m",
])  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=30).map(lambda t: t.replace("\n", " "))), max_size=60), st.booleans()
)
def test_every_line_is_an_event_a_continuation_or_a_reject(lines, ended):
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        data = "\n".join(["Nov 10 10:00:00 web-01 app: start"] * 3 + lines).encode("utf-8", "replace") + b"\n" * ended
        (logs / "some.log").write_bytes(data)
        try:
            case = ingest([logs], Path(folder) / "case", Options(tz="UTC", jobs=1))
        except InputError:
            return  # hardly a line of it was of any format
        ledger = case.ledgers()[0]
        assert ledger.lines == data.count(b"\n") + (not data.endswith(b"\n"))
        assert conserved(case)
        assert len(case.events(["time"])) == ledger.events - ledger.duplicates
        kept = case.read_table("rejects", REJECT_SCHEMA).to_pylist()
        assert len(kept) == ledger.rejects
        assert all(
            data[one["offset"] :].startswith(one["text"].encode()[:1])
            for one in kept
            if one["text"].isascii() and "\x1b" not in one["text"]
        )


@pytest.mark.parametrize("name", ["access", "error"])
def test_many_threads_give_what_one_gives(name, logs, tmp_path, monkeypatch):
    if name == "access":
        text = "".join(
            line + ("garbage\n" if i % 97 == 0 else "") for i, line in enumerate(log_of(4000).splitlines(keepends=True))
        )
    else:
        text = "".join(
            f"[Thu Nov 10 11:{i // 60:02d}:{i % 60:02d}.000001 2022] [php:error] [pid 7:tid 8] [client 10.0.0.1:5] failed {i}\n"
            + "#0 /srv/app\n" * (i % 4)
            for i in range(3000)
        )
    (logs / "some.log").write_text(text)
    plain = ingest([logs], tmp_path / "one", Options(tz="UTC", jobs=1))
    monkeypatch.setattr("afterlog.ingestion.LARGE_BYTES", 1)
    monkeypatch.setattr(reading, "blocks", lambda chunks, **how: cutting.blocks(_small(chunks), 10_000, **how))
    threads = ingest([logs], tmp_path / "four", Options(tz="UTC", jobs=4))
    assert threads.events().to_pylist() == plain.events().to_pylist()
    assert threads.ledgers() == plain.ledgers()


def _small(chunks):
    for chunk in chunks:
        for begin in range(0, len(chunk), 7_000):
            yield chunk[begin : begin + 7_000]


def test_the_year_goes_on_over_blocks_read_side_by_side(logs, tmp_path, monkeypatch):
    lines = [f"Dec 31 23:{i // 60:02d}:{i % 60:02d} web-01 app[1]: {i}\n" for i in range(3600)]
    lines += [f"Jan  1 00:{i // 60:02d}:{i % 60:02d} web-01 app[1]: {i}\n" for i in range(3600)]
    (logs / "syslog").write_text("".join(lines))
    os.utime(logs / "syslog", (1_672_534_800, 1_672_534_800))  # 2023-01-01T01:00Z
    monkeypatch.setattr("afterlog.ingestion.LARGE_BYTES", 1)
    monkeypatch.setattr(reading, "blocks", lambda chunks, **how: cutting.blocks(_small(chunks), 10_000, **how))
    ledger = ingest([logs], tmp_path / "case", Options(tz="UTC", jobs=3)).ledgers()[0]
    assert (ledger.first, ledger.last) == (1_672_527_600_000_000, 1_672_534_799_000_000)


# --- again --------------------------------------------------------------------------------------------------


def parts_of(case: Case) -> dict[str, int]:
    return {file.name: file.stat().st_ino for file in (case.folder / "events").glob("*.parquet")}


def test_a_second_ingest_reads_only_what_is_new_or_has_grown(logs, tmp_path, monkeypatch):
    (logs / "a.log").write_text(log_of(10))
    (logs / "b.log").write_text(log_of(20, hour=12))
    first = parts_of(ingest([logs], tmp_path / "case"))
    with (logs / "b.log").open("a") as file:
        file.write(log_of(1, hour=15))
    (logs / "c.log").write_text(log_of(5, hour=16))
    read = []
    whole = reading.Reading.read
    monkeypatch.setattr(
        reading.Reading, "read", lambda self, item, *rest: read.append(item.source.path) or whole(self, item, *rest)
    )
    case = ingest([logs], tmp_path / "case")
    assert sorted(read) == ["b.log", "c.log"]
    assert {ledger.path: ledger.events for ledger in case.ledgers()} == {"a.log": 10, "b.log": 21, "c.log": 5}
    kept = set(first.items()) & set(parts_of(case).items())
    assert len(kept) == 1


def test_a_source_is_read_again_when_its_clock_is_decided_otherwise(logs, tmp_path):
    (logs / "syslog").write_text("".join(f"2022-11-10 10:00:{i:02d},000 INFO app: {i}\n" for i in range(30)))
    (logs / "other.log").write_text("".join(f"Nov 10 10:00:{i:02d} web-01 app[1]: {i}\n" for i in range(30)))
    before = ingest([logs], tmp_path / "case", Options(tz="UTC")).ledgers()
    after = ingest([logs], tmp_path / "case", Options(tz="Asia/Kolkata")).ledgers()
    for old, new in zip(before, after, strict=True):
        if old.events:
            assert old.first - new.first == 19_800_000_000


def test_new_evidence_of_the_zone_moves_what_was_read_before(logs, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    (logs / "web-01").mkdir()
    (logs / "web-01" / "syslog").write_text("".join(f"Nov 10 10:00:{i:02d} web-01 app[1]: {i}\n" for i in range(30)))
    os.utime(logs / "web-01" / "syslog", (1_668_080_000, 1_668_080_000))
    first = {one.path: one for one in ingest([logs], tmp_path / "case").ledgers()}["web-01/syslog"].first
    (logs / "web-01" / "access.log").write_text(log_of(30).replace("+0000", "+0530"))
    second = {one.path: one for one in ingest([logs], tmp_path / "case").ledgers()}["web-01/syslog"].first
    assert first - second == 19_800_000_000


def test_a_source_that_is_gone_leaves_the_case(logs, tmp_path):
    (logs / "a.log").write_text(log_of(10))
    (logs / "b.log").write_text(log_of(20, hour=12))
    ingest([logs], tmp_path / "case")
    (logs / "b.log").unlink()
    case = ingest([logs], tmp_path / "case")
    assert len(case.events(["time"])) == 10
    assert [ledger.path for ledger in case.ledgers()] == ["a.log"]
    assert len(list((case.folder / ".ingest" / "parts").iterdir())) == 1


def test_a_directory_with_other_things_is_no_place_for_a_case(logs, tmp_path):
    (logs / "a.log").write_text(log_of(10))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(CaseError, match="holds other files"):
        ingest([logs], tmp_path / "mine")


def test_a_case_within_the_logs_is_not_read_as_a_log(logs):
    (logs / "a.log").write_text(log_of(10))
    for _ in range(2):
        case = ingest([logs], logs / "case")
        assert [ledger.path for ledger in case.ledgers()] == ["a.log"]


# --- choices ------------------------------------------------------------------------------------------------


def test_since_and_until_bound_the_events_and_skip_what_lies_outside(logs, tmp_path, monkeypatch):
    (logs / "access.log").write_text(log_of(6 * 3600))  # 10:00 to 16:00, one a second
    given, parsed = [], []

    def counted(chunks, **how):
        for block in cutting.blocks(_small(chunks), 10_000, **how):
            given.append(len(block.data))
            yield block

    whole = reading.parse_block
    monkeypatch.setattr(reading, "blocks", counted)
    monkeypatch.setattr(reading, "parse_block", lambda *one: parsed.append(len(one[1].data)) or whole(*one))
    span = {"since": "2022-11-10T12:30", "until": "2022-11-10T12:40"}
    case = ingest([logs], tmp_path / "case", Options(tz="UTC", **span))
    ledger = case.ledgers()[0]
    assert ledger.events == ledger.lines == 600
    assert (ledger.first, ledger.last) == (1_668_083_400_000_000, 1_668_083_999_000_000)
    assert case.events(["line"]).column("line")[0].as_py() == 9001  # counted from the beginning of the file
    hour = len(log_of(6 * 3600)) / 6
    assert 2 * hour < sum(parsed) < 2.5 * hour  # ten minutes, and an hour's margin on both sides
    assert 3.5 * hour < sum(given) < 4 * hour  # what comes after 13:40 is not even looked at
    assert ledger.reason == "what comes more than an hour after --until was not read"


def test_in_a_source_out_of_order_what_is_late_is_passed_and_the_rest_is_read(logs, tmp_path, monkeypatch):
    (logs / "access.log").write_text(log_of(3600, hour=16) + log_of(3600, hour=10))
    monkeypatch.setattr(reading, "blocks", lambda chunks, **how: cutting.blocks(_small(chunks), 10_000, **how))
    monkeypatch.setattr("afterlog.intake.scouting.MARGIN_US", 60_000_000)
    case = ingest([logs], tmp_path / "case", Options(tz="UTC", since="2022-11-10T10:00", until="2022-11-10T11:00"))
    assert (case.ledgers()[0].events, case.ledgers()[0].skipped) == (3600, 3600)


def test_a_span_that_ends_before_it_begins_is_refused(logs, tmp_path):
    (logs / "a.log").write_text(log_of(10))
    with pytest.raises(InputError, match="is not after"):
        ingest([logs], tmp_path / "case", Options(since="2022-11-10T12:00", until="2022-11-10T11:00"))


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        (("*.log",), (), ["db/slow.log", "web/access.log"]),
        (("web",), (), ["web/access.log", "web/access.txt"]),
        ((), ("web",), ["db/slow.log"]),
        (("web/*",), ("*.txt",), ["web/access.log"]),
        ((), ("access.*",), ["db/slow.log"]),
    ],
)
def test_globs_choose_sources_by_path_name_or_folder(include, exclude, left, logs, tmp_path):
    for path in ("web/access.log", "web/access.txt", "db/slow.log"):
        (logs / path).parent.mkdir(exist_ok=True)
        (logs / path).write_text(log_of(10))
    case = ingest([logs], tmp_path / "case", Options(include=include, exclude=exclude))
    assert [ledger.path for ledger in case.ledgers()] == left


OWN = "".join(
    f'10.0.0.{i}|2022-11-10T10:00:{i:02d}+00:00|"GET /{i} HTTP/1.1"|{503 if i == 7 else 200}\n' for i in range(30)
)
OWN_FORMAT = '$remote_addr|$time_iso8601|"$request"|$status'


@pytest.mark.parametrize("form", [f"nginx={OWN_FORMAT}", f"own*={OWN_FORMAT}", f"nginx='{OWN_FORMAT}'"])
def test_a_log_format_string_reads_a_format_of_ones_own(form, logs, tmp_path):
    (logs / "own.log").write_text(OWN)
    case = ingest([logs], tmp_path / "case", Options(formats=(form,)))
    failed = [event for event in case.events().to_pylist() if event["status"] == 503]
    assert [(event["client"], event["path"], event["kind"]) for event in failed] == [("10.0.0.7", "/7", "request")]


def test_an_apache_log_format_and_a_layout_are_read_too(logs, tmp_path):
    (logs / "a.log").write_text("10.0.0.1 [10/Nov/2022:10:00:00 +0000] 503\n" * 5)
    (logs / "b.log").write_text("2022-11-10 10:00:00,123 /// something happened\n" * 5)
    formats = ("a.log=%h %t %>s", "b.log={time:python} /// {message:rest}")
    case = ingest([logs], tmp_path / "case", Options(tz="UTC", formats=formats))
    events = {event["source"]: event for event in case.events().to_pylist()}
    assert events["a.log"]["status"] == 503
    assert events["b.log"]["message"] == "something happened"


def test_a_parser_can_be_named_for_a_file_that_would_go_to_none(logs, tmp_path):
    (logs / "mixed.log").write_text("noise\n" * 20 + log_of(5))
    case = ingest([logs], tmp_path / "case", Options(formats=("mixed*=access",)))
    ledger = case.ledgers()[0]
    assert (ledger.parser, ledger.events, ledger.rejects, ledger.status) == ("access", 5, 20, "partly-read")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("access.log", "write GLOB=PARSER"),
        ("a=nonsuch", "no parser is named"),
        ("nginx=$remote_addr", "no field of it is the time"),
    ],
)
def test_a_format_that_makes_no_sense_is_refused(form, message, logs, tmp_path):
    (logs / "a.log").write_text(log_of(10))
    with pytest.raises((InputError, LayoutError), match=message):
        ingest([logs], tmp_path / "case", Options(formats=(form,)))


def test_progress_ends_at_the_whole(logs, tmp_path):
    (logs / "a.log").write_text(log_of(100))
    (logs / "b.log").write_text(log_of(200))
    told = []
    ingest([logs], tmp_path / "case", Options(jobs=1), lambda done, total: told.append((done, total)))
    size = len(log_of(100)) + len(log_of(200))
    assert told[-1] == (size, size)
    assert sorted(told) == told
