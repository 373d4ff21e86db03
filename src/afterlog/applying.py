"""Applying the review: what people decided about changes, causes and entries, laid over what was inferred."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from afterlog.causes import Cause, Ranking
from afterlog.changes import Change, History
from afterlog.changes.model import joint_outcome, places_of, unique
from afterlog.review import Added, Decision, Review
from afterlog.review.model import NOBODY, REJECTED
from afterlog.statement import Said, Text, text
from afterlog.timeline import Entry

_FIRST: Final = 1e9  # a person's entry is left out last
_OF_CHANGES: Final = ("change", "attempt")


def pinned(review: Review) -> frozenset[str]:
    """Name the findings that the timeline must tell."""
    return frozenset(decision.id for decision in review.decisions.values() if decision.pinned)


# --- changes ------------------------------------------------------------------------------------------------


def corrected_history(history: History, review: Review) -> tuple[History, tuple[Change, ...]]:
    """Give what was done as people see it, in order of time, and the changes that they set aside."""
    if not review.decisions:
        return history, ()
    by_id = {change.id: change for change in history.changes}
    stay, aside = [], []
    for change in history.changes:
        decision = review.of(change.id)
        taken = [by_id[name] for name in review.absorbed(change.id) if name in by_id]
        if decision.verdict == REJECTED or review.merged(change.id, by_id):
            aside.append(change)
        else:
            stay.append(_edited_change(_joined(change, taken) if taken else change, decision))
    stay.sort(key=lambda change: (change.start_us, change.id))
    return History(tuple(stay), history.looks), tuple(aside)


def _joined(change: Change, taken: Sequence[Change]) -> Change:
    """Make one change of several that people hold for one thing; it keeps its id and its title."""
    every = sorted((change, *taken), key=lambda one: (one.start_us, one.id))
    return replace(
        change,
        start_us=every[0].start_us,
        end_us=max(one.end_us for one in every),
        hosts=tuple(sorted({host for one in every for host in one.hosts})),
        targets=unique(target for one in every for target in one.targets),
        outcome=joint_outcome(one.outcome for one in every),
        steps=tuple(step for one in every for step in one.steps),
        places=places_of(place for one in every for place in one.places),
        parts=tuple(part for one in every for part in one.parts),
        content=tuple(line for one in every for line in one.content),
        removed=tuple(line for one in every for line in one.removed),
        commit=next((one.commit for one in every if one.commit), ""),
        routine=all(one.routine for one in every),
    )


def _edited_change(change: Change, decision: Decision) -> Change:
    start = change.start_us if decision.start_us is None else decision.start_us
    end = max(change.end_us if decision.end_us is None else decision.end_us, start)
    if decision.verdict or decision.pinned:  # a person took it up: it is told
        change = replace(change, routine=False)
    return replace(change, start_us=start, end_us=end, title=decision.text or change.title)


# --- causes -------------------------------------------------------------------------------------------------


def chosen_cause(ranking: Ranking, changes: Sequence[Change], review: Review) -> Ranking:
    """Put first what a person holds for the trigger; the confidence remains what the evidence alone gave."""
    chosen = review.of(ranking.outage).cause
    if not chosen:
        return ranking
    if chosen == NOBODY:
        return replace(ranking, verdict="no-change-explains-it", chosen=NOBODY, missing=())
    judged = [*ranking.suspects, *ranking.innocent]
    found = next((cause for cause in judged if cause.change.id == chosen), None)
    if found is None:
        change = next((change for change in changes if change.id == chosen), None)
        if change is None:
            return ranking
        found = Cause(ranking.outage, change, ())
    suspects = (replace(found, veto=""), *(cause for cause in ranking.suspects if cause is not found))
    innocent = tuple(cause for cause in ranking.innocent if cause is not found)
    return replace(ranking, suspects=suspects, innocent=innocent, verdict="likely", chosen=chosen, missing=())


# --- the timeline -------------------------------------------------------------------------------------------


def applied_to_timeline(entries: Iterable[Entry], review: Review) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Give the entries as people want them, their own among them, and those that they set aside."""
    told = list(entries)
    by_id = {entry.id: entry for entry in told}
    stay, aside = [], []
    first = {entry.about: entry.id for entry in reversed(told)}
    last = {entry.about: entry.id for entry in told}
    for entry in told:
        ends = (first[entry.about] == entry.id, last[entry.about] == entry.id)
        decision = _with_change(review.of(entry.id), entry, review.of(entry.about), *ends)
        taken = [by_id[name] for name in review.absorbed(entry.id) if name in by_id]
        gone = decision.verdict == REJECTED or review.merged(entry.id, by_id)
        if gone or decision.hidden or review.of(entry.about).hidden:
            aside.append(entry)
        else:
            stay.append(_edited_entry(_gathered(entry, taken) if taken else entry, decision))
    for added in review.entries:
        entry = _own_entry(added)
        decision = review.of(added.id)
        (aside if decision.verdict == REJECTED or decision.hidden else stay).append(entry)
    return tuple(sorted(stay, key=lambda entry: entry.time_us)), tuple(aside)


def _with_change(decision: Decision, entry: Entry, change: Decision, first: bool, last: bool) -> Decision:
    """Carry words and start of a change to its first entry, the end to its last; the entry's own go before."""
    if entry.kind not in _OF_CHANGES:
        return decision
    start_us = change.start_us if first and decision.start_us is None else decision.start_us
    end_us = change.end_us if last and decision.end_us is None else decision.end_us
    return replace(decision, text=decision.text or (change.text if first else ""), start_us=start_us, end_us=end_us)


def _gathered(entry: Entry, taken: Sequence[Entry]) -> Entry:
    words: Text = entry.text
    for other in taken:
        words = (*words, "; ", *other.text)
    every = (entry, *taken)
    places = tuple(dict.fromkeys(place for one in every for place in one.places))
    hosts = ", ".join(unique(host for one in every for host in one.host.split(", ")))
    return replace(
        entry, text=words, places=places, host=hosts, tied=False,
        time_us=min(one.time_us for one in every), until_us=max(one.until_us for one in every),
        low_us=min(one.low_us for one in every), high_us=max(one.high_us for one in every),
    )  # fmt: skip


def _edited_entry(entry: Entry, decision: Decision) -> Entry:
    words = text(Said(decision.text)) if decision.text else entry.text
    if decision.note:
        words = (*words, " (", Said(decision.note), ")")
    if decision.start_us is None and decision.end_us is None:
        return replace(entry, text=words)
    start = entry.time_us if decision.start_us is None else decision.start_us
    end = max(entry.until_us if decision.end_us is None else decision.end_us, start)
    return replace(entry, text=words, time_us=start, until_us=end, low_us=start, high_us=start, tied=False)


def _own_entry(added: Added) -> Entry:
    words = text(Said(added.text), *((" (", Said(added.note), ")") if added.note else ()))
    return Entry(
        added.id, added.time_us, added.until_us, added.time_us, added.time_us, "added", added.host, added.service,
        words, (), _FIRST,
    )  # fmt: skip
