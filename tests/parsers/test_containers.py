"""What container engines wrapped is unwrapped, joined, and given to the parser that knows it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.intake.parsing import parse
from afterlog.registry import registry
from afterlog.source import Block

NGINX = '2022/11/10 10:29:58 [error] 7#7: *1 x, client: 192.0.2.1, server: a, request: "GET / HTTP/1.1", host: "a"'


def read(name: str, *lines: str):
    [part] = parse(registry()[name], [Block("\n".join(lines).encode(), 1, 0)], registry())
    rows = len(part.batch.rows) if part.batch else 0
    assert rows + part.continuations + len(part.rejects) == part.lines
    return part


def docker(text: str, stream: str = "stdout") -> str:
    return json.dumps({"log": text, "stream": stream, "time": "2022-11-10T10:29:58.1Z"}, separators=(",", ":"))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r")))
def test_every_text_comes_out_of_docker_as_it_went_in(text):
    part = read("docker-json", docker(text + "\n"))
    if part.batch.parser.to_pylist() == ["docker-json"]:
        assert part.batch.columns["message"].to_pylist() == [text]


def test_pieces_are_joined_by_stream_and_counted_as_continuations():
    time = "2022-11-10T10:29:58Z"
    part = read(
        "cri",
        f"{time} stdout P a",
        f"{time} stderr F x",
        f"{time} stdout P b",
        f"{time} stdout F c",
        f"{time} stdout F d",
    )
    assert part.batch.columns["message"].to_pylist() == ["abc", "x", "d"]
    assert part.continuations == 2


@pytest.mark.parametrize("name", ["docker-json", "cri", "syslog"])
def test_a_log_inside_an_envelope_is_read_by_its_own_parser(name):
    line = {
        "docker-json": docker(NGINX + "\n"),
        "cri": f"2022-11-10T10:29:58.1Z stderr F {NGINX}",
        "syslog": f"Nov 10 10:29:58 node-1 docker/web[7]: {NGINX}",
    }[name]
    part = read(name, line)
    assert part.batch.parser.to_pylist() == ["nginx-error"]
    assert part.batch.columns["client"].to_pylist() == ["192.0.2.1"]


def test_an_envelope_in_an_envelope_is_opened_too():
    line = f"Nov 10 10:29:58 node-1 docker[7]: {docker(NGINX + chr(10))}"
    part = read("syslog", line)
    assert part.batch.parser.to_pylist() == ["nginx-error"]


def test_a_year_that_is_missing_inside_comes_from_the_envelope():
    part = read("cri", "2022-11-10T10:29:58.2Z stderr F E1110 10:29:58.123456       1 a.go:1] x")
    assert (part.batch.parser.to_pylist(), part.batch.times.offset_s.tolist()) == (["klog"], [0])
    assert str(part.batch.times.wall_us.astype("datetime64[us]")[0]) == "2022-11-10T10:29:58.200000"


def test_a_stack_trace_stays_with_its_message_inside_an_envelope():
    time = "2022-11-10T10:29:58.2Z stdout F"
    trace = ["java.io.IOException: x", "\tat a.B.c(D.java:1)"]
    first, last = "2022-11-10 10:29:58,123 ERROR [main] a.B - boom", "2022-11-10 10:29:59,123 INFO  [main] a.B - on"
    part = read("cri", *(f"{time} {text}" for text in (first, *trace, last)))
    assert part.batch.columns["message"].to_pylist() == ["\n".join(["boom", *trace]), "on"]
    assert (part.batch.parser.to_pylist(), part.continuations) == (["java", "java"], 2)
