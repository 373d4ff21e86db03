"""Puppet on a terminal, kept in a file: what ``puppet agent --test`` or ``puppet apply`` prints.

``Notice: /Stage[main]/Main/File[/etc/x]/content: …`` is the message that goes to syslog as ``(/Stage[main]…) …``, and is
read as that one. There are no times: a run is placed so that it ends with the output, and began as many seconds before as
``Applied catalog in …`` says; what stands between is spread over them, and all is marked as placed.

Traps: colours (a notice begins with ``ESC[m``); the diff of a file and what a command printed stand below a line and may
hold anything; a resource's title may hold brackets and colons; several runs follow each other in one file.

https://www.puppet.com/docs/puppet/7/man/agent.html
https://github.com/puppetlabs/puppet/blob/7.23.0/lib/puppet/util/log/destinations.rb
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Line, Record, RecordParser, Reject, Sample, placed

MAX_TEXT: Final = 65_536
MAX_HELD: Final = 200_000  # messages of one output that wait for its end

_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]{0,20}m")
_MESSAGE: Final = re.compile(
    r"(?P<level>Debug|Info|Notice|Warning|Error|Critical|Alert|Emergency): (?P<said>.*)", re.DOTALL
)
_SOURCE: Final = re.compile(
    r"(?P<source>/?[A-Z][\w:]*\[.*?\](?:/[A-Za-z_]\w*)?): ?(?P<what>.*)|(?P<facter>Facter): (?P<told>.*)", re.DOTALL
)
_ENDED: Final = re.compile(r"(?:Applied catalog|Finished catalog run) in (?P<seconds>\d{1,6}(?:\.\d+)?) seconds")
_SURE: Final = re.compile(
    r"(?:Applied catalog in|Finished catalog run in|Applying configuration version|Compiled catalog for|Using environment '"
    r"|Retrieving plugin|Loading facts|Caching catalog|Could not retrieve catalog|Could not run Puppet|/?Stage\[main\]"
    r"|Evaluation Error: Error while evaluating|Creating a new SSL key|Facter: |Connection to https://\S+:8140/"
    r"|No more routes to (?:ca|puppet)|Runtime environment: puppet_version=|Loading external facts from )"
)
_SEVERITY: Final = {
    "Debug": 5, "Info": 9, "Notice": 10, "Warning": 13, "Error": 17, "Critical": 18, "Alert": 19, "Emergency": 21,
}  # fmt: skip


def _claims(_path: str, head: list[bytes]) -> float:
    messages = [(at, found) for at, line in enumerate(head) if (found := _MESSAGE.fullmatch(_plain(line)))]
    if not messages or not any(_SURE.match(found["said"]) for _at, found in messages):
        return 0.0
    return (len(head) - messages[0][0]) / len(head)


def _plain(text: bytes) -> str:
    return _COLOUR.sub(b"", text[:MAX_TEXT]).decode("utf-8", "replace").rstrip("\r")


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """Hold the messages of all runs until the output's end is known."""
    runs: list[list[tuple[Line, dict[str, Any]]]] = [[]]
    lengths: list[float] = [0.0]
    held = 0
    for line in lines:
        text = _plain(line.text)
        found = _MESSAGE.fullmatch(text)
        if found is None:
            if held == 0 and text.strip():
                yield Reject(line, "before the first message of Puppet: «Notice: …» was expected")
            elif runs[-1] and len(runs[-1][-1][1]["message"]) < MAX_TEXT:
                runs[-1][-1][1]["message"] += "\n" + text
            continue
        if held == MAX_HELD:
            yield from _spread(runs, lengths)
            runs, lengths, held = [[]], [0.0], 0
        held += 1
        runs[-1].append((line, _columns(found, len(runs))))
        if ended := _ENDED.fullmatch(found["said"]):
            lengths[-1] = float(ended["seconds"])
            runs.append([])
            lengths.append(0.0)
    yield from _spread(runs, lengths)


def _columns(found: re.Match[str], run: int) -> dict[str, Any]:
    said = found["said"]
    if about := _SOURCE.fullmatch(said):
        said = f"({about['source'] or about['facter']}) {about['what'] if about['source'] else about['told']}"
    severity = _SEVERITY[found["level"]]
    return {"program": "puppet", "run": f"puppet run {run}", "severity": severity, "message": said}


def _spread(runs: list[list[tuple[Line, dict[str, Any]]]], lengths: list[float]) -> Iterator[Record]:
    """Place each run's messages evenly between its beginning and its end; the last run ends with the output."""
    for at, run in enumerate(runs):
        behind_s = sum(lengths[at + 1 :])
        for step, (line, columns) in enumerate(run):
            share = 1 - step / max(len(run) - 1, 1)
            yield Record(line, placed(round((behind_s + lengths[at] * share) * 1_000_000)), columns)


_RUN: Final = "puppet apply 7.23.0 --verbose --color=ansi, with another path"

PARSER = RecordParser(
    name="puppet-output",
    title="Puppet's output on a terminal",
    url="https://www.puppet.com/docs/puppet/7/man/agent.html",
    claims=_claims,
    marks=(b"Debug: ", b"Info: ", b"Notice: ", b"Warning: ", b"Error: ", b"Critical: ", b"Alert: ", b"Emergency: "),
    records=_records,
    envelope=True,
    samples=(
        Sample(
            (
                b"\x1b[mNotice: /Stage[main]/Main/File[/etc/blog/a.conf]/content: content changed '{sha256}0bb2ec708612ad2de561b6d6333e09753bcd0ec6035fb922bb94e1bef188f0f0' to '{sha256}8c9af978a09f2ed83cebd285d74ca8508f1edbd81bbdee654e431ca73b678e31'\x1b[0m\n"
                b"\x1b[mNotice: Applied catalog in 1.07 seconds\x1b[0m\n"
            ),
            {
                "kind": "change",
                "action": "resource",
                "target": "File[/etc/blog/a.conf]",
                "outcome": "changed",
                "severity": 10,
                "run": "puppet run 1",
            },
            _RUN,
        ),
        Sample(
            (
                b"\x1b[1;31mError: /Stage[main]/Main/Package[nonexistent-pkg-xyz]/ensure: change from 'purged' to 'present' failed: Execution of '/usr/bin/apt-get -q -y -o DPkg::Options::=--force-confold install nonexistent-pkg-xyz' returned 100: E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 11210 (apt-get)\n"
                b"E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\x1b[0m\n"
            ),
            {"action": "resource", "target": "Package[nonexistent-pkg-xyz]", "outcome": "failed", "severity": 17},
            _RUN,
        ),
        Sample(
            b"\x1b[0;32mInfo: Applying configuration version '1796104390'\x1b[0m",
            {"kind": "change", "action": "run", "outcome": "started", "version": "1796104390"},
            _RUN,
        ),
    ),
)
