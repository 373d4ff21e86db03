"""Puppet agent and Puppet apply, as they speak to syslog.

A run is bracketed by ``Compiled catalog …`` (apply only; with an agent the server compiles) or ``Applying
configuration version …`` and ``Applied catalog in … seconds`` (before Puppet 4: ``Finished catalog run in``).
Between them stands a line for every property that was changed, failed or, under noop, would have been.

Traps: "Applied catalog" says that the run reached its end, not that anything changed nor that all went well, so its
outcome is unknown. After "Could not retrieve catalog from remote server" an agent goes on with the cached catalog and
still ends with "Applied catalog": lines about a cached catalog carry ``trap``. What an Exec prints has the path of
its ``returns`` before it and is no change; a Notify always "changes" its message and is none either. Only properties
are logged: a resource that is as it should be leaves no line. Titles may hold brackets, blanks and slashes. All
levels but the priority are lost in a file; severities here are those with which Puppet sends these messages.

https://www.puppet.com/docs/puppet/7/man/agent.html
https://github.com/puppetlabs/puppet/blob/7.23.0/lib/puppet/configurer.rb
https://github.com/puppetlabs/puppet/blob/7.23.0/lib/puppet/transaction/resource_harness.rb
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_RUN_OF: Final = {"kind": Kind.CHANGE, "action": "run", "actor": "puppet"}
_STARTED: Final = _RUN_OF | {"outcome": Outcome.STARTED}
_ENDED: Final = _RUN_OF | {"outcome": Outcome.UNKNOWN}
_FAILED: Final = _RUN_OF | {"outcome": Outcome.FAILED, "severity": 17}
_SKIPPED: Final = _RUN_OF | {"outcome": Outcome.UNCHANGED, "severity": 10}
_CACHED: Final = _RUN_OF | {"outcome": Outcome.FAILED, "severity": 13, "trap": "cached-catalog"}

_RUNS: Final[tuple[tuple[re.Pattern[str], dict[str, Any]], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (
            r"Compiled (?:static )?catalog for (?P<node>\S+)(?: in environment (?P<environment>\S+))? in (?P<seconds>[0-9.]+) seconds",
            _STARTED,
        ),
        (r"Applying configuration version '(?P<version>[^']*)'", _STARTED),
        (r"Applied catalog in (?P<seconds>[0-9.]+) seconds", _ENDED),
        (r"Finished catalog run in (?P<seconds>[0-9.]+) seconds", _ENDED),
        (r"Using cached catalog\b.*", _CACHED),
        (r"Could not retrieve catalog\b.*", _FAILED),
        (r"Not using (?:cached? |cache on )?.*catalog\b.*", _FAILED),
        (
            r"(?:Could not run Puppet|Failed to apply catalog|Failed to compile catalog|Could not parse for environment)\b.*",
            _FAILED,
        ),
        (r"Evaluation Error: .* on node .*", _FAILED),
        (
            r"Skipping run of .*|Run of .* already in progress; skipping.*|Shutdown/restart in progress .*; skipping run",
            _SKIPPED,
        ),
    )
)

# (/Stage[main]/Web/File[/etc/x]/content) what happened
_RESOURCE: Final = re.compile(
    r"\((?P<path>/?[A-Z][\w:]*\[.*?\](?:/(?P<property>[A-Za-z_]\w*))?)\) (?P<what>.*)", re.DOTALL
)
_TYPE: Final = re.compile(r"(?:[A-Z]\w*)(?:::[A-Z]\w*)*\Z")
_OF: Final = {"kind": Kind.CHANGE, "action": "resource", "actor": "puppet"}
_CHANGED: Final = _OF | {"outcome": Outcome.CHANGED, "severity": 10}
_NOOP: Final = _OF | {"outcome": Outcome.UNCHANGED, "severity": 10, "noop": "true"}
_BROKEN: Final = _OF | {"outcome": Outcome.FAILED, "severity": 17}
_LEFT: Final = _OF | {"outcome": Outcome.UNCHANGED, "severity": 13}
_EVENTS: Final[tuple[tuple[re.Pattern[str], dict[str, Any]], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r".*\(noop\)", _NOOP),
        (r"Would have triggered '.*", _NOOP),
        (r"change from .* failed: .*|(?:Could not|Failed to) .*", _BROKEN),
        (r"Skipping because of failed dependencies", _LEFT),
        (r"Triggered '.*' from [0-9]+ events?", _CHANGED),
        (r"executed successfully(?: \(corrective\))?", _CHANGED),
        (
            r"(?:[\w-]+ )?changed .* to .*|changed password.*|defined (?:'.*' as|content as) .*",
            _CHANGED,
        ),
    )
)
_ENSURED: Final = re.compile(
    r"(?:created|removed|purged|ensure: .*|Creat(?:ed|ing) .*|Updat(?:ed|ing) .*)(?: \(corrective\))?",
    re.DOTALL,
)


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    columns = each_unique(match.text("message"), _told)
    merged = {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}
    if "severity" in outer and "severity" in columns:  # the level that stands in the line
        merged["severity"] = pc.coalesce(outer["severity"], columns["severity"])
    return merged


def _told(text: str) -> dict[str, Any]:
    if found := _RESOURCE.fullmatch(text):
        resource = {"property": found["property"], "resource_path": found["path"]}
        return resource | _event(_last_resource(found["path"], found["property"]), found["property"], found["what"])
    for pattern, meaning in _RUNS:
        if found := pattern.fullmatch(text):
            return found.groupdict() | meaning
    return {"kind": Kind.LOG}


def _event(target: str, prop: str | None, what: str) -> dict[str, Any]:
    if not target.startswith("Notify["):
        for pattern, meaning in _EVENTS:
            if pattern.fullmatch(what) and (
                prop != "returns" or meaning is not _CHANGED or what.startswith("executed ")
            ):
                return meaning | {"target": target}
        if prop == "ensure" and _ENSURED.fullmatch(what):
            return _CHANGED | {"target": target}
    return {"kind": Kind.LOG}


def _last_resource(path: str, prop: str | None) -> str:
    """Give the last ``Type[title]`` of a resource path; brackets in the title are expected to be balanced."""
    resource = path.removesuffix(f"/{prop}") if prop else path
    depth = 0
    for at in range(len(resource) - 1, -1, -1):
        depth += (resource[at] == "]") - (resource[at] == "[")
        if depth == 0:
            named = resource[:at].rpartition("/")[2]
            return named + resource[at:] if _TYPE.match(named) else resource
    return resource


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/syslog"
_APPLY: Final = "puppet apply 7.23.0"
_SOURCE: Final = "message text of Puppet 7.23.0, lib/puppet/configurer.rb"


def _sample(
    text: bytes, expect: dict[str, object] | None, origin: str = _APPLY, program: str = "puppet-user"
) -> Sample:
    return Sample(text, expect, origin, program=program)


SAMPLES: Final = (
    _sample(
        b"Compiled catalog for web-01 in environment production in 30.47 seconds",
        {
            "kind": "change",
            "action": "run",
            "outcome": "started",
            "actor": "puppet",
            "node": "web-01",
            "environment": "production",
            "seconds": "30.47",
        },
        _RECORDING,
    ),
    _sample(
        b"Applied catalog in 31.13 seconds",
        {"kind": "change", "action": "run", "outcome": "unknown", "seconds": "31.13"},
        _RECORDING,
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[fix-locale-extension]/returns) executed successfully",
        {
            "kind": "change",
            "action": "resource",
            "target": "Exec[fix-locale-extension]",
            "outcome": "changed",
            "property": "returns",
            "resource_path": "/Stage[main]/Main/Exec[fix-locale-extension]/returns",
        },
        _RECORDING,
    ),
    _sample(
        b"(/Stage[main]/Main/File[/tmp/play/pdest/a]/content) content changed '{sha256}2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806' to '{sha256}27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a'",
        {
            "action": "resource",
            "target": "File[/tmp/play/pdest/a]",
            "outcome": "changed",
            "property": "content",
        },
    ),
    _sample(
        b"(/Stage[main]/Main/File[/tmp/play/pdest/a]/ensure) defined content as '{sha256}2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806'",
        {"target": "File[/tmp/play/pdest/a]", "outcome": "changed", "property": "ensure"},
    ),
    _sample(
        b"(/Stage[main]/Main/File[/tmp/play/pdest/sub]/ensure) created",
        {"target": "File[/tmp/play/pdest/sub]", "outcome": "changed"},
    ),
    _sample(
        b"(/Stage[main]/Main/File[/tmp/play/pdest/a]/mode) mode changed '0644' to '0600'",
        {"target": "File[/tmp/play/pdest/a]", "outcome": "changed", "property": "mode"},
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[broken]/returns) change from 'notrun' to ['0'] failed: '/bin/false' returned 1 instead of one of [0]",
        {"action": "resource", "target": "Exec[broken]", "outcome": "failed", "severity": 17},
    ),
    _sample(
        b"(/Stage[main]/Main/File[/tmp/play/pdest/a]/mode) current_value '0644', should be '0600' (noop)",
        {"target": "File[/tmp/play/pdest/a]", "outcome": "unchanged", "noop": "true"},
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[refr]) Would have triggered 'refresh' from 2 events",
        {"target": "Exec[refr]", "outcome": "unchanged", "noop": "true", "property": None},
    ),
    _sample(
        b"(Class[Main]) Would have triggered 'refresh' from 7 events",
        {"target": "Class[Main]", "outcome": "unchanged"},
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[refr]) Triggered 'refresh' from 1 event",
        {"target": "Exec[refr]", "outcome": "changed", "action": "resource"},
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[dep]) Skipping because of failed dependencies",
        {"target": "Exec[dep]", "outcome": "unchanged", "severity": 13},
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[refr]/returns) hi",
        {"kind": "log", "action": None, "resource_path": "/Stage[main]/Main/Exec[refr]/returns"},
    ),
    _sample(
        b"(/Stage[main]/Main/Notify[hello [x] \"q\"]/message) defined 'message' as 'hello [x] \"q\"'",
        {"kind": "log", "action": None},
    ),
    _sample(
        b"(/Stage[main]/Web/Service[nosuchsvc]/ensure) change from 'stopped' to 'running' failed: Could not find init script for 'nosuchsvc'",
        {"target": "Service[nosuchsvc]", "outcome": "failed"},
    ),
    _sample(
        b"Could not parse for environment production: Syntax error at end of input (file: /tmp/play/pp/b.pp) on node vm",
        {"kind": "change", "action": "run", "outcome": "failed", "severity": 17},
    ),
    _sample(b"(Facter) Permission denied @ rb_sysopen - /proc/1/environ", {"kind": "log", "action": None}),
    _sample(b"Wrapped exception:", {"kind": "log"}),
    _sample(
        b"Using cached catalog from environment 'production'",
        {"kind": "change", "action": "run", "outcome": "failed", "trap": "cached-catalog"},
        _SOURCE,
        "puppet-agent",
    ),
    _sample(
        b'Could not retrieve catalog from remote server: Connection refused - connect(2) for "127.0.0.1" port 8140',
        {"kind": "change", "action": "run", "outcome": "failed", "trap": None, "severity": 17},
        _SOURCE,
        "puppet-agent",
    ),
    _sample(
        b"Could not retrieve catalog; skipping run",
        {"kind": "change", "action": "run", "outcome": "failed"},
        _SOURCE,
        "puppet-agent",
    ),
    _sample(
        b"Finished catalog run in 5.37 seconds",
        {"kind": "change", "action": "run", "outcome": "unknown", "seconds": "5.37"},
        "message text of Puppet 3.8, lib/puppet/configurer.rb",
        "puppet-agent",
    ),
    _sample(
        b"Applying configuration version '1668056568'",
        {"kind": "change", "action": "run", "outcome": "started", "version": "1668056568"},
        "message text of Puppet 7.23.0, lib/puppet/resource/catalog.rb",
        "puppet-agent",
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[/bin/sh -c 'test [ -f a ] && rm [b]']/returns) executed successfully",
        {"target": "Exec[/bin/sh -c 'test [ -f a ] && rm [b]']", "outcome": "changed"},
        "hostile: brackets, blanks and a slash in a title",
    ),
    _sample(
        b"(/Stage[main]/Main/Exec[x\x00\xff\x1b[31m]/returns) Nov 10 10:29:58 created",
        {"kind": "log", "action": None},
        "hostile: NUL, a byte that is no UTF-8 and a terminal escape in a title; a date in the message",
    ),
    _sample(b"(/Stage[" + b"]/a" * 300_000, {"kind": "log"}, "hostile: a line of 1 MB that never closes"),
)

PARSER = LineParser(
    name="puppet",
    title="Puppet",
    url="https://www.puppet.com/docs/puppet/7/man/agent.html",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("puppet", "puppet-agent", "puppet-apply", "puppet-user"),
    meaning=_meaning,
)
