"""What the cron daemons say: Vixie cron (Debian), cronie (Red Hat), anacron, run-parts, crontab.

A job that starts is a change; so is a crontab that somebody replaces. The end of a job is told by anacron and cronie
only, and the exit status by neither of them, save that anacron prints it where it is not 0.

Traps: a child of cron calls itself ``CRON``; ``(CRON) info (No MTA installed, discarding output)`` looks like a
job but names no command; one job gives two PAM lines beside its own; the hourly ``run-parts`` is no deployment.

https://manpages.debian.org/bookworm/cron/cron.8.en.html
https://github.com/cronie-crond/cronie/blob/master/src/misc.c (log_it), anacron/log.c
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_STARTED: Final = {"kind": Kind.CHANGE, "action": "cron", "outcome": Outcome.STARTED}
_ENDED: Final = {"kind": Kind.CHANGE, "action": "cron", "outcome": Outcome.UNKNOWN}
_FAILED: Final = {"kind": Kind.CHANGE, "action": "cron", "outcome": Outcome.FAILED, "severity": 13}

_SAYINGS: Final[tuple[tuple[re.Pattern[str], dict[str, Any]], ...]] = (
    (re.compile(r"\((?P<actor>[^)]*)\) CMD \((?P<target>.*)\)\s*", re.DOTALL), _STARTED),
    (re.compile(r"\((?P<actor>[^)]*)\) CMDEND \((?P<target>.*)\)\s*", re.DOTALL), _ENDED),
    (re.compile(r"Job [`'](?P<target>[^']*)' started\s*"), _STARTED),
    (
        re.compile(
            r"Job [`'](?P<target>[^']*)' terminated (?:\(exit status: [1-9]|due to signal|abnormally).*",
            re.DOTALL,
        ),
        _FAILED,
    ),
    (re.compile(r"Job [`'](?P<target>[^']*)' terminated.*", re.DOTALL), _ENDED),
    (re.compile(r"(?:\([^)]*\) )?starting (?P<target>\S+)"), _STARTED),
    (re.compile(r"(?:\([^)]*\) )?finished (?P<target>\S+)"), _ENDED),
    (
        re.compile(r"\((?P<actor>[^)]*)\) (?:REPLACE|DELETE) \((?P<target>[^)]*)\)"),
        {"kind": Kind.CHANGE, "action": "crontab", "outcome": Outcome.CHANGED},
    ),
    (
        re.compile(r"pam_unix\(cron:session\): session (?:opened|closed) for user (?P<actor>[^\s(]+).*", re.DOTALL),
        {},
    ),
    (
        re.compile(r"\((?P<actor>[^)]*)\) (?:ERROR|error|FAILED|BAD FILE MODE|WRONG FILE OWNER)\b.*", re.DOTALL),
        {"severity": 13},
    ),
)


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _told(text: str) -> dict[str, Any]:
    for pattern, meaning in _SAYINGS:
        if found := pattern.fullmatch(text):
            return {"kind": Kind.LOG} | meaning | found.groupdict()
    return {"kind": Kind.LOG}


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/cron.log"
_RUN: Final = "cron 3.0pl1 (Debian 12)"


def _sample(text: bytes, expect: dict[str, object] | None, origin: str = _RUN, program: str = "CRON") -> Sample:
    return Sample(text, expect, origin, program=program)


SAMPLES: Final = (
    _sample(
        b"(root) CMD (puppet apply --logdest syslog /etc/puppet/manifests/site.pp)",
        {
            "kind": "change",
            "action": "cron",
            "target": "puppet apply --logdest syslog /etc/puppet/manifests/site.pp",
            "actor": "root",
            "outcome": "started",
        },
        _RECORDING,
    ),
    _sample(
        b"(www-data) CMD (/usr/bin/php /var/www/blog/index.php >/dev/null 2>&1)",
        {"actor": "www-data", "target": "/usr/bin/php /var/www/blog/index.php >/dev/null 2>&1"},
        _RECORDING,
    ),
    _sample(b'(root) CMD (/bin/true [x] "q" (a))', {"target": '/bin/true [x] "q" (a)'}),
    _sample(
        b"pam_unix(cron:session): session opened for user www-data(uid=33) by (uid=0)",
        {"kind": "log", "actor": "www-data", "action": None},
        "recording misspelt-file-name, web-01/var/log/auth.log",
    ),
    _sample(b"(CRON) info (No MTA installed, discarding output)", {"kind": "log", "action": None, "actor": None}),
    _sample(b"(CRON) INFO (Running @reboot jobs)", {"kind": "log"}, program="cron"),
    _sample(
        b"(root) REPLACE (root)",
        {"kind": "change", "action": "crontab", "actor": "root", "target": "root", "outcome": "changed"},
        program="crontab",
    ),
    _sample(b"(root) LIST (root)", {"kind": "log", "action": None}, program="crontab"),
    _sample(
        b"(root) CMDEND (run-parts /etc/cron.hourly)",
        {"kind": "change", "action": "cron", "target": "run-parts /etc/cron.hourly", "outcome": "unknown"},
        "cronie 1.5.7, src/do_command.c",
        "CROND",
    ),
    _sample(
        b"Job `cron.daily' started",
        {"kind": "change", "action": "cron", "target": "cron.daily", "outcome": "started"},
        "anacron, runjob.c",
        "anacron",
    ),
    _sample(
        b"Job `cron.daily' terminated (exit status: 1) (mailing output)",
        {"target": "cron.daily", "outcome": "failed", "severity": 13},
        "anacron, runjob.c",
        "anacron",
    ),
    _sample(
        b"Job `cron.daily' terminated (mailing output)",
        {"outcome": "unknown"},
        "anacron, runjob.c",
        "anacron",
    ),
    _sample(
        b"(/etc/cron.hourly) starting 0anacron",
        {"kind": "change", "action": "cron", "target": "0anacron", "outcome": "started"},
        "crontabs of Red Hat, run-parts",
        "run-parts",
    ),
    _sample(
        b"(ev[il \x00\x1b[31m) CMD (echo \xff Nov 10 10:29:58 (root\\) CMD (x))",
        {"actor": "ev[il \x00\x1b[31m", "target": "echo \\xff Nov 10 10:29:58 (root\\) CMD (x)"},
        "hostile: bracket, NUL and escape in the account; a byte that is no UTF-8, a date and a second job in the command",
    ),
    _sample(
        b"(root) CMD (echo " + b"x" * 1_000_000 + b")",
        {"target": "echo " + "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
)

PARSER = LineParser(
    name="cron",
    title="cron",
    url="https://manpages.debian.org/bookworm/cron/cron.8.en.html",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=(
        "CRON", "cron", "CROND", "crond", "/USR/SBIN/CRON", "/usr/sbin/cron", "/usr/sbin/crond", "anacron", "crontab",
        "run-parts", "run-parts(*",
    ),
    meaning=_meaning,
)  # fmt: skip
