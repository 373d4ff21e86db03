"""What the page is told of the case and its findings: fit to be shown, and without what it does not need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from afterlog.case import Case
from afterlog.clock import zone_of
from afterlog.statement import visible
from afterlog.writing.redaction import without_secrets

_TEXTS: Final = frozenset((
    "text", "title", "words", "quote", "subject", "failure", "alibi", "why", "reason", "notes", "targets", "template",
    "source", "host", "service", "what",
))  # fmt: skip
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def case_json(case: Case) -> dict[str, Any]:
    """Tell of the case: its name, zone, span, sources, and the names to filter by."""
    settings, ledgers = case.settings(), case.ledgers()
    read = [ledger for ledger in ledgers if ledger.first is not None and ledger.last is not None]
    begin = min((ledger.first or 0 for ledger in read), default=0)
    end = max((ledger.last or 0 for ledger in read), default=0) + 1
    zone = zone_of(settings.display_zone)
    return {
        "name": case.folder.resolve().name,
        "zone": settings.display_zone,
        "offsets": offsets(zone, begin // 1_000_000, end // 1_000_000),
        "begin": begin,
        "end": end,
        "events": sum(ledger.events for ledger in ledgers),
        "sources": len(read),
        "hosts": sorted({ledger.host for ledger in read if ledger.host}),
    }


def offsets(zone: tzinfo, begin: int, end: int) -> list[list[int]]:
    """Give ``[second, offset from UTC in seconds]`` for the begin of a span and each change of the offset in it."""
    at, last = _moment(begin), _moment(end)
    found = [[begin, _offset(zone, at)]]
    while at < last:
        step = _DAY if _offset(zone, min(at + _DAY, last)) == found[-1][1] else _HOUR
        at = min(at + step, last)
        if _offset(zone, at) != found[-1][1]:
            found.append([int(at.timestamp()) // 3600 * 3600, _offset(zone, at)])
    return found


def _moment(second: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


def _offset(zone: tzinfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def shown(value: Any, name: str = "") -> Any:
    """Give a document with its secrets masked and its control characters written out; hashes stay as they are."""
    if isinstance(value, dict):
        return {key: shown(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [shown(part, name) for part in value]
    return visible(without_secrets(value)) if isinstance(value, str) and name in _TEXTS else value
