"""Two times for the change that is said to have caused it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.comparing import differ, found, incidents_with_rows, near_day, shown
from afterlog.check.model import Finding, Moment, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS

_NOUNS: Final = {
    "configuration": r"config\w*|settings?",
    "deployment": r"deploy\w*|releas\w+|version|build\b",
    "migration": r"migrat\w+|schema",
    "certificate": r"cert\w*",
    "upgrade": r"upgrad\w+",
    "firewall": r"firewall",
    "flag": r"(?:feature )?flag\w*",
    "DNS": r"dns|name ?server\w*",
    "patch": r"patch\w*",
    "script": r"script\w*|cron\w*|job\b",
}
_PATTERNS: Final = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _NOUNS.items()}
_DONE: Final = re.compile(
    (
        r"\b(?:pushed|push|released|release|deployed|deploys?|deployment|rolled out|rollout"
        r"|merged|applied|introduced|shipped|went live|went out|published|made|enabled|installed"
        r"|performed|executed|ran)\b"
    ),
    re.IGNORECASE,
)
_UNDONE: Final = re.compile(
    r"\b(?:revert\w*|roll(?:ed|ing)?[\s-]?back|rollback|fix\w*|hot-?fix|again|second|third"
    r"|another|re-?deploy\w*|correct\w*|fail\w*|restor\w+|attempt\w*|tried|after|before"
    r"|identif\w+|discover\w*|found|investigat\w+|review\w*"
    r"|until|since|restart\w*|scaled?|previous|prior|new|increas\w+|resolv\w+|mitigat\w+"
    r"|canary|staging|begin\w*|began|start\w*|complet\w+|finish\w*|end(?:s|ed)|trigger\w*"
    r"|detect\w*|alert\w*|notic\w+|report\w*)\b",
    re.IGNORECASE,
)


class ChangeTime(Rule):
    """The text makes the change at one time, the timeline at another.

    Contradicted where a sentence says that the configuration, the release or the like went out at a time, exactly
    one row of the timeline says so of another time, and no row about a change stands at the time of the sentence.
    """

    name: ClassVar[str] = "change-time"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Timeline\n- 11:05 Configuration pushed\n- 11:15 Outage begins\n- 14:23 Back online\n\n"
            "## Root cause\nAt 11:19 AM, a configuration change was released to production.\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Timeline\n- 11:05 Configuration pushed\n- 11:15 Outage begins\n- 14:23 Back online\n\n"
            "## Root cause\nAt 11:05 AM, a configuration change was released to production.\n"
        ),
        (
            "## Timeline\n- 11:05 Configuration pushed\n- 11:15 Outage begins\n\n## Resolution\n"
            "At 14:20 the configuration change was reverted and a corrected configuration was deployed.\n"
        ),
        (
            "## Timeline\n- 11:05 Configuration pushed to web-01\n"
            "- 11:19 Configuration pushed to web-02\n\n## Root cause\n"
            "At 11:30 a configuration change was pushed.\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold each sentence about a change against the rows about it."""
        del facts
        for incident, rows in incidents_with_rows(reading):
            for told in reading.of(incident):
                if told.row or not told.exact or told.area == ACTIONS or told.clock.side:
                    continue
                row = _other(told, rows)
                if row is not None:
                    yield found(
                        reading,
                        self.name,
                        Verdict.CONTRADICTED,
                        told,
                        f"the change goes out at {shown(told)} here and at {shown(row)} in line {row.line}",
                        row,
                    )


def _other(told: Moment, rows: list[Moment]) -> Moment | None:
    nouns = _nouns(told.text)
    if not nouns or len(told.text) > 260:
        return None
    like = [row for row in rows if _nouns(row.text) & nouns and near_day(told, row)]
    if len(like) != 1 or not differ(told, like[0]):
        return None
    beside = [row for row in rows if not differ(told, row)]
    return None if any(_nouns(row.text) or "change" in row.milestone.kinds for row in beside) else like[0]


def _nouns(text: str) -> set[str]:
    if not _DONE.search(text) or _UNDONE.search(text):
        return set()
    return {name for name, pattern in _PATTERNS.items() if pattern.search(text)}
