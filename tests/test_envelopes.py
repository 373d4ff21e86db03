"""What an envelope tells about the lines inside it: their zone, and where one of them ends."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from afterlog.intake.parsing import parse
from afterlog.layout import OFFSET_UNKNOWN
from afterlog.parser import Batch
from afterlog.registry import registry
from afterlog.source import Block


def read(name: str, lines: Sequence[str]) -> Batch:
    [parsed] = parse(registry()[name], [Block("\n".join(lines).encode(), 1, 0)], registry())
    assert parsed.rejects == ()
    assert parsed.batch is not None
    return parsed.batch


def test_local_times_inside_are_given_the_offset_by_which_they_differ_from_the_exact_ones_around():
    lines = [f"2022-11-10T05:00:0{second}.2Z stderr F 2022/11/10 10:30:0{second} listening" for second in range(5)]
    times = read("cri", lines).times
    assert set(times.offset_s.tolist()) == {5 * 3600 + 1800}
    assert datetime.fromtimestamp(times.wall_us[0] / 1e6, UTC).isoformat() == "2022-11-10T10:30:00+00:00"


def test_a_session_that_began_hours_before_it_was_logged_does_not_move_the_zone():
    began = ["10:00:01.000", "10:00:02.000", "10:00:03.000", "07:00:00.000"]
    lines = [
        f"2022-11-10T10:00:0{second}+00:00 lb haproxy[1]: 192.0.2.7:1000 [10/Nov/2022:{clock}] fe be/s1 1/1/10 200 -- 1/1/0/0/0 0/0"
        for second, clock in enumerate(began, start=1)
    ]
    batch = read("syslog", lines)
    assert set(batch.times.offset_s.tolist()) == {0}
    assert datetime.fromtimestamp(batch.times.wall_us[3] / 1e6, UTC).hour == 7


def test_an_envelope_without_zone_tells_none():
    line = (
        "Nov 10 10:00:01 lb haproxy[1]: 192.0.2.7:1000 [10/Nov/2022:10:00:01.000] fe be/s1 1/1/10 200 -- 1/1/0/0/0 0/0"
    )
    assert read("syslog", [line]).times.offset_s.tolist() == [OFFSET_UNKNOWN]


def test_a_line_inside_that_begins_with_an_address_is_no_end_of_the_record_above():
    lines = [
        "2024-04-16T06:21:30.1Z stderr F 2024/04/16 06:21:30 Starting server...",
        "2024-04-16T06:21:30.2Z stderr F 2024/04/16 06:21:30 HTTP service listening on 0.0.0.0:80",
        '2024-04-16T06:21:39.0Z stdout F 10.0.2.1:59838 - - [Tue, 16 Apr 2024 06:21:39 UTC] "GET /readiness HTTP/1.1" kube-probe/1.27',
    ]
    assert read("cri", lines).rows.tolist() == [0, 1, 2]


def test_an_indented_line_below_an_envelopes_record_belongs_to_it():
    lines = [
        "Aug 16 00:32:15 air syslogd[314]: Configuration Notice:",
        "\tASL Module claims",
        "Aug 16 00:32:16 air x[1]: y",
    ]
    batch = read("syslog", lines)
    assert batch.rows.tolist() == [0, 2]
    assert batch.columns["message"].to_pylist() == ["Configuration Notice:\n\tASL Module claims", "y"]


def test_two_formats_of_one_container_are_read_though_neither_is_half_of_its_lines():
    access = '1.2.3.4 - - [05/Jan/2023:10:00:00 +0000] "GET / HTTP/1.1" 502 157 "-" "curl"'
    error = (
        "2023/01/05 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream"
    )
    noise = "/docker-entrypoint.sh: sourcing /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh"
    said = [noise] * 5 + [access, error] * 7 + [access]
    lines = [
        json.dumps({"log": f"{one}\n", "stream": "stdout", "time": "2023-01-05T10:00:00.5Z"}, separators=(",", ":"))
        for one in said
    ]
    batch = read("docker-json", lines)
    assert Counter(batch.parser.to_pylist()) == {"access": 8, "nginx-error": 7, "docker-json": 5}
