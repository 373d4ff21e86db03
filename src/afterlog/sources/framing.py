"""Syslog as it went over TCP: octet-counted messages, one behind the other without line ends, made lines.

``83 <34>1 2003-…<newline>…72 <34>1 …``: each message has its length in bytes before it (RFC 6587, section 3.4.1). A
message may hold line ends; they become ``#012``, as rsyslog writes them. Streams whose messages end with a line end
are lines already, and stay as they are.

https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_COUNT: Final = re.compile(rb"([1-9][0-9]{0,6}) (?=<[0-9]{1,3}>)")
_LONGEST_COUNT: Final = 16


def unframed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give octet-counted messages as lines; any other bytes pass as they are.

    Where the counting is lost, what follows passes as it is.
    """
    held = next(chunks, b"")
    while held and len(held) < _LONGEST_COUNT and (more := next(chunks, b"")):
        held += more
    begin = _COUNT.match(held)
    if begin is None:
        yield held
        yield from chunks
        return
    need = begin.end() + int(begin[1])
    while len(held) < need + _LONGEST_COUNT and (more := next(chunks, b"")):
        held += more
    if not _is_counted(held[:need], held[need:]):
        yield held
        yield from chunks
        return
    yield from _messages(held, chunks)


def _is_counted(first: bytes, rest: bytes) -> bool:
    """Tell whether the first count is right, and the message is not simply a line."""
    line_ends = first.endswith(b"\n") and first.count(b"\n") == 1
    return not line_ends and (not rest or _COUNT.match(rest) is not None)


def _messages(held: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        lines: list[bytes] = []
        at = 0
        while (count := _COUNT.match(held, at)) and count.end() + int(count[1]) <= len(held):
            end = count.end() + int(count[1])
            lines.append(held[count.end() : end].removesuffix(b"\n").replace(b"\n", b"#012") + b"\n")
            at = end
        if lines:
            yield b"".join(lines)
        held = held[at:]
        lost = _COUNT.match(held) is None and len(held) >= _LONGEST_COUNT
        more = b"" if lost else next(chunks, b"")
        if not more:
            yield held
            yield from chunks
            return
        held += more
