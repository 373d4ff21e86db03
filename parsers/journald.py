r"""The systemd journal as ``journalctl`` prints it: JSON (``-o json``), and the text forms that syslog's layouts do not read.

Envelopes: what a unit's program said is handed to the parser of that program::

    {"__REALTIME_TIMESTAMP":"1668076198123456","_HOSTNAME":"web-01","SYSLOG_IDENTIFIER":"sshd","_PID":"7","MESSAGE":"…", …}
    Nov 10 10:29:58.123456 web-01 sshd[7]: …              -o short-precise
    Thu 2022-11-10 10:29:58 UTC web-01 sshd[7]: …         -o short-full
    1668076198.123456 web-01 sshd[7]: …                   -o short-unix

(``-o short`` and ``-o short-iso`` are syslog's forms.) Traps: the time is microseconds as text; a message that is no UTF-8 is a
list of numbers, a very long one is null; a key may hold a list; keys come in any order; the boot id and the monotonic
time are kept, since they tell when a clock was set.

https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.formats.json_rows import JsonRows, read_json_rows
from afterlog.parser import (
    JOURNALCTL_SAYS,
    SYSLOG_SEVERITIES,
    Column,
    Form,
    Layout,
    LineParser,
    Match,
    Sample,
    Times,
    each_unique,
    stamped,
    zoned,
)

__all__ = ["PARSER"]

_SEVERITIES: Final = {str(priority): number for priority, number in enumerate(SYSLOG_SEVERITIES)}
_KEPT: Final = {
    "unit": ("_SYSTEMD_UNIT", "UNIT", "_SYSTEMD_USER_UNIT"),
    "transport": ("_TRANSPORT",),
    "boot": ("_BOOT_ID",),
    "monotonic_us": ("__MONOTONIC_TIMESTAMP",),
    "container": ("CONTAINER_NAME",),
    "message_id": ("MESSAGE_ID",),
}
_LATEST_US: Final = 253_402_300_800_000_000


def _json(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    rows = read_json_rows(match.lines.select(match.rows))
    wall, timed = _realtime(rows, len(match))
    zero = np.zeros(len(match), np.int32)
    columns: dict[str, Any] = {
        "time": Times(wall, zero, True, 1),
        "refused": ~(rows.valid & timed),
        "message": _message(rows, len(match)),
        "program": _text(rows, len(match), "SYSLOG_IDENTIFIER", "_COMM"),
        "pid": _text(rows, len(match), "_PID", "SYSLOG_PID"),
        "host": _text(rows, len(match), "_HOSTNAME"),
    }
    priority = _text(rows, len(match), "PRIORITY")
    columns |= each_unique(priority, lambda word: {"severity": _SEVERITIES.get(word)})
    for name, keys in _KEPT.items():
        told = _text(rows, len(match), *keys)
        if told.null_count < len(told):
            columns[name] = told
    return columns


def _realtime(rows: JsonRows, count: int) -> tuple[np.ndarray, np.ndarray]:
    text = _text(rows, count, "__REALTIME_TIMESTAMP")
    digits = pc.if_else(pc.match_substring_regex(text, "^[0-9]{1,18}$"), text, None).cast(pa.int64())
    wall = np.asarray(pc.fill_null(digits, 0)).astype(np.int64)
    return wall, np.asarray(digits.is_valid()) & (wall < _LATEST_US)


def _text(rows: JsonRows, count: int, *keys: str) -> Column:
    told = pa.nulls(count, pa.string())
    for key in keys:
        column = rows.columns.get(key)
        if column is not None:
            told = pc.coalesce(told, column.cast(pa.string()))
    return told


def _message(rows: JsonRows, count: int) -> Column:
    """Give the messages; those that are lists of numbers as the text the bytes are."""
    message = _text(rows, count, "MESSAGE")
    binary = pc.fill_null(pc.match_substring_regex(message, r"^\[ *[0-9]{1,3}(?:, ?[0-9]{1,3})* *\]$"), False)
    if not pc.any(binary).as_py():
        return message
    texts = [_decoded(text) for text in message.filter(binary).to_pylist()]
    return pc.replace_with_mask(message, binary, pa.array(texts, pa.string()))


def _decoded(text: str) -> str:
    try:
        return bytes(json.loads(text)).decode("utf-8", "backslashreplace")
    except ValueError:
        return text


_PRECISE: Final = Form("bbb ee HH:MM:SS.ffffff", "Nov 10 10:29:58.123456")


def _short(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "month" in match:
        return stamped(match, _PRECISE, field="month", until="clock")
    if match.types["time"] == "epoch":
        return {}
    return {"time": zoned(match.time(), match.text("zone")), "zone": None}


_DOC: Final = "composed after: systemd documentation, Journal JSON Format"

JSON_SAMPLES: Final = (
    Sample(
        b'{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1668076198123456","__MONOTONIC_TIMESTAMP":"2315","_BOOT_ID":"ac0e","PRIORITY":"4","_HOSTNAME":"web-01","SYSLOG_IDENTIFIER":"app","_PID":"7","_SYSTEMD_UNIT":"app.service","_TRANSPORT":"stdout","MESSAGE":"slow"}',
        {"time": "2022-11-10T10:29:58.123456+00:00", "host": "web-01", "severity": 13, "message": "slow", "pid": "7", "unit": "app.service", "boot": "ac0e"},
        _DOC + " and fields",
    ),
    Sample(
        b'{ "__CURSOR" : "s=1", "__REALTIME_TIMESTAMP" : "1423944916375353", "_HOSTNAME" : "test-vm", "PRIORITY" : "6", "_COMM" : "kernel", "MESSAGE" : "Linux version" }',
        {"time": "2015-02-14T20:15:16.375353+00:00", "host": "test-vm", "message": "Linux version", "severity": 9},
        _DOC + ", with the blanks of older versions",
    ),
    Sample(
        b'{"MESSAGE":[104,105,255],"__REALTIME_TIMESTAMP":"1668076198123456","_HOSTNAME":"web-01","SYSLOG_IDENTIFIER":"app"}',
        {"message": "hi\\xff"},
        _DOC + ": a message that is no UTF-8",
    ),
    Sample(
        b'{"MESSAGE":"x \\u001b[31m {\\"__REALTIME_TIMESTAMP\\":\\"1\\"}","__REALTIME_TIMESTAMP":"1668076198123456","_HOSTNAME":"web-01"}',
        {"time": "2022-11-10T10:29:58.123456+00:00"},
        "hostile: an escape and another object inside a message",
    ),
    Sample(b'{"__REALTIME_TIMESTAMP":"99999999999999999999","MESSAGE":"x"}', None, "hostile: no such time"),
    Sample(b'{"__REALTIME_TIMESTAMP":"1668076198123456","MESSAGE":"x', None, "hostile: a line cut short"),
)  # fmt: skip

SHORT_SAMPLES: Final = (
    Sample(
        b"Nov 10 10:29:58.123456 web-01 app[7]: slow",
        {"time": "2000-11-10T10:29:58.123456", "host": "web-01", "pid": "7", "message": "slow"},
        "journalctl of systemd 252, -o short-precise",
    ),
    Sample(
        b"Nov 10 11:29:59.123456 web-01 kernel: Out of memory: Killed process 4242 (apache2)",
        {"message": "Out of memory: Killed process 4242 (apache2)", "pid": None},
        "journalctl of systemd 252, -o short-precise",
    ),
    Sample(
        b"Thu 2022-11-10 10:29:58 UTC web-01 app[7]: slow",
        {"time": "2022-11-10T10:29:58+00:00", "host": "web-01", "message": "slow"},
        "journalctl of systemd 252, -o short-full",
    ),
    Sample(
        b"Thu 2022-11-10 11:29:59 CET web-01 kernel: Out of memory: Killed process 4242 (apache2)",
        {"time": "2022-11-10T11:29:59+01:00", "message": "Out of memory: Killed process 4242 (apache2)"},
        "journalctl of systemd 252, -o short-full",
    ),
    Sample(
        b"1668076198.123456 web-01 app[7]: slow",
        {"time": "2022-11-10T10:29:58.123456+00:00", "host": "web-01", "program": "app", "pid": "7", "message": "slow"},
        "journalctl of systemd 252, -o short-unix",
    ),
    Sample(
        b"1668076199.123456 web-01 kernel: Out of memory: Killed process 4242 (apache2)",
        {"time": "2022-11-10T10:29:59.123456+00:00", "program": "kernel", "pid": None},
        "journalctl of systemd 252, -o short-unix",
    ),
    Sample(b"Nov 31 10:29:58.123456 web-01 app[7]: x", None, "hostile: no such day"),
)  # fmt: skip

_PRECISE_HEAD: Final = "{month:level}{~}{day:d} {clock:word} {host:host} "
_FULL_HEAD: Final = "{_:level} {time:iso} {zone:word} {host:host} "
_UNIX_HEAD: Final = "{time:epoch} {host:host} "
_PID: Final = "{program:word}[{pid:d}]: {message:rest}"
_TAG: Final = "{program:word}: {message:rest}"

PARSER = (
    LineParser(
        name="journald-json",
        title="Journald JSON (journalctl -o json)",
        url="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format",
        samples=JSON_SAMPLES,
        layouts=(
            Layout('{{{_}"__REALTIME_TIMESTAMP":"{_:rest}', name="json"),
            Layout('{{{_}"__REALTIME_TIMESTAMP" : "{_:rest}', name="json with blanks"),
        ),
        envelope=True,
        meaning=_json,
    ),
    LineParser(
        name="journald-short",
        title="Journalctl short-precise, short-full and short-unix",
        url="https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#-o",
        samples=SHORT_SAMPLES,
        layouts=(
            Layout(_PRECISE_HEAD + _PID, name="short-precise"),
            Layout(_PRECISE_HEAD + _TAG, name="short-precise without pid"),
            Layout(_FULL_HEAD + _PID, name="short-full"),
            Layout(_FULL_HEAD + _TAG, name="short-full without pid"),
            Layout(_UNIX_HEAD + _PID, name="short-unix"),
            Layout(_UNIX_HEAD + _TAG, name="short-unix without pid"),
        ),
        envelope=True,
        headings=JOURNALCTL_SAYS,
        meaning=_short,
    ),
)
