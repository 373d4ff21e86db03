"""Incidents played through on machines that write logs: who is guilty, if anybody, and the words that name it.

Each is told as an engineer would tell it, with an innocent that lies closer to the outage than the guilty.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from benchmarks.causes.machines import (
    BEGIN,
    Failing,
    Machines,
    iso,
    java_says,
    minutes,
    nginx_says,
    node_says,
    python_says,
    seconds,
)

_FACTS: Final = ("Gathering Facts", False)
_NO_DATABASE: Final = 'connection to server at "db-01" (10.0.0.20), port 5432 failed: Connection timed out'


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened: the outage, and the guilty change by one of its words (lower case), a sign, or nothing."""

    begin: datetime
    end: datetime
    words: tuple[str, ...] = ()
    sign: str = ""


Play = Callable[[Machines, datetime], Truth]
"""Plays an incident that begins around a time."""


def _between(begin: datetime, end: datetime, share: float, hosts: Sequence[str] = ()) -> Failing:
    return lambda at, host: share if begin <= at < end and (not hosts or host in hosts) else 0.0


def bad_deploy(m: Machines, at: datetime) -> Truth:
    end = at + minutes(35)
    m.roll_out(at, "v2.4.0", m.webs)
    m.ansible(
        at - minutes(6), "Rotate ciphers", ["lb-01"], (_FACTS, ("Install haproxy.cfg", True), ("Reload haproxy", True))
    )
    m.roll_out(end, "v2.3.9", m.webs)
    m.traffic(
        _between(at + seconds(10), end + seconds(10), 0.97),
        complaint=python_says("Unhandled exception", "AttributeError: 'Order' object has no attribute 'discount'"),
    )
    return Truth(at + seconds(10), end, ("v2.4.0",))


def small_pool(m: Machines, at: datetime) -> Truth:
    begin, end = at + minutes(4), at + minutes(50)
    tasks = (_FACTS, ("Install /etc/shop/pool.ini", True), ("Restart shop", True))
    m.ansible(at, "Tune shop worker pool", m.webs, tasks)
    m.ansible(begin - minutes(2), "Announce maintenance", m.hosts, (_FACTS, ("Template /etc/motd", True)))
    m.ansible(end - seconds(25), "Tune shop worker pool", m.webs, tasks)
    moment = begin
    while (moment := moment + seconds(m.rng.expovariate(0.8))) < end:
        m.postgresql(moment, "FATAL", "sorry, too many clients already")
    error = "psycopg2.OperationalError: FATAL:  sorry, too many clients already"
    m.traffic(_between(begin, end, 0.6), complaint=python_says("database error", error))
    return Truth(begin, end, ("pool",))


def flag(m: Machines, at: datetime) -> Truth:
    end = at + minutes(22)

    def audit(when: datetime, **told: object) -> None:
        line = json.dumps({"ts": iso(when), "level": "info", **told})
        m.say("deploy-01", "var/log/flags/audit.log", when, line)

    for number in range(6):
        audit(BEGIN + minutes(30 * number), event="flag snapshot taken", flags=18 + number)
    audit(at, event="flag updated", flag="new-checkout", user="dana", old="off", new="on")
    audit(end, event="flag updated", flag="new-checkout", user="dana", old="on", new="off")
    m.ansible(at - minutes(3), "Push shop images", m.webs, (_FACTS, ("Sync images", True)))
    error = 'java.lang.NullPointerException: Cannot invoke "CheckoutV2.total()" because "checkout" is null'
    m.traffic(_between(at + seconds(6), end, 0.5), complaint=java_says("checkout failed", error))
    return Truth(at + seconds(6), end, ("new-checkout",))


def migration(m: Machines, at: datetime) -> Truth:
    begin, end = at + seconds(25), at + minutes(16)
    m.script(at, "running migration 0042_add_index_orders")
    m.postgresql(at, "LOG", "statement: CREATE INDEX orders_created ON orders (created_at);")
    m.script(end, "migration 0042_add_index_orders done")
    m.upgrade("web-01", at - minutes(2), "curl", "7.81.0-1", "7.81.0-2")
    moment = begin
    while (moment := moment + seconds(m.rng.expovariate(0.5))) < end:
        m.postgresql(moment, "ERROR", "canceling statement due to lock timeout")
    error = "psycopg2.errors.LockNotAvailable: canceling statement due to lock timeout"
    m.traffic(_between(begin, end, 0.45), complaint=python_says("order failed", error))
    return Truth(begin, end, ("0042", "migration"))


