"""Archives are read in place, whatever they hold and whatever they claim."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from afterlog.evidence import Place, Quotes
from afterlog.ingestion import ingest
from afterlog.source import NotRead, Source, open_chunks, walk
from afterlog.sources import archives
from afterlog.sources.archives import Bounds, list_members

LINE = '10.0.0.1 - - [10/Nov/2022:10:00:{:02d} +0000] "GET /{} HTTP/1.1" 200 17 "-" "curl"\n'


def log_of(name: str, count: int = 4) -> bytes:
    return "".join(LINE.format(i, f"{name}{i}") for i in range(count)).encode()


def tar_of(members: dict[str, bytes], mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1_668_076_198
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def below(folder: Path) -> tuple[dict[str, Source], dict[str, str]]:
    items = list(walk([folder]))
    return (
        {item.path: item for item in items if isinstance(item, Source)},
        {item.path: item.reason for item in items if isinstance(item, NotRead)},
    )


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_of_a_tar_archive_are_sources(mode, tmp_path):
    (tmp_path / "web-01.tar.x").write_bytes(
        tar_of({"var/log/access.log": log_of("a"), "var/log/ssl.log": log_of("b")}, mode)
    )
    found, _ = below(tmp_path)
    assert list(found) == ["web-01.tar.x/var/log/access.log", "web-01.tar.x/var/log/ssl.log"]
    assert b"".join(open_chunks(found["web-01.tar.x/var/log/ssl.log"])) == log_of("b")
    assert b"".join(open_chunks(found["web-01.tar.x/var/log/access.log"])) == log_of("a")


def test_members_of_a_zip_archive_are_sources(tmp_path):
    (tmp_path / "logs.zip").write_bytes(zip_of({"a/access.log": log_of("a"), "b/other.log": log_of("b")}))
    found, _ = below(tmp_path)
    assert {path: b"".join(open_chunks(source)) for path, source in found.items()} == {
        "logs.zip/a/access.log": log_of("a"),
        "logs.zip/b/other.log": log_of("b"),
    }


def test_the_host_is_told_by_the_archives_name(tmp_path):
    (tmp_path / "web-01.tar.gz").write_bytes(tar_of({"var/log/apache2/access.log": log_of("a")}, "w:gz"))
    found, _ = below(tmp_path)
    assert [source.host for source in found.values()] == ["web-01"]


def test_archives_within_archives_and_compressed_members_are_read(tmp_path):
    inner = tar_of({"access.log": log_of("deep"), "old.log.gz": gzip.compress(log_of("old"))}, "w:gz")
    middle = zip_of({"inner.tgz": inner, "plain.log": log_of("plain")})
    (tmp_path / "outer.tar").write_bytes(tar_of({"middle.zip": middle, "access.log": log_of("top")}))
    found, problems = below(tmp_path)
    assert problems == {}
    assert {path: b"".join(open_chunks(source)) for path, source in found.items()} == {
        "outer.tar/access.log": log_of("top"),
        "outer.tar/middle.zip/inner.tgz/access.log": log_of("deep"),
        "outer.tar/middle.zip/inner.tgz/old.log.gz": log_of("old"),
        "outer.tar/middle.zip/plain.log": log_of("plain"),
    }


def test_a_rotated_set_within_an_archive_is_one_log(tmp_path):
    members = {"log/access.log": log_of("new"), "log/access.log.1.gz": gzip.compress(log_of("old"))}
    (tmp_path / "web-01.tar.gz").write_bytes(tar_of(members, "w:gz"))
    found, _ = below(tmp_path)
    assert list(found) == ["web-01.tar.gz/log/access.log"]
    assert b"".join(open_chunks(found["web-01.tar.gz/log/access.log"])) == log_of("old") + log_of("new")


def test_names_that_lead_out_of_the_archive_stay_names(tmp_path):
    members = {"../../etc/passwd.log": log_of("a"), "/etc/shadow.log": log_of("b"), "x\x1b[31m.log": log_of("c")}
    (tmp_path / "evil.tar").write_bytes(tar_of(members))
    before = set(tmp_path.rglob("*"))
    found, _ = below(tmp_path)
    assert sorted(found) == ["evil.tar/etc/passwd.log", "evil.tar/etc/shadow.log", "evil.tar/x�[31m.log"]
    ingest([tmp_path], tmp_path.parent / "case")
    assert set(tmp_path.rglob("*")) == before


def test_two_members_of_one_name_are_both_read(tmp_path):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for content in (log_of("first"), log_of("second")):
            info = tarfile.TarInfo("access.log")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (tmp_path / "twice.tar").write_bytes(held.getvalue())
    case = ingest([tmp_path], tmp_path / "case")
    assert sorted(case.events(["path"]).column("path").to_pylist())[:1] == ["/first0"]
    assert len(case.events(["time"])) == 8


def test_links_and_devices_in_an_archive_are_no_sources(tmp_path):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    (tmp_path / "odd.tar").write_bytes(held.getvalue())
    assert below(tmp_path) == ({}, {})


def test_an_archive_nested_too_deep_is_not_opened(tmp_path):
    content = log_of("bottom")
    for level in range(6):
        content = tar_of({f"level{level}.tar" if level else "access.log": content})
    (tmp_path / "deep.tar").write_bytes(content)
    found, problems = below(tmp_path)
    assert found == {}
    assert all("archives deep" in reason for reason in problems.values())
    assert len(problems) == 1


def test_members_beyond_the_bound_are_named_and_not_read():
    content = tar_of({f"{i}.log": b"x" for i in range(10)})
    told = list(list_members(io.BytesIO(content), Bounds(members=3)))
    assert [member.name for member in told] == ["0.log", "1.log", "2.log", ""]
    assert "more than 3 members" in told[-1].problem


def test_a_truncated_archive_gives_the_members_before_the_damage(tmp_path):
    content = tar_of(
        {"a.log": os.urandom(30_000).hex().encode(), "access.log": log_of("b"), "c.log": os.urandom(90_000)}, "w:gz"
    )
    (tmp_path / "cut.tar.gz").write_bytes(content[: len(content) - 20_000])
    found, problems = below(tmp_path)
    assert "cut.tar.gz/access.log" in found
    assert any("damaged" in reason for reason in problems.values())
    assert b"".join(open_chunks(found["cut.tar.gz/access.log"])) == log_of("b")


def test_an_encrypted_zip_says_so(tmp_path):
    content = bytearray(zip_of({"access.log": log_of("a")}))
    content[6] |= 1  # the flag in the member's own header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    (tmp_path / "secret.zip").write_bytes(bytes(content))
    found, problems = below(tmp_path)
    assert found == {}
    assert "encrypted" in next(iter(problems.values()))


def test_a_bomb_is_stopped(tmp_path, monkeypatch):
    from afterlog.errors import InputError
    from afterlog.sources import compression

    monkeypatch.setattr(compression, "_RATIO_FROM", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\n" * (64 << 20)))
    found, _ = below(tmp_path)
    with pytest.raises(InputError, match="expands to more than"):
        sum(len(chunk) for chunk in open_chunks(found["bomb.gz"]))


def test_a_line_of_a_member_is_quoted_again(tmp_path):
    (tmp_path / "web-01.tar.gz").write_bytes(tar_of({"a.log": log_of("a"), "access.log": log_of("b")}, "w:gz"))
    case = ingest([tmp_path], tmp_path / "case")
    found, _ = below(tmp_path)
    quotes = Quotes(found.values())
    for event in case.events(["source", "line", "offset", "path"]).to_pylist():
        quoted = quotes.of(Place(event["source"], event["line"], event["offset"])).quote
        assert f"GET {event['path']} HTTP" in quoted


def test_the_bounds_are_those_of_the_manual():
    assert Bounds(members=100_000, depth=4, member_bytes=1 << 40, nested_bytes=4 << 30) == archives.BOUNDS


def test_a_repository_within_an_archive_is_said_to_be_unread_but_for_its_reflogs(tmp_path):
    reflog = (
        b"0" * 40
        + b" "
        + b"1" * 40
        + b" Ann <ann@example.org> 1668076198 +0100\tcommit (initial): pool: increase size\n"
    )
    (tmp_path / "web-01.tar").write_bytes(
        tar_of({
            "shop/.git/HEAD": b"ref: refs/heads/main\n",
            "shop/.git/objects/0c/fbf0": b"x\x01",
            "shop/.git/logs/HEAD": reflog,
            "var/log/access.log": log_of("a"),
        })
    )  # fmt: skip
    found, notes = below(tmp_path)
    assert list(found) == ["web-01.tar/shop/.git/logs/HEAD", "web-01.tar/var/log/access.log"]
    assert "unpack it to read its commits" in notes["web-01.tar/shop/.git"]
    assert notes["web-01.tar/shop/.git/HEAD"] == "one of git's own files"
