"""What the two lines of java.util.logging become."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.layout import Lines
from afterlog.registry import registry
from afterlog.source import Block


def read(text: str):
    return list(parse(registry()["java-util-logging"], [Block(text.encode(), 1, 0)], registry()))


@pytest.mark.parametrize(
    ("clock", "wall"),
    [
        ("2:10:58 PM", "14:10:58"),
        ("2:10:58\u202fPM", "14:10:58"),
        ("12:00:01 AM", "00:00:01"),
        ("12:00:01 PM", "12:00:01"),
        ("11:59:59 AM", "11:59:59"),
    ],
)
def test_twelve_hours_are_read_as_twentyfour(clock, wall):
    [part] = read(f"Nov 22, 2026 {clock} shop.Main main\nINFO: ready")
    assert part.batch.times.wall_us.astype("datetime64[us]").item().isoformat() == f"2026-11-22T{wall}"


def test_a_message_of_many_lines_is_one_event_and_ends_where_the_next_begins():
    first = "Nov 22, 2026 2:10:58 PM a.B c\nSEVERE: broken\njava.io.IOException: full\n\tat a.B.c(B.java:1)"
    parts = read(first + "\nNov 22, 2026 2:10:59 PM a.B c\nFINE: next")
    columns = {
        name: [v for part in parts for v in part.batch.columns[name].to_pylist()] for name in ("message", "severity")
    }
    assert columns["message"] == ["broken\njava.io.IOException: full\n\tat a.B.c(B.java:1)", "next"]
    assert columns["severity"] == [17, 5]


def test_lines_before_the_first_message_are_rejects_with_a_reason():
    parts = read("Starting up\nNov 22, 2026 2:10:58 PM a.B c\nINFO: ready")
    assert [(reject.line, "before the first message" in reject.reason) for p in parts for reject in p.rejects] == [
        (1, True)
    ]


def test_a_head_without_its_second_line_claims_nothing():
    text = b"Nov 22, 2026 2:10:58 PM a.B c\nno level here"
    chosen = registry().choose("x", Lines.of(text))
    assert chosen is None or chosen.name != "java-util-logging"
