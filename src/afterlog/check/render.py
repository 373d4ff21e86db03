"""A report for people: the document's lines with carets and a sentence each, as a good compiler does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from afterlog.check.model import Against, Finding, Verdict
from afterlog.check.report import Report

_COLOURS: Final = {
    Verdict.CONTRADICTED: "31;1",
    Verdict.WARNING: "33;1",
    Verdict.SUPPORTED: "32;1",
    Verdict.NO_EVIDENCE: "36;1",
}
_SHOWN: Final = frozenset({Verdict.CONTRADICTED, Verdict.WARNING})
_WIDTH: Final = 110
_ORDER: Final = (Verdict.CONTRADICTED, Verdict.WARNING, Verdict.SUPPORTED, Verdict.NO_EVIDENCE)


def for_people(
    report: Report, name: str = "postmortem.md", *, colour: bool = False, verdicts: Collection[Verdict] = _SHOWN
) -> str:
    """Render the findings of some verdicts, then one line that counts all."""
    blocks = [
        _block(report, name, finding, colour=colour) for finding in report.findings if finding.verdict in verdicts
    ]
    return "\n".join([*blocks, _counts(report, name)]) + "\n"


def _block(report: Report, name: str, finding: Finding, *, colour: bool) -> str:
    gutter = " " * len(str(finding.line))
    label = f"{finding.verdict.value}[{finding.rule}]"
    lines = [
        f"{_paint(label, _COLOURS[finding.verdict], colour=colour)}: {_printable(finding.says)}",
        f"{gutter} --> {name}:{finding.line}:{finding.start + 1}",
        *_excerpt(report, finding.line, finding.start, finding.end, gutter, _COLOURS[finding.verdict], colour=colour),
    ]
    for against in finding.against[:3]:
        lines += _against(report, against, finding.line, gutter)
    return "\n".join(lines) + "\n"


def _excerpt(
    report: Report, number: int, start: int, end: int, gutter: str, paint: str, *, colour: bool
) -> Iterator[str]:
    text, begin, until = _window(report.lines[number - 1] if number <= len(report.lines) else "", start, end)
    yield f"{gutter} |"
    yield f"{number} | {text}"
    if until > begin:
        yield f"{gutter} | {' ' * begin}{_paint('^' * (until - begin), paint, colour=colour)}"


def _window(raw: str, start: int, end: int) -> tuple[str, int, int]:
    """Cut a long line to what fits around its columns; control characters become spaces."""
    shown = _printable(raw)
    begin = 0
    if len(shown) > _WIDTH and start > _WIDTH // 2:
        begin = min(start - _WIDTH // 3, len(shown) - _WIDTH // 2)
    cut = shown[begin : begin + _WIDTH]
    head, tail = ("…" if begin else ""), ("…" if begin + _WIDTH < len(shown) else "")
    shift = begin - len(head)
    return head + cut + tail, max(start - shift, 0), min(max(end - shift, 0), len(head + cut))


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _against(report: Report, against: Against, line: int, gutter: str) -> Iterator[str]:
    if against.evidence is not None:
        quote = str(against.evidence.get("quote", ""))
        yield f"{gutter} = {against.evidence['source']}:{against.evidence['line']}: {_window(quote, 0, 0)[0]}"
    elif 0 < against.line <= len(report.lines) and against.line != line:
        yield f"{gutter} = line {against.line}: {_window(report.lines[against.line - 1].strip(), 0, 0)[0]}"


def _counts(report: Report, name: str) -> str:
    parts = [
        f"{report.count(verdict)} {verdict.value}"
        for verdict in _ORDER
        if report.count(verdict) or verdict is Verdict.CONTRADICTED
    ]
    return f"{name}: {', '.join(parts)}; {len(report.moments)} times read"


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


# --- for a pull request -------------------------------------------------------------------------------------


def for_github(report: Report, name: str) -> str:
    """Render annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.

    Contradictions are errors, warnings are warnings, what the logs support or do not tell is left out.
    """
    lines = []
    for finding in report.findings:
        level = {Verdict.CONTRADICTED: "error", Verdict.WARNING: "warning"}.get(finding.verdict)
        if level:
            columns = f"col={finding.start + 1},endColumn={max(finding.end, finding.start + 1) + 1}"
            place = f"file={_property(name)},line={finding.line},{columns}"
            lines.append(
                f"::{level} {place},title={_property('afterlog check: ' + finding.rule)}::{_message(finding.says)}\n"
            )
    return "".join(lines)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report, name: str, version: str = "") -> dict[str, Any]:
    """Give the report as SARIF 2.1.0 (OASIS), for code scanning; levels as in `for_github`, the rest as ``pass``."""
    from afterlog.check import rules  # noqa: PLC0415  (the package imports this module's siblings, not this one)

    used = sorted({finding.rule for finding in report.findings})
    titles = {info.name: info.title for info in rules()}
    driver = {
        "name": "afterlog check",
        "version": version or "0",
        "rules": [{"id": rule, "shortDescription": {"text": titles.get(rule, rule)}} for rule in used],
    }
    results = [_result(finding, name, used.index(finding.rule)) for finding in report.findings]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: Finding, name: str, index: int) -> dict[str, Any]:
    level = {Verdict.CONTRADICTED: "error", Verdict.WARNING: "warning"}.get(finding.verdict, "none")
    kind = {Verdict.SUPPORTED: "pass", Verdict.NO_EVIDENCE: "informational"}.get(finding.verdict, "fail")
    region = {
        "startLine": finding.line,
        "startColumn": finding.start + 1,
        "endColumn": max(finding.end, finding.start + 1) + 1,
    }
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level,
        "kind": kind,
        "message": {"text": finding.says},
        "locations": [_location(name, region)],
    }
    related = [_related(one, name) for one in finding.against]
    return {**result, "relatedLocations": related} if related else result


def _related(against: Against, name: str) -> dict[str, Any]:
    if against.evidence is None:
        return _location(name, {"startLine": max(against.line, 1)})
    place = _location(str(against.evidence["source"]), {"startLine": int(against.evidence["line"])})
    return {**place, "message": {"text": str(against.evidence.get("quote", ""))[:500]}}


def _location(uri: str, region: dict[str, int]) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri.replace("\\", "/")}, "region": region}}
