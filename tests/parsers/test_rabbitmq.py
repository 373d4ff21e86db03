"""What RabbitMQ says, now and before 3.7."""

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


@pytest.mark.parametrize("report", [("INFO", 9), ("WARNING", 13), ("ERROR", 17), ("CRASH", 18), ("SUPERVISOR", 17)])
def test_a_report_holds_the_lines_below_it(report):
    word, severity = report
    told = read("rabbitmq", f"={word} REPORT==== 5-Nov-2022::01:02:03 ===", "a", "b", "")
    assert (told["wall"], told["severity"], told["message"]) == (["2022-11-05T01:02:03"], [severity], ["a\nb"])


def test_the_new_form_has_an_offset_where_it_prints_one():
    told = read("rabbitmq", "2022-11-10 10:29:58.1+05:30 [info] <0.1.0> x", "2022-11-10 10:29:58.1 [info] <0.1.0> x")
    assert told["offset"][0] == 19800
    assert told["offset"][1] != 0


def test_lines_of_one_microsecond_and_process_are_one_report():
    head = "2026-11-22 11:49:10.685760+00:00 [error] <0.223.0>"
    told = read("rabbitmq", f"{head} BOOT FAILED", f"{head} {{error,eacces}}", head.replace("223", "224") + " other")
    assert told["message"] == ["BOOT FAILED\n{error,eacces}", "other"]
