"""The counts and percentages of a document against the logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from afterlog.check.casefacts import CaseFacts, OutageFact
from afterlog.check.lines import FRONT, LOG, Line
from afterlog.check.model import Against, Finding, Reading, Verdict
from afterlog.check.rules.base import Rule
from afterlog.check.words import ACTIONS

_WHAT: Final = (
    r"(?:requests?|responses?|answers?|errors?|queries|users?|clients?|customers?|visitors?"
    r"|addresses|traffic)"
)
_COUNT: Final = re.compile(
    (
        rf"(?<![\w.,:/$€£#-])(?P<n>\d{{1,3}}(?:,\d{{3}})+"
        rf"|\d+)\s+(?:\w+\s+){{0,2}}?(?P<what>{_WHAT})\b(?:\s+(?:were\s+|was\s+|have\s+"
        rf"|had\s+)?(?P<failed>failed|lost|failing|errored))?"
    ),
    re.IGNORECASE,
)
_OF: Final = re.compile(
    (
        r"(?<![\w.,:/$€£#-])(?P<n>\d{1,3}(?:,\d{3})+|\d+)\s+(?:out )?of\s+(?:the |all "
        r")?(?P<m>\d{1,3}(?:,\d{3})+|\d+)\b"
    ),
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(
    (
        rf"(?<![\w.,-])(?P<p>\d{{1,3}}(?:\.\d+)?)\s?%(?:\s+(?:of\s+)?(?:the\s+|all\s+"
        rf"|our\s+)?(?:\w+\s+){{0,2}}?(?P<what>{_WHAT}))?"
    ),
    re.IGNORECASE,
)
_LOOSE: Final = re.compile(
    (
        r"(?:~|≈|about|around|approx\w*\.?|roughly|nearly|almost|over|more than|less than|up to"
        r"|at least|some|estimated)\s*$"
    ),
    re.IGNORECASE,
)


_NARROWER: Final = re.compile(
    r"\bby then\b|\bso far\b|\bat th(?:at|e) (?:time|point)\b|\b(?:hours?|minutes?) (?:before|after)\b"
    r"|\b(?:last|first|next|each|every|per|previous)\s+(?:\w+\s+)?(?:second|minute|hour|day)s?\b|\bsample",
    re.IGNORECASE,
)


def _of_a_part(line: Line, match: re.Match[str]) -> bool:
    """Tell whether the words around a count speak of less than the whole outage."""
    return _NARROWER.search(line.text[max(match.start() - 60, 0) : match.end() + 60]) is not None


def _statements(reading: Reading) -> Iterator[Line]:
    return (line for line in reading.lines if line.kind not in (LOG, FRONT) and line.area != ACTIONS)


def _evidence(outage: OutageFact | None) -> tuple[dict[str, Any], ...]:
    return () if outage is None else (*outage.first, *outage.last)[:3]


def _finding(
    reading: Reading,
    rule: str,
    verdict: Verdict,
    line: int,
    says: str,
    evidence: tuple[dict[str, Any], ...],
    columns: tuple[int, int],
) -> Finding:
    return Finding(rule, verdict, line, reading.cut(line), says, tuple(Against(0, one) for one in evidence), *columns)


class Count(Rule):
    """Each count of requests, errors or clients against what the logs count.

    Contradicted where the document gives failed requests of all (n of m) and the logs have other numbers; a number
    that no log counts has no evidence.
    """

    name: ClassVar[str] = "count"
    needs_case: ClassVar[bool] = True

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Judge every count."""
        if facts is None:
            return
        outage = max(facts.outages, key=lambda one: one.failed, default=None)
        for line in _statements(reading):
            taken: list[tuple[int, int]] = []
            for match in _OF.finditer(line.text[:4000]):
                taken.append(match.span())
                yield self._of(reading, line, match, facts, outage)
            for match in _COUNT.finditer(line.text[:4000]):
                if re.match(r"[45]\d\d$", match["n"]) and match["what"].lower().startswith(("error", "response")):
                    continue  # a status, not a count
                if not any(match.start("n") < end and start < match.end("n") for start, end in taken):
                    yield self._count(reading, line, match, facts, outage)

    def _of(
        self, reading: Reading, line: Line, match: re.Match[str], facts: CaseFacts, outage: OutageFact | None
    ) -> Finding:
        part, whole = _int(match["n"]), _int(match["m"])
        known = (part, whole) in facts.pairs
        about = re.search(r"\brequests?\b", line.text[match.end() : match.end() + 30], re.IGNORECASE) is not None
        verdict = (
            Verdict.SUPPORTED
            if known
            else Verdict.CONTRADICTED
            if about and outage and not _LOOSE.search(line.text[: match.start()]) and not _of_a_part(line, match)
            else Verdict.NO_EVIDENCE
        )
        says = f"{match[0]}: " + (
            "the logs count the same"
            if known
            else f"the logs count {outage.failed:,} failed of {outage.requests:,} requests"
            if outage and about
            else "the logs count nothing of the kind"
        )
        return _finding(
            reading,
            self.name,
            verdict,
            line.number,
            says,
            _evidence(outage) if verdict is not Verdict.NO_EVIDENCE else (),
            match.span(),
        )

    def _count(
        self, reading: Reading, line: Line, match: re.Match[str], facts: CaseFacts, outage: OutageFact | None
    ) -> Finding:
        number = _int(match["n"])
        known = facts.counts.get(number)
        if known:
            return _finding(
                reading,
                self.name,
                Verdict.SUPPORTED,
                line.number,
                f"{match[0]}: the logs count {number:,} ({known})",
                _evidence(outage),
                match.span(),
            )
        failed = (
            match["failed"]
            and match["what"].lower().startswith("request")
            and not _LOOSE.search(line.text[: match.start()])
        )
        if failed and outage:
            return _finding(
                reading,
                self.name,
                Verdict.CONTRADICTED,
                line.number,
                f"{match[0]}: the logs count {outage.failed:,} failed requests",
                _evidence(outage),
                match.span(),
            )
        return _finding(
            reading,
            self.name,
            Verdict.NO_EVIDENCE,
            line.number,
            f"{match[0]}: the logs count nothing of the kind",
            (),
            match.span(),
        )


