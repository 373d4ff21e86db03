"""What stands inside an envelope keeps the envelope's columns, in the order of the lines, whoever reads it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from afterlog.intake.parsing import parse_block
from afterlog.intake.within import Within
from afterlog.parser import Lines
from afterlog.registry import registry
from afterlog.source import Block

AROUND = {
    "host": pa.array(["a", "b", "c", "d"]),
    "message": pa.array(["0", "1", "2", "3"]),
    "pid": pa.array([5, 6, 7, 8]),
}


def test_a_column_is_the_own_one_else_the_envelopes_at_its_rows():
    columns = Within(AROUND, np.array([3, 1]), {"message": pa.array(["own", "too"])}, {"pid"})
    assert {name: columns[name].to_pylist() for name in columns} == {"message": ["own", "too"], "host": ["d", "b"]}
    assert [columns.borrows(name) for name in ("host", "message", "pid", "none")] == [True, False, False, False]
    with pytest.raises(KeyError):
        columns["pid"]


def test_further_columns_and_fewer_rows_leave_the_first_as_they_were():
    columns = Within(AROUND, np.array([0, 2, 3]))
    more = columns.with_own({"kind": pa.array(["x", "y", "z"])}, {"host"}).at(np.array([2, 0]))
    assert {name: more[name].to_pylist() for name in more} == {"kind": ["z", "x"], "message": ["3", "0"], "pid": [8, 5]}
    assert sorted(columns) == ["host", "message", "pid"]


def test_lines_of_many_programs_keep_their_order_and_each_its_own_host_pid_and_message():
    said = {
        "sshd": "Accepted publickey for deploy from 10.0.3.{} port 52144 ssh2",
        "CRON": "(root) CMD (/bin/backup {})",
        "app": "step {} done",
    }
    lines = [
        f"Nov 10 10:{i // 60:02d}:{i % 60:02d} web-{i % 7} {program}[{1000 + i}]: {said[program].format(i)}"
        for i, program in enumerate(["sshd", "app", "CRON", "app", "sshd", "CRON"] * 50)
    ]
    parsed = parse_block(registry()["syslog"], Block(("\n".join(lines) + "\n").encode(), 1, 0), registry())
    columns = parsed.batch.columns
    assert parsed.line.tolist() == list(range(1, 301))
    assert columns["host"].to_pylist() == [f"web-{i % 7}" for i in range(300)]
    assert columns["pid"].to_pylist() == list(range(1000, 1300))
    assert columns["message"].to_pylist() == [line.split("]: ", 1)[1] for line in lines]
    assert parsed.batch.parser.to_pylist() == ["sshd", "syslog", "cron", "syslog", "sshd", "cron"] * 50
    assert columns["actor"].to_pylist() == ["deploy", None, "root", None, "deploy", "root"] * 50
    assert "program" not in columns


def test_lines_behind_each_other_are_the_same_as_each_alone():
    data = b"".join(
        b"Nov 10 10:00:%02d w sshd[%d]: Accepted password for u%d from 10.0.0.1 port 2 ssh2\n" % (i, i + 1, i)
        if i % 3
        else b"Nov 10 10:00:%02d w kernel: [%d.5] eth0: up\n" % (i, i)
        for i in range(60)
    )
    whole = parse_block(registry()["syslog"], Block(data, 1, 0), registry()).batch
    for row, line in enumerate(data.splitlines()):
        alone = parse_block(registry()["syslog"], Block(line + b"\n", 1, 0), registry()).batch
        for name, column in alone.columns.items():
            assert whole.columns[name][row].as_py() == column[0].as_py(), (name, line)
    assert len(Lines.of(data)) == len(whole.rows)
