"""What a row of a timeline stands for: the change, the start, the detection, the declaration, the repair, the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

CHANGE: Final = "change"
START: Final = "start"
DETECT: Final = "detect"
DECLARE: Final = "declare"
REPAIR: Final = "repair"
END: Final = "end"

_I: Final = re.IGNORECASE
_SIGNS: Final = 400
_TROUBLE: Final = (
    r"(?:outage|incident|issue|problem|fault|failure|disruption|downtime|impact|degradation"
    r"|errors?|service degradation|unavailability|attack)"
)
_SERVICE: Final = (
    r"(?:site|website|web ?site|services?|servers?|system|platform|application|app|api"
    r"|everything|web ?service|operations?|functionality|traffic|access)"
)
_START_STRONG: Final = re.compile(
    rf"\b{_TROUBLE}\s+(?:has\s+)?(?:begins?|began|starts?|started|occurs|occurred|onset)\b"
    rf"|\b(?:start|beginning|onset) of (?:the )?{_TROUBLE}\b"
    rf"|^\W*(?:outage|incident|issue|impact|downtime)\s*(?:start|begin|began|onset)\w*"
    rf"|^\W*start(?: time| of)?\b\s*(?:$|[:\-–(])|\bfault occurs",
    _I,
)
_START_WEAK: Final = re.compile(
    rf"\b{_SERVICE}\b.{{0,30}}\b(?:goes?|went|going|is|was|are|were|became"
    rf"|becomes)\s+(?:completely |hard |totally )?(?:down|offline|unavailable|unreachable"
    rf"|inaccessible|not accessible)"
    rf"|\bbegins?\s+(?:returning|to (?:fail|return)|experiencing|failing|seeing)|\bstart(?:s"
    rf"|ed)?\s+(?:returning|to (?:fail|return)|experiencing|failing|seeing)|\bcrash(?:es"
    rf"|ed)?\b|\berrors? (?:appear|began|begin|start|spike)",
    _I,
)
_DETECT: Final = re.compile(
    r"\bdetect\w*|\balert\w*|\balarm\w*|\bnotic\w+|\bpaged?\b|\bpager\w*|\bpages\b"
    r"|\breport(?:s|ed|ing)?\b|\bcomplain\w*|\bnotif\w+|\bdiscover\w*|\baware\b"
    r"|\bobserv\w+|\btickets?\b|\bmonitoring\b|\bidentif(?:y|ied|ies)\b|\bflagged\b|\bfirst "
    r"(?:seen|look)|\bsaw\b|\bchecked\b|\backnowledg\w+|\bcalls?\b|\bsees\b|\bfound\b"
    r"|\bpingdom\b|\brealis\w+|\brealiz\w+",
    _I,
)
_DECLARE: Final = re.compile(
    r"\bdeclared?\b|\bincident (?:opened|raised|called|created)\b|\bescalat\w+|\bsev-?\s?\d\b", _I
)
_CHANGE: Final = re.compile(
    (
        r"\bdeploy\w*|\breleas\w+|\bpush(?:es|ed)?\b|\bmerg\w+|\bconfig\w*\s+(?:change\w*"
        r"|push\w*|update\w*)|\bchange\w*\b|\bupgrad\w+|\bmigrat\w+|\brollout\b|\brolled out\b"
        r"|\bmaintenance\b|\bupdate[sd]?\b|\bpatch\w*\b|\bapplied\b"
    ),
    _I,
)
_REPAIR: Final = re.compile(
    (
        r"\brepair\w*|\bmitigat\w+|\bfix(?:ed|es)?\b|\brolled back\b|\brollback\b|\brevert\w*"
        r"|\brestart\w*|\bworkaround\b|\bhealthy\b|\brecover\w*|\brestor\w+|\bsolved\b"
        r"|\bcorrected\b|\bpatched\b|\bdisabled\b|\bre-?enabled\b|\bdeleted\b|\bdowngraded\b"
        r"|\breattached\b"
    ),
    _I,
)
_END_STRONG: Final = re.compile(
    rf"\b(?:fully|completely|100\s?%|all {_SERVICE}|everything|normally"
    rf"|entirely)\b.{{0,25}}\b(?:restored|recovered|operational|resolved|back|online"
    rf"|functional|normal|healthy|available|up and running)\b"
    rf"|\b(?:restored|recovered|operational|resolved|functional)\b.{{0,12}}\b(?:fully|completely|100\s?%)"
    rf"|\b(?:back|returned|returns|back up)\s+(?:to normal|online|up\b)|\bback and online"
    rf"|\b(?:is|was|are|were)\s+back\b(?!\w)|\bup and running\b|\b(?:running|operating"
    rf"|working|functioning|loading) (?:normally|properly|as expected|again)"
    rf"|\b{_TROUBLE}\s+(?:is |was |has been |were |fully |completely |now |been |marked (?:as "
    rf")?|declared )*(?:resolved|over|ended|ends|closed|finished)\b"
    rf"|\b(?:end|conclusion) of (?:the )?{_TROUBLE}\b|^\W*(?:outage|incident|impact"
    rf"|downtime)\s*end\w*|^\W*end(?: time)?\b\s*(?:$|[:\-–(])"
    rf"|\b(?:full|complete)\s+(?:\w+\s+)?(?:restoration|recovery|service restor\w+|service)\b"
    rf"|\b{_SERVICE}\s+(?:is |was |were |are |has been |have been |fully |now )*(?:restored"
    rf"|recovered|resumed|operational|back)\b"
    rf"|^\W*(?:resolved|restored|recovered)\b\W*(?:$|[:\-–])|\ball (?:systems|services|clear)\b|\bresolved\b",
    _I,
)
_END_WEAK: Final = re.compile(
    (
        rf"\bresolution\b|\bresolv\w+|\bstabili[sz]\w+|\b{_SERVICE}\b.{{0,20}}\b(?:live|stable"
        rf"|restored|recovered|healthy|online)\b|\brecover\w+"
    ),
    _I,
)
_ADMIN: Final = re.compile(
    (
        r"\b(?:declared|marked|closed|closing|status ?page|ticket|monitor\w*|confirm\w*|verif\w*"
        r"|announc\w*|communicat\w*|post ?mortem|stand(?:s|ing)? down|all clear|validat\w*)\b"
    ),
    _I,
)
_PARTIAL: Final = re.compile(
    (
        r"\b(?:part(?:ly|ial\w*)|gradual\w*|begin\w*|began|beginning|start\w*|some|most"
        r"|temporar\w+|slowly|initial\w*|attempt\w*|try\w*|tried|fail\w*|not|no longer|still|but"
        r"|except|mostly|until|if|should|to be|almost|intermittent\w*|first|one of|expected"
        r"|waiting)\b|\b[1-9]?\d\s?%"
    ),
    _I,
)
_NAMED: Final = re.compile(
    r"^\W*(?:the\s+)?(?:(?P<declare>incident\s+(?:is\s+|was\s+)?declared)"
    r"|(?P<detect>detected|(?:first|fault|issue|incident|problem)\s+(?:is\s+|was\s+)?(?:detected"
    r"|deteceted|identified|noticed|reported))"
    r"|(?P<repair>(?:incident\s+|issue\s+|fault\s+)?(?:is\s+|was\s+)?(?:repaired"
    r"|mitigated)(?:\s+declared|\s+and\s+resolved)?)|(?P<end>(?:incident\s+|issue\s+"
    r"|outage\s+)?(?:is\s+|was\s+|declared\s+)?resolved)"
    r"|(?P<start>(?:outage|incident|impact|issue|fault|downtime)\s+(?:began|begins?|starts?"
    r"|started|occurs|occurred)|start(?:\s+time)?)|(?P<over>(?:outage|incident|impact"
    r"|downtime)\s+(?:ends?|ended|over|finished)|end(?:\s+time)?))\W*$",
    _I,
)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What a text stands for; ``strong`` kinds leave no other reading; ``name`` where the text is nothing else."""

    kinds: frozenset[str]
    strong: frozenset[str]
    admin: bool = False  # said about the record of the incident: declared, closed, announced
    name: str = ""


