"""What JSON lines become, whatever their dialect, and however spoilt."""

import json

import pytest
from reading_back import Read

from afterlog.parsers.json_lines import PARSER
from afterlog.registry import Registry

JSON = PARSER[0]


def read(*lines: str | bytes) -> Read:
    data = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    return Read(JSON, data, Registry(PARSER))


@pytest.mark.parametrize(
    "time",
    ['"2022-11-10T10:29:58Z"', '"2022-11-10T15:59:58+05:30"', "1668076198", "1668076198.0", "1668076198000", "1668076198000000000",
     '"1668076198"', '"1668076198000000000"', '"10/Nov/2022:10:29:58 +0000"', '{"seconds":1668076198,"nanos":0}'],
)  # fmt: skip
def test_a_time_is_read_in_every_form_and_unit(time):
    times = read(f'{{"timestamp":{time},"msg":"x"}}').batches[0].times
    assert int(times.wall_us[0]) - int(times.offset_s[0]) * 1_000_000 == 1_668_076_198_000_000


@pytest.mark.parametrize(
    ("level", "severity"),
    [('"ERROR"', 17), ('"warning"', 13), ("50", 17), ("30", 9), ("3", 17), ('"I"', 9), ("true", None), ('"?"', None)],
)
def test_levels_are_words_or_the_numbers_of_pino_and_syslog(level, severity):
    assert read(f'{{"time":1668076198,"level":{level},"msg":"x"}}')["severity"] == [severity]


def test_a_status_alone_is_no_request():
    told = read('{"time":1668076198,"status":"ready","msg":"x"}', '{"time":1668076198,"status":503,"msg":"y"}')
    assert told["kind"] == ["log", "log"]
    assert [told["status_"][0], told["status_"][1] or told["status"][1]] == ["ready", "503"]


def test_bad_lines_among_good_ones_cost_only_themselves():
    good = [f'{{"time":1668076198,"n":{n},"msg":"x"}}' for n in range(300)]
    spoilt = [
        *good[:100],
        '{"time":',
        *good[100:200],
        '{"time":1668076198,"n":1,"n":2,"msg":"twice"}',
        b'{"time":1668076198,"msg":"\xff"}',
        *good[200:],
    ]
    part = read(*spoilt)
    assert part.rows == 302
    assert part.continuations == 1
    assert [text for text in part["message"] if not text.startswith("x")] == ["twice", "\\xff"]


def test_keys_of_changing_types_are_kept_as_text():
    told = read(
        '{"time":1668076198,"a":1}',
        '{"time":1668076198,"a":"x"}',
        '{"time":1668076198,"a":{"b":2}}',
        '{"time":1668076198,"a":[1]}',
    )
    assert [str(value) for value in told["a"]] == ["1", "x", "None", "[1]"]
    assert [str(value) for value in told["a.b"]] == ["None", "None", "2", "None"]


def test_a_thousand_different_keys_do_not_become_a_thousand_columns():
    lines = [json.dumps({"time": 1668076198, "msg": "x", f"key{n}": n}) for n in range(1000)]
    told = read(*lines)
    assert len(told.names()) < 400
    assert sum(value is not None for value in told["more"]) > 600


@pytest.mark.parametrize("depth", [100, 100_000])
def test_no_depth_of_nesting_does_harm(depth):
    part = read('{"time":1668076198,"a":' + "[" * depth + "]" * depth + "}", '{"time":1668076198,"msg":"x"}')
    assert part["message"][-1] == "x"
