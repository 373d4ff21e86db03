"""What a file is that is no text log, told by its first bytes."""

from __future__ import annotations

import zlib
from typing import Final

_MAGIC: Final = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a sound, picture or film (RIFF)"),
    (b"BM", "a bitmap image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (Windows)"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (
        b"LPKSHHRH",
        "a binary systemd journal, and no journalctl is here; where one is: journalctl --file FILE -o export >FILE.txt",
    ),
    (b"ElfFile\x00", "a binary Windows event log"),
    (b"DIRC", "a git index"),
    (b"PACK", "a git pack"),
    (b"\xfftOc", "a git pack index"),
    (b"Request: EIPP", "a package list written by apt, not a log"),
    (b"Request: EDSP", "a package list written by apt, not a log"),
)
_PRINTABLE_MAGIC: Final = frozenset({b"BM", b"MZ", b"RIFF", b"DIRC", b"PACK", b"PAR1", b"GIF8", b"Rar!"})
_CONTROL: Final = bytes((*range(7), *range(14, 27), *range(28, 32)))  # without \a…\r and ESC
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ODD_SHARE: Final = 0.05


def why_no_log(head: bytes) -> str | None:
    """Tell why these first bytes cannot be a text log, or None if they can."""
    head = head.lstrip(b"\x00") if head[:1] == b"\x00" else head  # a hole left by copytruncate
    if not head:
        return "empty"
    binary = _is_binary(head)
    for magic, what in _MAGIC:
        if head.startswith(magic) and (binary or magic not in _PRINTABLE_MAGIC):
            return what
    if head[:1] == b"\x78" and _is_git_object(head):
        return "a git object"
    return "binary data, not text" if binary else None


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins so is a zip archive."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def is_tar(head: bytes) -> bool:
    """Tell whether a file whose first 512 bytes these are is a tar archive."""
    return head[257:262] == b"ustar"


def _is_binary(head: bytes) -> bool:
    if head.startswith(_UTF16):
        return False
    odd = len(head) - len(head.translate(None, _CONTROL))
    return odd > len(head) * _ODD_SHARE or _high_bytes_mean_nothing(head)


def _high_bytes_mean_nothing(head: bytes) -> bool:
    """Tell random bytes from text: of text, most bytes are ASCII, or the whole is UTF-8."""
    high = sum(map(len, head[:4096].split())) and sum(byte >= 0x80 for byte in head[:4096])
    if high <= len(head[:4096]) * 0.3:
        return False
    try:
        head[:4096].decode()
    except UnicodeDecodeError as error:
        return error.start < len(head[:4096]) - 4
    return False


def _is_git_object(head: bytes) -> bool:
    try:
        return zlib.decompressobj().decompress(head, 16).startswith((b"blob ", b"tree ", b"commit ", b"tag "))
    except zlib.error:
        return False
