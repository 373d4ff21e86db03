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

from afterlog.parser import (
    Column,
    Kind,
    Layout,
    LineParser,
    Match,
    Sample,
    each_unique,
    status_of,
)

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
    columns: dict[str, Any] = {"protocol": None, "status": status_of(match)}
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


_ENVOY: Final = "Envoy documentation, default format string: example"
_ISTIO_DOC: Final = "Istio documentation, Envoy access logs: example"

ENVOY_SAMPLES: Final = (
    Sample(
        b'[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80"',
        {"time": "2016-04-15T20:17:00.31+00:00", "kind": "request", "method": "POST", "path": "/api/v1/locations", "status": 204, "client": "10.0.35.28",
         "bytes": 0, "duration": 0.226, "request_id": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2", "upstream": "10.0.2.1:80", "flags": None},
        _ENVOY,
    ),
    Sample(
        b'[2022-02-09T13:34:21.473Z] "GET / HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{connection_failure} - "-" 0 91 24255 - "-" "curl/7.68.0" "5ab981ed-c95f-4730-8732-2fe6fd7f6208" "customer.default.svc.cluster.local:8080" "172.16.0.15:8080" outbound|8080||customer.default.svc.cluster.local - 172.18.2.58:8080 192.168.205.6:34832 - default',
        {"time": "2022-02-09T13:34:21.473+00:00", "status": 503, "flags": "UF,URX", "client": "192.168.205.6", "upstream": "172.16.0.15:8080",
         "duration": 24.255, "details": "upstream_reset_before_response_started{connection_failure}", "service": "outbound|8080||customer.default.svc.cluster.local"},
        "log of Istio quoted in a public repository",
    ),
    Sample(
        b'[2022-01-27T14:41:36.124Z] "GET /status/418 HTTP/2" 418 - via_upstream - "-" 0 135 5 4 "10.128.2.35" "curl/7.64.1" "c876d2f9-52ab-9bad-a7f5-383d5a5ecc48" "httpbin.apps.mycluster.nancyge.com" "10.128.2.113:80" outbound|8000||httpbin.httpbin.svc.cluster.local 10.128.2.200:49520 10.128.2.200:8443 10.128.2.35:41704 httpbin.apps.mycluster.nancyge.com -',
        {"status": 418, "client": "10.128.2.35", "upstream": "10.128.2.113:80", "duration": 0.005},
        "log of Istio's gateway quoted in a public repository",
    ),
    Sample(
        b'[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37652 10.0.45.184:8000 10.44.1.23:46520 - default',
        {"status": 418, "upstream": "10.44.1.27:80", "service": "outbound|8000||httpbin.foo.svc.cluster.local", "duration": 0.004, "client": "10.44.1.23"},
        _ISTIO_DOC,
    ),
    Sample(b'[2016-04-15T20:17:00.310Z] "GET /\x00\xff\x1b[31m HTTP/2" 0 DC 154 0 226 - "-" "-" "-" "-" "-"', {"status": None, "flags": "DC", "client": None},
           "hostile: NUL, bad UTF-8 and an escape in a path; a client that went away"),
    Sample(b'[2016-04-31T20:17:00.310Z] "GET / HTTP/2" 200 - 154 0 226 100 "10.0.35.28" "a" "b" "c" "tcp://10.0.2.1:80"', None, "hostile: no such day"),
)  # fmt: skip

TRAEFIK_SAMPLES: Final = (
    Sample(
        b'111.111.133.18 - - [27/Sep/2018:18:25:09 +0000] "GET / HTTP/1.1" 200 1022 "-" "Scalyr-monitor; https://www.scalyr.com/help/monitors" 1234 "frontend" "http://192.168.10.10:8080" 2ms',
        {"time": "2018-09-27T18:25:09+00:00", "kind": "request", "client": "111.111.133.18", "status": 200, "bytes": 1022, "service": "frontend",
         "upstream": "192.168.10.10:8080", "duration": 0.002, "path": "/", "user": None},
        "Traefik 1.7, github.com/traefik/traefik/pull/3942",
    ),
    Sample(
        b'127.0.0.1 - - [13/Mar/2020:18:49:07 +0000] "GET /ping HTTP/1.1" 200 2 "-" "-" 1 "ping@internal" - 0ms',
        {"time": "2020-03-13T18:49:07+00:00", "status": 200, "service": "ping@internal", "upstream": None, "duration": 0.0},
        "Traefik 2.1.6, github.com/traefik/traefik/issues/6481",
    ),
    Sample(
        b'172.17.0.1 - - [13/Dec/2017:19:49:27 +0000] "GET / HTTP/1.1" 200 612 - "curl/7.54.0" 34 "Host-nginx1-test-tld-3" "http://172.17.0.3:80" 0ms',
        {"status": 200, "bytes": 612, "service": "Host-nginx1-test-tld-3", "upstream": "172.17.0.3:80", "referer": None},
        "Traefik 1.4, github.com/traefik/traefik/issues/2565",
    ),
    Sample(
        b'172.17.0.1 - - [13/Dec/2017:19:49:27 +0000] "GET / HTTP/1.1" - - - "curl/7.54.0" 33 "Host-nginx1-test-tld-3" - 0ms',
        {"status": None, "bytes": None, "client": "172.17.0.1", "upstream": None},
        "Traefik 1.4, a redirect, github.com/traefik/traefik/issues/2565",
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
                '{count:d} "{router}" "{upstream}" {duration:ms}ms',
                name="Traefik",
            ),
            Layout(
                '{client:ip} {_:word} {user:word} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}" '
                '{count:d} "{router}" {upstream:word} {duration:ms}ms',
                name="without an upstream, to 2.2",
            ),
            Layout(
                '{client:ip} {_:word} {user:word} [{time:clf}] "{request:request}" {status:d} {bytes:d} {referer:word} "{agent}" '
                '{count:d} "{router}" "{upstream}" {duration:ms}ms',
                name="without a referrer, 1.x",
            ),
            Layout(
                '{client:ip} {_:word} {user:word} [{time:clf}] "{request:request}" {status:d} {bytes:d} {referer:word} "{agent}" '
                '{count:d} "{router}" {upstream:word} {duration:ms}ms',
                name="without a referrer and an upstream, 1.x",
            ),
        ),
        kind=Kind.REQUEST,
        meaning=_meaning,
    ),
)
