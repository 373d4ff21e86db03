"""Lines: splitting a block, and gathering text out of it."""

import pickle

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from afterlog.layout import Lines


def texts_of(lines: Lines) -> list[bytes]:
    return [lines.bytes(i) for i in range(len(lines))]


def test_lines_end_at_newlines_and_the_last_may_lack_its_own() -> None:
    assert texts_of(Lines.of(b"a\nb")) == [b"a", b"b"]
    assert texts_of(Lines.of(b"a\nb\n")) == [b"a", b"b"]
    assert texts_of(Lines.of(b"a\n\nb\n\n")) == [b"a", b"", b"b", b""]
    assert texts_of(Lines.of(b"")) == []
    assert texts_of(Lines.of(b"\n")) == [b""]


def test_a_carriage_return_before_the_newline_is_no_part_of_the_line() -> None:
    assert texts_of(Lines.of(b"a\r\n\r\nb\rc\r")) == [b"a", b"", b"b\rc"]
    assert texts_of(Lines.of(b"a\r\r\n")) == [b"a\r"]


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\x00", b"\n")))
def test_lines_and_newlines_are_the_whole_block(data: bytes) -> None:
    lines = Lines.of(data)
    expected = data.split(b"\n")
    expected = expected[:-1] if expected[-1] == b"" else expected
    assert texts_of(lines) == [line.removesuffix(b"\r") for line in expected]


def test_selected_lines_keep_the_buffer_and_the_order_asked_for() -> None:
    lines = Lines.of(b"a\nbb\nccc\n")
    chosen = lines.select(np.array([2, 0]))
    assert texts_of(chosen) == [b"ccc", b"a"]
    assert chosen.data is lines.data
    assert texts_of(lines.select(np.array([True, False, True]))) == [b"a", b"ccc"]


def test_text_is_a_string_array_and_empty_spans_stay_empty() -> None:
    texts = Lines.of("a\n\nÄ€\n".encode()).texts()
    assert texts.type == pa.string()
    assert texts.to_pylist() == ["a", "", "Ä€"]
    texts.validate(full=True)


def test_only_rows_with_bad_utf8_are_written_with_backslashes() -> None:
    lines = Lines.of(b"\xc3\xa4\\xff\n\xff\nplain\n\xc3\n\xa4\n")
    assert lines.texts().to_pylist() == ["ä\\xff", "\\xff", "plain", "\\xc3", "\\xa4"]


def test_a_negative_start_is_null_in_any_place() -> None:
    lines = Lines.of(b"abc\xff def")
    starts, ends = np.array([-1, 5, -1, 0, 3, -1]), np.array([-1, 8, -1, 2, 4, -1])
    assert lines.texts(starts, ends).to_pylist() == [None, "def", None, "ab", "\\xff", None]
    nothing = np.full(3, -1)
    assert lines.texts(nothing, nothing).to_pylist() == [None] * 3


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(-1, 40), st.integers(0, 10)), max_size=12))
def test_any_spans_in_any_order_give_what_python_slices_give(data: bytes, spans: list[tuple[int, int]]) -> None:
    starts = np.array([min(begin, len(data)) for begin, _ in spans], np.int64)
    lengths = np.array([length for _, length in spans], np.int64)
    ends = np.where(starts < 0, -1, np.minimum(starts + lengths, len(data)))
    expected = [
        None if begin < 0 else data[begin:end].decode(errors="backslashreplace")
        for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    texts = Lines.of(data).texts(starts, ends)
    assert texts.to_pylist() == expected
    texts.validate(full=True)


def test_lines_survive_pickling() -> None:
    lines = Lines.of(b"a\nb\n").select(np.array([1]))
    assert texts_of(pickle.loads(pickle.dumps(lines))) == [b"b"]


def test_a_span_that_ends_before_it_begins_is_empty_and_one_beyond_the_block_ends_with_it() -> None:
    lines = Lines.of(b"abcdef\n")
    assert lines.texts(np.array([5, 1, 4]), np.array([2, 3, 99])).to_pylist() == ["", "bc", "ef\n"]
