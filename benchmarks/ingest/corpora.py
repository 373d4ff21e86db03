"""Realistic logs of any size from a seed: access, syslog, Apache error, JSON with stack traces.

Each kind has a few malformed lines, about one in 20,000, as real logs have.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_START: Final = 1_668_076_198.0  # 2022-11-10T10:29:58Z
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:106.0) Gecko/20100101 Firefox/106.0",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 "
        "Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.68.0",
    "-",
)
_PATHS: Final = (
    "/",
    "/index.html",
    "/api/v1/orders/{}",
    "/static/js/app.{}.js",
    "/search?q=shoes&page={}&sort=price",
    "/img/{}.png",
)
_REFERERS: Final = (
    "-",
    "https://shop.example.com/",
    "https://www.google.com/search?q=shoes+{}",
    "https://shop.example.com/list?page={}",
)
_STATUSES: Final = (200,) * 20 + (304, 304, 302, 404, 500, 503)
_MALFORMED: Final = 20_000


def access_lines(rng: random.Random) -> Iterator[str]:
    """Lines of an Apache combined log, 40 a second, some users, some escaped quotes."""
    now, minute, stamp = _START, -1, ""
    clients = [
        f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        for _ in range(20_000)
    ]
    while True:
        now += rng.expovariate(40)
        if int(now) != minute:
            minute = int(now)
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(minute))
        number = rng.randrange(100_000)
        path, referer, agent = (
            rng.choice(_PATHS).format(number),
            rng.choice(_REFERERS).format(number),
            rng.choice(_AGENTS),
        )
        odd = rng.randrange(_MALFORMED)
        if odd == 0:
            yield "\x16\x03\x01 a handshake on the wrong port"
        elif odd == 1:
            agent = 'weird \\"agent\\"'
        status = rng.choice(_STATUSES)
        size = "-" if status == 304 else rng.randrange(10, 99_999)
        user = "alice" if number % 50 == 0 else "-"
        method = "POST" if number % 9 == 0 else "GET"
        request = f'"{method} {path} HTTP/1.1" {status} {size}'
        yield f'{rng.choice(clients)} - {user} [{stamp}] {request} "{referer}" "{agent}"'


_SAID: Final = (
    ("sshd", "Accepted publickey for deploy from 10.0.3.{} port 52144 ssh2: RSA SHA256:9ZtRk1wq0x7yPb2mN5vVhQd"),
    ("sshd", "Disconnected from user deploy 10.20.0.2 port {}"),
    ("systemd", "Started Session {} of user root."),
    ("CRON", "(root) CMD (/usr/local/bin/backup --incremental /srv/{} >/dev/null 2>&1)"),
    ("postfix/smtpd", "connect from unknown[192.0.2.{}]"),
    ("postfix/smtpd", "disconnect from unknown[192.0.2.{}] ehlo=1 auth=0/1 quit=1 commands=2/3"),
    ("kernel", "[ {}.123456] TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies."),
    ("app", "worker {}: finished job 8f2c of queue mail in 0.31 s"),
)


def syslog_lines(rng: random.Random) -> Iterator[str]:
    """Lines of a traditional syslog file, five a second, many programs."""
    now = _START
    while True:
        now += rng.expovariate(5)
        parts = time.gmtime(now)
        stamp = f"{time.strftime('%b', parts)} {parts.tm_mday:2d} {time.strftime('%H:%M:%S', parts)}"
        program, said = rng.choice(_SAID)
        tag = program if program == "kernel" else f"{program}[{rng.randrange(1, 65536)}]"
        if rng.randrange(_MALFORMED) == 0:
            yield "no time at all, cut by a full disk"
        yield f"{stamp} web-01 {tag}: {said.format(rng.randrange(256))}"


_ERRORS: Final = (
    (
        "AH01071: Got error 'PHP message: PHP Fatal error:  Uncaught Exception: no connection {} in "
        "/srv/app/index.php:14\nStack trace:\n#0 /srv/app/index.php(31): connect()\n#1 {{main}}\n"
        "  thrown in /srv/app/index.php on line 14'"
    ),
    "AH00128: File does not exist: /var/www/html/wp-login-{}.php",
    "AH01630: client denied by server configuration: /var/www/html/server-status/{}",
    "AH01102: error reading status line from remote server 10.0.0.{}:8080",
)


def apache_error_lines(rng: random.Random) -> Iterator[str]:
    """Lines of an Apache 2.4 error log; one record in four goes over five lines."""
    now = _START
    while True:
        now += rng.expovariate(5)
        parts = time.gmtime(now)
        micros = int(now * 1e6) % 1_000_000
        stamp = f"{time.strftime('%a %b %d %H:%M:%S', parts)}.{micros:06d} {parts.tm_year}"
        said = rng.choice(_ERRORS).format(rng.randrange(256))
        client = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}:{rng.randrange(1024, 65536)}"
        process = f"pid {rng.randrange(1, 65536)}:tid 140{rng.randrange(10**9)}"
        yield from f"[{stamp}] [proxy_fcgi:error] [{process}] [client {client}] {said}".split("\n")


_TRACE: Final = (
    "java.lang.IllegalStateException: pool exhausted\n\tat com.example.Pool.take(Pool.java:88)\n"
    "\tat com.example.Orders.place(Orders.java:41)"
)


def json_lines(rng: random.Random) -> Iterator[str]:
    """JSON lines of an application, one in twenty with a stack trace in a string."""
    now = _START
    while True:
        now += rng.expovariate(40)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
        record = {
            "@timestamp": stamp,
            "log.level": rng.choice(("INFO", "INFO", "INFO", "WARN")),
            "message": f"order {rng.randrange(10**6)} placed",
            "service.name": "orders",
            "trace.id": f"{rng.getrandbits(64):016x}",
        }
        if rng.randrange(20) == 0:
            record |= {"log.level": "ERROR", "message": "order refused", "error.stack_trace": _TRACE}
        yield json.dumps(record, separators=(",", ":"))


_NGINX: Final = (
    (
        "connect() failed (111: Connection refused) while connecting to upstream, client: 10.{0}.3.{1}, server: shop, "
        'request: "GET /api/v1/orders/{2} HTTP/1.1", upstream: "http://10.0.0.7:8080/api/v1/orders/{2}", host: "shop"'
    ),
    (
        'open() "/var/www/html/wp-login-{2}.php" failed (2: No such file or directory), client: 10.{0}.3.{1}, '
        'server: shop, request: "GET /wp-login-{2}.php HTTP/1.1", host: "shop"'
    ),
    "client intended to send too large body: {2} bytes, client: 10.{0}.3.{1}, server: shop",
)


def nginx_error_lines(rng: random.Random) -> Iterator[str]:
    """Lines of an nginx error log, five a second."""
    now = _START
    while True:
        now += rng.expovariate(5)
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(now))
        said = rng.choice(_NGINX).format(rng.randrange(256), rng.randrange(256), rng.randrange(10**6))
        yield f"{stamp} [error] {rng.randrange(20, 30)}#{rng.randrange(20, 30)}: *{rng.randrange(10**7)} {said}"


def logfmt_lines(rng: random.Random) -> Iterator[str]:
    """Lines of ``key=value`` pairs, 40 a second."""
    now = _START
    while True:
        now += rng.expovariate(40)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
        level = rng.choice(("info", "info", "info", "warning"))
        said = rng.choice(("order placed", "cache refreshed", "job finished"))
        rest = f"order={rng.randrange(10**6)} took={rng.random():.3f}s trace={rng.getrandbits(64):016x}"
        yield f'time={stamp} level={level} msg="{said}" component=orders {rest}'


_THREADS: Final = ("http-nio-8080-exec-{}", "main", "ajp-nio-8009-exec-{}")


def tomcat_lines(rng: random.Random) -> Iterator[str]:
    """Lines of Tomcat's catalina.out, five a second; one record in twenty has a stack trace."""
    now = _START
    while True:
        now += rng.expovariate(5)
        stamp = time.strftime("%d-%b-%Y %H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}"
        thread = rng.choice(_THREADS).format(rng.randrange(1, 20))
        if rng.randrange(20) == 0:
            said = f"SEVERE [{thread}] org.apache.catalina.core.StandardWrapperValve.invoke Servlet threw\n{_TRACE}"
        else:
            said = f"INFO [{thread}] com.example.Orders.place order {rng.randrange(10**6)} placed"
        yield from f"{stamp} {said}".split("\n")


def learned_lines(rng: random.Random) -> Iterator[str]:
    """Lines of no declared format, whose times are found by looking: three words, then the time in brackets."""
    now = _START
    while True:
        now += rng.expovariate(5)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
        said = f"order {rng.randrange(10**6)} placed in {rng.random():.3f} s"
        yield f"web-01 shop worker-{rng.randrange(9)} [{stamp}] {said}"


KINDS: Final[dict[str, tuple[str, Callable[[random.Random], Iterator[str]]]]] = {
    "access": ("access.log", access_lines),
    "syslog": ("syslog", syslog_lines),
    "apache-error": ("error.log", apache_error_lines),
    "json": ("app.json", json_lines),
    "nginx-error": ("nginx-error.log", nginx_error_lines),
    "logfmt": ("app.logfmt", logfmt_lines),
    "tomcat": ("catalina.out", tomcat_lines),
    "learned": ("worker.txt", learned_lines),
}


def write_corpus(kind: str, folder: Path, megabytes: int, seed: int = 7) -> Path:
    """Write one log of at least so many megabytes (10**6 bytes); the same seed gives the same bytes."""
    name, make = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    lines = make(random.Random(seed))
    left = megabytes * 1_000_000
    with file.open("wb") as out:
        while left > 0:
            piece = ("\n".join(next(lines) for _ in range(5_000)) + "\n").encode()
            out.write(piece)
            left -= len(piece)
    return file
