"""The end of a run: the draft and its picture in the case, and the summary a person reads first."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from afterlog.case import Case
from afterlog.draft import between, make_draft
from afterlog.findings import Findings
from afterlog.outages import percent
from afterlog.picture import draw
from afterlog.render import DEFAULT, render
from afterlog.tables import local, understood, visible_lines

DRAFT: Final = "postmortem.md"
_PICTURE: Final = "failure-rate.svg"
_STAMP: Final = ".postmortem.sha256"


def write_draft(case: Case, findings: Findings, template: str = DEFAULT) -> Path:
    """Write the draft and its picture; gives the draft's path.

    A draft that a person has edited stays as it is: the new one is then written beside it as ``postmortem.new.md``.
    """
    zone = case.settings().display_zone
    picture = draw(findings, zone)
    if picture is not None:
        case.write_text(_PICTURE, picture)
    text = render(make_draft(findings, zone, _PICTURE if picture else None), template)
    if _edited(case):
        case.write_text("postmortem.new.md", text)
        return case.folder / "postmortem.new.md"
    case.write_text(DRAFT, text)
    case.write_text(_STAMP, _hash(text) + "\n")
    return case.folder / DRAFT


def _edited(case: Case) -> bool:
    """Tell whether the draft in the case is no longer what was written."""
    draft, stamp = case.folder / DRAFT, case.folder / _STAMP
    if not draft.is_file():
        return False
    return not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != _hash(draft.read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def summary(case: Case, findings: Findings, draft: Path) -> str:
    """Say in a few lines what was found and what to do next."""
    zone = case.settings().display_zone
    lines = [understood(findings.ledgers), ""]
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    if not real:
        lines.append("No outage found. If you know when it was, say so: --outage START..END")
    for outage in real:
        start = "before the logs begin" if outage.open_start else local(outage.first_us, zone)
        end = "after the logs end" if outage.open_end else local(outage.last_us, zone)
        lines += [
            f"Outage    {outage.service}: {start} to {end} ({between(outage.first_us, outage.last_us)})",
            f"Impact    {outage.failed:,} of {outage.requests:,} requests failed ({percent(outage.failure_rate)}), "
            f"{outage.clients:,} client addresses",
        ]
        ranking = findings.ranking(outage)
        if ranking and ranking.suspects and ranking.verdict != "no-change-explains-it":
            cause = ranking.suspects[0]
            when = local(cause.change.start_us, zone)
            lines.append(f"Cause     {ranking.verdict} ({cause.confidence:.0%}): {cause.change.title}, {when}")
        else:
            lines.append("Cause     no change in these logs explains it")
        lines.append("")
    small = len(findings.outages) - len(real)
    lines += [f"Also seen: {small} blips or single-client errors (afterlog outages {case.folder})"] if small else []
    kept = "" if draft.name == DRAFT else f"  ({DRAFT} was edited and is kept)"
    lines += [
        f"Draft     {draft}{kept}",
        f"Next      read it, then: afterlog timeline {case.folder} | causes | outages | sources",
    ]
    return visible_lines("\n".join(lines))
