"""A run of fixed width inside a time form: its regex, its vectorised check and its reader."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from afterlog.layout.block import WINDOW, Block, Ints, Mask, Octets, Words
from afterlog.layout.civil import MONTHS
from afterlog.layout.words import HIGHS, OVER_NINE, ZEROS, mask_of
from afterlog.layout.zones import OFFSET_UNKNOWN, offset_seconds

DIGITS = "YmdHMSf"
NAMES = "ab"
_CLASSES = {
    **dict.fromkeys(DIGITS, rb"[0-9]"),
    **dict.fromkeys(NAMES, rb"[A-Za-z]"),
    "t": rb"[T ]",
}
_MONTH_CODES = np.array([int.from_bytes(name, "big") for name in MONTHS])
_MONTH_ORDER = np.argsort(_MONTH_CODES)
_MONTH_SORTED = _MONTH_CODES[_MONTH_ORDER]
NO_MONTH = 13


@dataclass(frozen=True)
class Stamp:
    """A template of at most 32 letters, see ``afterlog.layout.times``."""

    template: str

    @property
    def width(self) -> int:
        """Bytes it takes in a line."""
        return len(self.template)

    @cached_property
    def regex(self) -> bytes:
        """One class or literal per letter."""
        return b"".join(self._letter_regex(index) for index in range(self.width))

    def _letter_regex(self, index: int) -> bytes:
        letter = self.template[index]
        if letter in "ez":
            first = index == self.template.index(letter)
            return (b"[ 0-9]" if letter == "e" else b"[-+]") if first else b"[0-9]"
        return _CLASSES.get(letter) or (rb"\x%02x" % ord(letter))

    @cached_property
    def _masks(self) -> tuple[Any, Any, Any]:
        """Words of shape (4,): which bytes are literal, what they are, and which bytes must be digits."""
        kinds = [self._letter_regex(index) for index in range(self.width)]
        literal = [kind.startswith(rb"\x") for kind in kinds] + [False] * (WINDOW - self.width)
        digit = [kind == b"[0-9]" for kind in kinds] + [False] * (WINDOW - self.width)
        wanted = self.template.encode().ljust(WINDOW, b"\0")
        words = [
            (
                mask_of(literal[i : i + 8]),
                int.from_bytes(wanted[i : i + 8], "little"),
                mask_of(digit[i : i + 8]),
            )
            for i in range(0, WINDOW, 8)
        ]
        literals, texts, digits = (np.array(column, np.uint64) for column in zip(*words, strict=True))
        return literals, texts & literals, digits

    @cached_property
    def _others(self) -> tuple[tuple[int, Mask], ...]:
        """Letters that are neither literal nor digit: their index and the table of bytes they allow."""
        tables = {
            b"[A-Za-z]": [octet for octet in range(128) if chr(octet).isalpha()],
            b"[T ]": list(b"T "),
            b"[ 0-9]": list(b" 0123456789"),
            b"[-+]": list(b"+-"),
        }
        others = []
        for index in range(self.width):
            allowed = tables.get(self._letter_regex(index))
            if allowed is not None:
                table = np.zeros(256, np.bool_)
                table[allowed] = True
                others.append((index, table))
        return tuple(others)

    def fits(self, block: Block, at: Ints, limits: Ints) -> Mask:
        """Whether the template stands at each position; equal to ``regex``."""
        literals, texts, digits = self._masks
        words = block.window(at)
        ok: Mask = at + self.width <= limits
        for index in range((self.width + 7) // 8):
            word = words[:, index]
            wrong = (word ^ texts[index]) & literals[index]
            if digits[index]:
                low = (word ^ ZEROS) & digits[index]
                wrong |= ((low + (OVER_NINE & digits[index])) | low) & HIGHS
            ok &= wrong == 0
        octets = words.view(np.uint8).reshape(len(at), WINDOW)
        for index, table in self._others:
            ok &= table[octets[:, index]]
        return ok

    def changes(self, windows: Words) -> Mask:
        """Tell which windows of 32 bytes, all but the first, hold another stamp than the one before them."""
        changed = np.zeros(max(len(windows) - 1, 0), np.bool_)
        for index in range((self.width + 7) // 8):
            word = windows[:, index]
            rest = self.width - index * 8
            differs = word[1:] ^ word[:-1]
            changed |= (differs if rest >= 8 else differs & np.uint64(mask_of([True] * rest))) != 0
        return changed

    @cached_property
    def _columns(self) -> dict[str, list[int]]:
        """The letters, each with the bytes it stands for."""
        places = list(enumerate(self.template))
        return {letter: [index for index, other in places if other == letter] for letter in sorted(set(self.template))}

    def numbers(self, windows: Words) -> dict[str, Ints]:
        """Read the numbers at the beginning of each window by template letter (YmdHMSfz).

        A month name gives m, 13 if there is no such month; e gives d; z gives seconds or OFFSET_UNKNOWN.
        """
        octets = windows.view(np.uint8).reshape(len(windows), WINDOW)
        numbers: dict[str, Ints] = {}
        for letter, where in self._columns.items():
            if letter in DIGITS:
                numbers[letter] = _decimal(octets, where)
            elif letter == "e":
                numbers["d"] = _decimal(octets & np.uint8(15), where)  # a blank, 0x20, counts as zero
            elif letter == "b":
                numbers["m"] = _month(octets, where)
            elif letter == "z":
                west = octets[:, where[0]] == ord("-")
                hours, minutes = _decimal(octets, where[1:3]), _decimal(octets, where[3:])
                seconds, exists = offset_seconds(west, hours, minutes)
                numbers["z"] = np.where(exists, seconds, OFFSET_UNKNOWN)
        return numbers


def _decimal(octets: Octets, columns: list[int]) -> Ints:
    value = np.zeros(len(octets), np.int64)
    for column in columns:
        value = value * 10 + (octets[:, column] & 15)
    return value


def _month(octets: Octets, columns: list[int]) -> Ints:
    code = np.zeros(len(octets), np.int64)
    for column in columns:
        code = code << 8 | octets[:, column]
    index = np.minimum(_MONTH_SORTED.searchsorted(code), 11)
    month: Ints = np.where(_MONTH_SORTED[index] == code, _MONTH_ORDER[index] + 1, NO_MONTH)
    return month
