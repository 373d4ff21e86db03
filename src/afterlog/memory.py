"""Memory: what is freed is kept for the next block (returning it costs a third of a read), and collected later."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

_TRIM_THRESHOLD: Final = -1  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>
_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 256 << 20


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold back the cycle collector while many values without cycles are made: it would look at all again and again.

    Counted references free what is no longer used as ever.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def give_back_memory() -> None:
    """Return what Arrow and glibc hold on to: another kind of work begins, which needs other sizes."""
    pa.default_memory_pool().release_unused()
    trim = getattr(_libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def keep_freed_memory() -> None:
    """Tell glibc to hold on to freed memory up to 256 MB; elsewhere do nothing.

    https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
    """
    mallopt = getattr(_libc(), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, 32 << 20)


def _libc() -> Any:
    """Give the C library on Linux; None elsewhere. Another one than glibc has not all of its functions."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None
