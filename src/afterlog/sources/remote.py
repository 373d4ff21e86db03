"""Sources that lie elsewhere (``s3://bucket/logs``, ``sftp://…``), by fsspec: the extra ``afterlog[remote]``."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from afterlog.errors import InputError
from afterlog.sources.model import Source
from afterlog.sources.places import place_of


def is_address(root: object) -> bool:
    """Tell whether a path given is an address such as ``s3://bucket/logs``."""
    return "://" in str(root)


def _fsspec() -> Any:
    try:
        return importlib.import_module("fsspec")  # an optional extra
    except ImportError:
        raise InputError(
            "addresses such as s3://… need fsspec: pip install 'afterlog[remote]' "
            "and the package of the store (s3fs, gcsfs, …)"
        ) from None


def walk_address(root: str) -> Iterator[Source]:
    """Find every file below an address.

    Raises:
        InputError: fsspec or the store's package is missing, or the address cannot be reached.

    """
    try:
        system, top = _fsspec().core.url_to_fs(root)
        found = system.find(top, detail=True) or {top: system.info(top)}
    except (ImportError, ValueError, OSError) as error:
        raise InputError(f"{root}: cannot be reached ({error})") from None
    for name, told in sorted(found.items()):
        relative = PurePosixPath(name).relative_to(top).as_posix() if name != top else PurePosixPath(name).name
        place = place_of(relative, Path("/"))
        changed = told.get("LastModified") or told.get("mtime") or told.get("created") or 0
        seconds = changed.timestamp() if hasattr(changed, "timestamp") else float(changed or 0)
        yield Source(
            relative, Path(relative), place.host, place.service, int(told.get("size") or 0), int(seconds * 1e6),
            address=system.unstrip_protocol(name),
        )  # fmt: skip


@contextmanager
def opened(address: str) -> Iterator[io.BufferedReader]:
    """Open a file at an address for reading."""
    with _fsspec().open(address, "rb") as raw, io.BufferedReader(raw) as stream:
        yield stream
