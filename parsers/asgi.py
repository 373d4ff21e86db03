r"""Uvicorn's and Hypercorn's console logs, as FastAPI's containers write them: no line prints a time.

Read inside an envelope, which has the time::

    INFO:     127.0.0.1:42200 - "GET /x?a=1 HTTP/1.1" 503 Service Unavailable
    ERROR:    Exception in ASGI application

Traps: the level is padded; a request's line is written when its answer begins; a stack trace follows line by line. With a
time before it (``%(asctime)s``) such a line is Python's.

https://www.uvicorn.org/settings/#logging
https://github.com/Kludex/uvicorn/blob/main/uvicorn/logging.py
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from afterlog.parser import UNNAMED, Column, Kind, Layout, LineParser, Match, Sample, severity_of, status_of


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    severity = severity_of(match.text("level"))
    columns: dict[str, Any] = {"severity": severity, "level": None, "refused": ~np.asarray(severity.is_valid())}
    if "status" in match:
        kind = np.repeat(str(Kind.REQUEST), len(match))
        columns |= {"status": status_of(match), "kind": kind, "protocol": None, "reason": None}
    return columns


_RUN: Final = "Uvicorn 0.54 on loopback"
SAMPLES: Final = (
    Sample(
        b'INFO:     127.0.0.1:42200 - "GET /x?a=1 HTTP/1.1" 503 Service Unavailable',
        {"kind": "request", "status": 503, "method": "GET", "path": "/x?a=1", "client": "127.0.0.1", "severity": 9},
        _RUN,
    ),
    Sample(b"ERROR:    Exception in ASGI application", {"kind": "log", "severity": 17, "message": "Exception in ASGI application"}, _RUN),
    Sample(b"KeyError:    'x'", None, "the end of a stack trace"),
)  # fmt: skip

PARSER = LineParser(
    name="asgi",
    title="Uvicorn's console log, in a container",
    url="https://www.uvicorn.org/settings/#logging",
    samples=SAMPLES,
    layouts=(
        Layout('{level:level}:{~}{client:ip}:{_:d} - "{request:request}" {status:d} {reason:rest}', name="request"),
        Layout("{level:level}:{~}{message:rest}", name="message"),
    ),
    inside=(UNNAMED,),
    continues=True,
    meaning=_meaning,
)
