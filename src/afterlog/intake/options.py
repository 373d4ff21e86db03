"""What a person chooses for reading: zone, span of time, which files, which formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from afterlog.clock import Stated, parse_moment, zone_of
from afterlog.clock.decide import stated
from afterlog.errors import InputError
from afterlog.event import Kind
from afterlog.layout import Layout, from_apache, from_nginx
from afterlog.parser import LineParser, Parser, Sample
from afterlog.registry import Registry

_COMPILERS: Final[dict[str, Callable[[str], Layout]]] = {"nginx": from_nginx, "apache": from_apache, "layout": Layout}


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose for reading.

    ``since`` and ``until`` are times as typed, [since, until). ``include`` and ``exclude`` are globs over paths,
    names or folders of sources. ``formats`` are ``GLOB=PARSER``, ``GLOB='log_format string'``, or
    ``nginx='log_format string'`` (also ``apache=``, ``layout=``) for any file that fits.
    """

    tz: str | None = None
    jobs: int = 0  # 0: one per core
    parser_folders: tuple[Path, ...] = ()
    since: str | None = None
    until: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()  # GLOB=ZONE
    year: int | None = None
    clocks: tuple[str, ...] = ()  # HOST=+90s: how far that host's clock was ahead

    def said(self) -> Stated:
        """Give what the person said of clocks.

        Raises:
            InputError: it cannot be read.

        """
        return stated(self.tz, self.zones, self.year, self.clocks)


@dataclass(frozen=True, slots=True)
class Span:
    """UTC microseconds [since, until); None where there is no bound."""

    since: int | None = None
    until: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether anything is left out."""
        return self.since is not None or self.until is not None


def span_of(options: Options, zone: str) -> Span:
    """Read the span; times without a zone are in the given one.

    Raises:
        InputError: not a time, or the end is not after the start.

    """
    since, until = (parse_moment(text, zone_of(zone)) if text else None for text in (options.since, options.until))
    if since is not None and until is not None and until <= since:
        raise InputError(f"--until {options.until} is not after --since {options.since}.")
    return Span(since, until)


def chosen(path: str, options: Options) -> bool:
    """Tell whether a source of this path is wanted."""
    if options.include and not any(_fits(path, glob) for glob in options.include):
        return False
    return not any(_fits(path, glob) for glob in options.exclude)


def _fits(path: str, glob: str) -> bool:
    """Match the whole path, the name, or any folder above."""
    glob = glob.rstrip("/")
    above = [str(folder) for folder in PurePosixPath(path).parents]
    names = [PurePosixPath(path).name, *(PurePosixPath(folder).name for folder in above)]
    return any(fnmatchcase(name, glob) for name in (path, *above, *names))


@dataclass(frozen=True, slots=True)
class Formats:
    """Which parser a person named for which sources; ``general`` ones are tried before all others."""

    by_glob: tuple[tuple[str, Parser], ...] = ()
    general: tuple[LineParser, ...] = ()

    def named(self, path: str) -> Parser | None:
        """Give the parser that a person named for this path."""
        return next((parser for glob, parser in self.by_glob if _fits(path, glob)), None)


def formats_of(options: Options, parsers: Registry) -> Formats:
    """Compile the formats.

    Raises:
        InputError: a format is not ``LEFT=RIGHT``, or names no parser.
        LayoutError: a format string cannot be compiled.

    """
    by_glob: list[tuple[str, Parser]] = []
    general: list[LineParser] = []
    for text in options.formats:
        left, equals, right = text.partition("=")
        if not equals or not left or not right:
            raise InputError(
                f"--format {text!r}: write GLOB=PARSER, GLOB='log_format string' or nginx='log_format string'."
            )
        right = right.strip("'") if right.startswith("'") and right.endswith("'") and right.count("'") == 2 else right
        if not any(mark in right for mark in "$%{"):
            by_glob.append((left, parsers[right]))
        elif left in _COMPILERS:
            general.append(_declared(left, right, parsers))
        else:
            by_glob.append(
                (left, _declared("nginx" if "$" in right else "apache" if "%" in right else "layout", right, parsers))
            )
    return Formats(tuple(by_glob), tuple(general))


def _declared(kind: str, text: str, parsers: Registry) -> LineParser:
    """Make a parser of a format string; status and dashes are read as in any access log."""
    layout = _COMPILERS[kind](text)
    names = {field.name for field in layout.fields}
    if "time" not in names:
        raise InputError(f"--format {text!r}: no field of it is the time ($time_local, %t, {{time:…}}).")
    request = "status" in names
    access = next((parser for parser in parsers if parser.name == "access"), None)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return LineParser(
        name=f"{kind}-{digest}",
        title=f"the {kind} format given: {text}",
        url="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
        samples=(Sample(b"", None, "given by a person"),),
        layouts=(layout,),
        kind=Kind.REQUEST if request else Kind.LOG,
        meaning=access.meaning if request and isinstance(access, LineParser) else None,
    )
