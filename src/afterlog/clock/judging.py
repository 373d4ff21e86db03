"""Judging: who of the hosts whose clocks disagree is off, and by how much.

Hosts whose clocks agree within two seconds form a group; the largest group is believed, the others are off. What is
off by whole quarters of an hour, in a source that prints no zone, is a wrong zone and not a wrong clock. What rests
on too few anchors, or on scattered ones, is reported and not applied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from afterlog.clock.naming import NOT_APPLIED, ahead
from afterlog.clock.skew import LEAST_ANCHORS, MOST_SCATTER_S, Skew

AGREE_S: Final = 2.0
_QUARTER_S: Final = 900.0
_ZONE_SLACK_S: Final = 5.0
_MOST_ZONE_S: Final = 14 * 3600

KINDS: Final = {
    "requests": "requests that {own} and {other} both hold",
    "request ids": "request ids that {own} and {other} both hold",
    "messages": "syslog messages that {own} and {other} both hold",
    "tasks": "Ansible tasks whose results {other} holds and whose modules {own} holds",
    "logins": "ssh logins that {own} holds and whose commands {other} holds",
}
"""The kinds of anchors, and how many of them are told."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A measured skew: clock of ``host`` minus clock of ``other``, from what two sources tell of the same.

    ``kind`` is one of `KINDS`.
    """

    host: str
    other: str
    source: str
    other_source: str
    skew: Skew
    kind: str = "requests"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a host's clock, and how it is known.

    ``kind`` is "clock" (apply ``skew``), "zone" (shift zone-less lines by ``zone_shift_s``, seconds east), or
    "unsure" (reported, not applied).
    """

    host: str
    kind: str
    skew: Skew
    zone_shift_s: int
    why: str


def judge_clocks(pairs: Iterable[Pair], zoneless: Collection[str]) -> list[Verdict]:
    """Decide which hosts are off.

    Args:
        pairs: the measured skews, in any order.
        zoneless: paths of the sources that print no zone, where it was inferred or assumed.

    """
    ordered = sorted(pairs, key=lambda p: (p.skew.slack_s, -p.skew.anchors, p.host, p.other, p.source, p.other_source))
    sure = _steady([pair for pair in ordered if pair.skew.usable])
    verdicts: list[Verdict] = []
    linked: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for number, component in enumerate(_components(sure)):
        offsets = _potentials(component)
        believed = _largest_group(offsets, component)
        linked |= dict.fromkeys(offsets, number)
        sizes |= {host: len(believed) for host in believed}
        middle = float(np.median([offsets[host][0] for host in believed]))
        for host in sorted(offsets):
            within = [pair for pair in component if pair.host == host and pair.other in believed]
            if host in believed and not (within and len(_own_skew(host, within).offsets_s) > 1):
                continue
            measured = _own_skew(host, component)
            ahead_s, slack_s = offsets[host]
            skew = replace(moved(measured, ahead_s - middle - measured.offset_s), slack_s=slack_s)
            verdicts.append(_verdict(host, skew, component, believed, zoneless))
    return sorted([*verdicts, *_noticed(ordered, linked, sizes)], key=lambda verdict: verdict.host)


def _steady(pairs: Sequence[Pair]) -> list[Pair]:
    """Leave out what measured one offset of a clock that, as other pairs show, drifted or was set meanwhile."""
    moving = {pair.host for pair in pairs if len(pair.skew.offsets_s) > 1}
    return [pair for pair in pairs if len(pair.skew.offsets_s) > 1 or not {pair.host, pair.other} & moving]


def _noticed(pairs: Sequence[Pair], linked: dict[str, int], sizes: dict[str, int]) -> list[Verdict]:
    """Tell of skews that are not sure enough, where nothing sure links the two hosts."""
    found: dict[str, Verdict] = {}
    for pair in pairs:
        if pair.skew.usable or linked.get(pair.host, pair.host) == linked.get(pair.other, pair.other):
            continue
        if abs(pair.skew.offset_s) <= max(AGREE_S + pair.skew.slack_s, pair.skew.mad_s):
            continue
        turned = sizes.get(pair.host, 1) > sizes.get(pair.other, 1)
        host, believed = (pair.other, pair.host) if turned else (pair.host, pair.other)
        skew = _turned(pair.skew) if turned else pair.skew
        few = skew.anchors < LEAST_ANCHORS
        reason = (
            f"fewer than {LEAST_ANCHORS} anchors" if few else f"the anchors scatter by more than {MOST_SCATTER_S:g} s"
        )
        why = f"{NOT_APPLIED}{ahead(skew.offsets_s, skew.doubt_s)} against {believed}, {_basis(pair)}: {reason}"
        found.setdefault(host, Verdict(host, "unsure", skew, 0, why))
    return list(found.values())