class Percentage(Rule):
    """Each percentage of requests or users against the failure rates of the outage and of its phases.

    Contradicted where it speaks of requests and no phase failed at such a rate (five points off and more).
    """

    name: ClassVar[str] = "percentage"
    needs_case: ClassVar[bool] = True

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Judge every percentage."""
        if facts is None:
            return
        for line in _statements(reading):
            for match in _PERCENT.finditer(line.text[:4000]):
                yield self._judge(reading, line, match, facts)

    def _judge(self, reading: Reading, line: Line, match: re.Match[str], facts: CaseFacts) -> Finding:
        stated = float(match["p"])
        rates = [(100 * rate, outage) for outage in facts.outages for rate in outage.rates]
        best = min(rates, key=lambda pair: abs(pair[0] - stated), default=None)
        recovered = re.search(
            r"\b(?:restored|recovered|back|operational)\b", line.text[match.end() : match.end() + 20], re.IGNORECASE
        )
        if best is None or recovered:
            return _finding(
                reading,
                self.name,
                Verdict.NO_EVIDENCE,
                line.number,
                f"{match[0]}: the logs tell nothing about this",
                (),
                match.span(),
            )
        off = abs(best[0] - stated)
        about = (match["what"] or "").lower().startswith(("request", "response", "traffic", "error"))
        loose = _LOOSE.search(line.text[: match.start()]) is not None
        if off <= (5 if loose else 1):
            return _finding(
                reading,
                self.name,
                Verdict.SUPPORTED,
                line.number,
                f"{match[0]}: {best[0]:.1f}% of requests fail in a phase of the outage, or in all of it",
                _evidence(best[1]),
                match.span(),
            )
        verdict = Verdict.CONTRADICTED if about and off >= 5 and not loose else Verdict.NO_EVIDENCE
        return _finding(
            reading,
            self.name,
            verdict,
            line.number,
            f"{match[0]}: the nearest failure rate in the logs is {best[0]:.1f}%",
            _evidence(best[1]) if verdict is Verdict.CONTRADICTED else (),
            match.span(),
        )


def _int(text: str) -> int:
    return int(text.replace(",", "") or 0)
