"""What PHP's logs become."""

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
    ("zone", "offset"),
    [("UTC", 0), ("Europe/Berlin", 3600), ("Asia/Kolkata", 19800), ("America/New_York", -18000)],
)
def test_the_zone_in_the_line_makes_the_time_exact(zone, offset):
    assert read("php-error", f"[10-Nov-2022 10:29:58 {zone}] PHP Warning:  x")["offset"] == [offset]


def test_an_unknown_zone_leaves_the_offset_open():
    assert read("php-error", "[10-Nov-2022 10:29:58 Mars/Olympus] x")["offset"] == [-(2**31)]


def test_errors_have_the_severity_of_their_word():
    words = ("Fatal error", "Warning", "Notice", "Deprecated")
    told = read(
        "php-error", *(f"[10-Nov-2022 10:29:58 UTC] PHP {word}:  x" for word in words), "[10-Nov-2022 10:29:58 UTC] x"
    )
    assert told["severity"] == [21, 13, 10, 13, None]
