"""The commands about formats, for readers and authors of parsers, and those that show templates."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from afterlog.cli.options import Json, Parsers
from afterlog.cli.program import parsers_app, templates_app
from afterlog.cli.shared import print_json

if TYPE_CHECKING:
    from afterlog.registry import Registry


def _registry(folders: Sequence[Path] | None) -> Registry:
    """Give all parsers: built in, installed, of the folders named, and of the person's own folder."""
    from afterlog.plugins import trusted_folders  # noqa: PLC0415
    from afterlog.registry import registry  # noqa: PLC0415

    return registry(trusted_folders(folders or (), ()))


@parsers_app.command("list")
def parsers_list(parsers: Parsers = None, as_json: Json = False) -> None:
    """List the formats, with their kind and number of samples."""
    from afterlog.printed import aligned  # noqa: PLC0415
    from afterlog.tables import parser_rows  # noqa: PLC0415

    rows = parser_rows(_registry(parsers))
    if as_json:
        names = ("name", "title", "reads", "samples", "url")
        print_json({"parsers": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print(aligned(("NAME", "TITLE", "READS", "SAMPLES", "DOCUMENTATION"), rows))


@parsers_app.command("show")
def parsers_show(
    name: Annotated[str, typer.Argument(help="Name of a parser (see `afterlog parsers list`).", show_default=False)],
    parsers: Parsers = None,
    as_json: Json = False,
) -> None:
    """Show what a parser reads: its documentation, layouts, fields and what becomes of them, samples."""
    from afterlog.authoring.documentation import document_of  # noqa: PLC0415
    from afterlog.authoring.telling import shown_text  # noqa: PLC0415

    found = _registry(parsers)
    document = document_of(found[name], found)
    print_json(document) if as_json else print(shown_text(document))


@parsers_app.command("test")
def parsers_test(
    what: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A parser file of yours, or a parser's name.", show_default=False)
    ],
    parsers: Parsers = None,
    as_json: Json = False,
) -> None:
    """Run a parser's laws over its samples and say where matching stopped; exit 1 when one is broken.

    A file is executed: test no file that you would not run.
    """
    from afterlog.authoring.laws import judged  # noqa: PLC0415
    from afterlog.authoring.telling import verdict_document, verdict_text  # noqa: PLC0415
    from afterlog.plugins import Home, load_file, parsers_of  # noqa: PLC0415

    found = _registry(parsers)
    file = Path(what)
    if file.suffix == ".py":
        module = load_file(file)
        mine = parsers_of(module)
        found = found.with_parsers(mine, Home(what, module.__doc__ or "", "a file"))
    else:
        mine = (found[what],)
    verdicts = [judged(parser, found) for parser in mine]
    if as_json:
        print_json({"parsers": [verdict_document(verdict) for verdict in verdicts]})
    else:
        print("\n\n".join(verdict_text(verdict) for verdict in verdicts))
    if any(verdict.broken for verdict in verdicts):
        raise typer.Exit(1)


@parsers_app.command("explain")
def parsers_explain(
    log: Annotated[Path, typer.Argument(metavar="LOGFILE", help="One log.", show_default=False)],
    parsers: Parsers = None,
    as_json: Json = False,
) -> None:
    """Explain why a log is read as it is: who was asked, who claimed how much, what its first lines became."""
    from afterlog.authoring.explaining import explained  # noqa: PLC0415
    from afterlog.authoring.telling import explained_text  # noqa: PLC0415

    document = explained(log, _registry(parsers))
    print_json(document) if as_json else print(explained_text(document))


@parsers_app.command("new")
def parsers_new(
    name: Annotated[str, typer.Argument(help="Name of the format: a-z, 0-9 and dashes.", show_default=False)],
    log: Annotated[Path, typer.Option("--from", metavar="LOGFILE", help="A log to learn from.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The file to write.", show_default="the name with .py, in this directory"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    parsers: Parsers = None,
) -> None:
    """Write a first parser for a log: a layout, true samples from it, and what becomes of its fields."""
    from afterlog.authoring.skeleton import skeleton  # noqa: PLC0415
    from afterlog.authoring.telling import verdict_text  # noqa: PLC0415
    from afterlog.errors import InputError  # noqa: PLC0415

    file = out or Path(f"{name.replace('-', '_')}.py")
    if file.exists() and not force:
        raise InputError(f"{file}: is there already; choose another -o, or --force.")
    made = skeleton(name, log, _registry(parsers))
    try:
        file.write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror or error}).") from None
    print(f"{file}: reads {made.read:,} of the first {made.looked_at:,} lines of {log} as")
    print(f"  {made.layout}")
    print(verdict_text(made.verdict))
    print(
        f"Go on from here: say in it what the fields mean (docs/parsers.md), then: afterlog parsers test {file}",
        file=sys.stderr,
    )


@templates_app.command("list")
def templates_list(as_json: Json = False) -> None:
    """List the templates."""
    from afterlog.printed import aligned  # noqa: PLC0415
    from afterlog.writing.render import in_order, template_names, title_line  # noqa: PLC0415

    rows = [(name, title_line(name)) for name in in_order(template_names())]
    if as_json:
        print_json({"templates": [{"name": name, "title": title} for name, title in rows]})
    else:
        print(aligned(("NAME", "SHAPE"), rows))


@templates_app.command("show")
def templates_show(name: Annotated[str, typer.Argument(help="Name of the template.")]) -> None:
    """Print a template."""
    from afterlog.writing.render import template_source  # noqa: PLC0415

    print(template_source(name), end="")
