"""What the commands do alike: opening a case, reading, analysing, printing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from afterlog.case import Case
    from afterlog.findings import Findings
    from afterlog.intake.options import Options
    from afterlog.session import Choices
    from afterlog.traffic.requests import Rules


def choices_of(template: str | None, slo: float | None, redact: bool | None, names: bool | None) -> Choices:
    """Give what a person chose for the draft."""
    from afterlog.session import Choices  # noqa: PLC0415

    if slo is not None and not 0 < slo < 100:
        raise typer.BadParameter("give a percentage between 0 and 100, such as 99.9", param_hint="--slo")
    return Choices(template, round(slo / 100, 9) if slo is not None else None, redact, names)


def open_case(folder: Path) -> Case:
    """Open a case."""
    from afterlog.case import Case  # noqa: PLC0415

    return Case.open(folder)


def options_of(
    tz: str | None,
    since: str | None,
    until: str | None,
    include: Sequence[str] | None,
    exclude: Sequence[str] | None,
    formats: Sequence[str] | None,
    zones: Sequence[str] | None,
    year: int | None,
    clocks: Sequence[str] | None,
    jobs: int,
    parsers: Sequence[Path] | None,
) -> Options:
    """Give what a person chose for reading."""
    from afterlog.intake.options import Options  # noqa: PLC0415

    return Options(
        tz=tz, jobs=jobs, parser_folders=tuple(parsers or ()), since=since, until=until, include=tuple(include or ()),
        exclude=tuple(exclude or ()), formats=tuple(formats or ()), zones=tuple(zones or ()), year=year,
        clocks=tuple(clocks or ()),
    )  # fmt: skip


def ingest_into(logs: Sequence[str], out: Path, options: Options) -> Case:
    """Read logs into a case, with a progress bar."""
    from afterlog.ingestion import ingest as ingest_logs  # noqa: PLC0415

    with progress("Reading logs") as advance:
        return ingest_logs(logs, out, options, advance)


def analysed(case: Case, stated: Sequence[str] | None, rules: Rules | None = None, *, keep: bool = False) -> Findings:
    """Give the findings of a case; stated outages are remembered where ``keep`` says so."""
    from afterlog.analysis import analyse  # noqa: PLC0415

    with progress("Looking for the outage and its cause"):
        findings = analyse(case, tuple(stated or ()), rules, keep=keep)
    if findings.unknown:
        from afterlog.statement import visible  # noqa: PLC0415

        count = len(findings.unknown)
        told = f"{count} decision{'s are' if count > 1 else ' is'} about findings that are not there now (kept): "
        print(visible(told + ", ".join(findings.unknown)), file=sys.stderr)
    if not stated and case.settings().outages:
        print(
            "The outages stated with --outage earlier are used; --outage auto goes back to detection.", file=sys.stderr
        )
    return findings


def rules_of(fail: str | None, services: Sequence[str] | None, *, anew: bool = False) -> Rules | None:
    """Give the rules that were typed; None, unless anew, for those of the analysis before."""
    from afterlog.traffic.requests import DEFAULT_RULES, Rules  # noqa: PLC0415

    if fail is None and not services and not anew:
        return None
    return Rules(fail or DEFAULT_RULES.fail, tuple(services or ()))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr, where that is a terminal, for what takes over a second."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_sources(case: Case, as_json: bool, every: bool) -> None:
    """Print the ledger of all sources."""
    from afterlog.printed import source_table, sources_json  # noqa: PLC0415

    ledgers = case.ledgers()
    print_json(sources_json(ledgers)) if as_json else print(source_table(ledgers, every=every))


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
