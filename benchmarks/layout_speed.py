"""Megabytes of log per CPU second that layouts read on one thread, by kernel and by regex.

Run: ``PYTHONPATH=src python benchmarks/layout_speed.py [--mb 20] [--block-kb 2048]``. Before timing, the rows
and all columns of kernel and regex are compared as multisets.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from afterlog.layout import Layout, Lines, Match

AGENTS = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Safari/537.36"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:106.0) Gecko/20100101 Firefox/106.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.68.0",
    "-",
]
PATHS = [
    "/",
    "/index.html",
    "/api/v1/orders/{}",
    "/static/js/app.{}.js",
    "/search?q=shoes&page={}&sort=price",
    "/img/{}.png",
]
REFERERS = [
    "-",
    "https://shop.example.com/",
    "https://www.google.com/search?q=shoes+{}",
    "https://shop.example.com/list?page={}",
]
MESSAGES = [
    "Accepted publickey for deploy from 10.0.3.{} port 52144 ssh2: RSA SHA256:9ZtR",
    "Started Session {} of user root.",
    "(root) CMD (/usr/local/bin/backup --incremental /srv/{} >/dev/null 2>&1)",
    "connect from unknown[192.0.2.{}]",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One layout, its lines, and the columns that are read of them."""

    title: str
    layout: Layout
    lines: Callable[[random.Random], Iterator[str]]
    texts: tuple[str, ...]
    ints: tuple[str, ...]
    durations: tuple[str, ...] = ()


def combined_lines(rng: random.Random) -> Iterator[str]:
    now = 1_668_076_198.0
    while True:
        now += rng.expovariate(40)
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now))
        client = f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
        number = rng.randrange(100_000)
        path, referer = rng.choice(PATHS).format(number), rng.choice(REFERERS).format(number)
        agent = rng.choice(AGENTS)
        if rng.random() < 0.0005:
            agent = 'weird \\"agent\\"'
        user = rng.choice(["-", "-", "-", "alice"])
        status, size = (
            rng.choice([200, 200, 200, 304, 404, 500]),
            rng.choice(["-", rng.randrange(10, 99_999)]),
        )
        yield f'{client} - {user} [{stamp}] "GET {path} HTTP/1.1" {status} {size} "{referer}" "{agent}"'


def syslog_lines(rng: random.Random) -> Iterator[str]:
    now = 1_668_076_198.0
    while True:
        now += rng.expovariate(5)
        parts = time.gmtime(now)
        stamp = f"{time.strftime('%b', parts)} {parts.tm_mday:2d} {time.strftime('%H:%M:%S', parts)}"
        program = rng.choice(["sshd", "systemd", "CRON", "postfix/smtpd", "puppet-agent"])
        message = rng.choice(MESSAGES).format(rng.randrange(256))
        yield f"{stamp} web{rng.randrange(4)} {program}[{rng.randrange(1, 65536)}]: {message}"


def haproxy_lines(rng: random.Random) -> Iterator[str]:
    now = 1_668_076_198.0
    while True:
        now += rng.expovariate(40)
        parts = time.gmtime(now)
        accept = time.strftime("%d/%b/%Y:%H:%M:%S", parts) + f".{int(now * 1000) % 1000:03d}"
        client = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}:{rng.randrange(1024, 65536)}"
        timers = f"{rng.randrange(9)}/0/{rng.randrange(3)}/{rng.randrange(900)}/{rng.randrange(1000)}"
        path = rng.choice(PATHS).format(rng.randrange(100_000))
        queues = "/".join(str(rng.randrange(99)) for _ in range(4))
        yield (
            f"{client} [{accept}] www~ app/web{rng.randrange(4)} {timers} 200 {rng.randrange(9999)} - - ---- "
            f'{queues}/0 0/0 "GET {path} HTTP/1.1"'
        )


CASES = [
    Case(
        "combined access log",
        Layout('{client} {ident} {user} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}"'),
        combined_lines,
        ("client", "ident", "user", "request", "method", "path", "protocol", "referer", "agent"),
        ("status", "bytes"),
    ),
    Case(
        "syslog envelope",
        Layout("{time:syslog} {host:word} {program}[{pid:d}]: {message:rest}"),
        syslog_lines,
        ("host", "program", "message"),
        ("pid",),
    ),
    Case(
        "HAProxy HTTP",
        Layout(
            "{client}:{port:d} [{time:clf-ms}] {frontend} {backend}/{server} "
            "{tq:ms}/{tw:ms}/{tc:ms}/{tr:ms}/{ta:ms} {status:d} {bytes:d} {_:word} {_:word} {state:word} "
            "{actconn:d}/{feconn:d}/{beconn:d}/{srvconn:d}/{retries:d} "
            '{srvqueue:d}/{bequeue:d} "{request:request}"'
        ),
        haproxy_lines,
        ("client", "frontend", "backend", "server", "state", "method", "path", "protocol"),
        ("port", "status", "bytes", "retries"),
        ("tq", "tw", "tc", "tr", "ta"),
    ),
]


def blocks_of(case: Case, size: int, block_size: int) -> list[bytes]:
    blocks, lines, held, total = [], [], 0, 0
    for line in case.lines(random.Random(7)):
        lines.append(line)
        held += len(line) + 1
        if held >= block_size:
            blocks.append(("\n".join(lines) + "\n").encode())
            total, held, lines = total + held, 0, []
            if total >= size:
                return blocks
    return blocks


def read_all(case: Case, match: Match) -> list[object]:
    """Every column, as a parser would read them."""
    times = match.time()
    columns: list[object] = [times.wall_us, times.offset_s]
    columns += [column for name in case.ints for column in match.int(name)]
    columns += [column for name in case.durations for column in match.float(name)]
    return columns + [match.text(name) for name in case.texts]


def as_multiset(case: Case, match: Match) -> Counter[tuple[object, ...]]:
    columns: list[list[object]] = [match.rows.tolist()]
    for column in read_all(case, match):
        values = np.nan_to_num(column) if isinstance(column, np.ndarray) else column
        columns.append(values.tolist())  # type: ignore[attr-defined]
    return Counter(zip(*columns, strict=True))


def read_by(case: Case, execution: Callable[[Lines], Match], lines: Lines) -> None:
    read_all(case, execution(lines))


def speed(blocks: list[bytes], work: Callable[[Lines], object], rounds: int) -> float:
    """MB per CPU second, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        for block in blocks:
            work(Lines.of(block))
        best = min(best, time.process_time() - begin)
    return sum(map(len, blocks)) / best / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--mb", type=int, default=20)
    options.add_argument("--block-kb", type=int, default=2048)
    chosen = options.parse_args()
    for case in CASES:
        blocks = blocks_of(case, chosen.mb * 1_000_000, chosen.block_kb * 1024)
        lines = Lines.of(blocks[0])
        kernel, regex = case.layout.match(lines), case.layout.match_regex(lines)
        equal = as_multiset(case, kernel) == as_multiset(case, regex)
        by_kernel = speed(blocks, partial(read_by, case, case.layout.match), 3)
        only = speed(blocks, case.layout.match, 3)
        by_regex = speed(blocks[:2], partial(read_by, case, case.layout.match_regex), 1)
        print(
            f"{case.title}: {len(kernel)} of {len(lines)} lines, equal: {equal}; "
            f"all columns {by_kernel:.0f} MB/s, match and time {only:.0f} MB/s, by regex {by_regex:.0f} MB/s"
        )
        if not equal:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
