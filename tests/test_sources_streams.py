"""Sources that are streams of another kind: octet-counted syslog, and the journal's binary files."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterlog.errors import InputError
from afterlog.ingestion import Options, ingest
from afterlog.source import read_head, walk, why_no_log
from afterlog.sources import journals
from afterlog.sources.framing import unframed


def counted(*messages: bytes) -> bytes:
    return b"".join(b"%d %s" % (len(message), message) for message in messages)


def given_in(data: bytes, size: int) -> bytes:
    return b"".join(unframed(iter([data[at : at + size] for at in range(0, len(data), size)])))


ONE = b"<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 - first"
TWO = b"<34>Oct 11 22:14:16 mymachine su: two\nlines"


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_counted_messages_become_lines_however_they_arrive(size):
    assert given_in(counted(ONE, TWO, ONE), size) == b"\n".join([ONE, TWO.replace(b"\n", b"#012"), ONE]) + b"\n"


def test_counted_messages_that_are_lines_stay_as_they_are():
    data = counted(ONE + b"\n", ONE + b"\n")
    assert given_in(data, 11) == data


@pytest.mark.parametrize(
    "data", [b"", b"5", b"17 lines of text", ONE + b"\n", b"9999 <34>too short", b"10 <34>1 a lie about the length"]
)
def test_what_is_not_counted_passes_as_it_is(data):
    assert given_in(data, 3) == data


def test_where_the_counting_is_lost_the_rest_passes_as_it_is():
    assert (
        given_in(counted(ONE, ONE) + b"broken off here, and on", 9) == ONE + b"\n" + ONE + b"\nbroken off here, and on"
    )


@given(st.lists(st.binary(max_size=30), min_size=2, max_size=5), st.integers(1, 50))
def test_no_byte_of_a_counted_message_is_lost(tails, size):
    messages = [b"<13>" + tail.replace(b"\n", b"") + b"." for tail in tails]
    assert given_in(counted(*messages), size) == b"\n".join(messages) + b"\n"


REMOTE = Path("/lib/systemd/systemd-journal-remote")
needs_journal = pytest.mark.skipif(
    journals.journalctl() is None or not REMOTE.exists(),
    reason="needs journalctl and systemd-journal-remote, which makes a journal without a running systemd",
)


@pytest.fixture
def journal(tmp_path):
    """Make a binary journal of three entries, one of them of two lines."""
    entry = "__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=6c7c6013a26343b29e964691ff25d04c\n"
    entry += "PRIORITY=3\n_HOSTNAME=web-01\nSYSLOG_IDENTIFIER={}\n_PID=7\n"
    said = [("app", b"MESSAGE=slow\n"), ("sshd", b"MESSAGE=Accepted publickey for deploy from 10.0.0.2 port 1 ssh2\n")]
    said.append(("app", b"MESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00two\nlines\n"))
    export = tmp_path / "entries.export"
    export.write_bytes(
        b"".join(
            entry.format(1_668_076_198_000_000 + at, 1_000_000 + at, name).encode() + message + b"\n"
            for at, (name, message) in enumerate(said)
        )
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    subprocess.run([REMOTE, "-o", logs / "system.journal", export], check=True, capture_output=True)
    return logs / "system.journal"


@needs_journal
def test_a_binary_journal_is_read_by_the_machines_journalctl(journal, tmp_path):
    events = ingest([journal.parent], tmp_path / "case", Options(tz="UTC")).events().to_pylist()
    assert [(event["service"], event["message"], event["severity"]) for event in events] == [
        ("app", "slow", 17),
        ("sshd", "Accepted publickey for deploy from 10.0.0.2 port 1 ssh2", 17),
        ("app", "two\nlines", 17),
    ]
    assert {event["host"] for event in events} == {"web-01"}


@needs_journal
def test_a_binary_journal_in_an_archive_is_read_too(journal, tmp_path):
    with tarfile.open(journal.parent / "logs.tar.gz", "w:gz") as archive:
        archive.add(journal, "web-01/system.journal")
    journal.unlink()
    case = ingest([journal.parent], tmp_path / "case", Options(tz="UTC"))
    assert [(ledger.path, ledger.events) for ledger in case.ledgers()] == [("logs.tar.gz/web-01/system.journal", 3)]


@needs_journal
def test_a_name_that_is_a_pattern_names_no_other_journal(journal, tmp_path):
    (journal.parent / "[s]ystem.journal").write_bytes(b"LPKSHHRH")
    case = ingest([journal.parent], tmp_path / "case", Options(tz="UTC"))
    assert {ledger.path: ledger.events for ledger in case.ledgers()} == {"[s]ystem.journal": 0, "system.journal": 3}


def test_without_journalctl_a_journal_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "_PLACES", ("/nowhere/journalctl",))
    (tmp_path / "system.journal").write_bytes(b"LPKSHHRH" + b"\x00" * 200)
    source = next(iter(walk([tmp_path])))
    assert "journalctl --file FILE -o export" in why_no_log(read_head(source))


def test_no_program_of_the_logs_is_run(tmp_path, monkeypatch):
    trap = tmp_path / "journalctl"
    trap.write_text("#!/bin/sh\ntouch ran\n")
    trap.chmod(0o755)
    (tmp_path / "system.journal").write_bytes(b"LPKSHHRH" + b"\x00" * 200)
    monkeypatch.setenv("PATH", f"{tmp_path}:.:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    source = next(item for item in walk([tmp_path]) if item.path == "system.journal")
    with contextlib.suppress(InputError):  # where there is a journalctl, it says that this is no journal
        read_head(source)
    assert not (tmp_path / "ran").exists()
