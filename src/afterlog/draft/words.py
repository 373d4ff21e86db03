"""Phrases that several sections share."""

from __future__ import annotations

from typing import Final

from afterlog.changes import Change
from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.statement import Code, Text, Time, codes, text

SECOND: Final = 1_000_000


def span(seconds: float) -> str:
    """Write a length of time as people do: 3 h 07 min, 4 min 06 s, 12 s."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min {whole % 60:02d} s"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def between(start_us: int, end_us: int) -> str:
    """Give the length between two moments as printed, in whole seconds."""
    return span(end_us // SECOND - start_us // SECOND)


def ends_of(outage: Outage) -> tuple[Place, ...]:
    """Give the lines of the first and the last failure."""
    return tuple(place for place in (outage.first, outage.last) if place)


def from_to(outage: Outage) -> Text:
    """Say from when to when."""
    begin = text("from ", Time(outage.first_us)) if not outage.open_start else text("from before the logs begin")
    finish = text(" to ", Time(outage.last_us)) if not outage.open_end else text(" until after the logs end")
    return (*begin, *finish)


def title_of(change: Change) -> Text:
    """Name a change in a sentence."""
    where = text(" on ", *codes(change.hosts)) if change.hosts else ()
    if change.tool == "ansible":
        return text("the Ansible run ", Code(change.parts[0].name if change.parts else change.title), *where)
    if change.tool == "puppet":
        return text("the Puppet run of ", Code(change.targets[0] if change.targets else "its catalog"), *where)
    if change.tool == "package":
        return text("the package change ", Code(change.title.partition(": ")[2]), *where)
    if change.tool == "service":
        return text("the ", change.action, " of ", Code(change.targets[0]), *where)
    if change.tool == "git":
        return text("the commit ", Code(change.subject))
    return text(Code(change.title), *where)


def capital(words: Text) -> Text:
    """Begin with a capital letter."""
    first = words[0]
    return (first[:1].upper() + first[1:], *words[1:]) if isinstance(first, str) else words


def lower(words: Text) -> Text:
    """Begin with a small letter."""
    first = words[0]
    return (first[:1].lower() + first[1:], *words[1:]) if isinstance(first, str) else words
