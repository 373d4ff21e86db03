r"""Access logs of Envoy (also Istio and Ambassador) and Traefik, in their default text formats.

::

    [2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21…" "locations" "tcp://10.0.2.1:80"
    192.0.2.7 - - [10/Nov/2022:10:29:58 +0000] "GET /x HTTP/1.1" 502 11 "-" "-" 42 "web@docker" "http://10.0.0.3:80" 3ms

Caddy's and both proxies' JSON are read as JSON lines. Traps: Envoy's first address is the whole ``X-Forwarded-For``, of which the
first counts; its durations are milliseconds; response flags (``UH``, ``UF``, ``URX``) say why it answered itself; Istio puts two
more fields before them and five behind; a status of 0 is a client that went away.

https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string
https://istio.io/latest/docs/tasks/observability/logs/access-log/
https://doc.traefik.io/traefik/observability/access-logs/
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Sample, each_unique

_NOTHING: Final = pa.scalar(None, pa.string())
_HEAD: Final = '[{time:iso}] "{request:request}" {status:d} {flags:word} '
_COUNTS: Final = "{bytes_in:d} {bytes:d} {duration:ms} {upstream_ms:word} "
_PEERS: Final = '"{forwarded_for}" "{agent}" "{request_id}" "{authority}" "{upstream}"'
_ISTIO: Final = '{details:word} {termination:word} "{failure}" '
_DASHED: Final = (
    "flags",
    "details",
    "termination",
    "failure",
    "forwarded_for",
    "agent",
    "request_id",
    "authority",
    "cluster",
    "user",
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {"protocol": None, "status": _status(match)}
    for name in (*_DASHED, "router", "referer"):
        if name in match:
            columns[name] = _given(match.text(name))
    columns["upstream"] = _given(pc.replace_substring_regex(match.text("upstream"), r"^[a-z]+://", ""))
    if "forwarded_for" in columns:
        columns |= each_unique(columns["forwarded_for"], lambda text: {"client": text.partition(",")[0].strip()})
    if "peer" in match:
        peer = pc.replace_substring_regex(match.text("peer"), r":[0-9]+$", "")
        columns["client"] = pc.coalesce(columns.get("client", pa.nulls(len(match), pa.string())), _given(peer))
        columns["peer"] = _given(match.text("peer"))
    if "cluster" in columns:
        columns["service"] = columns.pop("cluster")
        columns["cluster"] = None
    if "router" in columns:
        columns["service"] = columns["router"]
    return columns


def _given(column: Column) -> Column:
    return pc.if_else(pc.is_in(column, pa.array(["-", ""])), _NOTHING, column)


def _status(match: Match) -> Column:
    values, there = match.int("status")
    return pa.array(values, pa.int64(), mask=~(there & (values >= 100) & (values <= 599)))


_ENVOY: Final = "composed after: Envoy documentation, default format string: example"

ENVOY_SAMPLES: Final = (
    Sample(
        b'[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80"',
        {"time": "2016-04-15T20:17:00.31+00:00", "kind": "request", "method": "POST", "path": "/api/v1/locations", "status": 204, "client": "10.0.35.28",
         "bytes": 0, "duration": 0.226, "request_id": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2", "upstream": "10.0.2.1:80", "flags": None},
        _ENVOY,
    ),
    Sample(
        b'[2022-11-10T10:29:58.123Z] "GET /x HTTP/1.1" 503 UH no_healthy_upstream - "-" 0 19 0 - "192.0.2.7,10.0.0.9" "curl/7.88.1" "a1b2" "example.com" "-" - - 10.0.0.5:8080 10.0.0.9:5000 - default',
        {"status": 503, "flags": "UH", "client": "192.0.2.7", "upstream": None, "duration": 0.0, "details": "no_healthy_upstream"},
        "composed after: Istio documentation, Envoy access logs: default format",
    ),
    Sample(
        b'[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 10.44.1.23:46520 - default',
        {"status": 418, "upstream": "10.44.1.27:80", "service": "outbound|8000||httpbin.foo.svc.cluster.local", "duration": 0.004, "client": "10.44.1.23"},
        "composed after: Istio documentation, Envoy access logs: example",
    ),
    Sample(b'[2016-04-15T20:17:00.310Z] "GET /\x00\xff\x1b[31m HTTP/2" 0 DC 154 0 226 - "-" "-" "-" "-" "-"', {"status": None, "flags": "DC", "client": None},
           "hostile: NUL, bad UTF-8 and an escape in a path; a client that went away"),
    Sample(b'[2016-04-31T20:17:00.310Z] "GET / HTTP/2" 200 - 154 0 226 100 "10.0.35.28" "a" "b" "c" "tcp://10.0.2.1:80"', None, "hostile: no such day"),
)  # fmt: skip

TRAEFIK_SAMPLES: Final = (
    Sample(
        b'192.0.2.7 - - [10/Nov/2022:10:29:58 +0000] "GET /x HTTP/1.1" 502 11 "-" "-" 42 "web@docker" "http://10.0.0.3:80" 3ms',
        {"time": "2022-11-10T10:29:58+00:00", "kind": "request", "client": "192.0.2.7", "status": 502, "bytes": 11, "service": "web@docker",
         "upstream": "10.0.0.3:80", "duration": 0.003, "path": "/x", "user": None},
        "composed after: Traefik documentation, common log format with Traefik's additions",
    ),
    Sample(b'192.0.2.7 - - [10/Nov/2022:10:29:58 +0000] "GET /\x00\xff\x1b[31m HTTP/1.1" 404 19 "-" "-" 43 "-" "-" 0ms', {"status": 404, "upstream": None, "service": None},
           "hostile: NUL, bad UTF-8 and an escape in a path; no router fits"),
    Sample(b'192.0.2.7 - - [31/Nov/2022:10:29:58 +0000] "GET / HTTP/1.1" 404 19 "-" "-" 43 "-" "-" 0ms', None, "hostile: no such day"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="envoy",
        title="Envoy and Istio access log",
        url="https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage",
        samples=ENVOY_SAMPLES,
        layouts=(
            Layout(_HEAD + _COUNTS + _PEERS, name="Envoy"),
            Layout(
                _HEAD + _ISTIO + _COUNTS + _PEERS + " {cluster:word} {_:word} {_:word} {peer:word} {more:rest}",
                name="Istio",
            ),
        ),
        kind=Kind.REQUEST,
        meaning=_meaning,
    ),
    LineParser(
        name="traefik",
        title="Traefik access log",
        url="https://doc.traefik.io/traefik/observability/access-logs/",
        samples=TRAEFIK_SAMPLES,
        layouts=(
            Layout(
                '{client:ip} {_:word} {user:word} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}" '
                '{count:d} "{router}" "{upstream}" {duration:ms}ms'
            ),
        ),
        kind=Kind.REQUEST,
        meaning=_meaning,
    ),
)
