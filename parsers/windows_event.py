r"""Windows event logs exported as XML: ``wevtutil qe … /f:xml``, Event Viewer's "save as XML", winlogbeat's and NXLog's XML.

One event from ``<Event`` to ``</Event>``, on one line or over many, in a list ``<Events>`` or without. Read by patterns, not by an XML
parser: an export cut short still gives what is whole, and no entity is ever resolved.

Services started, stopped, failed or installed, updates, packages and restarts of the machine are changes. The level is Windows'
(1 critical, 2 error, 3 warning, 4 information, 0 always logged, 5 verbose).

Traps: times are UTC with seven digits; the message's text stands in another file and is in the export only under
``RenderingInfo``: without it the event's data are its message; the names in it are of the machine's language.

https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema
https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/wevtutil
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import COLUMNS, Kind, Line, Outcome, Record, RecordParser, Reject, Sample, read_stamp

_OPEN: Final = re.compile(rb"<Event(?:\s[^>]*)?>")
_CLOSE: Final = b"</Event>"
_HELD: Final = 1 << 20  # bytes of one event; Windows' own limit is 64 KB
_MAX_TEXT: Final = 8_000
_TIME: Final = re.compile(r"<TimeCreated[^>]*\sSystemTime=[\"'](\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)[\"']")
_TAGS: Final = {
    name: re.compile(rf"<{name}(?:\s[^>]*)?>([^<]*)</{name}>") for name in ("EventID", "Level", "Channel", "Computer")
}
_PROVIDER: Final = re.compile(r"<Provider\s[^>]*?Name=[\"']([^\"']*)[\"']")
_PROCESS: Final = re.compile(r"<Execution\s[^>]*?ProcessID=[\"'](\d+)[\"']")
_DATA: Final = re.compile(r"<Data(?:\s+Name=[\"']([^\"']*)[\"'])?\s*>([^<]*)</Data>")
_RENDERED: Final = re.compile(r"<RenderingInfo.*?<Message>([^<]*)</Message>", re.DOTALL)
_LEVELS: Final = {"0": 9, "1": 18, "2": 17, "3": 13, "4": 9, "5": 5}
_DONE: Final = Outcome.CHANGED
# What is a change: by the provider's last word and the number of the event.
_CHANGES: Final = {
    ("Service Control Manager", "7036"): ("service-state", _DONE),
    ("Service Control Manager", "7040"): ("service-start-type", _DONE),
    ("Service Control Manager", "7045"): ("service-install", _DONE),
    ("Service Control Manager", "7031"): ("service-crash", Outcome.FAILED),
    ("Service Control Manager", "7034"): ("service-crash", Outcome.FAILED),
    ("Service Control Manager", "7023"): ("service-stop", Outcome.FAILED),
    ("Service Control Manager", "7000"): ("service-start", Outcome.FAILED),
    ("Microsoft-Windows-WindowsUpdateClient", "19"): ("install", _DONE),
    ("Microsoft-Windows-WindowsUpdateClient", "20"): ("install", Outcome.FAILED),
    ("Microsoft-Windows-WindowsUpdateClient", "43"): ("install", Outcome.STARTED),
    ("MsiInstaller", "1033"): ("install", _DONE),
    ("MsiInstaller", "1034"): ("remove", _DONE),
    ("MsiInstaller", "11707"): ("install", _DONE),
    ("MsiInstaller", "11708"): ("install", Outcome.FAILED),
    ("MsiInstaller", "11724"): ("remove", _DONE),
    ("User32", "1074"): ("restart", Outcome.STARTED),
    ("EventLog", "6005"): ("boot", _DONE),
    ("EventLog", "6006"): ("shutdown", _DONE),
    ("EventLog", "6008"): ("crash", Outcome.FAILED),
    ("Microsoft-Windows-Kernel-Power", "41"): ("crash", Outcome.FAILED),
    ("Microsoft-Windows-Kernel-General", "12"): ("boot", _DONE),
    ("Microsoft-Windows-Kernel-General", "13"): ("shutdown", _DONE),
}  # fmt: skip
_STATES: Final = {"running": "start", "stopped": "stop"}


def _claims(_path: str, head: list[bytes]) -> float:
    text = b"\n".join(head)
    return 1.0 if _OPEN.search(text) and b"<TimeCreated" in text and b"<System>" in text else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One record for each event, at the line on which it opens; what stands between events belongs to the one before."""
    opened: Line | None = None
    text = b""
    for line in lines:
        left = line.text
        while left:
            if opened is None:
                found = _OPEN.search(left)
                if found is None:
                    break
                opened, text, left = line, b"", left[found.end() :]
            body, closed, left = left.partition(_CLOSE)
            text += b"\n" + body
            if closed:
                yield _read(opened, text)
                opened = None
            elif len(text) > _HELD:
                yield Reject(opened, "an event that does not end")
                opened = None
    if opened is not None:
        yield Reject(opened, "an event that does not end")


def _read(line: Line, data: bytes) -> Record | Reject:
    text = data.decode("utf-8", "backslashreplace")
    when = _TIME.search(text)
    stamp = read_stamp("iso", _utc(when[1])) if when else None
    if stamp is None:
        return Reject(line, "an event with TimeCreated was expected")
    tags = {name: html.unescape(found[1]) for name, pattern in _TAGS.items() if (found := pattern.search(text))}
    named = _PROVIDER.search(text)
    provider = html.unescape(named[1]) if named else ""
    values = [(html.unescape(name), html.unescape(value).strip()) for name, value in _DATA.findall(text)]
    number = tags.get("EventID", "")
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "host": tags.get("Computer"),
        "service": provider,
        "severity": _LEVELS.get(tags.get("Level", "")),
        "message": _message(text, provider, number, [value for _, value in values]),
        "event": number,
        "channel": tags.get("Channel"),
        "process": found[1] if (found := _PROCESS.search(text)) else None,
    }
    columns |= {_named(name, columns): value[:_MAX_TEXT] for name, value in values if name and value}
    columns |= _change(provider, number, [value for _, value in values])
    return Record(line, stamp, {name: value for name, value in columns.items() if value not in (None, "")})


