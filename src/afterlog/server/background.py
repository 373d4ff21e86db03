"""Work in a thread of its own, which does not keep the program from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def in_thread(work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> Future[_T]:
    """Begin some work; the future gives its result, or raises what it raised."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*given, **named))
        except BaseException as error:  # noqa: BLE001  told to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
