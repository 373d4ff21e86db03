"""Phrases that several sections share."""

from __future__ import annotations

from typing import Final

from afterlog.causes import SIGN
from afterlog.changes import Change
from afterlog.evidence import Place
from afterlog.messages.signs import BY_NAME
from afterlog.outage import NAMELESS
from afterlog.outages import Outage
from afterlog.statement import Code, Part, Text, Time, codes, text

SECOND: Final = 1_000_000
VERBS: Final = {
    "client-errors": "were refused",
    "given-up": "were given up by their clients",
    "silence": "went unanswered",
}
"""What became of requests, by the manner of the outage; in any other they failed."""
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def to_service(service: str) -> Text:
    """Say to which service requests went; nothing where the logs name none."""
    return () if service == NAMELESS else text(" to ", Code(service))


def span(seconds: float) -> str:
    """Write a length of time as people do: 3 h 07 min 24 s, 4 min 06 s, 12 s."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min {whole % 60:02d} s"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def between(start_us: int, end_us: int) -> str:
    """Give the length between two moments as printed, in whole seconds."""
    return span(end_us // SECOND - start_us // SECOND)


def minutes(start_us: int, end_us: int) -> str:
    """Give a length to the minute: 49 minutes, 2 h 36 min."""
    whole = round((end_us - start_us) / (60 * SECOND))
    return f"{whole // 60} h {whole % 60:02d} min" if whole >= 90 else f"{whole} minute{'s' if whole != 1 else ''}"


def ends_of(outage: Outage) -> tuple[Place, ...]:
    """Give the lines of the first and the last failure."""
    return tuple(place for place in (outage.first, outage.last) if place)


def from_to(outage: Outage) -> Text:
    """Say from when to when."""
    begin = text("from ", Time(outage.first_us)) if not outage.open_start else text("from before the logs begin")
    finish = text(" to ", Time(outage.last_us)) if not outage.open_end else text(" until after the logs end")
    return (*begin, *finish)


def number(count: int) -> str:
    """Write small numbers as words."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def many(count: int, one: str) -> str:
    """Count things: one server, three servers."""
    return f"{number(count)} {one}{'' if count == 1 else 's'}"


def listed(parts: list[Text]) -> Text:
    """Join texts as people do: a, b and c."""
    told: list[Part] = []
    for index, part in enumerate(parts):
        told += ([" and " if index == len(parts) - 1 else ", "] if index else []) + list(part)
    return tuple(told)


def hosts_of(change: Change, *, short: bool = False) -> Text:
    """Say where a change happened; ``short`` counts many hosts instead of listing them."""
    if not change.hosts:
        return ()
    if short and len(change.hosts) > 2:
        return text(f" on {many(len(change.hosts), 'server')}")
    return text(" on ", *codes(change.hosts))


def title_of(change: Change, *, short: bool = False) -> Text:
    """Name a change in a sentence."""
    where = hosts_of(change, short=short)
    if change.tool == "ansible":
        return text(
            "the Ansible run ",
            Code(change.parts[0].name if change.parts else change.title.removeprefix("Ansible: ")),
            *where,
        )
    if change.tool == "puppet":
        return text("the Puppet run of ", Code(change.targets[0] if change.targets else "its catalog"), *where)
    if change.tool == "package":
        return text("the package change ", Code(change.title.partition(": ")[2]), *where)
    if change.tool == "service":
        return text("the ", change.action, " of ", Code(change.targets[0] if change.targets else change.title), *where)
    if change.tool == "git":
        return text("the commit ", Code(change.subject))
    if change.tool == SIGN and change.action in BY_NAME:
        return text(BY_NAME[change.action].noun, *where)
    return text(Code(change.title), *where)


def capital(words: Text) -> Text:
    """Begin with a capital letter."""
    first = words[0]
    return (first[:1].upper() + first[1:], *words[1:]) if isinstance(first, str) else words


def lower(words: Text) -> Text:
    """Begin with a small letter."""
    first = words[0]
    return (first[:1].lower() + first[1:], *words[1:]) if isinstance(first, str) else words
