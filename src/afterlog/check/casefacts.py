"""What a case knows, in the shape that check holds a document against: outages, entries, hosts, figures, words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from afterlog.clock import zone_of
from afterlog.errors import CaseError

if TYPE_CHECKING:
    from afterlog.case import Case

_BLIP: Final = "blip"


@dataclass(frozen=True, slots=True)
class OutageFact:
    """One outage of the case; times as UTC seconds, ``[low, high]`` around each edge; ``end`` None while it is open."""

    start: tuple[float, float]
    end: tuple[float, float] | None
    edges: tuple[float, float]  # the likeliest start and end; the end is 0 while it is open
    requests: int
    failed: int
    clients: int
    rates: tuple[float, ...]  # overall, of each phase, and before
    first: tuple[dict[str, Any], ...]  # evidence of the start
    last: tuple[dict[str, Any], ...]  # evidence of the end


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry of the inferred timeline: from, until, UTC seconds."""

    begin: float
    end: float
    kind: str
    text: str
    evidence: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a case knows.

    ``quotes`` are the evidence lines of all findings; ``hosts`` maps each host to one line of its logs.
    """

    zone: tzinfo
    outages: tuple[OutageFact, ...]
    entries: tuple[EntryFact, ...]
    hosts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    counts: Mapping[int, str] = field(default_factory=dict)  # figures that the findings print, with what they count
    pairs: frozenset[tuple[int, int]] = frozenset()  # (failed, requests) that the findings print
    quotes: tuple[tuple[str, dict[str, Any]], ...] = ()  # text in lower case, evidence
    first: float = 0.0
    last: float = 0.0

    @classmethod
    def of(cls, case: Case) -> CaseFacts:
        """Read a case's findings and the hosts of its events.

        Raises:
            CaseError: there are no findings, or they cannot be read.

        """
        file = case.folder / "findings.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CaseError(f"{file}: not there; analyse the case first: afterlog outages {case.folder}") from None
        except (OSError, ValueError) as error:
            raise CaseError(
                f"{file}: cannot be read ({error}); analyse the case again: afterlog outages {case.folder}"
            ) from None
        outages = tuple(
            _outage(one) for one in found.get("outages", ()) if one.get("class") != _BLIP and not one.get("single")
        )
        entries = tuple(_entry(one) for one in found.get("entries", ()) if one.get("time"))
        entries += tuple(edge for one in found.get("outages", ()) for edge in _phase_edges(one))
        hosts, first, last = _hosts(case)
        quotes = tuple(_quotes(found))
        zone = zone_of(case.settings().display_zone)
        return cls(zone, outages, entries, hosts, _counts(found), frozenset(_pairs(found)), quotes, first, last)

    def outage_near(self, moment: float) -> OutageFact | None:
        """Give the outage whose edges are nearest to a moment, UTC seconds; None where all are a day away."""
        best = min(self.outages, key=lambda one: _away(one, moment), default=None)
        return best if best and _away(best, moment) < 86_400 else None

    def quoting(self, words: str) -> tuple[dict[str, Any], ...]:
        """Give the evidence whose quote, or finding, holds some words."""
        wanted = words.lower()
        return tuple(evidence for text, evidence in self.quotes if wanted in text)[:3]


def seconds(text: str) -> float:
    """Read an RFC 3339 time as UTC seconds."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def cited(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Give a piece of evidence with what names its line first."""
    return {name: evidence[name] for name in ("source", "line", "offset", "quote", "hash") if name in evidence}


def _away(outage: OutageFact, moment: float) -> float:
    ends = [outage.start[0], *(outage.end or ())]
    inside = outage.start[0] <= moment <= (outage.end or (0.0, outage.start[0]))[1]
    return 0.0 if inside else min(abs(moment - end) for end in ends)


def _outage(one: Mapping[str, Any]) -> OutageFact:
    start = (seconds(one.get("start_low") or one["start"]), seconds(one.get("start_high") or one["start"]))
    end = (
        (seconds(one.get("end_low") or one["end"]), seconds(one.get("end_high") or one["end"]))
        if one.get("end")
        else None
    )
    requests, failed = int(one.get("requests") or 0), int(one.get("failed") or 0)
    rates = [failed / requests] if requests else []
    rates += [phase["failed"] / phase["requests"] for phase in one.get("phases", ()) if phase.get("requests")]
    rates.append(float(one.get("baseline_rate") or 0.0))
    evidence = tuple(cited(item) for item in one.get("evidence", ()))
    last = one.get("last_failure") or one["end"] if one.get("end") else None
    edges = (seconds(one.get("first_failure") or one["start"]), seconds(last) if last else 0.0)
    return OutageFact(
        start, end, edges, requests, failed, int(one.get("clients") or 0), tuple(rates), evidence[:1], evidence[1:]
    )


