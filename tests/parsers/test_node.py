"""What Node's loggers and PM2 write."""

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


def test_a_stack_stays_with_its_message():
    told = read("node", "[2022-11-10T10:29:58.123] [ERROR] app - Error: x", "    at main (/app/x.js:1:7)")
    assert told["message"] == ["Error: x\n    at main (/app/x.js:1:7)"]


@pytest.mark.parametrize(
    ("text", "action"),
    [("App [web:0] online", "start"), ("App [web:0] exited with code [0] via signal [SIGINT]", "stop"),
     ("App [web:0] exited with code [1] via signal [SIGINT]", "crash"), ("x", None)],
)  # fmt: skip
def test_pm2s_processes_come_and_go(text, action):
    told = read("pm2", f"2022-11-10T10:29:58: PM2 log: {text}")
    assert told.get("action", [None]) == [action]


def test_a_stamp_on_each_frame_of_a_stack_does_not_tear_it_apart():
    frame = "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)"
    told = read(
        "pm2",
        "2026-11-22T13:59:28: Error: connect ECONNREFUSED 127.0.0.1:5999",
        f"2026-11-22T13:59:28: {frame}",
        "2026-11-22T13:59:29: next",
    )
    assert told["message"] == [f"Error: connect ECONNREFUSED 127.0.0.1:5999\n{frame}", "next"]
