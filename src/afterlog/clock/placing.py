"""Placing: output that prints no times is placed by the file it stands in, and marked as placed.

A parser gives such a record its distance from the end of the output (see ``afterlog.parser.placed``). The output begins
at the time in the file's name, where there is one (``deploy-20221110-101502.log``); else it ends when the file was
compressed or last written. Copying a file may change the latter, which the source's account says.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np

_NAMED: Final = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])[-_.T ]?"
    r"([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?(?P<utc>Z)?(?!\d)"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def named_moment(path: str) -> tuple[int, bool] | None:
    """Give the wall time in a file's name, microseconds since 1970, and whether it is said to be UTC."""
    found = _NAMED.search(path.rpartition("/")[2])
    if found is None:
        return None
    try:
        wall = datetime(*(int(found[part] or 0) for part in range(1, 7)), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None  # 31 February
    return round((wall - _EPOCH).total_seconds()) * 1_000_000, bool(found["utc"])


def positions(wall_us: np.ndarray, end_us: int) -> np.ndarray:
    """Give the UTC microseconds of placed times, shape (n,); ``end_us`` is when their output ended.

    Above 0 they are UTC already, as far as the parser could tell; else the distance from the end.
    """
    return np.where(wall_us > 0, wall_us, wall_us + end_us)
