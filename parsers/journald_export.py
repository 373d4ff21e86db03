r"""The systemd journal as ``journalctl -o export`` writes it: a field a line, an empty line behind each entry.

An envelope: what a unit's program said is handed to the parser of that program. An entry's event stands on the line of its
``MESSAGE``::

    __CURSOR=s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7;…
    __REALTIME_TIMESTAMP=1342540861416409
    _HOSTNAME=web-01
    SYSLOG_IDENTIFIER=app
    MESSAGE=slow

Traps: a value with a line end or any other control character is written binary: the name alone on its line, then its
length as eight bytes, little-endian, then the value and a line end; both may hold line ends themselves. An entry may lack
its ``MESSAGE`` (core dumps do) or hold several. The journal's own times are microseconds since 1970.

https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from afterlog.parser import SYSLOG_SEVERITIES, Line, Record, RecordParser, Reject, Sample, Stamp

_NAME: Final = re.compile(rb"[A-Z0-9_]{1,64}")
_FIELD: Final = re.compile(rb"[A-Z0-9_]{1,64}=")
_LENGTH_BYTES: Final = 8
_LONGEST: Final = 16 << 20  # bytes of a binary value; a longer one cannot be, and is not waited for
_LATEST_US: Final = 253_402_300_800_000_000  # the year 10000
_COLUMNS: Final = {
    "_HOSTNAME": "host", "_SYSTEMD_UNIT": "unit", "_TRANSPORT": "transport", "_BOOT_ID": "boot",
    "__MONOTONIC_TIMESTAMP": "monotonic_us", "CONTAINER_NAME": "container", "MESSAGE_ID": "message_id",
}  # fmt: skip
_FIRST_KNOWN: Final = {  # the field to take first, then those that stand in for it
    "program": ("SYSLOG_IDENTIFIER", "_COMM"),
    "pid": ("_PID", "SYSLOG_PID"),
}
_SAID: Final = frozenset({"MESSAGE", "PRIORITY", "__REALTIME_TIMESTAMP", *_COLUMNS, *sum(_FIRST_KNOWN.values(), ())})


@dataclass
class _Entry:
    """The fields of one entry so far, and the line of its event: that of its message, else its first."""

    first: Line
    fields: dict[str, bytes] = field(default_factory=dict)
    message: Line | None = None

    def take(self, name: bytes, value: bytes, line: Line) -> None:
        """Keep a field; of several with one name the first."""
        told = name.decode()
        if told == "MESSAGE" and self.message is None:
            self.message = line
        if told in _SAID:
            self.fields.setdefault(told, value)


def _claims(_path: str, head: list[bytes]) -> float:
    """Tell the form by an entry's first field, which is always there, and the time behind it."""
    if not head or not head[0].startswith(b"__CURSOR=") or not any(b"__REALTIME_TIMESTAMP=" in line for line in head):
        return 0.0
    return 1.0


