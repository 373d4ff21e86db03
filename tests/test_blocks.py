"""Where a stream may be cut: at lines that begin a record, not at those that only look so."""

from afterlog.intake.parsing import record_blocks
from afterlog.registry import registry
from afterlog.source import Block


def blocks(name: str, *parts: bytes) -> list[bytes]:
    given, line, offset = [], 1, 0
    for part in parts:
        given.append(Block(part, line, offset))
        line, offset = line + part.count(b"\n"), offset + len(part)
    return [block.data for block in record_blocks(registry()[name], given)]


def test_a_stamped_frame_of_a_stack_is_never_the_first_line_of_a_block():
    head = b"2026-11-22T13:59:28: Error: boom\n"
    frame = b"2026-11-22T13:59:28:     at a (/app/x.js:1:7)\n"
    assert blocks("pm2", head * 2 + frame, frame) == [head, head + frame + frame]


def test_nothing_is_lost_or_doubled_by_cutting():
    lines = [b"2026-11-22T13:59:%02d: line\n" % second + b"    below\n" for second in range(60)]
    cut = blocks("pm2", *(b"".join(lines[at : at + 7]) for at in range(0, 60, 7)))
    assert b"".join(cut) == b"".join(lines)
    assert all(block.startswith(b"2026") for block in cut)
