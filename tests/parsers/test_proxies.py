"""What Envoy and Traefik write becomes requests."""

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
    ("forwarded", "client"), [("192.0.2.7", "192.0.2.7"), ("192.0.2.7, 10.0.0.1", "192.0.2.7"), ("-", None)]
)
def test_the_first_forwarded_address_is_the_client(forwarded, client):
    told = read(
        "envoy",
        f'[2022-11-10T10:29:58.1Z] "GET /x HTTP/1.1" 503 UF 0 91 1500 - "{forwarded}" "-" "id" "a" "10.0.0.3:80"',
    )
    assert (told.get("client", [None]), told["duration"], told["flags"], told["upstream"]) == (
        [client],
        [1.5],
        ["UF"],
        ["10.0.0.3:80"],
    )


def test_traefiks_line_is_not_taken_for_nginxs():
    from afterlog.layout import Lines

    line = b'192.0.2.7 - - [10/Nov/2022:10:29:58 +0000] "GET / HTTP/1.1" 200 1 "-" "-" 1 "r@file" "http://10.0.0.3" 0ms'
    assert registry().choose("x", Lines.of(line)).name == "traefik"
