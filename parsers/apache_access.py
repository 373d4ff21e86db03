r"""Access logs of Apache httpd and nginx: common, combined, and what people append to them.

One layout per variant:

- combined, ``%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"``, nginx's ``combined`` alike;
- vhost_combined, with ``%v:%p`` (or the virtual host alone) before it: the host is the event's service;
- common, without referer and agent;
- combined with ``"$http_x_forwarded_for"`` behind it, as nginx.conf is shipped;
- combined with a duration behind it: ``%D`` or ``$request_time``; also ``%T/%D``;
- the log of the Kubernetes ingress-nginx controller, and ``ssl_request_log`` of mod_ssl's configuration;
- combined cut in the agent, and lines whose request holds quotes that nobody escaped (as before Apache 1.3.25);
- combined with anything else behind it, kept in ``extra``; a ``$request_time`` in it, also as ``rt=…``, is read;
- anything that has ``[time] "request" status`` in it: lists of addresses before it (``X-Forwarded-For``, also with a virtual
  host and the proxy's own address), user names with blanks, times without zone, with a named zone, in ISO 8601 or with a
  French month (Java's), and bytes written ``34/38``.

Of a list of addresses the client is the first public one, else the first; the list is kept in ``forwarded_for``.

Traps: a whole number behind the agent is taken for microseconds (``%D``) and a decimal one for seconds
(``$request_time``); a log with ``%T`` or ``%{ms}T`` needs its own ``LogFormat`` given. A user name may hold blanks
and brackets; quotes in it are escaped (``\"`` by Apache, ``\x22`` by nginx), so it cannot end the line early.
``"-"`` stands for a request that never came (408). ``%b`` is ``-`` for no bytes. nginx lists the times of several
upstreams: ``0.000, 0.001``.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats
https://nginx.org/en/docs/http/ngx_http_log_module.html
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    LOOSE_FORMS,
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Loose,
    Match,
    Sample,
    each_unique,
    stamped,
    status_of,
)

_REQUEST: Final = ' [{time:clf}] "{request:request}" {status:d} {bytes:d}'
_PLAIN: Final = "{client:ip} {ident:word} {user:word}" + _REQUEST
_ODD: Final = '{head} [{time}] "{request:request}" {status:d} {tail:rest}'
_TLS: Final = '[{time:clf}] {client:ip} {tls:word} {cipher:word} "{request:request}" {bytes:d}'
_UNESCAPED: Final = (
    '{client:ip} {ident:word} {user:word} [{time:clf}] "{method:word} {path} HTTP/{_}" {status:d} {bytes:d}{extra:rest}'
)
_VHOST: Final = "{vhost:ip}:{_:d} "
_AGENT: Final = ' "{referer}" "{agent}"'
_INGRESS: Final = " {_:d} {duration:s} [{service}] [{_}] {upstreams} {request_id:hex}"

# Columns in which '-' or nothing says that there is no value.
_DASHED: Final = (
    "ident",
    "user",
    "path",
    "referer",
    "agent",
    "forwarded_for",
    "service",
)
_LISTED: Final = r"[^ ,]+(?:, [^ ,]+)*"
# Addresses, sizes, times and statuses of the servers that were tried, four lists separated by commas.
_UPSTREAMS: Final = rf"^(?P<upstream>{_LISTED}) {_LISTED} (?P<upstream_s>{_LISTED}) (?P<upstream_status>{_LISTED})$"
_TAIL: Final = (
    r"^(?P<bytes>[0-9]{1,18}|-)?(?:/[0-9]+)?"
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<extra>.*)$'
)
_ADDRESS: Final = r"[\w.:%\[\]*-]*[\w:\]*]"  # anything but a lone dash
_HEAD: Final = re.compile(
    rf"(?:(?P<vhost>[\w.*-]*[\w*])(?::\d+)? +(?=\"?{_ADDRESS}[, \"]))?"
    rf'(?P<clients>"{_ADDRESS}(?:, *{_ADDRESS})*"|{_ADDRESS}(?:, *{_ADDRESS})*|-)(?: +(?P<peer>{_ADDRESS}))?'
    r"(?: +(?P<ident>-)(?: \[[^\]]*\] -)?(?: +(?P<user>.*))?)?"
)
_STAMPED: Final = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T")  # a container engine's time before the line, no host
_STAMPS: Final[tuple[Form | Loose, ...]] = (
    Form("dd/bbb/YYYY:HH:MM:SSF", "10/Oct/2000:13:55:36.123 -0700"),
    Form("YYYY-mm-ddtHH:MM:SSFZ", "2022-11-10T10:29:58+01:00"),
    *LOOSE_FORMS,
)
_MAPPED: Final = "::ffff:"  # before an IPv4 address in a list of IPv6 ones
_TOOK: Final = r'^(?:"(?P<forwarded_for>[^"]*)" )?(?:rt=)?(?P<duration>[0-9]{1,9}\.[0-9]{1,9})(?: .*)?$'


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: match.given(name) for name in _DASHED if name in match}
    if "protocol" in match:
        columns["protocol"] = None
    if "status" in match:
        columns["status"] = status_of(match)
    else:  # ssl_request_log: the same requests stand in the access log, with their status
        columns["kind"] = pa.repeat(str(Kind.LOG), len(match))
    if "vhost" in match:
        columns |= {"service": match.text("vhost"), "vhost": None}
        wrapped = pc.match_substring_regex(match.text("vhost"), _STAMPED.pattern)
        nobody = match.text("client").is_null()  # a client without host, and blanks in its user's name
        columns["refused"] = np.asarray(pc.or_(nobody, pc.fill_null(wrapped, False)))
    if "head" in match:
        columns |= _odd(match)
    elif "upstreams" in match:
        told = pc.extract_regex(match.text("upstreams"), _UPSTREAMS)
        columns |= {name: _given(pc.struct_field(told, name)) for name in ("upstream", "upstream_s", "upstream_status")}
        columns["upstreams"] = None
    if "client" in match and pc.any(pc.starts_with(match.text("client"), _MAPPED)).as_py():
        columns["client"] = pc.replace_substring_regex(match.text("client"), rf"^{_MAPPED}([0-9.]+)$", r"\1")
    if "extra" in match:
        columns |= _extra(match.text("extra"))
    elif "duration" in match and match.types["duration"] == "s":
        columns["duration"] = _seconds(match)
    return columns


def _given(column: Column) -> Column:
    return pc.if_else(pc.is_in(column, pa.array(["-", ""])), pa.scalar(None, pa.string()), column)


def _odd(match: Match) -> dict[str, Any]:
    """Read the two ends of a line of another order: who asked before the time, sizes and agents behind the status."""
    told = pc.extract_regex(match.text("tail"), _TAIL)
    ends = {name: pc.struct_field(told, name) for name in ("bytes", "referer", "agent", "extra")}
    heads = each_unique(match.text("head"), _asked_by)
    times = stamped(match, *_STAMPS)
    times["refused"] = times["refused"] | np.asarray(pc.equal(heads["refused"], "yes"))
    sizes = pc.if_else(pc.match_substring_regex(ends["bytes"], "^[0-9]+$"), ends["bytes"], None).cast(pa.int64())
    columns = {
        "head": None,
        "tail": None,
        "bytes": sizes,
        "referer": _given(ends["referer"]),
        "agent": _given(ends["agent"]),
    }
    return columns | _extra(ends["extra"]) | heads | times


def _asked_by(head: str) -> dict[str, str | None]:
    """Read what stands before the time: virtual host, addresses, the proxy's own, ident and user."""
    found = _HEAD.fullmatch(head.strip())
    if found is None or _STAMPED.match(head):
        return {"refused": "yes"}
    clients = re.findall(r"[^\s,\"]+", found["clients"])
    more = {"forwarded_for": ", ".join(clients)} if len(clients) > 1 else {}
    return more | {
        "refused": "no",
        "client": next((one for one in clients if _is_public(one)), clients[0] if clients != ["-"] else None),
        "peer": found["peer"],
        "service": found["vhost"] or None,
        "user": None if found["user"] in {"-", ""} else found["user"],
    }


