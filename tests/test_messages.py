"""Messages: masked, mined to templates, counted around an outage."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from afterlog.messages import Window, messages_of, tally
from afterlog.messages.masking import coded, masked
from afterlog.messages.mining import templates
from afterlog.messages.signs import sign_of

SECOND = 1_000_000
MINUTE = 60 * SECOND
T0 = 1_668_059_100 * SECOND


@pytest.mark.parametrize(
    ("said", "mask"),
    [
        ("took 0.123 s for user 42", "took <*> s for user <*>"),
        ("script '/var/www/a b.php' not found", "script <*> not found"),
        ('open "/etc/x": No space left on device', "open <*>: No space left on device"),
        ("can't open file don't ask", "can't open file don't ask"),
        ("from 10.20.0.11:8080 to https://a.example/x?y=1", "from <*> to <*>"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 done", "id <*> done"),
        ("at 0xDEADBEEF in deadbeef0123456789", "at <*> in <*>"),
        ("first line\nsecond line", "first line"),
        ("", ""),
    ],
)
def test_what_differs_is_masked_and_what_is_said_stays(said, mask):
    assert masked(pa.array([said])).to_pylist() == [mask]


def test_masks_that_differ_in_one_word_of_five_are_one_template_whatever_their_order():
    masks = ["user anna logged in twice", "user bert logged in twice", "disk sda is full now"]
    forward, backward = templates(masks), templates(reversed(masks))
    assert forward == backward
    assert forward["user anna logged in twice"] == "user <*> logged in twice"
    assert forward["disk sda is full now"] == "disk sda is full now"


def batch(rows: list[tuple[float, str]], host: str = "web-1") -> pa.RecordBatch:
    """Messages, each so many minutes after the outage's start."""
    times = [T0 + round(minutes * MINUTE) for minutes, _said in rows]
    return pa.RecordBatch.from_pydict(
        {
            "time": pa.array(times, pa.int64()),
            "source": ["app.log"] * len(rows),
            "line": list(range(1, len(rows) + 1)),
            "offset": [100 * n for n in range(len(rows))],
            "host": [host] * len(rows),
            "service": ["app"] * len(rows),
            "severity": pa.array([17] * len(rows), pa.int8()),
            "message": [said for _minutes, said in rows],
        }
    )


FAILURES = np.arange(T0, T0 + 60 * MINUTE, 2 * SECOND)
OUTAGE = Window("outage-1", T0, T0 - SECOND, T0 + 60 * MINUTE, FAILURES)


def around(*rows: tuple[float, str]):
    told = messages_of(tally([batch(sorted(rows))], [OUTAGE]))["outage-1"]
    return {message.template: message for message in told}


EVERY = [float(m) for m in range(-240, 120)]


def test_an_error_never_said_before_is_new_and_goes_with_the_failures():
    told = around(*((m, "tick") for m in EVERY), *((m / 4, "failed opening required x") for m in range(240)))
    message = told["failed opening required x"]
    assert (message.trend, message.before, message.during, message.after) == ("new", 0, 240, 0)
    assert message.first_us == message.near_us == T0
    assert message.correlation > 0.9
    assert message.first.line == 241  # 240 ticks come before it, and of the two at its moment the error sorts first


def test_the_same_error_at_the_same_rate_before_is_constant_and_uncorrelated():
    message = around(*((m, f"script '/wp{m}.php' not found") for m in EVERY))["script <*> not found"]
    assert message.trend == "constant"
    assert message.rate_before == pytest.approx(60, rel=0.02) and message.rate_during == pytest.approx(60, rel=0.05)
    assert abs(message.correlation) < 0.3


def test_what_ceases_in_the_outage_has_stopped():
    message = around(*((m, "order placed") for m in EVERY if not -2 < m <= 60), (0, "x"))["order placed"]
    assert message.trend == "stopped" and message.during == 0


def test_what_is_said_five_times_as_often_grew():
    rows = [(m, "slow query") for m in EVERY] + [(m / 6, "slow query") for m in range(360)]
    assert around(*rows)["slow query"].trend == "grew"


def test_where_the_logs_begin_with_the_outage_nothing_is_called_new():
    assert around((0.0, "boom"), (1.0, "boom"))["boom"].trend == "rare"


def test_in_logs_of_four_minutes_what_is_said_all_the_time_from_then_on_is_new():
    short = Window("outage-1", T0, T0 - SECOND, T0 + 3 * MINUTE, FAILURES)
    rows = [(m / 6, "tick") for m in range(-24, 30)] + [(m / 20, "boom") for m in range(60)] + [(1.0, "once")]
    told = {one.template: one for one in messages_of(tally([batch(sorted(rows))], [short]))["outage-1"]}
    assert (told["boom"].trend, told["once"].trend) == ("new", "rare")


def test_stamps_of_another_age_are_counted_somewhere_and_break_nothing():
    wild = pa.RecordBatch.from_pydict(
        batch([(0.0, "boom")] * 3).to_pydict() | {"time": [-62_135_596_800_000_000, T0, 253_402_300_799_000_000]},
        schema=batch([(0.0, "x")]).schema,
    )
    (message,) = messages_of(tally([wild, batch([(1.0, "boom")], host="web-2")], [OUTAGE]))["outage-1"]
    assert message.during == 2 and message.hosts == ("web-1", "web-2")


def test_a_message_is_counted_alike_however_the_batches_fall():
    rows = [(m, "tick") for m in EVERY]
    whole = messages_of(tally([batch(rows)], [OUTAGE]))["outage-1"][0]
    parts = messages_of(tally([batch(rows[:100]), batch(rows[100:])], [OUTAGE]))["outage-1"][0]
    assert (whole.before, whole.during, whole.after) == (parts.before, parts.during, parts.after)


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        ("(28)No space left on device: AH00646: Error writing to log", "disk-full"),
        ("Out of memory: Killed process 4242 (mysqld) total-vm:1kB", "out-of-memory"),
        (
            "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
            "connection-limit",
        ),
        ("process 30592 still waiting for AccessShareLock on relation 16386 of database 16385 after 1000.1 ms", "lock"),
        ("Lock wait timeout exceeded; try restarting transaction", "lock"),
        ("1024 worker_connections are not enough", "connection-limit"),
        ("ERROR 1040 (HY000): Too many connections", "connection-limit"),
        ("SSL_do_handshake() failed (certificate verify failed: certificate has expired)", "certificate"),
        ("accept4() failed (24: Too many open files)", "open-files"),
        ("curl: (6) Could not resolve host: api.example", "dns"),
        ("connect() failed (111: Connection refused) while connecting to upstream", "dependency"),
        ("System clock wrong by 3600.123456 seconds", "clock"),
        ("blk_update_request: I/O error, dev sda, sector 1", "hardware"),
        ("GET /index.html took 3 ms", ""),
    ],
)
def test_a_non_change_cause_is_known_by_the_programs_own_words(said, sign):
    assert sign_of(said) == sign


def test_messages_are_numbered_as_if_each_were_masked_by_itself():
    said = [
        "took 12 s",
        "took 7 s",
        None,
        "café 9 at /srv/4",
        "at 0x1F in deadbeef0123456789",
        "took 0.5 s",
        "٣ no",
        "",
    ]
    told = pa.array(said, pa.string()).slice(1)
    masks, indices = coded(told)
    assert [None if code is None else masks[code] for code in indices.to_pylist()] == masked(told).to_pylist()
    assert coded(pa.array([], pa.string()))[0] == []
