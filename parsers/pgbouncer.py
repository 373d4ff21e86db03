r"""PgBouncer's log: connections refused for want of room, lost servers, its own starts and stops.

``2026-12-01 11:49:51.728 UTC [8422] WARNING C-0x5565…: db/user@127.0.0.1:51902 pooler error: …``: as PostgreSQL's lines, but
one blank behind the level and no colon. Traps: LOG is information; ``C-`` stands for a client's connection, ``S-`` for
a server's, whose address is no client.

https://www.pgbouncer.org/config.html#log-settings
https://github.com/pgbouncer/pgbouncer/blob/master/src/main.c
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique, told_by, zoned

_LEVELS: Final = ("DEBUG", "NOISE", "LOG", "WARNING", "ERROR", "FATAL")
_CLIENT: Final = r"^C-0x[0-9a-f]+: (?P<database>[^/ ]*)/(?P<user>[^@ ]*)@(?P<client>[^ ]+):[0-9]+ "
_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "pgbouncer", "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_SAYINGS: Final = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"process up: PgBouncer .*", _CHANGE | {"action": "start"}),
        (r"[Gg]ot SIG(?:INT|TERM|QUIT).*|SHUTDOWN command issued|shutdown requested.*", _STARTED | {"action": "stop"}),
        (r"server connections dropped, exiting|process exit.*", _CHANGE | {"action": "stop"}),
        (r"[Gg]ot SIGHUP.*|RELOAD command issued", _CHANGE | {"action": "reload"}),
        (r"PAUSE command issued", _CHANGE | {"action": "pause"}),
        (r"RESUME command issued", _CHANGE | {"action": "resume"}),
    )
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    message = match.text("message")
    known = np.asarray(pc.is_in(match.text("level"), pa.array(_LEVELS)))
    of_client = pc.extract_regex(message, _CLIENT)
    told = each_unique(pc.replace_substring_regex(message, r"^[CS]-.*", ""), _told)
    names = {name: pc.struct_field(of_client, name) for name in ("client", "database", "user")}
    columns = told | names | {"refused": ~known}
    return columns | ({"time": zoned(match.time(), match.text("zone")), "zone": None} if "zone" in match else {})


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


_RUN: Final = "PgBouncer 1.18 (Debian) on loopback, max_client_conn 1"
SAMPLES: Final = (
    Sample(
        b"2026-12-01 11:49:51.728 UTC [8422] WARNING C-0x55658a4346a0: (nodb)/(nouser)@127.0.0.1:51902 pooler error: no more connections allowed (max_client_conn)",
        {"time": "2026-12-01T11:49:51.728+00:00", "severity": 13, "client": "127.0.0.1", "database": "(nodb)", "pid": "8422", "kind": "log"},
        _RUN,
    ),
    Sample(
        b"2026-12-01 11:49:50.707 UTC [8422] LOG process up: PgBouncer 1.18.0, libevent 2.1.12-stable (epoll), adns: c-ares 1.18.1, tls: OpenSSL 3.0.19 27 Jan 2026",
        {"severity": 9, "kind": "change", "action": "start", "outcome": "changed", "target": "pgbouncer"},
        _RUN,
    ),
    Sample(
        b"2026-12-01 11:49:52.704 UTC [8422] LOG stats: 0 xacts/s, 0 queries/s, in 0 B/s, out 0 B/s, xact 0 us, query 0 us, wait 0 us",
        {"severity": 9, "kind": "log", "client": None},
        _RUN,
    ),
    Sample(
        b"2026-12-01 11:49:51.762 UTC [8422] ERROR C-0x55658a434900: (nodb)/(nouser)@127.0.0.1:51914 auth_type=any requires forced user",
        {"severity": 17, "client": "127.0.0.1"},
        _RUN,
    ),
    Sample(
        b"2018-09-12 16:08:54.776 3394 LOG listening on unix:/var/run/postgresql/.s.PGSQL.6432",
        {"time": "2018-09-12T16:08:54.776", "severity": 9, "pid": "3394", "message": "listening on unix:/var/run/postgresql/.s.PGSQL.6432"},
        "repository darold/pgbadger, t/fixtures/pgbouncer.log.gz",
    ),
    Sample(b"2026-12-31 11:49:51.762 UTC [8422] ERROR:  PostgreSQL has a colon", None, "PostgreSQL"),
    Sample(b"2026-12-32 11:49:51.762 UTC [8422] LOG x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = LineParser(
    name="pgbouncer",
    title="PgBouncer log",
    url="https://www.pgbouncer.org/config.html#log-settings",
    samples=SAMPLES,
    layouts=(
        Layout("{time:iso} {zone:word} [{pid:d}] {level:level} {message:rest}"),
        Layout("{time:iso} {pid:d} {level:level} {message:rest}", name="before 1.13"),
    ),
    meaning=_meaning,
)
