"""Error logs of Apache httpd: the form of 2.4 (module, pid, microseconds) and that of 2.2 and before.

Starts, reloads, restarts and stops that the server itself reports are changes: the text is the same in the
prefork, worker and event processes, only its number differs (start AH00163, AH00292, AH00489; reload AH00171,
AH00297, AH00493; restart AH00173, AH00298, AH00494; stop AH00169, AH00170, AH00295, AH00296, AH00491, AH00492),
and 2.2 has no numbers, so the text decides. It counts only where the server speaks for itself: level notice, no
client, module core or mpm_*. "Resuming normal operations" follows every start, reload and restart.

Traps: an error of the operating system stands before the client, "(70007)The timeout specified has expired:
[client …] AH01075: …"; what a script writes to stderr follows as lines without any stamp; no zone is printed.

https://httpd.apache.org/docs/2.4/logs.html#errorlog
https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat
https://github.com/apache/httpd/blob/trunk/server/mpm/prefork/prefork.c
"""

import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample

_NEW: Final = "[{time:apache-error}] [{module}:{level:level}] [pid {pid:d}:tid {_:d}] "
_NEW_PID: Final = "[{time:apache-error}] [{module}:{level:level}] [pid {pid:d}] "
_OLD: Final = "[{time:apache-error}] [{level:level}] "
_CLIENT: Final = "[client {client:ip}] {message:rest}"

_NUMBER: Final = r"^(?:[^ ]+\([0-9]+\): )?(?:\([0-9]+\)[^:]*: )?(?:\[client [^\]]*\] )?(?P<code>AH[0-9]{5}): "
_BEHIND_ERROR: Final = r"^(?:[^ ]+\([0-9]+\): )?(?:\([0-9]+\)[^:]*: )?\[client (?P<client>[^\] ]+)\] "

_DID: Final = (
    (re.compile(r" configured -- resuming normal operations$"), "start"),
    (re.compile(r"Graceful restart requested, doing restart$|received\.  Doing graceful restart$"), "reload"),
    (re.compile(r"SIGHUP received\.  Attempting to restart$"), "restart"),
    (re.compile(r"caught SIG(?:TERM, shutting down|WINCH, shutting down gracefully)$"), "stop"),
    (re.compile(r"^(?:AH0005[0-2]: )?child pid \d+ exit signal "), "crash"),
)
_TELLS: Final = r" configured -- resuming |, doing restart$|SIG[A-Z0-9]+ received\.  |caught SIG(?:TERM|WINCH), shutting |exit signal "


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Column]:
    message = match.text("message")
    columns = {"code": pc.struct_field(pc.extract_regex(message, _NUMBER), "code")}
    if "module" in match:
        module = match.text("module")
        columns["module"] = pc.if_else(pc.equal(module, ""), pa.scalar(None, pa.string()), module)
    if "client" in match:
        client = match.text("client")
        columns["client"] = _without_port(client) if "module" in match else _without_v4_port(client)
    else:
        columns["client"] = _without_port(pc.struct_field(pc.extract_regex(message, _BEHIND_ERROR), "client"))
        columns |= _change(match, message)
    return columns


def _without_v4_port(peers: Column) -> Column:
    """Cut the port off 192.0.2.1:80 only: 2.2 prints one at most in front of a name or an IPv4 address."""
    return pc.replace_substring_regex(peers, r"^([^:]*):[0-9]+$", r"\1")


def _without_port(peers: Column) -> Column:
    """Cut the port off 192.0.2.1:80 and 2001:db8::1:80, but nothing off 192.0.2.1."""
    hosts = _without_v4_port(peers)
    if not pc.any(pc.match_substring(hosts, ":")).as_py():
        return hosts
    coded = peers.dictionary_encode()  # IPv6
    told = [peer if peer is None else _host_of(peer) for peer in coded.dictionary.to_pylist()]
    return pa.array(told, pa.string()).take(coded.indices)


def _host_of(peer: str) -> str:
    host, colon, port = peer.rpartition(":")
    return host if colon and port.isdigit() and (":" not in host or "::" in host or host.count(":") == 7) else peer


def _change(match: Match, message: Column) -> dict[str, Column]:
    """Tell what the server did to itself; nearly all blocks hold nothing of the kind."""
    told = pc.and_(pc.match_substring_regex(message, _TELLS), pc.equal(match.text("level"), "notice"))
    if "module" in match:
        told = pc.and_(told, pc.match_substring_regex(match.text("module"), r"^(?:core|mpm_[a-z]+)$"))
    if not pc.any(told).as_py():
        return {}
    actions = [_action(text) if yes else None for text, yes in zip(message.to_pylist(), told.to_pylist(), strict=True)]
    action = pa.array(actions, pa.string())
    done = action.is_valid()
    nothing = pa.scalar(None, pa.string())
    return {
        "kind": pc.if_else(done, str(Kind.CHANGE), str(Kind.LOG)),
        "action": action,
        "target": pc.if_else(done, "apache2", nothing),
        "outcome": pc.if_else(
            pc.equal(action, "crash"), str(Outcome.FAILED), pc.if_else(done, str(Outcome.CHANGED), nothing)
        ),
    }


