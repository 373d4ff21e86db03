"""The commands of the review: a page in the browser, and the same decisions from the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from afterlog.cli.options import Json, Template
from afterlog.cli.program import app
from afterlog.cli.shared import analysed, open_case, print_json
from afterlog.errors import InputError

_NO_CASE = Path()


class _Review(TyperGroup):
    """``review CASE [COMMAND]``; only ``review merge A B`` is about files and names no case."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the case first, unless there is none to take; the options of ``review`` may stand behind it."""
        if args[:1] == ["merge"]:
            return super().parse_args(ctx, [str(_NO_CASE), *args])
        if args and not args[0].startswith("-"):
            valued = ("--port", "--template")
            plain = (n for n in range(1, len(args)) if not args[n].startswith("-") and args[n - 1] not in valued)
            command = next(plain, len(args))
            args = [*args[1:command], args[0], *args[command:]]
        return super().parse_args(ctx, args)


review_app = typer.Typer(
    cls=_Review,
    help="Correct what was inferred: in the browser (review CASE), or with the commands below. Decisions stand in "
    "CASE/review.toml, survive every re-run, and can be edited and shared as a file.",
    epilog="Examples: afterlog review case     afterlog review case --list     "
    "afterlog review case reject change-a58c --because 'staging only'",
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] …",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(review_app, name="review")

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a finding; its first letters are enough.")]
Because = Annotated[str | None, typer.Option(help="Why.", show_default=False)]
Note = Annotated[str | None, typer.Option(help="A remark to go with it.", show_default=False)]


