"""Why a line does not match: the longest beginning of the layout that does, and what is expected then."""

from afterlog.layout.pattern import Blanks, How, Literal, Part, Slot
from afterlog.layout.regex import compile_regex

SHOWN = 40  # bytes of the line quoted in a message


def explain(parts: tuple[Part, ...], line: bytes) -> str:
    """Where matching stopped and what was expected there, for a line that does not match."""
    for count in range(len(parts), -1, -1):
        beginning = parts[:count]
        if beginning and isinstance(beginning[-1], Slot) and beginning[-1].how is How.FREE:
            continue  # matched together with the literal behind it
        found = compile_regex(beginning, whole=False).match(line)
        if found is not None:
            return _sentence(parts, count, found.end(), line)
    raise AssertionError  # pragma: no cover - no parts match any line


def _sentence(parts: tuple[Part, ...], count: int, at: int, line: bytes) -> str:
    if count == len(parts):
        expected = "the end of the line"
    else:
        expected = _described(parts[count])
        behind = parts[count + 1] if count + 1 < len(parts) else None
        if isinstance(parts[count], Slot) and behind is not None:
            expected += f" followed by {_described(behind)}"
    rest = line[at : at + SHOWN].decode(errors="backslashreplace")
    stands = f"{rest!r} stands there" if rest else "the line ends there"
    return f"stopped at byte {at}: expected {expected}; {stands}"


def _described(part: Part) -> str:
    if isinstance(part, Literal):
        return repr(part.text.decode(errors="backslashreplace"))
    if isinstance(part, Blanks):
        return "one or more blanks"
    return f"{{{part.name}:{part.type}}}"