def _action(text: str) -> str | None:
    return next((action for pattern, action in _DID if pattern.search(text)), None)


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/apache2/error.log"
_RUN: Final = "Apache 2.4.71 (event) on loopback"

SAMPLES: Final = (
    Sample(
        b"[Sun Nov 22 14:13:54.020270 2026] [core:notice] [pid 29829:tid 29829] AH00052: child pid 30448 exit signal Segmentation fault (11)",
        {"kind": "change", "action": "crash", "target": "apache2", "outcome": "failed", "code": "AH00052"},
        _RUN + ", a child killed",
    ),
    Sample(
        b"[Sun Nov 22 14:13:47.686193 2026] [proxy:error] [pid 29833:tid 29839] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:39999 (127.0.0.1:39999) failed",
        {"kind": "log", "severity": 17, "module": "proxy", "code": "AH00957"},
        _RUN + ", an upstream that refuses",
    ),
    Sample(
        b"[Thu Nov 10 10:41:38.099905 2022] [php:error] [pid 4320:tid 4320] [client 198.18.190.44:0] script '/var/www/blog/wp-login.php' not found or unable to stat",
        {
            "time": "2022-11-10T10:41:38.099905",
            "kind": "log",
            "severity": 17,
            "module": "php",
            "pid": "4320",
            "client": "198.18.190.44",
            "message": "script '/var/www/blog/wp-login.php' not found or unable to stat",
        },
        _RECORDING,
    ),
    Sample(
        b"[Thu Nov 10 11:14:59.898581 2022] [mpm_prefork:notice] [pid 4314:tid 4314] AH00171: Graceful restart requested, doing restart",
        {
            "time": "2022-11-10T11:14:59.898581",
            "kind": "change",
            "action": "reload",
            "target": "apache2",
            "outcome": "changed",
            "code": "AH00171",
            "severity": 10,
        },
        _RECORDING,
    ),
    Sample(
        b"[Thu Nov 10 13:55:03.892856 2022] [mpm_prefork:notice] [pid 4314:tid 4314] AH00173: SIGHUP received.  Attempting to restart",
        {"kind": "change", "action": "restart", "code": "AH00173"},
        _RECORDING,
    ),
    Sample(
        b"[Thu Nov 10 11:15:00.239889 2022] [mpm_prefork:notice] [pid 4314:tid 4314] AH00163: Apache/2.4.71 (Debian) configured -- resuming normal operations",
        {"kind": "change", "action": "start", "code": "AH00163"},
        _RECORDING,
    ),
    Sample(
        b"[Thu Nov 10 11:15:00.239965 2022] [core:notice] [pid 4314:tid 4314] AH00094: Command line: '/usr/sbin/apache2'",
        {"kind": "log", "code": "AH00094"},
        _RECORDING,
    ),
    Sample(
        b"[Sun Nov 22 11:04:56.934751 2026] [mpm_event:notice] [pid 8839:tid 8839] AH00493: SIGUSR1 received.  Doing graceful restart",
        {"kind": "change", "action": "reload", "code": "AH00493"},
        _RUN,
    ),
    Sample(
        b"[Sun Nov 22 11:05:03.020458 2026] [mpm_event:notice] [pid 9276:tid 9276] AH00491: caught SIGTERM, shutting down",
        {"kind": "change", "action": "stop", "code": "AH00491"},
        _RUN,
    ),
    Sample(
        b"[Sun Nov 22 11:04:59.979640 2026] [mpm_event:notice] [pid 8839:tid 8839] AH00492: caught SIGWINCH, shutting down gracefully",
        {"kind": "change", "action": "stop", "code": "AH00492"},
        _RUN,
    ),
    Sample(
        b"[Sun Nov 22 11:04:43.899031 2026] [proxy:error] [pid 8841:tid 8857] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:19998 (127.0.0.1:19998) failed",
        {"kind": "log", "severity": 17, "module": "proxy", "code": "AH00957", "client": None},
        _RUN,
    ),
    Sample(
        b'[Sun Nov 22 11:16:08.596237 2026] [proxy_http:error] [pid 11470:tid 11479] (70007)The timeout specified has expired: [client 127.0.0.1:48974] AH01102: error reading status line from remote server 127.0.0.1:19001, referer: http://ref/"x',
        {"severity": 17, "module": "proxy_http", "code": "AH01102", "client": "127.0.0.1"},
        _RUN,
    ),
    Sample(
        b"[Thu Jan 19 14:14:57.763738 2017] [mpm_prefork:notice] [pid 24948] AH00171: Graceful restart requested, doing restart",
        {"time": "2017-01-19T14:14:57.763738", "kind": "change", "action": "reload", "pid": "24948"},
        "bug report with Apache 2.4.10 (Debian), public repository",
    ),
    Sample(
        b"[Sat Jun 09 09:26:31.057599 2018] [:error] [pid 23230] [client 192.0.2.5:25297] SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'agent' at row 1",
        {
            "time": "2018-06-09T09:26:31.057599",
            "module": None,
            "severity": 17,
            "client": "192.0.2.5",
            "pid": "23230",
        },
        "blog post about Typecho, the address replaced and the referer left out",
    ),
    Sample(
        b"[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /usr/local/apache2/htdocs/favicon.ico",
        {"time": "2011-09-09T10:42:29.902022", "client": "72.15.99.187", "severity": 17, "code": None},
        "https://httpd.apache.org/docs/2.4/logs.html#errorlog",
    ),
    Sample(
        b"[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration: /export/home/live/ap/htdocs/test",
        {
            "time": "2000-10-11T14:32:52",
            "severity": 17,
            "client": "127.0.0.1",
            "message": "client denied by server configuration: /export/home/live/ap/htdocs/test",
        },
        "https://httpd.apache.org/docs/2.2/logs.html#errorlog",
    ),
    Sample(
        b"[Fri Nov 12 20:16:41 2010] [notice] caught SIGTERM, shutting down",
        {"time": "2010-11-12T20:16:41", "kind": "change", "action": "stop", "target": "apache2"},
        "forum report with Apache 2.2.16 (Ubuntu)",
    ),
    Sample(
        b"[Sat May 05 12:09:13 2007] [notice] Apache/2.2.3 (Ubuntu) PHP/5.2.1 mod_ssl/2.2.3 OpenSSL/0.9.8c mod_perl/2.0.2 Perl/v5.8.8 configured -- resuming normal operations",
        {"kind": "change", "action": "start", "code": None},
        "forum report with Apache 2.2.3 (Ubuntu)",
    ),
    Sample(
        b'[Sun Nov 22 11:04:39.873474 2026] [auth_basic:error] [pid 8841:tid 8850] [client 127.0.0.1:39282] AH01617: user bob: authentication failure for "/priv": Password Mismatch',
        {"client": "127.0.0.1", "code": "AH01617", "module": "auth_basic"},
        _RUN,
    ),
    Sample(
        b"[Sun Nov 22 11:04:39.878793 2026] [auth_basic:error] [pid 8841:tid 8852] [client 2001:db8::7:39286] AH01618: user x] [client 6.6.6.6:1] \x00\xff\x1b[31m [Sat May 05 12:09:13 2007] not found: /priv",
        {
            "time": "2026-11-22T11:04:39.878793",
            "client": "2001:db8::7",
            "code": "AH01618",
            "message": "AH01618: user x] [client 6.6.6.6:1] \x00\\xff\x1b[31m [Sat May 05 12:09:13 2007] not found: /priv",
        },
        "hostile: a user name with brackets, a second client, NUL, a byte that is no UTF-8, a terminal escape and a date",
    ),
    Sample(
        b"[Thu Nov 10 10:41:38.099905 2022] [php:notice] [pid 4320:tid 4320] [client 198.18.190.44:0] caught SIGTERM, shutting down",
        {"kind": "log", "action": None, "client": "198.18.190.44"},
        "hostile: a script that logs the server's words",
    ),
    Sample(
        b"[Thu Nov 10 10:41:38.099905 2022] [php:error] [pid 4320:tid 4320] " + b"x" * 1_000_000,
        {"severity": 17, "message": "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    Sample(b"[Thu Nov 10 25:41:38.099905 2022] [php:error] [pid 1:tid 1] x", None, "hostile: no such hour"),
)

PARSER = LineParser(
    name="apache-error",
    title="Apache error log",
    url="https://httpd.apache.org/docs/2.4/logs.html#errorlog",
    samples=SAMPLES,
    layouts=(
        Layout(_NEW + _CLIENT, name="2.4 with client"),
        Layout(_NEW + "{message:rest}", name="2.4"),
        Layout(_NEW_PID + _CLIENT, name="2.4 without thread, with client"),
        Layout(_NEW_PID + "{message:rest}", name="2.4 without thread"),
        Layout(_OLD + _CLIENT, name="2.2 with client"),
        Layout(_OLD + "{message:rest}", name="2.2"),
    ),
    kind=Kind.LOG,
    continues=True,
    meaning=_meaning,
)
