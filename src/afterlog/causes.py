"""Causes: each change scored against each outage by a sum of log-evidence, every term kept in words.

A score is the logarithm of how much more likely the evidence is if this change was the trigger than if it was
not. Confidence is the softmax over all candidates and "none of these", whose score is `NOTHING`. What cannot have
been the trigger is told with its alibi instead of being ranked.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from afterlog.changes import Change, Look
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.statement import Code, Text, codes, plain, text

SECOND: Final = 1_000_000
NOTHING: Final = 2.5
"""Score of "no change explains it": a change needs more than coincidence in time to beat it."""
SUSPECT: Final = 0.02
"""Least confidence with which a change is called a suspect."""
_SCALES_S: Final = (30.0, 600.0, 10_800.0)
_BACKGROUND_S: Final = 86_400.0
_DAY_US: Final = 86_400 * SECOND
_KIND: Final = {
    "deploy": (1.2, "a deploy"),
    "playbook": (1.0, "a configuration push"),
    "edit": (0.6, "an edit by hand"),
    "run": (0.5, "a configuration-management run"),
    "package": (0.2, "a package change"),
    "install": (0.2, "a package command"),
    "restart": (0.2, "a restart"),
    "reload": (0.2, "a reload"),
    "commit": (-1.0, "a commit; nothing shows that it reached a host"),
    "cron": (-1.5, "a scheduled job"),
}
_NOISE: Final = frozenset(
    (
        "var www etc srv home usr lib bin log logs opt tmp root files file main html php conf yml yaml true "
        "false null none with from into that this the and for"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of evidence for (positive) or against (negative), in nats, and in words."""

    name: str
    value: float
    words: Text
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A change proposed as the trigger of an outage; ``veto`` says why it cannot be, "" where it can."""

    outage: str
    change: Change
    terms: tuple[Term, ...]
    confidence: float = 0.0
    veto: str = ""

    @property
    def score(self) -> float:
        """Give the sum of the terms."""
        return sum(term.value for term in self.terms)

    def as_json(self, rank: int, evidence: Sequence[dict[str, Any]], change: dict[str, Any]) -> dict[str, Any]:
        """Give it in the shape of ``causes --json``."""
        return {
            "outage": self.outage,
            "rank": rank,
            "change": change,
            "title": self.change.title,
            "score": round(self.score, 3),
            "confidence": round(self.confidence, 4),
            "for": [
                {"term": t.name, "value": round(t.value, 3), "words": plain(t.words)} for t in self.terms if t.value > 0
            ],
            "against": [
                {"term": t.name, "value": round(t.value, 3), "words": plain(t.words)} for t in self.terms if t.value < 0
            ],
            "evidence": list(evidence),
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """The suspects of one outage, the likeliest first; the innocent with their alibis; and the verdict."""

    outage: str
    suspects: tuple[Cause, ...]
    innocent: tuple[Cause, ...]
    verdict: str  # likely, uncertain, no-change-explains-it


def rank_causes(
    outage: Outage, changes: Sequence[Change], looks: Sequence[Look], first_failures: dict[str, int]
) -> Ranking:
    """Score all changes that began before the outage did.

    Args:
        outage: the outage; its start is an interval.
        changes: all changes, grouped.
        looks: what people looked at, whose words may name the culprit.
        first_failures: UTC microseconds of the first failure on each failing host.

    """
    rarity = _rarity(changes)
    carried = {
        change.commit for change in changes if change.commit
    }  # told with the push that brought them to the hosts
    candidates = [
        _judge(change, outage, changes, looks, first_failures, rarity)
        for change in changes
        if change.id not in carried and outage.start.time_us - _reach(change) <= change.start_us <= outage.end.time_us
    ]
    open_ones = [cause for cause in candidates if not cause.veto]
    weights = [math.exp(min(cause.score, 50.0)) for cause in open_ones]
    total = sum(weights) + math.exp(NOTHING)
    rated = [replace(cause, confidence=weight / total) for cause, weight in zip(open_ones, weights, strict=True)]
    rated.sort(key=lambda cause: (-cause.score, cause.change.start_us, cause.change.id))
    suspects = tuple(cause for cause in rated if cause.confidence >= SUSPECT)
    cleared = [cause for cause in rated if cause.confidence < SUSPECT]
    before = [cause for cause in candidates if cause.veto and cause.change.start_us <= outage.start.high_us]
    innocent = tuple(sorted(cleared + before, key=lambda cause: (cause.change.start_us, cause.change.id)))
    return Ranking(outage.id, suspects, innocent, _verdict(suspects))


def _reach(change: Change) -> int:
    """Tell how long before an outage a change is still looked at; a commit that nobody pushed, for a day."""
    return _DAY_US if change.tool == "git" else 7 * _DAY_US


def _verdict(suspects: Sequence[Cause]) -> str:
    if not suspects or suspects[0].confidence < 0.35:
        return "no-change-explains-it"
    return "likely" if suspects[0].confidence >= 0.7 else "uncertain"


def _judge(
    change: Change,
    outage: Outage,
    changes: Sequence[Change],
    looks: Sequence[Look],
    first_failures: dict[str, int],
    rarity: dict[str, float],
) -> Cause:
    if change.start_us > outage.start.high_us:
        return Cause(outage.id, change, (), veto="it began after the outage")
    if change.outcome == str(Outcome.UNCHANGED):
        often = f" ({change.times} runs, about every {_span(change.period_s)})" if change.period_s else ""
        return Cause(outage.id, change, (), veto=f"it changed nothing{often}")
    if change.outcome == str(Outcome.FAILED):
        return Cause(outage.id, change, (), veto="it failed on every host and changed nothing")
    if change.routine:
        return Cause(
            outage.id,
            change,
            (),
            veto=f"it ran {change.times} times about every {_span(change.period_s)}, before and after alike",
        )
    terms = [
        _delay(change, outage),
        _kind(change),
        *_places(change, outage, first_failures),
        *_taken_back(change, outage, changes),
        *_words(change, outage, looks, rarity),
    ]
    return Cause(outage.id, change, tuple(term for term in terms if term is not None))


# --- the terms ----------------------------------------------------------------------------------------------


def _delay(change: Change, outage: Outage) -> Term:
    """Compare how soon the outage followed with how soon a chance change would have: a mixture of three scales."""
    acts = [
        step.time_us
        for step in change.steps
        if step.outcome in (str(Outcome.CHANGED), str(Outcome.PARTLY), str(Outcome.UNKNOWN))
    ]
    before = [time for time in acts or [change.end_us] if time <= outage.start.high_us] or [change.start_us]
    delay_s = max(outage.start.time_us - max(before), 0) / SECOND
    density = sum(math.exp(-delay_s / scale) / scale for scale in _SCALES_S) / len(_SCALES_S)
    value = max(math.log(density * _BACKGROUND_S), -4.0)
    when = (
        "while it ran"
        if change.end_us > outage.start.low_us > change.start_us
        else f"{_span(delay_s)} after its last act"
    )
    return Term("delay", value, text(f"the outage began {when}"), change.places[:1])


def _kind(change: Change) -> Term:
    value, words = _KIND.get(change.action, (0.0, f"a change of kind {change.action!r}"))
    return Term("kind", value, text(f"it is {words}"))


def _places(change: Change, outage: Outage, first_failures: dict[str, int]) -> Iterable[Term]:
    """Compare the hosts it touched with the hosts that failed, and the order of both."""
    failing = set(outage.hosts)
    touched = set(change.hosts) - {"localhost"}
    if not failing or not touched:
        return
    both = failing & touched
    if not both:
        words = text(
            "it touched ",
            *codes(tuple(sorted(touched))),
            "; the failures were on ",
            *codes(tuple(sorted(failing))),
        )
        yield Term("place", -3.0, words, change.places[:1])
        return
    share = len(both) / len(failing | touched)
    words = text(
        "it touched exactly the hosts that failed"
        if share == 1
        else f"it touched {len(both)} of the {len(failing)} failing hosts"
    )
    yield Term("place", 2.5 * share - 0.7 * (share < 0.5), words, change.places[:1])
    last_act = {
        step.host: step.time_us
        for step in change.steps
        if step.host in both and step.time_us <= outage.start.high_us + 300 * SECOND
    }
    order = [host for host in sorted(last_act, key=lambda h: last_act[h]) if host in first_failures]
    if len(order) > 1 and max(last_act.values()) - min(last_act.values()) > 2 * SECOND:
        firsts = [first_failures[host] for host in order]
        close = all(-5 * SECOND <= first_failures[h] - last_act[h] <= 300 * SECOND for h in order)
        if firsts == sorted(firsts) and close:
            words = text("the hosts began to fail in the order in which it reached them: ", *codes(tuple(order), 8))
            yield Term("order", 1.5, words, change.places[:1])


def _taken_back(change: Change, outage: Outage, changes: Sequence[Change]) -> Iterable[Term]:
    """See whether a later change undoes or repairs what this one brought."""
    added = {_bare(line): (line, place) for line, place in change.content}
    names = {PurePosixPath(target).name for target in change.targets if target}
    for later in changes:
        if (
            later.id == change.id
            or later.start_us <= outage.start.time_us
            or later.start_us > outage.end.high_us + 3600 * SECOND
        ):
            continue
        undone = [(line, place) for line, place in later.removed if _bare(line) in added and len(_bare(line)) > 3]
        if undone:
            line, place = undone[0]
            words = text(
                "a later commit, ",
                Code(later.subject),
                ", took back a line that it brought: ",
                Code(line.strip()),
            )
            yield Term("taken back", 4.0, words, (added[_bare(line)][1], place))
            return
    for later in changes:
        during = outage.start.time_us < later.start_us <= outage.end.high_us
        back = re.search(r"roll\s?-?back|revert|restore|undo", f"{later.title} {later.subject}", re.IGNORECASE)
        same = names & {PurePosixPath(target).name for target in later.targets if target}
        if during and same and (back or later.action in ("playbook", "deploy", "commit")):
            verb = "tried to take it back" if back else "touched the same thing during the outage"
            yield Term(
                "repair",
                2.0,
                text(Code(later.title), f" {verb}: ", *codes(tuple(sorted(same)))),
                later.places[:1],
            )
            return


def _words(change: Change, outage: Outage, looks: Sequence[Look], rarity: dict[str, float]) -> Iterable[Term]:
    """See whether rare words of what it brought were later looked for by people."""
    brought = _tokens(" ".join([*change.targets, change.subject, *(line for line, _ in change.content)]))
    best: tuple[float, str, Place] | None = None
    for look in looks:
        if not outage.start.time_us < look.start_us <= outage.end.high_us:
            continue
        for token in _tokens(" ".join(look.commands)) & brought:
            value = rarity.get(token, 0.0)
            if best is None or value > best[0]:
                best = (value, token, look.places[0])
    if best is not None and best[0] > 1.0:
        words = text("people looking for the fault used the word ", Code(best[1]), ", which it brought")
        yield Term("words", min(best[0], 3.0), words, (best[2],))


def _rarity(changes: Sequence[Change]) -> dict[str, float]:
    """Give the inverse document frequency of each token over all changes, in nats."""
    counts: Counter[str] = Counter()
    for change in changes:
        counts.update(_tokens(" ".join([*change.targets, change.subject, *(line for line, _ in change.content)])))
    total = len(changes) + 1
    return {token: math.log(total / count) for token, count in counts.items()}


def _tokens(text: str) -> set[str]:
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]{2,}", text)
    return {word.lower() for word in words if word.lower() not in _NOISE}


def _bare(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip().strip(";,")


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
