"""The evidence part: what was read of which host, how its times are known, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

from afterlog.case import Ledger
from afterlog.clock.naming import NOT_APPLIED, REJECTED, SET_BY_DAEMON, STATED
from afterlog.draft.model import Coverage, Unread
from afterlog.draft.words import between, many
from afterlog.evidence import Place
from afterlog.outages import percent
from afterlog.statement import Code, Statement, Text, Time, text
from afterlog.traffic.signals import Signal

_READ: Final = ("read", "partly-read")
_SILENCE_US: Final = 1_800_000_000
_MOST: Final = 5


def coverage(ledgers: Sequence[Ledger]) -> tuple[Coverage, ...]:
    """Sum up the sources by host, in alphabetical order."""
    read = sorted((ledger for ledger in ledgers if ledger.status in _READ), key=lambda x: (x.host or "", x.path))
    return tuple(_covered(host, list(group)) for host, group in groupby(read, key=lambda x: x.host or ""))


def _covered(host: str, ledgers: list[Ledger]) -> Coverage:
    return Coverage(
        Code(host or "(no host)"),
        tuple(sorted({ledger.parser for ledger in ledgers if ledger.parser})),
        len(ledgers),
        sum(ledger.lines for ledger in ledgers),
        sum(ledger.events for ledger in ledgers),
        sum(ledger.rejects for ledger in ledgers),
        min((ledger.first for ledger in ledgers if ledger.first is not None), default=None),
        max((ledger.last for ledger in ledgers if ledger.last is not None), default=None),
    )


def unread(ledgers: Sequence[Ledger]) -> tuple[Unread, ...]:
    """Name the sources that could not be read, or not wholly."""
    return tuple(
        Unread(Code(x.path), x.status, Code(x.reason)) for x in ledgers if x.status in ("unreadable", "partly-read")
    )


def times_note(ledgers: Sequence[Ledger]) -> tuple[Statement, ...]:
    """Say how zones, years and clocks are known where the lines do not say it, each with a line as an example."""
    dated = [ledger for ledger in ledgers if ledger.status in _READ and ledger.events]
    said: list[Statement] = []
    for (basis, zone), group in _by(dated, lambda x: (x.zone_basis or "", x.zone or "")):
        how = {
            "zone-stated": text(" as you stated it"),
            "zone-inferred": text(", inferred: ", Code(group[0].zone_why)),
            "zone-assumed": text(", assumed: nothing tells it"),
        }.get(basis)
        if how is not None:
            words = text(f"{_sources(group)} no zone; ", Code(zone), " is used", *how, ".")
            said.append(Statement(words, (Place(group[0].path, 1, 0),)))
    for why, group in _by([x for x in dated if x.zone_basis == "placed"], lambda x: x.zone_why):
        words = text(f"{_sources(group)} no times; their records are placed: ", Code(why), ".")
        said.append(Statement(words, (Place(group[0].path, 1, 0),)))
    for year, group in _by([x for x in dated if x.year and x.year_why], lambda x: x.year or 0):
        words = text(f"{_sources(group)} no year; {year} comes from ", Code(group[0].year_why), ".")
        said.append(Statement(words, (Place(group[0].path, 1, 0),)))
    for _key, group in _by([x for x in dated if x.clock_why], lambda x: (x.host or x.path, x.clock_why)):
        said.append(Statement(_clock(group[0]), (Place(group[0].path, 1, 0),)))
    return tuple(said)


def _clock(ledger: Ledger) -> Text:
    """Say what a clock did, whether its times were corrected, and by which anchors that is known."""
    words = text("The clock of ", Code(ledger.host or ledger.path))
    why, offset_s = ledger.clock_why, ledger.clock_offset_s
    if why.startswith(NOT_APPLIED):
        told = Code(why.removeprefix(NOT_APPLIED))
        return (*words, *text(" may be wrong; its times are left as they are: ", told, "."))
    if why.startswith(REJECTED):
        told = Code(why.removeprefix(REJECTED))
        return (*words, *text(" is taken as right, for the review rejects what was measured: ", told, "."))
    was = f" was {abs(offset_s):.1f} s {'ahead' if offset_s > 0 else 'behind'}"
    if why.startswith(STATED):
        return (*words, *text(was, ", as you stated it; its times are corrected."))
    if why.startswith(SET_BY_DAEMON):
        was = " was set while it ran"
    elif " to " in why.partition(" s ±")[0]:
        was = " drifted or was set"
    return (*words, was, *text("; its times are corrected: ", Code(why), "."))


def _by(ledgers: list[Ledger], key: Callable[[Ledger], Any]) -> list[tuple[Any, list[Ledger]]]:
    ordered = sorted(ledgers, key=lambda ledger: (key(ledger), ledger.path))
    return [(value, list(group)) for value, group in groupby(ordered, key=key)]


def _sources(group: list[Ledger]) -> str:
    return f"{many(len(group), 'source').capitalize()} {'prints' if len(group) == 1 else 'print'}"


def silences(ledgers: Sequence[Ledger]) -> tuple[Statement, ...]:
    """Name the longest silences of sources, at most five; the first line of the source stands for it."""
    found = [(b - a, ledger, a, b) for ledger in ledgers for a, b in ledger.gaps if b - a >= _SILENCE_US]
    longest = sorted(found, key=lambda item: (-item[0], item[1].path, item[2]))[:_MOST]
    return tuple(_silent(ledger, a, b) for _length, ledger, a, b in sorted(longest, key=lambda x: (x[2], x[1].path)))


def _silent(ledger: Ledger, start_us: int, end_us: int) -> Statement:
    words: Text = text(Code(ledger.path), " says nothing from ", Time(start_us), " to ", Time(end_us))
    return Statement((*words, f" ({between(start_us, end_us)})."), (Place(ledger.path, 1, 0),))


def looked_at(signals: Sequence[Signal]) -> tuple[Statement, ...]:
    """Say of each service what its requests were like."""
    said = []
    for signal in signals:
        requests = signal.requests
        count, failed = len(requests), int(requests.failed.sum())
        first, last = int(requests.time[0]), int(requests.time[-1])
        words = text(
            Code(signal.service), f": {failed:,} of {count:,} requests failed ({percent(failed / count)}), from "
        )
        ends = text(Time(first), " to ", Time(last), ".")
        said.append(Statement((*words, *ends), (requests.place(0), requests.place(count - 1))))
    return tuple(said)
