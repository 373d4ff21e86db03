"""The program: its groups of commands, what all of them share, and how it ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from afterlog import __version__
from afterlog.errors import AfterlogError

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


parsers_app = typer.Typer(help="Log formats: list them, show one, explain a log, write your own.", no_args_is_help=True)


templates_app = typer.Typer(help="Show the templates of the draft.", no_args_is_help=True)
app.add_typer(parsers_app, name="parsers")
app.add_typer(templates_app, name="templates")


def main() -> None:
    """Run the command line; errors meant for people are printed without a traceback.

    ``--debug``, anywhere among the arguments, shows the traceback.
    """
    # numpy's OpenBLAS begins a thread per core, which spin while nothing asks for linear algebra: a tenth of a second
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(100_000, 20, 20)  # hundreds of modules and thousands of events, hardly a cycle among them
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
        from afterlog.statement import visible  # noqa: PLC0415

        print("\n".join(map(visible, f"afterlog: {error}".split("\n"))), file=sys.stderr)
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
