"""What a layout finds: fields, numbers, absent values, request lines, errors and explanations."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterlog.errors import LayoutError
from afterlog.layout import FIELD_TYPES, TIME_FORMS, Field, Layout, Lines, Match

COMBINED = '{client} {ident} {user} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}"'
LINE = b'192.0.2.7 - bob [10/Oct/2000:13:55:36 -0700] "GET /x?y HTTP/1.1" 200 2326 "-" "Mozilla/5.0 (X11)"'


def match(pattern: str, *lines: bytes) -> Match:
    """The kernel's match; the regex must give the same rows and spans."""
    layout, found = Layout(pattern), Lines.of(b"\n".join(lines))
    kernel, regex = layout.match(found), layout.match_regex(found)
    assert kernel.rows.tolist() == regex.rows.tolist()
    for name in kernel.spans:
        for one, other in zip(kernel.span(name), regex.span(name), strict=True):
            assert one.tolist() == other.tolist()
    return kernel


def texts(pattern: str, line: bytes) -> dict[str, str | None] | None:
    found = match(pattern, line)
    return {name: found.text(name)[0].as_py() for name in found.spans} if len(found) else None


def test_a_combined_line_gives_its_fields() -> None:
    assert texts(COMBINED, LINE) == {
        "client": "192.0.2.7",
        "ident": "-",
        "user": "bob",
        "time": "10/Oct/2000:13:55:36 -0700",
        "request": "GET /x?y HTTP/1.1",
        "method": "GET",
        "path": "/x?y",
        "protocol": "HTTP/1.1",
        "status": "200",
        "bytes": "2326",
        "referer": "-",
        "agent": "Mozilla/5.0 (X11)",
    }


def test_rows_are_the_indices_of_the_lines_that_matched() -> None:
    found = match(COMBINED, b"", LINE, b"garbage", LINE, LINE[:-1])
    assert found.rows.tolist() == [1, 3]
    assert "status" in found
    assert "nothing" not in found


def test_a_free_field_grows_until_what_follows_it_fits() -> None:
    line = LINE.replace(b"bob", b'x [y] [10/Oct/2000:13:55:36 -0700] "GET')
    found = texts(COMBINED, line)
    assert found is not None
    assert found["user"] == 'x [y] [10/Oct/2000:13:55:36 -0700] "GET'
    assert texts("{client}:{port:d} x", b"2001:db8::1:80 x") == {"client": "2001:db8::1", "port": "80"}


def test_an_earlier_free_field_never_grows_for_a_later_one() -> None:
    assert texts("{a} {b}: {c:d}", b"x y: z w: 1") == {"a": "x", "b": "y: z w", "c": "1"}
    assert texts("{a}-{b}:{c:d}", b"x-y-z:1") == {"a": "x", "b": "y-z", "c": "1"}
    assert texts("{a}-1 {b}=", b"x-y-1 z=") == {"a": "x-y", "b": "z"}


def test_a_free_field_looks_at_no_more_than_32_places() -> None:
    assert texts("{a}:{n:d}", b"x:" * 31 + b":1") == {"a": "x:" * 31, "n": "1"}
    assert texts("{a}:{n:d}", b"x:" * 32 + b":1") is None


def test_a_quoted_field_ends_at_the_first_quote_without_a_backslash() -> None:
    assert texts('"{a}" {b}', rb'"x \"y\" \\" z') == {"a": r"x \"y\" \\", "b": "z"}
    assert texts('"{a}" {b}', b'"" ') == {"a": "", "b": ""}
    assert texts('"{a}" {b}', rb'"x\" z') is None
    assert texts('"{a}"', rb'"x" y"') is None


def test_blanks_stand_for_one_or_more() -> None:
    assert texts("{a:word}{~}{b:rest}", b"x \t  y z") == {"a": "x", "b": "y z"}
    assert texts("{a:word}{~}{b:rest}", b"x") is None
    assert texts("a{~}b", b"a" + b" " * 100 + b"b") == {}


def test_double_braces_are_braces() -> None:
    assert texts("{{{a}}}", b"{x}") == {"a": "x"}


def test_a_field_named_underscore_is_matched_but_not_kept() -> None:
    layout = Layout("{_} {_:d} {a}")
    assert layout.fields == (Field("a", "text"),)
    assert texts(layout.pattern, b"x 1 y") == {"a": "y"}


