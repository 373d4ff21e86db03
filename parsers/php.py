r"""PHP: the error log, and PHP-FPM's own log, slow log and access log.

The error log names the zone in the line (``[10-Nov-2022 10:29:58 Europe/Berlin]``): its times are exact. What PHP-FPM says
of its master is a change: start, reload, stop, a child killed by a signal. Traps: PHP-FPM's own stamps have no zone; a
stack trace and a message with line ends follow without a stamp; text given to ``error_log()`` has no level; the access
log has no brackets around its time.

https://www.php.net/manual/en/errorfunc.configuration.php#ini.error-log
https://www.php.net/manual/en/install.fpm.configuration.php
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Match,
    Outcome,
    Sample,
    each_unique,
    severity_of,
    stamped,
    told_by,
)

_STAMP: Final = Form("dd-bbb-YYYY HH:MM:SSF", "10-Nov-2022 10:29:58")
_LEVEL: Final = r"^PHP (?P<level>Fatal error|Recoverable fatal error|Parse error|Core error|Compile error|Warning|Notice|Deprecated|Strict Standards|Startup):"
_SEVERITIES: Final = {
    "Fatal error": 21, "Recoverable fatal error": 17, "Parse error": 21, "Core error": 21, "Compile error": 21,
    "Warning": 13, "Notice": 10, "Deprecated": 13, "Strict Standards": 10, "Startup": 13,
}  # fmt: skip

_CHANGE: Final = {"kind": str(Kind.CHANGE), "target": "php-fpm", "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r"fpm is running, pid \d+", _STARTED | {"action": "start"}),
        (r"ready to handle connections", _CHANGE | {"action": "start"}),
        (r"Reloading in progress \.\.\.", _CHANGE | {"action": "reload"}),
        (r"(?:Finishing|Terminating) \.\.\.", _STARTED | {"action": "stop"}),
        (r"exiting, bye-bye!", _CHANGE | {"action": "stop"}),
        (r"\[pool (?P<pool>[^\]]*)\] child \d+ exited on signal .*", _FAILED | {"action": "crash"}),
        (r"unable to bind listening socket .*|FPM initialization failed", _FAILED | {"action": "start"}),
    )
)


_OF_FPM: Final = "^(?:ALERT|ERROR|WARNING|NOTICE|DEBUG): "  # FPM's own messages, to its log


def _errors(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    message = match.text("message")
    level = pc.struct_field(pc.extract_regex(message, _LEVEL), "level")
    columns = stamped(match, _STAMP)
    columns["refused"] = columns["refused"] | np.asarray(pc.match_substring_regex(message, _OF_FPM))
    return columns | each_unique(level, lambda word: {"severity": _SEVERITIES.get(word)})


def _fpm(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = stamped(match, _STAMP)
    if "level" not in match:
        slow = pa.repeat(pa.scalar(13, pa.int8()), len(match))
        return columns | {"severity": slow, "message": pa.repeat("slow request", len(match))}
    severity = severity_of(match.text("level"))
    columns |= {"severity": severity, "level": None, "refused": columns["refused"] | np.asarray(severity.is_null())}
    return columns | each_unique(match.text("message"), _told)


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


_RUN: Final = "PHP 8.2 (Debian), php-fpm and php on loopback"

SAMPLES: Final = (
    Sample(
        b"[22-Nov-2026 12:48:20 Europe/Berlin] PHP Warning:  Undefined variable $undef in /tmp/fx/php/www/a.php on line 4",
        {"time": "2026-11-22T12:48:20+01:00", "severity": 13, "kind": "log",
         "message": "PHP Warning:  Undefined variable $undef in /tmp/fx/php/www/a.php on line 4"},
        _RUN,
    ),
    Sample(
        b"[22-Nov-2026 12:48:27 Europe/Berlin] PHP Fatal error:  Uncaught Exception: boom\nsecond line in /tmp/fx/php/www/a.php:3\nStack trace:\n#0 /tmp/fx/php/www/a.php(4): f()\n#1 {main}\n  thrown in /tmp/fx/php/www/a.php on line 3",
        {"severity": 21,
         "message": "PHP Fatal error:  Uncaught Exception: boom\nsecond line in /tmp/fx/php/www/a.php:3\nStack trace:\n#0 /tmp/fx/php/www/a.php(4): f()\n#1 {main}\n  thrown in /tmp/fx/php/www/a.php on line 3"},
        _RUN,
    ),
    Sample(
        b"[22-Jan-2013 22:28:21 +0200]: FAILED login for user1 from 192.0.43.10",
        {"time": "2013-01-22T22:28:21+02:00", "message": "FAILED login for user1 from 192.0.43.10"},
        "repository fail2ban/fail2ban, fail2ban/tests/files/logs/roundcube-auth",
    ),
    Sample(b"[22-Nov-2026 12:48:20 Europe/Berlin] hello from app", {"severity": None, "message": "hello from app"}, _RUN),
    Sample(
        b"[22-Nov-2026 19:41:17 Asia/Kolkata] PHP Deprecated:  dep in /tmp/ts/web/php/warn.php on line 1",
        {"time": "2026-11-22T19:41:17+05:30", "severity": 13},
        _RUN + "; another zone",
    ),
    Sample(
        b"[22-Nov-2026 14:11:07 UTC] PHP Fatal error:  Allowed memory size of 16777216 bytes exhausted (tried to allocate 67112960 bytes) in /tmp/ts/web/php/mem.php on line 1",
        {"time": "2026-11-22T14:11:07+00:00", "severity": 21, "kind": "log"},
        _RUN + ", memory_limit reached",
    ),
    Sample(b"[22-Nov-2026 11:48:23 UTC] user \x00\xff\x1b[31m [23-Nov-2026 00:00:00 UTC] PHP Fatal error:  x", {"time": "2026-11-22T11:48:23+00:00", "severity": None},
           "hostile: NUL, bad UTF-8, an escape and another line inside a message"),
    Sample(b"[22-Nov-2026 11:48:23 UTC] " + b"x" * 1_000_000, {"kind": "log"}, "hostile: a line of 1 MB"),
    Sample(b"[31-Nov-2026 11:48:23 UTC] x", None, "hostile: no such day"),
)  # fmt: skip

FPM_SAMPLES: Final = (
    Sample(
        b"[22-Nov-2026 11:48:19] NOTICE: ready to handle connections",
        {"time": "2026-11-22T11:48:19", "kind": "change", "action": "start", "target": "php-fpm", "severity": 10},
        _RUN,
    ),
    Sample(
        b"[22-Nov-2026 11:48:22] WARNING: [pool www] server reached pm.max_children setting (2), consider raising it",
        {"kind": "log", "severity": 13, "message": "[pool www] server reached pm.max_children setting (2), consider raising it"},
        _RUN,
    ),
    Sample(b"[22-Nov-2026 11:48:26] NOTICE: Reloading in progress ...", {"kind": "change", "action": "reload"}, _RUN),
    Sample(b"[22-Nov-2026 11:48:27] NOTICE: exiting, bye-bye!", {"kind": "change", "action": "stop"}, _RUN),
    Sample(
        b"[22-Nov-2026 14:11:12] WARNING: [pool www] child 26032 exited on signal 9 (SIGKILL) after 1.477758 seconds from start",
        {"kind": "change", "action": "crash", "outcome": "failed", "pool": "www", "severity": 13},
        _RUN + ", a child killed",
    ),
    Sample(
        b"[22-Nov-2026 14:11:17] ERROR: unable to bind listening socket for address '203.0.113.1:80': Cannot assign requested address (99)",
        {"kind": "change", "action": "start", "outcome": "failed", "severity": 17},
        _RUN + ", an address it has not",
    ),
    Sample(
        b"[22-Nov-2026 11:48:22]  [pool www] pid 32404\nscript_filename = /tmp/fx/php/www/b.php\n[0x00007fed14613070] sleep() /tmp/fx/php/www/b.php:1",
        {"severity": 13, "pool": "www", "pid": "32404", "message": "slow request\nscript_filename = /tmp/fx/php/www/b.php\n[0x00007fed14613070] sleep() /tmp/fx/php/www/b.php:1"},
        _RUN + ", slow log",
    ),
    Sample(b"[22-Nov-2026 11:48:22] WARNING: x\x00\xff\x1b[31m NOTICE: exiting, bye-bye!", {"kind": "log"}, "hostile: NUL, bad UTF-8, an escape and a stop inside a message"),
    Sample(b"[31-Nov-2026 11:48:22] NOTICE: x", None, "hostile: no such day"),
)  # fmt: skip

ACCESS_SAMPLES: Final = (
    Sample(
        b'127.0.0.1 -  22/Nov/2026:11:48:20 +0000 "GET /a.php" 500',
        {"time": "2026-11-22T11:48:20+00:00", "kind": "request", "client": "127.0.0.1", "method": "GET", "path": "/a.php", "status": 500},
        _RUN,
    ),
    Sample(b'127.0.0.1 -  22/Nov/2026:11:48:20 +0000 "GET /\x00\xff\x1b[31m" 200', {"status": 200}, "hostile: NUL, bad UTF-8 and an escape in a path"),
    Sample(b'127.0.0.1 -  31/Nov/2026:11:48:20 +0000 "GET /" 200', None, "hostile: no such day"),
)  # fmt: skip

PARSER = (
    LineParser(
        name="php-error",
        title="PHP error log",
        url="https://www.php.net/manual/en/errorfunc.configuration.php#ini.error-log",
        samples=SAMPLES,
        layouts=(Layout("[{time}] {message:rest}"), Layout("[{time}]: {message:rest}", name="Roundcube")),
        continues=True,
        meaning=_errors,
    ),
    LineParser(
        name="php-fpm",
        title="PHP-FPM log and slow log",
        url="https://www.php.net/manual/en/install.fpm.configuration.php",
        samples=FPM_SAMPLES,
        layouts=(
            Layout("[{time}] {level:level}: {message:rest}", name="log"),
            Layout("[{time}]  [pool {pool}] pid {pid:d}", name="slow log"),
        ),
        continues=True,
        meaning=_fpm,
    ),
    LineParser(
        name="php-fpm-access",
        title="PHP-FPM access log",
        url="https://www.php.net/manual/en/install.fpm.configuration.php#access-format",
        samples=ACCESS_SAMPLES,
        layouts=(Layout('{client:ip} - {user} {time:clf} "{method:word} {path}" {status:d}'),),
        kind=Kind.REQUEST,
    ),
)
