"""Words that blame, and words that are surer than a postmortem can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.lines import LOG
from afterlog.check.model import Finding, Reading, Verdict
from afterlog.check.rules.base import Rule


class _Wording(Rule):
    """Base of the rules for wording: a pattern, and what to say about it."""

    pattern: ClassVar[re.Pattern[str]]
    says: ClassVar[str]

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Yield the first place in each line."""
        del facts
        for line in reading.lines:
            match = None if line.kind == LOG else self.pattern.search(line.text)
            if match:
                yield Finding(
                    self.name,
                    Verdict.WARNING,
                    line.number,
                    reading.cut(line.number),
                    self.says.format(match[0].strip()),
                    (),
                    *match.span(),
                )


class Blame(_Wording):
    """Words that blame a person: human error, careless, should have known, at fault.

    Always a warning. "Human error" ends the search where it should begin: what made the action look right then?
    """

    name: ClassVar[str] = "blame"
    pattern: ClassVar[re.Pattern[str]] = re.compile(
        r"\bhuman (?:error|mistake)s?\b|\bcareless\w*|\bneglig\w+|\bincompeten\w+|\blaz(?:y"
        r"|iness)\b|\bto blame\b|\b(?:was|is|were) at fault\b"
        r"|\bshould have (?:known|noticed|checked|been more careful|caught|realised|realized)"
        r"|\bfailed to (?:follow|check|notice|test|read)\b|\b(?:engineer|developer|operator"
        r"|admin|intern|sre)(?:'s|’s) (?:mistake|fault|error)\b|\bstupid\w*|\bforgot to\b",
        re.IGNORECASE,
    )
    says: ClassVar[str] = "“{}” points at a person; say what made it look right at the time"
    should_fire: ClassVar[tuple[str, ...]] = (
        "The cause was human error.\n",
        "The engineer should have noticed the alert.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = ("The operator restarted the service after a look at the log.\n",)


class WordCertain(_Wording):
    """Words that are surer than anybody can be: never again, impossible, guaranteed.

    Always a warning.
    """

    name: ClassVar[str] = "word-certain"
    pattern: ClassVar[re.Pattern[str]] = re.compile(
        (
            r"\b(?:will|can|could|won't|won’t) (?:never|not ever|no longer) (?:ever )?(?:happen"
            r"|occur|repeat|recur)\w*|\bnever (?:happens?|occurs?|repeats? itself) again\b"
            r"|\bguarantee[sd]?\b|\b(?:won't|won’t|will not|doesn't|does not) happen again\b"
            r"|\b100\s?% (?:certain|sure|safe|secure)\b|\bundoubtedly\b|\bwithout (?:a|any) doubt\b"
            r"|\bfoolproof\b"
        ),
        re.IGNORECASE,
    )
    says: ClassVar[str] = "“{}” is surer than the evidence can be"
    should_fire: ClassVar[tuple[str, ...]] = (
        "This will never happen again.\n",
        "We guarantee that it is safe now.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = ("We never saw this alert before.\n",)


class WordHindsight(_Wording):
    """Words of hindsight: should have, could have, if only, obviously.

    Always a warning: what did people know then, and what did they see?
    """

    name: ClassVar[str] = "word-hindsight"
    pattern: ClassVar[re.Pattern[str]] = re.compile(
        (
            r"\bif only\b|\bobviously\b|\bclearly (?:visible|wrong|should)\b|\bwould have been "
            r"(?:avoided|prevented)\b|\b(?:we|they|he|she|team|engineers?|operators?|developers?) "
            r"(?:should|could|ought to) have\b(?! (?:known|noticed|checked|been more careful|caught"
            r"|reali[sz]ed))"
        ),
        re.IGNORECASE,
    )
    says: ClassVar[str] = "“{}” is hindsight; say what people saw and knew then"
    should_fire: ClassVar[tuple[str, ...]] = (
        "If only the team had looked.\n",
        "We should have tested it.\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = ("The test should have a timeout.\n",)


class WordCause(Rule):
    """One single root cause is named beside several contributing factors.

    Always a warning: a trigger and the conditions that let it through are different things.
    """

    name: ClassVar[str] = "word-cause"
    should_fire: ClassVar[tuple[str, ...]] = (
        "The root cause was a typo.\n\n## Contributing factors\n- No staging\n- Rollback untested\n",
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        "The root cause was a typo.\n",
        "Trigger: a typo.\n\n## Contributing factors\n- No staging\n- Rollback untested\n",
    )
    pattern: ClassVar[re.Pattern[str]] = re.compile(
        (
            r"\bthe (?:single |only |one |main |primary )?root cause (?:was|is|of)\b|\bthe (?:sole"
            r"|only|single) cause\b"
        ),
        re.IGNORECASE,
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Look for the root cause where factors are listed."""
        del facts
        factors = [
            line
            for line in reading.lines
            if line.kind == "item"
            and line.opens
            and any(
                re.search(r"contributing|root causes\b|factors", words, re.IGNORECASE)
                for _at, words in line.headings[-1:]
            )
        ]
        if len(factors) < 2:
            return
        for line in reading.lines:
            match = self.pattern.search(line.text)
            if match and line.kind != LOG:
                yield Finding(
                    self.name,
                    Verdict.WARNING,
                    line.number,
                    reading.cut(line.number),
                    f"“{match[0]}”, and {len(factors)} factors from line {factors[0].number} on",
                    (),
                    *match.span(),
                )
                return
