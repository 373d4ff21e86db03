"""The commands that read logs: run, ingest, rates, sources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from afterlog.cli.options import (
    CasePath,
    Clocks,
    Exclude,
    Fail,
    Formats,
    Include,
    Jobs,
    Json,
    KeepNames,
    Logs,
    Out,
    Parsers,
    Redact,
    Report,
    Services,
    Since,
    Slo,
    Stated,
    Template,
    Tz,
    Until,
    Year,
    Zones,
)
from afterlog.cli.program import app
from afterlog.cli.shared import (
    analysed,
    choices_of,
    ingest_into,
    open_case,
    options_of,
    print_json,
    rules_of,
    show_sources,
)

if TYPE_CHECKING:
    pass


@app.command()
def run(
    logs: Logs,
    out: Out = Path("case"),
    tz: Tz = None,
    template: Template = None,
    outage: Stated = None,
    fail: Fail = None,
    service: Services = None,
    since: Since = None,
    until: Until = None,
    include: Include = None,
    exclude: Exclude = None,
    formats: Formats = None,
    zone: Zones = None,
    year: Year = None,
    clock: Clocks = None,
    jobs: Jobs = 0,
    parsers: Parsers = None,
    slo: Slo = None,
    redact: Redact = None,
    names: KeepNames = None,
    report: Report = True,
    as_json: Json = False,
) -> None:
    """Do everything: read the logs, find the outage and its cause, write the draft.

    Example: afterlog run logs/ --tz Asia/Kolkata -o case
    """
    from afterlog.session import summary, write_draft  # noqa: PLC0415

    chosen = options_of(tz, since, until, include, exclude, formats, zone, year, clock, jobs, parsers)
    case = ingest_into(logs, out, chosen)
    findings = analysed(case, outage, rules_of(fail, service, anew=True), keep=True)
    written = write_draft(case, findings, choices_of(template, slo, redact, names), report=report)
    if as_json:
        files = {"draft": str(written.draft), "report": str(written.report) if written.report else None}
        print_json({**findings.outages_json(), **findings.causes_json(), **files, "moved": list(written.told)})
    else:
        print(summary(case, findings, written))


@app.command()
def ingest(
    logs: Logs,
    out: Out = Path("case"),
    tz: Tz = None,
    since: Since = None,
    until: Until = None,
    include: Include = None,
    exclude: Exclude = None,
    formats: Formats = None,
    zone: Zones = None,
    year: Year = None,
    clock: Clocks = None,
    jobs: Jobs = 0,
    parsers: Parsers = None,
    as_json: Json = False,
) -> None:
    """Read logs into a case: the merged timeline as Parquet, and a ledger of every source.

    A second ingest into the same case reads only what is new or has grown.
    """
    case = ingest_into(
        logs, out, options_of(tz, since, until, include, exclude, formats, zone, year, clock, jobs, parsers)
    )
    show_sources(case, as_json, every=False)


@app.command()
def rates(
    logs: Logs,
    tz: Tz = None,
    since: Since = None,
    until: Until = None,
    include: Include = None,
    exclude: Exclude = None,
    formats: Formats = None,
    jobs: Jobs = 0,
    as_json: Json = False,
) -> None:
    """Print requests and failures (status 500 and above) per minute, straight from the files, without a case."""
    from afterlog.intake.rates import rates as counted  # noqa: PLC0415

    found = counted(logs, options_of(tz, since, until, include, exclude, formats, None, None, None, jobs, None))
    for path, reason in found.notes:
        print(f"{path}: {reason}", file=sys.stderr)
    print_json(found.as_json()) if as_json else print("\n".join(found.lines_of_text()))


@app.command()
def sources(
    case: CasePath,
    every: Annotated[bool, typer.Option("--all", help="Also list the files that are no logs.")] = False,
    as_json: Json = False,
) -> None:
    """Say of every source who read it, its host and zone, and what became of its lines."""
    show_sources(open_case(case), as_json, every)
