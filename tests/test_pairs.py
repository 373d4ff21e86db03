"""Values of ``key=value`` pairs: found by their places and by regex alike, and as logfmt has them."""

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from afterlog.formats.pairs import Pairs, value_by_regex
from afterlog.layout import Lines

KEYS = ("msg", "a", "status_code")
WORDS = st.sampled_from(
    ["msg=", "a=", "xa=", "status_code=", "code=", '"', " ", "b", "=", "\\", '\\"', "é", 'msg="x a=1"', "=a= "]
)
LINES = st.lists(st.lists(WORDS, max_size=12).map("".join), min_size=1, max_size=6)


def pairs_of(texts):
    lines = Lines.of("".join(f"{text}\n" for text in texts).encode())
    return Pairs(lines, [(lines.starts, lines.ends)], pa.array(texts, pa.string()))


def by_place(texts, keys):
    told = pairs_of(texts).value(keys)
    return told.to_pylist() if told is not None else [None] * len(texts)


@settings(deadline=None)
@given(LINES)
@example(['msg="x" a="y'])
@example(['a="1"msg=2 msg=3', "msg= a="])
@example(['a=msg="x a=1" msg="x a=1"'])
@example(['msg="a', "msg=b", 'a=" msg="'])
def test_places_and_regex_tell_the_same_values(texts):
    for keys in [(key,) for key in KEYS] + [KEYS]:
        told = value_by_regex(pa.array(texts, pa.string()), keys)
        assert by_place(texts, keys) == (told.to_pylist() if told is not None else [None] * len(texts))


def test_the_first_of_two_equal_keys_counts_and_quotes_hide_keys():
    assert by_place(['m="a=9 b" a=1 a=2', "xa=3", "a=", 'a="" a=4'], ["a"]) == ["1", None, "", ""]


def test_the_surest_key_comes_before_the_others():
    assert by_place(["uri=/u path=/p", "uri=/u"], ["path", "uri"]) == ["/p", "/u"]


def test_pairs_on_both_sides_of_something_else_are_read_in_their_order():
    lines = Lines.of(b"a=1 # b=2\nb=3 # a=4 b=5\n")
    starts = lines.starts
    spans = [(starts, starts + 3), (starts + 6, lines.ends)]
    pairs = Pairs(lines, spans, pa.array(["a=1 b=2", "b=3 a=4 b=5"]))
    assert [pairs.value([key]).to_pylist() for key in "ab"] == [["1", "4"], ["2", "3"]]
    assert pairs.value(["c"]) is None


def test_a_key_at_the_very_beginning_of_a_block_is_found():
    lines = Lines(b"ab=1", np.array([0]), np.array([4]))
    assert Pairs(lines, [(lines.starts, lines.ends)], pa.array(["ab=1"])).value(["ab"]).to_pylist() == ["1"]
