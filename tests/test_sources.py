"""Sources of every sort are found and read, and what is none is named with the reason."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import re
import socket
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from afterlog.case import Case
from afterlog.errors import InputError
from afterlog.evidence import Place, Quotes
from afterlog.ingestion import Options, ingest
from afterlog.source import NotRead, Source, blocks, open_chunks, reopen, walk
from afterlog.sources import blocks as cutting

LINE = '10.0.0.1 - - [10/Nov/2022:10:{:02d}:{:02d} +0000] "GET /{} HTTP/1.1" 200 17 "-" "curl"\n'


def log_of(count: int, path: str = "p{}") -> str:
    return "".join(LINE.format(i // 60, i % 60, path.format(i)) for i in range(count))


def ledgers_of(case: Case) -> dict[str, tuple]:
    return {ledger.path: ledger for ledger in case.ledgers()}


def one(folder: Path, **options: object):
    """Ingest a folder with one log and give its ledger and events."""
    case = ingest([folder], folder.parent / "case", Options(tz="UTC", **options))
    ledgers = [ledger for ledger in case.ledgers() if ledger.events]
    assert len(ledgers) == 1
    return ledgers[0], case.events().to_pylist()


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


# --- compression --------------------------------------------------------------------------------------------

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", ["access.log", "misnamed.txt"])
def test_a_compressed_log_is_read_whatever_its_name(suffix, name, logs):
    (logs / f"{name}.{suffix if name == 'access.log' else 'dat'}").write_bytes(PACKERS[suffix](log_of(100).encode()))
    ledger, events = one(logs)
    assert (ledger.lines, ledger.events, ledger.status) == (100, 100, "read")
    assert events[99]["path"] == "/p99"


@pytest.mark.parametrize("suffix", PACKERS)
def test_several_compressed_streams_in_one_file_are_read_as_one(suffix, logs):
    pack = PACKERS[suffix]
    (logs / "access.log").write_bytes(pack(log_of(50).encode()) + pack(log_of(50, "q{}").encode()))
    ledger, _ = one(logs)
    assert ledger.events == 100


@pytest.mark.parametrize("suffix", PACKERS)
def test_truncated_compressed_data_gives_what_comes_before_and_says_so(suffix, logs):
    rng = random.Random(5)
    text = "".join(LINE.format(i // 60, i % 60, f"{rng.getrandbits(256):x}") for i in range(3600)).encode()
    packed = PACKERS[suffix](text)
    (logs / "cut.log").write_bytes(packed[: len(packed) * 2 // 3])
    (logs / "good.log").write_bytes(log_of(10).encode())
    case = ingest([logs], logs.parent / "case")
    cut, good = ledgers_of(case)["cut.log"], ledgers_of(case)["good.log"]
    assert (good.status, good.events) == ("read", 10)
    if suffix == "bz2":  # its blocks of 900 kB are larger than this file
        assert cut.status == "unreadable"
    else:
        assert cut.status == "partly-read"
        assert 0 < cut.events < 3600
    assert "ends early (truncated)" in cut.reason


# --- encodings and line endings -----------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(encoding, logs):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    (logs / "access.log").write_bytes(mark + log_of(20, "größe{}").encode(encoding))
    ledger, events = one(logs)
    assert (ledger.events, ledger.rejects) == (20, 0)
    assert events[3]["path"] == "/größe3"


def test_latin_1_is_read_as_text_and_its_offsets_are_those_of_the_file(logs):
    content = log_of(20, "größe{}").encode("latin-1")
    (logs / "access.log").write_bytes(content)
    ledger, events = one(logs)
    assert (ledger.events, ledger.rejects) == (20, 0)
    assert events[3]["path"] == "/größe3"
    assert [content[event["offset"] :].split(b"\n")[0] for event in events] == content.splitlines()


def test_bytes_that_are_no_utf_8_stay_readable_beside_those_that_are(logs):
    content = (
        log_of(1, "grün").encode() + log_of(1, "x").encode().replace(b"/x", b"/\xff\xfe") + log_of(1, "ende").encode()
    )
    (logs / "access.log").write_bytes(content)
    _, events = one(logs)
    assert sorted(event["path"] for event in events) == ["/\\xff\\xfe", "/ende", "/grün"]


def test_carriage_returns_belong_to_the_line_ending(logs):
    (logs / "access.log").write_bytes(log_of(20).replace("\n", "\r\n").encode())
    ledger, events = one(logs)
    assert (ledger.lines, ledger.events) == (20, 20)
    assert events[0]["fields"][0] == ("agent", "curl")


def test_a_last_line_without_a_newline_is_a_line(logs):
    (logs / "access.log").write_bytes(log_of(20).rstrip("\n").encode())
    assert one(logs)[0].events == 20


def test_terminal_colours_are_taken_off_and_quotes_keep_them(logs):
    plain = log_of(20).splitlines()
    content = "".join(f"\x1b[32m{line[:8]}\x1b[0m{line[8:]}\x1b[K\n" for line in plain)
    (logs / "access.log").write_text(content)
    ledger, events = one(logs)
    assert (ledger.events, ledger.rejects) == (20, 0)
    assert events[7]["client"] == "10.0.0.1"
    quotes = Quotes(item for item in walk([logs]) if isinstance(item, Source))
    quoted = quotes.of(Place("access.log", events[7]["line"], events[7]["offset"])).quote
    assert quoted == f"\x1b[32m{plain[7][:8]}\x1b[0m{plain[7][8:]}\x1b[K"


# --- hostile sizes ------------------------------------------------------------------------------------------


def test_a_line_of_a_hundred_megabytes_is_cut_and_those_around_it_are_read(logs):
    before, after = log_of(3, "before{}").encode(), log_of(3, "after{}").encode()
    with (logs / "access.log").open("wb") as file:
        file.write(before)
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + after)
    ledger, events = one(logs)
    assert (ledger.lines, ledger.events, ledger.rejects) == (7, 6, 1)
    left_out = int(re.search(r"([\d,]+) bytes of overlong lines", ledger.reason)[1].replace(",", ""))
    kept = 100_000_000 - left_out
    assert cutting.LINE_BYTES <= kept < cutting.LINE_BYTES + cutting.BLOCK_BYTES
    found = {event["path"]: event for event in events}
    assert found["/after0"]["line"] == 5
    assert found["/after0"]["offset"] == len(before) + 100_000_001


@given(
    st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b" ")), max_size=30),
    st.integers(1, 60),
    st.integers(1, 50),
    st.booleans(),
)
def test_blocks_hold_every_line_once_at_its_place(lines, size, chunk, ended):
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    chunks = iter([data[i : i + chunk] for i in range(0, len(data), chunk)])
    found = list(blocks(chunks, size))
    bare = data.lstrip(b"\x00")
    assert b"".join(block.data for block in found) == bare
    for block in found:
        assert data[block.offset : block.offset + len(block.data)] == block.data
        assert block.line == bare[: block.offset - (len(data) - len(bare))].count(b"\n") + 1
        assert block.data.endswith(b"\n") or block is found[-1]


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.integers(1, 90))
def test_of_an_overlong_line_only_the_beginning_is_held_and_places_stay_true(lengths, chunk):
    bound = cutting.LINE_BYTES
    cutting.LINE_BYTES = 100
    try:
        lines = [bytes([65 + i]) * length for i, length in enumerate(lengths)]
        data = b"".join(line + b"\n" for line in lines)
        found = list(blocks(iter([data[i : i + chunk] for i in range(0, len(data), chunk)]), 30))
    finally:
        cutting.LINE_BYTES = bound
    assert sum(len(block.data) + block.cut for block in found) == len(data)
    seen = 0
    for block in found:
        assert block.line == seen + 1
        offset = block.offset
        for text in block.data.splitlines():
            assert lines[seen].startswith(text)
            assert len(text) >= min(len(lines[seen]), 100)
            assert data[offset : offset + len(text)] == text
            offset += len(text) + 1
            seen += 1
    assert seen == len(lines)


# --- files that are no logs ---------------------------------------------------------------------------------


def test_what_is_no_log_is_named_with_the_reason_and_the_log_beside_it_is_read(logs):
    rng = random.Random(1)
    (logs / "access.log").write_text(log_of(10))
    (logs / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + rng.randbytes(2000))
    (logs / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + rng.randbytes(2000))
    (logs / "noise").write_bytes(rng.randbytes(20_000))
    (logs / "empty.log").write_bytes(b"")
    (logs / "holes.log").write_bytes(bytes(5000))
    (logs / "prose.txt").write_text("All work and no play makes Jack a dull boy.\n" * 40)
    case = ingest([logs], logs.parent / "case")
    told = {ledger.path: (ledger.status, ledger.reason.split(" (")[0]) for ledger in case.ledgers()}
    assert told == {
        "access.log": ("read", ""),
        "photo.png": ("not-a-log", "a PNG image"),
        "photo.jpg": ("not-a-log", "a JPEG image"),
        "noise": ("not-a-log", "binary data, not text"),
        "empty.log": ("not-a-log", "empty"),
        "holes.log": ("not-a-log", "empty"),
        "prose.txt": ("not-a-log", "text in a format that no parser knows"),
    }
    prose = ledgers_of(case)["prose.txt"]
    assert (prose.lines, prose.rejects) == (40, 40)


def test_an_empty_directory_is_a_clear_error(logs):
    with pytest.raises(InputError, match="holds no files"):
        ingest([logs], logs.parent / "case")


def test_a_directory_of_images_is_a_clear_error(logs):
    for number in range(3):
        (logs / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputError, match=r"none of the 3 files is a log .*a PNG image \(3\)"):
        ingest([logs], logs.parent / "case")


def test_a_missing_path_is_a_clear_error(logs):
    with pytest.raises(InputError, match="no such file or directory"):
        ingest([logs / "gone"], logs.parent / "case")


def test_a_file_that_may_not_be_read_is_named(logs, monkeypatch):
    (logs / "access.log").write_text(log_of(10))
    (logs / "secret.log").write_text(log_of(10))
    opened = Path.open

    def refused(self, *args, **kwargs):
        if self.name == "secret.log":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)  # the superuser may read everything
    case = ingest([logs], logs.parent / "case")
    assert ledgers_of(case)["secret.log"].status == "unreadable"
    assert "permission denied" in ledgers_of(case)["secret.log"].reason
    assert ledgers_of(case)["access.log"].events == 10


def test_sockets_and_pipes_are_named_and_not_opened(logs):
    (logs / "access.log").write_text(log_of(10))
    os.mkfifo(logs / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(logs / "s"))
        told = {item.path: item.reason for item in walk([logs]) if isinstance(item, NotRead)}
    assert set(told) == {"pipe", "s"}
    assert all("not a regular file" in reason for reason in told.values())


def test_links_are_not_followed_out_of_the_directory_and_loops_end(logs, tmp_path):
    (logs / "access.log").write_text(log_of(10))
    (tmp_path / "outside.log").write_text(log_of(10))
    (logs / "current").symlink_to("access.log")
    (logs / "out").symlink_to(tmp_path / "outside.log")
    (logs / "nowhere").symlink_to("gone")
    (logs / "itself").symlink_to("itself")
    (logs / "again").symlink_to(logs, target_is_directory=True)
    found = list(walk([logs]))
    assert [item.path for item in found if isinstance(item, Source)] == ["access.log"]
    told = {item.path: item.reason for item in found if isinstance(item, NotRead)}
    assert "access.log, which is read there" in told["current"]
    assert "out of the directory" in told["out"]
    assert "nowhere" in told["nowhere"]
    assert "itself" in told["itself"]
    assert set(told) == {"current", "out", "nowhere", "itself", "again"}


# --- files that change --------------------------------------------------------------------------------------


def test_a_file_that_grows_while_it_is_read_gives_whole_lines(logs, monkeypatch):
    from afterlog.sources import opening

    (logs / "access.log").write_text(log_of(100))
    raw = opening._raw

    def growing(source):
        for chunk in raw(source):
            yield chunk
            with (logs / "access.log").open("a") as file:
                file.write(log_of(1, "late"))
            if (logs / "access.log").stat().st_size > 20_000:
                return

    monkeypatch.setattr(opening, "_raw", growing)
    ledger, _ = one(logs)
    assert ledger.lines == ledger.events + ledger.continuations + ledger.rejects
    assert ledger.rejects == 0


def test_a_file_that_is_gone_when_it_is_opened_is_unreadable_and_others_are_read(logs, monkeypatch):
    (logs / "access.log").write_text(log_of(10))
    (logs / "gone.log").write_text(log_of(10))
    from afterlog import ingestion

    found = list(walk([logs]))
    (logs / "gone.log").unlink()
    monkeypatch.setattr(ingestion, "walk", lambda _roots: iter(found))
    case = ingest([logs], logs.parent / "case")
    assert ledgers_of(case)["gone.log"].status == "unreadable"
    assert ledgers_of(case)["access.log"].events == 10


# --- other places -------------------------------------------------------------------------------------------


def test_standard_input_is_a_source_that_can_be_quoted_later(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log_of(10).encode())))
    case = ingest(["-"], tmp_path / "case")
    event = case.events().to_pylist()[4]
    sources = reopen(case.settings().inputs)
    quoted = Quotes(sources).of(Place(event["source"], event["line"], event["offset"]))
    assert quoted.hash == hashlib.sha256(log_of(10).splitlines()[4].encode()).hexdigest()


def test_an_address_without_fsspec_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match="need fsspec: pip install"):
        ingest(["s3://bucket/logs"], tmp_path / "case")


def test_files_at_an_address_are_sources(tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="the extra afterlog[remote] is not installed")
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/web-01/var/log/access.log", log_of(10).encode())
    memory.pipe("/bucket/web-02/var/log/access.log.gz", gzip.compress(log_of(20).encode()))
    case = ingest(["memory://bucket"], tmp_path / "case")
    assert {ledger.path: (ledger.host, ledger.events) for ledger in case.ledgers()} == {
        "web-01/var/log/access.log": ("web-01", 10),
        "web-02/var/log/access.log.gz": ("web-02", 20),
    }


def test_the_bytes_of_a_source_are_those_of_the_file(logs):
    content = os.urandom(3_000_000)
    (logs / "x").write_bytes(b"a" + content)
    source = next(item for item in walk([logs]) if isinstance(item, Source))
    assert b"".join(open_chunks(source)) == b"a" + content
