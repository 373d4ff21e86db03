"""What AWS's access logs become."""

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


ALB = 'https 2018-07-02T22:23:00.186641Z app/a/5 {client}:2817 {target} {times} {status} - 34 366 "GET https://a:443{path} HTTP/1.1" "x" - -'


@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::7"])
def test_the_client_has_no_port(client):
    told = read("aws-alb", ALB.format(client=client, target="10.0.0.1:80", times="0.1 0.2 0.3", status=200, path="/"))
    assert (told["client"], told["duration"]) == ([client], [pytest.approx(0.6)])


def test_a_target_that_never_answered_has_neither_name_nor_duration():
    told = read("aws-alb", ALB.format(client="192.0.2.7", target="-", times="-1 -1 -1", status=503, path="/a?b=c"))
    assert (told["upstream"], told["duration"], told["status"], told["path"]) == ([None], [None], [503], ["/a?b=c"])


def test_what_a_cloudfront_file_says_of_itself_is_neither_an_event_nor_a_line_that_could_not_be_read():
    head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip\n"
    row = next(
        sample.text.decode()
        for sample in registry()["aws-cloudfront"].samples
        if sample.expect and not sample.text.startswith(b"#")
    )
    [part] = parse(registry()["aws-cloudfront"], [Block(f"{head}{row}\n{row}\n".encode(), 1, 0)], registry())
    assert part.batch is not None
    assert (part.lines, len(part.batch.rows), part.continuations, part.rejects) == (4, 2, 2, ())