def _named(name: str, columns: Mapping[str, Any]) -> str:
    """Name a field as the data are named; one that is named as a column of events is no such column."""
    return f"{name}_" if name in COLUMNS or name in columns else name


def _utc(when: str) -> bytes:
    return f"{when.removesuffix('Z')}Z".encode()


def _message(text: str, provider: str, number: str, values: list[str]) -> str:
    rendered = _RENDERED.search(text)
    said = html.unescape(rendered[1]).strip() if rendered else ", ".join(filter(None, values))
    return f"{provider} {number}: {said}".rstrip(": ")[:_MAX_TEXT]


def _change(provider: str, number: str, values: list[str]) -> dict[str, Any]:
    told = _CHANGES.get((provider, number))
    if told is None:
        return {}
    action, outcome = told
    if action == "service-state":
        action = _STATES.get(values[1].lower() if len(values) > 1 else "", action)
    of_machine = action in ("boot", "shutdown", "crash", "restart")
    target = "Windows" if of_machine or not values else values[0]
    return {"kind": Kind.CHANGE, "action": action, "target": target[:500], "outcome": outcome}


_WINLOGBEAT: Final = "repository elastic/beats, winlogbeat's tests"
SAMPLES: Final = (
    Sample(
        b"""<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System>
    <Provider Name="Microsoft-Windows-WinRM" Guid="{a7975c8f-ac13-49f1-87da-5a984a4ab417}" EventSourceName="Service Control Manager"/>
    <EventID>91</EventID>
    <Version>1</Version>
    <Level>4</Level>
    <Task>9</Task>
    <Opcode>0</Opcode>
    <Keywords>0x8020000000000000</Keywords>
    <TimeCreated SystemTime="2016-01-28T20:33:27.990735300Z"/>
    <EventRecordID>100</EventRecordID>
    <Execution ProcessID="920" ThreadID="1152"/>
    <Channel>Microsoft-Windows-WinRM/Operational</Channel>
    <Computer>vagrant-2012-r2</Computer>
  </System>
  <EventData>
    <Data Name="param1">winlogbeat</Data>
    <Data Name="param2">running</Data>
  </EventData>
</Event>""",
        {"time": "2016-01-28T20:33:27.990735+00:00", "host": "vagrant-2012-r2", "severity": 9, "event": "91", "service": "Microsoft-Windows-WinRM", "kind": "log",
         "message": "Microsoft-Windows-WinRM 91: winlogbeat, running", "param2": "running"},
        _WINLOGBEAT + ", on many lines",
    ),
    Sample(
        b'<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Service Control Manager" Guid="{555908d1-a6d7-4695-8e1e-26931d2012f4}" EventSourceName="Service Control Manager"/><EventID Qualifiers="49152">7034</EventID><Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime="2023-01-05T10:00:00.123456700Z"/><EventRecordID>1</EventRecordID><Correlation/><Execution ProcessID="1" ThreadID="2"/><Channel>System</Channel><Computer>WIN1</Computer><Security/></System><EventData><Data Name="param1">Print Spooler</Data><Data Name="param2">1</Data></EventData></Event></Events>',
        {"time": "2023-01-05T10:00:00.123456+00:00", "host": "WIN1", "severity": 17, "kind": "change", "action": "service-crash", "target": "Print Spooler", "outcome": "failed"},
        "composed after: Microsoft documentation, event schema, around event 7034 of the Service Control Manager",
    ),
    Sample(
        b"<Event><System><Provider Name='EventLog'/><EventID Qualifiers='32768'>6005</EventID><Level>4</Level><TimeCreated SystemTime='2023-01-05T10:00:00.000000000Z'/><Channel>System</Channel><Computer>WIN1</Computer></System><EventData></EventData></Event>",
        {"kind": "change", "action": "boot", "target": "Windows", "outcome": "changed"},
        "composed after: Microsoft documentation, wevtutil, which quotes with apostrophes",
    ),
    Sample(
        b"<Event><System><Provider Name='x&amp;y'/><EventID>1</EventID><TimeCreated SystemTime='2023-01-05T10:00:00Z'/></System><EventData><Data Name='kind'>request</Data><Data Name='severity'>x</Data><Data>&lt;script&gt;&xxe;\x00\x1b[31m</Data></EventData></Event>",
        {"kind": "log", "kind_": "request", "severity": None, "severity_": "x", "service": "x&y", "message": "x&y 1: request, x, <script>&xxe;\x00\x1b[31m"},
        "hostile: a column's name, markup, an entity, NUL and an escape in the data",
    ),
    Sample(b"<Event><System><TimeCreated SystemTime='2023-01-35T10:00:00Z'/></System></Event>", None, "hostile: no such day"),
    Sample(b"<Event><System><TimeCreated SystemTime='2023-01-05T10:00:00Z'/></System>", None, "hostile: an event cut short"),
)  # fmt: skip

PARSER = RecordParser(
    name="windows-event",
    title="Windows event log (XML)",
    url="https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema",
    samples=SAMPLES,
    claims=_claims,
    records=_records,
)
