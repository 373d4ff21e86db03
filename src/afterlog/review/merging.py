"""Two people's reviews of one case, merged field by field; where they disagree, both answers are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from afterlog.errors import InputError
from afterlog.review.file import laid_out, understood
from afterlog.statement import visible

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that two people filled differently: the finding's id, the field, and both values as TOML."""

    id: str
    field: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return visible(f"{self.id}: {self.field} is {self.ours} in the one and {self.theirs} in the other")


def merge_reviews(
    ours: str, theirs: str, base: str | None = None, names: tuple[str, str] = ("A", "B")
) -> tuple[str, tuple[Conflict, ...]]:
    """Merge two review files.

    Args:
        ours: text of the one; its order and comments are kept.
        theirs: text of the other.
        base: text of the file that both began with, if it is known; what one of them took out of it is then gone.
        names: what the files are called in messages and marks.

    Returns:
        The merged text, and the conflicts in it: there our value stands, with a comment that holds theirs.

    Raises:
        InputError: a file is no review.

    """
    merged = _parsed(ours, names[0])
    other = _parsed(theirs, names[1])
    root = _parsed(base, "the base") if base is not None else None
    conflicts: list[Conflict] = []
    if "decisions" in other and "decisions" not in merged:
        merged["decisions"] = tomlkit.table(is_super_table=True)
    if "decisions" in merged:
        tables = _Tables(merged["decisions"], other.get("decisions", {}), root.get("decisions", {}) if root else None)
        conflicts += tables.merged(names[1])
    _merge_entries(merged, other, root, names[1], conflicts)
    text = tomlkit.dumps(merged)
    understood(tomlkit.parse(text).unwrap(), "the merged review")
    return text, tuple(conflicts)


def _parsed(text: str, name: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InputError(f"{name}: {error}.") from None
    understood(document.unwrap(), name)
    return laid_out(document)


class _Tables:
    """Tables of the same shape, by id: ours, which becomes the merged one, theirs, and those of the base."""

    def __init__(self, ours: Any, theirs: Mapping[str, Any], base: Mapping[str, Any] | None) -> None:
        self._ours, self._theirs, self._base = ours, theirs, base

    def merged(self, other: str) -> Iterable[Conflict]:
        """Merge theirs into ours; gives the conflicts."""
        for identity in [*self._ours, *(name for name in self._theirs if name not in self._ours)]:
            before = (self._base or {}).get(identity)
            if identity not in self._theirs:
                if before is not None and _plain(before) == _plain(self._ours[identity]):
                    del self._ours[identity]  # they took it out, and we left it as it was
                elif before is not None:
                    yield Conflict(identity, "all of it", "changed", "nothing")
            elif identity not in self._ours:
                if before is None or _plain(before) != _plain(self._theirs[identity]):
                    self._ours[identity] = self._theirs[identity]
                    if before is not None:
                        yield Conflict(identity, "all of it", "nothing", "changed")
            else:
                yield from merge_fields(identity, self._ours[identity], self._theirs[identity], before, other)


def merge_fields(identity: str, ours: Any, theirs: Any, base: Any, other: str) -> Iterable[Conflict]:
    """Merge the fields of one table into ours; gives the conflicts."""
    for field in [*ours, *(name for name in theirs if name not in ours)]:
        mine, yours = (_value(table, field) for table in (ours, theirs))
        before = _value(base, field) if base is not None else _ABSENT
        if mine == yours or (yours == before and base is not None):
            continue
        if mine == before:
            if yours is _ABSENT:
                ours.remove(field)
            else:
                ours[field] = theirs[field]
        elif yours is not _ABSENT or before is not _ABSENT:
            conflict = Conflict(identity, field, _toml(mine), _toml(yours))
            if mine is _ABSENT:
                ours.add(tomlkit.comment(f"{other} has: {field} = {conflict.theirs}"))
            else:
                ours[field].comment(f"{other} has: {conflict.theirs}")
            yield conflict


def _merge_entries(merged: Any, other: Any, root: Any, name: str, conflicts: list[Conflict]) -> None:
    ours, theirs = _by_id(merged), _by_id(other)
    base = _by_id(root) if root is not None else {}
    for identity, table in theirs.items():
        if identity in ours:
            conflicts += merge_fields(identity, ours[identity], table, base.get(identity), name)
        elif identity not in base or _plain(base[identity]) != _plain(table):
            if "entries" not in merged:
                merged["entries"] = tomlkit.aot()
            merged["entries"].append(table)
    gone = [n for n in ours if n in base and n not in theirs and _plain(base[n]) == _plain(ours[n])]
    kept = [table for identity, table in _by_id(merged).items() if identity not in gone]
    if gone:
        del merged["entries"]
    if gone and kept:
        merged["entries"] = tomlkit.aot()
        for table in kept:
            merged["entries"].append(table)


def _by_id(document: Any) -> dict[str, Any]:
    entries = understood(document.unwrap(), "entries").entries
    return {entry.id: table for entry, table in zip(entries, document.get("entries", []), strict=True)}


def _plain(table: Any) -> Any:
    return table.unwrap() if hasattr(table, "unwrap") else table


def _value(table: Any, field: str) -> Any:
    return _plain(table[field]) if table is not None and field in table else _ABSENT


def _toml(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    return value.isoformat() if isinstance(value, datetime | date | time) else tomlkit.item(value).as_string()
