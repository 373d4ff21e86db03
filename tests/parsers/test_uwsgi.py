"""What uWSGI writes becomes requests and starts."""

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


HEAD = "[pid: 7|app: 0|req: 1/1] 192.0.2.7 () {28 vars in 287 bytes} [Sun Nov 20 11:48:46 2022] POST /x?a=b => generated 9 bytes in "


@pytest.mark.parametrize(("took", "seconds"), [("1500 msecs", 1.5), ("800 micros", 0.0008)])
def test_the_duration_has_its_unit(took, seconds):
    told = read("uwsgi", HEAD + took + " (HTTP/1.1 502) 1 headers in 44 bytes (1 switches on core 0)")
    assert (told["duration"], told["status"], told["path"], told["client"]) == (
        [seconds],
        [502],
        ["/x?a=b"],
        ["192.0.2.7"],
    )


@pytest.mark.parametrize(
    ("text", "kind", "severity"),
    [
        ("DAMN ! worker 1 (pid: 1300) died, killed by signal 9 :( trying respawn ...", "change", 17),
        ("*** HARAKIRI ON WORKER 1 (pid: 1300, try: 1, graceful: yes) ***", "log", 17),
        ("Respawned uWSGI worker 1 (new pid: 1342)", "log", None),
    ],
)
def test_a_worker_that_died_is_a_crash_and_its_successor_none(text, kind, severity):
    told = read("uwsgi", f"Sun Nov 20 11:48:46 2022 - {text}")
    assert (told["kind"], told["severity"]) == ([kind], [severity])