def held_lock(m: Machines, at: datetime) -> Truth:
    """Hold a lock by an Ansible migration until somebody ends its session: the run fails, and the outage ends."""
    begin, lasts = at + seconds(5), minutes(17)
    task = "Run migration 0043_add_channel"
    end = m.ansible(at, "Migrate the shop database", ["db-01"], (_FACTS, (task, True)), failed=task, after=lasts)
    m.upgrade("web-01", at - minutes(2), "curl", "7.81.0-1", "7.81.0-2")
    moment = begin
    while (moment := moment + seconds(m.rng.expovariate(0.5))) < end:
        waits = "process 30592 still waiting for AccessShareLock on relation 16386 of database 16385 after 1000.097 ms"
        m.postgresql(moment, "LOG", waits)
        m.postgresql(moment + seconds(3), "ERROR", "canceling statement due to statement timeout")
    m.postgresql(end, "FATAL", "terminating connection due to administrator command")
    error = "psycopg2.errors.QueryCanceled: canceling statement due to statement timeout"
    m.traffic(_between(begin, end, 0.6), complaint=python_says("order failed", error))
    return Truth(begin, end, ("migrate", "0043"))


def latent_reload(m: Machines, at: datetime) -> Truth:
    """Puppet pushes a wrong upstream that waits 45 minutes for somebody's reload."""
    begin, end = at + minutes(45), at + minutes(85)
    unit = "A high performance web server and a reverse proxy server"
    for host in m.webs:
        pushed = at + seconds(m.rng.uniform(0, 600))
        path = "/Stage[main]/Shop::Web/File[/etc/nginx/conf.d/upstream.conf]/content"
        m.syslog(host, pushed, "puppet-agent[811]", f"({path}) content changed '{{md5}}1c0b' to '{{md5}}9f3e'")
        m.syslog(host, pushed + seconds(3), "puppet-agent[811]", "Applied catalog in 4.11 seconds")
        for when in (begin, end):
            m.sudo(host, when - seconds(2), "bob", "/usr/bin/systemctl reload nginx")
            m.syslog(host, when, "systemd[1]", f"Reloaded {unit}.")
    m.ansible(begin - minutes(5), "Announce sale", ["deploy-01"], (_FACTS, ("Send mail", True)))
    m.traffic(
        _between(begin, end, 0.99), 502,
        nginx_says("connect() failed (111: Connection refused) while connecting to upstream"),
    )  # fmt: skip
    return Truth(begin, end, ("upstream.conf",))


def firewall(m: Machines, at: datetime) -> Truth:
    end = at + minutes(28)
    m.sudo("db-01", at, "bob", "/usr/sbin/iptables -A INPUT -p tcp --dport 5432 -j DROP")
    m.sudo("db-01", end, "alice", "/usr/sbin/iptables -D INPUT -p tcp --dport 5432 -j DROP")
    m.ansible(at - minutes(4), "Release shop assets", m.webs, (_FACTS, ("Sync assets", True)))
    m.traffic(
        _between(at + seconds(2), end, 0.9), 504,
        python_says("database error", f"psycopg2.OperationalError: {_NO_DATABASE}"),
    )  # fmt: skip
    return Truth(at, end, ("iptables",))


def zone(m: Machines, at: datetime) -> Truth:
    begin, end = at + seconds(30), at + minutes(31)
    m.sudo("db-01", at - seconds(9), "carol", "/usr/bin/vi /etc/bind/zones/example.internal.db")
    m.sudo("db-01", at, "carol", "/usr/sbin/rndc reload example.internal")
    said = "general: info: zone example.internal/IN: loaded serial 2024051402"
    m.say("db-01", "var/log/named/named.log", at, f"{at:%d-%b-%Y %H:%M:%S}.120 {said}")
    m.sudo("db-01", end, "carol", "/usr/sbin/rndc reload example.internal")
    m.roll_out(at - minutes(7), "v5.0.1", m.webs)
    name = 'could not translate host name "pg.example.internal" to address: Name or service not known'
    error = f"psycopg2.OperationalError: {name}"
    m.traffic(_between(begin, end, 0.9), complaint=python_says("database error", error))
    return Truth(begin, end, ("example.internal",))


