"""Severities told only by a word near the beginning of a message: what a format that is not known still tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.event import SEVERITIES

__all__ = ["severity_in", "severity_of"]

_LEVEL: Final = (
    r"^(?P<first>(?i:trace|verbose|debug|info|information|notice|warn|warning|error|fatal|critical))(?:[\s:|\],]|$)|"
    r"^[0-9]+ +[0-9]+ (?P<letter>[VDIWEF]) \S"  # Android's logcat: process, thread, letter
    r"|^.{0,60}?(?:^|[^A-Za-z0-9_])(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRIT|CRITICAL|ALERT|EMERG|PANIC"
    r"|SEVERE|Warning|Error|Fatal"
    r"|(?:level=|\[|<|severity=)(?i:trace|debug|info|information|notice|warn|warning|error|err|fatal|crit|critical|panic"
    r"|vrb|dbg|inf|wrn|ftl))"
    r"(?:$|[^A-Za-z0-9_])"
)
_WORD: Final = (
    r"^[\[<({|]?(?P<level>(?i:trace|debug|info|information|notice|warn|warning|error|err|severe|fatal|crit|critical|alert|emerg|panic))"
    r"[\])>}|:,]*$"
)
_LETTERS: Final = pa.array(list("VDIWEF"))
_OF_LETTERS: Final = pa.array([5, 5, 9, 13, 17, 21], pa.int8())


def severity_of(words: pa.Array) -> pa.Array:
    """Map severity words to OpenTelemetry severity numbers; unknown words give null."""
    coded = words.dictionary_encode()
    numbers = [SEVERITIES.get((w or "").strip().lower()) for w in coded.dictionary.to_pylist()]
    return pa.array(numbers, pa.int8()).take(coded.indices)


def severity_in(message: pa.Array, before: Sequence[pa.Array] = ()) -> pa.Array:
    """Read the severity that a word in the first 60 characters of each message tells, or else a whole word before it.

    Null where none does. Capitals, brackets or a place of its own make a word one; ``no error was found`` is none.
    """
    told = pc.extract_regex(message, _LEVEL)
    level = pc.replace_substring_regex(pc.struct_field(told, "level"), r"^(?:level=|severity=|\[|<)", "")
    said = [pc.struct_field(told, "first"), level]
    said += [pc.struct_field(pc.extract_regex(word, _WORD), "level") for word in before]
    found = severity_of(pc.coalesce(*(_filled(word) for word in said)))
    letter = _OF_LETTERS.take(pc.index_in(pc.struct_field(told, "letter"), _LETTERS))
    return pc.coalesce(found, letter)


def _filled(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
