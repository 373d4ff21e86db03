"""Scoring: recall of what was planted, wrong accusations per clean document, accusations beside the planted ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from afterlog.check import Finding, Verdict, check
from benchmarks.check.corpus import Document, Planted

_WARNED: Final = frozenset({"order", "zone", "impossible"})  # found with a warning too (CHECK.md)


@dataclass(slots=True)
class Score:
    """Counts over a collection."""

    planted: int = 0
    found: int = 0
    clean: int = 0
    accused: int = 0  # wrong accusations in clean documents
    beside: int = 0  # accusations in other documents that no planted contradiction explains
    notes: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Found of planted."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def false_per_clean(self) -> float:
        """Wrong accusations per clean document."""
        return self.accused / self.clean if self.clean else 0.0


def matches(finding: Finding, planted: Planted) -> bool:
    """Tell whether a finding is the one that was planted: its rule, and its line on either side."""
    counted = finding.verdict is Verdict.CONTRADICTED or (
        finding.verdict is Verdict.WARNING and finding.rule in _WARNED
    )
    lines = {finding.line, *(one.line for one in finding.against)}
    return counted and finding.rule in planted.rules and planted.line in lines


def score(documents: list[Document]) -> Score:
    """Check every document and count."""
    total = Score()
    for document in documents:
        findings = check(document.text).findings
        accusations = [one for one in findings if one.verdict is Verdict.CONTRADICTED]
        total.clean += not document.planted
        for planted in document.planted:
            total.planted += 1
            if any(matches(one, planted) for one in findings):
                total.found += 1
            else:
                total.notes.append(f"missed  {document.name}:{planted.line} {sorted(planted.rules)} {planted.at!r}")
        for one in accusations:
            if any(matches(one, planted) for planted in document.planted):
                continue
            if document.planted:
                total.beside += 1
            else:
                total.accused += 1
            total.notes.append(
                f"{'beside ' if document.planted else 'ACCUSED'} {document.name}:{one.line} [{one.rule}] {one.says}"
            )
    return total
