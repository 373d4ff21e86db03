r"""AWS Lambda's log streams: what functions print, and the lines of the runtime around each invocation.

::

    2019-07-18T19:47:18.146Z<tab>95ce2ab7-…<tab>ERROR<tab>…              Node
    [ERROR]<tab>2019-07-18T21:30:46.599Z<tab>ffbce4c2-…<tab>…            Python
    2019-07-18T18:58:22.286Z b5264ab7-… Task timed out after 30.03 seconds    the runtime, of any language
    START RequestId: …, END RequestId: …, REPORT RequestId: …            the runtime, without a time

Traps: the runtime's own lines print no time; they belong to the record before them. ``aws logs tail`` puts a time and the
stream before each line, and then the line inside is given to the parser that knows it. Python ends its messages with an
empty line.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from afterlog.parser import Column, Layout, LineParser, Match, Sample

_ID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_STREAM: Final = r"^[0-9]{4}/[0-9]{2}/[0-9]{2}/(?:[^ \[\]]+)?\[[^ \]]+\][0-9a-f]{32}$"


def _function(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {"refused": _not(match.text("request_id"), _ID)}
    if "level" not in match:
        ended = pc.match_substring_regex(match.text("message"), r"^(?:Task timed out|Process exited|Error: Runtime)")
        columns["severity"] = pc.if_else(ended, 17, None)
    return columns


def _tail(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    return {"refused": _not(match.text("stream"), _STREAM)}


def _not(column: Column, pattern: str) -> np.ndarray:
    return ~np.asarray(pc.fill_null(pc.match_substring_regex(column, pattern), False))


_ISSUE: Final = "lines of several runtimes quoted in a public repository"
SAMPLES: Final = (
    Sample(
        b"2019-07-18T19:47:18.146Z\t95ce2ab7-cf99-4030-bede-2055a69cedec\tERROR\tThis is a regular node error",
        {"time": "2019-07-18T19:47:18.146+00:00", "severity": 17, "message": "This is a regular node error", "request_id": "95ce2ab7-cf99-4030-bede-2055a69cedec"},
        _ISSUE,
    ),
    Sample(
        b"[ERROR]\t2019-07-18T21:30:46.599Z\tffbce4c2-d80e-4ffa-a0bc-505361e28b8a\tThis is a regular python error\n\nEND RequestId: ffbce4c2-d80e-4ffa-a0bc-505361e28b8a",
        {"time": "2019-07-18T21:30:46.599+00:00", "severity": 17, "message": "This is a regular python error"},
        _ISSUE + ", with the end of the invocation",
    ),
    Sample(
        b"2019-07-18T18:58:22.286Z b5264ab7-2056-4f5b-bb0f-a06a70f6205d Task timed out after 30.03 seconds",
        {"time": "2019-07-18T18:58:22.286+00:00", "severity": 17, "message": "Task timed out after 30.03 seconds"},
        _ISSUE,
    ),
    Sample(b"2019-07-38T19:47:18.146Z\t95ce2ab7-cf99-4030-bede-2055a69cedec\tERROR\tx", None, "hostile: no such day"),
    Sample(b"2019-07-18T19:47:18.146Z\tnot-an-id\tERROR\tx", None, "tabs alone are zap's"),
)  # fmt: skip
TAIL_SAMPLES: Final = (
    Sample(
        b"2023-01-05T10:00:00.123000+00:00 2023/01/05/[$LATEST]0123456789abcdef0123456789abcdef [ERROR]\t2023-01-05T10:00:00.120Z\tffbce4c2-d80e-4ffa-a0bc-505361e28b8a\tboom",
        {"time": "2023-01-05T10:00:00.12+00:00", "severity": 17, "message": "boom"},
        "composed after: AWS documentation, aws logs tail, around a line of Python's runtime",
    ),
    Sample(b"2023-01-05T10:00:00.123000+00:00 web-01 app[1]: x", None, "syslog"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="aws-lambda",
        title="AWS Lambda function log",
        url="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        samples=SAMPLES,
        layouts=(
            Layout("{time:iso}\t{request_id:hex}\t{level:level}\t{message:rest}", name="Node"),
            Layout("[{level:level}]\t{time:iso}\t{request_id:hex}\t{message:rest}", name="Python"),
            Layout("{time:iso} {request_id:hex} {message:rest}", name="runtime"),
        ),
        continues=True,
        headings=rb"(?:START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|XRAY)\b",
        meaning=_function,
    ),
    LineParser(
        name="aws-logs-tail",
        title="CloudWatch logs as aws logs tail prints them",
        url="https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html",
        samples=TAIL_SAMPLES,
        layouts=(Layout("{time:iso} {stream:word} {message:rest}"),),
        envelope=True,
        graded=True,
        meaning=_tail,
    ),
)
