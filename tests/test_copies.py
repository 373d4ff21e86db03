"""A record that reached two files is one event, however many there are and however they lie."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from afterlog import case as case_module
from afterlog.case import COPY_SCHEMA, Case
from afterlog.ingestion import Options, ingest
from afterlog.intake import copies


def line(second: int, said: str) -> str:
    return f"Nov 10 {10 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d} web-01 app[1]: {said}\n"


@pytest.fixture
def var(tmp_path):
    folder = tmp_path / "logs" / "web-01" / "var" / "log"
    folder.mkdir(parents=True)
    return folder


def read(var: Path, out: str = "case") -> Case:
    return ingest([var.parents[2]], var.parents[2].parent / out, Options(tz="UTC"))


def said_of(case: Case) -> Counter:
    return Counter(event["message"] for event in case.events(["message"]).to_pylist())


def copies_of(case: Case) -> set[tuple]:
    return {
        tuple(row.values())[:2] + tuple(row.values())[3:] for row in case.read_table("copies", COPY_SCHEMA).to_pylist()
    }


def test_a_message_in_two_files_of_a_host_is_one_event(var):
    (var / "syslog").write_text(line(0, "a") + line(1, "b") + line(2, "c"))
    (var / "user.log").write_text(line(1, "b"))
    case = read(var)
    assert said_of(case) == {"a": 1, "b": 1, "c": 1}
    assert copies_of(case) == {("web-01/var/log/user.log", 1, "web-01/var/log/syslog", 2)}
    assert {one.path[15:]: (one.events, one.duplicates) for one in case.ledgers()} == {
        "syslog": (3, 0),
        "user.log": (1, 1),
    }


def test_the_nth_of_equal_messages_is_a_copy_of_the_nth(var):
    (var / "syslog").write_text(line(0, "x") + line(1, "again") * 2 + line(2, "y") * 3)
    (var / "user.log").write_text(line(1, "again") * 3)
    case = read(var)
    assert said_of(case) == {"x": 1, "again": 3, "y": 3}
    syslog, user = "web-01/var/log/syslog", "web-01/var/log/user.log"
    assert copies_of(case) == {(user, 1, syslog, 2), (user, 2, syslog, 3)}


def test_equal_messages_of_another_host_or_time_are_no_copies(var):
    other = var.parents[2] / "web-02" / "var" / "log"
    other.mkdir(parents=True)
    (var / "syslog").write_text(line(0, "x") + line(1, "y") + line(2, "z"))
    (var / "user.log").write_text(line(3, "x"))
    (other / "syslog").write_text(line(0, "x").replace("web-01", "web-02") + line(9, "w").replace("web-01", "web-02"))
    assert said_of(read(var)) == {"x": 3, "y": 1, "z": 1, "w": 1}


def test_three_files_with_the_same_message_give_one_event(var):
    (var / "syslog").write_text(line(0, "a") + line(1, "b") + line(2, "c"))
    (var / "user.log").write_text(line(1, "b") + line(2, "c"))
    (var / "app.log").write_text(line(1, "b"))
    case = read(var)
    assert said_of(case) == {"a": 1, "b": 1, "c": 1}
    assert len(copies_of(case)) == 3
    assert {row[2] for row in copies_of(case)} == {"web-01/var/log/syslog"}


def test_a_file_with_the_bytes_of_another_is_a_copy_as_a_whole(var):
    access = "".join(
        f'10.0.0.1 - - [10/Nov/2022:10:00:{i:02d} +0000] "GET /{i} HTTP/1.1" 200 17 "-" "curl"\n' for i in range(30)
    )
    (var / "access.log").write_text(access)
    (var / "backup.log").write_text(access)
    case = read(var)
    assert len(case.events(["time"])) == 30
    ledgers = {one.path[15:]: one for one in case.ledgers()}
    assert (ledgers["access.log"].duplicates, ledgers["backup.log"].duplicates) == (0, 30)
    assert "the same content as web-01/var/log/access.log" in ledgers["backup.log"].reason


def test_windows_of_time_give_what_one_comparison_gives(var, monkeypatch):
    rng = random.Random(4)
    lines = [line(rng.randrange(7200), f"said {rng.randrange(40)}") for _ in range(3000)]
    lines.sort(key=lambda text: text[:15])
    (var / "syslog").write_text("".join(lines))
    (var / "user.log").write_text("".join(text for text in lines if rng.random() < 0.4))
    (var / "late.log").write_text("".join(text for text in lines[1500:] if rng.random() < 0.4) + line(7300, "alone"))
    whole = read(var)
    monkeypatch.setattr(copies, "_WINDOW_ROWS", 100)
    monkeypatch.setattr(case_module, "_ROW_GROUP", 64)
    cut = read(var, "cut")
    assert cut.events().to_pylist() == whole.events().to_pylist()
    assert copies_of(cut) == copies_of(whole)
    assert len(copies_of(whole)) > 1000
    assert said_of(whole) == Counter(text.split(": ")[1].strip() for text in lines) + Counter(["alone"])
