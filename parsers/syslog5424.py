r"""Syslog as RFC 5424 writes it: version, exact time, structured data; also with the octet count of RFC 6587 before it.

An envelope: ``<165>1 2003-10-11T22:14:15.003Z host program 8710 ID47 [exampleSDID@32473 iut="3"] message``. What a program
said is handed to the parser of that program.

Traps: ``-`` stands for anything unknown, also for the time, and then the line is refused; a byte order mark may stand
before the message, and with rsyslog's template a blank that belongs to nothing; a closing bracket in structured data is
escaped; there may be no message at all.

https://www.rfc-editor.org/rfc/rfc5424
https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Layout, LineParser, Match, Sample, of_priority, of_repetition

_NOTHING: Final = pa.scalar(None, pa.string())
_BOM: Final = "\ufeff"


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns = of_priority(match) if "pri" in match else {}
    for name in ("program", "pid", "msgid"):
        text = match.text(name)
        columns[name] = pc.if_else(pc.equal(text, "-"), _NOTHING, text)
    if "pri" not in match:
        good = pc.match_substring_regex(columns["pid"], "^[0-9]+$")
        if "structured" in match:
            good = pc.and_(pc.fill_null(good, True), pc.match_substring_regex(match.text("structured"), _ELEMENT))
        columns["refused"] = ~np.asarray(pc.fill_null(good, False))
    if "message" not in match:
        return columns | {"message": pa.repeat("", len(match))}
    repeated = of_repetition(match)
    message = repeated.get("message", match.text("message"))
    marked = pc.or_(pc.starts_with(message, _BOM), pc.starts_with(message, " "))
    if pc.any(marked).as_py():
        repeated["message"] = pc.if_else(marked, pc.utf8_slice_codeunits(message, 1), message)
    return columns | repeated


_HEAD: Final = "<{pri:d}>1 {time:iso} {host:host} {program:word} {pid:word} {msgid:word} "
_FORMS: Final = (
    _HEAD + "- {message:rest}",
    _HEAD + '[{structured}"] {message:rest}',
    _HEAD + "[{structured}] {message:rest}",
    _HEAD + "-",
    _HEAD + "[{structured}]",
)
_BARE: Final = (
    "{time:iso} {host:host} {program:word} {pid:word} {msgid:word} [{structured}] {message:rest}",
    "{time:iso} {host:host} {program:word} {pid:word} {msgid:word} -  {message:rest}",
)
_ELEMENT: Final = r'^[^ ="\]]+ [^ ="\]]+="'
_RFC: Final = "RFC 5424, section 6.5"
_RSYSLOG: Final = "rsyslog 8.2302 on loopback, RSYSLOG_SyslogProtocol23Format, $RepeatedMsgReduction on"

SAMPLES: Final = (
    Sample(
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8".encode(),
        {"time": "2003-10-11T22:14:15.003+00:00", "host": "mymachine.example.com", "program": "su", "pid": None, "msgid": "ID47",
         "severity": 18, "facility": "auth", "message": "'su root' failed for lonvick on /dev/pts/8"},
        _RFC + ", example 1",
    ),
    Sample(
        b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
        {"time": "2003-08-24T05:14:15.000003-07:00", "host": "192.0.2.1", "program": "myproc", "pid": "8710", "severity": 10,
         "facility": "local4", "message": "%% It's time to make the do-nuts."},
        _RFC + ", example 2",
    ),
    Sample(
        b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] An application event log entry...',
        {"structured": 'exampleSDID@32473 iut="3" eventSource="Application" eventID="1011', "message": "An application event log entry..."},
        _RFC + ", example 3, without its byte order mark",
    ),
    Sample(
        b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]',
        {"program": "evntslog", "message": ""},
        _RFC + ", example 4",
    ),
    Sample(
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [origin] restarted",
        {"structured": "origin", "message": "restarted"},
        _RFC + ", example 3 with an element without parameters",
    ),
    Sample(
        b"<13>1 2026-11-22T14:28:02.705985+00:00 vm sshd 77 - -  message repeated 2 times: [ Failed password for root from 10.0.0.9 port 22 ssh2]",
        {"time": "2026-11-22T14:28:02.705985+00:00", "service": "sshd", "pid": "77", "repeated": "2", "client": "10.0.0.9",
         "message": "Failed password for root from 10.0.0.9 port 22 ssh2"},
        _RSYSLOG,
    ),
    Sample(
        b"98 <11>1 2026-11-22T14:28:01.666327+00:00 vm tester - - -  message repeated 4 times: [ disk is full]",
        {"program": "tester", "message": "disk is full", "repeated": "4", "severity": 17},
        _RSYSLOG + ", sent with octet counting",
    ),
    Sample(b"<14>1 2003-10-11T22:14:15.003Z host app - - -", {"program": "app", "message": "", "severity": 9}, _RFC + ", a line without message"),
    Sample(
        b"83 <34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 - 'su root' failed for lonvick",
        {"program": "su", "message": "'su root' failed for lonvick", "severity": 18},
        "RFC 6587, section 3.4.1",
    ),
    Sample(
        b'83 <165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 [exampleSDID@32473 iut="3"] entry',
        {"program": "evntslog", "message": "entry"},
        "RFC 6587, section 3.4.1, around RFC 5424's example 3",
    ),
    Sample(b"83 <165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 [origin] entry", {"message": "entry"}, "RFC 6587, section 3.4.1"),
    Sample(b"83 <165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 -", {"message": ""}, "RFC 6587, section 3.4.1"),
    Sample(b'83 <165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 [x a="b"]', {"message": ""}, "RFC 6587, section 3.4.1"),
    Sample(
        b"<34>1 2003-10-11T22:14:15.003Z host app 1 - - x\x00\xff\x1b[31m <34>1 2003-10-11T22:14:16.003Z evil su - - - y",
        {"host": "host", "program": "app"},
        "hostile: NUL, bad UTF-8, an escape and another line inside a message",
    ),
    Sample(b"<34>1 2003-10-11T22:14:15.003Z host app 1 - - " + b"x" * 1_000_000, {"program": "app"}, "hostile: a line of 1 MB"),
    Sample(
        b'2022-08-27T14:22:01.888Z space01.global-acme.entp NSX 4828 SWITCHING [abc@6876 comp="abc-edge" level="INFO"] dynamic arp entry(10.12.160.4) is created',
        {"time": "2022-08-27T14:22:01.888+00:00", "host": "space01.global-acme.entp", "program": "NSX", "pid": "4828", "msgid": "SWITCHING",
         "structured": 'abc@6876 comp="abc-edge" level="INFO"', "message": "dynamic arp entry(10.12.160.4) is created"},
        "repository tstack/lnav, test/logfile_with_zones.0: written to a file without its priority",
    ),
    Sample(
        b"2022-08-27T17:22:01.694554+03:00 space01.global-acme.entp CRON 20856 - -  (root) CMD (   /usr/bin/nice -n 10 /opt/acme/bin/mem_usage_monitor.py >/dev/null 2>&1)",
        {"time": "2022-08-27T17:22:01.694554+03:00", "host": "space01.global-acme.entp", "service": "CRON", "pid": "20856"},
        "repository tstack/lnav, test/logfile_with_zones.0: rsyslog's blank before the message",
    ),
    Sample(b"<34>1 - host app - - - no time", None, "RFC 5424, section 6.2.3: a line without time"),
    Sample(b"<34>1 2003-10-32T22:14:15.003Z host app - - - x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = LineParser(
    name="syslog5424",
    title="Syslog (RFC 5424)",
    url="https://www.rfc-editor.org/rfc/rfc5424",
    samples=SAMPLES,
    layouts=(
        *(Layout(count + form) for count in ("", "{_:d} ") for form in _FORMS),
        *(Layout(form, name="without priority") for form in _BARE),
    ),
    envelope=True,
    meaning=_meaning,
)
