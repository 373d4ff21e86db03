"""What HAProxy's lines become, read out of the syslog lines they come in."""

import numpy as np
import pyarrow as pa
import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers import haproxy
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block

PARSER = haproxy.PARSER[0]
ENVELOPE = "Nov 10 11:00:00 lb-01 haproxy[7]: "
HTTP = "192.0.2.1:5 [10/Nov/2022:10:59:58.500] fe bk/web-01 0/1/2/3/1500 {} 9 - - ---- 1/1/0/0/+1 0/4 "


def batch(*messages: str, envelope: str = ENVELOPE):
    data = "\n".join(envelope + message for message in messages).encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    assert (len(parsed.batch.rows), parsed.rejects) == (len(messages), ())
    assert set(parsed.batch.parser.to_pylist()) == {"haproxy"}
    return parsed.batch


def read(*messages: str, envelope: str = ENVELOPE) -> dict[str, pa.Array]:
    return dict(batch(*messages, envelope=envelope).columns)


def test_a_request_has_the_accept_date_and_a_message_the_date_of_the_envelope():
    times = batch(HTTP.format(200) + '"GET / HTTP/1.1"', "Proxy fe started.").times
    wall = times.wall_us.astype("datetime64[us]").astype(str).tolist()
    assert wall == ["2022-11-10T10:59:58.500000", "2000-11-10T11:00:00.000000"]
    assert np.asarray(times.has_year).tolist() == [True, False]


def test_a_request_keeps_its_numbers_and_needs_no_message():
    columns = read(HTTP.format(200) + '"GET /x HTTP/1.1"')
    wanted = {
        "host": "lb-01", "service": "bk", "upstream": "web-01", "duration": 1.5, "queue_ms": "1", "retries": "1",
        "backend_queue": "4", "message": None, "protocol": None,
    }  # fmt: skip
    told = {name: columns[name].cast(pa.string() if isinstance(value, str) else columns[name].type)[0].as_py()
            for name, value in wanted.items()}  # fmt: skip
    assert told == wanted


@pytest.mark.parametrize(("status", "read_as"), [("200", 200), ("-1", None), ("0", None), ("99999", None)])
def test_a_status_never_sent_is_absent(status, read_as):
    assert read(HTTP.format(status) + '"GET / HTTP/1.1"')["status"].to_pylist() == [read_as]


@pytest.mark.parametrize("captured", ["{}", "{|}", "{a|b} {c}", "{a b|#22} {}"])
def test_captured_headers_stand_before_the_request(captured):
    columns = read(HTTP.format(200) + captured + ' "GET /x HTTP/1.1"')
    assert (columns["captured"].to_pylist(), columns["path"].to_pylist()) == ([captured], ["/x"])


def test_what_the_proxy_says_keeps_its_severity_from_the_envelope_where_the_words_tell_none():
    columns = read("Something new happened.", "backend bk has no server available!", envelope="<134>" + ENVELOPE)
    assert columns["severity"].to_pylist() == [9, 21]
    assert columns["service"].to_pylist() == ["haproxy", "bk"]


def test_a_person_taking_a_server_out_is_told_from_a_failed_check():
    columns = read(
        "Server bk/web-01 is DOWN for maintenance.",
        "Server bk/web-01 is going DOWN for maintenance. 1 active and 0 backup servers left.",
        "Server bk/web-01 is DOWN. 1 active and 0 backup servers left.",
        "Server bk/web-01 is UP. 2 active and 0 backup servers online.",
    )
    assert columns["action"].to_pylist() == ["server-down", "server-maintenance", "server-down", "server-up"]
