"""The commands that list formats and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from afterlog.cli.options import (
    Json,
    Parsers,
)
from afterlog.cli.program import parsers_app, templates_app
from afterlog.cli.shared import (
    print_json,
)

if TYPE_CHECKING:
    pass


@parsers_app.command("list")
def parsers_list(parsers: Parsers = None, as_json: Json = False) -> None:
    """List the formats, with their kind and number of samples."""
    from afterlog.registry import registry  # noqa: PLC0415
    from afterlog.tables import aligned, parser_rows  # noqa: PLC0415

    rows = parser_rows(registry(tuple(parsers or ())))
    if as_json:
        names = ("name", "title", "reads", "samples", "url")
        print_json({"parsers": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print(aligned(("NAME", "TITLE", "READS", "SAMPLES", "DOCUMENTATION"), rows))


@templates_app.command("list")
def templates_list(as_json: Json = False) -> None:
    """List the templates."""
    from afterlog.render import in_order, template_names, title_line  # noqa: PLC0415
    from afterlog.tables import aligned  # noqa: PLC0415

    rows = [(name, title_line(name)) for name in in_order(template_names())]
    if as_json:
        print_json({"templates": [{"name": name, "title": title} for name, title in rows]})
    else:
        print(aligned(("NAME", "SHAPE"), rows))


@templates_app.command("show")
def templates_show(name: Annotated[str, typer.Argument(help="Name of the template.")]) -> None:
    """Print a template."""
    from afterlog.render import template_source  # noqa: PLC0415

    print(template_source(name), end="")
