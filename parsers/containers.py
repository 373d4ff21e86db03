r"""What container engines wrap around the lines of a program: Docker's json-file, CRI, and compose's prefixes.

Envelopes: the line inside is given to the parser that knows it, chosen by how the lines look::

    {"log":"…\n","stream":"stdout","time":"2022-11-10T10:29:58.123456789Z"}     Docker, json-file
    2022-11-10T10:29:58.123456789Z stdout F …                                  containerd, CRI-O (Kubernetes)
    web-1  | …, web-1  | 2022-11-10T10:29:58.123456789Z …                      docker compose logs, with and without -t
    2022-11-10T10:29:58.123456789Z …                                           kubectl logs --timestamps, docker logs -t
    [pod/web-7d4/nginx] …, [pod/web-7d4/nginx] 2022-11-10T10:29:58.123Z …      kubectl logs --prefix, with and without --timestamps

Traps: Docker cuts lines at 16 KB, and then ``log`` has no line end; CRI marks such pieces ``P`` (the last is ``F``); the pieces
are joined here, by stream. Without ``-t`` compose's lines have no time but their own. Docker escapes ``<``, ``>`` and ``&``.

https://docs.docker.com/engine/logging/drivers/json-file/
https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
https://docs.docker.com/reference/cli/docker/compose/logs/
https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Layout, LineParser, Match, Sample, each_unique

_MAX_JOINED: Final = 1 << 20
_COLOUR: Final = r"\\u001b\[[0-9;:?]*[ -/]*[@-~]"  # a terminal's, as JSON escapes it
# Where no backslash is itself escaped, every one of these is what it looks like.
_ESCAPES: Final = (
    ('\\"', '"'), ("\\t", "\t"), ("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&"), ("\\u001b", "\x1b"), ("\\r", "\r"),
    ("\\/", "/"), ("\\n", "\n"),
)  # fmt: skip


def _docker(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Take the text from between its quotes; the layout leaves them to the field, since it may hold escaped ones."""
    starts, ends = match.span("message")
    octets = match.lines.block.octets
    quoted = (ends - starts >= 2) & (octets[starts] == ord('"')) & (octets[ends - 1] == ord('"'))
    whole = quoted & (ends - starts >= 4) & (octets[ends - 3] == ord("\\")) & (octets[ends - 2] == ord("n"))
    begin = np.where(quoted, starts + 1, starts)
    text = match.lines.texts(begin, np.maximum(ends - 1 - 2 * whole, begin))
    if b"\\u001b[" in match.lines.data:
        text = pc.replace_substring_regex(text, _COLOUR, "")
    return _joined(_unescaped(text, match.lines.data), quoted & ~whole, match.text("stream")) | {"refused": ~quoted}


def _unescaped(text: Column, block: bytes) -> Column:
    """Undo JSON's escapes: the usual ones for all lines at once, the others line by line."""
    odd = pc.match_substring(text, "\\\\")
    plain = text
    for escape, char in _ESCAPES:
        if escape.encode() in block:
            plain = pc.replace_substring(plain, escape, char)
    hard = pc.or_(odd, pc.match_substring(plain, "\\"))
    if not pc.any(hard).as_py():
        return plain
    rows = pa.array(np.flatnonzero(np.asarray(hard)))
    fixed = [_loaded(one) for one in text.take(rows).to_pylist()]
    return pc.replace_with_mask(plain, hard, pa.array(fixed, pa.string()))


def _loaded(text: str) -> str:
    try:
        told = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    return str(told).encode("utf-8", "backslashreplace").decode()