def _is_public(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_global
    except ValueError:
        return False


def _seconds(match: Match) -> Column:
    values, there = match.float("duration")
    decimal = np.asarray(pc.fill_null(pc.match_substring(match.text("duration"), "."), False))
    return pa.array(np.where(decimal, values, values / 1e6), pa.float64(), mask=~there)


def _extra(extra: Column) -> dict[str, Column]:
    extra = pc.utf8_trim(extra, " ")
    told = pc.extract_regex(extra, _TOOK)
    return {
        "extra": _given(extra),
        "duration": pc.struct_field(told, "duration").cast(pa.float64()),
        "forwarded_for": _given(pc.struct_field(told, "forwarded_for")),
    }


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/apache2/access.log"
_APACHE_RUN: Final = "Apache 2.4.71 on loopback, requests by curl and netcat"
_NGINX_RUN: Final = "nginx 1.22.1 on loopback, requests by curl and netcat"
_BEATS: Final = "repository elastic/beats, tests of filebeat's module "
_FAIL2BAN: Final = "repository fail2ban/fail2ban, fail2ban/tests/files/logs/"

SAMPLES: Final = (
    Sample(
        b'203.0.113.100 - - [10/Nov/2022:10:29:59 +0530] "GET /post/219 HTTP/1.1" 200 4020 "https://www.google.com/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:106.0) Gecko/20100101 Firefox/106.0"',
        {
            "time": "2022-11-10T10:29:59+05:30",
            "kind": "request",
            "client": "203.0.113.100",
            "method": "GET",
            "path": "/post/219",
            "status": 200,
            "bytes": 4020,
            "referer": "https://www.google.com/",
            "agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:106.0) Gecko/20100101 Firefox/106.0",
        },
        _RECORDING,
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:43 +0000] "HEAD / HTTP/1.1" 200 - "-" "curl/7.88.1"',
        {
            "method": "HEAD",
            "path": "/",
            "status": 200,
            "bytes": None,
            "referer": None,
            "agent": "curl/7.88.1",
        },
        _APACHE_RUN,
    ),
    Sample(
        b'127.0.0.1 - bob [22/Nov/2026:11:04:39 +0000] "GET /priv HTTP/1.1" 401 421 "-" "curl/7.88.1"',
        {"user": "bob", "status": 401, "ident": None},
        _APACHE_RUN,
    ),
    Sample(
        b'blog.example.com:80 127.0.0.1 - - [22/Nov/2026:11:04:43 +0000] "GET /dead HTTP/1.1" 503 529 "-" "curl/7.88.1"',
        {"service": "blog.example.com", "client": "127.0.0.1", "path": "/dead", "status": 503, "bytes": 529},
        _APACHE_RUN,
    ),
    Sample(
        b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
        {
            "time": "2000-10-10T13:55:36-07:00",
            "client": "127.0.0.1",
            "user": "frank",
            "path": "/apache_pb.gif",
            "status": 200,
            "bytes": 2326,
        },
        "documentation of mod_log_config, common log format",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /nope HTTP/1.1" 404 153 "https://x/\\x22q" "evil \\x22quote\\x22 \\x5C [1/Jan/2000:00:00:00 +0000]" "203.0.113.7, 10.0.0.1"',
        {
            "time": "2026-11-22T11:05:49+00:00",
            "status": 404,
            "referer": "https://x/\\x22q",
            "agent": "evil \\x22quote\\x22 \\x5C [1/Jan/2000:00:00:00 +0000]",
            "forwarded_for": "203.0.113.7, 10.0.0.1",
        },
        _NGINX_RUN + "; a date inside the agent",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:51 +0000] "GET /app/slow HTTP/1.1" 200 16 "-" "curl/7.88.1" 0.001',
        {"path": "/app/slow", "duration": 0.001},
        _NGINX_RUN,
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:39 +0000] "GET / HTTP/1.1" 200 3 "-" "curl/7.88.1" 1088',
        {"path": "/", "duration": 0.001088},
        _APACHE_RUN + ", %D",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:39 +0000] "GET / HTTP/1.1" 200 3 "-" "curl/7.88.1" 0/1088',
        {"path": "/", "duration": 0.001088},
        _APACHE_RUN + ", %T/%D",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /app/b HTTP/1.1" 200 16 "-" "curl/7.88.1" 84 0.001 [app] [] 127.0.0.1:19998, 127.0.0.1:19001 0, 6 0.000, 0.001 502, 200 4b0405e9313e9b08de153171e5c13ecc',
        {
            "path": "/app/b",
            "status": 200,
            "service": "app",
            "duration": 0.001,
            "request_id": "4b0405e9313e9b08de153171e5c13ecc",
        },
        _NGINX_RUN + ", log format of ingress-nginx",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET / HTTP/1.1" 200 3 "-" "curl/7.88.1" 79 0.000 [-] [] - - - - 482f28537be370c2430951fe1943cb96',
        {
            "service": None,
            "upstream": None,
            "duration": 0.0,
            "request_id": "482f28537be370c2430951fe1943cb96",
        },
        _NGINX_RUN + ", log format of ingress-nginx",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /app/b HTTP/1.1" 200 16 "-" "curl/7.88.1" "-" 0.001 0.000, 0.001',
        {"path": "/app/b", "duration": 0.001, "forwarded_for": None, "extra": '"-" 0.001 0.000, 0.001'},
        _NGINX_RUN,
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /dead HTTP/1.1" 502 157 "-" "curl/7.88.1" rt=0.000 uct="-" uht="-" urt="0.000"',
        {"status": 502, "duration": 0.0, "extra": 'rt=0.000 uct="-" uht="-" urt="0.000"'},
        _NGINX_RUN,
    ),
    Sample(
        b'127.0.0.1 - al ice]\\"x [22/Nov/2026:11:04:39 +0000] "GET /priv HTTP/1.1" 404 236 "-" "curl/7.88.1"',
        {
            "time": "2026-11-22T11:04:39+00:00",
            "user": 'al ice]\\"x',
            "path": "/priv",
            "status": 404,
            "extra": None,
        },
        _APACHE_RUN + "; blank, bracket and quote in the user name",
    ),
    Sample(
        b'127.0.0.1 - al ice]\\"x [22/Nov/2026:11:04:39 +0000] "GET /priv HTTP/1.1" 404 236',
        {"user": 'al ice]\\"x', "path": "/priv", "status": 404},
        _APACHE_RUN + "; blank, bracket and quote in the user name",
    ),
    Sample(
        b'blog.example.com:80 127.0.0.1 - al ice]\\"x [22/Nov/2026:11:04:39 +0000] "GET /priv HTTP/1.1" 404 397 "-" "curl/7.88.1"',
        {"service": "blog.example.com", "client": "127.0.0.1", "user": 'al ice]\\"x', "path": "/priv"},
        _APACHE_RUN + "; blank, bracket and quote in the user name",
    ),
    Sample(
        b'blog.example.com 127.0.0.1 - - [22/Nov/2026:11:04:43 +0000] "GET /dead HTTP/1.1" 503 529 "-" "curl/7.88.1"',
        {"service": "blog.example.com", "client": "127.0.0.1", "user": None, "path": "/dead", "status": 503},
        _APACHE_RUN + "; its vhost_combined line with %v instead of %v:%p",
    ),
    Sample(
        b'127.0.0.1 - - x [22/Nov/2026:11:04:39 +0000] "GET /priv HTTP/1.1" 401 421 "-" "curl/7.88.1"',
        {"service": None, "client": "127.0.0.1", "user": "- x", "path": "/priv"},
        "hostile: a user name that makes the line look as if a host stood before it",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:45 +0000] "GET /\\xff\\xfe\\"q\\x1b[0m HTTP/1.1" 400 266 "-" "-"',
        {"method": "GET", "path": '/\\xff\\xfe\\"q\\x1b[0m', "status": 400, "agent": None},
        _APACHE_RUN + "; bad UTF-8, a quote and a terminal escape in the path",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:44 +0000] "\\x16\\x03\\x01" 400 266 "-" "-"',
        {"method": None, "path": "\\x16\\x03\\x01", "status": 400},
        _APACHE_RUN + "; TLS spoken to a plain port",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:45 +0000] "GET /\x00\xff\x1b[31m HTTP/1.1" 200 3 "-" "curl"',
        {"path": "/\x00\\xff\x1b[31m", "status": 200},
        "hostile: NUL, a byte that is no UTF-8 and a terminal escape, raw",
    ),
    Sample(
        b'46.118.127.106 - - [20/May/2015:12:05:17 +0000] "GET /scripts/grok-py-test/configlib.py HTTP/1.1" 200 235 "-" "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html',
        {
            "path": "/scripts/grok-py-test/configlib.py",
            "status": 200,
            "bytes": 235,
            "referer": None,
            "agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html",
        },
        "repository log2timeline/plaso, test_data/apache_access.log: a line cut in the agent",
    ),
    Sample(
        b'1.2.3.4 - - [25/Apr/2021:06:15:33 +0000] "GET /aaaa.xxxx/SomeText?action=edit&template=<script>alert("text")</script> HTTP/1.0" 404 1164',
        {
            "method": "GET",
            "path": '/aaaa.xxxx/SomeText?action=edit&template=<script>alert("text")</script>',
            "status": 404,
            "bytes": 1164,
            "extra": None,
        },
        "repository log2timeline/plaso, test_data/apache_access.log: quotes that nobody escaped",
    ),
    Sample(
        b'10.0.0.2, 10.0.0.1, 85.181.35.98 - - [07/Dec/2016:11:05:07 +0100] "GET /ocelot HTTP/1.1" 200 571 "-" "Mozilla/5.0"',
        {
            "time": "2016-12-07T11:05:07+01:00",
            "client": "85.181.35.98",
            "forwarded_for": "10.0.0.2, 10.0.0.1, 85.181.35.98",
            "path": "/ocelot",
            "status": 200,
            "bytes": 571,
            "agent": "Mozilla/5.0",
        },
        _BEATS + "nginx/access",
    ),
    Sample(
        b'example.com:80 "10.5.102.222, 199.96.1.1, 204.246.1.1" 10.2.1.185 - - [22/Jan/2016:13:18:29 +0000] "GET /assets/xxxx?q=100 HTTP/1.1" 200 25507 "-" "Amazon CloudFront"',
        {"service": "example.com", "client": "199.96.1.1", "peer": "10.2.1.185", "status": 200, "bytes": 25507},
        _BEATS + "nginx/access",
    ),
    Sample(
        b'example.com:80 unix: - - [26/Feb/2019:15:39:42 +0100] "hello" 400 173 "-" "-"',
        {"service": "example.com", "client": "unix:", "method": None, "path": "hello", "status": 400, "bytes": 173},
        _BEATS + "nginx/access",
    ),
    Sample(
        b'[16/Oct/2019:11:53:47 +0200] 81.2.69.143 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "GET /appl/ajaxhelper.php?cmd=x HTTP/1.1" -',
        {
            "time": "2019-10-16T11:53:47+02:00",
            "client": "81.2.69.143",
            "kind": "log",
            "method": "GET",
            "path": "/appl/ajaxhelper.php?cmd=x",
            "bytes": None,
            "tls": "TLSv1.2",
        },
        _BEATS + "apache/access",
    ),
    Sample(
        b'192.168.64.14 - - [07/Feb/2020:12:02:42 +0000] "GET /v2/some HTTP/1.1" 200 61 "-" "Mozilla/5.0" 348 0.001 [default-web2-8080] [] 172.17.0.6:8080, 172.17.0.7:8080 61, 100 0.100, 0.004 200, 203 835136ae24486dbb4156dcbe21f5d402',
        {
            "upstream": "172.17.0.6:8080, 172.17.0.7:8080",
            "upstream_s": "0.100, 0.004",
            "upstream_status": "200, 203",
            "duration": 0.001,
            "service": "default-web2-8080",
        },
        _BEATS + "nginx/ingress_controller",
    ),
    Sample(
        b'173.194.44.31 - - [24/Mar/2013:08:58:32 GMT] "POST /SOGo/connect HTTP/1.1" 403 34/38 0.311 - - 2M',
        {
            "time": "2013-03-24T08:58:32+00:00",
            "client": "173.194.44.31",
            "status": 403,
            "bytes": 34,
            "path": "/SOGo/connect",
        },
        _FAIL2BAN + "sogo-auth",
    ),
    Sample(
        b'175.18.15.11 -  -  [17/oct./2015:00:35:12 +0200] "GET /openhab.app HTTP/1.1" 200 92 ',
        {"time": "2015-10-17T00:35:12+02:00", "client": "175.18.15.11", "user": None, "status": 200, "bytes": 92},
        _FAIL2BAN + "openhab: Jetty under a French locale",
    ),
    Sample(
        b'192.0.2.12 - user1 [27/Jun/2013:11:55:44] "GET /knocking/ HTTP/1.1" 200 266 "http://domain.net/hello-world/" "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:40.0) Gecko/20100101 Firefox/40.0"',
        {"time": "2013-06-27T11:55:44", "user": "user1", "status": 200, "referer": "http://domain.net/hello-world/"},
        _FAIL2BAN + "apache-pass: no zone",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:45 +0000] "GET /' + b"a" * 1_000_000 + b' HTTP/1.1" 414 248 "-" "-"',
        {"path": "/" + "a" * 1_000_000, "status": 414},
        "hostile: a line of 1 MB",
    ),
    Sample(
        b'127.0.0.1 - - [22/Nov/2026:11:04:45 +0000] "GET / HTTP/1.1" 99999999999 3 "-" "-"',
        {"status": None, "bytes": 3},
        "hostile: a status that is none",
    ),
    Sample(
        b'::ffff:127.0.0.1 - - [01/Dec/2026:11:58:47 +0000] "GET /x?a=1 HTTP/1.1" 503 2 "-" "curl/7.88.1"',
        {"client": "127.0.0.1", "status": 503},
        "Express 4 with morgan on loopback, format combined: an IPv4 client of an IPv6 socket",
    ),
    Sample(b'127.0.0.1 - - [31/Feb/2026:11:04:45 +0000] "GET / HTTP/1.1" 200 3', None, "hostile: no such day"),
    Sample(b'127.0.0.1 - - [22/Nov/2026:11:04:45 +0000] "GET / HTTP', None, "hostile: a line cut short"),
)

