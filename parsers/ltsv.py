r"""LTSV access logs: ``label:value`` pairs with tabs between, the labels free, those of ltsv.org usual.

::

    time:[05/Jan/2023:10:00:00 +0000]<tab>host:203.0.113.9<tab>req:GET /x HTTP/1.1<tab>status:502<tab>size:157<tab>reqtime:0.012

Traps: labels come in any order; ``-`` stands for none; the request is one value or three (``method``, ``uri``, ``protocol``); ``reqtime`` is
in seconds, ``reqtime_microsec`` in microseconds, and ``apptime``, what the application took of it, is kept as it is.

http://ltsv.org/
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Sample, asked_in

_LABELS: Final = {
    "client": ("host", "remote_addr", "remotehost", "forwardedfor"),
    "line": ("req", "request"),
    "method": ("method", "request_method"),
    "path": ("uri", "path", "request_uri"),
    "status": ("status",),
    "bytes": ("size", "body_bytes_sent", "bytes_sent"),
    "seconds": ("reqtime", "request_time", "response_time"),
    "micros": ("reqtime_microsec",),
    "vhost": ("vhost", "domain"),
    "upstream": ("backend", "upstream_addr"),
    "request_id": ("request_id", "reqid"),
}


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    text = match.text("pairs")
    if "before" in match:
        text = pc.binary_join_element_wise(match.text("before"), text, "\t")
    told = {name: _value(text, labels) for name, labels in _LABELS.items()}
    method, path = asked_in(told.pop("line"), told.pop("method"), told.pop("path"))
    status = _number(told.pop("status"), "^[1-5][0-9]{2}$")
    seconds, micros = told.pop("seconds"), told.pop("micros")
    took = pc.coalesce(_decimal(seconds), pc.multiply(_decimal(micros), 1e-6))
    is_request = pc.and_(pc.is_valid(status), pc.or_(pc.is_valid(method), pc.is_valid(path)))
    return {
        **told,
        "before": None,
        "pairs": text,
        "method": method,
        "path": path,
        "status": status,
        "bytes": _number(told["bytes"], "^[0-9]{1,15}$"),
        "duration": took,
        "kind": pc.if_else(is_request, str(Kind.REQUEST), str(Kind.LOG)),
        "refused": ~np.asarray(
            pc.match_substring_regex(text, r"^[0-9A-Za-z_.-]+:[^\t]*(?:\t[0-9A-Za-z_.-]+:[^\t]*)*$")
        ),
    }


def _value(pairs: Column, labels: tuple[str, ...]) -> Column:
    """Give the value of the first of these labels that each row has; null where it is a dash."""
    told = [
        pc.struct_field(pc.extract_regex(pairs, rf"(?:^|\t){label}:(?P<value>[^\t]*)"), "value") for label in labels
    ]
    value = pc.coalesce(*told)
    return pc.if_else(pc.is_in(value, pa.array(["-", ""])), pa.scalar(None, pa.string()), value)


def _number(column: Column, pattern: str) -> Column:
    return pc.if_else(pc.match_substring_regex(column, pattern), column, None).cast(pa.int64())


def _decimal(column: Column) -> Column:
    return pc.if_else(pc.match_substring_regex(column, r"^[0-9]{1,12}(?:\.[0-9]{1,9})?$"), column, None).cast(
        pa.float64()
    )


SAMPLES: Final = (
    Sample(
        b"host:127.0.0.1\tident:-\tuser:frank\ttime:[10/Oct/2000:13:55:36 -0700]\treq:GET /apache_pb.gif HTTP/1.0\tstatus:200\tsize:2326\treferer:http://www.example.com/start.html\tua:Mozilla/4.08 [en] (Win98; I ;Nav)",
        {"time": "2000-10-10T13:55:36-07:00", "kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/apache_pb.gif", "status": 200, "bytes": 2326},
        "ltsv.org, the example",
    ),
    Sample(
        b"time:05/Jan/2023:10:00:00 +0000\thost:203.0.113.9\treq:GET /x HTTP/1.1\tstatus:502\tsize:157\treferer:-\tua:curl\treqtime:0.012\tapptime:0.011\tvhost:example.com",
        {"time": "2023-01-05T10:00:00+00:00", "status": 502, "duration": 0.012, "vhost": "example.com"},
        "ltsv.org, the log_format for nginx, a line of it made for this test",
    ),
    Sample(
        b"domain:example.com\thost:203.0.113.9\tserver:10.0.0.1\ttime:05/Jan/2023:10:00:00 +0900\tmethod:POST\tpath:/x?a=1\tprotocol:HTTP/1.1\tstatus:200\tsize:-\treqtime_microsec:152346",
        {"time": "2023-01-05T10:00:00+09:00", "method": "POST", "path": "/x?a=1", "bytes": None, "duration": 0.152346},
        "ltsv.org, labels of its table, a line of them made for this test",
    ),
    Sample(
        b"time:[10/Oct/2000:13:55:36 -0700]\thost:192.0.2.7\treq:\x00\xff\x1b[31m\tstatus:400",
        {"status": 400, "client": "192.0.2.7", "kind": "log"},
        "hostile: NUL, bad UTF-8 and an escape instead of a request",
    ),
    Sample(b"time:[40/Oct/2000:13:55:36 -0700]\thost:192.0.2.7", None, "hostile: no such day"),
    Sample(b"time:[10/Oct/2000:13:55:36 -0700]\tno label", None, "a text with tabs"),
)  # fmt: skip

PARSER = LineParser(
    name="ltsv",
    title="LTSV access log",
    url="https://ltsv.org/",
    samples=SAMPLES,
    layouts=(
        Layout("{before}\ttime:[{time:clf}]\t{pairs:rest}", name="the time in brackets"),
        Layout("time:[{time:clf}]\t{pairs:rest}", name="the time first, in brackets"),
        Layout("{before}\ttime:{time:clf}\t{pairs:rest}", name="the time somewhere"),
        Layout("time:{time:clf}\t{pairs:rest}", name="the time first"),
    ),
    kind=Kind.REQUEST,
    meaning=_meaning,
)
