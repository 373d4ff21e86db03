"""A first parser for a format, written from a log: a file that passes its laws at once, for a person to go on from."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from afterlog.authoring.laws import Verdict, judged
from afterlog.authoring.proposing import Proposal, proposed
from afterlog.authoring.records import made_of
from afterlog.errors import InputError
from afterlog.intake.looking import asked_lines
from afterlog.parser import LineParser, Lines, Parser
from afterlog.plugins import Home, load_file, parsers_of
from afterlog.registry import ENOUGH, Registry
from afterlog.source import NotRead, read_head, walk, why_no_log
from afterlog.sources.cleaning import cleaned, cleaning_of

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_READ_BYTES: Final = 64 << 10
_LINES: Final = 200
_SAMPLE_BYTES: Final = 2_000
_UNSAID: Final = frozenset({"parser", "line", "kind", "request"})


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A parser file as text, the log's lines that it reads of those looked at, and what its laws said."""

    text: str
    layout: str
    read: int
    looked_at: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Sample:
    text: bytes
    line: int
    expect: dict[str, Any]


def skeleton(name: str, log: Path, parsers: Registry) -> Skeleton:
    """Write a parser for the format of a log.

    Raises:
        InputError: the name is not usable, the log holds no text or no times, or a parser reads it already and surer.

    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r}: a parser's name is written with a-z, 0-9 and dashes, such as my-proxy.")
    if any(parser.name == name for parser in parsers):
        raise InputError(f"{name!r}: a parser of this name is there already (afterlog parsers show {name}).")
    data, texts = _read(log)
    filled = [line for line in texts if line.strip()]
    try:
        proposals = [proposed(filled), proposed(filled, narrow=True)]
    except InputError as error:
        raise InputError(f"{log}: {error}") from None
    tries = [_tried(name, log, proposal, data, texts, parsers) for proposal in dict.fromkeys(proposals)]
    best = next((made for made in tries if not made.verdict.broken), tries[0])
    for broken in best.verdict.broken:
        if broken.other is not None and broken.other in _readers(log, data, parsers):
            raise InputError(_read_already(log, parsers[broken.other], best.layout))
    return best


def _tried(name: str, log: Path, proposal: Proposal, data: bytes, texts: list[bytes], parsers: Registry) -> Skeleton:
    """Write the file of a proposal and run its laws."""
    draft = _loaded(name, _written(name, proposal, log.name, [_Sample(b"x", 1, {})]))  # run to see what it gives
    made = made_of(draft, data, parsers)
    if not made.records:
        raise InputError(f"{log}: the layout found, {proposal.pattern}, reads none of its lines; see docs/parsers.md.")
    samples = [
        _Sample(texts[at - 1], at, _expected(draft, texts[at - 1], parsers)) for at in _chosen(made.records, texts)
    ]
    text = _written(name, proposal, log.name, samples)
    finished = _loaded(name, text)
    everyone = parsers.with_parsers([finished], Home(str(log), "", "new"))
    _must_win(finished, log, data, everyone)
    return Skeleton(text, proposal.pattern, len(made.records), made.lines, judged(finished, everyone))


def _readers(log: Path, data: bytes, parsers: Registry) -> set[str]:
    """Name the parsers that read this log already."""
    return {claim.parser.name for claim in parsers.claims(log.name, Lines.of(data)) if claim.share >= ENOUGH}


def _read_already(log: Path, other: Parser, layout: str) -> str:
    return (
        f"{log}: {other.name} reads it already ({other.title}), and the layout found here ({layout}) is not narrower. "
        f"Look at it with: afterlog parsers explain {log}"
    )


def _read(log: Path) -> tuple[bytes, list[bytes]]:
    """Give the first lines of a log, as text and one by one."""
    if log.is_dir():
        raise InputError(f"{log}: is a directory; name one log.")
    source = next(iter(walk([log])))
    if isinstance(source, NotRead):
        raise InputError(f"{log}: {source.reason}.")
    head = read_head(source)
    reason = why_no_log(head)
    if reason is not None:
        raise InputError(f"{log}: {reason}.")
    asked = asked_lines(source, head[:_READ_BYTES], cleaning_of(head))
    lines = Lines.of(cleaned(head[:_READ_BYTES], cleaning_of(head)))
    texts = [lines.bytes(row) for row in range(min(len(asked), len(lines), _LINES))]
    return b"\n".join(texts) + b"\n", texts


def _chosen(records: tuple[dict[str, Any], ...], texts: list[bytes]) -> list[int]:
    """Choose up to four lines that differ: the first of each severity or status, and the last."""
    kinds: dict[tuple[Any, ...], int] = {}
    for record in [*records, records[-1]]:
        if len(texts[record["line"] - 1]) <= _SAMPLE_BYTES:
            kinds.setdefault((record.get("severity"), record.get("status")), record["line"])
    lines = sorted(kinds.values())[:3]
    last = records[-1]["line"]
    if last not in lines and len(texts[last - 1]) <= _SAMPLE_BYTES:
        lines.append(last)
    return lines or [records[0]["line"]]


def _expected(parser: LineParser, text: bytes, parsers: Registry) -> dict[str, Any]:
    record = made_of(parser, text, parsers).records[0]
    ordered = {"time": record["time"]} | {name: value for name, value in record.items() if name != "time"}
    return {name: value for name, value in ordered.items() if name not in _UNSAID}


def _must_win(parser: LineParser, log: Path, data: bytes, parsers: Registry) -> None:
    claims = parsers.claims(log.name, Lines.of(data))
    mine = next((claim for claim in claims if claim.parser.name == parser.name), None)
    if mine is not None and claims[0].parser.name == parser.name and mine.share >= ENOUGH:
        return
    if mine is None or mine.share < ENOUGH:
        share = f"{mine.share:.0%}" if mine else "none"
        raise InputError(
            f"{log}: its lines have too many shapes for one layout: {parser.layouts[0].pattern} reads {share} of them. "
            "Write a layout for each shape, see docs/parsers.md."
        )
    raise InputError(_read_already(log, claims[0].parser, parser.layouts[0].pattern))


def _loaded(name: str, text: str) -> LineParser:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name.replace('-', '_')}.py"
        file.write_text(text, encoding="utf-8")
        (parser,) = parsers_of(load_file(file))
    if not isinstance(parser, LineParser):
        raise InputError(f"{name}: the file written declares no LineParser")
    return parser


# --- the file -----------------------------------------------------------------------------------------------


def _written(name: str, proposal: Proposal, log: str, samples: list[_Sample]) -> str:
    title = name.replace("-", " ").capitalize()
    shown = "".join(_sample(one, log) for one in samples)
    meaning = "    meaning=_meaning,\n" if proposal.keys or proposal.form else ""
    continues = (
        "    continues=True,  # lines without a time belong to the record above, such as stack traces\n"
        if proposal.continues
        else ""
    )
    return (
        f'"""{title}: say here what writes it, and what its traps are (a time without zone, lines that run on …).\n\n'
        'https://example.org/say-where-it-is-documented\n"""\n\n'
        f"{_imports(proposal)}\n{_constants(proposal)}\n"
        "PARSER = LineParser(\n"
        f'    name="{name}",\n'
        f'    title="{title}",\n'
        '    url="https://example.org/say-where-it-is-documented",\n'
        f"    kind=Kind.{'REQUEST' if proposal.request else 'LOG'},\n"
        f"    layouts=(Layout({proposal.pattern!r}),),\n"
        f"{continues}{meaning}"
        f"    samples=(\n{shown}    ),\n)\n"
    )