def argo(m: Machines, at: datetime) -> Truth:
    begin, end = at + seconds(40), at + minutes(19)

    def log(when: datetime, said: str) -> None:
        line = f'time="{iso(when)}" level=info msg="{said}" application=shop'
        m.say("deploy-01", "var/log/argocd/controller.log", when, line)

    for number in range(8):
        log(BEGIN + minutes(50 * number), "Refreshing app status (spec.source differs), level (1)")
    for when, revision in (
        (at, "8f14e45fceea167a5a36dedd4bea2543"),
        (end - seconds(20), "c9f0f895fb98ab9159f51fd0297e236d"),
    ):
        log(when, f"Initiated automated sync to '{revision}'")
        log(when + seconds(9), f"Sync operation to {revision} succeeded")
    m.traffic(_between(begin, end, 0.95), complaint=node_says("Cannot find module './currency'"))
    return Truth(begin, end, ("8f14e45",))


def by_hand(m: Machines, at: datetime) -> Truth:
    """Nothing logs the deploy; only the version that the program names when it starts tells it."""
    end = at + minutes(20)
    for when, version in ((BEGIN + minutes(3), "4.1.9"), (at, "4.2.0"), (end, "4.1.9")):
        for host in m.webs:
            m.syslog(host, when, "systemd[1]", "Started Shop API.")
            m.syslog(
                host, when + seconds(1), "shop-api[900]", f"shop-api version {version} starting, listening on :8080"
            )
    m.traffic(_between(at + seconds(2), end, 0.8), complaint=python_says("Unhandled", "KeyError: 'currency'"))
    return Truth(at, end, ("4.2.0", "shop api", "shop-api"))


def stopped_proxy(m: Machines, at: datetime) -> Truth:
    end = at + minutes(18)
    m.sudo("lb-01", at - seconds(3), "bob", "/usr/bin/systemctl stop haproxy")
    m.syslog("lb-01", at - seconds(1), "systemd[1]", "Stopped HAProxy Load Balancer.")
    m.syslog("lb-01", end, "systemd[1]", "Started HAProxy Load Balancer.")
    m.traffic(_between(at, at, 0))
    m.hide("var/log/nginx/access.log", at, end)
    return Truth(at, end, ("haproxy",))


def library(m: Machines, at: datetime) -> Truth:
    """Unattended upgrades bring a library and restart what uses it."""
    end = at + minutes(40)
    for host in m.webs:
        when = at + seconds(m.rng.uniform(0, 30))
        m.upgrade(host, when, "libssl3", "3.0.2-0ubuntu1.15", "3.0.2-0ubuntu1.16", "/usr/bin/unattended-upgrade")
        m.restart(host, when + seconds(9), "shop web application")
    for host in m.webs:
        m.upgrade(
            host,
            end - seconds(20),
            "libssl3",
            "3.0.2-0ubuntu1.16",
            "3.0.2-0ubuntu1.15",
            "apt-get install libssl3=3.0.2-0ubuntu1.15",
        )
        m.restart(host, end - seconds(9), "shop web application")
    m.ansible(at - minutes(5), "Baseline", m.webs, (_FACTS, ("Template /etc/issue", True)))
    error = "ssl.SSLError: [SSL: UNSAFE_LEGACY_RENEGOTIATION_DISABLED] unsafe legacy renegotiation disabled"
    m.traffic(_between(at + seconds(20), end, 0.7), complaint=python_says("payment failed", error))
    return Truth(at + seconds(20), end, ("libssl3",))


def canary(m: Machines, at: datetime) -> Truth:
    """Try a canary, which is healthy for lack of traffic to what it breaks; then roll out."""
    begin, end = at + minutes(20), at + minutes(52)
    m.roll_out(at, "v7.1.0", m.webs[:1])
    m.roll_out(begin, "v7.1.0", m.webs[1:])
    m.roll_out(end, "v7.0.4", m.webs)
    m.upgrade("db-01", begin - minutes(3), "tzdata", "2024a-0", "2024a-1")
    error = "jinja2.exceptions.UndefinedError: 'cart_summary' is undefined"
    m.traffic(
        _between(begin + seconds(10), end + seconds(9), 0.8, m.webs[1:]), complaint=python_says("Unhandled", error)
    )
    return Truth(begin + seconds(10), end, ("v7.1.0",))


def failed_rollback(m: Machines, at: datetime) -> Truth:
    end = at + minutes(44)
    tasks = (_FACTS, ("Install /etc/shop/settings.toml", True), ("Restart shop", True))
    m.ansible(at, "Configure shop currency", m.webs, tasks)
    m.ansible(at + minutes(15), "Roll back shop settings", m.webs, tasks, failed="Install /etc/shop/settings.toml")
    m.ansible(end - seconds(18), "Configure shop currency", m.webs, tasks)
    m.roll_out(at - minutes(9), "v1.9.2", m.webs, "blog")
    error = "shop.config.ConfigError: settings.toml: unknown currency 'EURO'"
    m.traffic(_between(at + seconds(9), end, 0.95), complaint=python_says("cannot price cart", error))
    return Truth(at + seconds(9), end, ("currency",))


