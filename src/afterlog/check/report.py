"""The report: what check says about a document, as JSON and for those who render it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from afterlog.check.model import Finding, Moment, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """Findings in the order of the lines, and every clock time that was read."""

    lines: tuple[str, ...]
    findings: tuple[Finding, ...]
    moments: tuple[Moment, ...]

    @property
    def contradicted(self) -> bool:
        """Tell whether anything is contradicted: exit code 1."""
        return any(finding.verdict is Verdict.CONTRADICTED for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        """Count the findings of a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Give the document of ``check --json``: ``{"findings": […], "times": […]}``."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "times": [_time(moment) for moment in self.moments if moment.clock.hour <= 24 and moment.clock.minute < 60],
        }


def _time(moment: Moment) -> dict[str, Any]:
    form = "%H:%M:%S" if moment.clock.second is not None else "%H:%M"
    when = moment.when.strftime(f"%Y-%m-%dT{form}") if moment.dated else moment.when.strftime(form)
    words = moment.text or moment.clock.raw
    return {
        "line": moment.line,
        "time": when,
        "text": words if len(words) <= 120 else words[:117] + "…",
        "role": "row" if moment.row else "mention",
    }