def test_words_are_not_empty_but_texts_may_be() -> None:
    assert texts("<{a}>", b"<>") == {"a": ""}
    assert texts("<{a:word}>", b"<>") is None
    assert texts("<{a:word}>", b"<>>") == {"a": ">"}
    assert texts("<{a:word}>", b"<a b>") is None


def test_long_literals_and_long_words_are_compared_in_full() -> None:
    literal = "abcdefghij" * 20
    assert texts(literal + "{a:word}", literal.encode() + b"z" * 500) == {"a": "z" * 500}
    assert texts(literal + "{a:word}", literal[:-1].encode() + b"?z") is None
    assert texts("{a}" + literal, b"x" + literal.encode()) == {"a": "x"}
    assert texts(literal, b"abc") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-5", -5),
        ("+7", 7),
        ("007", 7),
        ("12345678", 12345678),
        ("123456789", 123456789),
        ("9" * 18, 10**18 - 1),
    ],
)
def test_whole_numbers_of_up_to_18_digits_are_read(text: str, value: int) -> None:
    values, valid = match("<{n:d}>", f"<{text}>".encode()).int("n")
    assert (values.tolist(), valid.tolist()) == ([value], [True])


@pytest.mark.parametrize("text", ["", "+", "1.5", "9" * 19, "1" * 30, "--1", "1a", " 1"])
def test_what_is_no_whole_number_does_not_match(text: str) -> None:
    assert texts("<{n:d}>", f"<{text}>".encode()) is None


def test_a_dash_is_absent_in_types_that_say_so() -> None:
    pattern = "{a:d} {b:hex} {c:ip} {d:host} {e:s} {f:ms} {g:us} {h:word} {i}"
    found = match(pattern, b"- - - - - - - - -")
    absent = {name: found.text(name)[0].as_py() for name in found.spans}
    assert absent == {**dict.fromkeys("abcdefg"), "h": "-", "i": "-"}
    assert found.span("a")[0].tolist() == [-1]
    assert found.int("a")[1].tolist() == [False]
    assert found.float("e")[1].tolist() == [False]
    assert found.inner("c").bytes(0) == b""


def test_a_field_asked_for_as_given_is_null_where_a_dash_or_nothing_stands() -> None:
    found = match('{user:word} "{agent}" {client:ip}', b'- "" -', b'-- "-" 192.0.2.7', b'bob "curl" -')
    assert found.given("user").to_pylist() == [None, "--", "bob"]
    assert found.given("agent").to_pylist() == [None, None, "curl"]
    assert found.given("client").to_pylist() == [None, "192.0.2.7", None]
    assert found.text("agent").to_pylist() == ["", "-", "curl"]


def test_lines_that_fit_nowhere_give_an_empty_match_with_all_its_fields() -> None:
    found = match('{time:clf} "{request:request}" {status:d}', b"no", b"neither")
    assert len(found) == 0
    assert [len(found.text(name)) for name in ("request", "method", "path", "protocol")] == [0, 0, 0, 0]
    assert (len(found.time().wall_us), len(found.int("status")[0])) == (0, 0)


def test_a_negative_duration_is_absent() -> None:
    found = match("{a:ms}/{b:s}", b"-1/2.5")
    assert found.text("a").to_pylist() == [None]
    assert found.float("a")[1].tolist() == [False]
    assert found.float("b")[0].tolist() == [2.5]


@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(0, 9), st.integers(0, 10**9 - 1)),
        min_size=1,
        max_size=9,
    )
)
def test_durations_are_seconds(numbers: list[tuple[int, int, int]]) -> None:
    spelled = [f"{whole}.{str(part).zfill(9)[:places]}" if places else str(whole) for whole, places, part in numbers]
    lines = [f"{text} {text} +{text}".encode() for text in spelled]
    found = match("{a:s} {b:ms} {c:us}", *lines)
    for name, scale in (("a", 1), ("b", 1e3), ("c", 1e6)):
        values, valid = found.float(name)
        assert valid.all()
        np.testing.assert_allclose(values, [float(text) / scale for text in spelled], rtol=1e-15)


def test_short_durations_are_the_nearest_float() -> None:
    found = match("{a:s} {b:ms} {c:us}", b"0.123 12 2326")
    assert [found.float(name)[0].tolist() for name in "abc"] == [[0.123], [0.012], [0.002326]]


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1, max_size=9))
def test_integers_are_what_int_makes_of_them(numbers: list[int]) -> None:
    values, valid = match("n={n:d};", *(f"n={number};".encode() for number in numbers)).int("n")
    assert valid.all()
    assert values.tolist() == numbers


