"""The words of a postmortem's parts: which heading is a timeline, which one lists actions, what is neither."""

from __future__ import annotations

import re
from typing import Final

TIMELINE: Final = "timeline"
ACTIONS: Final = "actions"
PROSE: Final = "prose"

_TIMELINE: Final = re.compile(
    r"time[\s-]?line|chronolog|key events|key times|sequence of events|order of events"
    r"|course of events|milestones"
    r"|^events|incident log\b|event log|what happened and when|^log$",
    re.IGNORECASE,
)
_ACTIONS: Final = re.compile(
    r"actions?(?! taken| performed| log)\b|correct\w*|prevent|follow[\s-]?ups?|remediat|next "
    r"steps|to[\s-]?do|^tasks|measures|recommend"
    r"|improve|what (?:will|are) we (?:do|go)|what we(?:'ll| will) do|how (?:will|do|are) we "
    r"(?:prevent|avoid)",
    re.IGNORECASE,
)
_PROSE: Final = re.compile(
    r"summary|overview|impact|root[\s-]?cause|causes?\b|resolution|recovery|detection"
    r"|trigger|lessons|background"
    r"|introduction|what went|where we got|glossary|contributing|response|duration|authors?"
    r"|attendees|participants"
    r"|stats|metadata|details|conclusion|analysis|appendix|evidence|references|review|description|symptoms"
    r"|communication|identified|status|severity|fix\b|diagnos|mitigation",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(
    r"(?:the |incident |issue |outage |executive |event |events |detailed )?"
    r"(?:summary|time ?-?line(?: of events)?|impact|root causes?(?: analysis)?|root causes? "
    r"and resolution|resolution"
    r"|resolution and recovery|corrective and prevent\w+ measures?|corrective measures?"
    r"|action items?|actions(?: taken)?"
    r"|duration|detection|lessons learned|background|chronology|key events|key times"
    r"|milestones|events|trigger|overview"
    r"|conclusion|follow[- ]?ups?|next steps|remediation|contributing factors|mitigation"
    r"|tasks|review actions|context"
    r"|timeline and events|events? timeline)",
    re.IGNORECASE,
)
_ZONE_TAIL: Final = re.compile(r"\s*\([^()]{0,60}\)[\s:]*$")


def area_of(title: str, *, parent: bool = False) -> str | None:
    """Tell what a heading announces; None where it tells nothing. ``parent`` is an item above a nested list."""
    words = title.strip().strip(":").strip()
    if _TIMELINE.search(words) or (parent and words.lower() == "context"):
        return TIMELINE
    if _ACTIONS.search(words):
        return ACTIONS
    if _PROSE.search(words):
        return PROSE
    return None


def stands_as_heading(text: str) -> bool:
    """Tell whether a short line that is no Markdown heading is meant as one (``Timeline:``, ``Issue Summary``)."""
    words = _ZONE_TAIL.sub("", re.sub(r"^[\W\d_]+", "", text.strip())).strip(" :-–—.")
    return len(words) <= 60 and _ALONE.fullmatch(words) is not None
