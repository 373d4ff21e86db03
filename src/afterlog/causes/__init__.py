"""Causes: each change, and each non-change, scored against each outage by a sum of log-evidence kept in words.

What cannot have been the trigger is told with its alibi instead of being ranked.
"""

from __future__ import annotations

from afterlog.causes.model import SIGN, Cause, Ranking, Term, under_way
from afterlog.causes.ranking import SUSPECT, rank_causes
from afterlog.causes.scene import is_rollback, span

__all__ = ["SIGN", "SUSPECT", "Cause", "Ranking", "Term", "is_rollback", "rank_causes", "span", "under_way"]
