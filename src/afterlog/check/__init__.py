"""Check: a postmortem that people wrote, held against itself and against the logs.

>>> report = check("From 10:00 to 12:00 UTC the site was down for 3 hours.")
>>> report.contradicted
True
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afterlog.check.casefacts import CaseFacts
from afterlog.check.model import Against, Finding, Verdict
from afterlog.check.reading import read
from afterlog.check.report import Report
from afterlog.check.rules import all_rules
from afterlog.errors import InputError

if TYPE_CHECKING:
    from afterlog.case import Case

__all__ = ["Against", "Finding", "Report", "RuleInfo", "Verdict", "check", "explain", "rules"]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """One rule as ``check --rules`` lists it."""

    name: str
    title: str
    needs_case: bool


def check(document: str, case: Case | None = None, disable: Collection[str] = frozenset()) -> Report:
    """Hold a document against itself and, where a case is given, against its findings and events.

    Args:
        document: the text, Markdown of any shape.
        case: an ingested and analysed case.
        disable: names of rules to leave out.

    Raises:
        InputError: ``disable`` names a rule that does not exist.
        CaseError: the case has no findings, or they cannot be read.

    """
    known = {rule.name for rule in all_rules()}
    unknown = sorted(set(disable) - known)
    if unknown:
        raise InputError(f"--disable {', '.join(unknown)}: no such rule; there are: {', '.join(sorted(known))}.")
    reading = read(document)
    facts = CaseFacts.of(case) if case is not None else None
    found: list[Finding] = []
    for rule in all_rules():
        if rule.name not in disable and (facts is not None or not rule.needs_case):
            found += rule().look(reading, facts)
    misdated = {finding.line for finding in found if finding.rule == "date"}
    found = [finding for finding in found if finding.rule != "order" or finding.line not in misdated]
    found.sort(key=lambda finding: (finding.line, finding.start, finding.rule))
    return Report(tuple(line.raw for line in reading.lines), tuple(found), reading.moments)


def rules() -> tuple[RuleInfo, ...]:
    """Give all rules, by name."""
    return tuple(RuleInfo(rule.name, rule.title(), rule.needs_case) for rule in all_rules())


def explain(name: str) -> str:
    """Give the documentation of a rule with its examples.

    Raises:
        InputError: there is no such rule.

    """
    rule = next((one for one in all_rules() if one.name == name), None)
    if rule is None:
        raise InputError(f"--explain {name}: no such rule; there are: {', '.join(one.name for one in all_rules())}.")
    parts = [f"{rule.name}\n{'=' * len(rule.name)}", inspect.getdoc(rule) or ""]
    for head, examples in (("It speaks up here:", rule.should_fire), ("It keeps quiet here:", rule.should_not_fire)):
        if examples:
            parts.append(head + "\n\n" + "\n\n".join(_indented(example) for example in examples))
    return "\n\n".join(parts) + "\n"


def _indented(example: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in example.rstrip().split("\n"))
