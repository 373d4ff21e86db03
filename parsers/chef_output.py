"""What ``chef-client`` (Chef Infra Client, cinc-client) prints for people: recipes, resources and what was done to them.

::

    Starting Chef Infra Client, version 15.1.36
    Recipe: chef-client::systemd_service
      * template[/etc/sv/default-svlog/log/config] action create
        - update content in file /etc/sv/default-svlog/log/config from none to 00e78c
    Chef Client finished, 1/8 resources updated in 02 seconds

A resource with lines of what was done below it was changed. There are no times: the run is placed by its file, its beginning so many
seconds before as the last line says, and marked as placed. Where the log's stamped lines stand between, the log is read instead.

Traps: a resource that is up to date, skipped or does nothing looks alike but for its end; an error stands in a box below; nested
resources are indented further; since Chef 17 the last line is "Infra Phase complete"; colours.

https://docs.chef.io/ctl_chef_client/
https://github.com/chef/chef/blob/main/lib/chef/formatters/doc.rb
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, placed

MAX_TEXT: Final = 4_000
MAX_HELD: Final = 200_000

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_BEGUN: Final = re.compile(r"Starting (?:Chef|Cinc) (?:Infra )?(?:Client|Zero),? ?(?:version (?P<version>\S+))?.*")
_RESOURCE: Final = re.compile(
    r" +\* (?P<target>[a-z_]\w{0,60}\[.{1,1000}?\]) action (?P<action>\w+)(?: \((?P<note>up to date|skipped due to .{1,100}|retry .*)\))?"
)
_DID: Final = re.compile(r" +- (?P<what>[a-zA-Z].*)")
_FAILED: Final = re.compile(r" *Error executing action `(?P<action>\w+)` on resource '(?P<target>.{1,1000})'")
_WHY: Final = re.compile(r" *(?P<why>[A-Z]\w*(?:::\w+)+)")
_RECIPE: Final = re.compile(
    r" *Recipe: (?P<recipe>\S+)|Converging \d+ resources|Synchronizing (?:C|c)ookbooks:|Running handlers:?"
)
_ENDED: Final = re.compile(
    r"(?:Chef|Cinc) (?:Infra )?Client (?P<how>finished, \d+/\d+|failed\. (?P<count>\d+)) resources updated in (?P<took>.+)"
    r"|(?:Infra )?Phase (?P<phase>complete, \d+/\d+|failed\. \d+) resources updated in (?P<lasted>.+)"
)
_PART: Final = re.compile(r"(\d{1,6})(?:\.\d+)? (hour|minute|second)s?")
_UNITS: Final = {"hour": 3600, "minute": 60, "second": 1}


@dataclass(slots=True)
class _Run:
    """One run: its records wait for its end."""

    name: str
    recipe: str = ""
    changed: int = 0
    failed: str = ""
    held: list[tuple[Line, dict[str, Any]]] = field(default_factory=list)
    resource: dict[str, Any] | None = None  # the one whose lines are read
    took_s: int = 0


def _plain(line: bytes) -> str:
    return _COLOUR.sub("", line[:MAX_TEXT].decode("utf-8", "replace")).rstrip()


def _claims(_path: str, head: list[bytes]) -> float:
    if any(b"] INFO: " in line or b"] ERROR: " in line for line in head):
        return 0.0
    texts = [_plain(line) for line in head]
    own = [
        at
        for at, text in enumerate(texts)
        if _BEGUN.fullmatch(text) or _RESOURCE.fullmatch(text) or _ENDED.fullmatch(text)
    ]
    return (len(texts) - own[0]) / len(texts) if own else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for a run's beginning and end, and for each resource; what stands below belongs to it."""
    run: _Run | None = None
    for line in lines:
        text = _plain(line.text)
        if _BEGUN.fullmatch(text) or (run is None and text):
            if run is not None:
                yield from _released(run)
            run = _Run(f"chef line {line.number}")
        if run is not None:
            _heard(run, line, text)
            if len(run.held) >= MAX_HELD:
                yield from _released(run)
                run.held = []
    if run is not None:
        yield from _released(run)


def _released(run: _Run) -> Iterator[Record]:
    for at, (line, columns) in enumerate(run.held):
        yield Record(line, placed(run.took_s * 1_000_000 if at == 0 else 0), columns)


