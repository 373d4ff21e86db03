"""One name for each machine: an inventory says ``web-02.example.com`` where the machine's own logs say ``web-02``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from afterlog.changes.model import Row

_TARGET: Final = "target_host"


def with_known_hosts(rows: Iterable[Row], known: Collection[str]) -> Iterator[Row]:
    """Call the machines in change events by the names that the case knows them by.

    A name is another spelling of a known one if both have the same first label and only one of them has a domain; of
    two known ones with that label neither is meant.
    """
    by_label: dict[str, list[str]] = {}
    for name in sorted(known):
        by_label.setdefault(_label(name), []).append(name)
    spelt: dict[str, str] = {}
    for row in rows:
        target = row.fields.get(_TARGET, "")
        for name in (row.host, target):
            if name not in spelt:
                spelt[name] = _known_as(name, by_label.get(_label(name), []))
        if spelt[row.host] != row.host or spelt[target] != target:
            fields = {**row.fields, _TARGET: spelt[target]} if target else row.fields
            yield row._replace(host=spelt[row.host], fields=fields)
        else:
            yield row


def _known_as(name: str, alike: list[str]) -> str:
    if len(alike) != 1 or _label(name).isdigit():  # the beginning of an address is no machine's name
        return name
    return alike[0] if ("." in name) != ("." in alike[0]) else name


def _label(name: str) -> str:
    return name.partition(".")[0].lower()
