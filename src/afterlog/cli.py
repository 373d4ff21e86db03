"""The command line: the verbs of the library, tables for people, ``--json`` for programs, notes on stderr."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from afterlog import __version__
from afterlog.errors import AfterlogError, InputError

if TYPE_CHECKING:
    from afterlog.case import Case
    from afterlog.check import Report as CheckReport
    from afterlog.findings import Findings
    from afterlog.options import Options
    from afterlog.requests import Rules
    from afterlog.session import Choices

T = TypeVar("T")
_INTERRUPTED = 130

app = typer.Typer(
    name="afterlog",
    help="Point it at the logs an outage left behind: get the timeline, the outage, what changed, and a postmortem "
    "draft in which every sentence cites its log lines. Offline and deterministic.",
    epilog="Start with: afterlog run LOGS     (LOGS is a directory with one folder per host, e.g. web-01/var/log/…). "
    "--debug shows the traceback of an error.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
parsers_app = typer.Typer(help="Show the log formats that can be read.", no_args_is_help=True)
templates_app = typer.Typer(help="Show the templates of the draft.", no_args_is_help=True)
app.add_typer(parsers_app, name="parsers")
app.add_typer(templates_app, name="templates")

Logs = Annotated[
    list[str],
    typer.Argument(
        help="Directories or files of logs, best with one folder per host; archives are read in place; - is stdin.",
        show_default=False,
    ),
]
CasePath = Annotated[
    Path, typer.Argument(help="The case directory that `afterlog run` or `ingest` made.", show_default=False)
]
Out = Annotated[Path, typer.Option("-o", "--out", help="The case directory to write.")]
Tz = Annotated[
    str | None,
    typer.Option(
        "--tz",
        help="Zone of times that print none, and of the draft: Asia/Kolkata, UTC+05:30 … A printed offset always wins.",
        show_default=False,
    ),
]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone", metavar="GLOB=ZONE", help="The same for some hosts or paths (repeatable).", show_default=False
    ),
]
Year = Annotated[int | None, typer.Option(help="Year of the first line that prints none.", show_default=False)]
Clocks = Annotated[
    list[str] | None,
    typer.Option(
        "--clock",
        metavar="HOST=+90s",
        help="How far that host's clock was ahead; behind: -90s (repeatable). It wins over what is measured.",
        show_default=False,
    ),
]
Since = Annotated[str | None, typer.Option(help="Read nothing before this time.", show_default=False)]
Until = Annotated[str | None, typer.Option(help="Read nothing from this time on.", show_default=False)]
Include = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="Only these paths, names or folders.", show_default=False)
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="Not these paths, names or folders.", show_default=False)
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="GLOB=NAME",
        help="Read these files with this parser; or a log format: nginx='$remote_addr …', apache='%h …'.",
        show_default=False,
    ),
]
Fail = Annotated[
    str | None,
    typer.Option(
        "--fail",
        metavar="RULE",
        help="What counts as a failure: status>=500 or status==499; over status, duration, bytes, method, path, "
        "upstream, client, host, service.",
        show_default=False,
    ),
]
Services = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        metavar="GLOB=NAME",
        help="Call the service in these sources, or of this name, NAME (repeatable).",
        show_default=False,
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Threads that read; 0 for one per core.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Stated = Annotated[
    list[str] | None,
    typer.Option(
        "--outage",
        metavar="START..END",
        help="An outage you know of (repeatable; the end may be empty). It replaces the detected ones.",
        show_default=False,
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        "--template",
        help="Name of a template (see `afterlog templates list`) or a file of your own.",
        show_default="postmortem, or as the last time",
    ),
]
Slo = Annotated[
    float | None,
    typer.Option(
        "--slo", metavar="PERCENT", help="Share of requests that should succeed, such as 99.9.", show_default=False
    ),
]
Redact = Annotated[
    bool | None,
    typer.Option(
        "--redact/--no-redact", help="Addresses, users, e-mails, tokens by stable pseudonyms.", show_default=False
    ),
]
KeepNames = Annotated[
    bool | None,
    typer.Option("--names/--roles", help="Keep the names of accounts; else people are roles.", show_default=False),
]
Report = Annotated[bool, typer.Option("--report/--no-report", help="Write the HTML report.")]
Parsers = Annotated[
    list[Path] | None,
    typer.Option(
        "--parsers",
        help="A directory with parser files of your own (never one you analyse).",
        show_default=False,
    ),
]


def main() -> None:
    """Run the command line; errors meant for people are printed without a traceback.

    ``--debug``, anywhere among the arguments, shows the traceback.
    """
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly where the reader has seen enough, as head does
    try:
        app()
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            print("afterlog: interrupted; what was read of whole sources is kept for the next run.", file=sys.stderr)
        raise
    except AfterlogError as error:
        if debug:
            raise
        print(f"afterlog: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        told = f"{type(error).__name__}: {error}"
        print(f"afterlog: something went wrong that should not ({told}). Run it again with --debug.", file=sys.stderr)
        sys.exit(1)


def _version(value: bool) -> None:
    if value:
        print(f"afterlog {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="A file of options (TOML), else ./afterlog.toml: a table per command.", show_default=False),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    from afterlog.configuration import read_configuration  # noqa: PLC0415

    context.default_map = read_configuration(config)


# --- verbs --------------------------------------------------------------------------------------------------


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

    chosen = _options(tz, since, until, include, exclude, formats, zone, year, clock, jobs, parsers)
    case = _ingest(logs, out, chosen)
    findings = _analyse(case, outage, _rules(fail, service, anew=True), keep=True)
    written = write_draft(case, findings, _choices(template, slo, redact, names), report=report)
    if as_json:
        files = {"draft": str(written.draft), "report": str(written.report) if written.report else None}
        _print_json({**findings.outages_json(), **findings.causes_json(), **files, "moved": list(written.told)})
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
    case = _ingest(logs, out, _options(tz, since, until, include, exclude, formats, zone, year, clock, jobs, parsers))
    _show_sources(case, as_json, every=False)


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
    from afterlog.rates import rates as counted  # noqa: PLC0415

    found = counted(logs, _options(tz, since, until, include, exclude, formats, None, None, None, jobs, None))
    for path, reason in found.notes:
        print(f"{path}: {reason}", file=sys.stderr)
    _print_json(found.as_json()) if as_json else print("\n".join(found.lines_of_text()))


@app.command()
def sources(
    case: CasePath,
    every: Annotated[bool, typer.Option("--all", help="Also list the files that are no logs.")] = False,
    as_json: Json = False,
) -> None:
    """Say of every source who read it, its host and zone, and what became of its lines."""
    _show_sources(_open(case), as_json, every)


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

    opened = _open(case)
    chosen = "json" if as_json else str(form)
    wanted = Filter(since, until, tuple(host or ()), tuple(service or ()), tuple(kind or ()), grep)
    if events:
        write_events(opened, wanted, chosen, output)
    else:
        write_entries(_analyse(opened, None), wanted, chosen, opened.settings().display_zone, output)


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
    opened = _open(case)
    findings = _analyse(opened, outage, _rules(fail, service))
    zone = opened.settings().display_zone
    if explain is not None:
        _explain(findings, explain, zone, picture, as_json)
        return
    from afterlog.tables import outage_table  # noqa: PLC0415

    _print_json(findings.outages_json()) if as_json else print(outage_table(findings, zone))


def _explain(findings: Findings, identity: str, zone: str, picture: Path | None, as_json: bool) -> None:
    from afterlog import explain  # noqa: PLC0415

    if picture is not None:
        explain.write_picture(findings, identity, zone, picture)
    if as_json:
        _print_json(explain.explain_json(findings, identity))
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

    opened = _open(case)
    findings = _analyse(opened, outage, _rules(fail, service))
    zone = opened.settings().display_zone
    _print_json(findings.causes_json()) if as_json else print(cause_table(findings, zone, explain=explain))


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

    opened = _open(case)
    findings = _analyse(opened, outage)
    zone = opened.settings().display_zone
    _print_json(findings.messages_json()) if as_json else print(message_table(findings, zone, most))


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

    opened = _open(case)
    choices = _choices(template, slo, redact, names)
    written = write_draft(opened, _analyse(opened, outage, keep=True), choices, report=report)
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

    checked = check_footnotes(document, _open(case), tuple(logs or ()))
    _print_json(report_json(checked)) if as_json else print(told(document, checked))
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
    opened = None if case is None else _open(case)
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
        _print_json(report.as_json())
    elif form == "sarif":
        _print_json(sarif(report, name, __version__))
    elif form == "github":
        print(for_github(report, name))
    else:
        shown = set(Verdict) if every else {Verdict.CONTRADICTED, Verdict.WARNING}
        print(for_people(report, name, colour=sys.stdout.isatty(), verdicts=shown))


@parsers_app.command("list")
def parsers_list(parsers: Parsers = None, as_json: Json = False) -> None:
    """List the formats, with their kind and number of samples."""
    from afterlog.registry import registry  # noqa: PLC0415
    from afterlog.tables import aligned, parser_rows  # noqa: PLC0415

    rows = parser_rows(registry(tuple(parsers or ())))
    if as_json:
        names = ("name", "title", "reads", "samples", "url")
        _print_json({"parsers": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print(aligned(("NAME", "TITLE", "READS", "SAMPLES", "DOCUMENTATION"), rows))


@templates_app.command("list")
def templates_list(as_json: Json = False) -> None:
    """List the templates."""
    from afterlog.render import in_order, template_names, title_line  # noqa: PLC0415
    from afterlog.tables import aligned  # noqa: PLC0415

    rows = [(name, title_line(name)) for name in in_order(template_names())]
    if as_json:
        _print_json({"templates": [{"name": name, "title": title} for name, title in rows]})
    else:
        print(aligned(("NAME", "SHAPE"), rows))


@templates_app.command("show")
def templates_show(name: Annotated[str, typer.Argument(help="Name of the template.")]) -> None:
    """Print a template."""
    from afterlog.render import template_source  # noqa: PLC0415

    print(template_source(name), end="")


# --- shared -------------------------------------------------------------------------------------------------


def _choices(template: str | None, slo: float | None, redact: bool | None, names: bool | None) -> Choices:
    from afterlog.session import Choices  # noqa: PLC0415

    if slo is not None and not 0 < slo < 100:
        raise typer.BadParameter("give a percentage between 0 and 100, such as 99.9", param_hint="--slo")
    return Choices(template, round(slo / 100, 9) if slo is not None else None, redact, names)


def _open(folder: Path) -> Case:
    from afterlog.case import Case  # noqa: PLC0415

    return Case.open(folder)


def _options(
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
    from afterlog.options import Options  # noqa: PLC0415

    return Options(
        tz=tz, jobs=jobs, parser_folders=tuple(parsers or ()), since=since, until=until, include=tuple(include or ()),
        exclude=tuple(exclude or ()), formats=tuple(formats or ()), zones=tuple(zones or ()), year=year,
        clocks=tuple(clocks or ()),
    )  # fmt: skip


def _ingest(logs: Sequence[str], out: Path, options: Options) -> Case:
    from afterlog.ingestion import ingest as ingest_logs  # noqa: PLC0415

    with _progress("Reading logs") as advance:
        return ingest_logs(logs, out, options, advance)


def _analyse(case: Case, stated: Sequence[str] | None, rules: Rules | None = None, *, keep: bool = False) -> Findings:
    from afterlog.findings import analyse  # noqa: PLC0415

    with _progress("Looking for the outage and its cause"):
        findings = analyse(case, tuple(stated or ()), rules, keep=keep)
    if not stated and case.settings().outages:
        print(
            "The outages stated with --outage earlier are used; --outage auto goes back to detection.", file=sys.stderr
        )
    return findings


def _rules(fail: str | None, services: Sequence[str] | None, *, anew: bool = False) -> Rules | None:
    """Give the rules that were typed; None, unless anew, for those of the analysis before."""
    from afterlog.requests import DEFAULT_RULES, Rules  # noqa: PLC0415

    if fail is None and not services and not anew:
        return None
    return Rules(fail or DEFAULT_RULES.fail, tuple(services or ()))


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
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


def _show_sources(case: Case, as_json: bool, every: bool) -> None:
    from afterlog.tables import source_table, sources_json  # noqa: PLC0415

    ledgers = case.ledgers()
    _print_json(sources_json(ledgers)) if as_json else print(source_table(ledgers, every=every))


def _print_json(document: dict[str, Any]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
