"""Templates: masks that differ in few words are one, by a fixed-depth tree as in Drain.

He, Zhu, Zheng, Lyu: Drain, an online log parsing approach with fixed depth tree (ICWS 2017),
https://doi.org/10.1109/ICWS.2017.13. Run on distinct masks only: there are thousands of these where there are
millions of lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from afterlog.messages.masking import MASK

SIMILAR: Final = 0.6
"""Share of equal words from which two masks of the same length and first word are one template."""
_WORDS: Final = 30
_MOST_GROUPS: Final = 200


def templates(masks: Iterable[str]) -> dict[str, str]:
    """Give each mask its template. The result does not depend on the order of the masks."""
    leaves: dict[tuple[int, str], list[list[str]]] = {}
    member: dict[str, list[str]] = {}
    for mask in sorted(set(masks)):
        words = mask.split()[:_WORDS]
        leaf = leaves.setdefault((len(words), _key(words)), [])
        group = _closest(leaf, words)
        if group is None:
            group = list(words)
            if len(leaf) < _MOST_GROUPS:
                leaf.append(group)
        else:
            group[:] = [word if word == other else MASK for word, other in zip(group, words, strict=True)]
        member[mask] = group
    return {mask: " ".join(group) for mask, group in member.items()}


def _key(words: list[str]) -> str:
    first = words[0] if words else ""
    return MASK if MASK in first else first


def _closest(leaf: list[list[str]], words: list[str]) -> list[str] | None:
    best, most = None, SIMILAR * len(words)
    for group in leaf:
        equal = sum(a == b for a, b in zip(group, words, strict=True))
        if equal > most or (best is None and equal >= most):
            best, most = group, equal
    return best
