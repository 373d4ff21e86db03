"""What a person can decide about a finding, and what they can add of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from afterlog.clock import rfc3339

ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
NOBODY: Final = "none"
"""Chosen as a cause: no change in the logs was the trigger."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one finding; empty fields were left as inferred. Times in UTC microseconds.

    ``cause`` is for outages: the id of the change that a person holds for the trigger, or `NOBODY`. ``into`` names
    the finding that this one was merged into.
    """

    id: str
    verdict: str = ""  # accepted, rejected
    because: str = ""
    note: str = ""
    text: str = ""
    start_us: int | None = None
    end_us: int | None = None
    pinned: bool = False
    hidden: bool = False
    cause: str = ""
    into: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give what was decided, without what was left open."""
        told = {name: value for name, value in asdict(self).items() if value not in ("", None, False)}
        for name in ("start", "end"):
            if f"{name}_us" in told:
                told[name] = rfc3339(told.pop(f"{name}_us"))
        return told


@dataclass(frozen=True, slots=True)
class Added:
    """An entry of the timeline that a person wrote, ``[time_us, until_us]`` in UTC microseconds."""

    id: str
    time_us: int
    until_us: int
    text: str
    host: str = ""
    service: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        told = {name: value for name, value in asdict(self).items() if value != ""}
        return {**told, "time": rfc3339(told.pop("time_us")), "until": rfc3339(told.pop("until_us"))}


@dataclass(frozen=True, slots=True)
class Review:
    """All decisions, by the id of the finding, and all added entries."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    entries: tuple[Added, ...] = ()

    def of(self, identity: str) -> Decision:
        """Give what was decided about a finding; nothing, where nothing was."""
        return self.decisions.get(identity) or Decision(identity)

    def absorbed(self, identity: str) -> list[str]:
        """Name the findings that were merged into one, directly or through others."""
        found: list[str] = []
        ahead = [identity]
        while ahead:
            into = ahead.pop()
            more = [one.id for one in self.decisions.values() if one.into == into and one.id not in (*found, identity)]
            found += more
            ahead += more
        return found

    def unknown(self, known: Iterable[str]) -> tuple[str, ...]:
        """Name what was decided about findings that are not among these; their decisions are kept all the same."""
        there = {*known, *(entry.id for entry in self.entries)}
        named = [(one.id, one.id, one.into, one.cause) for one in self.decisions.values()]
        return tuple(
            identity
            for identity, *names in named
            if any(name and name != NOBODY and name not in there for name in names)
        )

    def merged(self, identity: str, known: Iterable[str]) -> bool:
        """Tell whether a finding was merged into another that is there, and is neither rejected nor part of itself."""
        into, seen = self.of(identity).into, {identity}
        there = set(known)
        while into:
            if into in seen or into not in there or self.of(into).verdict == REJECTED:
                return False
            seen.add(into)
            into = self.of(into).into
        return bool(self.of(identity).into)

    def marks(self, identity: str) -> dict[str, Any]:
        """Give what a finding's JSON says of its review: nothing, where nothing was decided."""
        decision = self.decisions.get(identity)
        if decision is None:
            return {}
        told = decision.as_json()
        del told["id"]
        edited = bool(told.keys() & {"text", "start", "end"})
        return {"review": {**told, **({"edited": True} if edited else {})}}

    def as_json(self) -> dict[str, Any]:
        """Give all of it."""
        return {
            "decisions": [decision.as_json() for decision in self.decisions.values()],
            "entries": [entry.as_json() for entry in self.entries],
        }


FIELDS: Final = tuple(f.name.removesuffix("_us") for f in fields(Decision) if f.name != "id")
