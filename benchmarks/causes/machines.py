"""Machines whose logs are written as files: the lines that real programs write, in the formats they write them in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

BEGIN: Final = datetime(2024, 5, 14, 6, 0, tzinfo=UTC)
HOURS: Final = 8
_PATHS: Final = ("/", "/cart", "/api/orders", "/api/items/{}", "/login", "/static/app.js")
_WEIGHTS: Final = (5, 2, 4, 8, 1, 3)
_PER_SECOND: Final = 1.5

Complaint = Callable[["Machines", datetime, str, str], None]
"""Writes what a program says of a failed request: when, on which host, for which path."""
Failing = Callable[[datetime, str], float]
"""The probability that a request fails, by time and host."""


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def comma(at: datetime) -> str:
    """Write a time as Python's logging and Ansible do."""
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"


def dotted(at: datetime) -> str:
    """Write a time as Java and PostgreSQL do."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Machines:
    """Three web servers, a load balancer, a database and a machine that deploys; everything they log."""

    rng: random.Random
    webs: tuple[str, ...] = ("web-01", "web-02", "web-03")
    _files: dict[tuple[str, str], list[tuple[datetime, str]]] = field(default_factory=dict)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Name all machines."""
        return (*self.webs, "lb-01", "db-01", "deploy-01")

    def say(self, host: str, file: str, at: datetime, line: str) -> None:
        """Log a line, or several, of one time."""
        self._files.setdefault((host, file), []).append((at, line))

    def write(self, folder: Path) -> None:
        """Write all logs below a folder, one folder per host."""
        for (host, name), lines in sorted(self._files.items()):
            file = folder / host / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for _, line in sorted(lines, key=lambda one: one[0])), encoding="utf-8")

    def hide(self, name: str, begin: datetime, end: datetime) -> None:
        """Take out what the logs of a name would hold of a time."""
        for (host, file), lines in self._files.items():
            if file == name:
                self._files[host, file] = [one for one in lines if not begin <= one[0] < end]

    # --- what programs write --------------------------------------------------------------------------------------

    def syslog(self, host: str, at: datetime, program: str, said: str) -> None:
        """Log a line of syslog, which has no year and no zone."""
        self.say(host, "var/log/syslog", at, f"{at:%b %e %H:%M:%S} {host} {program}: {said}")

    def sudo(self, host: str, at: datetime, user: str, command: str) -> None:
        """Log what a person does as root."""
        line = f"sudo:   {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}"
        self.say(host, "var/log/auth.log", at, f"{at:%b %e %H:%M:%S} {host} {line}")

    def ansible(
        self,
        at: datetime,
        play: str,
        hosts: Sequence[str],
        tasks: Iterable[tuple[str, bool]],
        failed: str = "",
        after: timedelta = timedelta(),
    ) -> datetime:
        """Log a playbook run, each task with whether it changed something; returns when it ended.

        The task ``failed`` fails, and lasts so long (``after``).
        """
        process = self.rng.randrange(2000, 30_000)
        tally = {host: [0, 0, 0] for host in hosts}

        def log(line: str) -> None:
            self.say("deploy-01", "var/log/ansible.log", at, f"{comma(at)} p={process} u=ci n=ansible | {line}")

        log(f"PLAY [{play}] {'*' * 40}")
        for task, changed in tasks:
            log(f"TASK [{task}] {'*' * 40}")
            for host in hosts:
                at += seconds(self.rng.uniform(0.5, 2))
                if task == failed:
                    at += after
                    log(f'fatal: [{host}]: FAILED! => {{"changed": false, "msg": "non-zero return code"}}')
                    tally[host][2] += 1
                else:
                    log(f"{'changed' if changed else 'ok'}: [{host}]")
                    tally[host][0] += 1
                    tally[host][1] += changed
        log(f"PLAY RECAP {'*' * 40}")
        for host, (ok, changes, failures) in tally.items():
            log(f"{host:<26}: ok={ok}    changed={changes}    unreachable=0    failed={failures}    skipped=0")
        return at

    def script(self, at: datetime, said: str) -> None:
        """Log what a deploy script of one's own says."""
        self.say("deploy-01", "var/log/deploy.log", at, f"{iso(at)} [deploy.sh] {said}")

    def restart(self, host: str, at: datetime, unit: str) -> None:
        """Log what systemd says of a restart."""
        self.syslog(host, at, "systemd[1]", f"Stopping {unit}...")
        self.syslog(host, at + seconds(1), "systemd[1]", f"Stopped {unit}.")
        self.syslog(host, at + seconds(1), "systemd[1]", f"Started {unit}.")

    def roll_out(self, at: datetime, version: str, hosts: Sequence[str], name: str = "shop") -> datetime:
        """Deploy a version host by host with a script; returns when it ended."""
        for host in hosts:
            self.script(at, f"deploying {name} {version} to {host}")
            self.restart(host, at + seconds(8), f"{name} web application")
            at += seconds(13)
            self.script(at, f"{host}: health check ok")
        self.script(at, f"finished {name} {version}")
        return at

    def upgrade(
        self, host: str, at: datetime, package: str, old: str, new: str, command: str = "apt-get upgrade"
    ) -> None:
        """Log what apt keeps of an upgrade."""
        begin, end = f"{at:%Y-%m-%d  %H:%M:%S}", f"{at + seconds(7):%Y-%m-%d  %H:%M:%S}"
        text = (
            f"\nStart-Date: {begin}\nCommandline: {command}\nUpgrade: {package}:amd64 ({old}, {new})\nEnd-Date: {end}"
        )
        self.say(host, "var/log/apt/history.log", at, text)

    def postgresql(self, at: datetime, level: str, said: str) -> None:
        """Log a line of the database."""
        process = self.rng.randrange(900, 9_000)
        line = f"{dotted(at)} UTC [{process}] shop@shop {level}:  {said}"
        self.say("db-01", "var/log/postgresql/postgresql-14-main.log", at, line)

    def nginx(self, host: str, at: datetime, said: str, path: str, upstream: str) -> None:
        """Log an nginx error about an upstream (``http://10.0.0.9:8081``)."""
        number = self.rng.randrange(99_999)
        line = (
            f"{at:%Y/%m/%d %H:%M:%S} [error] 812#812: *{number} {said}, client: 198.51.100.7, server: shop.example, "
            f'request: "GET {path} HTTP/1.1", upstream: "{upstream}{path}", host: "shop.example.com"'
        )
        self.say(host, "var/log/nginx/error.log", at, line)

    # --- an ordinary day ------------------------------------------------------------------------------------------

    def ordinary(self) -> None:
        """Log what happens every day: cron, Puppet, people who look, packages, playbooks, and the application."""
        rng, end = self.rng, BEGIN + timedelta(hours=HOURS)
        for host in self.hosts:
            for every, program, said in (
                (60, "CRON[812]", "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"),
                (30, "puppet-agent[911]", "Applied catalog in 4.11 seconds"),
            ):
                at = BEGIN + minutes(rng.uniform(0, every))
                while at < end:
                    self.syslog(host, at, program, said)
                    at += minutes(every)
        for _ in range(16):
            at, host = BEGIN + minutes(rng.uniform(5, HOURS * 60 - 5)), rng.choice(self.hosts)
            kind = rng.randrange(4)
            if kind == 0:
                self.sudo(
                    host, at, rng.choice(("alice", "bob")), rng.choice(("/usr/bin/df -h", "/usr/bin/apt-get update"))
                )
            elif kind == 1:
                self.upgrade(host, at, *rng.choice((("vim", "2:8.2-1", "2:8.2-2"), ("tzdata", "2024a-0", "2024a-1"))))
            elif kind == 2:
                play = rng.choice(("Update motd", "Baseline", "Sync users"))
                tasks = (("Gathering Facts", False), ("Template file", rng.random() < 0.5))
                self.ansible(at, play, rng.sample(self.hosts, 3), tasks)
            else:
                self.syslog(host, at, "systemd[1]", "Started Daily apt download activities.")
        at = BEGIN
        while at < end:
            at += seconds(rng.expovariate(0.05))
            said = rng.choice(
                ("INFO shop.web [worker-1] request done in 12 ms", "INFO shop.jobs [worker-0] queue length 3")
            )
            self.say(rng.choice(self.webs), "var/log/shop/app.log", at, f"{comma(at)} {said}")

    def traffic(self, failing: Failing, status: int = 500, complaint: Complaint | None = None) -> None:
        """Log the requests of the day on the web servers; static files never fail."""
        rng, at, end = self.rng, BEGIN, BEGIN + timedelta(hours=HOURS)
        while (at := at + seconds(rng.expovariate(_PER_SECOND))) < end:
            host = rng.choice(self.webs)
            path = rng.choices(_PATHS, _WEIGHTS)[0].format(rng.randrange(999))
            failed = (rng.random() < failing(at, host) and "static" not in path) or rng.random() < 0.0005
            code = status if failed else rng.choices((200, 304, 404), (92, 5, 3))[0]
            line = (
                f"198.51.100.{rng.randrange(1, 250)} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
                f'"GET {path} HTTP/1.1" {code} {rng.randrange(200, 9000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'
            )
            self.say(host, "var/log/nginx/access.log", at, line)
            if failed and complaint is not None:
                complaint(self, at, host, path)