@lru_cache(maxsize=4096)
def milestone_of(text: str) -> Milestone:
    """Read what a row stands for: by its first words, of which 400 signs are looked at."""
    words = re.sub(r"https?://\S+", " ", text[:_SIGNS]).strip()
    kinds: set[str] = set()
    strong: set[str] = set()
    for kind, pattern in (
        (DETECT, _DETECT),
        (DECLARE, _DECLARE),
        (CHANGE, _CHANGE),
        (REPAIR, _REPAIR),
        (START, _START_WEAK),
    ):
        if pattern.search(words):
            kinds.add(kind)
    if _START_STRONG.search(words):
        kinds.add(START)
        if not re.search(r"\b(?:investigat|workaround|deploy|report)\w*", words, _I):
            strong.add(START)
    end = _END_STRONG.search(words)
    if end:
        kinds.add(END)
        if not _PARTIAL.search(words.replace("100%", "").replace("100 %", "")):
            strong.add(END)
    if _END_WEAK.search(words):
        kinds.add(END)
    named = _NAMED.match(words)
    name = ""
    if named:
        name = next(key for key, value in named.groupdict().items() if value)
        name = END if name == "over" else name
        kinds.add(name)
    admin = bool(_ADMIN.search(words)) or bool(re.match(r"\W*incident\s+(?:is\s+|was\s+)?resolved", words, _I))
    return Milestone(frozenset(kinds), frozenset(strong), admin, name)
