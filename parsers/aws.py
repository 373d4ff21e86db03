r"""AWS access logs: load balancers (ALB, NLB and classic ELB's), CloudFront and S3.

::

    tls 2.0 2018-12-20T02:59:40 net/my-lb/c6e7 g3d4 192.0.2.7:51341 10.0.0.1:443 5 2 98 246 - arn:… …                         NLB, TLS listeners
    https 2022-11-10T10:29:58.123456Z app/my-lb/50dc 192.0.2.7:2817 10.0.0.1:80 0.000 0.001 0.000 502 502 34 366 "GET https://…" …   ALB
    2015-05-13T23:39:43.945958Z my-lb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://…" …           ELB
    2019-12-04<tab>21:02:31<tab>LAX1<tab>392<tab>192.0.2.7<tab>GET<tab>…                                                     CloudFront
    79a5… bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5… 3E57 REST.GET.VERSIONING - "GET /…" 200 - 113 - 7 - "-" "S3Console/0.4" - …  S3

All times are UTC. Traps: ALB's stamp is when the answer was made, the times of its three parts are ``-1`` where a part
never happened; ``-`` stands for a target that never answered; a target's status differs from the balancer's; the URL is
absolute; new fields are appended without notice. CloudFront's columns are those of its standard log, and what the
file says of itself (``#Version``, ``#Fields``) is no event. A duration of S3 is in milliseconds.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Match,
    Sample,
    Times,
    each_unique,
    stamped,
    status_of,
)

_NOTHING: Final = pa.scalar(None, pa.string())
_STAGES: Final = ("request_s", "target_s", "response_s")


def _elb(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    upstream = match.text("upstream")
    target = pc.struct_field(pc.extract_regex(match.text("path"), r"^(?:[a-z]+://[^/]*)?(?P<path>.*)$"), "path")
    return {
        "status": status_of(match),
        "duration": _summed(match),
        "upstream": pc.if_else(pc.equal(upstream, "-"), _NOTHING, upstream),
        "path": pc.if_else(pc.equal(target, ""), "/", target),
        "protocol": None,
        **dict.fromkeys(_STAGES),
    }


def _nlb(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Read a TLS connection; its time, which prints no zone, is UTC as all of a load balancer's."""
    times = match.time()
    upstream, alert = match.text("upstream"), match.text("alert")
    return {
        "time": Times(times.wall_us, np.zeros(len(match), np.int32), True, times.resolution_us),
        "upstream": pc.if_else(pc.equal(upstream, "-"), _NOTHING, upstream),
        "alert": pc.if_else(pc.equal(alert, "-"), _NOTHING, alert),
    }


def _summed(match: Match) -> Column:
    """Add the three stages; a request that never came to an end has none."""
    stages = [match.float(name) for name in _STAGES]
    there = np.logical_and.reduce([valid & (seconds >= 0) for seconds, valid in stages])
    return pa.array(np.where(there, sum(seconds for seconds, _ in stages), 0.0), mask=~there)


_CLOUDFRONT_TIME: Final = Form("YYYY-mm-dd\tHH:MM:SS", "2019-12-04\t21:02:31")