@pytest.mark.parametrize(
    ("request_line", "method", "path", "protocol"),
    [
        (b"GET / HTTP/1.1", "GET", "/", "HTTP/1.1"),
        (b"GET /a b c HTTP/1.0", "GET", "/a b c", "HTTP/1.0"),
        (b"VERSION-CONTROL /x HTTP/2", "VERSION-CONTROL", "/x", "HTTP/2"),
        (b"GET https://h/x HTTP/2.0", "GET", "https://h/x", "HTTP/2.0"),
        (b"-", None, "-", None),
        (b"", None, "", None),
        (b"GET /", None, "GET /", None),
        (b"GET  HTTP/1.1", None, "GET  HTTP/1.1", None),
        (b"GET HTTP/1.1", None, "GET HTTP/1.1", None),
        (b"HTTP/1.1", None, "HTTP/1.1", None),
        (b" / HTTP/1.1", None, " / HTTP/1.1", None),
        (b"\\x16\\x03\\x01 / HTTP/1.1", None, "\\x16\\x03\\x01 / HTTP/1.1", None),
        (b"\x16\x03\x01", None, "\x16\x03\x01", None),
        (b"G" * 33 + b" / HTTP/1.1", None, "G" * 33 + " / HTTP/1.1", None),
        (b"GET /x HTTP/1.1 ", None, "GET /x HTTP/1.1 ", None),
        (b"GET /x HTTP/11", None, "GET /x HTTP/11", None),
    ],
)
def test_a_request_line_is_split_and_a_malformed_one_is_all_path(
    request_line: bytes, method: str | None, path: str, protocol: str | None
) -> None:
    found = texts('"{request:request}"', b'"' + request_line + b'"')
    assert found == {"request": request_line.decode(), "method": method, "path": path, "protocol": protocol}


@pytest.mark.parametrize(
    ("tag", "program", "pid"),
    [
        (b"sshd[4756]", "sshd", 4756),
        (b"kernel", "kernel", None),
        (b"puppet-user[5580]", "puppet-user", 5580),
        (b"p[1]", "p", 1),
        (b"p[4194304]", "p", 4_194_304),  # seven digits, the most that Linux gives
        (b"p[123456789012]", "p", 123_456_789_012),
        (b"p[1234567890123456789]", "p[1234567890123456789]", None),  # no number of up to 18 digits
        (b"p[+7]", "p", 7),
        (b"p[-]", "p", None),
        (b"p[]", "p[]", None),
        (b"p[x]", "p[x]", None),
        (b"[7]", "[7]", None),
        (b"a[1][2]", "a[1]", 2),
        (b"a[1]b", "a[1]b", None),
    ],
)
def test_a_tag_is_split_into_program_and_pid(tag: bytes, program: str, pid: int | None) -> None:
    for layout, line in (
        ("{tag:tag}: {m}", tag + b": x"),
        ("{time:syslog} {tag:tag}: {m}", b"Nov 10 10:29:58 " + tag + b": x"),
    ):
        found = match(layout, line)
        assert found.text("program").to_pylist() == [program]
        values, there = found.int("pid")
        assert [int(values[0])] == [pid or 0]
        assert there.tolist() == [pid is not None]


def test_the_inside_of_an_envelope_is_lines_again() -> None:
    outer = Layout("{time:syslog} {host:word} nginx: {inner:rest}")
    found = outer.match(Lines.of(b"junk\nNov 10 10:29:58 w nginx: " + LINE + b"\nNov 10 10:29:58 w nginx: x"))
    inner = found.inner("inner")
    assert len(inner) == len(found) == 2
    assert Layout(COMBINED).match(inner).text("path").to_pylist() == ["/x?y"]


@pytest.mark.parametrize(
    ("pattern", "message", "character"),
    [
        ("", "empty", 1),
        ("a {x", "never closed", 3),
        ("a }", "without '{'", 3),
        ("{x:foo}", "unknown type 'foo'; there are: text", 4),
        ("{a} {a}", "'a' occurs twice", 5),
        ("{r:request} {path}", "'path' occurs twice", 13),
        ("{a}{b}", "put a literal", 1),
        ("{a:word}{b:d}", "put a literal", 1),
        ("{a:rest} x", "rest of the line", 1),
        ("{1a}", "no field name", 1),
        ("{}", "no field name", 1),
    ],
)
def test_a_bad_layout_is_refused_with_position_and_caret(pattern: str, message: str, character: int) -> None:
    with pytest.raises(LayoutError) as caught:
        Layout(pattern)
    text = str(caught.value)
    assert message in text
    assert f"(character {character} of the layout)" in text
    assert text.endswith("\n  " + " " * (character - 1) + "^")


