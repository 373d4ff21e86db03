"""The hosts, versions and files of a document against the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from afterlog.check.casefacts import CaseFacts
from afterlog.check.lines import FRONT, LOG, Line
from afterlog.check.model import Against, Finding, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS

_HOST: Final = re.compile(
    r"(?<![\w./@:-])(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?\d{1,3}"
    r"|\d{1,3}(?:\.\d{1,3}){3})(?:\.[a-z0-9-]+)*(?![\w/-]|\.\w)"
)
_VERSION: Final = re.compile(
    r"(?<![\w./:-])v?\d{1,4}\.\d{1,3}\.\d{1,4}(?:[-+.][\w.]+)?(?![\w:/%-])|(?<=version "
    r")\d+(?:\.\d+)+|(?<![\w./:-])v\d+(?:\.\d+)+(?![\w:/-])"
)
_FILE: Final = re.compile(
    r"(?<![\w/:.])(?:/(?:[\w.+@-]+/)*[\w.+@-]+|[\w+@-]+\.(?:php\w?|conf|cfg|ya?ml|json|toml"
    r"|ini|log|py|rb|js|sh|sql|pp|service|xml|html?|env|tf|go|java|c|rs))(?![\w/])"
)
_NO_HOST: Final = re.compile(
    (
        r"^(?:q[1-4]|p[0-5]|sev-?\d|s\d|utf-?\d+|sha-?\d+|md5|ipv[46]|http\d?|x86|h\d|t\d+"
        r"|cve-\d+|rfc-?\d+|iso-?\d+|inc-?\d+|pm\d*-?\d+|day-?\d+|step-?\d+|top-?\d+|covid-\d+)$"
    ),
    re.IGNORECASE,
)


class _Names(Rule):
    """Base of the rules that look names up in the logs."""

    pattern: ClassVar[re.Pattern[str]]
    what: ClassVar[str]

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Yield one finding for the first mention of each name."""
        if facts is None:
            return
        seen: set[str] = set()
        for line in reading.lines:
            if line.kind in (LOG, FRONT) or line.area == ACTIONS:
                continue
            for match in self.pattern.finditer(line.text[:4000]):
                name = match[0].rstrip(".,;:")
                if name.lower() not in seen and not self.skip(name, facts):
                    seen.add(name.lower())
                    yield self.judge(reading, line, match, name, facts)

    def skip(self, name: str, facts: CaseFacts) -> bool:
        """Tell whether something that looks like a name is none."""
        del facts
        return not name

    def judge(self, reading: Reading, line: Line, match: re.Match[str], name: str, facts: CaseFacts) -> Finding:
        """Say whether the findings' evidence holds the name."""
        evidence = facts.quoting(name)
        verdict = Verdict.SUPPORTED if evidence else Verdict.NO_EVIDENCE
        says = f"{self.what} {name} " + ("stands in the logs" if evidence else "stands in no line behind the findings")
        return Finding(
            self.name,
            verdict,
            line.number,
            reading.cut(line.number),
            says,
            tuple(Against(0, one) for one in evidence),
            match.start(),
            match.start() + len(name),
        )


class Host(_Names):
    """Each host that the document names against the hosts of the logs.

    Supported with one line of its log; no evidence for a host that wrote none and that no proxy names.
    """

    name: ClassVar[str] = "host"
    needs_case: ClassVar[bool] = True
    pattern: ClassVar[re.Pattern[str]] = _HOST
    what: ClassVar[str] = "host"

    def skip(self, name: str, facts: CaseFacts) -> bool:
        """Leave out what only looks like a host: SEV-1, Q3, UTF-8, apache2 where no host is called like it."""
        if _NO_HOST.match(name) or name.lower() in facts.hosts:
            return name.lower() not in facts.hosts
        stems = {re.split(r"[-.\d]", host, maxsplit=1)[0] for host in facts.hosts}
        return "." not in name and re.split(r"[-.\d]", name, maxsplit=1)[0] not in stems

    def judge(self, reading: Reading, line: Line, match: re.Match[str], name: str, facts: CaseFacts) -> Finding:
        """Look the name up among the hosts, then among the evidence."""
        own = facts.hosts.get(name.lower())
        if own is None:
            return super().judge(reading, line, match, name, facts)
        held = (Against(0, own),)
        return Finding(
            self.name,
            Verdict.SUPPORTED,
            line.number,
            reading.cut(line.number),
            f"host {name} wrote or stands in these logs",
            held,
            match.start(),
            match.start() + len(name),
        )


class Version(_Names):
    """Each version that the document names against the lines behind the findings."""

    name: ClassVar[str] = "version"
    needs_case: ClassVar[bool] = True
    pattern: ClassVar[re.Pattern[str]] = _VERSION
    what: ClassVar[str] = "version"

    def judge(self, reading: Reading, line: Line, match: re.Match[str], name: str, facts: CaseFacts) -> Finding:
        """Look it up without its v."""
        bare = name.removeprefix("v")
        return super().judge(reading, line, match, bare if facts.quoting(bare) else name, facts)


class File(_Names):
    """Each file that the document names against the lines behind the findings."""

    name: ClassVar[str] = "file"
    needs_case: ClassVar[bool] = True
    pattern: ClassVar[re.Pattern[str]] = _FILE
    what: ClassVar[str] = "file"

    def skip(self, name: str, facts: CaseFacts) -> bool:
        """Leave out fractions and short paths: 1/2, and/or."""
        del facts
        return len(name) < 4 or re.fullmatch(r"/?\d+", name) is not None
