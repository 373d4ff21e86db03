"""Why a log is read as it is: who was asked, who claimed how much, what became of its lines, and why not of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from afterlog.authoring.laws import why_refused
from afterlog.authoring.records import Made, made_of
from afterlog.claiming import Asked, Claim, may_begin
from afterlog.errors import InputError
from afterlog.intake.looking import asked_lines
from afterlog.parser import LearningParser, LineParser, Parser
from afterlog.registry import ENOUGH, Registry, is_inner
from afterlog.source import NotRead, Source, read_head, walk, why_no_log
from afterlog.sources.cleaning import cleaned, cleaning_of

_SHOWN: Final = 5  # records, and rejects, that are shown
_READ_BYTES: Final = 64 << 10
_TEXT: Final = 500


def explained(log: Path, parsers: Registry) -> dict[str, Any]:
    """Explain one log, as the document of ``parsers explain --json``.

    Raises:
        InputError: it is not there, cannot be read, or holds no text.

    """
    source = _source(log)
    head = read_head(source)
    reason = why_no_log(head)
    if reason is not None:
        raise InputError(f"{log}: {reason}.")
    cleaning = cleaning_of(head)
    lines = asked_lines(source, head, cleaning)
    asked = Asked(source.path, lines)
    claims = parsers.claims(source.path, lines)
    chosen = parsers.choose(source.path, lines)
    document: dict[str, Any] = {
        "log": str(log),
        "parser": chosen.name if chosen else None,
        "asked": _asked(parsers, asked, claims),
        "lines_asked": asked.count,
        "claims": [_claim(claim) for claim in claims],
        "why": _why(claims, chosen, parsers),
        "cleaning": sorted(cleaning),
    }
    text = cleaned(_whole_lines(head[:_READ_BYTES]), cleaning)
    if chosen is not None:
        reader = claims[0].parser if claims and claims[0].parser.name == chosen.name else chosen
        document |= _made(reader, made_of(reader, text, parsers))
        document["learned"] = _learned_layouts(chosen) if isinstance(parsers[chosen.name], LearningParser) else []
    return document


def _source(log: Path) -> Source:
    if log.is_dir():
        raise InputError(f"{log}: is a directory; name one log. (afterlog sources CASE shows who read which of many.)")
    found = list(walk([log]))
    first = found[0]
    if isinstance(first, NotRead):
        raise InputError(f"{log}: {first.reason}.")
    if len(found) > 1:
        raise InputError(f"{log}: is an archive of {len(found)} files; unpack it and name one of them.")
    return first


def _whole_lines(data: bytes) -> bytes:
    end = data.rfind(b"\n") + 1
    return data[:end] if end and len(data) >= _READ_BYTES else data


def _asked(parsers: Registry, asked: Asked, claims: list[Claim]) -> dict[str, list[str]]:
    """Sort the parsers by what became of asking them."""
    claimed = {claim.parser.name for claim in claims}
    alone = [parser for parser in parsers if not is_inner(parser) and not isinstance(parser, LearningParser)]
    could = {parser.name for parser in alone if may_begin(parser, asked)}
    return {
        "claimed": [parser.name for parser in alone if parser.name in claimed],
        "refused": [parser.name for parser in alone if parser.name in could - claimed],
        "other_beginning": [parser.name for parser in alone if parser.name not in could],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "parser": claim.parser.name,
        "lines": round(claim.own),
        "continued": round(claim.continued),
        "share": round(claim.share, 4),
        "literal": round(claim.literal, 1),
    }


def _why(claims: list[Claim], chosen: Parser | None, parsers: Registry) -> str:
    """Say by which part of the declared rule the winner won."""
    if chosen is None:
        most = f"; {claims[0].parser.name} understands the most, {claims[0].share:.0%}" if claims else ""
        return f"no parser understands {ENOUGH:.0%} of the lines, and no form of time was found to learn from{most}"
    if isinstance(parsers[chosen.name], LearningParser):
        most = f" (the most: {claims[1].parser.name}, {claims[1].share:.0%})" if len(claims) > 1 else ""
        return f"no known format understands {ENOUGH:.0%} of the lines{most}, so the form of the time was learned"
    first, second = claims[0], claims[1] if len(claims) > 1 else None
    if second is None:
        return "no other parser understands any of the lines"
    if first.own + first.continued / 2 > second.own + second.continued / 2:
        return f"it understands more of the lines than {second.parser.name} (a continuation line counts half)"
    return f"it understands as much as {second.parser.name}, but its layouts hold more literal text a line"


def _made(reader: Parser, made: Made) -> dict[str, Any]:
    return {
        "lines": made.lines,
        "events": len(made.records),
        "continuations": made.continuations,
        "rejects": len(made.rejects),
        "first_records": [_shortened(record) for record in made.records[:_SHOWN]],
        "first_rejects": [
            {
                "line": refused.line,
                "reason": refused.reason,
                "text": refused.text[:_TEXT].decode(errors="backslashreplace"),
                "stopped": list(why_refused(reader, refused.text)) if isinstance(reader, LineParser) else [],
            }
            for refused in made.rejects[:_SHOWN]
        ],
    }


def _shortened(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value[:_TEXT] if isinstance(value, str) else value for name, value in record.items()}


def _learned_layouts(parser: Parser) -> list[str]:
    return [layout.pattern for layout in parser.layouts] if isinstance(parser, LineParser) else []