def _imports(proposal: Proposal) -> str:
    if proposal.keys:
        columns = dict(proposal.keys)
        more = ", severity_of" if "level" in columns else ""
        rows = ["read_json_rows"]
        rows += ["statuses"] if "status" in columns else []
        rows += ["whole_numbers"] if "bytes" in columns else []
        return (
            "from collections.abc import Mapping\nfrom typing import Any\n\nimport numpy as np\n\n"
            f"from afterlog.formats.json_rows import {', '.join(rows)}\n"
            "from afterlog.parser import "
            f"COLUMNS, Column, Kind, Layout, LineParser, Match, Sample{more}, times_of_column\n"
        )
    if proposal.form:
        return (
            "from collections.abc import Mapping\nfrom typing import Any\n\n"
            "from afterlog.parser import Column, Form, Kind, Layout, LineParser, Match, Sample, stamped\n"
        )
    return "from afterlog.parser import Kind, Layout, LineParser, Sample\n"


def _constants(proposal: Proposal) -> str:
    if proposal.keys:
        return _json_meaning(dict(proposal.keys))
    if not proposal.form:
        return ""
    until = f", until={proposal.until!r}" if proposal.until else ""
    return (
        "# The form of its times; the letters are explained in afterlog.layout.times.\n"
        f"_STAMP = Form({proposal.form!r}, {proposal.form!r})\n\n\n"
        "def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:\n"
        f"    return stamped(match, _STAMP, field={proposal.begins!r}{until})\n\n"
    )


def _json_meaning(keys: dict[str, str]) -> str:
    time = keys.pop("time")
    level = keys.pop("level", None)
    table = "".join(f"    {column!r}: {key!r},\n" for column, key in keys.items())
    used = ", ".join(repr(key) for key in sorted({time, *keys.values(), *([level] if level else [])}))
    lines = [
        "# Event columns, and the keys that tell them; all other keys become fields under their own names.",
        f"_KEYS = {{\n{table}}}",
        f"_USED = frozenset({{{used}}})",
        "",
        "",
        "def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:",
        "    rows = read_json_rows(match.lines.select(match.rows))",
        f"    if {time!r} not in rows.columns:",
        '        return {"refused": np.ones(len(match), bool)}',
        f"    times, known = times_of_column(rows.columns[{time!r}])",
        "    rest = {name: column for name, column in rows.columns.items() if name not in _USED}",
        '    columns = {f"{name}_" if name in COLUMNS else name: column for name, column in rest.items()}',
        "    columns |= {name: rows.columns[key] for name, key in _KEYS.items() if key in rows.columns}",
        *_guarded(keys),
        *(
            [
                f"    if {level!r} in rows.columns:",
                f'        columns["severity"] = severity_of(rows.columns[{level!r}])',
            ]
            if level
            else []
        ),
        '    return {**columns, "time": times, "refused": ~(rows.valid & known)}',
    ]
    return "\n".join(lines) + "\n\n"


def _guarded(keys: dict[str, str]) -> list[str]:
    """Write what keeps a number's column a number, whatever a line says there."""
    readers = {"status": "statuses", "bytes": "whole_numbers"}
    return [
        line
        for column, reader in readers.items()
        if column in keys
        for line in (f"    if {column!r} in columns:", f"        columns[{column!r}] = {reader}(columns[{column!r}])")
    ]


def _sample(sample: _Sample, log: str) -> str:
    expect = "".join(f"                {name!r}: {value!r},\n" for name, value in sample.expect.items())
    return (
        f"        Sample(\n            {sample.text!r},\n            {{\n{expect}            }},\n"
        f"            origin={f'{log}, line {sample.line}'!r},\n        ),\n"
    )
