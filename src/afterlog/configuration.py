"""Configuration: options of the command line kept in a file, one table per command.

``afterlog.toml`` of the current directory is read, or the file named with ``--config``. A file that came with the logs
is not to be trusted, so nothing is looked for anywhere else::

    [run]
    tz = "Asia/Kolkata"
    zone = ["app-*=Europe/Berlin"]
    clock = ["app-2=+90s"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from afterlog.errors import InputError

NAME: Final = "afterlog.toml"


_TRUSTED_ONLY: Final = ("parsers", "template")
"""Options that run or render what they name: only from a file that a person named."""


def _refuse_code(file: Path, found: dict[str, Any]) -> None:
    """Refuse what names code: the current directory may be the collected logs."""
    for command, table in found.items():
        named = [option for option in _TRUSTED_ONLY if isinstance(table, dict) and option in table]
        if named:
            raise InputError(
                f"{file}: [{command}] {named[0]} is only taken from a file that you name yourself, since this one may "
                f"have come with the logs. If it is yours: afterlog --config {file} {command} …"
            )


def read_configuration(named: Path | None) -> dict[str, dict[str, Any]]:
    """Give the options by command.

    Raises:
        InputError: the file is not there, is no TOML, or holds something else than tables.

    """
    file = named or Path(NAME)
    if named is None and not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f'{file}: {error}. It holds a table per command: [run] and below it tz = "Asia/Kolkata".'
        ) from None
    if named is None:
        _refuse_code(file, found)
    loose = [name for name, table in found.items() if not isinstance(table, dict)]
    if loose:
        raise InputError(
            f"{file}: {loose[0]} stands outside of a table; write it below [run], [ingest] or another command."
        )
    return found
