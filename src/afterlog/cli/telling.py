"""The commands that tell what was found: timeline, outages, causes, messages."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from afterlog.cli.options import (
    CasePath,
    Fail,
    Json,
    Services,
    Stated,
)
from afterlog.cli.program import app
from afterlog.cli.shared import (
    analysed,
    open_case,
    print_json,
    rules_of,
)

if TYPE_CHECKING:
    from afterlog.findings import Findings


class TimelineFormat(StrEnum):
    """What ``timeline`` can write."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TIMESKETCH_CSV = "timesketch-csv"
    TIMESKETCH_JSONL = "timesketch-jsonl"


@app.command()
def timeline(
    case: CasePath,
    events: Annotated[bool, typer.Option("--events", help="The raw events instead of the inferred timeline.")] = False,
    since: Annotated[str | None, typer.Option(help="Not before this time.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.", show_default=False)] = None,
    host: Annotated[list[str] | None, typer.Option(help="Only this host (repeatable).", show_default=False)] = None,
    service: Annotated[
        list[str] | None, typer.Option(help="Only this service (repeatable).", show_default=False)
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind: request, log, change (repeatable).", show_default=False),
    ] = None,
    grep: Annotated[
        str | None,
        typer.Option(help="Only events whose text matches this regular expression (RE2).", show_default=False),
    ] = None,
    form: Annotated[TimelineFormat, typer.Option("--format", help="How to write it.")] = TimelineFormat.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what happened, in order, each entry with its lines; or list the merged events."""
    from afterlog.export import Filter, write_entries, write_events  # noqa: PLC0415

    opened = open_case(case)
    chosen = "json" if as_json else str(form)
    wanted = Filter(since, until, tuple(host or ()), tuple(service or ()), tuple(kind or ()), grep)
    if events:
        write_events(opened, wanted, chosen, output)
    else:
        write_entries(analysed(opened, None), wanted, chosen, opened.settings().display_zone, output)


@app.command()
def outages(
    case: CasePath,
    outage: Stated = None,
    fail: Fail = None,
    service: Services = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ID", help="Say how this one was found.", show_default=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="With --explain: draw it into this SVG.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show when services left their usual failure rate: start and end as intervals, phases, how many failed."""
    opened = open_case(case)
    findings = analysed(opened, outage, rules_of(fail, service))
    zone = opened.settings().display_zone
    if explain is not None:
        _explain(findings, explain, zone, picture, as_json)
        return
    from afterlog.tables import outage_table  # noqa: PLC0415

    print_json(findings.outages_json()) if as_json else print(outage_table(findings, zone))


def _explain(findings: Findings, identity: str, zone: str, picture: Path | None, as_json: bool) -> None:
    from afterlog import explain  # noqa: PLC0415

    if picture is not None:
        explain.write_picture(findings, identity, zone, picture)
    if as_json:
        print_json(explain.explain_json(findings, identity))
    else:
        print(explain.explain(findings, identity, zone))


@app.command()
def causes(
    case: CasePath,
    outage: Stated = None,
    fail: Fail = None,
    service: Services = None,
    explain: Annotated[bool, typer.Option("--explain", help="Name every term, its lines, and the arithmetic.")] = False,
    as_json: Json = False,
) -> None:
    """Rank the changes that may have triggered each outage, with the evidence for and against; and the alibis."""
    from afterlog.tables import cause_table  # noqa: PLC0415

    opened = open_case(case)
    findings = analysed(opened, outage, rules_of(fail, service))
    zone = opened.settings().display_zone
    print_json(findings.causes_json()) if as_json else print(cause_table(findings, zone, explain=explain))


@app.command()
def messages(
    case: CasePath,
    outage: Stated = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Kinds of messages shown of each trend.")] = 10,
    as_json: Json = False,
) -> None:
    """Show what programs said around each outage: which messages were new, which grew, stopped, or stayed as they were.

    Messages that differ only in numbers, names and quotations count as one kind. A message never said before that
    begins with the outage is evidence; one that was said as often before is noise.
    """
    from afterlog.tables import message_table  # noqa: PLC0415

    opened = open_case(case)
    findings = analysed(opened, outage)
    zone = opened.settings().display_zone
    print_json(findings.messages_json()) if as_json else print(message_table(findings, zone, most))


class SqlFormat(StrEnum):
    """What ``sql`` can write."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


@app.command()
def sql(
    case: CasePath,
    question: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL; - reads it from stdin.")],
    form: Annotated[SqlFormat, typer.Option("--format", help="How to write it.")] = SqlFormat.TABLE,
    as_json: Json = False,
) -> None:
    """Ask the case a question in SQL. Tables: events, sources, rejects, copies, signals, timeline, outages, changes.

    Example: afterlog sql case "select host, status, count(*) n from events where kind = 'request' group by all"
    (the columns: afterlog sql case "describe events")
    """
    from afterlog.export import write_answer  # noqa: PLC0415
    from afterlog.sql import ask  # noqa: PLC0415

    text = sys.stdin.read() if question == "-" else question
    with ask(open_case(case), text) as answer:
        write_answer(answer, "json" if as_json else str(form))
