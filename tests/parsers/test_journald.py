"""What journalctl prints is opened like syslog."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.registry import registry
from afterlog.source import Block


def read(name: str, *lines: str) -> dict[str, list[object]]:
    parts = list(parse(registry()[name], [Block("\n".join(lines).encode(), 1, 0)], registry()))
    batches = [part.batch for part in parts if part.batch is not None]
    assert all(part.rejects == () for part in parts)
    names = {name for batch in batches for name in batch.columns}
    told = {
        name: [
            value
            for batch in batches
            for value in (batch.columns[name].to_pylist() if name in batch.columns else [None] * len(batch.rows))
        ]
        for name in names
    }
    walls = [wall for batch in batches for wall in batch.times.wall_us.astype("datetime64[us]").tolist()]
    offsets = [offset for batch in batches for offset in batch.times.offset_s.tolist()]
    return told | {"wall": [wall.isoformat() for wall in walls], "offset": offsets}


def line(**fields: object) -> str:
    import json

    return json.dumps({"__REALTIME_TIMESTAMP": "1668076198123456", "_HOSTNAME": "web-01", **fields})


def test_the_message_of_a_program_goes_to_its_parser():
    told = read(
        "journald-json",
        line(
            SYSLOG_IDENTIFIER="sshd", _PID="7", MESSAGE="Accepted publickey for deploy from 192.0.2.1 port 5 ssh2"
        ).replace('": "', '":"'),
    )
    assert (told["action"], told["actor"], told["host"]) == (["login"], ["deploy"], ["web-01"])


@pytest.mark.parametrize(("priority", "severity"), [("0", 21), ("3", 17), ("6", 9), (None, None)])
def test_a_priority_is_a_severity(priority, severity):
    told = read("journald-json", line(MESSAGE="x", PRIORITY=priority).replace('": "', '":"'))
    assert told.get("severity", [None]) == [severity]
