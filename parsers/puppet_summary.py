"""Puppet's ``last_run_summary.yaml``: the counts of the last run, its only time an epoch.

Traps: the run has no identifier here and no host; a run whose catalog could not be compiled leaves no resource
counts, only ``events`` of zero or nothing but ``time.last_run`` and the version.

https://www.puppet.com/docs/puppet/7/configuration#lastrunfile
https://github.com/puppetlabs/puppet/blob/main/lib/puppet/transaction/report.rb (raw_summary)
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, read_stamp

MAX_LINES: Final = 1000  # a summary has about 30
_SECTION: Final = re.compile(rb"[\"']?([a-z_]{1,40})[\"']?:\s*\Z")
_ENTRY: Final = re.compile(rb"\s+[\"']?([a-z_]{1,40})[\"']?:\s+(.{1,200}?)\s*\Z", re.DOTALL)
_SECTIONS: Final = frozenset({"version", "application", "resources", "time", "changes", "events"})


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line.rstrip() for line in head]
    sections = {found[1].decode() for line in lines if (found := _SECTION.match(line))}
    last_run = any(re.match(rb"\s+[\"']?last_run[\"']?: \d", line) for line in lines)
    return 1.0 if last_run and {"version", "time"} <= sections <= _SECTIONS else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event, on the line that holds the time; a summary holds one run."""
    values: dict[str, str] = {}
    section, first = "", None
    told: tuple[Line, Stamp] | None = None
    for line in lines:
        first = first or line
        if line.number - first.number >= MAX_LINES:
            continue
        if found := _SECTION.match(line.text[:300]):
            section = found[1].decode()
        elif found := _ENTRY.match(line.text[:300]):
            key, value = found[1].decode(), found[2].decode("utf-8", "replace").strip("'\"")
            values.setdefault(f"{section}.{key}", value)
            stamp = read_stamp("epoch", value.encode()) if f"{section}.{key}" == "time.last_run" else None
            told = told or ((line, stamp) if stamp else None)
    if told:
        yield Record(*told, _columns(values))
    elif first:
        yield Reject(first, "no Puppet run summary: time.last_run, seconds since 1970, was expected")


def _columns(values: dict[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "kind": Kind.CHANGE,
        "action": "run",
        "target": "catalog",
        "actor": "puppet",
        "outcome": _outcome(values),
    }
    columns |= {name.partition(".")[2]: value for name, value in values.items() if name.startswith("resources.")}
    for name, key in (
        ("configuration_version", "version.config"),
        ("puppet_version", "version.puppet"),
        ("environment", "application.converged_environment"),
        ("took_s", "time.total"),
    ):
        if key in values:
            columns[name] = values[key]
    columns["message"] = f"Puppet's last run: {columns['outcome']}"
    return columns


def _outcome(values: dict[str, str]) -> Outcome:
    def some(*keys: str) -> bool:
        return any(values.get(key, "0") != "0" for key in keys)

    if some("resources.failed", "resources.failed_to_restart", "events.failure"):
        return Outcome.FAILED
    if "resources.total" not in values:
        return Outcome.FAILED if "version.config" in values else Outcome.UNKNOWN
    return Outcome.CHANGED if some("resources.changed", "changes.total") else Outcome.UNCHANGED


_SUMMARY: Final = b"""\
---
version:
  config: 1668070876
  puppet: 7.23.0
application:
  run_mode: user
  initial_environment: production
  converged_environment: production
resources:
  changed: 0
  corrective_change: 0
  failed: 0
  failed_to_restart: 0
  out_of_sync: 0
  restarted: 0
  scheduled: 0
  skipped: 0
  total: 15
time:
  catalog_application: 6.793579604942352
  config_retrieval: 6.198341
  file: 0.00893001
  filebucket: 0.000562665
  package: 0.0047553
  schedule: 0.0020229849999999997
  total: 6.814101065
  transaction_evaluation: 6.756457475014031
  last_run: 1668070889
changes:
  total: 0
events:
  failure: 0
  success: 0
  total: 0
"""

PARSER = RecordParser(
    name="puppet-summary",
    title="Puppet run summary (last_run_summary.yaml)",
    url="https://www.puppet.com/docs/puppet/7/configuration#lastrunfile",
    claims=_claims,
    marks=(b"last_run",),
    records=_records,
    samples=(
        Sample(
            _SUMMARY,
            {
                "time": "2022-11-10T09:01:29+00:00",
                "kind": "change",
                "action": "run",
                "outcome": "unchanged",
                "changed": "0",
                "failed": "0",
                "total": "15",
                "puppet_version": "7.23.0",
                "configuration_version": "1668070876",
                "environment": "production",
            },
            "recording misspelt-file-name, web-01/var/cache/puppet/public/last_run_summary.yaml",
        ),
    ),
)
