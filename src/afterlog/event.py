"""What an event is: the columns of the merged timeline, field by field.

Names come from OpenTelemetry and the Elastic Common Schema where these have one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pyarrow as pa

from afterlog.later import load_pandas_later

load_pandas_later()  # here, since whatever makes Arrow arrays of events imports this module first


class Kind(StrEnum):
    """What an event is about."""

    REQUEST = "request"  # somebody asked a server for something
    LOG = "log"  # a program said something
    CHANGE = "change"  # somebody or something did something


class TimeBasis(StrEnum):
    """How an event's UTC time is known, from the surest to the least sure."""

    EXACT = "exact"  # date and offset stand in the line
    ZONE_STATED = "zone-stated"  # no offset in the line; a person named the zone
    ZONE_INFERRED = "zone-inferred"  # no offset in the line; other sources tell it
    YEAR_INFERRED = "year-inferred"  # no year in the line; other evidence tells it
    OFFSET_CORRECTED = "offset-corrected"  # the host's clock was wrong and was corrected
    ZONE_ASSUMED = "zone-assumed"  # no offset anywhere; UTC or the given default was assumed
    PLACED = "placed"  # no time in the line; placed between its neighbours


class Outcome(StrEnum):
    """How a change ended, in the words that parsers give and reports print."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    PARTLY = "partly"
    STARTED = "started"
    UNKNOWN = "unknown"


def _field(name: str, kind: pa.DataType, meaning: str, *, nullable: bool = True) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"meaning": meaning})


SCHEMA: Final[pa.Schema] = pa.schema(
    [
        _field("time", pa.timestamp("us", "UTC"), "when it happened, UTC", nullable=False),
        _field("time_basis", pa.string(), "how the time is known: a TimeBasis", nullable=False),
        _field("source", pa.string(), "path of the source, relative to the directory given", nullable=False),
        _field("line", pa.int64(), "number of the record's first line, from 1", nullable=False),
        _field("offset", pa.int64(), "bytes before that line in the decompressed source", nullable=False),
        _field("parser", pa.string(), "name of the parser that read it", nullable=False),
        _field("host", pa.string(), "machine whose program wrote the record"),
        _field("service", pa.string(), "program, backend or site the record is about"),
        _field("kind", pa.string(), "request, log or change: a Kind", nullable=False),
        _field("severity", pa.int8(), "OpenTelemetry severity number, 1 (trace) to 24 (fatal)"),
        _field("message", pa.string(), "what was said, without the envelope"),
        _field("client", pa.string(), "address of the client, as logged"),
        _field("method", pa.string(), "HTTP method"),
        _field("path", pa.string(), "request target, with its query, as logged"),
        _field("status", pa.int16(), "HTTP status, 100 to 599"),
        _field("duration", pa.float64(), "seconds from request to answer"),
        _field("bytes", pa.int64(), "bytes sent to the client"),
        _field("upstream", pa.string(), "server behind the proxy that answered"),
        _field("request_id", pa.string(), "identifier that joins the views of one request"),
        _field("action", pa.string(), "for changes: what was done (play, task, run, install, command, commit …)"),
        _field("target", pa.string(), "for changes: what it was done to"),
        _field("outcome", pa.string(), "for changes: an Outcome"),
        _field("actor", pa.string(), "for changes: account or tool that did it"),
        _field("run", pa.string(), "for changes: what belongs to one run has one value"),
        _field("fields", pa.map_(pa.string(), pa.string()), "everything else the line told, by name"),
    ]
)
COLUMNS: Final[frozenset[str]] = frozenset(SCHEMA.names)

# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
SEVERITIES: Final[dict[str, int]] = {
    "trace": 1,
    "trce": 1,
    "vrb": 1,
    **{f"trace{n}": 1 for n in range(1, 9)},
    "finest": 1,
    "finer": 2,
    "debug": 5,
    "debug1": 5,
    "fine": 5,
    "verbose": 5,
    "dbg": 5,
    "dbug": 5,
    "debu": 5,
    "info": 9,
    "information": 9,
    "informational": 9,
    "inf": 9,
    "log": 9,
    "config": 9,
    "statement": 9,
    "notice": 10,
    "noti": 10,
    "success": 10,
    "warn": 13,
    "warning": 13,
    "wrn": 13,
    "deprecated": 13,
    "error": 17,
    "err": 17,
    "eror": 17,
    "erro": 17,
    "fail": 17,
    "failure": 17,
    "severe": 17,
    "crit": 18,
    "critical": 18,
    "alert": 19,
    "fatal": 21,
    "fata": 21,
    "ftl": 21,
    "emerg": 21,
    "emergency": 21,
    "panic": 21,
}
ERROR_SEVERITY: Final = 17
WARN_SEVERITY: Final = 13