def long_name(m: Machines, at: datetime) -> Truth:
    """Change one server, which the inventory calls by its full name."""
    begin, end = at + minutes(2), at + minutes(33)
    m.ansible(
        at,
        "Raise cache size",
        ["web-02.example.com"],
        (_FACTS, ("Template /etc/shop/cache.yml", True), ("Restart shop", True)),
    )
    m.roll_out(at - minutes(4), "v3.1.0", ["web-01", "web-03"])
    error = "shop.cache.CacheError: cache size 8GB exceeds the limit of 4GB"
    m.traffic(_between(begin, end, 0.8, ["web-02"]), complaint=python_says("cache unavailable", error))
    return Truth(begin, end, ("cache",))


def full_disk(m: Machines, at: datetime) -> Truth:
    end = at + minutes(25)
    said = 'could not extend file "base/16385/24576": No space left on device'
    for number in range(200):
        m.postgresql(at + seconds(7 * number), "ERROR", said)
    m.sudo("db-01", end, "alice", "/usr/bin/rm -rf /var/lib/postgresql/backup-2024-04")
    m.traffic(_between(at, end, 0.5), complaint=python_says("database error", f"psycopg2.errors.DiskFull: {said}"))
    return Truth(at, end, sign="disk-full")


def certificate(m: Machines, at: datetime) -> Truth:
    end = at + minutes(42)
    m.ansible(at - minutes(9), "Deploy dashboards", ["deploy-01"], (_FACTS, ("Copy dashboards", True)))
    said = "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream"
    m.traffic(_between(at, end, 0.97), 502, nginx_says(said, "https://10.0.0.9:8443"))
    return Truth(at, end, sign="certificate")


def memory(m: Machines, at: datetime) -> Truth:
    end = at + minutes(30)
    for number in range(30):
        said = (
            f"[{90_000 + number}.123456] Out of memory: Killed process {1000 + number} (shop-worker) total-vm:4194304kB"
        )
        m.syslog("web-02", at + minutes(number), "kernel", said)
    m.roll_out(at - minutes(90), "v3.1.0", m.webs)
    m.traffic(_between(at, end, 0.8, ["web-02"]), 502)
    return Truth(at, end, sign="out-of-memory")


def partner(m: Machines, at: datetime) -> Truth:
    end = at + minutes(20)
    error = (
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='api.payments.example', port=443): Read timed out. "
        "(read timeout=10)"
    )
    m.traffic(_between(at, end, 0.7), 504, python_says("upstream failure", error))
    return Truth(at, end, sign="dependency")


def nobody(m: Machines, at: datetime) -> Truth:
    end = at + minutes(26)
    m.traffic(
        _between(at, end, 0.6), complaint=python_says("Unhandled exception", "ValueError: unexpected end of stream")
    )
    return Truth(at, end)


def no_deploy_log(m: Machines, at: datetime) -> Truth:
    """Deploy without a log; what lies around it is innocent."""
    end = at + minutes(26)
    m.ansible(at - minutes(11), "Sync users", m.webs, (_FACTS, ("Create accounts", True)))
    m.upgrade("db-01", at - minutes(6), "vim", "2:8.2-1", "2:8.2-2")
    error = "TypeError: price() missing 1 required positional argument: 'region'"
    m.traffic(_between(at, end, 0.9), complaint=python_says("Unhandled exception", error))
    return Truth(at, end)


PLAYED: Final[dict[str, Play]] = {
    play.__name__.replace("_", " "): play
    for play in (
        bad_deploy, small_pool, flag, migration, held_lock, latent_reload, firewall, zone, argo, by_hand, stopped_proxy,
        library, canary, failed_rollback, long_name, full_disk, certificate, memory, partner, nobody, no_deploy_log,
    )
}  # fmt: skip


def play(name: str, seed: int) -> tuple[Machines, Truth]:
    """Play one incident on an ordinary day, some four to five hours into it."""
    rng = random.Random(f"{name} {seed}")
    machines = Machines(rng)
    machines.ordinary()
    return machines, PLAYED[name](machines, BEGIN + minutes(rng.randrange(220, 300)))
