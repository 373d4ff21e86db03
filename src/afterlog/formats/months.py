"""Names of months, in English and in the languages whose locales servers are set to.

The abbreviations are those of the Unicode CLDR and of glibc's locales; full names are found by their first letters.
"""

from __future__ import annotations

from functools import cache
from typing import Final

__all__ = ["MONTH_REGEX", "month_of"]

MONTH_REGEX: Final = rb"(?:[A-Za-z]|[\xc3-\xd1][\x80-\xbf]){3,10}\.?"
"""A word that may name a month, as UTF-8."""

_NAMES: Final = {
    1: "jan ene gen sty oca янв",
    2: "feb fév fev lut şub фев",
    3: "mar mär mrz maa mrt mars march märz март",
    4: "apr avr abr kwi nis апр",
    5: "may mai mag mei maj май мая",
    6: "jun juin giu cze haz июн",
    7: "jul juil lug lip tem июл",
    8: "aug aoû août ago sie ağu авг",
    9: "sep sept set wrz eyl сен",
    10: "oct okt ott out paź eki окт",
    11: "nov kas лис ноя",
    12: "dec déc dez dic gru ara дек",
}
_MONTHS: Final = {name: month for month, names in _NAMES.items() for name in names.split()}


@cache
def month_of(name: bytes) -> int | None:
    """Give the month, 1 to 12, that a word names; None where it names none."""
    word = name.decode("utf-8", "replace").lower().rstrip(".")
    return next((_MONTHS[word[:size]] for size in (4, 3) if word[:size] in _MONTHS), None)
