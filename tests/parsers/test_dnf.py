"""What DNF's and YUM's logs become."""

import pytest
from reading_back import Read

from afterlog.parser import Line, Record, Reject
from afterlog.parsers import dnf
from afterlog.registry import registry

DNF = dnf.PARSER[0]


def told(*lines: str) -> list[Record | Reject]:
    return list(DNF.records(Line(number, 0, text.encode()) for number, text in enumerate(lines, 1)))


T = "2026-11-22T14:04:40+0000"


@pytest.mark.parametrize(
    ("said", "action", "target", "version"),
    [
        ("SUBDEBUG Installed: blog-theme-1.0-1.noarch", "install", "blog-theme", "1.0-1.noarch"),
        ("SUBDEBUG Upgrade: blog-theme-1.1-1.noarch", "upgrade", "blog-theme", "1.1-1.noarch"),
        ("SUBDEBUG Upgraded: blog-theme-1.0-1.noarch", None, None, None),  # the old one
        ("DEBUG Upgraded: blog-theme-1.1-1.noarch", "upgrade", "blog-theme", "1.1-1.noarch"),  # dnf.log: the new one
        (
            "SUBDEBUG Downgrade: openssl-libs-1:3.2.2-9.fc41.x86_64",
            "downgrade",
            "openssl-libs",
            "1:3.2.2-9.fc41.x86_64",
        ),
        ("SUBDEBUG Erase: blog-cache-1.0-1.noarch", "remove", "blog-cache", "1.0-1.noarch"),
        ("INFO Installed: see below", None, None, None),
        ("DEBUG Releasever: 9-1-1", None, None, None),
    ],
)
def test_a_line_tells_what_became_of_a_package(said, action, target, version):
    [record] = told(f"{T} {said}")
    assert [record.columns.get(name) for name in ("action", "target", "version")] == [action, target, version]


def test_a_run_is_named_by_its_beginning():
    records = told(f"{T} INFO --- logging initialized ---", "2026-11-22T14:05:00+0000 SUBDEBUG Erase: a-1-1.noarch")
    assert records[1].columns["run"] == "dnf 2026-11-22T14:04:40+0000"


def test_lines_without_a_time_belong_to_the_one_above_and_before_the_first_to_none():
    records = told(" Problem: x", f"{T} CRITICAL Error: ", " Problem: y", "  - z")
    assert isinstance(records[0], Reject)
    assert records[1].columns["message"] == "Error:\n Problem: y\n  - z"


def test_a_program_of_the_same_stamp_is_not_dnfs():
    assert DNF.claims("x", [b"2026-11-22T14:04:40+0000 INFO started", b"2026-11-22T14:04:41+0000 DEBUG x"]) == 0.0


def test_yums_log_has_neither_year_nor_zone():
    read = Read(
        registry()["yum"],
        b"Feb 28 00:08:47 Installed: httpd-2.4.6-17.el7.x86_64\nFeb 28 00:08:57 Erased: httpd-2.4.6-17.el7.x86_64\n",
        registry(),
    )
    assert (read["action"], read["target"]) == (["install", "remove"], ["httpd", "httpd"])
    assert not any(batch.times.has_year is True for batch in read.batches)
    assert read["message"] == ["Installed: httpd-2.4.6-17.el7.x86_64", "Erased: httpd-2.4.6-17.el7.x86_64"]