def _heard(run: _Run, line: Line, text: str) -> None:
    """Read one line of a run."""
    told: dict[str, Any] = {"kind": Kind.LOG, "severity": 9, "message": text.strip(), "run": run.name}
    if _BEGUN.fullmatch(text):
        run.held.append((line, told | _whole(Outcome.STARTED)))
    elif found := _RESOURCE.fullmatch(text):
        run.resource = told | {"target": found["target"], "recipe": run.recipe}
        run.held.append((line, run.resource))
    elif (found := _DID.fullmatch(text)) and run.resource is not None:
        run.changed += run.resource["kind"] == Kind.LOG
        run.resource |= {"kind": Kind.CHANGE, "action": "resource", "outcome": Outcome.CHANGED, "actor": "chef"}
        run.resource["did"] = "; ".join(filter(None, (run.resource.get("did"), found["what"])))[:MAX_TEXT]
    elif found := _FAILED.fullmatch(text):
        run.failed = run.failed or text.strip()
        failed = {"kind": Kind.CHANGE, "action": "resource", "outcome": Outcome.FAILED, "actor": "chef", "severity": 17}
        run.held.append((line, told | failed | {"target": found["target"], "error": text.strip()}))
        run.resource = None
    elif found := _RECIPE.fullmatch(text):
        run.recipe = found["recipe"] or run.recipe
        run.held.append((line, told))
        run.resource = None
    elif found := _ENDED.fullmatch(text):
        _over(run, line, found, told)
    elif not run.held and text:
        run.held.append((line, told))


def _over(run: _Run, line: Line, found: re.Match[str], told: dict[str, Any]) -> None:
    took = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(found["took"] or found["lasted"] or ""))
    run.took_s = max(run.took_s, took)
    broke = (found["how"] or found["phase"] or "").startswith("failed")
    outcome = (Outcome.PARTLY if run.changed else Outcome.FAILED) if broke else Outcome.UNCHANGED
    if not broke and (run.changed or re.search(r", [1-9]", found["how"] or found["phase"] or "")):
        outcome = Outcome.CHANGED
    columns = told | _whole(outcome) | {"severity": 17 if broke else 9}
    run.held.append((line, columns | ({"error": run.failed} if run.failed else {})))
    run.resource = None


def _whole(outcome: Outcome) -> dict[str, Any]:
    return {"kind": Kind.CHANGE, "action": "run", "target": "chef", "outcome": outcome, "actor": "chef"}


PARSER = RecordParser(
    name="chef-output",
    title="Chef Infra Client output",
    url="https://docs.chef.io/ctl_chef_client/",
    claims=_claims,
    marks=(b"Chef", b"Cinc", b"] action "),
    records=_records,
    samples=(
        Sample(
            b"Starting Chef Client, version 12.1.1\n"
            b"       Converging 8 resources\n"
            b"         * directory[/var/cache/chef] action create (up to date)\n",
            {"kind": "change", "action": "run", "target": "chef", "outcome": "started", "actor": "chef", "severity": 9},
            "chef-boneyard/chef-client issue 285: Test Kitchen, without the indent of the first line",
        ),
        Sample(
            b"           * template[/etc/sv/default-svlog/log/config] action create\n"
            b"             - create new file /etc/sv/default-svlog/log/config\n"
            b"             - update content in file /etc/sv/default-svlog/log/config from none to 00e78c\n"
            b"             --- /etc/sv/default-svlog/log/config\t2015-07-31 10:20:40.000000000 +0000\n"
            b"             +s10000\n"
            b"             - change mode from '' to '0644'\n",
            {
                "kind": "change",
                "action": "resource",
                "target": "template[/etc/sv/default-svlog/log/config]",
                "outcome": "changed",
            },
            "chef/chef issue 3738",
        ),
        Sample(
            b"           * ruby_block[zap extra env files] action run (skipped due to only_if)\n",
            {"kind": "log", "target": "ruby_block[zap extra env files]"},
            "chef/chef issue 3738",
        ),
        Sample(
            b"Chef Infra Client failed. 0 resources updated in 02 seconds\n",
            {"kind": "change", "action": "run", "outcome": "failed", "severity": 17},
            "chef/chef issue 11289",
        ),
        Sample(
            b"  * file[x\x00\xff\x1b[31m] action create\n    - create new file x\n",
            {"kind": "change", "outcome": "changed"},
            "hostile: NUL, bad UTF-8 and an escape in a name",
        ),
    ),
)
