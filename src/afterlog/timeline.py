"""The inferred timeline: from before the trigger until after the recovery, each entry with its lines.

It does not drown: routine work, and changes far from the outage, are left to ``afterlog causes``; at most
`MOST` entries remain, the least telling go first and their number is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from afterlog.causes import Cause, Ranking, span
from afterlog.changes import Change, History, Look
from afterlog.changes.model import MINUTE, SECOND, Part, Step
from afterlog.clock import rfc3339
from afterlog.detect import Instant
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.identity import distinct_ids, stable_id
from afterlog.intake.doubts import Doubt
from afterlog.outages import Outage
from afterlog.resolution import SEEN, Ending
from afterlog.statement import Code, Text, codes, plain, text

MOST: Final = 30
_LONG_US: Final = 30 * SECOND  # a run that fails after so long may have done harm meanwhile
_BEGINS: Final = {
    "errors": "requests begin to fail",
    "client-errors": "requests begin to be refused",
    "silence": "no more requests are answered",
}
_PINNED: Final = 100.0
_LIKELY_SIGN: Final = 0.2  # of confidence
_BEFORE_US: Final = 120 * MINUTE
_AFTER_US: Final = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a moment or an interval ``[time_us, until_us]``, known to lie within ``[low_us, high_us]``."""

    id: str
    time_us: int
    until_us: int
    low_us: int
    high_us: int
    kind: str  # change, attempt, sign, onset, phase, end, look, blip; added, where a person wrote it
    host: str
    service: str
    text: Text
    places: tuple[Place, ...]
    weight: float
    tied: bool = False  # too close to the entry before it to say which came first
    about: str = ""  # id of the change or outage that it tells of

    def as_json(self, evidence: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Give it in the shape of ``timeline --json``."""
        return {
            "id": self.id,
            "time": rfc3339(self.time_us),
            "until": rfc3339(self.until_us),
            "time_low": rfc3339(self.low_us),
            "time_high": rfc3339(self.high_us),
            "kind": self.kind,
            "host": self.host,
            "service": self.service,
            "text": plain(self.text),
            "about": self.about or None,
            "tied": self.tied,
            "evidence": list(evidence),
        }


def build_timeline(
    outages: Sequence[Outage],
    history: History,
    rankings: Sequence[Ranking],
    endings: Sequence[Ending],
    keep: frozenset[str] = frozenset(),
    doubts: Mapping[str, Doubt] = MappingProxyType({}),
) -> tuple[list[Entry], int]:
    """Tell the story of the outages; gives the entries in order of time, and how many were left out.

    The changes and entries whose ids are in ``keep`` are not left out. ``doubts`` are those about the times of sources,
    by path.
    """
    real = [outage for outage in outages if outage.level != "blip"]
    if not real:
        return sorted((_blip(outage) for outage in outages), key=_when), 0
    suspects = {cause.change.id for ranking in rankings for cause in ranking.suspects}
    begin = min(outage.start.time_us for outage in real) - _BEFORE_US
    close = max(outage.end.time_us for outage in real) + _AFTER_US
    entries = [entry for outage in real for entry in _outage_entries(outage, endings)]
    entries += [_sign(cause) for ranking in rankings for cause in ranking.suspects if _tells(cause)]
    named = {
        change.commit
        for change in history.changes
        if change.commit and (change.id in suspects or begin <= change.start_us)
    }
    for change in history.changes:
        relevant = (
            change.id in suspects or change.id in keep or (begin <= change.start_us <= close and not change.routine)
        )
        if relevant and (change.tool != "git" or change.id in named or change.id in keep or change.id in suspects):
            weight = _PINNED if change.id in keep else 9.0 if change.id in suspects else 4.0
            entries += _change_entries(change, weight, real)
    entries += [
        _look(look, real) for look in history.looks if real[0].start.time_us - 5 * MINUTE <= look.start_us <= close
    ]
    entries.sort(key=_when)
    ids = distinct_ids([entry.id for entry in entries])
    entries = [replace(entry, id=identity) for entry, identity in zip(entries, ids, strict=True)]
    kept = [entry for entry in entries if entry.id in keep]
    others = sorted((e for e in entries if e.id not in keep), key=lambda entry: (-entry.weight, *_when(entry)))
    room = max(MOST - len(kept), 0)
    chosen = sorted(kept + others[:room], key=_when)
    ties = _ties([(entry, doubts.get(entry.places[0].source)) for entry in chosen])
    told = [
        replace(_widened(entry, doubts.get(entry.places[0].source)), tied=tied)
        for entry, tied in zip(chosen, ties, strict=True)
    ]
    return told, max(len(others) - room, 0)


def _widened(entry: Entry, doubt: Doubt | None) -> Entry:
    """Give an entry with the interval that its clock leaves open."""
    if doubt is None:
        return entry
    return replace(entry, low_us=entry.low_us - doubt.early_us, high_us=entry.high_us + doubt.late_us)


def _ties(entries: Sequence[tuple[Entry, Doubt | None]]) -> list[bool]:
    """Tell of each entry whether it may have begun before the one above it, or before any whose clock is in doubt."""
    return [
        any(_may_swap(entries[m], below) for m in range(n) if m == n - 1 or entries[m][1] or below[1])
        for n, below in enumerate(entries)
    ]


def _may_swap(above: tuple[Entry, Doubt | None], below: tuple[Entry, Doubt | None]) -> bool:
    """Tell whether the lower of two entries may have come first; a file tells its own order, and a clock too."""
    if above[0].places[0].source == below[0].places[0].source:
        return False
    one_clock = above[1] is not None and below[1] is not None and above[1].clock == below[1].clock
    upper, lower = (above[0], below[0]) if one_clock else (_widened(*above), _widened(*below))
    return lower.low_us < upper.high_us


def _latest(start_us: int) -> int:
    """Give the latest moment that a stamp can mean: a whole second stands for all of it."""
    return start_us + (SECOND if start_us % SECOND == 0 else 0)


def _when(entry: Entry) -> tuple[int, int, Place]:
    """Order by time; at one time a change comes before what it may have caused; a file keeps its order."""
    order = {"change": 0, "attempt": 0, "sign": 0, "onset": 1, "phase": 2, "end": 3}
    return entry.time_us, order.get(entry.kind, 4), entry.places[0]


# --- outages ------------------------------------------------------------------------------------------------


def _outage_entries(outage: Outage, endings: Sequence[Ending]) -> list[Entry]:
    entries: list[Entry] = []
    if outage.first and not outage.open_start:
        words = text("Outage begins: ", _BEGINS.get(outage.kind, _BEGINS["errors"]), " at ", Code(outage.service))
        entries.append(_entry(outage, "onset", outage.first_us, outage.start, words, (outage.first,)))
    for ending in endings:
        if ending.outage == outage.id and outage.phases:  # without levels of failure the end says it all
            sure = Instant(ending.time_us, ending.time_us, ending.time_us)
            entries.append(_entry(outage, "phase", ending.time_us, sure, ending.text, ending.places))
    places = tuple(place for place in (outage.last, outage.recovered) if place)
    if places and not outage.open_end:
        ends = {"silence": "requests are answered again at ", "client-errors": "the last request is refused at "}
        words = text("Outage ends: ", ends.get(outage.kind, "the last request fails at "), Code(outage.service))
        entries.append(_entry(outage, "end", outage.last_us, outage.end, words, places))
    return entries


def _entry(outage: Outage, kind: str, time_us: int, sure: Instant, words: Text, places: tuple[Place, ...]) -> Entry:
    moment = (time_us,) if kind == "phase" else ()  # of an outage there is one start and one end
    identity = stable_id("entry", kind, outage.id, *moment)
    weight = 8.0 if kind == "phase" else 10.0
    low, high = min(sure.low_us, time_us), max(sure.high_us, time_us)
    return Entry(
        identity, time_us, time_us, low, high, kind, "", outage.service, words, places, weight, about=outage.id
    )


def _blip(outage: Outage) -> Entry:
    places = tuple(place for place in (outage.first, outage.last) if place)
    words = text("Blip: ", f"{outage.failed} of {outage.requests} requests fail at ", Code(outage.service))
    return replace(_entry(outage, "blip", outage.first_us, outage.start, words, places), until_us=outage.last_us)


def _tells(cause: Cause) -> bool:
    """Tell whether a cause is no change but something that happened, and likely enough to be told."""
    return not cause.is_change and cause.confidence >= _LIKELY_SIGN


def _sign(cause: Cause) -> Entry:
    """Tell when a full disk, an expired certificate or the like was first complained of, in the program's own words."""
    change = cause.change
    own = next((part for term in cause.terms for part in term.words if isinstance(part, Code)), Code(""))
    where = text(*codes(change.hosts, 3), " first say " if len(change.hosts) > 1 else " first says ")
    words = text(change.title, ": ", *(where if change.hosts else ()), own)
    entry = _one(change, "sign", change.start_us, change.end_us, words, change.places, 9.0)
    return replace(entry, about=cause.outage)


# --- changes ------------------------------------------------------------------------------------------------


def _change_entries(change: Change, weight: float, outages: Sequence[Outage]) -> list[Entry]:
    inside = any(outage.start.time_us <= change.start_us <= outage.end.time_us for outage in outages)
    weight += 2.0 * inside
    told = [(part, _steps_of(change, part)) for part in change.parts]
    told = [(part, steps) for part, steps in told if steps] or [(part, ()) for part in change.parts[:1]]
    if len(told) > 1:
        return [_part_entry(change, part, steps, weight, first=index == 0) for index, (part, steps) in enumerate(told)]
    kind = "attempt" if inside and change.outcome == str(Outcome.FAILED) else "change"
    return [
        _one(
            change,
            kind,
            change.start_us,
            change.end_us,
            _sentence(change),
            change.places,
            weight,
        )
    ]


def _steps_of(change: Change, part: Part) -> tuple[Step, ...]:
    return tuple(step for step in change.steps if step.part == part.name and step.outcome != str(Outcome.UNCHANGED))


def _one(
    change: Change,
    kind: str,
    start: int,
    end: int,
    words: Text,
    places: tuple[Place, ...],
    weight: float,
    key: str = "",
) -> Entry:
    identity = stable_id("entry", change.id, key)
    hosts = ", ".join(change.hosts)
    return Entry(
        identity, start, end, start, _latest(start), kind, hosts, "", words, places[:6], weight, about=change.id
    )


def _part_entry(change: Change, part: Part, steps: Sequence[Step], weight: float, *, first: bool) -> Entry:
    acts = tuple(dict.fromkeys(step.text for step in steps))
    hosts = tuple(sorted({step.host for step in steps if step.host}))
    words: Text = text("Ansible runs ", Code(part.name), " on ", *codes(hosts), ": ", *codes(acts, 3))
    if first and change.targets:
        words = (*words, " (", *codes(change.targets), ")")
    words = (*words, *_said(change)) if first else words
    places = (part.place, *dict.fromkeys(step.place for step in steps))
    places = (*places[:2], *change.places[2:]) if first else places
    return _one(change, "change", part.start_us, max(step.time_us for step in steps), words, places, weight, part.name)


def _said(change: Change) -> Text:
    return text(", described as ", Code(change.subject)) if change.subject and change.tool != "git" else ()


def _sentence(change: Change) -> Text:
    """Tell a change as a sentence: systems act, people appear as roles."""
    where = text(" on ", *codes(change.hosts)) if change.hosts else ()
    by = text(", by an operator") if change.tool in ("service", "package") and change.actor else ()
    if change.tool == "git":
        return text("Commit ", Code(change.subject), " changes ", *codes(change.targets))
    if change.tool == "command":
        return text("An operator ran ", Code(change.steps[0].text), *where)
    head = change.parts[0].name if change.parts else ""
    words = (
        text("Ansible runs ", Code(head))
        if head
        else text(change.title.partition(":")[0] + ": ", Code(change.title.partition(": ")[2]))
        if ": " in change.title
        else text(Code(change.title))
    )
    if change.tool == "puppet":
        words = text("Puppet applies ", Code(change.targets[0] if change.targets else "its catalog"))
        words = (*words, *text(": ", *codes(change.targets[1:], 3))) if len(change.targets) > 1 else words
    if change.tool == "package":
        words = text(f"{change.title.partition(': ')[2].partition(' ')[0].capitalize()} of ", *codes(change.targets))
    if change.tool == "service":
        words = text(Code(change.targets[0]), " ", change.title.rpartition(" ")[2])
    return (
        *words,
        *where,
        *by,
        *_how_it_ended(change),
        *(_said(change) if change.outcome != str(Outcome.FAILED) else ()),
    )


def _how_it_ended(change: Change) -> Text:
    if change.outcome == str(Outcome.FAILED) and change.action not in SEEN:
        told = text(": ", Code(change.failure)) if change.failure else ()
        lasted_us = change.end_us - change.start_us
        how = f" after {span(lasted_us / SECOND)}" if lasted_us >= _LONG_US else " and changes nothing"
        return text(f"; it fails{how}", *told)
    if change.outcome == str(Outcome.PARTLY):
        return text("; it fails on some of them")
    return ()


# --- looks --------------------------------------------------------------------------------------------------


def _look(look: Look, outages: Sequence[Outage]) -> Entry:
    first = not any(outage.start.time_us > look.start_us for outage in outages)
    words = (
        text("An operator reads ", Code(look.target))
        if look.what == "read"
        else text("An operator checks: ", Code(look.commands[0]))
    )
    words = (*words, " on ", *codes(look.hosts))
    identity = stable_id("entry", look.id)
    return Entry(
        identity,
        look.start_us,
        look.end_us,
        look.start_us,
        _latest(look.start_us),
        "look",
        ", ".join(look.hosts),
        "",
        words,
        look.places[:6],
        5.0 if first else 3.0,
    )
