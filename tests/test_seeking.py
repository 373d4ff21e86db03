"""Where a span begins in a large file is found by halving, and what is read from there is what reading all gives."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from afterlog.clock import SourceClock
from afterlog.ingestion import Options, ingest
from afterlog.intake import seeking
from afterlog.intake.seeking import Beginning, beginning_of
from afterlog.registry import registry
from afterlog.source import walk

BEGUN = datetime(2022, 11, 10, tzinfo=UTC)
CLOCK = SourceClock()


def line(second: int) -> str:
    return f"{BEGUN + timedelta(seconds=second):%Y-%m-%d %H:%M:%S},{second % 1000:03d} INFO app: step {second}\n"


def at(second: int) -> int:
    return int((BEGUN + timedelta(seconds=second)).timestamp()) * 1_000_000


@pytest.fixture
def small(monkeypatch):
    """Search also in small files."""
    monkeypatch.setattr(seeking, "SEARCHED_BYTES", 1)
    monkeypatch.setattr(seeking, "_NEAR_BYTES", 4_000)
    monkeypatch.setattr(seeking, "_LOOKED_BYTES", 2_000)


def found_in(folder, before_us, parser="python"):
    (source,) = walk([folder])
    return beginning_of(source, registry()[parser], CLOCK, frozenset(), registry(), before_us)


def test_the_beginning_is_a_line_with_only_older_ones_before_it_and_not_far_away(tmp_path, small):
    text = "".join(line(second) for second in range(20_000))
    (tmp_path / "app.log").write_text(text)
    for second in (1_000, 7_777, 19_999):
        found = found_in(tmp_path, at(second))
        wanted = text.index(f": step {second}\n")
        assert text[: found.offset].count("\n") == found.lines
        assert text[found.offset - 1] == "\n"
        assert found.offset <= wanted < found.offset + 9_000  # within 4,000 bytes, and the bytes looked at
        assert int(text[found.offset :].split("step ", 1)[1].split("\n", 1)[0]) < second


def test_a_time_before_the_first_line_is_at_the_very_beginning(tmp_path, small):
    (tmp_path / "app.log").write_text("".join(line(second) for second in range(5_000)))
    assert found_in(tmp_path, at(0)) == Beginning(0, 0)


def test_a_record_begins_there_and_not_a_line_of_a_trace(tmp_path, small):
    text = "".join(line(second) + "  File x\n  File y\n" for second in range(5_000))
    (tmp_path / "app.log").write_text(text)
    found = found_in(tmp_path, at(3_000))
    assert found.offset > 0
    assert text[found.offset :].startswith("2022-11-10 ")


def test_a_file_whose_times_do_not_rise_is_read_from_its_beginning(tmp_path, small):
    text = "".join(line(second) for second in [*range(10_000, 20_000), *range(10_000)])
    (tmp_path / "app.log").write_text(text)
    assert found_in(tmp_path, at(15_000)) == Beginning(0, 0)


def test_lines_without_a_year_are_not_searched(tmp_path, small):
    moments = [BEGUN + timedelta(seconds=second) for second in range(5_000)]
    (tmp_path / "syslog").write_text("".join(f"{moment:%b %d %H:%M:%S} web-01 app: {moment}\n" for moment in moments))
    assert found_in(tmp_path, at(3_000), "syslog") == Beginning(0, 0)


@pytest.mark.parametrize("how", ["gzip", "utf-16"])
def test_what_is_not_read_as_it_lies_on_the_disk_is_not_searched(tmp_path, small, how):
    text = "".join(line(second) for second in range(5_000))
    data = gzip.compress(text.encode()) if how == "gzip" else text.encode("utf-16")
    (tmp_path / "app.log").write_bytes(data)
    assert found_in(tmp_path, at(3_000)) == Beginning(0, 0)


def test_an_ingest_from_there_gives_the_lines_and_offsets_that_reading_all_gives(tmp_path, small, monkeypatch):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "app.log").write_text("".join(line(second) for second in range(20_000)))
    options = Options(tz="UTC", since="2022-11-10T03:00", until="2022-11-10T03:10")
    searched = ingest([tmp_path / "logs"], tmp_path / "searched", options)
    monkeypatch.setattr(seeking, "SEARCHED_BYTES", 1 << 40)
    read = ingest([tmp_path / "logs"], tmp_path / "read", options)
    assert searched.events(["line"]).column("line").to_pylist() == list(range(10_801, 11_401))
    assert searched.events().to_pylist() == read.events().to_pylist()
    (one,), (other,) = searched.ledgers(), read.ledgers()
    assert one.lines == other.lines == 600
    assert one.rejects == 0
