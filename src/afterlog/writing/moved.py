"""What moved: the findings of two runs compared in a sentence, such as "start 14:02 → 13:58, three new events"."""

from __future__ import annotations

from typing import Any

from afterlog.draft.words import many
from afterlog.findings import Findings
from afterlog.printed import local

Facts = dict[str, Any]


def facts_of(findings: Findings) -> Facts:
    """Keep of the findings what a later run is compared with; times in UTC microseconds."""
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    return {
        "outages": [
            {
                "id": outage.id,
                "service": outage.service,
                "start": None if outage.open_start else outage.first_us,
                "end": None if outage.open_end else outage.last_us,
                "from": outage.first_us,
                "until": outage.last_us,
                "failed": outage.failed,
                "requests": outage.requests,
                "cause": _cause(findings, outage.id),
            }
            for outage in real
        ],
        "entries": [entry.id for entry in findings.timeline],
        "sources": sum(ledger.status in ("read", "partly-read") for ledger in findings.ledgers),
    }


def _cause(findings: Findings, outage: str) -> str:
    for ranking in findings.rankings:
        if ranking.outage == outage and ranking.suspects and ranking.verdict != "no-change-explains-it":
            return ranking.suspects[0].change.title
    return "no change explains it"


def what_moved(before: Facts, now: Facts, zone: str) -> list[str]:
    """Say what moved since the last draft; nothing where it is the first, or nothing moved."""
    if not before:
        return []
    told: list[str] = []
    rest = list(before["outages"])
    for outage in now["outages"]:
        old = _same(outage, rest)
        if old is None:
            told.append(f"a new outage of {outage['service']}, from {local(outage['from'], zone)}")
            continue
        rest.remove(old)
        told += _shifts(old, outage, zone)
    told += [f"the outage of {old['service']} from {local(old['from'], zone)} is no longer one" for old in rest]
    new, gone = set(now["entries"]) - set(before["entries"]), set(before["entries"]) - set(now["entries"])
    told += [many(len(new), "new event")] if new else []
    told += [f"{many(len(gone), 'event')} gone"] if gone else []
    if before["sources"] != now["sources"]:
        told.append(f"sources {before['sources']} → {now['sources']}")
    return [", ".join(told) + "."] if told else []


def _same(outage: Facts, others: list[Facts]) -> Facts | None:
    """Find the outage of the run before that this one was: by its id, else by service and overlap."""
    for old in others:
        if old["id"] == outage["id"]:
            return old
    for old in others:
        if old["service"] == outage["service"] and old["from"] <= outage["until"] and outage["from"] <= old["until"]:
            return old
    return None


def _shifts(old: Facts, now: Facts, zone: str) -> list[str]:
    told = []
    for key, missing in (("start", "before the logs begin"), ("end", "after the logs end")):
        if old[key] != now[key]:
            a, b = (missing if t[key] is None else local(t[key], zone)[11:19] for t in (old, now))
            told += [f"{key} {a} → {b}"] if a != b else []
    counts = [f"{t['failed']:,} of {t['requests']:,}" for t in (old, now)]
    told += [f"failed {counts[0]} → {counts[1]}"] if counts[0] != counts[1] else []
    told += [f"trigger {old['cause']} → {now['cause']}"] if old["cause"] != now["cause"] else []
    return told