PARSER = LineParser(
    name="access",
    title="Apache and nginx access log",
    url="https://httpd.apache.org/docs/2.4/mod/mod_log_config.html",
    samples=SAMPLES,
    layouts=(
        Layout(_PLAIN + _AGENT, name="combined"),
        Layout(_VHOST + "{client:ip} - {user:word}" + _REQUEST + _AGENT, name="vhost_combined"),
        Layout(_PLAIN, name="common"),
        Layout(_PLAIN + _AGENT + ' "{forwarded_for}"', name="combined and X-Forwarded-For"),
        Layout(_PLAIN + _AGENT + " {duration:s}", name="combined and duration"),
        Layout(_PLAIN + _AGENT + " {_:d}/{duration:us}", name="combined and %T/%D"),
        Layout(_PLAIN + _AGENT + _INGRESS, name="ingress-nginx"),
        Layout(_PLAIN + _AGENT + " {extra:rest}", name="combined and more"),
        Layout("{vhost:ip} {client:ip} - {user:word}" + _REQUEST + _AGENT, name="combined behind a host without port"),
        Layout(_PLAIN + ' "{referer}" "{agent:rest}', name="combined, cut in the agent"),
        Layout(_UNESCAPED, name="a request whose quotes nobody escaped"),
        Layout(_TLS, name="ssl_request_log"),
        Layout(_ODD, name="other orders"),
    ),
    kind=Kind.REQUEST,
    meaning=_meaning,
)
