r"""Nginx Proxy Manager's access logs: the proxy's hosts, and its fallback.

::

    [24/Jan/2022:16:50:41 +0000] - 304 304 - GET http openresty.local "/" [Client 192.0.2.7] [Length 0] [Gzip -] [Sent-to 10.0.0.1] "…" "-"
    [24/Jan/2022:13:40:19 +0000] 444 - GET https 192.0.2.1 "/.env" [Client 192.0.2.7] [Length 0] [Gzip -] "…" "-"

Traps: of two statuses the first is the server's behind it, ``-`` where it gave none; what stands before them is the cache's word.

https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Sample, status_of


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    size = match.text("size")
    digits = pc.if_else(pc.match_substring_regex(size, "^[0-9]{1,15}$"), size, None)
    columns: dict[str, Any] = {"status": status_of(match), "bytes": digits.cast(pa.int64()), "size": None}
    columns |= {"service": match.text("vhost"), "vhost": None}
    for name in ("cache", "upstream_status", "upstream", "agent", "referer"):
        if name in match:
            text = match.text(name)
            columns[name] = pc.if_else(pc.equal(text, "-"), pa.scalar(None, pa.string()), text)
    return columns


_ASKED: Final = (
    '{method:word} {scheme:word} {vhost:word} "{path}" [Client {client:ip}] [Length {size:word}] [Gzip {_:word}] '
)
_HUB: Final = "crowdsecurity/hub, .tests/nginx-proxy-manager-logs"
SAMPLES: Final = (
    Sample(
        b'[24/Jan/2022:16:51:02 +0000] - 404 404 - GET http openresty.local "/sdfdsf" [Client 1.2.3.4] [Length 192] [Gzip 3.10] [Sent-to openresty] "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.110 Safari/537.36" "-"',
        {"time": "2022-01-24T16:51:02+00:00", "kind": "request", "client": "1.2.3.4", "method": "GET", "path": "/sdfdsf", "status": 404, "bytes": 192,
         "upstream": "openresty", "upstream_status": "404", "service": "openresty.local", "referer": None},
        _HUB,
    ),
    Sample(
        b'[24/Jan/2022:13:40:19 +0000] 444 - GET https 4.3.2.1 "/.env" [Client 207.32.219.89] [Length 0] [Gzip -] "Mozilla/5.0 (Linux; U; Android 4.4.2; en-US; HM NOTE 1W Build/KOT49H) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 UCBrowser/11.0.5.850 U3/0.8.0 Mobile Safari/534.30" "-"',
        {"status": 444, "client": "207.32.219.89", "path": "/.env", "upstream": None},
        _HUB,
    ),
    Sample(b'[34/Jan/2022:13:40:19 +0000] 444 - GET https 4.3.2.1 "/" [Client 192.0.2.7] [Length 0] [Gzip -] "-" "-"', None, "hostile: no such day"),
)  # fmt: skip

PARSER = LineParser(
    name="nginx-proxy-manager",
    title="Nginx Proxy Manager access log",
    url="https://nginxproxymanager.com/advanced-config/",
    samples=SAMPLES,
    layouts=(
        Layout(
            "[{time:clf}] {cache:word} {upstream_status:word} {status:d} - "
            + _ASKED
            + '[Sent-to {upstream:word}] "{agent}" "{referer}"',
            name="a host of the proxy",
        ),
        Layout("[{time:clf}] {status:d} - " + _ASKED + '"{agent}" "{referer}"', name="the fallback"),
    ),
    kind=Kind.REQUEST,
    meaning=_meaning,
)
