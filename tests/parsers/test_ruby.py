"""What the logs of Ruby and Rails become."""

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


def test_untagged_requests_of_two_threads_end_by_how_long_they_took():
    told = read(
        "rails",
        'Started GET "/slow" for 192.0.2.1 at 2022-11-10 10:29:50 +0000',
        'Started GET "/fast" for 192.0.2.2 at 2022-11-10 10:29:55 +0000',
        "Completed 200 OK in 3ms",
        "Completed 503 Service Unavailable in 5004ms",
    )
    assert (told["path"], told["status"]) == (["/slow", "/fast"], [503, 200])


def test_a_missing_route_is_a_404_with_its_exception():
    told = read(
        "rails",
        'Started GET "/nope" for 192.0.2.1 at 2022-11-10 10:29:50 +0000',
        "  ",
        'ActionController::RoutingError (No route matches [GET] "/nope"):',
    )
    assert (told["path"], told["status"]) == (["/nope"], [404])
    assert 'No route matches [GET] "/nope"' in told["message"][0]