def python_says(said: str, error: str) -> Complaint:
    """Complain as a Python application does: an error line and its traceback."""

    def complaint(machines: Machines, at: datetime, host: str, path: str) -> None:
        text = (
            f"{comma(at)} ERROR shop.web [worker-{machines.rng.randrange(8)}] {said} path={path}\n"
            'Traceback (most recent call last):\n  File "/srv/shop/web.py", line 88, in dispatch\n'
            f"    return view(request)\n{error}"
        )
        machines.say(host, "var/log/shop/app.log", at, text)

    return complaint


def java_says(said: str, error: str) -> Complaint:
    """Complain as a Spring application does."""

    def complaint(machines: Machines, at: datetime, host: str, _path: str) -> None:
        thread = machines.rng.randrange(20)
        text = (
            f"{dotted(at)} ERROR 1 --- [http-nio-8080-exec-{thread}] c.e.shop.OrderController : {said}\n{error}\n"
            "\tat com.example.shop.OrderService.place(OrderService.java:88)"
        )
        machines.say(host, "opt/shop/logs/shop.log", at, text)

    return complaint


def node_says(said: str) -> Complaint:
    """Complain as a Node application with pino does."""

    def complaint(machines: Machines, at: datetime, host: str, path: str) -> None:
        error = {
            "type": "Error",
            "stack": f"Error: {said}\n    at Function._load (node:internal/modules/cjs/loader:1039)",
        }
        told = {"level": 50, "time": int(at.timestamp() * 1000), "pid": 17, "hostname": host, "msg": said, "err": error}
        machines.say(host, "var/log/shop/shop.json", at, json.dumps(told | {"url": path}))

    return complaint


def nginx_says(said: str, upstream: str = "http://10.0.0.9:8081") -> Complaint:
    """Complain as nginx does of what stands behind it."""

    def complaint(machines: Machines, at: datetime, host: str, path: str) -> None:
        machines.nginx(host, at, said, path, upstream)

    return complaint
