"""What the forms of syslog share: priorities, and messages said to be repeated.

A priority is 8 times the facility plus the severity; the severities 0 to 7 become the OpenTelemetry numbers 21, 19, 18,
17, 13, 10, 9, 5 (https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.layout import Match

__all__ = ["JOURNALCTL_SAYS", "SYSLOG_SEVERITIES", "of_priority", "of_repetition"]

SYSLOG_SEVERITIES: Final = (21, 19, 18, 17, 13, 10, 9, 5)
"""OpenTelemetry's numbers of emerg, alert, crit, err, warning, notice, info, debug."""
JOURNALCTL_SAYS: Final = rb"-- (?:(?:Re)?[Bb]oot\b|Logs begin|Journal begins|No entries|cursor:)"
"""What journalctl writes between the records: that the machine was started anew, and what it shows."""
_NUMBERS: Final = np.array(SYSLOG_SEVERITIES, np.int8)
_FACILITIES: Final = pa.array(
    "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock".split()
    + [f"local{number}" for number in range(8)]
)
_HIGHEST: Final = 8 * len(_FACILITIES) - 1

_WRAPPED: Final = r"^ ?message repeated (?P<count>[0-9]{1,9}) times: \[ ?(?P<message>(?s:.*))\]$"
_LAST: Final = r"^last message repeated (?P<count>[0-9]{1,9}) times?$"
_TAGGED: Final = re.compile(
    rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9T:.+Z-]+) (?P<host>[^ ]+) "
    rb"(?P<program>[^ :\[]+)(?:\[(?P<pid>[0-9]+)\])?: (?P<message>.*)",
    re.DOTALL,
)
_BACK: Final = 8  # lines above that are looked through: what is repeated may itself be said to be repeated
_SAID: Final = 4_000


def of_priority(match: Match) -> dict[str, Any]:
    """Give the severity and the facility of a match's field ``pri``, which is dropped; null where it is none."""
    values, there = match.int("pri")
    known = there & (values >= 0) & (values <= _HIGHEST)
    values = np.where(known, values, 0)
    return {
        "severity": pa.array(_NUMBERS[values % 8], mask=~known),
        "facility": _FACILITIES.take(pa.array(values // 8, mask=~known)),
        "pri": None,
    }


def of_repetition(match: Match) -> dict[str, Any]:
    """Say what ``message repeated n times: [ … ]`` and ``last message repeated n times`` repeat, and how often.

    The event is one more record of the message that it repeats, in the words of that message, at the time when it
    was last said; the field ``repeated`` counts how often. What the last message was stands in the lines above; where
    that is not in the same block, the message stays as it is. Nothing is returned where nothing is repeated.
    """
    if b" repeated " not in match.lines.data:
        return {}
    message = match.text("message")
    wrapped = pc.extract_regex(message, _WRAPPED)
    count = pc.struct_field(wrapped, "count")
    if "program" in match:
        if count.null_count == len(count):
            return {}
        return {"message": pc.coalesce(pc.struct_field(wrapped, "message"), message), "repeated": count}
    last = pc.struct_field(pc.extract_regex(message, _LAST), "count")
    rows = np.flatnonzero(np.asarray(last.is_valid()))
    if not len(rows):
        return {}
    above = {int(row): said for row in rows if (said := _above(match, int(row)))}
    told = {name: [above.get(row, {}).get(name) for row in range(len(match))] for name in ("program", "pid", "message")}
    return {
        "program": pa.array(told["program"], pa.string()),
        "pid": pa.array(told["pid"], pa.string()),
        "message": pc.coalesce(pa.array(told["message"], pa.string()), message),
        "repeated": last,
    }


def _above(match: Match, row: int) -> Mapping[str, str]:
    """Find the last message of the same host in the lines above: its program, process and text."""
    data = match.lines.data
    begin, end = match.span("host")
    host = data[int(begin[row]) : int(end[row])]
    at = int(match.lines.starts[match.rows[row]])
    for _ in range(_BACK):
        if at < 1 or data[at - 1 : at] != b"\n":
            return {}
        before = data.rfind(b"\n", 0, at - 1) + 1
        found = _TAGGED.match(data[before : min(at - 1, before + _SAID)].removesuffix(b"\r"))
        if found is not None and found["host"] == host:
            told = {name: text.decode(errors="backslashreplace") for name, text in found.groupdict().items() if text}
            inner = re.match(_WRAPPED, told.get("message", ""))
            return told | {"message": inner["message"]} if inner else told
        at = before
    return {}
