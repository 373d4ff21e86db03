"""Rendering: a draft through a template; footnotes get their numbers in the order in which the template cites them.

Templates calculate nothing: they print what the draft holds, through the functions of `page`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import jinja2
import jinja2.sandbox

from afterlog.draft import Draft
from afterlog.errors import TemplateError
from afterlog.outages import percent
from afterlog.writing.page import Page, code_span, escape, in_cell
from afterlog.writing.redaction import Redactor

__all__ = ["DEFAULT", "code_span", "escape", "render", "template_names", "template_source", "title_line"]

DEFAULT: Final = "postmortem"
_SUFFIX: Final = ".md.j2"


class _Strict(jinja2.StrictUndefined):
    """What does not exist: the error says what does."""

    @property
    def _undefined_message(self) -> str:
        message = super()._undefined_message
        there = _names_of(self._undefined_obj)
        return f"{message}; there are: {', '.join(there)}" if there else message


def _names_of(thing: Any) -> list[str]:
    if thing is jinja2.utils.missing:
        return sorted(("draft", *_FUNCTIONS))
    if isinstance(thing, dict):
        return sorted(map(str, thing))
    return sorted(field.name for field in fields(thing)) if is_dataclass(thing) else []


def _environment(page: Page, extra: Path | None) -> jinja2.Environment:
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(lambda name: _load(name, extra)),
        undefined=_Strict,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Markdown: ``finalize`` makes whatever is printed inert in it
        finalize=page.shown,
    )
    environment.filters |= {
        "md": page.md, "say": page.say, "cite": page.notes.cite, "code": page.code, "cell": page.cell,
        "pipe": in_cell, "percent": percent, "count": lambda number: f"{number:,}", "listed": ", ".join,
    }  # fmt: skip
    return environment


_FUNCTIONS: Final = ("date", "moment", "notes", "quote", "time", "where", "zone_name")


def render(draft: Draft, template: str = DEFAULT, redactor: Redactor | None = None) -> str:
    """Render a draft as Markdown.

    Args:
        draft: what to tell.
        template: the name of a template that ships with afterlog, or the path of one's own.
        redactor: masks secrets and gives pseudonyms; without one, secrets alone are masked.

    Raises:
        TemplateError: there is no such template, or it asks for something that does not exist.

    """
    own = _own(template)
    page = Page(draft, redactor)
    environment = _environment(page, own)
    functions = {
        "time": page.clock.time, "date": page.clock.date, "moment": page.moment, "zone_name": page.clock.name,
        "notes": page.notes.listed, "quote": page.notes.quote, "where": page.notes.where,
    }  # fmt: skip
    name = own.name if own else f"{template}{_SUFFIX}"
    try:
        text = environment.get_template(name).render(draft=draft, **functions)
    except jinja2.TemplateNotFound as error:
        missing = str(error.name).removesuffix(_SUFFIX)
        raise TemplateError(f"no template is named {missing!r}; there are: {', '.join(template_names())}") from None
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or template}:{error.lineno}: {_explained(error, environment)}") from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateError(f"{_line_of(error.__traceback__, template)}: {error}") from error
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _own(template: str) -> Path | None:
    """Tell whether a template is a file of the user's own: it has a folder or an ending in its name."""
    path = Path(template)
    if path.suffix not in (".j2", ".jinja", ".jinja2", ".md") and "/" not in template and "\\" not in template:
        return None
    if not path.is_file():
        raise TemplateError(
            f"{template}: no such file; give the path of a template, or one of: {', '.join(template_names())}"
        )
    return path


def _explained(error: jinja2.TemplateSyntaxError, environment: jinja2.Environment) -> str:
    message = str(error.message)
    if "No filter named" in message:
        ours = sorted(set(environment.filters) - set(jinja2.Environment(autoescape=True).filters))
        return f"{message} There are: {', '.join(ours)}, and those of Jinja."
    return message


def _line_of(traceback: TracebackType | None, template: str) -> str:
    """Find the line of the template in which an error arose: the innermost frame that is a template's."""
    found = template
    while traceback:
        frame = traceback.tb_frame
        if "__jinja_template__" in frame.f_globals or frame.f_code.co_filename.endswith(
            (".j2", ".jinja", ".jinja2", ".md")
        ):
            found = f"{frame.f_code.co_filename}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found


def template_names() -> list[str]:
    """Name the templates at hand."""
    names = (item.name for item in files("afterlog.templates").iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def template_source(name: str) -> str:
    """Give the text of a template.

    Raises:
        TemplateError: there is none of this name.

    """
    loaded = _load(f"{name}{_SUFFIX}", None)
    if loaded is None:
        raise TemplateError(f"no template is named {name!r}; there are: {', '.join(template_names())}")
    return loaded[0]


def title_line(name: str) -> str:
    """Give what a template says of itself: the comment in its first line."""
    found = re.match(r"\{#-?\s*(.*?)\s*-?#\}", template_source(name), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def _load(name: str, own: Path | None) -> tuple[str, str, Any] | None:
    """Find a template: the user's own and those beside it, then those that ship with afterlog."""
    beside = own.with_name(name) if own and "/" not in name and "\\" not in name else None
    if beside is not None and beside.is_file():
        try:
            return beside.read_text(encoding="utf-8"), str(beside), None
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError(f"{beside}: cannot be read: {error}") from None
    item = files("afterlog.templates") / name
    if "/" in name or "\\" in name or not item.is_file():
        return None
    return item.read_text(encoding="utf-8"), f"templates/{name}", None


def in_order(names: Iterable[str]) -> list[str]:
    """Put the default first."""
    return sorted(names, key=lambda name: (name != DEFAULT, name))
