"""The terms of wording: rare words shared by what was changed, what the errors said and what people looked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from afterlog.causes.model import SECOND, Term
from afterlog.causes.scene import Scene, span, tokens
from afterlog.changes import Change
from afterlog.evidence import Place
from afterlog.messages import Message
from afterlog.statement import Code, Text, text

_NAMED: Final = math.log(0.5)  # how often errors name what the guilty change brought; a chance word does by its rarity
_SOUGHT: Final = math.log(0.4)  # how often people look for a word of it
_LEAST: Final = 0.3
_MOST: Final = 4.5
_ERRORS_READ: Final = 8
_SLACK_US: Final = 5 * SECOND


def wording(change: Change, scene: Scene) -> Iterator[Term]:
    """See what the errors and the people say about a change."""
    brought = scene.words[change.id]
    yield from _service(scene, brought)
    yield from _errors(scene, brought)
    yield from _looked_for(scene, brought)
    yield from _first_words(change, scene)


def _service(scene: Scene, brought: frozenset[str]) -> Iterator[Term]:
    """See whether the change names the service that failed."""
    own = tokens(scene.outage.service) - {"backend", "service", "app", "web"}
    if not own or not own <= brought:
        return
    naming = sum(own <= scene.words[other.id] for other in scene.changes if not other.routine)
    value = math.log(0.6 * (len(scene.changes) + 4) / (naming + 1.5))
    if value > 0:
        yield Term("service", min(value, 2.0), text("it names the failing service ", Code(scene.outage.service)))


def _errors(scene: Scene, brought: frozenset[str]) -> Iterator[Term]:
    """See whether rare words of what it brought stand in the errors that came with the outage."""
    found: dict[str, tuple[float, Message]] = {}
    for message in scene.errors[:_ERRORS_READ]:
        for token in (tokens(message.sample) - _own_names(message)) & brought:
            found.setdefault(token, (scene.rarity.get(token, 0.0), message))
    best = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[:2]
    if best and best[0][1][0] + _NAMED > _LEAST:
        (token, (value, message)), *more = best
        value = min(value + _NAMED + 0.3 * sum(v for _, (v, _m) in more), _MOST)
        words: Text = text("the errors that began with the outage name ", Code(token), ", which it brought")
        yield Term("words", value, words, (message.near,))
    elif scene.errors and brought:
        yield Term("words", -0.3, text("the errors that began with the outage name nothing that it brought"))


def _own_names(message: Message) -> set[str]:
    """Give the words that any message of this program may hold: its own name, and the path of its log."""
    return tokens(f"{message.service} {message.near.source}")


def _looked_for(scene: Scene, brought: frozenset[str]) -> Iterator[Term]:
    """See whether rare words of what it brought were later looked for by people."""
    best: tuple[float, str, Place] | None = None
    for look in scene.looks:
        if not scene.outage.start.time_us < look.start_us <= scene.outage.end.high_us:
            continue
        for token in sorted(tokens(" ".join(look.commands)) & brought):
            value = scene.rarity.get(token, 0.0)
            if best is None or value > best[0]:
                best = (value, token, look.places[0])
    if best is not None and best[0] + _SOUGHT > _LEAST:
        words = text("people looking for the fault used the word ", Code(best[1]), ", which it brought")
        yield Term("words", min(best[0] + _SOUGHT, _MOST), words, (best[2],))


def _first_words(change: Change, scene: Scene) -> Iterator[Term]:
    """Compare the start of the change with the first new error: what was said before it began, it did not cause."""
    new = [m for m in scene.errors if m.trend == "new" and m.correlation >= 0.3 and m.near_us == m.first_us]
    if not new:
        return
    first = new[0]
    if first.first_us < change.start_us - _SLACK_US:
        ahead = span((change.start_us - first.first_us) / SECOND)
        words = text("the error ", Code(first.sample[:160]), f" was first said {ahead} before it began")
        yield Term("first words", -3.0, words, (first.first,))
    elif first.first_us - change.start_us <= 3600 * SECOND:
        later = span((first.first_us - change.start_us) / SECOND)
        said = text("the error ", Code(first.sample[:160]))
        words = (*said, f" was first said {later} after it began, and never before")
        yield Term("first words", 0.3, words, (first.first,))