def _components(pairs: Sequence[Pair]) -> list[list[Pair]]:
    left = list(pairs)
    components: list[list[Pair]] = []
    while left:
        hosts = {left[0].host, left[0].other}
        grown = True
        while grown:
            linked = [pair for pair in left if {pair.host, pair.other} & hosts]
            more = {name for pair in linked for name in (pair.host, pair.other)}
            grown, hosts = more > hosts, hosts | more
        components.append([pair for pair in left if {pair.host, pair.other} & hosts])
        left = [pair for pair in left if not {pair.host, pair.other} & hosts]
    return components


def _potentials(pairs: Sequence[Pair]) -> dict[str, tuple[float, float]]:
    """Give each host's clock relative to that of the host with the most partners, and its slack, in seconds.

    Of several pairs that link a host, the one counts that most others agree with; of equal ones the surest.
    """
    partners: dict[str, set[str]] = {}
    for pair in pairs:
        partners.setdefault(pair.host, set()).add(pair.other)
        partners.setdefault(pair.other, set()).add(pair.host)
    hub = min(partners, key=lambda name: (-len(partners[name]), name))
    offsets = {hub: (0.0, 0.0)}
    while new := next((name for pair in pairs if (name := _unknown_of(pair, offsets))), None):
        told = [_implied(pair, offsets) for pair in pairs if _unknown_of(pair, offsets) == new]
        offsets[new] = max(told, key=lambda one: sum(_agree(one, other) for other in told))
    return offsets


def _unknown_of(pair: Pair, offsets: Mapping[str, tuple[float, float]]) -> str | None:
    """Give the one host of a pair that is not placed yet, where the other is."""
    if (pair.host in offsets) == (pair.other in offsets):
        return None
    return pair.other if pair.host in offsets else pair.host


def _implied(pair: Pair, offsets: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Give offset and slack of the host of a pair that is not placed yet."""
    known, sign = (pair.other, 1) if pair.other in offsets else (pair.host, -1)
    ahead_s, slack_s = offsets[known]
    return ahead_s + sign * pair.skew.offset_s, slack_s + pair.skew.slack_s


def _agree(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) <= AGREE_S + one[1] + other[1]


def _largest_group(offsets: dict[str, tuple[float, float]], pairs: Sequence[Pair]) -> set[str]:
    """Give the hosts whose clocks agree; of groups of equal size, the one that holds the outer views."""
    outer = {pair.other for pair in pairs}
    groups = [{name for name, told in offsets.items() if _agree(told, anchor)} for anchor in offsets.values()]
    return max(groups, key=lambda group: (len(group), len(group & outer), sorted(group)))


def _own_skew(host: str, pairs: Sequence[Pair]) -> Skew:
    """Give the best measured skew of a host: its own pair, or, seen from the other side, another's; surest first."""
    own = [pair.skew for pair in pairs if pair.host == host]
    turned = [_turned(pair.skew) for pair in pairs if pair.other == host]
    return min(own or turned, key=lambda skew: (skew.slack_s, -skew.anchors))


def _turned(skew: Skew) -> Skew:
    return replace(skew, offset_s=-skew.offset_s, offsets_s=tuple(-offset for offset in skew.offsets_s))


def moved(skew: Skew, by_s: float) -> Skew:
    """Give a skew with all its offsets changed by the same amount."""
    offsets = tuple(offset + by_s for offset in skew.offsets_s)
    return replace(skew, offset_s=skew.offset_s + by_s, offsets_s=offsets)


def _whole(skew: Skew) -> Skew:
    """Take the nearest whole second where it cannot be told from what was measured: whole stamps then stay whole."""
    by_s = round(skew.offset_s) - skew.offset_s
    return moved(skew, by_s) if len(skew.offsets_s) == 1 and abs(by_s) <= skew.doubt_s else skew


def _basis(pair: Pair) -> str:
    """Say what a measurement rests on."""
    told = KINDS[pair.kind].format(own=pair.source, other=pair.other_source)
    return f"by {pair.skew.anchors:,} {told}, scatter {pair.skew.mad_s:.2f} s"


def _verdict(
    host: str, skew: Skew, pairs: Sequence[Pair], believed: Collection[str], zoneless: Collection[str]
) -> Verdict:
    pair = min(
        (p for p in pairs if host in (p.host, p.other)),
        key=lambda p: (p.skew.slack_s, -p.skew.anchors, p.source, p.other_source),
    )
    measured = pair.source if pair.host == host else pair.other_source
    against = ", ".join(sorted(set(believed) - {host})[:3]) or "itself"
    quarters = round(skew.offset_s / _QUARTER_S)
    whole = (
        quarters and abs(skew.offset_s - quarters * _QUARTER_S) <= _ZONE_SLACK_S and abs(skew.offset_s) <= _MOST_ZONE_S
    )
    if whole and measured in zoneless and len(skew.offsets_s) == 1:
        return Verdict(host, "zone", skew, int(quarters * _QUARTER_S), f"aligned with {against} {_basis(pair)}")
    skew = _whole(skew)
    return Verdict(host, "clock", skew, 0, f"{ahead(skew.offsets_s, skew.doubt_s)} against {against}, {_basis(pair)}")
