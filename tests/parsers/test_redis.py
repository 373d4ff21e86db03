"""What Redis says, with and without a year."""

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
    ("line", "wall"),
    [
        ("7:M 10 Nov 2022 10:29:58.123 * x", "2022-11-10T10:29:58.123000"),
        ("7:M 10 Nov 10:29:58.123 * x", "2000-11-10T10:29:58.123000"),
        ("[7] 10 Nov 10:29:58 * x", "2000-11-10T10:29:58"),
    ],
)
def test_the_stamps_of_all_ages_are_read(line, wall):
    assert read("redis", line)["wall"] == [wall]


def test_marks_are_severities():
    assert read("redis", *(f"7:M 10 Nov 2022 10:29:58.123 {mark} x" for mark in ".-*#"))["severity"] == [5, 6, 10, 13]


def test_a_crash_keeps_its_report():
    told = read("redis", "7:M 10 Nov 2022 10:29:58.123 # Redis 7.0.15 crashed by signal: 11", "backtrace", "", "end")
    assert (told["action"], told["severity"]) == (["crash"], [21])
    assert told["message"] == ["Redis 7.0.15 crashed by signal: 11\nbacktrace\n\nend"]
