"""What the logs of Go become."""

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


@pytest.mark.parametrize(("fraction", "micros"), [("1", 100000), ("123", 123000), ("123456", 123456)])
def test_microseconds_are_read(fraction, micros):
    assert read("go-log", f"2022/11/10 10:29:58.{fraction} x")["wall"][0] == f"2022-11-10T10:29:58.{micros:06d}"


@pytest.mark.parametrize(("letter", "severity"), [("I", 9), ("W", 13), ("E", 17), ("F", 21)])
def test_the_letters_of_klog_are_severities(letter, severity):
    told = read(
        "klog", f"{letter}1110 10:29:58.123456       1 a.go:12] x", f"{letter}20221110 10:29:58.123456 7 a.cc:1] y"
    )
    assert told["severity"] == [severity] * 2
    assert told["wall"] == ["2000-11-10T10:29:58.123456", "2022-11-10T10:29:58.123456"]


@pytest.mark.parametrize(("took", "seconds"), [("1.5ms", 0.0015), ("12µs", 0.000012), ("1m2s", 62.0), ("2s", 2.0)])
def test_gins_durations_have_units(took, seconds):
    told = read("gin", f'[GIN] 2022/11/10 - 10:29:58 | 200 |  {took} |  192.0.2.7 | GET  "/"')
    assert told["duration"] == [pytest.approx(seconds)]