def _entry(one: Mapping[str, Any]) -> EntryFact:
    begin = seconds(one.get("time_low") or one["time"])
    end = seconds(one.get("until") or one.get("time_high") or one["time"])
    return EntryFact(
        begin,
        max(begin, end, seconds(one["time"])),
        str(one.get("kind", "")),
        str(one.get("text", "")),
        tuple(cited(item) for item in one.get("evidence", ())),
    )


def _phase_edges(outage: Mapping[str, Any]) -> Iterator[EntryFact]:
    """Yield the beginnings of an outage's phases, as entries of their own."""
    evidence = tuple(cited(item) for item in outage.get("evidence", ()))
    for phase in outage.get("phases", ()):
        begin = seconds(phase["start"])
        text = (
            f"phase begins: {phase.get('failed', 0):,} of {phase.get('requests', 0):,} requests fail "
            f"on {', '.join(phase.get('hosts', ()))}"
        )
        yield EntryFact(begin, begin, "phase", text, evidence)


def _hosts(case: Case) -> tuple[dict[str, dict[str, Any]], float, float]:
    """Give one line for each host (and server behind a proxy) of the events, and the first and last of their times."""
    table = case.events(["time", "source", "line", "offset", "host", "upstream", "message"], ordered=False)
    times = table.column("time").cast("int64").to_pandas()
    if not len(times):
        return {}, 0.0, 0.0
    frame = table.select(["source", "line", "offset", "host", "upstream", "message"]).to_pandas()
    hosts: dict[str, dict[str, Any]] = {}
    for column in ("upstream", "host"):
        for name, row in frame.dropna(subset=[column]).drop_duplicates(column).set_index(column).iterrows():
            hosts[str(name).lower()] = {
                "source": row["source"],
                "line": int(row["line"]),
                "offset": int(row["offset"]),
                "quote": str(row["message"] or "")[:500],
            }
    return hosts, float(times.min()) / 1e6, float(times.max()) / 1e6


def _counts(found: Mapping[str, Any]) -> dict[int, str]:
    counts: dict[int, str] = {}
    for impact in dict(found.get("impact") or {}).values():
        for name in ("requests", "failed", "clients", "clients_seen"):
            counts[int(impact.get(name) or 0)] = name
        for status, number in impact.get("statuses", ()):
            counts.setdefault(int(number), f"answers with status {status}")
    for outage in found.get("outages", ()):
        for name in ("requests", "failed", "clients"):
            counts.setdefault(int(outage.get(name) or 0), name)
    counts.pop(0, None)
    return counts


def _pairs(found: Any) -> Iterator[tuple[int, int]]:
    stack = [found]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("failed"), int) and isinstance(node.get("requests"), int):
                yield node["failed"], node["requests"]
            if isinstance(node.get("clients"), int) and isinstance(node.get("clients_seen"), int):
                yield node["clients"], node["clients_seen"]
            stack += [value for value in node.values() if isinstance(value, (Mapping, list))]
        elif isinstance(node, list):
            stack += [value for value in node if isinstance(value, (Mapping, list))]


def _quotes(found: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each piece of evidence with its quote and the text of the finding that it stands behind."""
    stack: list[tuple[Any, str]] = [(found, "")]
    while stack:
        node, words = stack.pop()
        if isinstance(node, Mapping):
            own = (
                " ".join(str(value) for value in node.values() if isinstance(value, str))
                + " "
                + " ".join(
                    str(one)
                    for value in node.values()
                    if isinstance(value, list)
                    for one in value
                    if isinstance(one, str)
                )
            )
            if "quote" in node and "source" in node:
                yield f"{words} {node['quote']}".lower(), cited(node)
                continue
            stack += [
                (value, own if len(own) > 1 else words) for value in node.values() if isinstance(value, (Mapping, list))
            ]
        elif isinstance(node, list):
            stack += [(value, words) for value in node if isinstance(value, (Mapping, list))]
