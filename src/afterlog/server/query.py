"""The parameters of a request, each read with what it may be."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request

from afterlog.errors import InputError
from afterlog.server.searching import Key

_MOST_FILTER: Final = 50


class Query:
    """The parameters of one request."""

    def __init__(self, request: Request) -> None:
        self._given = request.query_params

    def text(self, name: str, most: int = 2_000) -> str:
        """Give a text, "" where there is none."""
        return self._given.get(name, "")[:most]

    def texts(self, name: str) -> tuple[str, ...]:
        """Give all values of a name."""
        return tuple(value for value in self._given.getlist(name)[:_MOST_FILTER] if value)

    def number(self, name: str, usual: float | None = None) -> float:
        """Give a number.

        Raises:
            InputError: it is none, or is missing.

        """
        try:
            value = float(self._given[name]) if name in self._given or usual is None else usual
        except (KeyError, ValueError):
            raise InputError(f"{name}: a number is needed.") from None
        if not abs(value) < 1e17:  # also no NaN
            raise InputError(f"{name}: {value} is out of range.")
        return value

    def span(self) -> tuple[float, float]:
        """Give a window: seconds since 1970 UTC, ``from`` before ``to``.

        Raises:
            InputError: it is none.

        """
        begin, end = self.number("from"), self.number("to")
        if end <= begin:
            raise InputError("to: lies behind from.")
        return begin, end

    def moment(self, name: str) -> int | None:
        """Give a moment in UTC microseconds; None where there is none.

        Raises:
            InputError: it is none.

        """
        return int(self.number(name)) if self.text(name) else None

    def key(self, name: str) -> Key | None:
        """Give where a page ended; None where there is nothing.

        Raises:
            InputError: it is none.

        """
        if not self.text(name):
            return None
        try:
            moment, source, line = json.loads(self.text(name))
            return int(moment), str(source), int(line)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise InputError(f"{name}: is not where a page ended.") from None
