"""What RFC 5424 lines become."""

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


@pytest.mark.parametrize("data", ["-", '[a@1 b="c"]', '[a@1 b="c"][d@1 e="]"]', "[a]"])
@pytest.mark.parametrize("count", ["", "77 "])
def test_structured_data_ends_where_the_message_begins(data, count):
    told = read(
        "syslog5424",
        f"{count}<34>1 2022-11-10T10:29:58.1+05:30 web-01 sshd 7 - {data} Accepted password for a from 192.0.2.1 port 5 ssh2",
    )
    assert (told["action"], told["client"], told["offset"]) == (["login"], ["192.0.2.1"], [19800])
