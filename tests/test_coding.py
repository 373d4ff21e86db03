"""Columns that are read part after part: the same arrays as if they were read at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from afterlog.detect import stream
from afterlog.detect.cells import pack
from afterlog.detect.stream import present, spread
from afterlog.stored import StoredEvents
from afterlog.traffic import coding
from afterlog.traffic.coding import Coding, Growing, Words

SECOND = 1_000_000


@pytest.mark.parametrize("waiting", [0, 3, 1 << 19])
def test_names_of_many_parts_have_one_alphabet(monkeypatch, waiting):
    monkeypatch.setattr(coding, "_UNMERGED", waiting)
    parts = [["b", "a", None], [None, None], ["c", "b"], ["a", "0"], ["d", "c", "b", "a"]]
    gathered = Coding(sum(map(len, parts)))
    for part in parts:
        gathered.add(pa.chunked_array([pa.array(part, pa.string()).dictionary_encode()]))
    codes, names = gathered.finish()
    assert list(names) == ["0", "a", "b", "c", "d"]
    assert codes.tolist() == [2, 1, -1, -1, -1, 3, 2, 1, 0, 4, 3, 2, 1]
    assert codes.dtype == np.int8


def test_names_that_no_row_has_are_left_out_and_codes_are_as_wide_as_the_names_ask():
    words = pa.array([f"{n:03}" for n in range(300)])
    some = pa.DictionaryArray.from_arrays(pa.array([299, None, 7], pa.int32()), words)
    gathered = Coding(303)
    gathered.add(pa.chunked_array([some]))
    codes, names = gathered.finish()
    assert (codes.tolist(), list(names)) == ([1, -1, 0], ["007", "299"])
    gathered = Coding(300)
    gathered.add(pa.chunked_array([words.dictionary_encode()]))
    codes, names = gathered.finish()
    assert (codes.tolist(), codes.dtype) == (list(range(300)), np.int16)
    assert Coding(0).finish()[0].tolist() == []


def test_an_array_grows_wider_where_a_number_needs_it_and_what_is_missing_is_nan():
    grown = Growing(5)
    grown.add(np.array([1, 2], np.int32))
    grown.add(np.array([1 << 40], np.int64))
    assert grown.array().tolist() == [1, 2, 1 << 40]
    late = Growing(4)
    late.add_none(2)
    assert late.known() is None
    late.add(np.array([0.5], np.float32))
    late.add_none(1)
    assert np.array_equal(late.array(), np.array([np.nan, np.nan, 0.5, np.nan], np.float32), equal_nan=True)


def test_words_are_a_sequence_and_an_array():
    words = Words(pa.array(["a", "b", "c"]))
    assert (words[0], words[-1], list(words[1:]), list(words)) == ("a", "c", ["b", "c"], ["a", "b", "c"])
    assert pa.array(words, pa.string()).equals(pa.array(["a", "b", "c"]))
    with pytest.raises(IndexError):
        words[3]


def test_parts_give_the_events_of_a_kind_whatever_else_their_row_groups_hold(tmp_path):
    kinds = ["request"] * 2 + ["log"] * 2 + ["request", "log"] + ["change"] * 2
    table = pa.table({"kind": kinds, "line": list(range(8)), "host": ["a", "b"] * 4})
    (tmp_path / "events").mkdir()
    pq.write_table(table, tmp_path / "events" / "x.parquet", row_group_size=2)
    (part,) = StoredEvents(tmp_path).parts_of("request")
    assert (part.all_of_it, part.some, part.rows) == ((0,), (2,), 4)
    rows = pa.concat_tables(part.read(["line"], ["host"])).to_pylist()
    assert rows == [{"line": 0, "host": "a"}, {"line": 1, "host": "b"}, {"line": 4, "host": "a"}]
    assert StoredEvents(tmp_path).parts_of("span") == []


def test_codes_that_are_there_are_told_with_the_one_for_none():
    assert present(np.array([3, -1, 0, 3], np.int8)) == [-1, 0, 3]
    assert present(np.array([1], np.int16)) == [1]
    assert present(np.array([], np.int8)) == []


def test_pieces_change_nothing(monkeypatch):
    time = np.array([0, 0, 0, 1, 1, 5, 5, 5, 5, 9], np.int64) * SECOND
    whole = spread(time, SECOND)
    assert whole[:5].tolist() == [166_666, 500_000, 833_333, 1_250_000, 1_750_000]
    failed = np.array([0, 1, 0, 0, 0, 1, 1, 0, 1, 0], bool)
    sparse = pack(time, failed, 0, 1000, merge=False)  # more bins than events
    monkeypatch.setattr(stream, "PIECE", 3)
    monkeypatch.setattr("afterlog.detect.cells.PIECE", 3)
    assert spread(time, SECOND).tolist() == whole.tolist()
    in_pieces = pack(time, failed, 0, 1000, merge=False)
    assert in_pieces.first.tolist() == sparse.first.tolist() == [0, 3, 5, 9, 10]
    assert in_pieces.failed.tolist() == [1, 0, 3, 0]
    many = np.arange(100, dtype=np.int64) * SECOND // 10  # ten events in each of ten bins: the bins are looked for
    assert pack(many, many >= 0, 0, SECOND, merge=False).first.tolist() == list(range(0, 101, 10))
