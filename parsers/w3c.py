r"""The W3C extended log format: IIS, and whatever else begins with ``#Fields:``.

::

    #Software: Microsoft Internet Information Services 10.0
    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken
    2016-08-15 02:40:33 192.168.80.130 GET /welcome.png - 80 - 192.168.80.1 Mozilla/5.0+(Windows+NT+10.0) 200 0 0 31

Every ``#Fields:`` line says what the columns below it are, until the next. Times are UTC. A ``#Date:`` line begins a new part of the log: the
server was started, or its settings changed.

Traps: blanks in values are ``+``; ``-`` is absent; time-taken is milliseconds at IIS, seconds at others (``#Software`` or the Windows status tell); the date may stand
in ``#Date:`` alone; status 0 with ``sc-win32-status`` 64 is a client that went away; ``sc-substatus`` says why.

https://www.w3.org/TR/WD-logfile.html
https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import COLUMNS, Kind, Line, Record, RecordParser, Reject, Sample, Stamp, read_stamp

_DIRECTIVE: Final = re.compile(rb"#(Software|Version|Date|Fields|Start-Date|End-Date|Remark): ?(.*)", re.DOTALL)
_COLUMNS: Final = {
    "c-ip": "client", "cs-method": "method", "s-computername": "host", "s-sitename": "site", "s-ip": "server", "s-port": "port",
    "cs-username": "user", "cs(User-Agent)": "agent", "cs(Referer)": "referer", "cs-host": "vhost", "cs(Host)": "vhost",
    "sc-substatus": "substatus", "sc-win32-status": "win32_status", "x-forwarded-for": "forwarded_for",
}  # fmt: skip
_WHOLE: Final = re.compile(r"\d{1,12}")
_DECIMAL: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_MOST: Final = 60  # columns


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    fields = next((found[2] for line in lines[:20] if (found := _DIRECTIVE.match(line)) and found[1] == b"Fields"), b"")
    own = b"time" in fields and b"x-edge-location" not in fields  # CloudFront's are read by their own parser
    return 1.0 if own and lines[0].startswith(b"#") else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    fields: list[str] = []
    date, iis = b"", False
    for line in lines:
        if line.text.startswith(b"#"):
            found = _DIRECTIVE.match(line.text.rstrip())
            if found is None:
                yield Reject(line, "a directive of the W3C extended log format was expected behind #")
            elif found[1] == b"Fields":
                fields = found[2].decode("utf-8", "replace").split()[:_MOST]
            elif found[1] == b"Date":
                date = found[2][:10]
            elif found[1] == b"Software":
                iis = b"Microsoft" in found[2]
            continue
        values = line.text.rstrip(b"\r\n").split(b"\t" if b"\t" in line.text else b" ")
        if not line.text.strip():
            continue
        if not fields or len(values) < len(fields):
            yield Reject(line, f"{len(fields)} values, as #Fields says, were expected")
            continue
        told = dict(zip(fields, (value.decode("utf-8", "backslashreplace") for value in values), strict=False))
        stamp = _stamp(told, date)
        if stamp is None:
            yield Reject(line, "a date and a time were expected")
            continue
        yield Record(line, stamp, _columns(told, 1e-3 if iis or "sc-win32-status" in told else 1.0))


def _stamp(told: Mapping[str, str], date: bytes) -> Stamp | None:
    text = f"{told.get('date') or date.decode('ascii', 'replace')} {told.get('time', '')}"
    stamp = read_stamp("iso", text.encode("utf-8", "replace"))
    return stamp._replace(offset_s=0) if stamp is not None else None


def _named(name: str) -> str:
    """Name a field as the file names its column; one that is named as a column of events is no such column."""
    plain = re.sub(r"\W+", "_", name).strip("_") or "x"
    return f"{plain}_" if plain in COLUMNS else plain


def _columns(told: Mapping[str, str], unit: float) -> dict[str, Any]:
    columns: dict[str, Any] = {"kind": Kind.REQUEST}
    for name, value in told.items():
        if value not in {"-", ""} and name not in {"date", "time"}:
            plain = value.replace("+", " ") if name in {"cs(User-Agent)", "cs(Referer)"} else value
            columns[_COLUMNS.get(name) or _named(name)] = plain
    status = columns.pop("sc_status", "")
    if _WHOLE.fullmatch(status) and 100 <= int(status) <= 599:
        columns["status"] = int(status)
    if sent := columns.pop("sc_bytes", ""):
        columns |= {"bytes": int(sent)} if _WHOLE.fullmatch(sent) else {"sc_bytes": sent}
    if took := columns.pop("time_taken", ""):
        columns |= {"duration": float(took) * unit} if _DECIMAL.fullmatch(took) else {"time_taken": took}
    stem, query = columns.pop("cs_uri_stem", columns.pop("cs_uri", "")), columns.pop("cs_uri_query", "")
    if stem:
        columns["path"] = f"{stem}?{query}" if query else stem
    if "status" not in columns and "method" not in columns:
        columns |= {"kind": Kind.LOG, "message": " ".join(told.values())[:2000]}
    return {name: value for name, value in columns.items() if name not in _RESERVED}


_RESERVED: Final = frozenset(
    ["source", "line", "offset", "parser", "time_basis", "fields", "action", "target", "outcome", "actor", "run"]
)

_IIS: Final = b"#Software: Microsoft Internet Information Services 7.5\n#Version: 1.0\n#Date: 2013-06-24 10:56:45\n"
_FIELDS: Final = b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\n"

SAMPLES: Final = (
    Sample(
        _IIS + _FIELDS + b"2013-06-24 10:56:45 192.168.0.1 POST /xas/ - 80 - 222.222.222.222 Mozilla/5.0+(Windows+NT+6.1;+WOW64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/27.0.1453.110+Safari/537.36 404 0 2 471\n",
        {"time": "2013-06-24T10:56:45+00:00", "kind": "request", "client": "222.222.222.222", "method": "POST", "path": "/xas/", "status": 404, "duration": 0.471,
         "server": "192.168.0.1", "win32_status": "2", "agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/27.0.1453.110 Safari/537.36"},
        "Mendix's documentation, interpreting IIS log files",
    ),
    Sample(
        _FIELDS + b"2016-08-15 02:40:33 192.168.80.130 GET /welcome.png - 80 - 192.168.80.1 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/52.0.2743.82+Safari/537.36 200 0 0 31",
        {"status": 200, "path": "/welcome.png", "duration": 0.031},
        "an IIS log in a public article, without the line that names the software: the Windows status does",
    ),
    Sample(
        _IIS + _FIELDS + b"2013-06-24 10:56:45 192.168.0.1 GET /\x00\xff\x1b[31m a=b 80 - - - 0 0 64 -\n",
        {"status": None, "client": None, "path": "/\x00\\xff\x1b[31m?a=b", "duration": None},
        "hostile: NUL, bad UTF-8 and an escape in a path; a client that went away",
    ),
    Sample(_IIS + _FIELDS + b"2013-06-31 10:56:45 192.168.0.1 GET / - 80 - - - 0 0 64 -\n", None, "hostile: no such day"),
    Sample(
        b"#Fields: date time c-ip cs-method cs-uri-stem sc-status severity kind status\n2013-06-24 10:56:45 192.0.2.7 GET / 200 x y z\n",
        {"status": 200, "kind": "request", "severity": None, "kind_": "y", "status_": "z"},
        "hostile: columns named as those of events",
    ),
    Sample(_IIS + b"2013-06-24 10:56:45 192.168.0.1 GET /\n", None, "hostile: a log that does not say its columns"),
)  # fmt: skip

PARSER = RecordParser(
    name="w3c",
    title="W3C extended log format (IIS)",
    url="https://www.w3.org/TR/WD-logfile.html",
    claims=_claims,
    records=_records,
    samples=SAMPLES,
)
