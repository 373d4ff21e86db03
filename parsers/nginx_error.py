r"""nginx's error log: what failed, for which client, request and upstream; and what the server did to itself.

The master's signals are changes: SIGHUP is a reload, SIGTERM, SIGINT and SIGQUIT a stop, SIGUSR2 a new binary; the
version line (``nginx/1.22.1``) a start; a worker that ``exited on signal`` a crash; an ``[emerg]`` about a line of the
configuration a reload that failed, one about ``bind()`` a start that failed. Notices are written only where
``error_log`` asks for them; an ``[emerg]`` always is, also by ``nginx -t``.

Traps: no zone, and none can be had; a quote in the request is not escaped; the list behind the message
(``, client: …, server: …, request: "…", subrequest: "…", upstream: "…", host: "…", referrer: "…"``) is as long as
nginx knows; the client is ``unix:`` on a socket; a message may itself hold a comma.

https://nginx.org/en/docs/ngx_core_module.html#error_log
https://nginx.org/en/docs/control.html
https://github.com/nginx/nginx/blob/master/src/http/ngx_http_request.c (ngx_http_log_error_handler)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_HEAD: Final = "{time:nginx-error} [{level:level}] {pid:d}#{_:d}: "
_CLIENT: Final = _HEAD + "*{connection:d} {message}, client: {client:ip}, server: {server}, "
_REQUEST: Final = 'request: "{request:request}", '
_UPSTREAM: Final = 'upstream: "{upstream}", '
_HOST: Final = 'host: "{vhost}"'
_REFERRER: Final = ', referrer: "{referer}"'

_TAIL: Final = (
    r'(?:^|, )server: (?P<server>[^,]*)|(?:^|, )request: "(?P<request>.*?)"(?=, [a-z]+: "|$)'
    r'|upstream: "(?P<upstream>[^"]*)"|host: "(?P<vhost>[^"]*)"|referrer: "(?P<referer>[^"]*)"'
)
_LINE: Final = re.compile(r"(?P<method>[A-Za-z_-]{1,32}) (?P<path>\S.*?)(?: HTTP/\d(?:\.\d)?)?")
_SERVER: Final = r"^[a-z]+://(?P<server>unix:[^:]*|[^/]+)"
_URL: Final = re.compile(_SERVER)
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "nginx", "outcome": str(Outcome.CHANGED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}

# What nginx says of itself, by level: the words, and what they mean.
_SAYINGS: Final[tuple[tuple[re.Pattern[str], dict[str, str]], ...]] = (
    (re.compile(r"notice signal \d+ \(SIGHUP\) received.*, reconfiguring"), _CHANGE | {"action": "reload"}),
    (re.compile(r"notice signal \d+ \(SIG(?:TERM|INT)\) received.*, exiting"), _CHANGE | {"action": "stop"}),
    (re.compile(r"notice signal \d+ \(SIGQUIT\) received.*, shutting down"), _CHANGE | {"action": "stop"}),
    (re.compile(r"notice signal \d+ \(SIGUSR2\) received.*, changing binary"), _CHANGE | {"action": "restart"}),
    (re.compile(r"notice (?:nginx|openresty|tengine)/[0-9][^ ]*(?: \(.*\))?"), _CHANGE | {"action": "start"}),
    (re.compile(r"alert \S+ process \d+ exited on signal .*"), _FAILED | {"action": "crash"}),
    (re.compile(r"alert \S+ process \d+ exited with fatal code .*"), _FAILED | {"action": "crash"}),
    (re.compile(r"emerg (?:still could not bind\(\)|bind\(\) to .* failed .*)"), _FAILED | {"action": "start"}),
    (re.compile(r"emerg .* in \S+:\d+"), _FAILED | {"action": "reload"}),
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if "tail" in match:
        columns |= each_unique(match.text("tail"), _tail) | {"tail": None}
    elif "connection" not in match:
        columns |= each_unique(pc.binary_join_element_wise(match.text("level"), match.text("message"), " "), _told)
    for name in ("vhost", "server", "referer"):
        if name in match:
            columns[name] = _given(match.text(name))
    if "upstream" in match:
        url = match.text("upstream")
        columns["upstream"] = pc.coalesce(pc.struct_field(pc.extract_regex(url, _SERVER), "server"), url)
    return columns | {"protocol": None}


def _told(said: str) -> dict[str, str]:
    return next((meaning for pattern, meaning in _SAYINGS if pattern.fullmatch(said)), {"kind": str(Kind.LOG)})


def _tail(text: str) -> dict[str, str | None]:
    """Read what follows the client by name, in whatever order and number."""
    told: dict[str, str | None] = {}
    for found in re.finditer(_TAIL, text):
        told |= {name: value for name, value in found.groupdict().items() if value not in {None, "", "_"}}
    request = told.pop("request", None)
    if request is not None:
        parts = _LINE.fullmatch(request)
        told |= parts.groupdict() if parts else {"path": request}
    if told.get("upstream"):
        told["upstream"] = _server(told["upstream"] or "")
    return told


def _server(url: str) -> str:
    found = _URL.match(url)
    return found["server"] if found else url


def _given(column: Column) -> Column:
    return pc.if_else(pc.is_in(column, pa.array(["", "_"])), pa.scalar(None, pa.string()), column)


_RUN: Final = "nginx 1.22.1 on loopback"

SAMPLES: Final = (
    Sample(
        b'2026/11/22 11:43:37 [error] 28487#28487: *2 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: blog.example.com, request: "GET /app/x HTTP/1.1", upstream: "http://127.0.0.1:39999/app/x", host: "blog.example.com"',
        {
            "time": "2026-11-22T11:43:37",
            "kind": "log",
            "severity": 17,
            "pid": "28487",
            "connection": "2",
            "message": "connect() failed (111: Connection refused) while connecting to upstream",
            "client": "127.0.0.1",
            "server": "blog.example.com",
            "method": "GET",
            "path": "/app/x",
            "upstream": "127.0.0.1:39999",
            "vhost": "blog.example.com",
        },
        _RUN,
    ),
    Sample(
        b'2026/11/22 11:43:37 [error] 28488#28488: *1 open() "/tmp/fx/nginx/html/nope" failed (2: No such file or directory), client: 127.0.0.1, server: blog.example.com, request: "GET /nope HTTP/1.1", host: "blog.example.com"',
        {
            "severity": 17,
            "client": "127.0.0.1",
            "path": "/nope",
            "upstream": None,
            "message": 'open() "/tmp/fx/nginx/html/nope" failed (2: No such file or directory)',
        },
        _RUN,
    ),
    Sample(
        b'2026/11/22 11:43:37 [crit] 28488#28488: *5 connect() to unix:/tmp/fx/nosock failed (2: No such file or directory) while connecting to upstream, client: 127.0.0.1, server: blog.example.com, request: "GET /php/x HTTP/1.1", upstream: "fastcgi://unix:/tmp/fx/nosock:", host: "blog.example.com", referrer: "https://x/"',
        {"severity": 18, "upstream": "unix:/tmp/fx/nosock", "path": "/php/x", "referer": "https://x/"},
        _RUN + "; a referrer added",
    ),
    Sample(
        b'2026/11/22 11:43:37 [error] 28488#28488: *9 limiting requests, excess: 0.995 by zone "one", client: 127.0.0.1, server: blog.example.com, request: "GET /lim/a HTTP/1.1", host: "blog.example.com", referrer: "https://x/"',
        {
            "message": 'limiting requests, excess: 0.995 by zone "one"',
            "path": "/lim/a",
            "client": "127.0.0.1",
            "referer": "https://x/",
        },
        _RUN + "; a referrer added",
    ),
    Sample(
        b'2026/11/22 11:43:37 [error] 28488#28488: *12 open() "/tmp/fx/nginx/html/a"b" failed (2: No such file or directory), client: 127.0.0.1, server: blog.example.com, request: "GET /a"b HTTP/1.1", host: "blog.example.com"',
        {"client": "127.0.0.1", "method": "GET", "path": '/a"b', "vhost": "blog.example.com"},
        _RUN + "; a quote in the path",
    ),
    Sample(
        b'2026/11/22 14:11:05 [info] 25514#25514: *33 client sent invalid method while reading client request line, client: 127.0.0.1, server: shop.example.com, request: "\x16\x03\x01"',
        {"severity": 9, "client": "127.0.0.1", "method": None, "path": "\x16\x03\x01", "kind": "log"},
        _RUN + ", a TLS greeting on a port without TLS",
    ),
    Sample(
        b'2026/11/22 14:11:03 [error] 25514#25514: *7 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 127.0.0.1, server: shop.example.com, request: "GET /slow/1 HTTP/1.1", upstream: "http://127.0.0.1:39997/slow/1", host: "shop.example.com", referrer: "https://ref.example/"',
        {
            "time": "2026-11-22T14:11:03",
            "severity": 17,
            "path": "/slow/1",
            "upstream": "127.0.0.1:39997",
            "message": "upstream timed out (110: Connection timed out) while reading response header from upstream",
        },
        _RUN + ", an upstream that does not answer",
    ),
    Sample(
        b'2026/11/22 14:11:02 [error] 25514#25514: *6 no live upstreams while connecting to upstream, client: 127.0.0.1, server: shop.example.com, request: "GET /app/y HTTP/1.1", upstream: "http://pool/app/y", host: "shop.example.com", referrer: "https://ref.example/"',
        {
            "severity": 17,
            "path": "/app/y",
            "upstream": "pool",
            "message": "no live upstreams while connecting to upstream",
        },
        _RUN + ", a group of upstreams that all refused",
    ),
    Sample(
        b"2026/11/22 14:11:02 [info] 25514#25514: *1 client 127.0.0.1 closed keepalive connection",
        {"severity": 9, "message": "client 127.0.0.1 closed keepalive connection", "client": None, "kind": "log"},
        _RUN,
    ),
    Sample(
        b"2026/11/22 14:11:05 [info] 25514#25514: *37 SSL_do_handshake() failed (SSL: error:0A000076:SSL routines::no suitable signature algorithm) while SSL handshaking, client: 127.0.0.1, server: 127.0.0.1:38443",
        {"severity": 9, "client": "127.0.0.1", "server": "127.0.0.1:38443"},
        _RUN + ", a client with TLS 1.0",
    ),
    Sample(
        b"2026/11/22 11:43:37 [notice] 28486#28486: signal 1 (SIGHUP) received from 28481, reconfiguring",
        {"kind": "change", "action": "reload", "target": "nginx", "outcome": "changed", "severity": 10},
        _RUN,
    ),
    Sample(
        b"2026/11/22 11:43:41 [notice] 28486#28486: signal 3 (SIGQUIT) received from 28481, shutting down",
        {"kind": "change", "action": "stop"},
        _RUN,
    ),
    Sample(b"2026/11/22 11:43:36 [notice] 28485#28485: nginx/1.22.1", {"kind": "change", "action": "start"}, _RUN),
    Sample(
        b"2026/11/22 11:43:40 [alert] 28486#28486: worker process 28514 exited on signal 9",
        {"kind": "change", "action": "crash", "outcome": "failed", "severity": 19},
        _RUN + ", a worker killed",
    ),
    Sample(
        b'2026/11/22 11:43:40 [emerg] 28518#28518: unknown directive "bogus" in /tmp/fx/nginx/bad.conf:1',
        {"kind": "change", "action": "reload", "outcome": "failed", "severity": 21},
        _RUN + ", a configuration with a wrong line",
    ),
    Sample(
        b"2026/11/22 14:11:07 [emerg] 25916#25916: bind() to 127.0.0.1:38080 failed (98: Address already in use)",
        {"kind": "change", "action": "start", "outcome": "failed", "severity": 21},
        _RUN + ", started twice",
    ),
    Sample(
        b"2026/11/22 11:43:38 [notice] 28486#28486: worker process 28488 exited with code 0",
        {"kind": "log", "action": None},
        _RUN,
    ),
    Sample(
        b'2022/11/10 10:29:58 [error] 1#1: *5 open() "/x, client: 9.9.9.9, server: \x00\xff\x1b[31m [notice] signal 1 (SIGHUP) received, reconfiguring" failed, client: 192.0.2.1, server: a, request: "GET / HTTP/1.1", host: "a"',
        {"kind": "log", "severity": 17},
        "hostile: the list, NUL, bad UTF-8, an escape and the words of a reload in a path",
    ),
    Sample(
        b'2022/11/10 10:29:58 [error] 1#1: *5 open() "/'
        + b"a" * 1_000_000
        + b'" failed, client: 192.0.2.1, server: a, request: "GET /b HTTP/1.1", host: "a"',
        {"client": "192.0.2.1", "path": "/b"},
        "hostile: a line of 1 MB",
    ),
    Sample(b"2022/02/30 10:29:58 [error] 1#1: x", None, "hostile: no such day"),
    Sample(b"2022/11/10 10:29:58 [error] 1#1", None, "hostile: a line cut short"),
)

PARSER = LineParser(
    name="nginx-error",
    title="nginx error log",
    url="https://nginx.org/en/docs/ngx_core_module.html#error_log",
    samples=SAMPLES,
    layouts=(
        Layout(_CLIENT + _REQUEST + _UPSTREAM + _HOST, name="request sent to an upstream"),
        Layout(_CLIENT + _REQUEST + _HOST, name="request"),
        Layout(_CLIENT + _REQUEST + _UPSTREAM + _HOST + _REFERRER, name="request sent to an upstream, with referrer"),
        Layout(_CLIENT + _REQUEST + _HOST + _REFERRER, name="request, with referrer"),
        Layout(_HEAD + "*{connection:d} {message}, client: {client:ip}, {tail:rest}", name="client, and what is known"),
        Layout(_HEAD + "*{connection:d} {message:rest}", name="connection"),
        Layout(_HEAD + "{message:rest}", name="the server itself"),
    ),
    continues=True,
    meaning=_meaning,
)