def _cloudfront(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = stamped(match, _CLOUDFRONT_TIME, field="date", until="clock")
    times = columns["time"]
    columns["time"] = Times(times.wall_us, np.zeros(len(match), np.int32), True, 1_000_000)  # documented as UTC
    for name in ("query", "referer", "result"):
        text = match.text(name)
        columns[name] = pc.if_else(pc.equal(text, "-"), _NOTHING, text)
    query = match.text("query")
    asked = pc.binary_join_element_wise(match.text("path"), query, "?")
    columns["path"] = pc.if_else(pc.equal(query, "-"), match.text("path"), asked)
    return columns | {"status": status_of(match), "query": None}


def _s3(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {"status": status_of(match), "protocol": None}
    for name in ("requester", "key", "error", "referer", "agent", "path"):
        text = match.text(name)
        columns[name] = pc.if_else(pc.is_in(text, pa.array(["-", ""])), _NOTHING, text)
    return columns | each_unique(match.text("service"), lambda bucket: {"service": bucket})


_ALB: Final = (
    "{type:level} {time:iso} {balancer:word} {client:ip}:{_:d} {upstream:word} {request_s:s} {target_s:s} {response_s:s} "
    '{status:d} {target_status:word} {bytes_in:d} {bytes:d} "{request:request}" "{agent}" {more:rest}'
)
_NLB: Final = (
    "tls {version:word} {time:iso} {balancer:word} {listener:word} {client:ip}:{_:d} {upstream:word} {duration:ms} "
    "{handshake_ms:word} {bytes_in:d} {bytes:d} {alert:word} {more:rest}"
)
_ELB: Final = (
    "{time:iso} {balancer:word} {client:ip}:{_:d} {upstream:word} {request_s:s} {target_s:s} {response_s:s} "
    '{status:d} {target_status:word} {bytes_in:d} {bytes:d} "{request:request}"'
)
_CF: Final = (
    "{date:word}\t{clock:word}\t{edge:word}\t{bytes:d}\t{client:ip}\t{method:word}\t{vhost:word}\t{path:word}\t{status:d}\t"
    "{referer:word}\t{agent:word}\t{query:word}\t{_:word}\t{result:word}\t{request_id:word}\t{_:word}\t{_:word}\t{bytes_in:d}\t"
    "{duration:s}\t{more:rest}"
)
_S3: Final = (
    '{owner:hex} {service:word} [{time:clf}] {client:ip} {requester:word} {request_id:word} {operation:word} {key:word} "{request:request}" '
    '{status:d} {error:word} {bytes:d} {object_bytes:d} {duration:ms} {turnaround_ms:d} "{referer}" "{agent}" {more:rest}'
)

_ALB_DOC: Final = "AWS documentation, Access logs for your Application Load Balancer: example log entries"
_ELB_DOC: Final = "AWS documentation, Access logs for your Classic Load Balancer: examples"

ALB_SAMPLES: Final = (
    Sample(
        b'http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
        {"time": "2018-07-02T22:23:00.186641+00:00", "kind": "request", "client": "192.168.131.39", "upstream": "10.0.0.1:80", "status": 200,
         "method": "GET", "path": "/", "duration": 0.001, "bytes": 366, "target_status": "200"},
        _ALB_DOC,
    ),
    Sample(
        b'https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - -1 -1 -1 503 - 34 366 "GET https://www.example.com:443/x?y=1 HTTP/1.1" "curl/7.46.0" ECDHE TLSv1.2 - "Root=1" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "-" "-" "-" "-"',
        {"status": 503, "upstream": None, "path": "/x?y=1", "duration": None},
        _ALB_DOC + ": an HTTPS request that no target took",
    ),
    Sample(b'h2 2018-07-32T22:23:00.186641Z app/a/5 192.0.2.7:1 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://a:80/ HTTP/1.1" "x" -', None, "hostile: no such day"),
    Sample(b'http 2018-07-02T22:23:00.186641Z app/a/5 192.0.2.7:1 10.0.0.1:80 0.000 0.001 0.000 400 - 34 366 "GET http://a:80/\x00\xff\x1b[31m HTTP/1.1" "x" -', {"status": 400}, "hostile: NUL, bad UTF-8 and an escape in a path"),
)  # fmt: skip

ELB_SAMPLES: Final = (
    Sample(
        b'2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -',
        {"time": "2015-05-13T23:39:43.945958+00:00", "client": "192.168.131.39", "upstream": "10.0.0.1:80", "status": 200, "bytes": 29, "duration": 0.001178, "path": "/"},
        _ELB_DOC,
    ),
    Sample(
        b'2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - "',
        {"client": "192.168.131.39", "status": None, "bytes": 305},
        _ELB_DOC + ": a TCP listener, before agents were logged",
    ),
    Sample(b'2015-05-32T23:39:43.945958Z a 192.0.2.7:1 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 "GET http://a:80/ HTTP/1.1"', None, "hostile: no such day"),
)  # fmt: skip

CLOUDFRONT_SAMPLES: Final = (
    Sample(
        b"2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/78.0.3904.108%20Safari/537.36\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-",
        {"time": "2019-12-04T21:02:31+00:00", "kind": "request", "client": "192.0.2.100", "status": 200, "method": "GET", "path": "/index.html",
         "bytes": 392, "duration": 0.001, "result": "Hit"},
        "AWS documentation, CloudFront standard logs: example",
    ),
    Sample(
        b"2019-12-13\t22:37:02\tSEA19-C2\t900\t192.0.2.200\tGET\td111111abcdef8.cloudfront.net\t/\t502\t-\tcurl/7.55.1\ta=b\t-\tError\tkBkDzGnceVtWHqSCqBUqtA_cEs2T3tFUBbnBNkB9El_uVRhHgcZfcw==\twww.example.com\thttp\t387\t0.103\t-\t-\t-\tError\tHTTP/1.1\t-\t-\t12644\t0.103\tOriginConnectError\t-\t-\t-\t-",
        {"status": 502, "path": "/?a=b", "result": "Error"},
        "AWS documentation, CloudFront standard logs: example, with a query",
    ),
    Sample(
        b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n"
        b"2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n",
        {"time": "2019-12-04T21:02:31+00:00", "status": 200},
        "AWS documentation, CloudFront standard logs: example of a file, its agent cut short",
    ),
    Sample(b"#Version: 1.0", None, "AWS documentation, CloudFront standard logs: the head of a file"),
)  # fmt: skip

S3_SAMPLES: Final = (
    Sample(
        b'79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be DOC-EXAMPLE-BUCKET1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /DOC-EXAMPLE-BUCKET1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader DOC-EXAMPLE-BUCKET1.s3.us-west-1.amazonaws.com TLSV1.2 - -',
        {"time": "2019-02-06T00:00:38+00:00", "kind": "request", "client": "192.0.2.3", "service": "DOC-EXAMPLE-BUCKET1", "status": 200,
         "method": "GET", "path": "/DOC-EXAMPLE-BUCKET1?versioning", "bytes": 113, "duration": 0.007, "operation": "REST.GET.VERSIONING"},
        "AWS documentation, Amazon S3 server access log format",
    ),
    Sample(
        b'79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be DOC-EXAMPLE-BUCKET1 [06/Feb/2019:00:01:00 +0000] 192.0.2.3 - 7B4A0FABBEXAMPLE REST.GET.OBJECT a.txt "GET /a.txt HTTP/1.1" 503 SlowDown 297 - 38 - "-" "x" - Y= SigV4 E A D T - -',
        {"status": 503, "error": "SlowDown", "requester": None, "key": "a.txt"},
        "AWS documentation, Amazon S3 server access log format: an error",
    ),
    Sample(b'79a5 b [36/Feb/2019:00:00:38 +0000] 192.0.2.3 79 3E REST.GET - "GET / HTTP/1.1" 200 - 113 - 7 - "-" "x" -', None, "hostile: no such day"),
)  # fmt: skip

NLB_SAMPLES: Final = (
    Sample(
        b"tls 2.0 2018-12-20T02:59:40 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:671290407336:certificate/2a108f19-aded-46b0-8493-c63eb1ef4a99 - ECDHE-RSA-AES128-SHA tlsv12 - my-network-loadbalancer-c6e77e28c25b2234.elb.us-east-2.amazonaws.com - - - 2018-12-20T02:59:30",
        {"time": "2018-12-20T02:59:40+00:00", "kind": "log", "client": "72.21.218.154", "upstream": "172.100.100.185:443", "duration": 0.005,
         "bytes": 246, "alert": None},
        "AWS documentation, access logs for your Network Load Balancer: example",
    ),
    Sample(b"tls 2.0 2018-12-32T02:59:40 net/a/c g3 192.0.2.7:1 10.0.0.1:443 5 2 98 246 - -", None, "hostile: no such day"),
)  # fmt: skip

_LB: Final = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
PARSER = (
    LineParser(
        name="aws-alb",
        title="AWS Application Load Balancer access log",
        url=_LB + "/application/load-balancer-access-logs.html",
        samples=ALB_SAMPLES,
        layouts=(Layout(_ALB),),
        kind=Kind.REQUEST,
        meaning=_elb,
    ),
    LineParser(
        name="aws-nlb",
        title="AWS Network Load Balancer access log (TLS)",
        url=_LB + "/network/load-balancer-access-logs.html",
        samples=NLB_SAMPLES,
        layouts=(Layout(_NLB),),
        meaning=_nlb,
    ),
    LineParser(
        name="aws-elb",
        title="AWS Classic Load Balancer access log",
        url=_LB + "/classic/access-log-collection.html",
        samples=ELB_SAMPLES,
        layouts=(
            Layout(_ELB + ' "{agent}" {more:rest}', name="with agent"),
            Layout(_ELB, name="before agents were logged"),
        ),
        kind=Kind.REQUEST,
        meaning=_elb,
    ),
    LineParser(
        name="aws-cloudfront",
        title="AWS CloudFront standard log",
        url="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
        samples=CLOUDFRONT_SAMPLES,
        layouts=(Layout(_CF),),
        headings=rb"#(?:Version|Fields):",
        kind=Kind.REQUEST,
        meaning=_cloudfront,
    ),
    LineParser(
        name="aws-s3",
        title="AWS S3 server access log",
        url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
        samples=S3_SAMPLES,
        layouts=(Layout(_S3),),
        kind=Kind.REQUEST,
        meaning=_s3,
    ),
)
