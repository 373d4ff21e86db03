"""Offsets from UTC as printed behind a time: their regex, their kernel and their reader."""

import numpy as np

from afterlog.layout.block import Block, Ints, Mask, Octets
from afterlog.layout.words import all_true

OFFSET_UNKNOWN = -(2**31)
OFFSET_PLACED = OFFSET_UNKNOWN + 1  # no time was printed: the distance from the end of the source, or UTC
OFFSET_OF_ENVELOPE = OFFSET_UNKNOWN + 2  # no time was printed: that of the envelope around the record holds
ZONE_REGEX = rb"(?>(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)?)"


def zone_end(block: Block, at: Ints, limits: Ints) -> Ints:
    """One past an optional ``Z``, ``±hh``, ``±hhmm`` or ``±hh:mm``."""
    sign = block.octets[at]
    if not ((sign == ord("Z")) | _is_sign(sign)).any():
        return at
    hours = _is_sign(sign) & _two_digits(block, at + 1) & (at + 3 <= limits)
    colon = hours & (block.octets[at + 3] == ord(":")) & _two_digits(block, at + 4) & (at + 6 <= limits)
    plain = hours & _two_digits(block, at + 3) & (at + 5 <= limits)
    width = np.select([colon, plain, hours, (sign == ord("Z")) & (at < limits)], [6, 5, 3, 1], 0)
    end: Ints = at + width
    return end


def zone_seconds(block: Block, at: Ints, ends: Ints) -> tuple[Ints, Mask]:
    """Seconds east of UTC, OFFSET_UNKNOWN for an empty span, and whether the offset is under 24 hours."""
    width = ends - at
    if not width.any():
        return np.full(len(at), OFFSET_UNKNOWN, np.int64), all_true(len(at))
    hours = np.where(width > 1, digit_pair(block, at + 1), 0)
    minutes = np.where(width > 3, digit_pair(block, ends - 2), 0)
    seconds, exists = offset_seconds(block.octets[at] == ord("-"), hours, minutes)
    return np.where(width == 0, OFFSET_UNKNOWN, seconds), exists


def offset_seconds(west: Mask, hours: Ints, minutes: Ints) -> tuple[Ints, Mask]:
    """Seconds east of UTC, and whether such an offset can be."""
    seconds = hours * 3600 + minutes * 60
    return np.where(west, -seconds, seconds), (hours < 24) & (minutes < 60)


def digit_pair(block: Block, at: Ints) -> Ints:
    """Return the value of two digits."""
    high, low = block.octets[at].astype(np.int64), block.octets[at + 1].astype(np.int64)
    return high * 10 + low - 11 * ord("0")


def _is_sign(octets: Octets) -> Mask:
    mask: Mask = (octets == ord("+")) | (octets == ord("-"))
    return mask


def _two_digits(block: Block, at: Ints) -> Mask:
    mask: Mask = (block.octets[at] - 48 < 10) & (block.octets[at + 1] - 48 < 10)
    return mask