def test_asking_for_what_is_not_there_names_what_is() -> None:
    found = match("{a} {b:d}", b"x 1")
    with pytest.raises(LayoutError, match="no field 'c'; it has: a, b"):
        found.text("c")
    with pytest.raises(LayoutError, match="no field 'time'"):
        found.time()
    with pytest.raises(LayoutError, match="'a' is of type 'text', not a time"):
        found.time("a")
    with pytest.raises(LayoutError, match="'a' is of type 'text', wanted d"):
        found.int("a")


def test_an_explanation_says_where_matching_stopped_and_what_was_expected() -> None:
    layout = Layout(COMBINED)
    assert layout.explain(LINE) == "the line matches"
    cut = LINE.replace(b'" 200', b'" 2x')
    assert (
        layout.explain(cut)
        == f"stopped at byte {cut.index(b'x 2')}: expected ' '; 'x 2326 \"-\" \"Mozilla/5.0 (X11)\"' stands there"
    )
    assert "expected {client:text} followed by ' '" in layout.explain(b"x")
    strange = layout.explain(LINE.replace(b"Oct", b"Foo"))
    assert strange == "the form fits, but the time '10/Foo/2000:13:55:36 -0700' in {time:clf} does not exist"
    assert layout.explain(LINE + b" more").endswith("expected the end of the line; ' more' stands there")
    assert layout.explain(LINE[:10]) == (
        "stopped at byte 10: expected {ident:text} followed by ' '; the line ends there"
    )


def test_a_layout_survives_pickling_and_serves_threads() -> None:
    layout = pickle.loads(pickle.dumps(Layout(COMBINED, name="combined")))
    assert (layout.pattern, layout.name) == (COMBINED, "combined")
    block = (LINE + b"\n") * 500 + LINE.replace(b"X11", rb"\"") + b"\n"
    lines = Lines.of(block)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: layout.match(lines).text("agent").to_pylist(), range(8)))
    assert all(one == found[0] for one in found)
    assert len(found[0]) == 501


def test_types_and_forms_share_one_list_of_names_and_say_what_they_are() -> None:
    assert not FIELD_TYPES.keys() & TIME_FORMS.keys()
    assert all(FIELD_TYPES.values())


SIZE = 1_000_000
STAMP = b"[10/Oct/2000:13:55:36 -0700]"
HOSTILE = {
    "blanks": b" " * SIZE,
    "quotes": b'"' * SIZE,
    "backslashes": b'a - b [10/Oct/2000:13:55:36 -0700] "' + b"\\" * SIZE,
    "brackets": b"a b c" + b" [" * (SIZE // 2),
    "stamps": b"a b c" + (b" " + STAMP + b' "') * (SIZE // 31),
    "stamps and escapes": b"a b c" + (b" " + STAMP + b' "\\"') * (SIZE // 33),
    "colons": b":" * SIZE,
    "digits": b"1" * SIZE,
    "x": b"x" * SIZE,
    "x:1": b"x:1" * (SIZE // 3),
    "syslog": b"Nov 10 10:29:58 h " + b"a[1]:" * (SIZE // 5),
    "nul": b"\0" * SIZE,
    "aab": b"aab" * (SIZE // 3),
    "slashes": b"1/" * (SIZE // 2),
    "quoted blanks": b'" ' * (SIZE // 2),
}
PATTERNS = [
    COMBINED,
    "{time:syslog} {host:word} {program}[{pid:d}]: {message:rest}",
    "{a}:{b:word}:{c:word}:{d:word}:{e:word}!",
    "{a}x{b}x{c}x{d}x{e:d}!",
    "{a}aab{b}aab{c:word}aa{d:d}",
    '{a} {b} "{c}" "{d}" "{e}" !',
    '{a}"{b}" "{c}"{d:word}!',
    "{a}{~}{b}{~}{c:d}!",
    "{a:ip}:{b:d}/{c:word}/{d}/{e:hex}/!",
]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_line_of_a_megabyte_is_decided_in_time(kind: str) -> None:
    lines = Lines.of(HOSTILE[kind])
    for pattern in PATTERNS:
        layout = Layout(pattern)
        begin = time.process_time()
        kernel = layout.match(lines)
        assert time.process_time() - begin < 2, pattern
        assert kernel.rows.tolist() == layout.match_regex(lines).rows.tolist()
