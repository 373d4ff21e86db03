"""Syslog as files hold it: RFC 3164, and the same with rsyslog's ISO 8601 stamps.

An envelope: what a program said is handed to the parser of that program. The forms, each with ``program[pid]:``,
with ``program:`` and (where a priority or the old stamp makes it certain) without a tag::

    Nov 10 10:29:58 web-01 sshd[4756]: message                        rsyslog's traditional file format, sysklogd
    Nov 5 10:29:58 web-01 sshd[4756]: message                         busybox and others, the day not padded
    Nov 10 2022 10:29:58 web-01 sshd[4756]: message                   with the year, as network devices and macOS write it
    nov. 10 10:29:58 web-01 sshd[4756]: message                       months of another locale
    2022-11-10T10:29:58.123456+05:30 web-01 sshd[4756]: message       rsyslog's own file format
    <38>Nov 10 10:29:58 web-01 sshd[4756]: message                    as on the wire
    <38>2022-11-10T10:29:58.123456+05:30 web-01 sshd[4756]: message   as rsyslog forwards it

Traps: the old stamp has neither year nor zone; a tag cannot hold blanks, so that brackets in a message are no pid;
one blank behind the colon belongs to the envelope, further ones to the message (sudo pads the account); rsyslog
writes control characters as ``#033``. ``message repeated 5 times: [ …]`` (rsyslog) and ``last message repeated 5 times``
(sysklogd, older rsyslog) are one more record of the message they repeat, with the count in ``repeated``.

https://www.rfc-editor.org/rfc/rfc3164
https://www.rsyslog.com/doc/configuration/templates.html#reserved-template-names
https://www.rsyslog.com/doc/configuration/action/rsconf1_repeatedmsgreduction.html
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from afterlog.parser import (
    JOURNALCTL_SAYS,
    SYSLOG_LOOSE,
    SYSLOG_LOOSE_DATED,
    Column,
    Form,
    Layout,
    LineParser,
    Match,
    Sample,
    of_priority,
    of_repetition,
    stamped,
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = {} if "program" in match else {"program": pa.nulls(len(match), pa.string())}
    if "month" in match:
        columns |= stamped(match, *_LOOSE, field="month", until="clock")
    if "pri" in match:
        columns |= of_priority(match)
    if match.types.get("time") == "iso":
        octets = match.lines.block.octets
        theirs = (octets[match.span("time")[0] + _DATE] != ord("T")) | (octets[match.span("host")[0]] == ord("["))
        if theirs.any():
            columns["refused"] = theirs
    return columns | of_repetition(match)


_DATE: Final = len(
    "2022-11-10"
)  # behind it syslog's stamps have a T; with a blank, or [LEVEL] for a host, it is another program's log
_OLD: Final = "{time:syslog} {host:host} "
_ISO: Final = "{time:iso} {host:host} "
_TAG: Final = "{tag:tag}: {message:rest}"
_BARE: Final = "{message:rest}"
_WORDS: Final = "{month:word}{~}{day:d}{~}"
_LOOSE: Final = (Form("bbb ee YYYY HH:MM:SSF", "Oct 27 2015 09:24:46"), SYSLOG_LOOSE, SYSLOG_LOOSE_DATED)
_FORMS: Final = (
    _OLD + _TAG,
    _ISO + _TAG,
    "<{pri:d}>" + _OLD + _TAG,
    "<{pri:d}>" + _ISO + _TAG,
    "<{pri:d}>" + _OLD + _BARE,
    "<{pri:d}>" + _ISO + _BARE,
    _OLD + _BARE,
    _WORDS + "{clock:word} {host:host} " + _TAG,
    _WORDS + "{year:d}{~}{clock:word} {host:host} " + _TAG,
)

_RECORDING: Final = "recording misspelt-file-name, web-01/var/log"
_FAIL2BAN: Final = "repository fail2ban/fail2ban, fail2ban/tests/files/logs/"
_RUN: Final = "rsyslog 8.2302 on loopback, its own templates"

SAMPLES: Final = (
    Sample(
        b"Nov 10 11:06:20 web-01 sshd[4594]: Disconnected from user deploy 10.20.0.2 port 51539",
        {
            "time": "2000-11-10T11:06:20",
            "host": "web-01",
            "program": "sshd",
            "pid": "4594",
            "message": "Disconnected from user deploy 10.20.0.2 port 51539",
            "severity": None,
        },
        _RECORDING + "/auth.log",
    ),
    Sample(
        b"Nov 10 11:05:15 web-01 sudo: pam_unix(sudo:session): session closed for user root",
        {"program": "sudo", "pid": None, "message": "pam_unix(sudo:session): session closed for user root"},
        _RECORDING + "/auth.log",
    ),
    Sample(
        b"2026-11-22T11:02:51+00:00 localhost haproxy[7775]: Proxy bk_none stopped (cumulated conns: FE: 0, BE: 1).",
        {
            "time": "2026-11-22T11:02:51+00:00",
            "host": "localhost",
            "program": "haproxy",
            "pid": "7775",
            "message": "Proxy bk_none stopped (cumulated conns: FE: 0, BE: 1).",
        },
        _RUN,
    ),
    Sample(
        b"2026-11-22T11:04:02.378162+00:00 vm sudo:   devops : TTY=pts/0 ; PWD=/tmp/play ; USER=root ; COMMAND=/usr/bin/true",
        {
            "time": "2026-11-22T11:04:02.378162+00:00",
            "program": "sudo",
            "message": "  devops : TTY=pts/0 ; PWD=/tmp/play ; USER=root ; COMMAND=/usr/bin/true",
        },
        _RUN,
    ),
    Sample(
        b"<132>Nov 22 11:02:51 localhost haproxy[7775]: Proxy bk_none stopped (cumulated conns: FE: 0, BE: 1).",
        {
            "time": "2000-11-22T11:02:51",
            "program": "haproxy",
            "severity": 13,
            "facility": "local0",
            "pri": None,
        },
        _RUN,
    ),
    Sample(
        b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
        {
            "time": "2000-10-11T22:14:15",
            "host": "mymachine",
            "program": "su",
            "message": "'su root' failed for lonvick on /dev/pts/8",
            "severity": 18,
            "facility": "auth",
        },
        "RFC 3164, section 5.4, example 1",
    ),
    Sample(
        b'<129>2026-11-22T11:02:14+00:00 localhost haproxy[7775]: Server bk_none/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
        {
            "time": "2026-11-22T11:02:14+00:00",
            "program": "haproxy",
            "pid": "7775",
            "severity": 19,
            "facility": "local0",
        },
        _RUN + " (RSYSLOG_ForwardFormat)",
    ),
    Sample(
        b"<13>2026-11-22T11:19:34.688306+00:00 vm web: x",
        {
            "time": "2026-11-22T11:19:34.688306+00:00",
            "program": "web",
            "severity": 10,
            "facility": "user",
            "message": "x",
        },
        _RUN,
    ),
    Sample(
        b"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!",
        {
            "time": "2000-02-05T17:32:18",
            "host": "10.0.0.99",
            "program": None,
            "message": "Use the BFG!",
            "severity": 10,
            "facility": "user",
        },
        "RFC 3164, section 5.4, example 2, with the priority a relay adds",
    ),
    Sample(
        b"<13>2026-02-05T17:32:18+00:00 10.0.0.99 Use the BFG!",
        {"host": "10.0.0.99", "program": None, "message": "Use the BFG!", "severity": 10},
        _RUN,
    ),
    Sample(
        b"Nov 10 10:29:58 web-01 last message repeated 3 times",
        {"host": "web-01", "program": None, "message": "last message repeated 3 times", "repeated": "3"},
        "sysklogd, syslogd.c",
    ),
    Sample(
        b"Nov 22 14:28:02 vm sshd[77]: message repeated 2 times: [ Failed password for root from 10.0.0.9 port 22 ssh2]",
        {
            "service": "sshd",
            "pid": "77",
            "message": "Failed password for root from 10.0.0.9 port 22 ssh2",
            "client": "10.0.0.9",
            "repeated": "2",
        },
        _RUN + ", $RepeatedMsgReduction on",
    ),
    Sample(
        b"Nov 22 11:19:34 vm kernel: [   12.345678] Out of memory: Killed process 4242 (apache2) total-vm:1234kB",
        {
            "program": "kernel",
            "pid": None,
            "message": "[   12.345678] Out of memory: Killed process 4242 (apache2) total-vm:1234kB",
        },
        _RUN,
    ),
    Sample(
        b"Nov 10 11:14:58 web-01 app: user[12]: \x00\xff\x1b[31m Nov 11 10:00:00 db-01 sshd[1]: Accepted",
        {
            "time": "2000-11-10T11:14:58",
            "host": "web-01",
            "program": "app",
            "pid": None,
            "message": "user[12]: \x00\\xff\x1b[31m Nov 11 10:00:00 db-01 sshd[1]: Accepted",
        },
        "hostile: a pid, NUL, a byte that is no UTF-8, a terminal escape and another line inside the message",
    ),
    Sample(
        b"<999>Nov 10 11:14:58 web-01 app[1]: x",
        {"severity": None, "facility": None, "message": "x"},
        "hostile: a priority that is none",
    ),
    Sample(
        b"Nov 10 11:14:58 web-01 app[1]: " + b"x" * 1_000_000,
        {"program": "app", "message": "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    Sample(
        b"Jan 4 21:51:05 hostname cyrus/imap[5355]: badlogin: localhost.localdomain [127.0.0.1] plaintext cyrus@localdomain SASL(-13): authentication failure: checkpass failed",
        {"time": "2000-01-04T21:51:05", "host": "hostname", "program": "cyrus/imap", "pid": "5355"},
        _FAIL2BAN + "cyrus-imap",
    ),
    Sample(
        b"Oct 27 2015 12:35:40 test1.beezwax.net screensharingd[1170]: Authentication: FAILED :: User Name: sdfsdfs () mro :: Viewer Address: 192.168.5.247 :: Type: DH",
        {"time": "2015-10-27T12:35:40", "host": "test1.beezwax.net", "program": "screensharingd", "pid": "1170"},
        _FAIL2BAN + "screensharingd",
    ),
    Sample(
        "août 19 11:08:37 nlaptop symphorien[4961]: test".encode(),
        {"time": "2000-08-19T11:08:37", "host": "nlaptop", "program": "symphorien", "pid": "4961", "message": "test"},
        "repository tstack/lnav, test/logfile_syslog_fr.0",
    ),
    Sample(
        b'Aug 16 00:32:15 Tims-Air syslogd[314]: Configuration Notice:\n\tASL Module "com.apple.cdscheduler" claims selected messages.',
        {
            "program": "syslogd",
            "message": 'Configuration Notice:\n\tASL Module "com.apple.cdscheduler" claims selected messages.',
        },
        "repository tstack/lnav, test/logfile_syslog.3",
    ),
    Sample(b"2022-11-10 11:14:58,123 INFO shop.orders: x", None, "Python's logging, which is not syslog"),
    Sample(b"2023-01-05T10:00:00.123Z [ERROR] agent.server.raft: x", None, "HashiCorp's logging, which is not syslog"),
    Sample(b"Nov 31 11:14:58 web-01 app[1]: x", None, "hostile: no such day"),
    Sample(b"Nov 10 11:14:58", None, "hostile: a line cut short"),
)

PARSER = LineParser(
    name="syslog",
    title="Syslog (RFC 3164 and rsyslog's file formats)",
    url="https://www.rfc-editor.org/rfc/rfc3164",
    samples=SAMPLES,
    layouts=tuple(Layout(form) for form in _FORMS),
    envelope=True,
    headings=JOURNALCTL_SAYS,
    meaning=_meaning,
)
