"""The forms in which `elsewhere.py`'s visits are written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.outages.elsewhere import JOBS_PAGE, PROBED, Visits

BEGIN: Final = datetime(2026, 5, 12, tzinfo=UTC)
Writer = Callable[[Visits, Path], None]
LAYOUTS: dict[str, Writer] = {}
ERRORS_ONLY: Final = ("nginx error.log alone", "application log alone", "syslog alone")


def layout(name: str) -> Callable[[Writer], Writer]:
    """Register a layout."""

    def register(function: Writer) -> Writer:
        LAYOUTS[name] = function
        return function

    return register


def _rows(v: Visits, *, completed: bool) -> Iterator[tuple[datetime, str, str, int, int, float]]:
    """Yield moment, address, path, server, status and duration, in the order in which requests end."""
    ends = v.time + v.took
    for i in np.argsort(ends, kind="stable").tolist():
        at = BEGIN + timedelta(seconds=float(ends[i] if completed else v.time[i]))
        yield (
            at,
            _address(int(v.client[i])),
            _path(int(v.page[i])),
            int(v.server[i]),
            int(v.status[i]),
            float(v.took[i]),
        )


def _address(client: int) -> str:
    return f"{20 + (client >> 16)}.{client >> 8 & 255}.{client & 255}.7"


def _path(page: int) -> str:
    special = {PROBED: "/status/ready", JOBS_PAGE: "/internal/export", 1: "/", 2: "/checkout", 3: "/style.css"}
    return special.get(page, f"/article/{'abcdefghij'[page % 10]}-story?ref={page}" if page < 900 else f"/x{page}.php")


def _clf(at: datetime) -> str:
    return f"{at:%d/%b/%Y:%H:%M:%S} +0000"


def _combined(v: Visits, logs: Path, file: str, *, timed: bool) -> None:
    lines: dict[int, list[str]] = {}
    for at, client, path, server, status, took in _rows(v, completed=not timed):
        tail = f" {round(took * 1e6)}" if timed else ""
        lines.setdefault(server, []).append(
            f'{client} - - [{_clf(at)}] "GET {path} HTTP/1.1" {status} 1832 "-" "Mozilla/5.0 (X11; Linux)"{tail}\n'
        )
    for server, own in lines.items():
        _write(logs / f"www{server + 1}" / file, own)


def _write(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(lines), encoding="utf-8")


@layout("nginx combined")
def nginx(v: Visits, logs: Path) -> None:
    _combined(v, logs, "nginx/access.log", timed=False)


@layout("Apache combined with %D")
def apache(v: Visits, logs: Path) -> None:
    _combined(v, logs, "apache2/access.log", timed=True)


@layout("HAProxy before the servers")
def haproxy(v: Visits, logs: Path) -> None:
    lines = []
    for at, client, path, server, status, took in _rows(v, completed=True):
        begun = at - timedelta(seconds=took)
        lines.append(
            f"{at:%b} {at.day:2d} {at:%H:%M:%S} edge haproxy[201]: {client}:40312 "
            f"[{begun:%d/%b/%Y:%H:%M:%S}.{begun.microsecond // 1000:03d}] web~ app/app{server + 1} "
            f"0/0/1/{round(took * 1000)}/{round(took * 1000) + 1} {status} 900 - - ---- 3/3/1/1/0 0/0 "
            f'"GET {path} HTTP/1.1"\n'
        )
    _write(logs / "edge/haproxy.log", lines)


@layout("JSON access lines")
def json_lines(v: Visits, logs: Path) -> None:
    lines = []
    for at, client, path, server, status, took in _rows(v, completed=True):
        record = {
            "time": at.isoformat(timespec="milliseconds"), "remote_addr": client, "request_method": "GET",
            "request_uri": path, "status": status, "request_time": round(took, 3), "body_bytes_sent": 17,
            "host": f"node{server + 1}",
        }  # fmt: skip
        lines.append(json.dumps(record) + "\n")
    _write(logs / "gateway/access.json.log", lines)


@layout("a big and a tiny service")
def two(v: Visits, logs: Path) -> None:
    _combined(v, logs / "shop", "nginx/access.log", timed=False)
    rng = np.random.default_rng(int(v.time.size))
    few = v.take(np.sort(rng.choice(v.time.size, min(60, v.time.size), replace=False)))
    few = Visits(few.time, few.client, few.page, few.server * 0, few.client * 0 + 200, few.took)
    _combined(few, logs / "intranet", "apache2/intranet_access.log", timed=False)


@layout("nginx error.log alone")
def nginx_errors(v: Visits, logs: Path) -> None:
    lines = [
        f"{at:%Y/%m/%d %H:%M:%S} [error] 811#811: *{n} connect() failed (111: Connection refused) while connecting to "
        f'upstream, client: {client}, server: shop, request: "GET {path} HTTP/1.1", '
        f'upstream: "http://10.0.0.9:80{path}", host: "shop"\n'
        for n, (at, client, path, _, status, _) in enumerate(_rows(v, completed=True))
        if status >= 500
    ]
    _write(logs / "www1/nginx/error.log", lines)


@layout("application log alone")
def application(v: Visits, logs: Path) -> None:
    lines = []
    for n, (at, _, path, _, status, _) in enumerate(_rows(v, completed=True)):
        stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
        if status >= 500:
            lines.append(f"{stamp} ERROR [worker-{n % 8}] org.example.shop.Orders - Request {path} failed: timeout\n")
            lines.append(
                "java.sql.SQLTransientException: pool is exhausted\n\tat org.example.Pool.take(Pool.java:31)\n"
            )
        elif n % 10 == 0:
            lines.append(f"{stamp} INFO [worker-{n % 8}] org.example.shop.Orders - Served {path}\n")
    _write(logs / "app1/shop.log", lines)


@layout("syslog alone")
def syslog(v: Visits, logs: Path) -> None:
    lines = []
    for n, (at, _, path, _, status, _) in enumerate(_rows(v, completed=True)):
        head = f"{at:%b} {at.day:2d} {at:%H:%M:%S} app1"
        if status >= 500:
            lines.append(f"{head} shopd[77]: ERROR: cannot serve {path}: connection refused\n")
        elif n % 20 == 0:
            lines.append(f"{head} shopd[77]: INFO: served {path}\n")
        if n % 97 == 0:
            lines.append(f"{head} CRON[{n}]: (root) CMD (run-parts /etc/cron.hourly)\n")
    _write(logs / "app1/syslog", lines)
