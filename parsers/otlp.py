r"""OpenTelemetry's logs as OTLP writes them in JSON: the collector's file exporter, and what is posted to an endpoint.

One object a line, each holding many records: ``{"resourceLogs":[{"resource":…,"scopeLogs":[{"logRecords":[…]}]}]}``. Each
record is an event at the line that holds it. The resource tells host and service; a record with HTTP's attributes
(of the semantic conventions, new and old) and a status is a request.

Traps: 64-bit numbers are texts; a time of 0 is none, and then the observed time counts; a body may be a list or an object;
``instrumentationLibraryLogs`` is the name before 1.0; severities are numbers of their own, 0 for none.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
https://opentelemetry.io/docs/specs/otel/logs/data-model/
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/fileexporter
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import Kind, Line, Record, RecordParser, Reject, Sample, Stamp

_MARKS: Final = (b'"resourceLogs"', b'"resource_logs"')
_STATUS: Final = ("http.response.status_code", "http.status_code")
_METHOD: Final = ("http.request.method", "http.method")
_PATH: Final = ("url.path", "http.target", "url.full", "http.url", "http.route")
_CLIENT: Final = ("client.address", "http.client_ip", "net.peer.ip", "network.peer.address")
_LATEST_NS: Final = 253_402_300_800 * 10**9
_MAX_TEXT: Final = 8_000


def _claims(_path: str, head: list[bytes]) -> float:
    filled = [line for line in head if line.strip()]
    good = sum(line.lstrip()[:1] == b"{" and any(mark in line[:4_096] for mark in _MARKS) for line in filled)
    return good / len(filled) if filled else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    for line in lines:
        if not line.text.strip():
            continue
        told = _loaded(line.text)
        found = False
        for record in _all_of(told):
            found = True
            yield _event(line, *record)
        if not found:
            yield Reject(line, "an object with resourceLogs was expected")


def _loaded(text: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(text.decode("utf-8", "backslashreplace"), strict=False)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _all_of(told: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Give each record with the attributes of its resource."""
    for of_resource in _list(told, "resourceLogs", "resource_logs"):
        resource = of_resource.get("resource")
        attributes = _attributes(resource) if isinstance(resource, dict) else {}
        for of_scope in _list(of_resource, "scopeLogs", "scope_logs", "instrumentationLibraryLogs"):
            for record in _list(of_scope, "logRecords", "log_records", "logs"):
                yield record, attributes


