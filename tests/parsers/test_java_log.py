"""What the lines of Java become, and that other words are none."""

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


def test_a_stack_trace_stays_with_its_message():
    trace = [
        "java.lang.IllegalStateException: x",
        "\tat a.B.c(D.java:1)",
        "Caused by: java.io.IOException: y",
        "\t... 3 more",
    ]
    told = read(
        "java",
        "2022-11-10 10:29:58,123 ERROR [main] a.B - boom",
        *trace,
        "2022-11-10 10:29:59,123 INFO  [main] a.B - on",
    )
    assert told["message"] == ["\n".join(["boom", *trace]), "on"]
    assert told["severity"] == [17, 9]


@pytest.mark.parametrize(
    ("line", "action", "target"),
    [
        (
            "2022-11-10 10:29:58.123  INFO 1 --- [main] a.B : Started Shop in 2.1 seconds (JVM running for 3)",
            "start",
            "Shop",
        ),
        (
            "[2022-11-10 10:29:58,123] INFO [KafkaServer id=1] shut down completed (kafka.server.KafkaServer)",
            "stop",
            "KafkaServer",
        ),
        ("2022-11-10 10:29:58,123 ERROR a.B - java.lang.OutOfMemoryError: Java heap space", "oom", "java"),
    ],
)
def test_starts_stops_and_exhaustion_are_changes(line, action, target):
    told = read("java", line)
    assert (told["kind"], told["action"], told["target"]) == (["change"], [action], [target])


def test_an_offset_counts_where_it_is_printed():
    head = "INFO 1 --- [main] a.B : x"
    told = read("java", f"2024-05-10T10:29:58.123+02:00  {head}", f"2024-05-10T10:29:58.123Z  {head}")
    assert told["offset"] == [7200, 0]


@pytest.mark.parametrize("pattern", ["{0} [main] a.B - x", "{0} a.B - x", "[main] {0} a.B - x", "{0} a.B: x"])
@pytest.mark.parametrize("level", ["INFO ", "INFO", " INFO"])
def test_a_level_padded_on_either_side_begins_a_record(level, pattern):
    text = pattern.format(level)
    told = read("java", f"2022-11-10 10:29:58,123 {text}", f"2022-11-10 10:29:59,123 {text}")
    assert (told["severity"], told["logger"], told["message"]) == ([9, 9], ["a.B"] * 2, ["x"] * 2)
