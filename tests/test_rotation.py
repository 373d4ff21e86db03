"""A rotated set is one log, whatever the rotator calls its pieces."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from afterlog.ingestion import Options, ingest
from afterlog.source import NotRead, Source, open_chunks, piece_at, walk
from afterlog.sources.rotation import rotated_sets

LINE = '10.0.0.1 - - [{:02d}/Nov/2022:10:{:02d}:{:02d} +0000] "GET /{} HTTP/1.1" 200 17 "-" "curl"\n'


def lines_of(day: int, count: int) -> bytes:
    return "".join(LINE.format(day, i // 60, i % 60, f"d{day}n{i}") for i in range(count)).encode()


def sources_below(folder: Path) -> dict[str, Source]:
    return {item.path: item for item in walk([folder]) if isinstance(item, Source)}


def left_out(folder: Path) -> dict[str, str]:
    return {item.path: item.reason for item in walk([folder]) if isinstance(item, NotRead)}


@pytest.mark.parametrize(
    ("names", "log"),
    [
        (["access.log.3.gz", "access.log.2.gz", "access.log.1", "access.log"], "access.log"),
        (["access.log-20240617.gz", "access.log-20240618-11.gz", "access.log"], "access.log"),
        (["syslog.10.gz", "syslog.9.gz", "syslog.1", "syslog"], "syslog"),
        (["catalina.2024-06-17.log", "catalina.2024-06-18.log"], "catalina.log"),
        (["app.log.2024-06-17", "app.log.2024-06-18", "app.log"], "app.log"),
        (["app-2024-06-17.1.log", "app-2024-06-17.2.log"], None),
        (["messages-20240616", "messages-20240623", "messages"], "messages"),
    ],
)
def test_pieces_are_put_in_the_order_in_which_they_were_written(names, log):
    sets = rotated_sets(sorted(names))
    assert len(sets) == 1
    if log is not None:
        assert (sets[0].log, list(sets[0].pieces)) == (log, names)


@pytest.mark.parametrize(
    "names",
    [
        ["202211100534.yaml", "202211100603.yaml"],
        ["access.log", "error.log"],
        ["web-01.log", "web-02.log"],
        ["access.log", "access.log.gz"],
        ["report.pdf", "report.txt"],
    ],
)
def test_files_that_merely_look_alike_stay_apart(names):
    assert [rotated.pieces for rotated in rotated_sets(names)] == [(name,) for name in names]


def test_a_rotated_set_is_one_source_with_its_lines_in_order(tmp_path):
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(lines_of(8, 5)))
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 4))
    (tmp_path / "access.log").write_bytes(lines_of(10, 3))
    found = sources_below(tmp_path)
    assert list(found) == ["access.log"]
    assert b"".join(open_chunks(found["access.log"])) == lines_of(8, 5) + lines_of(9, 4) + lines_of(10, 3)
    case = ingest([tmp_path], tmp_path / "case", Options(tz="UTC"))
    events = case.events(["path", "line"]).to_pylist()
    assert [event["line"] for event in events] == list(range(1, 13))
    assert [event["path"] for event in events][4:6] == ["/d8n4", "/d9n0"]


def test_a_piece_without_a_final_newline_does_not_run_into_the_next(tmp_path):
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 2).rstrip(b"\n"))
    (tmp_path / "access.log").write_bytes(lines_of(10, 2))
    case = ingest([tmp_path], tmp_path / "case")
    assert [(ledger.lines, ledger.events, ledger.rejects) for ledger in case.ledgers()] == [(4, 4, 0)]


def test_the_hole_that_copytruncate_leaves_is_passed_over(tmp_path):
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 2))
    (tmp_path / "access.log").write_bytes(b"\x00" * 100_000 + lines_of(10, 2))
    case = ingest([tmp_path], tmp_path / "case")
    assert [(ledger.lines, ledger.events, ledger.rejects) for ledger in case.ledgers()] == [(4, 4, 0)]


def test_a_piece_that_is_the_beginning_of_the_next_is_read_once(tmp_path):
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 200))
    (tmp_path / "access.log").write_bytes(lines_of(9, 200) + lines_of(10, 2))
    case = ingest([tmp_path], tmp_path / "case")
    assert len(case.events(["time"])) == 202
    assert "the beginning of access.log" in left_out(tmp_path)["access.log.1"]


def test_an_unfinished_compressed_copy_of_a_piece_is_left_out(tmp_path):
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 3000))
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(lines_of(9, 3000))[:4000])
    (tmp_path / "access.log").write_bytes(lines_of(10, 2))
    case = ingest([tmp_path], tmp_path / "case")
    assert len(case.events(["time"])) == 3002
    assert "compressed copy" in left_out(tmp_path)["access.log.1.gz"]


def test_a_byte_of_the_set_is_found_in_its_piece(tmp_path):
    (tmp_path / "access.log.1").write_bytes(lines_of(9, 5))
    (tmp_path / "access.log").write_bytes(lines_of(10, 5))
    source = sources_below(tmp_path)["access.log"]
    first = len(lines_of(9, 1))
    assert piece_at(source, first)[0].path == "access.log.1"
    assert (piece_at(source, 5 * first)[0].path, piece_at(source, 5 * first)[1]) == ("access.log", 0)


def test_the_year_moves_on_from_piece_to_piece(tmp_path):
    (tmp_path / "syslog.1").write_text("Dec 31 23:59:58 web-01 app[1]: old\nDec 31 23:59:59 web-01 app[1]: older\n")
    (tmp_path / "syslog").write_text("Jan  1 00:00:01 web-01 app[1]: new\n")
    for name in ("syslog", "syslog.1"):
        os.utime(tmp_path / name, (1_672_531_300, 1_672_531_300))  # 2023-01-01T00:01:40Z
    events = ingest([tmp_path], tmp_path / "case", Options(tz="UTC")).events(["time", "message"]).to_pylist()
    assert [(event["time"].year, event["message"]) for event in events] == [
        (2022, "old"),
        (2022, "older"),
        (2023, "new"),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_piece_of_a_rotated_set_is_joined_without_tearing_a_line(tmp_path, packed):
    lines = [
        f'192.0.2.1 - - [10/Nov/2022:11:15:00 +0000] "GET /{n} HTTP/1.1" 200 5 "-" "x"\n'.encode()
        for n in range(60_000)
    ]
    older, newer = b"".join(lines[:50_000]), b"".join(lines[50_000:])
    name = "access.log.1.gz" if packed else "access.log.1"
    (tmp_path / name).write_bytes(gzip.compress(older) if packed else older)
    (tmp_path / "access.log").write_bytes(newer)
    (source,) = [item for item in walk([tmp_path]) if isinstance(item, Source)]
    assert b"".join(open_chunks(source)) == older + newer
