"""The review page on a large case: how soon it opens, pans and finds, measured from outside as a browser would.

    python -m benchmarks.review --events 50000000 --folder DIR

It writes a case of that many requests (a week of four web servers behind a proxy, with one outage of 40 minutes, and
one line in ten million that nobody else has), analyses it once as `afterlog run` does, serves it, and asks. The case is
deleted at the end unless ``--keep`` is given.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from afterlog.analysis import analyse
from afterlog.case import Case, Ledger, Settings, write_parquet
from afterlog.event import SCHEMA
from afterlog.traffic.signals import SECOND_US

BEGIN: Final = 1_668_038_400  # 2022-11-10 00:00:00 UTC
SPAN_S: Final = 7 * 86_400
OUTAGE: Final = (3 * 86_400 + 40_000, 3 * 86_400 + 42_400)  # seconds from the begin
HOSTS: Final = 4
PART: Final = 1_000_000
RARE: Final = "/only/once/in/ten/million"


def build(folder: Path, events: int) -> Case:
    """Write the case: one access log a host, parts of a million rows, in order of time."""
    case = Case(folder)
    (folder / "events").mkdir(parents=True)
    paths = np.array([f"/{kind}/{n}" for kind in ("post", "tag", "api/item", "static") for n in range(500)])
    clients = np.array([f"10.{n >> 8 & 255}.{n & 255}.7" for n in range(20_000)])
    luck = np.random.default_rng(7)
    ledgers = []
    for host in range(HOSTS):
        mine = events // HOSTS
        source = f"web-{host + 1}/var/log/nginx/access.log"
        for part in range(0, mine, PART):
            rows = min(PART, mine - part)
            times = (
                np.sort(luck.integers(0, SPAN_S * SECOND_US // mine * rows, rows)) + SPAN_S * SECOND_US // mine * part
            )
            failing = (times >= OUTAGE[0] * SECOND_US) & (times < OUTAGE[1] * SECOND_US) & (luck.random(rows) < 0.4)
            failing |= luck.random(rows) < 0.0003
            asked = paths[luck.integers(0, len(paths), rows)]
            asked = np.where((np.arange(part, part + rows) + host * mine) % 10_000_000 == 4_999_999, RARE, asked)
            columns: dict[str, Any] = {
                "time": pa.array(times + BEGIN * SECOND_US, pa.int64()).cast(pa.timestamp("us", "UTC")),
                "time_basis": pa.repeat("exact", rows),
                "source": pa.repeat(source, rows),
                "line": pa.array(np.arange(part + 1, part + rows + 1)),
                "offset": pa.array(np.arange(part, part + rows) * 120),
                "parser": pa.repeat("nginx-access", rows),
                "host": pa.repeat(f"web-{host + 1}", rows),
                "service": pa.repeat("shop", rows),
                "kind": pa.repeat("request", rows),
                "client": pa.array(clients[luck.integers(0, len(clients), rows)]),
                "method": pa.repeat("GET", rows),
                "path": pa.array(asked),
                "status": pa.array(np.where(failing, 502, 200).astype(np.int16)),
                "bytes": pa.array(luck.integers(200, 20_000, rows)),
            }
            fields = [f for f in SCHEMA if f.name != "fields"]
            arrays = [columns.get(f.name, pa.nulls(rows, f.type)).cast(f.type) for f in fields]
            table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
            write_parquet(table, folder / "events" / f"{host:02d}-{part // PART:05d}.parquet")
        first, last = BEGIN * SECOND_US, (BEGIN + SPAN_S) * SECOND_US - 1
        ledgers.append(Ledger(
            source, "read", parser="nginx-access", host=f"web-{host + 1}", service="shop", lines=mine, events=mine,
            first=first, last=last,
        ))  # fmt: skip
    case.write_ledgers(ledgers)
    case.write_settings(Settings((str(folder / "logs"),), display_zone="UTC"))
    return case


class Server:
    """`afterlog review` in a process of its own, and how long its answers take."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", "from afterlog.cli import main; main()", "review", str(folder), "--no-browser"]
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = None
        while found is None:
            found = re.search(r"127\.0\.0\.1:(\d+)/(\?token=\S+)", self._process.stdout.readline())
        self._connection = http.client.HTTPConnection("127.0.0.1", int(found[1]))
        self._connection.request("GET", f"/{found[2]}")
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = str(answer.getheader("set-cookie")).partition(";")[0]

    def ask(self, path: str) -> tuple[Any, float]:
        """Give an answer and the seconds it took."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        told = json.loads(self._connection.getresponse().read())
        return told, time.perf_counter() - begun

    def since_start(self) -> float:
        """Give the seconds since the command was started."""
        return time.perf_counter() - self.begun

    def memory_mb(self) -> int:
        """Give the resident memory of the server."""
        told = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", told)[1]) // 1024  # type: ignore[index]

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def measure(folder: Path) -> dict[str, Any]:
    """Serve the case and measure."""
    server = Server(folder)
    try:
        told: dict[str, Any] = {"address": server.since_start()}
        state, _ = server.ask("/api/state")
        told["findings shown"] = server.since_start()
        server.ask("/api/services")
        whole = f"from={BEGIN}&to={BEGIN + SPAN_S}"
        server.ask(f"/api/rates?service=shop&{whole}&bins=2000")
        server.ask(f"/api/lanes?service=shop&{whole}&bins=900")
        told["chart shown"] = server.since_start()
        while server.ask("/api/state")[0]["working"]:
            time.sleep(0.05)
        told["findings concluded"] = server.since_start()
        told["outages"] = len(state["findings"].get("outages", ()))
        luck = np.random.default_rng(3)
        pans = []
        for _ in range(200):
            length = 10 ** luck.uniform(1, np.log10(SPAN_S))
            begin = BEGIN + luck.uniform(0, SPAN_S - length)
            window = f"from={begin}&to={begin + length}"
            _, rates = server.ask(f"/api/rates?service=shop&{window}&bins=2000")
            _, lanes = server.ask(f"/api/lanes?service=shop&{window}&bins=900")
            pans.append(rates + lanes)
        told["pan, median"], told["pan, 99 %"] = np.median(pans), np.quantile(pans, 0.99)
        told |= searches(server)
        told["memory, MB"] = server.memory_mb()
        return told
    finally:
        server.stop()


def searches(server: Server) -> dict[str, Any]:
    """Search for what is common, for what is rare, and within a window."""
    _, common = server.ask("/api/events?q=post")
    _, browse = server.ask(f"/api/events?since={(BEGIN + OUTAGE[0]) * SECOND_US}")
    window = f"since={(BEGIN + OUTAGE[0]) * SECOND_US}&until={(BEGIN + OUTAGE[1]) * SECOND_US}"
    failed, within = server.ask(f"/api/events?{window}&failed=1&q=api")
    pages, took, hits, after = 0, [], 0, ""
    while True:
        found, took_s = server.ask(f"/api/events?q={quote(RARE)}&after={quote(after)}")
        pages, hits, after = pages + 1, hits + len(found["events"]), found["after"]
        took.append(took_s)
        if not after:
            break
    return {
        "search, common word, first page": common,
        "events from a moment on": browse,
        f"failures with a word in the outage ({len(failed['events'])} shown)": within,
        f"rare word through all ({hits} hits, {pages} pages)": sum(took),
        "rare word, longest page": max(took),
    }


def main() -> None:
    """Build, analyse, measure, print, delete."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=50_000_000)
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--keep", action="store_true")
    given = options.parse_args()
    folder = given.folder / f"review-{given.events}"
    try:
        if not folder.exists():
            begun = time.perf_counter()
            case = build(folder, given.events)
            print(f"built in {time.perf_counter() - begun:.0f} s", flush=True)
            begun = time.perf_counter()
            analyse(case)
            print(f"analysed in {time.perf_counter() - begun:.0f} s", flush=True)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{given.events:,} events, {size / 1e6:,.0f} MB")
        for name, value in measure(folder).items():
            print(f"{name:55} {value:.3f} s" if isinstance(value, float) else f"{name:55} {value}")
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
