"""Certbot's log (letsencrypt.log): certificates obtained and renewed, and renewals that failed.

::

    2026-11-22 14:16:13,476:DEBUG:certbot._internal.display.obj:Notifying user:   /etc/letsencrypt/live/www.example.org/fullchain.pem (success)
    2026-11-22 14:18:25,525:ERROR:certbot._internal.renewal:Failed to renew certificate www.example.org with error: …

Traps: it logs at DEBUG, with whole HTTP answers and tracebacks below a line; a run that renews nothing logs almost as much; what people
saw stands behind ``Notifying user:``, on several lines or on several records; no zone.

https://eff-certbot.readthedocs.io/en/stable/using.html#log-rotation
https://github.com/certbot/certbot/blob/main/certbot/certbot/_internal/log.py (FILE_FMT)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_NAME: Final = r"(?:\S*/live/(?P<target>[^/\s]+)/\S+)"
_SAYINGS: Final = (
    (re.compile(rf"Notifying user:\s+{_NAME} \(success\)\s*"), "certificate", Outcome.CHANGED),
    (re.compile(r"Failed to renew certificate (?P<target>\S+) with error: .*", re.DOTALL), "certificate", Outcome.FAILED),
    (re.compile(r"Attempting to renew cert \((?P<target>[^)\s]+)\) from \S+ produced an unexpected error: .*", re.DOTALL), "certificate", Outcome.FAILED),
    (re.compile(r"Running (?:deploy|post|pre)-hook command: (?P<target>.+)"), "hook", Outcome.STARTED),
    # A new certificate's file is written: what tells people so stands on the lines below, which this one does not hold yet.
    (re.compile(r"Writing new config \S*/renewal/(?P<target>[^/\s]+)\.conf\."), "certificate", Outcome.CHANGED),
)  # fmt: skip
_COARSE: Final = r"Notifying user:|Failed to renew|Attempting to renew|-hook command|Writing new config"


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    message = match.text("message")
    coarse = pc.match_substring_regex(message, _COARSE)
    told = each_unique(pc.if_else(coarse, message, ""), _told)
    return {**told, "service": ["certbot"] * len(match)}


def _told(text: str) -> dict[str, Any]:
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(text):
            return {"kind": str(Kind.CHANGE), "action": action, "outcome": str(outcome), **found.groupdict()}
    return {"kind": str(Kind.LOG)}


_RUN: Final = "Certbot 2.1.0 against an ACME server made for the purpose, its folder renamed"

SAMPLES: Final = (
    Sample(
        b"2026-11-22 14:15:45,831:DEBUG:certbot._internal.storage:Writing new config /etc/letsencrypt/renewal/www.example.org.conf.",
        {"time": "2026-11-22T14:15:45.831", "kind": "change", "action": "certificate", "target": "www.example.org", "outcome": "changed", "service": "certbot",
         "logger": "_internal.storage", "severity": 5},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:16:13,476:DEBUG:certbot._internal.display.obj:Notifying user:   /etc/letsencrypt/live/www.example.org/fullchain.pem (success)",
        {"kind": "change", "action": "certificate", "target": "www.example.org", "outcome": "changed"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:18:25,525:ERROR:certbot._internal.renewal:Failed to renew certificate www.example.org with error: Requesting 127.0.0.1/directory: Connection refused\n"
        b'2026-11-22 14:18:25,526:DEBUG:certbot._internal.renewal:Traceback was:\nTraceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/urllib3/connection.py", line 174, in _new_conn\n',
        {"kind": "change", "action": "certificate", "target": "www.example.org", "outcome": "failed", "severity": 17},
        _RUN + ", and that server gone; the traceback cut",
    ),
    Sample(
        b"2026-11-22 14:16:13,474:INFO:certbot.compat.misc:Running deploy-hook command: true",
        {"kind": "change", "action": "hook", "target": "true", "outcome": "started", "logger": "compat.misc"},
        _RUN,
    ),
    Sample(
        b'2026-11-22 14:15:44,598:DEBUG:acme.client:Received response:\nHTTP 200\nServer: BaseHTTP/0.6 Python/3.11.2\n\n{"newNonce": "http://127.0.0.1:14099/nonce"}',
        {"kind": "log", "logger": "client", "severity": 5},
        _RUN + ", the headers cut",
    ),
    Sample(
        b"2026-11-22 14:15:44,591:DEBUG:urllib3.connectionpool:Starting new HTTP connection (1): 127.0.0.1:14099\n2026-11-22 14:16:13,476:DEBUG:certbot._internal.renewal:no renewal failures",
        {"kind": "log", "logger": "connectionpool"},
        _RUN,
    ),
    Sample(
        b"2026-11-22 14:18:25,525:ERROR:certbot.x:Failed to renew certificate \x00\xff\x1b[31m with error: y with error: z",
        {"kind": "change", "target": "\x00\\xff\x1b[31m"},
        "hostile: NUL, bad UTF-8 and an escape in a name",
    ),
    Sample(b"2026-11-31 14:18:25,525:ERROR:certbot.x:y", None, "hostile: no such day"),
)  # fmt: skip

_HEAD: Final = "{time:python}:{level:level}:"

PARSER = LineParser(
    name="certbot",
    title="Certbot (letsencrypt.log)",
    url="https://eff-certbot.readthedocs.io/en/stable/using.html#log-rotation",
    samples=SAMPLES,
    layouts=tuple(
        Layout(_HEAD + package + ".{logger}:{message:rest}", name=package) for package in ("certbot", "acme", "urllib3")
    ),
    continues=True,
    meaning=_meaning,
)
