"""Kernel and regex give the same answer, also on fuzzed lines and on spans anywhere in a buffer."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afterlog.layout import TIME_FORMS, Layout, Lines, Match

COMBINED = '{client} {ident} {user} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}"'
HAPROXY = (
    "{client}:{port:d} [{time:clf-ms}] {frontend} {backend}/{server} {tq:ms}/{tw:ms}/{tc:ms}/{tr:ms}/{ta:ms} "
    '{status:d} {bytes:d} {_:word} {_} {state:word} {act:d}/{fe:d}/{retries:d} "{request:request}"'
)

# Each layout with lines that fit it; what fuzzing does to them is not said here.
LAYOUTS: dict[str, list[bytes]] = {
    COMBINED: [
        b'192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /x?y HTTP/1.1" 200 2326 "-" "Mozilla/5.0 (X11; Linux)"',
        b'2001:db8::1 - a [b] [10/Oct/2000:13:55:36 +0530] "-" 408 - "" ""',
        b'h - x [10/Oct/2000:13:55:36 +0000] "GET / [10/Oct/2000:13:55:37 +0000] "GET / HTTP/2" 200 1 "r" "\\"q\\" \\\\"',
        b'1.2.3.4 - - [29/Feb/2001:13:55:36 +0000] "\\x16\\x03" 400 0 "-" "-"',
    ],
    "{time:syslog} {host:word} {program}[{pid:d}]: {message:rest}": [
        b"Nov 10 10:29:58 web1 sshd[123]: Accepted publickey for root",
        b"Feb  9 01:02:03 web-2 a[b][0]: ",
        b"Nov 10 10:29:58 w a[x]: b[1]: c[2]: d",
    ],
    "{time:syslog}{~}{host:host}{~}{what}{~}{n:d}": [
        b"Nov 10 10:29:58  \t web1 \t some thing \t 42",
        b"Nov 10 10:29:58 w a -",
    ],
    HAPROXY: [
        (
            b"10.0.0.1:49152 [10/Nov/2022:10:29:58.389] www~ app/w1 10/0/30/69/109 200 2750 - - ---- "
            b'1/1/0 "GET /index.html HTTP/1.1"'
        ),
        (
            b"2001:db8::9:49152 [10/Nov/2022:10:29:58.389] www~ a/b/<NOSRV> -1/-1/-1/-1/+50001 503 212 - - SC-- "
            b'127/12.5/+0 "<BADREQ>"'
        ),
        b'::1:5 [10/Nov/2022:10:29:58.389] f b/s 1/2/3/4/0.25 200 +17 - - ---- 1/2/3 "GET / HTTP/2"',
    ],
    "[{time:apache-error}] [{module}:{level:level}] [pid {pid:d}:tid {tid:hex}] [client {client:ip}:{port:d}] {message:rest}": [
        b"[Thu Nov 10 11:14:59.898581 2022] [core:error] [pid 1:tid 7f3a-9] [client 10.0.0.1:80] AH00037: x",
        b"[Thu Nov 10 11:14:59 2022] [:warn] [pid 17:tid 0] [client ::1:80] ",
    ],
    "{time:iso} {host:word}:{level:level}>{took:s} {id:hex} {text}": [
        b"2022-11-10T10:29:58.123456789+01:00 a:b:ERROR>1.250 deadbeef hello",
        b"2022-11-10 10:29:58Z a:INFO>- - ",
        b"2022-11-10 10:29:58,1-0330 :x:y>12>5 0-0 z",
    ],
    "{{{a:us}}} aab{b}aab{c:word}aa{d:ip}.{e}": [
        b"{123} aabxaabyaaz.1.2.q",
        b"{0.5} aabaaabaabaabaaaaa..",
        b"{-} aabaab aabxaaaa1.",
    ],
    "{a:word} {b:level}": [b"x:y ERROR", b"x y:z"],
    "{a:host}{~}{b}-{c:hex}": [b"w1 \t x-y-beef-1", b"w  --"],
    "{time:syslog} {host:host} {tag:tag}: {message:rest}": [
        b"Nov 10 10:29:58 w sshd[4756]: hello [7]: x",
        b"Nov 10 10:29:58 w a[b][-]: x",
        b"Nov 10 10:29:58 w kernel: [ 1.5] x",
        b"Nov 10 10:29:58 w x[123456789]: y",
    ],
    "{tag:tag}: {x}": [b"a[1]: ", b"[1]: x", b"p[]: x"],
    '"{a}" "{b:request}" {c:word}"{d}"': [
        b'"x" "GET /a b HTTP/1.0" w"w""',
        b'"\\"" "\\\\" w"w"',
        b'"" "get  HTTP/1" x""',
    ],
    **{f"<{{time:{name}}}>{{x}}": [f"<{form.example}>x".encode()] for name, form in TIME_FORMS.items()},
    **{f"{{time:{name}}}{{x:rest}}": [f"{form.example}1.5+02".encode()] for name, form in TIME_FORMS.items()},
}
PIECES = [
    b" ",
    b'"',
    b"\\",
    b"[",
    b"]",
    b":",
    b"/",
    b"-",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"\t",
    b"0",
    b"9",
    b"1" * 19,
]
PIECES += [
    b" [",
    b'" ',
    b' "',
    b"]: ",
    b"aab",
    b"a",
    b".",
    b",",
    b"+",
    b"Z",
    b"\r",
    b"\n",
    b"x" * 70,
    b" " * 70,
    b"Feb",
]


def as_python(match: Match) -> list[object]:
    """Rows and spans and values, comparable."""
    found: list[object] = [match.rows.tolist()]
    for name in sorted(match.spans):
        starts, ends = match.span(name)
        found += [name, starts.tolist(), ends.tolist(), match.text(name).to_pylist()]
        if match.types[name] == "d":
            found += [column.tolist() for column in match.int(name)]
        if match.types[name] in ("s", "ms", "us"):
            found += [np.nan_to_num(match.float(name)[0]).tolist(), match.float(name)[1].tolist()]
    for name, times in match.times.items():
        found += [name, times.wall_us.tolist(), times.offset_s.tolist(), times.resolution_us, times.has_year]
    return found


@st.composite
def mutated(draw: st.DrawFn, lines: list[bytes]) -> bytes:
    line = draw(st.sampled_from(lines))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        length = draw(st.integers(0, 4))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2)))
        change = draw(st.sampled_from("idrscx"))
        if change == "i":
            line = line[:at] + piece + line[at:]
        elif change == "d":
            line = line[:at] + line[at + length :]
        elif change == "r":
            line = line[:at] + piece + line[at + length :]
        elif change == "s":
            line = line[: max(at - 1, 0)] + line[at : at + 1] + line[max(at - 1, 0) : at] + line[at + 1 :]
        elif change == "c":
            line = line[:at]
        else:
            line = line[:at] + draw(st.sampled_from(lines)) + line[at:]
    return line


def as_spans(lines: list[bytes], filler: bytes) -> Lines:
    """The lines somewhere in a buffer, last line first."""
    data, starts = filler, []
    for line in lines:
        starts.append(len(data))
        data += line + filler
    ends = [begin + len(line) for begin, line in zip(starts, lines, strict=True)]
    return Lines(data, np.array(starts[::-1], np.int64), np.array(ends[::-1], np.int64))


@pytest.mark.parametrize("pattern", LAYOUTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_kernel_and_regex_agree_on_fuzzed_lines(pattern: str, data: st.DataObject) -> None:
    layout = Layout(pattern)
    lines = data.draw(st.lists(mutated(LAYOUTS[pattern]), max_size=8))
    filler = data.draw(st.sampled_from([b"", b"\n", b'"', b" ", b"0", b"-", b"aab", b"]: ", b"\\"]))
    spans = as_spans(lines, filler)
    assert as_python(layout.match(spans)) == as_python(layout.match_regex(spans))


@pytest.mark.parametrize("pattern", LAYOUTS)
def test_kernel_and_regex_agree_on_every_single_byte_change_of_a_line(pattern: str) -> None:
    line = LAYOUTS[pattern][0]
    octets = sorted({*b' "\\[]:/-+.,0195aZT\t\0\xff', *line})
    changed = [line[:at] + bytes([octet]) + line[at + 1 :] for at in range(len(line)) for octet in octets]
    cut = [line[:at] for at in range(len(line) + 1)] + [line[at:] for at in range(len(line))]
    lines = as_spans(changed + cut, b"")
    layout = Layout(pattern)
    assert as_python(layout.match(lines)) == as_python(layout.match_regex(lines))


@pytest.mark.parametrize("pattern", LAYOUTS)
def test_kernel_and_regex_agree_on_many_lines_of_which_few_are_odd(pattern: str) -> None:
    rng = np.random.default_rng(3)
    lines = []
    for _ in range(2000):
        line = bytearray(LAYOUTS[pattern][rng.integers(len(LAYOUTS[pattern]))])
        if rng.random() < 0.2:
            line[rng.integers(len(line))] = rng.integers(256)
        if rng.random() < 0.1:
            at = rng.integers(len(line))
            line[at:at] = PIECES[rng.integers(len(PIECES))] * int(rng.integers(1, 30))
        lines.append(bytes(line))
    layout = Layout(pattern)
    for filler in (b"", b"\n"):
        spans = as_spans(lines, filler)
        assert as_python(layout.match(spans)) == as_python(layout.match_regex(spans))


@pytest.mark.parametrize("pattern", LAYOUTS)
def test_no_lines_and_empty_lines_are_no_matches_and_no_errors(pattern: str) -> None:
    layout = Layout(pattern)
    for lines in (Lines.of(b""), Lines.of(b"\n\n"), Lines.of(b"\r\n"), Lines.of(b"x"), Lines.of(b"\xff\0")):
        assert as_python(layout.match(lines)) == as_python(layout.match_regex(lines))
        assert len(layout.match(lines)) == 0


@pytest.mark.parametrize("pattern", [p for p in LAYOUTS if not p.endswith("rest}")])
def test_the_unchanged_sample_matches(pattern: str) -> None:
    assert Layout(pattern).match(Lines.of(LAYOUTS[pattern][0])).rows.tolist() == [0]
