"""Masking: what differs from message to message is replaced, in Arrow's RE2 and without Python per row."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

MASK: Final = "<*>"
_LONGEST: Final = 400
_ZEROED: Final = bytes.maketrans(b"123456789", b"0" * 9)
_HEX: Final = "[0-9A-Fa-f]"
_VARIABLE: Final = (
    r"(^|[\s(\[{=,:])(?:"  # kept; an apostrophe within a word begins no quotation
    r"'[^']{0,300}'"
    r'|"[^"]{0,300}"'
    rf"|{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
    r"|[a-z]+://[^\s,;]+"
    r"|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"
    r"|/[\w.@%+~:-]+(?:/[\w.@%+~:-]*)*"
    r")"
    r"|\b0x[0-9A-Fa-f]+\b"
    rf"|\b{_HEX}{{12,}}\b"
    r"|[-+]?[0-9]+(?:[.,:/-][0-9]+)*"
)


def masked(messages: Any) -> Any:
    """Give the messages (a string array) with what varies as ``<*>``: quotations, paths, addresses, numbers, ids.

    Only the first line counts, and of it the first 400 characters.
    """
    first = pc.replace_substring_regex(pc.utf8_slice_codeunits(messages, 0, _LONGEST), r"(?s)[\r\n].*", "")
    return pc.replace_substring_regex(first, _VARIABLE, rf"\1{MASK}")


def coded(messages: Any) -> tuple[list[str], Any]:
    """Mask messages and give the distinct masks with each message's number among them.

    Messages that differ in their digits alone are masked once: all digits mean the same to every rule, and none of
    them is left.
    """
    whole = messages.combine_chunks() if isinstance(messages, pa.ChunkedArray) else messages
    if not len(whole):
        return [], pa.array([], pa.int32())
    kinds = _with_zeros(whole).dictionary_encode()
    masks = masked(kinds.dictionary).dictionary_encode()
    return masks.dictionary.to_pylist(), masks.indices.take(kinds.indices)


def _with_zeros(messages: pa.StringArray) -> pa.StringArray:
    """Give messages with a 0 for every digit."""
    validity, offsets, data = messages.buffers()
    if data is None:
        return messages
    zeroed = pa.py_buffer(data.to_pybytes().translate(_ZEROED))
    return pa.StringArray.from_buffers(len(messages), offsets, zeroed, validity, messages.null_count, messages.offset)
