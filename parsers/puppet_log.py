"""What Puppet writes into a file by ``--logdest``: plain lines, or JSON where the file's name ends in ``.json``.

A line is ``<time> <source> (<level>): <message>``; the source is a resource's path or ``Puppet``. It is the message that
goes to syslog as ``(<source>) <message>``, and is read as that one. JSON has an object a line between lines of brackets
and commas, with nanoseconds.

Traps: a message of several lines (a diff, an apt error) is stamped once; before Ruby 1.9 the year stands last and the
zone before it; paths hold blanks, brackets and colons; several runs follow each other without a mark between them.

https://www.puppet.com/docs/puppet/7/man/agent.html
https://github.com/puppetlabs/puppet/blob/7.23.0/lib/puppet/util/log/destinations.rb
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Line, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_TEXT: Final = 65_536

_PLAIN: Final = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}|(?P<day>[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d) "
    rb"(?P<zone>[+-]\d{4}) (?P<year>\d{4})) (?P<source>Puppet|Facter|/?[A-Z].{0,4000}?) "
    rb"\((?P<level>debug|info|notice|warning|err|alert|emerg|crit)\): ?(?P<message>.*)",
    re.DOTALL,
)
_OBJECT: Final = re.compile(
    rb'\{"(?:level|message|source|tags|time|file|line|pos|issue_code|node|environment|backtrace)":'
)
_BETWEEN: Final = frozenset({b"[", b"]", b",", b""})
_SEVERITY: Final = {
    "debug": 5, "info": 9, "notice": 10, "warning": 13, "err": 17, "crit": 18, "alert": 19, "emerg": 21,
}  # fmt: skip
_KEPT: Final = ("file", "line", "node", "environment", "issue_code")


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line.rstrip(b"\r\n") for line in head]
    plain = next((at for at, line in enumerate(lines) if _PLAIN.match(line)), None)
    if plain is not None:
        return (len(lines) - plain) / len(lines)
    objects = [line for line in lines if line.strip() not in _BETWEEN]
    return sum(_object(line) is not None for line in objects) / len(objects) if objects else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    held: tuple[Line, Stamp, dict[str, Any]] | None = None
    for line in lines:
        following = _begun(line)
        if following:
            if held:
                yield Record(*held)
            held = following
        elif held and line.text.strip() not in _BETWEEN:
            room = MAX_TEXT - len(held[2]["message"])
            if room > 0:
                held[2]["message"] += "\n" + line.text[:room].decode("utf-8", "replace")
        elif held is None and line.text.strip() not in _BETWEEN:
            yield Reject(line, "before the first message of Puppet: «2022-11-10 11:05:02 +0000 Puppet (notice): …»")
    if held:
        yield Record(*held)


def _begun(line: Line) -> tuple[Line, Stamp, dict[str, Any]] | None:
    """Read the line that a message begins on."""
    if line.text.startswith(b"{"):
        told = _object(line.text)
        stamp = read_stamp("iso", told["time"].encode("ascii", "replace")) if told else None
        if told is None or stamp is None:
            return None
        more = {f"{key}": str(told[key]) for key in _KEPT if told.get(key) is not None}
        more = {"source_line" if key == "line" else key: value for key, value in more.items()}
        return line, stamp, _columns(told["source"], told["level"], told["message"]) | more
    found = _PLAIN.fullmatch(line.text[:MAX_TEXT])
    stamp = _stamp(found) if found else None
    if found is None or stamp is None:
        return None
    source, level, message = (found[key].decode("utf-8", "replace") for key in ("source", "level", "message"))
    return line, stamp, _columns(source, level, message)


def _stamp(found: re.Match[bytes]) -> Stamp | None:
    if found["day"] is None:
        return read_stamp("iso", found["time"])
    stamp = read_stamp("ctime", found["day"] + b" " + found["year"])
    zone = int(found["zone"][1:3]) * 3600 + int(found["zone"][3:]) * 60
    return stamp._replace(offset_s=-zone if found["zone"][:1] == b"-" else zone) if stamp else None


def _columns(source: str, level: str, message: str) -> dict[str, Any]:
    said = message if source == "Puppet" else f"({source}) {message}"
    return {"program": "puppet", "severity": _SEVERITY[level], "message": said}


def _object(text: bytes) -> dict[str, str] | None:
    """Give the object of a line of Puppet's JSON; None for any other JSON."""
    if not _OBJECT.match(text) or b'"tags":[' not in text:
        return None
    try:
        told = json.loads(text[: 4 * MAX_TEXT].rstrip(b",\r\n").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    wanted = ("level", "message", "source", "time")
    return (
        told
        if isinstance(told, dict)
        and all(isinstance(told.get(key), str) for key in wanted)
        and told["level"] in _SEVERITY
        else None
    )


_RUN: Final = "puppet apply 7.23.0 --logdest"

PARSER = RecordParser(
    name="puppet-log",
    title="Puppet's log file (--logdest)",
    url="https://www.puppet.com/docs/puppet/7/man/agent.html",
    claims=_claims,
    marks=(b"(debug)", b"(info)", b"(notice)", b"(warning)", b"(err)", b"(alert)", b"(emerg)", b"(crit)", b'"source"'),
    records=_records,
    envelope=True,
    samples=(
        Sample(
            b"2026-12-01 05:53:05 +0000 /Stage[main]/Main/File[/etc/blog/a.conf]/content (notice): content changed '{sha256}8c9af978a09f2ed83cebd285d74ca8508f1edbd81bbdee654e431ca73b678e31' to '{sha256}7a1208f706e020d5c71d63a64b73ef2f35e6e4b90a64e0f2142e7de602bbcad1'",
            {
                "time": "2026-12-01T05:53:05+00:00",
                "kind": "change",
                "action": "resource",
                "target": "File[/etc/blog/a.conf]",
                "outcome": "changed",
                "severity": 10,
                "service": "puppet",
            },
            _RUN,
        ),
        Sample(
            (
                b"2026-12-01 05:53:07 +0000 /Stage[main]/Main/Package[nonexistent-pkg-xyz]/ensure (err): change from 'purged' to 'present' failed: Execution of '/usr/bin/apt-get -q -y -o DPkg::Options::=--force-confold install nonexistent-pkg-xyz' returned 100: E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 11026 (apt-get)\n"
                b"E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"
            ),
            {
                "time": "2026-12-01T05:53:07+00:00",
                "action": "resource",
                "target": "Package[nonexistent-pkg-xyz]",
                "outcome": "failed",
                "severity": 17,
            },
            _RUN,
        ),
        Sample(
            b"2026-12-01 05:53:18 +0000 /Stage[main]/Main/Exec[broken]/returns (notice): current_value 'notrun', should be ['0'] (noop)",
            {"target": "Exec[broken]", "outcome": "unchanged", "noop": "true"},
            _RUN,
        ),
        Sample(
            b"2026-12-01 05:53:07 +0000 Puppet (notice): Applied catalog in 1.49 seconds",
            {"kind": "change", "action": "run", "outcome": "unknown", "seconds": "1.49"},
            _RUN,
        ),
        Sample(
            b"2026-12-01 05:52:11 +0000 Puppet (err): No more routes to ca",
            {"kind": "log", "severity": 17, "message": "No more routes to ca"},
            _RUN,
        ),
        Sample(
            b'[\n{"level":"notice","message":"Applied catalog in 1.49 seconds","source":"Puppet","tags":["notice"],"time":"2026-12-01T05:53:07.056663216+00:00"}\n,\n',
            {"time": "2026-12-01T05:53:07.056663+00:00", "kind": "change", "action": "run", "severity": 10},
            _RUN + " apply.json",
        ),
        Sample(
            b'{"level":"notice","message":"created","source":"/Stage[main]/Main/File[/srv/out]/ensure","tags":["notice","file","class"],"time":"2026-12-01T05:53:05.567536828+00:00","file":"/srv/a.pp","line":1}',
            {
                "time": "2026-12-01T05:53:05.567536+00:00",
                "action": "resource",
                "target": "File[/srv/out]",
                "outcome": "changed",
                "file": "/srv/a.pp",
            },
            _RUN + " apply.json, with another path",
        ),
    ),
)
