"""What the error logs of all ages of MySQL become, and its slow queries."""

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


@pytest.mark.parametrize(
    ("stamp", "wall"),
    [
        ("2022-11-10T10:29:58.123456Z 7", "2022-11-10T10:29:58.123456"),
        ("2022-11-10  9:29:58 7", "2022-11-10T09:29:58"),
        ("2022-11-10 10:29:58 140213", "2022-11-10T10:29:58"),
        ("221110 10:29:58", "2022-11-10T10:29:58"),
        ("221110  9:29:58", "2022-11-10T09:29:58"),
    ],
)
def test_the_stamps_of_all_ages_are_read(stamp, wall):
    told = read("mysql-error", f"{stamp} [Warning] x")
    assert (told["wall"], told["severity"], told["message"]) == ([wall], [13], ["x"])


def test_a_note_is_information_and_a_crash_a_failed_change():
    told = read(
        "mysql-error",
        "221110 10:29:58 [Note] x",
        "221110 10:29:58 [ERROR] mysqld got signal 11 ;",
        "Thread pointer: 0x0",
    )
    assert told["severity"] == [9, 17]
    assert (told["action"][1], told["outcome"][1], told["message"][1]) == (
        "crash",
        "failed",
        "mysqld got signal 11 ;\nThread pointer: 0x0",
    )


def test_a_query_without_its_own_time_line_takes_the_timestamp_it_sets():
    entry = [
        "# User@Host: a[a] @  [192.0.2.7]",
        "# Query_time: 2.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 9",
        "SET timestamp=1668076198;",
        "select 1;",
    ]
    told = read("mysql-slow", "# Time: 221110 10:29:50", *entry, *entry)
    assert told["wall"] == ["2022-11-10T10:29:58"] * 2
    assert told["offset"] == [0, 0]
    assert (told["duration"], told["client"], told["message"]) == ([2.5] * 2, ["192.0.2.7"] * 2, ["select 1;"] * 2)


def test_the_head_that_a_restart_writes_is_no_part_of_a_query():
    entry = [
        "# Time: 261122 14:11:00",
        "# User@Host: root[root] @ localhost []",
        "# Query_time: 0.5  Lock_time: 0.0  Rows_sent: 1  Rows_examined: 0",
        "SET timestamp=1795356660;",
        "select sleep(0.5);",
    ]
    restart = [
        "/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-0+deb12u1-log (Debian 12). started with:",
        "Tcp port: 33306  Unix socket: /run/mysqld/mysqld.sock",
        "Time\t\t    Id Command\tArgument",
    ]
    assert read("mysql-slow", *entry, *restart, *entry)["message"] == ["select sleep(0.5);"] * 2
