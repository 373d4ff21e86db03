r""".NET's console logger: level, category and event on one line, the message indented below.

Read inside an envelope, which has the time; with ``TimestampFormat`` the line begins with one, and may stand in a file::

    fail: Microsoft.AspNetCore.Server.Kestrel[13]
          Connection id "0HM…": An unhandled exception was thrown by the application.

The levels are ``trce``, ``dbug``, ``info``, ``warn``, ``fail`` and ``crit``. Serilog, NLog and log4net are other formats. Trap: in a container
each line of a message is a record of its own; they are joined here.

https://learn.microsoft.com/en-us/dotnet/core/extensions/console-log-formatter
https://github.com/dotnet/runtime/blob/main/src/libraries/Microsoft.Extensions.Logging.Console/src/SimpleConsoleFormatter.cs
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from afterlog.parser import UNNAMED, Column, Layout, LineParser, Match, Sample, severity_of


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    severity = severity_of(match.text("level"))
    return {
        "severity": severity,
        "level": None,
        "message": match.text("category"),
        "refused": ~np.asarray(severity.is_valid()),
    }


_URL: Final = "https://learn.microsoft.com/en-us/dotnet/core/extensions/console-log-formatter"
_DOC: Final = "Microsoft documentation, console log formatting"
SAMPLES: Final = (
    Sample(
        b"info: Console.ExampleFormatters.Custom.Program[0]",
        {"severity": 9, "category": "Console.ExampleFormatters.Custom.Program", "event": "0"},
        _DOC,
    ),
    Sample(
        b"fail: Microsoft.AspNetCore.Server.Kestrel[13]",
        {"severity": 17, "category": "Microsoft.AspNetCore.Server.Kestrel", "event": "13"},
        "dotnet/aspnetcore, an unhandled exception as Kestrel logs it",
    ),
    Sample(b"note: x[0]", None, "no level of .NET's"),
)  # fmt: skip
TIMED_SAMPLES: Final = (
    Sample(
        b"2023-01-05 10:00:00 fail: Microsoft.AspNetCore.Server.Kestrel[13]\n      An unhandled exception was thrown by the application.",
        {"time": "2023-01-05T10:00:00", "severity": 17, "message": "Microsoft.AspNetCore.Server.Kestrel\n      An unhandled exception was thrown by the application."},
        "the same, TimestampFormat 'yyyy-MM-dd HH:mm:ss '",
    ),
    Sample(b"2023-01-05 10:00:00 note: x[0]", None, "no level of .NET's"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="dotnet-untimed",
        title="Console log of .NET, in a container",
        url=_URL,
        samples=SAMPLES,
        layouts=(Layout("{level:level}: {category:word}[{event:d}]"),),
        inside=(UNNAMED,),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="dotnet",
        title="Console log of .NET, with times",
        url=_URL,
        samples=TIMED_SAMPLES,
        layouts=(Layout("{time:iso} {level:level}: {category:word}[{event:d}]"),),
        continues=True,
        meaning=_meaning,
    ),
)