class _Ahead:
    """Lines that can be put back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._left = iter(lines)
        self._back: list[Line] = []

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.pop() if self._back else next(self._left)

    def put_back(self, line: Line) -> None:
        """Give this line next."""
        self._back.append(line)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    entry: _Entry | None = None
    left = _Ahead(lines)
    for line in left:
        if not line.text:
            if entry is not None:
                yield _event(entry)
            entry = None
            continue
        found = _FIELD.match(line.text)
        if found is None and not _NAME.fullmatch(line.text):
            yield Reject(line, "neither NAME=value nor the name of a binary field")
            continue
        entry = entry or _Entry(line)
        if found is not None:
            entry.take(line.text[: found.end() - 1], line.text[found.end() :], line)
            continue
        value, begun = _binary(left)
        if value is None:
            yield Reject(line, "a binary field that is cut short")
        else:
            entry.take(line.text, value, begun or line)
    if entry is not None:
        yield _event(entry)


def _binary(left: _Ahead) -> tuple[bytes | None, Line | None]:
    """Read the length and the value of a binary field, which may run over lines; and the line it begins on."""
    held, need = b"", _LENGTH_BYTES
    begun: Line | None = None
    before: Line | None = None
    for line in left:
        if before is not None:
            # a carriage return before the line end is not in the text of a line, but counts here
            held += b"\r" if line.offset - before.offset - len(before.text) == 2 else b""
            if len(held) == need > _LENGTH_BYTES:
                left.put_back(line)
                return held[_LENGTH_BYTES:], begun
            held += b"\n"
        held, begun, before = held + line.text, begun or line, line
        if need == _LENGTH_BYTES and len(held) >= _LENGTH_BYTES:
            need += int.from_bytes(held[:_LENGTH_BYTES], "little")
            if need > _LONGEST:
                return None, None
        if len(held) >= need and len(held) >= _LENGTH_BYTES:
            return held[_LENGTH_BYTES:need], begun
    return None, None


def _event(entry: _Entry) -> Record | Reject:
    line = entry.message or entry.first
    digits = entry.fields.get("__REALTIME_TIMESTAMP", b"")
    time_us = int(digits) if re.fullmatch(rb"[0-9]{1,18}", digits) else _LATEST_US
    if time_us >= _LATEST_US:
        return Reject(line, "an entry without __REALTIME_TIMESTAMP")
    told = {name: value.decode("utf-8", "backslashreplace") for name, value in entry.fields.items()}
    columns: dict[str, object] = {column: told.get(name) for name, column in _COLUMNS.items()}
    for column, names in _FIRST_KNOWN.items():
        columns[column] = next((told[name] for name in names if name in told), None)
    priority = told.get("PRIORITY", "")
    columns["severity"] = SYSLOG_SEVERITIES[int(priority)] if re.fullmatch("[0-7]", priority) else None
    columns["message"] = told.get("MESSAGE")
    return Record(line, Stamp(time_us, 0), columns)


_DOC: Final = "composed after: systemd documentation, Journal Export Format"
_BINARY: Final = b"MESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00two\nlines\n"

SAMPLES: Final = (
    Sample(
        b"__CURSOR=s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7;b=6c7c6013a26343b29e964691ff25d04c\n"
        b"__REALTIME_TIMESTAMP=1342540861416409\n__MONOTONIC_TIMESTAMP=4415451302\n_BOOT_ID=6c7c6013a26343b29e964691ff25d04c\n"
        b"PRIORITY=4\n_HOSTNAME=supersecurehost\nSYSLOG_IDENTIFIER=sssd_be\n_PID=1298\n_SYSTEMD_UNIT=sssd.service\n"
        b"MESSAGE=Starting up\n\n",
        {"time": "2012-07-17T16:01:01.416409+00:00", "host": "supersecurehost", "severity": 13, "service": "sssd_be", "pid": "1298",
         "unit": "sssd.service", "message": "Starting up"},
        _DOC,
    ),
    Sample(
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1668076198123456\nSYSLOG_IDENTIFIER=sshd\n_PID=7\n"
        b"MESSAGE=Accepted publickey for deploy from 10.0.0.2 port 1 ssh2\n\n",
        {"time": "2022-11-10T10:29:58.123456+00:00", "kind": "change", "action": "login", "actor": "deploy"},
        _DOC + ", around a line of sshd",
    ),
    Sample(
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1668076198123456\n" + _BINARY + b"SYSLOG_IDENTIFIER=app\n\n",
        {"message": "two\nlines", "service": "app"},
        _DOC + ", a message of two lines",
    ),
    Sample(
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1668076198123456\nMESSAGE\n\x0a\x00\x00\x00\x00\x00\x00\x00ten\x00\xff\x1b[mok\n_COMM=app\n\n",
        {"message": "ten\x00\\xff\x1b[mok", "service": "app"},
        "hostile: a length that is a line end, NUL, bad UTF-8 and an escape",
    ),
    Sample(b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=99999999999999999999\nMESSAGE=x\n\n", None, "hostile: no such time"),
    Sample(b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff", {"message": None}, "hostile: a length that cannot be"),
)  # fmt: skip

PARSER = RecordParser(
    name="journald-export",
    title="Journald export (journalctl -o export)",
    url="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format",
    samples=SAMPLES,
    claims=_claims,
    records=_records,
    envelope=True,
)