def _cri(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    tag, stream = match.text("tag"), match.text("stream")
    partial = np.asarray(pc.equal(tag, "P"))
    known = np.asarray(pc.and_(pc.is_in(tag, pa.array(["P", "F"])), pc.is_in(stream, pa.array(["stdout", "stderr"]))))
    told: dict[str, Any] = {"tag": None, "refused": ~known}
    return told | (_joined(match.text("message"), partial & known, stream) if partial.any() else {})


def _joined(message: Column, partial: np.ndarray, stream: Column) -> dict[str, Any]:
    """Put the pieces of a line together, by stream, into the row of the first piece."""
    if not partial.any():
        return {"message": message}
    texts, streams = message.to_pylist(), stream.to_pylist()
    joined = np.zeros(len(texts), bool)
    head: dict[str, int] = {}
    for row, more in enumerate(partial.tolist()):
        first = head.get(streams[row])
        if first is not None:
            joined[row] = True
            if len(texts[first]) < _MAX_JOINED:
                texts[first] += texts[row]
        if more:
            head.setdefault(streams[row], row)
        else:
            head.pop(streams[row], None)
    return {"message": pa.array(texts, pa.string()), "joined": joined}


_SHORTEST: Final = len("2022-11-10T10:29:58.123456Z")
_CONTAINER: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*[-_][0-9]+$"
_OWN_TIME: Final = r"^(?:[\[{<]|\S*[0-9]{2}[:/-][0-9]{2}|[A-Z][a-z]{2} [ 0-9]|[IWEF][0-9]{4} |[0-9]+:[A-Z] |\S+ \S+ \S+ \[[0-9]|time=|ts=|level=)"


def _compose(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    container = match.text("container")
    known = pc.match_substring_regex(container, _CONTAINER)
    if "time" in match:  # the engine's own, 2022-11-10T10:29:58.123456789Z; the program's may have a blank
        known = pc.and_(known, pa.array(match.lines.block.octets[match.span("time")[0] + 10] == ord("T")))
    else:
        known = pc.and_(known, pc.match_substring_regex(match.text("message"), _OWN_TIME))
    program = each_unique(container, lambda name: {"program": re.sub(r"[-_]\d+$", "", name)})
    return program | {"refused": ~np.asarray(known)}


def _stamped(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    """Take only stamps as engines print them, in UTC and with a fraction; any other time is the program's own."""
    starts, ends = match.span("time")
    octets = match.lines.block.octets
    theirs = (ends - starts >= _SHORTEST) & (octets[ends - 1] == ord("Z")) & (octets[starts + 10] == ord("T"))
    dated = pc.match_substring_regex(match.text("message"), _OWN_TIME)
    return {"refused": ~(theirs & np.asarray(dated))}


def _kubectl(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "time" in match:
        return {}
    return {"refused": ~np.asarray(pc.match_substring_regex(match.text("message"), _OWN_TIME))}


_DOC: Final = "composed after: Docker documentation, json-file"
_KUBECTL_SOURCE: Final = "prefix as kubernetes/kubectl, pkg/cmd/logs/logs.go, addPrefixIfNeeded writes it"
_INNER: Final = "around a line of nginx on loopback"

DOCKER_SAMPLES: Final = (
    Sample(
        b'{"log":"Log line is here\\n","stream":"stdout","time":"2019-01-01T11:11:11.111111111Z"}',
        {"time": "2019-01-01T11:11:11.111111+00:00", "stream": "stdout", "message": "Log line is here", "kind": "log"},
        _DOC + ': "Log line is here"',
    ),
    Sample(
        b'{"log":"127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] \\"GET /dead HTTP/1.1\\" 502 157 \\"-\\" \\"curl/7.88.1\\"\\n","stream":"stdout","time":"2026-11-22T11:05:49.5Z"}',
        {"time": "2026-11-22T11:05:49+00:00", "kind": "request", "status": 502, "path": "/dead", "stream": "stdout"},
        _DOC + ", " + _INNER,
    ),
    Sample(
        b'{"log":"E1110 10:29:58.123456       1 server.go:12] failed\\n","stream":"stderr","time":"2022-11-10T10:29:58.124Z"}',
        {"time": "2022-11-10T10:29:58.124+00:00", "severity": 17, "message": "failed"},
        _DOC + ", around klog, whose year the envelope knows",
    ),
    Sample(
        b'{"log":"{\\"level\\":\\"error\\",\\"ts\\":1668076198.123,\\"msg\\":\\"boom \\\\\\"x\\\\\\"\\"}\\n","stream":"stdout","time":"2022-11-10T10:29:58.2Z"}',
        {"time": "2022-11-10T10:29:58.123+00:00", "severity": 17, "message": 'boom "x"'},
        _DOC + ", around zap",
    ),
    Sample(
        b'{"log":"[error] cannot open /data\\n","stream":"stderr","time":"2022-11-10T10:29:58.2Z"}',
        {"time": "2022-11-10T10:29:58.2+00:00", "severity": 17, "message": "[error] cannot open /data"},
        _DOC + ", a program of no known format",
    ),
    Sample(
        b'{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"no time of its own\\"}\\n","stream":"stdout","time":"2022-11-10T10:29:58.2Z"}',
        {"time": "2022-11-10T10:29:58.2+00:00", "severity": 17, "message": "no time of its own"},
        _DOC + ", around JSON without a time",
    ),
    Sample(
        b'{"log":"level=warning msg=\\"no time of its own\\"\\n","stream":"stdout","time":"2022-11-10T10:29:58.2Z"}',
        {"time": "2022-11-10T10:29:58.2+00:00", "severity": 13, "message": "no time of its own"},
        _DOC + ", around logfmt without a time",
    ),
    Sample(
        b'{"log":"one ","stream":"stdout","time":"2022-11-10T10:29:58.1Z"}\n{"log":"other\\n","stream":"stderr","time":"2022-11-10T10:29:58.1Z"}\n{"log":"line\\n","stream":"stdout","time":"2022-11-10T10:29:58.1Z"}',
        {"message": "one line"},
        _DOC + ", a line in two pieces and one of the other stream between",
    ),
    Sample(
        b'{"log":"tagged\\n","stream":"stdout","attrs":{"tag":"web"},"time":"2022-11-10T10:29:58.1Z"}',
        {"message": "tagged", "attrs": '"tag":"web"'},
        _DOC + ", option tag",
    ),
    Sample(
        b'{"log":"\\u0000\\ufffd\\u001b[31m \\\\\\",\\"stream\\":\\"stderr\\"\\n","stream":"stdout","time":"2022-11-10T10:29:58.1Z"}',
        {"stream": "stdout", "message": '\x00\ufffd \\","stream":"stderr"'},
        "hostile: NUL, a colour and another object inside a line",
    ),
    Sample(b'{"log":"' + b"x" * 1_000_000 + b'\\n","stream":"stdout","time":"2022-11-10T10:29:58.1Z"}', {"message": "x" * 1_000_000}, "hostile: a line of 1 MB"),
    Sample(b'{"log":"x\\n","stream":"stdout","time":"2022-11-31T10:29:58.1Z"}', None, "hostile: no such day"),
)  # fmt: skip

CRI_SAMPLES: Final = (
    Sample(
        b"2016-10-06T00:17:09.669794202Z stdout F The content of the log entry 1",
        {"time": "2016-10-06T00:17:09.669794+00:00", "stream": "stdout", "message": "The content of the log entry 1"},
        "composed after: Kubernetes design proposal, CRI logging",
    ),
    Sample(
        b"2016-10-06T00:17:10.113242941Z stderr P The content \n2016-10-06T00:17:10.113242941Z stderr F of the log entry 2",
        {"message": "The content of the log entry 2", "stream": "stderr"},
        "composed after: Kubernetes design proposal, CRI logging, a line in two pieces",
    ),
    Sample(
        b'2022-11-10T15:59:58.123456789+05:30 stderr F 2022/11/10 10:29:58 [error] 28488#28488: *7 access forbidden by rule, client: 127.0.0.1, server: a, request: "GET /priv HTTP/1.1", host: "a"',
        {"severity": 17, "path": "/priv", "client": "127.0.0.1", "time": "2022-11-10T10:29:58+00:00"},
        "the same, around a line of nginx on loopback, whose zone the envelope tells",
    ),
    Sample(b"2016-10-06T00:17:09.669794202Z stdout F x\x00\xff\x1b[31m 2016-10-06T00:17:09.669794202Z stderr F y", {"stream": "stdout"},
           "hostile: NUL, bad UTF-8, an escape and another line inside a line"),
    Sample(b"2016-10-06T00:17:09.669794202Z stdout F " + b"x" * 1_000_000, {"stream": "stdout"}, "hostile: a line of 1 MB"),
    Sample(b"2016-10-36T00:17:09.669794202Z stdout F x", None, "hostile: no such day"),
    Sample(b"2016-10-06T00:17:09.669794202Z stdin F x", None, "a stream that there is not"),
)  # fmt: skip

COMPOSE_SAMPLES: Final = (
    Sample(
        b'web-1  | 127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /dead HTTP/1.1" 502 157 "-" "curl/7.88.1"',
        {"service": "web", "container": "web-1", "kind": "request", "status": 502},
        "composed after: Docker documentation, docker compose logs, " + _INNER,
    ),
    Sample(
        b"db_1   | 2022-11-10T10:29:58.123456789Z hello",
        {"time": "2022-11-10T10:29:58.123456+00:00", "service": "db", "message": "hello"},
        "composed after: Docker documentation, docker compose logs --timestamps",
    ),
    Sample(
        b"redis-1  | 1:M 25 Apr 2024 05:54:43.948 # Redis is now ready to exit, bye bye...",
        {"time": "2024-04-25T05:54:43.948", "service": "redis", "container": "redis-1", "severity": 13},
        "repository tstack/lnav, test/logfile_docker_compose.0",
    ),
    Sample(
        b"db-1  | 2022-11-10 10:29:58.123 UTC [1] LOG:  database system is ready to accept connections",
        {"time": "2022-11-10T10:29:58.123+00:00", "service": "db", "severity": 9},
        "the same, around PostgreSQL, whose time is no time of the engine's",
    ),
    Sample(b"web-1  | no time in this line", None, "nothing can place such a line"),
)  # fmt: skip

KUBECTL_SAMPLES: Final = (
    Sample(
        b"[pod/web-7d4b9c-x2x/nginx] 2022-11-10T10:29:58.123456789Z ready",
        {"time": "2022-11-10T10:29:58.123456+00:00", "service": "nginx", "pod": "web-7d4b9c-x2x", "message": "ready"},
        _KUBECTL_SOURCE + ", with --timestamps",
    ),
    Sample(
        b'[pod/web-7d4b9c-x2x/nginx] 127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /dead HTTP/1.1" 502 157 "-" "curl/7.88.1"',
        {"service": "nginx", "pod": "web-7d4b9c-x2x", "kind": "request", "status": 502},
        _KUBECTL_SOURCE + ", " + _INNER,
    ),
)

STAMPED_SAMPLES: Final = (
    Sample(
        b'2022-11-10T10:29:58.123456789Z 127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /dead HTTP/1.1" 502 157 "-" "curl/7.88.1"',
        {"time": "2026-11-22T11:05:49+00:00", "kind": "request", "status": 502, "client": "127.0.0.1"},
        "stamp as kubernetes/kubernetes, pkg/kubelet/kuberuntime/logs writes it, " + _INNER,
    ),
    Sample(
        b'2022-11-10T10:29:58.123456789Z {"level":"error","msg":"no time of its own"}',
        {"time": "2022-11-10T10:29:58.123456+00:00", "severity": 17, "message": "no time of its own"},
        "the same, around JSON without a time",
    ),
    Sample(b"2022-11-10T10:29:58.123456789Z ready", None, "nothing in the line tells that the time is not its own"),
    Sample(b"2022-11-10T10:29:58Z [error] x", None, "a program's own time"),
)

PARSER = (
    LineParser(
        name="docker-json",
        title="Docker json-file",
        url="https://docs.docker.com/engine/logging/drivers/json-file/",
        samples=DOCKER_SAMPLES,
        layouts=(
            Layout('{{"log":{message},"stream":"{stream:level}","time":"{time:iso}"}}'),
            Layout(
                '{{"log":{message},"stream":"{stream:level}","attrs":{{{attrs}}},"time":"{time:iso}"}}',
                name="with attributes",
            ),
        ),
        envelope=True,
        graded=True,
        meaning=_docker,
    ),
    LineParser(
        name="cri",
        title="CRI container log (containerd, CRI-O)",
        url="https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
        samples=CRI_SAMPLES,
        layouts=(Layout("{time:iso} {stream:level} {tag:level} {message:rest}"),),
        envelope=True,
        graded=True,
        meaning=_cri,
    ),
    LineParser(
        name="compose",
        title="Docker compose logs",
        url="https://docs.docker.com/reference/cli/docker/compose/logs/",
        samples=COMPOSE_SAMPLES,
        layouts=(
            Layout("{container:word}{~}| {time:iso} {message:rest}", name="with --timestamps"),
            Layout("{container:word}{~}| {message:rest}", name="without"),
        ),
        envelope=True,
        graded=True,
        meaning=_compose,
    ),
    LineParser(
        name="container-stamped",
        title="Kubectl logs --timestamps, docker logs -t",
        url="https://docs.docker.com/reference/cli/docker/container/logs/",
        samples=STAMPED_SAMPLES,
        layouts=(Layout("{time:iso} {message:rest}"),),
        envelope=True,
        graded=True,
        meaning=_stamped,
    ),
    LineParser(
        name="kubectl",
        title="Kubectl logs with prefixes",
        url="https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
        samples=KUBECTL_SAMPLES,
        layouts=(
            Layout("[pod/{pod}/{program}] {time:iso} {message:rest}", name="with --timestamps"),
            Layout("[pod/{pod}/{program}] {message:rest}", name="without"),
        ),
        envelope=True,
        graded=True,
        meaning=_kubectl,
    ),
)
