"""Where parsers come from: the built-in files, installed packages, folders a person names, the person's own folder.

Files in a folder are executed. So nothing is looked for in the directory that is analysed: it may hold anything.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

from afterlog.errors import ParserError
from afterlog.memory import no_collection
from afterlog.parser import Parser

GROUP: Final = "afterlog.parsers"
"""The group of entry points that packages declare; each names a module with a ``PARSER``."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a parser is declared: its file, the documentation that the file begins with, and who brought it."""

    file: str
    documentation: str
    origin: str  # "built in", "installed", "--parsers" or "your own folder"


def user_folder() -> Path | None:
    """Give the folder of a person's own parsers, whether it is there or not; None where there is no home.

    ``$XDG_CONFIG_HOME/afterlog/parsers`` where that is an absolute path, else ``~/.config/afterlog/parsers``
    (https://specifications.freedesktop.org/basedir-spec/latest/).
    """
    stated = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        base = Path(stated) if Path(stated).is_absolute() else Path.home() / ".config"
    except RuntimeError:
        return None
    return base / "afterlog" / "parsers"


def trusted_folders(folders: Iterable[Path], analysed: Iterable[Path]) -> tuple[Path, ...]:
    """Give the folders to load, the person's own first.

    Their own folder is left out where it lies in what is analysed: then it was collected, not set up.

    Raises:
        ParserError: a folder that was named lies in what is analysed, or is none.

    """
    roots = [root.resolve() for root in analysed]
    mine = user_folder()
    trusted = [mine] if mine is not None and mine.is_dir() and not _within(mine, roots) else []
    for folder in folders:
        if not folder.is_dir():
            raise ParserError(f"{folder}: no such directory; --parsers names a directory with parser files.")
        if _within(folder, roots):
            raise ParserError(
                f"{folder}: lies in the logs, and what came with logs is not executed. If you wrote these parsers, "
                f"copy them to a directory outside, or to {mine or 'your configuration directory'}."
            )
        trusted.append(folder)
    return tuple(dict.fromkeys(trusted))


def _within(folder: Path, roots: list[Path]) -> bool:
    real = folder.resolve()
    return any(real.is_relative_to(root) for root in roots)


@no_collection()
def declared_parsers(folders: Iterable[Path] = ()) -> list[tuple[Parser, Home]]:
    """Load the built-in parsers, the installed ones, and those of the folders.

    Raises:
        ParserError: a file cannot be loaded, or declares no parser.

    """
    package = importlib.import_module(GROUP)
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    found = [(importlib.import_module(f"{GROUP}.{name}"), "built in") for name in names]
    found += [(_load_entry(entry.value, entry.load), "installed") for entry in entry_points(group=GROUP)]
    mine = user_folder()
    for folder in folders:
        origin = "your own folder" if folder == mine else "--parsers"
        files = [file for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
        found += [(load_file(file), origin) for file in files]
    return [(parser, _home(module, origin)) for module, origin in found for parser in parsers_of(module)]


def _home(module: ModuleType, origin: str) -> Home:
    return Home(module.__file__ or module.__name__, (module.__doc__ or "").strip(), origin)


def parsers_of(module: ModuleType) -> tuple[Parser, ...]:
    """Give what a parser module declares as ``PARSER`` (one parser, or a tuple of them).

    Raises:
        ParserError: it declares none.

    """
    declared = getattr(module, "PARSER", None)
    parsers = declared if isinstance(declared, tuple) else (declared,)
    if not all(isinstance(parser, Parser) for parser in parsers):
        raise ParserError(f"{module.__file__}: a parser file declares PARSER = LineParser(…) or RecordParser(…)")
    return parsers


def _load_entry(name: str, load: object) -> ModuleType:
    try:
        module = load() if callable(load) else None
    except Exception as error:
        raise ParserError(f"entry point {name}: {type(error).__name__}: {error}") from error
    if not isinstance(module, ModuleType):
        raise ParserError(f"entry point {name}: must name a module that declares PARSER")
    return module


def load_file(file: Path) -> ModuleType:
    """Execute a parser file and give it as a module.

    Raises:
        ParserError: it cannot be read, or fails.

    """
    spec = importlib.util.spec_from_file_location(f"afterlog_parser_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ParserError(f"{file}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickling look a class's module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        raise ParserError(f"{file}: {type(error).__name__}: {error}") from error
    return module
