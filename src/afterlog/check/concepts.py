"""What a sentence and an entry of the logs have in common: the things that happen in outages, by their words."""

from __future__ import annotations

import re
from typing import Final

_I: Final = re.IGNORECASE
_CONCEPTS: Final = {
    "rollback": r"roll(?:ed|ing|s)?[\s-]?back\w*|revert\w*|undo\w*|back ?out\w*",
    "configuration": r"config\w*|settings?\b",
    "deployment": r"deploy\w*|releas\w+|push\w*|rollout|rolled out|install\w*|shipp\w+|activat\w+",
    "restart": r"restart\w*|reboot\w*|reload\w*|bounced",
    "puppet": r"puppet\w*|manifest",
    "ansible": r"ansible|playbook",
    "look": (
        r"\blogs?\b|log ?files?|checked|check(?:s|ing)\b|investigat\w*|looked|look at|reads"
        r"|inspect\w*|debug\w*"
    ),
    "onset": (
        r"outage (?:begin|start)\w*|begin\w* to fail|start\w* (?:failing|returning)|requests? "
        r"(?:begin|began|fail)|went down|errors? (?:begin|start)\w*|onset"
    ),
    "end": (
        r"restored|back online|outage end\w*|resolved|recovered|operational|back to normal"
        r"|answers? as before|fully"
    ),
    "phase": r"partial\w*|fall from|answers again|half of|first server",
    "commit": r"commit\w*|merg\w+",
    "package": r"packag\w+|apt\b|yum\b|upgrad\w+|reinstall\w*",
    "migration": r"migrat\w+|schema",
    "certificate": r"cert\w*|tls\b|ssl\b",
    "database": r"database|postgres\w*|mysql\w*",
    "cron": r"\bcron\w*",
    "disk": r"\bdisk\b|no space",
    "scale": r"\bscal(?:e|ed|ing)\b|replicas?",
}
_PATTERNS: Final = {
    name: re.compile(rf"\b(?:{words})" if not words.startswith(r"\b") else f"(?:{words})", _I)
    for name, words in _CONCEPTS.items()
}
ACTIONS: Final = frozenset(_CONCEPTS) - {"look", "onset", "end", "phase", "configuration", "deployment"}


def concepts(text: str) -> frozenset[str]:
    """Name the things a text speaks of."""
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(text))


def kin(one: frozenset[str], other: frozenset[str]) -> int:
    """Count what two texts share; 0 where one undoes and the other does not."""
    if ("rollback" in one) != ("rollback" in other):
        return 0
    return len(one & other)
