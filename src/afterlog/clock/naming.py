"""Naming: ids for what was inferred of clocks, so that a person can reject it, and the words that tell of offsets.

An inference is a measured or told offset of a host's clock, an inferred or assumed zone, and an inferred year. Its id
names the host (a source of no host: the source), not the value, for more logs would measure it a little differently;
and what is inferred in its place keeps the id, so that a decision about it is known and can be taken back.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from afterlog.event import TimeBasis
from afterlog.identity import stable_id

PREFIX: Final = "clock"
SET_BY_DAEMON: Final = "its daemon stepped it by "
STATED: Final = "stated by a person"
NOT_APPLIED: Final = "not applied: "
REJECTED: Final = "rejected in review: "
_AHEAD: Final = re.compile(
    r"(?:not applied: )?(?P<ahead>[-+]\d+(?:\.\d+)?)(?: to [-+]\d+(?:\.\d+)?)? s ±(?P<doubt>\d+(?:\.\d+)?) s[ ,]"
)


class Account(Protocol):
    """What the account of a source (`afterlog.case.Ledger`) says of its clock."""

    @property
    def path(self) -> str: ...  # noqa: D102  as in Ledger, and so on
    @property
    def host(self) -> str | None: ...  # noqa: D102
    @property
    def zone(self) -> str | None: ...  # noqa: D102
    @property
    def zone_basis(self) -> str | None: ...  # noqa: D102
    @property
    def year(self) -> int | None: ...  # noqa: D102
    @property
    def year_why(self) -> str: ...  # noqa: D102
    @property
    def clock_why(self) -> str: ...  # noqa: D102


def clock_id(owner: str, what: str) -> str:
    """Name an inference by its owner (a host, or a source of no host) and what it is: "offset", "zone" or "year"."""
    return stable_id(PREFIX, owner, what)


def clock_ids(ledger: Account) -> dict[str, str]:
    """Give the ids of what was inferred of a source's clock, by "offset", "zone" and "year".

    What a person stated, what every line prints, and what was noticed but not applied has none.
    """
    found: list[str] = []
    if ledger.clock_why and not ledger.clock_why.startswith((STATED, NOT_APPLIED)):
        found.append("offset")
    if ledger.zone and ledger.zone_basis in (TimeBasis.ZONE_INFERRED, TimeBasis.ZONE_ASSUMED):
        found.append("zone")
    if ledger.year is not None and ledger.year_why and not ledger.year_why.startswith(STATED):
        found.append("year")
    return {what: clock_id(ledger.host or ledger.path, what) for what in found}


def told_ahead(why: str) -> tuple[float, float] | None:
    """Give the seconds a clock was ahead, and how far that may be off, from what `ahead` wrote at its beginning."""
    found = _AHEAD.match(why)
    return (float(found["ahead"]), float(found["doubt"])) if found else None


def ahead(offsets_s: tuple[float, ...], doubt_s: float) -> str:
    """Write by how much a clock was ahead (+) or behind (-): ``+420.0 s ±0.5 s``, ``+1.0 to +96.4 s ±0.5 s``."""
    first, last = f"{offsets_s[0]:+.1f}", f"{offsets_s[-1]:+.1f}"
    return f"{first if len(offsets_s) == 1 else f'{first} to {last}'} s ±{doubt_s:.1f} s"
