"""Non-changes as candidates: a full disk, memory run out, an expired certificate … told by their own messages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from afterlog.causes.model import SECOND, SIGN, Cause, Term
from afterlog.causes.scene import span
from afterlog.changes import Change
from afterlog.changes.model import places_of
from afterlog.event import Outcome
from afterlog.identity import stable_id
from afterlog.messages import Message
from afterlog.messages.signs import BY_NAME
from afterlog.outages import Outage
from afterlog.statement import Code, codes, text

_ONSET_S: Final = 120.0
_LOCKED_S: Final = 1_800.0  # between a change and the first who waits for a lock that it holds
_REACH_US: Final = 3 * 3600 * SECOND
_PEER: Final = re.compile(
    r"""upstream: "[a-z]+://([^/":]+)"""
    r"""|(?:\bto|resolve|lookup|reach|server at|\bhost|dial tcp)[:=\s]+"""
    r"""(?:(?:server|host|name|upstream|database|at|the|on)[:\s]+)*"""
    r"""["'(]?([A-Za-z0-9][\w.-]*[\d.-][\w.-]*[\w]|\d{1,3}(?:\.\d{1,3}){3})""",
    re.IGNORECASE,
)
"""A name counts where it looks like a host's: it holds a digit, a dot or a hyphen."""


def sign_candidates(outage: Outage, messages: Sequence[Message]) -> list[tuple[Change, tuple[Message, ...]]]:
    """Put the messages of each sign together to one candidate, in the shape of a change."""
    begin, end = outage.start.low_us - _REACH_US, outage.start.high_us + 600 * SECOND
    by_sign: dict[str, list[Message]] = {}
    for message in sorted(messages, key=lambda m: (m.near_us, m.id)):
        if message.sign in BY_NAME and begin <= message.near_us <= end and (message.during or message.before):
            by_sign.setdefault(message.sign, []).append(message)
    return [(_shape(outage, name, said), tuple(said)) for name, said in sorted(by_sign.items())]


def _shape(outage: Outage, name: str, said: list[Message]) -> Change:
    first = said[0]
    hosts = tuple(sorted({host for message in said for host in message.hosts}))
    return Change(
        id=stable_id("sign", outage.id, name),
        tool=SIGN,
        action=name,
        title=BY_NAME[name].title,
        start_us=first.near_us,
        end_us=first.near_us,
        hosts=hosts,
        targets=peers_of(said),
        outcome=str(Outcome.UNKNOWN),
        actor="",
        steps=(),
        places=places_of((message.near for message in said), 4),
    )


def peers_of(said: Iterable[Message]) -> tuple[str, ...]:
    """Name the other hosts that messages say did not answer."""
    names = [name for message in said for found in _PEER.finditer(message.sample) for name in found.groups() if name]
    return tuple(dict.fromkeys(names))[:4]


def judge_sign(change: Change, said: tuple[Message, ...], outage: Outage) -> Cause:
    """Weigh a non-change by the same kind of evidence: when it began, whether it was there before, where, how close."""
    if all(message.trend in ("constant", "stopped") for message in said):
        most = max(said, key=lambda message: message.before)
        words = f"it was said as often before the outage ({_rates(most)})"
        return Cause(outage.id, change, (), veto=words)
    telling = [message for message in said if message.trend not in ("constant", "stopped")]
    return Cause(outage.id, change, tuple(_terms(change, telling, outage)))


def _terms(change: Change, said: list[Message], outage: Outage) -> Iterator[Term]:
    sign, first = BY_NAME[change.action], said[0]
    best = max(said, key=lambda message: (message.correlation, message.during))
    yield Term("kind", sign.prior, text("its own words: ", Code(first.sample[:200])), (first.near,))
    gap_s = (outage.start.time_us - first.near_us) / SECOND
    if gap_s < -_ONSET_S:
        yield Term("delay", -2.0, text(f"it was first said {span(-gap_s)} after the outage had begun"), (first.near,))
    else:
        value = 3.5 if gap_s <= _ONSET_S else max(3.5 - 0.6 * math.log(gap_s / _ONSET_S), 0.0)
        told = f"{span(gap_s)} before" if gap_s > 1 else "with"
        yield Term("delay", value, text(f"it was first said {told} the outage's start"), (first.near,))
    if any(message.trend == "new" for message in said):
        yield Term("new", 1.0, text("it was never said before"), (first.first,))
    elif best.trend == "grew":
        yield Term("new", 0.5, text(f"it was said far more often than before ({_rates(best)})"), (best.near,))
    else:
        yield Term("new", -1.0, text("it was said too rarely to tell from before"), (best.near,))
    yield Term(
        "correlation", 2.5 * best.correlation - 0.5,
        text(f"it came and went with the failures (correlation {best.correlation:.2f})"), (best.near,),
    )  # fmt: skip
    both = set(change.hosts) & set(outage.hosts)
    if both:
        yield Term("place", 0.5, text("it was said on ", *codes(tuple(sorted(both))), ", which failed"), (first.near,))
    others = tuple(name for name in change.targets if name.partition(".")[0] not in outage.hosts)
    if others:
        yield Term("names", 1.0, text("it names something else that did not answer: ", *codes(others)), (first.near,))


def chain(change: Change, signs: Sequence[tuple[Change, tuple[Message, ...]]], outage: Outage) -> Iterator[Term]:
    """Follow change → dependency → symptom: a change to what the failing hosts said did not answer."""
    names = {name.partition(".")[0].lower() for name in (*change.hosts, *change.targets)}
    zones = tuple(f".{zone}" for zone in map(_zone, change.targets) if "." in zone)
    for sign, said in signs:
        locked = sorted(set(change.hosts) & set(sign.hosts)) if sign.action == "lock" else []
        if locked and -_ONSET_S <= (said[0].near_us - change.start_us) / SECOND <= _LOCKED_S:
            words = text("statements waited for a lock on ", *codes(tuple(locked)), ", which it touched")
            yield Term("chain", 2.5, words, (said[0].near,))
            return
        if sign.action not in ("dependency", "dns", "connection-limit") or change.start_us > outage.start.high_us:
            continue
        peers = [(peer, peer.lower()) for peer in sign.targets]
        named = [peer for peer, low in peers if low.partition(".")[0] in names or low.endswith(zones)]
        if named and not set(change.hosts) & set(outage.hosts):
            words = text("the failing hosts said that ", Code(named[0]), " did not answer, and it was changed")
            yield Term("chain", 4.0, words, (said[0].near,))
            return


def _zone(target: str) -> str:
    """Give the DNS zone that a target may be, or be the file of: ``/etc/bind/db.example.com``, ``example.com.zone``."""
    name = target.rpartition("/")[2].lower()
    return name.removeprefix("db.").removesuffix(".db").removesuffix(".zone").removesuffix(".hosts")


def _rates(message: Message) -> str:
    return f"{message.rate_before:.1f} an hour before, {message.rate_during:.1f} during"