@review_app.callback()
def review(
    context: typer.Context,
    case: Annotated[Path, typer.Argument(help="The case directory.", show_default=False)],
    listing: Annotated[bool, typer.Option("--list", help="List the findings and what was decided.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    template: Template = None,
    as_json: Json = False,
) -> None:
    """Take the case; without a command, open the page."""
    context.obj = case
    if context.invoked_subcommand is not None:
        return
    opened = open_case(case)
    if listing or as_json:
        from afterlog.tables import review_table  # noqa: PLC0415

        findings = analysed(opened, None)
        if as_json:
            print_json({**findings.review.as_json(), "unknown": list(findings.unknown)})
        else:
            print(review_table(findings, opened.settings().display_zone))
        return
    from afterlog.server import serve  # noqa: PLC0415

    serve(case, port=port, open_browser=browser, template=template)


@review_app.command()
def accept(context: typer.Context, identity: Id, because: Because = None, note: Note = None) -> None:
    """Mark a finding as right."""
    _act(context, {"action": "accept", "id": identity, "because": because, "note": note})


@review_app.command()
def reject(context: typer.Context, identity: Id, because: Because = None, note: Note = None) -> None:
    """Take a finding out: an outage that was none, a change that did not happen, an entry that misleads."""
    _act(context, {"action": "reject", "id": identity, "because": because, "note": note})


@review_app.command()
def edit(
    context: typer.Context,
    identity: Id,
    start: Annotated[str | None, typer.Option(help="When it began; '' for as inferred.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option(help="When it ended; '' for as inferred.", show_default=False)] = None,
    text: Annotated[str | None, typer.Option(help="What it was; '' for as inferred.", show_default=False)] = None,
    because: Because = None,
    note: Note = None,
) -> None:
    """Set the times or the words of a finding.

    Example: afterlog review case edit outage-1991 --start 11:14:30 --because "first report by phone"
    """
    given = {"start": start, "end": end, "text": text}
    change = {name: value for name, value in given.items() if value is not None}
    _act(context, {"action": "edit", "id": identity, "because": because, "note": note, **change})


@review_app.command()
def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What happened.", show_default=False)],
    at: Annotated[str, typer.Option(help="When; in the case's zone where it names none.", show_default=False)],
    until: Annotated[str | None, typer.Option(help="Until when.", show_default=False)] = None,
    host: Annotated[str | None, typer.Option(help="On which host.", show_default=False)] = None,
    service: Annotated[str | None, typer.Option(help="Which service.", show_default=False)] = None,
    note: Note = None,
) -> None:
    """Add an entry to the timeline that no log tells."""
    _act(context, {"action": "add", "text": text, "at": at, "until": until, "host": host, "service": service,
                   "note": note})  # fmt: skip


@review_app.command()
def choose(
    context: typer.Context,
    outage: Id,
    cause: Annotated[str, typer.Argument(help="Id of a change; none: no change was it; '': as ranked.")],
    because: Because = None,
) -> None:
    """Say what triggered an outage."""
    _act(context, {"action": "choose", "id": outage, "cause": cause, "because": because})


@review_app.command()
def note(context: typer.Context, identity: Id, text: Annotated[str, typer.Argument(help="The remark.")]) -> None:
    """Put a remark to a finding."""
    _act(context, {"action": "note", "id": identity, "note": text})


@review_app.command()
def pin(context: typer.Context, identity: Id) -> None:
    """Keep a change or an entry in the timeline, however full it is."""
    _act(context, {"action": "pin", "id": identity})


@review_app.command()
def unpin(context: typer.Context, identity: Id) -> None:
    """Take a pin back."""
    _act(context, {"action": "unpin", "id": identity})


@review_app.command()
def hide(context: typer.Context, identity: Id) -> None:
    """Leave a change or an entry out of the timeline, without calling it wrong."""
    _act(context, {"action": "hide", "id": identity})


@review_app.command()
def show(context: typer.Context, identity: Id) -> None:
    """Show again what was hidden."""
    _act(context, {"action": "show", "id": identity})


@review_app.command()
def remove(context: typer.Context, identity: Id) -> None:
    """Delete an entry that a person added."""
    _act(context, {"action": "remove", "id": identity})


@review_app.command()
def clear(context: typer.Context, identity: Id) -> None:
    """Forget everything that was decided about a finding."""
    _act(context, {"action": "clear", "id": identity})


@review_app.command()
def merge(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="ID|FILE", help="The finding, or the first review.toml.")],
    other: Annotated[str, typer.Argument(metavar="INTO|FILE", help="Into which, or the second review.toml.")],
    base: Annotated[Path | None, typer.Option(help="Files: the review.toml that both began with.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Files: write here instead of stdout.")] = None,
) -> None:
    """Merge a finding into another that is the same thing (review CASE merge ID INTO), or two people's files.

    Example: afterlog review merge mine.toml theirs.toml -o case/review.toml     exits 1 where they disagree
    """
    if context.obj != _NO_CASE:
        _act(context, {"action": "merge", "id": one, "into": other})
        return
    from afterlog.review.merging import merge_reviews  # noqa: PLC0415

    ours, theirs = (_text_of(Path(name)) for name in (one, other))
    merged, conflicts = merge_reviews(ours, theirs, _text_of(base) if base else None, (one, other))
    if out is None:
        sys.stdout.write(merged)
    else:
        _write(out, merged)
    for conflict in conflicts:
        print(conflict, file=sys.stderr)
    if conflicts:
        raise typer.Exit(1)


def _act(context: typer.Context, action: dict[str, Any]) -> None:
    from afterlog.review import ReviewFile  # noqa: PLC0415

    case = open_case(context.obj)
    if not (case.folder / "findings.json").is_file():
        analysed(case, None)
    before = ReviewFile(case.folder).text()
    ReviewFile(case.folder).act({key: value for key, value in action.items() if value is not None})
    if ReviewFile(case.folder).text() == before:
        print("Nothing changed.", file=sys.stderr)
        return
    analysed(case, None)
    print(f"Written to {case.folder / 'review.toml'}; afterlog draft {case.folder} brings it into the draft.")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from None


def _write(file: Path, text: str) -> None:
    from afterlog.case import Case  # noqa: PLC0415

    target = file.resolve()
    Case(target.parent).write_text(target.name, text)
