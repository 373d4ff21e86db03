"""Journald's export format: binary values of any bytes, messages of several lines, and what lies inside them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_back import Read

from afterlog.intake.parsing import parse
from afterlog.registry import registry
from afterlog.source import Block

TIME = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1668076198123456\n"


def binary(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value + b"\n"


def read(data: bytes) -> Read:
    return Read(registry()["journald-export"], data, registry())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"two\nlines", "two\nlines"),
        (b"ends\n", "ends\n"),
        (b"carriage\r", "carriage\r"),
        (b"carriage\r\nand line", "carriage\r\nand line"),
        (b"ten bytes!", "ten bytes!"),  # whose length, 10, is itself a line end
        (b"thirteen bytes"[:13], "thirteen byte"),  # and 13 a carriage return
        (b"MESSAGE=not\n\nPRIORITY=0", "MESSAGE=not\n\nPRIORITY=0"),  # what looks like fields and an entry's end
        (b"", ""),
        (b"\x00\xff", "\x00\\xff"),
    ],
)
def test_a_binary_message_is_read_to_its_length(value, text):
    told = read(TIME + b"MESSAGE\n" + binary(value) + b"PRIORITY=3\n_HOSTNAME=web-01\n\n")
    assert (told["message"], told["severity"], told["host"]) == ([text], [17], ["web-01"])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_whatever_the_bytes_of_a_message_the_entries_behind_it_are_found(values):
    values = [b"~" + value for value in values]  # which begins no line of any format
    data = b"".join(TIME + b"MESSAGE\n" + binary(value) + b"_PID=7\n\n" for value in values)
    told = read(data)
    assert told["message"] == [value.decode("utf-8", "backslashreplace") for value in values]
    assert told["pid"] == ["7"] * len(values)


def test_an_event_stands_on_the_line_of_its_message():
    [parsed] = parse(registry()["journald-export"], [Block(TIME + b"_PID=7\nMESSAGE=slow\n\n", 1, 0)], registry())
    assert parsed.line.tolist() == [4]


def test_the_message_of_a_program_goes_to_its_parser():
    told = read(
        TIME + b"SYSLOG_IDENTIFIER=sshd\n_PID=7\nMESSAGE=Accepted publickey for deploy from 10.0.0.2 port 1 ssh2\n\n"
    )
    assert (told["kind"], told["action"], told["actor"]) == (["change"], ["login"], ["deploy"])
    assert told.batches[0].parser.to_pylist() == ["sshd"]


def test_of_several_fields_of_one_name_the_first_counts_and_comm_stands_in_for_an_identifier():
    told = read(TIME + b"MESSAGE=a\nMESSAGE=b\n_COMM=kernel\n\n")
    assert (told["message"], told["service"]) == (["a"], ["kernel"])


def test_a_binary_value_that_is_cut_short_is_rejected_and_nothing_raises():
    told = read(TIME + b"MESSAGE\n" + struct.pack("<Q", 100) + b"short")
    assert [reject.reason for reject in told.rejects] == ["a binary field that is cut short"]
    assert told.rows == 1  # the entry has a time, and is an event without a message
