"""Unattended upgrades, ``/var/log/unattended-upgrades/unattended-upgrades.log``: what was upgraded by the clock.

::

    2016-10-23 16:42:02,632 INFO Packages that will be upgraded: tzdata
    2016-10-23 16:42:05,515 INFO All upgrades installed

What it does to packages stands in apt's history too; both are told as one change.

Traps: local time without a zone; messages in the system's language, of which a run's beginning and its end are known here; a run
that found nothing is no change; apt's and dpkg's errors stand below without a time.

https://github.com/mvo5/unattended-upgrades
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, each_stamped, read_stamp

_LINE: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<said>.*)",
    re.DOTALL,
)
# English, German and French, of its catalogues; the names that stand behind are in no language.
_BEGUN: Final = re.compile(
    r"(?:Packages that will be upgraded|Pakete, welche aktualisiert werden|Paquets qui seront mis à niveau)\s?: (?P<packages>\S.*)"
)
_DONE: Final = re.compile(
    r"All upgrades installed|Alle Aktualisierungen wurden installiert|Toutes les mises à niveau ont été installées"
)
_FAILED: Final = re.compile(
    r"Installing the upgrades failed!|(?:dpkg|Apt) returned an? error.*|Installation der Aktualisierungen fehlgeschlagen!?"
)
_REMOVED: Final = re.compile(r"Packages that were successfully auto-removed: (?P<packages>\S.*)")
_OWN: Final = re.compile(
    r"unattended[- ]upgrade|Allowed origins are|Initial (?:black|white)list|[Uu]nbeaufsichtigte|erlaubte Ursprünge|mises à niveau"
    r"|Packages that (?:will be|were|are)|No packages found that can be upgraded unattended"
)
_LEVELS: Final = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 18}


def _claims(path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    read = [found for line in filled if (found := _LINE.match(line))]
    own = "unattended-upgrades" in path or any(_OWN.search(found["said"].decode("utf-8", "replace")) for found in read)
    return len(read) / len(filled) if filled and own else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each stamped line; what stands below it without a time belongs to it."""
    return each_stamped(lines, _record, "a line such as 2016-10-23 16:42:05,515 INFO … was expected")


def _record(line: Line) -> Record | None:
    found = _LINE.match(line.text)
    stamp = read_stamp("python", found["time"]) if found else None
    if found is None or stamp is None:
        return None
    said = found["said"][:16_000].decode("utf-8", "backslashreplace").rstrip()
    return Record(line, stamp, _columns(found["level"].decode(), said))


def _columns(level: str, said: str) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "severity": _LEVELS[level],
        "message": said[:4_000],
        "service": "unattended-upgrades",
    }
    if found := _BEGUN.fullmatch(said):
        return columns | _change("upgrade", found["packages"], Outcome.STARTED)
    if _DONE.fullmatch(said):
        return columns | _change("upgrade", "", Outcome.CHANGED)
    if _FAILED.fullmatch(said):
        return columns | _change("upgrade", "", Outcome.FAILED)
    if found := _REMOVED.fullmatch(said):
        return columns | _change("remove", found["packages"], Outcome.CHANGED)
    return columns


def _change(action: str, packages: str, outcome: Outcome) -> dict[str, Any]:
    told = {"kind": Kind.CHANGE, "action": action, "outcome": outcome, "actor": "unattended-upgrades"}
    return told | ({"target": packages.strip()} if packages else {})


_RUN: Final = "konklone/oversight.garden pull request 154: Ubuntu 16.04"

PARSER = RecordParser(
    name="unattended-upgrades",
    title="Unattended upgrades",
    url="https://github.com/mvo5/unattended-upgrades",
    claims=_claims,
    records=_records,
    samples=(
        Sample(
            b"2016-10-23 16:42:02,632 INFO Packages that will be upgraded: tzdata",
            {
                "time": "2016-10-23T16:42:02.632",
                "kind": "change",
                "action": "upgrade",
                "target": "tzdata",
                "outcome": "started",
                "actor": "unattended-upgrades",
                "severity": 9,
            },
            _RUN,
        ),
        Sample(
            b"2016-10-23 16:42:00,216 INFO Starting unattended upgrades script\n2016-10-23 16:42:05,515 INFO All upgrades installed",
            {"kind": "log", "message": "Starting unattended upgrades script", "severity": 9},
            _RUN + ", two of its lines",
        ),
        Sample(
            "2015-06-28 09:21:23,903 INFO Toutes les mises à niveau ont été installées".encode(),
            {"kind": "change", "action": "upgrade", "outcome": "changed"},
            "mvo5/unattended-upgrades pull request 11: Debian in French",
        ),
        Sample(
            b"2026-12-01 11:59:45,672 INFO Allowed origins are: origin=Debian,codename=bookworm,label=Debian",
            {"kind": "log", "time": "2026-12-01T11:59:45.672"},
            "unattended-upgrades 2.9.1 on Debian 12, run for the purpose",
        ),
        Sample(b"2016-10-32 16:42:05,515 INFO All upgrades installed", None, "hostile: no such day"),
    ),
)
