"""The options and arguments that several commands share: one name, one meaning, one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
