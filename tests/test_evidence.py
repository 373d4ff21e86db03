"""Evidence: lines are read back from where they stood, also out of compressed files, and hashed."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from afterlog.errors import InputError
from afterlog.evidence import Place, Quotes
from afterlog.source import Source, walk

LINES = [b"first", b"second \xff bad", b"", b"fourth\r", b"A" * 5_000, b"last without end"]


def sources(folder: Path) -> list[Source]:
    return [item for item in walk([folder]) if isinstance(item, Source)]


@pytest.fixture(params=["plain.log", "packed.log.gz"])
def quotes(request, tmp_path):
    data = b"\n".join(LINES)
    (tmp_path / request.param).write_bytes(gzip.compress(data) if request.param.endswith("gz") else data)
    return Quotes(sources(tmp_path)), request.param


def place(name: str, number: int) -> Place:
    return Place(name, number, sum(len(line) + 1 for line in LINES[: number - 1]))


def test_each_line_is_quoted_as_it_stands(quotes):
    reader, name = quotes
    told = [reader.of(place(name, n)).quote for n in (1, 2, 3, 4, 6)]
    assert told == ["first", "second \\xff bad", "", "fourth", "last without end"]


def test_a_long_line_is_cut_but_hashed_whole(quotes):
    reader, name = quotes
    evidence = reader.of(place(name, 5))
    assert len(evidence.quote) == 2_000
    assert evidence.hash == hashlib.sha256(b"A" * 5_000).hexdigest()


def test_a_line_that_is_gone_is_an_error_that_names_it(quotes):
    reader, name = quotes
    with pytest.raises(InputError, match=f"{name}:99"):
        reader.of(Place(name, 99, 999_999))


def test_lines_far_apart_in_a_large_file_are_found(tmp_path):
    line = b"x" * 99
    (tmp_path / "big.log").write_bytes((line + b"\n") * 60_000 + b"the end\n")
    reader = Quotes(sources(tmp_path))
    assert reader.of(Place("big.log", 60_001, 6_000_000)).quote == "the end"
    assert reader.of(Place("big.log", 3, 200)).quote == "x" * 99


def test_a_line_below_another_is_found_with_its_own_place(tmp_path):
    (tmp_path / "log.txt").write_bytes(b"commit 1\n\n+added line\n-removed line\n")
    reader = Quotes(sources(tmp_path))
    assert reader.below(Place("log.txt", 1, 0), "-removed line", 10) == Place("log.txt", 4, 22)
    assert reader.below(Place("log.txt", 1, 0), "never there", 10) is None