def _list(told: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    value: list[Any] = next((told[name] for name in names if isinstance(told.get(name), list)), [])
    return [one for one in value if isinstance(one, dict)]


def _event(line: Line, record: Mapping[str, Any], resource: Mapping[str, Any]) -> Record | Reject:
    at_ns = _number(record, "timeUnixNano", "time_unix_nano") or _number(
        record, "observedTimeUnixNano", "observed_time_unix_nano"
    )
    if not 0 < at_ns < _LATEST_NS:
        return Reject(line, "a record with timeUnixNano was expected")
    attributes = _attributes(record)
    number = _number(record, "severityNumber", "severity_number")
    columns: dict[str, Any] = {
        "kind": Kind.LOG,
        "message": _value(record.get("body"))[:_MAX_TEXT],
        "severity": number if 1 <= number <= 24 else None,
        "host": resource.get("host.name") or resource.get("k8s.node.name"),
        "service": resource.get("service.name") or resource.get("k8s.container.name"),
        "trace": record.get("traceId") or record.get("trace_id"),
    }
    kept = {
        name: value for name, value in {**resource, **attributes}.items() if name not in ("host.name", "service.name")
    }
    status = _first(attributes, _STATUS)
    if status.isdigit() and 100 <= int(status[:6]) <= 599:
        columns |= {"kind": Kind.REQUEST, "status": int(status), "method": _first(attributes, _METHOD),
                    "path": _first(attributes, _PATH), "client": _first(attributes, _CLIENT)}  # fmt: skip
    told = kept | {name: value for name, value in columns.items() if value not in (None, "")}
    return Record(line, Stamp(at_ns // 1000, 0, resolution_us=1), told)


def _first(attributes: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((attributes[name] for name in names if name in attributes), "")


def _attributes(holder: Mapping[str, Any]) -> dict[str, str]:
    pairs = holder.get("attributes")
    if not isinstance(pairs, list):
        return {}
    return {
        str(pair["key"])[:200]: _value(pair.get("value"))[:_MAX_TEXT]
        for pair in pairs
        if isinstance(pair, dict) and isinstance(pair.get("key"), str)
    }


def _value(value: Any) -> str:
    """Give a value of any kind as text: the plain ones as they are, lists and objects as JSON."""
    if not isinstance(value, dict) or not value:
        return value if isinstance(value, str) else ""
    inner = next(iter(value.values()))
    if isinstance(inner, bool):
        return "true" if inner else "false"
    return str(inner) if isinstance(inner, (str, int, float)) else json.dumps(inner, separators=(",", ":"))


def _number(told: Mapping[str, Any], *names: str) -> int:
    value = next((told[name] for name in names if name in told), 0)
    text = str(value)
    return int(text) if isinstance(value, (str, int)) and text.isascii() and text.isdigit() and len(text) < 20 else 0


_SPEC: Final = (
    "repository open-telemetry/opentelemetry-proto, examples/logs.json, on one line; the name of its scope left out"
)
SAMPLES: Final = (
    Sample(
        b'{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},"scopeLogs":[{"scope":{"version":"1.0.0","attributes":[{"key":"my.scope.attribute","value":{"stringValue":"some scope attribute"}}]},"logRecords":[{"timeUnixNano":"1544712660300000000","observedTimeUnixNano":"1544712660300000000","severityNumber":10,"severityText":"Information","traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","body":{"stringValue":"Example log record"},"attributes":[{"key":"string.attribute","value":{"stringValue":"some string"}},{"key":"boolean.attribute","value":{"boolValue":true}},{"key":"int.attribute","value":{"intValue":"10"}},{"key":"double.attribute","value":{"doubleValue":637.704}},{"key":"array.attribute","value":{"arrayValue":{"values":[{"stringValue":"many"},{"stringValue":"values"}]}}}]}]}]}]}',
        {"time": "2018-12-13T14:51:00.3+00:00", "kind": "log", "severity": 10, "service": "my.service", "message": "Example log record",
         "boolean.attribute": "true", "int.attribute": "10", "trace": "5B8EFFF798038103D269B633813FC60C"},
        _SPEC,
    ),
    Sample(
        b'{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"r2-data-catalog-demo"}},{"key":"deployment.environment","value":{"stringValue":"docs"}}]},"scopeLogs":[{"scope":{"name":"duckdb-otlp-guide"},"logRecords":[{"timeUnixNano":"1704067200000000000","observedTimeUnixNano":"1704067200123456789","severityNumber":9,"severityText":"INFO","body":{"stringValue":"hello from Cloudflare R2 Data Catalog"},"attributes":[{"key":"guide","value":{"stringValue":"stream-to-r2-data-catalog"}}]}]}]}]}',
        {"time": "2024-01-01T00:00:00+00:00", "severity": 9, "service": "r2-data-catalog-demo", "message": "hello from Cloudflare R2 Data Catalog"},
        "documentation of a public project that takes OTLP",
    ),
    Sample(
        b'{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"web-01"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"0","observedTimeUnixNano":"1544712660300000000","body":{"kvlistValue":{"values":[]}},"attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"/x"}},{"key":"http.response.status_code","value":{"intValue":"503"}},{"key":"client.address","value":{"stringValue":"192.0.2.7"}}]}]}]}]}',
        {"time": "2018-12-13T14:51:00.3+00:00", "host": "web-01", "kind": "request", "status": 503, "method": "GET", "path": "/x", "client": "192.0.2.7"},
        "composed after: OpenTelemetry semantic conventions, HTTP spans",
    ),
    Sample(b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}', None, "a record without a time"),
    Sample(b'{"resourceLogs":[', None, "hostile: a line cut short"),
)  # fmt: skip

PARSER = RecordParser(
    name="otlp",
    title="OpenTelemetry logs (OTLP/JSON)",
    url="https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding",
    samples=SAMPLES,
    claims=_claims,
    records=_records,
)
