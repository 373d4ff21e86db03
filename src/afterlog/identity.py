"""Stable ids: the same evidence gives the same id in every run."""

from __future__ import annotations

import hashlib


def stable_id(prefix: str, *parts: object) -> str:
    """Name a finding by what it rests on: ``outage-1f0c…``."""
    digest = hashlib.sha256("\x00".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{prefix}-{digest[:10]}"
