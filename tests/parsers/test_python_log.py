"""What the lines of Python's loggers become."""

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


def test_a_traceback_stays_with_its_message():
    told = read(
        "python",
        "2022-11-10 10:29:58,123 - a - ERROR - x",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "ValueError: y",
    )
    assert told["message"] == ['x\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: y']


@pytest.mark.parametrize(("zone", "offset"), [("+0000", 0), ("+0530", 19800), ("-0800", -28800)])
def test_gunicorn_prints_its_offset_behind_a_blank(zone, offset):
    assert read("python", f"[2022-11-10 10:29:58 {zone}] [7] [INFO] x")["offset"] == [offset]


@pytest.mark.parametrize(
    ("text", "action", "outcome"),
    [
        ("Listening at: http://127.0.0.1:8000 (7)", "start", "changed"),
        ("Handling signal: hup", "reload", "changed"),
        ("Handling signal: term", "stop", "started"),
        ("Worker (pid:9) was sent SIGKILL! Perhaps out of memory?", "oom", "failed"),
        ("Worker exiting (pid: 9)", None, None),
    ],
)
def test_gunicorns_own_words_are_changes(text, action, outcome):
    told = read("python", f"[2022-11-10 10:29:58 +0000] [7] [INFO] {text}")
    assert (told.get("action", [None]), told.get("outcome", [None])) == ([action], [outcome])


@pytest.mark.parametrize("level", ["INFO    ", "    INFO", "INFO"])
def test_a_padded_level_begins_a_record(level):
    told = read("python", f"2022-11-10 10:29:58,123 {level} shop: first", f"2022-11-10 10:29:59,123 {level} shop: x")
    assert told["severity"] == [9, 9]


def test_a_worker_told_to_go_has_not_crashed():
    head = "[2022-11-10 10:29:58 +0000] [7] [ERROR]"
    told = read("python", f"{head} Worker (pid:8) was sent SIGTERM!", f"{head} Worker (pid:9) was sent SIGKILL!")
    assert told["action"] == [None, "crash"]
