"""Mail servers: what Postfix and Dovecot say in syslog.

A delivery's ``status`` (sent, deferred, bounced), its queue id, relay and delay are kept; a deferred or bounced one is a warning. Starts,
stops and reloads are changes.

Traps: one message has a line from each of Postfix's programs, joined by the queue id only; ``delay`` is the message's whole
life, not the last attempt; a rejected client is no failure of the server; Dovecot's master process names the child in brackets.

https://www.postfix.org/postconf.5.html#maillog_file
https://www.postfix.org/DEBUG_README.html
https://doc.dovecot.org/2.3/admin_manual/logging/
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_QUEUED: Final = re.compile(
    r"(?P<request_id>[0-9A-F]{6,12}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,16}): (?P<rest>.*)", re.DOTALL
)
_PAIR: Final = re.compile(r"(?:^|, )(to|from|relay|delay|dsn|status|orig_to|size|nrcpt)=(<[^>]*>|[^,\s]*)")
_WORSE: Final = {"warning": 13, "error": 17, "fatal": 21, "panic": 21}
_LEVEL: Final = re.compile(r"(?:[\w/-]{1,40}(?:\([^)]{0,80}\))?: )?(?i:(warning|error|fatal|panic)): .*", re.DOTALL)
_STATUS: Final = {"sent": 9, "deferred": 13, "bounced": 13, "expired": 13, "undeliverable": 13}
_ACTS: Final = (
    (re.compile(r"daemon started -- version.*"), "start", "postfix"),
    (re.compile(r"terminating on signal.*|stopping the Postfix mail system"), "stop", "postfix"),
    (re.compile(r"reload -- version.*"), "reload", "postfix"),
    (re.compile(r"(?:master: )?(?:Info: )?Dovecot v[\d.]+ .*starting up for .*"), "start", "dovecot"),
    (re.compile(r"(?:master: )?(?:Warning: )?Killed with signal.*"), "stop", "dovecot"),
    (re.compile(r"(?:master: )?(?:Warning: )?SIGHUP received - reloading.*"), "reload", "dovecot"),
)
_CLIENT: Final = re.compile(r"(?:client=|connect from |RCPT from )[^\[\s]*\[([0-9A-Fa-f.:]+)\]|\brip=([0-9A-Fa-f.:]+)")


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    if "severity" in outer and "severity" in columns:
        columns["severity"] = pc.coalesce(columns["severity"], outer["severity"])
    return columns | ({"run": None} if "run" in outer else {})


def _told(text: str) -> dict[str, Any]:
    said = text[:4000]
    told: dict[str, Any] = {"kind": str(Kind.LOG)}
    if worse := _LEVEL.fullmatch(said):
        told["severity"] = _WORSE[worse[1].lower()]
    if ("[" in said or "rip=" in said) and (client := _CLIENT.search(said)):
        told["client"] = client[1] or client[2]
    for pattern, action, target in _ACTS:
        if pattern.fullmatch(said):
            return told | {
                "kind": str(Kind.CHANGE),
                "action": action,
                "target": target,
                "outcome": str(Outcome.CHANGED),
            }
    if queued := _QUEUED.fullmatch(said):
        told["request_id"] = queued["request_id"]
        told |= _delivery(queued["rest"])
    return told


def _delivery(rest: str) -> dict[str, Any]:
    pairs = {name: value.strip("<>") for name, value in _PAIR.findall(rest.partition(" (")[0])}
    told: dict[str, Any] = {f"mail_{name}": value for name, value in pairs.items() if value}
    if severity := _STATUS.get(pairs.get("status", "")):
        told["severity"] = severity
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", pairs.get("delay", "")):
        told["duration"] = float(pairs["delay"])
    return told


_RUN: Final = "Postfix 3.7.11 on loopback"
_DOVECOT: Final = "composed after: Dovecot's documentation, logging"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN, program: str = "postfix/smtp") -> Sample:
    return Sample(text, expect, origin, program=program)


SAMPLES: Final = (
    _sample(
        b"0E13C268065: to=<c@[192.0.2.3]>, relay=none, delay=2, delays=0/0/2/0, dsn=4.4.1, status=deferred (connect to 192.0.2.3[192.0.2.3]:25: Connection timed out)",
        {"kind": "log", "severity": 13, "request_id": "0E13C268065", "mail_status": "deferred", "mail_to": "c@[192.0.2.3]", "duration": 2.0, "mail_dsn": "4.4.1"},
    ),
    _sample(b"0A9F6268772: from=<me@example.org>, size=315, nrcpt=1 (queue active)", {"request_id": "0A9F6268772", "mail_from": "me@example.org", "severity": None}, program="postfix/qmgr"),
    _sample(
        b"NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 550 5.1.1 <b@[127.0.0.1]>: Recipient address rejected: User unknown in local recipient table; from=<me@example.org> to=<b@[127.0.0.1]> proto=ESMTP helo=<[127.0.0.1]>",
        {"kind": "log", "client": "127.0.0.1", "severity": None, "request_id": None},
        program="postfix/smtpd",
    ),
    _sample(b"warning: dict_nis_init: NIS domain name not set - NIS lookups disabled", {"severity": 13}, program="postfix/smtpd"),
    _sample(b"reload -- version 3.7.11, configuration /srv/pf/etc", {"kind": "change", "action": "reload", "target": "postfix", "outcome": "changed"}, _RUN + ", the path shortened", "postfix/master"),
    _sample(b"daemon started -- version 3.7.11, configuration /srv/pf/etc", {"action": "start", "target": "postfix"}, _RUN + ", the path shortened", "postfix/master"),
    _sample(
        b"imap-login: Login: user=<timo>, method=PLAIN, rip=10.0.0.5, lip=10.0.0.1, mpid=1234, TLS, session=<x>",
        {"kind": "log", "client": "10.0.0.5", "severity": None},
        _DOVECOT,
        "dovecot",
    ),
    _sample(b"imap(user@example.org): Error: Maildir filename has wrong S value", {"severity": 17}, _DOVECOT, "dovecot"),
    _sample(b"0E13C268065: to=<a\x00\xff\x1b[31m>, status=bounced (x status=sent, dsn=2.0.0)", {"mail_status": "bounced", "mail_to": "a\x00\\xff\x1b[31m"},
            "hostile: NUL, bad UTF-8 and an escape in an address, and what the other side said after"),
    _sample(b", to=" * 100_000, {"kind": "log"}, "hostile: separators only"),
)  # fmt: skip

PARSER = LineParser(
    name="mail",
    title="Mail servers (Postfix, Dovecot)",
    url="https://www.postfix.org/DEBUG_README.html",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("postfix*", "dovecot", "dovecot:*"),
    meaning=_meaning,
)
