"""The commands about documents: draft, verify, check."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from afterlog import __version__
from afterlog.cli.options import (
    CasePath,
    Json,
    KeepNames,
    Redact,
    Report,
    Slo,
    Stated,
    Template,
)
from afterlog.cli.program import app
from afterlog.cli.shared import (
    analysed,
    choices_of,
    open_case,
    print_json,
)
from afterlog.errors import InputError

if TYPE_CHECKING:
    from afterlog.check import Report as CheckReport

T = TypeVar("T")


@app.command()
def draft(
    case: CasePath,
    template: Template = None,
    outage: Stated = None,
    slo: Slo = None,
    redact: Redact = None,
    names: KeepNames = None,
    report: Report = True,
) -> None:
    """Write the postmortem draft from a case; what a person wrote in it is kept.

    Example: afterlog draft case --slo 99.9 --template google-sre
    """
    from afterlog.session import write_draft  # noqa: PLC0415

    opened = open_case(case)
    choices = choices_of(template, slo, redact, names)
    written = write_draft(opened, analysed(opened, outage, keep=True), choices, report=report)
    print(written.draft, *([written.report] if written.report else []), sep="\n")
    print(*written.told, sep="\n", end="\n" if written.told else "", file=sys.stderr)


@app.command()
def verify(
    document: Annotated[Path, typer.Argument(help="The postmortem whose footnotes are checked.", show_default=False)],
    case: CasePath,
    logs: Annotated[
        list[Path] | None,
        typer.Option("--logs", help="Where the logs are now, if they have been moved.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Open every footnote of a postmortem again and compare it with the logs; exits 1 when one does not hold.

    Example: afterlog verify case/postmortem.md case
    """
    from afterlog.verify import all_hold, report_json, told  # noqa: PLC0415
    from afterlog.verify import verify as check_footnotes  # noqa: PLC0415

    checked = check_footnotes(document, open_case(case), tuple(logs or ()))
    print_json(report_json(checked)) if as_json else print(told(document, checked))
    if not all_hold(checked):
        raise typer.Exit(1)


class CheckFormat(StrEnum):
    """How ``check`` can print what it found."""

    PEOPLE = "people"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


@app.command()
def check(
    postmortem: Annotated[
        Path | None, typer.Argument(help="A postmortem that people wrote (Markdown); - for stdin.", show_default=False)
    ] = None,
    case: Annotated[
        Path | None, typer.Argument(help="A case: the postmortem is held against its logs too.", show_default=False)
    ] = None,
    form: Annotated[CheckFormat, typer.Option("--format", help="How to print it.")] = CheckFormat.PEOPLE,
    every: Annotated[bool, typer.Option("--all", help="Also what is supported, and what has no evidence.")] = False,
    disable: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Leave out this rule (repeatable).", show_default=False)
    ] = None,
    list_rules: Annotated[bool, typer.Option("--rules", help="List the rules.")] = False,
    explain: Annotated[str | None, typer.Option(metavar="RULE", help="Explain a rule.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Hold a postmortem against itself, and against the logs where a case is given; exit 1 on a contradiction."""
    from afterlog import check as checking  # noqa: PLC0415

    if explain is not None:
        print(_usage(lambda: checking.explain(explain)))
        return
    if list_rules:
        notes = ((rule, "   (with a case)" if rule.needs_case else "") for rule in checking.rules())
        print("\n".join(f"{rule.name:<16} {rule.title}{note}" for rule, note in notes))
        return
    if postmortem is None:
        raise typer.BadParameter("name the postmortem to check: afterlog check POSTMORTEM.md [case]")
    document = _usage(lambda: _document(postmortem))
    opened = None if case is None else open_case(case)
    report = _usage(lambda: checking.check(document, opened, frozenset(disable or ())))
    _print_report(report, str(postmortem), "json" if as_json else str(form), every)
    raise typer.Exit(1 if report.contradicted else 0)


def _usage(ask: Callable[[], T]) -> T:
    """Ask for something; what is wrong with the question is an error of usage (exit code 2)."""
    try:
        return ask()
    except InputError as error:
        print(f"afterlog: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


def _document(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}).") from None


def _print_report(report: CheckReport, name: str, form: str, every: bool) -> None:
    from afterlog.check import Verdict  # noqa: PLC0415
    from afterlog.check.render import for_github, for_people, sarif  # noqa: PLC0415

    if form == "json":
        print_json(report.as_json())
    elif form == "sarif":
        print_json(sarif(report, name, __version__))
    elif form == "github":
        print(for_github(report, name))
    else:
        shown = set(Verdict) if every else {Verdict.CONTRADICTED, Verdict.WARNING}
        print(for_people(report, name, colour=sys.stdout.isatty(), verdicts=shown))
