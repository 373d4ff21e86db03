"""The end of a run: the draft, its picture and its report in the case, and the summary a person reads first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from afterlog.case import Case
from afterlog.draft import Draft, between, make_draft
from afterlog.draft.reviewed import chosen_words
from afterlog.evidence import Evidence, Quotes
from afterlog.findings import Findings
from afterlog.outage import Outage
from afterlog.outages import percent
from afterlog.printed import local, understood, visible_lines
from afterlog.source import reopen
from afterlog.statement import plain
from afterlog.verify import NOTES, PSEUDONYMS, open_redactor
from afterlog.writing.footnotes import read_footnotes
from afterlog.writing.merging import CONFLICT, Merged, merge
from afterlog.writing.moved import facts_of, what_moved
from afterlog.writing.picture import draw
from afterlog.writing.redaction import Redactor
from afterlog.writing.render import DEFAULT, render

DRAFT: Final = "postmortem.md"
REPORT: Final = "report.html"
_PICTURE: Final = "failure-rate.svg"
_CHOICES: Final = ".draft/choices.json"
_FACTS: Final = ".draft/facts.json"


@dataclass(frozen=True, slots=True)
class Choices:
    """How a person wants the draft; None for as it was the last time, else the usual."""

    template: str | None = None
    objective: float | None = None
    redact: bool | None = None
    names: bool | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and what moved since the last time, in lines for a person."""

    draft: Path
    report: Path | None
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A draft as it will read, before any of it is written.

    ``name`` is its file in the case, ``new`` the text as inferred, ``merged`` with what a person wrote into it;
    ``foreign`` where a file of that name is there and not ours; ``told`` says what was merged.
    """

    draft: Draft
    redactor: Redactor
    chosen: Choices
    template: str
    name: str
    new: str
    merged: str
    told: tuple[str, ...]
    foreign: bool
    picture: str | None


def compose_draft(
    case: Case, findings: Findings, choices: Choices | None = None, *, with_picture: bool = True
) -> Composed:
    """Make the draft with what a person wrote in it; writes nothing. Without the picture, the last one is named."""
    before = _stored(case, _CHOICES)
    chosen = _chosen(choices or Choices(), before)
    redactor = open_redactor(case, redact=bool(chosen.redact), users=case.distinct("actor") if chosen.redact else ())
    zone = case.settings().display_zone
    picture = draw(findings, zone) if with_picture else None
    shown = _PICTURE if picture or (not with_picture and (case.folder / _PICTURE).is_file()) else None
    draft = make_draft(findings, zone, shown, objective=chosen.objective, names=bool(chosen.names))
    draft = _with_evidence(case, draft)
    template = chosen.template or DEFAULT
    new = render(draft, template, redactor)
    name = _file_for(template, before)
    foreign = (case.folder / name).is_file() and not (case.folder / ".draft" / name).is_file()
    merged, told = _merged(case, name, new, redactor, was_redacted=bool(before.get("redact")))
    return Composed(draft, redactor, chosen, template, name, new, merged, tuple(told), foreign, picture)


def write_draft(case: Case, findings: Findings, choices: Choices | None = None, *, report: bool = True) -> Written:
    """Write the draft, its picture and its report; what a person wrote in the draft is kept."""
    (case.folder / ".draft").mkdir(parents=True, exist_ok=True)
    before = _stored(case, _CHOICES)
    made = compose_draft(case, findings, choices)
    redactor, name, zone = made.redactor, made.name, case.settings().display_zone
    if made.picture is not None:
        case.write_text(_PICTURE, redactor.text(made.picture) if redactor.redact else made.picture)
    facts = facts_of(findings)
    told = [*what_moved(_stored(case, _FACTS), facts, zone), *made.told]
    _remember_notes(case, made.draft.findings.evidence.values(), made.new, redactor)
    if redactor.redact:
        case.write_text(PSEUDONYMS, _as_text(redactor.mapping()))
    case.write_text(f"{Path(name).stem}.new.md" if made.foreign else name, made.new if made.foreign else made.merged)
    if not made.foreign:
        case.write_text(f".draft/{name}", made.new)
    case.write_text(_FACTS, _as_text(facts))
    files = {**before.get("files", {}), name: made.template}
    remembered = {**asdict(made.chosen), "template": files.get(DRAFT, made.template), "files": files}
    case.write_text(_CHOICES, _as_text(remembered))
    (case.folder / ".postmortem.sha256").unlink(missing_ok=True)
    path = case.folder / (REPORT if name == DRAFT else f"{Path(name).stem}.html") if report else None
    if path:
        from afterlog.report import make_report  # noqa: PLC0415  only this needs a Markdown parser

        case.write_text(path.name, make_report(case, made.draft, made.merged, redactor, made.picture))
        if redactor.redact:
            case.write_text(PSEUDONYMS, _as_text(redactor.mapping()))
    return Written(case.folder / name, path, tuple(told))


def _chosen(choices: Choices, before: dict[str, Any]) -> Choices:
    """Fill what a person left open with what was chosen the last time."""
    given = {name: value for name, value in asdict(choices).items() if value is not None}
    kept = {name: before[name] for name in asdict(choices) if before.get(name) is not None}
    return Choices(**{**kept, **given})


def _file_for(template: str, before: dict[str, Any]) -> str:
    """Name the file: `DRAFT` belongs to the template it was first made with, each other one gets its own."""
    files: dict[str, str] = before.get("files", {})
    if files.get(DRAFT, template) == template:
        return DRAFT
    stem = Path(template).name.removesuffix(".j2").removesuffix(".md")
    return f"{stem}.md" if f"{stem}.md" != DRAFT else f"{stem}-own.md"


def _merged(case: Case, name: str, new: str, redactor: Redactor, *, was_redacted: bool) -> tuple[str, list[str]]:
    """Merge the new text with what a person made of the last one."""
    file, base_file = case.folder / name, case.folder / ".draft" / name
    if not file.is_file():
        return new, []
    mine = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    if not base_file.is_file():
        return mine, [
            f"{name} was not written by afterlog and is kept as it is; the new draft is {Path(name).stem}.new.md."
        ]
    base = base_file.read_text(encoding="utf-8")
    if redactor.redact and not was_redacted:
        base, mine = (_by_line(text, redactor.text) for text in (base, mine))
    elif was_redacted and not redactor.redact:
        base, mine = (_by_line(text, redactor.restore) for text in (base, mine))
    if mine == base:
        return new, []
    done = merge(base, mine, new)
    return done.text, [_counted(name, done)]


def _by_line(text: str, change: Any) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


def _counted(name: str, done: Merged) -> str:
    told = f"{name} was edited: {done.kept} of your changes kept; "
    told += f"{done.updated} lines updated, {done.added} added, {done.removed} removed"
    if done.conflicts:
        count = len(done.conflicts)
        told += f"; {count} conflict{'s' if count > 1 else ''}: look for “{CONFLICT}”"
    return told + "."


def _with_evidence(case: Case, draft: Draft) -> Draft:
    """Quote the lines that only the draft names, such as the one that would have set off an alert."""
    known = draft.findings.evidence
    wanted = {place for places in draft.places() for place in places} - known.keys()
    if not wanted:
        return draft
    quotes = Quotes(reopen(case.settings().inputs))
    quotes.fetch(wanted)
    more = {place: quotes.of(place) for place in sorted(wanted) if quotes.has(place)}
    return replace(draft, findings=replace(draft.findings, evidence={**known, **more}))


def _remember_notes(case: Case, evidence: Iterable[Evidence], text: str, redactor: Redactor) -> None:
    """Keep the hashes of all lines that drafts of this case ever cited, so that a kept sentence can be verified."""
    kept = {(item["source"], item["line"]): item for item in _stored(case, NOTES).get("notes", [])}
    by_place = {(item.source, item.line): item for item in evidence}
    for note in read_footnotes(text)[1].values():
        item = by_place.get((redactor.restore(note.source), note.line))
        if item:
            kept[item.source, item.line] = {
                "source": item.source,
                "line": item.line,
                "offset": item.offset,
                "hash": item.hash,
            }
    case.write_text(NOTES, _as_text({"notes": [kept[key] for key in sorted(kept)]}))


def _stored(case: Case, name: str) -> dict[str, Any]:
    file = case.folder / name
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError:
        return {}  # damaged by hand: as if it were the first time


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def summary(case: Case, findings: Findings, written: Written) -> str:
    """Say in a few lines what was found and what to do next."""
    zone = case.settings().display_zone
    lines = [understood(findings.ledgers), ""]
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    if not real and findings.rejected:
        lines.append(f"No outage, as a person decided in {case.folder / 'review.toml'}.")
    elif not real:
        lines.append("No outage found. If you know when it was, say so: --outage START..END")
    for outage in real:
        start = "before the logs begin" if outage.open_start else local(outage.first_us, zone)
        end = "after the logs end" if outage.open_end else local(outage.last_us, zone)
        what = outage.service or "stated by you"
        lines.append(f"Outage    {what}: {start} to {end} ({between(outage.first_us, outage.last_us)})")
        lines.append(f"Impact    {_impact(outage)}")
        ranking = findings.ranking(outage)
        said = chosen_words(ranking)
        if said:
            lines.append(f"Cause     {plain(said)}")
        elif ranking and ranking.suspects and ranking.verdict != "no-change-explains-it":
            cause = ranking.suspects[0]
            when = local(cause.change.start_us, zone)
            lines.append(f"Cause     {ranking.verdict} ({percent(cause.confidence)}): {cause.change.title}, {when}")
        else:
            lines.append("Cause     no change in these logs explains it")
        lines.append("")
    small = len(findings.outages) - len(real)
    lines += [f"Also seen: {small} blips or single-client errors (afterlog outages {case.folder})"] if small else []
    lines += _moved_lines(written.told)
    lines.append(f"Draft     {written.draft}")
    lines += [f"Report    {written.report}   (one file to share; opens in any browser)"] if written.report else []
    lines.append(f"Next      read it, then: afterlog timeline {case.folder} | causes | outages | sources")
    return visible_lines("\n".join(lines))


def _impact(outage: Outage) -> str:
    if outage.kind == "silence":
        return "no requests came" + "".join(f"; {note}" for note in outage.notes[:1])
    if not outage.requests:
        return "no requests in these logs tell it"
    share = f"{outage.failed:,} of {outage.requests:,} requests failed ({percent(outage.failure_rate)})"
    return f"{share}, {outage.clients:,} client addresses"


def _moved_lines(told: Sequence[str]) -> list[str]:
    return [f"{'Moved' if index == 0 else '':9} {line}" for index, line in enumerate(told)]
