"""Numbers, request lines and tags out of spans."""

import re

import numpy as np
from numpy.typing import NDArray

from afterlog.layout.block import Block, Ints, Mask
from afterlog.layout.fields import ALNUM
from afterlog.layout.scan import ByteClass, digits_at, digits_end, run_end
from afterlog.layout.words import ZEROS, first_mark, mask_of, non_digits, over_nine, spread, zero_bytes

_NEAR = 9  # bytes before the end of a tag that hold a bracket, seven digits and a bracket
_OPENING = spread(ord("["))
_TAG = re.compile(rb"[^ \t]+\[([-+]?[0-9]{1,18}|-)\]")
METHOD = ByteClass(bytes(set(ALNUM) - set(b"0123456789")) + b"_-")
MAX_METHOD = 32
_DOTTED = b"HTTP/0.0"
_WHOLE = b"HTTP/0"


def integers(block: Block, starts: Ints, ends: Ints) -> tuple[Ints, Mask]:
    """Return the values of spans of whole numbers (int64), and which are there; absent ones are 0."""
    valid = (starts >= 0) & (ends > starts)
    at = np.where(valid, starts, 0)
    sign = block.octets[at]
    signed = (sign == ord("-")) | (sign == ord("+"))
    value = digits_at(block, at + signed, np.where(valid, ends, 0))
    return np.where(valid, np.where(sign == ord("-"), -value, value), 0), valid


def seconds(block: Block, starts: Ints, ends: Ints, exponent: int) -> tuple[NDArray[np.float64], Mask]:
    """Durations in units of 10**-exponent seconds as float64 seconds; negative ones are absent."""
    valid = (starts >= 0) & (ends > starts)
    at = np.where(valid, starts, 0)
    limits = np.where(valid, ends, 0)
    sign = block.octets[at]
    valid &= sign != ord("-")
    whole_start = at + (sign == ord("+"))
    dot = digits_end(block, whole_start, limits)
    whole = digits_at(block, whole_start, dot)
    behind = np.minimum(dot + 1, limits)
    fraction = digits_at(block, behind, limits)
    places = limits - behind
    small = whole < 1_000_000  # then whole and fraction fit into one exact integer below 2**53
    exact = (np.where(small, whole, 0) * 10**places + fraction) / 10.0 ** (places + exponent)
    split = (whole + fraction / 10.0**places) / 10.0**exponent
    return np.where(valid, np.where(small, exact, split), np.nan), valid


def part_spans(block: Block, type_: str, starts: Ints, ends: Ints) -> dict[str, tuple[Ints, Ints]]:
    """Return the spans of the fields that a field of this type gives beside itself; -1 where one is absent."""
    if type_ == "request":
        return request_spans(block, starts, ends)
    return tag_spans(block, starts, ends) if type_ == "tag" else {}


def tag_spans(block: Block, starts: Ints, ends: Ints) -> dict[str, tuple[Ints, Ints]]:
    """Split ``program[pid]`` where a number (as of type ``d``) stands in the last brackets; else all is program."""
    opened = np.full(len(starts), -1, np.int64)
    bracketed = np.flatnonzero((block.octets[np.maximum(ends - 1, 0)] == ord("]")) & (ends - starts > len("p[]")))
    if len(bracketed):
        # The eight bytes before the last bracket, the last of them first: digits up to the bracket that opens.
        near = bracketed[ends[bracketed] >= _NEAR]
        words = block.words[ends[near] - _NEAR].byteswap()
        digits = first_mark(non_digits(words))
        inside = (digits > 0) & (digits == first_mark(zero_bytes(words ^ _OPENING))) & (digits < _NEAR - 1)
        inside &= ends[near] - 2 - digits > starts[near]
        opened[near[inside]] = ends[near[inside]] - 2 - digits[inside]
        for row in np.setdiff1d(bracketed, near[inside], assume_unique=True).tolist():
            found = _TAG.fullmatch(block.data, int(starts[row]), int(ends[row]))
            opened[row] = found.start(1) - 1 if found else -1
    there = opened >= 0
    numbers = np.where(there, opened + 1, -1), np.where(there, ends - 1, -1)
    dash = there & (numbers[1] - numbers[0] == 1) & (block.octets[numbers[0]] == ord("-"))
    pid = tuple(np.where(dash, -1, edge) for edge in numbers)
    return {"program": (starts, np.where(there, opened, ends)), "pid": (pid[0], pid[1])}


def request_spans(block: Block, starts: Ints, ends: Ints) -> dict[str, tuple[Ints, Ints]]:
    """Split request lines into method, path and protocol; of a malformed one all is path, the others absent.

    Well-formed is ``[A-Za-z_-]{1,32} `` + a path of at least one byte + `` HTTP/d`` or `` HTTP/d.d``.
    """
    octets = block.octets
    at, stop = np.maximum(starts, 0), np.maximum(ends, 0)
    method_end = run_end(block, at, np.minimum(stop, at + MAX_METHOD), METHOD)
    protocol = _protocol(block, at, stop, _DOTTED)
    other = np.flatnonzero(protocol < 0)
    if len(other):
        protocol[other] = _protocol(block, at[other], stop[other], _WHOLE)
    good = (method_end > at) & (octets[method_end] == ord(" ")) & (protocol - 1 > method_end + 1)
    good &= octets[np.maximum(protocol - 1, 0)] == ord(" ")
    return {
        "method": (np.where(good, at, -1), np.where(good, method_end, -1)),
        "path": (np.where(good, method_end + 1, starts), np.where(good, protocol - 1, ends)),
        "protocol": (np.where(good, protocol, -1), np.where(good, stop, -1)),
    }


def _protocol(block: Block, at: Ints, stop: Ints, form: bytes) -> Ints:
    """Return where a protocol stands at the end of each span, -1 where none does; a zero in its form is any digit."""
    here = stop - len(form)
    words = block.words[np.maximum(here, 0)]
    is_digit = [octet == ord("0") for octet in form]
    literal = np.uint64(mask_of([not digit for digit in is_digit]))
    low = (words ^ ZEROS) & np.uint64(mask_of(is_digit))
    fits = (words & literal == np.uint64(int.from_bytes(form, "little")) & literal) & (over_nine(low) == 0)
    return np.where(fits & (here >= at), here, -1)
