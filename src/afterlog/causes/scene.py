"""The scene: what all candidates of one outage are judged against, worked out once."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from afterlog.causes.model import SECOND
from afterlog.changes import Change, Look
from afterlog.event import ERROR_SEVERITY, Outcome
from afterlog.messages import Message
from afterlog.outages import Outage

LEVELS: Final = ("exactly", "all", "some", "none")
"""How the hosts that a change touched lie to those that failed: the same; all of them and more; some; none."""
_LEVEL_OF_CHANCE: Final = {"exactly": 0.8, "all": 1.6, "some": 1.6, "none": 4.0}  # pseudo-counts of innocent changes
_SLACK_US: Final = 120 * SECOND
_REACH_US: Final = 3 * 3600 * SECOND
_ACTIVE_US: Final = 1800 * SECOND
_LATENT_US: Final = 6 * 3600 * SECOND
_ACTIVATING: Final = frozenset({"restart", "reload", "start"})
_WAITING: Final = frozenset({"edit", "playbook", "apply", "sync", "configure", "run", "deploy", "package", "install"})
_APART: Final = frozenset("rsyslog syslog syslog-ng cron crond ssh sshd ntp chrony snapd fail2ban auditd".split())
"""Units that put nothing into effect that users see."""
_WITHOUT_EFFECT: Final = (str(Outcome.UNCHANGED), str(Outcome.FAILED))
_BACK: Final = re.compile(r"roll(?:ed|s|ing)?[\s-]?back|revert|restor(?:e|ing)|undo|downgrade", re.IGNORECASE)
_NOISE: Final = frozenset(
    (
        "var www etc srv home usr lib bin log logs opt tmp root files file main html php conf yml yaml true "
        "false null none with from into that this the and for not was has error errors failed failure warning "
        "fatal exception uncaught line stack trace called info debug level message"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Later:
    """A change after the onset, with the bare names of its targets; ``back`` where it says that it undoes something."""

    change: Change
    names: frozenset[str]
    back: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """One outage with everything that was done, said and looked at around it.

    ``changes`` began before it, ``later`` in it or within an hour of its end; ``words`` are those of each change by its
    id.
    """

    outage: Outage
    changes: Sequence[Change]
    later: tuple[Later, ...]
    words: Mapping[str, frozenset[str]]
    looks: Sequence[Look]
    first_failures: Mapping[str, int]
    errors: tuple[Message, ...]  # what was said because of the failures, the first said first
    constant: tuple[Message, ...]  # what was said as often before
    begin_us: int  # the outage's start, or the first error message that came with it, if that is earlier
    rarity: Mapping[str, float]
    level_rates: Mapping[str, float]
    activated: Mapping[str, tuple[int, ...]]  # by a change's id: when its hosts were restarted after it
    activates: frozenset[str]  # ids of restarts that put an earlier change into effect


def make_scene(
    outage: Outage,
    changes: Sequence[Change],
    everything: Sequence[Change],
    looks: Sequence[Look],
    first_failures: Mapping[str, int],
    messages: Sequence[Message],
) -> Scene:
    """Set the scene for the ``changes`` that may be guilty, among ``everything`` that was done."""
    errors = tuple(sorted((m for m in messages if _came_with(m, outage)), key=lambda m: (m.near_us, m.id)))
    constant = tuple(m for m in messages if m.trend == "constant")
    heard = [m.near_us for m in errors if m.trend == "new" and m.correlation >= 0.4]
    begin = min([outage.start.time_us, *heard])
    words = {change.id: frozenset(tokens(words_of(change))) for change in changes}
    own = set(words) | {change.commit for change in changes}
    others = [frozenset(tokens(words_of(change))) for change in everything if change.id not in own]
    close = outage.end.high_us + 3600 * SECOND
    after = sorted(
        (c for c in everything if outage.start.time_us < c.start_us <= close and not c.routine),
        key=lambda c: (c.start_us, c.id),
    )
    later = tuple(Later(change, names_of(change), is_rollback(change)) for change in after)
    rarity = _rarity([*words.values(), *others], constant)
    rates = _level_rates(outage, changes)
    activated, activates = _activations(changes, words, outage.start.high_us)
    return Scene(
        outage, changes, later, words, looks, first_failures, errors, constant, begin, rarity, rates, activated,
        activates,
    )  # fmt: skip


def _activations(
    changes: Sequence[Change], words: Mapping[str, frozenset[str]], until_us: int
) -> tuple[dict[str, tuple[int, ...]], frozenset[str]]:
    """Find the restarts, before the outage, of what was changed before on the same hosts.

    At most half an hour before; or six hours, where the change names what was restarted (nginx, /etc/nginx/…).
    """
    restarts = [
        c for c in changes
        if c.action in _ACTIVATING and not c.routine and c.start_us <= until_us and not _APART & set(c.targets)
    ]  # fmt: skip
    activated: dict[str, tuple[int, ...]] = {}
    activating: set[str] = set()
    for change in changes:
        if change.action in _WAITING and not change.routine and change.outcome not in _WITHOUT_EFFECT:
            own = [
                restart for restart in restarts
                if -_SLACK_US <= restart.start_us - change.end_us <= _waits_us(restart, words[change.id])
                and set(restart.hosts) & set(change.hosts)
            ]  # fmt: skip
            activated[change.id] = tuple(restart.start_us for restart in own)
            activating |= {restart.id for restart in own}
    return activated, frozenset(activating)


def _waits_us(restart: Change, brought: frozenset[str]) -> int:
    """Tell how long a change may have waited for a restart."""
    return _LATENT_US if tokens(" ".join(restart.targets)) & brought else _ACTIVE_US


def _came_with(message: Message, outage: Outage) -> bool:
    """Tell whether a message was said because of the failures: as an error, anew or far more often, and with them."""
    serious = message.severity >= ERROR_SEVERITY or bool(message.sign) or message.correlation >= 0.6
    timely = outage.start.low_us - _REACH_US <= message.near_us <= outage.start.high_us + _SLACK_US
    return serious and timely and message.trend in ("new", "grew") and message.correlation >= 0.2


def level_of(change: Change, failing: set[str]) -> str:
    """Compare the hosts that a change touched with those that failed; "" where one of both is unknown."""
    touched = set(change.hosts) - {"localhost"}
    if not touched or not failing:
        return ""
    if touched == failing:
        return "exactly"
    if failing <= touched:
        return "all"
    return "some" if failing & touched else "none"


def _level_rates(outage: Outage, changes: Sequence[Change]) -> dict[str, float]:
    """Give how often changes lie so to the failing hosts by chance, from all changes of the case."""
    failing = set(outage.hosts)
    counts = Counter(level_of(change, failing) for change in changes if not change.routine)
    total = sum(counts[level] + _LEVEL_OF_CHANCE[level] for level in LEVELS)
    return {level: (counts[level] + _LEVEL_OF_CHANCE[level]) / total for level in LEVELS}


def is_rollback(change: Change) -> bool:
    """Tell whether a change says that it takes something back."""
    return change.action == "rollback" or bool(_BACK.search(f"{change.title} {change.subject}"))


def names_of(change: Change) -> frozenset[str]:
    """Give the bare names of what a change was done to."""
    return frozenset(PurePosixPath(target).name for target in change.targets if target) - {""}


def words_of(change: Change) -> str:
    """Give all words that a change brought: its targets, what its author said, the lines it changed."""
    return " ".join([change.title, *change.targets, change.subject, *(line for line, _ in change.content)])


def tokens(said: str) -> set[str]:
    """Give the words of a text that may name something."""
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]{2,}", said)
    return {word.lower() for word in words if word.lower() not in _NOISE}


def _rarity(documents: Sequence[frozenset[str]], constant: Sequence[Message]) -> dict[str, float]:
    """Give the inverse document frequency of each token over all changes and all constant messages, in nats."""
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(document)
    for message in constant:
        counts.update(tokens(message.sample))
    total = len(documents) + len(constant) + 1
    return {token: math.log(total / count) for token, count in counts.items()}


def span(seconds: float | None) -> str:
    """Write a length of time roughly."""
    if seconds is None:
        return "an unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
