"""Stable ids: the same evidence gives the same id in every run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence


def stable_id(prefix: str, *parts: object) -> str:
    """Name a finding by what it rests on: ``outage-1f0c…``."""
    digest = hashlib.sha256("\x00".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{prefix}-{digest[:10]}"


def distinct_ids(ids: Sequence[str]) -> list[str]:
    """Make equal ids of one analysis differ: the first keeps its own, the n-th has n hashed in."""
    seen: Counter[str] = Counter()
    told = []
    for one in ids:
        seen[one] += 1
        told.append(one if seen[one] == 1 else stable_id(one.rpartition("-")[0], one, seen[one]))
    return told
