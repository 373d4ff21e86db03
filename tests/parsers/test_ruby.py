"""What the logs of Ruby and Rails become."""

import pytest

from afterlog.parsing import parse
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


def test_interleaved_requests_are_told_apart_by_their_tags():
    head = "I, [2022-11-10T10:29:58.1 #7]  INFO -- : "
    told = read(
        "rails",
        f'{head}[a] Started GET "/a" for 192.0.2.1 at 2022-11-10 10:29:58 +0000',
        f'{head}[b] Started GET "/b" for 192.0.2.2 at 2022-11-10 10:29:58 +0000',
        f"{head}[b] Completed 200 OK in 2ms",
        f"{head}[a] Completed 503 Service Unavailable in 1500ms",
    )
    assert (told["path"], told["status"], told["duration"]) == (["/a", "/b"], [503, 200], [1.5, 0.002])


@pytest.mark.parametrize("left", ["", "\nProcessing by X#y as HTML"])
def test_a_request_without_an_end_is_kept(left):
    told = read("rails", f'Started GET "/a" for 192.0.2.1 at 2022-11-10 10:29:58 +0530{left}')
    assert (told["path"], told["offset"], told.get("status", [None])) == (["/a"], [19800], [None])
